"""Recipes of several stages: planned as a whole, and run one after the other, each as an ordinary run.

A stage that was done, and of which nothing has changed, is not run again: its run stands. What a stage makes is handed
to those after it by the id of its artifact, so that keys, lineage and ``luthier why`` see nothing new.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import ExitCode
from luthier.pipeline import stages
from luthier.pipeline.inherit import inherited
from luthier.pipeline.job import Job, ProgressLike
from luthier.pipeline.plan import Plan, Rate, plan_recipe
from luthier.pipeline.run import run_recipe
from luthier.recipe import LoadedChain, LoadedRecipe, Stage
from luthier.records import Verdict
from luthier.store.run import code_version

if TYPE_CHECKING:
    from luthier.score.reward import Reward
    from luthier.store import Artifact, Run, Store
    from luthier.train.devices import Card


# ---- what is there already


def known(job: Job) -> dict[str, Artifact]:
    """What the store has of a job's stages, by kind, as far as it has it without a gap: dataset, training, adapter and
    model, ledger. Nothing is made."""
    found: dict[str, Artifact] = {}
    data = job.store.find(job.data_key, "dataset")
    if data is None:
        return found
    found["dataset"] = data
    key = job.train_key(data.digest)
    trained = job.store.find(key, "training")
    if trained is None:
        return found
    found["training"] = trained
    wanted = stages.kinds_wanted(job)
    shipped = {kind: a for kind in wanted if (a := job.store.find(job.export_key(key), kind)) is not None}
    if len(shipped) < len(wanted):
        return found
    found |= shipped
    candidate = shipped.get("model") or shipped["adapter"]
    earlier = inherited(job, stages.sides_of(data))
    ledger = job.store.find(stages.ledger_key(job, data, candidate, earlier), "ledger")
    return found if ledger is None else {**found, "ledger": ledger}


def _done(job: Job, found: dict[str, Artifact]) -> Run | None:
    """The newest run that ended with exactly this, by the code as it is."""
    if "ledger" not in found:
        return None
    dump = json.loads(json.dumps(job.recipe.model_dump(mode="json")))
    ids = {artifact.id for artifact in found.values()}
    for run in sorted(job.store.runs(), key=lambda r: r.started, reverse=True):
        made = {name for names in run.made.values() for name in names}
        same = run.name == job.recipe.name and run.status == "done" and dict(run.recipe) == dump
        if same and ids <= made and "verdict" in run.facts and run.code == code_version() and _report(run).is_file():
            return run
    return None


def _report(run: Run) -> Path:
    return run.dir / str(run.facts.get("report", "report.html"))


def _named(made: dict[str, dict[str, Artifact]], key: str, stage: str) -> str:
    """What is written at a key for the model that a stage made."""
    artifacts = made[stage]
    if key == "model.base":
        return str(artifacts["model"].path)
    return artifacts["adapter"].id if "adapter" in artifacts else artifacts["model"].id


# ---- plan


class _Ahead(Job):
    """A stage whose models are yet to be made: its rows and steps can be counted, and the store knows none of it."""

    @cached_property
    def start(self) -> tuple[Path, str] | None:
        return None

    @cached_property
    def rewards(self) -> list[Reward]:
        return []

    def train_key(self, dataset_digest: str) -> str:
        return "ahead"

    def export_key(self, train_key: str) -> str:
        return "ahead"


@dataclass(frozen=True)
class StagePlan:
    """What one stage would do. ``waits`` names the stages whose models it needs and that have none yet; ``done`` the
    run that stands in its place."""

    name: str
    plan: Plan
    waits: tuple[str, ...]
    done: str | None

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"stage": self.name, "waits_for": list(self.waits), "done": self.done, **self.plan.to_dict()}


@dataclass(frozen=True)
class ChainPlan:
    """What all stages would do."""

    name: str
    stages: tuple[StagePlan, ...]

    @property
    def minutes(self) -> float:
        """Training that is left to do, all stages together."""
        left = (s for s in self.stages if s.done is None and not dict(s.plan.stages)["train"].startswith("cached"))
        return sum(float(s.plan.facts["minutes"]) for s in left)

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"chain": self.name, "stages": [s.to_dict() for s in self.stages], "minutes": self.minutes}

    def render(self) -> str:
        """The page for a terminal."""
        out = []
        for number, one in enumerate(self.stages, 1):
            state = f"done: {one.done}" if one.done else f"after {', '.join(one.waits)}" if one.waits else "next"
            out += [f"stage {number} of {len(self.stages)}   {one.name}   {state}", "", one.plan.render(), ""]
        left = f"{self.minutes:,.1f} min of training left" if self.minutes else "nothing is left to train"
        return "\n".join([*out, f"{len(self.stages)} stages; {left}"])


def plan_chain(
    chain: LoadedChain, store: Store, *, card: Card | None = None, rate: Rate | None = None, probe: bool = False
) -> ChainPlan:
    """Work every stage out; run nothing. See :func:`luthier.pipeline.plan.plan_recipe` for the arguments.

    Raises:
        LuthierError: a stage could not run.
    """
    made: dict[str, dict[str, Artifact]] = {}
    out = []
    for stage in chain.stages:
        waits = tuple(dict.fromkeys(name for name in stage.uses.values() if name not in made))
        loaded = stage.loaded if waits else stage.given(lambda key, name: _named(made, key, name))
        run = None
        if not waits:
            job = Job(loaded, store)
            found = known(job)
            run = _done(job, found)
            if found.keys() & {"adapter", "model"}:
                made[stage.name] = found
        plan = plan_recipe(
            loaded, store, card=card, rate=rate, probe=probe and not waits, job_of=_Ahead if waits else Job
        )
        out.append(StagePlan(stage.name, plan, waits, None if run is None else run.id))
    return ChainPlan(chain.name, tuple(out))


# ---- run


@dataclass(frozen=True)
class StageOutcome:
    """What a stage came to. ``reused``: its run was there, and nothing was done."""

    name: str
    run: Run
    verdict: Verdict
    artifacts: dict[str, str]
    reused: bool

    @property
    def seconds(self) -> float:
        """As measured when it was done, all its parts together."""
        return float(sum((self.run.facts.get("seconds") or {}).values()))

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "stage": self.name, "run": self.run.id, "verdict": self.verdict.to_dict(), "report": str(_report(self.run)),
            "model": str(self.run.facts.get("model") or self.run.id), "artifacts": self.artifacts,
            "seconds": self.run.facts.get("seconds") or {}, "folder": str(self.run.dir), "reused": self.reused,
        }  # fmt: skip


@dataclass(frozen=True)
class ChainOutcome:
    """What the stages came to, as far as they were run. ``stopped`` is the stage that the gate rejected and after
    which no other was begun."""

    name: str
    stages: tuple[StageOutcome, ...]
    left: tuple[str, ...]
    stopped: str | None

    @property
    def exit_code(self) -> ExitCode:
        """That of the last stage that was run: the others serve it."""
        return self.stages[-1].verdict.kind.exit_code

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "chain": self.name, "stages": [one.to_dict() for one in self.stages], "left": list(self.left),
            "stopped": self.stopped, "verdict": self.stages[-1].verdict.to_dict(),
            "model": self.stages[-1].to_dict()["model"],
        }  # fmt: skip


def run_chain(chain: LoadedChain, store: Store, progress: ProgressLike | None = None) -> ChainOutcome:
    """Run the stages that are not done yet, in their order.

    Raises:
        LuthierError: what stopped one of them; those before it stand, and the same command goes on there.
    """
    made: dict[str, dict[str, Artifact]] = {}
    out: list[StageOutcome] = []
    for number, stage in enumerate(chain.stages):
        loaded = stage.given(lambda key, name: _named(made, key, name))
        if progress is not None:
            progress.line("stage", f"{number + 1} of {len(chain.stages)} · {stage.name}")
        out.append(_run_stage(stage, loaded, store, progress))
        made[stage.name] = {kind: store.get(name) for kind, name in out[-1].artifacts.items()}
        rest = tuple(one.name for one in chain.stages[number + 1 :])
        if rest and stage.on_reject == "stop" and out[-1].verdict.kind.exit_code == ExitCode.REJECT:
            return ChainOutcome(chain.name, tuple(out), rest, stage.name)
    return ChainOutcome(chain.name, tuple(out), (), None)


def _run_stage(stage: Stage, loaded: LoadedRecipe, store: Store, progress: ProgressLike | None) -> StageOutcome:
    job = Job(loaded, store)
    found = known(job)
    run = _done(job, found)
    if run is None:
        done = run_recipe(loaded, store, progress)
        return StageOutcome(stage.name, done.run, done.verdict, done.artifacts, False)
    verdict = Verdict.from_dict(json.loads((run.dir / "verdict.json").read_text(encoding="utf-8")))
    if progress is not None:
        progress.line("done", f"{run.id} · {verdict.kind.value} · nothing has changed since")
    kinds = ("adapter", "model", "dataset", "ledger")
    return StageOutcome(stage.name, run, verdict, {k: a.id for k, a in found.items() if k in kinds}, True)


def table(outcome: ChainOutcome) -> tuple[list[list[str]], Sequence[str]]:
    """(rows, heads): a stage a row."""
    from luthier.pipeline.runs import target_of
    from luthier.report.figures import delta_unit, digits_for, duration, interval, signed

    rows = []
    for one in outcome.stages:
        r = target_of(one.verdict)
        gain = "–"
        if r is not None:
            digits = digits_for([r.delta, r.low, r.high])
            gain = f"{r.metric} {signed(r.delta, digits)} {interval(r.low, r.high, digits)} {delta_unit(r.unit)}"
        took = duration(one.seconds) if one.seconds else "–"
        rows.append([one.name, one.verdict.kind.value, gain, took, one.run.id + (" (stands)" if one.reused else "")])
    rows += [[name, "not begun", "–", "–", "–"] for name in outcome.left]
    return rows, ("stage", "verdict", "gain", "time", "run")
