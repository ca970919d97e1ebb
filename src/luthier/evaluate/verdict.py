"""The gate: PROMOTE, REJECT or INCONCLUSIVE from a ledger and a spec, and from nothing else.

The rule, each test one-sided at alpha (0.05 unless the recipe says otherwise), all decided before any answer is seen:

A **target** is *improved* against a baseline if its lower bound is above 0. It is *worse* if its upper bound lies below
``USEFUL`` (2 points): a gain worth having is excluded. Otherwise it is *undecided*.
A **regression suite** is, in this order:
  *broken* if the loss observed is larger than the margin and a loss of any size is shown (upper bound below 0);
  *insensitive* if the base is not shown to be above a trivial predictor by more than twice the margin: it could not
  have failed;
  *held* if a loss as large as the margin is excluded (lower bound above -margin); otherwise *undecided*.

PROMOTE if every target is improved against every baseline and every suite held. REJECT if any suite is broken or any
target is worse than some baseline. INCONCLUSIVE otherwise, with the number of items that would decide.

Error rates. All of the tests must pass, so no correction is needed (intersection-union): a model that is no better than
some baseline on some target is promoted with probability at most alpha, whichever baseline looks best, and so is a
model that loses a margin on a suite (0/1 suites: at most 5.8% from 20 items up, see ``luthier.stats.paired``). A model
whose true gain is ``USEFUL`` or more is called worse with probability at most alpha per baseline; a suite without loss
is called broken with probability at most alpha, in practice far below, since the loss must also exceed the margin.

Not scored is not zero: such items leave the pairs, and more than ``MOST_UNSCORED`` of them leave a line undecided.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from luthier.errors import UsageError, did_you_mean
from luthier.evaluate.compare import Difference, compare, slices
from luthier.evaluate.forecast import FLIPS, TARGET_FLIPS
from luthier.evaluate.ledger import TEST, Ledger, Pairs, pair
from luthier.evaluate.regression import BITS, MARGIN, TRIVIAL
from luthier.evaluate.systems import BASE, FEW_SHOT, TUNED, WORDS
from luthier.recipe.evaluate import EvaluateSpec, MetricSpec
from luthier.records import SuiteResult, Verdict, VerdictKind
from luthier.score import build
from luthier.stats import items_needed

USEFUL = 2.0
"""Points: a gain below this is not worth a model of one's own."""
MOST_UNSCORED = 0.05
"""Share of items without a score above which a line decides nothing."""
MOST_USES = 10
"""Uses of one test set after which fresh items are asked for."""
REMEDIES = ("train.tuning: lora", "data.replay.share: 25%", "a lower train.learning_rate", "fewer epochs")
"""Against a broken suite, when nothing is known of the training."""
_POWER = 0.9
"""Power at which an undecided line names the items it needs."""
_FEW = 200
"""Items below which the share of flips is not yet known."""
_MOST_ITEMS = 2_000_000
"""A larger need is as good as never."""


def gate(
    ledger: Ledger, spec: EvaluateSpec | None = None, *, against: Sequence[str] = (), test_use: int | None = None,
    remedies: Sequence[str] = REMEDIES,
) -> Verdict:  # fmt: skip
    """The verdict on the system ``tuned`` of a ledger.

    Args:
        ledger: all rows; their order decides nothing.
        spec: targets, suites, margins, alpha; left out (or without a target), the one the ledger was made with.
        against: baselines to beat; left out, every one in the ledger.
        test_use: how often this test set has been read by a gate, this time included.
        remedies: what the training that made the candidate could still change against forgetting.

    Raises:
        UsageError: ``against`` names a system that the ledger does not hold.
        LuthierError: the systems of one lineage were not asked alike.
    """
    made_with = EvaluateSpec.model_validate(ledger.facts["spec"]) if ledger.facts.get("spec") else EvaluateSpec()
    spec = spec or made_with
    targets = spec.target or made_with.target
    also = spec.also or (() if spec.target else made_with.also)
    baselines = [s for s in ledger.systems(TEST) if s != TUNED]
    for name in against:
        if name not in baselines:
            fix = did_you_mean(name, baselines)
            raise UsageError(f"the ledger has no baseline {name!r}", where="--against", fix=fix)
    baselines = [s for s in baselines if not against or s in against]
    beside = [s for s in baselines if s in ledger.facts.get("beside", ()) and s not in against]
    baselines = [s for s in baselines if s not in beside]
    titles = {name: s.get("title", name) for name, s in ledger.facts.get("systems", {}).items()}
    target_lines: list[SuiteResult] = []
    shown: list[SuiteResult] = []
    crossed: set[str] = set()
    if ledger.of(TEST, TUNED):
        for metric in targets:
            target_lines += _target(ledger, metric, baselines, titles, spec.alpha, crossed)
        shown = [
            line for metric in also
            for line in _target(ledger, metric, baselines, titles, spec.alpha, set(), decides=False)[:1]
        ]  # fmt: skip
        for metric in targets:
            shown += _target(ledger, metric, beside, titles, spec.alpha, set(), decides=False)
    suites = {s.suite: s.margin for s in spec.regression}
    guarded = [_guard(ledger, name, margin, spec.alpha, crossed) for name, margin in suites.items()]
    guard_lines = [line for line, _ in guarded]
    kind, reason = _decide(targets, target_lines, guard_lines, crossed)
    facts = _facts(ledger, spec, baselines, target_lines, crossed, test_use)
    facts["margins"] = {line.suite: line.margin for line in guard_lines}
    facts["chance"] = {line.suite: sensitivity for line, sensitivity in guarded}
    advice = _advice(ledger, remedies, target_lines, guard_lines, titles, crossed, test_use)
    return Verdict(kind, reason, (*target_lines, *shown, *guard_lines), tuple(advice), facts)


