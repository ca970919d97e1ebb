"""Several processes as one: who takes which micro-batch, and one sum of gradients.

Every process holds all rows and computes the same windows, so the divisor (trained tokens of the whole window) needs
no message; each takes its share and gradients are *summed*, never averaged. A process without a share in a window
still takes part. Processes are a team of this machine (team.py), each with a part of every micro-batch, or what the
caller started (torchrun), each with every n-th micro-batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, distributed, nn

from luthier.train import team
from luthier.train.batches import Row

_TOGETHER = 1 << 20
"""Numbers summed at once, about: a message costs as much as some ten thousand of them."""


def place() -> tuple[int, int]:
    """(rank, number of processes); (0, 1) when there is only this one."""
    if (mine := team.current()) is not None:
        return mine.rank, mine.size
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def helps() -> bool:
    """Whether this process only adds its gradients, and the first one of its team does everything else."""
    mine = team.current()
    return mine is not None and mine.rank > 0


def parted() -> tuple[int, int]:
    """(rank, number of processes) that share out every micro-batch; (0, 1) where each is read whole."""
    mine = team.current()
    return (mine.rank, mine.size) if mine is not None else (0, 1)


def share(rows: Sequence[Row], number: int) -> Sequence[Row]:
    """This process's rows, maybe none, of the window's ``number``-th micro-batch (longest rows first). Each begins with
    another process, so that the first is not given the most every time."""
    rank, size = place()
    if team.current() is not None:
        return rows[(rank + number) % size :: size]
    return rows if number % size == rank else rows[:0]


def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace each gradient by its sum over all processes."""
    if place()[1] == 1:
        return
    waiting: list[nn.Parameter] = []
    numbers = 0
    for p in parameters:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
        if waiting and numbers + p.numel() > _TOGETHER:
            _sum_together(waiting)
            waiting, numbers = [], 0
        waiting.append(p)
        numbers += p.numel()
    _sum_together(waiting)


def _sum_together(parameters: Sequence[nn.Parameter]) -> None:
    """One message for all of these."""
    for dtype in {p.dtype: None for p in parameters}:
        grads = [p.grad for p in parameters if p.grad is not None and p.dtype == dtype]
        flat = sum_values(torch.cat([g.reshape(-1) for g in grads]))
        for g, summed in zip(grads, torch.split(flat, [g.numel() for g in grads]), strict=True):
            g.copy_(summed.view_as(g))


def sum_values(values: Tensor) -> Tensor:
    """The elementwise sum over all processes, in place."""
    if (mine := team.current()) is not None:
        mine.sum(values)
    elif place()[1] > 1:
        distributed.all_reduce(values)
    return values
