"""Take out, in order: odd answers, copies, contradictions, rows of the test set, near-copies, copies in other words.

Each row that leaves is booked in the funnel under one rule, the first that applies. Near-copies leave last, so that no
row leaves because of another one that leaves too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from luthier.data import duplicates, semantic
from luthier.data.answers import AnswerKind, odd_answers
from luthier.data.family import adopt
from luthier.data.funnel import Funnel, Loss
from luthier.data.leak import leaks
from luthier.recipe.data import DataSpec
from luthier.records import Example, Origin
from luthier.similar import Groups, groups
from luthier.similar.cosine import joined


@dataclass(frozen=True)
class Sifted:
    """What is left. ``pool`` still holds the near-copies, because they join components; ``keep`` are the rows to use.

    ``links`` are near-duplicates within the pool at ``data.leak_similarity``, and kin where these are looked for.
    ``removed`` rows are known to be superfluous or leaked; ``set_aside`` rows need a person to look at them.
    """

    pool: tuple[Example, ...]
    keep: tuple[int, ...]
    links: Groups
    removed: tuple[Loss, ...]
    set_aside: tuple[Loss, ...]
    kin: semantic.Kin | None = None
    same_meaning: Mapping[int, Loss] = field(default_factory=dict)


def sift(
    rows: Sequence[Example],
    keys: duplicates.Keys,
    kind: AnswerKind,
    spec: DataSpec,
    funnel: Funnel,
    *,
    flagged: Collection[Origin | None],
    stood: Mapping[Origin | None, str] = MappingProxyType({}),
    test: Sequence[Example],
    test_asked: Sequence[str],
    embed: semantic.Embed,
) -> Sifted:
    """Run the rows through all rules.

    ``flagged`` are places of rows with findings, ``stood`` of rows that a previous dataset has, with their sides, which
    no new likeness joins (vectors may hang on what rows there are); ``test`` is a given test set, ``test_asked`` its
    questions as compared; ``embed`` gives texts vectors (``data.dedupe.semantic``).
    """
    left = _Left(rows, keys)
    set_aside: list[Loss] = []
    removed: list[Loss] = []

    odd = odd_answers(left.rows, kind)
    if odd:
        funnel.lose("odd answers", "the answers are JSON objects; these are not", odd.values())
        set_aside += left.without(odd)
    if spec.dedupe.exact:
        copies = duplicates.exact(left.rows, left.keys, duplicates.Preference(left.rows, flagged, stood))
        rule = f"question and answer equal after normalising (NFKC, case, punctuation); {duplicates.KEEPS}"
        funnel.lose("duplicates", rule, copies.values())
        removed += left.without(copies)
        left.rows = adopt(left.rows, copies.values())
    conflicts = duplicates.conflicting(left.rows, left.keys, kind)
    rule = "the same question with another label: nobody can say which is right"
    funnel.lose("contradictions", rule, conflicts.values())
    set_aside += left.without(conflicts)
    if test:
        leaked, counts = leaks(left.rows, test, test_asked, spec.leak_similarity)
        rule = f"the question stands in the test set, or is at least {spec.leak_similarity} similar (Jaccard, 3 words)"
        funnel.lose("leaks", rule, leaked.values(), **counts)
        removed += left.without(leaked)
    kin: semantic.Kin | None = None
    if spec.dedupe.semantic is not None:
        kin = semantic.kin_of(left.rows, test_asked, embed, spec.dedupe.semantic.similar)
        if test:
            same = semantic.leaks(left.rows, test, kin)
            rule = f"the question has a cosine of at least {kin.threshold:g} to one of the test set"
            funnel.lose("leaks in other words", rule, same.values())
            kin = kin.take([index for index in range(len(left.rows)) if index not in same])
            removed += left.without(same)

    asked = [row.asked for row in left.rows]
    links = groups(asked, spec.leak_similarity)
    near: dict[int, Loss] = {}
    best = duplicates.Preference(left.rows, flagged, stood)
    if spec.dedupe.near is not None:
        similar = links if spec.dedupe.near == spec.leak_similarity else groups(asked, spec.dedupe.near)
        near = duplicates.near(left.rows, left.keys, similar, kind, spec.dedupe.near, best)
        rule = f"questions at least {spec.dedupe.near} similar (Jaccard, 3 words), answers that say the same"
        rule = f"{rule}; {duplicates.KEEPS}"
        other = len(similar.first) - _explained(similar, near)
        funnel.lose("near-duplicates", rule, near.values(), similar_with_other_answer=other)
        removed += near.values()
    same_meaning: dict[int, Loss] = {}
    if kin is not None:
        same_meaning = semantic.duplicates(left.rows, left.keys, kin, kind, embed, best, near)
        rule = f"questions with a cosine of at least {kin.threshold:g}, answers that say the same; {duplicates.KEEPS}"
        funnel.lose("duplicates in other words", rule, same_meaning.values())
        removed += same_meaning.values()
        kin = kin.without_torn([stood.get(row.origin) for row in left.rows])
        links = joined(links, kin.pairs)
    keep = tuple(index for index in range(len(left.rows)) if index not in near and index not in same_meaning)
    return Sifted(tuple(left.rows), keep, links, tuple(removed), tuple(set_aside), kin, same_meaning)


class _Left:
    """The rows still in play, with their keys; both shrink together."""

    def __init__(self, rows: Sequence[Example], keys: duplicates.Keys) -> None:
        self.rows, self.keys = list(rows), keys

    def without(self, losses: Mapping[int, Loss]) -> list[Loss]:
        """Drop rows by index; gives their losses back."""
        if losses:
            stay = [index for index in range(len(self.rows)) if index not in losses]
            self.rows, self.keys = [self.rows[index] for index in stay], self.keys.take(stay)
        return list(losses.values())


def _explained(similar: Groups, near: Mapping[int, Loss]) -> int:
    """Pairs of which one row left."""
    left = np.fromiter(near, dtype=np.int64, count=len(near))
    return int((np.isin(similar.first, left) | np.isin(similar.second, left)).sum())
