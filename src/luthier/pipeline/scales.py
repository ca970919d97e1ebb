"""After a verdict that is not PROMOTE: the adapter at part of its strength, and what else could be changed.

Found under its key, or measured and filed as an artifact of kind ``frontier`` (numbers only). Nothing is trained here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from luthier.pipeline import probes
from luthier.pipeline.job import Job
from luthier.pipeline.keys import stage_key
from luthier.pipeline.remedy import Remedy, labels, offered, remedies
from luthier.pipeline.stages import TrainInput, attach, read, trained_model, write
from luthier.recipe import LoraTuning
from luthier.records import Example, Verdict, VerdictKind
from luthier.store import Artifact

if TYPE_CHECKING:
    from luthier.evaluate.frontier import Frontier


def remedied(
    job: Job, data: Artifact, sides: Mapping[str, Sequence[Example]], given: TrainInput, trained: Artifact,
    shipped: Mapping[str, Artifact], ledger: Artifact, verdict: Verdict,
) -> tuple[Verdict, tuple[Remedy, ...], Frontier | None]:  # fmt: skip
    """What could be done where a regression suite did not hold; the verdict says it too. Nothing of this helps a target
    that is not reached."""
    from luthier.evaluate import gate, read_ledger

    lost = any(r.role == "regression" and r.status in ("broken", "undecided") for r in verdict.results)
    if verdict.kind is VerdictKind.PROMOTE or not lost:
        return verdict, (), None
    frontier = _frontier(job, data, sides, trained, shipped, ledger)
    found = remedies(job.recipe, learning_rate=given.plan.learning_rate, frontier=frontier)
    again = gate(
        read_ledger(ledger), job.recipe.evaluate, test_use=verdict.facts.get("test_use"), remedies=labels(found)
    )
    return offered(again, found, frontier), found, frontier


def _frontier(
    job: Job, data: Artifact, sides: Mapping[str, Sequence[Example]], trained: Artifact,
    shipped: Mapping[str, Artifact], ledger: Artifact,
) -> Frontier | None:  # fmt: skip
    """The adapter at several scales, on rows that the gate never sees; None where there is no plain adapter, or
    nothing to measure it with."""
    from luthier.evaluate.frontier import SCALES, Frontier

    tuning = job.recipe.train.tuning
    if job.compared or not job.recipe.scales or not isinstance(tuning, LoraTuning) or tuning.modules_to_save:
        return None
    validation = [e for e in sides["validation"] if e.prompt and e.answer.strip()]
    if not validation:
        return None
    probed = probes.probes(job, data, sides)
    kept = probes.read(probed)[probes.WATCHED :]
    if probed is None or not kept:
        return None
    candidate = shipped.get("adapter") or shipped["model"]
    facts = {"scales": SCALES, "seed": job.recipe.seed}
    key = stage_key("frontier", facts, [ledger.digest, probed.digest, data.digest])
    found = job.store.find(key, "frontier")
    if found is None:
        with job.store.lock(key):
            made = _sweep(job, trained, shipped, ledger, validation, kept, key)
            with job.store.draft("frontier") as draft:
                write(draft.path / "frontier.json", made.to_dict())
                parents = (ledger.id, candidate.id, data.id, probed.id)
                found = draft.commit(parents=parents, key=key, meta={"scales": SCALES}, run=job.run)
        job.store.clear_workdir(key)
    attach(job, "frontier", found)
    return Frontier.from_dict(read(found, "frontier.json"))


def _sweep(
    job: Job, trained: Artifact, shipped: Mapping[str, Artifact], ledger: Artifact, validation: Sequence[Example],
    kept: Sequence[Example], key: str,
) -> Frontier:  # fmt: skip
    from luthier.engines.embedded import EmbeddedEngine
    from luthier.evaluate import Contender, read_ledger
    from luthier.evaluate.frontier import SCALES, sweep
    from luthier.models.adapters import scale_adapter
    from luthier.models.load import load

    workdir = job.store.workdir(key)
    whole = shipped["adapter"].path if "adapter" in shipped else _adapter_again(job, trained, workdir / "whole")
    folders = {scale: workdir / f"scale-{100 * scale:.0f}" for scale in SCALES}
    for scale, folder in folders.items():
        folder.mkdir(exist_ok=True)
        scale_adapter(whole, folder, scale)
    base = load(job.base, device=job.device, chat_template=job.chat_template)
    engine = EmbeddedEngine(base, {folder.name: folder for folder in folders.values()}, aside=True)
    at = {scale: Contender(engine, base.chat, folder.name) for scale, folder in folders.items()}
    try:
        with job.bar("scales") as bar:
            return sweep(
                read_ledger(ledger), base=Contender(engine, base.chat), at=at, validation=validation, kept=kept,
                workdir=workdir, seed=job.recipe.seed, progress=bar.update,
            )  # fmt: skip
    finally:
        engine.close()


def _adapter_again(job: Job, trained: Artifact, folder: Path) -> Path:
    """The adapter of a training of which only the merged model was delivered."""
    from luthier.models.adapters import save_adapter

    folder.mkdir(exist_ok=True)
    save_adapter(trained_model(job, trained).model, folder, job.base)
    return folder
