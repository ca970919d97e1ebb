"""The bootstrap, vectorised: resamples are rows of a weight matrix, so any weighted statistic is one matrix product.

Legend: B resamples, n items, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from luthier.stats.interval import Interval, nothing

_CELLS = 4_000_000
"""Weights held at once (32 MB)."""


def multinomial_weights(n: int, resamples: int, *, seed: int, clusters: Sequence[object] | None = None) -> np.ndarray:
    """How often each item stands in each resample: (B, n). Whole clusters are drawn where they are given."""
    generator = np.random.default_rng(seed)
    if clusters is None:
        return generator.multinomial(n, np.full(n, 1.0 / n), size=resamples).astype(float)
    _, index = np.unique([str(c) for c in clusters], return_inverse=True)
    units = int(index.max()) + 1
    drawn = generator.multinomial(units, np.full(units, 1.0 / units), size=resamples).astype(float)
    return np.asarray(drawn[:, index])


def bootstrap(
    statistic: Callable[[np.ndarray], np.ndarray], n: int, *, resamples: int = 10_000, seed: int = 0,
    clusters: Sequence[object] | None = None, alpha: float = 0.05,
) -> Interval:  # fmt: skip
    """Percentile bootstrap of ``statistic``, a function of weights (B, n) to values (B,).

    The estimate is the statistic at weights 1. Pairing is kept by letting the statistic see both systems' items under
    the same weights. ``p`` is (number of resamples at or below 0, plus 1) / (B + 1).
    """
    if n == 0:
        return nothing()
    estimate = float(statistic(np.ones((1, n)))[0])
    step = max(1, _CELLS // n)

    def draws() -> Iterator[np.ndarray]:
        for at in range(0, resamples, step):
            rows = min(step, resamples - at)
            yield statistic(multinomial_weights(n, rows, seed=seed + at, clusters=clusters))

    values = np.concatenate(list(draws()))
    low, high, bound, ceiling = (float(v) for v in np.quantile(values, [0.025, 0.975, alpha, 1 - alpha]))
    p = float((np.sum(values <= 0) + 1) / (resamples + 1))
    method = f"bootstrap, {resamples:,} resamples, seed {seed}"
    return Interval(estimate, low, high, bound, float(values.std(ddof=1)), n, ceiling, p, method)


def macro_f1(truth: np.ndarray, predicted: np.ndarray, classes: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Mean F1 over the classes that occur in ``truth``: (B,), or (1,) without weights.

    Args:
        truth: (n,) class numbers 0..K-1.
        predicted: (n,) class numbers; anything outside 0..K-1 is a wrong answer of no class.
        classes: K.
        weights: (B, n); a class without weight in ``truth`` is left out of that resample's mean.
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    w = np.ones((1, len(truth))) if weights is None else weights
    kinds = np.arange(classes)
    is_truth = (truth[:, None] == kinds).astype(float)
    is_said = (predicted[:, None] == kinds).astype(float)
    support, said, hits = w @ is_truth, w @ is_said, w @ (is_truth * is_said)
    f1 = 2 * hits / np.maximum(support + said, 1e-12)
    present = support > 0
    return np.asarray((f1 * present).sum(axis=1) / np.maximum(present.sum(axis=1), 1))
