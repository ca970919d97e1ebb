"""Rows in other tools' layouts: each comes back as it was; what a layout cannot hold is known before it is written."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from luthier.records import Example, Message, Origin, Preference, Ranking, Thumb, ToolCall
from luthier.rows import Raw, detect, read
from luthier.rows.answers import same_answer
from luthier.rows.chat import check_chat
from luthier.rows.compare import to_compared
from luthier.rows.convert import Layout, to_examples
from luthier.rows.layouts import TARGETS, Form, Kind, form_for, kind_of, read_back, same, with_call_ids
from luthier.rows.pairs import ranks_of
from luthier.rows.parts import LOSABLE, PARTS, Row, parts_of, sides, without
from luthier.rows.transcript import is_transcript

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t{}:\"'\x07\ufffd"), max_size=20
)
SAID = WORDS.filter(str.strip)
NAME = st.none() | st.sampled_from(["anna", "bot-2"])
CALL = st.builds(
    ToolCall,
    st.sampled_from(["look", "book"]),
    st.dictionaries(
        WORDS, st.none() | st.booleans() | st.integers(-9, 9) | WORDS | st.lists(WORDS, max_size=2), max_size=2
    ),
    st.none() | st.sampled_from(["c1", "c2"]),
)
TOOLS = st.sampled_from(
    [
        (),
        ({"type": "function", "function": {"name": "look"}},),
        ({"type": "function", "function": {"name": "a", "type": "x"}},),
    ]
)
WEIGHT = st.sampled_from([1.0, 1.0, 1.0, 0.0, 0.5])


@st.composite
def answers(draw: st.DrawFn, *, plain: bool = False) -> tuple[Message, ...]:
    """One assistant turn, with or without a call and the tool's answers before it."""
    reasoning = draw(st.none() | st.none() | WORDS)
    last = Message("assistant", draw(SAID), reasoning, (), None, draw(NAME), draw(WEIGHT))
    if plain or not draw(st.booleans()):
        return (last,)
    calls = tuple(draw(st.lists(CALL, min_size=1, max_size=2)))
    asked = Message("assistant", draw(st.just("") | WORDS), None, calls)
    tools = [Message("tool", draw(WORDS), tool_call_id=call.id, name=draw(NAME)) for call in calls]
    return (asked, *tools, last)


@st.composite
def chats(draw: st.DrawFn, *, asked_last: bool = False) -> tuple[Message, ...]:
    """A chat in an order that templates can render, ending with an answer or with a question."""
    messages = [Message("system", draw(WORDS))] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(0, 2))):
        messages += [Message("user", draw(SAID), name=draw(NAME)), *draw(answers(plain=draw(st.booleans())))]
    messages.append(Message("user", draw(SAID)))
    return tuple(messages if asked_last else [*messages, *draw(answers())])


NUMBER = st.floats(-9, 9, allow_nan=False)
PEOPLE = st.sampled_from([(), ("anna",), ("anna", "ben")])
CHATS = st.builds(Example, messages=chats(), tools=TOOLS)
TEXTS = st.builds(Example, text=SAID)
LABELLED = st.builds(
    lambda text, label: Example((Message("user", text), Message("assistant", label)), label=label),
    SAID,
    st.sampled_from(["yes", "no"]),
)
PAIRS = st.builds(
    Preference,
    prompt=chats(asked_last=True),
    chosen=answers(),
    rejected=answers(),
    tools=TOOLS,
    margin=st.none() | NUMBER,
    ratings=st.none() | st.tuples(NUMBER, NUMBER),
    annotators=PEOPLE,
    weight=st.sampled_from([1.0, 0.25]),
)
RANKINGS = st.builds(
    lambda prompt, both, tools: Ranking(
        prompt, tuple(a for a, _ in both), ranks_of([r for _, r in both]), tuple(r for _, r in both), tools
    ),
    chats(asked_last=True),
    st.lists(st.tuples(answers(), NUMBER), min_size=2, max_size=4),
    TOOLS,
)
THUMBS = st.builds(Thumb, prompt=chats(asked_last=True), answer=answers(plain=True), good=st.booleans(), tools=TOOLS)
ROWS: dict[Kind, Any] = {
    "chat": CHATS,
    "text": TEXTS,
    "labelled": LABELLED,
    "pair": PAIRS,
    "ranking": RANKINGS,
    "thumb": THUMBS,
}
FORMS = [(name, kind) for name, target in TARGETS.items() for kind in target.forms]


