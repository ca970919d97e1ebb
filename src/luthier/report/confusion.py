"""Confusion matrices: true classes down, said ones across, darker where there are more; the base beside what ships."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from luthier.report.figures import cut, esc
from luthier.report.shapes import heat
from luthier.report.tables import table

MOST = 16
"""Classes in a picture; of more, those that are confused most are drawn."""
NONE = "no class"
_LONGEST = 24
_REST, _NONE = "\0rest", "\0none"
"""Columns that no class can have the name of."""
_PAIRS = 12
_TITLES = {"base": "base", "tuned": "tuned"}


def confusions(found: Mapping[str, Mapping[str, Any]]) -> str:
    """A section for each classification; empty if there is none."""
    made = "".join(_classification(what, systems) for what, systems in found.items())
    return f'<div class="confusion">{made}</div>' if made else ""


def _classification(what: str, systems: Mapping[str, Any]) -> str:
    last = systems.get("tuned") or next(iter(systems.values()))
    shown = _drawn(last["labels"], last["counts"])
    pictures = "".join(
        f"<h4>{esc(_TITLES.get(name, name))}</h4>{_picture(one['labels'], one['counts'], shown)}"
        for name, one in systems.items()
    )
    count = len(last["labels"])
    some = f"; the {len(shown)} of {count:,} classes with the most errors" if len(shown) < count else ""
    note = f"True class down, said class across{some}. Answers that are no class stand in the last column."
    return f'<h3>{esc(what)}</h3><p class="note">{note}</p>{pictures}{_worst(last["labels"], last["counts"])}'


def _drawn(labels: list[str], counts: list[list[int]]) -> list[int]:
    """Numbers of the classes in the picture, in order."""
    if len(labels) <= MOST:
        return list(range(len(labels)))
    wrong = [sum(row) - row[i] + sum(other[i] for other in counts) - row[i] for i, row in enumerate(counts)]
    return sorted(sorted(range(len(labels)), key=lambda i: -wrong[i])[:MOST])


def _picture(labels: list[str], counts: list[list[int]], shown: list[int]) -> str:
    names = [labels[i] for i in shown]
    across = [*names, *([_REST] if len(shown) < len(labels) else []), _NONE]
    cells: dict[str, dict[str, int]] = {}
    for i in shown:
        row = {labels[j]: counts[i][j] for j in shown}
        row[_REST] = sum(counts[i][j] for j in range(len(labels)) if j not in shown)
        cells[labels[i]] = {**row, _NONE: counts[i][-1]}
    titles = {**{name: cut(name, _LONGEST) for name in names}, _REST: "other classes", _NONE: NONE}
    return heat(cells, names, across, titles, ())


def _worst(labels: list[str], counts: list[list[int]]) -> str:
    """The pairs that are confused most, with how often."""
    said = [*labels, NONE]
    pairs = [
        (n, labels[i], said[j], sum(row)) for i, row in enumerate(counts) for j, n in enumerate(row) if n and i != j
    ]
    if not pairs:
        return ""
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    rows = [(truth, taken, f"{n:,} of {of:,}") for n, truth, taken, of in pairs[:_PAIRS]]
    told = table(rows, ("is", "was taken for", "how often"))
    return f"<details><summary>what is confused most by the tuned model</summary>{told}</details>"
