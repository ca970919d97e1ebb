"""Rules of thumb about answers: each fires where it should, and leaves a good answer alone."""

from __future__ import annotations

import pytest

from luthier.data.quality import CANNED, RULES, Answered, of_all, of_one


def row(question: str, answer: str, topic: int = 0, language: str = "en", answered: str = "en") -> Answered:
    return Answered(question, answer, language, answered, topic)


CASES = {
    "quality.truncated": ("Tell me about tides.", "The tide rises and falls because the moon and the"),
    "quality.echo": ("What are the symptoms of anemia?", "What are the symptoms of anemia? Tiredness and pale skin."),
    "quality.refusal": ("Write a poem.", "I'm sorry, but I can't help with that."),
    "quality.boilerplate": ("Who won?", "As an AI language model, I think that Spain won."),
    "quality.language": ("Where is my parcel today?", "Ihr Paket ist heute in der Zustellung."),
}  # fmt: skip


@pytest.mark.parametrize("rule", CASES)
def test_a_bad_answer_falls_under_its_rule(rule: str) -> None:
    question, answer = CASES[rule]
    answered = "de" if rule == "quality.language" else "en"
    assert rule in [found for found, _ in of_one(row(question, answer, answered=answered))]


@pytest.mark.parametrize(("question", "answer"), [
    ("Return the name as JSON.", "The name is Anna."),
    ("Answer in one word: what is it?", "I think it is a very large dog."),
    ("Tell me about tides.", "Tides rise&nbsp;and fall.<br>The moon does it."),
])  # fmt: skip
def test_broken_formats(question: str, answer: str) -> None:
    assert "quality.format" in [rule for rule, _ in of_one(row(question, answer))]


@pytest.mark.parametrize("answer", [
    "no no no no no no no no", "The same line stands here.\n" * 4, "it was a cold and dark night in the town and " * 8,
])  # fmt: skip
def test_repetition(answer: str) -> None:
    assert "quality.repetition" in [rule for rule, _ in of_one(row("Write something.", answer))]


@pytest.mark.parametrize(("question", "answer"), [
    ("Tell me about tides.", "The moon pulls at the water, so it rises twice a day."),
    ("Return the name as JSON.", '{"name": "Anna"}'), ("Return the name as JSON.", '```json\n{"name": "Anna"}\n```'),
    ("Answer in one word: what is it?", "dog"), ("Translate to German: where is the parcel?", "Wo ist das Paket?"),
    ("Write the HTML of a line break.", "<br>"), ("Count to eight.", "1 1 1 1 1 1 1 1 are eight ones"),
    ("How do I cook rice?", "Rinse it. Boil it for ten minutes. Let it rest for five."), ("Say nothing.", ""),
    ("Why is it late?", "I am sorry that it is late; it cannot take long."),
])  # fmt: skip
def test_good_answers_are_left_alone(question: str, answer: str) -> None:
    answered = "de" if "Paket" in answer else "en"
    assert list(of_one(row(question, answer, answered=answered))) == []


def test_one_answer_to_many_questions_is_canned() -> None:
    rows = [row(f"Where is parcel {n}?", "We are looking into it, please wait.") for n in range(CANNED)]
    assert [place for place, rule, _ in of_all(rows) if rule == "quality.canned"] == list(range(CANNED))
    assert not list(of_all(rows[1:]))
    same = [row("Where is my parcel?", "We are looking into it, please wait.") for _ in range(20)]
    assert not list(of_all(same))  # one question asked twenty times is a duplicate, not a canned answer


def test_an_answer_far_from_its_topic_in_length_is_told() -> None:
    usual = [row(f"q{n}", f"word{n} " * (40 + n % 7)) for n in range(30)]
    found = {place: rule for place, rule, _ in of_all([*usual, row("short", "no"), row("long", "word " * 900)])}
    assert found == {30: "quality.short", 31: "quality.long"}
    elsewhere = [row(f"q{n}", f"word {n}", topic=1) for n in range(30)]
    assert not list(of_all([*usual, *elsewhere]))  # two words are the rule there


def test_every_rule_says_what_and_why() -> None:
    assert all(rule.what and rule.why for rule in RULES.values())
