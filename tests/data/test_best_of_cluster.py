"""Of rows that say the same the best one stays, and the others say which and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.data import build
from luthier.recipe.data import DataSpec

LONG = "how do i send the blue lamp back to the shop when the box it came in is gone and the bill too"


def built(folder: Path, rows: list[dict[str, Any]]) -> Any:
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    spec = DataSpec.model_validate({"source": "a.jsonl", "split": {"test": 0, "validation": 0}})
    return build(spec, folder=folder)


def pair(asked: str, answer: str) -> dict[str, Any]:
    return {"prompt": asked, "completion": answer}


@pytest.mark.parametrize(
    ("rows", "kept", "why"),
    [
        ([pair("Hi?", "Hello there"), pair("hi", "Hello there!!")], 1, "has a longer answer"),
        ([pair("Hi?", "Hello\x07 there!!!!"), pair("hi", "Hello there")], 1, "has no findings"),
        ([pair("Hi?", "Hello there!"), pair("hi", "Hello there?")], 0, "stands first"),
        ([pair(LONG, "Send it."), pair(LONG + " now", "Send it")], 0, "has a longer answer"),
        ([pair(LONG, "Send it"), pair(LONG + " now", "Send it!")], 1, "has a longer answer"),
    ],
)
def test_the_best_stays_and_the_reason_is_told(
    tmp_path: Path, rows: list[dict[str, Any]], kept: int, why: str
) -> None:
    made = built(tmp_path, [*rows, pair("Something else altogether?", "Yes, it is.")])
    assert [str(e.origin) for e in made.train] == [f"a.jsonl:{kept + 1}", "a.jsonl:3"]
    (gone,) = made.removed
    assert gone["partner"]["origin"] == f"a.jsonl:{kept + 1}" and gone["why"].endswith(why)
    (step,) = [s for s in made.report["steps"] if s["removed"]]
    assert "kept is the row of a previous dataset, else one that was not generated, without findings" in step["rule"]


def test_a_row_leaves_only_because_of_one_that_stays(tmp_path: Path) -> None:
    words = [f"w{i}" for i in range(43)]
    chain = [pair(" ".join(words[k : k + 40]), "the same" + "." * (4 - k)) for k in range(4)]
    made = built(tmp_path, chain)
    stay = {str(e.origin) for e in made.train}
    assert all(row["partner"]["origin"] in stay for row in made.removed) and "a.jsonl:1" in stay


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(6)))
def test_which_row_stays_does_not_depend_on_the_order(tmp_path_factory: Any, order: list[int]) -> None:
    rows = [pair(LONG + " x" * n, "the same" + "!" * (n * 5 % 7)) for n in range(6)]
    made = built(tmp_path_factory.mktemp("order"), [rows[n] for n in order])
    assert [e.answer for e in made.train] == ["the same!!!!!!"] or len(made.train) > 1
    best = max(rows, key=lambda row: len(row["completion"]))
    assert best["prompt"] in {e.asked for e in made.train}
