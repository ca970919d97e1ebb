"""What an engine gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FinishReason = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True, slots=True)
class Completion:
    """One generated answer.

    ``token_ids`` are the generated ids without the stop token (empty when a remote engine does not tell them);
    ``logprobs`` the natural-log probability of each, when asked for; ``seconds`` wall time of this request.
    ``stop_id`` is the stop token that ended it, ``stop_logprob`` its log-probability (None where no token did, or the
    engine does not tell). Of a classifier ``text`` is the likeliest label, and ``labels`` holds the natural-log
    probability of each.
    """

    text: str
    token_ids: tuple[int, ...] = ()
    finish_reason: FinishReason = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    logprobs: tuple[float, ...] | None = None
    seconds: float = 0.0
    stop_id: int | None = None
    stop_logprob: float | None = None
    labels: Mapping[str, float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class TokenScores:
    """Teacher-forced scores of a given continuation.

    ``logprobs`` in nats, one per continuation token; ``greedy`` is true where every token is also the most likely
    one, which equals exact match under greedy decoding.
    """

    logprobs: tuple[float, ...]
    greedy: bool

    @property
    def total(self) -> float:
        return float(sum(self.logprobs))
