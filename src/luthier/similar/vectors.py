"""Texts as vectors whose cosine says how alike they are in meaning, made of nothing but the texts (LSA).

TF-IDF over words and the three-letter parts of words (so that "delivered" and "delivery" meet, and scripts without
spaces work), reduced by a truncated SVD (Halko et al. 2011, fixed start). Vectors do not depend on the order of texts
and equal texts have equal vectors; they do depend on which texts there are. Words that never meet stay apart: "car" and
"automobile" are alike only where the texts say so.

Cost: O(features of the texts x dimensions). A text without a word has the vector 0, which is like nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import log
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from luthier.text import words

Vectors: TypeAlias = NDArray[np.float32]
"""(texts, dimensions), each row of length 1 or 0."""

DIMENSIONS = 256
_OVERSAMPLE = 16
_ROUNDS = 4
_PARTS = 0.5
"""Weight of a part of a word beside the word itself."""


def word_vectors(texts: Sequence[str], dimensions: int = DIMENSIONS) -> Vectors:
    """The vectors of some texts, compared with each other."""
    distinct = sorted(set(texts))
    if not distinct:
        return np.zeros((0, 1), dtype=np.float32)
    place = {text: row for row, text in enumerate(distinct)}
    made = _reduced(_weighted(distinct), dimensions)
    return unit(made)[[place[text] for text in texts]]


def unit(vectors: NDArray[Any]) -> Vectors:
    """The same with length 1; a vector of nothing (or of what is no number) becomes 0."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    fine = np.isfinite(lengths) & (lengths > 1e-9)
    made: Vectors = np.divide(vectors, lengths, out=np.zeros(vectors.shape), where=fine).astype(np.float32)
    return made


def _weighted(texts: Sequence[str]) -> Any:
    """TF-IDF of shape (texts, features), rows of length 1."""
    names: dict[str, int] = {}
    columns: list[int] = []
    values: list[float] = []
    ends = [0]
    for text in texts:
        bag: dict[str, float] = {}
        for word, count in Counter(words(text)).items():
            weight = 1.0 + log(count)
            for feature in _features(word):
                bag[feature] = bag.get(feature, 0.0) + (weight if feature[0] == "w" else _PARTS * weight)
        for feature, value in bag.items():
            columns.append(names.setdefault(feature, len(names)))
            values.append(value)
        ends.append(len(columns))
    matrix = sparse.csr_matrix((values, columns, ends), shape=(len(texts), max(len(names), 1)), dtype=np.float64)
    matrix.sort_indices()
    seen = np.bincount(matrix.indices, minlength=matrix.shape[1])
    matrix = matrix @ sparse.diags(np.log((1 + len(texts)) / (1 + seen)) + 1.0)
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return (sparse.diags(1 / np.maximum(lengths, 1e-12)) @ matrix).tocsr()


@lru_cache(maxsize=200_000)
def _features(word: str) -> tuple[str, ...]:
    padded = f"<{word}>"
    parts = sorted({padded[i : i + 3] for i in range(len(padded) - 2)}) if len(word) > 2 else []
    return ("w" + word, *("p" + part for part in parts))


def _reduced(matrix: Any, dimensions: int) -> NDArray[np.float64]:
    """The rows in the space of the largest singular directions: found from random ones, some rounds of power steps."""
    most = min(matrix.shape)
    if most <= dimensions:  # all directions fit, so nothing is lost
        return _whole(matrix)
    width = min(most, dimensions + _OVERSAMPLE)
    basis = np.random.default_rng(0).standard_normal((matrix.shape[1], width))
    for _ in range(_ROUNDS):
        basis, _ = np.linalg.qr(matrix @ basis)
        basis, _ = np.linalg.qr(matrix.T @ basis)
    _, _, turn = np.linalg.svd(matrix @ basis, full_matrices=False)
    made: NDArray[np.float64] = matrix @ (basis @ turn[:dimensions].T)
    return made


def _whole(matrix: Any) -> NDArray[np.float64]:
    """Dense rows with the same inner products as the sparse ones, of at most as many columns as there are rows."""
    made: NDArray[np.float64]
    if matrix.shape[1] <= matrix.shape[0]:
        made = matrix.toarray()
        return made
    left, values, _ = np.linalg.svd((matrix @ matrix.T).toarray(), hermitian=True)
    made = left * np.sqrt(np.maximum(values, 0.0))
    return made
