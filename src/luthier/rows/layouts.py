"""Rows in the layouts of other tools: what each can hold, and how a row is written in it.

A layout says for each kind of row (chat, text, pair, ranking, thumb) how it is written and which parts it holds; a row
with another part is not written (see ``parts``). What is written reads back as the same row: ``read_back`` proves it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from luthier.records import Example, Message, Origin, Preference, Ranking, Thumb
from luthier.rows.compare import to_compared
from luthier.rows.convert import Layout, to_examples
from luthier.rows.fields import Shape
from luthier.rows.parts import PARTS, Row
from luthier.rows.raw import Raw

Kind = Literal["chat", "text", "labelled", "pair", "ranking", "thumb"]
KINDS: dict[Kind, str] = {
    "chat": "chats", "text": "plain text", "labelled": "texts with labels", "pair": "preference pairs",
    "ranking": "ranked answers", "thumb": "thumbs",
}  # fmt: skip
Json = dict[str, Any]
_SAID = ("margin", "ratings", "annotators", "weight")
"""What belongs to a row beside its content, and must come back with it."""


@dataclass(frozen=True)
class Form:
    """One kind of row in one layout: how it is written, the parts it holds, and the shape that reads it back."""

    write: Callable[[Any], Json]
    shape: Shape
    holds: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Target:
    """A layout of another tool.

    ``entry`` gives what its configuration needs to find rows of a kind in a file, given the fields that they have;
    ``prepare`` adds to a row what the tool demands of it.
    """

    name: str
    summary: str
    forms: Mapping[Kind, Form]
    entry: Callable[[Kind, str, Collection[str]], Json] | None = None
    prepare: Callable[[Row], Row] = field(default=lambda row: row)


def kind_of(row: Row) -> Kind:
    """Which kind a row is."""
    if isinstance(row, Example):
        return "text" if row.text is not None else "chat" if row.label is None else "labelled"
    return "pair" if isinstance(row, Preference) else "ranking" if isinstance(row, Ranking) else "thumb"


def read_back(written: Json, form: Form) -> Row | None:
    """What a written row is when it is read again; None when it cannot be."""
    raw, layout = Raw(Origin("", 1), written), Layout(form.shape)
    made = to_compared([raw], layout) if form.shape.compares else to_examples([raw], layout)
    return next((row for row in made if isinstance(row, Example | Preference | Ranking | Thumb)), None)


def same(row: Row, back: Row | None) -> bool:
    """Whether a row came back as it was: its content, and what was said about it."""
    if back is None or type(back) is not type(row) or back.id != row.id:
        return False
    return all(getattr(back, name, None) == getattr(row, name, None) for name in _SAID)


def openai_message(message: Message) -> Json:
    """A message as OpenAI writes it: arguments as JSON text, no content where there are only calls."""
    out = message.to_dict()
    for call in out.get("tool_calls", ()):
        call["function"]["arguments"] = json.dumps(call["function"]["arguments"], ensure_ascii=False)
    if "weight" in out:
        out["weight"] = int(out["weight"]) if out["weight"] in (0.0, 1.0) else out["weight"]
    if message.tool_calls and not message.content:
        out["content"] = None
    return out


def with_call_ids(row: Row) -> Row:
    """The row with an id on every tool call and every tool's answer, as OpenAI demands; those it has stay."""
    numbers = itertools.count(1)
    if isinstance(row, Example):
        return replace(row, messages=_identified(row.messages, numbers))
    if isinstance(row, Preference):
        prompt, chosen, rejected = (_identified(run, numbers) for run in (row.prompt, row.chosen, row.rejected))
        return replace(row, prompt=prompt, chosen=chosen, rejected=rejected)
    return row


def _identified(messages: Sequence[Message], numbers: Iterator[int]) -> tuple[Message, ...]:
    out, waiting = [], list[str]()
    for message in messages:
        if message.tool_calls:
            calls = [call if call.id else replace(call, id=f"call_{next(numbers)}") for call in message.tool_calls]
            message = replace(message, tool_calls=tuple(calls))
            waiting = [call.id or "" for call in calls]
        elif message.role == "tool":
            answered = message.tool_call_id or (waiting[0] if waiting else None)
            message = replace(message, tool_call_id=answered)
            waiting = [identifier for identifier in waiting if identifier != answered]
        out.append(message)
    return tuple(out)


