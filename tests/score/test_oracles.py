"""Our figures beside scikit-learn, rouge-score and sacrebleu on the same inputs, to the last digits."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.recipe.evaluate import (
    BleuMetric,
    ChrfMetric,
    JsonFieldMetric,
    LabelMetric,
    Rouge1Metric,
    Rouge2Metric,
    RougeLMetric,
    RougeLsumMetric,
)
from luthier.records import Score
from luthier.score import Measure, Scored, build
from luthier.score.label import brier, probable
from luthier.stats import auc, average_precision, bootstrap, calibration_error, confusion, f1, mcc, multinomial_weights

CLOSE = 1e-12
TEXTS = (
    "The cat sat on the mat.\nIt was a sunny day, and the dog barked.", "the cat the cat sat\nthe mat the mat",
    "A dog barked on a sunny day.\n\nThe cat sat.", "", "no", "no no no", "it was\nit was not\nit was the cat",
    "We will send it back soon, within 3 working days (or 4).", "We'll send it back within three days.",
)  # fmt: skip
UNICODE = (
    "Привет, мир! Как дела?", "Привет мир", "我们会尽快回复您", "我们会回复",
    "سنرد عليك قريبا جدا", "café au lait", "ΑΒΓ δεζ",
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.sampled_from("ab c.,-_'A9\n"), max_size=60), st.text(st.sampled_from("ab c.,-_'A9\n"), max_size=60)
)  # fmt: skip
def test_rouge_equals_rouge_score_on_any_ascii(reference: str, answer: str) -> None:
    _same_rouge(reference, answer)


def test_rouge_equals_rouge_score_on_texts() -> None:
    for reference in TEXTS:
        for answer in TEXTS:
            _same_rouge(reference, answer)


def _same_rouge(reference: str, answer: str) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    if not any(c.isalnum() for c in reference) or not any(c.isalnum() for c in answer):
        return  # two texts without words: theirs is 0, ours 1 if they are equal
    theirs = RougeScorer(["rouge1", "rouge2", "rougeL", "rougeLsum"], use_stemmer=False).score(reference, answer)
    for name, spec in zip(theirs, (Rouge1Metric(), Rouge2Metric(), RougeLMetric(), RougeLsumMetric()), strict=True):
        assert build(spec).score(reference, answer).value == pytest.approx(theirs[name].fmeasure, abs=CLOSE), name


def test_rouge_of_other_scripts_equals_rouge_score_with_our_words() -> None:
    from rouge_score import rouge_scorer, tokenizers

    from luthier.text.normal import words

    class Words(tokenizers.Tokenizer):
        def tokenize(self, text: str) -> list[str]:
            return words(text)

    theirs = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=Words())
    plain = rouge_scorer.RougeScorer(["rouge1"])
    for reference in UNICODE:
        assert build(Rouge1Metric()).score(reference, reference).value == 1.0
        for answer in UNICODE:
            found = theirs.score(reference, answer)
            for name, spec in (("rouge1", Rouge1Metric()), ("rouge2", Rouge2Metric()), ("rougeL", RougeLMetric())):
                ours = build(spec).score(reference, answer).value
                assert ours == pytest.approx(found[name].fmeasure, abs=CLOSE)
    assert plain.score(UNICODE[2], UNICODE[2])["rouge1"].fmeasure == 0.0  # what the library's own words would give


@pytest.fixture(scope="module")
def classified() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(true classes, said ones with answers of no class, probabilities with ties) of 300 items and 4 classes."""
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 4, 300)
    said = np.where(draw.random(300) < 0.6, truth, draw.integers(-1, 4, 300))
    table = np.round(draw.dirichlet(np.ones(4), 300) + 0.3 * np.eye(4)[truth], 2)
    return truth, said, table / table.sum(1, keepdims=True)


