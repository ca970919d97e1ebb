"""When two texts count as the same: one Unicode rule, for every script.

The key of a text is its words (runs of letters, numbers and the marks that belong to them) after NFKC and case
folding, joined by one space. A text without any letter or number has the empty key, and the empty key never matches
anything: "!!!" is not a duplicate of "???". Chinese, Arabic or Thai rows keep all their letters, so they do not
collapse into one another.

It does not stem, transliterate or repair text, and it does not drop symbols' meaning carefully: "5 + 3" and "5 - 3"
have the same key, which errs towards calling rows alike.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from zlib import crc32

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
    found = raw.translate(_ASCII)
    while b"  " in found:  # some times faster than to split and join
        found = found.replace(b"  ", b" ")
    return found.strip()


def words(text: str) -> list[str]:
    """The words of a text's key. In scripts without spaces each letter with its marks is a word of its own."""
    key = normalise(text)
    found = key.split()
    if key.isascii() or not _HAS_UNSPACED.search(key):
        return found
    return [piece for word in found for piece in _piece().findall(word)]


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
