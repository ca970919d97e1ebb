"""Follow one run for one tracker: what the run writes into its folder is sent on, in batches, until the run has ended.

The files of the run are the queue. Nothing waits for a tracker: what it has not taken stays in ``metrics.jsonl``, and a
cursor beside it says how far it is, so a later process goes on from there, under the tracker's own name for the run. A
failed call is made again with growing pauses; a number that was sent before (a resumed run does some steps again) is
sent once.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from luthier.store import Run
from luthier.store.disk import read_on, write_whole
from luthier.store.run import load
from luthier.track import facts
from luthier.track.sink import Point, Sink

BATCH = 500
"""Steps sent in one call."""
PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
TRIES_AT_THE_END = 4
"""Calls that may fail one after the other once the run has ended; the rest is left for ``luthier runs send``."""
WITHOUT_ROWS = "report-without-rows.html"
FILES = ("recipe.yaml", WITHOUT_ROWS)
FILES_WITH_ROWS = ("verdict.json", "report.html")


@dataclass
class Cursor:
    """How far a tracker is with a run, as ``runs/ID/track/NAME.json`` keeps it.

    ``offset`` in bytes of ``metrics.jsonl``; ``steps`` the last step that was sent of each number; ``problem`` what the
    last failed call said, empty once one went well.
    """

    known: str | None = None
    shown: str = ""
    offset: int = 0
    sent: int = 0
    steps: dict[str, int] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    ended: str = ""
    failures: int = 0
    problem: str = ""

    @classmethod
    def read(cls, path: Path) -> Cursor:
        """The cursor of a file; a new one where there is none that can be read."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return cls()

    def write(self, path: Path) -> None:
        """Keep it, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(asdict(self), ensure_ascii=False, indent=1).encode() + b"\n")


def follow(
    folder: Path, artifacts: Path, cursor_path: Path, open_sink: Callable[[str | None], Sink], *, rows: bool,
    pause_s: float = PAUSE_S,
) -> Cursor:  # fmt: skip
    """Send what the run of ``folder`` writes until it has ended, or until calls fail too often after its end.

    Args:
        artifacts: where the store keeps what the run made.
        open_sink: opens the tracker, under its own name for the run if it has one.
        rows: whether files that show rows are sent too.
    """
    cursor = Cursor.read(cursor_path)
    cursor.ended = ""
    sink: Sink | None = None
    pause, failed_at_end = pause_s, 0
    while True:
        run = load(folder, unchanged)
        if run is None:  # removed while we looked
            return cursor
        status = run.status
        try:
            if sink is None:
                sink = open_sink(cursor.known)
                cursor.known, cursor.shown = sink.known, sink.shown
                cursor.write(cursor_path)
            while _send(run, sink, cursor):
                cursor.write(cursor_path)
            _tell(run, artifacts, sink, cursor, ended=status != "running", rows=rows)
            if status != "running":
                sink.end(status)
                cursor.ended = status
            cursor.problem, pause = "", pause_s
        except Exception as error:  # whatever a tracker's library raises: the run goes on, the call is made again
            cursor.failures += 1
            cursor.problem = f"{type(error).__name__}: {error}"[:500]
            sink, pause = None, min(2 * pause, LONGEST_PAUSE_S)
            failed_at_end += status != "running"
        cursor.write(cursor_path)
        if cursor.ended or failed_at_end >= TRIES_AT_THE_END:
            return cursor
        _wait(folder, pause, awake=status == "running")


def _send(run: Run, sink: Sink, cursor: Cursor) -> bool:
    """One batch of numbers; False where there was none."""
    points, offset = _points(run.dir / "metrics.jsonl", cursor)
    if offset == cursor.offset:
        return False
    if points:
        sink.numbers(points)
    for point in points:
        cursor.sent += len(point.values)
        for name in point.values:
            cursor.steps[name] = max(point.step, cursor.steps.get(name, -1))
    cursor.offset = offset
    return True


def _points(path: Path, cursor: Cursor) -> tuple[list[Point], int]:
    """The numbers of the next lines, without those that were sent before; and where the lines end."""
    found, offset = read_on(path, cursor.offset, BATCH)
    points, told = [], dict(cursor.steps)
    for line in found:
        step, at = int(line.pop("step", 0)), facts.milliseconds(line.pop("at", "1970-01-01T00:00:00Z"))
        numbers = {
            name: float(value)
            for name, value in line.items()
            if isinstance(value, int | float) and step > told.get(name, -1)
        }
        told |= dict.fromkeys(numbers, step)
        if numbers:
            points.append(Point(step, at, numbers))
    return points, offset


def _tell(run: Run, artifacts: Path, sink: Sink, cursor: Cursor, *, ended: bool, rows: bool) -> None:
    """Facts and files that are new since the last time."""
    new = facts.made(run, artifacts, cursor.tags)
    new |= {name: text for name, text in (facts.seen(run) if ended else {}).items() if cursor.tags.get(name) != text}
    if new:
        sink.tags(new)
        cursor.tags |= new
    if not ended:
        return
    numbers = facts.verdict_numbers(run)
    digest = hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()
    if numbers and cursor.files.get("verdict numbers") != digest:
        last = max(cursor.steps.values(), default=0)
        sink.numbers([Point(last, facts.milliseconds(run.finished or run.started), numbers)])
        cursor.files["verdict numbers"] = digest
    for name in (*FILES, *(FILES_WITH_ROWS if rows else ())):
        path = run.dir / name
        if path.is_file() and cursor.files.get(name) != (stamp := _stamp(path)):
            sink.file(path)
            cursor.files[name] = stamp


def _stamp(path: Path) -> str:
    found = path.stat()
    return f"{found.st_size}-{found.st_mtime_ns}"


def _wait(folder: Path, seconds: float, *, awake: bool) -> None:
    """Pause; while the run goes on, only until it ends."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(min(0.25, seconds))
        if awake:
            run = load(folder, unchanged)
            if run is None or run.status != "running":
                return


def unchanged(run: Run) -> None:
    """A tracker never changes a run."""
