"""UTF-8 text that was read as Windows-1252 ("CafÃ©", "donâ€™t"): find it and undo it.

Only sequences that decode to one character are touched, and only where the odd signs are hardly ever written on
purpose: "Spaß»" and "été…»" stay. Text that was damaged twice is mended one step at a time. Nothing else is repaired:
what was lost (U+FFFD) stays lost.
"""

from __future__ import annotations

import re
from itertools import chain


def _signs() -> dict[str, int]:
    """What each byte from 0x80 on looks like when it is read as Windows-1252 (or Latin-1 where that has no sign)."""
    found = {chr(byte): byte for byte in range(0x80, 0x100)}
    for byte in range(0x80, 0xA0):
        sign = bytes([byte]).decode("cp1252", "ignore")
        if sign:
            found[sign] = byte
    return found


_BYTE = _signs()
_TAIL = "".join(re.escape(sign) for sign, byte in _BYTE.items() if byte < 0xC0)
_QUOTES = "\u2018\u2019\u201c\u201d\u00bb\u00ab"
_ALONE = re.compile(
    rf"Â[{_TAIL}]|(?<![A-ZÀ-ÖØ-Þ])Ã[{_TAIL}]|Ã(?![{_QUOTES}])[{_TAIL}]"  # "MANHÃ”" is a word and a quotation mark
    rf"|â[\u20ac\u201a\u2030\u201e\u20ac\x80\x82\x84][{_TAIL}]|ï[»¿\xbb\xbc\xbd\u00bc\u00bd][{_TAIL}]|ð[\u0178\x9f][{_TAIL}]{{2}}"
)
"""Sequences that are damage wherever they stand: Latin letters, general punctuation, fullwidth forms, emoji."""
_LEAD = "".join(re.escape(chr(byte)) for byte in range(0xC2, 0xF5))
_RUN = re.compile(rf"(?:[{_LEAD}][{_TAIL}]{{1,3}}[ ,.]?){{2,}}")
"""Several in a row: Greek, Cyrillic, Chinese and all others."""
_HINT = re.compile(rf"[\u00c2-\u00f4][{_TAIL}]")
"""How every damaged sequence begins."""


def find(text: str) -> str:
    """The first damaged piece, or the empty string."""
    hint = None if text.isascii() else _HINT.search(text)
    if hint is None:
        return ""
    for match in chain(_RUN.finditer(text, hint.start()), _ALONE.finditer(text, hint.start())):
        if _decoded(match.group()) != match.group():
            return match.group()
    return ""


def repair(text: str) -> str:
    """The text with every damaged sequence decoded as it was meant."""
    if text.isascii() or not _HINT.search(text):
        return text
    return _ALONE.sub(lambda match: _decoded(match.group()), _RUN.sub(lambda match: _decoded(match.group()), text))


def _decoded(piece: str) -> str:
    try:
        raw = b"".join(bytes([_BYTE[sign]]) if sign in _BYTE else sign.encode("ascii") for sign in piece)
        return raw.decode("utf-8")
    except UnicodeError:
        return piece
