"""The coverage matrix, task x length x format x language x edge class, and its holes: what hardly any row shows.

Two kinds of hole. An edge class that the data could have and (nearly) no row has; and a pair of values that are both
frequent but (nearly) never meet: rows of the two were independent, so many would be expected, at least 5 and ten times
what is there. Below that a gap may be chance and is not named. Holes are ranked, and written down for steering.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from luthier.data.axes import LENGTHS
from luthier.data.edges import EDGES
from luthier.text.language import NAMES, UNKNOWN

AXES = ("task", "length", "format", "language", "edge")
PAIRS = (("edge", "task"), ("edge", "language"), ("task", "language"), ("task", "length"), ("edge", "length"))
"""Pairs in which holes are looked for. A format follows from its task, so pairs with it say little."""
EXPECTED = 5.0
"""Rows that chance would give: with 5 expected, none at all comes by chance once in 150 times."""
TIMES = 10.0
WANTED = 0.01
"""Share of all rows that an edge class should have, at least 10 rows and at most 200."""
SPOKEN = 0.01
"""Share of the rows from which a language is one that the data is meant to have."""
MOST_HOLES = 30
PLAIN = "none"
"""The edge of a row that has none."""


@dataclass(frozen=True)
class Cell:
    """Where a row stands: one value an axis, but any number of edge classes."""

    task: str
    length: str
    format: str
    language: str
    edges: tuple[str, ...]

    def values(self, axis: str) -> tuple[str, ...]:
        """Its values on an axis."""
        if axis == "edge":
            return self.edges or (PLAIN,)
        return (str(getattr(self, axis)),)


@dataclass(frozen=True)
class Hole:
    """``cells`` are values by axis; ``wanted`` rows there should be; chance would give ``expected`` of them."""

    name: str
    cells: Mapping[str, str]
    rows: int
    wanted: int
    expected: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form, as steering reads it: values in words, for they stand in a prompt."""
        cells = {axis: title_of(axis, value) for axis, value in self.cells.items()}
        return {"name": self.name, "cells": cells, "rows": self.rows, "wanted": self.wanted}


def title_of(axis: str, value: str) -> str:
    """A value of an axis in words."""
    if axis == "edge":
        return EDGES[value].title if value in EDGES else value
    return NAMES.get(value, value) if axis == "language" else value


def marginals(cells: Sequence[Cell]) -> dict[str, dict[str, int]]:
    """Axis -> value -> rows, most frequent first (lengths by size); edge classes that no row has are there, too."""
    found = {axis: Counter(value for cell in cells for value in cell.values(axis)) for axis in AXES}
    for edge in EDGES:
        found["edge"].setdefault(edge, 0)
    ranked = {axis: dict(sorted(counts.items(), key=_most)) for axis, counts in found.items()}
    ranked["length"] = {name: found["length"][name] for name in LENGTHS if name in found["length"]}
    return ranked


def _most(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def matrix(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Every combination that some row has, most frequent first. A row stands once for each of its edges."""
    joint = Counter(
        (cell.task, cell.length, cell.format, cell.language, edge) for cell in cells for edge in cell.values("edge")
    )
    ordered = sorted(joint.items(), key=lambda item: (-item[1], item[0]))
    return [{**dict(zip(AXES, values, strict=True)), "rows": rows} for values, rows in ordered]


def table(cells: Sequence[Cell], down: str, across: str) -> dict[str, dict[str, int]]:
    """Rows by two axes: value of ``down`` -> value of ``across`` -> rows, zeros left out."""
    joint = Counter((one, other) for cell in cells for one in cell.values(down) for other in cell.values(across))
    out: dict[str, dict[str, int]] = {}
    for (one, other), rows in joint.items():
        out.setdefault(one, {})[other] = rows
    return out


def holes(cells: Sequence[Cell], *, free: bool) -> list[Hole]:
    """What is missing, the most wanted first; ``free``: answers are put in words (labels cannot refuse)."""
    if not cells:
        return []
    edges = [name for name, edge in EDGES.items() if free or not edge.by_answer]
    counts = marginals(cells)
    found = [hole for name in edges if (hole := _of_edge(name, counts, len(cells))) is not None]
    missing = {hole.cells["edge"] for hole in found}
    pairs: list[Hole] = []
    for one, other in PAIRS:
        pairs += _of_pair(cells, counts, one, other, missing, edges)
    pairs.sort(key=lambda hole: (-(hole.expected or 0.0) / (1 + hole.rows), hole.name))
    return [*found, *pairs][:MOST_HOLES]


def _of_edge(name: str, counts: Mapping[str, Mapping[str, int]], total: int) -> Hole | None:
    languages = [code for code, found in counts["language"].items() if code != UNKNOWN and found >= SPOKEN * total]
    if name in ("rtl", "cross_language") and len(languages) < 2:
        return None  # data in one language is no worse for it
    rows = counts["edge"][name]
    wanted = min(200, max(10, math.ceil(WANTED * total)))
    if rows == 0:
        return Hole(EDGES[name].absent, {"edge": name}, 0, wanted)
    if rows < 3 and total >= 100:
        kind = EDGES[name].kind
        return Hole(f"only {rows} {kind} row{'' if rows == 1 else 's'}", {"edge": name}, rows, wanted)
    return None


def _of_pair(
    cells: Sequence[Cell], counts: Mapping[str, Mapping[str, int]], one: str, other: str, missing: set[str],
    edges: Sequence[str],
) -> list[Hole]:  # fmt: skip
    seen = table(cells, one, other)
    out = []
    for left, left_rows in counts[one].items():
        for right, right_rows in counts[other].items():
            if UNKNOWN in (left, right) or PLAIN in (left, right) or "other" in (left, right):
                continue
            if one == "edge" and (left in missing or left not in edges or _follows(left, other, right)):
                continue
            expected = left_rows * right_rows / len(cells)
            rows = seen.get(left, {}).get(right, 0)
            if expected < EXPECTED or rows * TIMES > expected:
                continue
            wanted = max(5, min(200, round(expected)))
            out.append(Hole(_named(one, left, other, right, rows), {one: left, other: right}, rows, wanted, expected))
    return out


def _follows(edge: str, axis: str, value: str) -> bool:
    """Pairs that cannot meet, or only by definition, are no holes."""
    if axis == "length":
        return edge in ("long_input", "empty_input", "small_talk", "ambiguity")
    if axis == "language":
        return edge == "rtl"
    return edge == "code" or (value, edge) in (("tools", "multi_turn"), ("classify", "refusal"))


def _named(one: str, left: str, other: str, right: str, rows: int) -> str:
    kind = EDGES[left].kind if one == "edge" else f"“{left}”"
    where = {
        "language": f"in {title_of(other, right)}", "task": f"among the “{right}” tasks",
        "length": f"of the length {right}" + ("" if right.endswith("words") else " words"),
    }[other]  # fmt: skip
    return f"no {kind} row {where}" if rows == 0 else f"only {rows:,} {kind} row{'' if rows == 1 else 's'} {where}"
