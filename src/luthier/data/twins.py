"""Rows that equal or contradict each other, in a whole file, without keeping any text.

First from eight bytes a row: only rows whose question shares a 32-bit number with another row's are suspected. These
are read again and compared by 64-bit keys of their normalised texts; a false match among a million suspects has a
chance of one in tens of millions. Sorting takes n log n steps and 16 bytes a row more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Twins:
    """How many rows are such, and for the first of them the row and the one it is told with, by number."""

    count: int
    rows: tuple[int, ...]
    partners: tuple[int, ...]


def suspects(sieves: NDArray[np.uint32]) -> Ints:
    """Rows, in their order, that share their number with another row."""
    in_order = np.sort(sieves)
    shared = in_order[1:][in_order[1:] == in_order[:-1]]
    begins = np.zeros(1 << 20, dtype=bool)  # which beginnings they have: few others do, and these are found fast
    begins[shared >> 12] = True
    maybe = np.flatnonzero(begins[sieves >> 12])
    return maybe[np.isin(sieves[maybe], shared)]


def repeated(twins: NDArray[np.uint64], *, most: int) -> Twins:
    """Rows whose question and answer stand in an earlier row."""
    order, starts = _runs(twins)
    lengths = np.diff(np.append(starts, len(order)))
    later = np.ones(len(order), dtype=bool)
    later[starts] = False
    count = int(later.sum())
    places = np.flatnonzero(later)
    rows = order[places]
    first = np.argsort(rows, kind="stable")[:most]
    run = np.repeat(np.arange(len(starts)), lengths)[places[first]] if count else np.zeros(0, dtype=np.int64)
    return Twins(count, tuple(rows[first].tolist()), tuple(order[starts[run]].tolist()))


def conflicting(groups: NDArray[np.uint64], verdicts: NDArray[np.uint64], *, most: int) -> Twins:
    """Rows whose question stands in another row with another verdict."""
    order, starts = _runs(groups)
    if not len(order):
        return Twins(0, (), ())
    said = verdicts[order]
    lengths = np.diff(np.append(starts, len(order)))
    differ = np.minimum.reduceat(said, starts) != np.maximum.reduceat(said, starts)
    count = int(lengths[differ].sum())
    found: dict[int, int] = {}
    for run in np.flatnonzero(differ)[np.argsort(order[starts[differ]], kind="stable")].tolist():
        members = slice(starts[run], starts[run] + lengths[run])
        here, verdict = order[members], said[members]
        other = int(here[int(np.argmax(verdict != verdict[0]))])
        for row, own in zip(here[:most].tolist(), verdict[:most].tolist(), strict=True):
            found[row] = int(here[0]) if own != verdict[0] else other
        if len(found) >= most:
            break
    kept = sorted(found)[:most]
    return Twins(count, tuple(kept), tuple(found[row] for row in kept))


def _runs(keys: NDArray[np.uint64]) -> tuple[Ints, Ints]:
    """The rows in the order of their keys (equal keys in the order of rows), and where each run of equals starts."""
    order = np.argsort(keys, kind="stable")
    in_order = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], in_order[1:] != in_order[:-1]])) if len(keys) else order
    return order, starts
