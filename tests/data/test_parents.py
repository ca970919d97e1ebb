"""Rows that name the row they were made from stand with it; edits stand with what was edited."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from luthier.augment.review import Decision, Queue
from luthier.data import Prepared, build
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.records import Example, Message
from luthier.rows import SourceFile
from luthier.text import family_name

NOUNS = ["anchor", "basket", "candle", "donkey", "engine", "feather", "garden", "hammer", "island", "jacket", "kettle"]


def question(n: int) -> str:
    return f"What of the {NOUNS[n % 11]} and the {NOUNS[n * 5 % 11]} number {n * n} in street {n}?"


def edit(n: int) -> str:
    return f"Tell me how {NOUNS[n * 3 % 11]}s are made, for guest {n} of {n * 7}, please, and {NOUNS[n * 7 % 11]}s"


def prepared(folder: Path, **split: Any) -> Prepared:
    rows = [{"question": question(n), "answer": f"It is {n}.", "nr": n, "made_from": None} for n in range(80)]
    rows += [{"question": edit(n), "answer": f"By hand {n}.", "nr": 1000 + n, "made_from": n} for n in range(80)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return build(DataSpec.model_validate({"source": "rows.jsonl", "split": split}), folder=folder)


def sides(made: Prepared) -> dict[str, str]:
    return {e.asked: side for side in ("train", "validation", "test") for e in getattr(made, side)}


def test_an_edit_stands_with_its_original(tmp_path: Path) -> None:
    plain = sides(prepared(tmp_path))
    assert any(plain[question(n)] != plain[edit(n)] for n in range(80)), "torn without the key"
    made = prepared(tmp_path, parents={"id": "nr", "of": "made_from"})
    found = sides(made)
    assert len(found) == 160 and {"train", "validation", "test"} == set(found.values())
    assert all(found[question(n)] == found[edit(n)] for n in range(80))
    assert made.report["split"]["largest_component"] == 2


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LuthierError, match="no column is called 'made_form'") as caught:
        prepared(tmp_path, parents={"id": "nr", "of": ["made_form"]})
    assert "data.split.parents" in caught.value.why and "made_from" in caught.value.fix


def labelled(n: int) -> dict[str, Any]:
    example = Example(messages=(Message("user", question(n)), Message("assistant", f"It is {n}.")))
    return {**example.to_dict(), "augmented": {"by": "label", "seed": example.id, "samples": 1}}


def test_a_labelled_row_whose_question_was_edited_stays_with_the_question(tmp_path: Path) -> None:
    header = {"header": {"version": 1, "settings": {}, "parents": []}}
    lines = [header, {"kind": "label", "labelled": 60, "rows": [labelled(n) for n in range(60)], "gone": []}]
    (tmp_path / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    queue = Queue(tmp_path)
    for n in range(60):
        queue.decide(Decision(labelled(n)["id"], "edit", prompt=edit(n)))
    approved = queue.filed().approved
    assert [one["augmented"]["question_of"] for one in approved] == [family_name(question(n)) for n in range(60)]

    own = tmp_path / "own.jsonl"
    own.write_text("".join(json.dumps(one) + "\n" for one in approved))
    (tmp_path / "rows.jsonl").write_text(
        "".join(json.dumps({"question": question(n), "answer": f"Mine: {n}."}) + "\n" for n in range(60))
    )
    known = {"mine": SourceFile("augmented-1/approved.rows.jsonl", own, "json", "augmented-1")}
    made = build(DataSpec(source=("rows.jsonl", "mine")), folder=tmp_path, known=known)
    found = sides(made)
    assert len(found) == 120 and all(found[question(n)] == found[edit(n)] for n in range(60))
    assert "test" in {found[edit(n)] for n in range(60)}, "its question is a person's own: it may be tested on"

    (tmp_path / "test.jsonl").write_text(json.dumps({"question": question(3), "answer": "x"}) + "\n")
    made = build(DataSpec(source=("mine",), test=("test.jsonl",)), folder=tmp_path, known=known)
    assert edit(3) not in sides(made) and edit(4) in sides(made), "but not learnt beside a test row that it was"


def test_the_copy_that_stays_takes_over_the_children_of_the_one_that_left(tmp_path: Path) -> None:
    rows = [{"question": question(n), "answer": f"It is {n}.", "nr": n, "made_from": None} for n in range(80)]
    rows += [{**row, "nr": 100 + row["nr"]} for row in rows]
    rows += [{"question": edit(n), "answer": f"By hand {n}.", "nr": 1000 + n, "made_from": 100 + n} for n in range(80)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    spec = {"source": "rows.jsonl", "split": {"parents": {"id": "nr", "of": "made_from"}}}
    made = build(DataSpec.model_validate(spec), folder=tmp_path)
    found = sides(made)
    assert len(found) == 160 and all(found[question(n)] == found[edit(n)] for n in range(80))


def test_what_was_generated_from_an_edit_stands_with_the_edit_and_its_original(tmp_path: Path) -> None:
    def generated(n: int) -> dict[str, Any]:
        asked = f"Which {NOUNS[n * 4 % 11]} was {n} days in the {NOUNS[n * 9 % 11]} of house {n * 31} by then?"
        example = Example(messages=(Message("user", asked), Message("assistant", f"Made {n}.")))
        return {**example.to_dict(), "augmented": {"by": "evolve", "family": family_name(edit(n))}}

    edited = [
        {**Example(messages=(Message("user", edit(n)), Message("assistant", f"By hand {n}."))).to_dict(),
         "augmented": {"by": "label", "question_of": family_name(question(n))}}
        for n in range(60)
    ]  # fmt: skip
    made_of = [generated(n) for n in range(60)]
    known = {}
    for name, some in (("edits", edited), ("made", made_of)):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in some))
        known[name] = SourceFile(f"{name}/approved.rows.jsonl", path, "json", f"augmented-{name}")
    (tmp_path / "rows.jsonl").write_text(
        "".join(json.dumps({"question": question(n), "answer": f"Mine: {n}."}) + "\n" for n in range(60))
    )
    found = sides(build(DataSpec(source=("rows.jsonl", "edits", "made")), folder=tmp_path, known=known))
    assert "test" in found.values()
    for n in range(60):
        assert found[question(n)] == found[edit(n)]
        asked = made_of[n]["messages"][0]["content"]
        assert found.get(asked) == (None if found[edit(n)] == "test" else found[edit(n)])
