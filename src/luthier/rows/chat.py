"""Messages of other tools' files, read and checked.

Understood: OpenAI messages (parts, tool calls, developer role, weights), ShareGPT turns with function calls, role
names such as human, gpt, bot, model, observation. Pictures and sound are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from luthier.records import Example, Message, ToolCall
from luthier.rows.finding import RowProblem, shorten

_ROLES = {
    "system": "system", "developer": "system",
    "user": "user", "human": "user", "prompter": "user",
    "assistant": "assistant", "gpt": "assistant", "bot": "assistant", "model": "assistant", "ai": "assistant",
    "chatgpt": "assistant", "bing": "assistant", "bard": "assistant",
    "function_call": "assistant", "tool_call": "assistant",
    "tool": "tool", "function": "tool", "observation": "tool", "function_response": "tool", "tool_response": "tool",
}  # fmt: skip


def text_of(value: Any, path: str, *, missing_is_empty: bool = False) -> str:
    """A text field: a string, or a list of text parts joined.

    Raises:
        RowProblem: it holds something else.
    """
    if isinstance(value, str):
        return value
    if value is None and missing_is_empty:
        return ""
    if isinstance(value, list) and all(isinstance(part, str | Mapping) for part in value):
        return "".join(_part(part, f"{path}[{index}]") for index, part in enumerate(value))
    kind = {bool: "true/false", int: "a number", float: "a number", dict: "an object", list: "a list"}.get(type(value))
    kind = kind or ("missing" if value is None else type(value).__name__)
    raise RowProblem("content.type", f"{path} is {kind}, not text", path=path, value=value, fix="write it as text")


def _part(part: Any, path: str) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part.get("text"), str) and part.get("type", "text") in ("text", "input_text", "output_text"):
        return str(part["text"])
    kind = part.get("type", "unknown")
    raise RowProblem(
        "content.type", f"a part of type {kind} is not text", path=path, value=part, fix="keep text rows only"
    )


def read_turns(value: Any, key: str) -> list[Message]:
    """A list of turns in either dialect (role/content or from/value).

    Raises:
        RowProblem: not a list, not objects, an unknown role, or content that is not text.
    """
    if not isinstance(value, list) or not value:
        found = "missing" if value is None else "an empty list" if value == [] else "not a list"
        raise RowProblem("chat.empty", f"{key} is {found}", path=key, value=value, fix="a list of messages")
    messages: list[Message] = []
    for index, turn in enumerate(value):
        path = f"{key}[{index}]"
        if not isinstance(turn, Mapping):
            raise RowProblem("chat.message", "not an object with role and content", path=path, value=turn)
        message = _turn(turn, path)
        previous = messages[-1] if messages else None
        if previous and previous.role == message.role == "assistant" and message.tool_calls and not message.content:
            # ShareGPT writes the words and the call of one answer as two turns
            messages[-1] = Message(
                "assistant", previous.content, previous.reasoning, previous.tool_calls + message.tool_calls
            )
        else:
            messages.append(message)
    return messages


def _turn(turn: Mapping[str, Any], path: str) -> Message:
    said, content_key = (turn.get("role"), "content") if "role" in turn else (turn.get("from"), "value")
    if said is None:
        raise RowProblem("chat.message", "a message without a role", path=path, value=turn, fix="add role and content")
    role = _ROLES.get(said.strip().lower()) if isinstance(said, str) else None
    if role is None:
        fix = "use system, user, assistant or tool (in threads: data.thread.roles says what a speaker means)"
        raise RowProblem("chat.role", f"unknown role {shorten(said, 30)!r}", path=f"{path}.role", value=said, fix=fix)
    content_path = f"{path}.{content_key}"
    if isinstance(said, str) and said.strip().lower() in ("function_call", "tool_call"):
        return Message("assistant", "", tool_calls=_calls(turn.get(content_key), content_path))
    calls = _openai_calls(turn, path)
    if content_key not in turn and not calls:
        raise RowProblem("chat.message", f"a message without {content_key}", path=path, value=turn, fix="add it")
    content = turn.get(content_key)
    reasoning = next(
        (turn[k] for k in ("reasoning_content", "reasoning", "thinking") if isinstance(turn.get(k), str)), None
    )
    return Message(
        role=role,
        content=text_of(content, content_path, missing_is_empty=bool(calls)),
        reasoning=reasoning,
        tool_calls=calls,
        tool_call_id=turn["tool_call_id"] if isinstance(turn.get("tool_call_id"), str) else None,
        name=turn["name"] if isinstance(turn.get("name"), str) else None,
        weight=_weight(turn.get("weight"), path),
    )


def _weight(value: Any, path: str) -> float:
    if value is None:
        return 1.0
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise RowProblem(
            "content.type", "weight is not a number from 0", path=f"{path}.weight", value=value, fix="0 or 1"
        )
    return float(value)


def _openai_calls(turn: Mapping[str, Any], path: str) -> tuple[ToolCall, ...]:
    listed = turn.get("tool_calls")
    if listed is None and isinstance(turn.get("function_call"), Mapping):
        listed = [turn["function_call"]]
    if not listed:
        return ()
    return _calls(listed, f"{path}.tool_calls")


def _calls(value: Any, path: str) -> tuple[ToolCall, ...]:
    """One call or several: JSON text or objects, with or without OpenAI's ``function`` wrapper."""
    value = _loads(value, path)
    calls = []
    for index, call in enumerate(value if isinstance(value, list) else [value]):
        where = f"{path}[{index}]" if isinstance(value, list) else path
        inner = call.get("function", call) if isinstance(call, Mapping) else None
        name = inner.get("name") if isinstance(inner, Mapping) else None
        if not isinstance(inner, Mapping) or not isinstance(name, str) or not name:
            raise RowProblem(
                "tool.call", "a tool call without a name", path=where, value=call, fix="name and arguments"
            )
        arguments = _loads(inner.get("arguments", inner.get("parameters", {})) or {}, f"{where}.arguments")
        if not isinstance(arguments, Mapping):
            message = "the arguments of a tool call are not a JSON object"
            raise RowProblem("tool.call", message, path=f"{where}.arguments", value=arguments, fix='{"city": "Oslo"}')
        identifier = call.get("id") if isinstance(call, Mapping) else None
        calls.append(ToolCall(name, dict(arguments), identifier if isinstance(identifier, str) else None))
    return tuple(calls)


