"""A conversation: what was said so far, and the next answer as it comes. Nothing is printed here.

When the chat outgrows the model's context the oldest exchanges are left out of the prompt (never the system message);
``forgotten`` counts them, so that an interface can say so.
"""

from __future__ import annotations

from collections.abc import Iterator

from luthier.engines.protocol import ContextOverflow, Engine, Request
from luthier.records import Completion, Message


class Conversation:
    """One chat with one model.

    Args:
        engine: who answers.
        system: the system message; None or empty for none.
        adapter, max_tokens, temperature, top_p, seed: as in :class:`Request`.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        system: str | None = None,
        adapter: str | None = None,
        max_tokens: int | None = 512,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int | None = None,
    ) -> None:
        self._engine = engine
        self._system = (Message("system", system),) if system else ()
        self._settings = (adapter, max_tokens, temperature, top_p, seed)
        self._turns: list[Message] = []
        self.last: Completion | None = None
        self.forgotten = 0

    @property
    def messages(self) -> tuple[Message, ...]:
        """The whole conversation, forgotten turns included."""
        return (*self._system, *self._turns)

    def ask(self, text: str) -> Iterator[str]:
        """Pieces of the answer to ``text``. A caller that stops listening keeps what was said until then.

        Raises ContextOverflow when the message alone does not fit; the conversation is then as it was before.
        """
        question = Message("user", text)
        said: list[str] = []
        source = self._answer(question)
        completion: Completion | None = None
        try:
            for piece in source:
                if isinstance(piece, Completion):
                    completion = piece
                else:
                    said.append(piece)
                    yield piece
        finally:
            source.close()  # type: ignore[attr-defined]  # stops the engine when the listener leaves
            if said or completion is not None:
                self._turns += [question, Message("assistant", "".join(said))]
                self.last = completion

    def reset(self) -> None:
        """Begin anew; the system message stays."""
        self._turns.clear()
        self.forgotten = 0
        self.last = None

    def _answer(self, question: Message) -> Iterator[str | Completion]:
        adapter, max_tokens, temperature, top_p, seed = self._settings
        while True:
            messages = (*self._system, *self._turns[2 * self.forgotten :], question)
            request = Request(
                messages=messages,
                max_tokens=max_tokens,
                temperature=temperature,
                top_p=top_p,
                seed=seed,
                adapter=adapter,
            )
            try:
                pieces = self._engine.stream(request)
                first = next(pieces)
            except ContextOverflow:
                if 2 * self.forgotten >= len(self._turns):
                    raise
                self.forgotten += 1
                continue
            yield first
            yield from pieces
            return
