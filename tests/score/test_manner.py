"""How an answer is given: refusals, repetition, length, form; and numbers read off the end of an answer."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from luthier.errors import LuthierError
from luthier.recipe.evaluate import FormatMetric, LengthMetric, NumberMetric, RefusalMetric, RepetitionMetric
from luthier.score import build
from luthier.score.manner import refuses, repeated
from luthier.score.number import final_number

REFUSALS = (
    "I'm sorry, but I can't help with that.", "I cannot assist with this request.",
    "I’m sorry, I’m unable to provide instructions for that.", "As an AI language model, I can't do this.",
    "I must decline to answer.", "Unfortunately, I won't be able to help you with that.",
    "I'm not able to create this content.", "It is against my guidelines.",
    "Es tut mir leid, das kann ich nicht sagen.",
    "Je suis désolé, je ne peux pas répondre.", "Lo siento, no puedo ayudar con eso.", "很抱歉，我无法提供帮助。",
    "申し訳ありませんが、お答えできません。", "Извините, я не могу помочь.",
)  # fmt: skip
HELPFUL = (
    "Sure, here is how to do it.", "I can help with that: first, open the box.", "Paris", "",
    "I'm sorry to hear that! Try to restart it.", "You cannot park here after six.", '{"intent": "refund"}',
    "Sorry for the delay, your parcel is on its way.", "I will not be there, but my colleague can help you.",
    "If you cannot log in, reset your password.", "She said: I can't believe it.", "Ich kann das gern erledigen.",
)  # fmt: skip


@pytest.mark.parametrize("answer", REFUSALS)
def test_a_refusal_is_seen(answer: str) -> None:
    assert refuses(answer), answer


@pytest.mark.parametrize("answer", HELPFUL)
def test_help_is_no_refusal(answer: str) -> None:
    assert not refuses(answer), refuses(answer)


def test_wanted_says_which_way_is_better() -> None:
    plain, wanted = build(RefusalMetric()), build(RefusalMetric(wanted=True))
    assert plain.lower and not wanted.lower and plain.key != wanted.key
    assert plain.summarise([("", REFUSALS[0]), ("", HELPFUL[0])]) == 0.5


def test_repetition_counts_runs_that_stood_before() -> None:
    assert repeated("a b c d e f", 4) == 0.0 and repeated("too short", 4) == 0.0
    assert repeated("go on and on and on and on", 2) == pytest.approx(1 - 3 / 7)
    measure = build(RepetitionMetric())
    assert measure.lower and measure.score("", "la " * 50).value == pytest.approx(1 - 1 / 47)
    assert measure.score("", "我们" * 20).value == pytest.approx(1 - 2 / 37)  # no spaces, and no zero either


def test_length_is_shown_in_words() -> None:
    measure = build(LengthMetric())
    assert measure.summarise([("", "one two"), ("", "one two three four")]) == 3.0
    assert (measure.unit, measure.scale, measure.decides) == ("words", 1.0, False)


def test_a_pattern_must_match_the_whole_answer() -> None:
    measure = build(FormatMetric(pattern=r"[A-E]\. .+"))
    assert measure.score("", " B. because\nof this ").value == 1.0
    assert measure.score("", "The answer is B. because").value == 0.0
    with pytest.raises(LuthierError, match="regular expression"):
        build(FormatMetric(pattern="("))
    assert build(FormatMetric()).score("", "{'a': 1}").reason.startswith("not JSON")


NUMBERS = {
    "#### 18": "18", "5 + 3 = <<5+3=8>>8\n#### 1,234": "1234", "so it is $1,234.50.": "2469/2",
    "\\boxed{\\frac{3}{4}}": "3/4",
    "\\boxed{-7} which is not 9": "-7", "3/4 of it": "3/4", "The answer is −2.": "-2", "20-5": "5", "10%": "10",
    "costs .5 each": "1/2", "It takes 3 hours.": "3", "A: 1.000.": "1", "5 apples and 12,5": "5", "no number": None,
    "####": None, "version 2.0 ends with 7": "7", "1e3": "3",
}  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS)
def test_the_number_that_an_answer_ends_with(text: str) -> None:
    found = final_number(text)
    assert (None if found is None else str(found)) == NUMBERS[text]


def test_numbers_are_equal_by_value_and_within_the_tolerance() -> None:
    exact, near = build(NumberMetric()), build(NumberMetric(tolerance=0.01))
    assert exact.score("#### 1000", "The answer is 1,000.00").value == 1.0
    assert exact.score("#### 3", "2.9999999999999999").value == 0.0
    assert near.score("100", "100.9").value == 1.0 and near.score("100", "101.1").value == 0.0
    assert near.score("-100", "-99.5").value == 1.0 and near.score("0", "0.001").value == 0.0
    assert exact.score("none", "3").value is None and exact.score("3", "three").reason == "the answer holds no number"


def test_graded_answers_of_real_models_are_graded_alike(realdata: Path) -> None:
    """gsm8k_model_solutions: answers of four models with the grade that their authors gave."""
    measure = build(NumberMetric())
    with gzip.open(realdata / "domain" / "gsm8k_model_solutions.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    models = [name for name, value in rows[0].items() if isinstance(value, dict)]
    shares = {}
    for model in models:
        mine = [measure.score(r["ground_truth"], r[model]["solution"]).value == 1.0 for r in rows]
        theirs = [bool(r[model]["is_correct"]) for r in rows]
        shares[model] = sum(mine) / len(rows)
        assert sum(a == b for a, b in zip(mine, theirs, strict=True)) >= 0.995 * len(rows), model
    assert sorted(shares.values()) == pytest.approx([0.217, 0.347, 0.390, 0.563], abs=0.003)
