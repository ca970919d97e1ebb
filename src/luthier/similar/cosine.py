"""Which vectors are alike: every pair at or above a cosine, and a greedy choice of vectors that are not.

All pairs are compared, in blocks: O(n² d) multiplications and O(n) memory beside the pairs. 32-bit products only
propose; what is reported was computed again in 64 bits, so no pair is missed and none is guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from luthier.errors import LuthierError
from luthier.similar.encode import Ints
from luthier.similar.join import MOST_PAIRS, Groups
from luthier.similar.vectors import Vectors

_BLOCK = 1024
_SLACK = 1e-5
"""Above the error of a 32-bit product of two vectors of length 1."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of rows with their cosine, sorted by ``second``, then ``first``."""

    first: Ints
    second: Ints
    cosine: NDArray[np.float64]


def alike(vectors: Vectors, threshold: float) -> Pairs:
    """All pairs within one list (first < second) with a cosine at or above the threshold.

    Raises:
        LuthierError: more than 30 million pairs.
    """
    return _pairs(vectors, vectors, threshold, within=True)


def alike_between(vectors: Vectors, others: Vectors, threshold: float) -> Pairs:
    """All pairs of a row of one list and a row of another.

    Raises:
        LuthierError: more than 30 million pairs.
    """
    return _pairs(vectors, others, threshold, within=False)


def cosines(vectors: Vectors, others: Vectors) -> NDArray[np.float64]:
    """Of each row with the row beside it, in 64 bits; rounded where sums of 64 bits differ between machines."""
    made: NDArray[np.float64] = np.einsum("nd,nd->n", vectors, others, dtype=np.float64).round(9)
    return made


def highest(vectors: Vectors, others: Vectors) -> float:
    """The largest cosine between two lists; 0 where one is empty."""
    best = 0.0
    for start in range(0, len(vectors), _BLOCK):
        found = vectors[start : start + _BLOCK] @ others.T
        best = max(best, float(found.max(initial=0.0)))
    return best


def joined(groups: Groups, pairs: Pairs) -> Groups:
    """The same near-duplicates with further links; the Jaccard similarity of these is not known (nan)."""
    first, second = np.concatenate([groups.first, pairs.first]), np.concatenate([groups.second, pairs.second])
    jaccard = np.concatenate([groups.jaccard, np.full(len(pairs.first), np.nan)])
    count = len(groups.component)
    _, once = np.unique(second.astype(np.int64) * max(count, 1) + first, return_index=True)  # sorted, known ones first
    first, second, jaccard = first[once], second[once], jaccard[once]
    links = sparse.coo_matrix((np.ones(len(first), dtype=bool), (first, second)), shape=(count, count))
    _, component = csgraph.connected_components(links, directed=False)
    return Groups(component.astype(np.int64), first, second, jaccard)


def take_unlike(
    vectors: Vectors, threshold: float | None, fits: Callable[[int], bool], full: Callable[[], bool]
) -> tuple[list[int], dict[int, tuple[int, float]], list[int]]:
    """Rows in their order, each taken if its cosine to every row taken before is at most the threshold (DEITA).

    ``fits(row)`` takes a row that is unlike the others into a budget, or says that there is no room; ``full()`` ends
    the walk. Gives the rows taken; those that are too like one, with the nearest row taken and the cosine; and those
    that found no room. O(n · taken · d).
    """
    taken: list[int] = []
    like: dict[int, tuple[int, float]] = {}
    no_room: list[int] = []
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK]
        nearest = np.full(len(block), -1.0)
        who = np.full(len(block), -1, dtype=np.int64)
        within = block @ block.T if threshold is not None else None
        for part in range(0, len(taken), _BLOCK) if threshold is not None else ():
            names = np.asarray(taken[part : part + _BLOCK], dtype=np.int64)
            found = block @ vectors[names].T
            top = found.argmax(axis=1)
            best = found[np.arange(len(block)), top]
            closer = best > nearest
            nearest[closer], who[closer] = best[closer], names[top[closer]]
        for place in range(len(block)):
            row = start + place
            if full():
                no_room += range(row, len(vectors))
                return taken, like, no_room
            if threshold is not None and _above(vectors, row, int(who[place]), float(nearest[place]), threshold):
                like[row] = (int(who[place]), float(nearest[place]))
            elif not fits(row):
                no_room.append(row)
            else:
                taken.append(row)
                if within is not None:
                    closer = within[place] > nearest
                    nearest[closer], who[closer] = within[place][closer], row
    return taken, like, no_room


def _above(vectors: Vectors, row: int, other: int, cosine: float, threshold: float) -> bool:
    if abs(cosine - threshold) > _SLACK or other < 0:
        return cosine > threshold
    return bool(cosines(vectors[row : row + 1], vectors[other : other + 1])[0] > threshold)


def _pairs(vectors: Vectors, others: Vectors, threshold: float, *, within: bool) -> Pairs:
    found: list[tuple[Ints, Ints, NDArray[np.float64]]] = []
    total = 0
    for start in range(0, len(vectors), _BLOCK):
        first_other = start if within else 0
        block = vectors[start : start + _BLOCK]
        for begin in range(first_other, len(others), 8 * _BLOCK):
            near = block @ others[begin : begin + 8 * _BLOCK].T >= threshold - _SLACK
            rows, columns = np.nonzero(near)
            one, two = rows + start, columns + begin
            if within:
                one, two = one[one < two], two[one < two]
            exact = _exact(vectors, others, one, two)
            fine = exact >= threshold
            found.append((one[fine], two[fine], exact[fine]))
            total += int(fine.sum())
            if total > MOST_PAIRS:
                raise _too_many(threshold)
    found.append((np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)))
    first, second, cosine = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((first, second))
    return Pairs(first[order], second[order], cosine[order])


def _exact(vectors: Vectors, others: Vectors, one: Ints, two: Ints) -> NDArray[np.float64]:
    made = [np.zeros(0)]
    made += [cosines(vectors[one[at : at + 65536]], others[two[at : at + 65536]]) for at in range(0, len(one), 65536)]
    return np.concatenate(made)


def _too_many(threshold: float) -> LuthierError:
    return LuthierError(
        f"more than {MOST_PAIRS // 1_000_000} million pairs of rows have a cosine of {threshold:g} or more",
        where="data.dedupe.semantic",
        why="at this threshold most rows are alike",
        fix="raise it, or leave it out",
    )
