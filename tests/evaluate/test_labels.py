"""Figures read from the probability of each label: what is asked of the engine, what is kept, what is decided."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import metrics

from luthier.engines.scripted import ScriptedEngine
from luthier.errors import LuthierError
from luthier.evaluate import Contender, Ledger, gate, measure, table
from luthier.evaluate.labels import label_set, shares
from luthier.evaluate.ledger import TEST
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Example, Message

LABELS = ("card", "card_arrival", "top up")
SPEC = {
    "target": {"kind": "label", "metric": "auc"}, "baselines": ["base", "words"], "max_tokens": 4,
    "also": [{"kind": "label", "metric": m} for m in ("average_precision", "ece", "brier", "accuracy", "mcc")],
}  # fmt: skip


def rows(n: int, seed: int) -> list[Example]:
    draw = random.Random(seed)
    made = []
    for i in range(n):
        label = LABELS[i % 3]
        first, last = draw.choice(('my', 'the', 'a')), draw.choice(('is late', 'please', 'now'))
        said = f"{first} {label.replace('_', ' ')} {last} {i}"
        made.append(Example(messages=(Message("user", said), Message("assistant", label))))
    return made


@pytest.fixture(scope="module")
def ledger(base: Contender, other: Contender, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return measure(
        EvaluateSpec.model_validate(SPEC), base=base, tuned=other, train=rows(60, 1), test=rows(30, 2),
        workdir=tmp_path_factory.mktemp("labels"),
    )  # fmt: skip


def test_probabilities_are_those_of_the_whole_label_and_its_end(ledger: Ledger, other: Contender) -> None:
    """"card" is the beginning of "card_arrival": summed over all tokens with the end of turn, then over the labels."""
    model = other.engine._loaded.model  # type: ignore[attr-defined]
    chat = other.chat
    assert chat is not None
    row = next(iter(ledger.of(TEST, "tuned").values()))
    example = next(e for e in rows(30, 2) if e.id == row.id)
    nats = []
    for label in LABELS:
        sample = chat.answer_sample(example.prompt, (Message("assistant", label),))
        ids = torch.tensor([sample.ids])
        with torch.no_grad():
            said = torch.log_softmax(model(ids).logits[0, :-1].double(), -1)
        taken = [i for i, trained in enumerate(sample.trained) if trained]
        nats.append(sum(float(said[i - 1, sample.ids[i]]) for i in taken))
    want = np.exp(np.array(nats) - max(nats))
    want /= want.sum()
    assert [row.labels[label] for label in LABELS] == pytest.approx(list(np.log(want)), abs=2e-4)
    assert sum(np.exp(list(row.labels.values()))) == pytest.approx(1.0, abs=1e-5)


def test_figures_equal_scikit_learn_on_the_ledger(ledger: Ledger) -> None:
    held = list(ledger.of(TEST, "tuned").values())
    truth = [LABELS.index(r.reference or "") for r in held]
    nats = np.array([[r.labels[label] for label in LABELS] for r in held])
    shares = np.exp(nats)
    shares /= shares.sum(1, keepdims=True)
    made = next(s for s in table(ledger)["systems"] if s["name"] == "tuned")["values"]
    auc = np.mean([metrics.roc_auc_score(np.array(truth) == k, nats[:, k]) for k in range(3)])
    assert made["label(auc)"]["value"] == pytest.approx(100 * auc, abs=1e-6)
    precision = metrics.average_precision_score(np.eye(3)[truth], nats)
    assert made["label(average_precision)"]["value"] == pytest.approx(100 * precision, abs=1e-6)
    brier = metrics.brier_score_loss(truth, shares, scale_by_half=True)
    assert made["label(brier)"]["value"] == pytest.approx(100 * brier, abs=1e-2)
    for value in made.values():
        assert value["low"] - 1e-9 <= value["value"] <= value["high"] + 1e-9 and value["n"] == 30


def test_the_words_baseline_knows_its_probabilities_and_is_better(ledger: Ledger) -> None:
    verdict = gate(ledger)
    words = next(r for r in verdict.results if r.metric == "label(auc)" and r.reference_name == "words")
    assert words.reference > 95 and words.status == "worse" and verdict.kind.value == "REJECT"
    assert words.test.startswith("bootstrap")


def test_less_is_better_of_a_calibration_error(ledger: Ledger) -> None:
    swapped = EvaluateSpec.model_validate({**SPEC, "target": {"kind": "label", "metric": "brier"}, "also": ()})
    line = next(r for r in gate(ledger, swapped).results if r.reference_name == "words")
    assert line.candidate > line.reference and line.delta == pytest.approx(line.reference - line.candidate)
    assert line.delta < 0 and line.status == "worse"


def test_the_confusion_matrix_is_that_of_the_answers(ledger: Ledger) -> None:
    made = table(ledger)["confusion"]["label"]
    assert made["tuned"]["labels"] == list(LABELS) and set(made) == {"base", "tuned"}
    assert [sum(row) for row in made["tuned"]["counts"]] == [10, 10, 10]


def test_an_engine_that_tells_no_log_likelihoods_is_not_scored(other: Contender, tmp_path: Path) -> None:
    spec = EvaluateSpec.model_validate({**SPEC, "baselines": ["base"]})
    silent = Contender(ScriptedEngine(lambda request: "card", name="silent"))
    made = measure(spec, base=silent, tuned=other, train=rows(30, 1), test=rows(12, 2), workdir=tmp_path)
    score = next(iter(made.of(TEST, "base").values())).scores["label(auc)"]
    assert score.value is None and "tells no log-likelihoods" in score.reason
    assert gate(made).kind.value == "INCONCLUSIVE"


def test_free_texts_are_no_labels_and_absent_ones_are_named(ledger: Ledger, other: Contender, tmp_path: Path) -> None:
    free = [Example(messages=(Message("user", "?"), Message("assistant", f"answer {i}"))) for i in range(501)]
    with pytest.raises(LuthierError, match="501 different texts"):
        label_set(free, [])
    assert ledger.facts["labels"] == {"n": 3, "absent_from_test": []}
    two = [row for row in rows(30, 2) if row.answer != "top up"]
    spec = EvaluateSpec.model_validate({**SPEC, "baselines": ["base"], "also": ()})
    made = measure(spec, base=other, tuned=other, train=rows(30, 1), test=two, workdir=tmp_path)
    assert made.facts["labels"]["absent_from_test"] == ["top up"]
    value = next(s for s in table(made)["systems"] if s["name"] == "tuned")["values"]["label(auc)"]["value"]
    assert 0 <= value <= 100


def test_certainty_keeps_its_order() -> None:
    """Two items that are both "1.000000" are still ranked: what is kept is the logarithm."""
    surer, sure = shares({"a": 0.0, "b": -40.0}), shares({"a": 0.0, "b": -30.0})
    assert surer["a"] > sure["a"] and np.exp(sure["a"]) == pytest.approx(1.0, abs=1e-12)
