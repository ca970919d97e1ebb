"""Synthetic experiments with a known truth, through what the gate decides with: a reduced form of bench/error_rates.py.

200 experiments tell 5% from about 11%; a bar is widened by four standard errors, so that a healthy gate always passes
and a broken one (clusters ignored, sides swapped, alpha doubled, an interval of one standard error) does not. Whole
ledgers are in the slow tier.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from bench.error_rates import CONTRASTS, Case, World, cases, share_of

from luthier.records import VerdictKind

COUNT = 200
SEED = 11
LINES = [c for c in cases() if not c.whole]
WHOLE = [c for c in cases() if c.whole]


def slack(bar: float, count: int) -> float:
    return 4 * math.sqrt(max(bar * (1 - bar), 0.0) / count)


def check(case: Case, count: int) -> None:
    found = share_of(case.happens, count, SEED)
    least, most = case.least - slack(case.least, count), case.most + slack(case.most, count)
    assert least <= found <= most, f"{case.kind}, {case.name}: {found:.3f}, not within {least:.3f} to {most:.3f}"


@pytest.mark.parametrize("case", [c for c in LINES if c.count >= 2000], ids=lambda c: f"{c.kind}: {c.name}")
def test_lines_are_wrong_as_rarely_and_right_as_often_as_promised(case: Case) -> None:
    check(case, COUNT)


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in LINES if c.count < 2000], ids=lambda c: f"{c.kind}: {c.name}")
def test_the_bootstrap_too(case: Case) -> None:
    check(case, COUNT)


@pytest.mark.slow
@pytest.mark.parametrize("case", WHOLE, ids=lambda c: f"{c.kind}: {c.name}")
def test_verdicts_are_wrong_as_rarely_and_right_as_often_as_promised(case: Case) -> None:
    check(case, 60)


def test_without_clusters_the_same_experiments_would_be_caught() -> None:
    """The naive standard error misses in 38.5% of them; the bar of a case is far below."""
    missed = share_of(CONTRASTS["clusters taken for single items: 95% interval misses"], COUNT, SEED)
    assert missed > 0.3
    assert missed > 0.065 + slack(0.065, COUNT)


def test_suites_never_make_a_promotion() -> None:
    """What the bench saves by: with suites asked for, too, the gate promotes none that it does not promote without."""
    kinds = []
    for seed in range(8):
        world = World(gain=0.08, loss=0.004)
        rng = np.random.default_rng([3, seed])
        rows, names = world.test_rows(rng)
        more, guards = world.suites(rng)
        whole = world.gated(rows + more, names, guards)
        short = world.verdict(np.random.default_rng([3, seed]))
        assert (whole is VerdictKind.PROMOTE) == (short is VerdictKind.PROMOTE)
        kinds.append(whole is VerdictKind.PROMOTE)
    assert len(set(kinds)) == 2
