"""``luthier init``: what the rows seem to be, how they would become chats, and what to measure.

A proposal is shown with reasons and three rendered rows, to be accepted or edited; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luthier.data.answers import AnswerKind, kind_of
from luthier.data.load import convert, labels_of, read_tables
from luthier.data.sources import files_of
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec, MapSpec
from luthier.records import Example
from luthier.rows import detect, propose_map, read_file

_SHOWN = 3


@dataclass(frozen=True)
class Proposal:
    """What to write into a recipe, and why.

    ``map`` is None where the layout is known. ``target`` is a list for ``evaluate.target``, ``also`` for
    ``evaluate.also``. ``rendered`` are the first three rows as chats.
    """

    shape: str
    reason: str
    map: MapSpec | None
    rows: int
    usable: int
    columns: tuple[str, ...]
    rendered: tuple[dict[str, str], ...]
    target: tuple[dict[str, Any], ...]
    also: tuple[dict[str, Any], ...]
    target_reason: str

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "shape": self.shape,
            "reason": self.reason,
            "map": self.map.model_dump(exclude_defaults=True) if self.map else None,
            "rows": self.rows,
            "usable": self.usable,
            "columns": list(self.columns),
            "rendered": list(self.rendered),
            "target": list(self.target),
            "also": list(self.also),
            "target_reason": self.target_reason,
        }


def propose(sources: Sequence[str], *, folder: Path | None = None, answer_column: str | None = None) -> Proposal:
    """Look at the rows of the sources.

    Raises:
        LuthierError: a file is missing or no data, or no mapping can be proposed.
    """
    where = folder or Path.cwd()
    first = files_of(sources, folder=where)[0]
    if first.path is None:
        raise LuthierError(
            "standard input can be read only once",
            where="-",
            why="the rows are looked at first and read again later",
            fix="save them to a file",
        )
    values = [raw.value for raw in read_file(first) if raw.value is not None]
    shape = detect(values)
    mapping: MapSpec | None = None
    reason = shape.reason
    if not shape.compares and (answer_column is not None or not shape.known):
        mapping, reason = propose_map(values, answer=answer_column)
    spec = DataSpec(source=tuple(sources), map=mapping)
    tables = read_tables(sources, spec, folder=where)
    loaded = convert(tables, spec, labels=labels_of(tables))
    if not loaded.examples:
        raise LuthierError(
            f"none of the {loaded.rows:,} rows can be used",
            where=loaded.errors[0].origin,
            why=loaded.errors[0].message,
            fix=f"luthier check {' '.join(sources)}",
        )
    kind = kind_of(loaded.examples)
    target, also, target_reason = suggest_metrics(kind)
    return Proposal(
        shape="table" if mapping else shape.name,
        reason=reason,
        map=mapping,
        rows=loaded.rows,
        usable=len(loaded.examples),
        columns=shape.fields,
        rendered=tuple(_render(example) for example in loaded.examples[:_SHOWN]),
        target=target,
        also=also,
        target_reason=target_reason,
    )


def suggest_metrics(kind: AnswerKind) -> tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...], str]:
    """Target and side metrics that fit the answers, and the reason."""
    if kind.kind == "label":
        also = ({"kind": "label", "metric": "macro_f1"},)
        return ({"kind": "label"},), also, "the answers are a small set of labels"
    if kind.kind == "json":
        if not kind.fields:
            return ({"kind": "json_fields"},), (), "the answers are JSON: all fields must be right"
        free = tuple({"kind": "rouge_l", "field": name} for name in kind.free[:2])
        reason = f"the answers are JSON; {', '.join(kind.fields)} have few values"
        return ({"kind": "json_fields", "fields": list(kind.fields)},), free, reason
    return ({"kind": "rouge_l"},), (), "the answers are free text"


def _render(example: Example) -> dict[str, str]:
    if example.text is not None:
        return {"origin": str(example.origin or ""), "text": example.text}
    asked = "\n".join(f"{message.role}: {message.content}" for message in example.prompt)
    return {"origin": str(example.origin or ""), "asked": asked, "answer": example.answer}
