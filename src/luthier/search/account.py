"""What a search came to: its trials, which of them no other beats in everything, and the winner against the recipe.

Numbers only. The winner is chosen by the loss on one part of the validation rows and compared on the other part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from luthier.stats import paired_difference
from luthier.stats.interval import Interval


@dataclass(frozen=True)
class Trial:
    """One training.

    ``values`` by key of the recipe (none for the recipe as it stands); ``state`` is done, cut short or failed; ``loss``
    in nats a trained token on the rows by which the winner is chosen, ``confirmed`` on the others; ``forgetting`` in
    percent of the loss on general rows (None where there are none); ``operations`` of training, ``seconds`` measured.
    """

    number: int
    values: Mapping[str, Any]
    state: str
    loss: float | None
    confirmed: float | None = None
    forgetting: float | None = None
    operations: float = 0.0
    seconds: float = 0.0
    why: str = ""
    rows: tuple[float, ...] = ()
    """Loss of each of the other rows, in their order."""

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {**asdict(self), "values": dict(self.values), "rows": list(self.rows)}


@dataclass(frozen=True)
class Account:
    """All trials by number; ``tolerance`` is the most that the winner may forget, in percent."""

    trials: tuple[Trial, ...]
    tolerance: float

    @property
    def done(self) -> list[Trial]:
        """Those that were trained to their end."""
        return [t for t in self.trials if t.state == "done" and t.loss is not None]

    @property
    def default(self) -> Trial | None:
        """The recipe as it stands, if it could be trained."""
        return next((t for t in self.done if t.number == 0), None)

    @property
    def best(self) -> Trial | None:
        """The lowest loss among those that forget no more than is tolerated; where all do, the one that forgets
        least."""
        kept = [t for t in self.done if t.forgetting is None or t.forgetting <= self.tolerance]
        if kept:
            return min(kept, key=lambda t: (t.loss, t.number))
        return min(self.done, key=lambda t: (t.forgetting, t.number), default=None)

    @property
    def keenest(self) -> Trial | None:
        """The lowest loss, whatever it forgets."""
        return min(self.done, key=lambda t: (t.loss, t.number), default=None)

    @property
    def pareto(self) -> frozenset[int]:
        """Numbers of the trials that no other one equals or beats in loss, forgetting and cost at once."""
        return frozenset(t.number for t in self.done if not any(_dominates(other, t) for other in self.done))

    @property
    def gain(self) -> Interval | None:
        """How much lower the winner's loss is than the recipe's, in nats, paired by row, on rows that did not choose
        it. None where the recipe is the winner or could not be trained."""
        return self._over_the_recipe(self.best)

    @property
    def gain_alone(self) -> Interval | None:
        """The same of the trial with the lowest loss, where that is not the winner, as it forgets more."""
        return None if self.keenest is self.best else self._over_the_recipe(self.keenest)

    def _over_the_recipe(self, trial: Trial | None) -> Interval | None:
        default = self.default
        if trial is None or default is None or trial is default:
            return None
        return paired_difference(default.rows, trial.rows)

    @property
    def said(self) -> str:
        """The answer in a sentence."""
        best = self.best
        if best is None:
            return "no trial was trained to its end: see why each failed"
        told = f"{self._compared(best)}{self._on_the_job_alone()}"
        if best.forgetting is None or best.forgetting <= self.tolerance:
            return told
        return (
            f"every trial that was trained to its end forgets more than {self.tolerance:g}%, and the one that forgets "
            f"least ({best.forgetting:+.1f}%) is taken (data.replay and train.anchor hold it): {told}"
        )

    def _compared(self, best: Trial) -> str:
        if best.number == 0:
            if self.keenest is best:
                return f"the recipe as it stands is the best of {len(self.trials)} trials: nothing to change"
            return f"of {len(self.trials)} trials none that keeps as much is better than the recipe as it stands"
        gain = self.gain
        if gain is None:
            return f"trial {best.number} is best; the recipe as it stands could not be trained"
        if gain.low > 0:
            return f"trial {best.number} beats the recipe as it stands: its loss is lower by {_nats(gain)}"
        if gain.high < 0:
            return f"trial {best.number} was chosen, but the recipe as it stands is better: {_nats(gain)}"
        return f"trial {best.number} is not shown to beat the recipe as it stands: {_nats(gain)}"

    def _on_the_job_alone(self) -> str:
        """What a trial with a lower loss would be worth, if what it forgets did not matter; empty without one."""
        gain, other = self.gain_alone, self.keenest
        if gain is None or other is None or other.forgetting is None:
            return ""
        word = "does better than" if gain.low > 0 else "is not shown to do better than"
        return (
            f"; on the job alone trial {other.number} {word} the recipe (its loss is lower by {_nats(gain)}), "
            f"and forgets {other.forgetting:+.1f}%"
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "said": self.said, "best": None if self.best is None else self.best.number,
            "pareto": sorted(self.pareto), "tolerance": self.tolerance,
            "gain": _figures(self.gain), "keenest": None if self.keenest is None else self.keenest.number,
            "gain_alone": _figures(self.gain_alone), "trials": [t.to_dict() for t in self.trials],
        }  # fmt: skip


def _figures(gain: Interval | None) -> dict[str, float] | None:
    return None if gain is None else {x: getattr(gain, x) for x in ("estimate", "low", "high", "n")}


def _nats(gain: Interval) -> str:
    return f"{gain.estimate:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}] nats a token on {gain.n} rows"


def _dominates(one: Trial, other: Trial) -> bool:
    a, b = _marks(one), _marks(other)
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b


def _marks(trial: Trial) -> tuple[float, float, float]:
    return (trial.loss or 0.0, trial.forgetting or 0.0, trial.operations)


def mean(values: Sequence[float]) -> float | None:
    """The mean; None of nothing."""
    return sum(values) / len(values) if values else None
