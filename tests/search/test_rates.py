"""The range test: read off curves whose answer is known, and made for real on the built-in base."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from luthier.cli.main import run
from luthier.report.search import rates_lines, rates_page
from luthier.search.rates import STEPS, RangeTest, hopeless
from luthier.store import Store
from luthier.train.optimiser import RISE, RISING, rate

RATES = tuple(float(r) for r in np.geomspace(1e-5, 1e-1, STEPS))


def curve(falls_at: float, rises_at: float | None, noise: float = 0.05) -> RangeTest:
    """A loss of 3 that falls to 1, fastest at one rate, and from another on grows far beyond where it was."""
    at = np.log10(RATES)
    losses = 3 - 2 / (1 + np.exp(-6 * (at - math.log10(falls_at))))
    if rises_at is not None:
        losses = losses + np.exp(np.minimum(8 * (at - math.log10(rises_at)), 3)) * 0.2
    losses = losses + np.random.default_rng(0).normal(0, noise, STEPS)
    return RangeTest(RATES, tuple(losses.tolist()), own=2e-4)


@pytest.mark.parametrize("falls_at", [2e-4, 1e-3])
def test_the_rate_at_which_the_loss_falls_fastest_is_found(falls_at: float) -> None:
    found = curve(falls_at, None)
    assert found.steepest is not None and 0.6 < found.steepest / falls_at < 1.7
    assert found.diverges is None and found.suggestion == float(f"{found.steepest:.1e}")
    assert f"{found.suggestion:.1e}" in found.said and "does not diverge" in found.said


def test_a_rate_near_where_it_diverges_is_not_suggested() -> None:
    found = curve(5e-3, 2e-2, noise=0.02)
    assert found.diverges is not None and found.steepest is not None and 1.5e-2 < found.diverges < 8e-2
    assert found.lowest < found.diverges and found.steepest > found.diverges / 10
    assert found.between == pytest.approx((found.diverges / 10, found.steepest), rel=0.05)
    assert found.suggestion is not None and found.between[0] < found.suggestion < found.steepest


def test_where_it_was_broken_off_it_diverges() -> None:
    whole = curve(1e-3, None, noise=0.0)
    assert whole.diverges is None
    cut = RangeTest(whole.rates[:80], whole.losses[:80], own=2e-4, broken_off=True)
    assert cut.diverges == whole.rates[79] and f"diverges at {cut.diverges:.1e}" in cut.said


def test_where_nothing_is_learned_nothing_is_suggested() -> None:
    flat = RangeTest(RATES, tuple(np.random.default_rng(1).normal(2.0, 0.03, STEPS).tolist()), own=2e-4)
    assert flat.suggestion is None and flat.steepest is None and "no rate" in flat.said
    rising = RangeTest(RATES, tuple(np.linspace(2, 9, STEPS).tolist()), own=2e-4)
    assert rising.suggestion is None


def test_smoothing_shifts_nothing() -> None:
    step = RangeTest(RATES, tuple([2.0] * 50 + [1.0] * 50), own=1e-3)
    assert step.smoothed[49] > 1.5 > step.smoothed[50] and step.smoothed[0] == pytest.approx(2.0)


def test_rates_grow_by_the_same_factor_over_the_span() -> None:
    rates = [rate(n, peak=1.0, schedule=RISING, warmup_steps=0, steps=50) for n in range(1, 51)]
    factors = np.diff(np.log(rates))
    assert rates[0] == pytest.approx(1 / RISE) and rates[-1] == 1.0 and np.ptp(factors) < 1e-12


def test_a_hopeless_loss_ends_it_and_a_single_high_one_does_not() -> None:
    learning = [2.0 - 0.05 * n for n in range(20)]
    assert not hopeless([*learning, 9.0]) and hopeless([*learning, *[9.0] * 5]) and not hopeless([1.0, 50.0])


def test_the_page_stands_for_itself() -> None:
    told = curve(1e-3, 2e-2).to_dict()
    page = rates_page(told, "desks")
    assert "<svg" in page and "http" not in page.partition("<body")[2].replace("http://www.w3.org", "")
    assert any("1.0e-05" in line for line in rates_lines(told)) and told["said"] in rates_lines(told)[-1]


@pytest.mark.slow
def test_for_real(desks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rate that it suggests learns the job far better than the recipe's, which is too low; the base lent to it is
    given back, and nothing is left over."""
    code = run(["search", str(desks), "--range-test", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert code == 0 and told["own"] == 3e-4
    assert told["rates"][0] == pytest.approx(3e-6) and len(told["rates"]) == len(told["losses"]) <= STEPS
    assert told["diverges"] is not None and 5e-4 < told["suggestion"] < told["diverges"]
    assert Path(told["page"]).is_file()
    store = Store.open()
    (made,) = store.artifacts("rates")
    assert json.loads(made.file("rates.json").read_text())["suggestion"] == told["suggestion"]
    assert not list(store.work_folder.glob("*")) if store.work_folder.exists() else True


def test_two_measurements_at_once_are_refused(desks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["search", str(desks), "--range-test", "--learning-curve", "--json"]) == 2
    assert "two measurements" in capsys.readouterr().out
