"""Write rows as JSONL, whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from luthier.errors import LuthierError


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write beside, fsync, rename; returns the number of rows. Keys keep their order; text stays readable UTF-8.

    Raises:
        LuthierError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    count = 0
    try:
        with aside.open("wb") as file:
            for row in rows:
                file.write(line_of(row) + b"\n")
                count += 1
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise LuthierError(f"{path.name} cannot be written: {error.strerror}", where=path.parent) from None
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    return count


def line_of(row: Mapping[str, Any]) -> bytes:
    """A row as one line of JSON, without its end."""
    try:
        return json.dumps(row, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:  # a quarantined row may hold half a character: written as \\uD83D it stays readable JSON
        return json.dumps(row, default=str).encode()
