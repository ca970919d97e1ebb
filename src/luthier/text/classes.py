"""A text as classes of signs, one byte each: a fast way to know what a text cannot hold.

Digits are ``0``, capitals ``A``, small letters ``a``; blanks are one blank each, the signs
``- . / ( ) : +`` stay, all else is ``~``.
"12-34 ab" becomes "00-00 aa". Looking for a piece of such a text is hundreds of times faster than an expression that
may begin anywhere. Only ASCII letters and digits have a class of their own: no finder here needs others.
"""

from __future__ import annotations

import re

_TABLE = bytearray(b"~" * 256)
for _low, _high, _class in ((48, 57, b"0"), (65, 90, b"A"), (97, 122, b"a")):
    _TABLE[_low : _high + 1] = _class * (_high - _low + 1)
for _sign in b" -./():+":
    _TABLE[_sign] = _sign
for _sign in b"\t\n\r":
    _TABLE[_sign] = 32
_CLASSES = bytes(_TABLE)
_CLUSTER = re.compile(rb"0(?:[ ./()-]{0,4}0){6}")


def classes(text: str) -> bytes:
    """The classes of a text's signs, in UTF-8 places."""
    return classes_of(text.encode("utf-8", "replace"))


def classes_of(raw: bytes) -> bytes:
    """The same for a text in UTF-8."""
    return raw.replace(b"\xc2\xa0", b" ").translate(_CLASSES)


def has_number(found: bytes) -> bool:
    """Whether seven digits stand together, with at most four signs or blanks between two of them."""
    return _CLUSTER.search(found) is not None


def longest_word(found: bytes) -> int:
    """Signs in the longest run without a blank."""
    return max(map(len, found.split()), default=0)
