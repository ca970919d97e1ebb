"""Write rows as JSONL or as one JSON list, whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from luthier.errors import LuthierError


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """One object a line; returns the number of rows. Keys keep their order; text stays readable UTF-8.

    Raises:
        LuthierError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    count = 0
    with _whole(path) as file:
        for row in rows:
            file.write(line_of(row) + b"\n")
            count += 1
    return count


def write_json(path: Path, value: Any) -> None:
    """One JSON value, indented a little; otherwise as :func:`write_jsonl`.

    Raises:
        LuthierError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    with _whole(path) as file:
        file.write(json.dumps(value, ensure_ascii=False, indent=1, default=str).encode("utf-8", "replace") + b"\n")


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """A file beside, which is synced and renamed at the end, or removed when something fails."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise LuthierError(f"{path.name} cannot be written: {error.strerror}", where=path.parent) from None
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def line_of(row: Mapping[str, Any]) -> bytes:
    """A row as one line of JSON, without its end."""
    try:
        return json.dumps(row, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:  # a quarantined row may hold half a character: written as \\uD83D it stays readable JSON
        return json.dumps(row, default=str).encode()
