"""The rows that a survey studies: every row read and counted, a fixed random sample of them kept.

Rows that compare answers stand for the answer that is good; an answer that somebody disliked is not looked at as one to
learn from. Rows that cannot be used are counted by the rule that says so.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from luthier.data.load import layout_of, own_rows, own_shape, refuse_filters, shape_of
from luthier.data.sources import files_of
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.records import Compared, Example, Thumb
from luthier.rows import Finding, Layout, Raw, Shape, SourceFile, compares, join_threads, read_file, to_examples
from luthier.rows.compare import best_answer, compare_row
from luthier.rows.filter import wanted

_HEAD = 2000
MOST = 50_000


@dataclass(frozen=True)
class Row:
    """``learn`` is false where the answer is one that somebody disliked."""

    example: Example
    learn: bool = True


@dataclass
class Gathered:
    """``rows`` are the sample, in reading order; ``usable`` counts all rows that could be one of them."""

    rows: list[Row] = field(default_factory=list)
    read: int = 0
    usable: int = 0
    filtered: int = 0
    files: list[dict[str, Any]] = field(default_factory=list)
    unusable: Counter[str] = field(default_factory=Counter)
    first: dict[str, list[str]] = field(default_factory=dict)
    """Rule -> the first places of rows that cannot be used."""


def gather(
    sources: Sequence[str],
    spec: DataSpec,
    *,
    folder: Path,
    known: Mapping[str, SourceFile] | None = None,
    most: int = MOST,
) -> Gathered:
    """Read every row of the sources. O(rows) time; memory for ``most`` rows.

    Raises:
        LuthierError: a file is missing, no data, or of unknown layout; or no row can be used.
    """
    out = Gathered()
    rng = random.Random(0)
    kept: list[tuple[int, Row]] = []
    files = files_of(sources, folder=folder, known=known)
    for file in files:
        before = out.read
        raws, shape = _raws(file, spec, out)
        layout = layout_of(file, shape, spec)
        for item in _items(raws, layout):
            if isinstance(item, Finding):
                _count(item, out)
                continue
            out.usable += 1
            if len(kept) < most:
                kept.append((out.usable, item))
            elif (place := rng.randrange(out.usable)) < most:
                kept[place] = (out.usable, item)
        out.files.append({
            "file": file.name, "rows": out.read - before, "shape": layout.shape.name,
            "confidence": layout.shape.confidence, "reason": layout.shape.reason,
        })  # fmt: skip
    if not out.usable:
        if out.filtered == out.read:
            refuse_filters(spec, out.read, files)
        rule = out.unusable.most_common(1)[0][0] if out.unusable else ""
        raise LuthierError(
            f"none of the {out.read:,} rows can be used", where=", ".join(sources),
            why=f"{rule}, first at {out.first[rule][0]}" if rule else "",
            fix=f"luthier check {' '.join(sources)} lists what is wrong",
        )  # fmt: skip
    out.rows = [row for _, row in sorted(kept, key=lambda pair: pair[0])]
    return out


def _raws(file: SourceFile, spec: DataSpec, out: Gathered) -> tuple[Iterator[Raw], Shape]:
    """The rows of a file as the recipe wants them, and their layout."""
    own = file.artifact is not None
    stream = _counted(own_rows(file) if own else read_file(file), out)
    if own:
        return stream, own_shape(file)
    if spec.thread is not None:
        whole = list(stream)
        left = wanted(whole, spec.keep, spec.drop)
        out.filtered += len(whole) - len(left)
        raws: Iterator[Raw] = iter(list(join_threads(left, spec.thread)))
    elif spec.keep or spec.drop:
        raws = _filtered(stream, spec, out)
    else:
        raws = stream
    head = list(islice(raws, _HEAD))
    return chain(head, raws), shape_of([raw for raw in head if raw.value is not None], file, spec)


def _counted(raws: Iterator[Raw], out: Gathered) -> Iterator[Raw]:
    for raw in raws:
        out.read += 1
        yield raw


def _filtered(raws: Iterator[Raw], spec: DataSpec, out: Gathered) -> Iterator[Raw]:
    for raw in raws:
        left = wanted([raw], spec.keep, spec.drop)
        out.filtered += not left
        yield from left


def _items(raws: Iterator[Raw], layout: Layout) -> Iterator[Row | Finding]:
    """Rows, and findings that took a row away."""
    if not compares(layout):
        for item in to_examples(raws, layout):
            if isinstance(item, Example):
                yield Row(item)
            elif item.severity == "error":
                yield item
        return
    for raw in raws:
        for made in compare_row(raw, layout):
            if not isinstance(made, Finding):
                yield _of_compared(made)
            elif made.severity == "error":
                yield made


def _of_compared(made: Compared) -> Row:
    messages = (*made.prompt, *best_answer(made))
    example = Example(messages=messages, tools=made.tools, origin=made.origin, meta=made.meta)
    return Row(example, learn=not isinstance(made, Thumb) or made.good)


def _count(finding: Finding, out: Gathered) -> None:
    out.unusable[finding.rule] += 1
    places = out.first.setdefault(finding.rule, [])
    if len(places) < 5:
        places.append(str(finding.origin))
