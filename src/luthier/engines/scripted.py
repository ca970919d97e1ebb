"""An engine that answers from a mapping or a function: dry runs of a recipe, and tests of whatever calls an engine.

Its tokens are words with the space behind them. It never guesses: a prompt without an answer is an error.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from luthier.engines.detokenise import cut_at_stop
from luthier.engines.protocol import Capability, EngineClosed, OnDone, Request, Unsupported, unknown_adapter
from luthier.errors import LuthierError
from luthier.records import Completion, TokenScores
from luthier.records.completion import FinishReason

Answers = Mapping[str, str] | Callable[[Request], str]
"""The last user message's text to the answer, or a function of the request."""

_TOKEN = re.compile(r"\S+\s*|\s+")


class ScriptedEngine:
    """Answers from ``answers``.

    Args:
        answers: for the base.
        adapters: name to the answers of that adapter.
        likelihood: scores one (context ids, continuation ids) item; without it log-likelihoods are not offered.
        seconds_per_token: how long to wait between pieces of a stream.
    """

    def __init__(
        self,
        answers: Answers,
        *,
        adapters: Mapping[str, Answers] | None = None,
        likelihood: Callable[[Sequence[int], Sequence[int]], TokenScores] | None = None,
        name: str = "scripted",
        seconds_per_token: float = 0.0,
    ) -> None:
        self._answers: dict[str | None, Answers] = {None: answers}
        self._answers.update(adapters or {})
        self._likelihood = likelihood
        self._name = name
        self._pause = seconds_per_token
        self._closed = False

    @property
    def name(self) -> str:
        return self._name

    @property
    def capabilities(self) -> frozenset[Capability]:
        offered: set[Capability] = {"generate", "stream"}
        if self.adapters:
            offered.add("adapters")
        if self._likelihood is not None:
            offered.add("loglikelihood")
        return frozenset(offered)

    @property
    def context(self) -> int | None:
        return None

    @property
    def adapters(self) -> tuple[str, ...]:
        return tuple(name for name in self._answers if name is not None)

    def fingerprint(self, adapter: str | None = None) -> dict[str, Any]:
        return {"engine": "scripted", "name": self._name, "adapter": adapter}

    def generate(
        self, requests: Sequence[Request], on_done: OnDone | None = None, *, cancel: threading.Event | None = None
    ) -> list[Completion]:
        made: list[Completion] = []
        for index, request in enumerate(requests):
            *_, completion = self.stream(request, cancel=cancel)
            assert isinstance(completion, Completion)
            made.append(completion)
            if on_done is not None:
                on_done(index, completion)
        return made

    def stream(self, request: Request, *, cancel: threading.Event | None = None) -> Iterator[str | Completion]:
        if self._closed:
            raise EngineClosed("scripted")
        if request.token_ids:
            raise Unsupported("scripted", "token ids")
        if request.logprobs:
            raise Unsupported("scripted", "log-probabilities of what it says")
        if request.schema is not None:
            raise Unsupported("scripted", "answers held to a schema")
        return self._pieces(request, self._answer(request), cancel)

    def loglikelihood(
        self, items: Sequence[tuple[Sequence[int], Sequence[int]]], *, adapter: str | None = None
    ) -> list[TokenScores]:
        if self._likelihood is None:
            raise Unsupported("scripted", "log-likelihoods", fix="give ScriptedEngine a likelihood function")
        return [self._likelihood(context, continuation) for context, continuation in items]

    def close(self) -> None:
        self._closed = True

    def _answer(self, request: Request) -> str:
        if request.adapter not in self._answers:
            raise unknown_adapter(str(request.adapter), self.adapters)
        answers = self._answers[request.adapter]
        if callable(answers):
            return answers(request)
        asked = next((m.content for m in reversed(request.messages) if m.role == "user"), "")
        if asked not in answers:
            raise LuthierError(f"no scripted answer to {asked[:80]!r}", fix="add it to the mapping")
        return answers[asked]

    def _pieces(self, request: Request, answer: str, cancel: threading.Event | None) -> Iterator[str | Completion]:
        began = time.perf_counter()
        text, _ = cut_at_stop(answer, request.stop)
        tokens = _TOKEN.findall(text)
        reason: FinishReason = "stop"
        if request.max_tokens is not None and len(tokens) > request.max_tokens:
            tokens, reason = tokens[: request.max_tokens], "length"
        said: list[str] = []
        for token in tokens:
            if cancel is not None and cancel.is_set():
                reason = "cancelled"
                break
            if self._pause:
                time.sleep(self._pause)
            said.append(token)
            yield token
        yield Completion(
            text="".join(said),
            finish_reason=reason,
            prompt_tokens=sum(len(_TOKEN.findall(m.content)) for m in request.messages),
            completion_tokens=len(said),
            seconds=time.perf_counter() - began,
        )
