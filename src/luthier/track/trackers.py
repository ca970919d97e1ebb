"""Trackers of a run, seen from the run: checked before it begins, started beside it, waited for a little at its end.

Each is a process of its own (``__main__``), so that one that is slow, fails or crashes costs the run nothing; what it
could not send stays in the run's folder, and the person is told once.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from luthier.engines.egress import check
from luthier.errors import MissingExtra
from luthier.recipe import AnyTracker, TrackerSpec
from luthier.store import Run, Store
from luthier.track import facts
from luthier.track.follow import Cursor
from luthier.track.sink import Subject

PATIENCE_S = 15.0
"""How long the end of a run waits for all its trackers together; what is left is sent after it."""


def admit(specs: Sequence[TrackerSpec], egress: Sequence[str]) -> None:
    """Before anything is done: what would fail at the first call.

    Raises:
        MissingExtra: a tracker's library is not installed.
        EgressDenied: a tracker would send to a machine that the recipe does not allow.
    """
    for spec in specs:
        for host in spec.hosts:
            check(host, egress, purpose=f"the tracker {spec.kind}")
        for module in spec.needs:
            if importlib.util.find_spec(module) is None:
                raise MissingExtra(module, extra=spec.kind, task=f"track: {spec.kind}")


def of(run: Run) -> tuple[TrackerSpec, ...]:
    """The trackers that a run's recipe names."""
    found: tuple[TrackerSpec, ...] = TypeAdapter(tuple[AnyTracker, ...]).validate_python(run.recipe.get("track", ()))
    return found


def allowed(run: Run) -> tuple[str, ...]:
    """The hosts that a run's recipe allows."""
    return tuple(run.recipe.get("privacy", {}).get("egress", ()))


def names(specs: Sequence[TrackerSpec]) -> list[str]:
    """A name for each: its kind; the second of a kind is ``mlflow-2``."""
    kinds = [spec.kind for spec in specs]
    return [k if kinds[:n].count(k) == 0 else f"{k}-{kinds[:n].count(k) + 1}" for n, k in enumerate(kinds)]


def folder(run: Run) -> Path:
    """Where cursors and logs of a run's trackers are; made if it is not there."""
    path = run.dir / "track"
    path.mkdir(exist_ok=True)
    return path


def artifacts(run: Run) -> Path:
    """Where the store of a run keeps what it made."""
    return Store(run.dir.parent.parent).artifact_folder


def subject(run: Run, known: str | None) -> Subject:
    """The run as a tracker sees it when it opens."""
    recipe = {key: value for key, value in run.recipe.items() if key not in ("track", "luthier")}
    return Subject(
        run=run.id, name=run.name, started=facts.milliseconds(run.started), folder=run.dir.parent.parent / "track",
        base=Path(str(run.facts.get("folder", run.dir))), params=dict(facts.flat(recipe)), tags=facts.beginning(run),
        known=known,
    )  # fmt: skip


@dataclass
class Trackers:
    """The processes that follow a run. ``end`` is called when the run has ended, however."""

    run: Run
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    unstarted: dict[str, str] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def problems(self) -> dict[str, str]:
        """What is wrong with a tracker and was not said before, by name."""
        problems = dict(self.unstarted)
        for name, process in self.processes.items():
            problem = Cursor.read(folder(self.run) / f"{name}.json").problem
            if not problem and process.poll() not in (None, 0):
                problem = _last_line(folder(self.run) / f"{name}.log") or f"it ended with code {process.returncode}"
            problems |= {name: problem} if problem else {}
        found = {name: problem for name, problem in problems.items() if name not in self.told}
        for name, problem in found.items():
            self.told.add(name)
            self.run.event("tracker failed", tracker=name, message=problem)
        return found

    def end(self, patience_s: float | None = None) -> dict[str, str]:
        """Wait a little for those that still send; gives a line for each tracker: where it shows the run, or that it
        goes on."""
        until = time.monotonic() + (PATIENCE_S if patience_s is None else patience_s)
        for process in self.processes.values():
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                continue
        lines = {}
        for name, process in self.processes.items():
            cursor = Cursor.read(folder(self.run) / f"{name}.json")
            if process.returncode is None:
                lines[name] = "still sends; it goes on by itself"
            elif cursor.ended:
                lines[name] = cursor.shown
        return lines


def start(run: Run, specs: Sequence[TrackerSpec]) -> Trackers:
    """Start a process for each tracker, in a session of its own: Ctrl-C and a closed terminal do not reach it."""
    found = Trackers(run)
    for number, name in enumerate(names(specs)):
        try:
            with (folder(run) / f"{name}.log").open("ab") as log:
                found.processes[name] = subprocess.Popen(
                    [sys.executable, "-m", "luthier.track", str(run.dir), str(number)],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                    env={**os.environ, "OMP_NUM_THREADS": "1"},
                )  # fmt: skip
        except OSError as error:  # no memory for a process, no room for its log: that is no reason not to train
            found.unstarted[name] = f"it could not be started: {error.strerror}"
    return found


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else ""
