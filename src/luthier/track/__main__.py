"""The process of one tracker: ``python -m luthier.track RUN_FOLDER NUMBER``. It outlives the run if it must.

It runs with low priority, may talk to the hosts of the recipe only, and ends by itself some minutes after its run.
"""

from __future__ import annotations

import fcntl
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from luthier import registry
from luthier.store.run import load
from luthier.track import follow, trackers
from luthier.track.egress import enforce

NICE = 10
LINGER_S = 600.0
"""After the end of the run; a tracker that hangs longer is given up (``luthier runs send`` sends the rest)."""


def main(folder: Path, number: int) -> int:
    """Follow the run until it has ended; 0 if the tracker has all of it."""
    run = load(folder, follow.unchanged)
    if run is None:
        return 1
    os.nice(NICE)
    spec = trackers.of(run)[number]
    name = trackers.names(trackers.of(run))[number]
    enforce(trackers.allowed(run), purpose=f"the tracker {spec.kind}")
    threading.Thread(target=_give_up, args=(folder,), daemon=True).start()
    open_sink = registry.get("tracker", spec.kind).load()
    with _alone(trackers.folder(run) / f"{name}.lock"):
        cursor = follow.follow(
            folder, trackers.artifacts(run), trackers.folder(run) / f"{name}.json",
            lambda known: open_sink(spec, trackers.subject(run, known)), rows=spec.rows,
        )  # fmt: skip
    return 0 if cursor.ended else 1


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time tells a tracker of a run: the one before ends first. Free when its holder dies."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _give_up(folder: Path) -> None:
    """A call that never comes back must not leave a process for ever."""
    ended: float | None = None
    while ended is None or time.monotonic() - ended < LINGER_S:
        time.sleep(5.0)
        run = load(folder, follow.unchanged)
        running = run is not None and run.status == "running"
        ended = None if running else ended or time.monotonic()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