def usable(row: Row) -> bool:
    """Whether a reader would give this row: the validation of rows is not what is tested here."""
    if isinstance(row, Example):
        found = check_chat(row)
    elif isinstance(row, Preference):
        if same_answer(row.chosen, row.rejected):
            return False
        found = check_chat(Example((*row.prompt, *row.chosen))) + check_chat(Example((*row.prompt, *row.rejected)))
    elif isinstance(row, Ranking) and len(set(row.ranks)) == 1:
        return False
    else:
        every = row.answers if isinstance(row, Ranking) else (row.answer,)
        found = [problem for answer in every for problem in check_chat(Example((*row.prompt, *answer)))]
    return not any(problem.severity == "error" for problem in found)


def reads_otherwise(name: str, row: Row) -> bool:
    """Whether a layout of bare texts takes a text of the row for a mark of its own: those rows convert refuses."""
    said = [message.content for run in sides(row) for message in run]
    if name == "transcript":
        return any(text != text.strip() or re.search(r"(Human|Assistant):", text) for text in said)
    blank = any(m.role == "system" and not m.content.strip() for run in sides(row) for m in run)
    return name in ("prompt_completion", "alpaca", "axolotl") and (blank or any(map(is_transcript, said)))


def through_a_file(rows: list[dict[str, Any]], form: Form) -> list[Row]:
    """The rows read as a stranger reads them: JSON text, and the layout recognised from the fields."""
    values = [json.loads(json.dumps(row)) for row in rows]
    shape = detect(values)
    assert shape.name == form.shape.name, shape.reason
    raws = [Raw(Origin("f", n), value) for n, value in enumerate(values)]
    made = to_compared(raws, Layout(shape)) if shape.compares else to_examples(raws, Layout(shape))
    return [row for row in made if isinstance(row, Example | Preference | Ranking | Thumb)]


@pytest.mark.parametrize(("name", "kind"), FORMS, ids=[f"{n}-{k}" for n, k in FORMS])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(data=st.data())
def test_a_row_that_a_layout_holds_comes_back_as_it_was(name: str, kind: Kind, data: st.DataObject) -> None:
    target = TARGETS[name]
    form = target.forms[kind]
    row = target.prepare(data.draw(ROWS[kind]))
    assume(usable(row))
    row = without(row, parts_of(row) - form.holds)
    assume(parts_of(row) <= form.holds and usable(row))
    assume(not reads_otherwise(name, row))
    written = form.write(row)
    back = read_back(written, form)
    assert same(row, back)
    (again,) = through_a_file([written], form)
    assert again.id == row.id and kind_of(again) == kind_of(row)
    assert same(row, again)
    if isinstance(row, Example) and isinstance(again, Example) and kind == "labelled":
        assert again.label == row.label


@settings(max_examples=80, deadline=None)
@given(row=st.one_of(CHATS, PAIRS, RANKINGS, THUMBS))
def test_parts_that_may_go_are_gone_and_nothing_else_changes(row: Row) -> None:
    light = without(row, LOSABLE)
    assert not parts_of(light) & LOSABLE
    kept = parts_of(row) - LOSABLE
    assert parts_of(light) - LOSABLE == kept
    assert without(row, ()) == row


def test_every_part_is_held_by_luthiers_own_layout() -> None:
    own = TARGETS["messages"].forms
    assert set().union(*(form.holds for form in own.values())) == set(PARTS)
    assert own["pair"].holds == set(PARTS)


U, A = Message("user", "Where is it?"), Message("assistant", "On its way.")
S = Message("system", "Be brief.")
CALLED = Message("assistant", "", tool_calls=(ToolCall("track", {"id": 7}),))
TOOLED = Example((U, CALLED, Message("tool", "Oslo"), A), tools=({"type": "function", "function": {"name": "track"}},))
PAIR = Preference((S, U), (A,), (Message("assistant", "No."),))


