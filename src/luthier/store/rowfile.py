"""Files of private rows that can be erased and still be verified.

Beside ``train.rows.jsonl`` stands ``train.rows.jsonl.hashes``: one line a row, the BLAKE2b of its bytes and its id. The
artifact's digest covers that list, not the rows. An erased row becomes ``{"id": …, "erased": true}``; it is accepted
where the store's list of erased ids names it, and any other change of a line is found.

Limit: a hash stays. Whoever can guess a whole row exactly can confirm the guess; nobody can read it back.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luthier.errors import LuthierError
from luthier.store.disk import flush

SUFFIX = ".hashes"


@dataclass(frozen=True, slots=True)
class RowHashes:
    """What the manifest says of a file of rows: how many, and the SHA-256 of the list of hashes."""

    rows: int
    root: str


def hashes_of(path: Path) -> Path:
    """Where the list of a row file's hashes stands."""
    return path.with_name(path.name + SUFFIX)


def marker(row_id: str) -> bytes:
    """The line that stands for an erased row."""
    return json.dumps({"id": row_id, "erased": True}, ensure_ascii=False).encode() + b"\n"


def is_erased(row: Mapping[str, Any]) -> bool:
    """Whether a row read from a file of rows was erased: readers pass over it."""
    return row.get("erased") is True and set(row) == {"id", "erased"}


def write_hashes(path: Path, *, id_key: str = "id") -> RowHashes:
    """Hash every line of ``path`` and write the list beside it.

    Raises:
        LuthierError: a line is not a JSON object.
    """
    whole = hashlib.sha256()
    count = 0
    with hashes_of(path).open("wb") as out:
        for count, line in enumerate(_lines(path), start=1):
            entry = f"{row_hash(line)} {json.dumps(_row_id(path, count, line, id_key))}\n".encode()
            whole.update(entry)
            out.write(entry)
        out.flush()
        os.fsync(out.fileno())
    return RowHashes(count, whole.hexdigest())


def row_hash(line: bytes) -> str:
    """BLAKE2b of a line with its line end, 64 hex digits."""
    return hashlib.blake2b(line, digest_size=32).hexdigest()


def read_hashes(path: Path) -> Iterator[tuple[str, str | None]]:
    """(hash, id) of every row of the row file ``path``, in order."""
    with hashes_of(path).open("rb") as file:
        for line in file:
            digest, _, name = line.partition(b" ")
            yield digest.decode(), json.loads(name)


def lines_with(path: Path, ids: Collection[str]) -> dict[int, str]:
    """Which lines (1-based) of the row file ``path`` belong to one of ``ids``."""
    return {n: name for n, (_, name) in enumerate(read_hashes(path), start=1) if name is not None and name in ids}


def blank(path: Path, lines: Mapping[int, str]) -> list[dict[str, Any]]:
    """Replace these lines by markers, in one atomic step; gives back the rows that were there and not yet erased."""
    gone: list[dict[str, Any]] = []
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with aside.open("wb") as out:
            for n, line in enumerate(_lines(path), start=1):
                if n in lines and line != marker(lines[n]):
                    gone.append(json.loads(line))
                out.write(marker(lines[n]) if n in lines else line)
            out.flush()
            os.fsync(out.fileno())
        if gone:
            aside.replace(path)
            flush(path.parent)
    finally:
        aside.unlink(missing_ok=True)
    return gone


def all_lines(path: Path) -> dict[int, str]:
    """Every line (1-based) of the row file ``path`` with its row's id, as :func:`blank` wants them."""
    return {n: name for n, (_, name) in enumerate(read_hashes(path), start=1) if name is not None}


def problems(
    path: Path, expected: RowHashes, erased: Collection[str], *, expired: bool = False
) -> Iterator[str]:
    """What is wrong with a file of rows, as sentences; nothing if it is as written or rightly erased.

    Of an ``expired`` file every row was erased, by the retention of its recipe.
    """
    if not hashes_of(path).is_file():
        yield f"its list of hashes is missing ({hashes_of(path).name})"
        return
    with hashes_of(path).open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != expected.root:
            yield f"its list of hashes has changed ({hashes_of(path).name})"
            return
    count = 0
    listed = read_hashes(path)
    for count, line in enumerate(_lines(path), start=1):
        digest, name = next(listed, ("", None))
        if not digest:
            yield f"line {count} was added"
        elif row_hash(line) != digest:
            if name is None or line != marker(name):
                yield f"line {count} has changed"
            elif name not in erased and not expired:
                yield f"line {count} reads as erased, but row {name} was never erased"
        elif name is not None and name in erased and line != marker(name):
            yield f"line {count} should be erased: run the erasure of row {name} again"
        elif name is not None and expired:
            yield f"line {count} is past its retention: run luthier gc again"
    if count < expected.rows:
        yield f"{expected.rows - count} rows are missing at the end"


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _row_id(path: Path, n: int, line: bytes, id_key: str) -> str | None:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise LuthierError("a file of rows has a line that is not a JSON object", where=f"{path.name}:{n}")
    name = row.get(id_key)
    return None if name is None else str(name)
