"""What a set of texts is about: clusters with names made of the words that set each apart.

TF-IDF of words, reduced by a truncated SVD (or vectors of a model, handed in), grouped by spherical k-means; a name is
the three terms with the highest class-based TF-IDF. It depends on the texts alone: the same texts give the same
clusters. More than 20,000 texts are sampled for finding the centres; all are put to their nearest one.
O(texts · words · clusters).

The number of clusters is chosen for reading (2 to 24), not discovered: their sizes say how evenly texts are spread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luthier.similar.vectors import unit
from luthier.text import words
from luthier.text.function_words import LATIN

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to vectors, one row each."""

LARGEST = 20_000
_WORDS_A_TEXT = 200
_TERMS = 20_000
_DIMENSIONS = 64
_COMMANDS = """
    write give make list explain describe generate create find tell please using following provide name identify
    answer question sentence given example examples text new get know many much does one two three didn hasn don isn
    won can doesn yet our off ago last again away since still want wants got getting going really anything something
    somebody someone says said hello dear thanks thank back way well way thing things yesterday today
"""
_SMALL = frozenset(" ".join((*LATIN.values(), _COMMANDS)).split())
"""Words that requests begin with whatever they are about: never a name."""


@dataclass(frozen=True)
class Cluster:
    """``members`` are places in the list of texts, nearest to the centre first."""

    name: str
    members: tuple[int, ...]


@dataclass(frozen=True)
class Clusters:
    """``clusters`` from large to small; ``of`` gives the place of each text's cluster there, -1 for none.

    ``effective`` is the number of equally large clusters with the same entropy: how many topics the texts really have.
    """

    clusters: tuple[Cluster, ...]
    of: tuple[int, ...]

    @property
    def effective(self) -> float:
        return effective_number([len(cluster.members) for cluster in self.clusters])


def effective_number(sizes: Sequence[int]) -> float:
    """The number of equally large groups with the same entropy as groups of these sizes; 0 of none."""
    if not len(sizes):
        return 0.0
    shares = np.array(sizes, dtype=float) / sum(sizes)
    return float(np.exp(-(shares * np.log(shares)).sum()))


def find_clusters(texts: Sequence[str], *, count: int | None = None, embed: Embed | None = None) -> Clusters:
    """Clusters of the texts; ``count`` overrides how many. Texts without a telling word belong to none."""
    bags = [_terms(text) for text in texts]
    kept = [place for place, bag in enumerate(bags) if bag]
    if len(kept) < 4:
        one = (Cluster("all rows", tuple(kept)),) if kept else ()
        return Clusters(one, tuple(0 if bag else -1 for bag in bags))
    matrix, terms = _counted([bags[place] for place in kept])
    weighted = _weighted(matrix)
    vectors = _reduced(weighted) if embed is None else unit(np.asarray(embed([texts[place] for place in kept])))
    owner, nearness = _grouped(vectors, count or _how_many(len(kept)))
    order = [int(number) for number in np.argsort(-np.bincount(owner), kind="stable") if (owner == number).any()]
    names = _names(matrix, owner, order, terms)
    clusters, of = [], [-1] * len(texts)
    for rank, number in enumerate(order):
        members = np.flatnonzero(owner == number)
        members = members[np.argsort(-nearness[members], kind="stable")]
        clusters.append(Cluster(names[rank], tuple(kept[member] for member in members)))
        for member in members:
            of[kept[member]] = rank
    return Clusters(tuple(clusters), tuple(of))


def _how_many(texts: int) -> int:
    return int(min(24, max(2, round(math.sqrt(texts) / 3))))


def _terms(text: str) -> list[str]:
    return [word for word in words(text[:4000])[:_WORDS_A_TEXT] if word not in _SMALL and _tells(word)]


def _tells(word: str) -> bool:
    return not word.isdigit() and (len(word) > 1 or not word.isascii())


def _counted(bags: Sequence[Sequence[str]]) -> tuple[NDArray[np.float64], list[str]]:
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(analyzer=lambda bag: bag, max_features=_TERMS, min_df=2 if len(bags) > 50 else 1)
    try:
        matrix = counter.fit_transform(bags)
    except ValueError:  # no word stands in two texts
        counter = CountVectorizer(analyzer=lambda bag: bag, max_features=_TERMS)
        matrix = counter.fit_transform(bags)
    return matrix, list(counter.get_feature_names_out())


def _weighted(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    from sklearn.feature_extraction.text import TfidfTransformer

    made: NDArray[np.float64] = TfidfTransformer(sublinear_tf=True).fit_transform(matrix)
    return made


def _reduced(weighted: NDArray[np.float64]) -> NDArray[np.float32]:
    from sklearn.decomposition import TruncatedSVD

    dimensions = min(_DIMENSIONS, min(weighted.shape) - 1)
    if dimensions < 2:
        return unit(weighted.toarray())  # type: ignore[attr-defined]
    with np.errstate(invalid="ignore"):  # equal texts have no variance to explain
        return unit(TruncatedSVD(dimensions, random_state=0).fit_transform(weighted))


def _grouped(vectors: NDArray[np.float32], count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Each row's cluster and its cosine to the centre. On rows of length 1, k-means is by cosine."""
    from sklearn.cluster import MiniBatchKMeans

    sample = vectors
    if len(vectors) > LARGEST:
        sample = vectors[np.random.default_rng(0).choice(len(vectors), LARGEST, replace=False)]
    means = MiniBatchKMeans(min(count, len(sample)), random_state=0, n_init=3, batch_size=2048).fit(sample)
    centres = unit(means.cluster_centers_.astype(np.float64))
    owner = np.empty(len(vectors), dtype=np.int64)
    nearness = np.empty(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors), 8192):
        near = vectors[start : start + 8192] @ centres.T
        owner[start : start + 8192], nearness[start : start + 8192] = near.argmax(axis=1), near.max(axis=1)
    return owner, nearness


def _names(
    matrix: NDArray[np.float64], owner: NDArray[np.int64], order: Sequence[int], terms: Sequence[str]
) -> list[str]:
    """Class-based TF-IDF (Grootendorst 2022): a term's share within the cluster, by its rarity over all clusters.

    A term names one cluster only, where others would do as well.
    """
    present = (matrix > 0).astype(np.float64)  # in how many rows, not how often: one row must not name a cluster
    inside = np.vstack([np.asarray(present[owner == number].sum(axis=0)).ravel() for number in order])
    sizes = inside.sum(axis=1, keepdims=True)
    rarity = np.log(1.0 + sizes.mean() / np.maximum(inside.sum(axis=0), 1.0))
    scores = inside / np.maximum(sizes, 1.0) * rarity
    used: set[str] = set()
    names = []
    for row in scores:
        best = [terms[place] for place in np.argsort(-row, kind="stable")[:12] if row[place] > 0]
        fresh = [term for term in best if term not in used and not any(_kin(term, other) for other in used)]
        chosen: list[str] = []
        for term in [*fresh, *best]:
            if len(chosen) < 3 and not any(_kin(term, other) for other in chosen):
                chosen.append(term)
        used |= set(chosen[:2])
        names.append(" · ".join(chosen) or "other")
    return names


def _kin(term: str, other: str) -> bool:
    """Whether two terms are forms of one word ("card", "cards")."""
    short, long = sorted((term, other), key=len)
    return term == other or (len(short) > 2 and long.startswith(short) and len(long) - len(short) <= 2)
