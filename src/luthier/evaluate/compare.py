"""One metric, two systems, the same items: values, paired difference and bounds, in the unit people see.

Which method: 0/1 scores exact McNemar and Tango; 0/1 or continuous scores with groups, and continuous ones, paired t
(clustered by group); numbers over all items together (F1, AUC, BLEU) a paired bootstrap; bits per byte Fieller's
limits. A pure function of ledger rows.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from luthier.evaluate.ledger import Pairs, Row
from luthier.evaluate.regression import BITS
from luthier.score import Measure, Scored
from luthier.stats import (
    Interval,
    bootstrap,
    false_discovery,
    mcnemar_exact,
    mean_interval,
    paired_difference,
    paired_proportions,
    ratio_change,
    superiority_bounds,
    wilson,
)

RESAMPLES = 10_000
SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Difference:
    """Candidate against reference. ``delta`` in points (percent of bits per byte; else the measure's unit), positive is
    better.

    ``exact`` are the one-sided limits (lower, upper) that decide superiority; for non-inferiority ``delta.bound`` does.
    ``spread`` is the mean square of one item's difference as a share, ``better`` and ``worse`` count flips (-1 where
    scores are not 0/1). ``design`` is how many times the variance is what independent items of equal weight
    would give (clusters; documents of unequal length): the factor on the items that a decision needs.
    """

    reference: float
    candidate: float
    delta: Interval
    exact: tuple[float, float]
    spread: float
    better: int = -1
    worse: int = -1
    design: float = 1.0

    @property
    def binary(self) -> bool:
        """Whether the exact tests of 0/1 scores decided."""
        return self.better >= 0


def compare(pairs: Pairs, metric: str, *, alpha: float, measure: Measure | None = None) -> Difference:
    """Compare on the pairs' common items. ``measure`` is needed where it is not a share of which more is better."""
    left, right = [a for a, _ in pairs.rows], [b for _, b in pairs.rows]
    if metric == BITS:
        return _bits(left, right, alpha)
    if measure is not None and measure.whole is not None:
        return _whole(left, right, measure, alpha)
    x, y = values(left, metric), values(right, metric)
    if measure is None:
        return compare_values(x, y, clusters(left), alpha=alpha)
    share = measure.scale / 100
    most = measure.most * share
    if measure.lower:
        found = compare_values(-x * share, -y * share, clusters(left), alpha=alpha, most=most, binary=measure.binary)
        return replace(found, reference=-found.reference, candidate=-found.candidate)
    return compare_values(x * share, y * share, clusters(left), alpha=alpha, most=most)


def compare_values(
    x: np.ndarray, y: np.ndarray, groups: Sequence[str] | None, *, alpha: float, most: float = 1.0, binary: bool = False
) -> Difference:  # fmt: skip
    """Scores in 0..``most`` of the reference and of the candidate on the same items (negative where less is better;
    ``binary`` then says that they are 0 or -1); ``groups`` name items that belong together."""
    n = len(x)
    gap = y - x
    spread = float(np.mean(gap**2)) if n else 0.0
    means = (100 * float(x.mean()), 100 * float(y.mean())) if n else (math.nan, math.nan)
    if groups is None and (binary or (is_binary(x) and is_binary(y))):
        better, worse = int(np.sum(gap > 0)), int(np.sum(gap < 0))
        delta = paired_proportions(better, worse, n, alpha=alpha).scaled(100)
        exact = superiority_bounds(better, worse, n, alpha) if n else (-math.inf, math.inf)
        return Difference(*means, delta, (100 * exact[0], 100 * exact[1]), spread, better, worse)
    widest = most if math.isfinite(most) else None
    delta = _within(paired_difference(y, x, clusters=groups, alpha=alpha, spread=widest), -most, most).scaled(100)
    design = 1.0
    if groups is not None and delta.se > 0 and n > 1:
        design = max(1.0, (delta.se / 100) ** 2 / (float(gap.var(ddof=1)) / n))
    return Difference(*means, delta, (delta.bound, delta.ceiling), spread, design=design)


