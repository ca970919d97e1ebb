"""The limits of a policy: may the answers take this much time, this many words, this many refusals, this price?

One line a limit, like those of targets and suites: ``delta`` is what is left up to the limit (positive is good). It is
*held* where the one-sided limit of the figure at alpha lies within, *broken* where the other one lies beyond, and
*undecided* in between, with the number of test rows that would tell. All must hold, so each keeps its alpha.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from luthier.evaluate.compare import clusters
from luthier.evaluate.ledger import TEST, Ledger, Row
from luthier.evaluate.systems import BASE, TUNED
from luthier.recipe.evaluate import CostLimit, EvaluateSpec, FormatMetric, LabelMetric
from luthier.records import SuiteResult
from luthier.score import build
from luthier.score.json import parse
from luthier.score.manner import refuses
from luthier.stats import Interval, mean_interval, ratio_change, wilson
from luthier.text.normal import words

ROLE = "limit"
_POWER_Z = 1.282
"""Normal quantile of 90%: the power at which an undecided limit names its rows."""
_ALPHA_Z = 1.645
_MOST_ITEMS = 2_000_000
_MOST_LABELS = 0.25
"""Different references a row above which they are no labels."""


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure of the tuned model with its limits, and the base's for reading; ``spread`` is an item's variance."""

    found: Interval
    base: float
    spread: float = 0.0


def limit_lines(ledger: Ledger, spec: EvaluateSpec, alpha: float) -> list[SuiteResult]:
    """A line for each limit that the policy names."""
    tuned = [row for row in ledger.of(TEST, TUNED).values() if row.answer is not None]
    base = [row for row in ledger.of(TEST, BASE).values() if row.answer is not None]
    asked = spec.limits
    out = []
    if asked.latency is not None:
        out.append(_line("latency", "s", asked.latency, _latency(ledger), alpha, "no time is known for this ledger"))
    if asked.length is not None:
        figure = _both(lambda rows: _length(rows, alpha), tuned, base)
        out.append(_line("length", "× reference", asked.length, figure, alpha, "no reference has a word"))
    if asked.refusal is not None:
        figure = _share(lambda row: refuses(row.answer or "") is not None, tuned, base, alpha)
        out.append(_line("refusal", "%", 100 * asked.refusal, figure, alpha, "no answer"))
    if asked.format is not None:
        form = _form(spec, tuned)
        figure = None if form is None else _share(form, tuned, base, alpha)
        why = "the references have no form in common: name one in evaluate.also: {kind: format, pattern: …}"
        out.append(_line("format", "%", 100 * asked.format, figure, alpha, why, least=True))
    if asked.cost is not None:
        price = asked.cost
        figure = _both(lambda rows: _cost(rows, price, alpha), tuned, base)
        out.append(_line("cost", "per 1,000 answers", asked.cost.most, figure, alpha, "the engine tells no tokens"))
    return out


def limit_status(found: Interval, limit: float, *, least: bool = False) -> str:
    """See the module. ``least``: the figure must be at least the limit."""
    low, high = found.bound, found.ceiling
    if least:
        return "held" if low >= limit else "broken" if high < limit else "undecided"
    return "held" if high <= limit else "broken" if low > limit else "undecided"


def _line(
    name: str, unit: str, limit: float, figure: _Figure | None, alpha: float, missing: str, *, least: bool = False
) -> SuiteResult:
    if figure is None:
        return SuiteResult(
            suite=name, role=ROLE, metric=name, unit=unit, n=0, reference_name="limit", reference=limit,
            candidate=math.nan, delta=math.nan, low=-math.inf, high=math.inf, bound=-math.inf, margin=0.0, alpha=alpha,
            status="undecided", reason=f"cannot be told: {missing}",
        )  # fmt: skip
    found = figure.found
    status = limit_status(found, limit, least=least)

    def left(x: float) -> float:
        return x - limit if least else limit - x

    low, high = sorted((left(found.low), left(found.high)))
    told = f"{_spell(found.estimate, unit)}, at {'least' if least else 'most'} {_spell(limit, unit)} wanted"
    if math.isfinite(figure.base):
        told += f" (base {_spell(figure.base, unit)})"
    if status == "undecided":
        told += f"; {found.n:,} rows cannot tell"
    return SuiteResult(
        suite=name, role=ROLE, metric=name, unit=unit, n=found.n, reference_name="limit", reference=limit,
        candidate=found.estimate, delta=left(found.estimate), low=low, high=high,
        bound=left(found.bound if least else found.ceiling), margin=0.0, alpha=alpha, status=status, reason=told,
        n_needed=_needed(figure, limit) if status == "undecided" else None, test=found.method,
    )  # fmt: skip