@pytest.mark.parametrize(
    ("name", "row", "written"),
    [
        (
            "sharegpt",
            TOOLED,
            {
                "conversations": [
                    {"from": "human", "value": "Where is it?"},
                    {"from": "function_call", "value": '{"name": "track", "arguments": {"id": 7}}'},
                    {"from": "observation", "value": "Oslo"},
                    {"from": "gpt", "value": "On its way."},
                ],
                "tools": '[{"name": "track"}]',
            },
        ),
        (
            "alpaca",
            Example((S, U, A, Message("user", "When?"), Message("assistant", "Today."))),
            {
                "instruction": "When?",
                "input": "",
                "output": "Today.",
                "system": "Be brief.",
                "history": [["Where is it?", "On its way."]],
            },
        ),
        ("prompt_completion", Example((U, A)), {"prompt": "Where is it?", "completion": "On its way."}),
        (
            "trl",
            PAIR,
            {
                "prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is it?"}],
                "chosen": [{"role": "assistant", "content": "On its way."}],
                "rejected": [{"role": "assistant", "content": "No."}],
            },
        ),
        (
            "trl",
            Thumb((U,), (A,), False),
            {
                "prompt": [{"role": "user", "content": "Where is it?"}],
                "completion": [{"role": "assistant", "content": "On its way."}],
                "label": False,
            },
        ),
        (
            "llamafactory",
            PAIR,
            {
                "conversations": [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "Where is it?"}],
                "chosen": {"from": "gpt", "value": "On its way."},
                "rejected": {"from": "gpt", "value": "No."},
            },
        ),
        (
            "axolotl",
            PAIR,
            {
                "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is it?"}],
                "chosen": {"role": "assistant", "content": "On its way."},
                "rejected": {"role": "assistant", "content": "No."},
            },
        ),
        (
            "openai",
            PAIR,
            {
                "input": {
                    "messages": [
                        {"role": "system", "content": "Be brief."},
                        {"role": "user", "content": "Where is it?"},
                    ]
                },
                "preferred_output": [{"role": "assistant", "content": "On its way."}],
                "non_preferred_output": [{"role": "assistant", "content": "No."}],
            },
        ),
        (
            "transcript",
            Preference((U,), (A,), (Message("assistant", "No."),)),
            {
                "chosen": "\n\nHuman: Where is it?\n\nAssistant: On its way.",
                "rejected": "\n\nHuman: Where is it?\n\nAssistant: No.",
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_row_stands_in_a_layout_as_its_tool_documents_it(name: str, row: Row, written: dict[str, Any]) -> None:
    form = form_for(TARGETS[name], kind_of(row))
    assert form is not None and form.write(row) == written


def test_openai_gets_ids_for_calls_and_arguments_as_text() -> None:
    target = TARGETS["openai"]
    called, answered = target.forms["chat"].write(target.prepare(TOOLED))["messages"][1:3]
    assert called["content"] is None
    assert called["tool_calls"] == [
        {"type": "function", "id": "call_1", "function": {"name": "track", "arguments": '{"id": 7}'}}
    ]
    assert answered["tool_call_id"] == "call_1"
    given_ids = Example(
        (
            U,
            Message("assistant", "", tool_calls=(ToolCall("a", {}, "x"), ToolCall("b", {}))),
            Message("tool", "1", tool_call_id="x"),
            Message("tool", "2"),
            A,
        )
    )
    filled = with_call_ids(given_ids)
    assert isinstance(filled, Example)
    assert [m.tool_call_id for m in filled.messages if m.role == "tool"] == ["x", "call_1"]
    pair = with_call_ids(Preference((U,), (CALLED,), (CALLED,)))
    assert isinstance(pair, Preference)
    assert [side[0].tool_calls[0].id for side in (pair.chosen, pair.rejected)] == ["call_1", "call_2"]


@pytest.mark.parametrize(
    ("name", "row", "part"),
    [
        ("alpaca", TOOLED, "calls"),
        ("prompt_completion", Example((U, A, U, A)), "turns"),
        ("openai", Example((U, Message("assistant", "x", reasoning="hm"))), "reasoning"),
        ("openai", Example((U, Message("assistant", "x", weight=0.5))), "shares"),
        ("trl", Example((U, Message("assistant", "x", weight=0.0), U, A)), "weights"),
        (
            "llamafactory",
            Example((U, Message("assistant", "Wait.", tool_calls=CALLED.tool_calls), Message("tool", ""), A)),
            "said_calls",
        ),
        ("llamafactory", Example((U, CALLED, Message("tool", "1"), Message("tool", "2"), A)), "many_results"),
        ("sharegpt", Example((U, Message("assistant", "x", name="bo"))), "names"),
        ("transcript", PAIR, "system"),
        ("axolotl", Preference((U,), (CALLED,), (A,)), "calls"),
        ("trl", Preference((U,), (A,), (CALLED,), annotators=("anna",)), "annotators"),
        ("openai", Preference((U,), (A,), (CALLED,), margin=2.0), "margins"),
    ],
)
def test_what_a_layout_cannot_hold_is_known(name: str, row: Row, part: str) -> None:
    form = form_for(TARGETS[name], kind_of(row))
    assert form is not None and part in parts_of(row) - form.holds


def test_reading_back_finds_text_that_looks_like_a_mark() -> None:
    tricky = Preference((Message("user", "Say: \n\nAssistant: yes"),), (A,), (Message("assistant", "No."),))
    form = TARGETS["transcript"].forms["pair"]
    back = read_back(form.write(tricky), form)
    assert back is None or back.id != tricky.id


def test_real_transcripts_survive_the_way_out_and_back(realdata: Any) -> None:
    form = TARGETS["transcript"].forms["pair"]
    raws = list(read(["preference/hh_harmless_base_test.jsonl.gz"], folder=realdata))[:300]
    shape = detect([raw.value for raw in raws if raw.value])
    for row in to_compared(raws, Layout(shape)):
        if isinstance(row, Preference):
            back = read_back(form.write(row), form)
            assert back is not None and back.id == row.id
