"""Whether a file can be read at all, asked of a process that may die of it.

Polars ends its process where a damaged Arrow file says that a column takes more memory than there is ("memory
allocation of … bytes failed"), and no exception can be caught then. So another process reads such a file first; it
stays for the next one and ends with this one. What it thinks of the contents does not matter here: who reads it next
says that in words.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

_READS = """
import json, sys
import polars
for line in sys.stdin:
    how, path = json.loads(line)
    try:
        getattr(polars, how)(path)
    except BaseException:
        pass
    print("alive", flush=True)
"""
_lock = threading.Lock()
_reader: tuple[int, subprocess.Popen[str]] | None = None
"""The process that reads, and whose it is: a fork of its owner needs one of its own."""


def survives(how: str, path: Path) -> bool:
    """Whether a process that calls ``polars.HOW(path)`` lives on, whether or not it can read the file."""
    global _reader
    with _lock:
        if _reader is None or _reader[0] != os.getpid() or _reader[1].poll() is not None:
            _reader = os.getpid(), _start()
        process = _reader[1]
        assert process.stdin is not None and process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps([how, str(path.resolve())]) + "\n")
            process.stdin.flush()
            if process.stdout.readline():
                return True
        _end(*_reader)
        _reader = None
        return False


def _start() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _READS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, start_new_session=True,
    )  # fmt: skip
    atexit.register(_end, os.getpid(), process)
    return process


def _end(owner: int, process: subprocess.Popen[str]) -> None:
    if owner != os.getpid():
        return
    process.kill()  # forks of this process may hold the pipe open: it would not see its end
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            assert pipe is not None
            pipe.close()
    process.wait()
