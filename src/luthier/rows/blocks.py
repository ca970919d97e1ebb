"""Files of JSON lines in blocks of whole lines, so that several processes can read one file.

A block knows its first line's number, and of a plain file only its place: whoever reads it opens the file itself.
Files of other kinds have no blocks; their rows come one by one (``read_file``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any, overload

import numpy as np
import orjson

from luthier.records import Origin
from luthier.rows.files import SourceFile
from luthier.rows.raw import Raw
from luthier.rows.read import LARGEST_ROW, _huge, _open, _parse, _refuse_binary

SIZE = 2 << 20
"""Bytes in a block: some thousand rows, so that to hand one over costs little beside looking at it."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines. ``first`` is the number of the first one; ``data`` is None where ``path`` and ``start`` tell."""

    name: str
    first: int
    lines: int
    path: Path | None
    start: int
    size: int
    data: bytes | None

    def read(self) -> bytes:
        """The bytes of the block."""
        if self.data is not None:
            return self.data
        assert self.path is not None
        with self.path.open("rb") as file:
            file.seek(self.start)
            return file.read(self.size)


def has_lines(file: SourceFile) -> bool:
    """Whether a file holds one JSON object a line (and not one JSON value, a table or standard input)."""
    if file.kind != "json" or file.path is None or file.path.name.lower().endswith(".json"):
        return False
    with _open(file) as stream:
        head = stream.peek(8192)[:8192]
    _refuse_binary(head, file.name)
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"["


def blocks(file: SourceFile, size: int = SIZE) -> Iterator[Block]:
    """The blocks of a file for which :func:`has_lines` holds, in order. Of a line beyond the largest row allowed a
    block holds the beginning only.

    Raises:
        EOFError, gzip.BadGzipFile, zlib.error, OSError: see :func:`luthier.rows.read.read_file`.
    """
    plain = file.path is not None and file.path.suffix.lower() not in (".gz", ".zst")
    with _open(file) as stream:
        first, start = 1, 0
        while head := stream.read(size):
            tail = stream.readline(LARGEST_ROW + 1)
            skipped = 0
            if len(tail) > LARGEST_ROW and not tail.endswith(b"\n"):
                while more := stream.readline(1 << 20):
                    skipped += len(more)
                    if more.endswith(b"\n"):
                        break
            lines = _ends(head) + _ends(tail) + (not (tail or head).endswith(b"\n"))
            data, length = None if plain else head + tail, len(head) + len(tail)
            yield Block(file.name, first, lines, file.path if plain else None, start, length, data)
            first, start = first + lines, start + length + skipped


def _ends(data: bytes) -> int:
    """Line ends, counted several times faster than by ``bytes.count``."""
    return int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == 10))


class Lines(Sequence[bytes]):
    """The lines of a block, without their ends, cut out when they are asked for. Blank ones are kept: they count."""

    def __init__(self, block: Block, data: bytes | None = None) -> None:
        data = block.read() if data is None else data
        self._data = data.removeprefix(b"\xef\xbb\xbf") if block.first == 1 else data
        ends: list[int] = np.flatnonzero(np.frombuffer(self._data, dtype=np.uint8) == 10).tolist()
        self._ends = ends if self._data.endswith(b"\n") else [*ends, len(self._data)]

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        return self._data[self._ends[place - 1] + 1 if place else 0 : self._ends[place]]

    def rows(self) -> list[dict[str, Any] | None]:
        """What each line holds, None where that is no object: parsed together, which takes half the time."""
        values = self._together() if len(self._data) <= LARGEST_ROW else None
        if values is None:
            values = [_loads(line) for line in self]
        return [value if type(value) is dict else None for value in values]

    def _together(self) -> list[Any] | None:
        """The values of all lines, if each holds exactly one. No line can hold what stands between them here."""
        last = _NULL if self._data.endswith(b"\n") else _BETWEEN + _NULL
        try:
            found = orjson.loads(b"".join((b"[", self._data.replace(b"\n", _BETWEEN), last)))
        except orjson.JSONDecodeError:
            return None
        each = len(found) == 2 * len(self) + 1 and found[1::2].count(_MARK) == len(self)
        return found[:-1:2] if each else None


_MARK = token_hex(8)
_BETWEEN, _NULL = f',"{_MARK}",'.encode(), b"null]"


def _loads(line: bytes) -> Any:
    try:
        return orjson.loads(line) if len(line) <= LARGEST_ROW else None
    except orjson.JSONDecodeError:
        return None


def raw_of(name: str, number: int, line: bytes) -> Raw:
    """A line as a row, or as the problem that keeps it from being one."""
    origin = Origin(name, number)
    if len(line) > LARGEST_ROW:
        return _huge(origin, line[:300], len(line))
    return _parse(origin, line)