def turns_of(messages: Sequence[Message]) -> list[Json]:
    """Messages as ShareGPT's turns; words and call of one answer become two turns."""
    roles = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}
    turns = []
    for message in messages:
        if message.content or not message.tool_calls:
            turns.append({"from": roles[message.role], "value": message.content})
        if message.tool_calls:
            calls = [{"name": call.name, "arguments": dict(call.arguments)} for call in message.tool_calls]
            value = json.dumps(calls[0] if len(calls) == 1 else calls, ensure_ascii=False)
            turns.append({"from": "function_call", "value": value})
    return turns


def _tools(row: Row) -> Json:
    return {"tools": [dict(tool) for tool in row.tools]} if row.tools else {}


def _bare_tools(row: Row) -> Json:
    """Tool definitions as JSON text, without OpenAI's wrapper where it adds nothing."""
    bare = []
    for tool in row.tools:
        inner = tool.get("function")
        wrapped = set(tool) == {"type", "function"} and isinstance(inner, Mapping)
        bare.append(dict(inner) if wrapped and inner and not {"type", "function"} & set(inner) else dict(tool))
    return {"tools": json.dumps(bare, ensure_ascii=False)} if bare else {}


def _judged(row: Preference | Ranking | Thumb) -> Json:
    out: Json = {}
    if isinstance(row, Preference) and row.margin is not None:
        out["margin"] = row.margin
    if not isinstance(row, Thumb) and row.ratings is not None:
        out["ratings"] = list(row.ratings)
    if row.annotators:
        out["annotators"] = list(row.annotators)
    if row.weight != 1.0:
        out["weight"] = row.weight
    return out


def _listed(messages: Sequence[Message]) -> list[Json]:
    return [message.to_dict() for message in messages]


def _own_chat(row: Example) -> Json:
    return {"messages": _listed(row.messages), **_tools(row)}


def _own_pair(row: Preference) -> Json:
    sides = {"prompt": _listed(row.prompt), "chosen": _listed(row.chosen), "rejected": _listed(row.rejected)}
    return {**sides, **_tools(row), **_judged(row)}


def _own_ranking(row: Ranking) -> Json:
    answers = [_listed(answer) for answer in row.answers]
    return {"prompt": _listed(row.prompt), "answers": answers, "ranks": list(row.ranks), **_tools(row), **_judged(row)}


def _own_thumb(row: Thumb) -> Json:
    sides = {"prompt": _listed(row.prompt), "completion": _listed(row.answer), "label": row.good}
    return {**sides, **_tools(row), **_judged(row)}


def _openai_chat(row: Example) -> Json:
    return {"messages": [openai_message(m) for m in row.messages], **_tools(row)}


def _openai_pair(row: Preference) -> Json:
    return {
        "input": {"messages": [openai_message(m) for m in row.prompt], **_tools(row)},
        "preferred_output": [openai_message(m) for m in row.chosen],
        "non_preferred_output": [openai_message(m) for m in row.rejected],
    }


def _turn_chat(row: Example) -> Json:
    return {"conversations": turns_of(row.messages), **_bare_tools(row)}


def _turn_pair(row: Preference) -> Json:
    chosen, rejected = turns_of(row.chosen), turns_of(row.rejected)
    return {"conversations": turns_of(row.prompt), "chosen": chosen[0], "rejected": rejected[0], **_bare_tools(row)}


def _turn_thumb(row: Thumb) -> Json:
    return {"conversations": turns_of([*row.prompt, *row.answer]), "label": row.good, **_bare_tools(row)}


def _axolotl_pair(row: Preference) -> Json:
    return {"messages": _listed(row.prompt), "chosen": row.chosen[0].to_dict(), "rejected": row.rejected[0].to_dict()}


def _plain_text(row: Example) -> Json:
    return {"text": row.text}


def _labelled(row: Example) -> Json:
    return {"text": row.messages[0].content, "label": row.label}


def _system(messages: Sequence[Message]) -> Json:
    return {"system": messages[0].content} if messages and messages[0].role == "system" else {}


def _asked(messages: Sequence[Message]) -> str:
    return messages[-1].content


