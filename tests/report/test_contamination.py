"""Contamination on the page and in the terminal: shared words marked, strangers' text escaped, erased rows blank."""

from __future__ import annotations

from typing import Any

from luthier.report.contamination import contamination_page, pieces, summary, worst_lines


def account(**more: Any) -> dict[str, Any]:
    shown = {
        "item": "i1", "number": 4, "verdict": "dirty", "why": "60% of its words", "side": "question", "row": "r1",
        "row_origin": "train.jsonl:7", "item_origin": "test.jsonl:5", "share": 0.6, "longest": 14,
        "seen_8": 0.7, "seen_13": 0.6, "spans": [[0, 3, 14]],
        "item_text": {"text": "<b>shared</b> own", "marks": [[0, 13]], "cut": [False, True]},
        "row_text": {"text": "before shared after", "marks": [[7, 13]], "cut": [True, False]},
    }  # fmt: skip
    one = {
        "name": "test <1>", "kind": "rows", "items": 1319, "verdict": "dirty", "sides": {"question": 2},
        "counts": {"clean": 1310, "suspect": 7, "dirty": 2}, "undecidable": {"questions": 3, "answers": 26},
        "boilerplate": {"grams": 123999, "in_many_texts": 9, "in_many_items": 4, "texts_over": 10, "items_over": 2},
        "profiles": {name: {"verdict": "clean", "clean": 1, "suspect": 0, "dirty": 0} for name in ("luthier", "gpt3")},
        "canaries": {"profile": "luthier", "kinds": {"verbatim": {"planted": 75, "found": 74, "undecidable": 0},
                                                    "answer": {"planted": 0, "found": 0, "undecidable": 9}}},
        "worst": [shown], **more,
    }  # fmt: skip
    return {"profile": "luthier", "rule": "half of it", "rows": 7473, "sets": [one]}


def test_the_page_marks_shared_words_and_escapes_the_rest() -> None:
    page = contamination_page(account())
    assert "<mark>&lt;b&gt;shared&lt;/b&gt;</mark> own …" in page
    assert "… before <mark>shared</mark> after" in page
    assert "test &lt;1&gt;" in page and "<b>shared" not in page
    assert "<!--row i1-->" in page and "<!--row r1-->" in page  # erasing either row blanks its text
    assert "2 dirty, 7 suspect, 1,310 clean" in page and "1,319 items against 7,473 training rows" in page


def test_the_facts_say_how_sure_clean_is() -> None:
    facts = dict(summary(account()["sets"][0], account()))
    assert facts["canaries"] == "planted and found: verbatim 74/75 · answer only none"
    assert facts["not decidable"].startswith("3 questions and 26 answers")
    assert facts["boilerplate"] == "of 123,999 8-grams, 9 stand in more than 10 training texts, 4 in more than 2 items"
    assert facts["other rules"] == "gpt3 clean (0 dirty, 0 suspect)"
    pack = account(kind="pack", licence="CC0", canaries={**account()["sets"][0]["canaries"], "of_pack": True})
    facts = dict(summary(pack["sets"][0], pack))
    assert facts["licence"] == "CC0" and "when the pack was made" in facts["canaries"]


def test_erased_texts_and_overlapping_marks() -> None:
    bare = {k: v for k, v in account()["sets"][0]["worst"][0].items() if not k.endswith("_text")}
    assert "<mark>" not in contamination_page(account(worst=[bare]))
    excerpt = {"text": "abcdef", "marks": [[0, 3], [2, 5]], "cut": [False, False]}
    assert [piece for piece in pieces(excerpt) if piece[0]] == [("abc", True), ("de", True), ("f", False)]


def test_lines_for_a_terminal() -> None:
    (head, item, row) = worst_lines(account()["sets"][0], 5)
    assert head[0][0].startswith("dirty    test.jsonl:5  question: 60% of its words · 70% in 8-grams, 60% in 13-grams")
    assert ("shared", True) in row and "train.jsonl:7" in row[0][0]
    assert item[0][0].strip() == "item"
    assert list(worst_lines(account()["sets"][0], 0)) == []
