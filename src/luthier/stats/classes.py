"""Figures of classification under weights of items: F1, MCC, ranking of probabilities, calibration.

Each takes weights (B, n) and gives (B,), one figure a resample, so that the bootstrap is one matrix product; without
weights it gives (1,), which equals scikit-learn's. Legend: B resamples, n items, K classes.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from luthier.stats.resample import macro_f1

Average = Literal["macro", "micro", "weighted"]
BINS = 15
"""Of confidence, of equal width (Guo et al. 2017)."""
_TINY = 1e-12


def shares(nats: dict[str, float]) -> dict[str, float]:
    """Log-likelihoods (or logits) of classes less the logarithm of the sum of what they stand for: logarithms of
    probabilities that sum to 1.

    Six significant digits of the logarithm keep the order even among probabilities that all round to 1.
    """
    best = max(nats, key=nats.__getitem__)
    others = sum(math.exp(x - nats[best]) for name, x in nats.items() if name != best)
    beyond = math.log1p(others)
    return {name: float(f"{x - nats[best] - beyond:.6g}") for name, x in nats.items()}


def f1(
    truth: np.ndarray, said: np.ndarray, classes: int, average: Average, weights: np.ndarray | None = None
) -> np.ndarray:  # fmt: skip
    """F1 averaged over the classes that occur in ``truth``: each alike (macro), all items together (micro), or each by
    how often it occurs (weighted).

    Args:
        truth: (n,) class numbers 0..K-1.
        said: (n,) class numbers; anything outside 0..K-1 is a wrong answer of no class.
        classes: K.
        weights: (B, n).
    """
    if average == "macro":
        return macro_f1(truth, said, classes, weights)
    support, given, hits = _counts(truth, said, classes, weights)
    if average == "micro":
        return np.asarray(2 * hits.sum(1) / np.maximum(support.sum(1) + given.sum(1), _TINY))
    each = 2 * hits / np.maximum(support + given, _TINY)
    return np.asarray((each * support).sum(1) / np.maximum(support.sum(1), _TINY))


def mcc(truth: np.ndarray, said: np.ndarray, classes: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Matthews' correlation for any number of classes (Gorodkin 2004), -1 to 1; 0 where one side is constant.

    An answer of no class is a class of its own.
    """
    truth, said = np.asarray(truth), np.asarray(said)
    said = np.where((said < 0) | (said >= classes), classes, said)
    support, given, hits = _counts(truth, said, classes + 1, weights)
    n, right = support.sum(1), hits.sum(1)
    above = right * n - (support * given).sum(1)
    below = np.sqrt((n**2 - (support**2).sum(1)) * (n**2 - (given**2).sum(1)))
    return np.asarray(np.where(below > _TINY, above / np.maximum(below, _TINY), 0.0))


def auc(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Area under the ROC curve, one class against the rest, mean over the classes that occur among items and leave
    others; ties count half. ``scores``: (n, K), higher where the class is likelier."""
    w = _weights(truth, weights)
    each = [_auc(truth == k, scores[:, k], w) for k in range(scores.shape[1])]
    return _mean_of_known(np.stack(each, axis=1))


def average_precision(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Average precision, one class against the rest, mean over the classes that occur: the sum of precision at each
    distinct score times the recall that it adds. ``scores``: (n, K)."""
    w = _weights(truth, weights)
    each = [_precision(truth == k, scores[:, k], w) for k in range(scores.shape[1])]
    return _mean_of_known(np.stack(each, axis=1))


def calibration_error(right: np.ndarray, confidence: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Expected calibration error: over :data:`BINS` bins of confidence, the mean gap between confidence and accuracy.

    Args:
        right: (n,) whether the likeliest class was right.
        confidence: (n,) its probability.
        weights: (B, n).
    """
    right = np.asarray(right, dtype=float)
    w = _weights(right, weights)
    place = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    member = (place[:, None] == np.arange(BINS)).astype(float)
    gap = np.abs(w @ (member * (confidence - right)[:, None]))
    return np.asarray(gap.sum(1) / np.maximum(w.sum(1), _TINY))


def confusion(truth: np.ndarray, said: np.ndarray, classes: int) -> np.ndarray:
    """(K, K + 1) counts: rows are true classes, columns said ones, the last of them no class."""
    said = np.where((said < 0) | (said >= classes), classes, said)
    found = np.zeros((classes, classes + 1), dtype=int)
    np.add.at(found, (truth, said), 1)
    return found


def _counts(
    truth: np.ndarray, said: np.ndarray, classes: int, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    w = _weights(truth, weights)
    kinds = np.arange(classes)
    is_truth = (np.asarray(truth)[:, None] == kinds).astype(float)
    is_said = (np.asarray(said)[:, None] == kinds).astype(float)
    return w @ is_truth, w @ is_said, w @ (is_truth * is_said)


def _weights(items: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    return np.ones((1, len(items))) if weights is None else weights


def _auc(positive: np.ndarray, score: np.ndarray, w: np.ndarray) -> np.ndarray:
    order = np.argsort(score, kind="stable")
    starts = _starts(score[order])
    yes = np.add.reduceat(w[:, order] * positive[order], starts, axis=1)
    no = np.add.reduceat(w[:, order] * ~positive[order], starts, axis=1)
    below = np.cumsum(no, axis=1) - no
    pairs = yes.sum(1) * no.sum(1)
    won = (yes * (below + no / 2)).sum(1)
    return np.asarray(np.where(pairs > 0, won / np.maximum(pairs, _TINY), np.nan))


def _precision(positive: np.ndarray, score: np.ndarray, w: np.ndarray) -> np.ndarray:
    order = np.argsort(-score, kind="stable")
    starts = _starts(score[order])
    yes = np.add.reduceat(w[:, order] * positive[order], starts, axis=1)
    everything = np.cumsum(np.add.reduceat(w[:, order], starts, axis=1), axis=1)
    total = yes.sum(1)
    precision = np.cumsum(yes, axis=1) / np.maximum(everything, _TINY)
    return np.asarray(np.where(total > 0, (precision * yes).sum(1) / np.maximum(total, _TINY), np.nan))


def _starts(ordered: np.ndarray) -> np.ndarray:
    """Where each run of equal scores begins."""
    return np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))


def _mean_of_known(each: np.ndarray) -> np.ndarray:
    """Mean over classes, those without items (NaN) left out; NaN where none has any."""
    known = np.isfinite(each)
    count = known.sum(1)
    return np.asarray(np.where(count > 0, np.where(known, each, 0.0).sum(1) / np.maximum(count, 1), np.nan))
