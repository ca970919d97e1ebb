"""When two texts count as the same: one Unicode rule, for every script.

The key of a text is its words (runs of letters, numbers and the marks that belong to them) after NFKC and case
folding, joined by one space. A text without any letter or number has the empty key, and the empty key never matches
anything: "!!!" is not a duplicate of "???". Chinese, Arabic or Thai rows keep all their letters, so they do not
collapse into one another.

It does not stem, transliterate or repair text, and it does not drop symbols' meaning carefully: "5 + 3" and "5 - 3"
have the same key, which errs towards calling rows alike; :func:`strict` tells them apart.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_ASCII_GAP = re.compile(r"[^a-z0-9]+")
# Scripts written without spaces between words: there a letter (with its marks) stands for a word in shingles.
_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f"  # Myanmar
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # iteration marks, Hiragana, Katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\U00020000-\U0003ffff"  # Han, later planes
)
_SENTENCE_SIGNS = re.compile(r"[\s.,!?;:'\"‘’“”„…]+")  # change no meaning between words
_DASH = re.compile(r"(\d\s*)?[-–—]+(?=(\s*\d)?)")  # nor does a dash, but beside a number ("5 - 3")
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}]")


@lru_cache(maxsize=1)
def _marks() -> str:
    """The inside of a character class with every mark (Mn, Mc, Me); only the planes that have any are looked at."""
    spans: list[list[int]] = []
    for code in (*range(0x300, 0x20000), *range(0xE0100, 0xE01F0)):
        if unicodedata.category(chr(code))[0] == "M":
            if spans and spans[-1][1] == code - 1:
                spans[-1][1] = code
            else:
                spans.append([code, code])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in spans)


@lru_cache(maxsize=1)
def _word() -> re.Pattern[str]:
    # A mark counts only behind a letter or number: the variation selector of an emoji is not a word.
    return re.compile(rf"[^\W_](?:[^\W_]|[{_marks()}])*")


@lru_cache(maxsize=1)
def _piece() -> re.Pattern[str]:
    return re.compile(rf"[{_UNSPACED}][{_marks()}]*|[^{_UNSPACED}]+")


def normalise(text: str) -> str:
    """The key of a text: equal keys mean "the same text"; the empty key matches nothing."""
    if text.isascii():
        return _ASCII_GAP.sub(" ", text.lower()).strip()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(_word().findall(folded))


def strict(text: str) -> str:
    """The text with its signs that carry meaning: "5 + 3" and "5 - 3" differ, "Top up?" and "top-up" do not."""
    folded = _DASH.sub(lambda found: found[0] if found[1] or found[2] else " ", unicodedata.normalize("NFKC", text))
    return _SENTENCE_SIGNS.sub(" ", folded.casefold()).strip()


def family_name(text: str) -> str:
    """A name for a question that depends on its key only: 16 letters, which no search for numbers takes for one.

    Rows made from a row carry its question's name, so that both are known to belong together.
    """
    key = normalise(text) or text
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return digest.translate(_LETTERS)


def words(text: str) -> list[str]:
    """The words of a text's key. In scripts without spaces each letter with its marks is a word of its own."""
    key = normalise(text)
    found = key.split()
    if key.isascii() or not _HAS_UNSPACED.search(key):
        return found
    return [piece for word in found for piece in _piece().findall(word)]


def places(text: str) -> list[tuple[int, int]]:
    """Where each of ``words(text)`` stands in the text, as character offsets: what to mark when words are shown.

    A word whose characters cannot be told apart (one sign that stands for several words) has the place of everything
    between two spaces.
    """
    out: list[tuple[int, int]] = []
    for token in re.finditer(r"\S+", text):
        found = words(token[0])
        pieces = [
            (match.start() + piece.start(), match.start() + piece.end())
            for match in _word().finditer(token[0])
            for piece in _piece().finditer(match[0])
        ]
        if len(pieces) != len(found):
            pieces = [(0, len(token[0]))] * len(found)
        out += [(token.start() + start, token.start() + end) for start, end in pieces]
    count = len(words(text))
    return out if len(out) == count else [(0, len(text))] * count


def shingles(text: str, n: int = 3) -> frozenset[tuple[str, ...]]:
    """Runs of ``n`` words. A text of fewer words is one shingle, the whole key; an empty key has none.

    Raises:
        ValueError: ``n`` is below 1.
    """
    if n < 1:
        raise ValueError(f"a shingle has at least one word, got n={n}")
    found = words(text)
    if not found:
        return frozenset()
    if len(found) < n:
        return frozenset({tuple(found)})
    return frozenset(tuple(found[i : i + n]) for i in range(len(found) - n + 1))
