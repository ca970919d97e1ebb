"""The contamination search: which runs of words do evaluation items share with training rows?

The evaluation items are indexed, the training rows stream past: memory grows with the items (40 bytes a word), not
with the rows (what is kept of a row are its spans, at most ``MOST_ROWS`` rows a gram). Time is linear in the words of
the rows; a bit table sends nearly all of them on without a search.

8-grams of hashes only propose. A span is extended and verified word by word, so a collision of hashes makes no
evidence; only a pack (hashes without words, see ``pack``) has to believe its 64-bit grams.

Boilerplate: an 8-gram in more than ``COMMON_TEXTS`` different training texts, or in more than ``COMMON_ITEMS``
evaluation items, says nothing about one item. Its words are not ``telling``, and grams of many items start no span.
"""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from luthier.similar.evidence import Evidence, Found, Side, Span, Stretch, merged
from luthier.similar.grams import (
    GRAM,
    U64,
    Encoded,
    Ints,
    closed,
    encode_words,
    hasher,
    longer,
    vocabulary,
)
from luthier.text import normalise, strict

COMMON_TEXTS = 10
"""GPT-3 ignored n-grams seen in more than 10 documents."""
COMMON_ITEMS = 2
"""A gram of three items is a template or a passage that they share: measured on BIG-bench Hard, where 20 instead of 2
raises false alarms tenfold."""
MOST_ITEMS = 20
"""A gram of more items starts no span."""
MOST_ROWS = 20
"""Rows remembered for one gram."""
SKIPS, SKIPS_FROM = 4, 10
"""Llama-2: words that may differ, none of them among the first 10."""
_CHUNK = 200_000  # words of training rows taken at once
_SAME_SHOWN = 5

Part = tuple[str, str]
"""Who speaks, and the text."""


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
    def short(self) -> _Table:
        """The 8-grams."""
        return _Table.of(self.sides.grams)

    @cached_property
    def rare(self) -> _Table:
        """The grams of GPT-3's length."""
        return self.short if self.rare_n == GRAM else _Table.of(longer(self.sides.grams, self.rare_n))

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
    signs = np.array([_strict(item.question, salt) for item in items], dtype=np.uint64)
    return Index(tuple(item.id for item in items), encode_words(texts, closed(table)), signs, table, salt)


def _strict(text: str, salt: bytes) -> int:
    digest = hashlib.blake2b(strict(text).encode("utf-8", "surrogatepass"), digest_size=8, key=salt).digest()
    return int.from_bytes(digest, "little")


@dataclass(frozen=True)
class _Table:
    """The distinct grams, sorted, and where they stand: ``places[k]`` holds gram ``values[number[k]]``."""

    values: U64
    places: Ints
    number: Ints
    starts: Ints
    bits: NDArray[np.bool_]

    @classmethod
    def of(cls, grams: U64) -> _Table:
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


class _Counter:
    """In how many different texts each gram of a table was seen. A text that comes again counts once."""

    def __init__(self, table: _Table) -> None:
        self.table = table
        self.texts = np.zeros(len(table.values), dtype=np.int64)

    def add(self, text: Ints, number: Ints, is_new: NDArray[np.bool_]) -> None:
        pairs = np.unique(number * len(is_new) + text)
        number, text = pairs // len(is_new), pairs % len(is_new)
        self.texts += np.bincount(number[is_new[text]], minlength=len(self.texts))


