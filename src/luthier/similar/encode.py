"""Texts as sets of integers: a sparse 0/1 matrix with a row a text and a column a shingle.

Two texts share a column exactly when they share a shingle; nothing is hashed, so there are no collisions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import count
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from luthier.text import words

Matrix: TypeAlias = Any
"""scipy.sparse.csr_matrix (scipy carries no types)."""


def encode(texts: Sequence[str], shingle: int = 3) -> Matrix:
    """The matrix of shape (texts, distinct shingles), columns from rare to common.

    A text of fewer than ``shingle`` words is one shingle of its own; a text without words has an empty row.
    """
    known: dict[str, int] = defaultdict(count().__next__)  # a new word takes the next number
    short_known: dict[tuple[str, ...], int] = defaultdict(count().__next__)
    word_ids: list[int] = []
    lengths = np.zeros(len(texts), dtype=np.int64)
    short_rows: list[int] = []
    short_codes: list[int] = []
    for row, text in enumerate(texts):
        found = words(text)
        if len(found) >= shingle:
            word_ids.extend([known[word] for word in found])
            lengths[row] = len(found)
        elif found:
            short_rows.append(row)
            short_codes.append(short_known[tuple(found)])
    rows, codes = _runs(np.asarray(word_ids, dtype=np.int64), lengths, shingle, len(known))
    columns = int(codes.max()) + 1 if len(codes) else 0
    rows = np.concatenate([rows, np.asarray(short_rows, dtype=np.int64)])
    codes = np.concatenate([codes, np.asarray(short_codes, dtype=np.int64) + columns])
    columns += len(short_known)
    pairs = np.unique(rows * max(columns, 1) + codes)  # a shingle counts once a text
    rows, codes = pairs // max(columns, 1), pairs % max(columns, 1)
    frequency = np.bincount(codes, minlength=columns)
    rank = np.empty(columns, dtype=np.int64)
    rank[np.argsort(frequency, kind="stable")] = np.arange(columns)
    ones = np.ones(len(rows), dtype=np.int32)
    matrix = sparse.csr_matrix((ones, (rows, rank[codes])), shape=(len(texts), max(columns, 1)))
    matrix.sort_indices()
    return matrix


def _runs(
    word_ids: NDArray[np.int64], lengths: NDArray[np.int64], shingle: int, vocabulary: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and code of every run of ``shingle`` words; runs never cross from one text into the next."""
    if len(word_ids) < shingle:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    last = len(word_ids) - shingle + 1
    inside = rows[:last] == rows[shingle - 1 :]
    codes = word_ids[:last]
    for offset in range(1, shingle):
        # renumbered at each step, so that the product below stays far from 2^63
        _, codes = np.unique(codes * vocabulary + word_ids[offset : offset + last], return_inverse=True)
    return rows[:last][inside], codes[inside]
