"""A short measured trial of a planned training: the worst real pass first, then some steps as they will come.

It runs the method itself on the loaded model, with the plan cut to a few steps, in a folder of its own; so whatever a
step, an evaluation or a checkpoint costs is in the figures, and nothing is estimated twice. The model's weights change;
what was probed is thrown away. Decides nothing: the plan of a run does not depend on it.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from luthier.train import machine
from luthier.train.batches import PAD_TO, micro_batches
from luthier.train.loop import Run
from luthier.train.plan import TrainPlan

STEPS = 6
"""The first warms the machine up and is not counted."""
FIRST, FEWEST = 24, 4
"""Steps of a run that tell how long it will take, and the fewest that tell anything."""
READ_FOR_ONE_TRAINED = 3
"""Tokens that are read in the time that one is trained in."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What was measured. Seconds of one token trained, of one evaluation, of what the last one does besides (answers
    for the monitors), of one checkpoint, of loading; ``bytes`` that were held at most (None: not known) and, where the
    worst pass did not fit, the tokens of the largest one that did."""

    seconds_a_token: float
    evaluation: float
    last_evaluation: float
    checkpoint: float
    loading: float
    bytes: int | None
    fits_tokens: int | None
    tokens: int

    def seconds(self, plan: TrainPlan, tokens_an_epoch: int) -> float:
        """Of the whole training, to its last step."""
        tokens = tokens_an_epoch * plan.steps / plan.steps_an_epoch
        rounds = len(plan.evaluation_steps) + 1
        saved = len(plan.checkpoint_steps) * self.checkpoint
        return (
            self.loading + tokens * self.seconds_a_token + rounds * self.evaluation + self.last_evaluation + saved
        )


@dataclass
class _Watch:
    """A run that only notes when things happened, and counts tokens."""

    last: float = 0.0
    steps: list[float] = field(default_factory=list)
    evaluations: list[float] = field(default_factory=list)
    checkpoints: list[float] = field(default_factory=list)
    full: int | None = None

    def metric(self, step: int, **values: Any) -> None:
        (self.steps if "loss" in values else self.evaluations).append(self._lap())

    def event(self, kind: str, **data: Any) -> None:
        took = self._lap()
        if kind == "checkpoint":
            self.checkpoints.append(took)
        if kind == "out of memory":
            self.full = data["now"]

    def _lap(self) -> float:
        now = time.monotonic()
        took, self.last = now - self.last, now
        return took


class FirstSteps(_Watch):
    """A run that passes on what it is told to another, and after the first steps says what they make of the whole: an
    event ``expected``. They are the training itself, so the forecast costs nothing and changes no bit of it.

    Args:
        run: what is passed on to.
        plan: of the training.
        tokens_an_epoch: that are fed.
        answer_tokens: that the answers of the last evaluation are worth, in tokens read.
    """

    def __init__(self, run: Run, plan: TrainPlan, tokens_an_epoch: int, answer_tokens: float = 0.0) -> None:
        super().__init__(last=time.monotonic())
        self.run, self.plan, self.tokens_an_epoch, self.answer_tokens = run, plan, tokens_an_epoch, answer_tokens
        self.wanted = min(FIRST, plan.steps // 4)
        self.expected: Expected | None = None
        self._fed: list[float] = []

    def metric(self, step: int, **values: Any) -> None:
        super().metric(step, **values)
        if "tokens_per_s" in values:
            self._fed.append(values["tokens_per_s"] * sum(self.steps))
            if len(self.steps) == self.wanted and self.wanted >= FEWEST:
                self._say()
        self.run.metric(step, **values)

    def event(self, kind: str, **data: Any) -> None:
        super().event(kind, **data)
        if kind == "resumed":
            self.wanted = 0  # the first steps were another process's
        self.run.event(kind, **data)

    def _say(self) -> None:
        a_token = sum(self.steps[1:]) / max(1.0, self._fed[-1] - self._fed[0])
        answers = self.answer_tokens * a_token / READ_FOR_ONE_TRAINED
        found = Probed(
            seconds_a_token=a_token, evaluation=min(self.evaluations, default=0.0), last_evaluation=answers,
            checkpoint=max(self.checkpoints, default=0.0), loading=0.0, bytes=None, fits_tokens=self.full, tokens=0,
        )  # fmt: skip
        self.expected = Expected(found.seconds(self.plan, self.tokens_an_epoch), self.wanted)
        self.run.event("expected", seconds=self.expected.seconds, after_steps=self.wanted)


@dataclass(frozen=True, slots=True)
class Expected:
    """Seconds of a whole training, by its first steps."""

    seconds: float
    steps: int


def probe(
    method: Callable[..., Any], spec: Any, plan: TrainPlan, *, load: Callable[[], Any], device: str,
    train: Sequence[Any], lengths: Sequence[int], validation: Sequence[Any], seed: int, replayed: Sequence[bool] = (),
    more: Mapping[str, Any],
) -> Probed:  # fmt: skip
    """Load the model, run the worst pass, then a few steps.

    Args:
        method: of training (``sft.run``, ``preference.run``).
        spec, plan: of the run that is planned.
        load: gives the prepared model.
        device: that it is on.
        train, validation: the run's own rows; ``lengths`` are input tokens of the former.
        seed: of the run.
        replayed: which training rows are replayed ones; at least one goes with the worst pass.
        more: further arguments of the method.
    """
    with machine.peak_memory(device) as taken:
        began = time.monotonic()
        loaded = load()
        loading = time.monotonic() - began
        worst = _worst(lengths, plan.micro_tokens, replayed)
        alone = replace(
            plan, steps=1, steps_an_epoch=1, evaluation_steps=(1,), checkpoint_steps=(), rows=len(worst),
            validation_rows=0, watch_rows=0, watch_answers=0,
        )  # fmt: skip
        first, watch = _Watch(), _Watch()
        _run(method, spec, alone, loaded, [train[i] for i in worst], (), seed, first, more)
        steps = min(STEPS, plan.steps)
        saved = (min(2, steps),) if plan.checkpoint_steps else ()
        few = replace(plan, steps=steps, evaluation_steps=tuple(sorted({1, steps})), checkpoint_steps=saved)
        result = _run(method, spec, few, loaded, train, validation, seed, watch, more)
    counted = watch.steps[1:] or watch.steps
    share = len(counted) / len(watch.steps)
    tokens = max(1, round(result.tokens * share))
    rounds = watch.evaluations
    usual = rounds[1] if len(rounds) > 2 else min(rounds, default=0.0)
    last = max(0.0, rounds[-1] - usual) if len(rounds) > 2 else 0.0
    return Probed(
        seconds_a_token=sum(counted) / tokens, evaluation=usual, last_evaluation=last,
        checkpoint=statistics.fmean(watch.checkpoints) if watch.checkpoints else 0.0, loading=loading,
        bytes=taken.bytes, fits_tokens=first.full or watch.full, tokens=result.tokens,
    )  # fmt: skip


def _run(
    method: Callable[..., Any], spec: Any, plan: TrainPlan, loaded: Any, train: Sequence[Any],
    validation: Sequence[Any], seed: int, watch: _Watch, more: Mapping[str, Any],
) -> Any:  # fmt: skip
    watch.last = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="luthier-probe-") as folder:
        return method(
            spec, plan, loaded=loaded, train=train, validation=validation, run=watch, workdir=Path(folder), seed=seed,
            **more,
        )  # fmt: skip


def _worst(lengths: Sequence[int], micro_tokens: int, replayed: Sequence[bool]) -> list[int]:
    """Numbers of the rows of the pass with most padded tokens, and of a replayed row where there are any."""
    cuts = micro_batches(lengths, micro_tokens=micro_tokens, seed=0, epoch=0)
    found = max(cuts, key=lambda cut: len(cut) * -(-max(lengths[i] for i in cut) // PAD_TO) * PAD_TO)
    rows = [int(i) for i in found]
    if any(replayed) and not any(replayed[i] for i in rows):
        rows.append(next(i for i, yes in enumerate(replayed) if yes))
    return rows
