"""Texts as arrays of 64-bit words and 8-grams: what contamination is looked for in.

A text is cut by the one rule of ``text.words``. Each word is hashed (BLAKE2b, keyed with a salt), eight neighbours make
one gram. No gram reaches over the end of a text. A longer gram is its first and its last 8-gram, so one array serves
all lengths from 8 to 16. All of it is vectorised; 16 bytes a word.

Two words of one vocabulary never share a hash (see :func:`vocabulary`); grams may, and who uses them as evidence
checks them on the words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from luthier.text import words

U64: TypeAlias = NDArray[np.uint64]
Ints: TypeAlias = NDArray[np.int64]

GRAM = 8
"""Words in a gram: the length that published checks agree is the shortest that says something."""
LONGEST = 2 * GRAM
NORMALISER = "nfkc-casefold-words-1"
"""Name of the rule that cuts texts into words; hashes made under another name cannot be compared."""
_END, _OTHER = 0, 1  # behind each text; a word that the vocabulary lacks
_REMEMBERED = 500_000


@dataclass(frozen=True)
class Encoded:
    """Many texts in a row. Text ``t`` is ``words[starts[t] : starts[t] + lengths[t]]``; a zero stands behind it.

    ``grams[p]`` is the 8-gram that begins at word ``p``, 0 where there is none. ``whole[t]`` stands for all words of
    the text in order, 0 for a text without words.
    """

    words: U64
    grams: U64
    starts: Ints
    lengths: Ints
    whole: U64

    @property
    def text_of(self) -> Ints:
        """The number of the text at each place."""
        return np.repeat(np.arange(len(self.starts)), self.lengths + 1)


def hasher(salt: bytes = b"") -> Callable[[str], int]:
    """A function from word to hash that remembers up to half a million words."""
    known: dict[str, int] = {}

    def hash_of(word: str) -> int:
        found = known.get(word)
        if found is None:
            found = _hash(word, salt)
            if len(known) < _REMEMBERED:
                known[word] = found
        return found

    return hash_of


def vocabulary(texts: Iterable[str], salt: bytes = b"") -> tuple[dict[str, int], bytes]:
    """Each word of the texts with its hash, no two alike, and the salt that made it so."""
    distinct = dict.fromkeys(word for text in texts for word in words(text))
    for number in count():
        tried = salt if number == 0 else salt + bytes([number])
        table = {word: _hash(word, tried) for word in distinct}
        if len(set(table.values())) == len(table):
            return table, tried
    raise AssertionError  # pragma: no cover


def closed(table: dict[str, int]) -> Callable[[str], int]:
    """A function from word to hash for texts that are compared with one vocabulary: other words match nothing."""
    return lambda word: table.get(word, _OTHER)


def encode_words(texts: Sequence[str], hash_of: Callable[[str], int]) -> Encoded:
    """The texts as arrays."""
    flat: list[int] = []
    lengths = np.zeros(len(texts), dtype=np.int64)
    for number, text in enumerate(texts):
        found = words(text)
        lengths[number] = len(found)
        flat.extend(map(hash_of, found))
        flat.append(_END)
    array = np.array(flat, dtype=np.uint64)
    starts = np.concatenate([[0], np.cumsum(lengths + 1)])[:-1].astype(np.int64)
    return Encoded(array, _grams(array), starts, lengths, _whole(array, starts, lengths))


def longer(grams: U64, n: int) -> U64:
    """The n-gram at each place (8 <= n <= 16), 0 where there is none."""
    if n == GRAM:
        return grams
    out = np.zeros_like(grams)
    if len(grams) <= n - GRAM:
        return out
    first, last = grams[: len(grams) - (n - GRAM)], grams[n - GRAM :]
    # two grams that begin less than eight words apart stand in one text: seven places behind a text hold none
    both = (first != 0) & (last != 0)
    out[: len(first)][both] = mixed(first[both] * np.uint64(0x9E3779B97F4A7C15) ^ mixed(last[both]))
    return out


def mixed(values: U64) -> U64:
    """Spread the bits (the finaliser of splitmix64); never 0, which means "none"."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    values = values ^ (values >> np.uint64(31))
    return np.maximum(values, np.uint64(1))


def _grams(array: U64) -> U64:
    out = np.zeros_like(array)
    if len(array) < GRAM:
        return out
    size = len(array) - GRAM + 1
    value = np.zeros(size, dtype=np.uint64)
    whole = np.ones(size, dtype=bool)
    for place in range(GRAM):
        part = array[place : place + size]
        value = value * np.uint64(0x5851F42D4C957F2D) + part
        whole &= part > _OTHER
    out[:size][whole] = mixed(value[whole])
    return out


def _whole(array: U64, starts: Ints, lengths: Ints) -> U64:
    """One number a text: the sum of each word mixed with its place. Texts with a foreign word have none."""
    if not len(starts):
        return np.zeros(0, dtype=np.uint64)
    place = np.arange(len(array)) - np.repeat(starts, lengths + 1)
    summed = np.add.reduceat(
        np.where(array == _END, np.uint64(0), mixed(array ^ mixed(place.astype(np.uint64) + np.uint64(2)))), starts
    )
    foreign = np.logical_or.reduceat(array == _OTHER, starts)
    return np.where((lengths == 0) | foreign, np.uint64(0), mixed(summed + lengths.astype(np.uint64)))


def _hash(word: str, salt: bytes) -> int:
    digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8, key=salt).digest()
    return max(int.from_bytes(digest, "little"), _OTHER + 1)
