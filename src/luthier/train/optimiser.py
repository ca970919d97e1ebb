"""AdamW and its learning rate: the update rule of a run, nothing else.

Weight decay falls on matrices only: norms and biases are scales and offsets, which decay would pull to a wrong zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

RISING, RISE = "rising", 1e4
"""The schedule of a range test, which no recipe names: so many times from the first step's rate to the last one's."""
BETAS = (0.9, 0.999)
EPSILON = 1e-8


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """Parameters that are trained, by name, in the model's order; shared (tied) ones appear once."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def adamw(
    parameters: Mapping[str, nn.Parameter], *, learning_rate: float, weight_decay: float, b_times: float = 1.0
) -> torch.optim.AdamW:
    """AdamW in groups: decayed matrices first, then the B of each adapter if it learns ``b_times`` as fast as the rest
    (LoRA+, Hayou et al. 2024, arXiv 2402.12354), then all else; parameters keep their order inside each."""
    matrices = {name: p for name, p in parameters.items() if p.ndim >= 2}
    faster = [p for name, p in matrices.items() if b_times != 1 and ".lora_B." in name]
    slower = [p for name, p in matrices.items() if b_times == 1 or ".lora_B." not in name]
    others = [p for p in parameters.values() if p.ndim < 2]
    parts = ((slower, weight_decay, 1.0), (faster, weight_decay, b_times), (others, 0.0, 1.0))
    groups = [{"params": part, "weight_decay": decay, "times": times} for part, decay, times in parts if part]
    fused = all(p.device.type in ("cpu", "cuda") and p.is_floating_point() for p in parameters.values())
    made = torch.optim.AdamW(groups, lr=learning_rate, betas=BETAS, eps=EPSILON, fused=fused)
    if fused:  # its kernel writes and does not say so; what was computed from a weight would be taken for fresh
        made.register_step_post_hook(lambda *_: torch.autograd.graph.increment_version(list(parameters.values())))
    return made


def set_rate(optimiser: torch.optim.Optimizer, value: float) -> None:
    """Set the learning rate of the next step; groups that learn faster take it so many times."""
    for group in optimiser.param_groups:
        group["lr"] = value * group["times"]


def rate(step: int, *, peak: float, schedule: str, warmup_steps: int, steps: int) -> float:
    """Learning rate of one step (1-based).

    It rises linearly over the warm-up and reaches ``peak`` at the first step after it; then it falls to zero, along
    half a cosine or a line, so that the last step is the last above zero; ``constant`` does not fall. ``RISING`` grows
    to the peak, by the same factor in each step.
    """
    done = step - 1
    if schedule == RISING:
        return peak * float(RISE ** (done / max(1, steps - 1) - 1))
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
