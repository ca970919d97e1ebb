"""Layouts are recognised, and each becomes the chat that a person would expect."""

from __future__ import annotations

import json
from typing import Any

import pytest

from luthier.records import Example, Origin
from luthier.rows import Finding, Layout, Raw, detect, to_examples

ASK, ANSWER = "What is it?", "A cat."
CALL = {"name": "look", "arguments": {"at": "cat"}}

SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("messages", {"messages": [{"role": "user", "content": ASK}, {"role": "assistant", "content": ANSWER}]}),
    ("messages", {"conversation": [{"role": "human", "content": ASK}, {"role": "gpt", "content": ANSWER}]}),
    ("messages", {"messages": [
        {"role": "user", "content": [{"type": "text", "text": ASK}]}, {"role": "model", "content": ANSWER}]}),
    ("sharegpt", {"conversations": [{"from": "human", "value": ASK}, {"from": "gpt", "value": ANSWER}], "id": "x"}),
    ("alpaca", {"instruction": ASK, "input": "", "output": ANSWER}),
    ("alpaca", {"instruction": "What is", "input": "it?", "output": ANSWER}),
    ("prompt_completion", {"prompt": ASK, "completion": ANSWER}),
    ("prompt_completion", {"question": ASK, "answer": ANSWER, "source": "web"}),
    ("prompt_completion", {"Input": ASK, "Output": ANSWER}),
    ("prompt_completion", {
        "prompt": [{"role": "user", "content": ASK}], "completion": [{"role": "assistant", "content": ANSWER}]}),
]  # fmt: skip


def convert(row: dict[str, Any], count: int = 3, **layout: Any) -> list[Example | Finding]:
    raws = [Raw(Origin("f.jsonl", n + 1), row) for n in range(count)]
    return list(to_examples(raws, Layout(detect([row] * count), **layout)))


@pytest.mark.parametrize(("name", "row"), SHAPES, ids=[f"{n}-{'-'.join(r)}" for n, r in SHAPES])
def test_known_layouts_become_the_same_chat(name: str, row: dict[str, Any]) -> None:
    shape = detect([row] * 3)
    assert (shape.name, shape.confidence) == (name, 1.0) and shape.reason
    example = convert(row)[0]
    assert isinstance(example, Example), example
    assert " ".join(example.asked.split()) == ASK
    assert example.answer == ANSWER
    assert [m.role for m in example.messages] == ["user", "assistant"]


def test_extra_columns_are_kept_as_meta_and_do_not_change_the_row() -> None:
    plain, tagged = convert(SHAPES[6][1])[0], convert({**SHAPES[6][1], "source": "web", "n": 3})[0]
    assert isinstance(plain, Example) and isinstance(tagged, Example)
    assert tagged.meta == {"source": "web", "n": 3} and tagged.id == plain.id


def test_classification_names_its_labels_when_they_fit() -> None:
    rows = [{"text": f"row {n}", "label": ["spam", "ham"][n % 2]} for n in range(8)]
    shape = detect(rows)
    assert shape.name == "classification"
    raws = [Raw(Origin("f", n), row) for n, row in enumerate(rows)]
    named = next(iter(to_examples(raws, Layout(shape, labels=("ham", "spam")))))
    assert isinstance(named, Example)
    assert (named.label, named.answer, named.asked) == ("spam", "spam", "row 0")
    assert named.messages[0].content == "Answer with one of: ham, spam"
    many = tuple(f"a long label of the class number {n}" for n in range(30))
    bare = next(iter(to_examples(raws, Layout(shape, labels=many))))
    assert isinstance(bare, Example) and bare.messages[0].role == "user"
    own = next(iter(to_examples(raws, Layout(shape, labels=("ham", "spam"), system="Sort it."))))
    assert isinstance(own, Example) and own.messages[0].content == "Sort it."


