"""What the three ways (new tasks, evolved rows, teacher labels) have in common: steps, and the row that comes out.

A way says what to ask next from what is recorded so far, turns the answers into one journal line, and takes such lines
in. Only :func:`drive` writes; so a run that goes on does exactly what an undisturbed one would have done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from luthier.augment.journal import Journal
from luthier.engines import Engine, Request, TokenEngine, Unsupported
from luthier.engines.asking import ask
from luthier.records import Completion, Example, Message

Answer = Completion | None
"""None where the model could not take the request."""


@dataclass(frozen=True)
class Step:
    """One batch: what kind, the requests, and what each is about (for the way's own use)."""

    kind: str
    requests: tuple[Request, ...]
    about: tuple[Any, ...] = ()


class Way(Protocol):
    """A way to make rows. ``kinds`` are the kinds of journal lines that are its own."""

    kinds: ClassVar[frozenset[str]]

    def step(self) -> Step | None:
        """What to ask next; None when there is nothing more to do."""
        ...

    def conclude(self, step: Step, answers: Sequence[Answer]) -> dict[str, Any]:
        """The journal line of a step."""
        ...

    def apply(self, line: Mapping[str, Any]) -> None:
        """Take a journal line in."""
        ...

    @property
    def progress(self) -> tuple[int, int]:
        """(done, wanted)."""
        ...


@dataclass(frozen=True, slots=True)
class Asker:
    """Turns prompts into requests of one engine: as a chat, or as raw text that is continued."""

    engine: Engine
    form: str = "chat"
    adapter: str | None = None

    def request(
        self, prompt: str, *, max_tokens: int, temperature: float = 0.0, top_p: float = 1.0, seed: int = 0,
        stop: tuple[str, ...] = (),
    ) -> Request:  # fmt: skip
        """A request for this prompt.

        Raises:
            Unsupported: raw text is wanted of an engine that takes chats only.
        """
        messages: tuple[Message, ...] = (Message("user", prompt),)
        token_ids: tuple[int, ...] = ()
        if self.form == "completion":
            if not isinstance(self.engine, TokenEngine) or "token_ids" not in self.engine.capabilities:
                raise Unsupported(self.engine.name, "raw text", fix="set augment.form: chat")
            messages, token_ids = (), tuple(self.engine.encode(prompt))
        return Request(
            messages=messages, token_ids=token_ids, max_tokens=max_tokens, temperature=temperature, top_p=top_p,
            seed=seed, stop=stop, adapter=self.adapter,
        )  # fmt: skip

    def fits(self, request: Request) -> bool:
        """Whether prompt and a useful answer fit the context; engines that do not tell are believed to have room."""
        context = self.engine.context
        if context is None or not isinstance(self.engine, TokenEngine):
            return True
        if "token_ids" not in self.engine.capabilities:
            return True
        room = min(request.max_tokens or context, context // 4)
        return len(self.engine.prompt_ids(request)) + room <= context


def largest_that_fits(asker: Asker, build: Callable[[int], Request], count: int) -> tuple[Request, int]:
    """The request with as many of ``count`` demonstrations as fit (all, three quarters, half, … one, none)."""
    left = count
    while True:
        request = build(left)
        if left == 0 or asker.fits(request):
            return request, left
        left = left * 3 // 4


def seed_of(*parts: object) -> int:
    """A seed for one request or one draw, the same on every machine."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1


@dataclass
class Tally:
    """Tokens and requests so far."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, line: Mapping[str, Any]) -> None:
        """Count a journal line's cost."""
        cost = line.get("cost", {})
        self.requests += cost.get("requests", 0)
        self.prompt_tokens += cost.get("prompt_tokens", 0)
        self.completion_tokens += cost.get("completion_tokens", 0)


def cost_of(answers: Sequence[Answer]) -> dict[str, int]:
    """What a batch cost, in tokens as the engine counts them."""
    given = [answer for answer in answers if answer is not None]
    return {
        "requests": len(answers),
        "prompt_tokens": sum(a.prompt_tokens for a in given),
        "completion_tokens": sum(a.completion_tokens for a in given),
    }


def drive(
    way: Way,
    engine: Engine,
    journal: Journal,
    *,
    stop: Callable[[], bool] = lambda: False,
    tell: Callable[[Way, Mapping[str, Any]], None] = lambda way, line: None,
) -> None:
    """Take in what the journal holds, then ask until the way is done or ``stop`` says so.

    Each batch is on the device before the next is asked.

    Raises:
        LuthierError: the engine fails; everything up to the last batch is kept.
    """
    for line in journal.lines:
        if line["kind"] in way.kinds:
            way.apply(line)
    while not stop() and (step := way.step()) is not None:
        answers = ask(engine, step.requests)
        if any(answer is not None and answer.finish_reason == "cancelled" for answer in answers):
            return
        line = {"kind": step.kind, **way.conclude(step, answers), "cost": cost_of(answers)}
        kept = journal.append(line)
        way.apply(kept)
        tell(way, kept)


def row(example: Example, **facts: Any) -> dict[str, Any]:
    """A row that waits: what would be trained on, and in ``augmented`` where it came from."""
    return {**example.to_dict(), "augmented": {k: v for k, v in facts.items() if v is not None}}
