"""Several answers to each request, of which the one that somebody likes best is given: an engine around an engine.

Answers are drawn with different seeds (the request's own and those after it), so the same request gives the same answer
again. Only ``generate`` is changed; ``stream`` gives the best answer in one piece. Who likes what is handed in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from luthier.engines.protocol import Capability, Engine, OnDone, Request, Unsupported
from luthier.errors import UsageError
from luthier.records import Completion, Message, Score, TokenScores

Liking = Callable[[Sequence[tuple[tuple[Message, ...], str]]], list[Score]]
"""(chat, answer) in, a score each: the higher the better; not scored is worse than any score."""


class BestOfEngine:
    """The best of ``n`` answers of ``engine``.

    Args:
        engine: who answers.
        n: answers that are drawn for each request, at least 1.
        liking: who chooses.
        liked_by: its fingerprint, which belongs to this engine's own.
        temperature: at which answers are drawn where a request is greedy (a greedy one would be n times the same).

    Raises:
        UsageError: ``n`` is below 1, or the temperature is 0.
    """

    def __init__(
        self, engine: Engine, n: int, liking: Liking, *, liked_by: str, temperature: float = 1.0
    ) -> None:  # fmt: skip
        if n < 1:
            raise UsageError(f"the best of {n} answers", where="--best-of", fix="draw at least one; 4 to 16 is usual")
        if temperature <= 0:
            raise UsageError("greedy answers are all the same", where="--temperature", fix="0.7 to 1 is usual")
        self._engine, self._n, self._liking, self._temperature = engine, n, liking, temperature
        self._by = liked_by

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def context(self) -> int | None:
        return self._engine.context

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self._engine.capabilities & {"generate", "stream", "adapters"}

    @property
    def adapters(self) -> tuple[str, ...]:
        return self._engine.adapters

    def fingerprint(self, adapter: str | None = None) -> dict[str, Any]:
        drawn = {"best_of": self._n, "liked_by": self._by, "drawn_at": self._temperature}
        return {**self._engine.fingerprint(adapter), **drawn}

    def generate(
        self, requests: Sequence[Request], on_done: OnDone | None = None, *, cancel: threading.Event | None = None
    ) -> list[Completion]:
        """The best answer to each, in the order asked; ``on_done`` is called when all are drawn and scored."""
        drawn = [one for request in requests for one in self._draws(request)]
        said = self._engine.generate(drawn, cancel=cancel)
        scores = self._liking([(r.messages, c.text) for r, c in zip(drawn, said, strict=True)])
        made = []
        for i in range(len(requests)):
            own = range(i * self._n, (i + 1) * self._n)
            broken = next((k for k in own if said[k].finish_reason == "cancelled"), None)
            made.append(said[max(own, key=lambda k: (_value(scores[k]), -k)) if broken is None else broken])
            if on_done is not None:
                on_done(i, made[-1])
        return made

    def stream(self, request: Request, *, cancel: threading.Event | None = None) -> Iterator[str | Completion]:
        best = self.generate([request], cancel=cancel)[0]
        yield best.text
        yield best

    def loglikelihood(
        self, items: Sequence[tuple[Sequence[int], Sequence[int]]], *, adapter: str | None = None
    ) -> list[TokenScores]:
        raise Unsupported(self.name, "log-probabilities of answers that were chosen among several")

    def close(self) -> None:
        self._engine.close()

    def _draws(self, request: Request) -> list[Request]:
        first = 0 if request.seed is None else request.seed
        heat = request.temperature or self._temperature
        return [replace(request, seed=first + k, temperature=heat) for k in range(self._n)]


def _value(score: Score) -> float:
    return float("-inf") if score.value is None else score.value
