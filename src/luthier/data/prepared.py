"""What the stage makes, whatever its rows are: the dataset before it is filed, and the rows of one that was.

Not here: how rows are chosen (``prepare``, ``preferences``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import orjson

from luthier.store.rowfile import is_erased

if TYPE_CHECKING:
    from luthier.store import Artifact

Side = Literal["train", "validation", "test"]
SIDES: tuple[Side, ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class Prepared:
    """A dataset before it is filed. Its rows are examples, pairs or thumbs, all of one kind; ``removed`` and
    ``quarantine`` are JSON rows with rule and reason."""

    train: tuple[Any, ...]
    validation: tuple[Any, ...]
    test: tuple[Any, ...]
    removed: tuple[dict[str, Any], ...]
    quarantine: tuple[dict[str, Any], ...]
    report: dict[str, Any]
    parents: tuple[str, ...]
    scores: tuple[dict[str, Any], ...] = ()


def rows_of(artifact: Artifact, side: Side | str) -> Iterator[dict[str, Any]]:
    """The rows of one side (of an artifact that has no sides: its file ``SIDE.rows.jsonl``) as JSON; erased rows are
    left out."""
    lines = artifact.file(f"{side}.rows.jsonl").read_bytes().splitlines()
    rows = (orjson.loads(line) for line in lines if line.strip())
    return (row for row in rows if not is_erased(row))
