"""The real libraries: a run is killed, goes on, ends; each tracker shows it once, whole, and without a row.

What they wrote is read back with their own readers. A library that is not installed is a skip that says so
(``make trackers`` installs all of them).
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from luthier.recipe import make_recipe
from luthier.store import Run, Store
from luthier.track.follow import Cursor

pytestmark = pytest.mark.slow

SECRET = "zebra-quartz-4711"
KINDS = {"tensorboard": "tensorboard", "mlflow": "mlflow", "wandb": "wandb", "trackio": "trackio"}
ASKED: dict[str, dict[str, str]] = {
    "tensorboard": {"folder": "boards"}, "mlflow": {"folder": "flows", "experiment": "tickets"},
    "wandb": {"folder": "weights", "project": "tickets", "entity": "us"},
    "trackio": {"folder": "tracks", "project": "t"},
}  # fmt: skip
STEPS, KILLED_AT, CHECKPOINT = 20, 12, 9

RUNNER = """
import json, os, signal, sys, time
from pathlib import Path
from luthier import track
from luthier.store import Store
from luthier.track.follow import Cursor
home, ref, first, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
killed = sys.argv[5] == "killed"
store = Store.open(home)
run = store.run(ref)
run.resume()
trackers = track.start(run, track.of(run))
for step in range(first, last + 1):
    run.metric(step, loss=1 / step, learning_rate=1e-3)
    if step % 5 == 0:
        run.metric(step, val=2 / step)
if killed:
    names = list(trackers.processes)
    for _ in range(600):
        if all(Cursor.read(run.dir / "track" / f"{n}.json").steps.get("loss") == last for n in names):
            break
        time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGKILL)