def _target(
    ledger: Ledger, metric: MetricSpec, baselines: Sequence[str], titles: Mapping[str, str], alpha: float,
    crossed: set[str], *, decides: bool = True,
) -> list[SuiteResult]:  # fmt: skip
    """One line per baseline, the best baseline first."""
    measure = build(metric)
    lines: list[tuple[float, SuiteResult]] = []
    for name in baselines:
        pairs = pair(ledger, TEST, name, TUNED, [measure.key], same_prompt=name == BASE)
        if pairs.cross_template and decides:
            crossed.add(TEST)
        found = compare(pairs, measure.key, alpha=alpha, measure=measure)
        lower, upper = found.exact[0], found.delta.ceiling
        status = "improved" if lower > 0 else "worse" if upper < USEFUL else "undecided"
        unscored = _too_many_unscored(pairs)
        if unscored:
            status = "undecided"
        needed = None
        if status == "undecided" and not unscored:
            needed = _target_items(found, alpha)
        title = titles.get(name, name)
        result = SuiteResult(
            suite=TEST, role="target", metric=measure.key, unit=measure.unit, n=len(pairs.rows), reference_name=name,
            reference=found.reference, candidate=found.candidate, delta=found.delta.estimate, low=found.delta.low,
            high=found.delta.high, bound=lower, margin=0.0, alpha=alpha, status=status if decides else "described",
            reason=unscored or _target_reason(measure.title, status, title, found, len(pairs.rows), upper),
            n_needed=needed if decides else None, test=_test(found, pairs),
            slices=slices(pairs, measure.key),
        )  # fmt: skip
        lines.append((found.reference, result))
    lines.sort(key=lambda entry: (-entry[0] if not math.isnan(entry[0]) else math.inf, entry[1].reference_name))
    return [result for _, result in lines]


def _target_items(found: Difference, alpha: float) -> int | None:
    """Items that would show the gain seen here (at least a useful one) with 90% power."""
    gain = max(found.delta.estimate, USEFUL) / 100
    n = found.delta.n
    spread = max((found.spread * n + 2) / (n + 4), gain) if n else TARGET_FLIPS
    return _capped(items_needed(flips=spread, difference=gain, alpha=alpha, power=_POWER))


def _target_reason(title: str, status: str, against: str, found: Difference, n: int, upper: float) -> str:
    gain = f"{found.delta.estimate:+.1f} points over {against} on {n:,} items"
    if status == "improved":
        return f"{title}: {gain}"
    if status == "worse":
        return f"{title}: {gain}; a gain of {USEFUL:g} points or more is excluded (at most {upper:+.1f})"
    return f"{title}: {gain}, which neither shows a gain nor excludes one"


