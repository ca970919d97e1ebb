"""From artifacts to the plain data that a report draws: who answered what, what was lost, what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from luthier.data import report
from luthier.evaluate import contrast, read_ledger, table
from luthier.evaluate.reliability import account
from luthier.records import Example, Verdict
from luthier.report import Figure, Metric, Shown, Stage, Story, System
from luthier.report.figures import duration
from luthier.report.story import Status
from luthier.train.memory import size

if TYPE_CHECKING:
    from luthier.evaluate.frontier import Frontier
    from luthier.pipeline.job import Job
    from luthier.pipeline.stages import TrainInput
    from luthier.store import Artifact

SHOWN = 120
"""Test items that the page carries; those that changed come first."""
_ORDER = {"broken": 0, "worse": 0, "fixed": 1, "better": 1, "wrong": 2, "same": 2, "right": 3}


def tell(
    job: Job, data: Artifact, given: TrainInput, trained: Artifact, shipped: Mapping[str, Artifact], ledger: Artifact,
    verdict: Verdict, frontier: Frontier | None, seconds: Mapping[str, float],
) -> Story:  # fmt: skip
    """Everything that the report of this run shows."""
    from luthier.pipeline.stages import read, sides_of

    assert job.run is not None
    rows = read_ledger(ledger)
    figures = table(rows)
    history = read(trained, "history.json")
    parity = {kind: read(artifact, "parity.json") for kind, artifact in shipped.items()}
    return Story(
        name=job.recipe.name,
        run=job.run.id,
        finished=job.run.finished or _now(),
        verdict=verdict,
        systems=_systems(figures),
        metrics=_metrics(figures),
        data=report(data),
        training=history,
        speed=[(m["step"], m["tokens_per_s"]) for m in job.run.metrics() if "tokens_per_s" in m],
        plan=_planned(given, job.run.facts),
        measured=_measured(job.run.facts),
        confusion=figures["confusion"],
        examples=_shown(contrast(rows), sides_of(data)["test"]),
        parity=parity,
        rewards=rows.facts.get("rewards"),
        frontier=None if frontier is None else frontier.to_dict(),
        judges=[account(rows, m, alpha=job.recipe.evaluate.alpha) for m in dict.fromkeys(job.recipe.evaluate.judges)],
        stages=[
            Stage(name, seconds.get(name))
            for name in ("data", "train", "export", "evaluate", *(["scales"] if frontier is not None else []))
        ],
        lineage=job.store.lineage(ledger.id).render(),
        environment={**job.run.environment, "device": job.device, "threads": job.threads},
        recipe=(job.run.dir / "recipe.yaml").read_text(encoding="utf-8"),
        command=f"luthier run runs/{job.run.id}/recipe.yaml",
        notes=_notes(job, history, given, figures),
    )


def _planned(given: TrainInput, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The plan, and among its values what it was expected to take."""
    plan = given.plan.to_dict()
    expected = facts.get("forecast")
    if expected is None:  # the training was known already: nothing was expected of it in this run
        return plan
    taken = {"seconds": {"value": duration(expected["seconds"]), "reason": expected["basis"], "origin": "planner"}}
    if expected["memory"] is not None:
        parts = " · ".join(f"{name} {size(b)}" for name, b in expected["memory"].items() if b and name != "total")
        taken["memory"] = {"value": size(expected["memory"]["total"]), "reason": parts, "origin": "planner"}
    return {**plan, "decided": {**plan["decided"], **taken}}


def _measured(facts: Mapping[str, Any]) -> dict[str, str]:
    """What the training took, by the names of the plan's values."""
    took = facts.get("training") or {}
    found = {}
    if took.get("seconds") is not None and took.get("resumed_at") is None:
        found["seconds"] = duration(took["seconds"])
    if took.get("bytes") is not None:
        found["memory"] = size(took["bytes"])
    return found


def _systems(figures: Mapping[str, Any]) -> list[System]:
    return [
        System(s["name"], s["title"], s.get("note") or "", s.get("prompt_tokens"), ships=s["name"] == "tuned")
        for s in figures["systems"]
    ]


def _metrics(figures: Mapping[str, Any]) -> list[Metric]:
    out = []
    for metric in figures["metrics"]:
        values = {s["name"]: s["values"][metric["key"]] for s in figures["systems"]}
        drawn = {name: Figure(v["value"], v["low"], v["high"], v["n"]) for name, v in values.items()}
        decides = metric["role"] == "target"
        out.append(
            Metric(metric["title"], drawn, metric["unit"], decides=decides, key=metric["key"], note=metric["note"])
        )
    return out


def _shown(items: Sequence[Mapping[str, Any]], test: Sequence[Example]) -> list[Shown]:
    by_id = {e.id: e for e in test}
    shown = []
    for item in items:
        example = by_id.get(item["id"])
        if item["status"] is None:  # not scored on one side: nothing to compare
            continue
        shown.append(
            Shown(
                id=item["id"],
                question=example.asked if example else "",
                reference=item["reference"] or "",
                answers={name: text for name, text in item["answers"].items() if text is not None},
                status=cast(Status, item["status"]),
                origin=str(example.origin or "") if example else "",
                why=item["reasons"].get("tuned", ""),
            )
        )
    return sorted(shown, key=lambda s: (_ORDER[s.status], s.id))[:SHOWN]


def _notes(job: Job, history: Mapping[str, Any], given: TrainInput, figures: Mapping[str, Any]) -> dict[str, str]:
    notes = {
        "base": f"{job.base.name}, {job.sizes.parameters:,} parameters",
        "trained": f"{history['trainable']:,} parameters ({history['share']:.2%}), {history['tokens']:,} tokens",
    }
    if "backend" in history:
        notes["steps"] = f"made by {history['backend']}, not by Luthier's own loop"
    if job.makes == "model":  # a score has no tokens
        trained, everything = given.tokens()
        notes["tokens with a loss"] = f"{trained / max(everything, 1):.1%} of the rows' tokens"
    notes |= {f"no {name}": reason for name, reason in figures["not_available"].items()}
    return notes


def _now() -> str:
    from luthier.store.run import now

    return now()
