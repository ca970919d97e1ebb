"""The study: the same search whether it was killed or not, halving, and what a space may hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from luthier.errors import LuthierError
from luthier.recipe import RangeSpec, SearchSpec, make_recipe
from luthier.search.space import space_of, with_values

pytest.importorskip("optuna", reason="optuna is not installed: pip install 'luthier[search]'")

from luthier.search.study import CUT, DONE, CutShort, Study

SPACE = {"train.learning_rate": RangeSpec(low=1e-4, high=1e-2, log=True), "train.tuning.r": RangeSpec(values=(4, 8)),
         "train.tuning.targets": RangeSpec(values=("attention", ["q_proj", "v_proj"])),
         "train.warmup_steps": RangeSpec(low=0, high=50, whole=True)}  # fmt: skip
BASE: dict[str, Any] = {"luthier": 1, "model": {"base": "nano"}, "data": {"source": "rows.jsonl"}}


def study(file: Path, name: str = "s", halving: int = 0, seed: int = 0) -> Study:
    return Study(file, name, SPACE, seed=seed, halving=halving, startup=2)


def loss_of(values: Any) -> float:
    return abs(values.get("train.learning_rate", 1e-4) - 3e-3)


def test_trial_0_is_the_recipe_and_the_others_are_of_the_space(tmp_path: Path) -> None:
    one = study(tmp_path / "s.db")
    seen = []
    for _ in range(5):
        asked = one.take()
        seen.append(asked.values)
        one.finish(asked, DONE, loss_of(asked.values), note=1)
    assert seen[0] == {} and all(set(values) == set(SPACE) for values in seen[1:])
    assert all(1e-4 <= v["train.learning_rate"] <= 1e-2 and v["train.tuning.r"] in (4, 8) for v in seen[1:])
    assert all(v["train.tuning.targets"] in ("attention", ["q_proj", "v_proj"]) for v in seen[1:])
    assert all(isinstance(v["train.warmup_steps"], int) for v in seen[1:])
    assert [number for number, *_ in one.finished] == list(range(5)) and one.finished[0][4] == {"note": 1}


def test_a_search_that_is_opened_anew_for_each_trial_tries_the_same(tmp_path: Path) -> None:
    def trials(file: Path, *, killed: bool) -> list[Any]:
        one, out = study(file), []
        for _ in range(5):
            asked = one.take()
            if killed:  # the process dies with the trial at work, and another takes it up
                asked = study(file).take()
                one = study(file)
                asked = one.take()
            out.append((asked.number, asked.values))
            one.finish(asked, DONE, loss_of(asked.values))
        return out

    assert trials(tmp_path / "a.db", killed=False) == trials(tmp_path / "b.db", killed=True)
    assert study(tmp_path / "c.db", seed=1).take().number == 0


def test_halving_ends_what_is_not_among_the_best_and_never_the_recipe_itself(tmp_path: Path) -> None:
    one = study(tmp_path / "s.db", halving=3)
    cut = []
    for number in range(6):
        asked = one.take()
        try:
            for rung in range(1, 5):
                asked.report(rung, 5.0 if number == 0 else float(number))
        except CutShort:
            assert asked.last == number
            cut.append(number)
            one.finish(asked, CUT, asked.last)
        else:
            one.finish(asked, DONE, float(number))
    assert 0 not in cut and 1 not in cut and len(cut) >= 2


def test_values_become_recipes_that_are_as_strict_as_any() -> None:
    loaded = make_recipe({**BASE, "train": {"tuning": "lora", "batch_tokens": 500}})
    made = with_values(loaded, {"train.tuning.r": 64, "train.batch_rows": 8, "data.replay.share": 0.2} | {
        "data.replay.source": "nano"}).recipe  # fmt: skip
    assert made.train.tuning.model_dump()["r"] == 64 and made.train.batch_rows == 8 and made.train.batch_tokens is None
    assert made.data.replay is not None and made.data.replay.share == 0.2
    assert with_values(loaded, {"train.tuning.r": 2}).origins["train.tuning.r"] == "luthier search"


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no such key": ({"train.lr": [1e-3]}, "train.lr"),
    "impossible": ({"train.tuning.r": [8, -1]}, "cannot be -1"),
    "too high": ({"train.warmup": {"low": 0.1, "high": 0.9}}, "cannot be 0.9"),
    "without replay": ({"data.replay.share": [0.1]}, "data.replay.share"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_space_that_makes_no_recipe_is_refused_before_anything_is_trained(case: str) -> None:
    space, says = WRONG[case]
    with pytest.raises(LuthierError, match=says):
        space_of(make_recipe({**BASE, "search": {"space": space}}), learning_rate=1e-3)


@pytest.mark.parametrize(
    "search",
    [{"space": {"data.split.test": [0.1]}}, {"space": {"train.method": ["sft"]}},
     {"space": {"train.epochs": {"low": 3}}}, {"space": {"train.epochs": {"low": 3, "high": 1}}},
     {"space": {"train.epochs": {"low": 0, "high": 1, "log": True}}},
     {"space": {"train.max_steps": {"low": 1.5, "high": 3, "whole": True}}}, {"curve": [0.1, 0.3, 0.9]}, {"trials": 1}],
    ids=str,
)  # fmt: skip
def test_what_no_search_can_be_is_refused_with_the_recipe(search: dict[str, Any]) -> None:
    with pytest.raises(LuthierError):
        make_recipe({**BASE, "search": search})


def test_a_recipe_that_names_no_space_has_one() -> None:
    found = space_of(make_recipe(BASE), learning_rate=2e-3)
    assert found["train.learning_rate"].low == pytest.approx(2.5e-4) and "train.tuning.targets" in found
    assert "train.tuning.r" not in space_of(make_recipe({**BASE, "train": {"tuning": "full"}}), learning_rate=2e-3)
    assert SearchSpec().trials == 20
