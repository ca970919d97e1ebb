"""Rows in, rows out, and why: the account that the data stage keeps.

Each step says how many rows it took and shows up to three of them; the numbers add up, and a test checks it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from luthier.records import Example
from luthier.rows import Finding

_SHOWN = 3
_TEXT = 300


@dataclass(frozen=True)
class Loss:
    """A row that leaves: the rule, the reason in words, and the row it collided with (if any)."""

    example: Example
    rule: str
    why: str
    partner: Example | None = None

    def to_dict(self) -> dict[str, Any]:
        """As written to ``removed.jsonl`` and ``quarantine.jsonl``."""
        out: dict[str, Any] = {"id": self.example.id, "rule": self.rule, "why": self.why}
        if self.example.origin is not None:
            out["origin"] = str(self.example.origin)
        if self.partner is not None:
            out["partner"] = {"id": self.partner.id, "origin": str(self.partner.origin or "")}
        return {**out, "row": self.example.to_dict()}


@dataclass
class Funnel:
    """The running account. ``left`` is the number of the job's rows still in play."""

    left: int = 0
    steps: list[dict[str, Any]] = field(default_factory=list)

    def start(self, rows: int, text: str) -> None:
        """Open the account with all rows read."""
        self.left = rows
        self.steps.append({"name": "read", "rule": text, "removed": 0, "left": rows, "examples": []})

    def set_aside(self, name: str, rule: str, findings: Iterable[Finding]) -> None:
        """Rows that could not become examples."""
        found = list(findings)
        self.left -= len(found)
        shown = [
            {"origin": str(f.origin), "text": _cut(f.value or f.path), "why": f"{f.message} [{f.rule}]", "partner": ""}
            for f in found[:_SHOWN]
        ]
        self._add(name, rule, len(found), shown)

    def lose(self, name: str, rule: str, losses: Iterable[Loss], **facts: Any) -> None:
        """Rows that a step took out."""
        found = list(losses)
        self.left -= len(found)
        self._add(name, rule, len(found), [show(loss) for loss in found[:_SHOWN]], **facts)

    def change(self, name: str, rule: str, changed: int, shown: Iterable[Mapping[str, str]], **facts: Any) -> None:
        """A step that changed rows but took none."""
        self._add(name, rule, 0, [dict(one) for one in shown], changed=changed, **facts)

    def _add(self, name: str, rule: str, removed: int, shown: list[dict[str, str]], **facts: Any) -> None:
        step = {"name": name, "rule": rule, "removed": removed, "left": self.left, **facts, "examples": shown}
        self.steps.append(step)


def show(loss: Loss) -> dict[str, str]:
    """A loss as three short strings to look at."""
    partner = f"{loss.partner.origin}: {_cut(loss.partner.asked)}" if loss.partner is not None else ""
    return {
        "origin": str(loss.example.origin or ""), "text": _cut(loss.example.asked or loss.example.answer),
        "why": loss.why, "partner": partner,
    }  # fmt: skip


def quarantined(finding: Finding) -> dict[str, Any]:
    """A finding with its whole row, as written to ``quarantine.jsonl``. The id is the hash of place and row."""
    row = orjson.dumps(repr(finding.row).encode("utf-8", "replace").decode())
    place = f"{finding.origin}\0".encode("utf-8", "replace")
    identifier = hashlib.blake2b(place + row, digest_size=8).hexdigest()
    return {"id": identifier, "why": finding.message, "origin": str(finding.origin), **finding.to_dict(), "row": finding.row}


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _TEXT else flat[: _TEXT - 1] + "…"
