"""Our formulas against statsmodels, scipy and scikit-learn, and published figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from luthier.stats import (
    bootstrap,
    detectable,
    false_discovery,
    holm,
    holm_levels,
    items_needed,
    joint_power,
    macro_f1,
    mcnemar_exact,
    mean_interval,
    multinomial_weights,
    noninferiority,
    noninferiority_p,
    noninferiority_power,
    paired_difference,
    paired_proportions,
    power_of,
    ratio_change,
    spent,
    superiority_bounds,
    superiority_power,
    wilson,
)
from luthier.stats.paired import tango_z

counts = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 200)).filter(lambda t: sum(t) > 0)


@settings(deadline=None)
@given(k=st.integers(0, 50), more=st.integers(0, 50))
def test_wilson_equals_statsmodels(k: int, more: int) -> None:
    from statsmodels.stats.proportion import proportion_confint

    n = k + more
    if n == 0:
        return
    found = wilson(k, n)
    low, high = proportion_confint(k, n, alpha=0.05, method="wilson")
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)
    inside = [0, found.low, found.bound, found.estimate, found.ceiling, found.high, 1]
    assert found.low < found.high and inside == sorted(inside)


@settings(deadline=None)
@given(counts)
def test_mcnemar_equals_statsmodels(c: tuple[int, int, int]) -> None:
    from statsmodels.stats.contingency_tables import mcnemar

    better, worse, _ = c
    if better + worse == 0:
        assert mcnemar_exact(0, 0) == 1.0
        return
    two_sided = mcnemar([[0, better], [worse, 0]], exact=True).pvalue
    one = min(mcnemar_exact(better, worse), mcnemar_exact(worse, better))
    assert min(1.0, 2 * one) == pytest.approx(two_sided)


def test_limits_enclose_the_estimate_where_every_item_changed_sides() -> None:
    for better, worse, n in [(0, 16, 16), (16, 0, 16), (0, 1, 1), (5, 0, 5), (0, 0, 9), (3, 2, 5)]:
        made = paired_proportions(better, worse, n)
        assert made.low <= made.bound <= made.estimate <= made.ceiling <= made.high
        assert made.low < made.high


@pytest.mark.parametrize(("better", "worse", "n"), [(1, 3, 44), (0, 5, 30), (12, 3, 60), (0, 0, 25), (9, 9, 20)])
@pytest.mark.parametrize("difference", [-0.2, -0.02, 0.0, 0.15])
def test_tango_is_the_score_at_the_constrained_maximum(better: int, worse: int, n: int, difference: float) -> None:
    """The closed form against its definition: maximise the trinomial likelihood under the hypothesis, by search."""
    from scipy.optimize import minimize_scalar

    same = n - better - worse

    def cost(q: float) -> float:  # q: share of losses, q + difference: share of gains
        shares = np.array([q + difference, q, 1 - 2 * q - difference])
        k = np.array([better, worse, same])
        return float(-np.sum(k[k > 0] * np.log(np.maximum(shares[k > 0], 1e-300))))

    edges = (max(0.0, -difference), (1 - difference) / 2)
    q = float(minimize_scalar(cost, bounds=edges, method="bounded", options={"xatol": 1e-12}).x)
    z = (better - worse - n * difference) / math.sqrt(n * (2 * q + difference - difference**2))
    if better + worse or difference:
        assert tango_z(better, worse, n, difference) == pytest.approx(z, rel=1e-3, abs=1e-4)
    if difference == 0 and better + worse:
        assert tango_z(better, worse, n, 0) == pytest.approx((better - worse) / math.sqrt(better + worse))


@settings(deadline=None)
@given(counts)
def test_score_limits_agree_with_their_test_and_are_never_of_zero_width(c: tuple[int, int, int]) -> None:
    better, worse, rest = c
    n = better + worse + rest
    found = paired_proportions(better, worse, n)
    assert -1 <= found.low < found.high <= 1
    assert found.low <= found.bound <= found.estimate + 1e-9 and found.estimate - 1e-9 <= found.ceiling <= found.high
    mirrored = paired_proportions(worse, better, n)
    assert (found.low, found.high) == pytest.approx((-mirrored.high, -mirrored.low), abs=1e-6)
    for margin in (0.02, 0.1):
        if abs(found.bound + margin) > 1e-6:
            assert noninferiority(better, worse, n, margin) == (found.bound > -margin)
    lower, upper = superiority_bounds(better, worse, n, 0.05)
    if better + worse:
        assert (lower > 0) == (mcnemar_exact(better, worse) <= 0.05)
        assert (upper < 0) == (mcnemar_exact(worse, better) <= 0.05)
    else:
        assert lower < 0 < upper


def test_paired_t_equals_scipy() -> None:
    generator = np.random.default_rng(0)
    a, b = generator.normal(0.5, 1, 40), generator.normal(0.2, 1, 40)
    found = paired_difference(a, b)
    theirs = scipy_stats.ttest_rel(a, b)
    interval = theirs.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    one_sided = scipy_stats.ttest_rel(a, b, alternative="greater")
    assert found.p == pytest.approx(one_sided.pvalue)
    assert found.bound == pytest.approx(one_sided.confidence_interval(0.95).low)


def test_clustered_t_equals_statsmodels() -> None:
    import statsmodels.api as sm

    generator = np.random.default_rng(1)
    groups = np.repeat(np.arange(12), [1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 2, 3])
    x = generator.normal(0, 1, 12)[groups] + generator.normal(0.3, 0.5, len(groups))
    theirs = sm.OLS(x, np.ones(len(x))).fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False})
    ours = mean_interval(x, clusters=list(groups))
    # theirs has no correction for few clusters: a cluster of share w counts 1 / (1 - w) times in ours
    sizes = np.bincount(groups)
    sums = np.bincount(groups, weights=x - x.mean())
    assert float(theirs.bse[0]) ** 2 == pytest.approx(np.sum(sums**2) / len(x) ** 2)
    assert ours.se**2 == pytest.approx(np.sum(sums**2 / (1 - sizes / len(x))) / len(x) ** 2)
    alone = mean_interval(x, clusters=list(range(len(x))))
    assert (alone.se, alone.high) == pytest.approx((mean_interval(x).se, mean_interval(x).high))
    even = mean_interval(x[:45], clusters=list(np.repeat(np.arange(9), 5)))
    assert even.high - even.estimate == pytest.approx(scipy_stats.t.ppf(0.975, 8) * even.se)


def test_degrees_of_freedom_of_unequal_clusters_are_bell_and_mccaffreys() -> None:
    """From their definition: (tr M)^2 / tr(M^2) of the estimator as a quadratic form in independent residuals."""
    sizes = np.array([1, 2, 3, 9, 20])
    groups = np.repeat(np.arange(5), sizes)
    n, x = len(groups), np.random.default_rng(3).normal(size=len(groups))
    centre = np.eye(n) - 1 / n
    rows = np.array([(groups == c) @ centre / np.sqrt(1 - sizes[c] / n) for c in range(5)]) / n
    m = rows @ rows.T
    found = mean_interval(x, clusters=list(groups))
    assert found.se == pytest.approx(float(np.linalg.norm(rows @ x)))
    df = float(np.trace(m) ** 2 / np.trace(m @ m))
    assert found.high - found.estimate == pytest.approx(scipy_stats.t.ppf(0.975, df) * found.se)
    assert 1 < df < 3


@pytest.mark.parametrize("n", [1, 2, 10, 300])
def test_values_all_alike_still_have_a_width(n: int) -> None:
    found = mean_interval([0.0] * n, spread=1.0)
    assert found.low < 0 < found.high
    if n > 1:  # n equal draws cannot exclude that a share p of others exists where (1 - p)^n > 2.5%
        assert (1 - found.high) ** n == pytest.approx(0.025)


def test_holm_equals_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    p = [0.01, 0.04, 0.03, 0.2, 0.005, 0.04]
    assert holm(p) == pytest.approx(list(multipletests(p, method="holm")[1]))
    assert holm([]) == []
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([1.2])


def test_holms_levels_decide_as_his_adjusted_values() -> None:
    for p in ([0.01, 0.04, 0.03, 0.2, 0.005, 0.04], [0.02, 0.3], [0.026, 0.03], [0.024, 0.03], [0.05], []):
        levels = holm_levels(p, 0.05)
        assert [x <= a for x, a in zip(p, levels, strict=True)] == [x <= 0.05 for x in holm(p)]


def test_false_discovery_equals_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    p = [0.01, 0.04, 0.03, 0.2, 0.005, 0.04, 0.8]
    assert false_discovery(p) == pytest.approx(list(multipletests(p, method="fdr_bh")[1]))
    assert false_discovery([]) == []


def test_the_levels_of_all_later_uses_sum_to_alpha() -> None:
    assert [spent(0.05, use) for use in (1, 2, 3, 4)] == pytest.approx([0.05, 0.025, 0.05 / 6, 0.05 / 12])
    assert sum(spent(0.05, use) for use in range(2, 100_000)) == pytest.approx(0.05, rel=1e-4)
    with pytest.raises(ValueError, match="from 1"):
        spent(0.05, 0)


def test_ratio_of_sums_limits_are_those_of_the_t_test_behind_them() -> None:
    generator = np.random.default_rng(2)
    old = generator.gamma(5, 40, 80)
    new = old * (1.01 + 0.02 * generator.normal(size=80))
    found = ratio_change(new, old)
    assert found.estimate == pytest.approx(new.sum() / old.sum() - 1)
    for limit, alternative in ((found.bound, "greater"), (found.ceiling, "less")):
        p = scipy_stats.ttest_1samp(new - (1 + limit) * old, 0, alternative=alternative).pvalue
        assert p == pytest.approx(0.05, abs=1e-6)
    same = ratio_change(old, old)
    assert (same.low, same.estimate, same.high) == pytest.approx((0, 0, 0), abs=1e-9)
    assert ratio_change([1.0], [2.0]).high == math.inf
    doubled = ratio_change(np.repeat(new, 2), np.repeat(old, 2), clusters=list(np.repeat(np.arange(80), 2)))
    assert (doubled.low, doubled.high) == pytest.approx((found.low, found.high))


def test_items_needed_are_the_figures_of_the_field() -> None:
    # margin of 2 points, one-sided 5%, power 80%: 773, 1546, 3091 at 5, 10, 20% flips
    # by the normal approximation; the test that decides needs a little more, as its power is summed, not approximated
    for flips, n in ((0.05, 773), (0.10, 1546), (0.20, 3091)):
        needed = items_needed(flips=flips, margin=0.02)
        assert needed is not None and n < needed < 1.08 * n
        assert noninferiority_power(needed - 1, flips=flips, margin=0.02) < 0.8
        assert noninferiority_power(needed, flips=flips, margin=0.02) >= 0.8
    assert items_needed(flips=0.10, margin=0.02, power=0.9) == pytest.approx(2141, rel=0.02)
    assert items_needed(flips=0.1, difference=0.0) is None
    assert items_needed(flips=0.1, difference=-0.03, margin=0.02) is None
    six = joint_power([0.8] * 6)
    assert six == pytest.approx(0.262, abs=0.001)


def test_items_needed_equals_statsmodels_normal_power() -> None:
    from statsmodels.stats.power import NormalIndPower

    # one sample of differences: ratio 0 makes it a one-sample problem
    theirs = NormalIndPower(ddof=0).solve_power(
        effect_size=0.02 / math.sqrt(0.1), alpha=0.05, power=0.8, ratio=0, alternative="larger"
    )
    assert items_needed(flips=0.1, margin=0.02, binary=False) == pytest.approx(theirs, abs=1)
    assert items_needed(flips=0.1, margin=0.02, binary=False, design=3.0) == pytest.approx(3 * theirs, abs=4)


@pytest.mark.parametrize("n", [8, 40, 300])
def test_t_power_equals_statsmodels(n: int) -> None:
    from statsmodels.stats.power import TTestPower

    theirs = TTestPower().power(effect_size=0.05 / math.sqrt(0.09 - 0.05**2), nobs=n, alpha=0.05, alternative="larger")
    assert power_of(n, flips=0.09, difference=0.05, binary=False) == pytest.approx(theirs, abs=1e-6)


def test_a_detectable_gain_is_the_one_that_the_power_names() -> None:
    gain = detectable(400, flips=0.2)
    assert gain is not None and 0.02 < gain < 0.15
    assert power_of(400, flips=0.2 + gain, difference=gain) == pytest.approx(0.8, abs=0.01)
    assert detectable(2, flips=0.2) is None


@pytest.mark.parametrize(("flips", "gain", "n"), [(0.2, 0.05, 400), (0.1, 0.03, 600)])
def test_superiority_power_is_what_simulation_shows(flips: float, gain: float, n: int) -> None:
    generator = np.random.default_rng(3)
    draws = generator.multinomial(n, [(flips + gain) / 2, (flips - gain) / 2, 1 - flips], size=3000)
    shown = np.mean(scipy_stats.binom.sf(draws[:, 0] - 1, draws[:, 0] + draws[:, 1], 0.5) <= 0.05)
    assert superiority_power(n, flips=flips, difference=gain) == pytest.approx(shown, abs=0.03)


def test_noninferiority_power_is_what_simulation_shows() -> None:
    generator = np.random.default_rng(4)
    draws = generator.multinomial(1546, [0.05, 0.05, 0.9], size=1500)
    shown = np.mean([noninferiority_p(int(b), int(w), 1546, 0.02) <= 0.05 for b, w, _ in draws])
    assert noninferiority_power(1546, flips=0.1, margin=0.02) == pytest.approx(shown, abs=0.03)


@pytest.mark.parametrize(("flips", "margin", "gain"), [(0.1, 0.02, 0.0), (0.2, 0.0, 0.01)])
def test_the_power_of_many_items_goes_on_where_summing_ends(flips: float, margin: float, gain: float) -> None:
    below, above = (power_of(n, flips=flips, margin=margin, difference=gain) for n in (20_000, 20_001))
    assert below == pytest.approx(above, abs=0.005)


def test_bootstrap_of_a_mean_agrees_with_scipy_and_repeats() -> None:
    generator = np.random.default_rng(5)
    x = generator.exponential(1, 60)
    found = bootstrap(lambda w: w @ x / w.sum(axis=1), len(x), resamples=4000, seed=1)
    theirs = scipy_stats.bootstrap((x,), np.mean, n_resamples=4000, method="percentile", rng=0).confidence_interval
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.03)
    assert found.estimate == pytest.approx(x.mean())
    assert found == bootstrap(lambda w: w @ x / w.sum(axis=1), len(x), resamples=4000, seed=1)
    assert found != bootstrap(lambda w: w @ x / w.sum(axis=1), len(x), resamples=4000, seed=2)


def test_resampling_clusters_moves_their_items_together() -> None:
    w = multinomial_weights(6, 50, seed=0, clusters=["a", "a", "b", "b", "b", "c"])
    assert np.all(w[:, 0] == w[:, 1]) and np.all(w[:, 2] == w[:, 4])
    assert np.all(w[:, 0] + w[:, 2] + w[:, 5] == 3)


def test_macro_f1_with_weights_equals_scikit_learn_on_the_resample() -> None:
    from sklearn.metrics import f1_score

    generator = np.random.default_rng(6)
    truth, said = generator.integers(0, 4, 50), generator.integers(-1, 4, 50)
    w = multinomial_weights(50, 20, seed=0)
    for weights, value in zip(w, macro_f1(truth, said, 4, w), strict=True):
        rows = np.repeat(np.arange(50), weights.astype(int))
        labels = sorted(set(truth[rows]))
        theirs = f1_score(truth[rows], said[rows], labels=labels, average="macro", zero_division=0)
        assert value == pytest.approx(theirs)


def test_nothing_is_known_from_no_items() -> None:
    for found in (wilson(0, 0), mean_interval([]), paired_proportions(0, 0, 0), ratio_change([], [])):
        assert found.n == 0 and found.low == -math.inf and found.high == math.inf and math.isnan(found.estimate)


@pytest.mark.parametrize(
    "call",
    [
        lambda: wilson(3, 2),
        lambda: paired_proportions(2, 2, 3),
        lambda: paired_difference([1, 2], [1]),
        lambda: ratio_change([1, 2], [1]),
        lambda: noninferiority_p(0, 0, 10, 0.0),
    ],
)
def test_impossible_input_is_refused(call: object) -> None:
    with pytest.raises(ValueError):
        call()  # type: ignore[operator]


def test_scaling_turns_the_sides() -> None:
    found = ratio_change([1.0, 2.0, 3.3], [1.0, 2.1, 3.0])
    turned = found.scaled(-100)
    assert (turned.low, turned.high) == pytest.approx((-100 * found.high, -100 * found.low))
    assert (turned.bound, turned.ceiling) == pytest.approx((-100 * found.ceiling, -100 * found.bound))
