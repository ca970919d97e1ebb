"""Writes that are whole or absent, and refusals that say why a disk said no.

Order of every durable write: write aside, flush to the device, rename, flush the folder. Appended lines are one
``write`` call each; a torn last line (a crash in the middle) is passed over by readers and closed by the next writer.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from luthier.errors import LuthierError

RESERVE = 8 * 2**20
"""Bytes left free on a disk: the catalogue and the event files need room too."""


def canonical(value: Any) -> str:
    """JSON with one spelling for equal values: sorted keys, no spaces, UTF-8, no NaN."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Force a file's (or a folder's) bytes to the device."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file so that a crash leaves the old one or the new one, and never a part of either."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    flush(path.parent)


def append_line(path: Path, record: Mapping[str, Any], *, durable: bool = False) -> None:
    """Add one JSON line. Lines of several processes do not mix; ``durable`` waits for the device."""
    line = json.dumps(record, ensure_ascii=False, default=str).encode() + b"\n"
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        end = os.lseek(handle, 0, os.SEEK_END)
        if end and os.pread(handle, 1, end - 1) != b"\n":  # a torn line stays alone on its line
            line = b"\n" + line
        done = os.write(handle, line)
        if done != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if durable:
            os.fsync(handle)
    finally:
        os.close(handle)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a file of lines; lines that are torn or not objects are passed over."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        yield from objects(file)


def read_on(path: Path, offset: int, most: int = 1 << 30) -> tuple[list[dict[str, Any]], int]:
    """The JSON objects of at most ``most`` whole lines from a byte ``offset`` on, and the offset behind them. A last
    line that is still being written stays for the next time."""
    lines: list[bytes] = []
    if path.is_file():
        with path.open("rb") as file:
            file.seek(offset)
            for line in file:
                if not line.endswith(b"\n") or len(lines) >= most:
                    break
                lines.append(line)
    return list(objects(lines)), offset + sum(map(len, lines))


def objects(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The JSON objects of lines; lines that are torn or not objects are passed over."""
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def folder_size(path: Path) -> int:
    """Bytes of all files below a path (or of the file itself); files that vanish meanwhile count nothing."""
    if path.is_file():
        return path.stat().st_size
    total = 0
    for root, _, names in os.walk(path):
        for name in names:
            try:
                total += (Path(root) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total


def human(size: int) -> str:
    """Bytes for people: 812 B, 1.2 MiB."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{size} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def require_space(folder: Path, needed: int) -> None:
    """Refuse before writing when ``needed`` bytes and the reserve do not fit.

    Raises:
        LuthierError: not enough room.
    """
    free = shutil.disk_usage(folder).free
    if free < needed + RESERVE:
        raise LuthierError(
            f"no space left on the disk: {human(needed)} are needed, {human(free)} are free",
            where=folder,
            why="a result is written whole or not at all; nothing was written",
            fix="luthier gc --dry-run shows what can go, or set LUTHIER_HOME to a larger disk",
        )


class NoSpace(LuthierError):
    """The disk is full."""

    def __init__(self, where: object) -> None:
        super().__init__(
            "no space left on the disk",
            where=where,
            why="a result is written whole or not at all; nothing was kept of this one",
            fix="luthier gc --dry-run shows what can go, or set LUTHIER_HOME to a larger disk",
        )


@contextmanager
def refusals(where: Path) -> Iterator[None]:
    """Turn what a disk refuses into the error that a person can act on.

    Raises:
        LuthierError: disk full, read-only, not permitted; other errors pass unchanged.
    """
    try:
        yield
    except LuthierError:
        raise
    except Exception as error:
        refusal = as_refusal(error, where)
        if refusal is None:
            raise
        raise refusal from error


def as_refusal(error: BaseException, where: Path) -> LuthierError | None:
    """The refusal for an error of the disk, or None if it is none. Libraries that hide the code are read by text."""
    code = error.errno if isinstance(error, OSError) else None
    full = "no space left" in str(error).lower() or "database or disk is full" in str(error).lower()
    if code in (errno.ENOSPC, errno.EDQUOT) or full:
        return NoSpace(where)
    if code in (errno.EROFS, errno.EACCES, errno.EPERM):
        return LuthierError(
            "this folder cannot be written",
            where=where,
            why=os.strerror(code),
            fix="set LUTHIER_HOME to a folder of your own, or change its permissions",
        )
    return None
