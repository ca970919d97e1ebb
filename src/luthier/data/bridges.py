"""New rows that would join two sides of a dataset made before: they are set aside, so that nothing old has to move.

A new row is alike (or of one group or family) with old rows on one side: it goes there. With old rows on two sides: it
is a bridge and is set aside. New rows that are alike among themselves and touch two sides only together are set aside
together. What is set aside does not depend on the order of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from luthier.data.family import ties
from luthier.data.funnel import Loss
from luthier.errors import LuthierError
from luthier.records import Example
from luthier.similar import Groups


class Joined:
    """Which things are joined to which (union-find)."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def root(self, node: int) -> int:
        """The same for all that is joined."""
        while self._parent.setdefault(node, node) != node:
            self._parent[node] = self._parent[self._parent[node]]
            node = self._parent[node]
        return node

    def join(self, one: int, other: int) -> None:
        """From now on these are one."""
        self._parent[self.root(one)] = self.root(other)


def bridges(
    examples: Sequence[Example], found: Groups, component: Sequence[int], sides: Mapping[int, str]
) -> tuple[dict[int, Loss], list[int]]:
    """New rows to set aside, and the components without them. ``sides`` holds the old rows with their sides.

    Raises:
        LuthierError: two old rows on different sides are alike now (another threshold or other groups than before).
    """
    seats: dict[int, set[str]] = defaultdict(set)
    for row, side in sides.items():
        seats[component[row]].add(side)
    torn = {number for number, found_sides in seats.items() if len(found_sides) > 1}
    if not torn:
        return {}, list(component)
    rows = [row for row, number in enumerate(component) if number in torn]
    links = list(_links(examples, found, rows, sides))
    neighbours: dict[int, set[int]] = defaultdict(set)
    for one, other in links:
        neighbours[one].add(other)
        neighbours[other].add(one)
        if one in sides and other in sides and sides[one] != sides[other]:
            raise _torn(examples[one], examples[other], sides[one], sides[other])

    def touched(some: Sequence[int]) -> dict[str, int]:
        """Side -> the first old row there that is alike with one of these rows."""
        first: dict[str, int] = {}
        for old in sorted({old for row in some for old in neighbours[row] if old in sides}):
            first.setdefault(sides[old], old)
        return first

    new = [row for row in rows if row not in sides]
    leave = {row: at for row in new if len(at := touched([row])) > 1}
    clusters = Joined()
    for one, other in links:
        if not any(row in sides or row in leave for row in (one, other)):
            clusters.join(one, other)
    together: dict[int, list[int]] = defaultdict(list)
    for row in new:
        if row not in leave:
            together[clusters.root(row)].append(row)
    for cluster in together.values():
        if len(at := touched(cluster)) > 1:
            leave |= dict.fromkeys(cluster, at)

    stay = Joined()
    for one, other in links:
        if one not in leave and other not in leave:
            stay.join(one, other)
    renumbered = list(component)
    offset = max(component) + 1
    for row in rows:
        renumbered[row] = offset + stay.root(row)
    return {row: _loss(examples, row, at) for row, at in leave.items()}, renumbered


def _links(
    examples: Sequence[Example], found: Groups, rows: Sequence[int], sides: Mapping[int, str]
) -> Iterator[tuple[int, int]]:
    """Pairs of these rows that are alike; of one group or family each row with its first old row a side and the row
    before."""
    inside = np.isin(found.first, np.asarray(rows)) & np.isin(found.second, np.asarray(rows))
    yield from zip(found.first[inside].tolist(), found.second[inside].tolist(), strict=True)
    groups: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        for tie in ties(examples[row]):
            groups[tie].append(row)
    for members in groups.values():
        first: dict[str, int] = {}
        for row in members:
            if row in sides:
                first.setdefault(sides[row], row)
        yield from ((old, row) for old in first.values() for row in members if row != old)
        yield from pairwise([row for row in members if row not in sides])


def _loss(examples: Sequence[Example], row: int, at: Mapping[str, int]) -> Loss:
    (one, first), (other, second) = sorted(at.items())[:2]
    why = f"joins {examples[first].origin} ({one}) and {examples[second].origin} ({other}) of the previous dataset"
    return Loss(examples[row], "split.bridge", why, examples[first])


def _torn(one: Example, other: Example, side: str, other_side: str) -> LuthierError:
    return LuthierError(
        f"two rows of the previous dataset are alike and stand in {side} and in {other_side}",
        where=f"{one.origin} and {other.origin}",
        why="they were not alike when it was made: data.leak_similarity or data.split.group_by was another",
        fix="set these as they were, or leave data.split.previous out (then old rows may move)",
    )
