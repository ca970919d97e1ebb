"""``luthier check``: look at every row, change nothing, say everything.

Rows are read with the layout of their file and checked by the same code that prepares them. A file is streamed: what is
kept is eight bytes a row and the first findings of each rule, so memory stays flat; files of JSON lines are read by
several processes. Only threads (``data.thread``), whose chats are joined across the file, are read whole. Leaks and
splits are the business of preparing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from luthier.data import twins
from luthier.data.answers import AnswerKind, kind_of
from luthier.data.load import (
    check_columns_named,
    labels_in,
    layout_of,
    own_rows,
    own_shape,
    refuse_compared,
    refuse_filters,
    shape_of,
)  # fmt: skip
from luthier.data.mended import MendedFile, beside
from luthier.data.render import Renderer
from luthier.data.scan import KEPT, Keyed, Look, Scan, Seen
from luthier.data.sources import files_of
from luthier.data.sweep import again, by_blocks, by_rows, rows_at
from luthier.models.encoder import processors
from luthier.recipe.data import DataSpec, PersonalKind
from luthier.records import Example, Origin
from luthier.rows import (
    RULES,
    Finding,
    Layout,
    Raw,
    Shape,
    SourceFile,
    compares,
    join_threads,
    read_file,
    to_examples,
)  # fmt: skip
from luthier.rows.blocks import Block, has_lines
from luthier.rows.compare import check_balance
from luthier.rows.filter import wanted
from luthier.rows.finding import shorten
from luthier.rows.signs import Mended

Place = tuple[int, int]
"""A row: the number of its file, and its line."""
HEAD = 2000
"""Rows from which the layout and the kind of answers are told."""


@dataclass(frozen=True)
class CheckReport:
    """What was found. ``counts`` covers every finding; ``findings`` holds the first thousand of each rule."""

    rows: int
    usable: int
    files: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]
    mended: tuple[tuple[Origin, Mended], ...] = ()
    mended_rows: int = 0
    written: Mapping[str, int] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """Rows that would be set aside."""
        return sum(number for rule, number in self.counts.items() if RULES[rule].severity == "error")

    @property
    def warnings(self) -> int:
        """Oddities in rows that would be used."""
        return sum(self.counts.values()) - self.errors

    def to_dict(self) -> dict[str, Any]:
        """JSON form for ``--json``."""
        return {
            "rows": self.rows, "usable": self.usable, "errors": self.errors, "warnings": self.warnings,
            "files": list(self.files), "counts": dict(self.counts), "findings": [f.to_dict() for f in self.findings],
            "findings_left_out": sum(self.counts.values()) - len(self.findings), "mended_rows": self.mended_rows,
            "written": dict(self.written),
        }  # fmt: skip

    def render(self, limit: int = 20) -> list[str]:
        """Lines for the terminal: files, the first findings, then how many of each rule."""
        lines = [f"{f['file']}: {f['rows']:,} rows{_left_out(f['filtered'])} · {f['reason']}" for f in self.files]
        ordered = sorted(self.findings, key=lambda finding: finding.severity != "error")
        lines += [line for finding in ordered[:limit] for line in finding.render().splitlines()]
        more = sum(self.counts.values()) - min(limit, len(ordered))
        if more:
            lines.append(f"… and {more:,} more (--limit {limit + more} shows all that are kept)")
        lines += [f"  {number:>6,}  {rule:<20} {RULES[rule].what}" for rule, number in self.counts.items()]
        lines.append(f"{self.usable:,} of {self.rows:,} rows can be used")
        return lines

    def wrote(self, out: Path) -> list[str]:
        """What ``--fix`` wrote."""
        lines = [f"{self.written['rows']:,} rows in {out}, {self.mended_rows:,} of them mended"]
        if aside := self.written["quarantined"]:
            lines.append(f"{aside:,} rows in {beside(out)}, each with its reason")
        return lines

    def diff(self, limit: int = 20) -> list[str]:
        """What ``--fix`` does, text by text: the line before, the line after."""
        lines: list[str] = []
        for origin, one in self.mended[:limit]:
            before, after = _around(one.before, one.after)
            lines += [f"{origin}  {one.path}  [{', '.join(one.rules)}]", f"- {before}", f"+ {after}"]
        if len(self.mended) > limit:
            lines.append("… and more (--limit shows more of them)")
        rows = f"{self.mended_rows:,} row{'' if self.mended_rows == 1 else 's'}"
        return [*lines, f"{rows} can be mended without guessing" if self.mended_rows else "nothing to mend by itself"]


def check(
    sources: Sequence[str],
    spec: DataSpec | None = None,
    *,
    folder: Path | None = None,
    known: Mapping[str, SourceFile] | None = None,
    render: Renderer | None = None,
    mend: bool = False,
    mend_to: Path | None = None,
    workers: int | None = None,
    compared: bool = False,
) -> CheckReport:
    """Check every row of the sources (and of the spec's test set, if it has one).

    Files may hold preference rows, unless a spec is given and they are not ``compared``: then each must hold what is
    to be learned.

    Args:
        known: names of files of the store among the sources.
        render: render each row through a base's chat template too (slower: every row is tokenised).
        mend: tell what can be mended; nothing is written.
        mend_to: write the usable rows of the sources, mended, to this file, and the others beside it.
        workers: processes for large files of JSON lines; as many as there are processors, at most four.

    Raises:
        LuthierError: a file is missing, no data, or of unknown layout; or ``mend_to`` is one of the sources.
    """
    supervised = spec is not None and not compared
    spec = spec or DataSpec(source=tuple(sources))
    where = folder or Path.cwd()
    files = files_of(sources, folder=where, known=known)
    tests = files_of(spec.test, folder=where) if spec.test else []
    whole = _Whole(render, mend=mend or mend_to is not None, workers=workers or min(4, processors()))
    out = MendedFile(mend_to, files) if mend_to is not None else None
    try:
        for file in files:
            whole.read(file, spec, out, supervised=supervised)
        if not whole.taken:
            refuse_filters(spec, whole.rows, files)
        for file in tests:
            whole.read(file, spec.unfiltered(), None, supervised=supervised)
        report = whole.report(out.commit() if out is not None else {})
    finally:
        if out is not None:
            out.close()
    return report


class _Whole:
    """What is known of all files so far."""

    def __init__(self, render: Renderer | None, *, mend: bool, workers: int) -> None:
        self._render, self._mend, self._workers = render, mend, workers
        self.rows, self.taken = 0, 0
        """Rows read, and those that the filters left."""
        self._seen = Seen()
        self._files: list[tuple[SourceFile, Look, int, int]] = []
        """With the rows read, and those of them that the filters left out."""
        self._blocks: dict[int, list[Block]] = {}
        """Of files of JSON lines, by number."""
        self._kept: dict[int, list[Raw]] = {}
        """Rows of files that cannot be read again as they are: threads, standard input."""
        self._ends: list[int] = []
        self._kind: AnswerKind | None = None

    def read(self, file: SourceFile, spec: DataSpec, out: MendedFile | None, *, supervised: bool) -> None:
        """Every row of a file."""
        stream = _Counted(own_rows(file) if file.artifact is not None else read_file(file))
        raws: Iterable[Raw] = stream
        filtered = 0
        own, joins = file.artifact is not None, spec.thread is not None and file.artifact is None
        filters = not own and bool(spec.keep or spec.drop)
        if joins or own or file.path is None:
            kept = list(raws)
            if not own:
                check_columns_named(_fields(kept), file, spec)
            kept = wanted(kept, spec.keep, spec.drop) if filters else kept
            filtered = stream.count - len(kept)
            if spec.thread is not None and joins:
                kept = list(join_threads(kept, spec.thread))
            raws = self._kept[len(self._files)] = kept
        elif filters:
            first = list(islice(stream, HEAD))
            check_columns_named(_fields(first), file, spec)
            raws = _wanted(chain(first, stream), spec)
        raws = iter(raws)
        head = list(islice(raws, HEAD))
        good = [raw for raw in head if raw.value is not None]
        if not (joins or own or filters):
            check_columns_named(_fields(good), file, spec)
        shape = own_shape(file) if own else shape_of(good, file, spec)
        layout = layout_of(file, shape, spec, self._labels(shape, file))
        if supervised:
            refuse_compared(layout, file)
        look = Look(layout, self._kind_of(good, layout), _kinds(spec), self._render, mend=self._mend)
        by_lines = len(self._files) not in self._kept and not filters and has_lines(file)
        here = Seen()
        found = self._blocks[len(self._files)] = []
        parts = by_blocks(file, look, self._workers, found) if by_lines else by_rows(chain(head, raws), look)
        for seen in parts:
            if out is not None:
                out.take(seen)
            here.join(seen)
        for finding in check_balance(here.thumbs):
            here.add(finding)
        rows = here.rows if by_lines else stream.count
        if filters and len(self._files) not in self._kept:
            filtered = rows - here.rows
        self.taken += here.rows
        self.rows += rows
        self._seen.join(here)
        self._files.append((file, look, rows, filtered))
        self._ends.append(sum(map(len, self._seen.lines)))

    def report(self, written: Mapping[str, int]) -> CheckReport:
        """Everything, with the rows that equal or contradict each other."""
        seen = self._seen
        counts, findings = Counter(seen.counts), list(seen.findings)
        for rule, count, found in self._twins():
            counts[rule] += count
            findings += found
            seen.usable -= count if RULES[rule].severity == "error" else 0
        files = tuple(
            {
                "file": f.name, "rows": rows, "filtered": filtered,
                "shape": look.layout.shape.name, "reason": look.layout.shape.reason,
            }
            for f, look, rows, filtered in self._files
        )
        ordered = {rule: number for rule, number in counts.most_common() if number}
        return CheckReport(
            self.rows, seen.usable, files, tuple(findings), ordered, tuple(seen.mended), seen.mended_rows, written
        )

    def _kind_of(self, good: Sequence[Raw], layout: Layout) -> AnswerKind:
        """What the answers are, told from the first file of answers to learn."""
        if self._kind is None and not compares(layout):
            self._kind = kind_of([item for item in to_examples(good, layout) if isinstance(item, Example)])
        return self._kind or kind_of([])

    def _labels(self, shape: Shape, file: SourceFile) -> tuple[str, ...]:
        if self._render is not None and shape.name == "classification":  # they stand in the system message
            return labels_in(read_file(file), shape)
        return ()

    def _twins(self) -> Iterator[tuple[str, int, list[Finding]]]:
        """Rows that repeat or contradict others: the rule, how many, and the first of them."""
        if not self._seen.sieves or self._kind is None:
            return
        suspects = twins.suspects(np.concatenate(self._seen.sieves))
        lines = np.concatenate(self._seen.lines)[suspects]
        ends = np.searchsorted(suspects, self._ends)
        parts: list[tuple[int, Keyed]] = []
        for place, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
            parts += ((place, part) for part in self._compared(place, set(lines[start:end].tolist())))
        if not parts:
            return
        files = np.concatenate([np.full(len(part.lines), place) for place, part in parts])
        found = [np.concatenate([getattr(part, name) for _, part in parts]) for name in _COLUMNS]
        at, groups, same, verdicts = found
        decided = self._kind.kind == "label" or bool(self._kind.fields)
        repeated, varying = twins.repeated(same, most=KEPT), twins.conflicting(groups, verdicts, most=KEPT)
        places = list(zip(files.tolist(), at.tolist(), strict=True))
        asked = self._asked({places[row] for row in (*repeated.rows, *varying.rows)})
        for rule, twin in (("row.duplicate", repeated), ("label.conflict" if decided else "answer.varies", varying)):
            pairs = [(places[row], places[other]) for row, other in zip(twin.rows, twin.partners, strict=True)]
            yield rule, twin.count, list(self._told(rule, pairs, asked))

    def _compared(self, place: int, lines: set[int]) -> Iterator[Keyed]:
        file, look, *_ = self._files[place]
        if lines and place in self._kept:
            yield Scan(look).compare(raw for raw in self._kept[place] if raw.origin.line in lines)
        elif lines:
            yield from again(file, look, lines, self._workers, self._blocks[place])

    def _told(self, rule: str, pairs: Sequence[tuple[Place, Place]], asked: Mapping[Place, str]) -> Iterator[Finding]:
        known = RULES[rule]
        for row, (other, line) in pairs:
            partner = Origin(self._files[other][0].name, line)
            message = f"the same as {partner}" if rule == "row.duplicate" else f"another answer stands at {partner}"
            origin = Origin(self._files[row[0]][0].name, row[1])
            yield Finding(origin, rule, message, "", known.severity, asked.get(row, ""), known.fix)

    def _asked(self, rows: set[Place]) -> dict[Place, str]:
        """The questions of some rows, read again."""
        found: dict[Place, str] = {}
        for place, (file, look, *_) in enumerate(self._files):
            lines, scan = {line for number, line in rows if number == place}, Scan(look)
            kept = self._kept.get(place)
            at = rows_at(file, lines, self._blocks[place]) if kept is None else kept
            for raw in (raw for raw in at if raw.origin.line in lines) if lines else ():
                if (asked := scan.asked(raw)) is not None:
                    found[place, raw.origin.line] = shorten(asked)
        return found


class _Counted:
    """Rows as they come, and how many came."""

    def __init__(self, raws: Iterable[Raw]) -> None:
        self._raws, self.count = iter(raws), 0

    def __iter__(self) -> Iterator[Raw]:
        return self

    def __next__(self) -> Raw:
        raw = next(self._raws)
        self.count += 1
        return raw


def _left_out(rows: int) -> str:
    return f", {rows:,} of them left out by data.keep or data.drop" if rows else ""


def _fields(raws: Iterable[Raw]) -> set[str]:
    return {key for raw in raws for key in raw.value or ()}


def _wanted(raws: Iterable[Raw], spec: DataSpec) -> Iterator[Raw]:
    for raw in raws:
        yield from wanted([raw], spec.keep, spec.drop)


def _kinds(spec: DataSpec) -> tuple[PersonalKind, ...]:
    return () if spec.personal.kind == "keep" else spec.personal.find


_COLUMNS = ("lines", "groups", "twins", "verdicts")


def _around(before: str, after: str) -> tuple[str, str]:
    """Both texts from a little before the first difference on, on one line each, blanks shown."""
    at = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after)))
    start = max(0, at - 24)
    head = "…" if start else ""
    return tuple(head + repr(text[start : start + 96])[1:-1] for text in (before, after))  # type: ignore[return-value]