def _needed(figure: _Figure, limit: float) -> int | None:
    """Rows that would tell the figure from its limit with 90% power, if it is what it seems."""
    gap = figure.found.estimate - limit
    if not gap or not figure.spread:
        return None
    n = math.ceil((_ALPHA_Z + _POWER_Z) ** 2 * figure.spread / gap**2)
    return n if figure.found.n < n <= _MOST_ITEMS else None


def _spell(x: float, unit: str) -> str:
    return f"{x:.1f}%" if unit == "%" else f"{x:.3g} {unit}"


def _both(
    measure: Callable[[Sequence[Row]], tuple[Interval, float] | None], tuned: Sequence[Row], base: Sequence[Row]
) -> _Figure | None:
    own = measure(tuned) if tuned else None
    if own is None:
        return None
    other = measure(base) if base else None
    return _Figure(own[0], math.nan if other is None else other[0].estimate, own[1])


def _latency(ledger: Ledger) -> _Figure | None:
    """The median, whose limits were told when the ledger was filed (one-sided 95%)."""
    seconds: Mapping[str, Mapping[str, float]] = ledger.facts.get("seconds", {})
    own = seconds.get(TUNED)
    if not own:
        return None
    low, high = own.get("median_low_s", -math.inf), own.get("median_high_s", math.inf)
    found = Interval(own["median_s"], low, high, low, math.nan, int(own.get("n", 0)), high, method="median of requests")
    return _Figure(found, seconds.get(BASE, {}).get("median_s", math.nan))


def _length(rows: Sequence[Row], alpha: float) -> tuple[Interval, float] | None:
    said = np.array([len(words(row.answer or "")) for row in rows], dtype=float)
    wanted = np.array([len(words(row.reference or "")) for row in rows], dtype=float)
    if not wanted.sum():
        return None
    change = ratio_change(said, wanted, clusters=clusters(rows), alpha=alpha)
    spread = float(np.var(said - (1 + change.estimate) * wanted)) / float(wanted.mean()) ** 2
    return _shifted(change), spread


def _shifted(x: Interval) -> Interval:
    """A ratio from its relative change."""
    one = [v + 1 for v in (x.estimate, x.low, x.high, x.bound, x.ceiling)]
    return Interval(one[0], one[1], one[2], one[3], x.se, x.n, one[4], method=x.method)


def _cost(rows: Sequence[Row], price: CostLimit, alpha: float) -> tuple[Interval, float] | None:
    if not any(row.prompt_tokens or row.completion_tokens for row in rows):
        return None
    each = [row.prompt_tokens * price.prompt + row.completion_tokens * price.completion for row in rows]
    x = np.array(each, dtype=float) / 1000  # per million tokens, of one answer: 1,000 answers cost a thousandth of it
    return mean_interval(x, clusters=clusters(rows), alpha=alpha), float(np.var(x))


def _share(
    holds: Callable[[Row], bool], tuned: Sequence[Row], base: Sequence[Row], alpha: float
) -> _Figure | None:
    """How often something holds, in percent: Wilson's limits, or t over clusters."""
    if not tuned:
        return None

    def found(rows: Sequence[Row]) -> Interval:
        x = [float(holds(row)) for row in rows]
        groups = clusters(rows)
        if groups is None:
            return wilson(sum(x), len(x), alpha=alpha).scaled(100)
        return mean_interval(x, clusters=groups, alpha=alpha, spread=1.0).scaled(100)

    own = found(tuned)
    share = (own.estimate / 100 * own.n + 1) / (own.n + 2)
    return _Figure(own, found(base).estimate if base else math.nan, 1e4 * share * (1 - share))


def _form(spec: EvaluateSpec, rows: Sequence[Row]) -> Callable[[Row], bool] | None:
    """What the form of an answer is: what a metric says, a JSON object, or one of the labels; None if none is known."""
    metrics = (*spec.target, *spec.also)
    for metric in metrics:
        if isinstance(metric, FormatMetric):
            measure = build(metric)
            return lambda row: measure.score("", row.answer).value == 1.0
    references = [row.reference or "" for row in rows]
    if references and all(parse(text).fields is not None for text in references):
        return lambda row: parse(row.answer or "").fields is not None
    labels = {text.strip() for text in references}
    if any(isinstance(m, LabelMetric) for m in metrics) or len(labels) <= _MOST_LABELS * len(references):
        return lambda row: (row.answer or "").strip() in labels
    return None
