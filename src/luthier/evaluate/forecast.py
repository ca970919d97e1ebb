"""What this evaluation can show, said before it sees an answer: margins, power, the difference it could find.

The assumptions are fixed and printed with the figures: a harmless model changes 10% of the items of a suite to either
side, bits per byte of a document vary by 5%, and on the target 20% of the items flip beside their net gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from luthier.evaluate.regression import Suite
from luthier.stats import items_needed, joint_power, noninferiority_power, superiority_power

FLIPS = 0.10
TARGET_FLIPS = 0.20
TEXT_SPREAD = 0.05
ENOUGH = 0.80
"""Joint power at zero loss below this is warned about."""


def forecast(suites: Sequence[Suite], *, test_items: int, alpha: float) -> dict[str, Any]:
    """Power of every guard and of all together for a model without any loss; the smallest gain the target can show.

    ``detectable`` is in points at 80% power (None below two items); ``warning`` is a sentence, or None.
    """
    each = ENOUGH ** (1 / max(1, len(suites)))
    guards = {
        s.name: {
            "n": len(s.items),
            "margin": s.margin,
            "power": round(noninferiority_power(len(s.items), flips=_spread(s), margin=s.margin / 100, alpha=alpha), 4),
            "n_needed": items_needed(flips=_spread(s), margin=s.margin / 100, alpha=alpha, power=each),
        }
        for s in suites
    }
    joint = joint_power([float(g["power"] or 0.0) for g in guards.values()])
    short = [f"{name}: {g['n']:,} items, {g['n_needed']:,} needed" for name, g in guards.items() if _short(g)]
    warning = None
    if guards and joint < ENOUGH:
        warning = (
            f"a harmless model would pass every regression suite with probability {joint:.0%} only "
            f"({'; '.join(short) or 'too many suites'})"
        )
    return {
        "alpha": alpha,
        "assumed": {"flips": FLIPS, "text_spread": TEXT_SPREAD, "target_flips": TARGET_FLIPS},
        "guards": guards,
        "joint_power": round(joint, 4),
        "target": {"n": test_items, "detectable": _detectable(test_items, alpha)},
        "warning": warning,
    }


def _spread(suite: Suite) -> float:
    """Mean square of one item's difference."""
    return FLIPS if suite.kind == "exact" else TEXT_SPREAD**2


def _short(guard: dict[str, Any]) -> bool:
    return guard["n_needed"] is None or guard["n"] < guard["n_needed"]


def _detectable(n: int, alpha: float) -> float | None:
    """Smallest true gain in points that n items show with 80% power, by bisection."""
    if n < 2:
        return None
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        flips = min(1.0, TARGET_FLIPS + middle)
        if superiority_power(n, flips=flips, difference=middle, alpha=alpha) >= ENOUGH:
            high = middle
        else:
            low = middle
    return round(100 * high, 1) if high < 1 else None
