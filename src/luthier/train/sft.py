"""Supervised fine-tuning: cross-entropy on the tokens that the assistant should have said.

Takes samples that ``models.chat`` made and a model that ``models.adapters`` prepared; gives the best weights on that
model. Nothing is loaded, exported or judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from luthier.errors import LuthierError
from luthier.recipe.train import TrainSpec
from luthier.train import anchor, team
from luthier.train.anchor import Anchor
from luthier.train.batches import Batch, Row, Sample, collate, row, share_prefixes
from luthier.train.loop import Loop, Objective, Probe, Run, StepInfo, TrainResult
from luthier.train.loss import TokenLoss
from luthier.train.monitors import Watch
from luthier.train.noise import noised
from luthier.train.plan import TrainPlan
from luthier.train.session import (
    CHECKED_ROWS,
    SHORT_WAY_TOLERANCE,
    Loaded,
    LossOf,
    beginning,
    drops,
    folding,
    frozen,
    prepared,
    stepping,
    tell_start,
    token_loss,
    trained_parameters,
)


class Tokens:
    """Cross-entropy a trained token, and the anchor's term at replayed rows: an ``Objective``. Other rows are read
    with noise where ``neftune_alpha`` is above 0."""

    def __init__(self, loss: TokenLoss, anchor: Anchor | None = None, *, neftune_alpha: float = 0.0) -> None:
        self.loss, self.anchor, self.neftune_alpha = loss, anchor, neftune_alpha
        self._replayed = False

    def weight(self, rows: Sequence[Row]) -> float:
        return sum(len(r.targets) for r in rows)

    def begin(self, rows: Sequence[Row]) -> None:
        replayed = [r for r in rows if r.replayed]
        self._replayed = bool(replayed)
        if self.anchor is not None:
            answers = sum(len(r.targets) for r in replayed)
            self.anchor.begin(answers, sum(len(r.inputs) for r in replayed) - answers)

    def collate(self, rows: Sequence[Row], device: torch.device | str) -> Batch:
        return collate(rows, device)

    def backward(self, batch: Batch, weight: float) -> torch.Tensor:
        with noised(self.loss.decoder.get_input_embeddings(), self.neftune_alpha, batch):
            return self.loss.backward(batch, weight, self.anchor)

    def total(self, batch: Batch) -> torch.Tensor:
        return self.loss.total(batch)

    def numbers(self) -> dict[str, float]:
        return {"anchor_nats": self.anchor.nats} if self.anchor is not None and self._replayed else {}

    def remark(self, numbers: Mapping[str, float]) -> str:
        return ""


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
    train_rows = [row(s, replayed=s.example_id in replayed) for s in train]
    if spec.anchor and not any(r.replayed for r in train_rows):
        raise LuthierError(
            "no row is left to hold the model at", where="train.anchor", why="the anchor works on replayed rows",
            fix="name rows to replay: data: {replay: {source: …, share: 25%}}",
        )

    def tokens(loss: TokenLoss, plan: TrainPlan) -> Tokens:
        return Tokens(loss, anchor.make(loaded.model, plan.anchor), neftune_alpha=plan.neftune_alpha)

    return learn(
        spec, plan, loss_of=token_loss, objective=tokens, loaded=loaded, train=train_rows,
        validation=[row(s) for s in validation], general=[row(s) for s in general], run=run,
        workdir=workdir, seed=seed, probe=probe, on_step=on_step, replay_sets=replay_sets,
    )  # fmt: skip


def learn(
    spec: TrainSpec, plan: TrainPlan, *, loss_of: LossOf, objective: Callable[[Any, TrainPlan], Objective],
    loaded: Loaded, train: Sequence[Row], validation: Sequence[Row], general: Sequence[Row], run: Run, workdir: Path,
    seed: int, probe: Probe | None, on_step: Callable[[StepInfo], None] | None, replay_sets: int = 1,
    loop_of: type[Loop] = Loop,
) -> TrainResult:  # fmt: skip
    """Learn what stands behind the trained positions of rows, whatever that is; the other arguments as of :func:`run`.

    Args:
        loss_of: how positions are read.
        objective: makes what is learned from the loss and the plan as it is carried out.
        loop_of: who makes the steps.
    """
    parameters = trained_parameters(loaded, plan, seed)
    train_rows, validation_rows = list(train), list(validation)
    plan = frozen(plan, spec, train_rows, validation_rows, parameters, run, workdir)
    device = str(loaded.device)
    with prepared(loaded.model, plan, device):
        loss, difference = loss_of(loaded.model, plan, train_rows, device)
        tolerance = SHORT_WAY_TOLERANCE[plan.precision]
        if not plan.recompute and not drops(loaded.model):
            shared = share_prefixes(train_rows, at_least=plan.steps_an_epoch)
            if loss.shares(_alike(shared, device), tolerance=tolerance):
                train_rows, validation_rows = shared, share_prefixes(validation_rows)
        shared_tokens = sum(r.prefix for r in train_rows)
        tell_start(run, plan, parameters, loss, difference, device, tokens_shared=shared_tokens)
        watch = None
        if plan.watch_rows or plan.watch_answers or spec.watch.overfitting != "off":
            watch = Watch(
                spec.watch, loss, general=general[: plan.watch_rows], held_out=validation_rows[: plan.watch_answers],
                train=train_rows, adapter=hasattr(loaded.model, "disable_adapter"),
                tokens=plan.micro_tokens // plan.processes, device=device,
            )  # fmt: skip
        folded = folding(loaded.model, plan.precision, device, wanted=loop_of.folds)
        with folded, stepping(loaded.model, plan, device), team.together(plan.processes):
            return loop_of(
                loaded.model, objective(loss, plan), plan, train=train_rows, validation=validation_rows, run=run,
                folder=workdir / "checkpoints", device=device, probe=probe, on_step=on_step, replay_sets=replay_sets,
                watch=watch,
            ).fit()  # fmt: skip


def _alike(rows: Sequence[Row], device: str) -> Any:
    """A little batch to check shared reading with: two rows of the first kind that shares a prefix."""
    first = next((r for r in rows if r.prefix), rows[0])
    alike = [r for r in rows if r.kind == first.kind]
    return collate([beginning(r) for r in alike[:CHECKED_ROWS]], device, worth=1)
