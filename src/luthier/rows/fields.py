"""What a layout is, and how fields are found by name. Which layouts there are: ``shape`` and ``shape_compared``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SAMPLE = 500
"""Rows looked at; enough for a share with a half-width of 4 points."""

CHAT_KEYS = ("messages", "conversations", "conversation", "chat", "dialog", "dialogue", "turns")
Sample = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Shape:
    """A layout.

    ``name`` is one of the recipe's shapes; ``confidence`` the share of sampled rows that have it; ``reason`` says what
    was seen; ``columns`` names the row's field for each part ("answer" -> "reply"); ``fields`` are all fields seen, the
    commonest first.
    """

    name: str
    confidence: float
    reason: str
    columns: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the rows can be used without a mapping."""
        return self.name != "table"

    @property
    def compares(self) -> bool:
        """Whether the rows say which answer is better, so that there is no single answer to learn."""
        return self.name in ("preference", "ranked", "kto")


def share(sample: Sample, holds: Callable[[Mapping[str, Any]], bool]) -> float:
    """The share of the rows for which something holds; 0 without rows."""
    return sum(map(holds, sample)) / len(sample) if sample else 0.0


def by_name(fields: Sequence[str], wanted: Iterable[str]) -> str | None:
    """The first wanted field that is there, in whatever case it is written."""
    lowered = {key.lower(): key for key in reversed(fields)}
    return next((lowered[name] for name in wanted if name in lowered), None)


def columns_named(fields: Sequence[str], parts: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Part -> field, for the parts that have a field."""
    found = ((part, by_name(fields, names)) for part, names in parts.items())
    return {part: name for part, name in found if name is not None}
