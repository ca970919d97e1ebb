"""Make rows fit ``train.max_length``: set aside, cut at the front, or split between turns; each is counted.

A chat is split where a user begins to speak, so that each part ends with an answer and begins with the same system
message. A part does not see the turns before it. A single exchange that is too long is set aside. A plain text stays
one row, which training reads in consecutive pieces. Test rows are never left out or split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from luthier.data import refuse
from luthier.data.funnel import Funnel, Loss
from luthier.data.split import name_of
from luthier.data.tokens import ChatFormat, Overlong, measure
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.records import Example, Message


@dataclass(frozen=True)
class Fitting:
    """Training and validation rows that fit, the token statistics of all sides, and the rows that do not fit."""

    train: list[Example]
    validation: list[Example]
    tokens: dict[str, Any]
    losses: list[Loss]


def fit(
    train: Sequence[Example],
    validation: Sequence[Example],
    test: Sequence[Example],
    chat: ChatFormat,
    max_length: int | None,
    spec: DataSpec,
    funnel: Funnel,
) -> Fitting:
    """Apply the recipe's policy and book what it takes.

    Raises:
        LuthierError: no training row fits.
    """
    policy = rendering_policy(spec)
    if spec.on_overlong == "split" and max_length is not None:
        train = _divided(train, chat, max_length, funnel, "train")
        validation = _divided(validation, chat, max_length, funnel, "validation")
    train_losses, train_stats = measure(train, chat, max_length=max_length, on_overlong=policy)
    refuse.nothing_fits(train, train_losses)
    other_losses, other_stats = measure(validation, chat, max_length=max_length, on_overlong=policy)
    _, test_stats = measure(test, chat, max_length=None, on_overlong=policy)
    losses = [*train_losses.values(), *other_losses.values()]
    limit = f"more than {max_length:,} tokens" if max_length else "the chat format cannot render it"
    funnel.lose("too long", f"{limit}, or nothing in it is trained", losses)
    kept = [row for i, row in enumerate(train) if i not in train_losses]
    kept_validation = [row for i, row in enumerate(validation) if i not in other_losses]
    tokens = {"train": train_stats, "validation": other_stats, "test": test_stats, "max_length": max_length}
    return Fitting(kept, kept_validation, tokens, losses)


def rendering_policy(spec: DataSpec) -> Overlong:
    """What the chat format is asked to do with a row that is still too long: what could be split has been split."""
    return "pieces" if spec.on_overlong == "split" else spec.on_overlong


def split_chat(example: Example, chat: ChatFormat, max_length: int) -> list[Example]:
    """The row itself where it fits or cannot be split, else its parts in order, each as long as fits.

    Costs one rendering for each exchange of a chat that is too long.
    """
    if example.text is not None:
        return [example]
    first = next((i for i, message in enumerate(example.messages) if message.role == "user"), 0)
    head, exchanges = example.messages[:first], _exchanges(example.messages[first:])
    if len(exchanges) < 2 or _fits(example, chat, max_length):
        return [example]
    parts: list[tuple[Message, ...]] = []
    for exchange in exchanges:
        longer = (*parts[-1], *exchange) if parts else ()
        if longer and _fits(replace(example, messages=(*head, *longer)), chat, max_length):
            parts[-1] = longer
        else:
            parts.append(exchange)
    whole = name_of(example)
    meta = {**example.meta, "part_of": whole}
    return [
        replace(example, messages=(*head, *part), meta={**meta, "part": f"{number} of {len(parts)}"})
        for number, part in enumerate(parts, 1)
    ]


def _divided(
    rows: Sequence[Example], chat: ChatFormat, max_length: int, funnel: Funnel, side: str
) -> Sequence[Example]:
    divided = [split_chat(row, chat, max_length) for row in rows]
    whole = [parts for parts in divided if len(parts) > 1]
    if whole:
        more = sum(map(len, whole)) - len(whole)
        rule = f"{side} chats of more than {max_length:,} tokens become rows that each end with an answer"
        funnel.left += more
        funnel.change("split chats", rule, len(whole), [parts[0] for parts in whole[:3]], parts=more + len(whole))
    return [part for parts in divided for part in parts]


def _exchanges(messages: Sequence[Message]) -> list[tuple[Message, ...]]:
    """From each user message to the next; one that ends without an answer belongs to the one before."""
    starts = [i for i, message in enumerate(messages) if message.role == "user"]
    pieces = [tuple(messages[a:b]) for a, b in zip(starts, [*starts[1:], len(messages)], strict=True)]
    out: list[tuple[Message, ...]] = []
    for piece in pieces:
        if out and out[-1][-1].role != "assistant":
            out[-1] = (*out[-1], *piece)
        else:
            out.append(piece)
    return out


def _fits(example: Example, chat: ChatFormat, max_length: int) -> bool:
    try:
        return all(len(sample.ids) <= max_length for sample in chat.samples(example))
    except LuthierError:  # told when it is measured
        return False
