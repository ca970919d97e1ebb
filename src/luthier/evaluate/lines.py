"""The lines that a verdict rests on: every target against every baseline, every regression suite against the base.

Which status a line has is said by :func:`target_status` and :func:`guard_status`, and nowhere else; the error rates in
docs/benchmarks/statistics.md are those of these functions. What follows from the lines is ``verdict``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from luthier.errors import LuthierError
from luthier.evaluate.compare import Difference, compare, slices
from luthier.evaluate.forecast import FLIPS, TARGET_FLIPS
from luthier.evaluate.ledger import TEST, Ledger, Pairs, Row, pair
from luthier.evaluate.regression import BITS, SAFETY, TRIVIAL, margin_of, of_earlier_job
from luthier.evaluate.reliability import corrected
from luthier.evaluate.systems import BASE, TUNED
from luthier.recipe.evaluate import JudgeMetric, MetricSpec, RegressionSpec
from luthier.records import SuiteResult
from luthier.score import Measure, build
from luthier.stats import items_needed

USEFUL = 2.0
"""Points: a gain below this is not worth a model of one's own."""
MOST_UNSCORED = 0.05
"""Share of items without a score above which a line decides nothing."""
POOLED = "pooled"
"""The metric of a pool whose suites measure shares."""
_POWER = 0.9
"""Power at which an undecided line names the items it needs."""
_FEW = 200
"""Items below which the share of flips is not yet known."""
_MOST_ITEMS = 2_000_000
"""A larger need is as good as never."""


def target_status(lower: float, upper: float, useful: float = USEFUL) -> str:
    """``lower``, ``upper``: one-sided limits of a gain in points, or in what ``useful`` is in."""
    return "improved" if lower > 0 else "worse" if upper < useful else "undecided"


def guard_status(found: Difference, margin: float, *, sensitive: bool = True) -> str:
    """See ``verdict`` for the rule. ``margin`` in points, or percent of bits per byte."""
    if found.delta.estimate < -margin and found.exact[1] < 0:
        return "broken"
    if not sensitive:
        return "insensitive"
    return "held" if found.delta.bound > -margin else "undecided"


# ---- targets


def target_lines(
    ledger: Ledger, metric: MetricSpec, baselines: Sequence[str], titles: Mapping[str, str], *, alpha: float,
    level: float, crossed: set[str], decides: bool = True,
) -> list[SuiteResult]:  # fmt: skip
    """One line per baseline, the best baseline first. A gain is tested at ``level``, a lack of it at ``alpha``."""
    measure = build(metric)
    suite = measure.suite or TEST
    lines: list[tuple[float, SuiteResult]] = []
    for name in baselines:
        pairs = _pairs(ledger, measure, name)
        if pairs.cross_template and decides:
            crossed.add(TEST)
        found = _compared(ledger, metric, pairs, name, level)
        at_alpha = found if level == alpha else _compared(ledger, metric, pairs, name, alpha)
        lower, upper = found.exact[0], at_alpha.delta.ceiling
        useful = _useful(measure)
        status = target_status(lower, upper, useful)
        unscored = _too_many_unscored(pairs)
        if unscored:
            status = "undecided"
        needed = None
        if status == "undecided" and not unscored:
            needed = _target_items(found, level, useful)
        title = titles.get(name, name)
        result = SuiteResult(
            suite=suite, role="target", metric=measure.key, unit=measure.unit, n=len(pairs.rows), reference_name=name,
            reference=found.reference, candidate=found.candidate, delta=found.delta.estimate, low=found.delta.low,
            high=found.delta.high, bound=lower, margin=0.0, alpha=level, status=status if decides else "described",
            reason=unscored or _target_reason(measure, status, title, found, len(pairs.rows), upper),
            n_needed=needed if decides else None, test=_test(found, pairs),
            slices=slices(pairs, measure.key),
        )  # fmt: skip
        lines.append((found.reference, result))
    lines.sort(key=lambda entry: (-entry[0] if not math.isnan(entry[0]) else math.inf, entry[1].reference_name))
    return [result for _, result in lines]