line = {"suite": "test", "role": "target", "metric": "json(colour)", "reference_name": "base", "delta": 12.5, "n": 40}
(run.dir / "verdict.json").write_text(json.dumps({"verdict": "PROMOTE", "results": [line]}))
(run.dir / "report-without-rows.html").write_text("<p>a report without rows</p>")
run.finish("done", verdict="PROMOTE", reason="better")
print(json.dumps([trackers.end(120), trackers.problems()]))
"""


@dataclass
class Told:
    """A run that all trackers have followed, in a home of its own."""

    home: Path
    run: Run
    lines: dict[str, str]
    problems: dict[str, str]
    between: dict[str, str]

    def cursor(self, kind: str) -> Cursor:
        return Cursor.read(self.run.dir / "track" / f"{kind}.json")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    home = tmp_path_factory.mktemp("home")
    kinds = [kind for kind, module in KINDS.items() if importlib.util.find_spec(module) is not None]
    given = {
        "name": "job", "model": {"base": "nano"}, "data": {"source": "rows.jsonl"},
        "train": {"tuning": {"kind": "lora", "r": 4}}, "track": [{"kind": kind, **ASKED[kind]} for kind in kinds],
    }  # fmt: skip
    store = Store.open(home)
    recipe = make_recipe(given).recipe.model_dump(mode="json")
    run = store.start_run("job", recipe, {"seed": 3, "threads": 2, "folder": str(home)})
    row = json.dumps({"id": "a", "text": SECRET}).encode() + b"\n"
    source = "source:rows.jsonl#sha256=" + "0" * 64
    run.attach("data", store.put("dataset", {"train.jsonl": row}, parents=[source], run=run, rows=["train.jsonl"]))
    (run.dir / "recipe.yaml").write_text("luthier: 1\nname: job\n")
    (run.dir / "report.html").write_text(f"<p>{SECRET}</p>")
    run.finish("interrupted")

    def go(first: int, last: int, how: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "TRACKIO_SPACE_ID": "someone/elsewhere", "WANDB_MODE": "online"}
        return subprocess.run(
            [sys.executable, "-c", RUNNER, str(home), run.id, str(first), str(last), how],
            capture_output=True, text=True, check=False, timeout=240, env=environment,
        )  # fmt: skip

    assert go(1, KILLED_AT, "killed").returncode == -signal.SIGKILL
    deadline = time.monotonic() + 60
    between: dict[str, str] = {}
    while set(between) != set(kinds) and time.monotonic() < deadline:
        cursors = {kind: Cursor.read(run.dir / "track" / f"{kind}.json") for kind in kinds}
        between = {kind: cursor.ended for kind, cursor in cursors.items() if cursor.ended}
        time.sleep(0.1)
    done = go(CHECKPOINT + 1, STEPS, "whole")
    assert done.returncode == 0, done.stderr
    lines, problems = json.loads(done.stdout)
    yield Told(home, store.run(run.id), lines, problems, between)


def need(told: Told, kind: str) -> Path:
    if importlib.util.find_spec(KINDS[kind]) is None:
        pytest.skip(f"{kind} is not installed (make trackers)")
    return told.home / ASKED[kind]["folder"]


LOSSES = [(step, pytest.approx(1 / step)) for step in range(1, STEPS + 1)]
VALS = [(step, pytest.approx(2 / step)) for step in (5, 10, 15, 20)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_run_is_told_as_interrupted_and_ends_in_the_same_tracker_run(told: Told, kind: str) -> None:
    need(told, kind)
    assert told.between[kind] == "interrupted"
    assert told.cursor(kind).ended == "done" and kind in told.lines and kind not in told.problems


@pytest.mark.parametrize("kind", KINDS)
def test_no_row_is_in_what_a_tracker_keeps(told: Told, kind: str) -> None:
    files = [path for path in need(told, kind).rglob("*") if path.is_file()]
    assert files and not [path for path in files if SECRET.encode() in path.read_bytes()]


def test_tensorboard(told: Told) -> None:
    folder = need(told, "tensorboard") / told.run.id
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    found.Reload()
    assert [(e.step, e.value) for e in found.Scalars("loss")] == LOSSES
    assert [(e.step, e.value) for e in found.Scalars("val")] == VALS
    texts = {tag: found.Tensors(tag)[-1].tensor_proto.string_val[0].decode() for tag in ("recipe", "made", "status")}
    assert "| train.tuning.r | 4 |" in texts["recipe"] and "done" in texts["status"]
    assert found.Scalars("verdict/test/json(colour)/base/delta")[0].value == 12.5


def test_mlflow(told: Told) -> None:
    folder = need(told, "mlflow")
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("tickets")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_id == told.cursor("mlflow").known and run.info.status == "FINISHED"
    assert run.data.params["train.tuning.r"] == "4" and run.data.params["model.base"] == "nano"
    tags = run.data.tags
    assert tags["luthier.verdict"] == "PROMOTE" and len(tags["dataset.root"]) == 64
    assert len(tags["luthier.code.sha256"]) == 64 and tags["environment.libraries.torch"]
    assert [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "loss")] == LOSSES
    assert run.data.metrics["verdict/test/json_colour_/base/delta"] == 12.5
    assert {a.path for a in client.list_artifacts(run.info.run_id)} == {"recipe.yaml", "report-without-rows.html"}


def chunks(whole: bytes) -> Iterator[bytes]:
    """The records of an offline run: the log format of LevelDB behind seven bytes of wandb's own."""
    block, at, part = 1 << 15, 7, b""
    while at + 7 <= len(whole):
        if block - at % block < 7:  # too little left in the block for a header
            at += block - at % block
            continue
        size, kind = int.from_bytes(whole[at + 4 : at + 6], "little"), whole[at + 6]
        part += whole[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in (1, 4):  # whole, or the last piece
            yield part
            part = b""


def test_wandb_stays_offline_and_keeps_every_step(told: Told) -> None:
    folder = need(told, "wandb")
    from wandb.proto.wandb_internal_pb2 import Record

    losses: list[Any] = []
    config: set[str] = set()
    owners: set[tuple[str, str]] = set()
    summary: dict[str, Any] = {}
    offline = sorted((folder / "wandb").glob(f"offline-run-*-{told.run.id}"))
    assert len(offline) == 2 and not list((folder / "wandb").glob("run-*")), "one folder for each process, none online"
    for path in offline:
        for data in chunks((path / f"run-{told.run.id}.wandb").read_bytes()):
            record = Record()
            record.ParseFromString(data)
            row = {item.key or item.nested_key[0]: json.loads(item.value_json) for item in record.history.item}
            losses += [(row["step"], row["loss"])] if "loss" in row else []
            config |= {item.key for item in record.run.config.update}
            summary |= {i.key or i.nested_key[0]: json.loads(i.value_json) for i in record.summary.update}
            owners |= {(record.run.entity, record.run.project)} if record.HasField("run") else set()
    assert losses == LOSSES and "train.tuning.r" in config and owners == {("us", "tickets")}
    assert summary["luthier.verdict"] == "PROMOTE"
    files = {file.name for path in offline for file in (path / "files").iterdir()}
    assert files >= {"recipe.yaml", "report-without-rows.html"} and "report.html" not in files


def test_trackio_goes_where_the_recipe_says(told: Told) -> None:
    folder = need(told, "trackio")
    with sqlite3.connect(folder / "t.db") as base:
        rows = base.execute("SELECT step, metrics FROM metrics WHERE run_name = ? ORDER BY step, id", (told.run.id,))
        found = [(step, json.loads(numbers)) for step, numbers in rows]
        configs = [bytes(one) for (one,) in base.execute("SELECT CAST(config AS BLOB) FROM configs")]
    assert [(step, numbers["loss"]) for step, numbers in found if "loss" in numbers] == LOSSES
    assert any(b'"train.tuning.r":"4"' in config.replace(b": ", b":") for config in configs)
    assert any("| PROMOTE |" in str(numbers.get("made")) for _, numbers in found)
