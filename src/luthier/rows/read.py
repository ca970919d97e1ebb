"""Read rows with file and line; a bad row is told, not raised.

JSONL is streamed with bounded memory: one row at a time, at most 16 MiB each. A JSON array is read whole (its text
must fit in memory). CSV and TSV need a header; Parquet and Arrow are the business of ``frames``.

NaN becomes null and the last of two equal keys counts, as in most readers; a byte-order mark is skipped. Anything
else that is not UTF-8 JSON is a finding. Files that are no text at all are refused.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import orjson

from luthier.errors import LuthierError, MissingExtra
from luthier.records import Origin
from luthier.rows import frames
from luthier.rows.files import SourceFile, expand
from luthier.rows.finding import Finding, shorten
from luthier.rows.raw import Raw

LARGEST_ROW = 16 << 20
LARGEST_ARRAY = 2 << 30
_GZIP, _ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_CONTAINERS = (
    _GZIP, _ZSTANDARD, b"PAR1", b"ARROW1", b"PK\x03\x04", b"%PDF", b"\x7fELF", b"\x89PNG", b"SQLite format 3",
    b"\x80\x04", b"\x80\x05",
)  # fmt: skip


def read(sources: Iterable[str], *, folder: Path) -> Iterator[Raw]:
    """Every row of every file that the sources name (see :func:`expand`).

    Raises:
        LuthierError: a file is missing, unreadable, binary, or has no rows.
    """
    for file in expand(sources, folder=folder):
        yield from read_file(file)


def read_file(file: SourceFile) -> Iterator[Raw]:
    """Every row of one file.

    Raises:
        LuthierError: the file cannot be read, is not data, or has no rows.
    """
    count = 0
    try:
        for raw in _rows(file):
            count += 1
            yield raw
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise LuthierError(
            f"{file.name} breaks off: {error}",
            where=f"{file.name}:{count + 1}",
            why="the compressed file is damaged",
            fix="copy or download it again",
        ) from None
    except OSError as error:
        raise LuthierError(f"{file.name} cannot be read: {error.strerror or error}", where=file.name) from None
    if count == 0:
        raise LuthierError(f"no rows in {file.name}", where=file.name, why="the file is empty", fix="check the path")


def _rows(file: SourceFile) -> Iterator[Raw]:
    if file.kind in ("parquet", "arrow"):
        assert file.path is not None
        yield from (frames.parquet if file.kind == "parquet" else frames.arrow)(file.name, file.path)
        return
    with _open(file) as stream:
        head = stream.peek(8192)[:8192]
        _refuse_binary(head, file.name)
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        if file.kind in ("csv", "tsv") or (file.kind == "stdin" and start not in (b"{", b"[")):
            yield from _delimited(file.name, stream, "\t" if file.kind == "tsv" else ",")
        elif start == b"[":
            yield from _array(file.name, stream)
        elif file.path is not None and file.path.name.lower().endswith(".json"):
            yield from _json_document(file.name, stream)
        else:
            yield from _lines(file.name, stream)


def _open(file: SourceFile) -> io.BufferedReader:
    if file.path is None:
        standard_input: Any = sys.stdin.buffer
        piped = io.BufferedReader(standard_input)
        if not piped.peek(2).startswith(_GZIP):
            return piped
        return io.BufferedReader(gzip.open(piped, "rb"))  # type: ignore[arg-type,unused-ignore]
    suffix = file.path.suffix.lower()
    if suffix == ".gz":
        return io.BufferedReader(gzip.open(file.path, "rb"))  # type: ignore[arg-type,unused-ignore]
    if suffix == ".zst":
        try:
            import zstandard
        except ImportError:
            raise MissingExtra("zstandard", extra="zstd", task=f"reading {file.name}") from None
        reader = zstandard.ZstdDecompressor().stream_reader(file.path.open("rb"), closefd=True)
        return io.BufferedReader(_Zstandard(reader, zstandard.ZstdError))
    return file.path.open("rb")


class _Zstandard(io.RawIOBase):
    """A stream whose library's own error is turned into the one that a broken gzip raises."""

    def __init__(self, reader: Any, broken: type[Exception]) -> None:
        self._reader, self._broken = reader, broken

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return int(self._reader.readinto(buffer))
        except self._broken as error:
            raise EOFError(str(error)) from None

    def close(self) -> None:
        self._reader.close()
        super().close()