def target_p(ledger: Ledger, metric: MetricSpec, baselines: Sequence[str], alpha: float) -> float:
    """p of "no better than some baseline on this metric": the largest over the baselines, since all must be beaten."""
    measure = build(metric)
    each = [_compared(ledger, metric, _pairs(ledger, measure, name), name, alpha).delta.p for name in baselines]
    return max((p if math.isfinite(p) else 1.0 for p in each), default=1.0)


def _pairs(ledger: Ledger, measure: Measure, name: str) -> Pairs:
    """What ships and one baseline by item; none where nobody judged that baseline."""
    suite = measure.suite or TEST
    if measure.suite is not None and not (ledger.of(suite, name) and ledger.of(suite, TUNED)):
        return Pairs((), 0, False)
    return pair(ledger, suite, name, TUNED, [measure.key], same_prompt=name == BASE)


def _compared(ledger: Ledger, metric: MetricSpec, pairs: Pairs, name: str, alpha: float) -> Difference:
    """What ships against one baseline; a judge's win rate over the base with what people said of these pairs."""
    found = compare(pairs, build(metric).key, alpha=alpha, measure=build(metric))
    lead = corrected(ledger, metric, alpha=alpha) if isinstance(metric, JudgeMetric) and name == BASE else None
    if lead is None:
        return found
    delta = lead.scaled(100)
    return replace(found, candidate=50 + delta.estimate, delta=delta, exact=(delta.bound, delta.ceiling))


def _useful(measure: Measure) -> float:
    return USEFUL if measure.useful is None else measure.useful


def _target_items(found: Difference, alpha: float, useful: float = USEFUL) -> int | None:
    """Items that would show the gain seen here (at least a useful one) with 90% power."""
    gain = max(found.delta.estimate, useful) / 100
    n = found.delta.n
    spread = max((found.spread * n + 2) / (n + 4), gain) if n else TARGET_FLIPS
    return _capped(
        items_needed(
            flips=spread, difference=gain, alpha=alpha, power=_POWER, binary=found.binary, design=found.design
        )
    )


def _target_reason(measure: Measure, status: str, against: str, found: Difference, n: int, upper: float) -> str:
    title, unit = measure.title, "points" if measure.unit == "%" else measure.unit
    gain = f"{found.delta.estimate:+.1f} {unit} over {against} on {n:,} items"
    if status == "improved":
        return f"{title}: {gain}"
    if status == "worse":
        return f"{title}: {gain}; a gain of {_useful(measure):g} {unit} or more is excluded (at most {upper:+.1f})"
    return f"{title}: {gain}, which neither shows a gain nor excludes one"


# ---- regression suites


@dataclass(frozen=True)
class Guard:
    """One regression line and whether it could have failed (``{"sensitive", "base", "trivial", "bound"}``)."""

    line: SuiteResult
    sensitivity: Mapping[str, Any]


@dataclass(frozen=True)
class _Suite:
    """What one test looks at: tuned beside base, base beside the trivial predictor."""

    name: str
    metric: str
    unit: str
    pairs: Pairs
    guessed: Pairs | None


def guard_lines(ledger: Ledger, suites: Sequence[RegressionSpec], alpha: float, crossed: set[str]) -> list[Guard]:
    """A line for each suite; for each pool its own line and behind it those of its suites, held to their floors.

    Raises:
        LuthierError: a pool mixes shares and bits per byte, or the systems were not asked alike.
    """
    seen = {s.suite: _read(ledger, s.suite, crossed) for s in suites}
    out: list[Guard] = []
    pools: set[str] = set()
    for spec in {s.suite: s for s in suites}.values():
        suite = seen[spec.suite]
        margin = margin_of(spec, "text" if suite.metric == BITS else "exact")
        if spec.pool is None:
            guard = _guard(suite, margin, 2 * margin, alpha)
            out.append(_off(guard) if spec.suite == SAFETY else guard)
            continue
        if spec.pool not in pools:
            pools.add(spec.pool)
            members = [seen[s.suite] for s in suites if s.pool == spec.pool]
            pooled = _guard(_merged(spec.pool, members), margin, 2 * margin, alpha)
            out.append(_nothing_to_lose(pooled) if of_earlier_job(spec) else pooled)
        out.append(_member(_guard(suite, spec.floor, spec.floor, alpha), spec.pool))
    return out


