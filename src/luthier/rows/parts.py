"""What a row is made of beyond plain words: the parts that another tool's layout may be unable to hold.

A part that carries no turn (a weight, a name) can be taken off; one that does (a tool call) cannot.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from itertools import pairwise
from typing import TypeVar

from luthier.records import Example, Message, Preference, Ranking, Thumb

PARTS: dict[str, str] = {
    "system": "system messages",
    "turns": "chats of several turns",
    "tools": "tool definitions",
    "calls": "tool calls and their answers",
    "said_calls": "words beside a tool call",
    "many_results": "several tool answers in a row",
    "reasoning": "reasoning",
    "weights": "weights of answers",
    "shares": "weights other than 0 and 1",
    "ids": "ids of tool calls",
    "names": "names of speakers",
    "long_answers": "compared answers of several messages",
    "margins": "margins",
    "ratings": "ratings",
    "annotators": "who judged",
    "row_weights": "weights of rows",
}
"""Part -> what it is called in a sentence."""

LOSABLE = frozenset(
    {"system", "tools", "reasoning", "weights", "shares", "ids", "names", "margins", "ratings", "annotators",
     "row_weights"}
)  # fmt: skip
"""Parts that can be taken off a row and leave a row."""

Row = Example | Preference | Ranking | Thumb
R = TypeVar("R", bound=Row)


def sides(row: Row) -> list[tuple[Message, ...]]:
    """The runs of messages of a row: the whole chat, or the prompt and then each answer."""
    if isinstance(row, Example):
        return [row.messages]
    if isinstance(row, Preference):
        return [row.prompt, row.chosen, row.rejected]
    return [row.prompt, *row.answers] if isinstance(row, Ranking) else [row.prompt, row.answer]


def parts_of(row: Row) -> set[str]:
    """The parts that a row has."""
    runs = sides(row)
    messages = [message for run in runs for message in run]
    found = {
        "system": any(m.role == "system" for m in messages),
        "turns": sum(m.role == "user" for m in runs[0]) > 1,
        "tools": bool(row.tools),
        "calls": any(m.tool_calls or m.role == "tool" for m in messages),
        "said_calls": any(m.tool_calls and m.content for m in messages),
        "many_results": any(_many_results(run) for run in runs),
        "reasoning": any(m.reasoning is not None for m in messages),
        "weights": any(m.weight != 1.0 for m in messages),
        "shares": any(m.weight not in (0.0, 1.0) for m in messages),
        "ids": any(m.tool_call_id is not None or any(c.id for c in m.tool_calls) for m in messages),
        "names": any(m.name is not None for m in messages),
        "long_answers": any(len(run) > 1 for run in runs[1:]),
        "margins": isinstance(row, Preference) and row.margin is not None,
        "ratings": isinstance(row, Preference | Ranking) and row.ratings is not None,
        "annotators": not isinstance(row, Example) and bool(row.annotators),
        "row_weights": row.weight != 1.0,
    }
    return {name for name, there in found.items() if there}


def _many_results(run: Sequence[Message]) -> bool:
    return any(a.role == b.role == "tool" for a, b in pairwise(run))


def without(row: R, parts: Collection[str]) -> R:
    """The row without parts that can be lost."""
    own = {f.name for f in fields(row)}
    nothing: dict[str, tuple[str, object]] = {
        "tools": ("tools", ()), "row_weights": ("weight", 1.0), "margins": ("margin", None),
        "ratings": ("ratings", None), "annotators": ("annotators", ()),
    }  # fmt: skip
    changes = {name: empty for part, (name, empty) in nothing.items() if part in parts and name in own}
    for name in own & {"messages", "prompt", "chosen", "rejected", "answer"}:
        changes[name] = _plain(getattr(row, name), parts)
    if isinstance(row, Ranking):
        changes["answers"] = tuple(_plain(answer, parts) for answer in row.answers)
    return replace(row, **changes)  # type: ignore[arg-type]


def _plain(messages: Sequence[Message], parts: Collection[str]) -> tuple[Message, ...]:
    kept = [m for m in messages if not ("system" in parts and m.role == "system")]
    plain = []
    for message in kept:
        changes: dict[str, object] = {}
        if "reasoning" in parts:
            changes["reasoning"] = None
        if "weights" in parts or ("shares" in parts and message.weight not in (0.0, 1.0)):
            changes["weight"] = 1.0
        if "names" in parts:
            changes["name"] = None
        if "ids" in parts:
            changes["tool_call_id"] = None
            changes["tool_calls"] = tuple(replace(call, id=None) for call in message.tool_calls)
        plain.append(replace(message, **changes))  # type: ignore[arg-type]
    return tuple(plain)
