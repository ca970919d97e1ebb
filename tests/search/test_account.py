"""The account of a search: who wins, who is on the front, and what may be claimed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from luthier.report.search import curve_lines, curve_page, search_lines, search_page
from luthier.search.account import Account, Trial
from luthier.search.curve import Curve, next_gain, part_of


def trial(number: int, loss: float, *, forgets: float | None = 0.0, cost: float = 1.0, rows: object = None,
          state: str = "done") -> Trial:  # fmt: skip
    noise = np.random.default_rng(number).normal(0, 0.01, 40)
    own = tuple(float(x) for x in (loss + noise if rows is None else rows))  # type: ignore[union-attr, operator]
    values = {"train.tuning.r": number} if number else {}
    return Trial(number, values, state, loss, sum(own) / len(own), forgets, cost * 1e12, 10.0, rows=own)


def test_the_winner_has_the_lowest_loss_among_those_that_keep_what_they_knew() -> None:
    found = Account((trial(0, 0.5), trial(1, 0.2, forgets=9.0), trial(2, 0.4, forgets=1.0), trial(3, 0.45)), 2.0)
    assert found.best is not None and found.best.number == 2
    assert Account((trial(0, 0.5, forgets=9.0), trial(1, 0.2, forgets=5.0)), 2.0).best.number == 1  # type: ignore[union-attr]
    assert Account((trial(0, 0.5, forgets=None), trial(1, 0.2, forgets=None)), 2.0).best.number == 1  # type: ignore[union-attr]
    forgetful = Account((trial(0, 0.5, forgets=9.0), trial(1, 0.2, forgets=5.0)), 2.0)
    assert forgetful.said.startswith("every trial that was trained to its end forgets more than 2%")
    assert "(+5.0%)" in forgetful.said and "trial 1 beats" in forgetful.said
    cut = Account((trial(0, 0.5), trial(1, 0.1, state="cut short")), 2.0)
    assert cut.best is not None and cut.best.number == 0 and "nothing to change" in cut.said


def test_the_front_is_what_no_other_trial_beats_in_everything() -> None:
    keeps = trial(3, 0.6, forgets=-1.0, cost=9.0)
    found = Account((trial(0, 0.5, cost=1.0), trial(1, 0.4, cost=2.0), trial(2, 0.4, cost=3.0), keeps), 2.0)
    assert found.pareto == {0, 1, 3}
    twins = Account((trial(0, 0.5), trial(1, 0.5)), 2.0)
    assert twins.pareto == {0, 1}


def test_a_gain_is_claimed_only_where_rows_that_chose_nothing_show_it() -> None:
    better = Account((trial(0, 0.5), trial(1, 0.3)), 2.0)
    assert better.gain is not None and better.gain.low > 0 and "beats the recipe" in better.said
    assert better.gain.estimate == pytest.approx(0.2, abs=0.01)
    lucky = Account((trial(0, 0.5, rows=[0.5, 0.4, 0.6] * 9), trial(1, 0.3, rows=[0.4, 0.6, 0.5] * 9)), 2.0)
    assert "is not shown to beat" in lucky.said
    worse = Account((trial(0, 0.5, rows=[0.4, 0.41] * 20), trial(1, 0.3, rows=[0.6, 0.61] * 20)), 2.0)
    assert "the recipe as it stands is better" in worse.said
    assert "see why each failed" in Account((trial(0, 0.5, state="failed"),), 2.0).said


def test_what_a_forgetful_trial_gains_on_the_job_is_said_and_not_taken() -> None:
    """The recipe wins among those that keep what they knew; that another learns the job better is told with what it
    costs, on rows that did not choose it."""
    found = Account((trial(0, 0.5), trial(1, 0.2, forgets=40.0), trial(2, 0.6)), 2.0)
    assert found.best is not None and found.best.number == 0 and found.gain is None
    assert "none that keeps as much is better than the recipe as it stands" in found.said
    assert "on the job alone trial 1 does better than the recipe" in found.said and "forgets +40.0%" in found.said
    told = found.to_dict()
    assert told["keenest"] == 1 and told["gain_alone"]["estimate"] == pytest.approx(0.3, abs=0.01)
    assert "beats the recipe" not in found.said
    lucky = Account((trial(0, 0.5, rows=[0.5, 0.4, 0.6] * 9),
                     trial(1, 0.3, forgets=40.0, rows=[0.4, 0.6, 0.5] * 9)), 2.0)  # fmt: skip
    assert "trial 1 is not shown to do better than the recipe" in lucky.said
    both = Account((trial(0, 0.5), trial(1, 0.2, forgets=40.0), trial(2, 0.4)), 2.0).said
    assert "trial 2 beats the recipe" in both and "trial 1 does better than the recipe" in both
    plain = Account((trial(0, 0.5), trial(1, 0.3)), 2.0)
    assert plain.gain_alone is None and "on the job alone" not in plain.said


def test_the_page_is_complete_and_shows_every_trial() -> None:
    found = Account((trial(0, 0.5), trial(1, 0.3, cost=2.0), trial(2, 0.4, state="cut short")), 2.0).to_dict()
    page = search_page(found, "<job>")
    assert "&lt;job&gt;" in page and "<script" not in page and "http" not in page
    assert page.count("<svg") == 2 and page.count("<tr>") == 4 and 'class="asis"' in page
    lines = "\n".join(search_lines(found))
    assert "the recipe as it stands" in lines and "cut short" in lines and found["said"] in lines


def curve(gains: tuple[float, ...], noise: float, worth: float = 0.02) -> Curve:
    """A curve with these gains of each doubling, over 60 rows and 3 repeats."""
    draw = np.random.default_rng(0)
    means = 1.0 - np.concatenate([[0.0], np.cumsum(gains)])
    losses = means[None, :, None] + draw.normal(0, noise, (3, len(means), 60))
    return Curve(tuple(100 * 2**k for k in range(len(means))), losses, worth)


def test_the_next_gain_follows_a_power_law() -> None:
    rows = np.array([100, 200, 400, 800, 1600])
    losses = 0.3 + 4.0 * rows**-0.5
    expected = (losses[3] - losses[4]) / losses[3]
    assert next_gain(losses[None, :4])[0] == pytest.approx(expected, rel=1e-6)
    assert next_gain(np.array([[1.0, 0.9, 0.9, 0.9]]))[0] == 0.0


@pytest.mark.parametrize(
    ("gains", "noise", "answer"),
    [((0.2, 0.15, 0.11), 0.01, "yes"), ((0.2, 0.05, 0.01), 0.005, "no"), ((0.05, 0.04, 0.03), 0.2, "not clear")],
)
def test_whether_more_data_is_worth_collecting(gains: tuple[float, ...], noise: float, answer: str) -> None:
    found = curve(gains, noise)
    assert found.answer == answer and found.next.low <= found.next.estimate <= found.next.high
    told = found.to_dict()
    assert "1,600 rows in place of 800" in told["said"]
    assert told["said"] in "\n".join(curve_lines(told)) and "1,600" in curve_page(told, "job")


def test_the_interval_covers_the_truth() -> None:
    """60 curves with a known law and noise of rows and repeats: 95% intervals of the next gain hold it."""
    rows, draw, held = np.array([125, 250, 500, 1000, 2000]), np.random.default_rng(1), 0
    law = 0.3 + 6.0 * rows**-0.5
    truth = (law[3] - law[4]) / law[3]
    for _ in range(60):
        easy = draw.normal(0, 0.1, (1, 1, 80))
        seeds = draw.normal(0, 0.004, (5, 4, 1))
        found = Curve((1, 2, 4, 8), law[None, :4, None] + easy + seeds + draw.normal(0, 0.03, (5, 4, 80)), 0.02).next
        held += found.low <= truth <= found.high
    assert held >= 0.85 * 60


def test_parts_are_nested_and_differ_between_repeats() -> None:
    ids = [f"row {n}" for n in range(80)]
    parts = [part_of(ids, share, 0) for share in (0.125, 0.25, 0.5, 1.0)]
    assert [len(p) for p in parts] == [10, 20, 40, 80]
    assert all(small < large for small, large in itertools.pairwise(parts))
    assert part_of(ids, 0.5, 1) != parts[2]
