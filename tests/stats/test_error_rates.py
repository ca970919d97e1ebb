"""How often the tests are wrong: at most 6.5% at alpha = 5%, and no less than 3.5% where scores are continuous.

0/1 scores are summed exactly over all outcomes, continuous ones simulated. The fast tier is a reduced form.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from luthier.stats import bootstrap, macro_f1, paired_difference, ratio_change
from luthier.stats.paired import tango_z

MOST, LEAST = 0.065, 0.035


def tango_size(n: int, flips: float, margin: float, alpha: float = 0.05) -> float:
    """Exact probability that non-inferiority is declared when the true loss is the margin."""
    gain, loss = (flips - margin) / 2, (flips + margin) / 2
    critical = float(stats.norm.ppf(1 - alpha))
    total = 0.0
    for worse in range(n + 1):
        weight = float(stats.binom.pmf(worse, n, loss))
        if weight < 1e-10:
            continue
        # the statistic rises with the gains: find the fewest that suffice
        low, high = 0, n - worse + 1
        while low < high:
            middle = (low + high) // 2
            if tango_z(middle, worse, n, -margin) >= critical:
                high = middle
            else:
                low = middle + 1
        total += weight * float(stats.binom.sf(low - 1, n - worse, gain / (1 - loss)))
    return total


FAST = [(30, 0.1, 0.02), (30, 0.4, 0.1), (100, 0.1, 0.1), (100, 0.2, 0.02), (200, 0.1, 0.02)]
SLOW = [
    (n, flips, margin)
    for n in (10, 20, 30, 50, 100, 200, 400, 800)
    for margin in (0.01, 0.02, 0.05, 0.1)
    for flips in (margin, 1.1 * margin, 1.5 * margin, 0.1, 0.2, 0.4, 0.6)
    if flips >= margin
]


@pytest.mark.parametrize(("n", "flips", "margin"), FAST)
def test_noninferiority_at_the_margin(n: int, flips: float, margin: float) -> None:
    assert tango_size(n, flips, margin) <= MOST


@pytest.mark.slow
def test_noninferiority_at_the_margin_over_the_grid() -> None:
    sizes = {case: tango_size(*case) for case in SLOW}
    worst = max(sizes, key=lambda c: sizes[c])
    print(f"largest exact size {sizes[worst]:.4f} at n, flips, margin = {worst}")
    assert sizes[worst] <= MOST
    assert max(size for (n, _, _), size in sizes.items() if n >= 20) <= 0.058


@pytest.mark.parametrize("n", [5, 30, 150, 1000])
@pytest.mark.parametrize("flips", [0.02, 0.2, 0.5])
def test_superiority_of_shares_is_exact(n: int, flips: float) -> None:
    """Exact McNemar under no difference, summed over the number of flips."""
    m = np.arange(n + 1)
    chance = stats.binom.pmf(m, n, flips)
    # the fewest gains of m flips with a one-sided p of at most 5%
    fewest = stats.binom.isf(0.05, m, 0.5) + 1
    rejected = np.where(m > 0, stats.binom.sf(fewest - 1, m, 0.5), 0.0)
    assert float(chance @ rejected) <= 0.05


def rate(test: object, simulations: int) -> float:
    return sum(bool(test(seed)) for seed in range(simulations)) / simulations  # type: ignore[operator]


def paired_t(seed: int, n: int = 40) -> bool:
    """Skewed scores in 0..1, as ROUGE gives, without a difference."""
    generator = np.random.default_rng(seed)
    level = generator.beta(2, 3, n)
    a, b = (np.clip(level + generator.normal(0, 0.15, n), 0, 1) for _ in range(2))
    return paired_difference(a, b, spread=1.0).bound > 0


def clustered_t(seed: int, groups: int = 50) -> bool:
    generator = np.random.default_rng(seed)
    names = np.repeat(np.arange(groups), 10)
    gap = generator.normal(0, 1, groups)[names] + generator.normal(0, 1, len(names))
    return paired_difference(gap, np.zeros(len(gap)), clusters=list(names)).bound > 0


def naive_t(seed: int, groups: int = 50) -> bool:
    generator = np.random.default_rng(seed)
    names = np.repeat(np.arange(groups), 10)
    gap = generator.normal(0, 1, groups)[names] + generator.normal(0, 1, len(names))
    return paired_difference(gap, np.zeros(len(gap))).bound > 0


def bits(seed: int, n: int = 60, margin: float = 0.02) -> bool:
    """Documents of very unequal length whose bits rise by the margin: is that loss excluded?"""
    generator = np.random.default_rng(seed)
    old = generator.lognormal(5, 0.8, n)
    change = 1 + margin + 0.05 * generator.standard_t(6, n) / np.sqrt(1.5)
    return ratio_change(old * change, old).ceiling < margin


CONTINUOUS = [paired_t, clustered_t, bits]


@pytest.mark.parametrize("test", CONTINUOUS, ids=lambda t: t.__name__)
def test_continuous_error_rates_reduced(test: object) -> None:
    assert 0.02 <= rate(test, 400) <= 0.085  # four standard errors around the bar


def test_ignoring_clusters_would_be_caught() -> None:
    assert rate(naive_t, 200) > 0.15


@pytest.mark.slow
@pytest.mark.parametrize("test", CONTINUOUS, ids=lambda t: t.__name__)
def test_continuous_error_rates(test: object) -> None:
    found = rate(test, 6000)
    print(f"{test.__name__}: {found:.4f}")  # type: ignore[attr-defined]
    assert LEAST <= found <= MOST


def macro(seed: int, n: int = 200) -> bool:
    generator = np.random.default_rng(seed)
    truth = generator.choice(5, n, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    said = [np.where(generator.random(n) < 0.7, truth, generator.integers(0, 5, n)) for _ in range(2)]
    found = bootstrap(
        lambda w: macro_f1(truth, said[1], 5, w) - macro_f1(truth, said[0], 5, w), n, resamples=999, seed=seed
    )
    return found.bound > 0


@pytest.mark.slow
def test_bootstrap_error_rate() -> None:
    found = rate(macro, 400)
    print(f"macro-F1 bootstrap: {found:.4f}")
    assert found <= MOST + 0.011  # one standard error of 400 experiments