def _guard(
    ledger: Ledger, suite: str, margin: float | None, alpha: float, crossed: set[str]
) -> tuple[SuiteResult, dict[str, Any]]:
    """One regression suite, the tuned model against the base; and whether the suite could have failed."""
    known = ledger.facts.get("suites", {}).get(suite, {})
    metric = str(known.get("metric") or _metric_of(ledger, suite))
    unit = "bits/byte" if metric == BITS else "%"
    margin = margin if margin is not None else MARGIN["text" if metric == BITS else "exact"]
    pairs = pair(ledger, suite, BASE, TUNED, [metric], same_prompt=True)
    if pairs.cross_template:
        crossed.add(suite)
    found = compare(pairs, metric, alpha=alpha)
    delta, n = found.delta, len(pairs.rows)
    sensitive = _sensitivity(ledger, suite, metric, margin, alpha)
    unscored = _too_many_unscored(pairs)
    needed: int | None = None
    if unscored:
        status, reason = "undecided", unscored
    elif delta.estimate < -margin and found.exact[1] < 0:
        status, reason = "broken", f"lost {-delta.estimate:.1f} {_points(unit)}, margin {margin:g}"
    elif not sensitive["sensitive"]:
        status, reason = "insensitive", str(sensitive["reason"])
    elif delta.bound > -margin:
        status, reason = "held", f"a loss of {margin:g} {_points(unit)} is excluded"
    else:
        status = "undecided"
        needed = _guard_items(found, margin, alpha)
        reason = f"{n:,} items cannot exclude a loss of {margin:g} {_points(unit)}"
    line = SuiteResult(
        suite=suite, role="regression", metric=metric, unit=unit, n=n, reference_name=BASE, reference=found.reference,
        candidate=found.candidate, delta=delta.estimate, low=delta.low, high=delta.high, bound=delta.bound,
        margin=margin, alpha=alpha, status=status, reason=reason, n_needed=needed, test=_test(found, pairs),
        slices=slices(pairs, metric),
    )  # fmt: skip
    return line, sensitive


def _metric_of(ledger: Ledger, suite: str) -> str:
    return next((key for r in ledger.rows if r.suite == suite for key in r.scores), "exact")


def _sensitivity(ledger: Ledger, suite: str, metric: str, margin: float, alpha: float) -> dict[str, Any]:
    """Could this suite have failed? The base must be above the trivial predictor by more than twice the margin."""
    if not ledger.of(suite, TRIVIAL):
        reason = "nothing is known of what a trivial predictor scores here"
        return {"sensitive": False, "reason": reason}
    pairs = pair(ledger, suite, TRIVIAL, BASE, [metric], same_prompt=False)
    found = compare(pairs, metric, alpha=alpha)
    enough = found.delta.bound > 2 * margin
    kind = "bits per byte" if metric == BITS else "right"
    at = f"{found.candidate:.3f}" if metric == BITS else f"{found.candidate:.1f}%"
    trivially = f"{found.reference:.3f}" if metric == BITS else f"{found.reference:.1f}%"
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
    if found.better >= 0:  # a few flips on few items say little: then no fewer than the forecast assumes
        flips = max((flips * n + 2) / (n + 4), FLIPS if n < _FEW else 0.0)
    shown = found.delta.high < 0
    loss = min(0.0, found.delta.estimate) / 100 if shown else 0.0
    if loss <= -margin / 100:  # beyond the margin: show the loss itself
        return _capped(items_needed(flips=flips, difference=-loss, alpha=alpha, power=_POWER))
    return _capped(items_needed(flips=flips, difference=loss, margin=margin / 100, alpha=alpha, power=_POWER))


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
    if found.better >= 0:
        told += f"; {found.better:,} gained, {found.worse:,} lost"
    if pairs.unscored:
        told += f"; {pairs.unscored:,} not scored"
    return told + ("; cross-template" if pairs.cross_template else "")


def _points(unit: str) -> str:
    return "points" if unit == "%" else "percent"


def _decide(
    targets: Sequence[MetricSpec], target_lines: Sequence[SuiteResult], guards: Sequence[SuiteResult], crossed: set[str]
) -> tuple[VerdictKind, str]:
    broken = [g for g in guards if g.status == "broken"]
    worse = [t for t in target_lines if t.status == "worse"]
    if broken or worse:
        told = [f"{g.suite} broke: {g.reason}" for g in broken]
        told += [t.reason for t in worse[:1]]
        return VerdictKind.REJECT, "; ".join(told)
    if not targets or not target_lines:
        missing = "no baseline was run on the test rows" if targets else "no target"
        return VerdictKind.INCONCLUSIVE, f"nothing shows a gain: {missing}"
    open_lines = [t for t in target_lines if t.status != "improved"] + [g for g in guards if g.status != "held"]
    if open_lines:
        return VerdictKind.INCONCLUSIVE, "; ".join(map(_open, open_lines))
    if crossed:
        where = ", ".join(sorted(crossed))
        return VerdictKind.INCONCLUSIVE, f"base and candidate render prompts differently (cross-template) on {where}"
    held = "every regression suite held" if guards else "no regression suite was asked for"
    return VerdictKind.PROMOTE, f"better than every baseline, and {held}"


