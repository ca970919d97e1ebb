"""Two systems on the same items: how much better is the candidate, and what can be excluded.

0/1 scores: exact McNemar decides superiority (error at most alpha, whatever n), Tango's score test (1998) decides
non-inferiority and gives the intervals. Its exact size at the margin, at alpha = 5%, is at most 5.8% from 20 items up
and 6.3% at 10, over the grid in ``tests/stats`` (n to 800, margins of 1 to 10 points, flips up to 60%). Continuous
scores: t on the differences, clustered if items belong together. Bits per byte: Fieller's limits for a ratio of sums,
paired by document.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from luthier.stats.interval import Interval, Numbers, mean_interval, nothing


def paired_difference(
    a: Numbers, b: Numbers, *, clusters: Sequence[object] | None = None, alpha: float = 0.05,
    spread: float | None = None,
) -> Interval:  # fmt: skip
    """Mean of a - b over paired items with t (clustered if asked). a is the candidate.

    Raises:
        ValueError: lengths differ.
    """
    x, y = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if x.shape != y.shape:
        raise ValueError(f"pairs are needed: {len(x)} and {len(y)} values")
    found = mean_interval(x - y, clusters=clusters, alpha=alpha, spread=spread)
    return Interval(
        found.estimate, found.low, found.high, found.bound, found.se, found.n, found.ceiling, found.p,
        f"paired {found.method}",
    )  # fmt: skip


def mcnemar_exact(better: int, worse: int) -> float:
    """One-sided p: probability of at least ``better`` gains among the flips if gains and losses were equally likely.

    Exact binomial, no mid-p. Without flips p is 1.
    """
    return float(stats.binom.sf(better - 1, better + worse, 0.5))


def tango_z(better: Numbers | float, worse: Numbers | float, n: Numbers | float, difference: Numbers | float) -> Any:
    """Tango's score statistic of the hypothesis "true difference = ``difference``" (Statistics in Medicine 17, 1998).

    (b - c - nd) / sqrt(n (2 q + d (1 - d))), where q is the constrained maximum-likelihood share of losses. At 0 it is
    McNemar's (b - c) / sqrt(b + c). Arrays are taken element by element.
    """
    b, c, d = (np.asarray(x, dtype=float) for x in (better, worse, difference))
    variance = np.asarray(n) * tango_variance(b / n, c / n, d)
    numerator = b - c - n * d
    with np.errstate(divide="ignore", invalid="ignore"):
        z = numerator / np.sqrt(variance)
    certain = np.where(np.abs(numerator) < 1e-12, 0.0, np.copysign(np.inf, numerator))
    return np.where(variance <= 1e-15, certain, z)


def tango_variance(gains: Any, losses: Any, difference: Any) -> Any:
    """Variance of one item's difference at the likeliest shares under "true difference = ``difference``"."""
    d = difference
    one, two = -gains - losses + (2 - gains + losses) * d, -losses * d * (1 - d)
    q = (np.sqrt(np.maximum(one * one - 8 * two, 0.0)) - one) / 4
    return 2 * q + d * (1 - d)


def paired_proportions(better: int, worse: int, n: int, *, alpha: float = 0.05) -> Interval:
    """Difference of two paired shares, (better - worse) / n, with Tango's score limits and McNemar's exact p.

    Args:
        better: items that only the candidate has right.
        worse: items that only the reference has right.

    Raises:
        ValueError: the counts do not fit into n.
    """
    if min(better, worse) < 0 or better + worse > n:
        raise ValueError(f"{better} gains and {worse} losses do not fit into {n} items")
    if n == 0:
        return nothing()
    estimate = (better - worse) / n

    two, one = float(stats.norm.ppf(0.975)), float(stats.norm.ppf(1 - alpha))
    found = _tango_limits(better, worse, n, (two, -two, one, -one))
    # where every item changed sides, a limit is the estimate itself, which sections only come near to
    low, bound = (min(found[i], estimate) for i in (0, 2))
    high, ceiling = (max(found[i], estimate) for i in (1, 3))
    flips = better + worse
    se = math.sqrt(max(flips - (better - worse) ** 2 / n, 0.0)) / n
    return Interval(
        estimate, low, high, bound, se, n, ceiling, mcnemar_exact(better, worse),
        "exact McNemar, Tango limits",
    )  # fmt: skip


