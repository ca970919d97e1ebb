"""Trackers beside a real training: one that works, one that fails, one that hangs. The weights are those of a run
without any, the end does not wait for them, and what failed is told once and sent later."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from luthier.cli.main import run
from luthier.errors import EgressDenied
from luthier.recipe import OwnTracker, load_recipe
from luthier.store import Store
from luthier.track import trackers

TRACKER = '''
import time
from pathlib import Path

class Lines:
    def __init__(self, subject, kind):
        self.known, self.shown, self.kind = kind, f"{kind}.csv", kind
        self.path = Path(subject.base) / self.shown

    def numbers(self, points):
        if self.kind == "broken" and not (self.path.parent / "mended").exists():
            raise ConnectionError("nobody answers at the tracker")
        if self.kind == "hanging":
            time.sleep(12)
        with self.path.open("a") as file:
            file.writelines(f"{p.step},{name},{value}\\n" for p in points for name, value in p.values.items())

    def tags(self, tags):
        with self.path.with_suffix(".tags").open("a") as file:
            file.writelines(f"{name}={text}\\n" for name, text in tags.items())

    def file(self, path): ...
    def end(self, status): ...

def working(spec, subject): return Lines(subject, "working")
def broken(spec, subject): return Lines(subject, "broken")
def hanging(spec, subject): return Lines(subject, "hanging")
'''


@pytest.mark.slow
def test_trackers_that_fail_or_hang_cost_the_run_nothing(
    colours: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = colours.parent
    (home / "tracker.py").write_text(TRACKER)
    kinds = ", ".join(f"{{kind: own, function: './tracker.py:{k}'}}" for k in ("working", "broken", "hanging"))
    monkeypatch.setattr(trackers, "PATIENCE_S", 6.0)
    assert run(["train", "colours.yaml"]) == 0
    (plain,) = Store.open(home).artifacts("training")

    monkeypatch.setenv("LUTHIER_HOME", str(home / "tracked"))
    capsys.readouterr()
    began = time.monotonic()
    assert run(["train", "colours.yaml", "--set", f"track=[{kinds}]"]) == 0
    ended = time.monotonic()
    store = Store.open(home / "tracked")
    (tracked,) = store.artifacts("training")
    files = ("weights.safetensors", "history.json")
    assert [tracked.files[name].hash for name in files] == [plain.files[name].hash for name in files], "the same bits"

    err = capsys.readouterr().err
    (one,) = store.runs()
    assert one.status == "done" and ended - began < 120
    assert err.count("nobody answers at the tracker") == 1, "told once"
    assert f"luthier runs send {one.id}" in err and "still sends" in err
    assert [e["tracker"] for e in one.events("tracker failed")] == ["own-2"]
    steps = [line.split(",") for line in (home / "working.csv").read_text().splitlines()]
    losses = [(m["step"], m["loss"]) for m in one.metrics() if "loss" in m]
    assert [(int(step), float(value)) for step, name, value in steps if name == "loss"] == losses
    facts = (home / "working.tags").read_text()
    assert "dataset.root=" in facts and f"training={tracked.id}" in facts

    again = load_recipe(one.dir / "recipe.yaml").recipe.track
    assert isinstance(again[0], OwnTracker) and again[0].function == f"{home}/tracker.py:working"

    (home / "mended").touch()
    assert run(["runs", "send", one.id]) == 0
    assert (home / "broken.csv").read_text() == (home / "working.csv").read_text()


def test_a_tracker_that_may_not_be_reached_is_refused_before_anything_is_done(
    colours: Path, luthier: Callable[..., tuple[int, Any]]
) -> None:
    server = ["--set", "track={kind: own, function: './t.py:f', sends_to: metrics.example.org}"]
    for verb in ("run", "plan"):
        code, told = luthier(verb, "colours.yaml", *server)
        assert code == EgressDenied("", purpose="").exit_code
        assert "metrics.example.org" in told["error"]["what"] and "privacy.egress" in told["error"]["fix"]
    assert not Store.open().runs() and not Store.open().artifacts()


def test_plan_says_where_numbers_go(colours: Path, luthier: Callable[..., tuple[int, Any]]) -> None:
    sends = "track={kind: own, function: './t.py:f', sends_to: metrics.example.org, rows: true}"
    code, told = luthier("plan", "colours.yaml", "--set", sends, "--set", "privacy.egress=metrics.example.org")
    assert code == 0
    (line,) = [value for value in told["values"] if value["key"] == "track"]
    assert line["value"] == "own" and "metrics.example.org" in line["reason"] and "rows" in line["reason"]
