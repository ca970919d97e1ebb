"""The nearest pair between lists of texts, whatever its similarity: the figure of a leak certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations, pairwise

import numpy as np

from luthier.similar.encode import Matrix, encode

_CELLS = 10_000_000


@dataclass(frozen=True, slots=True)
class Nearest:
    """The highest Jaccard between any text of one list and any of the other, and how many pairs that covers.

    ``i`` and ``j`` are the first such pair, -1 when no pair shares a shingle.
    """

    jaccard: float
    i: int
    j: int
    pairs: int


def nearest(texts: Sequence[str], others: Sequence[str], shingle: int = 3) -> Nearest:
    """The nearest pair of two lists; exact over all pairs (pairs that share no shingle have similarity 0)."""
    return across({"texts": texts, "others": others}, shingle)["texts", "others"]


def across(lists: Mapping[str, Sequence[str]], shingle: int = 3) -> dict[tuple[str, str], Nearest]:
    """The nearest pair of each two of several lists, by their names in the order given."""
    matrix = encode([text for texts in lists.values() for text in texts], shingle)
    ends = [0, *accumulate(len(texts) for texts in lists.values())]
    parts = {name: matrix[start:end] for name, (start, end) in zip(lists, pairwise(ends), strict=True)}
    return {(one, other): _nearest(parts[one], parts[other]) for one, other in combinations(lists, 2)}


def _nearest(left: Matrix, right: Matrix) -> Nearest:
    best = Nearest(0.0, -1, -1, left.shape[0] * right.shape[0])
    if not best.pairs:
        return best
    left_sizes, right_sizes = np.diff(left.indptr), np.diff(right.indptr)
    by_column = right.T.tocsr()
    block = max(16, _CELLS // right.shape[0])  # bounds the memory even when every pair shares a shingle
    for start in range(0, left.shape[0], block):
        shared = (left[start : start + block] @ by_column).tocoo()
        if not shared.nnz:
            continue
        sizes = left_sizes[start + shared.row] + right_sizes[shared.col]
        jaccard = shared.data / (sizes - shared.data)
        top = int(jaccard.argmax())
        if jaccard[top] > best.jaccard:
            best = Nearest(float(jaccard[top]), int(start + shared.row[top]), int(shared.col[top]), best.pairs)
    return best
