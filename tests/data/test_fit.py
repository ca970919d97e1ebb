"""Rows that are too long: set aside, cut, or split between turns; nothing is lost without being counted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.data import build
from luthier.data.fit import split_chat
from luthier.recipe.data import DataSpec
from luthier.records import Example, Message


class Letters:
    """A chat format with a token a word."""

    class Sample:
        def __init__(self, ids: list[int], trained: list[bool]) -> None:
            self.ids, self.trained = ids, trained

    def samples(self, example: Example, *, max_length: int | None = None, on_overlong: str = "drop") -> list[Any]:
        ids, trained = [], []
        for message in example.messages:
            words = message.content.split()
            ids += [1] * len(words)
            trained += [message.role == "assistant"] * len(words)
        return [] if max_length is not None and len(ids) > max_length else [self.Sample(ids, trained)]

    def samples_of(self, examples: Sequence[Example], **how: Any) -> Iterator[list[Any]]:
        return (self.samples(example, **how) for example in examples)


TURN = st.integers(1, 9)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(TURN, TURN), min_size=1, max_size=8), st.booleans(), st.integers(6, 30))
def test_parts_are_the_chat_in_order_and_each_ends_with_an_answer(
    sizes: list[tuple[int, int]], headed: bool, limit: int
) -> None:
    head = (Message("system", "be kind"),) if headed else ()
    turns = tuple(
        Message(role, " ".join([f"{role}{n}"] * size))
        for n, pair in enumerate(sizes) for role, size in zip(("user", "assistant"), pair, strict=True)
    )  # fmt: skip
    chat = Example((*head, *turns))
    parts = split_chat(chat, Letters(), limit)
    assert tuple(m for part in parts for m in part.messages if m.role != "system") == turns
    for part in parts:
        assert part.messages[: len(head)] == head and part.messages[len(head)].role == "user"
        assert part.messages[-1].role == "assistant"
        exchanges = sum(m.role == "user" for m in part.messages)
        assert exchanges == 1 or Letters().samples(part, max_length=limit)
    for one, two in pairwise(parts):  # no part could have taken the next exchange too
        joined = Example((*one.messages, *two.messages[len(head) : len(head) + 2]))
        assert not Letters().samples(joined, max_length=limit)
    if Letters().samples(chat, max_length=limit):
        assert parts == [chat]


def test_tool_calls_stay_with_their_answer() -> None:
    roles = ["user", "assistant", "tool", "assistant", "user", "assistant"]
    chat = Example(tuple(Message(role, "w " * 5) for role in roles))
    parts = split_chat(chat, Letters(), 22)
    assert [[m.role for m in part.messages] for part in parts] == [roles[:4], roles[4:]]
    assert [part.meta["part"] for part in parts] == ["1 of 2", "2 of 2"]


def test_the_account_adds_up_when_chats_are_split(tmp_path: Path) -> None:
    def row(n: int, turns: int, words: int) -> dict[str, Any]:
        said = [f"{n} {t} " + f"w{n} " * words for t in range(2 * turns)]
        return {"messages": [{"role": ("user", "assistant")[t % 2], "content": text} for t, text in enumerate(said)]}

    rows = [row(n, 1, 3) for n in range(30)] + [row(100 + n, 6, 6) for n in range(6)] + [row(200, 2, 90)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    spec = DataSpec.model_validate({"source": "a.jsonl", "on_overlong": "split", "split": {"test": 0, "validation": 0}})
    made = build(spec, folder=tmp_path, chat=Letters(), max_length=40)
    (split,) = [step for step in made.report["steps"] if step["name"] == "split chats"]
    (lost,) = [step for step in made.report["steps"] if step["name"] == "too long"]
    assert split["changed"] == 7 and lost["removed"] == 2  # both exchanges of the last chat are too long
    assert len(made.train) == lost["left"] == 30 + split["parts"] - 2
    assert {row["rule"] for row in made.quarantine} == {"tokens.overlong"}
    dropped = build(spec.model_copy(update={"on_overlong": "drop"}), folder=tmp_path, chat=Letters(), max_length=40)
    assert len(dropped.train) == 30
