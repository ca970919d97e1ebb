"""Whether a training fits a device, and the cheapest change that makes it fit.

Arithmetic only: the model has shapes and no values (``models.sizes.skeleton``), passes over it are traced when they are
asked for (``train.footprint``). Nothing of the recipe is changed here; a change is proposed, in the recipe's own words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError
from luthier.recipe.train import LoraTuning, QloraTuning, TrainSpec, Tuning

if TYPE_CHECKING:
    from luthier.pipeline.job import Job
    from luthier.train.memory import Demand, Needs, Pass
    from luthier.train.plan import DoesNotFit, Facts
    from luthier.train.work import Cut, Work


@dataclass(frozen=True, slots=True)
class Tried:
    """Another way to tune the same base on the same device: what it takes at least, and whether that fits."""

    tuning: str
    needs: Needs
    fits: bool

    def render(self) -> str:
        from luthier.train.memory import size

        return f"{self.tuning} (from {size(self.needs.total)})"


def demand(job: Job, spec: TrainSpec, trained_share: float) -> Demand:
    """What the base of a job and a pass over it take, tuned as ``spec`` says on the job's device.

    Raises:
        LuthierError: the base has no layers of the kind that the tuning wants.
    """
    from luthier.train.memory import Demand

    traced = _Traced(job, spec, trained_share)
    return Demand(traced.weights, traced, traced.work, traced.step)


class _Traced:
    """The skeleton of a job's base; its passes are traced when they are asked for."""

    def __init__(self, job: Job, spec: TrainSpec, trained_share: float) -> None:
        from luthier.models.sizes import skeleton, value_head_parameters
        from luthier.models.streaming import resident_bytes, streams
        from luthier.train.footprint import Footprint
        from luthier.train.memory import Weights
        from luthier.train.plan import precision_of

        held_in = "fp32" if job.place.kind == "cpu" else "bf16"
        made = skeleton(job.base, spec.tuning, precision=held_in)
        trained = sum(p.numel() for p in made.model.parameters() if p.requires_grad)
        if spec.method.critic:
            trained += value_head_parameters(job.sizes.hidden)
        stays = job.place.kind == "cpu" and spec.tuning.kind == "lora" and streams(Path(job.base.folder))
        self.weights = Weights(made.frozen_bytes, trained, resident_bytes(made.model) if stays else None)
        self._of = partial(Footprint, made.model, device=job.place.kind, precision=precision_of(spec, job.place))
        self._footprint = self._of(trained_share=trained_share, anchored=spec.anchor > 0)

    def __call__(self, rows: int, width: int, *, recompute: bool, accumulates: bool) -> Pass:
        return self._footprint(rows, width, recompute=recompute, accumulates=accumulates)

    def step(
        self, cuts: Sequence[Cut], *, recompute: bool, accumulates: bool = False, sizes: float = 1.0
    ) -> Pass:  # fmt: skip
        """What passes of a step hold as they are cut (``train.work.Holds``)."""
        return self._footprint.step(cuts, recompute=recompute, accumulates=accumulates, sizes=sizes)

    def work(
        self, rows: int, width: int, *, share: float, recompute: bool = False, anchored: bool = False,
        reads: bool = False,
    ) -> Work:  # fmt: skip
        """What a token costs (``train.work.Works``)."""
        return self._of(trained_share=share, anchored=anchored).work(rows, width, recompute=recompute, reads=reads)


def least(spec: TrainSpec, facts: Facts) -> Needs:
    """What a training takes at least: one row at a time, the longest of them, its activations recomputed."""
    from luthier.train.plan import needed

    longest = max(facts.train_tokens)
    found = needed(spec, replace(facts, train_tokens=[longest]), longest, recompute=True, accumulates=True)
    assert found is not None
    return found


def other_tunings(job: Job, facts: Facts, trained_share: float) -> Iterator[Tried]:
    """The other ways to tune this base on this device, the strongest first. Ways that the base cannot do are left out,
    and so is full tuning where the recipe holds to the base."""
    from luthier.train.plan import SPARE_MEMORY

    spec = job.recipe.train
    for tuning in _ladder(spec.tuning):
        if tuning.kind == spec.tuning.kind or (spec.anchor and tuning.kind == "full"):
            continue
        other = spec.model_copy(update={"tuning": tuning})
        try:
            asked = least(other, replace(facts, demand=demand(job, other, trained_share)))
        except LuthierError:
            continue
        free = facts.device.memory * SPARE_MEMORY
        yield Tried(tuning.kind, asked, not free or asked.total <= free)


def refused(job: Job, facts: Facts, error: DoesNotFit, trained_share: float) -> LuthierError:
    """The refusal with what would make it fit, the cheapest change first: other tuning, shorter rows, another card."""
    from luthier.train.devices import AS_OF, cheaper_first
    from luthier.train.memory import size
    from luthier.train.plan import SPARE_MEMORY

    order = {"lora": 0, "qlora": 1}
    ways = [w for w in other_tunings(job, facts, trained_share) if w.fits and w.needs.total < error.needed.total]
    ways.sort(key=lambda w: order.get(w.tuning, 2))
    changes = [f"train.tuning: {w.tuning} (needs {size(w.needs.total)} at least)" for w in ways]
    if error.shorter:
        changes.append(f"train.max_length: {error.shorter}")
    on_card = replace(facts, device=replace(facts.device, kind="cuda"))
    asked = least(job.recipe.train, on_card).total if facts.device.kind == "cuda" else error.needed.total
    enough = next((c for c in cheaper_first() if asked <= c.room * SPARE_MEMORY), None)
    if enough is not None:
        changes.append(f"--device {enough.name}, the cheapest card of the table ({AS_OF}) that has room")
    where = job.card.title if job.card is not None else f"this {facts.device.kind}"
    return LuthierError(
        error.what, where=f"{where}; {error.where}", why=error.why,
        fix="; or ".join(changes) or "a smaller base: no card of the table has room, and training over several is "
        "not offered", details={**error.details, "changes": changes},
    )  # fmt: skip


def _ladder(tuning: Tuning) -> list[Any]:
    """Full, LoRA, QLoRA; the latter two with the recipe's own ranks and targets."""
    from luthier.recipe.train import FullTuning

    keys = tuning.model_dump(exclude={"kind", "double_quant"}) if isinstance(tuning, LoraTuning) else {}
    quantised = {} if keys.get("init") == "pissa" else keys
    return [FullTuning(), LoraTuning(**keys), QloraTuning(**quantised)]
