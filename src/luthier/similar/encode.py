"""Texts as sets of integers: a sparse 0/1 matrix with a row a text and a column a shingle that several texts hold.

Two texts share a column exactly when they share a shingle; nothing is hashed, so there are no collisions. A shingle
that one text alone holds has no column: it can make no pair, and most shingles are such. It counts in the set's size.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from luthier.text import normal

Matrix: TypeAlias = Any
"""scipy.sparse.csr_matrix (scipy carries no types)."""
Ints = NDArray[np.integer[Any]]
_TEXTS = 2000
"""Texts whose words are looked up at once."""
_WORK = 4_000_000
"""Products of members made at once: bounds the memory even when every row shares a template."""


@dataclass(frozen=True)
class Sets:
    """The sets of some texts. ``shared`` holds the members that stand in several of all encoded texts, columns from
    rare to common; ``sizes`` counts all members."""

    shared: Matrix
    sizes: Ints

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, rows: Any) -> Sets:
        return Sets(self.shared[rows], self.sizes[rows])

    @property
    def kept(self) -> Ints:
        """How many of its members stand in ``shared``, for each set."""
        counts: Ints = np.diff(self.shared.indptr)
        return counts


def encode(texts: Sequence[str], shingle: int = 3) -> Sets:
    """The sets of shingles of some texts.

    A text of fewer than ``shingle`` words is one shingle of its own; a text without words has none. Takes as long as
    sorting all shingles.
    """
    words, vocabulary = _words(texts, max(1, shingle - 1))
    rows, codes = _runs(words, shingle, vocabulary)
    sizes = np.bincount(rows, minlength=len(texts))
    order = np.argsort(codes)
    in_order = codes[order]
    same = in_order[1:] == in_order[:-1]
    several = np.zeros(len(order), dtype=bool)
    several[1:] |= same
    several[:-1] |= same
    new = np.ones(len(order), dtype=bool)
    new[1:] = ~same
    rows, columns = rows[order[several]].astype(np.int64), np.cumsum(new[several]) - 1
    once = np.unique(columns * len(texts) + rows)  # a shingle counts once a text
    sizes -= np.bincount(rows, minlength=len(texts))
    columns, rows = np.divmod(once, max(1, len(texts)))
    sizes += np.bincount(rows, minlength=len(texts))
    return Sets(_matrix(rows, columns, len(texts)), sizes)


def products(left: Matrix, by_column: Matrix) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Pairs of a row of ``left`` and a column of ``by_column`` that share a member, and how many they share.

    In parts of at most four million products, in the order of the rows of ``left``.
    """
    active = np.flatnonzero(np.diff(left.indptr))
    rows = left[active]
    work = np.cumsum(np.diff(by_column.indptr)[rows.indices])[rows.indptr[1:] - 1] if len(active) else active
    start, done = 0, 0
    while start < len(active):
        stop = max(start + 1, int(np.searchsorted(work, done + _WORK, side="right")))
        found = (rows[start:stop] @ by_column).tocoo()
        yield active[start + found.row], found.col.astype(np.int64), found.data
        start, done = stop, int(work[stop - 1])


def _words(texts: Sequence[str], ends: int) -> tuple[NDArray[np.int32], int]:
    """The words of all texts as numbers from 1, so many zeros behind each text, and how many different words."""
    known: dict[str, int] = defaultdict(count(1).__next__)  # a new word takes the next number
    known[normal.END] = 0
    parts = [np.zeros(0, dtype=np.int32)]
    for start in range(0, len(texts), _TEXTS):
        found = normal.words_of(texts[start : start + _TEXTS], ends)
        parts.append(np.fromiter(map(known.__getitem__, found), dtype=np.int32, count=len(found)))
    return np.concatenate(parts), len(known) - 1


def _runs(words: NDArray[np.int32], shingle: int, vocabulary: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Row and code of every run of ``shingle`` words; a shorter text is one run, filled up with the zeros behind it.

    As many zeros as stand behind a text, no run reaches from one text into the next.
    """
    gap = max(1, shingle - 1)
    last = len(words) - shingle + 1
    inside = words[: max(0, last)] > 0
    opens = np.ones(len(inside), dtype=bool)
    opens[1:] = ~inside[:-1]
    starts = np.flatnonzero(inside & (opens | (words[shingle - 1 :] > 0)))
    rows = (np.cumsum(words == 0, dtype=np.int32) // gap)[starts]
    codes, bound = words[starts].astype(np.int64), vocabulary + 1
    for offset in range(1, shingle):
        if bound * (vocabulary + 1) >= 2**63:  # renumbered, so that no two runs get one code
            found, codes = np.unique(codes, return_inverse=True)
            bound = len(found)
        codes = codes * (vocabulary + 1) + words[starts + offset]
        bound *= vocabulary + 1
    return rows, codes


def _matrix(rows: Ints, columns: Ints, count: int) -> Matrix:
    """The members that more than one text holds, columns from rare to common."""
    frequency = np.bincount(columns)
    several = np.flatnonzero(frequency > 1)
    rank = np.full(len(frequency), -1)
    rank[several[np.argsort(frequency[several], kind="stable")]] = np.arange(len(several))
    kept = rank[columns] >= 0
    rows, columns = rows[kept], rank[columns[kept]]
    ones = np.ones(len(rows), dtype=np.int32)
    matrix = sparse.csr_matrix((ones, (rows, columns)), shape=(count, max(len(several), 1)))
    matrix.sort_indices()
    return matrix
