"""Rows of column files: Parquet in slices; Arrow (a file, or the stream that ``save_to_disk`` writes) a shard at once.

The "line" is the row's number. Cells become what JSON would hold. Class labels that Hugging Face stores as numbers get
their names back, from the file's own metadata or from the ``dataset_info.json`` beside it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError
from luthier.records import Origin
from luthier.rows.raw import Raw
from luthier.rows.tried import survives

if TYPE_CHECKING:
    import polars

_SLICE = 4096
Names = Mapping[str, list[str]]


def parquet(name: str, path: Path) -> Iterator[Raw]:
    """Every row of a Parquet file.

    Raises:
        LuthierError: it is not a Parquet file, or it is damaged.
    """
    import polars

    with _translated(name, "Parquet"):
        info = polars.read_parquet_metadata(path).get("huggingface")
        labels = _label_names(info, inside="info")
        frame = polars.scan_parquet(path)
        height = frame.select(polars.len()).collect().item()
        for start in range(0, height, _SLICE):
            yield from _rows(name, frame.slice(start, _SLICE).collect(), labels, start)


def arrow(name: str, path: Path) -> Iterator[Raw]:
    """Every row of an Arrow file or stream; it must fit in memory.

    Raises:
        LuthierError: it is not an Arrow file, or it is damaged.
    """
    import polars

    beside = path.parent / "dataset_info.json"
    labels = _label_names(beside.read_bytes() if beside.is_file() else None)
    with _translated(name, "Arrow"):
        with path.open("rb") as file:
            how = "read_ipc" if file.read(6) == b"ARROW1" else "read_ipc_stream"
        if not survives(how, path):
            raise OSError("it says of itself that it is larger than any memory")
        yield from _rows(name, getattr(polars, how)(path), labels)


@contextmanager
def _translated(name: str, kind: str) -> Iterator[None]:
    """A refusal in words for whatever the library says about a damaged file."""
    import polars

    try:
        yield
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError) as error:
        if isinstance(error, PermissionError):
            raise
        reason = (str(error).splitlines() or ["it is empty"])[0][:160]
        fix = "is it whole? copy or download it again"
        raise LuthierError(f"{name} is not {kind} that can be read", where=name, why=reason, fix=fix) from None


def _rows(name: str, frame: polars.DataFrame, labels: Names, start: int = 0) -> Iterator[Raw]:
    named = {column: names for column, names in labels.items() if column in frame.columns}
    for offset, row in enumerate(frame.iter_rows(named=True)):
        value = {key: _plain(cell) for key, cell in row.items()}
        for column, names in named.items():
            number = value[column]
            if isinstance(number, int) and not isinstance(number, bool):
                value[column] = names[number] if 0 <= number < len(names) else None  # -1 means: no label
        yield Raw(Origin(name, start + offset + 1), value)


def _label_names(info: bytes | str | None, inside: str | None = None) -> Names:
    """Column -> names of its classes, from Hugging Face's description of the features."""
    try:
        described = json.loads(info) if info else {}
        features = (described[inside] if inside and described else described).get("features") or {}
        found = {column: feature.get("names") for column, feature in features.items() if isinstance(feature, dict)}
    except (ValueError, KeyError, AttributeError):
        return {}  # a description that is broken says nothing; the numbers stay
    return {column: names for column, names in found.items() if isinstance(names, list)}


def _plain(value: Any) -> Any:
    """A cell as JSON would hold it."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
