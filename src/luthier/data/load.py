"""Files of rows to examples: the layout of each file, one set of labels for the whole job, findings for the rest.

A file whose layout is not known is refused with a mapping that may fit; single bad rows become findings.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from luthier.data.family import children_of, with_families, with_parents
from luthier.data.sources import files_of
from luthier.errors import LuthierError, did_you_mean
from luthier.recipe.data import DataSpec
from luthier.records import Compared, Example, Message
from luthier.rows import (
    Finding,
    Layout,
    Raw,
    Shape,
    SourceFile,
    compares,
    detect,
    join_threads,
    propose_map,
    read_file,
    to_compared,
    to_examples,
)
from luthier.rows.convert import label_text
from luthier.rows.filter import check_filters, describe, wanted
from luthier.rows.mapping import check_columns
from luthier.rows.shape import explicit
from luthier.store.rowfile import is_erased

MAX_LABELS = 30


@dataclass(frozen=True)
class Table:
    """One file as read: its rows and what they look like.

    ``sha256`` is that of the file's bytes; ``filtered`` rows were ``left_out`` by ``data.keep`` or ``data.drop``.
    """

    file: SourceFile
    raws: tuple[Raw, ...]
    shape: Shape
    rows: int
    sha256: str
    left_out: tuple[Raw, ...] = ()

    @property
    def filtered(self) -> int:
        """How many rows were left out."""
        return len(self.left_out)

    @property
    def parent(self) -> str:
        """The file, or the artifact that it belongs to, as a parent of the dataset."""
        if self.file.artifact is not None:
            return self.file.artifact
        return f"source:{self.file.name}#sha256={self.sha256}"

    @property
    def facts(self) -> dict[str, Any]:
        """The file and what its rows were taken for, for the report."""
        shape = self.shape
        return {
            "file": self.file.name, "name": shape.name, "confidence": round(shape.confidence, 4),
            "reason": shape.reason, "columns": dict(shape.columns),
        }  # fmt: skip


@dataclass(frozen=True)
class Loaded:
    """Examples in reading order, and what was found wrong (errors: the row is not among the examples).

    ``rows`` were read, ``filtered`` of them not wanted.
    """

    examples: tuple[Example, ...]
    findings: tuple[Finding, ...]
    rows: int
    filtered: int = 0

    @property
    def errors(self) -> list[Finding]:
        """Findings whose rows were set aside."""
        return [finding for finding in self.findings if finding.severity == "error"]

    def without(self, erased: Collection[str]) -> tuple[Loaded, int]:
        """The same without rows that were erased on request, and how many these are."""
        if not erased:
            return self, 0
        examples = tuple(example for example in self.examples if example.id not in erased)
        errors = [finding for finding in self.errors if raw_id(finding.row) in erased]
        gone = {finding.origin for finding in errors}
        gone |= {example.origin for example in self.examples if example.id in erased and example.origin}
        findings = tuple(finding for finding in self.findings if finding.origin not in gone)
        return replace(self, examples=examples, findings=findings), len(self.examples) - len(examples) + len(errors)


def raw_id(row: object) -> str:
    """A name of a row as it was read, wherever it stands: rows that never become examples have no other."""
    return hashlib.blake2b(repr(row).encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


@dataclass(frozen=True)
class Judged:
    """Rows that say which answer is better, and what was found wrong; as :class:`Loaded`."""

    examples: tuple[Compared, ...]
    findings: tuple[Finding, ...]
    rows: int


def read_tables(
    sources: Iterable[str],
    spec: DataSpec,
    *,
    folder: Path,
    known: Mapping[str, SourceFile] | None = None,
    supervised: bool = True,
) -> list[Table]:
    """Every file of the sources with its layout; ``supervised`` refuses rows that say which answer is better.

    ``known`` names files of the store; their rows are taken whole. ``data.keep`` and ``data.drop`` leave rows of other
    files out; for a test set, which is never altered, hand in a spec without them.

    Raises:
        LuthierError: a file cannot be read, has no rows, has an unknown layout, or lacks a column that is named.
    """
    files = files_of(sources, folder=folder, known=known)
    tables = [_table(file, spec) if file.artifact is None else _own_table(file) for file in files]
    if not any(table.raws for table in tables):
        refuse_filters(spec, sum(table.rows for table in tables), [table.file for table in tables])
    for table in tables if supervised else ():
        refuse_compared(layout_of(table.file, table.shape, spec), table.file)
    return tables


def refuse_filters(spec: DataSpec, rows: int, files: Sequence[SourceFile]) -> None:
    """Refuse filters, if there are any, that leave nothing.

    Raises:
        LuthierError: says what they ask for.
    """
    if spec.keep or spec.drop:
        raise LuthierError(
            f"the filters leave none of the {rows:,} rows",
            where=", ".join(file.name for file in files[:3]),
            why=f"only rows count whose {describe(spec.keep, spec.drop)}",
            fix="change data.keep or data.drop",
        )


def refuse_compared(layout: Layout, file: SourceFile) -> None:
    """Refuse rows that say which answer is better where one answer is to be learned.

    Raises:
        LuthierError: says how to keep the good ones.
    """
    if compares(layout):
        raise LuthierError(
            f"these are preference rows ({layout.shape.reason})",
            where=file.name,
            why="supervised fine-tuning learns one answer a row, not which of two is better",
            fix="keep the good answers: data: {map: {prompt: …, completion: chosen}}",
        )


def layout_of(file: SourceFile, shape: Shape, spec: DataSpec, labels: tuple[str, ...] = ()) -> Layout:
    """How the rows of a file are read; what the recipe says of columns does not hold for rows that Luthier wrote."""
    if file.artifact is not None:
        return Layout(shape=shape, system=spec.system)
    return Layout(
        shape=shape, map=spec.map, system=spec.system, labels=labels,
        group_by=spec.split.group_by, time=spec.split.by_time,
    )  # fmt: skip


def convert(tables: Sequence[Table], spec: DataSpec, *, labels: tuple[str, ...] = ()) -> Loaded:
    """The rows of the tables as examples; ``labels`` are those of the whole job (see :func:`labels_of`)."""
    examples: list[Example] = []
    findings: list[Finding] = []
    for table in tables:
        if table.file.artifact is not None:
            examples += _own_examples(table, spec)
            continue
        for item in to_examples(table.raws, layout_of(table.file, table.shape, spec, labels)):
            if isinstance(item, Example):
                examples.append(item)
            else:
                findings.append(item)
    filtered = sum(table.filtered for table in tables)
    unwanted = {id(child) for child in children_of(_left_out(tables, spec, labels), examples)} if filtered else set()
    wanted_rows = [example for example in examples if id(example) not in unwanted]
    if spec.split.parents is not None:
        read = {raw.origin: raw.value for table in tables for raw in table.raws if raw.value is not None}
        wanted_rows = list(with_parents(wanted_rows, read, spec.split.parents))
    rows = sum(table.rows for table in tables)
    return Loaded(tuple(with_families(wanted_rows)), tuple(findings), rows, filtered + len(unwanted))


def _left_out(tables: Sequence[Table], spec: DataSpec, labels: tuple[str, ...]) -> list[Example]:
    """The rows that the filters left out, as examples, if there are generated rows that may come from them."""
    if all(table.file.artifact is None for table in tables):
        return []
    return [
        item
        for table in tables
        for item in to_examples(table.left_out, layout_of(table.file, table.shape, spec, labels))
        if isinstance(item, Example)
    ]


def convert_judged(tables: Sequence[Table], spec: DataSpec) -> Judged:
    """The rows of tables that say which answer is better (see :func:`luthier.rows.compares`)."""
    made: list[Compared] = []
    findings: list[Finding] = []
    for table in tables:
        for item in to_compared(table.raws, layout_of(table.file, table.shape, spec)):
            if isinstance(item, Finding):
                findings.append(item)
            else:
                made.append(item)
    return Judged(tuple(made), tuple(findings), sum(table.rows for table in tables))


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


def own_rows(file: SourceFile) -> Iterator[Raw]:
    """The rows of a file that Luthier wrote; erased ones are passed over.

    Raises:
        LuthierError: a line was not written by Luthier.
    """
    for raw in read_file(file):
        if raw.value is not None and is_erased(raw.value):
            continue
        if raw.value is None or not raw.value.get("messages"):
            raise LuthierError(
                f"{file.artifact} holds a line that Luthier did not write", where=raw.origin,
                why="somebody changed the artifact", fix="luthier verify shows what else was changed",
            )  # fmt: skip
        yield raw


def own_shape(file: SourceFile) -> Shape:
    """The layout of such a file: there is none to find out."""
    return Shape("messages", 1.0, f"rows of {file.artifact}", {"messages": "messages", "tools": "tools"})


def _own_table(file: SourceFile) -> Table:
    raws = list(own_rows(file))
    return Table(file, tuple(raws), own_shape(file), len(raws), "")


def _own_examples(table: Table, spec: DataSpec) -> Iterator[Example]:
    for raw in table.raws:
        assert raw.value is not None
        example = Example.from_dict(raw.value)
        messages = example.messages
        if spec.system and messages and messages[0].role != "system":
            messages = (Message("system", spec.system), *messages)
        meta = {**example.meta, "augmented": raw.value.get("augmented", {})}
        yield replace(example, messages=messages, origin=raw.origin, meta=meta)


def check_columns_named(fields: Collection[str], file: SourceFile, spec: DataSpec) -> None:
    """Refuse a recipe whose split, filters or thread name a column that no row has.

    Raises:
        LuthierError: names the column and the nearest one that is there.
    """
    parents = spec.split.parents
    named = () if parents is None else (parents.id, *parents.of)
    for key, columns in (
        ("group_by", spec.split.group_by), ("by_time", (spec.split.by_time,)), ("parents", named)
    ):  # fmt: skip
        for column in columns:
            if column is not None and fields and column not in fields:
                raise LuthierError(
                    f"no column is called {column!r}",
                    where=file.name,
                    why=f"data.split.{key} names it",
                    fix=did_you_mean(column, fields),
                )
    if fields:
        check_filters(spec.keep, spec.drop, list(fields), where=file.name)
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
    digest = _digest(file, raws)
    left_out: list[Raw] = []
    if spec.keep or spec.drop:
        everything, raws = raws, wanted(raws, spec.keep, spec.drop)
        kept = set(map(id, raws))
        left_out = [raw for raw in everything if id(raw) not in kept]
    if spec.thread is not None:
        raws = list(join_threads(raws, spec.thread))
    shape = shape_of([raw for raw in raws if raw.value is not None], file, spec)
    return Table(file, tuple(raws), shape, rows, digest, tuple(left_out))


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
    prompt = (proposed.prompt or "").replace("\n", "\\n")
    return f'map them with data.map, perhaps {{prompt: "{prompt}", completion: {proposed.completion}}}'


def _digest(file: SourceFile, raws: Sequence[Raw]) -> str:
    if file.path is not None:
        with file.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    digest = hashlib.sha256()  # standard input is gone once read: its rows stand for it
    for raw in raws:
        digest.update(repr(raw.value if raw.value is not None else raw.problem).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
