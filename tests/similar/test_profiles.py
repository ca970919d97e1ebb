"""Each named rule on evidence small enough to count by hand."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from luthier.recipe.data import ContaminationSpec
from luthier.similar import PROFILES, Evidence, Found, Judged, Side, Span
from luthier.similar.profiles import Word, gpt3, llama2, luthier, tulu3


def span(at: int, size: int, row: int = 0, **more: Any) -> Span:
    facts: dict[str, Any] = {
        "part": 0, "role": "user", "row_at": 3, "reach": size if size >= 10 else 0,
        "telling": ((at, at + size),), "own": True, **more,
    }  # fmt: skip
    return Span(row=row, at=at, words=size, **facts)


def asked(count: int, *spans: Span, **more: Any) -> Evidence:
    return Evidence("x", Side(count, count, spans=spans, **more), Side(0))


def answered(count: int, *spans: Span) -> Evidence:
    return Evidence("x", Side(30, 30), Side(count, count, spans=spans))


PLAIN: tuple[tuple[int, int], ...] = ()
LUTHIER = [
    ("nothing", asked(40), "clean"),
    ("the very question", asked(5, same=((7, 0),)), "dirty"),
    ("13 of 25 words (52%) in one run", asked(25, span(2, 13)), "dirty"),
    ("a run of 13 that is half of 26", asked(26, span(2, 13)), "suspect"),
    ("two runs of 12 are most of 26, but neither is long", asked(26, span(0, 12), span(14, 12)), "clean"),
    ("two rows with a third each", asked(45, span(0, 13), span(20, 13, row=1)), "suspect"),
    ("one row with both thirds", asked(45, span(0, 13), span(20, 13)), "dirty"),
    ("template only", asked(40, span(0, 30, telling=PLAIN, own=False)), "clean"),
    ("what many rows are full of, with the rest in one run", asked(40, span(0, 36, telling=PLAIN)), "dirty"),
    ("the same, but 35 of 40 are no 90%", asked(40, span(0, 35, telling=PLAIN)), "clean"),
    ("all 12 words of a short question inside a longer row", asked(12, span(0, 12)), "suspect"),
    ("8 of 12", asked(12, span(0, 8)), "clean"),
    ("the answer alone", answered(23, span(0, 13)), "dirty"),
    ("the answer alone, in two rows", answered(23, span(0, 13), span(4, 13, row=1)), "suspect"),
    ("the answer alone, and less of it in another row", answered(23, span(0, 13), span(0, 9, row=1)), "dirty"),
    ("12 words are too short an answer to accuse anybody", answered(12, span(0, 12)), "clean"),
]  # fmt: skip


@pytest.mark.parametrize(("evidence", "word"), [case[1:] for case in LUTHIER], ids=[case[0] for case in LUTHIER])
def test_luthiers_rule(evidence: Evidence, word: Word) -> None:
    judged = luthier(evidence)
    assert judged.word == word
    assert word == "clean" or (judged.why and judged.row is not None)


def test_luthiers_verdict_is_the_worse_of_both_sides() -> None:
    both = Evidence("x", Side(40, 40, spans=(span(0, 13),)), Side(20, 20, spans=(span(0, 13, row=2),)))
    judged = luthier(both)
    assert (judged.word, judged.side, judged.row) == ("dirty", "answer", 2)


def test_gpt3_one_rare_gram_is_enough_and_frequent_ones_are_not() -> None:
    assert gpt3(asked(100, span(0, 13), rare_grams=1)).word == "dirty"
    assert gpt3(asked(100, span(0, 60), rare_grams=0)).word == "clean"  # all of them in more than 10 texts


@pytest.mark.parametrize(
    ("evidence", "word"),
    [
        (asked(100, span(0, 19)), "clean"),  # 19%
        (asked(100, span(0, 20)), "suspect"),  # not clean from 20%
        (asked(100, span(0, 79)), "suspect"),  # not dirty below 80%
        (asked(100, span(0, 12, reach=80)), "dirty"),  # with the words that differ
        (asked(100, span(0, 40), span(30, 50, row=1)), "dirty"),  # the union over all rows
        (asked(100, *(span(start, 9) for start in range(0, 90, 9))), "clean"),  # runs of 9 do not count
        (Evidence("x", Side(50, 50, spans=(span(0, 50),)), Side(50, 50)), "suspect"),  # both sides are one sample
    ],
)
def test_llama2_bands(evidence: Evidence, word: Word) -> None:
    assert llama2(evidence).word == word


@pytest.mark.parametrize(
    ("evidence", "word"),
    [
        (asked(20, span(0, 10)), "clean"),  # half is not more than half
        (asked(20, span(0, 11)), "dirty"),
        (asked(20, span(0, 8), span(12, 8)), "dirty"),  # together, of one prompt
        (asked(20, span(0, 8), span(12, 8, row=1)), "clean"),  # of two prompts
        (asked(20, span(0, 20, role="assistant")), "clean"),  # user turns only
        (asked(20, span(0, 20, telling=PLAIN)), "dirty"),  # knows no boilerplate
        (answered(20, span(0, 20)), "clean"),
    ],
)
def test_tulu3_half_of_the_question_in_one_prompt(evidence: Evidence, word: Word) -> None:
    assert tulu3(evidence).word == word


def test_verdicts_on_sets() -> None:
    def of_set(name: str, dirty: int, suspect: int = 0) -> Word:
        judged = [Judged("dirty")] * dirty + [Judged("suspect")] * suspect
        return PROFILES[name].of_set([*judged, *[Judged("clean")] * (100 - len(judged))])

    assert [of_set("luthier", n) for n in (0, 1)] == ["clean", "dirty"]
    assert [of_set("luthier", 0, n) for n in (2, 3)] == ["clean", "suspect"]
    assert [of_set("tulu3", n) for n in (0, 2, 3)] == ["clean", "suspect", "dirty"]


def test_the_recipe_names_every_profile() -> None:
    assert set(get_args(ContaminationSpec.model_fields["profile"].annotation)) == set(PROFILES)
    empty = Found((), 0, 0, 8, 0, 0, text=True)
    assert all(profile.judge(empty) == () and profile.of_set(()) == "clean" for profile in PROFILES.values())
