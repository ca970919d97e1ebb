"""Answers to one prompt: read in whatever form they stand, parted from what they share, checked as chats.

What is done with them (a pair, a ranking, a thumb) is the business of ``compare``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from luthier.records import Example, Message
from luthier.rows import transcript
from luthier.rows.chat import check_chat, read_turns, text_of
from luthier.rows.finding import RowProblem
from luthier.rows.mapping import as_text
from luthier.rows.shape_compared import TEXT_KEYS

Turns = tuple[Message, ...]


def one_answer(value: Any, path: str, *, whole: bool = False) -> Turns:
    """An answer: text, a message, or messages; with ``whole``, also a transcript that holds its prompt.

    Raises:
        RowProblem: it is none of these.
    """
    if whole and transcript.is_transcript(value):
        return tuple(transcript.parse(value))
    if isinstance(value, list) and value and isinstance(value[0], Mapping) and not _is_part(value[0]):
        return tuple(read_turns(value, path))
    if isinstance(value, Mapping):
        if "role" in value or "from" in value:
            return tuple(read_turns([value], path))
        key = next((key for key in TEXT_KEYS if key in value), None)
        if key is None:
            raise RowProblem("rank.answers", "an answer without text", path=path, value=value, fix="add its text")
        return one_answer(value[key], f"{path}.{key}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = as_text(value)  # an answer 42 is meant as text
    return (Message("assistant", text_of(value, path, missing_is_empty=True)),)


def _is_part(value: Mapping[str, Any]) -> bool:
    """Whether an object is a part of one message's content rather than a message."""
    return "type" in value and "role" not in value and "from" not in value


def last_answer(messages: list[Message], key: str) -> tuple[list[Message], list[Message]]:
    """A chat as its prompt and its last answer; ``key`` is where it stands.

    Raises:
        RowProblem: it does not end with an answer.
    """
    if messages[-1].role != "assistant":
        message = f"the last message is from the {messages[-1].role}, so there is no answer that was judged"
        raise RowProblem("answer.missing", message, path=f"{key}[{len(messages) - 1}]", fix="add the answer")
    return messages[:-1], messages[-1:]


def parted(
    prompt: list[Message], chosen: list[Message], rejected: list[Message]
) -> tuple[list[Message], list[Message], list[Message]]:
    """Prompt and answers, the prompt taken out of sides that repeat it or found as what they share.

    Raises:
        RowProblem: the sides answer different prompts, there is no prompt, or they are the same.
    """
    if prompt:
        return prompt, _without(prompt, chosen, "chosen"), _without(prompt, rejected, "rejected")
    if len(chosen) == len(rejected) == 1:
        fix = "add a field prompt, or write both as whole chats"
        raise RowProblem("pair.prompt", "chosen and rejected stand without a prompt", path="chosen", fix=fix)
    shared = 0
    while shared < min(len(chosen), len(rejected)) and chosen[shared] == rejected[shared]:
        shared += 1
    if shared == len(chosen) == len(rejected):
        raise RowProblem("pair.same", "chosen and rejected are the same", path="chosen", fix="leave the row out")
    if not any(message.role == "user" for message in chosen[:shared]):
        message = "chosen and rejected begin with different questions"
        raise RowProblem("pair.prompt", message, path="rejected", fix="compare answers to one question")
    if shared in (len(chosen), len(rejected)):
        message = "one side is only the beginning of the other"
        raise RowProblem("pair.prompt", message, path="rejected", fix="compare two answers to one question")
    if "assistant" not in (chosen[shared].role, rejected[shared].role):
        message = "chosen and rejected part at a question, not at an answer"
        raise RowProblem("pair.prompt", message, path=f"rejected[{shared}]", fix="compare answers to one question")
    return chosen[:shared], chosen[shared:], rejected[shared:]


def _without(prompt: list[Message], side: list[Message], name: str) -> list[Message]:
    """A side without the prompt that it may repeat.

    Raises:
        RowProblem: it begins with another prompt.
    """
    if side[0].role == "assistant":
        return side
    for said in (prompt, [m for m in prompt if m.role != "system"], prompt[-1:]):
        if said and side[: len(said)] == said and len(side) > len(said):
            return side[len(said) :]
    message = f"{name} begins with another prompt than the row's own"
    raise RowProblem("pair.prompt", message, path=f"{name}[0]", value=side[0].content, fix="make them the same")


def refuse_empty(side: Sequence[Message], path: str) -> None:
    """Raises RowProblem for an answer that says and does nothing."""
    if not side or (not side[-1].content.strip() and not side[-1].tool_calls and side[-1].role == "assistant"):
        raise RowProblem("pair.empty", f"{path} is empty", path=path, fix="leave the row out, or fill it in")


def same_answer(chosen: Sequence[Message], rejected: Sequence[Message]) -> bool:
    """Whether two answers say and do the same, white space around them left aside."""

    def key(side: Sequence[Message]) -> list[tuple[str, str, object]]:
        return [(m.role, m.content.strip(), m.tool_calls) for m in side]

    return key(chosen) == key(rejected)


def check_answer(prompt: Sequence[Message], side: Sequence[Message], name: str) -> None:
    """Refuse a prompt with one of its answers that are no chat.

    Raises:
        RowProblem: they cannot be rendered.
    """
    for problem in check_chat(Example(messages=(*prompt, *side))):
        problem.path = _place(problem.path, len(prompt), name, len(side))
        raise problem


def _place(path: str, asked: int, name: str, answers: int) -> str:
    match = re.match(r"messages\[(\d+)\]", path)
    if match is None:
        return path
    index, rest = int(match[1]), path[match.end() :]
    if index < asked:
        return f"prompt[{index}]{rest}"
    return f"{name}[{index - asked}]{rest}" if answers > 1 else name


def number(value: Any, path: str, rule: str) -> float:
    """A number, or a text that is one.

    Raises:
        RowProblem: it is neither, or not finite.
    """
    try:
        found = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise RowProblem(rule, f"{path} is not a number", path=path, value=value, fix="write a number")
    return found
