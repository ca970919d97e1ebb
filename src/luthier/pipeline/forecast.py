"""What a training is expected to take, by arithmetic, before it runs: memory and time.

The rates are rough: ``luthier plan --probe`` measures them. Whether it fits is ``demand``'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from luthier.pipeline.job import Job
    from luthier.pipeline.stages import TrainInput
    from luthier.train.memory import Needs

CPU_FLOPS_A_THREAD = 40e9
"""Useful fp32 operations a second of one CPU core: 48e9 were measured in the quickstart (docs/benchmarks), rounded
down. A rough figure for the time estimate."""
GPU_FLOPS = 60e12
"""The same for a GPU: a guess until it is measured."""


@dataclass(frozen=True)
class Forecast:
    """What a training is expected to take, by arithmetic: memory (None: not known), operations, seconds and what these
    rest on."""

    needs: Needs | None
    operations: float
    seconds: float
    basis: str

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        needs = None if self.needs is None else self.needs.to_dict()
        return {"memory": needs, "operations": self.operations, "seconds": self.seconds, "basis": self.basis}


def forecast(job: Job, given: TrainInput) -> Forecast:
    """Add up memory and operations of a planned training. A token trained costs 6 operations a weight, 4 where the
    weights are frozen, 2 more where activations are recomputed; a token validated 2."""
    from luthier.train.plan import MADE_BY_ONE, planned_needs

    plan, sizes = given.plan, job.sizes
    epochs = plan.steps / max(plan.steps_an_epoch, 1)
    made, tokens = (n * epochs for n in given.tokens())
    a_weight = (4.0 if sizes.trainable < sizes.parameters else 6.0) + 2.0 * plan.recompute
    validated = sum(given.facts.validation_tokens[: plan.validation_rows]) * (len(plan.evaluation_steps) + 1)
    work = sizes.parameters * (a_weight * tokens + 2.0 * validated)
    if given.answers:  # each is drawn, token by token, and read by the reference too
        work += 2.0 * sizes.parameters * (tokens + MADE_BY_ONE * made)
    if job.card is not None:
        rate, basis = job.card.rate, f"at 40% of the peak of a {job.card.title}"
    else:
        rate = CPU_FLOPS_A_THREAD * job.threads if job.place.kind == "cpu" else GPU_FLOPS
        basis = f"at {rate / 1e9:,.0f} GFLOP/s"
    return Forecast(planned_needs(job.recipe.train, given.facts, plan), work, work / rate, basis)
