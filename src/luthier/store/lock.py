"""Locks between processes that free themselves when their holder dies.

``hold`` is for long work on one key: a second process is refused and told who holds it. ``guard`` is for the moments in
which the store changes: others wait. Neither protects across machines that share a folder.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from luthier.errors import LuthierError

_held: dict[Path, int] = {}  # path -> pid; record locks know no threads, so threads of one process meet here
_door = threading.Lock()


@contextmanager
def hold(path: Path, *, doing: str) -> Iterator[None]:
    """Hold ``path`` for as long as the block runs; ``doing`` names the work in the refusal of the second one.

    Record locks (``lockf``) and not ``flock``: a forked child that outlives its parent must not keep the lock.

    Raises:
        LuthierError: another process, or another thread of this one, holds it.
    """
    path = path.absolute()
    with _door:
        if _held.get(path) == os.getpid():
            raise _busy(path, doing, os.getpid())
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(handle, 32, 0).decode(errors="replace").strip()
            os.close(handle)
            raise _busy(path, doing, int(holder) if holder.isdigit() else None) from None
        _held[path] = os.getpid()
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        with _door:
            _held.pop(path, None)
            os.close(handle)


def is_held(path: Path) -> bool:
    """Whether some process holds ``path`` now."""
    path = path.absolute()
    with _door:
        if _held.get(path) == os.getpid():
            return True
        if not path.exists():
            return False
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False


@contextmanager
def guard(path: Path, *, shared: bool = False, timeout_s: float = 60.0) -> Iterator[None]:
    """Wait for ``path`` and keep it through the block; ``shared`` holders do not exclude each other.

    Raises:
        LuthierError: it was not free within ``timeout_s``.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise LuthierError(
                        f"the store was busy for {timeout_s:.0f} seconds", where=path, fix="wait for the other process"
                    ) from None
                time.sleep(0.01)
        yield
    finally:
        os.close(handle)


def _busy(path: Path, doing: str, pid: int | None) -> LuthierError:
    who = f"process {pid}" if pid else "another process"
    return LuthierError(
        f"{who} is already working on {doing}",
        where=path,
        why="two processes on one stage would overwrite each other",
        fix=f"wait for it, or stop it (kill {pid})" if pid else "wait for it",
        details={"pid": pid},
    )