def _tango_limits(better: int, worse: int, n: int, targets: Sequence[float]) -> tuple[float, ...]:
    """The differences at which the statistic is each target; it falls from +inf at -1 to -inf at 1.

    All limits at once by sections: each round finds the one of 32 parts in which a limit lies.
    """
    goal = np.asarray(targets)[:, None]
    low, high = np.full(goal.shape, -1.0), np.full(goal.shape, 1.0)
    for _ in range(8):
        width = (high - low) / 32
        passed = tango_z(better, worse, n, low + width * np.arange(1, 32)) > goal
        low = low + width * passed.sum(axis=1, keepdims=True)
        high = low + width
    return tuple(float(x) for x in ((low + high) / 2).ravel())


def superiority_bounds(better: int, worse: int, n: int, alpha: float) -> tuple[float, float]:
    """One-sided limits whose sign agrees with exact McNemar: (lower, upper).

    The lower one is above 0 exactly where the one-sided test rejects "not better". From Clopper and Pearson's limits of
    the share of gains among the flips, the number of flips taken as given. Without flips: Tango's limits.
    """
    flips = better + worse
    if flips == 0:
        found = paired_proportions(0, 0, n, alpha=alpha)
        return found.bound, found.ceiling
    least = float(stats.beta.ppf(alpha, better, worse + 1)) if better else 0.0
    most = float(stats.beta.ppf(1 - alpha, better + 1, worse)) if worse else 1.0
    return (2 * least - 1) * flips / n, (2 * most - 1) * flips / n


def noninferiority(better: int, worse: int, n: int, margin: float, *, alpha: float = 0.05) -> bool:
    """Whether a loss of ``margin`` or more (a share, 0.02 for two points) is excluded, one-sided at alpha.

    Tango's score test at the margin; the same as ``paired_proportions(...).bound > -margin``.
    """
    return noninferiority_p(better, worse, n, margin) <= alpha


def noninferiority_p(better: int, worse: int, n: int, margin: float) -> float:
    """One-sided p of "the candidate loses ``margin`` or more".

    Raises:
        ValueError: the margin is not within (0, 1).
    """
    if not 0 < margin < 1:
        raise ValueError(f"a margin is a share between 0 and 1, got {margin}")
    if n == 0:
        return 1.0
    return float(stats.norm.sf(tango_z(better, worse, n, -margin)))


def ratio_change(
    a: Numbers, b: Numbers, *, clusters: Sequence[object] | None = None, alpha: float = 0.05
) -> Interval:
    """Relative change of a ratio of sums: sum(a) / sum(b) - 1, paired by item, with Fieller's limits.

    For bits per byte a and b are the bits per document under candidate and reference; bytes cancel. Positive means more
    bits, which is worse. The test behind each limit r is a t-test of mean(a - (1 + r) b). Limits are infinite where the
    reference's sum is itself not told from zero. Bitwise equal inputs have limits 0: bits are continuous, such systems
    are the same.

    Raises:
        ValueError: lengths differ.
    """
    x, y = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if x.shape != y.shape:
        raise ValueError(f"pairs are needed: {len(x)} and {len(y)} values")
    n = len(x)
    if n == 0:
        return nothing()
    ratio = float(x.sum() / y.sum())
    if clusters is not None:
        _, index = np.unique([str(c) for c in clusters], return_inverse=True)
        x, y = np.bincount(index, weights=x), np.bincount(index, weights=y)
    units = len(x)
    if units < 2:
        return Interval(ratio - 1, -math.inf, math.inf, -math.inf, math.nan, n, math.inf, method="ratio of sums")
    cov = np.cov(x, y, ddof=1) / units
    mx, my = float(x.mean()), float(y.mean())

    def limits(quantile: float) -> tuple[float, float]:
        t2 = float(stats.t.ppf(quantile, units - 1)) ** 2
        first = my * my - t2 * float(cov[1, 1])
        half = mx * my - t2 * float(cov[0, 1])
        last = mx * mx - t2 * float(cov[0, 0])
        if first <= 0:
            return -math.inf, math.inf
        root = math.sqrt(max(half * half - first * last, 0.0))
        return (half - root) / first - 1, (half + root) / first - 1

    low, high = limits(0.975)
    bound, ceiling = limits(1 - alpha)
    se = float(np.std(x - ratio * y, ddof=1) / math.sqrt(units) / my)
    wide = float(np.std(x - y, ddof=1) / math.sqrt(units))
    t = (mx - my) / wide if wide else math.copysign(math.inf, mx - my) if mx != my else 0.0
    return Interval(
        ratio - 1, low, high, bound, se, n, ceiling, float(stats.t.sf(t, units - 1)), "ratio of sums, Fieller"
    )
