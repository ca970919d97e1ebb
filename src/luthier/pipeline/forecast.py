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
down. For methods whose passes are not traced."""
GPU_FLOPS = 60e12
"""The same for a GPU: a guess until it is measured."""
A_THREAD_MORE = 0.7
"""What each further thread of one process adds, beside the first one."""
MOST_ROWS = 50_000
"""More are not cut into passes for the forecast: their tokens are taken as they stand."""


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
    """Add up memory and time of a planned training."""
    from luthier.recipe.train import SHARED
    from luthier.train.plan import planned_needs

    if job.recipe.train.method.kind in SHARED and given.facts.demand is not None and len(given.train) <= MOST_ROWS:
        return _traced(job, given)
    needs = planned_needs(job.recipe.train, given.facts, given.plan)
    return Forecast(needs, *_counted(job, given))


def _traced(job: Job, given: TrainInput) -> Forecast:
    """From the passes as they will be cut."""
    from luthier.train.batches import row, share_prefixes
    from luthier.train.plan import planned_needs
    from luthier.train.work import cuts_in_order, cuts_of_an_epoch, largest_cuts, sizes_of, whole

    plan, demand = given.plan, given.facts.demand
    assert demand is not None
    rows = [row(s, replayed=s.example_id in given.replayed) for s in given.train]
    held_out = [row(s) for s in given.validation[: plan.validation_rows]]
    if not plan.recompute and not getattr(job.recipe.train.tuning, "dropout", 0.0):
        rows, held_out = share_prefixes(rows, at_least=plan.steps_an_epoch), share_prefixes(held_out)
    cuts = cuts_of_an_epoch(rows, plan, replay_sets=given.replay_sets)
    largest, several = largest_cuts(cuts, processes=plan.processes), len(cuts) > plan.steps_an_epoch
    sizes = sizes_of(cuts, cuts_in_order(held_out, plan.micro_tokens), processes=plan.processes)
    held = demand.step(largest, recompute=plan.recompute, accumulates=several, sizes=sizes)
    needs = planned_needs(job.recipe.train, given.facts, plan, held)
    trained, read = whole(plan, demand.work, rows, held_out, replay_sets=given.replay_sets)
    operations = plan.processes * trained.operations + read.operations
    if job.place.kind != "cpu" or job.card is not None:
        rate, basis = _rate(job)
        return Forecast(needs, operations, operations / rate, basis)
    cores = 1 + (job.threads - 1) * A_THREAD_MORE
    seconds = trained.seconds(1.0 if plan.processes > 1 else cores) + read.seconds(cores)
    shared = f"{plan.processes} processes" if plan.processes > 1 else f"{job.threads} threads"
    return Forecast(needs, operations, seconds, f"by what each pass computes and moves, {shared}")


def _counted(job: Job, given: TrainInput) -> tuple[float, float, str]:
    """The same from tokens alone: one that is trained costs 6 operations a weight, 4 where the weights are frozen, 2
    more where activations are recomputed; a token validated 2."""
    from luthier.train.plan import MADE_BY_ONE

    plan, sizes = given.plan, job.sizes
    epochs = plan.steps / max(plan.steps_an_epoch, 1)
    made, tokens = (n * epochs for n in given.tokens())
    a_weight = (4.0 if sizes.trainable < sizes.parameters else 6.0) + 2.0 * plan.recompute
    validated = sum(given.facts.validation_tokens[: plan.validation_rows]) * (len(plan.evaluation_steps) + 1)
    work = sizes.parameters * (a_weight * tokens + 2.0 * validated)
    if given.answers:  # each is drawn, token by token, and read by the reference too
        work += 2.0 * sizes.parameters * (tokens + MADE_BY_ONE * made)
    rate, basis = _rate(job)
    return work, work / rate, basis


def _rate(job: Job) -> tuple[float, str]:
    """Operations a second, and what is said of them."""
    if job.card is not None:
        return job.card.rate, f"at 40% of the peak of a {job.card.title}"
    rate = CPU_FLOPS_A_THREAD * job.threads if job.place.kind == "cpu" else GPU_FLOPS
    return rate, f"at {rate / 1e9:,.0f} GFLOP/s"
