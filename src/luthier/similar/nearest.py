"""The nearest pair between two lists of texts, whatever its similarity: the figure of a leak certificate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from luthier.similar.encode import encode

_CELLS = 10_000_000


@dataclass(frozen=True, slots=True)
class Nearest:
    """The highest Jaccard between any text and any other (first such pair), and how many pairs that covers.

    ``i`` and ``j`` are -1 when no pair shares a shingle.
    """

    jaccard: float
    i: int
    j: int
    pairs: int


def nearest(texts: Sequence[str], others: Sequence[str], shingle: int = 3) -> Nearest:
    """The nearest pair; exact over all pairs (pairs that share no shingle have similarity 0)."""
    best = Nearest(0.0, -1, -1, len(texts) * len(others))
    if not texts or not others:
        return best
    matrix = encode([*texts, *others], shingle)
    left, right = matrix[: len(texts)], matrix[len(texts) :]
    left_sizes, right_sizes = np.diff(left.indptr), np.diff(right.indptr)
    by_column = right.T.tocsr()
    block = max(16, _CELLS // len(others))  # bounds the memory even when every pair shares a shingle
    for start in range(0, len(texts), block):
        shared = (left[start : start + block] @ by_column).tocoo()
        if not shared.nnz:
            continue
        sizes = left_sizes[start + shared.row] + right_sizes[shared.col]
        jaccard = shared.data / (sizes - shared.data)
        top = int(jaccard.argmax())
        if jaccard[top] > best.jaccard:
            best = Nearest(float(jaccard[top]), int(start + shared.row[top]), int(shared.col[top]), best.pairs)
    return best