def _alpaca_chat(row: Example) -> Json:
    said = [m.content for m in row.messages if m.role != "system"]
    history = [[said[i], said[i + 1]] for i in range(0, len(said) - 2, 2)]
    earlier = {"history": history} if history else {}
    return {"instruction": said[-2], "input": "", "output": said[-1], **_system(row.messages), **earlier}


def _alpaca_pair(row: Preference) -> Json:
    answers = {"chosen": row.chosen[0].content, "rejected": row.rejected[0].content}
    return {"instruction": _asked(row.prompt), "input": "", **answers, **_system(row.prompt)}


def _alpaca_thumb(row: Thumb) -> Json:
    answer = {"output": row.answer[0].content, "kto_tag": row.good}
    return {"instruction": _asked(row.prompt), "input": "", **answer, **_system(row.prompt)}


def _prompt_chat(row: Example) -> Json:
    return {"prompt": _asked(row.prompt), "completion": row.answer, **_system(row.messages)}


def _prompt_pair(row: Preference) -> Json:
    answers = {"chosen": row.chosen[0].content, "rejected": row.rejected[0].content}
    return {"prompt": _asked(row.prompt), **answers, **_system(row.prompt)}


def _prompt_thumb(row: Thumb) -> Json:
    answer = {"completion": row.answer[0].content, "label": row.good}
    return {"prompt": _asked(row.prompt), **answer, **_system(row.prompt)}


def _transcript(messages: Sequence[Message]) -> str:
    names = {"user": "Human", "assistant": "Assistant"}
    return "".join(f"\n\n{names.get(m.role, m.role)}: {m.content}" for m in messages)


def _transcript_pair(row: Preference) -> Json:
    both = {"chosen": row.chosen, "rejected": row.rejected}
    return {name: _transcript([*row.prompt, *answer]) for name, answer in both.items()}


def _llamafactory_entry(kind: Kind, file_name: str, fields: Collection[str]) -> Json:
    """The description that goes into LLaMA-Factory's dataset_info.json; it fails on columns that no row has."""
    if kind == "text":
        return {"file_name": file_name, "columns": {"prompt": "text"}}
    columns = {"messages": "conversations", "tools": "tools", "chosen": "chosen", "rejected": "rejected",
               "kto_tag": "label"}  # fmt: skip
    there = {part: name for part, name in columns.items() if name in fields}
    ranking = {"ranking": True} if kind == "pair" else {}
    return {"file_name": file_name, "formatting": "sharegpt", **ranking, "columns": there}


def _axolotl_entry(kind: Kind, file_name: str, fields: Collection[str]) -> Json:
    """The keys that axolotl's configuration needs."""
    types = {"text": "completion", "pair": "chat_template.default", "thumb": "chatml.ultra"}
    entry = {"path": file_name, "ds_type": "json", "type": types.get(kind, "chat_template")}
    method = {"pair": "dpo", "thumb": "kto"}.get(kind)
    return {**({"rl": method} if method else {}), "datasets": [entry]}


def _shape(name: str, **columns: str) -> Shape:
    return Shape(name, 1.0, "as written", columns)


