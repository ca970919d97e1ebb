"""The training loop: windows in, best weights on the model out; killed and resumed, the same bits.

One step adds up the gradients of its micro-batches, each divided by what the whole window weighs (counted before the
first backward), clips, and updates. When to evaluate, to save and to stop stands in the plan; no decision depends on a
clock. What is learned from rows is an :class:`Objective`'s business: one loop serves every method.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from luthier.errors import LuthierError
from luthier.models.state import go_back, start_of
from luthier.train import checkpoint, machine, optimiser, ranks, team
from luthier.train.batches import Batch, Layout, Row, kinds, micro_batches
from luthier.train.checkpoint import Checkpoint
from luthier.train.interrupt import Interrupted, StopSignal
from luthier.train.monitors import Finding
from luthier.train.plan import TrainPlan
from luthier.train.room import Full, parts

SPOILT = ("forgetting", "hacking")
"""Findings of which the weights that show them are not the best, whatever their validation loss."""


class Run(Protocol):
    """Where a run's events and numbers go; ``store.Run`` is one. No text of rows is ever sent there."""

    def event(self, kind: str, **data: Any) -> object: ...
    def metric(self, step: int, **values: Any) -> object: ...


@dataclass(frozen=True, slots=True)
class StepInfo:
    """What a progress bar shows after each step. ``loss`` and ``val`` are nats a trained token; ``val`` is the last
    one measured, None before that."""

    step: int
    steps: int
    loss: float
    val: float | None
    rate: float
    tokens_per_s: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class TrainResult:
    """How it went. ``history`` holds one entry a step (step, loss, rate, norm) and, where it was measured, ``val`` and
    ``probe``. ``stopped`` is ``done``, ``early`` or the name of the monitor that stopped it; ``diagnosis`` what the
    monitors saw; ``resumed_at`` the step of the checkpoint it went on from."""

    steps: int
    best_step: int
    best_loss: float | None
    first_loss: float | None
    stopped: str
    tokens: int
    seconds: float
    history: tuple[Mapping[str, Any], ...]
    plan: TrainPlan
    resumed_at: int | None = None
    interpolated_loss: float | None = None
    """Validation loss of the weights that were left on the model, where they are not the best ones themselves."""
    diagnosis: tuple[Finding, ...] = ()
    skipped: tuple[Mapping[str, Any], ...] = ()
    """Steps without an update, with the rows that were the cause."""


@dataclass
class Progress:
    """The loop's own account, as a checkpoint keeps it. ``most_tokens`` is the most that a pass may feed since the
    device ran out of memory, None before that; ``skipped`` are steps without an update, with the rows that were the
    cause."""

    step: int = 0
    tokens: int = 0
    first_loss: float | None = None
    best_step: int = 0
    best_loss: float | None = None
    since_best: int = 0
    stopped: str = ""
    most_tokens: int | None = None
    skipped: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)


Probe = Callable[[nn.Module, int], Mapping[str, float]]


class Objective(Protocol):
    """What is learned from rows. Losses are sums; the loop divides them by the weight of all rows of a window."""

    def weight(self, rows: Sequence[Row]) -> float:
        """What the loss of these rows is a mean over: trained tokens, pairs."""
        ...

    def begin(self, rows: Sequence[Row]) -> None:
        """A new window (of all processes): its passes follow, and what hangs on all of its rows is counted now."""
        ...

    def collate(self, rows: Sequence[Row], device: torch.device | str) -> Batch: ...

    def backward(self, batch: Batch, weight: float) -> Tensor:
        """Add the gradients of the pass's loss divided by ``weight``; gives its sum, detached."""
        ...

    def total(self, batch: Batch) -> Tensor:
        """The sum of the losses, without gradients."""
        ...

    def numbers(self) -> Mapping[str, float]:
        """What was seen in the passes since ``begin``, in shares that add up over processes."""
        ...

    def remark(self, numbers: Mapping[str, float]) -> str:
        """What a person should know about the numbers of an evaluation; empty: nothing."""
        ...