def test_tools_calls_and_answers_survive_in_both_dialects() -> None:
    openai = {
        "messages": [
            {"role": "user", "content": ASK},
            {"role": "assistant", "content": None, "tool_calls": [
                {"id": "c1", "function": {"name": "look", "arguments": json.dumps(CALL["arguments"])}}]},
            {"role": "tool", "content": "meow", "tool_call_id": "c1"},
            {"role": "assistant", "content": ANSWER},
        ],
        "tools": [{"type": "function", "function": {"name": "look"}}],
    }  # fmt: skip
    sharegpt = {
        "conversations": [
            {"from": "human", "value": ASK},
            {"from": "function_call", "value": json.dumps(CALL)},
            {"from": "observation", "value": "meow"},
            {"from": "gpt", "value": ANSWER},
        ],
        "tools": json.dumps([{"name": "look"}]),
    }
    for row in (openai, sharegpt):
        example = convert(row)[0]
        assert isinstance(example, Example), example
        assert [m.role for m in example.messages] == ["user", "assistant", "tool", "assistant"]
        (call,) = example.messages[1].tool_calls
        assert (call.name, dict(call.arguments)) == ("look", {"at": "cat"})
        assert example.tools == ({"type": "function", "function": {"name": "look"}},)


def test_reasoning_weights_and_systems_are_read() -> None:
    example = convert({
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": ASK},
            {"role": "assistant", "content": "Wait.", "weight": 0},
            {"role": "user", "content": "Well?"},
            {"role": "assistant", "content": ANSWER, "reasoning_content": "fur, tail"},
        ]
    })[0]  # fmt: skip
    assert isinstance(example, Example)
    assert example.messages[0].role == "system"
    assert example.messages[2].weight == 0
    assert example.messages[4].reasoning == "fur, tail"
    alpaca = convert({"instruction": ASK, "output": ANSWER, "system": "Be brief.", "history": [["a?", "b."]]})[0]
    assert isinstance(alpaca, Example)
    assert [m.content for m in alpaca.messages] == ["Be brief.", "a?", "b.", ASK, ANSWER]


def test_a_system_message_of_the_recipe_is_put_before_chats_without_one() -> None:
    example = convert(SHAPES[0][1], system="Be kind.")[0]
    assert isinstance(example, Example) and example.messages[0].content == "Be kind."


def test_an_unknown_table_names_its_fields() -> None:
    shape = detect([{"colour": "red", "size": 3}] * 4)
    assert (shape.name, shape.reason) == ("table", "table of unknown shape: fields colour, size")
    assert shape.fields == ("colour", "size")


def test_group_and_time_are_taken_from_their_columns() -> None:
    row = {**SHAPES[6][1], "customer": 7, "day": "2026-03-01", "shop": "Oslo"}
    one = convert(row, group_by=("customer",), time="day")[0]
    two = convert(row, group_by=("customer", "shop"))[0]
    assert isinstance(one, Example) and isinstance(two, Example)
    assert (one.group, one.time) == ("7", "2026-03-01T00:00:00+00:00")
    assert two.group == "customer=7 | shop=Oslo"
    warning, kept = convert({**row, "day": "soon"}, count=1, time="day")
    assert isinstance(warning, Finding) and warning.rule == "split.time" and warning.severity == "warning"
    assert isinstance(kept, Example) and kept.time is None


@pytest.mark.parametrize(
    ("row", "asked"),
    [
        ({"context": "The cat sat.", "question": "Who sat?", "answer": "The cat."}, "The cat sat.\n\nWho sat?"),
        ({"instruction": "Who sat?", "context": "The cat sat.", "response": "The cat."}, "Who sat?\n\nThe cat sat."),
        ({"instruction": "Who sat?", "context": "", "response": "The cat."}, "Who sat?"),
    ],
)
def test_the_passage_that_a_question_is_about_is_asked_with_it(row: dict[str, Any], asked: str) -> None:
    example = convert(row)[0]
    assert isinstance(example, Example) and example.asked == asked


def test_documents_among_chats_are_plain_text() -> None:
    rows = [SHAPES[0][1], {"text": "Once upon a time.", "skill": "story"}, SHAPES[0][1]]
    made = list(to_examples([Raw(Origin("f", n), row) for n, row in enumerate(rows)], Layout(detect(rows))))
    assert all(isinstance(item, Example) for item in made)
    document = made[1]
    assert (
        isinstance(document, Example) and document.text == "Once upon a time." and document.meta == {"skill": "story"}
    )
