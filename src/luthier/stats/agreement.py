"""How well two raters agree, several raters among each other, and a mean of few sure labels with many cheap guesses.

Agreement beyond chance is Cohen's kappa (1960), never bare accuracy: where people say "tie" nine times in ten, a judge
that always says so is right nine times in ten. What a kappa is good for is decided elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from luthier.stats.interval import Interval, Numbers, mean_interval, nothing, wilson


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two raters on the same n items.

    ``accuracy`` is the share of equal labels (Wilson), ``kappa`` what of it is beyond chance, ``chance`` the share that
    their base rates alone would give. ``first`` and ``second`` are each rater's base rates by label, ``counts`` how
    often (first's label, second's label) occurred.
    """

    n: int
    accuracy: Interval
    kappa: Interval
    chance: float
    first: Mapping[Hashable, float]
    second: Mapping[Hashable, float]
    counts: Mapping[tuple[Hashable, Hashable], int]


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable], *, alpha: float = 0.05) -> Agreement:
    """Cohen's kappa with its interval: (accuracy - chance) / (1 - chance).

    The standard error is that of Fleiss, Cohen and Everitt (1969). It is 0 where the raters agree (or miss) on all
    items, however few; so each limit is the outer one of theirs and of what Wilson's limit of the accuracy gives at
    these base rates. Where both raters know one label only, kappa is not defined (NaN) and nothing is known of it.

    Raises:
        ValueError: the raters labelled different numbers of items.
    """
    if len(first) != len(second):
        raise ValueError(f"pairs are needed: {len(first)} and {len(second)} labels")
    n = len(first)
    labels = sorted({*first, *second}, key=str)
    if not n:
        return Agreement(0, nothing(), nothing(), math.nan, {}, {}, {})
    number = {label: i for i, label in enumerate(labels)}
    table = np.zeros((len(labels), len(labels)))
    np.add.at(table, ([number[x] for x in first], [number[x] for x in second]), 1)
    p = table / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, chance = float(np.trace(p)), float(rows @ columns)
    shares = [{label: float(side[i]) for label, i in number.items()} for side in (rows, columns)]
    counts = {(a, b): int(table[i, j]) for a, i in number.items() for b, j in number.items()}
    accuracy = wilson(float(np.trace(table)), n, alpha=alpha)
    if chance >= 1 - 1e-12:
        inf = math.inf
        kappa = Interval(math.nan, -inf, inf, -inf, math.nan, n, inf, method="one label only")
        return Agreement(n, accuracy, kappa, chance, shares[0], shares[1], counts)
    k = (observed - chance) / (1 - chance)
    se = _kappa_se(p, k, chance, n)

    def limit(z: float, of_accuracy: float) -> float:
        by_accuracy = (of_accuracy - chance) / (1 - chance)
        return max(-1.0, min(k + z * se, by_accuracy)) if z < 0 else min(1.0, max(k + z * se, by_accuracy))

    two, one = float(stats.norm.ppf(0.975)), float(stats.norm.ppf(1 - alpha))
    kappa = Interval(
        k, limit(-two, accuracy.low), limit(two, accuracy.high), limit(-one, accuracy.bound), se, n,
        limit(one, accuracy.ceiling), method="Cohen's kappa; Fleiss, Cohen and Everitt, with Wilson",
    )  # fmt: skip
    return Agreement(n, accuracy, kappa, chance, shares[0], shares[1], counts)


def _kappa_se(p: np.ndarray, kappa: float, chance: float, n: int) -> float:
    """Large-sample standard error, Fleiss, Cohen and Everitt (1969), formula 13."""
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    agree = np.diag(p) @ (1 - (rows + columns) * (1 - kappa)) ** 2
    apart = p * (columns[:, None] + rows[None, :]) ** 2
    miss = (1 - kappa) ** 2 * (apart.sum() - np.trace(apart))
    variance = (agree + miss - (kappa - chance * (1 - kappa)) ** 2) / (n * (1 - chance) ** 2)
    return math.sqrt(max(0.0, float(variance)))


def krippendorff_alpha(ratings: Sequence[Sequence[Hashable | None]]) -> float:
    """Krippendorff's alpha for nominal labels (2004, chapter 11): 1 - observed / expected disagreement.

    ``ratings`` holds one sequence per item with a label per rater, None where a rater gave none. Items with fewer than
    two labels say nothing. NaN where no item has two labels, or all labels are the same.
    """
    given = [[x for x in item if x is not None] for item in ratings]
    units = [item for item in given if len(item) > 1]
    labels = sorted({x for item in units for x in item}, key=str)
    number = {label: i for i, label in enumerate(labels)}
    pairs = np.zeros((len(labels), len(labels)))  # the coincidence matrix
    for item in units:
        count = np.bincount([number[x] for x in item], minlength=len(labels)).astype(float)
        pairs += (np.outer(count, count) - np.diag(count)) / (len(item) - 1)
    totals = pairs.sum(axis=1)
    n = totals.sum()
    expected = n * n - float(totals @ totals)
    if n == 0 or expected == 0:
        return math.nan
    return float(1 - (n - 1) * (pairs.sum() - np.trace(pairs)) / expected)


def prediction_powered(
    labels: Numbers, guesses: Numbers, elsewhere: Numbers, *, alpha: float = 0.05, spread: float = 1.0
) -> Interval:
    """Mean of a quantity that people labelled on few items and a judge guessed on all (PPI++).

    The mean of the judge's guesses elsewhere, plus what the judge was wrong by where people looked:
    lambda·mean(elsewhere) + mean(labels - lambda·guesses). It is unbiased whatever the judge's faults, if the labelled
    items are a random draw of all; lambda, from the data, is what makes it most precise, so that a useless judge costs
    nothing (Angelopoulos, Duchi and Zrnic 2023, arXiv 2311.01453). Student's t with n - 1 degrees of freedom.

    Args:
        labels: (n,) what people said.
        guesses: (n,) what the judge said of the same items.
        elsewhere: (N,) what the judge said of the items that no person looked at.
        spread: largest possible |label - mean|, as in ``mean_interval``, which holds where all labels are alike.

    Raises:
        ValueError: labels and guesses are of different lengths.
    """
    y, f, u = (np.asarray(x, dtype=float) for x in (labels, guesses, elsewhere))
    if y.shape != f.shape:
        raise ValueError(f"pairs are needed: {len(y)} labels and {len(f)} guesses")
    n, many = len(y), len(u)
    of_people = mean_interval(y, alpha=alpha, spread=spread)
    if n < 2 or many < 2 or of_people.se == 0:
        return of_people
    varies = float(np.concatenate([f, u]).var(ddof=1))
    weight = 0.0
    if varies > 0:
        weight = float(np.clip(np.cov(y, f, ddof=1)[0, 1] / ((1 + n / many) * varies), 0.0, 1.0))
    estimate = weight * float(u.mean()) + float((y - weight * f).mean())
    se = math.sqrt(weight**2 * float(u.var(ddof=1)) / many + float((y - weight * f).var(ddof=1)) / n)
    if se <= 1e-12:  # the judge says what people say, on few items: what equal draws cannot exclude
        return of_people
    two, one = (float(stats.t.ppf(q, n - 1)) * se for q in (0.975, 1 - alpha))
    return Interval(
        estimate, estimate - two, estimate + two, estimate - one, se, n + many, estimate + one,
        float(stats.t.sf(estimate / se, n - 1)), f"prediction-powered, {n:,} labels, weight {weight:.2f}",
    )  # fmt: skip
