"""Mask personal data in rows: in every text of the chat, in tool arguments and in unused columns.

The row's group is hashed when it is itself an address or a number, so that rows of one customer stay together.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from luthier.records import Example, Message, ToolCall
from luthier.text import personal


def redact(examples: Sequence[Example]) -> tuple[list[Example], list[int], dict[str, int]]:
    """The examples with tags in place of findings, the indices of those that changed, and how many of each kind."""
    total: Counter[str] = Counter()
    out: list[Example] = []
    changed: list[int] = []
    for index, example in enumerate(examples):
        masked, counts = redact_one(example)
        out.append(masked)
        if counts:
            changed.append(index)
            total.update(counts)
    return out, changed, dict(sorted(total.items()))


def redact_one(example: Example) -> tuple[Example, dict[str, int]]:
    """One example masked; the same object when nothing is found."""
    texts = [example.text or "", example.group or "", *_strings(example.meta)]
    for message in example.messages:
        texts += [message.content, message.reasoning or "", *_strings([call.arguments for call in message.tool_calls])]
    if not any(map(personal.find, texts)):
        return example, {}
    counts: Counter[str] = Counter()

    def mask(value: Any) -> Any:
        if isinstance(value, str):
            text, found = personal.redact(value)
            counts.update(found)
            return text
        if isinstance(value, Mapping):
            return {key: mask(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [mask(inner) for inner in value]
        return value

    def mask_message(message: Message) -> Message:
        calls = tuple(ToolCall(c.name, mask(c.arguments), c.id) for c in message.tool_calls)
        return replace(message, content=mask(message.content), reasoning=mask(message.reasoning), tool_calls=calls)

    messages = tuple(mask_message(message) for message in example.messages)
    text, meta = mask(example.text), mask(example.meta)
    group = example.group
    if group is not None and personal.find(group):
        group = "hashed-" + hashlib.blake2b(group.encode("utf-8", "replace"), digest_size=8).hexdigest()
        counts.update(("group",))
    return replace(example, messages=messages, text=text, meta=meta, group=group), dict(counts)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)