def interval_of(rows: Sequence[Row], metric: str, *, measure: Measure | None = None) -> Interval:
    """One system's value with its 95% interval, in the unit people see; items without a value are left out."""
    rows = sorted((r for r in rows if r.value(metric) is not None), key=lambda r: r.item)
    scale = 100.0 if measure is None else measure.scale
    if measure is not None and measure.whole is not None and rows:
        found = bootstrap(
            measure.whole(scored(rows, measure)), len(rows), resamples=RESAMPLES // 5, seed=SEED,
            clusters=clusters(rows),
        )  # fmt: skip
        return found.scaled(scale)
    if metric == BITS:
        bits, sizes = parts(rows, "bits"), parts(rows, "bytes")
        return _plus_one(ratio_change(bits, sizes))
    x = values(rows, metric)
    groups = clusters(rows)
    if groups is None and is_binary(x) and scale == 100.0:
        return wilson(float(x.sum()), len(x)).scaled(100)
    most = 1.0 if measure is None else measure.most
    widest = most if math.isfinite(most) else None
    least = 0.0 if measure is None else measure.least
    return _within(mean_interval(x, clusters=groups, spread=widest), least, most).scaled(scale)


def scored(rows: Sequence[Row], measure: Measure) -> list[Scored]:
    """Rows as a number over all of them sees them."""
    return [Scored(r.reference or "", r.answer or "", r.scores[measure.key], r.labels) for r in rows]


def values(rows: Sequence[Row], metric: str) -> np.ndarray:
    """The metric's values (0..1), rows without one left out by the caller."""
    return np.array([r.value(metric) for r in rows], dtype=float)


def parts(rows: Sequence[Row], name: str, metric: str = BITS) -> np.ndarray:
    """One named part of a score."""
    return np.array([r.scores[metric].parts[name] for r in rows], dtype=float)


def clusters(rows: Sequence[Row]) -> list[str] | None:
    """The cluster of each row, if any cluster holds more than one (a row without a cluster is one of its own)."""
    named = [r.cluster for r in rows]
    if not any(count > 1 for name, count in Counter(named).items() if name is not None):
        return None
    return [f"c {name}" if name is not None else f"i {r.item}" for name, r in zip(named, rows, strict=True)]


def is_binary(x: np.ndarray) -> bool:
    return bool(np.all((x == 0) | (x == 1)))


def slices(pairs: Pairs, metric: str) -> dict[str, Any]:
    """Per slice, for reading only: n, both values, and q: Benjamini and Hochberg's over the slices, two-sided.

    Without slices: per ``field.`` part of the scores. A slice with q at or below 5% is unlikely to be chance, however
    many there are.
    """
    found: dict[str, tuple[Difference, int]] = {}
    for name in sorted({a.slice for a, _ in pairs.rows if a.slice}):
        left, right = ([row[side] for row in pairs.rows if row[0].slice == name] for side in (0, 1))
        if metric == BITS:
            found[name] = _bits(left, right, 0.05), len(left)
        else:
            both = values(left, metric), values(right, metric)
            found[name] = compare_values(*both, clusters(left), alpha=0.05), len(left)
    if not found and metric != BITS and pairs.rows:
        known = dict.fromkeys(p for a, _ in pairs.rows for p in a.scores[metric].parts if p.startswith("field."))
        for part in known:
            held = [row for row in pairs.rows if all(part in one.scores[metric].parts for one in row)]
            left, right = [a for a, _ in held], [b for _, b in held]
            both = parts(left, part, metric), parts(right, part, metric)
            found[part.removeprefix("field.")] = compare_values(*both, clusters(left), alpha=0.05), len(left)
    adjusted = false_discovery([_two_sided(one) for one, _ in found.values()])
    return {
        name: {"n": n, "reference": round(one.reference, 3), "candidate": round(one.candidate, 3), "q": round(q, 4)}
        for (name, (one, n)), q in zip(found.items(), adjusted, strict=True)
    }


