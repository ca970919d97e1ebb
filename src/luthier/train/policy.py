"""How much better an answer is than expected, and what follows for its tokens: GRPO, RLOO and PPO as formulas.

Pure functions. Of groups, advantages are numbers of whole answers, (P, G): prompts by answers to each; NaN is an answer
that could not be scored: it moves nothing, and others are not measured by it. Of a critic they are numbers of tokens,
(n,) of one answer. Losses are tensors of shape (n,), one a token or one an answer, differentiable; the caller takes the
mean. Not here: where log-probabilities and values come from (``loss``), where answers come from (``rollout``).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

SMALL = 1e-4
"""Beside a group's standard deviation, as in TRL."""
LEAST_VARIANCE = 1e-8
"""Beside the variance of the advantages of a round, as in TRL."""


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


def token_rewards(score: float, drawn: np.ndarray, reference: np.ndarray, *, kl: float) -> np.ndarray:
    """What each token of an answer is paid, (n,): −kl · (log p − log p of the reference), and the answer's score at its
    last token (Ziegler et al. 2019, section 2.1; Ouyang et al. 2022, eq. 2 token by token)."""
    paid: np.ndarray = -kl * (drawn - reference)
    paid[-1] += score
    return paid


def gae(rewards: np.ndarray, values: np.ndarray, *, gamma: float, gae_lambda: float) -> np.ndarray:
    """Generalised advantage estimation over one answer, (n,): A_t = δ_t + γλ·A_{t+1}, where δ_t = r_t + γ·V_{t+1} − V_t
    (Schulman et al. 2016, eq. 16). Behind the last token, be it the end or the limit, there is nothing: V = 0. What
    the critic is led to is A + V."""
    found = np.zeros(len(rewards))
    ahead, following = 0.0, 0.0
    for t in reversed(range(len(rewards))):
        ahead = rewards[t] + gamma * following - values[t] + gamma * gae_lambda * ahead
        found[t], following = ahead, values[t]
    return found


def whitened(advantages: np.ndarray) -> np.ndarray:
    """Mean 0 and variance 1 over all tokens of a round, n − 1 in the denominator (Huang et al. 2024; TRL's
    ``masked_whiten`` with the shift). One token alone has no variance: 0."""
    if len(advantages) < 2:
        return np.zeros(len(advantages))
    scaled: np.ndarray = (advantages - advantages.mean()) / np.sqrt(advantages.var(ddof=1) + LEAST_VARIANCE)
    return scaled


def explained_variance(values: np.ndarray, returns: np.ndarray) -> float:
    """1 − Var(returns − values) / Var(returns): 1 is a critic that knows, 0 one that says the same everywhere. 0 where
    all returns are alike."""
    spread = float(np.var(returns)) if len(returns) else 0.0
    return 1.0 - float(np.var(returns - values)) / spread if spread > 0 else 0.0


def value_loss(said: Tensor, before: Tensor, returns: Tensor, *, clip: float | None) -> tuple[Tensor, Tensor]:
    """½·max((V − R)², (V clipped to within ``clip`` of its value at the roll-out − R)²) a token, and where the clip has
    cut the gradient off (1 or 0) (Huang et al. 2024; TRL's ``cliprange_value``). None: ½·(V − R)²."""
    plain = (said - returns) ** 2
    if clip is None:
        return 0.5 * plain, torch.zeros_like(plain)
    near = (torch.minimum(torch.maximum(said, before - clip), before + clip) - returns) ** 2
    return 0.5 * torch.maximum(plain, near), (near > plain).detach().to(said.dtype)


def surrogate(said: Tensor, drawn: Tensor, advantages: Tensor, *, low: float, high: float) -> tuple[Tensor, Tensor]:
    """−min(ρ·A, clip(ρ, 1 − low, 1 + high)·A) with ρ = exp(said − drawn) (PPO, Schulman et al. 2017, eq. 7), and where
    the clip has cut the gradient off (1 or 0).

    Args:
        said: log-probabilities under the model, of tokens or of whole answers, (n,).
        drawn: the same under the model that drew them.
        advantages: of each, or of the answer that it belongs to.
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