class Scan:
    """One pass of training rows over an index: :meth:`add` rows as often as wanted, then :meth:`found`."""

    def __init__(self, items: Index) -> None:
        self.index = items
        self.rows = 0
        self._short, self._rare = _Counter(items.short), _Counter(items.rare)
        self._used = np.zeros(len(items.short.values), dtype=np.int64)  # rows remembered, a gram
        self._texts_seen: set[bytes] = set()
        self._same: dict[int, list[int]] = {}
        self._spans: list[tuple[Ints, ...]] = []  # side, at, row, part, row_at, words, reach, role
        self._roles: list[str] = []
        self._hash_of = closed(items.table) if items.table is not None else hasher(items.salt)

    def fork(self) -> Scan:
        """A copy that can go on by itself: what it is given the original does not see."""
        other = copy.copy(self)
        other._short, other._rare = copy.copy(self._short), copy.copy(self._rare)
        other._short.texts, other._rare.texts = self._short.texts.copy(), self._rare.texts.copy()
        other._used, other._texts_seen = self._used.copy(), set(self._texts_seen)
        other._same = {side: list(rows) for side, rows in self._same.items()}
        other._spans, other._roles = list(self._spans), list(self._roles)
        return other

    def add(self, rows: Iterable[Sequence[Part]]) -> None:
        """Look at training rows, each a list of parts (who speaks, text); rows are numbered as they come."""
        batch: list[Sequence[Part]] = []
        size = 0
        for row in rows:
            batch.append(row)
            size += sum(len(text) // 5 for _, text in row)
            if size >= _CHUNK:
                self._add(batch)
                batch, size = [], 0
        if batch:
            self._add(batch)

    def _add(self, rows: Sequence[Sequence[Part]]) -> None:
        parts = [(self.rows + n, place, *part) for n, row in enumerate(rows) for place, part in enumerate(row)]
        self.rows += len(rows)
        if not parts:
            return
        row_of = np.array([part[0] for part in parts], dtype=np.int64)
        part_of = np.array([part[1] for part in parts], dtype=np.int64)
        role_of = np.array([self._role(part[2]) for part in parts], dtype=np.int64)
        texts = [part[3] for part in parts]
        train = encode_words(texts, self._hash_of)
        self._add_same(train, texts, row_of)

        text_of = train.text_of
        places, number = self.index.short.hits(train.grams)
        far, far_number = (
            (places, number) if self._rare.table is self._short.table
            else self._rare.table.hits(longer(train.grams, self.index.rare_n))
        )  # fmt: skip
        is_new = self._new_texts(texts, text_of[np.concatenate([places, far])])
        self._short.add(text_of[places], number, is_new)
        self._rare.add(text_of[far], far_number, is_new)

        allowed = self._allow(number, row_of[text_of[places]])
        at, row_at = self._pairs(places[allowed], number[allowed])
        at, row_at, size = self._grow(train, at, row_at)
        if len(at):
            sides, part = self.index.sides, text_of[row_at]
            side = np.searchsorted(sides.starts, at, side="right") - 1
            reach = self._reach(train, at, row_at, size)
            found = (
                side, at - sides.starts[side], row_of[part], part_of[part], row_at - train.starts[part], size, reach,
                role_of[part],
            )  # fmt: skip
            self._spans.append(tuple(column.astype(np.int64) for column in found))

    def _role(self, role: str) -> int:
        if role not in self._roles:
            self._roles.append(role)
        return self._roles.index(role)

    def _add_same(self, train: Encoded, texts: Sequence[str], row_of: Ints) -> None:
        """Remember rows of which a part is just the question of an item, signs that carry meaning included."""
        wholes = self.index.wholes
        known = np.fromiter(wholes, dtype=np.uint64, count=len(wholes))
        for text in np.flatnonzero(np.isin(train.whole, known)).tolist():
            signs = _strict(texts[text], self.index.salt)
            for side in wholes[int(train.whole[text])]:
                rows = self._same.setdefault(side, [])
                if len(rows) < _SAME_SHOWN and signs == self.index.strict[side // 2] and row_of[text] not in rows:
                    rows.append(int(row_of[text]))

    def _new_texts(self, texts: Sequence[str], touched: Ints) -> NDArray[np.bool_]:
        """Which of the touched texts were not met before, word for word."""
        is_new = np.zeros(len(texts), dtype=bool)
        for text in np.unique(touched).tolist():
            key = hashlib.blake2b(normalise(texts[text]).encode("utf-8", "surrogatepass"), digest_size=8).digest()
            if key not in self._texts_seen:
                self._texts_seen.add(key)
                is_new[text] = True
        return is_new

    def _allow(self, number: Ints, row: Ints) -> NDArray[np.bool_]:
        """Of each gram the hits in its first ``MOST_ROWS`` rows; of a gram of many items none."""
        if not len(number):
            return np.zeros(0, dtype=bool)
        rows = int(row.max()) + 1
        pairs, inverse = np.unique(number * rows + row, return_inverse=True)
        gram = pairs // rows
        rank = np.arange(len(gram)) - np.searchsorted(gram, gram)  # the how manyth row of its gram
        fits = (self._used[gram] + rank < MOST_ROWS) & (self.index.items_of[gram] <= MOST_ITEMS)
        self._used += np.bincount(gram[fits], minlength=len(self._used))
        return np.asarray(fits[inverse], dtype=bool)

    def _pairs(self, places: Ints, number: Ints) -> tuple[Ints, Ints]:
        """Every place of the items that holds a gram, with the place in the rows."""
        table = self.index.short
        many = table.starts[number + 1] - table.starts[number]
        first = np.repeat(table.starts[number] - np.cumsum(many) + many, many)
        return table.places[first + np.arange(int(many.sum()))], np.repeat(places, many)

    def _grow(self, train: Encoded, at: Ints, row_at: Ints) -> tuple[Ints, Ints, Ints]:
        """The longest shared runs around these grams, each once, and their words."""
        if self.index.table is not None:
            ours, theirs, width = self.index.sides.words, train.words, GRAM
            equal = np.ones(len(at), dtype=bool)
            for step in range(GRAM):  # the hash proposed, the words decide
                equal &= ours[at + step] == theirs[row_at + step]
            at, row_at = at[equal], row_at[equal]
        else:
            ours, theirs, width = self.index.sides.grams, train.grams, 1
        order = np.lexsort((at, row_at - at))
        at, row_at = at[order], row_at[order]
        follows = np.zeros(len(at), dtype=bool)
        follows[1:] = (np.diff(row_at - at) == 0) & (np.diff(at) == 1)
        at, row_at = at[~follows], row_at[~follows]  # neighbours on one diagonal are one run: its first gram will do
        left = _steps(ours, theirs, at - 1, row_at - 1, -1)
        right = _steps(ours, theirs, at + width, row_at + width, 1)
        at, row_at, size = at - left, row_at - left, GRAM + left + right
        _, once = np.unique(np.stack([row_at, at]), axis=1, return_index=True)
        return at[once], row_at[once], size[once]

    def _reach(self, train: Encoded, at: Ints, row_at: Ints, size: Ints) -> Ints:
        """How far each run of at least 10 words goes on to the right when at most 4 words differ."""
        if self.index.table is None:
            return _joined(at, row_at, size)
        ours, theirs = self.index.sides.words, train.words
        reach = np.where(size >= SKIPS_FROM, size, 0)
        live = np.flatnonzero(reach)
        place, skipped = size.copy(), np.zeros(len(size), dtype=np.int64)
        while len(live):
            one, other = ours[at[live] + place[live]], theirs[row_at[live] + place[live]]
            inside = (one != 0) & (other != 0)
            live, equal = live[inside], (one == other)[inside]
            place[live] += 1
            reach[live[equal]] = place[live[equal]]  # a run never ends on a word that differs
            skipped[live[~equal]] += 1
            live = live[skipped[live] <= SKIPS]
        return reach

    def found(self, wanted: Collection[int] | None = None) -> Found:
        """The evidence for all items, or for the items with these numbers, from the rows added so far."""
        items, short = self.index, self.index.short
        in_train, in_items = self._short.texts > COMMON_TEXTS, items.items_of > COMMON_ITEMS
        common, plain = np.zeros((2, len(items.sides.grams)), dtype=bool)  # of many items; of many texts or items
        common[short.places] = in_items[short.number]
        plain[short.places] = (in_train | in_items)[short.number]
        rare = (self._rare.texts > 0) & (self._rare.texts <= COMMON_TEXTS)
        where = items.sides.text_of[items.rare.places[rare[items.rare.number]]]
        rare_grams = np.bincount(where, minlength=2 * len(items.ids)).tolist()
        open_words = self._open_words(plain)
        spans = self._spans_by_side(common, plain, wanted)
        lengths = items.sides.lengths.tolist()
        numbers = range(len(items.ids)) if wanted is None else sorted(wanted)
        sides = {
            side: Side(
                lengths[side], open_words[side], tuple(self._same.get(side, ())), rare_grams[side],
                tuple(spans.get(side, ())),
            )
            for number in numbers
            for side in (2 * number, 2 * number + 1)
        }  # fmt: skip
        return Found(
            tuple(Evidence(items.ids[n], sides[2 * n], sides[2 * n + 1]) for n in numbers), self.rows,
            len(short.values), items.rare_n, int(in_train.sum()), int(in_items.sum()), items.table is not None,
        )  # fmt: skip

    def _open_words(self, plain: NDArray[np.bool_]) -> list[int]:
        """Words of each side that a gram covers which is no boilerplate."""
        sides = self.index.sides
        begins = ((sides.grams != 0) & ~plain).astype(np.int64)
        upto = np.concatenate([[0], np.cumsum(begins)])
        place = np.arange(len(begins))
        covered = upto[place + 1] - upto[np.maximum(place + 1 - GRAM, 0)] > 0
        counts: list[int] = np.bincount(sides.text_of[covered], minlength=2 * len(self.index.ids)).tolist()
        return counts

    def _spans_by_side(
        self, common: NDArray[np.bool_], plain: NDArray[np.bool_], wanted: Collection[int] | None
    ) -> dict[int, list[Span]]:
        out: dict[int, list[Span]] = {}
        if not self._spans:
            return out
        columns = np.concatenate([np.stack(part) for part in self._spans], axis=1)
        if wanted is not None:
            columns = columns[:, np.isin(columns[0] // 2, np.fromiter(wanted, dtype=np.int64, count=len(wanted)))]
        for side, at, row, part, row_at, size, reach, role in columns.T.tolist():
            begin = int(self.index.sides.starts[side]) + at
            grams = slice(begin, begin + size - GRAM + 1)
            span = Span(
                row, part, self._roles[role], at, row_at, size, reach, _telling(plain[grams], at),
                not common[grams].all(),
            )  # fmt: skip
            out.setdefault(side, []).append(span)
        return out


def _steps(ours: U64, theirs: U64, at: Ints, row_at: Ints, step: int) -> Ints:
    """How many steps each pair of places can go with equal values; a zero (the end of a text) stops."""
    taken = np.zeros(len(at), dtype=np.int64)
    live = np.arange(len(at))
    while len(live):
        one = ours[at[live] + step * taken[live]]
        live = live[(one > 1) & (one == theirs[row_at[live] + step * taken[live]])]
        taken[live] += 1
    return taken


def _joined(at: Ints, row_at: Ints, size: Ints) -> Ints:
    """Without words: runs on one diagonal that lie at most 4 words apart, counted as if all of those differed."""
    reach = np.where(size >= SKIPS_FROM, size, 0)
    order = np.lexsort((at, row_at - at))
    for place, first in enumerate(order.tolist()):
        skipped = 0
        for other in order[place + 1 :].tolist():
            gap = int(at[other] - at[first] - (reach[first] or size[first]))
            skipped += gap
            if not reach[first] or row_at[other] - at[other] != row_at[first] - at[first] or skipped > SKIPS:
                break
            reach[first] = at[other] + size[other] - at[first]
    return reach


def _telling(plain: NDArray[np.bool_], at: int) -> tuple[Stretch, ...]:
    """The stretches of words covered by the grams that are no boilerplate."""
    if not plain.any():
        return ((at, at + len(plain) + GRAM - 1),)
    return tuple(merged((at + k, at + k + GRAM) for k in np.flatnonzero(~plain).tolist()))
