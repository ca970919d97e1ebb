"""Supervised fine-tuning: cross-entropy on the tokens that the assistant should have said.

Takes samples that ``models.chat`` made and a model that ``models.adapters`` prepared; gives the best weights on that
model. Nothing is loaded, exported or judged here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from torch import nn

from luthier.errors import LuthierError
from luthier.recipe.train import TrainSpec
from luthier.train import anchor, checkpoint, machine
from luthier.train.batches import Row, Sample, collate, digest, row, share_prefixes
from luthier.train.loop import Loop, Probe, Run, StepInfo, TrainResult
from luthier.train.loss import TokenLoss
from luthier.train.monitors import Watch
from luthier.train.optimiser import trainable
from luthier.train.plan import TrainPlan

CHECKED_ROWS, CHECKED_TOKENS = 2, 32
SHORT_WAY_TOLERANCE = {"fp32": 1e-4, "bf16": 3e-2}


class Loaded(Protocol):
    """The parts of ``models.load.Loaded`` that training touches."""

    @property
    def model(self) -> Any: ...
    @property
    def device(self) -> Any: ...


def run(
    spec: TrainSpec, plan: TrainPlan, *, loaded: Loaded, train: Sequence[Sample], validation: Sequence[Sample],
    run: Run, workdir: Path, seed: int, probe: Probe | None = None,
    on_step: Callable[[StepInfo], None] | None = None, replayed: Collection[str] = (), replay_sets: int = 1,
    general: Sequence[Sample] = (),
) -> TrainResult:  # fmt: skip
    """Fine-tune ``loaded.model`` in place and leave the best weights on it, in eval mode.

    Args:
        spec: what the recipe asked; the plan was derived from it.
        plan: what was decided (``train.plan.derive``). A run that is resumed replays the plan it began with.
        loaded: the model, prepared for training (``requires_grad`` marks what is trained), on its device.
        train, validation: rows as token ids with a mask; without validation rows the last weights are kept.
        run: takes events and metrics (never text of rows).
        workdir: of this training alone; holds the frozen plan and the checkpoints, so that calling again after a
            kill goes on and ends with the same bits (CPU, same library versions).
        seed: must be the plan's.
        probe: further numbers at each evaluation.
        on_step: progress.
        replayed: ids of the examples that are not of the job; ``spec.anchor`` holds the model near its base there.
        replay_sets: sets that these are taken in, one an epoch; the plan was derived from the rows of one epoch.
        general: rows that are not of the job and not trained on, to see what is forgotten; the plan says how many are
            looked at.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; call again to go on.
        LuthierError: nothing is trainable, the workdir belongs to another training, a loss is not finite, memory.
    """
    parameters = trainable(loaded.model)
    if not parameters:
        raise ValueError("no parameter of the model is trained; prepare it with models.adapters first")
    if seed != plan.seed:
        raise ValueError(f"the plan was made for seed {plan.seed}, not {seed}")
    train_rows = [row(s, replayed=s.example_id in replayed) for s in train]
    validation_rows = [row(s) for s in validation]
    if spec.anchor and not any(r.replayed for r in train_rows):
        raise LuthierError(
            "no row is left to hold the model at", where="train.anchor", why="the anchor works on replayed rows",
            fix="name rows to replay: data: {replay: {source: …, share: 25%}}",
        )
    plan = _frozen(plan, spec, train_rows, validation_rows, parameters, run, workdir)
    device = str(loaded.device)
    machine.keep_freed_memory()
    with machine.exact(plan.threads, deterministic=device == "cpu"), machine.four_bit_gradients(loaded.model):
        loss = TokenLoss(loaded.model, autocast=plan.precision == "bf16")
        tolerance = SHORT_WAY_TOLERANCE[plan.precision]
        difference = loss.check(_small(train_rows, device), tolerance=tolerance)
        if not plan.recompute and not _drops(loaded.model):
            shared = share_prefixes(train_rows, at_least=plan.steps_an_epoch)
            if loss.shares(_alike(shared, device), tolerance=tolerance):
                train_rows, validation_rows = shared, share_prefixes(validation_rows)
        run.event(
            "train", steps=plan.steps, parameters=sum(p.numel() for p in parameters.values()), plan=plan.digest,
            logits="at trained positions" if loss.short else "at all positions", logit_difference=difference,
            tokens_shared=sum(r.prefix for r in train_rows),
            machine=machine.describe(device),
        )  # fmt: skip
        watch = None
        if plan.watch_rows or plan.watch_answers or spec.watch.overfitting != "off":
            watch = Watch(
                spec.watch, loss, general=[row(s) for s in general[: plan.watch_rows]],
                held_out=validation_rows[: plan.watch_answers], train=train_rows,
                adapter=hasattr(loaded.model, "disable_adapter"), device=device,
            )  # fmt: skip
        loop = Loop(
            loaded.model, loss, plan, train=train_rows, validation=validation_rows, run=run,
            folder=workdir / "checkpoints", device=device, probe=probe, on_step=on_step,
            anchor=anchor.make(loaded.model, plan.anchor), replay_sets=replay_sets, watch=watch,
        )
        with _recomputing(loaded.model, plan.recompute):
            return loop.fit()


@contextmanager
def _recomputing(model: Any, wanted: bool) -> Iterator[None]:
    """Gradient checkpointing for the time of a run."""
    if wanted:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    try:
        yield
    finally:
        if wanted:
            model.gradient_checkpointing_disable()


def _small(rows: Sequence[Row], device: str) -> Any:
    """A little batch to check the way to the logits with: the beginnings of the first rows."""
    return collate([_cut(r) for r in rows[:CHECKED_ROWS]], device)


def _alike(rows: Sequence[Row], device: str) -> Any:
    """A little batch to check shared reading with: two rows of the first kind that shares a prefix."""
    first = next((r for r in rows if r.prefix), rows[0])
    alike = [r for r in rows if r.kind == first.kind]
    return collate([_cut(r) for r in alike[:CHECKED_ROWS]], device, worth=1)


def _cut(r: Row) -> Row:
    """The first tokens after a row's prefix, each of them a target."""
    inputs = r.inputs[: r.prefix + CHECKED_TOKENS]
    at = np.arange(r.prefix, len(inputs))
    return replace(r, inputs=inputs, positions=at, targets=inputs[at], weights=None)