def _read(ledger: Ledger, suite: str, crossed: set[str]) -> _Suite:
    known = ledger.facts.get("suites", {}).get(suite, {})
    metric = str(known.get("metric") or _metric_of(ledger, suite))
    unit = "bits/byte" if metric == BITS else "%"
    pairs = pair(ledger, suite, BASE, TUNED, [metric], same_prompt=True)
    if pairs.cross_template:
        crossed.add(suite)
    guessed = None
    if ledger.of(suite, TRIVIAL):
        guessed = pair(ledger, suite, TRIVIAL, BASE, [metric], same_prompt=False)
    return _Suite(suite, metric, unit, pairs, guessed)


def _merged(pool: str, members: Sequence[_Suite]) -> _Suite:
    """All items of a pool as one suite, the suites its slices."""
    units = {m.unit for m in members}
    if len(units) > 1:
        raise LuthierError(
            f"the pool {pool} mixes right answers and bits per byte", where="evaluate.regression",
            why="one difference cannot sum up both", fix="put the texts into a pool of their own",
        )  # fmt: skip
    metric = BITS if units == {"bits/byte"} else POOLED

    def named(row: Row, member: _Suite) -> Row:
        cluster = None if row.cluster is None else f"{member.name} {row.cluster}"
        scores = {metric: row.scores[member.metric]}
        return replace(row, item=f"{member.name} {row.item}", slice=member.name, cluster=cluster, scores=scores)

    def joined(each: Sequence[Pairs]) -> Pairs:
        rows = [
            (named(a, m), named(b, m)) for m, found in zip(members, each, strict=True) for a, b in found.rows
        ]  # fmt: skip
        return Pairs(tuple(rows), sum(p.total for p in each), any(p.cross_template for p in each))

    guessed = [m.guessed for m in members]
    known = [g for g in guessed if g is not None]
    return _Suite(
        pool, metric, units.pop(), joined([m.pairs for m in members]),
        joined(known) if len(known) == len(members) else None,
    )  # fmt: skip


def _guard(suite: _Suite, margin: float, lead: float, alpha: float) -> Guard:
    """The tuned model against the base; ``lead`` is by how much the base must be better than a trivial predictor."""
    pairs, unit = suite.pairs, suite.unit
    found = compare(pairs, suite.metric, alpha=alpha)
    delta, n = found.delta, len(pairs.rows)
    sensitive = _sensitivity(suite, lead, alpha)
    unscored = _too_many_unscored(pairs)
    status = "undecided" if unscored else guard_status(found, margin, sensitive=bool(sensitive["sensitive"]))
    needed: int | None = None
    if unscored:
        reason = unscored
    elif status == "broken":
        reason = f"lost {-delta.estimate:.1f} {_points(unit)}, margin {margin:g}"
    elif status == "insensitive":
        reason = str(sensitive["reason"])
    elif status == "held":
        reason = f"a loss of {margin:g} {_points(unit)} is excluded"
    else:
        needed = _guard_items(found, margin, alpha)
        reason = f"{n:,} items cannot exclude a loss of {margin:g} {_points(unit)}"
    line = SuiteResult(
        suite=suite.name, role="regression", metric=suite.metric, unit=unit, n=n, reference_name=BASE,
        reference=found.reference, candidate=found.candidate, delta=delta.estimate, low=delta.low, high=delta.high,
        bound=delta.bound, margin=margin, alpha=alpha, status=status, reason=reason, n_needed=needed,
        test=_test(found, pairs), slices=slices(pairs, suite.metric),
    )  # fmt: skip
    return Guard(line, sensitive)


def _member(guard: Guard, pool: str) -> Guard:
    """A suite of a pool. One on which the base is too near a trivial predictor to lose as much as the floor is only
    described: its items count in the pool."""
    line = guard.line
    if line.status == "insensitive":
        reason = f"too near a trivial predictor to lose {line.margin:g} {_points(line.unit)}; counts in {pool} only"
        line = replace(line, status="described", reason=reason)
    return Guard(line, guard.sensitivity)