def test_classification_equals_scikit_learn(classified: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    from sklearn import metrics

    truth, said, table = classified
    for average in ("macro", "micro", "weighted"):
        theirs = metrics.f1_score(truth, said, labels=range(4), average=average, zero_division=0)
        assert f1(truth, said, 4, average)[0] == pytest.approx(theirs, abs=CLOSE)  # type: ignore[arg-type]
    assert mcc(truth, said, 4)[0] == pytest.approx(metrics.matthews_corrcoef(truth, said), abs=CLOSE)
    assert auc(truth, table)[0] == pytest.approx(metrics.roc_auc_score(truth, table, multi_class="ovr"), abs=CLOSE)
    theirs = metrics.average_precision_score(np.eye(4)[truth], table, average="macro")
    assert average_precision(truth, table)[0] == pytest.approx(theirs, abs=CLOSE)
    assert mcc(np.zeros(5, int), np.zeros(5, int), 1)[0] == 0.0  # one class: nothing to correlate
    found = confusion(truth, said, 4)
    theirs = metrics.confusion_matrix(truth, np.where(said < 0, 4, said), labels=range(5))
    assert (found == theirs[:4]).all()


def test_resamples_equal_scikit_learn_on_the_rows_drawn(
    classified: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """The weighted form is that of the resampled rows: the bootstrap of AUC is the bootstrap of scikit-learn's AUC."""
    from sklearn import metrics

    truth, said, table = classified
    w = multinomial_weights(len(truth), 20, seed=3)
    ranked = auc(truth, table, w), average_precision(truth, table, w)
    ours = (*ranked, mcc(truth, said, 4, w), f1(truth, said, 4, "weighted", w))
    for b, weights in enumerate(w):
        rows = np.repeat(np.arange(len(truth)), weights.astype(int))
        y, p, s = truth[rows], table[rows], said[rows]
        theirs = (
            metrics.roc_auc_score(y, p, multi_class="ovr"),
            metrics.average_precision_score(np.eye(4)[y], p, average="macro"), metrics.matthews_corrcoef(y, s),
            metrics.f1_score(y, s, labels=range(4), average="weighted", zero_division=0),
        )  # fmt: skip
        assert [float(one[b]) for one in ours] == pytest.approx(theirs, abs=CLOSE)


def test_brier_score_equals_scikit_learn() -> None:
    from sklearn import metrics

    draw = np.random.default_rng(1)
    table = draw.dirichlet(np.ones(3), 50)
    truth = draw.integers(0, 3, 50)
    named = [{f"c{k}": float(p) for k, p in enumerate(row)} for row in table]
    ours = np.mean([brier(f"c{t}", row) for t, row in zip(truth, named, strict=True)])
    theirs = metrics.brier_score_loss(truth, table, scale_by_half=True)
    assert ours == pytest.approx(theirs, abs=CLOSE)


def test_calibration_error_is_the_gap_of_each_bin() -> None:
    draw = np.random.default_rng(2)
    confidence = draw.uniform(0.2, 1.0, 400)
    right = draw.random(400) < confidence**2
    told = 0.0
    for low in np.arange(15) / 15:
        inside = (confidence > low) & (confidence <= low + 1 / 15)
        if inside.any():
            told += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    assert calibration_error(right, confidence)[0] == pytest.approx(told, abs=CLOSE)
    assert calibration_error(np.array([1.0, 1.0]), np.array([1.0, 1.0]))[0] == 0.0


def test_measures_of_a_label_are_these_figures(classified: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    from sklearn import metrics

    truth, said, table = classified
    names = ["a", "b", "c", "d"]
    pairs = [(names[t], names[s] if s >= 0 else "nonsense") for t, s in zip(truth, said, strict=True)]
    for name in ("macro", "micro", "weighted"):
        theirs = metrics.f1_score(*zip(*pairs, strict=True), labels=names, average=name, zero_division=0)
        assert build(LabelMetric(metric=f"{name}_f1")).summarise(pairs) == pytest.approx(theirs, abs=CLOSE)  # type: ignore[arg-type]
        as_json = [(f'{{"k": "{t}"}}', f'{{"k": "{s}"}}') for t, s in pairs]
        ours = build(JsonFieldMetric(field="k", metric=f"{name}_f1")).summarise(as_json)  # type: ignore[arg-type]
        assert ours == pytest.approx(theirs, abs=CLOSE)
    theirs = metrics.matthews_corrcoef(*zip(*pairs, strict=True))
    assert build(LabelMetric(metric="mcc")).summarise(pairs) == pytest.approx(theirs, abs=CLOSE)
    nats = np.log(np.maximum(table, 1e-300))
    for name, theirs in {
        "auc": np.mean([metrics.roc_auc_score(truth == k, nats[:, k]) for k in range(4)]),
        "average_precision": metrics.average_precision_score(np.eye(4)[truth], nats, average="macro"),
        "ece": calibration_error(table.argmax(1) == truth, table.max(1))[0],
        "brier": None,
    }.items():
        measure = build(LabelMetric(metric=name))  # type: ignore[arg-type]
        shares = [dict(zip(names, map(float, row), strict=True)) for row in nats]
        scored = [_scored(measure, names[t], row) for t, row in zip(truth, shares, strict=True)]
        assert measure.labels and measure.lower == (name in ("ece", "brier"))
        if measure.whole is None:
            ours = float(np.mean([s.score.value for s in scored]))
            theirs = metrics.brier_score_loss(truth, table, scale_by_half=True)
        else:
            ours = float(measure.whole(scored)(np.ones((1, len(scored))))[0])
        assert ours == pytest.approx(theirs, abs=CLOSE)


def _scored(measure: Measure, truth: str, shares: dict[str, float]) -> Scored:
    return Scored(truth, "", probable(measure.key, truth, shares), shares)


def test_bleu_and_chrf_equal_sacrebleu() -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    draw = random.Random(0)
    words = ["the", "a", "cat", "dog", "sat", "on", "under", "mat", "house", "and", "runs", "quickly", ",", "."]
    references = [" ".join(draw.choices(words, k=draw.randint(1, 20))) for _ in range(60)]
    answers = [" ".join(w if draw.random() < 0.8 else draw.choice(words) for w in r.split()) for r in references]
    pairs = list(zip(references, answers, strict=True))
    cases = {
        "13a": (BleuMetric(), sacrebleu.BLEU()), "char": (BleuMetric(tokenize="char"), sacrebleu.BLEU(tokenize="char")),
        "chrF++": (ChrfMetric(), sacrebleu.CHRF(word_order=2)), "chrF": (ChrfMetric(word_order=0), sacrebleu.CHRF()),
    }  # fmt: skip
    for name, (spec, theirs) in cases.items():
        ours = build(spec)
        want = theirs.corpus_score(answers, [references]).score
        assert 100 * ours.summarise(pairs) == pytest.approx(want, abs=1e-10), name
        assert ours.note == str(theirs.get_signature()) and "version:" in ours.note
        assert ours.key != build(BleuMetric() if name != "13a" else ChrfMetric()).key
    assert build(BleuMetric()).score("the cat sat", "the cat sat").value == pytest.approx(1.0)
    one = sacrebleu.BLEU(effective_order=True).sentence_score(answers[0], [references[0]]).score
    assert 100 * (build(BleuMetric()).score(references[0], answers[0]).value or 0) == pytest.approx(one, abs=1e-10)
    assert 0.9 < (build(ChrfMetric()).score("我们会尽快回复您", "我们会尽快回复您").value or 0) <= 1.0 + CLOSE


def test_the_bootstrap_of_bleu_is_that_of_the_rows_drawn() -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    references = [f"the {w} sat on the {w} mat today" for w in ["cat", "dog", "cow", "hen", "pig"]] * 4
    answers = [r.replace("today", "now") if i % 3 else r for i, r in enumerate(references)]
    measure = build(BleuMetric())
    assert measure.whole is not None
    statistic = measure.whole([Scored(r, a, Score(0.0)) for r, a in zip(references, answers, strict=True)])
    w = multinomial_weights(20, 10, seed=5)
    for weights, value in zip(w, statistic(w), strict=True):
        rows = np.repeat(np.arange(20), weights.astype(int))
        theirs = sacrebleu.BLEU().corpus_score([answers[i] for i in rows], [[references[i] for i in rows]]).score
        assert 100 * value == pytest.approx(theirs, abs=1e-10)
    found = bootstrap(statistic, 20, resamples=200, seed=1)
    assert found.low < found.estimate < found.high
