"""Every key of ``search`` changes what is tried, who wins or what is answered; the table misses none."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.witness import is_there, leaves

from luthier.recipe import RangeSpec, SearchSpec
from luthier.search.bench import dealt
from luthier.search.curve import Curve

HERE = "tests/search"
WITNESSES = {
    "trials": f"{HERE}/test_search.py::test_a_small_search_ends_in_a_table_a_page_and_a_recipe",
    "space.values": f"{HERE}/test_study.py::test_trial_0_is_the_recipe_and_the_others_are_of_the_space",
    "space.low": f"{HERE}/test_study.py::test_trial_0_is_the_recipe_and_the_others_are_of_the_space",
    "space.high": f"{HERE}/test_study.py::test_trial_0_is_the_recipe_and_the_others_are_of_the_space",
    "space.whole": f"{HERE}/test_study.py::test_trial_0_is_the_recipe_and_the_others_are_of_the_space",
    "space.log": f"{HERE}/test_witnesses.py::test_a_logarithmic_range_tries_small_rates_as_often_as_large_ones",
    "halving": f"{HERE}/test_study.py::test_halving_ends_what_is_not_among_the_best_and_never_the_recipe_itself",
    "forgetting": f"{HERE}/test_search.py::test_a_trial_that_cannot_be_trained_is_told_and_the_search_goes_on",
    "confirm": f"{HERE}/test_witnesses.py::test_the_share_to_compare_on_is_as_large_as_it_says",
    "curve": f"{HERE}/test_search.py::test_a_learning_curve_answers_and_goes_on_after_a_kill",
    "repeats": f"{HERE}/test_search.py::test_a_learning_curve_answers_and_goes_on_after_a_kill",
    "worth": f"{HERE}/test_witnesses.py::test_what_is_worth_collecting_is_for_the_recipe_to_say",
}


def test_no_key_is_without_a_witness() -> None:
    assert leaves(SearchSpec) == set(WITNESSES)
    assert all(map(is_there, WITNESSES.values()))


def test_a_logarithmic_range_tries_small_rates_as_often_as_large_ones(tmp_path: Path) -> None:
    pytest.importorskip("optuna", reason="optuna is not installed: pip install 'luthier[search]'")
    from luthier.search.study import DONE, Study

    def small(log: bool) -> int:
        space = {"train.learning_rate": RangeSpec(low=1e-4, high=1e-1, log=log)}
        one = Study(tmp_path / f"{log}.db", "s", space, seed=0, halving=0, startup=20)
        values = []
        for number in range(9):
            asked = one.take()
            values.append(asked.values.get("train.learning_rate", 1.0))
            one.finish(asked, DONE, float(number))
        return sum(value < 3e-3 for value in values)

    assert small(True) >= 3 and small(False) <= 1


def test_the_share_to_compare_on_is_as_large_as_it_says() -> None:
    samples = [SimpleNamespace(example_id=f"row {n // 2}") for n in range(80)]
    first, second = dealt(samples, 0.25)  # type: ignore[arg-type]
    assert len(second) == 20 and len(first) == 60
    assert not {s.example_id for s in first} & {s.example_id for s in second}
    assert dealt(samples[::-1], 0.25)[1] == second[::-1]  # type: ignore[arg-type]


def test_what_is_worth_collecting_is_for_the_recipe_to_say() -> None:
    losses = np.array([1.0, 0.9, 0.82])[None, :, None] + np.random.default_rng(0).normal(0, 1e-3, (2, 3, 30))
    assert Curve((1, 2, 4), losses, 0.02).answer == "yes" and Curve((1, 2, 4), losses, 0.2).answer == "no"
