"""Runs that nobody sits at: started beside the terminal, watched and stopped from another one.

All of it goes by the run's folder and its process; there is no server. A run that is stopped ends at its next step with
a checkpoint, as on Ctrl-C, and the same recipe goes on from there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier import track
from luthier.errors import ExitCode, LuthierError, UsageError
from luthier.records import VerdictKind
from luthier.store.disk import read_on
from luthier.store.run import now

if TYPE_CHECKING:
    from luthier.store import Run, Store

LOG = "log.txt"
LOOK_S = 0.5


@dataclass(frozen=True)
class Started:
    """A run that goes on by itself; ``log`` is what it would have written to the terminal."""

    run: Run
    pid: int
    log: Path

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"run": self.run.id, "folder": str(self.run.dir), "pid": self.pid, "log": str(self.log)}


def detach(command: Sequence[str], store: Store) -> Started:
    """Run a ``luthier`` command in a session of its own, with its lines in the run's ``log.txt``.

    Raises:
        LuthierError: it ended before it had a run; the error is the one that it gave.
    """
    aside, since = store.folder / f"detached-{os.getpid()}.log", now()
    with aside.open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "luthier.cli.main", *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, env={**os.environ, "LUTHIER_HOME": str(store.home), "NO_COLOR": "1"},
        )  # fmt: skip
    while (run := _run_of(child.pid, since, store)) is None and child.poll() is None:
        time.sleep(0.1)
    run = run or _run_of(child.pid, since, store)
    if run is None:
        text = aside.read_text(encoding="utf-8", errors="replace").strip()
        aside.unlink()
        raise _as_it_said(text, child.returncode)
    log_file = run.dir / LOG
    if log_file.exists():  # a run that is taken up again keeps the lines of its first process
        log_file.rename(run.dir / f"log-{int(log_file.stat().st_mtime)}.txt")
    aside.rename(log_file)
    return Started(run, child.pid, log_file)


def _run_of(pid: int, since: str, store: Store) -> Run | None:
    """The run that a child began or took up again; an old one of the same process id is none."""
    mine = (run for run in store.runs() if run.process.pid == pid and run.process.is_here())
    return next((r for r in mine if r.process.alive() or max(r.started, r.finished or "") >= since), None)


def _as_it_said(text: str, code: int | None) -> LuthierError:
    """The error of a process that has ended, read from its lines."""
    lines = {line[:7].strip(): line[7:].strip() for line in text[text.rfind("error: ") :].splitlines()}
    error = LuthierError(
        lines.get("error:", text[-300:] or "the run ended before it began"), where=lines.get("at:", ""),
        why=lines.get("why:", ""), fix=lines.get("fix:", ""),
    )
    error.exit_code = ExitCode(code) if code in (1, 2, 130) else ExitCode.ERROR
    return error


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a run: the stage that it is in, and in training how far. ``lines`` are new facts since the last."""

    stage: str
    step: int
    steps: int
    numbers: dict[str, float]
    lines: tuple[tuple[str, str], ...]


def watch(reload: Callable[[], Run], *, look_s: float = LOOK_S) -> Iterator[Seen]:
    """Look at a run until it has ended; the last look is after its end. Ends nothing and changes nothing."""
    steps, stage, events_at, metrics_at = 0, "", 0, 0
    numbers: dict[str, float] = {}
    while True:
        run = reload()
        ended = run.status != "running"  # asked before its files are read: what it wrote last is in this look
        events, events_at = read_on(run.dir / "events.jsonl", events_at)
        metrics, metrics_at = read_on(run.dir / "metrics.jsonl", metrics_at)
        for event in events:
            stage = str(event.get("stage", stage)) if event["kind"] == "stage" else stage
            steps = int(event.get("steps", steps)) if event["kind"] == "train" else steps
        for line in metrics:
            numbers |= {name: value for name, value in line.items() if isinstance(value, int | float)}
        lines = tuple(said for event in events if (said := _said(event)) is not None)
        yield Seen(stage, int(numbers.get("step", 0)), steps, dict(numbers), lines)
        if ended:
            return
        time.sleep(look_s)


_TELLING = {"stopped early", "stopped by a monitor", "step skipped", "out of memory", "remark", "diagnosis", "no gain",
            "tracker failed", "resumed", "checkpoint broken"}  # fmt: skip


def _said(event: dict[str, Any]) -> tuple[str, str] | None:
    """An event that a person wants to see, as (label, text)."""
    kind = str(event["kind"])
    if kind not in _TELLING:
        return None
    told = event.get("message") or event.get("said") or event.get("cause") or ""
    step = f"step {event['step']}" if "step" in event else ""
    return kind if len(kind) <= 9 else "event", " · ".join(filter(None, (kind, step, str(told))))


def exit_code(run: Run) -> ExitCode:
    """What ``luthier run`` would have ended with."""
    if run.status == "done":
        verdict = run.facts.get("verdict")
        return ExitCode.OK if verdict is None else VerdictKind(verdict).exit_code
    return ExitCode.INTERRUPTED if run.status == "interrupted" else ExitCode.ERROR


def stop(run: Run, reload: Callable[[], Run], *, at_once: bool = False, patience_s: float = 120.0) -> Run:
    """Ask a run to end (SIGTERM: at its next step, with a checkpoint), or end it at once (SIGKILL); gives it as ended.

    Raises:
        UsageError: it is not running.
        LuthierError: it runs on another machine, may not be signalled, or did not end in time.
    """
    if run.status != "running":
        raise UsageError(f"run {run.id} is not running", where=run.dir, why=f"it is {run.status}")
    process = run.process
    if not process.is_here():
        raise LuthierError(
            f"run {run.id} is on another machine", where=process.host,
            fix=f"on {process.host}: luthier runs stop {run.id}",
        )
    try:
        os.kill(process.pid, signal.SIGKILL if at_once else signal.SIGTERM)
    except ProcessLookupError:
        return reload()
    except PermissionError:
        raise LuthierError(f"run {run.id} belongs to another user", where=f"process {process.pid}") from None
    until = time.monotonic() + patience_s
    while (run := reload()).status == "running":
        if time.monotonic() > until:
            raise LuthierError(
                f"run {run.id} was asked to end and has not after {patience_s:.0f} s", where=f"process {process.pid}",
                why="a step takes longer than that; it ends after it", fix=f"luthier runs stop {run.id} --now",
            )
        time.sleep(0.1)
    return run


def send(run: Run, *, patience_s: float = 600.0) -> dict[str, str]:
    """Send to the trackers of a run's recipe what they do not have yet; a line for each.

    Raises:
        UsageError: the run goes on (its trackers follow it), or its recipe names no tracker.
        LuthierError: a tracker's library is missing, its host is not allowed, or it failed again.
    """
    specs = track.of(run)
    if run.status == "running":
        raise UsageError(f"run {run.id} is running", why="its trackers follow it", fix="wait for its end")
    if not specs:
        raise UsageError(f"run {run.id} has no tracker", where=run.dir / "recipe.yaml", why="its recipe names none")
    track.admit(specs, track.allowed(run))
    trackers = track.start(run, specs)
    lines, problems = trackers.end(patience_s), trackers.problems()
    for name, problem in problems.items():
        raise LuthierError(
            f"{name} has not taken all of run {run.id}", why=problem,
            fix=f"luthier runs send {run.id}, once it is there",
        )
    return lines
