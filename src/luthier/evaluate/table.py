"""What a report shows of a ledger: every system with its values, n and 95% intervals; examples side by side.

For reading: the intervals are of single systems; the paired ones that decide are in the verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from luthier.evaluate.compare import interval_of
from luthier.evaluate.ledger import TEST, Ledger, Row
from luthier.evaluate.systems import BASE, TUNED
from luthier.recipe.evaluate import EvaluateSpec
from luthier.score import Measure, build
from luthier.stats import confusion, wilson

Status = Literal["fixed", "broken", "right", "wrong", "better", "worse", "same"]


def table(ledger: Ledger) -> dict[str, Any]:
    """Systems by metric on the test rows, as JSON.

    ``{"metrics": [{"key", "title", "unit", "role", "note"}], "systems": [{"name", "title", "note", "prompt_tokens",
    "completion_tokens", "seconds", "values": {key: {"value", "low", "high", "n", "not_scored", "fields"}}}],
    "not_available": {name: reason}, "confusion": {title: {system: {"labels", "counts"}}}}``. ``fields`` holds per-field
    accuracies of a JSON answer; ``confusion`` counts of true class (rows) by said class (columns, the last of them
    answers that are no class) of the base and the tuned model.
    """
    spec = EvaluateSpec.model_validate(ledger.facts["spec"])
    measures = [(build(m), role) for role, ms in (("target", spec.target), ("also", spec.also)) for m in ms]
    seconds = ledger.facts.get("seconds", {})
    systems = []
    for name in ledger.systems(TEST):
        told = ledger.facts.get("systems", {}).get(name, {})
        systems.append(
            {
                "name": name,
                "title": told.get("title", name),
                "note": told.get("note", ""),
                "prompt_tokens": told.get("prompt_tokens"),
                "completion_tokens": told.get("completion_tokens"),
                "seconds": seconds.get(name),
                "values": {m.key: _value(_rows(ledger, m, name), m) for m, _ in measures},
            }
        )
    return {
        "metrics": [
            {"key": m.key, "title": m.title, "unit": m.unit, "role": role, "note": m.note} for m, role in measures
        ],
        "systems": systems,
        "not_available": dict(ledger.facts.get("not_available", {})),
        "confusion": _confusions(ledger, [m for m, _ in measures]),
    }


def _confusions(ledger: Ledger, measures: Sequence[Measure]) -> dict[str, Any]:
    """Counts of what was said where, once for each classification, however many metrics sum it up."""
    out: dict[str, Any] = {}
    for measure in measures:
        if measure.classes is None:
            continue
        made = {}
        for name in (BASE, TUNED):
            rows = [r for r in ledger.of(TEST, name).values() if r.answer is not None]
            rows = [r for r in rows if r.value(measure.key) is not None]
            if rows:
                truth, said, kinds = measure.codes([(r.reference or "", r.answer or "") for r in rows])
                made[name] = {"labels": kinds, "counts": confusion(truth, said, len(kinds)).tolist()}
        what = measure.key.partition("(")[2].partition(",")[0] if measure.key.startswith("json_field") else "label"
        if made:
            out.setdefault(what, made)
    return out


def text_table(ledger: Ledger) -> list[str]:
    """The same as lines of text: one system a line, then what was not available."""
    made = table(ledger)
    width = max((len(s["title"]) for s in made["systems"]), default=0)
    lines: list[str] = []
    for metric in made["metrics"]:
        note = f"  {metric['note']}" if metric["note"] else ""
        lines.append(metric["title"] + ("" if metric["role"] == "target" else "  (shown, decides nothing)") + note)
        sign = "%" if metric["unit"] == "%" else f" {metric['unit']}"
        for system in made["systems"]:
            v = system["values"][metric["key"]]
            if not v["n"]:
                lines.append(f"  {system['title']:<{width}}  not scored")
                continue
            extra = f"  {v['not_scored']} not scored" if v["not_scored"] else ""
            around = f"[{v['low']:.1f}, {v['high']:.1f}]  n={v['n']}{extra}"
            lines.append(f"  {system['title']:<{width}}  {v['value']:5.1f}{sign}  {around}")
    lines += [f"{name}: not available, {reason}" for name, reason in made["not_available"].items()]
    return lines


def contrast(ledger: Ledger, *, metric: str | None = None, reference: str = BASE) -> list[dict[str, Any]]:
    """Test items side by side: ``{"id", "item", "status", "reference", "answers": {system: text}, "reasons": …}``.

    ``status`` compares the tuned model with ``reference`` on the first target (or ``metric``): fixed, broken, right,
    wrong for 0/1 scores, else better, worse, same. The question is found in the data set by ``id``.
    """
    spec = EvaluateSpec.model_validate(ledger.facts.get("spec") or {})
    measures = {m.key: m for m in map(build, (*spec.target, *spec.also))}
    metric = metric or build(spec.target[0]).key
    known = measures.get(metric)
    sign = -1 if known is not None and known.lower else 1
    suite = TEST if known is None else known.suite or TEST
    systems = ledger.systems(TEST)
    by_system = {name: ledger.of(TEST, name) for name in systems}
    left, right = by_system.get(reference, {}), by_system.get(TUNED, {})
    scored = by_system if suite == TEST else {name: ledger.of(suite, name) for name in systems}
    before, after = scored.get(reference, {}), scored.get(TUNED, {})
    out = []
    for item in sorted(left.keys() & right.keys() & before.keys() & after.keys()):
        rows = {name: by_system[name][item] for name in systems if item in by_system[name]}
        out.append(
            {
                "id": right[item].id,
                "item": item,
                "status": _status(before[item].value(metric), after[item].value(metric), sign),
                "reference": right[item].reference,
                "answers": {name: row.answer for name, row in rows.items()},
                "reasons": {
                    name: found[item].scores[metric].reason
                    for name, found in scored.items() if item in found and metric in found[item].scores
                },
            }
        )
    return out


def _rows(ledger: Ledger, measure: Measure, system: str) -> list[Row]:
    return list(ledger.of(measure.suite or TEST, system).values())


def _value(rows: list[Row], measure: Measure) -> dict[str, Any]:
    scored = [r for r in rows if r.value(measure.key) is not None]
    found = interval_of(scored, measure.key, measure=measure)
    parts = [r.scores[measure.key].parts for r in scored]
    names = sorted({name for p in parts for name in p if name.startswith("field.")})
    fields: dict[str, Any] = {}
    for name in names:
        held = [p[name] for p in parts if name in p]
        share = wilson(sum(held), len(held)).scaled(100)
        fields[name.removeprefix("field.")] = {
            "value": share.estimate, "low": share.low, "high": share.high, "n": share.n,
        }  # fmt: skip
    return {
        "value": found.estimate if scored else None,
        "low": found.low if scored else None,
        "high": found.high if scored else None,
        "n": len(scored),
        "not_scored": len(rows) - len(scored),
        "fields": fields,
    }


def _status(before: float | None, after: float | None, sign: int = 1) -> Status | None:
    """``sign`` -1: less is better."""
    if before is None or after is None:
        return None
    if sign < 0:
        binary = {before, after} <= {0.0, 1.0}
        before, after = (1 - before, 1 - after) if binary else (-before, -after)
    if {before, after} <= {0.0, 1.0}:
        return {(0.0, 1.0): "fixed", (1.0, 0.0): "broken", (1.0, 1.0): "right", (0.0, 0.0): "wrong"}[(before, after)]  # type: ignore[return-value]
    return "same" if before == after else "better" if after > before else "worse"