def _drops(model: Any) -> bool:
    """Whether passes differ by chance; a shared beginning would then be the same chance for all rows."""
    return any(isinstance(module, nn.Dropout) and module.p > 0 for module in model.modules())


def _frozen(
    plan: TrainPlan, spec: TrainSpec, train: Sequence[Row], validation: Sequence[Row],
    parameters: dict[str, Any], run: Run, workdir: Path,
) -> TrainPlan:  # fmt: skip
    """The plan that this workdir began with; written now if it is new."""
    shapes = json.dumps({name: list(p.shape) for name, p in parameters.items()}, sort_keys=True)
    work = {
        "spec": hashlib.sha256(spec.model_dump_json().encode()).hexdigest(),
        "seed": plan.seed,
        "train": digest(train),
        "validation": digest(validation),
        "parameters": hashlib.sha256(shapes.encode()).hexdigest(),
    }
    path = workdir / "plan.json"
    if not path.is_file():
        checkpoint.write_whole(path, json.dumps({"work": work, "plan": plan.to_dict()}, indent=1, sort_keys=True))
        return plan
    stored = json.loads(path.read_text())
    differ = [name for name in work if stored["work"].get(name) != work[name]]
    if differ:
        raise LuthierError(
            f"this folder belongs to another training ({', '.join(differ)} differ)", where=workdir,
            why="going on from its checkpoints would mix two trainings", fix="use another folder, or remove this one",
        )
    began = TrainPlan.from_dict(stored["plan"])
    if began != plan:
        run.event("plan replayed", message="resumed with the plan that this training began with", plan=began.digest)
    return began
