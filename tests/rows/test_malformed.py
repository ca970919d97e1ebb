"""Malformed inputs, each its own way of being wrong: a finding with its place or a refusal in words, never a traceback.

Every case goes through ``luthier check``, as a user would meet it. A bad row stands behind good ones of its layout.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars
import pytest

from luthier.data import check
from luthier.errors import LuthierError
from luthier.rows import RULES

Rows = list[dict[str, Any]]


def m(role: Any, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def chat(*turns: Any, **more: Any) -> dict[str, Any]:
    return {"messages": list(turns), **more}


U, A = m("user", "hi"), m("assistant", "hello")
S, T = m("system", "be kind"), m("tool", "42")


def call(**function: Any) -> dict[str, Any]:
    return m("assistant", "", tool_calls=[{"type": "function", "function": function}])


CALL = call(name="f", arguments={})
H, G = {"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello"}
PAIR = {"prompt": "where?", "chosen": "here", "rejected": "no", "margin": 1, "ratings": [2, 1], "tools": []}
RANK = {"prompt": "where?", "answers": ["here", "no"], "ranks": [1, 2]}
RATED = {"prompt": "where?", "answers": ["here", "no"], "ratings": [2, 1]}
KTO = {"prompt": "where?", "completion": "here", "label": True}
GOOD: dict[str, Rows] = {
    "chat": [chat(U, A), chat(U, A, tools=[])],
    "sharegpt": [{"conversations": [H, G], "tools": ""}] * 2,
    "alpaca": [{"instruction": "a", "input": "b", "output": "c", "system": "s", "history": []}] * 2,
    "pair": [{"prompt": "a", "completion": "b", "system": "s", "tools": [], "context": "c"}] * 2,
    "context": [{"prompt": "a", "completion": "b", "context": "c"}] * 20,
    "class": [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}],
    "text": [{"text": "a"}] * 2,
    "preference": [PAIR] * 2,
    "weighted": [{**PAIR, "weight": 0.5}] * 2,
    "lists": [{"chosen": [U, A], "rejected": [U, m("assistant", "no")]}] * 2,
    "swift": [{"messages": [U, A], "rejected_response": "no"}] * 2,
    "ranked": [RANK] * 2,
    "rated": [RATED] * 2,
    "kto": [KTO, {**KTO, "label": False}],
    "kto chat": [chat(U, A, label=True), chat(U, A, label=False)],
}


def alpaca(**changes: Any) -> dict[str, Any]:
    return {"instruction": "a", "input": "b", "output": "c", **changes}


def without(row: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != key}


# name, layout of the good rows, the bad row, rule, path
ROWS: list[tuple[str, str, Any, str, str]] = [
    ("no messages", "chat", {"messages": []}, "chat.empty", "messages"),
    ("messages is text", "chat", {"messages": "hi"}, "chat.empty", "messages"),
    ("messages is null", "chat", {"messages": None}, "chat.empty", "messages"),
    ("messages is one message", "chat", {"messages": U}, "chat.empty", "messages"),
    ("messages under another name", "chat", {"msgs": [U, A]}, "chat.empty", "messages"),
    ("message is text", "chat", chat(U, "hello"), "chat.message", "messages[1]"),
    ("message is null", "chat", chat(None, A), "chat.message", "messages[0]"),
    ("message is a list", "chat", chat(["user", "hi"], A), "chat.message", "messages[0]"),
    ("message without role", "chat", chat({"content": "hi"}, A), "chat.message", "messages[0]"),
    ("message without content", "chat", chat(U, {"role": "assistant"}), "chat.message", "messages[1]"),
    ("role is null", "chat", chat(m(None, "hi"), A), "chat.message", "messages[0]"),
    ("role is unknown", "chat", chat(m("boss", "hi"), A), "chat.role", "messages[0].role"),
    ("role is a number", "chat", chat(m(1, "hi"), A), "chat.role", "messages[0].role"),
    ("role is empty", "chat", chat(m("", "hi"), A), "chat.role", "messages[0].role"),
    ("role is an object", "chat", chat(m({"name": "user"}, "hi"), A), "chat.role", "messages[0].role"),
    ("content is a number", "chat", chat(m("user", 5), A), "content.type", "messages[0].content"),
    ("content is true", "chat", chat(m("user", True), A), "content.type", "messages[0].content"),
    ("content is an object", "chat", chat(m("user", {"a": 1}), A), "content.type", "messages[0].content"),
    ("content is null", "chat", chat(m("user", None), A), "content.type", "messages[0].content"),
    ("content is a list of numbers", "chat", chat(m("user", [1, 2]), A), "content.type", "messages[0].content"),
    ("a picture", "chat", chat(m("user", [{"type": "image_url", "image_url": "x"}]), A), "content.type",
     "messages[0].content[0]"),
    ("sound", "chat", chat(m("user", ["look:", {"type": "input_audio", "data": ""}]), A), "content.type",
     "messages[0].content[1]"),
    ("a text part without text", "chat", chat(m("user", [{"type": "text", "text": None}]), A), "content.type",
     "messages[0].content[0]"),
    ("weight is text", "chat", chat(U, m("assistant", "x", weight="1")), "content.type", "messages[1].weight"),
    ("weight is negative", "chat", chat(U, m("assistant", "x", weight=-1)), "content.type", "messages[1].weight"),
    ("weight is true", "chat", chat(U, m("assistant", "x", weight=True)), "content.type", "messages[1].weight"),
    ("a late system message", "chat", chat(U, S, A), "chat.order", "messages[1]"),
    ("a second system message", "chat", chat(S, S, U, A), "chat.order", "messages[1]"),
    ("two questions in a row", "chat", chat(U, U, A), "chat.order", "messages[1]"),
    ("two answers in a row", "chat", chat(U, A, A), "chat.order", "messages[2]"),
    ("a tool nobody called", "chat", chat(U, T, A), "chat.order", "messages[1]"),
    ("a tool after plain words", "chat", chat(U, A, T, A), "chat.order", "messages[2]"),
    ("a question right after a tool", "chat", chat(U, CALL, T, U, A), "chat.order", "messages[3]"),
    ("the assistant begins", "chat", chat(A, U, A), "chat.unasked", "messages[0]"),
    ("no user at all", "chat", chat(S, A), "chat.unasked", "messages[1]"),
    ("an empty question", "chat", chat(m("user", ""), A), "content.empty", "messages[0].content"),
    ("a blank question later", "chat", chat(U, A, m("user", " \n\t"), A), "content.empty", "messages[2].content"),
    ("a question only", "chat", chat(U), "answer.missing", "messages[0]"),
    ("the last question open", "chat", chat(U, A, m("user", "and?")), "answer.missing", "messages[2]"),
    ("ends with a tool", "chat", chat(U, CALL, T), "answer.missing", "messages[2]"),
    ("a system message only", "chat", chat(S), "answer.missing", "messages[0]"),
    ("an empty answer", "chat", chat(U, m("assistant", "")), "answer.empty", "messages[1].content"),
    ("an empty answer in between", "chat", chat(U, m("assistant", " "), U, A), "answer.empty", "messages[1].content"),
    ("nothing weighs anything", "chat", chat(U, m("assistant", "x", weight=0)), "answer.weight", "messages[1]"),
    ("half a character asked", "chat", chat(m("user", "\ud83d"), A), "content.surrogate", "messages[0].content"),
    ("half a character said", "chat", chat(U, m("assistant", "\udc00")), "content.surrogate", "messages[1].content"),
    ("a control character", "chat", chat(m("user", "a\x07"), A), "content.control", "messages[0].content"),
    ("a control character amid others", "chat", chat(m("user", "é\x00"), A), "content.control", "messages[0].content"),
    ("a lost character", "chat", chat(U, m("assistant", "caf\ufffd")), "content.replacement", "messages[1].content"),
    ("a call without name", "chat", chat(U, call(arguments={}), T, A), "tool.call", "messages[1].tool_calls[0]"),
    ("a call with a number for name", "chat", chat(U, call(name=7), T, A), "tool.call", "messages[1].tool_calls[0]"),
    ("a call with an empty name", "chat", chat(U, call(name=""), T, A), "tool.call", "messages[1].tool_calls[0]"),
    ("arguments are no JSON", "chat", chat(U, call(name="f", arguments="{a"), T, A), "tool.call",
     "messages[1].tool_calls[0].arguments"),
    ("arguments are a list", "chat", chat(U, call(name="f", arguments=[1]), T, A), "tool.call",
     "messages[1].tool_calls[0].arguments"),
    ("arguments are JSON of a number", "chat", chat(U, call(name="f", arguments="5"), T, A), "tool.call",
     "messages[1].tool_calls[0].arguments"),
    ("tool_calls is text", "chat", chat(U, m("assistant", "", tool_calls="f()"), T, A), "tool.call",
     "messages[1].tool_calls"),
    ("a call is text", "chat", chat(U, m("assistant", "", tool_calls=["f"]), T, A), "tool.call",
     "messages[1].tool_calls[0]"),
    ("a call whose function is text", "chat", chat(U, m("assistant", "", tool_calls=[{"function": "f"}]), T, A),
     "tool.call", "messages[1].tool_calls[0]"),
    ("an old function_call without name", "chat", chat(U, m("assistant", None, function_call={"arguments": "{}"}), A),
     "tool.call", "messages[1].tool_calls[0]"),
    ("tools is no JSON", "chat", chat(U, A, tools="[a"), "tool.definition", "tools"),
    ("tools is a number", "chat", chat(U, A, tools=5), "tool.definition", "tools"),
    ("tools is an object", "chat", chat(U, A, tools={"name": "f"}), "tool.definition", "tools"),
    ("a tool is text", "chat", chat(U, A, tools=["f"]), "tool.definition", "tools"),
    ("tools is JSON of a text", "chat", chat(U, A, tools='"f"'), "tool.definition", "tools"),
    ("a turn without value", "sharegpt", {"conversations": [H, {"from": "gpt"}]}, "chat.message", "conversations[1]"),
    ("a turn from nobody known", "sharegpt", {"conversations": [{"from": "x", "value": "a"}, G]}, "chat.role",
     "conversations[0].role"),
    ("a turn from null", "sharegpt", {"conversations": [{"from": None, "value": "a"}, G]}, "chat.message",
     "conversations[0]"),
    ("a value that is a number", "sharegpt", {"conversations": [{"from": "human", "value": 1}, G]}, "content.type",
     "conversations[0].value"),
    ("conversations is text", "sharegpt", {"conversations": "human: hi"}, "chat.empty", "conversations"),
    ("conversations is missing", "sharegpt", {"id": 5}, "chat.empty", "conversations"),
    ("a function_call in words", "sharegpt", {"conversations": [H, {"from": "function_call", "value": "f()"}]},
     "tool.call", "conversations[1].value"),
    ("a function_call of a number", "sharegpt", {"conversations": [H, {"from": "function_call", "value": "[7]"}]},
     "tool.call", "conversations[1].value[0]"),
    ("an observation of nothing", "sharegpt", {"conversations": [H, {"from": "observation", "value": "x"}, G]},
     "chat.order", "messages[1]"),
    ("tools of sharegpt are an object", "sharegpt", {"conversations": [H, G], "tools": '{"a": 1}'}, "tool.definition",
     "tools"),
    ("instruction is missing", "alpaca", without(alpaca(), "instruction"), "row.shape", "instruction"),
    ("output is missing", "alpaca", without(alpaca(), "output"), "row.shape", "output"),
    ("instruction is a number", "alpaca", alpaca(instruction=5), "content.type", "instruction"),
    ("instruction is blank", "alpaca", alpaca(instruction=" ", input=""), "content.empty", "instruction"),
    ("input is a number", "alpaca", alpaca(input=5), "content.type", "input"),
    ("input is an object", "alpaca", alpaca(input={"a": 1}), "content.type", "input"),
    ("output is an object", "alpaca", alpaca(output={"a": 1}), "content.type", "output"),
    ("output is empty", "alpaca", alpaca(output=""), "answer.empty", "output"),
    ("output is null", "alpaca", alpaca(output=None), "answer.empty", "output"),
    ("history is text", "alpaca", alpaca(history="a"), "content.type", "history"),
    ("history holds no pairs", "alpaca", alpaca(history=["a"]), "content.type", "history[0]"),
    ("history holds threes", "alpaca", alpaca(history=[["a", "b", "c"]]), "content.type", "history[0]"),
    ("an old question is a number", "alpaca", alpaca(history=[[1, "b"]]), "content.type", "history[0][0]"),
    ("an old answer is null", "alpaca", alpaca(history=[["a", None]]), "content.type", "history[0][1]"),
    ("an old answer is empty", "alpaca", alpaca(history=[["a", ""]]), "answer.empty", "messages[1].content"),
    ("system is a number", "alpaca", alpaca(system=5), "content.type", "system"),
    ("prompt is missing", "pair", {"completion": "b"}, "row.shape", "prompt"),
    ("completion is missing", "pair", {"prompt": "a"}, "row.shape", "completion"),
    ("prompt is a number", "pair", {"prompt": 5, "completion": "b"}, "content.type", "prompt"),
    ("prompt is empty", "pair", {"prompt": "", "completion": "b"}, "content.empty", "messages[0].content"),
    ("completion is null", "pair", {"prompt": "a", "completion": None}, "answer.empty", "completion"),
    ("completion is true", "pair", {"prompt": "a", "completion": True}, "content.type", "completion"),
    ("prompt is a chat with a stranger", "pair", {"prompt": [m("x", "a")], "completion": "b"}, "chat.role",
     "prompt[0].role"),
    ("completion is a question", "pair", {"prompt": [U, A], "completion": [m("user", "and?")]}, "answer.missing",
     "messages[2]"),
    ("context is a list of numbers", "context", {"prompt": "a", "completion": "b", "context": [1]}, "content.type",
     "context"),
    ("tools beside a prompt", "pair", {"prompt": "a", "completion": "b", "tools": "x"}, "tool.definition", "tools"),
    ("the pair's system is an object", "pair", {"prompt": "a", "completion": "b", "system": {"a": 1}}, "content.type",
     "system"),
    ("label is null", "class", {"text": "a", "label": None}, "label.missing", "label"),
    ("label is blank", "class", {"text": "a", "label": "  "}, "label.missing", "label"),
    ("label is missing", "class", {"text": "a"}, "row.shape", "label"),
    ("text to classify is missing", "class", {"label": "x"}, "row.shape", "text"),
    ("text to classify is a number", "class", {"text": 5, "label": "x"}, "content.type", "text"),
    ("text to classify is empty", "class", {"text": "", "label": "x"}, "content.empty", "text"),
    ("a document is blank", "text", {"text": "  "}, "content.empty", "text"),
    ("a document is null", "text", {"text": None}, "content.type", "text"),
    ("a document is missing", "text", {"title": "a"}, "content.type", "text"),
    ("a document of pieces", "text", {"text": ["a", 1]}, "content.type", "text"),
    ("a document with half a character", "text", {"text": "a\ud83d"}, "content.surrogate", "text"),
    ("both are the same", "preference", {**PAIR, "rejected": " here\n"}, "pair.same", "chosen"),
    ("chosen is empty", "preference", {**PAIR, "chosen": ""}, "pair.empty", "chosen"),
    ("rejected is null", "preference", {**PAIR, "rejected": None}, "pair.empty", "rejected"),
    ("chosen is missing", "preference", without(PAIR, "chosen"), "row.shape", "chosen"),
    ("the pair's prompt is missing", "preference", without(PAIR, "prompt"), "row.shape", "prompt"),
    ("the pair's prompt is empty", "preference", {**PAIR, "prompt": " "}, "content.empty", "prompt[0].content"),
    ("the pair's prompt is a number", "preference", {**PAIR, "prompt": 5}, "content.type", "prompt"),
    ("chosen is true", "preference", {**PAIR, "chosen": True}, "content.type", "chosen"),
    ("chosen answers another", "preference", {**PAIR, "chosen": [m("user", "x"), A]}, "pair.prompt", "chosen[0]"),
    ("margin is text", "preference", {**PAIR, "margin": "much"}, "pair.rating", "margin"),
    ("a row of negative weight", "weighted", {**PAIR, "weight": -1}, "pair.rating", "weight"),
    ("margin is true", "preference", {**PAIR, "margin": True}, "pair.rating", "margin"),
    ("one rating for two", "preference", {**PAIR, "ratings": [1]}, "pair.rating", "ratings"),
    ("a rating is text", "preference", {**PAIR, "ratings": [1, "b"]}, "pair.rating", "ratings[1]"),
    ("chosen is rated lower", "preference", {**PAIR, "ratings": [1, 2]}, "pair.swapped", ""),
    ("the pair's tools are text", "preference", {**PAIR, "tools": "x"}, "tool.definition", "tools"),
    ("rejected, half a character", "preference", {**PAIR, "rejected": "\ud83d"}, "content.surrogate", "rejected"),
    ("bare texts", "lists", {"chosen": "a", "rejected": "b"}, "pair.prompt", "chosen"),
    ("different questions", "lists", {"chosen": [m("user", "a"), A], "rejected": [m("user", "b"), A]}, "pair.prompt",
     "rejected"),
    ("one begins the other", "lists", {"chosen": [U, A, U, A], "rejected": [U, A]}, "pair.prompt", "rejected"),
    ("they part at a question", "lists", {"chosen": [U, A, m("user", "1"), A], "rejected": [U, A, m("user", "2"), A]},
     "pair.prompt", "rejected[2]"),
    ("whole stretches are compared", "lists", {"chosen": [U, A, U, A], "rejected": [U, m("assistant", "no")]},
     "pair.turns", "chosen"),
    ("the same chat twice", "lists", {"chosen": [U, A], "rejected": [U, A]}, "pair.same", "chosen"),
    ("a side in disorder", "lists", {"chosen": [U, A, A], "rejected": [U, m("assistant", "no")]}, "chat.order",
     "chosen[1]"),
    ("a side without role", "lists", {"chosen": [{"content": "x"}], "rejected": [U, A]}, "chat.message", "chosen[0]"),
    ("other transcripts", "lists", {"chosen": "\n\nHuman: a\n\nAssistant: b",
     "rejected": "\n\nHuman: c\n\nAssistant: d"}, "pair.prompt", "rejected"),
    ("a transcript that ends with the question", "lists", {"chosen": "\n\nHuman: a\n\nAssistant: b",
     "rejected": "\n\nHuman: a"}, "pair.prompt", "rejected"),
    ("no answer to set beside the rejected", "swift", {"messages": [U], "rejected_response": "no"}, "answer.missing",
     "messages[0]"),
    ("answers is text", "ranked", {**RANK, "answers": "here"}, "rank.answers", "answers"),
    ("one answer", "ranked", {**RANK, "answers": ["here"], "ranks": [1]}, "rank.answers", "answers"),
    ("an answer without text", "ranked", {**RANK, "answers": ["here", {"by": "x"}]}, "rank.answers", "answers[1]"),
    ("an answer is a number list", "ranked", {**RANK, "answers": ["here", [1]]}, "content.type", "answers[1]"),
    ("an answer is empty", "ranked", {**RANK, "answers": ["here", ""]}, "answer.empty", "answers[1]"),
    ("too few ranks", "ranked", {**RANK, "ranks": [1]}, "rank.rating", "ranks"),
    ("ranks is a number", "ranked", {**RANK, "ranks": 1}, "rank.rating", "ranks"),
    ("no ranks", "ranked", without(RANK, "ranks"), "rank.rating", "answers"),
    ("all tied", "ranked", {**RANK, "ranks": [1, 1]}, "rank.tied", "answers"),
    ("a rating of words", "rated", {**RATED, "ratings": [1, "good"]}, "rank.rating", "ratings[1]"),
    ("a thumb sideways", "kto", {**KTO, "label": "perhaps"}, "kto.label", "label"),
    ("a thumb is missing", "kto", without(KTO, "label"), "kto.label", "label"),
    ("a thumb on nothing", "kto", {**KTO, "completion": ""}, "pair.empty", "completion"),
    ("a thumb on no answer", "kto", without(KTO, "completion"), "row.shape", "completion"),
    ("a thumb on a question", "kto chat", chat(U, label=True), "answer.missing", "messages[0]"),
    ("a thumb on an empty chat", "kto chat", chat(label=True), "chat.empty", "messages"),
]  # fmt: skip

ROW = b'{"prompt": "a", "completion": "b"}\n'


def nested(depth: int) -> bytes:
    return b'{"prompt": ' + b"[" * depth + b"]" * depth + b"}\n"


def parquet(cut: int) -> bytes:
    out = io.BytesIO()
    polars.DataFrame({"text": ["a" * 50] * 50}).write_parquet(out)
    return out.getvalue()[:cut]


def arrow(cut: int) -> bytes:
    out = io.BytesIO()
    polars.DataFrame({"text": ["a" * 50] * 50}).write_ipc_stream(out)
    return out.getvalue()[:cut]


BEYOND = Path(__file__).parent / "damaged" / "a_column_beyond_memory.arrow"
"""Found by test_fuzz.py: polars ends its process over it."""
# name, file, its bytes, what the finding or the refusal says (a rule, or words)
FILES: list[tuple[str, str, bytes, str]] = [
    ("a broken line", "f.jsonl", ROW * 2 + b'{"prompt": \n', "row.json"),
    ("single quotes", "f.jsonl", ROW * 2 + b"{'prompt': 'a'}\n", "row.json"),
    ("a trailing comma", "f.jsonl", ROW * 2 + b'{"prompt": "a",}\n', "row.json"),
    ("two objects on a line", "f.jsonl", ROW * 2 + b'{"a": 1} {"b": 2}\n', "row.json"),
    ("nesting without end", "f.jsonl", ROW * 2 + nested(200_000), "row.json"),
    ("a number of 5,000 digits", "f.jsonl", ROW * 2 + b'{"prompt": ' + b"9" * 5000 + b"}\n", "row.json"),
    ("a row that is a list", "f.jsonl", ROW * 2 + b"[1, 2]\n", "row.object"),
    ("a row that is text", "f.jsonl", ROW * 2 + b'"hello"\n', "row.object"),
    ("a row that is a number", "f.jsonl", ROW * 2 + b"5\n", "row.object"),
    ("a row that is null", "f.jsonl", ROW * 2 + b"null\n", "row.object"),
    ("a row without fields", "f.jsonl", ROW * 2 + b"{}\n", "row.object"),
    ("a Latin-1 byte", "f.jsonl", ROW * 2 + b'{"prompt": "caf\xe9"}\n', "row.encoding"),
    ("a row of 17 MiB", "f.jsonl", ROW * 2 + b'{"prompt": "' + b"x" * (17 << 20) + b'"}\n', "row.huge"),
    ("UTF-16", "f.jsonl", '{"a": 1}'.encode("utf-16"), "is UTF-16"),
    ("UTF-16 the other way", "f.jsonl", b"\xfe\xff\x00{", "is UTF-16"),
    ("bytes", "f.jsonl", bytes(range(256)) * 9, "holds binary data"),
    ("a spreadsheet", "f.jsonl", b"PK\x03\x04rest", "spreadsheet"),
    ("a PDF", "f.jsonl", b"%PDF-1.7 rest", "holds binary data"),
    ("a pickle", "f.jsonl", b"\x80\x04rest", "holds binary data"),
    ("a database", "f.csv", b"SQLite format 3 rest", "holds binary data"),
    ("gzip under another name", "f.jsonl", gzip.compress(ROW), "end in .gz"),
    ("zstandard under another name", "f.jsonl", b"\x28\xb5\x2f\xfdrest", "end in .zst"),
    ("Parquet under another name", "f.jsonl", b"PAR1rest", "end in .parquet"),
    ("Arrow under another name", "f.jsonl", b"ARROW1rest", "end in .arrow"),
    ("nothing", "f.jsonl", b"", "no rows in"),
    ("blank lines", "f.jsonl", b"\n  \n\n", "no rows in"),
    ("a byte-order mark alone", "f.jsonl", b"\xef\xbb\xbf", "no rows in"),
    ("no gzip", "f.jsonl.gz", b"not packed", "breaks off"),
    ("gzip cut off", "f.jsonl.gz", gzip.compress(ROW * 9999)[:-40], "breaks off"),
    ("gzip with wrong sums", "f.jsonl.gz", gzip.compress(ROW)[:-8] + b"\0" * 8, "breaks off"),
    ("gzip of nothing", "f.jsonl.gz", gzip.compress(b""), "no rows in"),
    ("no zstandard", "f.jsonl.zst", b"not packed", "breaks off"),
    ("an empty list", "f.json", b"[]", "no rows in"),
    ("a list of numbers", "f.json", b"[1, 2]", "row.object"),
    ("a list cut off", "f.json", b'[{"prompt": "a", "completion": "b"},', "row.json"),
    ("a list with a broken row", "f.json", b'[{"prompt": "a", "completion": "b"}, {"prompt": }]', "row.json"),
    ("a list in Latin-1", "f.json", b'[{"prompt": "caf\xe9"}]', "is not UTF-8"),
    ("an object without rows", "f.json", b"{}", "row.object"),
    ("an object of settings", "f.json", b'{"lr": 1}', "unknown shape"),
    ("a lone number", "f.json", b"5", "row.object"),
    ("words", "f.json", b"hello there", "row.json"),
    ("a header alone", "f.csv", b"prompt,completion\n", "no rows in"),
    ("an empty table", "f.csv", b"", "no rows in"),
    ("a column twice", "f.csv", b"prompt,prompt\na,b\n", "two columns are called"),
    ("a column without name", "f.csv", b"prompt,\na,b\n", "a column has no name"),
    ("a cell too many", "f.csv", b"prompt,completion\na,b\na,b\na,b,c\n", "row.columns"),
    ("a cell too few", "f.csv", b"prompt,completion\na,b\na,b\na\n", "row.columns"),
    ("a quote that never ends", "f.csv", b'prompt,completion\na,b\na,b\n"a,b\n', "row.columns"),
    ("a quote in the middle", "f.csv", b'prompt,completion\na,b\na,b\n"a"x,b\n', "row.columns"),
    ("a header in Latin-1", "f.csv", b"pr\xf6mpt,completion\na,b\n", "header is not UTF-8"),
    ("half a character in a name", "f.jsonl", ROW * 2 + b'{"prompt": "a", "completion": "b", "x\\ud800": 1}\n',
     "row.encoding"),
    ("half a character in every name", "f.jsonl", b'{"\\ud800a": "some words here", "b\\udc00": "and more of them"}\n',
     "row.encoding"),
    ("half a character in a list's names", "f.json", b'[{"prompt": "a", "completion": "b", "x\\ud800": 1}]',
     "row.encoding"),
    ("a table in Latin-1", "f.csv", b"prompt,completion\na,b\na,b\ncaf\xe9,b\n", "row.encoding"),
    ("a cell too many after tabs", "f.tsv", b"prompt\tcompletion\na\tb\na\tb\ta\n", "row.columns"),
    ("a table without answers", "f.csv", b"prompt,completion\na,b\na,b\na,\n", "answer.empty"),
    ("a table of unknown columns", "f.csv", b"colour,size\nred,3\n", "unknown shape: fields colour, size"),
    ("no Parquet", "f.parquet", b"not parquet", "is not Parquet"),
    ("an empty Parquet file", "f.parquet", b"", "is not Parquet"),
    ("Parquet cut off", "f.parquet", parquet(200), "is not Parquet"),
    ("no Arrow", "f.arrow", b"not arrow", "is not Arrow"),
    ("an empty Arrow file", "f.arrow", b"", "is not Arrow"),
    ("Arrow cut off", "f.arrow", arrow(300), "is not Arrow"),
    ("an Arrow file without an end", "f.arrow", b"ARROW1\0\0rest", "is not Arrow"),
    ("an Arrow stream with a column larger than any memory", "f.arrow", BEYOND.read_bytes(), "larger than any memory"),
    ("an Arrow stream of nonsense", "f.arrow", b"\xff\xff\xff\xff\x10\0\0\0nonsense", "is not Arrow"),
    ("a kind nobody reads", "f.xlsx", b"PK\x03\x04", "unknown kind of file: .xlsx"),
    ("a file without a kind", "rows", ROW, "unknown kind of file: rows"),
    ("thumbs all up", "f.jsonl", b'{"prompt": "a", "completion": "b", "label": true}\n' * 3, "kto.single"),
]


def folder(**files: str | bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        for name, content in files.items():
            target = path / name.replace("__", ".").replace("_in_", "/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())

    return make


INFO = '{"features": {}}'
# name, what is made, what is given, what the refusal says
PLACES: list[tuple[str, Callable[[Path], None], str, str]] = [
    ("a missing file", folder(), "none.jsonl", "no such file"),
    ("a hub id", folder(), "owner/name", "hub:owner/name fetches"),
    ("a hub id written wrong", folder(), "hub:name", "hub:OWNER/NAME@REVISION"),
    ("an address", folder(), "https://example.org/rows.jsonl", "download it"),
    ("a folder without rows", folder(d_in_readme__md="x"), "d", "no data files in d"),
    ("a pattern without a match", folder(d_in_a__md="x"), "d/*.jsonl", "nothing matches"),
    ("a bad pattern", folder(), "**x/*.jsonl", "**x/*.jsonl"),
    ("a name with a null byte", folder(), "a\0b.jsonl", "a\0b.jsonl".replace("\0", "")[:1]),
    ("a saved set without its shard", folder(d_in_state__json='{"_data_files": [{"filename": "a.arrow"}]}',
                                             d_in_dataset_info__json=INFO), "d", "a.arrow is missing"),
    ("a saved set without a list", folder(d_in_state__json="{}", d_in_dataset_info__json=INFO), "d", "is broken"),
    ("a saved set of nonsense", folder(d_in_state__json="nonsense", d_in_dataset_info__json=INFO), "d", "is broken"),
    ("a saved set of nothing", folder(d_in_state__json='{"_data_files": []}', d_in_dataset_info__json=INFO), "d",
     "no shards"),
    ("a saved set that leads away", folder(d_in_state__json='{"_data_files": ["../x.arrow"]}',
                                           d_in_dataset_info__json=INFO), "d", "is broken"),
    ("several splits", folder(d_in_dataset_dict__json='{"splits": ["train", "test"]}'), "d", "holds 2 splits"),
    ("no splits", folder(d_in_dataset_dict__json='{"splits": []}'), "d", "holds 0 splits"),
    ("a split that is a number", folder(d_in_dataset_dict__json='{"splits": [1]}'), "d", "is broken"),
    ("one good file beside a broken one", folder(d_in_a__jsonl=ROW, d_in_b__jsonl=b"PK\x03\x04"), "d", "spreadsheet"),
]  # fmt: skip


WHOLE = {"row.duplicate", "label.conflict", "answer.varies", "kto.balance", "kto.single"}
"""Rules about rows beside each other: the good rows of these files repeat each other."""


def checked(target: str) -> dict[str, Any]:
    """What ``luthier check`` says, as JSON. Anything but a refusal in words would end the test."""
    try:
        report = check([target])
    except LuthierError as refused:
        assert refused.render().startswith("error: ")
        return refused.to_dict()
    assert all(report.render(limit=99))
    return report.to_dict()


@pytest.mark.parametrize(("name", "layout", "row", "rule", "path"), ROWS, ids=[case[0] for case in ROWS])
def test_a_bad_row_is_found_with_its_place(
    home: Path, name: str, layout: str, row: Any, rule: str, path: str
) -> None:
    (home / "f.jsonl").write_text("".join(json.dumps(line) + "\n" for line in [*GOOD[layout], row]))
    told = checked("f.jsonl")
    line = len(GOOD[layout]) + 1
    alone = [finding for finding in told["findings"] if finding["rule"] not in WHOLE]
    found = [finding for finding in alone if finding["line"] == line]
    assert [(f["rule"], f["path"]) for f in found] == [(rule, path)]
    assert found[0]["message"] and (found[0]["fix"] or rule.startswith(("chat", "content", "tool")))
    assert {f["line"] for f in alone} == {line}  # the good rows are good


@pytest.mark.parametrize(("name", "file", "content", "says"), FILES, ids=[case[0] for case in FILES])
def test_a_bad_file_is_found_or_refused(
    home: Path, name: str, file: str, content: bytes, says: str
) -> None:
    (home / file).write_bytes(content)
    told = checked(file)
    if says in RULES:
        assert says in {finding["rule"] for finding in told["findings"]}
    else:
        assert says in json.dumps(told["error"], ensure_ascii=False) and told["error"]["where"]


@pytest.mark.parametrize(("name", "make", "source", "says"), PLACES, ids=[case[0] for case in PLACES])
def test_a_bad_place_is_refused(
    home: Path, name: str, make: Callable[[Path], None], source: str, says: str
) -> None:
    make(home)
    assert says in json.dumps(checked(source)["error"], ensure_ascii=False)


def test_there_are_enough_and_no_two_are_called_the_same() -> None:
    names = [case[0] for table in (ROWS, FILES, PLACES) for case in table]
    assert len(set(names)) == len(names) >= 230
    rules = {case[3] for case in ROWS} | {case[3] for case in FILES} & set(RULES)
    elsewhere = ("map.", "thread.", "split.", "render.", "personal.")  # tests of mappings, of the stage and of checking
    told = {rule for rule in RULES if not rule.startswith(elsewhere)} - WHOLE
    odd = {rule for rule in told if RULES[rule].severity == "warning"}  # what texts tell: test_findings.py
    assert told - odd <= rules
