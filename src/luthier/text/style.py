"""How an answer is written, as numbers: its length and the marks of Markdown. What it says is not looked at."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass

_HEADER = re.compile(r"^#{1,6}\s", re.MULTILINE)
_LIST = re.compile(r"^\s*(?:[-*+]|\d{1,3}[.)])\s", re.MULTILINE)
_BOLD = re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__")


@dataclass(frozen=True, slots=True)
class Style:
    """Characters, and how many headers, list items and bold words."""

    length: float
    headers: float = 0.0
    lists: float = 0.0
    bold: float = 0.0

    @property
    def numbers(self) -> tuple[float, ...]:
        """In the order of :data:`NAMES`."""
        return tuple(astuple(self))


NAMES = ("length", "headers", "lists", "bold")


def style_of(text: str) -> Style:
    """The style of one answer."""
    counts = (float(len(found.findall(text))) for found in (_HEADER, _LIST, _BOLD))
    return Style(float(len(text)), *counts)
