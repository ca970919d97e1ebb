"""The gate: PROMOTE, REJECT or INCONCLUSIVE from a ledger and a spec, and from nothing else.

The rule, each test one-sided at alpha (0.05 unless the recipe says otherwise), all decided before any answer is seen:

A **target** is *improved* against a baseline if its lower bound is above 0. It is *worse* if its upper bound lies below
``USEFUL`` (2 points): a gain worth having is excluded. Otherwise it is *undecided*.
A **regression suite** is, in this order:
  *broken* if the loss observed is larger than the margin and a loss of any size is shown (upper bound below 0);
  *insensitive* if the base is not shown to be above a trivial predictor by more than twice the margin: it could not
  have failed;
  *held* if a loss as large as the margin is excluded (lower bound above -margin); otherwise *undecided*.
A **pool** of suites is one such test over all their items; each suite alone is then held to its floor.
A **limit** (time, length, refusals, format, price of an answer) is *held*, *broken* or *undecided* (``limits``).

PROMOTE if every target (with ``need: any``: one of them) is improved against every baseline and every suite and limit
held. REJECT if any suite or limit is broken or any target is (with ``any``: all are) worse than some baseline.
INCONCLUSIVE otherwise, with the number of items that would decide.

Error rates. All of the tests must pass, so no correction is needed (intersection-union): a model that is no better than
some baseline on some target is promoted with probability at most alpha, whichever baseline looks best, and so is a
model that loses a margin on a suite (0/1 suites: at most 5.8% from 20 items up, see ``luthier.stats.paired``). Where
any target will do, each is tested at Holm's level. A model whose true gain is ``USEFUL`` or more is called worse with
probability at most alpha per baseline; a suite without loss is called broken with probability at most alpha, in
practice far below, since the loss must also exceed the margin. Measured: docs/benchmarks/statistics.md.

A test set wears out: the k-th candidate judged on it has its gain tested at ``stats.spent(alpha, k)``, so that over any
number of candidates a false gain passes with probability at most 2 alpha. Suites keep alpha: they are asked about loss,
and what they would hide is bounded by the margin.

A judge decides only where its agreement with people is shown to be at least its floor; else there is no verdict but a
refusal (``reliability``). Its win rate over the base is corrected by people where they judged enough of these pairs.

Not scored is not zero: such items leave the pairs, and more than ``lines.MOST_UNSCORED`` of them leave a line
undecided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from luthier.errors import UsageError, did_you_mean
from luthier.evaluate.ledger import TEST, Ledger
from luthier.evaluate.limits import limit_lines
from luthier.evaluate.lines import USEFUL, guard_lines, target_lines, target_p
from luthier.evaluate.regression import SAFETY, of_earlier_job
from luthier.evaluate.reliability import kappa_told, refuse_unproven
from luthier.evaluate.systems import BASE, FEW_SHOT, TUNED, WORDS
from luthier.recipe.evaluate import EvaluateSpec, JudgeMetric
from luthier.records import SuiteResult, Verdict, VerdictKind
from luthier.stats import holm_levels, spent

MOST_USES = 10
"""Uses of one test set after which fresh items are asked for."""
REMEDIES = ("train.tuning: lora", "data.replay.share: 25%", "a lower train.learning_rate", "fewer epochs")
"""Against a broken suite, when nothing is known of the training."""
_UNLIKELY = 0.05
"""q of a slice below which it is named."""


def gate(
    ledger: Ledger, spec: EvaluateSpec | None = None, *, against: Sequence[str] = (), test_use: int | None = None,
    remedies: Sequence[str] = REMEDIES,
) -> Verdict:  # fmt: skip
    """The verdict on the system ``tuned`` of a ledger.

    Args:
        ledger: all rows; their order decides nothing.
        spec: targets, suites, margins, alpha; left out (or without a target), the one the ledger was made with. Suites
            of earlier jobs stand in no recipe: they are the ledger's, unless the spec refuses them.
        against: baselines to beat; left out, every one in the ledger.
        test_use: how often this test set has been read by a gate, this time included.
        remedies: what the training that made the candidate could still change against forgetting.

    Raises:
        UsageError: ``against`` names a system that the ledger does not hold.
        LuthierError: the systems of one lineage were not asked alike, or a target is a judge that is not shown to agree
            with people.
    """
    made_with = EvaluateSpec.model_validate(ledger.facts["spec"]) if ledger.facts.get("spec") else EvaluateSpec()
    spec = _with_earlier(spec or made_with, made_with)
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
    level = spent(spec.alpha, test_use or 1)
    levels = dict.fromkeys(targets, level)
    if spec.need == "any" and len(targets) > 1 and baselines:
        each = [target_p(ledger, m, baselines, level) for m in targets]
        levels = dict(zip(targets, holm_levels(each, level), strict=True))
    proven = [m for m in targets if isinstance(m, JudgeMetric)]
    for judge in proven:
        refuse_unproven(ledger, judge, alpha=spec.alpha)
    tested: list[SuiteResult] = []
    shown: list[SuiteResult] = []
    crossed: set[str] = set()
    if ledger.of(TEST, TUNED):
        for metric in targets:
            tested += target_lines(
                ledger, metric, baselines, titles, alpha=spec.alpha, level=levels[metric], crossed=crossed
            )
        for metric in also:
            shown += target_lines(
                ledger, metric, baselines, titles, alpha=spec.alpha, level=spec.alpha, crossed=set(), decides=False
            )[:1]
        for metric in targets:
            shown += target_lines(
                ledger, metric, beside, titles, alpha=spec.alpha, level=spec.alpha, crossed=set(), decides=False
            )
    guards = guard_lines(ledger, spec.regression, spec.alpha, crossed)
    suites = [g.line for g in guards]
    lines = [*suites, *limit_lines(ledger, spec, spec.alpha)]
    kind, reason = _decide(spec.need, tested, lines, crossed, bool(targets))
    facts = _facts(ledger, spec, baselines, tested, crossed, test_use)
    if proven:
        facts["judges"] = {m.key: {"min_kappa": m.min_kappa, **kappa_told(ledger, m.key, spec.alpha)} for m in proven}
    facts["margins"] = {line.suite: line.margin for line in suites}
    facts["limits"] = {line.suite: line.reference for line in lines[len(suites) :]}
    facts["chance"] = {g.line.suite: dict(g.sensitivity) for g in guards}
    advice = _advice(ledger, remedies, tested, lines, titles, crossed, test_use, spec.alpha)
    return Verdict(kind, reason, (*tested, *shown, *lines), tuple(advice), facts)


def _with_earlier(spec: EvaluateSpec, made_with: EvaluateSpec) -> EvaluateSpec:
    named = tuple(s for s in spec.regression if not of_earlier_job(s))
    earlier = tuple(s for s in made_with.regression if of_earlier_job(s)) if spec.inherit else ()
    return spec.model_copy(update={"regression": (*named, *earlier)})


def _decide(
    need: str, targets: Sequence[SuiteResult], guards: Sequence[SuiteResult], crossed: set[str], asked: bool
) -> tuple[VerdictKind, str]:
    by_metric: dict[str, list[SuiteResult]] = {}
    for line in targets:
        by_metric.setdefault(line.metric, []).append(line)
    enough = any if need == "any" else all
    broken = [g for g in guards if g.status == "broken"]
    worse = [t for t in targets if t.status == "worse"]
    hopeless = [any(t.status == "worse" for t in lines) for lines in by_metric.values()]
    lost = bool(hopeless) and (all(hopeless) if need == "any" else any(hopeless))
    if broken or lost:
        told = [f"{g.suite} broke: {g.reason}" for g in broken]
        told += [t.reason for t in worse[:1]] if lost else []
        return VerdictKind.REJECT, "; ".join(told)
    if not targets:
        missing = "no baseline was run on the test rows" if asked else "no target"
        return VerdictKind.INCONCLUSIVE, f"nothing shows a gain: {missing}"
    won = enough(all(t.status == "improved" for t in lines) for lines in by_metric.values())
    open_lines = [] if won else [t for t in targets if t.status != "improved"]
    open_lines += [g for g in guards if g.status not in ("held", "described")]
    if open_lines:
        return VerdictKind.INCONCLUSIVE, "; ".join(map(_open, open_lines))
    if crossed:
        where = ", ".join(sorted(crossed))
        return VerdictKind.INCONCLUSIVE, f"base and candidate render prompts differently (cross-template) on {where}"
    suites = [g for g in guards if g.role == "regression"]
    off = [g for g in suites if g.suite == SAFETY and g.status == "described"]
    held = "every regression suite held" if suites else "no regression suite was asked for"
    if off:
        held = "every other regression suite held" if len(suites) > len(off) else "no suite guards"
        held += f" ({SAFETY} is off)"
    if len(suites) < len(guards):
        plain = bool(suites) and not off
        held = "every regression suite and every limit held" if plain else f"{held}, and every limit held"
    better = [m for m, lines in by_metric.items() if all(t.status == "improved" for t in lines)]
    on = f" on {', '.join(better)}" if len(better) < len(by_metric) else ""
    return VerdictKind.PROMOTE, f"better than every baseline{on}, and {held}"


def _open(line: SuiteResult) -> str:
    told = line.reason if line.role == "target" else f"{line.suite}: {line.reason}"
    if line.n_needed is not None:
        told += f"; about {line.n_needed:,} items would decide"
    return told


def _advice(
    ledger: Ledger, remedies: Sequence[str], targets: Sequence[SuiteResult], guards: Sequence[SuiteResult],
    titles: Mapping[str, str], crossed: set[str], test_use: int | None, alpha: float,
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
    if any(g.status == "broken" and g.role == "regression" for g in guards):
        out.append("try: " + " · ".join(remedies))
    elif as_good:
        out.append("try: more training rows · train.epochs · a larger base")
    for line in (*targets, *guards):
        if line.status == "undecided" and line.n_needed:
            what = "items in the suite" if line.role == "regression" else "test rows"
            subject = line.metric if line.role == "target" else line.suite
            out.append(f"to decide {subject}: about {line.n_needed:,} {what}")
    for line in guards:
        if line.status == "insensitive":
            fix = "name a suite it is good at: evaluate.regression: ./suite.jsonl"
            out.append(f"{line.suite} cannot guard this base; {fix}")
        if line.suite == SAFETY and line.status == "described":
            out.append(f"{SAFETY} is {line.reason}: whether the tuned model refuses harm is not known")
    if crossed:
        out.append("export with the base's own chat template, so that both are asked with the same token ids")
    out += [told for line in guards for told in _slices_lost(line)]
    if test_use is not None and test_use > MOST_USES:
        out.append(f"this test set was used {test_use} times: collect fresh rows, the choice of models has fitted it")
    elif test_use is not None and test_use > 1 and any(t.status == "undecided" for t in targets):
        out.append(
            f"on fresh test rows a gain is tested at {100 * alpha:g}% again; here, as the {_ordinal(test_use)} "
            f"candidate, at {100 * spent(alpha, test_use):.2g}%"
        )
    return list(dict.fromkeys(out))


def _slices_lost(line: SuiteResult) -> list[str]:
    """The slices of a suite that lost more than chance explains, however many slices there are."""
    if line.role != "regression" or line.status == "described":
        return []
    sign = -1.0 if line.unit == "bits/byte" else 1.0
    lost = [
        (name, s) for name, s in line.slices.items()
        if s.get("q", 1.0) <= _UNLIKELY and sign * (s["candidate"] - s["reference"]) < 0
    ]  # fmt: skip
    if not lost or len(line.slices) < 2:
        return []
    told = ", ".join(f"{name} ({s['reference']:.3g} to {s['candidate']:.3g}, q {s['q']:.2g})" for name, s in lost)
    return [f"{line.suite} lost in {told} of {len(line.slices)} slices; slices decide nothing"]


def _facts(
    ledger: Ledger, spec: EvaluateSpec, baselines: Sequence[str], targets: Sequence[SuiteResult],
    crossed: set[str], test_use: int | None,
) -> dict[str, Any]:  # fmt: skip
    best = {t.metric: t.reference_name for t in reversed(targets)}
    facts: dict[str, Any] = {
        "alpha": spec.alpha,
        "need": spec.need,
        "useful": USEFUL,
        "forecast": ledger.facts.get("forecast", {}),
        "baselines": list(baselines),
        "best_baseline": best,
        "levels": {t.metric: t.alpha for t in targets},
        "selection": "best by value on the test rows; every baseline is tested, so the choice needs no correction",
        "not_available": dict(ledger.facts.get("not_available", {})),
        "detected": ledger.facts.get("detected"),
        "systems": dict(ledger.facts.get("systems", {})),
        "differences": _differences(ledger, baselines),
        "cross_template": sorted(crossed),
    }
    notes = {name: s["note"] for name, s in ledger.facts.get("suites", {}).items() if s.get("note")}
    if notes:
        facts["earlier_jobs"] = notes
    if test_use is not None:
        facts["test_use"] = test_use
        told = f"{_ordinal(test_use)} use of this test set"
        if test_use > 1:
            told += f": a gain is tested at {100 * spent(spec.alpha, test_use):.2g}% instead of {100 * spec.alpha:g}%"
        facts["test_use_told"] = told
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
    if FEW_SHOT in baselines and ledger.facts.get("schema") and not ledger.facts["spec"].get("constrain"):
        told.append(f"decoding: {FEW_SHOT} is held to the form of the training answers where its engine can")
    return told


def _ordinal(n: int) -> str:
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
