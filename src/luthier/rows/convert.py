"""From a row in its layout to an :class:`Example`, or to findings that say why not.

Every row is checked: roles and their order, text that is text, a question, an answer to learn from. Unknown keys are
kept as ``meta``; role names of other tools are understood; nothing is guessed about a row that does not fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from luthier.recipe.data import MapSpec
from luthier.records import Example, Message, Origin
from luthier.rows import mapped
from luthier.rows.chat import check_chat, read_turns, text_of, tools_of
from luthier.rows.fields import Shape
from luthier.rows.finding import Finding, RowProblem, shorten
from luthier.rows.mapping import as_text, used_columns
from luthier.rows.raw import Raw
from luthier.rows.signs import signs

LABELS_IN_PROMPT = 600
"""Longest list of labels, in characters, that is put into a classification row's system message."""


@dataclass(frozen=True)
class Layout:
    """How rows become examples: the shape, or a mapping in its place, and what is taken along.

    ``labels`` are all labels of the job (they are named in the system message when they fit), ``group_by`` and ``time``
    the columns for the split.
    """

    shape: Shape
    map: MapSpec | None = None
    system: str | None = None
    labels: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    time: str | None = None

    @cached_property
    def used(self) -> frozenset[str]:
        """Columns that became part of the example; all others go to ``meta``."""
        if self.map is None:
            taken = {*self.shape.columns.values()}
        else:
            taken = {*used_columns(self.map, self.shape.fields)}
        return frozenset(taken | {*self.group_by} | ({self.time} if self.time else set()))


def to_examples(raws: Iterable[Raw], layout: Layout) -> Iterator[Example | Finding]:
    """Each row as an example, or as one finding of severity "error"; warnings come before their example."""
    for raw in raws:
        if raw.value is None:
            assert raw.problem is not None
            yield raw.problem
            continue
        try:
            example = _convert(raw.origin, raw.value, layout)
        except RowProblem as problem:
            yield problem.finding(raw.origin, raw.value)
            continue
        warnings = check_chat(example) or signs(
            raw.value, layout.used, example.answer, turns=len(example.messages), plain=example.text
        )
        if warnings and warnings[0].severity == "error":
            yield warnings[0].finding(raw.origin, raw.value)
            continue
        yield from (warning.finding(raw.origin, None) for warning in warnings)
        yield from undated(raw, layout, example.time)
        yield example


def undated(raw: Raw, layout: Layout, time: str | None) -> list[Finding]:
    """The warning about a row whose date cannot be read, where a date is wanted."""
    if layout.time is None or time is not None or raw.value is None:
        return []
    shown = shorten(raw.value.get(layout.time))
    fix = "write it like 2026-11-23 or 2026-11-23T14:05:00"
    found = Finding(raw.origin, "split.time", "no date that can be read", layout.time, "warning", shown, fix)
    return [found]


def label_text(value: Any) -> str:
    """A class label as the text that the model answers."""
    return as_text(value).strip()


def _convert(origin: Origin, row: Mapping[str, Any], layout: Layout) -> Example:
    label: str | None = None
    text: str | None = None
    tools: tuple[Mapping[str, Any], ...] = ()
    messages: list[Message] = []
    if layout.map is not None:
        messages, label = mapped.chat(row, layout.map)
    else:
        name, columns = layout.shape.name, layout.shape.columns
        if name in ("messages", "sharegpt"):
            key = columns.get("messages", "messages" if name == "messages" else "conversations")
            if key not in row and isinstance(row.get("text"), str):  # documents among chats are plain text
                return _plain(origin, row, "text", layout)
            messages = read_turns(row.get(key), key)
            tools = tools_of(row.get(columns.get("tools", "tools")), columns.get("tools", "tools"))
            messages = _with_system(messages, row, columns)
        elif name == "alpaca":
            messages = _alpaca(row, columns)
        elif name == "prompt_completion":
            messages = _pair(row, columns)
            tools = tools_of(row.get(columns.get("tools", "tools")), columns.get("tools", "tools"))
        elif name == "classification":
            messages, label = _classified(row, columns, layout)
        else:
            text = text_of(row.get(columns.get("text", "text")), columns.get("text", "text"))
    if layout.system and messages and messages[0].role != "system":
        messages = [Message("system", layout.system), *messages]
    return Example(
        messages=tuple(messages),
        text=text,
        tools=tools,
        label=label,
        group=group_of(row, layout.group_by),
        time=time_of(row.get(layout.time)) if layout.time else None,
        origin=origin,
        meta={key: value for key, value in row.items() if key not in layout.used},
    )


def _plain(origin: Origin, row: Mapping[str, Any], key: str, layout: Layout) -> Example:
    rest = {name: value for name, value in row.items() if name != key and name not in layout.used}
    time = time_of(row.get(layout.time)) if layout.time else None
    return Example(text=row[key], group=group_of(row, layout.group_by), time=time, origin=origin, meta=rest)


def _required(row: Mapping[str, Any], columns: Mapping[str, str], part: str) -> tuple[str, Any]:
    key = columns.get(part, part)
    if key not in row:
        message = f"the field {key} is missing; the rows seem to be {', '.join(columns.values()) or part}"
        raise RowProblem(
            "row.shape", message, path=key, fix="add it, or keep rows of different layouts in different files"
        )
    return key, row[key]


