"""Figures that others know too: the faults planted in the quickstart job, and those found in public data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import luthier
from luthier.data import Prepared, build
from luthier.data.duplicates import keys_of, repeated
from luthier.data.load import convert, read_tables
from luthier.recipe.data import DataSpec, SplitSpec

QUICKSTART = Path(luthier.__file__).parent / "pipeline" / "quickstart"
PLANTED = Path(__file__).resolve().parents[2] / "tools" / "quickstart" / "planted.json"


def step(made: Prepared, name: str) -> dict[str, Any]:
    return next(s for s in made.report["steps"] if s["name"] == name)


@pytest.fixture(scope="module")
def quickstart() -> Prepared:
    return build(DataSpec(source=("train.jsonl",), test=("test.jsonl",)), folder=QUICKSTART)


def test_every_fault_planted_in_the_quickstart_is_found_and_nothing_else(quickstart: Prepared) -> None:
    planted = json.loads(PLANTED.read_text())
    lines = {kind: {entry["line"] for entry in entries} for kind, entries in planted.items()}

    def found(*rules: str) -> set[int]:
        rows = (*quickstart.removed, *quickstart.quarantine)
        return {int(row["origin"].rpartition(":")[2]) for row in rows if row["rule"] in rules}

    assert found("row.json") == lines["malformed_json"]
    assert found("answer.empty") == lines["empty_answer"]
    assert found("answer.missing") == lines["missing_answer"]
    assert found("chat.role") == lines["wrong_role"]
    assert found("answer.odd") == lines["answer_not_json"]
    assert found("leak.exact", "leak.near") == lines["leak_verbatim"] | lines["leak_retyped"] | lines["leak_near"]
    conflicts = {e["copy_of_train_line"] for e in planted["contradiction"]} | lines["contradiction"]
    assert found("conflict") == conflicts

    def pairs(kind: str) -> set[frozenset[int]]:
        return {frozenset((e["line"], e["copy_of_train_line"])) for e in planted[kind]}

    def taken(rule: str) -> set[frozenset[int]]:
        ends = [(row["origin"], row["partner"]["origin"]) for row in quickstart.removed if row["rule"] == rule]
        return {frozenset(int(place.rpartition(":")[2]) for place in end) for end in ends}

    assert taken("duplicate.exact") == pairs("exact_duplicate") | pairs("exact_duplicate_retyped")
    assert taken("duplicate.near") == pairs("near_duplicate")
    assert step(quickstart, "personal data")["kinds"] == {"phone": len(planted["phone_number"])}


def test_the_quickstart_is_no_set_of_templates_and_its_test_set_is_untouched(quickstart: Prepared) -> None:
    assert quickstart.report["split"]["largest_component"] <= 0.02 * quickstart.report["rows"]["read"]
    given = [json.loads(line)["messages"] for line in (QUICKSTART / "test.jsonl").read_text().splitlines()]
    assert [[m.to_dict() for m in e.messages] for e in quickstart.test] == given
    assert quickstart.report["answers"] == {
        "kind": "json",
        "fields": ["intent", "urgency", "product"],
        "free": ["reply"],
    }


def test_banking77_leaks_and_duplicates_are_those_that_others_count(realdata: Path) -> None:
    spec = DataSpec(
        source=("classification/banking77_train.jsonl.gz",), test=("classification/banking77_test.jsonl.gz",)
    )
    made = build(spec, folder=realdata)
    assert made.report["duplicates"]["questions"] == 31
    assert made.report["duplicates"]["test_in_train"] == 25
    # of the 31, one pair has two labels ("top up", "top-up"): it is set aside, not removed
    assert step(made, "duplicates")["removed"] == 30 and step(made, "contradictions")["removed"] == 2
    assert step(made, "leaks")["exact"] == 25
    assert len(made.test) == 3080
    assert made.report["certificate"]["max_jaccard"] < 0.8
    assert len(made.report["labels"]["label"]["test"]) == 77


def test_medquad_repeats_itself_as_others_count(realdata: Path) -> None:
    spec = DataSpec(source=("domain/medquad_qa.jsonl.gz",), split=SplitSpec())
    keys = keys_of(convert(read_tables(spec.source, spec, folder=realdata), spec).examples)
    assert (repeated(keys.asked), repeated(keys.answer)) == (2109, 599)


def test_gsm8k_test_questions_do_not_stand_in_train(realdata: Path) -> None:
    made = build(
        DataSpec(source=("domain/gsm8k_train.jsonl.gz",), test=("domain/gsm8k_test.jsonl.gz",)), folder=realdata
    )
    assert step(made, "leaks")["removed"] == 0 == made.report["duplicates"]["test_in_train"]


def test_plain_text_is_split_without_a_question(realdata: Path) -> None:
    made = build(DataSpec(source=("text/c4_demo.jsonl.gz",), personal="keep"), folder=realdata)
    assert len(made.train) + len(made.validation) + len(made.test) == 300 and made.train[0].text
