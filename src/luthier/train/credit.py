"""What each answer of a round is credited with, and what its tokens then cost: where GRPO, RLOO and PPO differ.

A :class:`Credit` turns the rewards of a round into advantages, once, and the log-probabilities of a pass into losses.
Roll-outs, rewards, the reference, the KL's weight, steps and what is told of them are the same for all (``rl``). Here:
answers against the others to their prompt. Against a critic: ``ppo``. Not here: the formulas (``policy``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from luthier.recipe.train import GrpoMethod, RewardedMethod
from luthier.train import policy
from luthier.train.batches import Batch, Row
from luthier.train.loss import Beside, by_answer


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an answer besides its tokens: its ``advantages``, one as a whole or one a token (n,); the
    log-probabilities of its tokens (n,) under the model that drew them and under the reference; of a critic, what it
    said when the answer was drawn (n,), and what it should have said. ``returns`` are empty without a critic, and where
    nobody could score the answer."""

    advantages: list[float]
    drawn: list[float]
    reference: list[float]
    values: list[float] = field(default_factory=list)
    returns: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Scored:
    """The answers of a round with what they are worth. ``rewards_PG`` (P, G) holds NaN where nobody could say; the
    others hold a list (n,) an answer, in the same order; ``values`` is empty where there is no critic."""

    rewards_PG: np.ndarray
    drawn: Sequence[Sequence[float]]
    reference: Sequence[Sequence[float]]
    values: Sequence[Sequence[float]]
    kl_weight: float


@dataclass(frozen=True)
class Told:
    """What the model says of the tokens of a pass, (n,) each: ``said`` and ``nats`` (of KL) with their gradients,
    ``drawn`` when they were drawn, ``values`` of the critic, where there is one."""

    batch: Batch
    said: Tensor
    drawn: Tensor
    nats: Tensor
    values: Tensor | None
    kl_weight: float


class Credit(Protocol):
    """A way from rewards to losses."""

    @property
    def critic(self) -> Beside | None:
        """What reads the states of the answers' tokens beside the head over words."""
        ...

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of what :meth:`losses` sees."""
        ...

    def facts(self, scored: Scored) -> tuple[list[Facts], Mapping[str, float]]:
        """Facts of each answer, and numbers of the round that are told at each of its steps."""
        ...

    def weight(self, rows: Sequence[Row]) -> float:
        """What the loss of these rows is a mean over."""
        ...

    def losses(self, told: Told, facts: Sequence[Facts]) -> tuple[Tensor, Sequence[Tensor]]:
        """Losses that are summed up, and the sums of what was seen, by ``numbers``, which are means over tokens (of
        RLOO: answers)."""
        ...


class Groups:
    """GRPO and RLOO: an answer against the others to its prompt.

    Args:
        method: grpo or rloo.
        limit: tokens that an answer may have.
    """

    critic: Beside | None = None
    numbers = ("clipped",)

    def __init__(self, method: RewardedMethod, limit: int) -> None:
        self.method, self.limit = method, limit

    def facts(self, scored: Scored) -> tuple[list[Facts], Mapping[str, float]]:
        rewards_PG = scored.rewards_PG
        if isinstance(self.method, GrpoMethod):
            advantages = policy.group_advantages(rewards_PG, scale=self.method.scale)
        else:
            pairs = zip(scored.drawn, scored.reference, strict=True)
            away = [math.fsum(drawn) - math.fsum(reference) for drawn, reference in pairs]
            advantages = policy.leave_one_out(rewards_PG - scored.kl_weight * np.reshape(away, rewards_PG.shape))
        each = zip(advantages.ravel(), scored.drawn, scored.reference, strict=True)
        return [Facts([float(a)], list(drawn), list(reference)) for a, drawn, reference in each], {}

    def weight(self, rows: Sequence[Row]) -> float:
        mean_over = self.method.mean_over if isinstance(self.method, GrpoMethod) else "answers"
        if mean_over == "tokens":
            return sum(len(r.targets) for r in rows)
        return len(rows) * (self.limit if mean_over == "longest" else 1)

    def losses(self, told: Told, facts: Sequence[Facts]) -> tuple[Tensor, Sequence[Tensor]]:
        said, drawn, batch = told.said, told.drawn, told.batch
        advantages = said.new_tensor([f.advantages[0] for f in facts])
        assert batch.answer is not None
        method, limits = self.method, clips(self.method)
        if not isinstance(method, GrpoMethod):
            losses, cut = policy.surrogate(by_answer(said, batch), by_answer(drawn, batch), advantages, **limits)
            return losses, [cut.sum()]
        losses, cut = policy.surrogate(said, drawn, advantages.index_select(0, batch.answer), **limits)
        if told.kl_weight:
            losses = losses + told.kl_weight * told.nats
        if method.mean_over == "answers":
            losses = losses / torch.bincount(batch.answer).to(losses.dtype).index_select(0, batch.answer)
        return losses, [cut.sum()]


def clips(method: RewardedMethod) -> dict[str, float]:
    """How far a ratio may go below and above 1, as ``policy.surrogate`` takes it."""
    return {"low": method.clip, "high": method.clip_high or method.clip}
