"""The quick look never disagrees with the long way: what passes has no finding, and its texts are the example's.

The marks of a block of lines are the marks of its lines one by one.
"""

from __future__ import annotations

import json
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.records import Example, Origin
from luthier.rows import Layout, Raw, Shape, detect, to_examples
from luthier.rows.marks import marks
from luthier.rows.quick import reader
from luthier.text import personal

TEXT = st.one_of(
    st.text(max_size=12),
    st.sampled_from([
        "", " ", "A good question.", "yes", "CafÃ©", "é’s", "<s>x", "x</s>", "a [INST] b", "bell \x07", "\ud83d",
        "\ufffd",
        "mail a@b.io", "call 07700 900123", "8.8.8.8", "one, two, three, four,", '{"a": 1', "```x", "tab\there",
        "ÂNGELA",
        "line\nbreak", 'quote " and \\ slash', "日本語。", "\u200b", "4111 1111 1111 1111", "hf_" + "aB" * 17,
        "DE89 3704 0044 0532 0130 00",
        "12345678Z", "2001:4860:4860::8888", "<|im_start|>", "<｜end▁of▁sentence｜>", "\x85", "\ufeffx", "030/1234567",
    ]),
)  # fmt: skip
OTHER = st.none() | st.integers(-5, 99999999999) | st.booleans() | st.just([]) | st.just({"a": 1})
CELL = st.one_of(TEXT, TEXT, TEXT, OTHER)
MORE = {"id": CELL, "system": CELL, "tools": CELL}
PAIRS = st.fixed_dictionaries({"prompt": CELL, "completion": CELL}, optional=MORE)
CLASSES = st.fixed_dictionaries({"text": CELL, "label": CELL}, optional={"id": CELL})
ALPACA = st.fixed_dictionaries({"instruction": CELL, "output": CELL}, optional={"input": CELL, "history": CELL})
TURN = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "tool", 3]), "content": CELL}, optional={"weight": CELL}
)
GOOD = st.lists(TEXT, min_size=2, max_size=5).map(
    lambda said: [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(said)]
)
CHATS = st.fixed_dictionaries({"messages": GOOD | st.lists(TURN, max_size=4) | CELL}, optional={"id": CELL})
SHAPES = {
    "prompt_completion": (PAIRS, {"prompt": "prompt", "answer": "completion", "tools": "tools", "system": "system"}),
    "classification": (CLASSES, {"text": "text", "label": "label"}),
    "alpaca": (ALPACA, {"instruction": "instruction", "input": "input", "output": "output"}),
    "messages": (CHATS, {"messages": "messages"}),
}


def look_both_ways(name: str, columns: dict[str, str], row: dict[str, Any]) -> bool:
    layout = Layout(Shape(name, 1.0, "", columns, tuple(row)))
    look = reader(layout)
    assert look is not None
    try:
        line = orjson.dumps(row)
    except (TypeError, orjson.JSONEncodeError):
        return False  # half a character: orjson does not read it either
    plain = look(row)
    if plain is None:
        return False
    odd, private = marks(line)
    made = list(to_examples([Raw(Origin("f", 1), row)], layout))
    example = made[-1]
    if isinstance(example, Example):  # also where its characters are odd: compared are rows of both kinds
        system = "".join(m.content for m in example.messages if m.role == "system")
        assert plain == (system, example.asked, example.answer), row
        texts = [value for value in row.values() if isinstance(value, str)] + [m.content for m in example.messages]
        assert private or not any(personal.find(text) for text in texts), row
    assert odd or (len(made) == 1 and isinstance(example, Example)), (row, made)
    return not odd


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(sorted(SHAPES)))
def test_the_quick_look_agrees_with_the_long_way(data: st.DataObject, name: str) -> None:
    rows, columns = SHAPES[name]
    look_both_ways(name, columns, data.draw(rows))


def test_a_blank_at_the_end_of_an_instruction_without_input_stays() -> None:
    _, columns = SHAPES["alpaca"]
    assert look_both_ways("alpaca", columns, {"instruction": "Sum up ", "output": "It is short."})
    assert look_both_ways("alpaca", columns, {"instruction": "Sum up ", "input": "A text. ", "output": "It is short."})


LINES = st.lists(TEXT | st.binary(max_size=20).filter(lambda line: b"\n" not in line), max_size=9)


@settings(max_examples=300, deadline=None)
@given(LINES, st.booleans())
def test_the_marks_of_a_block_are_those_of_its_lines(drawn: list[str | bytes], ends: bool) -> None:
    lines = [orjson.dumps(one.encode("utf-8", "ignore").decode()) if isinstance(one, str) else one for one in drawn]
    odd, private = marks(b"\n".join(lines) + b"\n" * ends)
    alone = [marks(line) for line in lines]
    assert odd == {place for place, found in enumerate(alone) if found.odd}
    assert private == {place for place, found in enumerate(alone) if found.personal}


def test_a_mark_is_where_a_rule_could_fire_and_nowhere_else() -> None:
    calm = ["One, 12 and 345 words?", "Größe – naïve café", "日本（本。", "x < 5 [3] <b>", "a\tb\nc", "an_endless_word"]
    odd = ["CafÃ©", "\u0007", "<|im_end|>", "a [INST] b", "\ufffd", "\ufeff", "\x85", "a\bc"]
    private = ["a@b.io", "call 07700 900123", "k" * 16, "8.8.8.8 4111111111111111"]
    lines = [json.dumps({"prompt": text}, ensure_ascii=text == "\u0007") for text in (*calm, *odd, *private)]
    found = marks("\n".join(lines).encode())
    assert found.odd == {*range(6, 14)}
    assert found.personal == {7, 13, *range(14, 18)}  # two that are written with escapes cannot be told


def test_the_quick_look_takes_plain_rows() -> None:
    rows = {
        "prompt_completion": {"prompt": "What is it?", "completion": "It is this.", "id": 3, "note": "x"},
        "classification": {"text": "fine film", "label": "good"},
        "alpaca": {"instruction": "Add", "input": "1 and 2", "output": "3"},
        "messages": {
            "messages": [{"role": "user", "content": "Où?"}, {"role": "assistant", "content": "Là-bas — ici."}]
        },
    }
    for name, row in rows.items():
        assert look_both_ways(name, SHAPES[name][1], row), name
        assert reader(Layout(detect([row] * 3))) is not None
