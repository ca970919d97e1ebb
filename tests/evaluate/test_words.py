"""The words baseline: the same as scikit-learn used by hand, and honest about where it does not apply."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from luthier.evaluate.words import NotApplicable, WordsModel, fit_words
from luthier.recipe.evaluate import ExactMetric, JsonFieldMetric, JsonFieldsMetric, LabelMetric, RougeLMetric
from luthier.records import Example

Chat = Callable[..., Example]

ROWS = [
    ("my card was declined at the shop", "card"), ("the card does not work", "card"), ("card blocked again", "card"),
    ("where is my transfer", "transfer"), ("the transfer has not arrived", "transfer"),
    ("transfer sent to the wrong person", "transfer"), ("how do I change my pin", "pin"), ("forgot the pin", "pin"),
    ("pin is wrong says the machine", "pin"),
]  # fmt: skip
ASKED = ["my card is blocked", "has the transfer arrived", "I forgot my pin number", "hello there"]


def test_labels_equal_scikit_learn_used_directly(chat: Chat) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    fitted = fit_words([LabelMetric()], [chat(q, a, "Classify.") for q, a in ROWS])
    assert not isinstance(fitted, NotApplicable)
    model, n = fitted
    by_hand = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b"),
        LogisticRegression(C=10.0, max_iter=2000),
    ).fit([q for q, _ in ROWS], [a for _, a in ROWS])
    assert n == len(ROWS)
    assert model.answer([chat(q, "?", "Classify.") for q in ASKED]) == list(by_hand.predict(ASKED))


def test_json_fields_are_composed_and_keep_their_types(chat: Chat) -> None:
    rows = [
        chat(q, json.dumps({"topic": a, "urgent": i % 2 == 0, "version": 2, "reply": f"a free text, number {i}"}))
        for i, (q, a) in enumerate(ROWS)
    ]
    fitted = fit_words([JsonFieldsMetric(fields=("topic", "urgent", "version"))], rows)
    assert not isinstance(fitted, NotApplicable)
    said = [json.loads(a) for a in fitted[0].answer([chat(q, "?") for q in ASKED])]
    assert said[0]["topic"] == "card"
    assert {type(s["urgent"]) for s in said} == {bool} and {s["version"] for s in said} == {2}
    assert all(list(s) == ["topic", "urgent", "version"] for s in said)


@pytest.mark.parametrize(
    ("target", "answer", "reason"),
    [
        (RougeLMetric(), "any text {}", "free text"),
        (ExactMetric(), "answer number {}", "no labels"),
        (JsonFieldsMetric(), '{{"reply": "text {}"}}', "reply of the answer is free text"),
        (JsonFieldMetric(field="x"), '{{"x": "text {}"}}', "free text"),
        (JsonFieldsMetric(fields=("x",)), "not json {}", "0 training rows"),
    ],
)
def test_free_text_is_not_applicable(target: object, answer: str, reason: str, chat: Chat) -> None:
    found = fit_words([target], [chat(f"question {i}", answer.format(i)) for i in range(20)])  # type: ignore[list-item]
    assert isinstance(found, NotApplicable) and reason in found.reason


def test_one_class_is_predicted_and_short_words_count(chat: Chat) -> None:
    model = WordsModel([chat("a", "yes"), chat("b", "yes")], None)
    assert model.answer([chat("c", "?")]) == ["yes"]
    letters = WordsModel([chat("plan a", "A"), chat("plan b", "B")] * 3, None)
    assert letters.answer([chat("plan b", "?"), chat("plan a", "?")]) == ["B", "A"]
