"""Measures: scores with reasons, against rouge-score and scikit-learn where they exist."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.recipe.evaluate import ExactMetric, JsonFieldMetric, JsonFieldsMetric, LabelMetric, RougeLMetric
from luthier.score import build

REFERENCE = '{"intent": "refund", "urgent": true, "count": 1, "reply": "We will send it back soon."}'


def test_exact_ignores_outer_space_only() -> None:
    measure = build(ExactMetric())
    assert measure.score("Paris", " Paris\n").value == 1.0
    wrong = measure.score("Paris in spring", "Paris in summer")
    assert wrong.value == 0.0 and "character 11" in wrong.reason
    assert measure.score("x", "").reason == "empty answer"
    assert measure.score("x", None).value is None


@pytest.mark.parametrize(
    ("answer", "value", "reason"),
    [
        (REFERENCE, 1.0, "right"),
        ('{"reply": "other", "count": 1.0, "urgent": true, "intent": "refund"}', 1.0, "right"),
        ("```json\n" + REFERENCE + "\n```", 1.0, "right"),
        ('{"intent": "Refund", "urgent": true, "count": 1}', 0.0, "intent: 'refund' was asked, 'Refund' said"),
        ('{"intent": "refund", "urgent": 1, "count": 1}', 0.0, "urgent: 'true' was asked, '1' said"),
        ('{"intent": "refund", "urgent": true, "count": true}', 0.0, "count: '1' was asked"),
        ('{"intent": "refund", "count": 1}', 0.0, "urgent: 'true' was asked, nothing said"),
        ("refund", 0.0, "not JSON: Expecting value at character 1"),
        ('{"intent": "refund"', 0.0, "not JSON: Expecting ',' delimiter at character 20"),
        ("", 0.0, "not JSON: the answer is empty"),
        ('["refund"]', 0.0, "not a JSON object: list"),
        ("[" * 100_000, 0.0, "not JSON"),
    ],
)
def test_json_fields(answer: str, value: float, reason: str) -> None:
    score = build(JsonFieldsMetric(fields=("intent", "urgent", "count"))).score(REFERENCE, answer)
    assert score.value == value
    assert reason in score.reason


def test_json_fields_parts() -> None:
    measure = build(JsonFieldsMetric(fields=("intent", "urgent")))
    score = measure.score(REFERENCE, '{"intent": "refund", "urgent": false}')
    assert score.parts == {"json": 1.0, "schema": 0.0, "field.intent": 1.0, "field.urgent": 0.0}
    broken = measure.score(REFERENCE, "no")
    assert broken.parts == {"json": 0.0, "schema": 0.0, "field.intent": 0.0, "field.urgent": 0.0}


def test_no_named_field_means_all_of_the_reference() -> None:
    measure = build(JsonFieldsMetric())
    assert measure.score('{"a": 1, "b": [1, {"c": true}]}', '{"b": [1, {"c": true}], "a": 1}').value == 1.0
    assert measure.score('{"a": 1, "b": [1, {"c": true}]}', '{"b": [1, {"c": 1}], "a": 1}').value == 0.0
    assert measure.score('{"a": null}', "{}").value == 0.0
    assert measure.score('{"a": null}', '{"a": null}').value == 1.0


def test_a_reference_that_cannot_be_compared_is_not_scored() -> None:
    gone = "nothing"
    for spec in (JsonFieldsMetric(fields=(gone,)), JsonFieldMetric(field=gone), RougeLMetric(field=gone)):
        score = build(spec).score(REFERENCE, REFERENCE)
        assert score.value is None and "no field nothing" in score.reason
    assert build(JsonFieldsMetric()).score("plain", "plain").value is None


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab c.,-_'A9\n"), max_size=40), st.text(st.sampled_from("ab c.,-_'A9\n"), max_size=40))
def test_rouge_l_equals_rouge_score_on_ascii(reference: str, answer: str) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    theirs = RougeScorer(["rougeL"], use_stemmer=False).score(reference, answer)["rougeL"].fmeasure
    ours = build(RougeLMetric()).score(reference, answer).value
    has_words = any(c.isalnum() for c in reference) and any(c.isalnum() for c in answer)
    if has_words:
        assert ours == pytest.approx(theirs, abs=1e-12)
    else:
        wordless = not any(c.isalnum() for c in reference + answer)
        assert theirs == 0.0 and ours == float(wordless and reference.strip() == answer.strip())


def test_rouge_l_sees_other_scripts() -> None:
    measure = build(RougeLMetric())
    assert measure.score("我们会尽快回复您", "我们会尽快回复您").value == 1.0
    half = measure.score("سنرد عليك قريبا جدا", "سنرد عليك لاحقا").value
    assert half is not None and 0.3 < half < 0.9
    assert measure.score("привет мир", "что угодно").value == 0.0


def test_rouge_l_of_a_field() -> None:
    measure = build(RougeLMetric(field="reply"))
    assert measure.score(REFERENCE, REFERENCE).value == 1.0
    close = measure.score(REFERENCE, '{"reply": "We will send it today."}').value
    assert close == pytest.approx(2 * 4 / (6 + 5))
    assert measure.score(REFERENCE, "no json").reason.startswith("not JSON")
    assert measure.score(REFERENCE, "{}").value == 0.0


def test_macro_f1_equals_scikit_learn_over_the_reference_classes() -> None:
    from sklearn.metrics import f1_score

    generator = random.Random(0)
    truth = [generator.choice(["a", "b", "c", "d"]) for _ in range(200)]
    said = [t if generator.random() < 0.6 else generator.choice(["a", "b", "x", "nonsense"]) for t in truth]
    ours = build(LabelMetric(metric="macro_f1")).summarise(list(zip(truth, said, strict=True)))
    theirs = f1_score(truth, said, labels=["a", "b", "c", "d"], average="macro", zero_division=0)
    assert ours == pytest.approx(theirs)
    as_json = [(f'{{"k": "{t}"}}', f'{{"k": "{s}"}}') for t, s in zip(truth, said, strict=True)]
    assert build(JsonFieldMetric(field="k", metric="macro_f1")).summarise(as_json) == pytest.approx(theirs)


def test_summaries_leave_out_what_is_not_scored() -> None:
    measure = build(ExactMetric())
    assert measure.summarise([("a", "a"), ("b", "c"), ("d", None)]) == 0.5
    assert measure.summarise([("a", None)]) != measure.summarise([("a", None)])  # NaN: not zero


def test_metrics_of_one_recipe_have_keys_of_their_own() -> None:
    specs = [
        ExactMetric(), RougeLMetric(), RougeLMetric(field="a"), JsonFieldsMetric(), JsonFieldsMetric(fields=("a",)),
        JsonFieldMetric(field="a"), JsonFieldMetric(field="a", metric="macro_f1"), LabelMetric(),
        LabelMetric(metric="macro_f1"),
    ]  # fmt: skip
    assert len({build(s).key for s in specs}) == len(specs)
