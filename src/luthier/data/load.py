"""Files of rows to examples: the layout of each file, one set of labels for the whole job, findings for the rest.

A file whose layout is not known is refused with a mapping that may fit; single bad rows become findings.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from luthier.errors import LuthierError, did_you_mean
from luthier.recipe.data import DataSpec
from luthier.records import Example
from luthier.rows import (
    Finding,
    Layout,
    Raw,
    Shape,
    SourceFile,
    detect,
    expand,
    join_threads,
    propose_map,
    read_file,
    to_examples,
)
from luthier.rows.convert import label_text
from luthier.rows.mapping import check_columns
from luthier.rows.shape import explicit

MAX_LABELS = 30


@dataclass(frozen=True)
class Table:
    """One file as read: its rows and what they look like. ``sha256`` is that of the file's bytes."""

    file: SourceFile
    raws: tuple[Raw, ...]
    shape: Shape
    rows: int
    sha256: str

    @property
    def parent(self) -> str:
        """The file as a parent of the dataset."""
        return f"source:{self.file.name}#sha256={self.sha256}"


@dataclass(frozen=True)
class Loaded:
    """Examples in reading order, and what was found wrong (errors: the row is not among the examples)."""

    examples: tuple[Example, ...]
    findings: tuple[Finding, ...]
    rows: int

    @property
    def errors(self) -> list[Finding]:
        """Findings whose rows were set aside."""
        return [finding for finding in self.findings if finding.severity == "error"]


def read_tables(sources: Iterable[str], spec: DataSpec, *, folder: Path) -> list[Table]:
    """Every file of the sources with its layout.

    Raises:
        LuthierError: a file cannot be read, has no rows, has an unknown layout, or lacks a column that is named.
    """
    return [_table(file, spec) for file in expand(sources, folder=folder)]


def convert(tables: Sequence[Table], spec: DataSpec, *, labels: tuple[str, ...] = ()) -> Loaded:
    """The rows of the tables as examples; ``labels`` are those of the whole job (see :func:`labels_of`)."""
    examples: list[Example] = []
    findings: list[Finding] = []
    for table in tables:
        layout = Layout(
            shape=table.shape, map=spec.map, system=spec.system, labels=labels,
            group_by=spec.split.group_by, time=spec.split.by_time,
        )  # fmt: skip
        for item in to_examples(table.raws, layout):
            if isinstance(item, Example):
                examples.append(item)
            else:
                findings.append(item)
    return Loaded(tuple(examples), tuple(findings), sum(table.rows for table in tables))


def labels_of(tables: Sequence[Table]) -> tuple[str, ...]:
    """All labels of classification tables, sorted; empty when there are more than 30 (too many to name)."""
    found: set[str] = set()
    for table in tables:
        if table.shape.name == "classification":
            found |= _labels(table.raws, table.shape)
    return tuple(sorted(found)) if len(found) <= MAX_LABELS else ()


def labels_in(raws: Iterable[Raw], shape: Shape) -> tuple[str, ...]:
    """The same for the rows of one file as they are read."""
    found = _labels(raws, shape)
    return tuple(sorted(found)) if len(found) <= MAX_LABELS else ()


def check_columns_named(fields: Collection[str], file: SourceFile, spec: DataSpec) -> None:
    """Refuse a recipe whose split or thread names a column that no row has.

    Raises:
        LuthierError: names the column and the nearest one that is there.
    """
    for key, columns in (("group_by", spec.split.group_by), ("by_time", (spec.split.by_time,))):
        for column in columns:
            if column is not None and fields and column not in fields:
                raise LuthierError(
                    f"no column is called {column!r}",
                    where=file.name,
                    why=f"data.split.{key} names it",
                    fix=did_you_mean(column, fields),
                )
    if spec.thread is not None and fields:
        check_columns(spec.thread, list(fields), where=file.name)


def _labels(raws: Iterable[Raw], shape: Shape) -> set[str]:
    column = shape.columns.get("label", "label")
    return {label_text(raw.value.get(column)) for raw in raws if raw.value is not None} - {""}


def _table(file: SourceFile, spec: DataSpec) -> Table:
    raws = list(read_file(file))
    rows = len(raws)
    fields = Counter(key for raw in raws if raw.value is not None for key in raw.value)
    check_columns_named(fields, file, spec)
    if spec.thread is not None:
        raws = list(join_threads(raws, spec.thread))
    shape = shape_of([raw for raw in raws if raw.value is not None], file, spec)
    return Table(file, tuple(raws), shape, rows, _digest(file, raws))


def shape_of(good: Sequence[Raw], file: SourceFile, spec: DataSpec) -> Shape:
    """The layout of a file's readable rows, by the recipe or by what the first 2,000 look like.

    Raises:
        LuthierError: it is not known, or cannot be trained on.
    """
    values = [raw.value for raw in good[:2000] if raw.value is not None]
    if spec.map is not None:
        shape = detect(values)
        if values:
            check_columns(spec.map, shape.fields, where=file.name)
        return Shape("table", 1.0, "mapped as the recipe says", {}, shape.fields)
    if not values:
        return Shape("text", 0.0, "no row can be read")
    if spec.shape not in ("auto", "table"):
        return explicit(spec.shape, values)
    shape = detect(values)
    if shape.name == "preference":
        raise LuthierError(
            f"these are preference rows ({shape.reason})",
            where=file.name,
            why="supervised fine-tuning learns one answer a row, not which of two is better",
            fix="keep the good answers: data: {map: {prompt: …, completion: chosen}}",
        )
    if shape.known and spec.shape == "auto":
        return shape
    raise LuthierError(
        f"table of unknown shape: fields {', '.join(shape.fields[:12])}{', …' if len(shape.fields) > 12 else ''}",
        where=file.name,
        why="no layout that is known has these fields",
        fix=_suggest(values),
    )


def _suggest(values: Sequence[dict[str, object]]) -> str:
    try:
        proposed, _ = propose_map(values)
    except LuthierError:
        return 'map them with data.map: {prompt: "{{column}}", completion: column}'
    prompt = proposed.prompt.replace("\n", "\\n")
    return f'map them with data.map, perhaps {{prompt: "{prompt}", completion: {proposed.completion}}}'


def _digest(file: SourceFile, raws: Sequence[Raw]) -> str:
    if file.path is not None:
        with file.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    digest = hashlib.sha256()  # standard input is gone once read: its rows stand for it
    for raw in raws:
        digest.update(repr(raw.value if raw.value is not None else raw.problem).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
