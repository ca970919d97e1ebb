"""The answer is a class label: what was said (accuracy, F1, MCC), and how probable each label was (AUC, average
precision, calibration error, Brier score).

A label's probability is that of the whole label with its end of turn, renormalised over all labels, so that a short one
is not likelier for being short. The evaluation stage asks for them; an engine without log-likelihoods gives none, and
such figures are then not scored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np

from luthier.recipe.evaluate import LabelMetric
from luthier.records import Score
from luthier.score.measure import Measure, Scored, Statistic, codes
from luthier.stats import auc, average_precision, calibration_error, f1, mcc
from luthier.stats.classes import Average

TITLES = {
    "accuracy": "right", "macro_f1": "macro-F1", "micro_f1": "micro-F1", "weighted_f1": "weighted F1", "mcc": "MCC",
    "auc": "AUC", "average_precision": "average precision", "ece": "calibration error", "brier": "Brier score",
}  # fmt: skip
"""What people call the figures."""
PROBABLE = ("auc", "average_precision", "ece", "brier")
"""The figures that need the labels' probabilities."""
Classes = Callable[[str, str], tuple[str, str | None]]


def label(spec: LabelMetric) -> Measure:
    """Outer white space is ignored. Averages are over the labels that occur in the references; any other answer is
    wrong and adds no label."""

    def one(reference: str, answer: str) -> Score:
        want, got = reference.strip(), answer.strip()
        if want == got:
            return Score(1.0, "right")
        return Score(0.0, f"{want[:40]!r} was asked, {got[:40]!r} said" if got else "empty answer")

    def classes(reference: str, answer: str) -> tuple[str, str | None]:
        return reference.strip(), answer.strip()

    name = spec.metric
    title = f"label {TITLES[name]}" if name == "accuracy" else f"{TITLES[name]} of the label"
    if name == "brier":  # a mean of items: no statistic of its own
        return Measure("label(brier)", title, one, binary=False, lower=True, labels=True)
    if name in PROBABLE:
        ranked = {"auc": _ranked(auc), "average_precision": _ranked(average_precision), "ece": _calibration}[name]
        return Measure(f"label({name})", title, one, binary=False, lower=name == "ece", labels=True, whole=ranked)
    return of_classes(f"label({name})", title, one, classes, name)


def of_classes(
    key: str, title: str, one: Callable[[str, str], Score], classes: Classes, name: str
) -> Measure:
    """A measure of what was said: accuracy, an F1, or MCC."""
    if name == "accuracy":
        return Measure(key, title, one, binary=True, classes=classes)

    def whole(rows: Sequence[Scored]) -> Statistic:
        truth, said, kinds = codes(classes, [(r.reference, r.answer) for r in rows])
        if name == "mcc":
            return lambda w: mcc(truth, said, len(kinds), w)
        average = cast(Average, name.removesuffix("_f1"))
        return lambda w: f1(truth, said, len(kinds), average, w)

    return Measure(key, title, one, binary=name != "mcc", classes=classes, whole=whole)


def brier(reference: str, probabilities: Mapping[str, float]) -> float:
    """Half the squared distance between the probabilities and the truth: 0 is certain and right, 1 certain and
    wrong."""
    return sum((p - (name == reference)) ** 2 for name, p in probabilities.items()) / 2


def probable(metric: str, reference: str, nats: Mapping[str, float]) -> Score:
    """The score of one item by the labels' log-probabilities: the Brier score, or the true label's probability."""
    want = reference.strip()
    probabilities = {name: math.exp(x) for name, x in nats.items()}
    if want not in probabilities:
        return Score(None, f"{want[:40]!r} is not among the labels")
    best = max(probabilities, key=probabilities.__getitem__)
    reason = f"{best[:40]!r} is likeliest ({probabilities[best]:.0%})"
    if metric == "label(brier)":
        return Score(brier(want, probabilities), reason)
    return Score(probabilities[want], reason)


def _table(rows: Sequence[Scored]) -> tuple[np.ndarray, np.ndarray]:
    """(true label numbers (n,), log-probabilities (n, K)), labels in the order of their names."""
    names = sorted({name for row in rows for name in row.labels})
    number = {name: i for i, name in enumerate(names)}
    truth = np.array([number.get(row.reference.strip(), -1) for row in rows])
    return truth, np.array([[row.labels.get(name, -math.inf) for name in names] for row in rows])


def _ranked(statistic: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., Statistic]:
    def whole(rows: Sequence[Scored]) -> Statistic:
        truth, table = _table(rows)
        return (lambda w: statistic(truth, table, w)) if table.size else _unknown

    return whole


def _calibration(rows: Sequence[Scored]) -> Statistic:
    truth, table = _table(rows)
    if not table.size:
        return _unknown
    right, confidence = table.argmax(axis=1) == truth, np.exp(table.max(axis=1))
    return lambda w: calibration_error(right, confidence, w)


def _unknown(w: np.ndarray) -> np.ndarray:
    """No probability is known."""
    return np.full(len(w), np.nan)
