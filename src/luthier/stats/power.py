"""How many items a decision needs, and how likely it is with those at hand.

Normal approximations from the mean square of one item's difference, which for 0/1 scores is the share of items that
flip (gains plus losses): good to a few items in a hundred, which the tests show by simulation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import stats


def items_needed(
    *, flips: float, difference: float = 0.0, margin: float = 0.0, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """Paired items for a one-sided test at ``alpha`` to succeed with probability ``power``.

    Args:
        flips: share of items on which the two systems differ (continuous scores: mean square of the difference).
        difference: the true difference, candidate minus reference, as a share.
        margin: 0 for superiority; for non-inferiority the largest accepted loss.

    None where the true difference lies on or beyond the margin: no number of items would do.
    """
    gap = difference + margin
    if gap <= 0:
        return None
    z_alpha, z_beta = float(stats.norm.ppf(1 - alpha)), float(stats.norm.ppf(power))
    spread = z_alpha * math.sqrt(flips) + z_beta * math.sqrt(max(flips - difference * difference, 0.0))
    return max(2, math.ceil((spread / gap) ** 2))


def superiority_power(n: int, *, flips: float, difference: float, alpha: float = 0.05) -> float:
    """Chance that n items show a true gain of ``difference`` (a share) one-sided at alpha."""
    return _power(n, flips, difference, 0.0, alpha)


def noninferiority_power(n: int, *, flips: float, margin: float, difference: float = 0.0, alpha: float = 0.05) -> float:
    """Chance that n items exclude a loss of ``margin`` when the true difference is ``difference`` (default: none)."""
    return _power(n, flips, difference, margin, alpha)


def joint_power(powers: Sequence[float]) -> float:
    """Chance that independent tests all succeed. Suites of one model are positively related, so this errs low."""
    return math.prod(powers)


def _power(n: int, flips: float, difference: float, margin: float, alpha: float) -> float:
    if n < 2:
        return 0.0
    shift = (difference + margin) * math.sqrt(n) - float(stats.norm.ppf(1 - alpha)) * math.sqrt(flips)
    return float(stats.norm.cdf(shift / math.sqrt(max(flips - difference * difference, 1e-12))))
