"""The coverage matrix and its holes: what is missing is named, what may be chance is not."""

from __future__ import annotations

import pytest

from luthier.data.axes import format_of, length_of, task_of
from luthier.data.coverage import Cell, Hole, holes, marginals, matrix
from luthier.data.edges import EDGES
from luthier.records import Example, Message
from luthier.text.root import root


def cell(task: str = "answer", language: str = "en", *edges: str, length: str = "11 to 50") -> Cell:
    return Cell(task, length, "prose", language, edges)


def every_edge(count: int = 5) -> list[Cell]:
    return [cell("answer", "en", edge) for edge in EDGES for _ in range(count)]


def names(found: list[Hole]) -> list[str]:
    return [hole.name for hole in found]


def test_a_class_that_no_row_has_is_a_hole_and_empty_input_comes_first() -> None:
    found = holes([cell() for _ in range(500)], free=True)
    assert found[0].name == "no row has an empty input"
    assert (found[0].cells, found[0].rows, found[0].wanted) == ({"edge": "empty_input"}, 0, 10)
    assert "no answer refuses anything" in names(found)
    assert holes([cell() for _ in range(5000)], free=True)[0].wanted == 50  # one row in a hundred


def test_what_an_answer_cannot_show_is_no_hole() -> None:
    assert not {"refusal", "unanswerable"} & {hole.cells["edge"] for hole in holes([cell()] * 500, free=False)}


def test_one_language_needs_no_right_to_left_and_no_other_language() -> None:
    asked = {hole.cells["edge"] for hole in holes([cell()] * 500, free=True)}
    both = {
        hole.cells["edge"]
        for hole in holes([cell()] * 400 + [cell("answer", "de")] * 100, free=True)
        if len(hole.cells) == 1
    }
    assert "rtl" not in asked and "cross_language" not in asked
    assert {"rtl", "cross_language"} <= both


def test_a_pair_that_should_meet_is_named_in_words() -> None:
    rows = [*every_edge(), *[cell("answer", "en", "multi_turn")] * 100, *[cell("answer", "de")] * 200, *[cell()] * 600]
    found = holes(rows, free=True)
    # 105 rows of 975 have several turns, 200 are German: 21.5 are expected to be both
    hole = next(hole for hole in found if hole.name == "no multi-turn row in German")
    assert hole.cells == {"edge": "multi_turn", "language": "de"}
    assert hole.expected == pytest.approx(105 * 200 / 975)
    assert hole.wanted == 22
    assert hole.to_dict()["cells"] == {"edge": "multi-turn", "language": "German"}  # they stand in a prompt
    some = holes([*rows, cell("answer", "de", "multi_turn")], free=True)
    assert "only 1 multi-turn row in German" in names(some)
    enough = holes([*rows, *[cell("answer", "de", "multi_turn")] * 5], free=True)
    assert not any("multi-turn" in name for name in names(enough))


def test_what_chance_would_explain_is_no_hole() -> None:
    rows = [*every_edge(), *[cell("answer", "de")] * 20, *[cell()] * 600]  # 5 * 20 / 695: not one is expected
    assert holes(rows, free=True) == []


def test_the_matrix_counts_each_combination_and_each_edge_of_a_row() -> None:
    rows = [cell("answer", "en", "rtl", "code"), cell("answer", "en", "rtl"), cell()]
    joint = {(one["edge"], one["rows"]) for one in matrix(rows)}
    assert joint == {("rtl", 2), ("code", 1), ("none", 1)}
    counts = marginals(rows)
    assert counts["edge"]["rtl"] == 2 and counts["edge"]["refusal"] == 0 and counts["task"] == {"answer": 3}


def told(asked: str, answer: str, **kinds: bool) -> tuple[str, str]:
    example = Example(messages=(Message("user", asked), Message("assistant", answer)))
    kinds = {"label": False, "fields": False, **kinds}
    return task_of(example, root(asked), **kinds), format_of(example, label=kinds["label"])


@pytest.mark.parametrize(("asked", "answer", "wanted"), [
    ("Write a story about a dog.", "Once upon a time a dog lived. It was brown.", ("write", "prose")),
    ("Write a Python function that adds.", "```python\ndef f(): ...\n```", ("code", "code")),
    ("Summarise the article.", "- a\n- b\n- c", ("summarise", "list")),
    ("What is the capital of France?", "Paris", ("answer", "few words")),
    ("Tom has 3 apples and buys 4. How many apples has he?", "7", ("calculate", "number")),
    ("List three fruits.", "1. apple\n2. pear\n3. plum", ("list", "list")),
    ("Translate to German: good day", "Guten Tag", ("translate", "few words")),
    ("Return the data as JSON.", '{"a": 1}', ("other", "JSON")),
    ("Compare the two.", "| a | b |\n|---|---|\n| 1 | 2 |", ("explain", "table")),
    ("My lamp is broken.", "I am sorry, let us look at it together.", ("other", "sentence")),
])  # fmt: skip
def test_tasks_and_formats(asked: str, answer: str, wanted: tuple[str, str]) -> None:
    assert told(asked, answer) == wanted


def test_labels_are_a_task_and_a_format_of_their_own() -> None:
    assert told("My lamp is broken.", "fault", label=True) == ("classify", "label")
    assert told("My lamp is broken.", '{"intent": "fault"}', fields=True) == ("extract", "JSON")
    assert task_of(Example(text="Plain words."), root(""), label=False, fields=False) == "plain text"


def test_lengths_are_classes_with_stated_limits() -> None:
    assert [length_of(n) for n in (0, 10, 11, 50, 51, 200, 201)] == [
        "up to 10 words", "up to 10 words", "11 to 50", "11 to 50", "51 to 200", "51 to 200", "over 200",
    ]  # fmt: skip
