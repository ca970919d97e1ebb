"""What ``luthier search`` may be asked: which keys of the recipe are tried, and how many trials."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from luthier.recipe.spec import Share, Spec

SEARCHED = ("train.", "data.replay.share", "data.replay.sets")
"""What may be tried: how the model learns, and the mix of rows. Everything else decides what is measured."""
FIXED = (
    "train.method", "train.max_length", "train.field_weights", "train.watch", "train.evaluations", "train.checkpoints",
)  # fmt: skip
"""Of these, what would change the rows that trials are compared on, or when they are."""


class RangeSpec(Spec):
    """The values that a key may take: some of them, or numbers from ``low`` to ``high``."""

    values: tuple[Any, ...] = ()
    """The values; ``key: [4, 8, 16]`` is short for ``key: {values: [4, 8, 16]}``."""
    low: float | None = None
    """The smallest number, included."""
    high: float | None = None
    """The largest number, included."""
    log: bool = False
    """Try numbers evenly by their logarithm, as suits learning rates."""
    whole: bool = False
    """Only whole numbers."""

    @model_validator(mode="after")
    def _values_or_range(self) -> RangeSpec:
        ranged = self.low is not None or self.high is not None
        if ranged == bool(self.values):
            raise ValueError("write values, or low and high")
        if ranged:
            if self.low is None or self.high is None or not self.low < self.high or not math.isfinite(self.high):
                raise ValueError("a range needs low and a larger high")
            if self.log and self.low <= 0:
                raise ValueError("a logarithmic range begins above 0")
            if self.whole and not (self.low.is_integer() and self.high.is_integer()):
                raise ValueError("whole numbers lie between whole numbers")
        return self


def _as_range(value: Any) -> Any:
    return {"values": value} if isinstance(value, list | tuple) else value


Tried = Annotated[RangeSpec, BeforeValidator(_as_range)]
"""Lets a range be written as its list of values."""


class SearchSpec(Spec):
    """A search over keys of this recipe. Trials are judged on validation rows; the gate's items are not read."""

    trials: int = Field(default=20, ge=2, le=10_000)
    """Trainings in all, the recipe as it stands among them. More can be asked for later: those there are stay."""
    space: dict[str, Tried] = Field(default_factory=dict)
    """What is tried, by key: ``{train.tuning.r: [8, 16], train.learning_rate: {low: 1e-4, high: 1e-2, log: true}}``.
    Left out: learning rate, rank, targets, warm-up and batch around what the recipe says."""
    halving: int = Field(default=3, ge=0, le=10)
    """Successive halving: at the 1st, 3rd, 9th … evaluation only the best of so many trials goes on (Jamieson and
    Talwalkar 2016). 0 trains every trial to its end."""
    forgetting: float | None = Field(default=None, gt=0)
    """Percent of the loss on general rows that the winner may lose; left out, ``train.watch.tolerance``."""
    confirm: Share = Field(default=0.5, gt=0.0, lt=0.9)
    """Share of the validation rows by which no trial is chosen: on them the winner is compared with the recipe as it
    stands, so that luck in choosing does not count as gain."""
    curve: tuple[Annotated[Share, Field(gt=0.0, le=1.0)], ...] = (0.125, 0.25, 0.5, 1.0)
    """For ``--learning-curve``: shares of the training rows, each twice the one before."""
    repeats: int = Field(default=3, ge=1, le=50)
    """For ``--learning-curve``: how often, with other rows and another seed."""
    worth: Share = Field(default=0.02, gt=0.0, lt=1.0)
    """For ``--learning-curve``: the share by which twice the rows must lower the loss to be worth collecting."""

    @model_validator(mode="after")
    def _keys_that_can_be_tried(self) -> SearchSpec:
        for key in self.space:
            if not key.startswith(SEARCHED) or any(key == f or key.startswith(f"{f}.") for f in FIXED):
                raise ValueError(
                    f"{key} cannot be tried: keys of train (but not {', '.join(f.partition('.')[2] for f in FIXED)}) "
                    "and data.replay.share can"
                )
        doubled = all(math.isclose(b, 2 * a) for a, b in zip(self.curve, self.curve[1:], strict=False))
        if len(self.curve) < 3 or not doubled:
            raise ValueError("curve needs three shares or more, each twice the one before")
        return self
