"""Texts as sets of integers: a sparse 0/1 matrix with a row a text and a column a shingle that several texts hold.

Two texts share a column exactly when they share a shingle: hashes only propose which are equal, and the words decide. A
shingle that one text alone holds has no column: it can make no pair, and most shingles are such. It counts in the
set's size.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from luthier.similar.grams import U64, mixed
from luthier.text import normal

Matrix: TypeAlias = Any
"""scipy.sparse.csr_matrix (scipy carries no types)."""
Ints = NDArray[np.integer[Any]]
_TEXTS = 2000
"""Texts whose words are looked up at once."""
_RUNS = 8_000_000
"""Runs of words sorted at once, about: eight bytes each."""
_SHARES = 4
"""Shares of the hashes held at once; the words are hashed once for all of them."""
_CHUNK = 1 << 15
"""Places hashed at once: what stays in the cache of a processor."""
_FACTOR = np.uint64(0x5851F42D4C957F2D)
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
    sorting one number a word, and four bytes of memory a word beside the shingles that stand in several places.
    """
    gap = max(1, shingle - 1)
    words, lengths = _words(texts, gap)
    sizes = np.where(lengths > 0, np.maximum(lengths - shingle + 1, 1), 0)
    repeated = _repeated(words, shingle)
    del words
    bounds = np.concatenate([[0], np.searchsorted(repeated, np.cumsum(lengths + gap) << 32)])
    columns = repeated.astype(np.int32)  # the lower half
    del repeated
    ones, width = np.ones(len(columns), dtype=np.int32), int(columns.max(initial=0)) + 1
    matrix = sparse.csr_matrix((ones, columns, bounds), shape=(len(texts), width))
    matrix.sum_duplicates()  # a shingle counts once a text
    sizes -= np.diff(bounds) - np.diff(matrix.indptr)
    return Sets(_rare_first(matrix), sizes)


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


def _words(texts: Sequence[str], gap: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The words of all texts as numbers from 1, ``gap`` zeros behind each text, and how many words each text has."""
    known: dict[str, int] = defaultdict(count(1).__next__)  # a new word takes the next number
    known[normal.END] = 0
    flat = array("i")  # grows in place: the words of a million texts are never held twice
    for start in range(0, len(texts), _TEXTS):
        found = normal.words_of(texts[start : start + _TEXTS], gap)
        flat.frombytes(np.fromiter(map(known.__getitem__, found), dtype=np.int32, count=len(found)).tobytes())
    words = np.asarray(flat, dtype=np.int32)
    ends = np.flatnonzero(words == 0)[gap - 1 :: gap]
    return words, np.diff(ends, prepend=-1) - gap


def _repeated(words: NDArray[np.int32], shingle: int) -> NDArray[np.int64]:
    """The shingles that stand in several places: the place in the upper half of each number, sorted by it, and in the
    lower half which shingle it is.

    Hashes find the runs that may be equal, and their words are compared. Hash and place make one 64-bit number, so that
    sorting moves eight bytes a run and nothing is looked up; a share of the hashes at a time bounds their memory.
    """
    bits = (len(words) // _RUNS).bit_length()
    found, numbered = [np.zeros(0, dtype=np.int64)], 0
    for first in range(0, 1 << bits, _SHARES):
        for keys in _keys(words, shingle, bits, range(first, min(first + _SHARES, 1 << bits))):
            keys.sort()
            places, new = _equal(words, shingle, keys)
            found.append(places << 32 | (np.cumsum(new) - 1 + numbered))
            numbered += int(new.sum())
    together = np.concatenate(found)
    together.sort()
    return together


def _keys(words: NDArray[np.int32], shingle: int, bits: int, shares: range) -> Iterator[U64]:
    """The runs of each of some of the ``1 << bits`` shares: above the hash, in the lowest bits the place.

    A run is ``shingle`` words, or a shorter text with the zeros behind it: as many stand there as no run can cross.
    """
    place_bits = np.uint64(len(words).bit_length())
    parts: list[list[U64]] = [[np.zeros(0, dtype=np.uint64)] for _ in shares]
    last = len(words) - shingle + 1
    for start in range(0, last, _CHUNK):
        stop = min(last, start + _CHUNK)
        part = words[start : stop + shingle - 1]
        inside, opens = part[: stop - start] > 0, np.ones(stop - start, dtype=bool)
        opens[1:] = ~inside[:-1]
        opens[0] = start == 0 or words[start - 1] == 0
        kept = inside & (opens | (part[shingle - 1 :] > 0))
        hashed = np.zeros(stop - start, dtype=np.uint64)
        for offset in range(shingle):
            hashed = hashed * _FACTOR + part[offset : offset + stop - start].astype(np.uint64)
        hashed = mixed(hashed)
        share = hashed >> np.uint64(64 - bits) if bits else None
        keys = hashed << np.uint64(bits) >> place_bits << place_bits
        keys |= np.arange(start, stop, dtype=np.uint64)
        for number, held in zip(shares, parts, strict=True):
            held.append(keys[kept if share is None else kept & (share == number)])
    while parts:  # each share's parts are let go before the next is put together
        yield np.concatenate(parts.pop(0))


def _equal(words: NDArray[np.int32], shingle: int, keys: U64) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Places of runs that have an equal one, equal ones together, and where another run begins."""
    place_bits = np.uint64(len(words).bit_length())
    hashed = keys >> place_bits
    keys = keys[_joined(np.append(True, hashed[1:] != hashed[:-1]))] if len(keys) else keys
    hashed, places = keys >> place_bits, (keys & (np.uint64(1) << place_bits) - np.uint64(1)).astype(np.int64)
    new = np.ones(len(keys), dtype=bool)
    new[1:] = hashed[1:] != hashed[:-1]
    clash = _differ(words, shingle, places) & ~new
    if clash.any():  # different runs of one hash: put in order by their words
        group = np.cumsum(new) - 1
        among = np.flatnonzero(np.isin(group, group[clash]))
        runs = [words[places[among] + offset] for offset in range(shingle)]
        places[among] = places[among][np.lexsort([*runs, group[among]])]
        new[among] |= _differ(words, shingle, places[among])  # of each group the first is new already
        kept = _joined(new)
        places, new = places[kept], new[kept]
    return places, new


def _differ(words: NDArray[np.int32], shingle: int, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the run at each place differs from the one at the place before it."""
    found = np.ones(len(places), dtype=bool)
    found[1:] = False
    for offset in range(shingle):
        there = words[places + offset]
        found[1:] |= there[1:] != there[:-1]
    return found


def _joined(new: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether each belongs to a group of several, where ``new`` says that a group begins."""
    joined: NDArray[np.bool_] = ~(new & np.append(new[1:], True))
    return joined


def _rare_first(matrix: Matrix) -> Matrix:
    """The members that more than one text holds, columns from rare to common."""
    frequency = np.bincount(matrix.indices)
    several = np.flatnonzero(frequency > 1)
    rank = np.full(len(frequency), -1, dtype=np.int32)
    rank[several[np.argsort(frequency[several], kind="stable")]] = np.arange(len(several))
    columns = rank[matrix.indices]
    kept = columns >= 0
    indptr = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    columns = columns[kept]
    ones = np.ones(len(columns), dtype=np.int32)
    made = sparse.csr_matrix((ones, columns, indptr), shape=(matrix.shape[0], max(len(several), 1)))
    made.sort_indices()
    return made
