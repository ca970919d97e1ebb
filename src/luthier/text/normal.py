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
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from zlib import crc32

END = "§"
"""Stands behind the words of a text where those of several are together: a sign that is no word and no part of one."""
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_ASCII = bytes(
    sign + 32 if 65 <= sign <= 90 else sign if 48 <= sign <= 57 or 97 <= sign <= 122 or sign >= 128 else 32
    for sign in range(256)
)
"""ASCII letters in small, all but letters and digits as blanks; bytes of other signs stay."""
_ASCII_GAPS = bytes(sign for sign in range(128) if not chr(sign).isalnum())
_OTHER_GAPS = re.compile(rb"\xc2[\x80-\xbf]|\xe2\x80[\x80-\xbf]|\xe3\x80[\x80-\x83\x88-\x91\x94-\x9f]")
"""In UTF-8 after NFKC: Latin-1 signs, general punctuation, Chinese and Japanese punctuation. No letters, no numbers."""
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
_ASCII_SENTENCE = bytes(
    ord(_SENTENCE_SIGNS.sub(" ", chr(sign).lower())) if sign < 128 else sign for sign in range(256)
)
"""The same for ASCII: small letters, a blank for each of those signs."""
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
    return key(text).decode("utf-8", "surrogatepass")


def key(text: str) -> bytes:
    """The same in UTF-8, for those who hash it."""
    if text.isascii():
        return _joined(text.encode())
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    raw = folded.encode("utf-8", "surrogatepass")
    found = _joined(_OTHER_GAPS.sub(b" ", raw))
    if found.replace(b" ", b"").decode("utf-8", "surrogatepass").isalnum():
        return found  # blanks aside nothing is left but letters and numbers: these are the words
    return " ".join(_word().findall(folded)).encode("utf-8", "surrogatepass")


def sieve(text: str) -> int:
    """A number that texts of equal keys share, and few others do: fast, to tell which texts must be compared at all.

    0 means that the key is empty. Blanks are left out, so "a part" and "apart" share theirs.
    """
    letters = text.encode().translate(_ASCII, _ASCII_GAPS) if text.isascii() else key(text).replace(b" ", b"")
    return crc32(letters) or 1 if letters else 0


def _joined(raw: bytes) -> bytes:
    return _one_blank(raw.translate(_ASCII))


def _one_blank(found: bytes) -> bytes:
    while b"  " in found:  # some times faster than to split and join
        found = found.replace(b"  ", b" ")
    return found.strip()


def strict(text: str) -> str:
    """The text with its signs that carry meaning: "5 + 3" and "5 - 3" differ, "Top up?" and "top-up" do not."""
    if text.isascii() and "-" not in text:
        return _one_blank(text.encode().translate(_ASCII_SENTENCE)).decode()
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


def words_of(texts: Sequence[str], ends: int = 1) -> list[str]:
    """``words`` of each text in turn, with so many :data:`END` behind each: several times faster than one by one."""
    behind = f" {END}" * ends + " "
    found: list[str] = []
    for simple, group in groupby(texts, str.isascii):
        if simple:
            together = behind.join([*group, ""]).encode("latin-1").translate(_ASCII)
            found += together.decode("latin-1").split()
        else:
            for text in group:
                found += [*words(text), *[END] * ends]
    return found


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
