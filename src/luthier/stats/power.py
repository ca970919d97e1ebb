"""How many items a decision needs, and how likely it is with those at hand.

0/1 scores: the power of the very tests that decide (exact McNemar, Tango) summed over what may happen, up to
``_SUMMED`` items; above that, and to begin a search, normal approximations. Continuous scores: noncentral t. Measured
against simulation: within 3 points (docs/benchmarks/statistics.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

from luthier.stats.paired import tango_variance, tango_z

_SUMMED = 20_000
"""Items up to which the power of a test of shares is summed, not approximated."""
_MOST = 2**31


def items_needed(
    *, flips: float, difference: float = 0.0, margin: float = 0.0, alpha: float = 0.05, power: float = 0.8,
    binary: bool = True, design: float = 1.0,
) -> int | None:  # fmt: skip
    """Paired items for a one-sided test at ``alpha`` to succeed with probability ``power``.

    Args:
        flips: share of items on which the two systems differ (continuous scores: mean square of the difference).
        difference: the true difference, candidate minus reference, as a share.
        margin: 0 for superiority; for non-inferiority the largest accepted loss.
        binary: whether scores are 0/1.
        design: how many times the variance of a mean is what independent items of equal weight would give.

    None where the true difference lies on or beyond the margin: no number of items would do.
    """
    if difference + margin <= 0:
        return None

    def reached(n: int) -> bool:
        return power_of(n, flips=flips, difference=difference, margin=margin, alpha=alpha, binary=binary) >= power

    z_alpha, z_beta = float(stats.norm.ppf(1 - alpha)), float(stats.norm.ppf(power))
    spread = z_alpha * math.sqrt(flips) + z_beta * math.sqrt(max(flips - difference**2, 0.0))
    guess = (spread / (difference + margin)) ** 2  # normal approximation: the search begins there
    if guess > _MOST:
        return None
    low, high = max(1, int(guess / 1.05)), max(2, math.ceil(1.05 * guess))
    while not reached(high):
        low, high = high, math.ceil(1.2 * high) + 1
    while low > 1 and reached(low):
        low, high = int(low / 1.2), low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return max(2, math.ceil(design * high))


def power_of(
    n: int, *, flips: float, difference: float = 0.0, margin: float = 0.0, alpha: float = 0.05, binary: bool = True
) -> float:
    """Chance that n items exclude a loss of ``margin`` (0: show a gain) one-sided at alpha, if the true difference is
    ``difference``. ``flips`` as in :func:`items_needed`."""
    if n < 2:
        return 0.0
    if not binary:
        return _t_power(n, flips, difference + margin, max(flips - difference**2, 0.0), alpha)
    flips = max(flips, abs(difference))
    if margin:
        return noninferiority_power(n, flips=flips, margin=margin, difference=difference, alpha=alpha)
    return superiority_power(n, flips=flips, difference=difference, alpha=alpha)


def superiority_power(n: int, *, flips: float, difference: float, alpha: float = 0.05) -> float:
    """Chance that exact McNemar shows a true gain of ``difference`` (a share) on n items, one-sided at alpha."""
    if flips <= 0 or n < 1:
        return 0.0
    if n > _SUMMED:
        return _normal_power(n, difference, flips, flips - difference**2, alpha)
    m = _likely(n, flips)
    fewest = stats.binom.isf(alpha, m, 0.5) + 1  # of m flips, the fewest gains with a one-sided p of at most alpha
    gains = np.where(m > 0, stats.binom.sf(fewest - 1, m, min(1.0, (flips + difference) / (2 * flips))), 0.0)
    return float(stats.binom.pmf(m, n, flips) @ gains)


def noninferiority_power(n: int, *, flips: float, margin: float, difference: float = 0.0, alpha: float = 0.05) -> float:
    """Chance that n items exclude a loss of ``margin`` by Tango's test when the true difference is ``difference``."""
    gain, loss = (flips + difference) / 2, (flips - difference) / 2
    if n < 1:
        return 0.0
    if n > _SUMMED:
        null = float(tango_variance(gain, loss, -margin))
        return _normal_power(n, difference + margin, null, flips - difference**2, alpha)
    worse = _likely(n, loss)
    critical = float(stats.norm.ppf(1 - alpha))
    low, high = np.full(len(worse), -1), n - worse + 1  # of each number of losses, the fewest gains that suffice
    while np.any(high - low > 1):
        middle = (low + high) // 2
        enough = tango_z(middle, worse, n, -margin) >= critical
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    enough = stats.binom.sf(high - 1, n - worse, min(1.0, gain / (1 - loss)) if loss < 1 else 0.0)
    return float(stats.binom.pmf(worse, n, loss) @ enough)


def detectable(
    n: int, *, flips: float, alpha: float = 0.05, power: float = 0.8, binary: bool = True
) -> float | None:
    """Smallest true gain (a share) that n items show with this power, where ``flips`` of the items flip beside the net
    gain; None if not even a gain on every item would."""

    def reached(gain: float) -> bool:
        return power_of(n, flips=min(1.0, flips + gain), difference=gain, alpha=alpha, binary=binary) >= power

    return _smallest(reached, 0.0, 1.0) if reached(1.0) else None


def joint_power(powers: Sequence[float]) -> float:
    """Chance that independent tests all succeed. Suites of one model are positively related, so this errs low."""
    return math.prod(powers)


def _smallest(reached: Callable[[float], bool], low: float, high: float) -> float:
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def _likely(n: int, share: float) -> np.ndarray:
    """The counts of n with this share that are not out of the question (one in 10^12)."""
    low, high = stats.binom.ppf([1e-12, 1 - 1e-12], n, share)
    return np.arange(max(0, int(low)), min(n, int(high)) + 1)


def _normal_power(n: int, gap: float, null: float, variance: float, alpha: float) -> float:
    shift = gap * math.sqrt(n) - float(stats.norm.ppf(1 - alpha)) * math.sqrt(null)
    return float(stats.norm.cdf(shift / math.sqrt(max(variance, 1e-12))))


def _t_power(n: int, square: float, gap: float, variance: float, alpha: float) -> float:
    if square <= 0:
        return float(gap > 0)
    moved = gap * math.sqrt(n / max(variance, 1e-12))
    if n > 1000:  # noncentral t is slow there and says the same
        return float(stats.norm.sf(stats.norm.ppf(1 - alpha) - moved))
    return float(stats.nct.sf(stats.t.ppf(1 - alpha, n - 1), n - 1, moved))