def _refuse_binary(head: bytes, name: str) -> None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise LuthierError(
            f"{name} is UTF-16, not UTF-8", where=name, fix=f"iconv -f UTF-16 -t UTF-8 {name} > utf8-{Path(name).name}"
        )
    if b"\x00" in head or head.startswith(_CONTAINERS):
        kinds = {
            b"PK": ("it is a zip container, e.g. a spreadsheet", "export the rows as JSONL or CSV"),
            _GZIP: ("it is packed with gzip", "let its name end in .gz"),
            _ZSTANDARD: ("it is packed with zstandard", "let its name end in .zst"),
            b"PAR1": ("it is a Parquet file", "let its name end in .parquet"),
            b"ARROW1": ("it is an Arrow file", "let its name end in .arrow"),
        }
        plain = ("it holds binary data", "export the rows as JSONL or CSV")
        why, fix = next((told for magic, told in kinds.items() if head.startswith(magic)), plain)
        raise LuthierError(f"{name} is not a text file", where=name, why=why, fix=fix)


def _lines(name: str, stream: IO[bytes]) -> Iterator[Raw]:
    number = 0
    while line := stream.readline(LARGEST_ROW + 1):
        number += 1
        origin = Origin(name, number)
        if len(line) > LARGEST_ROW and not line.endswith(b"\n"):
            size = len(line)
            while (more := stream.readline(1 << 20)) and not more.endswith(b"\n"):
                size += len(more)
            yield _huge(origin, line[:300], size + len(more))
            continue
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.strip():
            yield _parse(origin, line)


def _huge(origin: Origin, head: bytes, size: int) -> Raw:
    text = head.decode("utf-8", "replace")
    message = f"the row has {size / 2**20:.1f} MiB, the limit is {LARGEST_ROW >> 20} MiB"
    return Raw(origin, None, Finding(origin, "row.huge", message, value=shorten(text), fix="cut it up", row=text))


def _parse(origin: Origin, line: bytes) -> Raw:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _parse_slowly(origin, line)
    return _as_row(origin, value)


