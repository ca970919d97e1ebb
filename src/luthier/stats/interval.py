"""Intervals of one quantity: a share (Wilson) and a mean (Student's t)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

Numbers = Sequence[float] | np.ndarray


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with what surrounds it.

    ``low`` and ``high`` are two-sided 95%; ``bound`` and ``ceiling`` are the one-sided lower and upper limits at the
    caller's alpha; ``se`` is the standard error (NaN where the method has none); ``n`` counts items, ``p`` is the
    one-sided probability of an estimate this large if there were no difference (NaN where no test was made).
    """

    estimate: float
    low: float
    high: float
    bound: float
    se: float
    n: int
    ceiling: float = math.nan
    p: float = math.nan
    method: str = ""

    def scaled(self, factor: float) -> Interval:
        """The same in another unit (100 for points). A negative factor swaps the sides, and ``p`` is dropped."""
        low, high, bound, ceiling = (factor * x for x in (self.low, self.high, self.bound, self.ceiling))
        if factor < 0:
            low, high, bound, ceiling = high, low, ceiling, bound
        p = self.p if factor > 0 else math.nan
        return Interval(
            factor * self.estimate, low, high, bound, abs(factor) * self.se, self.n, ceiling, p, self.method
        )


def nothing(method: str = "no items") -> Interval:
    """What is known from no items: nothing, from minus to plus infinity."""
    inf = math.inf
    return Interval(math.nan, -inf, inf, -inf, math.nan, 0, inf, math.nan, method)


def wilson(k: float, n: int, *, alpha: float = 0.05) -> Interval:
    """Share k/n with Wilson's score interval (1927). Never of zero width; within [0, 1].

    Raises:
        ValueError: k is not within 0..n.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no share")
    if n == 0:
        return nothing()
    p = k / n

    def limits(z: float) -> tuple[float, float]:
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, middle - half) if k else 0.0, min(1.0, middle + half) if k < n else 1.0

    low, high = limits(float(stats.norm.ppf(0.975)))
    bound, ceiling = limits(float(stats.norm.ppf(1 - alpha)))
    return Interval(p, low, high, bound, math.sqrt(p * (1 - p) / n), n, ceiling, method="Wilson")


def mean_interval(
    values: Numbers, *, clusters: Sequence[object] | None = None, alpha: float = 0.05, spread: float | None = None
) -> Interval:
    """Mean with Student's t; with ``clusters`` (one name per value) by cluster sums, C/(C-1) and C-1 degrees.

    Args:
        spread: largest possible |value - mean|, if there is one (1 for differences of scores in 0..1). Where all values
            are equal the interval is then mean ± spread·(1 - alpha^(1/n)): what equal draws cannot exclude.

    One value (or one cluster) leaves everything open: limits are infinite.
    """
    x = np.asarray(values, dtype=float)
    n = len(x)
    if n == 0:
        return nothing()
    mean = float(x.mean())
    if clusters is None:
        units = n
        se = float(x.std(ddof=1) / math.sqrt(n)) if n > 1 else math.nan
        method = "t"
    else:
        _, index = np.unique([str(c) for c in clusters], return_inverse=True)
        sums = np.bincount(index, weights=x - mean)
        units = len(sums)
        se = float(math.sqrt(units / (units - 1) * float(sums @ sums)) / n) if units > 1 else math.nan
        method = f"t over {units} clusters"
    if units < 2:
        return Interval(mean, -math.inf, math.inf, -math.inf, math.nan, n, math.inf, method=method)
    if se <= 1e-12 * max(1.0, abs(mean)) and spread is not None:  # all alike
        two, one = (spread * (1 - a ** (1 / units)) for a in (0.025, alpha))
        return Interval(mean, mean - two, mean + two, mean - one, 0.0, n, mean + one, method=f"{method}, all alike")
    two = float(stats.t.ppf(0.975, units - 1)) * se
    one = float(stats.t.ppf(1 - alpha, units - 1)) * se
    p = float(stats.t.sf(mean / se, units - 1)) if se > 0 else math.nan
    return Interval(mean, mean - two, mean + two, mean - one, se, n, mean + one, p, method)
