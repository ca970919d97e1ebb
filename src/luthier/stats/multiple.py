"""Several tests at once. Only for "any of these": where all must hold, each keeps its own alpha."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values (1979), in the order given: reject where the adjusted one is <= alpha.

    Raises:
        ValueError: a value is not within 0..1.
    """
    if any(not 0 <= x <= 1 for x in p):
        raise ValueError("p-values lie between 0 and 1")
    adjusted = [0.0] * len(p)
    running = 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        running = max(running, min(1.0, (len(p) - rank) * p[index]))
        adjusted[index] = running
    return adjusted
