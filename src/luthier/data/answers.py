"""What kind of answers a job has: class labels, JSON with closed fields, or free text.

From this follow what contradicts what (the same question with another label) and which metric fits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from luthier.data.funnel import Loss
from luthier.records import Example

_LONGEST_VALUE = 40
_MOST_VALUES = 100


@dataclass(frozen=True)
class AnswerKind:
    """``kind`` of the answers; for JSON the ``fields`` with small closed value sets and the ``free`` ones."""

    kind: Literal["label", "json", "text"]
    fields: tuple[str, ...] = ()
    free: tuple[str, ...] = ()

    def verdict(self, example: Example) -> tuple[str, ...] | None:
        """The part of an answer that is right or wrong, comparable between rows; None for free text."""
        return (example.label,) if example.label is not None else self.verdict_of(example.answer)

    def verdict_of(self, answer: str) -> tuple[str, ...] | None:
        """The same for an answer's text."""
        if self.kind == "label":
            return (answer.strip(),)
        if self.kind == "json" and self.fields:
            parsed = _object(answer)
            return None if parsed is None else tuple(str(parsed.get(name)) for name in self.fields)
        return None

    def free_text(self, example: Example) -> str:
        """The part of an answer that is put in words: nothing of a label, of JSON the values of its free fields."""
        if self.kind == "label" or example.label is not None:
            return ""
        parsed = _object(example.answer) if self.kind == "json" else None
        if parsed is None:
            return example.answer
        return "\n".join(str(parsed[name]) for name in self.free if parsed.get(name) is not None)


def kind_of(examples: Sequence[Example]) -> AnswerKind:
    """Look at all answers. Nine in ten must agree; an answer that does not parse proves nothing by itself."""
    answers = [example.answer for example in examples if example.messages]
    if not answers:
        return AnswerKind("text")
    if all(example.label is not None for example in examples):
        return AnswerKind("label")
    parsed = [found for answer in answers if (found := _object(answer)) is not None]
    if len(parsed) >= 0.9 * len(answers):
        return _json_kind(parsed)
    return AnswerKind("label") if _closed([answer.strip() for answer in answers]) else AnswerKind("text")


def odd_answers(examples: Sequence[Example], kind: AnswerKind) -> dict[int, Loss]:
    """Answers that are no JSON object where nearly all others (98 in 100) are, by index."""
    if kind.kind != "json":
        return {}
    chats = [index for index, example in enumerate(examples) if example.messages]
    odd = [index for index in chats if _object(examples[index].answer) is None]
    if len(odd) > 0.02 * len(chats):
        return {}
    why = "the answer is not a JSON object, as the others are"
    return {index: Loss(examples[index], "answer.odd", why) for index in odd}


def _json_kind(parsed: Sequence[dict[str, Any]]) -> AnswerKind:
    names = Counter(name for found in parsed for name in found)
    common = [name for name in dict.fromkeys(k for found in parsed for k in found) if names[name] >= 0.9 * len(parsed)]
    closed = tuple(name for name in common if _closed([_plain(found.get(name)) for found in parsed]))
    return AnswerKind("json", closed, tuple(name for name in common if name not in closed))


def _closed(values: Sequence[str | None]) -> bool:
    """Short values that come back: each on average at least five times, at most a hundred different ones."""
    texts = [value for value in values if value is not None]
    if len(texts) < len(values) or any(len(text) > _LONGEST_VALUE or "\n" in text for text in texts):
        return False
    different = len(set(texts))
    return 2 <= different <= min(_MOST_VALUES, max(2, len(texts) // 5))


def _plain(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int | float | bool) or value is None else None


def _object(answer: str) -> dict[str, Any] | None:
    text = answer.strip()
    if not text.startswith("{"):
        return None
    try:
        found = orjson.loads(text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