def _off(guard: Guard) -> Guard:
    """The safety pack guards a base that has a sense of it; of another it can neither show a loss nor that there is
    none, so it decides nothing, whatever the tuned model says."""
    chance, line = guard.sensitivity, guard.line
    if chance["sensitive"] or line.status not in ("broken", "insensitive"):
        return guard
    reason = f"off: the base is right on {line.reference:.0f}% of pairs in which chance is 50%; it has nothing to lose"
    return Guard(replace(line, status="described", reason=reason, n_needed=None), chance)


def _nothing_to_lose(guard: Guard) -> Guard:
    """What earlier jobs were promoted for guards a base that can do it; another has nothing of it to lose."""
    if guard.line.status != "insensitive":
        return guard
    line = replace(guard.line, status="described", reason="the base cannot do what earlier jobs learnt")
    return Guard(line, guard.sensitivity)


def _metric_of(ledger: Ledger, suite: str) -> str:
    return next((key for r in ledger.rows if r.suite == suite for key in r.scores), "exact")


def _sensitivity(suite: _Suite, lead: float, alpha: float) -> dict[str, Any]:
    """Could this suite have failed? The base must be above the trivial predictor by more than ``lead``."""
    if suite.guessed is None:
        reason = "nothing is known of what a trivial predictor scores here"
        return {"sensitive": False, "reason": reason}
    found = compare(suite.guessed, suite.metric, alpha=alpha)
    enough = found.delta.bound > lead
    bits = suite.metric == BITS
    kind = "bits per byte" if bits else "right"
    at = f"{found.candidate:.3f}" if bits else f"{found.candidate:.1f}%"
    trivially = f"{found.reference:.3f}" if bits else f"{found.reference:.1f}%"
    reason = (
        f"the base ({at} {kind}) is not shown to be better than a trivial predictor ({trivially}) by more than twice "
        f"the margin: the suite could not have failed"
    )
    return {
        "sensitive": bool(enough), "reason": "" if enough else reason, "base": _known(found.candidate),
        "trivial": _known(found.reference), "bound": _known(found.delta.bound),
    }  # fmt: skip


def _known(x: float) -> float | None:
    return x if math.isfinite(x) else None


def _guard_items(found: Difference, margin: float, alpha: float) -> int | None:
    """Items that would settle this suite with 90% power.

    A loss that the interval does not tell from none is taken as none; one that it does is taken as it is.
    """
    n = found.delta.n
    flips = found.spread
    if found.binary:  # a few flips on few items say little: then no fewer than the forecast assumes
        flips = max((flips * n + 2) / (n + 4), FLIPS if n < _FEW else 0.0)
    shown = found.delta.high < 0
    loss = min(0.0, found.delta.estimate) / 100 if shown else 0.0
    beyond = loss <= -margin / 100  # then show the loss itself
    difference, asked = (-loss, 0.0) if beyond else (loss, margin / 100)
    needed = items_needed(
        flips=flips, difference=difference, margin=asked, alpha=alpha, power=_POWER, binary=found.binary,
        design=found.design,
    )  # fmt: skip
    return _capped(needed)


def _capped(n: int | None) -> int | None:
    return n if n is not None and n <= _MOST_ITEMS else None


def _too_many_unscored(pairs: Pairs) -> str:
    if pairs.total == 0:
        return "no items"
    if pairs.unscored > MOST_UNSCORED * pairs.total:
        return f"{pairs.unscored:,} of {pairs.total:,} items have no score on one side"
    return ""


def _test(found: Difference, pairs: Pairs) -> str:
    told = found.delta.method
    if found.binary:
        told += f"; {found.better:,} gained, {found.worse:,} lost"
    if pairs.unscored:
        told += f"; {pairs.unscored:,} not scored"
    return told + ("; cross-template" if pairs.cross_template else "")


def _points(unit: str) -> str:
    return "points" if unit == "%" else "percent"