_SIDES = {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected", "tools": "tools", "system": "system"}
_BESIDE = {"margin": "margin", "ratings": "ratings", "annotators": "annotators", "weight": "weight"}
_CHAT = _shape("messages", messages="messages", tools="tools")
_TURNS = _shape("sharegpt", messages="conversations", tools="tools")
_PAIR = _shape("preference", **_SIDES, **_BESIDE)
_THUMB = _shape("kto", prompt="prompt", completion="completion", label="label", tools="tools", system="system",
                annotators="annotators")  # fmt: skip
_TURN_PAIR = _shape("preference", prompt="conversations", chosen="chosen", rejected="rejected", tools="tools")
_TURN_THUMB = _shape("kto", conversation="conversations", label="label", tools="tools")

_ALL = frozenset(PARTS)
_TALK = frozenset({"system", "turns"})
_TOOL_TALK = _TALK | {"tools", "calls"}
_STRICT_TURNS: dict[Kind, Form] = {
    "chat": Form(_turn_chat, _TURNS, _TOOL_TALK),
    "pair": Form(_turn_pair, _TURN_PAIR, _TOOL_TALK),
    "thumb": Form(_turn_thumb, _TURN_THUMB, _TOOL_TALK),
}
_TEXT = Form(_plain_text, _shape("text", text="text"))
_ONE = frozenset({"system"})

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target("messages", "Luthier's own: everything a row has", {
            "chat": Form(_own_chat, _CHAT, _ALL - {"row_weights"}), "text": _TEXT,
            "pair": Form(_own_pair, _PAIR, _ALL),
            "ranking": Form(_own_ranking, _shape("ranked", prompt="prompt", answers="answers", ranks="ranks",
                                                 ratings="ratings", tools="tools", annotators="annotators",
                                                 weight="weight"), _ALL),
            "thumb": Form(_own_thumb, _THUMB, _ALL - {"row_weights"}),
        }),
        Target("trl", "TRL: messages; prompt, chosen, rejected; prompt, completion, label", {
            "chat": Form(_own_chat, _CHAT, _ALL - {"weights", "shares", "row_weights"}), "text": _TEXT,
            "pair": Form(_own_pair, _PAIR, _ALL - {"weights", "shares", "row_weights", "ratings", "annotators"}),
            "thumb": Form(_own_thumb, _THUMB, _ALL - {"weights", "shares", "row_weights", "annotators"}),
        }),
        Target("openai", "OpenAI fine-tuning: messages; input, preferred_output, non_preferred_output", {
            "chat": Form(_openai_chat, _CHAT, _ALL - {"reasoning", "shares", "row_weights"}),
            "pair": Form(_openai_pair, _shape("preference", prompt="input", chosen="preferred_output",
                                              rejected="non_preferred_output"),
                         _TOOL_TALK | {"said_calls", "many_results", "ids", "names"}),
        }, prepare=with_call_ids),
        Target("llamafactory", "LLaMA-Factory: sharegpt turns in strict alternation, and its dataset_info.json entry", {
            **_STRICT_TURNS, "text": _TEXT,
        }, entry=_llamafactory_entry),
        Target("axolotl", "axolotl: chat_template messages; chosen and rejected messages; prompt, completion, label", {
            "chat": Form(_own_chat, _CHAT, _ALL - {"weights", "shares", "row_weights"}), "text": _TEXT,
            "pair": Form(_axolotl_pair, _shape("preference", prompt="messages", chosen="chosen", rejected="rejected"),
                         _TALK),
            "thumb": Form(_prompt_thumb, _THUMB, _ONE),
        }, entry=_axolotl_entry),
        Target("sharegpt", "ShareGPT: conversations of from and value", {
            **_STRICT_TURNS, "chat": Form(_turn_chat, _TURNS, _TOOL_TALK | {"said_calls", "many_results"}),
        }),
        Target("alpaca", "alpaca: instruction, input, output, system, history", {
            "chat": Form(_alpaca_chat, _shape("alpaca", instruction="instruction", input="input", output="output",
                                              system="system", history="history"), _TALK),
            "pair": Form(_alpaca_pair, _shape("preference", prompt="instruction", context="input", chosen="chosen",
                                              rejected="rejected", system="system"), _ONE),
            "thumb": Form(_alpaca_thumb, _shape("kto", prompt="instruction", context="input", completion="output",
                                                label="kto_tag", system="system"), _ONE),
        }),
        Target("prompt_completion", "prompt and completion (or chosen and rejected, or label) as texts", {
            "chat": Form(_prompt_chat, _shape("prompt_completion", prompt="prompt", answer="completion",
                                              system="system"), _ONE),
            "pair": Form(_prompt_pair, _PAIR, _ONE), "thumb": Form(_prompt_thumb, _THUMB, _ONE),
        }),
        Target("classification", "text and label", {
            "labelled": Form(_labelled, _shape("classification", text="text", label="label")),
        }),
        Target("text", "plain text", {"text": _TEXT}),
        Target("transcript", "chosen and rejected as transcripts: Human: …, Assistant: …", {
            "pair": Form(_transcript_pair, _shape("preference", chosen="chosen", rejected="rejected"),
                         frozenset({"turns"})),
        }),
    )
}  # fmt: skip
"""Name on the command line -> layout."""


def form_for(target: Target, kind: Kind) -> Form | None:
    """How a layout writes a kind of row; a row with a label is a chat to layouts without labels."""
    return target.forms.get(kind) or (target.forms.get("chat") if kind == "labelled" else None)
