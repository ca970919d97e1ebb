"""Blocks of wordings as plain text, one a line.

Not here: the wordings themselves, and how they are filled in (world.py).
"""

from __future__ import annotations

Wordings = tuple[str, ...]


def lines(text: str) -> Wordings:
    """The non-empty lines of a block, stripped."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())
