"""What training rows share with one evaluation item: nouns that profiles judge.

Places are word offsets (``text.words``): ``at`` in the item's side, ``row_at`` in the row's part. Question side and
answer side are kept apart: a question that was seen is one thing, an answer that was learnt another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from luthier.similar.grams import GRAM

SideName = Literal["question", "answer"]
SIDES: tuple[SideName, SideName] = ("question", "answer")
Stretch = tuple[int, int]
"""Half open range of words."""


@dataclass(frozen=True, slots=True)
class Span:
    """The longest run of words, at least 8, that a side shares with part ``part`` of training row ``row``.

    ``telling`` are the stretches of the side inside it that are no boilerplate; ``own`` says that some of it stands in
    hardly any other item, whatever the training rows are full of. ``reach`` is how far the run goes on when at most 4
    words differ (0 where it is shorter than 10 words). ``role`` says who speaks in that part.
    """

    row: int
    part: int
    role: str
    at: int
    row_at: int
    words: int
    reach: int
    telling: tuple[Stretch, ...]
    own: bool

    @property
    def end(self) -> int:
        """Behind the last word, in the side."""
        return self.at + self.words


@dataclass(frozen=True)
class Side:
    """One side of an item. ``same`` are training rows with their part of the very same words and signs (the first few).

    ``open`` counts the words that some gram covers which is no boilerplate: where it is 0, nothing could be found.
    ``rare_grams`` counts its n-grams of the set's own length that stand in 1 to 10 different training texts (GPT-3).
    """

    words: int
    open: int = 0
    same: tuple[tuple[int, int], ...] = ()
    rare_grams: int = 0
    spans: tuple[Span, ...] = field(default=(), repr=False)

    @cached_property
    def telling_by_row(self) -> dict[int, list[Stretch]]:
        """Row -> stretches of the side that it shares and that are no boilerplate."""
        found: dict[int, list[Stretch]] = defaultdict(list)
        for span in self.spans:
            if span.telling:
                found[span.row] += span.telling
        return {row: merged(stretches) for row, stretches in found.items()}

    def seen(self, n: int = GRAM) -> float:
        """The share of the side's words that stand in n-grams (n >= 8) seen in any row, boilerplate left out."""
        all_of = merged(s for stretches in self.telling_by_row.values() for s in stretches if s[1] - s[0] >= n)
        return length(all_of) / self.words if self.words else 0.0

    @property
    def longest(self) -> int:
        """Words of the longest shared stretch that is no boilerplate."""
        return max((end - start for found in self.telling_by_row.values() for start, end in found), default=0)

    @property
    def best(self) -> int | None:
        """The row that shares most of this side (boilerplate left out); of several the first."""
        return min(self.telling_by_row, key=lambda row: (-self.shared_with(row), row), default=None)

    def shared_with(self, row: int) -> float:
        """The share of the side's words that a row has too, boilerplate left out; all if it has the very same."""
        if any(row == same for same, _ in self.same):
            return 1.0
        return length(self.telling_by_row.get(row, [])) / self.words if self.words else 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything found about one evaluation item."""

    id: str
    question: Side
    answer: Side

    @property
    def sides(self) -> tuple[tuple[SideName, Side], ...]:
        """Both sides with their names."""
        return (("question", self.question), ("answer", self.answer))


@dataclass(frozen=True)
class Found:
    """The evidence of a whole set, and what it was looked for in.

    ``rare_n`` is the length of the set's own grams (GPT-3's rule). ``common_in_train`` and ``common_in_items`` count
    the set's 8-grams that were suppressed: in more than 10 different training texts, in more than 20 items.
    """

    items: tuple[Evidence, ...]
    rows: int
    grams: int
    rare_n: int
    common_in_train: int
    common_in_items: int
    text: bool


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The union of stretches, in order, none touching another."""
    out: list[Stretch] = []
    for start, end in sorted(stretches):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def length(stretches: Sequence[Stretch]) -> int:
    """Words in stretches that do not overlap."""
    return sum(end - start for start, end in stretches)
