"""What a run took, as its folder tells it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from luthier.pipeline.worth import at_work
from luthier.store import Store


def test_the_time_of_a_run_leaves_out_when_it_was_stopped(tmp_path: Path) -> None:
    run = Store.open(tmp_path).start_run("job", {})
    record = json.loads((run.dir / "run.json").read_text())
    record |= {"started": "2026-11-28T10:00:00.000Z", "finished": "2026-11-28T11:00:30.500Z", "status": "done"}
    (run.dir / "run.json").write_text(json.dumps(record))
    events = [
        ("10:00:00.100", "stage", {}), ("10:00:40.000", "checkpoint", {"step": 4}), ("11:00:00.000", "resumed", {}),
        ("11:00:10.000", "resumed", {"step": 4}), ("11:00:30.000", "evaluate.done", {}),
    ]  # fmt: skip
    lines = [json.dumps({"at": f"2026-11-28T{at}Z", "kind": kind, **more}) for at, kind, more in events]
    (run.dir / "events.jsonl").write_text("\n".join(lines) + "\n")
    (run.dir / "metrics.jsonl").write_text(json.dumps({"step": 5, "at": "2026-11-28T10:00:45.000Z", "loss": 1}) + "\n")
    again = Store.open(tmp_path).run(run.id)
    assert at_work(again) == pytest.approx(45 + 30.5), "to the last sign of life, and from where it was taken up"
