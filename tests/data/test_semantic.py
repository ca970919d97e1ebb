"""Rows that say the same in other words: found, kept on one side, the better one kept, and out of the test set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luthier.data import Prepared, build, examples, prepare
from luthier.data.scores import Raters
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.records import Example
from luthier.similar.vectors import word_vectors
from luthier.store import Store

ASKED = [
    "Why was my {} card declined at the {} shop", "How long does the {} transfer take to the {} bank",
    "Can I pay the {} invoice with the {} account", "Where is the nearest {} branch in {} town",
]  # fmt: skip
FIRST = ["red", "blue", "gold", "plain", "family", "student", "second", "lost", "old", "virtual", "paper", "shared"]
LAST = ["corner", "city", "harbour", "airport", "village", "northern", "museum", "hospital", "station", "garden"]
WORDS = [(a, b) for a in FIRST for b in LAST]


def question(n: int) -> str:
    first, last = WORDS[n * 7 % len(WORDS)]
    return ASKED[n % 4].format(first, last)


def turned(text: str) -> str:
    """The same words in another order: no shared run of three words, but the same meaning here."""
    words = text.split()
    return " ".join([*words[1::2], *words[::2]])


def rows() -> list[dict[str, Any]]:
    made = [{"question": question(n), "answer": f"It is the {n}th of them."} for n in range(60)]
    for n in range(20):
        made.append({"question": turned(question(n)), "answer": f"It is the {n}th of them."})
    other = "No, and nobody can say more than that."
    made += [{"question": turned(question(n)), "answer": other} for n in range(20, 30)]
    return made


def prepared(folder: Path, semantic: Any, test: list[dict[str, Any]] | None = None, **more: Any) -> Prepared:
    def put(name: str, some: list[dict[str, Any]]) -> str:
        (folder / name).write_text("".join(json.dumps(one) + "\n" for one in some))
        return name

    spec: dict[str, Any] = {"source": put("rows.jsonl", rows()), "dedupe": {"semantic": semantic}, **more}
    if test is not None:
        spec["test"] = put("test.jsonl", test)
    raters = Raters(embed=lambda texts: word_vectors(texts))
    return build(DataSpec.model_validate(spec), folder=folder, raters=raters)


def sides(made: Prepared) -> dict[str, str]:
    return {e.asked: side for side in ("train", "validation", "test") for e in getattr(made, side)}


def test_kin_with_one_answer_leave_and_kin_with_two_stay_together(tmp_path: Path) -> None:
    plain = prepared(tmp_path, None)
    assert plain.report["semantic"] is None and not [r for r in plain.removed if r["rule"] == "duplicate.semantic"]
    assert any(sides(plain)[question(n)] != sides(plain)[turned(question(n))] for n in range(30)), "torn without it"

    made = prepared(tmp_path, 0.99)
    gone = [r for r in made.removed if r["rule"] == "duplicate.semantic"]
    assert len(gone) == 20
    for loss in gone:
        assert loss["partner"]["origin"] and loss["why"].startswith("cosine 1.00 to rows.jsonl:")
        assert "which says the same and" in loss["why"] and loss["id"] == Example.from_dict(loss["row"]).id
    found = sides(made)
    for n in range(20, 30):
        assert found[question(n)] == found[turned(question(n))], "two answers: both stay, on one side"
    assert made.report["semantic"] == {
        "by": "words", "threshold": 0.99, "pairs": 30, "removed": 20, "clusters": 20, "largest_cluster": 2,
    }  # fmt: skip
    proof = made.report["certificate"]["semantic"]
    assert proof["threshold"] == 0.99
    assert all(one["max_cosine"] < 0.99 for one in proof["sides"].values()) and len(proof["sides"]) == 3


def test_the_threshold_decides(tmp_path: Path) -> None:
    loose = prepared(tmp_path, {"similar": 0.8}, split={"test": 0.05, "validation": 0.0})
    tight = prepared(tmp_path, {"similar": 1.0})
    assert loose.report["semantic"]["pairs"] > 30 >= tight.report["semantic"]["pairs"]


def test_kin_of_a_given_test_set_leave_training(tmp_path: Path) -> None:
    test = [{"question": turned(question(n)), "answer": "Yes."} for n in range(40, 50)]
    made = prepared(tmp_path, 0.99, test)
    gone = [r for r in made.removed if r["rule"] == "leak.semantic"]
    assert {Example.from_dict(r["row"]).asked for r in gone} == {question(n) for n in range(40, 50)}
    assert all(r["partner"]["origin"].startswith("test.jsonl:") for r in gone)
    assert [e.asked for e in made.test] == [one["question"] for one in test], "the test set itself is not altered"


def test_the_order_of_rows_moves_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = prepared(tmp_path, 0.99)
    whole = rows()[::-1]
    monkeypatch.setattr(f"{__name__}.rows", lambda: whole)
    after = prepared(tmp_path, 0.99)
    same = sides(before).keys() & sides(after).keys()
    assert {asked: sides(before)[asked] for asked in same} == {asked: sides(after)[asked] for asked in same}
    assert len(before.removed) == len(after.removed) == 20


def test_vectors_of_a_model_are_used_where_one_is_named(tmp_path: Path) -> None:
    asked: list[int] = []

    def embed(texts: Any) -> Any:
        asked.append(len(texts))
        return np.eye(len(texts), dtype=np.float32)  # nothing is like anything

    spec = DataSpec.model_validate({"source": "rows.jsonl", "vectors": "nano", "dedupe": {"semantic": 0.5}})
    prepared(tmp_path, None)
    made = build(spec, folder=tmp_path, raters=Raters(embed=embed))
    assert asked and made.report["semantic"] | {"by": "nano", "pairs": 0} == made.report["semantic"]
    with pytest.raises(LuthierError, match="names a model, and none is at hand"):
        build(spec, folder=tmp_path)


def test_old_rows_keep_their_sides_whatever_is_kin_now(home: Path) -> None:
    """The rows were dealt without looking for kin; now some pairs are kin across sides, and nothing old may move."""
    store = Store.open()
    prepared(home, None)
    spec = {"source": "rows.jsonl", "split": {"test": 0.2, "validation": 0.2}}
    old = prepare(DataSpec.model_validate(spec), store=store, folder=home)
    side = {e.asked: name for name in ("train", "validation", "test") for e in examples(old, name)}
    torn = sum(side[question(n)] != side[turned(question(n))] for n in range(20, 30))  # of the others one row leaves
    assert torn
    again = {**spec, "split": {**spec["split"], "previous": old.id}, "dedupe": {"semantic": 0.99}}  # type: ignore[dict-item]
    made = build(DataSpec.model_validate(again), folder=home, previous=old)
    found = sides(made)
    assert found and all(side[asked] == name for asked, name in found.items())
    counted = sum(one.get("torn", 0) for one in made.report["certificate"]["semantic"]["sides"].values())
    assert counted == torn
