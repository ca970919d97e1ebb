"""Runs without a terminal, with real processes: detached, watched, stopped, left by a terminal that closes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from luthier.store import Run, Store

LUTHIER = [sys.executable, "-m", "luthier.cli.main"]
LONG = [
    word
    for item in ("epochs=900", "max_steps=4000", "evaluations=2", "checkpoints=2")
    for word in ("--set", f"train.{item}")
]


def said(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LUTHIER, *words], capture_output=True, text=True, check=False, timeout=240)


def until(true: Callable[[], object], what: str, seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.1)


def run_of(home: Path, ref: str = "colours") -> Run:
    return Store.open(home).run(ref)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_detached_watched_stopped_taken_up_again_and_left_by_a_closed_terminal(colours: Path) -> None:
    home = colours.parent
    began = said("run", "colours.yaml", "--detach", "--json", *LONG)
    assert began.returncode == 0, began.stderr
    told = json.loads(began.stdout)
    run = run_of(home, told["run"])
    assert run.process.pid == told["pid"] and run.status == "running"
    assert os.getsid(told["pid"]) == told["pid"], "a session of its own: no terminal can take it along"

    watch = [*LUTHIER, "runs", "watch", run.id]
    watcher = subprocess.Popen(watch, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until(lambda: len(run.metrics()) > 4, "steps of training")
    stopped = said("runs", "stop", run.id)
    assert stopped.returncode == 0 and "training stopped at step" in stopped.stdout, stopped.stdout + stopped.stderr
    out, _ = watcher.communicate(timeout=60)
    assert watcher.returncode == 130 and f"{run.id} · interrupted" in out, "watching ends as the run does"

    run = run_of(home, run.id)
    last = run.events("checkpoint")[-1]["step"]
    assert run.status == "interrupted" and run.facts["error"] == f"training stopped at step {last} of 4000"
    assert f"error: training stopped at step {last}" in (run.dir / "log.txt").read_text()
    assert said("runs", "stop", run.id).returncode == 2, "there is nothing left to stop"

    # the same command at a terminal that closes: it goes on from the checkpoint, keeps what it has, says why
    pid, master = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [*LUTHIER, "run", "colours.yaml", *LONG])
    until(lambda: any(e["step"] == last for e in run.events("resumed") if "step" in e), "resuming")
    steps = len(run.metrics())
    until(lambda: len(run.metrics()) > steps + 2, "further steps")
    os.close(master)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    run = run_of(home, run.id)
    further = run.events("checkpoint")[-1]["step"]
    assert further > last and run.status == "interrupted"
    assert run.facts["error"] == f"training stopped at step {further} of 4000"


@pytest.mark.slow
def test_a_mistake_in_the_recipe_is_told_at_once_and_one_in_the_rows_by_watching(colours: Path) -> None:
    done = said("run", "colours.yaml", "--detach", "--set", "train.epocs=2")
    assert done.returncode == 2 and "did you mean train.epochs?" in done.stderr
    assert not Store.open(colours.parent).runs()
    began = said("run", "colours.yaml", "--detach", "--json", "--set", "data.source=nothing.jsonl")
    if began.returncode == 0:  # it had begun before it looked for its rows
        run = run_of(colours.parent, json.loads(began.stdout)["run"])
        seen = said("runs", "watch", run.id)
        assert seen.returncode == 1 and f"{run.id} · failed" in seen.stdout and "nothing.jsonl" in seen.stdout
        assert "fix:" in (run.dir / "log.txt").read_text()
    else:
        assert began.returncode == 1 and "nothing.jsonl" in began.stderr
