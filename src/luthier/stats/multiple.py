"""Several tests at once: any of several targets (Holm), many slices (Benjamini and Hochberg), one test set many times.

Where all must hold, each keeps its own alpha and nothing here is needed.
"""

from __future__ import annotations

from collections.abc import Sequence


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values (1979), in the order given: reject where the adjusted one is <= alpha.

    Raises:
        ValueError: a value is not within 0..1.
    """
    _shares(p)
    adjusted = [0.0] * len(p)
    running = 0.0
    for rank, index in enumerate(_order(p)):
        running = max(running, min(1.0, (len(p) - rank) * p[index]))
        adjusted[index] = running
    return adjusted


def holm_levels(p: Sequence[float], alpha: float) -> list[float]:
    """The level at which Holm tests each of these, in the order given: alpha/m for the smallest p, then alpha/(m - 1) …

    Those behind the first that fails are not tested any more and have its level, at which they fail too.
    """
    _shares(p)
    levels = [0.0] * len(p)
    level, stopped = alpha, False
    for rank, index in enumerate(_order(p)):
        level = level if stopped else alpha / (len(p) - rank)
        stopped = stopped or p[index] > level
        levels[index] = level
    return levels


def false_discovery(p: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's adjusted p-values (1995), in the order given.

    Naming those at or below q makes at most a share q of the named ones false, on average (tests that are independent
    or positively related).

    Raises:
        ValueError: a value is not within 0..1.
    """
    _shares(p)
    adjusted = [0.0] * len(p)
    running = 1.0
    for rank, index in reversed(list(enumerate(_order(p), start=1))):
        running = min(running, len(p) / rank * p[index])
        adjusted[index] = running
    return adjusted


def spent(alpha: float, use: int) -> float:
    """The level of the ``use``-th test on one set of items: alpha at first, then alpha / (use (use - 1)).

    The levels from the second use on sum to alpha, so that however many candidates are tried, and whenever one stops,
    a false one passes with probability at most alpha at the first and 2 alpha over all of them (alpha spending; the
    union bound asks nothing of how the candidates depend on each other or on the scores seen before).

    Raises:
        ValueError: uses count from 1.
    """
    if use < 1:
        raise ValueError(f"uses count from 1, got {use}")
    return alpha if use == 1 else alpha / (use * (use - 1))


def _order(p: Sequence[float]) -> list[int]:
    return sorted(range(len(p)), key=p.__getitem__)


def _shares(p: Sequence[float]) -> None:
    if any(not 0 <= x <= 1 for x in p):
        raise ValueError("p-values lie between 0 and 1")
