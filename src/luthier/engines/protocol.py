"""What every engine promises, and the words it uses to refuse.

An engine declares what it can do in ``capabilities``; calling anything else raises :class:`Unsupported`, never a silent
approximation. ``tests/engines/test_contract.py`` holds every engine to the same behaviour. No engine code here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from luthier.errors import LuthierError, UsageError, did_you_mean
from luthier.records import Completion, Message, TokenScores

Capability = Literal["generate", "stream", "loglikelihood", "adapters", "token_ids", "embed", "schema", "labels"]
"""``schema``: answers can be held to a JSON schema; ``labels``: a classifier, whose completions carry the probability
of each label."""
OnDone = Callable[[int, Completion], None]
"""Called once per finished request with its index in the call; from the engine's own thread, so it must be quick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing to answer: a chat, or token ids that are already rendered.

    ``max_tokens`` None means as many as the context holds; more than fits is cut to what fits (the completion then ends
    with "length"). ``temperature`` 0 is greedy. The same ``seed`` gives the same answer whatever else is in the batch;
    None with a temperature draws a new one. ``stop`` strings end the answer and are not part of it. ``adapter`` names
    one of the engine's adapters; None is the base. With a JSON ``schema`` the answer is a JSON text that it allows, its
    properties in their order there, commas and colons followed by a blank; the model is not told of it. Raises
    UsageError for values that mean nothing.
    """

    messages: tuple[Message, ...] = ()
    token_ids: tuple[int, ...] = ()
    max_tokens: int | None = 256
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    adapter: str | None = None
    logprobs: bool = False
    tools: tuple[Mapping[str, Any], ...] = ()
    schema: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if bool(self.messages) == bool(self.token_ids):
            raise UsageError("a request needs either messages or token_ids", fix="give exactly one of the two")
        if self.max_tokens is not None and self.max_tokens < 1:
            raise UsageError(f"max_tokens is {self.max_tokens}", fix="ask for at least one token")
        if not 0.0 <= self.temperature <= 100.0:
            raise UsageError(f"temperature is {self.temperature}", fix="0 is greedy; 0.2 to 1.0 is usual")
        if not 0.0 < self.top_p <= 1.0:
            raise UsageError(f"top_p is {self.top_p}", fix="use a value above 0 and up to 1")
        if any(not text for text in self.stop):
            raise UsageError("a stop string is empty", why="it would end every answer at once", fix="leave it out")


class Unsupported(LuthierError):
    """This engine cannot do what was asked of it."""

    def __init__(self, engine: str, wish: str, *, fix: str = "use the embedded engine") -> None:
        self._args = (engine, wish, fix)
        super().__init__(f"the {engine} engine does not support {wish}", fix=fix)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_unsupported, self._args)


def _rebuild_unsupported(engine: str, wish: str, fix: str) -> Unsupported:
    return Unsupported(engine, wish, fix=fix)


class ContextOverflow(LuthierError):
    """The prompt leaves no room in the model's context."""

    def __init__(self, tokens: int, context: int, *, where: str = "") -> None:
        self._args = (tokens, context, where)
        super().__init__(
            f"the prompt has {tokens:,} tokens, but the model's context holds {context:,}",
            where=where,
            why="at least one token must be left for the answer",
            fix="shorten the prompt, use fewer examples in it, or choose a model with a longer context",
            details={"tokens": tokens, "context": context},
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_overflow, self._args)


def _rebuild_overflow(tokens: int, context: int, where: str) -> ContextOverflow:
    return ContextOverflow(tokens, context, where=where)


class EngineClosed(LuthierError):
    """The engine was closed while, or before, it was asked."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        super().__init__(f"the {engine} engine is closed", fix="open a new one")

    def __reduce__(self) -> tuple[object, ...]:
        return (EngineClosed, (self._engine,))


def unknown_adapter(name: str, known: Sequence[str]) -> LuthierError:
    """The refusal of an adapter that an engine does not hold. It is never answered by the base in its place."""
    fix = did_you_mean(name, known) if known else "load it first, or leave the adapter out to ask the base"
    return LuthierError(f"no adapter named {name!r} is loaded", fix=fix)


@runtime_checkable
class Engine(Protocol):
    """Runs a model. All methods may be called from several threads at once."""

    @property
    def name(self) -> str:
        """Kind and model, for people: "embedded nano"."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]: ...

    @property
    def context(self) -> int | None:
        """Tokens that prompt and answer may have together; None if the engine does not know."""
        ...

    @property
    def adapters(self) -> tuple[str, ...]:
        """Names that ``Request.adapter`` may hold."""
        ...

    def fingerprint(self, adapter: str | None = None) -> dict[str, Any]:
        """What decides its answers: engine, weights digest, dtype, template digest, adapter digest."""
        ...

    def generate(
        self, requests: Sequence[Request], on_done: OnDone | None = None, *, cancel: threading.Event | None = None
    ) -> list[Completion]:
        """Answer all, in the order asked. ``cancel`` ends the rest with finish_reason "cancelled"."""
        ...

    def stream(self, request: Request, *, cancel: threading.Event | None = None) -> Iterator[str | Completion]:
        """Pieces of text as they come; the last item is the Completion, whose text is the pieces joined."""
        ...

    def loglikelihood(
        self, items: Sequence[tuple[Sequence[int], Sequence[int]]], *, adapter: str | None = None
    ) -> list[TokenScores]:
        """Score given continuations: (context ids, continuation ids) pairs, teacher-forced."""
        ...

    def close(self) -> None:
        """Give everything back. May be called twice."""
        ...


@runtime_checkable
class TokenEngine(Engine, Protocol):
    """What engines with the capability "token_ids" offer besides."""

    @property
    def start_id(self) -> int:
        """The token put in place of an empty context in :meth:`loglikelihood`."""
        ...

    @property
    def opening(self) -> tuple[int, ...]:
        """What the tokenizer puts before any text: the beginning-of-text token, or nothing."""
        ...

    def prompt_ids(self, request: Request) -> tuple[int, ...]:
        """The ids that the model would see for this request, generation header included."""
        ...

    def encode(self, text: str) -> tuple[int, ...]:
        """Plain text as ids, nothing added."""
        ...

    def encode_all(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """Many plain texts as ids: faster than one by one."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Ids as the text of an answer."""
        ...


@runtime_checkable
class EmbeddingEngine(Engine, Protocol):
    """What engines with the capability "embed" offer besides."""

    def embed(self, texts: Sequence[str], *, adapter: str | None = None) -> list[tuple[float, ...]]:
        """A vector for each text, of any length; cosines between them say how alike the texts are."""
        ...
