"""The quick look: which rows are so plainly in order that nothing needs to be made of them.

A quick look answers with the row's texts or with "look closely". It never makes a finding: whatever is odd, unusual or
unknown to it goes the long way (``to_examples``), which alone decides. A test holds that both ways agree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from luthier.rows.convert import Layout, label_text
from luthier.rows.signs import cut_off

Plain = tuple[str, str, str]
"""The texts of a row in order: system message, user side, answer."""
Reader = Callable[[dict[str, Any]], Plain | None]


def reader(layout: Layout) -> Reader | None:
    """How rows of a layout are looked at, or None where each needs the long way."""
    columns, name = layout.shape.columns, layout.shape.name
    if layout.map is not None or layout.system or layout.time or layout.group_by:
        return None
    if name in ("messages", "sharegpt") and "messages" in columns:
        return _chats(columns["messages"], frozenset(columns.values()) - {columns["messages"]})
    if name == "prompt_completion" and {"prompt", "answer"} <= columns.keys():
        return _pairs(columns["prompt"], columns["answer"], _others(columns, "prompt", "answer"))
    if name == "classification" and {"text", "label"} <= columns.keys() and not layout.labels:
        return _pairs(columns["text"], columns["label"], _others(columns, "text", "label"), labels=True)
    if name == "alpaca" and {"instruction", "input", "output"} <= columns.keys():
        others = _others(columns, "instruction", "input", "output") | {"history"}
        return _pairs(columns["instruction"], columns["output"], others, added=columns["input"])
    return None


def _others(columns: Any, *known: str) -> frozenset[str]:
    return frozenset(column for part, column in columns.items() if part not in known)


def _pairs(
    first: str, second: str, others: frozenset[str], *, labels: bool = False, added: str | None = None
) -> Reader:
    known = frozenset({first, second})

    def look(row: dict[str, Any]) -> Plain | None:
        asked, answer = row.get(first), row.get(second)
        if labels and type(answer) is int:
            answer = label_text(answer)
        if type(asked) is not str or type(answer) is not str or asked.isspace() or not asked:
            return None
        if not _answer_is_plain(answer):
            return None
        for key, value in row.items() if len(row) > 2 else ():
            if key in known:
                continue
            if value and key == added:
                if type(value) is not str:
                    return None
                asked = f"{asked}\n\n{value}".strip()
            elif (value and key in others) or (value is not None and type(value) not in _SIMPLE):
                return None
        return "", asked, answer

    return look


def _chats(key: str, others: frozenset[str]) -> Reader:
    def look(row: dict[str, Any]) -> Plain | None:
        turns = row.get(key)
        if type(turns) is not list or len(turns) < 2:
            return None
        texts: list[str] = []
        system, due = "", "user"
        for place, turn in enumerate(turns):
            if type(turn) is not dict or len(turn) != 2:
                return None
            if "role" in turn:
                role, content = turn["role"], turn.get("content")
            else:
                role, content = turn.get("from"), turn.get("value")
                role = {"human": "user", "gpt": "assistant"}.get(role, role) if type(role) is str else None
            if type(content) is not str or not content or content.isspace():
                return None
            if role == due:
                due = "assistant" if due == "user" else "user"
            elif role == "system" and not place:
                system = content
            else:
                return None
            texts.append(content)
        answer = texts[-1]
        if due != "user" or not _answer_is_plain(answer):
            return None
        asked = "\n".join(texts[1 if system else 0 : -1])
        for name, value in row.items():
            if name == key:
                continue
            if (name in others and value) or (value is not None and type(value) not in _SIMPLE):
                return None
        return system, asked, answer

    return look


_SIMPLE = frozenset({str, int, float, bool})
_STOPS = frozenset(".!?")


def _answer_is_plain(answer: str) -> bool:
    """Not empty, no blanks around it, and it does not seem to break off."""
    first, last = answer[:1], answer[-1:]
    if not first.isalnum() and (first <= " " or first.isspace()):
        return False
    if last in _STOPS and first not in "{[" and "`" not in answer:  # as most are
        return True
    return last > " " and not last.isspace() and not cut_off(answer)
