"""Evaluation items as an index of grams: what training rows are held against, from text or from a pack."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from luthier.similar.grams import GRAM, U64, Encoded, Ints, closed, encode_words, longer, vocabulary
from luthier.text import strict


@dataclass(frozen=True, slots=True)
class Item:
    """An evaluation item: its two sides as text."""

    id: str
    question: str
    answer: str = ""


@dataclass(frozen=True)
class Index:
    """Evaluation items as grams. Text ``2 i`` is the question of item ``i``, ``2 i + 1`` its answer.

    ``table`` maps the words of the items to their hashes; None for a pack, whose words nobody knows. A pack has the
    words' places filled with zeros.
    """

    ids: tuple[str, ...]
    sides: Encoded
    strict: U64
    table: dict[str, int] | None
    salt: bytes = b""

    @property
    def rare_n(self) -> int:
        """GPT-3's N: the 5th percentile of the items' lengths in words, clipped to 8..13."""
        if not self.ids:
            return GRAM
        lengths = self.sides.lengths.reshape(-1, 2).sum(axis=1)
        return int(np.clip(np.floor(np.percentile(lengths, 5)), GRAM, 13))

    @cached_property
    def short(self) -> Table:
        """The 8-grams."""
        return Table.of(self.sides.grams)

    @cached_property
    def rare(self) -> Table:
        """The grams of GPT-3's length."""
        return self.short if self.rare_n == GRAM else Table.of(longer(self.sides.grams, self.rare_n))

    @cached_property
    def items_of(self) -> Ints:
        """In how many items each 8-gram stands."""
        item = self.sides.text_of[self.short.places] // 2
        pairs = np.unique(self.short.number * max(len(self.ids), 1) + item)
        return np.bincount(pairs // max(len(self.ids), 1), minlength=len(self.short.values))

    @cached_property
    def wholes(self) -> dict[int, list[int]]:
        """Hash of a question -> the numbers of the questions that are just that."""
        found: dict[int, list[int]] = {}
        for number, value in enumerate(self.sides.whole.tolist()):
            if value and number % 2 == 0:
                found.setdefault(value, []).append(number)
        return found


def index(items: Sequence[Item], salt: bytes = b"") -> Index:
    """The index of items given as text."""
    texts = [text for item in items for text in (item.question, item.answer)]
    table, salt = vocabulary(texts, salt)
    signs = np.array([signs_of(item.question, salt) for item in items], dtype=np.uint64)
    return Index(tuple(item.id for item in items), encode_words(texts, closed(table)), signs, table, salt)


def signs_of(text: str, salt: bytes) -> int:
    """A hash of the text with the signs that carry meaning."""
    digest = hashlib.blake2b(strict(text).encode("utf-8", "surrogatepass"), digest_size=8, key=salt).digest()
    return int.from_bytes(digest, "little")


@dataclass(frozen=True)
class Table:
    """The distinct grams, sorted, and where they stand: ``places[k]`` holds gram ``values[number[k]]``.

    ``bits`` has a bit for every gram's last digits: what is not in it need not be searched for.
    """

    values: U64
    places: Ints
    number: Ints
    starts: Ints
    bits: NDArray[np.bool_]

    @classmethod
    def of(cls, grams: U64) -> Table:
        """The table of an array of grams, 0 for none."""
        places = np.flatnonzero(grams)
        values, number = np.unique(grams[places], return_inverse=True)
        order = np.argsort(number, kind="stable")
        places, number = places[order], number[order].astype(np.int64)
        starts = np.searchsorted(number, np.arange(len(values) + 1)).astype(np.int64)
        bits = np.zeros(1 << min(26, max(16, math.ceil(math.log2(16 * len(values) + 1)))), dtype=bool)
        bits[values & np.uint64(len(bits) - 1)] = True
        return cls(values, places.astype(np.int64), number, starts, bits)

    def hits(self, grams: U64) -> tuple[Ints, Ints]:
        """Places of ``grams`` that hold a gram of this table, and which."""
        places = np.flatnonzero(self.bits[grams & np.uint64(len(self.bits) - 1)] & (grams != 0))
        number = np.searchsorted(self.values, grams[places])
        number[number == len(self.values)] = 0
        equal = self.values[number] == grams[places] if len(self.values) else np.zeros(0, dtype=bool)
        return places[equal], number[equal].astype(np.int64)