def _two_sided(found: Difference) -> float:
    """p of "no difference"; 1 where nothing can be said."""
    if found.binary:
        return min(1.0, 2 * min(mcnemar_exact(found.better, found.worse), mcnemar_exact(found.worse, found.better)))
    p = found.delta.p
    return min(1.0, 2 * min(p, 1 - p)) if math.isfinite(p) else 1.0


def _bits(left: Sequence[Row], right: Sequence[Row], alpha: float) -> Difference:
    old, new, sizes = parts(left, "bits"), parts(right, "bits"), parts(left, "bytes")
    change = ratio_change(new, old, clusters=clusters(left), alpha=alpha)
    delta = replace(change.scaled(-100), p=1 - change.p)  # p of a gain: fewer bits
    spread = float(np.mean(((new - old) / old) ** 2)) if len(old) else 0.0
    total = float(sizes.sum()) if len(old) else math.nan
    return Difference(
        float(old.sum()) / total, float(new.sum()) / total, delta, (delta.bound, delta.ceiling), spread,
        design=unequal(old),
    )  # fmt: skip


def unequal(weights: np.ndarray) -> float:
    """How many times more items of these weights are needed than of equal ones: n sum w^2 / (sum w)^2 (Kish)."""
    return float(len(weights) * np.sum(weights**2) / np.sum(weights) ** 2) if len(weights) else 1.0


def _whole(left: Sequence[Row], right: Sequence[Row], measure: Measure, alpha: float) -> Difference:
    n = len(left)
    if not n:
        nothing = wilson(0, 0)
        return Difference(math.nan, math.nan, nothing, (-math.inf, math.inf), 0.0)
    assert measure.whole is not None
    old, new = measure.whole(scored(left, measure)), measure.whole(scored(right, measure))
    sign = -1 if measure.lower else 1
    delta = bootstrap(
        lambda w: sign * (new(w) - old(w)), n, resamples=RESAMPLES, seed=SEED, clusters=clusters(left), alpha=alpha
    )
    if delta.low == delta.high:  # no item differs: what equal draws cannot exclude
        same = _within(mean_interval(np.zeros(n), alpha=alpha, spread=1.0), -1.0)
        delta = replace(same, estimate=delta.estimate, method="bootstrap: no item differs")
    before, after = (measure.scale * float(x(np.ones((1, n)))[0]) for x in (old, new))
    bounds = delta.scaled(measure.scale)
    return Difference(before, after, bounds, (bounds.bound, bounds.ceiling), _spread(left, right, measure, delta))


def _spread(left: Sequence[Row], right: Sequence[Row], measure: Measure, delta: Interval) -> float:
    """Items whose class differs, as a share; else the spread of one item that gives this standard error."""
    if measure.classes is None:
        return len(left) * delta.se**2 + delta.estimate**2
    _, old, _ = measure.codes([(r.reference or "", r.answer or "") for r in left])
    _, new, _ = measure.codes([(r.reference or "", r.answer or "") for r in right])
    return float(np.mean(old != new))


def _plus_one(change: Interval) -> Interval:
    """A ratio from a relative change of a ratio of sums."""
    return replace(
        change, estimate=change.estimate + 1, low=change.low + 1, high=change.high + 1, bound=change.bound + 1,
        ceiling=change.ceiling + 1,
    )  # fmt: skip


def _within(found: Interval, least: float = 0.0, most: float = 1.0) -> Interval:
    """Limits cut to what scores in 0..``most`` (or their differences) can be."""
    low, high, bound, ceiling = (min(most, max(least, x)) for x in (found.low, found.high, found.bound, found.ceiling))
    return replace(found, low=low, high=high, bound=bound, ceiling=ceiling)
