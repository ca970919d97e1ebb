"""What this evaluation can show, said before it sees an answer: margins, power, the difference it could find.

The assumptions are fixed and printed with the figures: a harmless model changes 10% of the items of a suite to either
side, bits per byte of a document vary by 5%, and on the target 20% of the items flip beside their net gain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from luthier.evaluate.compare import unequal
from luthier.evaluate.regression import Suite, text_bytes
from luthier.stats import detectable, items_needed, joint_power, power_of

FLIPS = 0.10
TARGET_FLIPS = 0.20
TEXT_SPREAD = 0.05
ENOUGH = 0.80
"""Joint power at zero loss below this is warned about."""
_PASSED = 0.90
"""Joint power of the guards of earlier jobs, by which their margins are chosen."""


def forecast(suites: Sequence[Suite], *, test_items: int, alpha: float) -> dict[str, Any]:
    """Power of every guard and of all together for a model without any loss; the smallest gain the target can show.

    The suites of a pool are one guard with all their items, and each is one more with its floor as the margin.
    ``detectable`` is in points at 80% power (None below two items); ``warning`` is a sentence, or None.
    """
    tests = list(_tests(suites))
    each = ENOUGH ** (1 / max(1, len(tests)))
    guards = {}
    for name, n, margin, exact, design in tests:
        assumed: dict[str, Any] = {
            "flips": FLIPS if exact else TEXT_SPREAD**2, "margin": margin / 100, "alpha": alpha, "binary": exact,
        }  # fmt: skip
        guards[name] = {
            "n": n, "margin": margin, "power": round(power_of(int(n / design), **assumed), 4),
            "n_needed": items_needed(**assumed, power=each, design=design),
        }  # fmt: skip
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


def with_margins(suites: Sequence[Suite], *, alpha: float) -> list[Suite]:
    """Suites of earlier jobs with margins that their items can show, however few an old job left behind.

    The pool's margin and each suite's floor are raised, in half points, until a harmless model passes all of them with
    90% probability. That is decided by the numbers of items alone, before anything is asked.
    """
    each = _PASSED ** (1 / (len(suites) + 1))
    items = sum(len(s.items) for s in suites)
    return [
        replace(
            suite, margin=_shown_by(items, suite.margin, alpha, each),
            floor=_shown_by(len(suite.items), suite.floor, alpha, each),
        )
        for suite in suites
    ]  # fmt: skip


def _shown_by(n: int, least: float, alpha: float, power: float) -> float:
    """The smallest margin in points, ``least`` or more, at which a harmless model passes with this probability."""
    margin = least
    while margin < 100 and (power_of(n, flips=FLIPS, margin=margin / 100, alpha=alpha, binary=True) or 0.0) < power:
        margin += 0.5
    return margin


def _tests(suites: Sequence[Suite]) -> Iterator[tuple[str, int, float, bool, float]]:
    """(name, items, margin, whether scores are 0/1, design) of every test that must pass."""
    for suite in suites:
        members = [s for s in suites if s.pool == suite.pool] if suite.pool else [suite]
        if suite.pool and suite is members[0]:
            yield suite.pool, sum(len(s.items) for s in members), suite.margin, *_kind(members)
        yield suite.name, len(suite.items), suite.floor if suite.pool else suite.margin, *_kind([suite])


def _kind(suites: Sequence[Suite]) -> tuple[bool, float]:
    """(whether scores are 0/1, how much the unequal length of documents costs)."""
    if suites[0].kind != "text":
        return True, 1.0
    return False, unequal(np.array([len(text_bytes(item)) for s in suites for item in s.items], dtype=float))


def _short(guard: dict[str, Any]) -> bool:
    return guard["n_needed"] is None or guard["n"] < guard["n_needed"]


def _detectable(n: int, alpha: float) -> float | None:
    """Smallest true gain in points that n items show with 80% power."""
    gain = detectable(n, flips=TARGET_FLIPS, alpha=alpha, power=ENOUGH)
    return None if gain is None else round(100 * gain, 1)
