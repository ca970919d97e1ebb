"""Several processes as one: who takes which micro-batch, and one sum of gradients.

Every process holds all rows and computes the same windows, so the divisor (trained tokens of the whole window) needs
no message; each takes every n-th micro-batch and gradients are *summed*, never averaged. A process without a
micro-batch in a window still takes part. Starting the processes is the caller's business (torchrun).
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, distributed, nn


def place() -> tuple[int, int]:
    """(rank, number of processes); (0, 1) when there is only this one."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace each gradient by its sum over all processes."""
    if place()[1] == 1:
        return
    for p in parameters:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
        distributed.all_reduce(p.grad)


def sum_values(values: Tensor) -> Tensor:
    """The elementwise sum over all processes."""
    if place()[1] > 1:
        distributed.all_reduce(values)
    return values
