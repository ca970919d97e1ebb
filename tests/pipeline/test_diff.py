"""Two versions of a dataset: every row that differs is told once, with the rule or the recipe key that made it so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from luthier.cli.main import run as luthier
from luthier.data import examples, prepare
from luthier.data.funnel import KEYS, LOSSES
from luthier.errors import LuthierError
from luthier.pipeline.diff import Diff, diff_two
from luthier.recipe import Recipe
from luthier.store import Store

NOUNS = [
    "lamp", "door", "train", "glove", "piano", "window", "river", "stone", "cloud", "ferry", "bread", "candle",
    "kettle", "ladder", "mirror", "needle",
]  # fmt: skip


def row(n: int, **more: Any) -> dict[str, Any]:
    noun, other = NOUNS[n % 16], NOUNS[n * 7 % 13]
    asked = f"{n} words on the {noun}: what became of the {other} {n * 37}?"
    return {"question": asked, "answer": f"Gone {n}.", **more}


def put(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))


Make = Callable[..., str]


@pytest.fixture
def make(home: Path) -> Make:
    """A dataset of rows under a recipe's ``data``, made by a run; gives the run's id."""
    store = Store.open()

    def made(rows: list[dict[str, Any]], **data: Any) -> str:
        put(home / "rows.jsonl", rows)
        recipe = Recipe.model_validate({"model": {"base": "nano"}, "data": {"source": "rows.jsonl", **data}})
        with store.start_run("job", recipe.model_dump(mode="json")) as run:
            run.attach("data", prepare(recipe.data, store=store, run=run, folder=home))
            run.finish("done")
        return run.id

    return made


def compared(first: str, second: str) -> Diff:
    return diff_two(Store.open(), first, second)


def told(found: Diff, kind: str) -> set[tuple[str, str, tuple[str, ...]]]:
    return {(c.reason, c.rule, c.keys) for c in found.changes if c.kind == kind}


def test_the_same_rows_differ_in_nothing(make: Make) -> None:
    one = make([row(n) for n in range(40)])
    found = compared(one, make([row(n) for n in range(40)]))
    assert found.found.counts() == {"same": 40, "added": 0, "removed": 0, "changed": 0, "moved": 0}
    assert not found.changes and not found.found.keys


def test_rows_of_an_edited_file_are_added_removed_and_changed_by_their_content(make: Make) -> None:
    before = [row(n) for n in range(40)]
    # one row goes at the front, so that every other one stands on another line
    after = [*before[1:30], {**row(30), "answer": "Found again."}, *before[31:], row(90), row(91)]
    found = compared(make(before), make(after))
    assert found.found.counts() == {"same": 38, "added": 2, "removed": 1, "changed": 1, "moved": 0}
    assert told(found, "added") == {("it is new in rows.jsonl", "", ())}
    assert told(found, "removed") == {("it is no longer in rows.jsonl", "", ())}
    (changed,) = [c for c in found.changes if c.kind == "changed"]
    assert changed.fields == ("answer",) and changed.reason == "its source file changed"
    assert changed.before is not None and changed.after is not None
    assert (changed.before.origin, changed.after.origin) == ("rows.jsonl:31", "rows.jsonl:30")


def test_a_row_edited_in_its_question_is_found_by_its_place(make: Make) -> None:
    before = [row(n) for n in range(40)]
    edited = [*before]
    edited[7] = {**row(7), "question": row(7)["question"].replace("what became", "tell me what became")}
    found = compared(make(before), make(edited))
    (changed,) = [c for c in found.changes if c.kind == "changed"]
    assert changed.fields == ("question",) and found.found.counts()["added"] == 0
    replaced = [*before]
    replaced[7] = {"question": "An altogether different matter?", "answer": "Yes."}
    found = compared(make(before), make(replaced))
    assert (found.found.counts()["added"], found.found.counts()["removed"]) == (1, 1), "not the same row"


def test_a_rule_that_takes_a_row_is_named_with_its_key(make: Make) -> None:
    near = {**row(5), "question": row(5)["question"].replace("what became", "what then became")}
    rows = [*(row(n) for n in range(40)), near, {**row(6), "question": row(6)["question"].upper()}]
    loose = make(rows, dedupe={"exact": False, "near": None}, leak_similarity=0.5)
    tight = make(rows, dedupe={"near": 0.5}, leak_similarity=0.5)
    found = compared(loose, tight)
    assert told(found, "removed") == {
        ("it is removed", "duplicate.exact", ("data.dedupe.exact",)),
        ("it is removed", "duplicate.near", ("data.dedupe.near",)),
    }
    assert all("same" in c.detail or "similar" in c.detail for c in found.changes)
    assert found.found.keys["data.dedupe.near"] == (None, 0.5)
    back = compared(tight, loose)
    assert {c.rule for c in back.changes if c.kind == "added"} == {"duplicate.exact", "duplicate.near"}
    assert {c.reason for c in back.changes} == {"it was removed before"}


def test_every_rule_names_its_keys_and_selection_does(make: Make) -> None:
    assert KEYS.keys() == LOSSES.keys()
    rows = [row(n) for n in range(60)]
    found = compared(make(rows), make(rows, select={"rows": 20}))
    assert told(found, "removed") == {("it is quarantined", "select.budget", ("data.select.rows",))}
    assert found.found.counts()["removed"] > 10


def test_rows_that_change_sides_are_moved_and_the_split_is_named(make: Make) -> None:
    rows = [row(n) for n in range(60)]
    found = compared(make(rows), make(rows, split={"salt": "another"}))
    counts = found.found.counts()
    assert counts["moved"] > 5 and counts["same"] + counts["moved"] == 60
    assert told(found, "moved") == {("the split was asked for otherwise", "", ("data.split.salt",))}
    assert {r["way"] for r in found.found.reasons()} >= {"train → test", "test → train"}


def test_masking_changes_rows_and_names_its_key(make: Make) -> None:
    rows = [row(n) for n in range(40)]
    rows[3] = {"question": "Who answers ada@example.org on Sundays?", "answer": "Ada."}
    found = compared(make(rows), make(rows, personal="keep"))
    (changed,) = found.changes
    assert (changed.kind, changed.fields, changed.keys) == ("changed", ("question",), ("data.personal.kind",))
    shifted = compared(make(rows), make(rows[1:], personal="keep"))  # the file changed too: found by its masked words
    assert [c.fields for c in shifted.changes if c.kind == "changed"] == [("question",)]
    rejected = compared(make(rows), make(rows, personal="reject"))
    assert told(rejected, "removed") == {("it is quarantined", "personal.found", ("data.personal.kind",))}


def test_filters_and_sources_are_named(make: Make, home: Path) -> None:
    rows = [row(n, lang="en" if n % 4 else "de") for n in range(40)]
    found = compared(make(rows), make(rows, drop={"lang": "de"}))
    assert told(found, "removed") == {("the filters leave it out", "", ("data.drop.lang.values",))}
    put(home / "more.jsonl", [row(n) for n in range(100, 110)])
    found = compared(make(rows), make(rows, source=["rows.jsonl", "more.jsonl"]))
    assert told(found, "added") == {("its source is new: more.jsonl", "", ("data.source",))}
    assert found.found.counts()["added"] == 10


def test_equal_rows_are_counted_as_often_as_they_stand(make: Make) -> None:
    rows = [row(n) for n in range(40)]
    free = {"exact": False, "near": None}
    found = compared(make([*rows, row(3), row(3)], dedupe=free), make([*rows, row(3)], dedupe=free))
    assert found.found.counts() == {"same": 41, "added": 0, "removed": 1, "changed": 0, "moved": 0}


def test_a_file_can_be_compared_with_a_dataset_and_a_model_stands_for_its_rows(make: Make, home: Path) -> None:
    rows = [row(n) for n in range(40)]
    run = make(rows)
    found = compared(run, "rows.jsonl")
    assert found.found.counts()["same"] == 40 and not found.changes
    store = Store.open()
    dataset = store.artifacts("dataset")[0]
    model = store.put("model", {"w": b"1"}, parents=[dataset])
    assert compared(model.id, str(dataset.path)).old.name == dataset.id
    assert compared(str(home / "runs" / run), dataset.id).found.counts()["same"] == 40
    base = store.put("adapter", {"w": b"1"}, parents=["base:nano#sha256=" + "cd" * 32])
    for wrong in (base.id, "nowhere.jsonl"):
        with pytest.raises(LuthierError):
            compared(run, wrong)


def test_erased_rows_are_not_shown(make: Make) -> None:
    rows = [row(n) for n in range(40)]
    first = make(rows)
    store = Store.open()
    gone = examples(store.artifacts("dataset")[0], "train")[0]
    second = make([*rows, row(77)])
    store.erase([gone.id])
    assert compared(first, second).found.counts() == {"same": 39, "added": 1, "removed": 0, "changed": 0, "moved": 0}


def test_the_command_prints_a_table_and_rows_as_json(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    evil = {"question": "Ring the \x1b[31mbell\x07 now?", "answer": "No."}
    first, second = make([row(n) for n in range(40)]), make([*(row(n) for n in range(40)), evil])
    assert luthier(["diff", first, second, "--rows"]) == 0
    out = capsys.readouterr().out
    assert "same           40" in out and "added           1" in out and "it is new in rows.jsonl" in out
    assert "\x1b" not in out and "\\x1b[31mbell\\x07" in out
    assert luthier(["diff", first, second, "--json"]) == 0
    assert "rows" not in json.loads(capsys.readouterr().out)
    assert luthier(["diff", first, second, "--json", "--rows"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["rows"]
    assert one["kind"] == "added" and one["origin"] == "rows.jsonl:41"
    assert luthier(["diff", first, "nothing-here"]) == 1
