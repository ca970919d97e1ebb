"""What a model says of rows, kept by the rows' content: what was scored once is never asked again, a killed scoring
goes on, and the same numbers come back.

A folder belongs to one scorer (one model, one way of asking): its name says which. It holds ids and numbers, no text of
a row but a judge's reason. Numbers are rounded, so that the company in which a row was scored does not show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luthier.records import Example, Score
from luthier.similar.vectors import Vectors
from luthier.store.disk import append_line, read_lines

NAME = "scores.jsonl"
DIGITS = 4
Rate = Callable[[Sequence[Example]], list[Score]]
"""Rows to their scores, in their order. A row without a score says why (``Score.value`` is None)."""
Tell = Callable[[int, int], None]
"""(rows scored, rows to score)."""


@dataclass(frozen=True)
class Raters:
    """Who scores rows, and who gives texts vectors, where the recipe asks a model. None: nobody is at hand.

    ``parents`` names them as parents of the dataset.
    """

    likelihood: Rate | None = None
    judge: Rate | None = None
    embed: Callable[[Sequence[str]], Vectors] | None = None
    reward: Rate | None = None
    parents: tuple[str, ...] = ()


NO_RATERS = Raters()


class Kept:
    """Scores of one scorer in a folder. ``missing(rows)`` are those that it would have to ask for."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._scores = {line["id"]: _read(line) for line in read_lines(self._path)}

    def missing(self, rows: Sequence[Example]) -> list[Example]:
        """Rows without a score here, each content once."""
        return list({row.id: row for row in rows if row.id not in self._scores}.values())

    def rate(
        self, rows: Sequence[Example], ask: Rate, *, batch: int, tell: Tell = lambda done, of: None
    ) -> list[Score]:
        """The scores of some rows; ``ask`` is given those that are missing, a batch at a time, each kept on the disk
        before the next is asked."""
        missing = sorted(self.missing(rows), key=lambda row: (len(row.answer) + len(row.asked), row.id))
        for start in range(0, len(missing), batch):
            part = missing[start : start + batch]
            for row, score in zip(part, ask(part), strict=True):
                rounded = rounded_score(score)
                append_line(self._path, _line(row.id, rounded), durable=row is part[-1])
                self._scores[row.id] = rounded
            tell(start + len(part), len(missing))
        return [self._scores[row.id] for row in rows]


def rounded_score(score: Score) -> Score:
    """The score with four digits behind the point."""
    value = None if score.value is None else round(score.value, DIGITS)
    return Score(value, score.reason, {name: round(part, DIGITS) for name, part in score.parts.items()})


def spread(values: Sequence[float]) -> dict[str, float]:
    """How numbers lie: smallest, some percentiles, largest."""
    if not values:
        return {}
    found: NDArray[np.float64] = np.percentile(values, (0, 5, 25, 50, 75, 95, 100))
    names = ("min", "p5", "p25", "p50", "p75", "p95", "max")
    return {name: round(float(value), DIGITS) for name, value in zip(names, found, strict=True)}


def _line(name: str, score: Score) -> dict[str, Any]:
    why = {"why": score.reason} if score.reason else {}
    return {"id": name, "value": score.value, "parts": dict(score.parts), **why}


def _read(line: Mapping[str, Any]) -> Score:
    return Score(line["value"], line.get("why", ""), line["parts"])
