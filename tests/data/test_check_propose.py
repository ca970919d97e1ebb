"""What ``luthier check`` and ``luthier init`` say about rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from luthier.data import check, propose
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec, MapSpec


def put(folder: Path, name: str, rows: list[Any]) -> None:
    (folder / name).write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows) + "\n")


GOOD = [{"prompt": f"question {n}", "completion": f"answer {n}"} for n in range(12)]


def test_check_says_every_finding_with_place_rule_and_mend(tmp_path: Path) -> None:
    bad = ['{"prompt": ', {"prompt": "x", "completion": ""}, {"prompt": "bell \x07", "completion": "y"}]
    put(tmp_path, "rows.jsonl", [*GOOD, *bad])
    report = check(["rows.jsonl"], folder=tmp_path)
    assert (report.rows, report.usable, report.errors, report.warnings) == (15, 13, 2, 1)
    assert report.counts == {"row.json": 1, "answer.empty": 1, "content.control": 1}
    text = "\n".join(report.render())
    for part in (
        "rows.jsonl:13",
        "rows.jsonl:14",
        "completion",
        "fix: ",
        "13 of 15 rows can be used",
        "prompt is asked",
    ):
        assert part in text, part
    assert "and 2 more" in "\n".join(report.render(limit=1))
    as_json = report.to_dict()
    assert as_json["errors"] == 2 and as_json["findings"][0]["line"] == 13
    json.dumps(as_json)


def test_check_reads_the_test_set_and_follows_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("subject,body,reply\nhi,there,you\nhi,again,\n")
    (tmp_path / "test.csv").write_text("subject,body,reply\n,,\n")
    spec = DataSpec(
        source=("t.csv",), test=("test.csv",), map=MapSpec(prompt="{{subject}} {{body}}", completion="reply")
    )
    report = check(spec.source, spec, folder=tmp_path)
    assert [str(f.origin) for f in report.findings] == ["t.csv:3", "test.csv:2"]
    assert [f["file"] for f in report.files] == ["t.csv", "test.csv"]


def test_check_of_good_rows_finds_nothing(tmp_path: Path) -> None:
    put(tmp_path, "rows.jsonl", GOOD)
    report = check([str(tmp_path / "rows.jsonl")], folder=tmp_path)
    assert report.errors == report.warnings == 0 and not report.findings


def test_init_maps_a_table_and_shows_three_rendered_rows(tmp_path: Path) -> None:
    (tmp_path / "tickets.csv").write_text(
        "ticket_id,created_at,subject,body,reply\n"
        + "".join(
            f"{n},2026-01-{n + 1:02d},Lamp {n},My lamp number {n} is broken.,We send number {n}.\n" for n in range(20)
        )
    )
    found = propose(["tickets.csv"], folder=tmp_path)
    assert found.map is not None
    assert (found.map.prompt, found.map.completion) == ("{{subject}}\n{{body}}", "reply")
    assert (found.rows, found.usable, len(found.rendered)) == (20, 20, 3)
    assert found.rendered[0] == {
        "origin": "tickets.csv:2", "asked": "user: Lamp 0\nMy lamp number 0 is broken.", "answer": "We send number 0.",
    }  # fmt: skip
    assert found.target == ({"kind": "rouge_l"},)
    assert propose(["tickets.csv"], folder=tmp_path, answer_column="subject").map.completion == "subject"  # type: ignore[union-attr]
    json.dumps(found.to_dict())


@pytest.mark.parametrize(
    ("rows", "shape", "target"),
    [
        ([{"text": f"t {n}", "label": "ab"[n % 2]} for n in range(40)], "classification", {"kind": "label"}),
        (
            [
                {
                    "prompt": f"p {n}",
                    "completion": json.dumps({"kind": "ab"[n % 2], "ok": n % 3 == 0, "say": f"words {n}"}),
                }
                for n in range(40)
            ],
            "prompt_completion",
            {"kind": "json_fields", "fields": ["kind", "ok"]},
        ),
        (
            [{"prompt": f"p {n}", "completion": ["yes", "no"][n % 2]} for n in range(40)],
            "prompt_completion",
            {"kind": "label"},
        ),
        (GOOD, "prompt_completion", {"kind": "rouge_l"}),
    ],
    ids=["classification", "json", "short-answers", "free"],
)
def test_init_proposes_the_metric_that_fits_the_answers(
    tmp_path: Path, rows: list[Any], shape: str, target: dict[str, Any]
) -> None:
    put(tmp_path, "rows.jsonl", rows)
    found = propose(["rows.jsonl"], folder=tmp_path)
    assert found.shape == shape and found.map is None
    assert found.target == (target,) and found.target_reason
    if target["kind"] == "json_fields":
        assert found.also == ({"kind": "rouge_l", "field": "say"},)


def test_init_says_why_it_cannot(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", [{"colour": 1, "size": 3}] * 5)
    put(tmp_path, "b.jsonl", [{"prompt": "p", "chosen": "a", "rejected": "b"}] * 5)
    put(tmp_path, "c.jsonl", [{"prompt": "p", "completion": ""}] * 5)
    for name, says in (("a.jsonl", "unknown shape"), ("b.jsonl", "preference"), ("c.jsonl", "none of the 5 rows")):
        with pytest.raises(LuthierError, match=says):
            propose([name], folder=tmp_path)
