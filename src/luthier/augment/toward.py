"""Steering toward holes: which combination of properties new rows are still wanted for, and how far each is filled.

A hole is a cell of a coverage table that has too few rows: ``{"name", "cells": {axis: value}, "rows", "wanted"}``. Each
request for new tasks is given one, drawn by what is still missing. A row counts for the hole that it was written for;
whether it has the properties is not judged here (the next coverage table says). A hole that the model cannot fill is
given up, and one whose tasks get alike raises an alarm.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luthier.augment.similar import distinct_pairs
from luthier.errors import LuthierError, UsageError
from luthier.recipe.augment import AlarmSpec

_LEAST = 4


@dataclass(frozen=True, slots=True)
class Hole:
    """A combination of properties with fewer ``rows`` than are ``wanted``."""

    name: str
    cells: Mapping[str, str]
    rows: int
    wanted: int

    @property
    def need(self) -> int:
        """How many rows are missing."""
        return max(0, self.wanted - self.rows)

    @property
    def told(self) -> str:
        """The properties as a prompt names them, on one line."""
        return "; ".join(" ".join(f"{axis}: {value}".split()) for axis, value in self.cells.items())

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "cells": dict(self.cells), "rows": self.rows, "wanted": self.wanted}


def hole_of(value: Any, where: str) -> Hole:
    """A hole from its JSON form.

    Raises:
        LuthierError: it is none.
    """
    cells = value.get("cells") if isinstance(value, Mapping) else None
    numbers = [value.get("rows", 0), value.get("wanted")] if isinstance(value, Mapping) else []
    right = isinstance(cells, Mapping) and cells and all(isinstance(n, int) and n >= 0 for n in numbers)
    if not right or not isinstance(value.get("name"), str) or not value["name"].strip():
        raise LuthierError(
            "this is no hole of a coverage table", where=where,
            fix='write {"name": "…", "cells": {"axis": "value"}, "rows": 3, "wanted": 20}',
        )  # fmt: skip
    assert isinstance(cells, Mapping)
    texts = {str(axis): str(cell) for axis, cell in cells.items()}
    return Hole(value["name"].strip(), texts, value.get("rows", 0), value["wanted"])


def read_holes(path: Path) -> tuple[Hole, ...]:
    """The holes of a coverage file (``{"holes": […]}``) that miss rows, the largest first.

    Raises:
        LuthierError: the file cannot be read, or holds something else.
        UsageError: no hole misses rows.
    """
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LuthierError(f"the coverage file cannot be read: {error}", where=path) from None
    listed = body.get("holes") if isinstance(body, Mapping) else None
    if not isinstance(listed, list):
        raise LuthierError('a coverage file is {"holes": […]}', where=path)
    holes = [hole_of(value, f"{path}: holes[{n}]") for n, value in enumerate(listed)]
    if len({hole.name for hole in holes}) < len(holes):
        raise LuthierError("two holes have one name", where=path, why="rows are counted by it")
    missing = sorted((hole for hole in holes if hole.need), key=lambda hole: (-hole.need, hole.name))
    if not missing:
        raise UsageError("no hole misses rows", where=path, why="there is nothing to steer toward")
    return tuple(missing)


@dataclass(frozen=True)
class Filled:
    """How far a hole is filled. ``asked`` counts requests, ``tasks`` the kept ones; ``state`` is "open", "filled" or
    "given up"; ``alike`` says that its tasks are getting alike."""

    hole: Hole
    asked: int
    tasks: int
    rows: int
    state: str
    alike: bool

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.hole.name, "cells": dict(self.hole.cells), "need": self.hole.need, "rows": self.rows,
            "rate": round(self.rows / self.hole.need, 4), "asked": self.asked, "tasks": self.tasks,
            "state": self.state, "alike": self.alike,
        }  # fmt: skip


class Fills:
    """What the lines of a journal come to for each hole. ``patience`` requests without a kept task give a hole up."""

    def __init__(self, holes: Sequence[Hole], alarm: AlarmSpec, patience: int) -> None:
        self._holes = {hole.name: hole for hole in holes}
        self._alarm, self._patience = alarm, patience
        self._asked: Counter[str] = Counter()
        self._barren: Counter[str] = Counter()
        self._rows: Counter[str] = Counter()
        self._texts: dict[str, list[str]] = defaultdict(list)

    def __bool__(self) -> bool:
        return bool(self._holes)

    def take(self, line: Mapping[str, Any]) -> None:
        """Take one journal line in."""
        kept = [item for item in line.get("kept", ()) if item.get("hole")]
        for name in line.get("holes", ()):
            self._asked[name] += 1
            self._barren[name] += 1
        for item in kept:
            self._texts[item["hole"]].append(item["instruction"])
            self._barren[item["hole"]] = 0
        self._rows.update(made["augmented"]["hole"] for made in line.get("rows", ()) if made["augmented"].get("hole"))

    def missing(self, name: str) -> int:
        """How many rows a hole still wants."""
        return max(0, self._holes[name].need - self._rows[name])

    def draw(self, draw: random.Random) -> Hole | None:
        """A hole to ask for, by what it misses; None where none is open."""
        names = [name for name in self._holes if self._state(name) == "open"]
        if not names:
            return None
        return self._holes[draw.choices(names, weights=[self.missing(name) for name in names])[0]]

    @property
    def closed(self) -> bool:
        """Whether there are holes and none is open."""
        return bool(self._holes) and all(self._state(name) != "open" for name in self._holes)

    @property
    def failed(self) -> bool:
        """Whether none is open and some hole was given up."""
        return self.closed and any(self.missing(name) for name in self._holes)

    def filled(self) -> tuple[Filled, ...]:
        """The figures, in the order of the holes."""
        return tuple(
            Filled(
                hole, self._asked[name], len(self._texts[name]), self._rows[name], self._state(name), self._alike(name)
            )
            for name, hole in self._holes.items()
        )

    def _state(self, name: str) -> str:
        if not self.missing(name):
            return "filled"
        return "given up" if self._barren[name] >= self._patience else "open"

    def _alike(self, name: str) -> bool:
        """A fifth of the alarm's window, because a hole has few tasks: its last ones against its first ones."""
        size, texts = max(_LEAST, self._alarm.window // 5), self._texts[name]
        if len(texts) < 2 * size:
            return False
        return distinct_pairs(texts[-size:]) < self._alarm.distinct * distinct_pairs(texts[:size])
