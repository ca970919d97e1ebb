"""Rankings as pairs: every two answers of different rank, so weighted that rows with many answers do not drown others.

A ranking of k answers gives up to k·(k − 1)/2 pairs. Ties give none.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from luthier.records import Preference, Ranking


def ranks_of(ratings: Sequence[float]) -> tuple[int, ...]:
    """Ratings as ranks: 1 for the highest, equal ratings are tied and the next rank follows without a gap."""
    place = {rating: rank for rank, rating in enumerate(sorted(set(ratings), reverse=True), 1)}
    return tuple(place[rating] for rating in ratings)


def pairs(ranking: Ranking) -> list[Preference]:
    """All pairs of a ranking, in the order of its answers.

    The weights of its pairs add up to the ranking's own weight, as in reward modelling over rankings, where the loss of
    a prompt is the mean over its pairs. Where there are ratings, a pair carries both, and as margin their difference.
    """
    ordered = []
    for first, second in combinations(range(len(ranking.answers)), 2):
        if ranking.ranks[first] != ranking.ranks[second]:
            better_first = ranking.ranks[first] < ranking.ranks[second]
            ordered.append((first, second) if better_first else (second, first))
    made = []
    for better, worse in ordered:
        rated = ranking.ratings
        made.append(
            Preference(
                prompt=ranking.prompt,
                chosen=ranking.answers[better],
                rejected=ranking.answers[worse],
                tools=ranking.tools,
                margin=rated[better] - rated[worse] if rated else None,
                ratings=(rated[better], rated[worse]) if rated else None,
                annotators=ranking.annotators,
                group=ranking.group,
                time=ranking.time,
                weight=ranking.weight / len(ordered),
                origin=ranking.origin,
                meta=ranking.meta,
            )
        )
    return made
