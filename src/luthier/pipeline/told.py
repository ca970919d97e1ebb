"""What a run says about each finished stage: one or two lines of facts, in the user's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from luthier.models.head import THINGS
from luthier.pipeline.stages import TrainInput, read
from luthier.recipe import LoraTuning
from luthier.recipe.train import RewardedMethod
from luthier.records import Verdict

if TYPE_CHECKING:
    from luthier.pipeline.job import Job
    from luthier.store import Artifact
    from luthier.track import Trackers

_QUIET = {"read", "start"}


def data(job: Job, dataset: Artifact) -> None:
    """Rows in, what was lost and why, sides out."""
    report = read(dataset, "report.json")
    rows = report["rows"]
    steps = report.get("steps", [])
    first = f"{steps[0]['left']:,} rows read · {report['shape']['reason']}" if steps else report["shape"]["reason"]
    lost = " · ".join(f"{s['removed']:,} {s['name']}" for s in steps[1:] if s.get("removed"))
    sides = " / ".join(f"{rows.get(side, 0):,} {side}" for side in ("train", "validation", "test"))
    sets = report["contamination"]["sets"]
    leaks = " · ".join(f"{one['name']} {one['verdict']} ({one['counts']['dirty']:,} items dirty)" for one in sets)
    judged = report.get("preferences") or {}
    length = judged.get("warning", "")
    if "pairs" in judged and not length:
        length = f"the better answer is the longer one in {judged['chosen_is_longer']:.0%} of the pairs"
    taken = f"taken out: {lost}" if lost else ""
    lines = (first, taken, f"split: {sides}", length, f"contamination: {leaks}" if leaks else "")
    job.tell("data", "\n".join(line for line in lines if line))


def method(job: Job, given: TrainInput) -> None:
    """What is trained, and the main figures of the plan."""
    sizes, plan = job.sizes, given.plan
    tuning = job.recipe.train.tuning
    how = _variant(tuning) if isinstance(tuning, LoraTuning) else ""
    where = f"{plan.processes} processes" if plan.processes > 1 else f"{job.threads} threads"
    job.tell("base", f"{job.base.name} · {sizes.parameters / 1e6:,.1f}M parameters · {job.device}, {where}")
    job.tell("method", f"{tuning.kind}{how} · {sizes.share:.1%} of parameters trained ({sizes.trainable:,})")
    job.tell(
        "plan",
        f"{plan.steps:,} steps of about {plan.batch_tokens:,} tokens · learning rate {plan.learning_rate:g} · "
        f"{_learned_from(job, given)}   (luthier plan explains each)",
    )


def _learned_from(job: Job, given: TrainInput) -> str:
    if job.makes == "reward":
        return f"{len(given.train):,} pairs, one score an answer"
    if job.makes == "classifier":
        return f"{len(given.train):,} rows, one of {len(job.labels)} labels each"
    trained, everything = given.tokens()
    return f"{trained / max(everything, 1):.0%} of tokens trained"


def _variant(tuning: LoraTuning) -> str:
    """Rank, scale, and what is not plain LoRA."""
    named = {
        " rsLoRA": tuning.rslora, " DoRA": tuning.dora, " PiSSA": tuning.init == "pissa",
        f" LoRA+ ×{tuning.loraplus_lr_ratio:g}": tuning.loraplus_lr_ratio > 1,
        f" and {', '.join(tuning.modules_to_save)} whole": bool(tuning.modules_to_save),
    }  # fmt: skip
    return f" r={tuning.r} α={tuning.alpha:g}" + "".join(name for name, taken in named.items() if taken)


def training(job: Job, trained: Artifact, seconds: float) -> None:
    """Losses and time."""
    meta = trained.meta
    loss = "last weights kept"
    if meta.get("best_loss") is not None and isinstance(job.recipe.train.method, RewardedMethod):
        rose = f"{-meta['first_loss']:.3f} → {-meta['best_loss']:.3f}"
        loss = f"mean reward of the answers to held-out prompts {rose} at step {meta['best_step']}"
    elif meta.get("best_loss") is not None:
        loss = f"validation loss {meta['best_loss']:.3f} at step {meta['best_step']}"
    how = f"{seconds:,.0f} s" if seconds >= 0.5 else "known already, reused"
    by = f" by {meta['backend']}" if "backend" in meta else ""
    stopped = meta.get("stopped", "done")
    early = "" if stopped == "done" else " · stopped early" if stopped == "early" else f" · stopped: {stopped}"
    lines = [f"{meta['steps']:,} steps{by} · {loss}{early} · {how}"]
    if seconds >= 0.5 and (beside := _beside_plan(job)):
        lines.append(beside)
    if meta.get("skipped"):
        rows = ", ".join(meta["skipped"][0]["rows"][:4])
        lines.append(f"{len(meta['skipped'])} steps left out: not a finite number (first: rows {rows})")
    for found in meta.get("diagnosis", ()):
        lines += [f"{found['kind']}: {found['said']}", f"  try: {' · '.join(found['fix'])}"]
    job.tell("train", "\n".join(lines))


def _beside_plan(job: Job) -> str:
    """What training took beside what was expected of it."""
    from luthier.train.memory import size

    assert job.run is not None
    took, expected = job.run.facts.get("training") or {}, job.run.facts.get("forecast") or {}
    said = []
    if took.get("bytes") is not None and expected.get("memory"):
        said.append(f"memory {size(took['bytes'])}, planned {size(expected['memory']['total'])}")
    if took.get("seconds") and expected.get("seconds") and took.get("resumed_at") is None:
        told = f"time {took['seconds']:,.0f} s, planned about {expected['seconds']:,.0f} s"
        if by := took.get("expected"):
            told += f", {by['seconds']:,.0f} s by its first {by['steps']} steps"
        said.append(told)
    return " · ".join(said)


def export(job: Job, shipped: dict[str, Artifact]) -> None:
    """What ships, and that it equals what was trained."""
    of = "" if job.makes == "model" else f" of a {THINGS[job.makes]}"
    for kind, artifact in shipped.items():
        parity = read(artifact, "parity.json")
        what = "merged model" if kind == "model" else kind
        job.tell("export", f"{what}{of} {artifact.id} · {_parity(parity)}")


def _parity(parity: dict[str, object]) -> str:
    return str(parity.get("summary") or ("equal to the trained model" if parity.get("holds") else "NOT equal"))


def trackers(job: Job, found: Trackers) -> None:
    """A tracker that could not take something; each is told once."""
    for name, problem in found.problems().items():
        job.tell("track", f"warning: {name}: {problem}\nthe run goes on; {_later(found)}")


def trackers_end(job: Job, found: Trackers) -> None:
    """Where each tracker shows the run."""
    lines = found.end()
    trackers(job, found)
    if lines:
        job.tell("track", "\n".join(f"{name}: {text}" for name, text in lines.items()))


def _later(found: Trackers) -> str:
    return f"what is left is sent by: luthier runs send {found.run.id}"


def evaluation(job: Job, ledger: Artifact, verdict: Verdict) -> None:
    """How much was measured, and how often this test set was looked at."""
    from luthier.evaluate import read_ledger, told_of_rewards

    uses = verdict.facts.get("test_use_told", "")
    said = [f"{ledger.id} · every answer and score in {ledger.path}" + (f" · {uses}" if uses else "")]
    said += [f"{name} guards: {note}" for name, note in verdict.facts.get("earlier_jobs", {}).items()]
    if job.makes == "reward":
        said += told_of_rewards(read_ledger(ledger).facts.get("rewards", {}))
    job.tell("evaluate", "\n".join(said))
