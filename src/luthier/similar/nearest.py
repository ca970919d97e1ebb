"""The nearest pair between lists of texts, whatever its similarity: the figure of a leak certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations, pairwise

from luthier.similar.encode import Sets, encode, products


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
    sets = encode([text for texts in lists.values() for text in texts], shingle)
    ends = [0, *accumulate(len(texts) for texts in lists.values())]
    parts = {name: sets[start:end] for name, (start, end) in zip(lists, pairwise(ends), strict=True)}
    return {(one, other): _nearest(parts[one], parts[other]) for one, other in combinations(lists, 2)}


def _nearest(left: Sets, right: Sets) -> Nearest:
    best = Nearest(0.0, -1, -1, len(left) * len(right))
    for first, second, shared in products(left.shared, right.shared.T.tocsr()):
        jaccard = shared / (left.sizes[first] + right.sizes[second] - shared)
        top = float(jaccard.max(initial=0.0))
        if top > best.jaccard:
            i, j = min(zip(first[jaccard == top].tolist(), second[jaccard == top].tolist(), strict=True))
            best = Nearest(top, i, j, best.pairs)
    return best
