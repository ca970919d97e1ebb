"""What the bytes of a block of JSON lines tell about its lines before any is parsed.

A line that is not marked holds nothing that a rule about characters or personal data could find, so its row needs no
look at its texts. A mark proves nothing: it only asks for that look. A few passes over the whole block in C tell it,
and then steps over the signs that matter, which are few in most texts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from luthier.rows.signs import SPECIAL_BYTES
from luthier.text import personal, secrets

Places = NDArray[np.int64]
_DIGITS = b"0123456789"
_NUMBER = 4
"""Digits in the shortest number or address that is looked for."""
_CALM = b" \t\r.,:;!?'\"()-/%&*+=#$_~^|{}]>`"
"""Signs that no rule about texts looks at (``{`` and ````` matter at the ends of an answer only)."""
_LEADS = b"\xc2\xc3\xed\xef"
"""What the letters that matter beyond ASCII begin with in UTF-8."""


def _table() -> bytes:
    """1 for each byte that is looked at, 0 for all others."""
    calm = {*_CALM, *range(65, 91), *range(97, 123), *range(128, 256)} - {*_LEADS}
    return bytes(byte not in calm for byte in range(256))


def _among(values: bytes | range) -> NDArray[np.bool_]:
    found = np.zeros(256, dtype=np.bool_)
    found[[*values]] = True
    return found


_LOOKED_AT = _table()
_IS_DIGIT = _among(_DIGITS)
_IS_CONTROL = _among(bytes([*range(10), *range(11, 32), 127]))
_ESCAPES = _among(b"u/bf")  # what stands for a sign that cannot be seen in the bytes
_OPENS = _among(b"s/b|\xefe<puBEI")  # second signs of control tokens
_C1 = _among(range(0x80, 0xA0))
_SURROGATE = _among(range(0xA0, 0xC0))
_ACCENTED = _among(range(0x82, 0xB5))
_DAMAGED = _among(b"\xc2\xc5\xc6\xcb\xe2")  # what follows in a text that was decoded as Windows-1252
_NOTHING = np.zeros(1, dtype=np.uint8)
_EIGHTS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
_AT_START = np.cumprod(_EIGHTS, axis=1).sum(axis=1)
_AT_END = np.cumprod(_EIGHTS[:, ::-1], axis=1).sum(axis=1)
"""Of eight bits, how many at the start (at the end) are set without a gap."""
_WIDE = {(0xBF, 0xBD), (0xBB, 0xBF), (0xBD, 0x9C)}  # U+FFFD, a byte-order mark, the bar of DeepSeek's control tokens


class Marks(NamedTuple):
    """Lines by number, from 0: those whose characters must be looked at, and those that may hold personal data."""

    odd: frozenset[int]
    personal: frozenset[int]


def marks(data: bytes) -> Marks:
    """The marks of a block of lines. Only lines that are JSON in UTF-8 need to be told right."""
    signs = np.frombuffer(data, dtype=np.uint8)
    places = np.flatnonzero(np.frombuffer(data.translate(_LOOKED_AT), dtype=np.bool_))
    found = signs[places]
    ends = places[found == 10]
    odd = [places[_IS_CONTROL[found]], *_letters(signs, places, found), *_tokens(data, signs, places, found)]
    escaped = _followed(signs, places[found == 92], _ESCAPES)
    private = [escaped, places[found == 64], _long_words(signs), _numbers(data, ends, places[_IS_DIGIT[found]])]
    return Marks(_lines(ends, [*odd, escaped]), _lines(ends, private))


def _lines(ends: Places, places: list[Places]) -> frozenset[int]:
    return frozenset(np.searchsorted(ends, np.concatenate(places)).tolist())


def _followed(signs: NDArray[np.uint8], places: Places, by: NDArray[np.bool_], offset: int = 1) -> Places:
    """Those of the places behind which stands one of some signs."""
    inside = places[places < len(signs) - offset]
    return inside[by[signs[inside + offset]]]


def _letters(signs: NDArray[np.uint8], places: Places, found: NDArray[np.uint8]) -> list[Places]:
    """Letters that a text should not hold: lost, invisible, or decoded wrongly."""
    accented = _followed(signs, places[found == 0xC3], _ACCENTED)
    wide = _followed(signs, places[found == 0xEF], _among(bytes({second for second, _ in _WIDE})))
    wide = wide[wide < len(signs) - 2]
    pairs = zip(signs[wide + 1].tolist(), signs[wide + 2].tolist(), strict=True)
    return [
        _followed(signs, places[found == 0xC2], _C1),
        _followed(signs, places[found == 0xED], _SURROGATE),
        _followed(signs, accented, _DAMAGED, 2),
        wide[[pair in _WIDE for pair in pairs]],
    ]


def _tokens(data: bytes, signs: NDArray[np.uint8], places: Places, found: NDArray[np.uint8]) -> list[Places]:
    """Control tokens that are typed out."""
    opens = _followed(signs, places[(found == 60) | (found == 91)], _OPENS)
    return [np.asarray([at for at in opens.tolist() if SPECIAL_BYTES.match(data, at)], dtype=np.int64)]


def _long_words(signs: NDArray[np.uint8]) -> Places:
    """Where as many signs as the shortest secret has stand without a blank or a quotation mark."""
    eights = np.packbits(signs > 34)  # blanks, line ends, ! and " are left out; a bit a sign
    eights = np.concatenate([_NOTHING, eights, _NOTHING])
    full = np.flatnonzero(eights == 255)  # any run of fifteen or more has such eight in it
    length = _AT_END[eights[full - 1]] + 8 + _AT_START[eights[full + 1]]
    places: Places = (full[length >= secrets.SHORTEST] - 1) * 8
    return places


def _numbers(data: bytes, ends: Places, digits: Places) -> Places:
    """The beginnings of lines whose digits may be a number or an address."""
    last = np.searchsorted(digits, ends)
    first = np.concatenate([[0], last[:-1]])
    if len(digits) and (not len(ends) or digits[-1] > ends[-1]):  # a last line without an end
        first, last = np.append(first, last[-1:]), np.append(last, len(digits))
    many = np.flatnonzero(last - first >= _NUMBER)
    starts = np.concatenate([[0], ends + 1])[many].tolist()
    stops = np.append(ends, len(data))[many].tolist()
    held = [start for start, stop in zip(starts, stops, strict=True) if personal.may_hold(data[start:stop])]
    return np.asarray(held, dtype=np.int64)
