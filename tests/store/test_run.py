"""A run can be read after any crash, and tells what it was made with."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import time

import pytest

from luthier.errors import LuthierError
from luthier.store import Store


def test_a_run_writes_down_recipe_code_environment_events_and_numbers(store: Store) -> None:
    run = store.start_run("Support Triage!", {"train": {"epochs": 3}}, {"seeds": {"data": 17}})
    run.event("stage", stage="data", rows=12)
    run.metric(1, loss=2.5, rate=1e-3)
    run.metric(2, loss=math.nan)
    run.finish("done", verdict="PROMOTE")
    again = Store.open(store.home).run(run.id)
    assert run.id.startswith("support-triage-") and run.dir == store.home / "runs" / run.id
    assert again.status == "done" and again.recipe == {"train": {"epochs": 3}}
    assert again.facts == {"seeds": {"data": 17}, "verdict": "PROMOTE"}
    record = json.loads((run.dir / "run.json").read_text())
    assert record["environment"]["python"].startswith(f"{sys.version_info[0]}.")
    assert len(record["code"]["sha256"]) == 64 and "torch" in record["environment"]["libraries"]
    assert [e["kind"] for e in again.events()] == ["stage"] and again.events("stage")[0]["rows"] == 12
    assert [(m["step"], m["loss"]) for m in again.metrics()] == [(1, 2.5), (2, None)]


def test_starting_a_run_imports_no_heavy_library(store: Store) -> None:
    pid = os.fork()
    if pid == 0:
        before = "torch" in sys.modules
        store.start_run("light", {})
        os._exit(0 if ("torch" in sys.modules) == before else 1)
    assert os.waitpid(pid, 0)[1] == 0


def test_a_torn_last_line_is_passed_over_and_the_next_line_is_whole(store: Store) -> None:
    run = store.start_run("torn", {})
    run.event("one")
    with (run.dir / "events.jsonl").open("a") as file:
        file.write('{"at": "2026-')
    assert [e["kind"] for e in run.events()] == ["one"]
    run.event("two")
    assert [e["kind"] for e in run.events()] == ["one", "two"]


def test_a_run_whose_process_was_killed_is_interrupted_and_can_be_taken_over(store: Store) -> None:
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        run = store.start_run("killed", {})
        os.write(write, run.id.encode())
        time.sleep(60)
    run_id = os.read(read, 100).decode()
    run = store.run(run_id)
    assert run.status == "running"
    with pytest.raises(LuthierError, match="still running"):
        run.resume()
    with pytest.raises(LuthierError, match="still running"):
        store.remove(run_id)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert store.run(run_id).status == "interrupted", "also while nobody has asked after the zombie"
    os.waitpid(pid, 0)
    run = store.run(run_id)
    assert run.status == "interrupted"
    run.resume()
    assert Store.open(store.home).run(run_id).status == "running"


def test_leaving_the_block_with_an_error_ends_the_run(store: Store) -> None:
    with pytest.raises(ValueError), store.start_run("bad", {}) as run:
        raise ValueError("wrong")
    assert run.status == "failed" and run.facts["error"] == "wrong"
    with pytest.raises(KeyboardInterrupt), store.start_run("stopped", {}) as run:
        raise KeyboardInterrupt
    assert store.run("stopped").status == "interrupted"
