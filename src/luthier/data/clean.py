"""Personal data and secrets in rows: put something in its place, or say which rows hold it.

Looked at are every text of the chat, tool arguments and unused columns. The row's group is hashed when it is itself an
address or a number, so that rows of one customer stay together.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from luthier.data.funnel import Loss
from luthier.recipe.data import PersonalSpec
from luthier.records import Example, Message, ToolCall
from luthier.text import personal
from luthier.text.pseudonyms import Pseudonyms

Put = Callable[[personal.Span], str]


@dataclass(frozen=True)
class Cleaned:
    """The rows that stay, which of them (by index) were changed, and what was found, by kind."""

    rows: tuple[Example, ...]
    changed: tuple[int, ...]
    rejected: tuple[Loss, ...]
    counts: dict[str, int]


def clean(examples: Sequence[Example], spec: PersonalSpec, secret: bytes | None = None) -> Cleaned:
    """Do with personal data what the spec says. ``secret`` keys the pseudonyms: without it none can be made."""
    if spec.kind == "keep":
        return Cleaned(tuple(examples), (), (), {})
    put: Put = personal.tag
    if spec.kind == "pseudonymise":
        if secret is None:
            raise ValueError("pseudonyms need a secret")
        put = Pseudonyms(secret)
    total: Counter[str] = Counter()
    rows: list[Example] = []
    changed: list[int] = []
    rejected: list[Loss] = []
    for example in examples:
        other, counts = clean_one(example, put, spec.find)
        total.update(counts)
        if counts and spec.kind == "reject":
            found = ", ".join(f"{number} {kind}" for kind, number in counts.items())
            rejected.append(Loss(example, "personal.found", f"holds personal data: {found}"))
            continue
        if counts:
            changed.append(len(rows))
        rows.append(other)
    return Cleaned(tuple(rows), tuple(changed), tuple(rejected), dict(sorted(total.items())))


def clean_one(example: Example, put: Put, kinds: Sequence[personal.Kind]) -> tuple[Example, dict[str, int]]:
    """One example with ``put(finding)`` in place of each finding; the same object when nothing is found."""
    texts = [example.text or "", example.group or "", *_strings(example.meta)]
    for message in example.messages:
        texts += [message.content, message.reasoning or "", *_strings([call.arguments for call in message.tool_calls])]
    if not any(personal.find(text, kinds) for text in texts):
        return example, {}
    counts: Counter[str] = Counter()

    def mask(value: Any) -> Any:
        if isinstance(value, str):
            text, found = personal.replace(value, put, kinds)
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
    if group is not None and personal.find(group, kinds):
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
