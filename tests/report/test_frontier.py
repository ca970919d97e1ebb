"""The adapter at part of its strength, as people read it: beside each other, and which one is offered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from luthier.records import SuiteResult
from luthier.report import page
from luthier.report.terminal import frontier_lines


def line(role: str, candidate: float, delta: float, status: str) -> dict[str, Any]:
    return SuiteResult(
        suite="kept answers" if role == "regression" else "test", role=role, metric="exact", unit="%", n=300,
        reference_name="base", reference=60.0, candidate=candidate, delta=delta, low=delta - 2, high=delta + 2,
        bound=delta - 1.7, margin=5.0, alpha=0.05, status=status, reason="",
    ).to_dict()  # fmt: skip


FRONTIER = {
    "best": 0.25,
    "points": [
        {"scale": 0.25, "passes": True, "target": line("target", 81.0, 21.0, "improved"),
         "kept": [line("regression", 59.0, -1.0, "held")]},
        {"scale": 0.5, "passes": False, "target": line("target", 59.0, -1.0, "worse"),
         "kept": [line("regression", 59.0, -1.0, "held")]},
        {"scale": 1.0, "passes": False, "target": line("target", 95.0, 35.0, "improved"),
         "kept": [line("regression", 20.0, -40.0, "broken")]},
    ],
}  # fmt: skip


def test_a_row_a_scale_with_target_and_loss_and_what_is_offered() -> None:
    head, *rows = frontier_lines(FRONTIER)
    assert "exact n=300" in head and "kept answers n=300, margin 5" in head
    assert [row.split()[0] for row in rows] == ["25%", "50%", "100%"]
    assert "81.0%" in rows[0] and "−1.0 [−3.0, +1.0]" in rows[0] and rows[0].endswith("offered")
    assert rows[1].endswith("no gain") and rows[2].endswith("kept answers not held")
    assert frontier_lines(None) == []


def test_the_page_tells_scales_and_what_the_monitors_saw(story: Any) -> None:
    found = {"kind": "forgetting", "step": 4, "said": "the loss on <general> rows is +9.3%", "evidence": {},
             "fix": ["train.anchor: 1", "data.replay"]}  # fmt: skip
    training = {**(story.training or {}), "diagnosis": [found], "skipped": [{"step": 3, "rows": ["ab12"]}]}
    text = page(replace(story, frontier=FRONTIER, training=training))
    assert "The adapter at part of its strength" in text and "offered" in text
    assert "The loss on &lt;general&gt; rows is +9.3%." in text and "Try: train.anchor: 1 · data.replay" in text
    assert "steps left out" in text and "ab12" in text
    bare = page(replace(story, frontier=None))
    assert "part of its strength" not in bare and "What the monitors saw" not in bare
