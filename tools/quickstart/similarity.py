"""How alike two messages are: exact Jaccard on shingles, for the generator's own promises.

The near-duplicate rule of this job: user messages (without the instruction), lower case, words of letters and digits,
word 3-shingles, Jaccard at 0.8 or more. Nothing is sampled; a few thousand short messages are compared through an
inverted index.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

NEAR = 0.8


def words(message: str) -> list[str]:
    """The words of a message: lower case, letters and digits only."""
    return re.findall(r"[^\W_]+", message.lower())


def shingles(message: str, size: int = 3) -> frozenset[tuple[str, ...]]:
    """Runs of `size` words; a message shorter than that is one shingle."""
    found = words(message)
    if len(found) < size:
        return frozenset({tuple(found)})
    return frozenset(tuple(found[i : i + size]) for i in range(len(found) - size + 1))


def char_shingles(message: str, size: int = 5) -> frozenset[tuple[str, ...]]:
    """Runs of `size` characters of the normalised message."""
    text = " ".join(words(message))
    return frozenset((text[i : i + size],) for i in range(max(1, len(text) - size + 1)))


def jaccard(one: str, other: str) -> float:
    """Jaccard of two messages' word 3-shingles: 0.0 nothing shared, 1.0 the same set."""
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


class Index:
    """Messages seen so far, asked for the highest Jaccard with a new one."""

    def __init__(self) -> None:
        self._sets: list[frozenset[tuple[str, ...]]] = []
        self._holders: dict[tuple[str, ...], list[int]] = defaultdict(list)

    def add(self, found: frozenset[tuple[str, ...]]) -> None:
        """Remember one message's shingles."""
        for shingle in found:
            self._holders[shingle].append(len(self._sets))
        self._sets.append(found)

    def nearest(self, found: frozenset[tuple[str, ...]]) -> tuple[float, int]:
        """The highest Jaccard with any remembered message and its number; (0.0, -1) when nothing is shared."""
        shared = Counter(number for shingle in found for number in self._holders.get(shingle, ()))
        scored = ((n / (len(found) + len(self._sets[number]) - n), number) for number, n in shared.items())
        return max(scored, default=(0.0, -1))

    def matches(self, found: frozenset[tuple[str, ...]], threshold: float) -> list[int]:
        """Numbers of all remembered messages at or above the threshold."""
        shared = Counter(number for shingle in found for number in self._holders.get(shingle, ()))
        return [k for k, n in shared.items() if n / (len(found) + len(self._sets[k]) - n) >= threshold]


def largest_component(sets: Sequence[frozenset[tuple[str, ...]]], threshold: float = NEAR) -> int:
    """Size of the largest group of messages joined by near-duplicate links."""
    parent = list(range(len(sets)))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    index = Index()
    for number, found in enumerate(sets):
        for other in index.matches(found, threshold):
            parent[root(other)] = root(number)
        index.add(found)
    return max(Counter(root(k) for k in range(len(sets))).values())
