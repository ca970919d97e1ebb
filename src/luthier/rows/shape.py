"""Which layout rows have: recognised from their fields, with a confidence and the reason in words.

Known layouts: chats (``messages``, ShareGPT), alpaca, prompt and completion, classification, plain text; and rows that
say which answer is better (``shape_compared``). Everything else is a table that needs a mapping.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from luthier.rows import shape_compared
from luthier.rows.fields import CHAT_KEYS, SAMPLE, Shape, by_name, share

_PAIRS = (
    ("prompt", ("completion", "response", "answer", "output", "reply", "chosen_response")),
    ("question", ("answer", "response", "output", "completion", "solution", "reply")),
    ("instruction", ("response", "completion", "answer", "output")),
    ("input", ("output", "target", "answer", "response", "completion", "label")),
    ("query", ("response", "answer", "output", "reply", "completion")),
    ("source", ("target",)),
    ("user", ("assistant",)),
    ("human", ("assistant", "gpt", "bot")),
)
_TEXTS = ("text", "sentence", "utterance", "message", "query", "content", "tweet", "review", "document", "question")
_CONTEXTS = ("context", "passage", "input", "document", "article")
"""Beside a question: what it is about. Left out, the answer would be learned by heart."""
_LABELS = ("label", "intent", "category", "class", "sentiment", "label_text", "tag", "topic", "labels")


def detect(values: Iterable[Mapping[str, Any]]) -> Shape:
    """The layout of the rows, from the first 500. No rows at all give a table without fields."""
    sample = [value for value in islice(values, SAMPLE) if isinstance(value, Mapping)]
    counts = Counter(key for row in sample for key in row)
    fields = tuple(sorted(counts, key=lambda key: (-counts[key], _position(sample, key))))
    for recognise in (*shape_compared.RECOGNISERS.values(), _chat, _alpaca, _classification, _pair, _text):
        found = recognise(sample, fields)
        if found is not None and found.confidence >= 0.5:
            return Shape(found.name, found.confidence, found.reason, found.columns, fields)
    named = ", ".join(fields[:12]) + (", …" if len(fields) > 12 else "")
    return Shape("table", 1.0 if sample else 0.0, f"table of unknown shape: fields {named}", {}, fields)


def explicit(name: str, values: Sequence[Mapping[str, Any]]) -> Shape:
    """The layout that the recipe names, with the columns found for it; parts that no row has are left out."""
    guess = detect(values)
    if guess.name == name:
        return guess
    sample = [value for value in islice(values, SAMPLE) if isinstance(value, Mapping)]
    makers: dict[str, Callable[..., Shape | None]] = {
        "messages": _chat, "sharegpt": _chat, "alpaca": _alpaca, "prompt_completion": _pair,
        "classification": _classification, "text": _text, **shape_compared.RECOGNISERS,
    }  # fmt: skip
    found = makers[name](sample, guess.fields) if name in makers else None
    columns = found.columns if found is not None else {}
    return Shape(name, found.confidence if found else 0.0, f"{name}, as the recipe says", columns, guess.fields)


def _position(sample: Sequence[Mapping[str, Any]], key: str) -> int:
    return next((list(row).index(key) for row in sample if key in row), 0)


def _chat(sample: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> Shape | None:
    for key in (k for name in CHAT_KEYS if (k := by_name(fields, (name,)))):
        turns = [row[key][0] for row in sample if isinstance(row.get(key), list) and row[key]]
        dicts = [turn for turn in turns if isinstance(turn, Mapping)]
        roles = sum("role" in turn for turn in dicts)
        froms = sum("from" in turn for turn in dicts)
        if not roles and not froms:
            continue
        name = "messages" if roles >= froms else "sharegpt"
        pair = "role/content" if name == "messages" else "from/value"
        seen = share(sample, lambda row, key=key: isinstance(row.get(key), list))  # type: ignore[misc]
        columns = {"messages": key}
        for part in ("tools", "system"):
            if column := by_name(fields, (part,)):
                columns[part] = column
        extra = " and tools" if "tools" in columns else ""
        return Shape(name, seen, f"chats: {key} holds turns with {pair}{extra}", columns)
    return None


def _alpaca(sample: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> Shape | None:
    instruction, output = by_name(fields, ("instruction",)), by_name(fields, ("output",))
    if not (instruction and output):
        return None
    columns = {"instruction": instruction, "output": output}
    for part in ("input", "system", "history"):
        if column := by_name(fields, (part,)):
            columns[part] = column
    seen = share(sample, lambda row: isinstance(row.get(instruction), str) and output in row)
    return Shape("alpaca", seen, f"alpaca: fields {', '.join(columns.values())}", columns)


def _pair(sample: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> Shape | None:
    for name, answers in _PAIRS:
        prompt, answer = by_name(fields, (name,)), by_name(fields, answers)
        if prompt and answer and prompt != answer:
            columns = {"prompt": prompt, "answer": answer}
            for part in ("system", "tools"):
                if column := by_name(fields, (part,)):
                    columns[part] = column
            context = by_name(fields, [c for c in _CONTEXTS if c not in (prompt.lower(), answer.lower())])
            if context and share(sample, lambda row, c=context: isinstance(row.get(c), str | None)) > 0.9:  # type: ignore[misc]
                columns["context"] = context
            seen = share(sample, lambda row, p=prompt, a=answer: _sayable(row.get(p)) and _sayable(row.get(a)))  # type: ignore[misc]
            asked = f"{prompt} with its {context}" if "context" in columns else prompt
            return Shape("prompt_completion", seen, f"{asked} is asked, {answer} is the answer", columns)
    return None


def _sayable(value: Any) -> bool:
    chat = isinstance(value, list) and bool(value) and isinstance(value[0], Mapping) and "role" in value[0]
    return isinstance(value, str | int | float) or value is None or chat


def _classification(sample: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> Shape | None:
    text, label = by_name(fields, _TEXTS), by_name(fields, _LABELS)
    if not (text and label) or text == label:
        return None
    if any(by_name(fields, (name,)) for name in ("answer", "response", "output", "completion", "reply", "target")):
        return None  # a label beside an answer is a slice, not the answer
    seen = share(sample, lambda row: isinstance(row.get(text), str) and isinstance(row.get(label), str | int | None))
    values = {str(row[label]) for row in sample if row.get(label) not in (None, "")}
    few = len(values) <= max(20, len(sample) // 2) and all(len(value) <= 80 for value in values)
    if not few:
        return None
    reason = f"classification: {text} is read, {label} is the class"
    return Shape("classification", seen, reason, {"text": text, "label": label})


def _text(sample: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> Shape | None:
    text = by_name(fields, ("text", "content", "document", "body"))
    if text is None:
        return None
    others = [k for k in fields if k != text and any(isinstance(r.get(k), str) and len(r[k]) > 200 for r in sample)]
    if others or (text != "text" and len(fields) > 1):
        return None
    seen = share(sample, lambda row: isinstance(row.get(text), str))
    return Shape("text", seen, f"plain text in {text}", {"text": text})
