"""Where trials are trained: one base in memory, one prepared dataset, the same validation rows for all.

The validation rows are dealt in two: those by which a training keeps its best step and a search its winner, and those
on which the winner is compared. Which row is which hangs on its content alone. The gate's items are not read.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError
from luthier.models.shared import SharedBase
from luthier.pipeline import probes, stages
from luthier.pipeline.job import Job
from luthier.recipe import LoadedRecipe

if TYPE_CHECKING:
    from luthier.models.chat import Sample
    from luthier.models.load import Loaded
    from luthier.pipeline.stages import TrainInput
    from luthier.store import Artifact
    from luthier.train.plan import Facts, TrainPlan

UNWATCHED = {
    "train.watch.memorisation": "off", "train.watch.forgetting": "off", "train.watch.overfitting": "off",
}  # fmt: skip
"""Trials are measured at their end, by one rule for all; the monitors of training are for the run that follows."""
OnRung = Callable[[int, float], None]
OnStep = Callable[[int, int, float], None]
OnTrained = Callable[["Loaded"], None]


@dataclass(frozen=True)
class Measured:
    """A training and what it came to. ``chosen``, ``others`` and ``general`` are losses by row, in nats a token."""

    chosen: list[float]
    others: list[float]
    general: list[float]
    operations: float
    seconds: float
    steps: int
    best_step: int


@dataclass(frozen=True)
class Sides:
    """Rows as token ids: to train, to choose by, to compare on, and general ones."""

    given: TrainInput
    choosing: list[Sample]
    others: list[Sample]
    general: list[Sample]


class Bench:
    """Trainings of one job.

    Args:
        job: the recipe as it stands, with the run that takes events.
        confirm: share of the validation rows to compare on.
    """

    def __init__(self, job: Job, *, confirm: float) -> None:
        self.job, self.confirm = job, confirm
        self._bases: dict[str, SharedBase] = {}
        self._data: dict[str, tuple[Artifact, dict[str, list[Any]]]] = {}
        self._sides: dict[str, Sides] = {}
        self._before: list[float] | None = None

    def data(self, job: Job) -> tuple[Artifact, dict[str, list[Any]]]:
        """The dataset of a trial; read once for all trials that have the same."""
        if job.data_key not in self._data:
            made = stages.dataset(job)
            self._data[job.data_key] = (made, stages.sides_of(made))
        return self._data[job.data_key]

    def sides(self, job: Job) -> Sides:
        """The rows of a trial with its plan; they are rendered once for all trials that have the same.

        Raises:
            LuthierError: there are too few validation rows to choose by and to compare on.
        """
        artifact, rows = self.data(job)
        if job.data_key not in self._sides:
            given = stages.train_input(job, rows, artifact.digest)
            choosing, others = dealt(given.validation, self.confirm)
            if min(len(choosing), len(others)) < 5:
                raise LuthierError(
                    f"{len(given.validation)} validation rows are too few to choose trials by and to compare them on",
                    where="data.split.validation", why="each part needs five rows; a hundred say something",
                    fix="a larger data.split.validation, or more rows",
                )  # fmt: skip
            self._sides[job.data_key] = Sides(given, choosing, others, self._general(job, artifact, rows))
        known = self._sides[job.data_key]
        plan, facts = self.plan(job, known.given.train, known)
        return replace(known, given=replace(known.given, plan=plan, facts=facts))

    def plan(self, job: Job, train: Sequence[Sample], sides: Sides) -> tuple[TrainPlan, Facts]:
        """The plan of a training on these rows, and what it was made from."""
        from luthier.train.batches import input_length

        lengths = [(input_length(s), s.example_id in sides.given.replayed) for s in train]
        tokens = stages.of_an_epoch(lengths, sides.given.replay_sets)
        return stages.plan_of(job, tokens, [input_length(s) for s in sides.choosing], sides.given.trained_share)

    def base(self, job: Job) -> SharedBase:
        """The base, in the number format that a trial trains it in."""
        from luthier.models.load import load

        def read() -> Loaded:
            return load(job.base, quantised=job.quantised, device=job.device, chat_template=job.chat_template)

        name = "" if job.quantised is None else f"nf4 {job.quantised.double_quant}"
        return self._bases.setdefault(name, SharedBase(read))

    def before(self, job: Job) -> list[float]:
        """Losses of the base itself on the general rows; measured once."""
        from luthier.train.rowloss import row_losses

        if self._before is None:
            base = self.base(job).loaded
            self._before = row_losses(base.model, self.sides(job).general, device=base.device)
        return self._before

    def train(
        self, loaded: LoadedRecipe, workdir: Path, *, train: Sequence[Sample] | None = None,
        on_rung: OnRung | None = None, on_step: OnStep | None = None, on_trained: OnTrained | None = None,
        change: Callable[[TrainPlan], TrainPlan] | None = None,
    ) -> Measured:  # fmt: skip
        """One training and its measurements; in the same folder it goes on where it was killed.

        Args:
            loaded: the recipe of this trial.
            workdir: its own folder, with the checkpoints.
            train: rows to train on; left out, all of the trial's.
            on_rung: told of each evaluation (counted from 1) and its validation loss; may raise to end the training.
            on_step: told (step, steps, loss); may raise to end the training.
            on_trained: shown the model with its best weights, before the base is handed back.
            change: makes another plan of the trial's.
        """
        from luthier.models.adapters import continue_adapter
        from luthier.train.rowloss import row_losses

        job = Job(loaded, self.job.store, self.job.progress)
        job.run = self.job.run
        sides = self.sides(job)
        rows = sides.given.train if train is None else list(train)
        plan = sides.given.plan if train is None else self.plan(job, rows, sides)[0]
        plan = plan if change is None else change(plan)
        spec, told = loaded.recipe.train, 0

        def step(info: Any) -> None:
            nonlocal told
            passed = sum(at < info.step for at in plan.evaluation_steps)  # a step shows the evaluation before it
            if on_rung is not None and passed > told and info.val is not None:
                told = passed
                on_rung(passed, info.val)
            if on_step is not None:
                on_step(info.step, info.steps, info.loss)

        method = stages.learner(spec)
        began = time.monotonic()
        with self.base(job).lend(spec.tuning, loaded.recipe.seed) as prepared:
            if job.start is not None:
                continue_adapter(prepared.model, job.start[0], job.base.digest)
            result = method(
                spec, plan, loaded=prepared.loaded, train=rows, validation=sides.choosing, run=_Unwritten(),
                workdir=workdir, seed=loaded.recipe.seed, on_step=step, replayed=sides.given.replayed,
                replay_sets=sides.given.replay_sets,
            )  # fmt: skip
            seconds = time.monotonic() - began
            if on_trained is not None:
                on_trained(prepared.loaded)
            device, precision = prepared.loaded.device, plan.precision
            chosen, others, general = (
                row_losses(prepared.model, part, device=device, precision=precision)
                for part in (sides.choosing, sides.others, sides.general)
            )
        sizes = job.sizes
        a_token = (4.0 if sizes.trainable < sizes.parameters else 6.0) * sizes.parameters
        return Measured(chosen, others, general, a_token * result.tokens, seconds, result.steps, result.best_step)

    def _general(self, job: Job, artifact: Artifact, rows: dict[str, list[Any]]) -> list[Sample]:
        """General rows on which forgetting is seen: neither trained on nor of the gate."""
        found = probes.read(probes.probes(job, artifact, rows))[: probes.WATCHED]
        usable = [e for e in found if e.text or e.answer.strip()][:GENERAL]
        return [s for e in usable for s in job.chat.samples(e, max_length=job.max_length)]


GENERAL = 64
"""General rows that are read after each trial."""


class _Unwritten:
    """Where the events of a trial's training go: the search has its own."""

    def event(self, kind: str, **data: Any) -> None: ...

    def metric(self, step: int, **values: Any) -> None: ...


def dealt(samples: Sequence[Sample], share: float) -> tuple[list[Sample], list[Sample]]:
    """Samples in two parts, the second of about this share of the rows; a row's samples stay together."""
    ids = sorted({s.example_id for s in samples}, key=lambda i: hashlib.blake2b(i.encode(), digest_size=8).digest())
    second = set(ids[: round(share * len(ids))])
    return [s for s in samples if s.example_id not in second], [s for s in samples if s.example_id in second]
