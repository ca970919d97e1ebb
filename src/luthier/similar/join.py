"""The exact similarity join: every pair of texts with Jaccard at or above a threshold.

Candidates come from the prefix filter (Chaudhuri et al. 2006; Bayardo et al. 2007): when each set's members stand in
one order, two sets with Jaccard >= t share a member among the first ``n - ceil(t n) + 1`` of each. Columns run from
rare to common, so few candidates remain, and each is counted exactly. Nothing is sampled: recall is 100% by
construction. Texts with equal sets are joined once and spread at the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from luthier.errors import LuthierError
from luthier.similar.encode import Ints, Matrix, Sets, encode, products

MOST_PAIRS = 30_000_000
"""Pairs kept at most; more means that the texts are copies of a few templates."""
_VERIFY = 200_000
"""Pairs counted at once."""


@dataclass(frozen=True, slots=True)
class Match:
    """Text ``i`` of the first list is near text ``j`` of the second."""

    i: int
    j: int
    jaccard: float


@dataclass(frozen=True)
class Groups:
    """Near-duplicates within one list.

    ``component`` has one number a text: equal numbers mean joined by a chain of near-duplicates. ``first``, ``second``
    (first < second) and ``jaccard`` are all pairs at or above the threshold, sorted by ``second``, then ``first``.
    """

    component: Ints
    first: Ints
    second: Ints
    jaccard: NDArray[np.float64]

    @property
    def pairs(self) -> list[tuple[int, int, float]]:
        """The pairs as Python tuples."""
        return list(zip(self.first.tolist(), self.second.tolist(), self.jaccard.tolist(), strict=True))


def groups(texts: Sequence[str], threshold: float, shingle: int = 3) -> Groups:
    """All near-duplicate pairs within ``texts`` and the components they make.

    Raises:
        LuthierError: more than 30 million pairs.
    """
    distinct, member = _distinct(encode(texts, shingle))
    first, second, jaccard = _join(distinct, distinct, threshold, within=True)
    first, second, jaccard = _spread(first, second, jaccard, member)
    order = np.lexsort((first, second))
    first, second, jaccard = first[order], second[order], jaccard[order]
    links = sparse.coo_matrix((np.ones(len(first), dtype=bool), (first, second)), shape=(len(texts), len(texts)))
    _, component = csgraph.connected_components(links, directed=False)
    return Groups(component.astype(np.int64), first, second, jaccard)


def against(texts: Sequence[str], others: Sequence[str], threshold: float, shingle: int = 3) -> list[Match]:
    """All pairs of a text and another with Jaccard at or above the threshold, sorted by ``i``, then ``j``.

    Raises:
        LuthierError: more than 30 million pairs.
    """
    sets = encode([*texts, *others], shingle)
    left, left_member = _distinct(sets[: len(texts)])
    right, right_member = _distinct(sets[len(texts) :])
    first, second, jaccard = _join(left, right, threshold, within=False)
    i, j, pair = _texts_of(first, second, _members(left_member), _members(right_member))
    order = np.lexsort((j, i))
    found = zip(i[order].tolist(), j[order].tolist(), jaccard[pair[order]].tolist(), strict=True)
    return [Match(*match) for match in found]


def best(
    texts: Sequence[str], others: Sequence[str], threshold: float, shingle: int = 3
) -> tuple[list[Match], list[int]]:
    """The nearest other of each text that has one at or above the threshold, and all others that are near any text.

    Of several equally near the first counts. Needs no memory for the other pairs of a template.

    Raises:
        LuthierError: more than 30 million pairs of different texts.
    """
    sets = encode([*texts, *others], shingle)
    left, left_member = _distinct(sets[: len(texts)])
    right, right_member = _distinct(sets[len(texts) :])
    first, second, jaccard = _join(left, right, threshold, within=False)
    order = np.lexsort((second, -jaccard, first))
    first, second, jaccard = first[order], second[order], jaccard[order]
    tops, places = np.unique(first, return_index=True)
    left_texts, right_texts = _members(left_member), _members(right_member)
    matches = [
        Match(row, int(right_texts[second[place]][0]), float(jaccard[place]))
        for number, place in zip(tops.tolist(), places.tolist(), strict=True)
        for row in left_texts[number].tolist()
    ]
    near = sorted(row for number in np.unique(second).tolist() for row in right_texts[number].tolist())
    return sorted(matches, key=lambda match: match.i), near


def _distinct(sets: Sets) -> tuple[Sets, Ints]:
    """Distinct non-empty sets in the order of their first texts, and for each text the number of its set (-1: none)."""
    first = np.arange(len(sets))
    seen: dict[bytes, int] = {}
    indptr, indices = sets.shared.indptr, sets.shared.indices
    for row in np.flatnonzero((sets.sizes > 0) & (sets.sizes == sets.kept)).tolist():  # others equal no other set
        first[row] = seen.setdefault(indices[indptr[row] : indptr[row + 1]].tobytes(), row)
    keep = (first == np.arange(len(sets))) & (sets.sizes > 0)
    member = np.where(sets.sizes > 0, (np.cumsum(keep) - 1)[first], -1)
    return sets[np.flatnonzero(keep)], member


@dataclass(frozen=True)
class _Members:
    """The texts of each distinct set: ``texts[starts[i] : starts[i + 1]]``, from first to last."""

    texts: Ints
    starts: Ints

    def __getitem__(self, number: int) -> Ints:
        found: Ints = self.texts[self.starts[number] : self.starts[number + 1]]
        return found

    @property
    def counts(self) -> Ints:
        counts: Ints = np.diff(self.starts)
        return counts


def _members(member: Ints) -> _Members:
    order = np.argsort(member, kind="stable")
    numbers = np.arange(int(member.max(initial=-1)) + 2)
    return _Members(order, np.searchsorted(member[order], numbers))


def _join(left: Sets, right: Sets, threshold: float, *, within: bool) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """Pairs of sets at or above the threshold; within one list only first < second."""
    found: list[tuple[Ints, Ints, NDArray[np.float64]]] = []
    total = 0
    for first, second, _ in products(_prefix(left, threshold), _prefix(right, threshold).T.tocsr()):
        small = np.minimum(left.sizes[first], right.sizes[second])
        large = np.maximum(left.sizes[first], right.sizes[second])
        possible = small / large >= threshold  # Jaccard is at most small / large
        if within:
            possible &= first < second
        first, second = first[possible], second[possible]
        for start in range(0, len(first), _VERIFY):
            near = _near(left, right, first[start : start + _VERIFY], second[start : start + _VERIFY], threshold)
            found.append(near)
            total += len(near[0])
            if total > MOST_PAIRS:
                raise _too_many()
    if not found:
        none = np.zeros(0, dtype=np.int64)
        return none, none, np.zeros(0)
    first, second, jaccard = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return first, second, jaccard


def _near(
    left: Sets, right: Sets, first: Ints, second: Ints, threshold: float
) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """Those of some pairs that are at or above the threshold, counted exactly."""
    shared = np.asarray(left.shared[first].multiply(right.shared[second]).sum(axis=1)).ravel()
    jaccard = shared / (left.sizes[first] + right.sizes[second] - shared)
    near = jaccard >= threshold
    return first[near].astype(np.int32), second[near].astype(np.int32), jaccard[near]


def _prefix(sets: Sets, threshold: float) -> Matrix:
    """The same rows cut to their rarest members. Those that no other text holds are the rarest, and make no pair."""
    kept = sets.kept
    # The small slack makes rounding err towards a longer prefix, which only costs a candidate.
    keep = np.clip(kept - np.ceil(threshold * sets.sizes - 1e-9).astype(np.int64) + 1, 0, kept)
    matrix = sets.shared
    inside = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], kept) < np.repeat(keep, kept)
    indptr = np.concatenate([[0], np.cumsum(keep)])
    return sparse.csr_matrix((matrix.data[inside], matrix.indices[inside], indptr), shape=matrix.shape)


def _spread(
    first: Ints, second: Ints, jaccard: NDArray[np.float64], member: Ints
) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """From pairs of distinct sets to pairs of texts, pairs of equal sets (Jaccard 1) included."""
    members = _members(member)
    slots = np.arange(members.starts[0], len(member))
    later = np.repeat(members.starts[1:], members.counts) - 1 - slots  # texts of the same set behind each
    if later.sum() + (members.counts[first] * members.counts[second]).sum() > MOST_PAIRS:
        raise _too_many()
    one = np.repeat(slots, later)
    other = one + 1 + _numbered(later)
    a, b, pair = _texts_of(first, second, members, members)
    a, b = np.append(a, members.texts[one]), np.append(b, members.texts[other])
    return np.minimum(a, b), np.maximum(a, b), np.append(jaccard[pair], np.ones(len(one)))


def _texts_of(first: Ints, second: Ints, left: _Members, right: _Members) -> tuple[Ints, Ints, Ints]:
    """Every text of ``first`` with every text of ``second``, and which pair of sets each such pair is of.

    Raises:
        LuthierError: too many.
    """
    wide = right.counts[second]
    counts = left.counts[first] * wide
    if counts.sum() > MOST_PAIRS:
        raise _too_many()
    pair = np.repeat(np.arange(len(first)), counts)
    row, column = np.divmod(_numbered(counts), wide[pair])
    return left.texts[left.starts[first[pair]] + row], right.texts[right.starts[second[pair]] + column], pair


def _numbered(counts: Ints) -> Ints:
    """0, 1, ... up to each count, one behind the other."""
    found: Ints = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return found


def _too_many() -> LuthierError:
    return LuthierError(
        f"more than {math.floor(MOST_PAIRS / 1e6)} million pairs of rows are near-duplicates",
        why="the rows are copies of a few templates",
        fix="keep fewer rows of each template, or raise data.dedupe.near",
    )
