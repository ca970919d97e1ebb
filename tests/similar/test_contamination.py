"""Shared runs of words are found without a miss and without an invention: compared with trying every pair of places."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.similar import Item, Part, Scan, grams, index
from luthier.similar import contamination as search
from luthier.similar.evidence import Evidence, Side, merged
from luthier.similar.pack import packed
from luthier.text import words

TEXT = st.lists(st.sampled_from(["a", "b", "é 5 a", "A. B, a b", "b b A a"]), max_size=14).map(" ".join)  # runs abound
ITEMS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4)
ROWS = st.lists(st.lists(TEXT, max_size=3), max_size=6)


def found(items: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]], *, pack: bool = False) -> list[Evidence]:
    made = [Item(str(n), question, answer) for n, (question, answer) in enumerate(items)]
    scan = Scan(packed(made) if pack else index(made))
    scan.add([[("user", text) for text in row] for row in rows])
    return list(scan.found().items)


def every_run(side: str, rows: Sequence[Sequence[str]]) -> set[tuple[int, int, int, int, int]]:
    """All longest shared runs of at least 8 words as (row, part, at, row_at, words), by trying every pair of places."""
    ours, out = words(side), set()
    for row, parts in enumerate(rows):
        for part, text in enumerate(parts):
            theirs = words(text)
            for at in range(len(ours)):
                for row_at in range(len(theirs)):
                    if at and row_at and ours[at - 1] == theirs[row_at - 1]:
                        continue
                    size = 0
                    while ours[at + size : at + size + 1] == theirs[row_at + size : row_at + size + 1] != []:
                        size += 1
                    if size >= 8:
                        out.add((row, part, at, row_at, size))
    return out


def runs(side: Side) -> set[tuple[int, int, int, int, int]]:
    return {(span.row, span.part, span.at, span.row_at, span.words) for span in side.spans}


@settings(max_examples=150, deadline=None)
@given(ITEMS, ROWS, st.booleans())
def test_spans_equal_trying_every_pair_of_places(
    items: list[tuple[str, str]], rows: list[list[str]], pack: bool
) -> None:
    for (question, answer), evidence in zip(items, found(items, rows, pack=pack), strict=True):
        assert runs(evidence.question) == every_run(question, rows)
        assert runs(evidence.answer) == every_run(answer, rows)
        assert evidence.question.words == len(words(question))


@settings(max_examples=60, deadline=None)
@given(ITEMS, ROWS, st.integers(1, 40))
def test_rows_may_come_in_any_portions(items: list[tuple[str, str]], rows: list[list[str]], size: int) -> None:
    whole = Scan(index([Item("x", *item) for item in items]))
    whole.add([[("user", text) for text in row] for row in rows])
    pieces = Scan(whole.index)
    for start in range(0, len(rows), size):
        pieces.add([[("user", text) for text in row] for row in rows[start : start + size]])
    assert pieces.found() == whole.found()


def test_colliding_hashes_make_no_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    """With grams of 3 bits nearly everything collides; what is reported stays the same."""
    rng = random.Random(1)
    vocabulary = [f"w{n}" for n in range(30)]
    texts = [" ".join(rng.choices(vocabulary, k=40)) for _ in range(12)]
    texts += [" ".join([*texts[0].split()[5:20], *rng.choices(vocabulary, k=9)])]
    items = [(text, "") for text in texts[:3]]
    rows = [[text] for text in texts[3:]]
    honest = [runs(evidence.question) for evidence in found(items, rows)]
    assert sum(map(len, honest)) == 1
    mixed = grams.mixed
    monkeypatch.setattr(grams, "mixed", lambda values: mixed(values) % np.uint64(7) + np.uint64(1))
    monkeypatch.setattr(search, "MOST_ROWS", 10**6)
    monkeypatch.setattr(search, "MOST_ITEMS", 10**6)
    assert [runs(evidence.question) for evidence in found(items, rows)] == honest


def text_of(seed: int, size: int) -> str:
    rng = random.Random(seed)
    return " ".join(f"{rng.choice('bcdfgklmnprst')}{rng.choice('aeiou')}{rng.randrange(1000)}" for _ in range(size))


def test_case_signs_and_scripts_do_not_hide_a_copy() -> None:
    question = "Wie viele Äpfel, fragte sie, hat Björn im Garten seiner Großmutter gestern Abend gepflückt?"
    chinese = "请问昨天晚上比约恩在他祖母的花园里摘了多少个苹果"
    rows = [[question.upper().replace(",", " --")], [f"问题：{chinese}？谢谢"]]
    german, han = (evidence.question for evidence in found([(question, ""), (chinese, "")], rows))
    assert german.same == ((0, 0),) and german.longest == 14
    assert han.longest == len(chinese) and not han.same


def test_the_very_same_question_is_told_by_its_signs_too() -> None:
    def same(question: str, text: str) -> bool:
        return bool(found([(question, "")], [[text]])[0].question.same)

    assert same("Top up?", "top-up") and same("Where is it - really?", "where is it, really")
    assert not same("Is 5 + 3 odd", "is 5 - 3 odd") and not same("( [ {", "{ [ (")
    assert not same("Where is my card", "where is my card now") and not same("!!!", "???")


def boiler(count: int) -> tuple[list[tuple[str, str]], list[list[str]]]:
    """An item with a template of 12 words that ``count`` training rows have too, and 20 words of its own."""
    template = text_of(0, 12)
    rows = [[f"{template} {text_of(100 + n, 15)}"] for n in range(count)]
    return [(f"{template} {text_of(1, 20)}", "")], rows


@pytest.mark.parametrize(("count", "longest"), [(10, 12), (11, 0)])
def test_grams_of_more_than_ten_training_texts_are_boilerplate(count: int, longest: int) -> None:
    items, rows = boiler(count)
    side = found(items, rows)[0].question
    assert side.longest == longest
    assert side.open == (32 if longest else 27)  # the 7 words before its own are still in grams with one of them
    # a text that comes again is one text
    again = found(items, [rows[0]] * 40)[0].question
    assert again.longest == 12


@pytest.mark.parametrize(("count", "longest"), [(2, 12), (3, 0)])
def test_grams_of_more_than_two_items_are_boilerplate(count: int, longest: int) -> None:
    template = text_of(0, 12)
    items = [(f"{template} {text_of(n, 20)}", "") for n in range(1, count + 1)]
    side = found(items, [[f"{template} {text_of(99, 9)}"]])[0].question
    assert side.longest == longest and [span.words for span in side.spans] == [12]


def test_a_copy_of_a_templated_item_is_still_one_run() -> None:
    items, rows = boiler(30)
    rows.append([f"hello {items[0][0]} bye"])
    side = found(items, rows)[0].question
    spans = [span for span in side.spans if span.row == 30]
    assert [(span.at, span.words, span.telling) for span in spans] == [(0, 32, ((5, 32),))]


def test_runs_go_on_over_four_words_that_differ() -> None:
    text = words(text_of(5, 40))

    def reach(*changed: int, upto: int = 40) -> int:
        other = [("x" if n in changed else word) for n, word in enumerate(text)][:upto]
        spans = found([(" ".join(text), "")], [[" ".join(other)]])[0].question.spans
        return max((span.reach for span in spans if span.at == 0), default=0)

    assert reach() == 40
    assert reach(12, 20, 21, 30) == 40
    assert reach(12, 20, 21, 30, 33) == 33  # the fifth ends it
    assert reach(12, upto=13) == 12  # it never ends on a word that differs
    assert reach(9) == 0  # none of the first ten may differ


def test_a_run_in_a_pack_does_not_go_on_from_the_question_into_the_answer() -> None:
    """Question and answer lie side by side in the item and in the row; each is a side of its own."""
    item = (text_of(21, 15), text_of(22, 15))
    made = [Item("x", *item)]
    scan = Scan(packed(made))
    scan.add([[("user", item[0]), ("assistant", item[1])]])
    (evidence,) = scan.found().items
    assert [span.reach for side in (evidence.question, evidence.answer) for span in side.spans] == [15, 15]
    changed = words(item[0])
    changed[11] = "x"
    assert [s.reach for s in found([(" ".join([*changed, *words(item[1])]), "")], [[" ".join(item)]], pack=True)[0]
            .question.spans if s.at == 0] == [30]  # one word differs, at least 8 follow


def test_rows_that_say_one_word_over_and_over_do_not_fill_the_memory() -> None:
    evidence = found([("ha " * 300, "")], [["ha " * 20_000], [f"{'ha ' * 3000} {text_of(3, 30)}"]])[0].question
    assert evidence.longest == 300 and len(evidence.spans) < 2000


def test_a_fork_leaves_the_scan_as_it_was() -> None:
    items, rows = boiler(3)
    scan = Scan(index([Item("x", *items[0])]))
    parts: list[list[Part]] = [[("user", text) for text in row] for row in rows]
    scan.add(parts)
    before = scan.found()
    fork = scan.fork()
    fork.add([[("user", items[0][0])]])
    assert fork.found([0]).items[0].question.same == ((3, 0),)
    assert scan.found() == before and scan.rows == 3


def test_rows_and_items_without_words() -> None:
    assert found([("", ""), ("!!!", "…")], [[], [""], ["🙂"]])[1].question == Side(0)
    assert Scan(index([])).found().items == ()


def test_stretches_merge() -> None:
    assert merged([(5, 9), (0, 2), (2, 4), (6, 7)]) == [(0, 4), (5, 9)]
