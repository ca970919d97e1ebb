"""Rows that say the same in other words: kin by the cosine of their questions' vectors (``data.vectors``).

Kin stand on one side of the split, and a row that is kin to a row of a given test set leaves training. Two kin are
duplicates only if their answers say the same too (the same label or the same closed fields; of free answers, vectors at
least as alike as the questions must be); of these the better one stays, as with near-duplicates. Every pair is compared
(see ``similar.cosine``), so what is missed is missed by the vectors, not by the search.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from luthier.data.answers import AnswerKind
from luthier.data.duplicates import Alike, Keys, Preference, answer_of
from luthier.data.funnel import Loss
from luthier.errors import LuthierError
from luthier.records import Example
from luthier.similar.cosine import Pairs, alike, alike_between, cosines, highest
from luthier.similar.vectors import Vectors

Embed = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True)
class Kin:
    """Vectors of the rows' questions (and of the test set's), and all pairs of rows that are kin."""

    rows: Vectors
    test: Vectors
    pairs: Pairs
    threshold: float

    def take(self, rows: Sequence[int]) -> Kin:
        """The same for some of the rows, renumbered."""
        names = np.asarray(rows, dtype=np.int64)
        place = np.full(len(self.rows), -1, dtype=np.int64)
        place[names] = np.arange(len(names))
        first, second = place[self.pairs.first], place[self.pairs.second]
        stay = (first >= 0) & (second >= 0)
        pairs = Pairs(first[stay], second[stay], self.pairs.cosine[stay])
        return Kin(self.rows[names], self.test, pairs, self.threshold)

    def without_torn(self, sides: Sequence[str | None]) -> Kin:
        """Without the pairs of which both have a side already, and not the same."""
        number = {side: place for place, side in enumerate(dict.fromkeys(sides))}
        of = np.asarray([number[side] for side in sides], dtype=np.int64)
        old = np.asarray([side is not None for side in sides], dtype=bool)
        first, second = self.pairs.first, self.pairs.second
        stay = ~(old[first] & old[second] & (of[first] != of[second]))
        return replace(self, pairs=Pairs(first[stay], second[stay], self.pairs.cosine[stay]))


def kin_of(rows: Sequence[Example], test_asked: Sequence[str], embed: Embed, threshold: float) -> Kin:
    """Who is kin to whom. O(rows² · dimensions)."""
    texts = [row.asked for row in rows]
    vectors = embed([*texts, *test_asked])
    own = vectors[: len(texts)]
    return Kin(own, vectors[len(texts) :], alike(own, threshold), threshold)


def leaks(rows: Sequence[Example], test: Sequence[Example], kin: Kin) -> dict[int, Loss]:
    """Rows that are kin to a row of the test set, by index; each names the nearest one."""
    found = alike_between(kin.rows, kin.test, kin.threshold)
    nearest: dict[int, tuple[float, int]] = {}
    for row, other, cosine in zip(found.first.tolist(), found.second.tolist(), found.cosine.tolist(), strict=True):
        if row not in nearest or cosine > nearest[row][0]:
            nearest[row] = (cosine, other)
    return {
        row: Loss(rows[row], "leak.semantic", f"cosine {cosine:.2f} to test row {test[other].origin}", test[other])
        for row, (cosine, other) in sorted(nearest.items())
    }


def duplicates(
    rows: Sequence[Example], keys: Keys, kin: Kin, kind: AnswerKind, embed: Embed, preference: Preference,
    gone: Collection[int],
) -> dict[int, Loss]:  # fmt: skip
    """Rows that are kin to a better row that stays, with an answer that says the same, by index; ``gone`` rows left
    before."""
    says = embed([answer_of(row) for row in rows]) if len(kin.pairs.first) else kin.rows

    def same_words(one: int, other: int) -> bool:
        return bool(cosines(says[one : one + 1], says[other : other + 1])[0] >= kin.threshold)

    same = Alike(rows, keys, kind, same_words)
    rank = preference.rank
    losses: dict[int, Loss] = {}
    pairs = [
        (*((one, other) if rank[one] < rank[other] else (other, one)), cosine)
        for one, other, cosine in zip(
            kin.pairs.first.tolist(), kin.pairs.second.tolist(), kin.pairs.cosine.tolist(), strict=True
        )
    ]
    for better, worse, cosine in sorted(pairs, key=lambda pair: (rank[pair[1]], rank[pair[0]])):
        if {better, worse} & losses.keys() or better in gone or worse in gone or not same(better, worse):
            continue
        partner = rows[better]
        why = f"cosine {cosine:.2f} to {partner.origin}, which says the same and {preference.why(better, worse)}"
        losses[worse] = Loss(rows[worse], "duplicate.semantic", why, partner)
    return losses


def account(kin: Kin, losses: Mapping[int, Loss], by: str) -> dict[str, Any]:
    """Figures of a search: pairs, clusters of duplicates (a row that stays and those that left for it)."""
    sizes = Counter(loss.partner.id for loss in losses.values() if loss.partner is not None)
    return {
        "by": by, "threshold": kin.threshold, "pairs": len(kin.pairs.first), "removed": len(losses),
        "clusters": len(sizes), "largest_cluster": max(sizes.values(), default=-1) + 1,
    }  # fmt: skip


def certificate(kin: Kin, sides: Mapping[str, Sequence[int]], *, given: bool, inherited: bool) -> dict[str, Any]:
    """The largest cosine across each two sides (row numbers), which lies below the threshold; where sides are
    ``inherited``, ``torn`` counts the pairs of old rows that do not.

    Raises:
        LuthierError: a pair is left (that would be a defect of this stage).
    """
    vectors = {name: kin.rows[np.asarray(rows, dtype=np.int64)] for name, rows in sides.items()}
    if given:
        vectors["test"] = kin.test
    out: dict[str, Any] = {}
    names = [name for name, found in vectors.items() if len(found)]
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            torn = len(alike_between(vectors[one], vectors[other], kin.threshold).first)
            if torn and not inherited:
                raise LuthierError(
                    f"{torn} rows of {one} are kin to rows of {other}", where="data.dedupe.semantic",
                    fix="this is a defect of Luthier: please report it with the recipe",
                )  # fmt: skip
            out[f"{one}/{other}"] = {
                "max_cosine": round(highest(vectors[one], vectors[other]), 6),
                "pairs": len(vectors[one]) * len(vectors[other]), **({"torn": torn} if torn else {}),
            }  # fmt: skip
    return {"threshold": kin.threshold, "sides": out}
