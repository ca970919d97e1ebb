"""Detection of the metric from the reference answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from luthier.score import detect

PHRASES = ["We will send it today", "Please restart the device and try again", "Your refund is on its way to you"]


def triage(n: int) -> list[str]:
    replies = [f"{PHRASES[i % 3]}, case {i}." for i in range(n)]
    return [json.dumps({"intent": "abc"[i % 3], "urgent": bool(i % 2), "reply": r}) for i, r in enumerate(replies)]


def test_json_with_closed_and_free_fields() -> None:
    found = detect(triage(60))
    assert found.target[0].model_dump() == {"kind": "json_fields", "fields": ("intent", "urgent")}
    assert [a.model_dump() for a in found.also] == [{"kind": "rouge_l", "field": "reply"}]
    assert "intent, urgent must be right" in found.reason and "reply is free text" in found.reason


def test_a_few_broken_rows_do_not_change_the_finding() -> None:
    assert detect([*triage(60), "sorry", ""]).target[0].kind == "json_fields"  # type: ignore[attr-defined]


def test_json_of_short_values_is_compared_whole() -> None:
    rows = [json.dumps({"name": f"Person {i}", "city": f"Town {i}", "age": i}) for i in range(30)]
    assert detect(rows).target[0].model_dump() == {"kind": "json_fields", "fields": ()}


def test_json_of_free_text_only_is_scored_by_words() -> None:
    rows = [json.dumps({"reply": f"{PHRASES[i % 3]} and here is a longer story {i}"}) for i in range(30)]
    assert detect(rows).target[0].model_dump() == {"kind": "rouge_l", "field": "reply"}


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        (["card_arrival", "lost_card", "pin"] * 10, "label"),
        ([str(i) for i in range(40)], "exact"),
        ([f"{PHRASES[i % 3]} and this is why, number {i}" for i in range(40)], "rouge_l"),
        (["yes"], "exact"),
        ([], "rouge_l"),
    ],
)
def test_text_answers(answers: list[str], kind: str) -> None:
    assert detect(answers).target[0].kind == kind  # type: ignore[attr-defined]


def test_real_labels(realdata: Path) -> None:
    import gzip

    path = realdata / "classification" / "banking77_test.jsonl.gz"
    if not path.is_file():
        pytest.skip("banking77 is not there")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        labels = [json.loads(line)["label"] for line in file]
    found = detect(labels)
    assert found.target[0].kind == "label" and "77 labels" in found.reason  # type: ignore[attr-defined]
