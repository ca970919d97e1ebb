"""The account of a data set: what a person would count by hand stands in it, for every layout that check reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from luthier.data.survey import Ruler, survey
from luthier.data.survey_rows import gather
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.rows import detect


def put(folder: Path, name: str, rows: list[dict[str, Any]]) -> str:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return name


def chat(*said: str, system: str = "") -> dict[str, Any]:
    turns = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(said)]
    return {"messages": [{"role": "system", "content": system}, *turns] if system else turns}


def test_rows_that_cannot_be_used_and_repeated_questions_are_counted(tmp_path: Path) -> None:
    rows = [
        chat("Where is it?", "Here."),
        chat("where is it", "There."),
        chat("Who?", ""),
        chat("Why is it so?", "It is."),
    ]
    put(tmp_path, "rows.jsonl", rows)
    with (tmp_path / "rows.jsonl").open("a") as stream:
        stream.write("{broken\n")
    told = survey(["rows.jsonl"], folder=tmp_path)
    assert (told["rows"], told["usable"], told["unusable"]["rows"]) == (5, 3, 2)
    assert {one["rule"]: one["first"] for one in told["unusable"]["rules"]} == {
        "answer.empty": ["rows.jsonl:3"], "row.json": ["rows.jsonl:5"],
    }  # fmt: skip
    assert told["chats"]["repeated_questions"] == 1
    empty = next(one for one in told["quality"]["rules"] if one["rule"] == "quality.empty")
    assert (empty["rows"], empty["examples"][0]["origin"]) == (1, "rows.jsonl:3")


def test_lengths_are_words_or_what_the_ruler_says(tmp_path: Path) -> None:
    put(tmp_path, "rows.jsonl", [chat("one two three", "four " * n) for n in range(1, 101)])
    words = survey(["rows.jsonl"], folder=tmp_path)["lengths"]
    assert (words["unit"], words["whole"]["min"], words["whole"]["max"]) == ("words", 4, 103)
    assert words["words"]["answer"]["p50"] == 51 and sum(words["whole"]["histogram"]["counts"]) == 100

    def letters(example: Any) -> int | None:
        return None if len(example.answer) < 10 else len(example.answer)

    told = survey(["rows.jsonl"], folder=tmp_path, ruler=Ruler("letters", letters, limit=400))["lengths"]
    assert (told["unit"], told["limit"], told["refused"]) == ("letters", 400, 1)
    assert told["over"] == 20  # answers of 81 to 100 times five letters
    assert told["over_examples"][0]["origin"] == "rows.jsonl:100" and told["over_examples"][0]["why"] == "500 letters"


def test_labels_are_balanced_and_suspects_named(tmp_path: Path) -> None:
    words = {"refund": "money back paid", "delivery": "parcel late courier"}
    rows = [{"text": f"my {words[label]} number {n}", "label": label} for n in range(40) for label in words]
    rows[7]["label"] = "refund"  # it speaks of a parcel
    put(tmp_path, "rows.jsonl", rows)
    told = survey(["rows.jsonl"], folder=tmp_path)
    (balance,) = told["labels"]
    assert balance["counts"] == {"refund": 41, "delivery": 39} and balance["effective"] == 2.0
    (errors,) = told["label_errors"]
    assert [(one["origin"], one["given"], one["likely"]) for one in errors["suspects"]] == [
        ("rows.jsonl:8", "refund", "delivery")
    ]
    assert told["coverage"]["axes"]["task"] == {"classify": 80}
    assert told["quality"]["answers"] == 0  # labels are no answers in words


def test_json_answers_are_balanced_field_by_field(tmp_path: Path) -> None:
    rows = [chat(f"message {n} of mine", json.dumps({"urgent": n % 2 == 0, "text": f"reply {n}"})) for n in range(40)]
    put(tmp_path, "rows.jsonl", rows)
    told = survey(["rows.jsonl"], folder=tmp_path)
    assert [(one["field"], one["counts"]) for one in told["labels"]] == [("urgent", {"True": 20, "False": 20})]
    assert told["answers"] == {"kind": "json", "fields": ["urgent"], "free": ["text"]}


def test_turns_languages_and_holes(tmp_path: Path) -> None:
    rows = [
        chat("Where is my parcel today?", "It is on the way to you.", "And the lamp?", "It is here.") for _ in range(30)
    ]
    rows += [chat("Wo ist mein Paket heute?", "Es ist auf dem Weg zu Ihnen.") for _ in range(30)]
    put(tmp_path, "rows.jsonl", rows)
    told = survey(["rows.jsonl"], folder=tmp_path)
    assert told["chats"]["turns"] == {1: 30, 2: 30}
    assert told["languages"]["asked"] == {"en": 30, "de": 30}
    names = [hole["name"] for hole in told["coverage"]["holes"]]
    assert "no multi-turn row in German" in names and "no multi-turn row in English" not in names
    assert set(told["coverage"]["holes"][0]) == {"name", "cells", "rows", "wanted"}


def test_comparisons_stand_for_their_good_answer(tmp_path: Path) -> None:
    pairs = [
        {"prompt": f"Question {n} of mine?", "chosen": "Yes, this is fine.", "rejected": "I cannot help with that."}
        for n in range(9)
    ]
    told = survey([put(tmp_path, "pairs.jsonl", pairs)], folder=tmp_path)
    assert told["files"][0]["shape"] == detect(pairs).name and told["usable"] == 9
    assert "quality.refusal" not in {one["rule"] for one in told["quality"]["rules"]}
    thumbs = [
        {"prompt": f"Question {n}?", "completion": "I cannot help with that.", "label": n % 2 == 0} for n in range(10)
    ]
    told = survey([put(tmp_path, "thumbs.jsonl", thumbs)], folder=tmp_path)
    assert told["chats"]["disliked"] == 5 and told["quality"]["answers"] == 5


def test_a_sample_is_fixed_and_said(tmp_path: Path) -> None:
    put(tmp_path, "rows.jsonl", [chat(f"Question number {n}?", f"Answer {n}.") for n in range(200)])
    told = survey(["rows.jsonl"], folder=tmp_path, most=50)
    assert (told["rows"], told["usable"], told["studied"]) == (200, 200, 50)
    assert told == survey(["rows.jsonl"], folder=tmp_path, most=50)
    kept = gather(["rows.jsonl"], DataSpec(source=("rows.jsonl",)), folder=tmp_path, most=50).rows
    lines = [row.example.origin.line for row in kept if row.example.origin]
    assert lines == sorted(lines) and 60 < sum(lines) / 50 < 140  # from the whole file, in its order


def test_filters_and_maps_of_a_recipe_hold(tmp_path: Path) -> None:
    rows = [{"subject": f"Lamp {n}", "body": "It is broken.", "reply": "We mend it.", "open": n % 2} for n in range(10)]
    put(tmp_path, "rows.jsonl", rows)
    spec = DataSpec.model_validate({
        "source": "rows.jsonl", "map": {"prompt": "{{subject}}\n{{body}}", "completion": "reply"},
        "keep": {"open": [1]},
    })  # fmt: skip
    told = survey(["rows.jsonl"], spec, folder=tmp_path)
    assert (told["rows"], told["filtered"], told["usable"]) == (10, 5, 5)


def test_scores_of_rows_come_in_by_id(tmp_path: Path) -> None:
    put(tmp_path, "rows.jsonl", [chat(f"Question number {n}?", f"Answer {n}.") for n in range(20)])
    rows = gather(["rows.jsonl"], DataSpec(source=("rows.jsonl",)), folder=tmp_path).rows
    given = {row.example.id: n / 10 for n, row in enumerate(rows) if n < 15}
    (told,) = survey(["rows.jsonl"], folder=tmp_path, scores={"ifd": given})["scores"]
    assert (told["name"], told["rows"], told["max"]) == ("ifd", 15, 1.4)
    assert told["highest"][0]["origin"] == "rows.jsonl:15" and told["lowest"][0]["score"] == 0.0
    (told,) = survey(["rows.jsonl"], folder=tmp_path, scores={"ifd": {"other": 1.0}})["scores"]
    assert told["rows"] == 0


@pytest.mark.parametrize("rows", [
    [{"text": "Only one document."}], [chat("a", "b")], [{"text": "x", "label": "y"}] * 3, [{"text": "💥" * 50}] * 4,
    [chat("ما هذا؟", "هذا كتاب.")] * 3, [chat("1", "2")] * 30, [chat("?" * 5000, "!" * 5000)] * 2,
])  # fmt: skip
def test_small_and_strange_data_have_an_account(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    told = survey([put(tmp_path, "rows.jsonl", rows)], folder=tmp_path)
    assert told["usable"] == len(rows)
    json.dumps(told)


def test_data_without_a_usable_row_is_refused_in_words(tmp_path: Path) -> None:
    put(tmp_path, "rows.jsonl", [chat("Who?", "")] * 3)
    with pytest.raises(LuthierError) as refused:
        survey(["rows.jsonl"], folder=tmp_path)
    assert "none of the 3 rows can be used" in str(refused.value) and "answer.empty" in refused.value.why


@pytest.mark.slow
def test_known_figures_of_medquad(realdata: Path) -> None:
    told = survey([str(realdata / "domain" / "medquad_qa.jsonl.gz")], most=20_000)
    assert (told["rows"], told["chats"]["repeated_questions"]) == (16407, 2109)
    assert told["languages"]["asked"]["en"] > 0.99 * 16407
    assert told["coverage"]["holes"][0]["name"] == "no row has an empty input"