class Practice(Protocol):
    """Where the rows are the model's own answers: they are made for each step, and looked at in place of a loss."""

    def window(self, step: int, history: Sequence[Mapping[str, Any]]) -> list[list[Row]]:
        """The passes of a step; the same for the same step, weights and history."""
        ...

    def examine(self) -> dict[str, Any]:
        """What an evaluation notes of answers to held-out prompts: ``val``, lower is better, ``held_out`` and more;
        nothing where there are none."""
        ...


class Watched(Protocol):
    """What is looked at beside the loss, and what it may stop the run for; ``monitors.Watch`` is one."""

    def look(self, *, answers: bool = True) -> dict[str, Any]: ...
    def stops(self, history: Sequence[Mapping[str, Any]]) -> Finding | None: ...
    def diagnose(self, history: Sequence[Mapping[str, Any]], *, best_step: int) -> tuple[Finding, ...]: ...


class Loop:
    """One training run of one model on one device.

    Args:
        model: with the trained parameters marked by ``requires_grad``.
        objective: what is learned, of that model.
        plan: what was decided.
        train, validation: rows; the first ``plan.validation_rows`` of the latter are scored.
        run: takes events and metrics.
        folder: of the checkpoints.
        probe: further numbers at each evaluation, in eval mode and without gradients; it may use random numbers.
        on_step: called after each step.
        replay_sets: sets that the replayed rows are taken in, one an epoch.
        watch: what else is looked at at each evaluation, and may stop the run.
        practice: makes the rows of each step, where they are not given: ``train`` then holds none.
    """

    folds = True
    """Whether small adapters may be folded into their weights for the time of the steps (``models.adapters``)."""

    def __init__(
        self, model: nn.Module, objective: Objective, plan: TrainPlan, *, train: Sequence[Row],
        validation: Sequence[Row], run: Run, folder: Path, device: torch.device | str = "cpu",
        probe: Probe | None = None,
        on_step: Callable[[StepInfo], None] | None = None, replay_sets: int = 1, watch: Watched | None = None,
        practice: Practice | None = None,
    ) -> None:  # fmt: skip
        self.model, self.objective, self.plan, self.run, self.folder = model, objective, plan, run, folder
        self.watch, self.practice = watch, practice
        self.train, self.device, self.probe, self.on_step = train, device, probe, on_step
        self.parameters = optimiser.trainable(model)
        self.optimiser = optimiser.adamw(
            self.parameters, learning_rate=plan.learning_rate, weight_decay=plan.weight_decay,
            b_times=plan.loraplus_lr_ratio,
        )  # fmt: skip
        lengths = [len(r.inputs) for r in train]
        self.layout = Layout(
            lengths, steps_an_epoch=plan.steps_an_epoch, micro_tokens=plan.micro_tokens, seed=plan.seed,
            kinds=kinds(train, at_least=plan.steps_an_epoch, replay_sets=replay_sets),
        )
        self.validation = in_order(validation[: plan.validation_rows], plan.micro_tokens)
        self.progress = Progress()
        self.best: dict[str, Tensor] | None = None
        self.start = start_of(self.parameters) if plan.interpolate < 1 else {}
        self.rank = ranks.place()[0]
        self._clock = _Clock(plan.steps)

    def fit(self) -> TrainResult:
        """Train to the end of the plan (or of patience) and leave the best weights on the model, in eval mode.

        Raises:
            Interrupted: asked to stop; a checkpoint was written where the plan keeps any.
            LuthierError: the loss is not finite, or the device ran out of memory.
        """
        resumed_at = self._resume()
        if ranks.helps():
            while self.progress.step < self.plan.steps:
                self._step()
            team.leave()
        with torch.random.fork_rng(devices=[]), StopSignal() as stop:
            if resumed_at is None:
                self._evaluate()
            self._run(stop)
        self._keep_best()
        kept = self.plan.interpolate
        interpolated_loss = self._interpolate(kept) if kept < 1 else None
        p = self.progress
        return TrainResult(
            steps=p.step, best_step=p.best_step, best_loss=p.best_loss, first_loss=p.first_loss, stopped=p.stopped,
            tokens=p.tokens, seconds=self._clock.seconds, history=tuple(p.history), plan=self.plan,
            resumed_at=resumed_at, interpolated_loss=interpolated_loss, diagnosis=self._diagnosis(),
            skipped=tuple(p.skipped),
        )  # fmt: skip

    def _run(self, stop: StopSignal) -> None:
        """All steps that are left."""
        while self._goes_on():
            self._after(self._step(), stop)

    def _goes_on(self) -> bool:
        """Whether there is another step to make."""
        if not self.progress.stopped and self.progress.step >= self.plan.steps:
            self.progress.stopped = "done"
        return not self.progress.stopped

    def _after(self, info: StepInfo, stop: StopSignal) -> None:
        """What follows a step: an evaluation, a checkpoint, where they are due.

        Raises:
            Interrupted: asked to stop.
        """
        if self.progress.step in self.plan.evaluation_steps:
            self._evaluate()
        if self._wants_checkpoint(stop.asked):
            self._save()
        if self.on_step is not None:
            self.on_step(info)
        if stop.asked and self.progress.step < self.plan.steps and not self.progress.stopped:
            raise self._interrupted(stop.why)

    def _step(self) -> StepInfo:
        """One optimiser step."""
        plan, step = self.plan, self.progress.step + 1
        started = time.monotonic()
        window = self._window(step)
        everything = [r for rows in window for r in rows]
        weight = self.objective.weight(everything)
        tokens = sum(len(r.inputs) for r in everything)
        self.model.train()
        sums = ranks.sum_values(self._gradients(window, weight, step))
        ranks.sum_gradients(self.parameters.values())
        norm = float(nn.utils.clip_grad_norm_(self.parameters.values(), plan.clip))
        self.progress.tokens += tokens
        if not (math.isfinite(norm) and bool(torch.isfinite(sums).all())):
            self._skip(sums, window, step)
            return self._left_out(tokens, time.monotonic() - started)
        rate = self._rate(step)
        optimiser.set_rate(self.optimiser, rate)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        loss = float(sums.sum()) / weight
        return self._taken(step, loss, rate, norm, tokens, started)

    def _rate(self, step: int) -> float:
        """The learning rate of a step."""
        plan = self.plan
        return optimiser.rate(
            step, peak=plan.learning_rate, schedule=plan.schedule, warmup_steps=plan.warmup_steps, steps=plan.steps
        )

    def _taken(self, step: int, loss: float, rate: float, norm: float, tokens: int, started: float) -> StepInfo:
        """Write down a step that was made, which began at ``started``."""
        self.progress.step = step
        seen = self._numbers()
        self.progress.history.append({"step": step, "loss": loss, "rate": rate, "norm": norm, **seen})
        speed, left = self._clock.step(step, tokens, time.monotonic() - started)
        self._note(step, loss=loss, learning_rate=rate, gradient_norm=norm, tokens_per_s=speed, **seen)
        return StepInfo(step, self.plan.steps, loss, self._last_val(), rate, speed, left)

    def _left_out(self, tokens: int, seconds: float) -> StepInfo:
        """What is shown of a step that was left out."""
        step = self.progress.step
        speed, left = self._clock.step(step, tokens, seconds)
        return StepInfo(step, self.plan.steps, self._last_loss(), self._last_val(), 0.0, speed, left)

    def _window(self, step: int) -> list[list[Row]]:
        if self.practice is not None:
            return self.practice.window(step, self.progress.history)
        return [[self.train[i] for i in numbers] for numbers in self.layout.window(step)]

    def _numbers(self) -> dict[str, float]:
        """What the objective saw in this window, of all processes."""
        mine = self.objective.numbers()
        if not mine:
            return {}
        summed = ranks.sum_values(torch.tensor(list(mine.values()), dtype=torch.float64))
        return dict(zip(mine, summed.tolist(), strict=True))

    def _gradients(self, window: list[list[Row]], weight: float, step: int) -> Tensor:
        """Add up the gradients of this process's passes; gives the loss of each pass, (passes,).

        Where the device has no room for a pass, all gradients of the step are thrown away (a backward that broke off
        has left part of them) and it is done again in smaller passes: the same sum, rounded otherwise.
        """
        while True:
            self.objective.begin([r for rows in window for r in rows])
            losses = self._passes(window, weight, step)
            if not isinstance(losses, Full):
                break
            self._make_room(losses, step)
        sums = torch.zeros(len(window), dtype=torch.float64)
        for i, values in losses.items():  # read only now: a device is not waited for between passes
            for value in values:
                sums[i] += value.double().cpu()
        return sums

    def _passes(self, window: list[list[Row]], weight: float, step: int) -> dict[int, list[Tensor]] | Full:
        """The losses by pass; or the first pass that did not fit, where the others are left undone."""
        losses: dict[int, list[Tensor]] = {}
        part_of, of_parts = ranks.parted()
        for i, rows in enumerate(window):
            mine = ranks.share(rows, i)
            for k, part in enumerate(parts(mine, self.progress.most_tokens) if mine else ()):
                number = (i + k * len(window)) * of_parts + part_of
                torch.manual_seed(_seed(self.plan.seed, step, number))
                batch = self.objective.collate(part, self.device)
                try:
                    losses.setdefault(i, []).append(self.objective.backward(batch, weight))
                except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                    full = Full.of(error, batch, len(part))
                    if full is None:
                        raise
                    return full
        return losses

    def _make_room(self, full: Full, step: int) -> None:
        """From now on passes are half as large as the one that did not fit."""
        self.optimiser.zero_grad(set_to_none=True)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if full.rows == 1:
            raise LuthierError(
                f"the device ran out of memory at step {step}", where=f"a single row of {full.tokens:,} tokens",
                why=full.why, fix=f"train.max_length: {max(8, full.tokens // 2)}, a smaller base, or tuning: qlora",
            )  # fmt: skip
        self.progress.most_tokens = full.tokens // 2
        self._event(
            "out of memory", step=step, tokens=full.tokens, now=self.progress.most_tokens, why=full.why,
            message="the step is done again in smaller passes, with the same gradient",
        )  # fmt: skip

    def _skip(self, sums: Tensor, window: list[list[Row]], step: int) -> None:
        """No update with numbers that are not finite: leave the step out, name the rows, stop when it was too often."""
        p = self.progress
        self.optimiser.zero_grad(set_to_none=True)
        bad = [i for i, value in enumerate(sums.tolist()) if not math.isfinite(value)]
        thing = "loss" if bad else "gradient"
        suspects = self._suspects([window[i] for i in bad]) if bad else [r.example_id for rows in window for r in rows]
        p.step = step
        p.skipped.append({"step": step, "rows": suspects})
        p.history.append({"step": step, "skipped": thing})
        left = self.plan.skips - len(p.skipped)
        self._event("step skipped", step=step, cause=f"the {thing} is not finite", rows=suspects, left=left)
        if len(p.skipped) <= self.plan.skips:
            return
        named = ", ".join(suspects[:8]) + (f" and {len(suspects) - 8} more" if len(suspects) > 8 else "")
        before = [s["step"] for s in p.skipped[:-1]]
        raise LuthierError(
            f"the {thing} is not a finite number at step {step} of {self.plan.steps}", where=f"rows {named}",
            why="an update with it would destroy the weights, so none was made"
            + (f"; so it was at steps {', '.join(map(str, before))}, which were left out" if before else ""),
            fix="a lower train.learning_rate, or train.precision: fp32; look at the rows",
            details={"step": step, "rows": suspects, "skipped": p.skipped},
        )

    def _suspects(self, passes: list[list[Row]]) -> list[str]:
        """Rows whose own loss is not finite; where none is alone so, all of their passes."""
        rows = [r for part in passes for r in part]
        with torch.no_grad():
            alone = [r.example_id for r in rows if not math.isfinite(self._total([r]))]
        return alone or [r.example_id for r in rows]

    def _evaluate(self) -> None:
        """Validation loss and the probe's numbers at the present step; step 0 is the start and never the best."""
        p = self.progress
        self.model.eval()
        entry: dict[str, Any] = p.history[-1] if p.history else {"step": 0}
        with torch.no_grad(), machine.threads(self.plan.threads):
            if self.practice is not None:
                entry |= self.practice.examine()
            elif self.validation:
                entry["val"] = self._validation_loss()
                if held_out := dict(self.objective.numbers()):  # every process reads all of these rows
                    entry["held_out"] = held_out
            if self.watch is not None:
                falling = "val" in entry and (p.best_loss is None or entry["val"] < p.best_loss)
                entry |= self.watch.look(answers=p.step == self.plan.steps or not falling)
            if self.probe is not None:
                entry["probe"] = {**entry.get("probe", {}), **self.probe(self.model, p.step)}
        held_out = {f"val_{name}": value for name, value in entry.get("held_out", {}).items()}
        values = {**({"val": entry["val"]} if "val" in entry else {}), **held_out, **entry.get("probe", {})}
        self._note(p.step, **values)
        if told := self.objective.remark(entry.get("held_out", entry)):
            self._event("remark", step=p.step, message=told)
        if p.step == 0:
            p.first_loss = entry.get("val")
            p.history.append(entry)
            return
        stop = self.watch.stops(p.history) if self.watch is not None else None
        if "val" in entry and (stop is None or stop.kind not in SPOILT):
            self._judge(entry["val"])
        if stop is not None and p.step < self.plan.steps:
            p.stopped = stop.kind
            self._event("stopped by a monitor", step=p.step, monitor=stop.kind, message=stop.said)

    def _validation_loss(self) -> float:
        everything = [r for rows in self.validation for r in rows]
        self.objective.begin(everything)
        return math.fsum(self._total(rows) for rows in self.validation) / self.objective.weight(everything)

    def _total(self, rows: Sequence[Row]) -> float:
        return float(self.objective.total(self.objective.collate(rows, self.device)))

    def _interpolate(self, share: float) -> float | None:
        """Go back to ``share`` of the way from the start; gives the validation loss there."""
        go_back(self.parameters, self.start, share)
        with torch.no_grad(), machine.threads(self.plan.threads):
            loss = self._validation_loss() if self.validation else None
        self._event("interpolated", share=share, val=loss)
        return loss

    def _judge(self, loss: float) -> None:
        """Keep the weights if they are the best so far; lose patience if they have not been for long."""
        p = self.progress
        if p.best_loss is None or loss < p.best_loss:
            p.best_step, p.best_loss, p.since_best = p.step, loss, 0
            self.best = {name: t.detach().clone() for name, t in self.parameters.items()}
            return
        p.since_best += 1
        if self.plan.patience and p.since_best >= self.plan.patience and p.step < self.plan.steps:
            p.stopped = "early"
            self._event("stopped early", step=p.step, best_step=p.best_step, evaluations_without_better=p.since_best)

    def _keep_best(self) -> None:
        p = self.progress
        if self.best is None:
            p.best_step = p.step
        elif p.best_step != p.step:
            _copy(self.best, self.parameters)
        if p.best_loss is not None and p.first_loss is not None and p.best_loss >= p.first_loss:
            self._event("no gain", message="validation loss never fell below the untrained model's", best=p.best_loss,
                        first=p.first_loss)  # fmt: skip
        self.model.eval()

    def _diagnosis(self) -> tuple[Finding, ...]:
        if self.watch is None:
            return ()
        found = self.watch.diagnose(self.progress.history, best_step=self.progress.best_step)
        for one in found:
            told = one.to_dict()
            self._event("diagnosis", monitor=told.pop("kind"), **told)
        return found

    def _wants_checkpoint(self, asked: bool) -> bool:
        keeps = bool(self.plan.checkpoint_steps) and self.rank == 0
        return keeps and (asked or self.progress.step in self.plan.checkpoint_steps or self.progress.stopped != "")

    def _save(self) -> None:
        p = self.progress
        checkpoint.save(self.folder, Checkpoint(
            step=p.step, weights=self.parameters, optimiser=optimiser.state(self.optimiser, self.parameters),
            best=self.best if p.best_step != p.step else None, progress=asdict(p),
        ))  # fmt: skip
        self._event("checkpoint", step=p.step)

    def _resume(self) -> int | None:
        found = checkpoint.newest(self.folder, warn=lambda text: self._event("checkpoint broken", message=text))
        if found is None:
            return None
        _copy(found.weights, self.parameters)
        optimiser.restore(self.optimiser, self.parameters, found.optimiser)
        self.progress = Progress(**found.progress)
        if self.progress.best_loss is not None:
            best = found.best if found.best is not None else found.weights
            self.best = {name: best[name].to(p.device) for name, p in self.parameters.items()}
        self._event("resumed", step=found.step)
        return found.step

    def _interrupted(self, why: str) -> Interrupted:
        step, steps = self.progress.step, self.plan.steps
        kept = bool(self.plan.checkpoint_steps)
        return Interrupted(
            f"training stopped at step {step} of {steps}", why=why,
            fix="run the same command again: it goes on from here" if kept
            else "run the same command again: it starts over, as train.checkpoints is 0",
            details={"step": step},
        )  # fmt: skip

    def _last_loss(self) -> float:
        return next((h["loss"] for h in reversed(self.progress.history) if "loss" in h), math.nan)

    def _last_val(self) -> float | None:
        return next((h["val"] for h in reversed(self.progress.history) if "val" in h), None)

    def _note(self, step: int, **values: float) -> None:
        if self.rank == 0 and values:
            self.run.metric(step, **values)

    def _event(self, kind: str, **data: Any) -> None:
        if self.rank == 0:
            self.run.event(kind, **data)


