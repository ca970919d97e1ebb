"""What it costs that a worse answer is likely: DPO and its family as formulas, on log-probabilities of whole answers;
and that it is scored higher: Bradley and Terry's, on rewards.

Pure functions of tensors of shape (B,), differentiable, one loss a pair or answer; the caller takes the mean. A
*margin* is by how much the chosen answer leads the rejected one. Not here: where log-probabilities come from
(``loss``), which reference they are set against (``preference``).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from luthier.recipe.train import DpoMethod, IpoMethod, KtoMethod, OrpoMethod, RewardMethod, SimpoMethod


def dpo(method: DpoMethod, margins_B: Tensor, wanted_B: Tensor) -> Tensor:
    """DPO (Rafailov et al. 2023, eq. 7) and what was made of it, with h = beta · margin − wanted.

    ``margins_B``: log-ratios to the reference, chosen minus rejected. ``sigmoid``: −log σ(h), with label smoothing ε
    (cDPO, Mitchell 2023) −(1 − ε) log σ(h) − ε log σ(−h); ``hinge`` (SLiC, Zhao et al. 2023): max(0, 1 − h);
    ``robust`` (rDPO, Chowdhury et al. 2024, eq. 11): [−(1 − ε) log σ(h) + ε log σ(−h)] / (1 − 2ε). Equal margins of
    policy and reference give log 2.
    """
    lead_B = method.beta * margins_B - wanted_B
    if method.loss == "hinge":
        return torch.relu(1 - lead_B)
    share = method.label_smoothing
    if method.loss == "robust":
        right_B, flipped_B = -functional.logsigmoid(lead_B), -functional.logsigmoid(-lead_B)
        return ((1 - share) * right_B - share * flipped_B) / (1 - 2 * share)
    return _smoothed(lead_B, share)


def ipo(method: IpoMethod, margins_B: Tensor) -> Tensor:
    """(margin − 1 / (2 beta))² (Azar et al. 2023, eq. 17), margins in log-ratios *a token*: a square of sums would
    weigh long answers by their length squared."""
    return (margins_B - 1 / (2 * method.beta)) ** 2


def simpo(method: SimpoMethod, margins_B: Tensor) -> Tensor:
    """−log σ(beta · margin − gamma) (Meng et al. 2024, eq. 6), margins in log-probabilities a token."""
    return _smoothed(method.beta * margins_B - method.margin, method.label_smoothing)


def orpo(method: OrpoMethod, chosen_B: Tensor, rejected_B: Tensor) -> Tensor:
    """−beta · log σ(log odds ratio) (Hong et al. 2024, eq. 6 and 7) of log-probabilities a token; odds are p / (1 − p).
    The cross-entropy that belongs to it is the method's ``sft`` term."""
    odds_B = (chosen_B - rejected_B) - (_log1mexp(chosen_B) - _log1mexp(rejected_B))
    return -method.beta * functional.logsigmoid(odds_B)


def kto(method: KtoMethod, ratios_B: Tensor, good_B: Tensor, drift: Tensor | float) -> Tensor:
    """1 − σ(beta · (ratio − z)) for a thumb up and 1 − σ(beta · (z − ratio)) for one down, each by its weight
    (Ethayarajh et al. 2024, eq. 8). ``drift`` is z ≥ 0, the KL to the reference as mismatched answers show it; no
    gradient flows through it. Without drift and at the reference both give half their weight."""
    sign_B = good_B.to(ratios_B.dtype) * 2 - 1
    weight_B = torch.where(good_B, method.desirable, method.undesirable)
    return weight_B * (1 - torch.sigmoid(method.beta * sign_B * (ratios_B - drift)))


def bradley_terry(method: RewardMethod, chosen_B: Tensor, rejected_B: Tensor, wanted_B: Tensor) -> Tensor:
    """−log σ(r_chosen − r_rejected − wanted) (Ouyang et al. 2022, eq. 1; with a margin Touvron et al. 2023, eq. 2) +
    centre · (r_chosen + r_rejected)² (Eisenstein et al. 2023, eq. 2). Equal rewards without margin give log 2."""
    losses_B = _smoothed(chosen_B - rejected_B - wanted_B, method.label_smoothing)
    return losses_B + method.centre * (chosen_B + rejected_B) ** 2 if method.centre else losses_B


def _smoothed(lead_B: Tensor, share: float) -> Tensor:
    right_B = -functional.logsigmoid(lead_B)
    return right_B if not share else (1 - share) * right_B - share * functional.logsigmoid(-lead_B)


def _log1mexp(x_B: Tensor) -> Tensor:
    """log(1 − eˣ) for x < 0, exact at both ends (Mächler 2012)."""
    near = x_B > -0.6931471805599453
    small_B = torch.where(near, x_B, -0.5)  # what the other way would get must stay finite for the gradient's sake
    large_B = torch.where(near, -1.0, x_B)
    return torch.where(near, torch.log(-torch.expm1(small_B)), torch.log1p(-torch.exp(large_B)))