def _with_system(messages: list[Message], row: Mapping[str, Any], columns: Mapping[str, str]) -> list[Message]:
    key = columns.get("system")
    system = text_of(row.get(key), key) if key and row.get(key) else ""
    if system.strip() and messages and messages[0].role != "system":
        return [Message("system", system), *messages]
    return messages


def _said(row: Mapping[str, Any], columns: Mapping[str, str], part: str, role: str) -> list[Message]:
    """A prompt or completion column: text, or a list of messages."""
    key, value = _required(row, columns, part)
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return read_turns(value, key)
    if isinstance(value, int | float) and not isinstance(value, bool) and role == "assistant":
        value = as_text(value)  # an answer 42 is meant as text; a question 42 is not
    return [Message(role, text_of(value, key, missing_is_empty=True))]


def _pair(row: Mapping[str, Any], columns: Mapping[str, str]) -> list[Message]:
    asked = _said(row, columns, "prompt", "user")
    key = columns.get("context")
    context = text_of(row.get(key), key, missing_is_empty=True).strip() if key else ""
    if context and asked[-1].role == "user":
        parts = [asked[-1].content, context]
        if columns.get("prompt", "").lower() != "instruction":
            parts.reverse()  # a passage comes before its question, behind an instruction
        asked[-1] = replace(asked[-1], content="\n\n".join(parts))
    answered = _said(row, columns, "answer", "assistant")
    if not answered[-1].content.strip() and not answered[-1].tool_calls:
        raise RowProblem("answer.empty", "the answer is empty", path=columns.get("answer", "answer"), fix="fill it in")
    return _with_system([*asked, *answered], row, columns)


def _alpaca(row: Mapping[str, Any], columns: Mapping[str, str]) -> list[Message]:
    key, instruction = _required(row, columns, "instruction")
    out_key, output = _required(row, columns, "output")
    messages: list[Message] = []
    history = row.get(columns.get("history", "history")) or []
    if not isinstance(history, list):
        raise RowProblem("content.type", "history is not a list of pairs", path="history", value=history)
    for index, pair in enumerate(history):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise RowProblem("content.type", "not a pair of question and answer", path=f"history[{index}]", value=pair)
        messages += [Message("user", text_of(pair[0], f"history[{index}][0]"))]
        messages += [Message("assistant", text_of(pair[1], f"history[{index}][1]"))]
    asked = text_of(instruction, key, missing_is_empty=True)
    in_key = columns.get("input", "input")
    if row.get(in_key):
        asked = f"{asked}\n\n{text_of(row[in_key], in_key)}".strip()
    if not asked.strip():
        raise RowProblem("content.empty", "the instruction is empty", path=key, fix="fill it in")
    if isinstance(output, int | float) and not isinstance(output, bool):
        output = as_text(output)
    answer = text_of(output, out_key, missing_is_empty=True)
    if not answer.strip():
        raise RowProblem("answer.empty", "the answer is empty", path=out_key, fix="fill it in")
    messages += [Message("user", asked), Message("assistant", answer)]
    return _with_system(messages, row, columns)


def _classified(row: Mapping[str, Any], columns: Mapping[str, str], layout: Layout) -> tuple[list[Message], str]:
    key, value = _required(row, columns, "text")
    label_key, raw_label = _required(row, columns, "label")
    label = label_text(raw_label)
    if not label:
        raise RowProblem("label.missing", "no label", path=label_key, fix="label the row")
    text = text_of(value, key, missing_is_empty=True)
    if not text.strip():
        raise RowProblem("content.empty", "the text is empty", path=key, fix="fill it in")
    messages = [Message("user", text), Message("assistant", label)]
    if not layout.system and (named := name_labels(layout.labels)):
        messages.insert(0, Message("system", named))
    return messages, label


def name_labels(labels: Sequence[str]) -> str:
    """The system message that names the labels, or the empty string when there are none or too many to name."""
    text = f"Answer with one of: {', '.join(labels)}"
    return text if labels and len(text) <= LABELS_IN_PROMPT else ""


def group_of(row: Mapping[str, Any], columns: Sequence[str]) -> str | None:
    """Values of the group columns as one text; a row with none of them stands alone."""
    cells = [as_text(row.get(column)).strip() for column in columns]
    if not any(cells):
        return None
    return cells[0] if len(cells) == 1 else " | ".join(f"{c}={v}" for c, v in zip(columns, cells, strict=True))


def time_of(value: Any) -> str | None:
    """A date as ISO 8601 in UTC, or None. Numbers are seconds (or milliseconds) since 1970."""
    moment: datetime | None = None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(value / 1000 if abs(value) > 1e11 else value, tz=UTC)
        elif isinstance(value, str) and value.strip():
            text = value.strip()
            if text.replace(".", "", 1).isdigit() and len(text) >= 9:
                return time_of(float(text))
            moment = datetime.fromisoformat(text.replace("Z", "+00:00") if text.endswith("Z") else text)
    except (ValueError, OverflowError, OSError):
        return None
    if moment is None:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC).isoformat()
