"""AdamW and its learning rate: the update rule of a run, nothing else.

Weight decay falls on matrices only: norms and biases are scales and offsets, which decay would pull to a wrong zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

BETAS = (0.9, 0.999)
EPSILON = 1e-8


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """Parameters that are trained, by name, in the model's order; shared (tied) ones appear once."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def adamw(parameters: Mapping[str, nn.Parameter], *, learning_rate: float, weight_decay: float) -> torch.optim.AdamW:
    """AdamW in two groups, decayed matrices first; parameters keep their order inside each."""
    matrices = [p for p in parameters.values() if p.ndim >= 2]
    others = [p for p in parameters.values() if p.ndim < 2]
    groups = [
        {"params": group, "weight_decay": decay}
        for group, decay in ((matrices, weight_decay), (others, 0.0)) if group
    ]  # fmt: skip
    fused = all(p.device.type in ("cpu", "cuda") and p.is_floating_point() for p in parameters.values())
    return torch.optim.AdamW(groups, lr=learning_rate, betas=BETAS, eps=EPSILON, fused=fused)


def rate(step: int, *, peak: float, schedule: str, warmup_steps: int, steps: int) -> float:
    """Learning rate of one step (1-based).

    It rises linearly over the warm-up and reaches ``peak`` at the first step after it; then it falls to zero, along
    half a cosine or a line, so that the last step is the last above zero; ``constant`` does not fall.
    """
    done = step - 1
    if done < warmup_steps:
        return peak * (done + 1) / (warmup_steps + 1)
    if schedule == "constant":
        return peak
    share = (done - warmup_steps) / max(1, steps - warmup_steps)
    if schedule == "linear":
        return peak * (1.0 - share)
    return peak * 0.5 * (1.0 + math.cos(math.pi * share))


def state(optimiser: torch.optim.Optimizer, parameters: Mapping[str, nn.Parameter]) -> dict[str, Tensor]:
    """The optimiser's tensors as ``name/moment``; what a checkpoint stores."""
    return {
        f"{name}/{key}": value
        for name, p in parameters.items()
        for key, value in optimiser.state.get(p, {}).items()
        if isinstance(value, Tensor)
    }


def restore(
    optimiser: torch.optim.Optimizer, parameters: Mapping[str, nn.Parameter], stored: Mapping[str, Tensor]
) -> None:
    """Put back what :func:`state` gave. Raises KeyError when a name is not known."""
    for key, value in stored.items():
        name, _, moment = key.rpartition("/")
        p = parameters[name]
        place = value.device if moment == "step" else p.device
        optimiser.state[p][moment] = value.to(place).clone()
