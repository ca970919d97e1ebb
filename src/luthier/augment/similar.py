"""ROUGE-L between a new task and all that are there: exact, and fast enough to compare with every one of them.

ROUGE-L F1 of two texts of n and m words is 2·LCS / (n + m), which is the Indel similarity of their word sequences.
Words become characters of an alphabet of our own, so that one call of rapidfuzz's bit-parallel LCS compares a task with
the whole pool: O(pool · n · m / 64) time, O(words) memory. All values are needed (their mean is noted), so a bound that
skips pairs would save nothing. Words are those of ``luthier.text``: on ASCII text those of ``rouge_score`` without a
stemmer; other scripts keep their letters, which ``rouge_score`` drops.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Indel

from luthier.text import words

_SURROGATES = range(0xD800, 0xE000)


@dataclass(frozen=True, slots=True)
class Nearest:
    """How near a text is to the pool: the highest values as (id, F1), best first, and the mean over all.

    ``seed`` is the nearest of the seeds alone; None where the pool has none.
    """

    top: tuple[tuple[str, float], ...]
    mean: float
    too_near: bool
    seed: str | None = None


class Pool:
    """Texts by id, the ``seeds`` first. ``threshold`` is compared exactly: F1 > 0.7 means 2·LCS·10 > 7·(n + m)."""

    def __init__(self, threshold: float, seeds: Iterable[tuple[str, str]] = ()) -> None:
        self._limit = Fraction(str(threshold))
        self._codes: dict[str, str] = {}
        self._ids: list[str] = []
        self._texts: list[str] = []
        self._lengths: list[int] = []
        for name, text in seeds:
            self.add(name, text)
        self._seeds = len(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, name: str, text: str) -> None:
        """Put a text into the pool."""
        coded = self._coded(text)
        self._ids.append(name)
        self._texts.append(coded)
        self._lengths.append(len(coded))

    def cut(self, size: int) -> None:
        """Forget all but the first ``size`` texts."""
        for part in (self._ids, self._texts, self._lengths):
            del part[size:]

    def nearest(self, text: str, count: int) -> Nearest:
        """Compare with everything in the pool; ties go to the older text."""
        if not self._ids:
            return Nearest((), 0.0, False)
        coded = self._coded(text)
        twice = process.cdist([coded], self._texts, scorer=Indel.similarity)[0].astype(np.int64)
        total = np.asarray(self._lengths, dtype=np.int64) + len(coded)
        f1 = self._f1(twice, total)
        order = np.argsort(-f1, kind="stable")[:count]
        near = bool(np.any((twice * self._limit.denominator > total * self._limit.numerator) & (twice > 0)))
        seed = self._ids[int(np.argmax(f1[: self._seeds]))] if self._seeds else None
        return Nearest(tuple((self._ids[i], float(f1[i])) for i in order), float(f1.mean()), near, seed)

    @staticmethod
    def _f1(twice: Any, total: Any) -> Any:
        # two texts without a word have Indel similarity 0 of 0; they are as different as can be, as in rouge_score
        return np.divide(twice, total, out=np.zeros(len(total)), where=total > 0)

    def _coded(self, text: str) -> str:
        return "".join([self._codes.setdefault(word, self._code(len(self._codes))) for word in words(text)])

    @staticmethod
    def _code(number: int) -> str:
        point = number + 1
        return chr(point if point < _SURROGATES.start else point + len(_SURROGATES))


def distinct_pairs(texts: Sequence[str]) -> float:
    """Distinct word pairs over all word pairs (distinct-2); 1.0 for texts without any."""
    pairs = [pair for text in texts for pair in pairwise(words(text))]
    return len(set(pairs)) / len(pairs) if pairs else 1.0