def _loads(value: Any, path: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        raise RowProblem("tool.call", "not JSON", path=path, value=value, fix="write the call as JSON") from None


def tools_of(value: Any, path: str) -> tuple[Mapping[str, Any], ...]:
    """Tool definitions: a list of objects, or the same as JSON text (ShareGPT). Bare functions get OpenAI's wrapper.

    Raises:
        RowProblem: it is something else.
    """
    if not value:
        return ()
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise RowProblem("tool.definition", f"{path} is not JSON", path=path, value=value) from None
        if not value:
            return ()
    if not isinstance(value, list) or not all(isinstance(tool, Mapping) for tool in value):
        raise RowProblem("tool.definition", f"{path} is not a list of objects", path=path, value=value)
    return tuple(t if "function" in t or "type" in t else {"type": "function", "function": dict(t)} for t in value)


def check_chat(example: Example) -> list[RowProblem]:
    """What keeps a converted row from being used: one error, or none. What is odd in its texts: see ``signs``."""
    if example.text is not None:
        empty = RowProblem("content.empty", "the text is empty", path="text", fix="fill it in")
        return [] if example.text.strip() else [empty]
    error = _order(example.messages) or _answers(example.messages)
    return [] if error is None else [error]


def _order(messages: tuple[Message, ...]) -> RowProblem | None:
    asked = False
    for index, message in enumerate(messages):
        path, before = f"messages[{index}]", messages[index - 1].role if index else ""
        if message.role == "system" and index:
            return RowProblem("chat.order", "a system message after the start", path=path, fix="put it first, once")
        if message.role == "tool" and before != "tool" and not (index and messages[index - 1].tool_calls):
            return RowProblem(
                "chat.order", "a tool's answer that no tool call asked for", path=path, fix="add the call"
            )
        if message.role == before and message.role in ("user", "assistant"):
            fix = "join the two, or add the turn between them"
            return RowProblem("chat.order", f"two {message.role} messages in a row", path=path, fix=fix)
        if message.role == "user":
            asked = True
            if not message.content.strip():
                return RowProblem(
                    "content.empty", "the user's message is empty", path=f"{path}.content", fix="fill it in"
                )
            if before == "tool":
                return RowProblem("chat.order", "the tool's answer is not followed by the assistant", path=path)
        if message.role == "assistant" and not asked:
            message_text = "the assistant speaks before anybody asked"
            return RowProblem("chat.unasked", message_text, path=path, fix="begin with a user message")
    return None


def _answers(messages: tuple[Message, ...]) -> RowProblem | None:
    last = messages[-1]
    path = f"messages[{len(messages) - 1}]"
    if last.role != "assistant":
        message = f"the last message is from the {last.role}, so no token would be trained"
        return RowProblem("answer.missing", message, path=path, value=last.content, fix="add the assistant's answer")
    for index, message_ in enumerate(messages):
        if message_.role == "assistant" and not message_.content.strip() and not message_.tool_calls:
            where = f"messages[{index}].content"
            return RowProblem("answer.empty", "the assistant's message is empty", path=where, fix="fill it in")
    if all(m.weight == 0 for m in messages if m.role == "assistant"):
        return RowProblem(
            "answer.weight", "every answer has weight 0, so nothing is trained", path=path, fix="weight: 1"
        )
    return None
