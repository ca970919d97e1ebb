"""A row of a plain table through the recipe's mapping: a chat, or the sides of a comparison.

Columns and templates are filled as they stand; a column that already holds a list of messages is read as a chat.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from luthier.recipe.data import MapSpec, TurnListSpec
from luthier.records import Message
from luthier.rows.chat import read_turns
from luthier.rows.finding import RowProblem
from luthier.rows.mapping import MissingColumn, as_text, fill, meaning


def chat(row: Mapping[str, Any], spec: MapSpec) -> tuple[list[Message], str | None]:
    """The row's messages, and its label if the mapping names one.

    Raises:
        RowProblem: a column is missing, the answer is empty, or a turn cannot be read.
    """
    label: str | None = None
    if spec.turns_in is not None:
        messages = _listed(row, spec, spec.turns_in)
    elif spec.turns:
        messages = _in_columns(row, spec)
    else:
        assert spec.prompt is not None and spec.completion is not None
        messages = [*side(row, spec.prompt, "prompt", "user"), *side(row, spec.completion, "completion", "assistant")]
        if not messages[-1].content.strip() and not messages[-1].tool_calls:
            raise RowProblem("answer.empty", "the answer is empty", path=spec.completion, fix="fill it in")
        label = as_text(row.get(spec.label)).strip() if spec.label else None
        if spec.label and not label:
            raise RowProblem("label.missing", "no label", path=spec.label, fix="label the row")
    return with_system(messages, row, spec), label


def side(row: Mapping[str, Any], template: str, part: str, role: str) -> list[Message]:
    """One side of a row: the template's text as a message, or the messages that its column holds.

    Raises:
        RowProblem: the row lacks a column, or the messages cannot be read.
    """
    value = row.get(template)
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return read_turns(value, template)
    return [Message(role, _filled(row, template, part))]


def with_system(messages: list[Message], row: Mapping[str, Any], spec: MapSpec) -> list[Message]:
    """The messages after the mapping's system message, where it has one and they have none."""
    said = _filled(row, spec.system, "system", fixed=True) if spec.system is not None else ""
    if said.strip() and messages and messages[0].role != "system":
        return [Message("system", said), *messages]
    return messages


def _in_columns(row: Mapping[str, Any], spec: MapSpec) -> list[Message]:
    turns = []
    for index, turn in enumerate(spec.turns):
        said = _filled(row, turn.content, f"turns.{index}.content")
        speaker = meaning(_filled(row, turn.role, f"turns.{index}.role", fixed=True), spec.roles)
        if said.strip() and speaker != "skip":
            turns.append({"role": speaker, "content": said})
    return read_turns(turns, "turns")


def _listed(row: Mapping[str, Any], spec: MapSpec, listed: TurnListSpec) -> list[Message]:
    key = listed.column
    if key not in row:
        raise _missing(key, "turns_in.column")
    if not isinstance(row[key], list):
        raise RowProblem("chat.empty", f"{key} is not a list", path=key, value=row[key], fix="a list of turns")
    turns = []
    for index, element in enumerate(row[key]):
        path = f"{key}[{index}]"
        if not isinstance(element, Mapping) or listed.role not in element or listed.content not in element:
            message = f"not an object with {listed.role} and {listed.content}"
            raise RowProblem("chat.message", message, path=path, value=element)
        speaker = meaning(element[listed.role], spec.roles)
        if speaker != "skip":
            turns.append({"role": speaker, "content": element[listed.content]})
    return read_turns(turns, key)


def _filled(row: Mapping[str, Any], template: str, part: str, *, fixed: bool = False) -> str:
    try:
        return fill(template, row, fixed=fixed)
    except MissingColumn as error:
        raise _missing(str(error.args[0]), part) from None


def _missing(column: str, part: str) -> RowProblem:
    fix = f"fill it in, or change data.map.{part}"
    return RowProblem("map.column", f"no column {column} in this row", path=column, fix=fix)