def _open(line: SuiteResult) -> str:
    told = line.reason if line.role == "target" else f"{line.suite}: {line.reason}"
    if line.n_needed is not None:
        told += f"; about {line.n_needed:,} items would decide"
    return told


def _advice(
    ledger: Ledger, remedies: Sequence[str], targets: Sequence[SuiteResult], guards: Sequence[SuiteResult],
    titles: Mapping[str, str], crossed: set[str], test_use: int | None,
) -> list[str]:  # fmt: skip
    """Next acts, the most useful first."""
    out: list[str] = []
    systems = ledger.facts.get("systems", {})
    as_good = [t for t in targets if t.status == "worse" or (t.status == "undecided" and t.n and t.delta <= 0)]
    for line in as_good[:1]:
        name = titles.get(line.reference_name, line.reference_name)
        cost, own = (systems.get(s, {}).get("prompt_tokens") or 0 for s in (line.reference_name, TUNED))
        price = f", at {cost:,.0f} prompt tokens a request against {own:,.0f}" if cost and own else ""
        if line.reference_name == WORDS:
            price = ", and needs no language model"
        how = "better" if line.high < 0 else "as good"
        out.append(
            f"Do not fine-tune yet: {name} is {how} ({line.reference:.1f}% against {line.candidate:.1f}%){price}."
        )
    if any(g.status == "broken" for g in guards):
        out.append("try: " + " · ".join(remedies))
    elif as_good:
        out.append("try: more training rows · train.epochs · a larger base")
    for line in (*targets, *guards):
        if line.status == "undecided" and line.n_needed:
            subject, what = (line.metric, "test rows") if line.role == "target" else (line.suite, "items in the suite")
            out.append(f"to decide {subject}: about {line.n_needed:,} {what}")
    for line in guards:
        if line.status == "insensitive":
            fix = "name a suite it is good at: evaluate.regression: ./suite.jsonl"
            out.append(f"{line.suite} cannot guard this base; {fix}")
    if crossed:
        out.append("export with the base's own chat template, so that both are asked with the same token ids")
    if test_use is not None and test_use > MOST_USES:
        out.append(f"this test set was used {test_use} times: collect fresh rows, the choice of models has fitted it")
    return list(dict.fromkeys(out))


def _facts(
    ledger: Ledger, spec: EvaluateSpec, baselines: Sequence[str], targets: Sequence[SuiteResult],
    crossed: set[str], test_use: int | None,
) -> dict[str, Any]:  # fmt: skip
    best = {t.metric: t.reference_name for t in reversed(targets)}
    facts: dict[str, Any] = {
        "alpha": spec.alpha,
        "useful": USEFUL,
        "forecast": ledger.facts.get("forecast", {}),
        "baselines": list(baselines),
        "best_baseline": best,
        "selection": "best by value on the test rows; every baseline is tested, so the choice needs no correction",
        "not_available": dict(ledger.facts.get("not_available", {})),
        "detected": ledger.facts.get("detected"),
        "systems": dict(ledger.facts.get("systems", {})),
        "differences": _differences(ledger, baselines),
        "cross_template": sorted(crossed),
    }
    if test_use is not None:
        facts["test_use"] = test_use
        facts["test_use_told"] = f"{_ordinal(test_use)} use of this test set"
    return facts


def _differences(ledger: Ledger, baselines: Sequence[str]) -> list[str]:
    """What differs between what ships and its baselines besides the model: engine settings and prompts."""
    engines = ledger.facts.get("engines", {})
    digests = {s: next(iter(ledger.of(TEST, s).values())).engine for s in (*baselines, TUNED) if ledger.of(TEST, s)}
    tuned = engines.get(digests.get(TUNED, ""), {})
    base = engines.get(digests.get(BASE, digests.get(FEW_SHOT, "")), {})
    told = [
        f"{key}: base {base.get(key)}, tuned {tuned.get(key)}"
        for key in sorted({*base, *tuned} - {"weights", "adapter"})
        if base and tuned and base.get(key) != tuned.get(key)
    ]
    shots = len(ledger.facts.get("systems", {}).get(FEW_SHOT, {}).get("shots", ()))
    if FEW_SHOT in baselines and shots:
        told.append(f"prompt: {FEW_SHOT} carries {shots} examples")
    return told


def _ordinal(n: int) -> str:
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