def _parse_slowly(origin: Origin, line: bytes) -> Raw:
    """The forgiving reader (NaN, lone surrogates), and the one that says exactly where the line breaks."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        row = line.decode("utf-8", "replace").rstrip("\n")
        message = f"not UTF-8: byte 0x{line[error.start]:02X} at column {error.start + 1}"
        fix = "save the file as UTF-8 (iconv -f WINDOWS-1252 -t UTF-8)"
        return Raw(origin, None, Finding(origin, "row.encoding", message, value=shorten(row), fix=fix, row=row))
    try:
        value = json.loads(text.rstrip(), parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        message = f"not JSON: {error.msg[:1].lower()}{error.msg[1:]} at column {error.colno}"
        fix = "one whole JSON object on each line"
        return Raw(
            origin, None, Finding(origin, "row.json", message, value=shorten(text), fix=fix, row=text.rstrip("\n"))
        )
    except RecursionError:
        return Raw(origin, None, Finding(origin, "row.json", "nested too deeply", value=shorten(text), row=text[:4096]))
    except ValueError as error:  # integers of thousands of digits
        return Raw(
            origin, None, Finding(origin, "row.json", f"not JSON: {error}", value=shorten(text), row=text[:4096])
        )
    return _as_named_row(origin, value)


def _as_row(origin: Origin, value: Any) -> Raw:
    if isinstance(value, dict) and value:
        return Raw(origin, value)
    kinds = {list: "a list", str: "a text", dict: "an empty object"}
    what = next((words for kind, words in kinds.items() if isinstance(value, kind)), shorten(value, 20))
    message = f"the row is {what}, not an object with fields"
    return Raw(origin, None, Finding(origin, "row.object", message, value=shorten(value), row=value))


def _as_named_row(origin: Origin, value: Any) -> Raw:
    """A row as the forgiving reader gives it, which lets halves of characters through, in names of fields too."""
    try:
        "".join(value if isinstance(value, dict) else ()).encode()
    except UnicodeEncodeError as error:
        message = f"a field's name holds half a character (U+{ord(error.object[error.start]):04X})"
        fix = "export the rows again as UTF-8"
        return Raw(origin, None, Finding(origin, "row.encoding", message, value=shorten(value), fix=fix, row=value))
    return _as_row(origin, value)


def _json_document(name: str, stream: IO[bytes]) -> Iterator[Raw]:
    """A ``.json`` file that begins with ``{``: one object a line, one object, or an object around a list of rows."""
    text = _decode_whole(name, stream)
    try:
        whole = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        yield from _lines(name, io.BytesIO(text.encode("utf-8", "surrogatepass")))
        return
    fields = whole if isinstance(whole, dict) else {}
    lists = [key for key, value in fields.items() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if len(lists) == 1 and lists[0] not in ("messages", "conversations", "conversation", "tools", "instances"):
        start = text.index("[", text.index(json.dumps(lists[0], ensure_ascii=False)))
        yield from _elements(name, text, start)
    else:
        yield _as_named_row(Origin(name, 1), whole)


def _array(name: str, stream: IO[bytes]) -> Iterator[Raw]:
    text = _decode_whole(name, stream)
    yield from _elements(name, text, text.index("["))


def _decode_whole(name: str, stream: IO[bytes]) -> str:
    data = stream.read(LARGEST_ARRAY + 1)
    if len(data) > LARGEST_ARRAY:
        raise LuthierError(
            f"{name} is one JSON value of more than 2 GiB", where=name, fix="write it as JSONL: one object a line"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LuthierError(f"{name} is not UTF-8", where=f"{name}:{line}", fix="save the file as UTF-8") from None


def _elements(name: str, text: str, start: int) -> Iterator[Raw]:
    """The elements of the array whose bracket stands at ``start``, each with the line on which it begins."""
    decoder = json.JSONDecoder(parse_constant=lambda _: None)
    line, counted, position = 1, 0, start + 1
    while True:
        position = _skip(text, position, " \t\r\n,")
        line += text.count("\n", counted, position)
        counted = position
        origin = Origin(name, line)
        if text[position : position + 1] == "]":
            return
        if position >= len(text):
            message = "the file ends inside the list"
            yield Raw(origin, None, Finding(origin, "row.json", message, fix="is the file whole?", row=text[-300:]))
            return
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            where = error.lineno if isinstance(error, json.JSONDecodeError) else line
            message = f"not JSON at line {where}: the rest of the list cannot be read"
            rest = text[position : position + 300]
            yield Raw(origin, None, Finding(origin, "row.json", message, value=shorten(rest), fix="mend it", row=rest))
            return
        yield _as_named_row(origin, value) if end - position <= LARGEST_ROW else _huge(origin, b"", end - position)
        position = end


def _skip(text: str, position: int, signs: str) -> int:
    while position < len(text) and text[position] in signs:
        position += 1
    return position


def _delimited(name: str, stream: IO[bytes], delimiter: str) -> Iterator[Raw]:
    csv.field_size_limit(LARGEST_ROW)
    # Undecodable bytes become lone surrogates, so that the row is told and not the whole file lost.
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")  # type: ignore[arg-type,unused-ignore]
    sample = text.buffer.peek(4096)[:4096].decode("utf-8", "replace").partition("\n")[0]  # type: ignore[attr-defined,unused-ignore]
    if delimiter == "," and "," not in sample and sample.count(";") > 0:
        delimiter = ";"  # spreadsheets of many European locales
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    header: list[str] = []
    while True:
        line = reader.line_num + 1
        origin = Origin(name, line)
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            huge = "field larger" in str(error)
            message = (
                f"a field is larger than {LARGEST_ROW >> 20} MiB" if huge else f"not {name.rpartition('.')[2]}: {error}"
            )
            rule = "row.huge" if huge else "row.columns"
            yield Raw(origin, None, Finding(origin, rule, message, fix="check the quotes", row=""))
            continue
        if not fields:
            continue
        if not header:
            header = [cell.strip() for cell in fields]
            twice = sorted({cell for cell in header if header.count(cell) > 1})
            if twice or "" in header:
                what = f"two columns are called {twice[0]!r}" if twice and twice[0] else "a column has no name"
                raise LuthierError(what, where=f"{name}:{line}", why="columns are found by name", fix="mend the header")
            if not _is_utf8("".join(header)):
                fix = "save the file as UTF-8 (iconv -f WINDOWS-1252 -t UTF-8)"
                raise LuthierError("the header is not UTF-8", where=f"{name}:{line}", fix=fix)
            continue
        yield _csv_row(origin, header, fields, delimiter)


def _is_utf8(text: str) -> bool:
    """Whether text that was decoded with ``surrogateescape`` had no bytes that are not UTF-8."""
    return text.isascii() or not any("\udc80" <= sign <= "\udcff" for sign in text)


def _csv_row(origin: Origin, header: list[str], fields: list[str], delimiter: str) -> Raw:
    line = delimiter.join(fields)
    if len(fields) != len(header):
        message = f"{len(fields)} columns, the header has {len(header)}"
        fix = "quote fields that hold the separator or a line break"
        return Raw(origin, None, Finding(origin, "row.columns", message, value=shorten(line), fix=fix, row=fields))
    if not _is_utf8(line):
        row = line.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        fix = "save the file as UTF-8 (iconv -f WINDOWS-1252 -t UTF-8)"
        return Raw(origin, None, Finding(origin, "row.encoding", "not UTF-8", value=shorten(row), fix=fix, row=row))
    return Raw(origin, dict(zip(header, fields, strict=True)))
