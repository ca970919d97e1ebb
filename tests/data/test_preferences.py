"""The data stage for rows that compare answers: every loss is named, both answers count, no prompt is torn apart."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from luthier.data.preferences import build, facts_of, view
from luthier.errors import LuthierError
from luthier.recipe import make_recipe
from luthier.recipe.data import DataSpec
from luthier.records import Message, Preference, Thumb
from luthier.text import normalise

ROOT = Path(__file__).resolve().parents[2]
THINGS = ("lamp", "boat", "kettle", "clock", "coat", "drum", "vase", "tent", "rug", "desk", "harp", "bench")
CITIES = ("Oslo", "Lima", "Cairo", "Quito", "Riga", "Tunis", "Accra", "Hanoi")


def row(i: int, **more: Any) -> dict[str, Any]:
    asked = f"My {THINGS[i % 12]} from {CITIES[i // 12 % 8]} number {i * 37} came with fault {i * i % 91}, what now?"
    return {"prompt": asked, "chosen": f"We will repair the {THINGS[i % 12]} at once, case {i}.",
            "rejected": f"That is your own problem, not ours, case {i}.", **more}  # fmt: skip


@pytest.fixture
def built(tmp_path: Path) -> Callable[..., Any]:
    def go(rows: list[dict[str, Any]], kind: str = "pairs", test: list[dict[str, Any]] | None = None,
           **keys: Any) -> Any:  # fmt: skip
        spec: dict[str, Any] = {"source": "rows.jsonl", "split": {"test": "20%", "validation": "10%"}, **keys}
        (tmp_path / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
        if test is not None:
            (tmp_path / "test.jsonl").write_text("".join(json.dumps(r) + "\n" for r in test))
            spec["test"] = "test.jsonl"
        return build(DataSpec.model_validate(spec), kind, folder=tmp_path)  # type: ignore[arg-type]

    return go


def everything(made: Any) -> list[Any]:
    return [*made.train, *made.validation, *made.test]


def test_copies_equal_answers_and_contradictions_leave_with_their_rule(built: Callable[..., Any]) -> None:
    rows = [row(i) for i in range(60)]
    turned = {**rows[7], "chosen": rows[7]["rejected"], "rejected": rows[7]["chosen"]}
    blank = {**rows[9], "prompt": "Another one?", "rejected": rows[9]["chosen"] + " "}
    made = built([*rows, rows[3], turned, blank])
    assert len(everything(made)) == 59  # both sides of the contradiction left
    rules = {(loss["rule"], loss["origin"]) for loss in (*made.removed, *made.quarantine)}
    assert ("duplicate.exact", "rows.jsonl:61") in rules
    assert {("conflict", "rows.jsonl:8"), ("conflict", "rows.jsonl:62")} <= rules
    assert ("pair.same", "rows.jsonl:63") in rules or ("duplicate.exact", "rows.jsonl:63") in rules
    told = next(loss for loss in made.quarantine if loss["rule"] == "conflict")
    assert told["row"]["rejected"] and told["row"]["chosen"], "the row is kept whole"


def test_rows_of_one_prompt_never_stand_on_two_sides(built: Callable[..., Any]) -> None:
    rows = [row(i) for i in range(60)] + [row(i, chosen=f"Yes, we mend it, {i}.") for i in range(60)]
    made = built(rows)
    sides = {name: {normalise(r.asked) for r in getattr(made, name)} for name in ("train", "validation", "test")}
    assert all(sides.values())
    assert not sides["train"] & sides["test"] and not sides["train"] & sides["validation"]
    assert made.report["certificate"]["max_jaccard"] < 0.8


def test_prompts_of_a_given_test_set_leave_training(built: Callable[..., Any]) -> None:
    rows = [row(i) for i in range(60)]
    made = built(rows, test=[row(5, chosen="Something else.")])
    assert rows[5]["prompt"] not in {r.asked for r in made.train}
    assert [loss["rule"] for loss in made.removed] == ["leak.exact"]


def test_personal_data_is_masked_on_every_side(built: Callable[..., Any]) -> None:
    mail = "write to jane.roe@example.com"
    rows = [row(i) for i in range(40)]
    rows[3] |= {"rejected": f"No. {mail}"}
    rows[4] |= {"chosen": f"Yes. {mail}"}
    rows[5] |= {"prompt": f"Where? {mail} number 5"}
    made = built(rows)
    text = json.dumps([r.to_dict() for r in everything(made)])
    assert "example.com" not in text and text.count("[EMAIL]") == 3
    gone = built(rows, personal={"kind": "reject"})
    assert len(everything(gone)) == 37
    assert [loss["rule"] for loss in gone.quarantine] == ["personal.found"] * 3


def test_a_ranking_becomes_all_its_pairs_and_they_weigh_what_it_weighs(built: Callable[..., Any]) -> None:
    rows = [{"prompt": row(i)["prompt"], "answers": [f"good {i}", f"fair {i}", f"poor {i}"], "ratings": [5, 3, 1]}
            for i in range(40)]  # fmt: skip
    made = built(rows)
    assert len(everything(made)) == 120
    mine = [r for r in everything(made) if r.asked == rows[0]["prompt"]]
    assert sum(r.weight for r in mine) == pytest.approx(1.0) and {r.margin for r in mine} == {2.0, 4.0}


def test_kto_takes_thumbs_and_makes_two_of_a_pair(built: Callable[..., Any]) -> None:
    pairs = built([row(i) for i in range(40)], "thumbs")
    assert len(everything(pairs)) == 80 and all(isinstance(r, Thumb) for r in everything(pairs))
    assert sum(r.good for r in everything(pairs)) == 40
    rows = [{"prompt": row(i)["prompt"], "completion": f"answer {i}", "label": i % 2 == 0} for i in range(40)]
    assert len(everything(built(rows, "thumbs"))) == 40


@pytest.mark.parametrize(("kind", "fix"), [("pairs", "kto"), ("pairs-of-answers", "sft")])
def test_rows_of_another_kind_are_refused_with_the_method_that_takes_them(
    built: Callable[..., Any], kind: str, fix: str
) -> None:
    rows = [{"prompt": row(i)["prompt"], "completion": f"answer {i}", "label": i % 2 == 0} for i in range(40)]
    if kind != "pairs":
        rows = [{"prompt": r["prompt"], "completion": r["completion"]} for r in rows]
    with pytest.raises(LuthierError) as told:
        built(rows)
    assert fix in (told.value.fix or "")


def test_length_bias_is_told_and_balance_is_not() -> None:
    def pair(i: int, chosen: int, rejected: int) -> Preference:
        said = [(Message("assistant", "word " * n),) for n in (chosen, rejected)]
        return Preference((Message("user", f"q {i}"),), said[0], said[1])

    biased = facts_of([pair(i, 9, 3) if i % 10 else pair(i, 3, 9) for i in range(100)])
    assert biased["chosen_is_longer"] == 0.9 and "length bias" in biased["warning"] and "90%" in biased["warning"]
    assert "warning" not in facts_of([pair(i, 9, 3) if i % 2 else pair(i, 3, 9) for i in range(100)])
    assert "shorter" in facts_of([pair(i, 2, 9) for i in range(20)])["warning"]


def test_keys_that_comparisons_do_not_read_are_refused() -> None:
    with pytest.raises(LuthierError, match="replay"):
        make_recipe({
            "model": {"base": "nano"}, "train": {"method": "dpo"},
            "data": {"source": "x.jsonl", "replay": {"source": "nano", "share": "5%"}},
        })  # fmt: skip


def test_a_view_reads_like_the_chat_with_the_better_answer(built: Callable[..., Any]) -> None:
    made = built([row(i) for i in range(40)])
    one = made.train[0]
    assert view(one).answer == one.chosen[-1].content and view(one).asked == one.asked


@pytest.mark.slow
def test_the_data_of_the_recipe_are_what_the_tool_writes(tmp_path: Path) -> None:
    """Noise at the stated rate, clean test rows, and length tells at most 60%."""
    subprocess.run([sys.executable, "-m", "tools.manners", str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    for name in ("manners", "manners-test"):
        made, kept = ((folder / f"{name}.jsonl.gz").read_bytes() for folder in (tmp_path, ROOT / "recipes" / "data"))
        rows = [json.loads(line) for line in gzip.decompress(made).splitlines()]
        assert rows == [json.loads(line) for line in gzip.decompress(kept).splitlines()]
        longer = sum(len(r["chosen"].split()) > len(r["rejected"].split()) for r in rows if not r["flipped"])
        assert 0.4 <= longer / sum(not r["flipped"] for r in rows) <= 0.6
        flipped = sum(r["flipped"] for r in rows) / len(rows)
        assert flipped == 0.0 if name == "manners-test" else 0.06 <= flipped <= 0.10
    assert len(rows) >= 300


def test_check_and_preview_of_a_recipe_take_comparisons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from luthier.pipeline.inspect import check_target
    from luthier.pipeline.preview import preview_data
    from luthier.store import Store

    monkeypatch.setenv("LUTHIER_HOME", str(tmp_path))
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row(i)) + "\n" for i in range(60)))
    recipe = tmp_path / "r.yaml"
    recipe.write_text("luthier: 1\nmodel: {base: nano}\ndata: {source: rows.jsonl}\ntrain: {method: dpo}\n")
    assert check_target(str(recipe)).rows == 60
    seen = preview_data(str(recipe), Store.open())
    assert sum(seen.rows[side] for side in ("train", "validation", "test")) == 60
    recipe.write_text(recipe.read_text().replace("dpo", "sft"))
    with pytest.raises(LuthierError, match="preference rows"):
        check_target(str(recipe))
