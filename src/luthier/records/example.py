"""A row to learn from or to be tested on, with the place it came from.

Identity is content: two rows with the same messages (or text) have the same id wherever they stand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from luthier.records.chat import Message


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row was read: file name as given, line (1-based; row number for tables)."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Example:
    """One row. Either ``messages`` (a chat; the last assistant turn is the answer) or ``text`` (plain text).

    ``label`` is set for classification rows (then the answer is the label too). ``group`` keeps rows of one source
    together in a split, ``time`` orders them (ISO 8601). ``meta`` holds columns that were not used.
    """

    messages: tuple[Message, ...] = ()
    text: str | None = None
    tools: tuple[Mapping[str, Any], ...] = ()
    label: str | None = None
    group: str | None = None
    time: str | None = None
    weight: float = 1.0
    origin: Origin | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        """BLAKE2b over the canonical JSON of what is trained on or asked; 16 hex digits."""
        body = {"messages": [m.to_dict() for m in self.messages], "text": self.text, "tools": [*map(dict, self.tools)]}
        return content_id(body)

    @property
    def prompt(self) -> tuple[Message, ...]:
        """Everything before the last assistant turn: what a model is asked."""
        if self.messages and self.messages[-1].role == "assistant":
            return self.messages[:-1]
        return self.messages

    @property
    def answer(self) -> str:
        """The last assistant turn's text, or the empty string."""
        if self.messages and self.messages[-1].role == "assistant":
            return self.messages[-1].content
        return ""

    @property
    def asked(self) -> str:
        """The user side as one text (system left out): what near-duplicate search and baselines read."""
        if self.text is not None:
            return self.text
        return said_by_user(self.prompt)

    def to_dict(self) -> dict[str, Any]:
        """JSON form, as stored in a dataset; defaults are left out."""
        out: dict[str, Any] = {"id": self.id}
        if self.messages:
            out["messages"] = [m.to_dict() for m in self.messages]
        if self.text is not None:
            out["text"] = self.text
        if self.tools:
            out["tools"] = [dict(t) for t in self.tools]
        if self.label is not None:
            out["label"] = self.label
        return {**out, **circumstances(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Example:
        """Read what :meth:`to_dict` wrote."""
        return cls(
            messages=tuple(Message.from_dict(m) for m in data.get("messages", ())),
            text=data.get("text"),
            label=data.get("label"),
            **read_circumstances(data),
        )


def content_id(body: Mapping[str, Any]) -> str:
    """BLAKE2b over the canonical JSON of a row's content; 16 hex digits."""
    blob = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(blob.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def said_by_user(messages: Iterable[Message]) -> str:
    """What was said as one text, the system message left out."""
    return "\n".join(m.content for m in messages if m.role != "system")


def circumstances(row: Any) -> dict[str, Any]:
    """What every kind of row carries beside its content, in JSON form; defaults are left out."""
    out: dict[str, Any] = {}
    for name in ("group", "time"):
        if (value := getattr(row, name)) is not None:
            out[name] = value
    if row.weight != 1.0:
        out["weight"] = row.weight
    if row.origin is not None:
        out["origin"] = {"file": row.origin.file, "line": row.origin.line}
    if row.meta:
        out["meta"] = dict(row.meta)
    return out


def read_circumstances(data: Mapping[str, Any]) -> dict[str, Any]:
    """What :func:`circumstances` wrote, and the tools, as arguments of a row's class."""
    origin = data.get("origin")
    return {
        "tools": tuple(data.get("tools", ())),
        "group": data.get("group"),
        "time": data.get("time"),
        "weight": float(data.get("weight", 1.0)),
        "origin": Origin(origin["file"], origin["line"]) if origin else None,
        "meta": data.get("meta", {}),
    }
