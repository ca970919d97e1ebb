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
from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from luthier.similar.evidence import Evidence, Found, Side, Span, Stretch, merged
from luthier.similar.grams import GRAM, U64, Encoded, Ints, closed, encode_words, hasher, longer
from luthier.similar.items import Index, Table, signs_of
from luthier.text import normalise

COMMON_TEXTS = 10
"""GPT-3 ignored n-grams seen in more than 10 documents."""
COMMON_ITEMS = 2
"""A gram of three items is a template or a passage that they share: measured on BIG-bench Hard, where 20 instead of 2
raises false alarms tenfold."""
MOST_ITEMS = 20
"""A gram of more items starts no span."""
MOST_ROWS = 20
"""Rows remembered for one gram."""
MOST_REPEATS = 100
"""Places of one gram looked at in one row: a row that says one word ten thousand times must not fill the memory."""
SKIPS, SKIPS_FROM = 4, 10
"""Llama-2: words that may differ, none of them among the first 10."""
_CHUNK = 200_000  # words of training rows taken at once
_SAME_SHOWN = 5

Part = tuple[str, str]
"""Who speaks, and the text."""


class _Counter:
    """In how many different texts each gram of a table was seen. A text that comes again counts once."""

    def __init__(self, table: Table) -> None:
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
        self._same: dict[int, list[tuple[int, int]]] = {}  # side -> row and part
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
        self._add_same(train, texts, [(part[0], part[1]) for part in parts])

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
            if self.index.table is None:
                reach = _joined(at, row_at, size, side, part)
            else:
                reach = _reach(sides.words, train.words, at, row_at, size)
            found = (
                side, at - sides.starts[side], row_of[part], part_of[part], row_at - train.starts[part], size, reach,
                role_of[part],
            )  # fmt: skip
            self._spans.append(tuple(column.astype(np.int64) for column in found))

    def _role(self, role: str) -> int:
        if role not in self._roles:
            self._roles.append(role)
        return self._roles.index(role)

    def _add_same(self, train: Encoded, texts: Sequence[str], where: Sequence[tuple[int, int]]) -> None:
        """Remember rows of which a part is just the question of an item, signs that carry meaning included."""
        wholes = self.index.wholes
        known = np.fromiter(wholes, dtype=np.uint64, count=len(wholes))
        for text in np.flatnonzero(np.isin(train.whole, known)).tolist():
            signs = signs_of(texts[text], self.index.salt)
            for side in wholes[int(train.whole[text])]:
                rows = self._same.setdefault(side, [])
                if len(rows) < _SAME_SHOWN and signs == self.index.strict[side // 2]:
                    rows.append(where[text])

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
        """Of each gram the first hits in its first ``MOST_ROWS`` rows; of a gram of many items none."""
        if not len(number):
            return np.zeros(0, dtype=bool)
        rows = int(row.max()) + 1
        pairs, inverse = np.unique(number * rows + row, return_inverse=True)
        gram = pairs // rows
        fits = (self._used[gram] + _rank(gram) < MOST_ROWS) & (self.index.items_of[gram] <= MOST_ITEMS)
        self._used += np.bincount(gram[fits], minlength=len(self._used))
        order = np.argsort(inverse, kind="stable")
        repeat = np.empty(len(inverse), dtype=np.int64)
        repeat[order] = _rank(inverse[order])
        return np.asarray(fits[inverse] & (repeat < MOST_REPEATS), dtype=bool)

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


def _rank(ordered: Ints) -> Ints:
    """The how manyth of its value each one is, in a sorted array, from 0 on."""
    return np.arange(len(ordered)) - np.searchsorted(ordered, ordered)


def _steps(ours: U64, theirs: U64, at: Ints, row_at: Ints, step: int) -> Ints:
    """How many steps each pair of places can go with equal values; a zero (the end of a text) stops."""
    taken = np.zeros(len(at), dtype=np.int64)
    live = np.arange(len(at))
    while len(live):
        one = ours[at[live] + step * taken[live]]
        live = live[(one > 1) & (one == theirs[row_at[live] + step * taken[live]])]
        taken[live] += 1
    return taken


def _reach(ours: U64, theirs: U64, at: Ints, row_at: Ints, size: Ints) -> Ints:
    """How far each run of at least 10 words goes on to the right when at most 4 words differ."""
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


def _joined(at: Ints, row_at: Ints, size: Ints, side: Ints, part: Ints) -> Ints:
    """The same without words: runs on one diagonal of one side and part that lie at most 4 words apart are one.

    All words between them count as different: what agrees there is too short to be a gram.
    """
    reach = np.where(size >= SKIPS_FROM, size, 0)
    order = np.lexsort((at, row_at - at, part, side))
    one_line = (np.diff(side[order]) == 0) & (np.diff(part[order]) == 0) & (np.diff((row_at - at)[order]) == 0)
    for place in np.flatnonzero(one_line & (reach[order[:-1]] > 0)).tolist():
        first, skipped = order[place], 0
        for follower in range(place + 1, len(order)):
            other = order[follower]
            skipped += int(at[other] - at[first] - reach[first])
            if not one_line[follower - 1] or skipped > SKIPS:
                break
            reach[first] = at[other] + size[other] - at[first]
    return reach


def _telling(plain: NDArray[np.bool_], at: int) -> tuple[Stretch, ...]:
    """The stretches of words covered by the grams that are no boilerplate."""
    if not plain.any():
        return ((at, at + len(plain) + GRAM - 1),)
    return tuple(merged((at + k, at + k + GRAM) for k in np.flatnonzero(~plain).tolist()))
