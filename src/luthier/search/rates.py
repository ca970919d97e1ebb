"""``luthier search --range-test``: which learning rates learn this job at all?

The learning-rate range test (Smith 2017, arXiv 1506.01186): one short training in which the rate grows exponentially
from step to step, over four decades around the recipe's own. Two readings are usual: the rate at which the loss falls
fastest, and a tenth of the one at which it diverges; the rates between them are worth trying. One load of the base,
about a hundred steps. A step's loss is that of the rows it learns
from, one pass over them in one order: the answer is a place to start from, and a search or the gate decides.

Not here: trials at fixed rates (run.py). Killed, it starts over.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from luthier.errors import LuthierError
from luthier.pipeline.job import Job, ProgressLike
from luthier.pipeline.run import running
from luthier.recipe import LoadedRecipe
from luthier.report.search import rates_page
from luthier.search.bench import UNWATCHED, Bench
from luthier.search.run import file_measured, named, refuse_comparing
from luthier.search.space import with_values

if TYPE_CHECKING:
    from luthier.store import Run, Store
    from luthier.train.plan import TrainPlan

STEPS = 100
SMOOTHED_OVER = 3.0
"""Steps, the standard deviation of the kernel: to both sides, so that nothing is shifted towards higher rates."""
FALLEN = 0.05
"""Share of the first loss that must be gone for a rate to count as learning."""
HOPELESS = 4.0
"""Times the lowest loss: the mean of the last steps is so high that higher rates need not be tried."""
_LAST = 5


class _Diverged(Exception):
    """Higher rates need not be tried."""


@dataclass(frozen=True)
class RangeTest:
    """Loss by learning rate, step by step: ``rates`` and ``losses`` (steps,), nats a trained token; ``own`` is the rate
    of the recipe as it stands; ``broken_off``: higher rates were not tried, as the last ones were hopeless."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    own: float
    broken_off: bool = False

    @property
    def smoothed(self) -> list[float]:
        """The losses, smoothed."""
        at = np.arange(len(self.losses))
        kernel = np.exp(-0.5 * ((at[:, None] - at[None, :]) / SMOOTHED_OVER) ** 2)
        means: list[float] = (kernel @ np.asarray(self.losses) / kernel.sum(axis=1)).tolist()
        return means

    @property
    def lowest(self) -> float:
        """The rate at which the smoothed loss was lowest."""
        return self.rates[int(np.argmin(self.smoothed))]

    @property
    def learns(self) -> bool:
        """Whether the loss fell at all."""
        return min(self.smoothed) < (1 - FALLEN) * self.smoothed[0]

    @property
    def steepest(self) -> float | None:
        """The rate at which the smoothed loss fell fastest, by decade; None where it did not fall."""
        smoothed = self.smoothed
        end = int(np.argmin(smoothed)) + 1
        if not self.learns or end < 2:
            return None
        slopes = np.gradient(np.asarray(smoothed[:end]), np.log10(self.rates[:end]))
        return self.rates[int(np.argmin(slopes))]

    @property
    def diverges(self) -> float | None:
        """The first rate behind the lowest loss at which half of what was gained is lost again, or the one at which the
        test was broken off; None: it does not."""
        smoothed = self.smoothed
        end = int(np.argmin(smoothed))
        half = (smoothed[0] + smoothed[end]) / 2
        high = next((r for r, s in zip(self.rates[end:], smoothed[end:], strict=True) if s >= half), None)
        return self.rates[-1] if high is None and self.broken_off else high

    @property
    def between(self) -> tuple[float, float] | None:
        """Rates worth trying: from one of the usual readings to the other, the lower first; None: nothing is learned.
        Two digits, as nobody knows more."""
        if self.steepest is None:
            return None
        other = self.steepest if self.diverges is None else self.diverges / 10
        low, high = sorted((self.steepest, other))
        return float(f"{low:.1e}"), float(f"{high:.1e}")

    @property
    def suggestion(self) -> float | None:
        """The middle of these, by factors."""
        return None if self.between is None else float(f"{math.sqrt(self.between[0] * self.between[1]):.1e}")

    @property
    def said(self) -> str:
        """The answer in a sentence."""
        if self.suggestion is None or self.between is None:
            return (
                f"no rate from {self.rates[0]:.1e} to {self.rates[-1]:.1e} lowered the loss by {FALLEN:.0%} in so few "
                "steps: the rows may be learned already, or be too many kinds of things"
            )
        low, high = self.between
        high_rate = self.diverges
        ends = f"does not diverge up to {self.rates[-1]:.1e}" if high_rate is None else f"diverges at {high_rate:.1e}"
        return (
            f"train.learning_rate: {self.suggestion:.1e}, or a search from {low:.1e} to {high:.1e}; the loss falls "
            f"fastest at {self.steepest:.1e}, is lowest at {self.lowest:.1e} and {ends}; the recipe has {self.own:.1e}"
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON form: numbers only."""
        return {
            "said": self.said, "suggestion": self.suggestion, "between": self.between, "steepest": self.steepest,
            "lowest": self.lowest, "diverges": self.diverges, "own": self.own, "rates": list(self.rates),
            "losses": list(self.losses), "smoothed": self.smoothed,
        }  # fmt: skip


def range_test(loaded: LoadedRecipe, store: Store, progress: ProgressLike | None = None) -> tuple[Run, RangeTest, Path]:
    """Train with a growing rate; gives the run, what was found and its page.

    Raises:
        LuthierError: the recipe compares answers or makes a classifier, or there are too few rows.
    """
    from luthier.train.optimiser import RISE, RISING, rate

    refuse_comparing(loaded)
    job = Job(named(loaded, "range"), store, progress)
    with running(job) as run:
        bench = Bench(job, confirm=loaded.recipe.search.confirm)
        artifact, _ = bench.data(job)
        own = bench.sides(job).given.plan.learning_rate
        highest = own * math.sqrt(RISE)
        losses: list[float] = []

        def rising(plan: TrainPlan) -> TrainPlan:
            return replace(plan, schedule=RISING, learning_rate=highest, warmup_steps=0)

        def seen(step: int, of: int, loss: float) -> None:
            losses.append(loss)
            bar.update(step, of, f"loss {loss:.3f}")
            if hopeless(losses):
                raise _Diverged

        values = {"train.max_steps": STEPS, "train.epochs": 1000.0, "train.evaluations": 1, "train.checkpoints": 0,
                  "train.skips": 0, "train.interpolate": 1.0, **UNWATCHED}  # fmt: skip
        key = f"range-{run.id}"
        store.clear_workdir(key)
        with job.bar("range test", STEPS) as bar:
            try:
                bench.train(with_values(loaded, values), store.workdir(key), on_step=seen, change=rising)
            except _Diverged:
                pass
            except LuthierError as error:
                if "skipped" not in error.details:  # a loss that is not a number is an answer
                    raise
        store.clear_workdir(key)
        rates = [rate(n, peak=highest, schedule=RISING, warmup_steps=0, steps=STEPS) for n in range(1, STEPS + 1)]
        found = RangeTest(tuple(rates[: len(losses)]), tuple(losses), own, broken_off=len(losses) < STEPS)
        html = rates_page(found.to_dict(), loaded.recipe.name)
        page = file_measured(
            job, run, "rates", found, ("range_test.html", html), of=artifact, meta={"suggestion": found.suggestion}
        )  # fmt: skip
        return run, found, page


def hopeless(losses: Sequence[float]) -> bool:
    """Whether the last losses are far above the lowest that there were."""
    if len(losses) < 2 * _LAST:
        return False
    means = np.convolve(losses, np.full(_LAST, 1 / _LAST), mode="valid")
    return bool(means[-1] > HOPELESS * means.min())
