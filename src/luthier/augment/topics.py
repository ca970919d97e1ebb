"""Which topics of the seeds the new rows reach: a cheap map of the seeds, and each new text put on it.

Seeds become TF-IDF vectors, and a few of them, each as far as can be from those before (farthest first, then a few
rounds of spherical k-means), become topics named by their heaviest words. Nothing is downloaded and no model is asked.
O(seeds · words · topics); more than 2,000 seeds are sampled. It is a figure to watch, not a measurement of quality.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from luthier.text import words

LARGEST = 2000
_WORDS = 4000
_ROUNDS = 5
STOP_WORDS = frozenset(
    words(
        """
        a about after all also am an and any are as at be because been but by can could did do does for from had has
        have he her here him his how i if in into is it its me more my no not of on or our out she so some than that
        the their them then there these they this to too up us was we were what when which who will with would yes
        you your
        """
    )
)
"""English words that say nothing by themselves."""
_COMMANDS = frozenset({"write", "give", "given", "list", "make", "following", "explain", "describe", "tell"})
"""Words that most tasks begin with, whatever they are about."""


class Topics:
    """The seeds' topics; ``count(texts)`` says how many of the texts fall on each."""

    def __init__(self, seeds: Sequence[str], *, most: int = 12) -> None:
        texts = list(seeds)
        if len(texts) > LARGEST:
            texts = random.Random(0).sample(texts, LARGEST)
        bags = [_bag(text) for text in texts]
        seen = Counter(word for bag in bags for word in bag)
        self._index = {word: i for i, (word, _) in enumerate(sorted(seen.items(), key=_rank)[:_WORDS])}
        weights = [np.log((1 + len(bags)) / (1 + seen[word])) + 1.0 for word in self._index]
        self._idf = np.asarray(weights, dtype=np.float32)
        vectors = self._vectors(bags)
        vectors = vectors[np.any(vectors > 0, axis=1)]
        self._centres = _centres(vectors, min(most, max(1, len(vectors) // 4)))
        self.names = tuple(self._name(centre) for centre in self._centres)

    def count(self, texts: Sequence[str]) -> dict[str, int]:
        """Topic name -> how many texts are nearest to it; texts without a word of the seeds count nowhere."""
        counts = dict.fromkeys(self.names, 0)
        if not texts:
            return counts
        vectors = self._vectors([_bag(text) for text in texts])
        for scores in vectors @ self._centres.T if len(self.names) else ():
            best = int(np.argmax(scores))
            if scores[best] > 0:
                counts[self.names[best]] += 1
        return counts

    def _vectors(self, bags: Sequence[Counter[str]]) -> Any:
        out = np.zeros((len(bags), len(self._index)), dtype=np.float32)
        for row, bag in enumerate(bags):
            for word, count in bag.items():
                if word in self._index:
                    out[row, self._index[word]] = 1.0 + np.log(count)
        out *= self._idf
        norm = np.linalg.norm(out, axis=1, keepdims=True)
        return np.divide(out, norm, out=out, where=norm > 0)

    def _name(self, centre: Any) -> str:
        names = list(self._index)
        best = [i for i in np.argsort(-centre, kind="stable")[:3] if centre[i] > 0]
        return " ".join(names[i] for i in best)


def _bag(text: str) -> Counter[str]:
    return Counter(word for word in words(text)[:200] if word not in STOP_WORDS | _COMMANDS)


def _rank(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _centres(vectors: Any, count: int) -> Any:
    if not len(vectors):
        return vectors
    chosen = [int(np.argmax(vectors @ vectors.mean(axis=0)))]
    nearest = vectors @ vectors[chosen[0]]
    while len(chosen) < count:
        chosen.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, vectors @ vectors[chosen[-1]])
    centres = vectors[chosen]
    for _ in range(_ROUNDS):
        owner = np.argmax(vectors @ centres.T, axis=1)
        moved = [vectors[owner == i].sum(axis=0) if np.any(owner == i) else centres[i] for i in range(count)]
        centres = np.stack(moved)
        centres = centres / np.linalg.norm(centres, axis=1, keepdims=True)
    return centres