class _Clock:
    """Speed and time left, for people; decides nothing."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.began = time.monotonic()
        self.stepping = 0.0
        self.tokens = 0
        self.first: int | None = None

    @property
    def seconds(self) -> float:
        """Since the loop was made."""
        return time.monotonic() - self.began

    def step(self, step: int, tokens: int, seconds: float) -> tuple[float, float]:
        """(tokens a second while stepping, seconds left, evaluations included as they went so far)."""
        self.first = step if self.first is None else self.first
        self.stepping += seconds
        self.tokens += tokens
        done = step - self.first + 1
        return self.tokens / max(self.stepping, 1e-9), self.seconds / done * (self.steps - step)


def _seed(seed: int, step: int, micro: int) -> int:
    """Of the random numbers of one forward pass: no pass depends on what ran before it."""
    return ((seed * 1_000_003 + step) * 65_537 + micro) % (1 << 63)


def in_order(rows: Sequence[Row], micro_tokens: int) -> list[list[Row]]:
    """Passes over rows that are only read, the same every time."""
    made = []
    for kind in kinds(rows):
        lengths = np.array([len(rows[i].inputs) for i in kind.rows])
        passes = micro_batches(lengths, micro_tokens=micro_tokens, seed=0, epoch=0)
        made += [[rows[kind.rows[i]] for i in cut] for cut in passes]
    return made


def _copy(stored: Mapping[str, Tensor], parameters: Mapping[str, nn.Parameter]) -> None:
    with torch.no_grad():
        for name, p in parameters.items():
            p.copy_(stored[name])
