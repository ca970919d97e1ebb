"""How much better an answer is than expected, and what follows for its tokens: GRPO and RLOO as formulas.

Pure functions. Advantages are numbers of whole answers, (P, G): prompts by answers to each; NaN is an answer that could
not be scored: it moves nothing, and others are not measured by it. Losses are tensors of shape (n,), one a token or one
an answer, differentiable; the caller takes the mean. Not here: where log-probabilities come from (``loss``), where
answers come from (``rollout``).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

SMALL = 1e-4
"""Beside a group's standard deviation, as in TRL."""


def group_advantages(rewards_PG: np.ndarray, *, scale: str = "std") -> np.ndarray:
    """GRPO: (r − mean of the group) / (its standard deviation + 1e-4), n − 1 in the denominator (Shao et al. 2024);
    ``none`` leaves out the division (Dr. GRPO, Liu et al. 2025). Rewards 1, 0 of two: ±0.5 / 0.7072."""
    counts = (~np.isnan(rewards_PG)).sum(1, keepdims=True)
    known = np.where(np.isnan(rewards_PG), 0.0, rewards_PG)
    leads = np.where(np.isnan(rewards_PG), 0.0, rewards_PG - known.sum(1, keepdims=True) / np.maximum(counts, 1))
    if scale == "none":
        return leads
    spread = np.sqrt((leads**2).sum(1, keepdims=True) / np.maximum(counts - 1, 1))
    scaled: np.ndarray = leads / (spread + SMALL)
    return scaled


def leave_one_out(rewards_PG: np.ndarray) -> np.ndarray:
    """RLOO: r − mean of the others' (Ahmadian et al. 2024, eq. 6). Rewards 1, 0, 0: 1, −½, −½."""
    counts = (~np.isnan(rewards_PG)).sum(1, keepdims=True)
    known = np.where(np.isnan(rewards_PG), 0.0, rewards_PG)
    others = (known.sum(1, keepdims=True) - known) / np.maximum(counts - 1, 1)
    return np.where(np.isnan(rewards_PG) | (counts < 2), 0.0, rewards_PG - others)


def surrogate(said: Tensor, drawn: Tensor, advantages: Tensor, *, low: float, high: float) -> tuple[Tensor, Tensor]:
    """−min(ρ·A, clip(ρ, 1 − low, 1 + high)·A) with ρ = exp(said − drawn) (PPO, Schulman et al. 2017, eq. 7), and where
    the clip has cut the gradient off (1 or 0).

    Args:
        said: log-probabilities under the model, of tokens or of whole answers, (n,).
        drawn: the same under the model that drew them.
        advantages: of the answer that each belongs to.
    """
    ratio = torch.exp(said - drawn)
    losses = -torch.minimum(ratio * advantages, ratio.clamp(1 - low, 1 + high) * advantages)
    with torch.no_grad():
        cut = ((ratio < 1 - low) & (advantages < 0)) | ((ratio > 1 + high) & (advantages > 0))
    return losses, cut.to(said.dtype)


def kl_tokens(said: Tensor, reference: Tensor) -> Tensor:
    """KL(model ‖ reference) a token, estimated at tokens that the model drew: e^d − d − 1 with d = reference − said
    (Schulman's k3): never negative, right in the mean, 0 where both agree."""
    d = reference - said
    return torch.exp(d) - d - 1


def next_weight(weight: float, kl: float, target: float) -> float:
    """The weight of the KL after a step: up where the KL was above its target, down where it was below, by at most 2%
    (Ziegler et al. 2019, section 2.2)."""
    return weight * (1 + 0.1 * min(0.2, max(-0.2, kl / target - 1)))
