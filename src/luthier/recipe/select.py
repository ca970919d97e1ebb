"""Which training rows are worth their place: what a model says of them, and which are taken under a budget.

Numbers with a paper behind them name it. Nothing is scored or taken out here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from luthier.recipe.augment import RemoteSpec
from luthier.recipe.spec import OneOrMany, Share, Spec

Worth = Literal["quality", "complexity", "ifd", "reward", "length"]
Aspect = Literal["quality", "complexity"]


class LikelihoodSpec(Spec):
    """How likely a model finds each answer, with its question and without (IFD, Li et al. 2024, arXiv 2308.12032)."""

    model: str | None = None
    """Who says so: a run, a model, a folder, a hub id or ``nano``, run on this machine; left out, ``model.base``."""
    max_ifd: float | None = Field(default=1.0, gt=0.0)
    """Rows above it are set aside: the question makes the answer no likelier (published: 1); null keeps them."""
    keep: Share = Field(default=1.0, gt=0.0, le=1.0)
    """Of the rows left, the share with the highest IFD that stays (published: 10% of 52,000 Alpaca rows); 1 keeps all,
    which is right for a small set of your own job."""
    max_perplexity: float | None = Field(default=None, gt=1.0)
    """Rows whose answer, read after its question, has a higher perplexity per token are set aside; null keeps them."""


class JudgeSpec(Spec):
    """A model reads each row and gives it marks from 1 to 6."""

    engine: str | RemoteSpec | None = None
    """Who judges: a run, a model, a folder, a hub id, ``nano``, ``./file.py:function`` (a reward model of your own), or
    ``{url, model, key}``; left out, ``model.base``."""
    asks: Annotated[tuple[Aspect, ...], OneOrMany] = Field(default=("quality", "complexity"), min_length=1)
    """What it is asked about each row: ``quality`` of the answer, ``complexity`` of the question."""
    how: Literal["say", "expect"] = "say"
    """``say``: it writes a reason and a mark, read strictly. ``expect``: the mark expected from the probabilities of
    the digits 1 to 6 (published by DEITA for its scorers), which only a model run on this machine can give."""
    max_tokens: int = Field(default=256, ge=4)
    """Longest reason and mark."""
    min_quality: float | None = Field(default=None, ge=1.0, le=6.0)
    """Rows with a lower mark for quality are set aside; null keeps them."""

    @model_validator(mode="after")
    def _asked(self) -> JudgeSpec:
        if self.min_quality is not None and "quality" not in self.asks:
            raise ValueError("min_quality needs quality among asks")
        return self


class RewardModelSpec(Spec):
    """A reward model (``train.method: reward``) scores each row's answer."""

    model: str
    """Which one: a run, a model, a folder or a hub id, run on this machine."""
    min: float | None = None
    """Rows with a lower reward are set aside; null keeps them."""
    keep: Share = Field(default=1.0, gt=0.0, le=1.0)
    """Of the rows left, the share with the highest reward that stays; 1 keeps all."""


class SelectSpec(Spec):
    """Training rows chosen by worth and variety. Validation and test rows stay as they are."""

    likelihood: LikelihoodSpec | None = None
    """Perplexity and IFD of the answers; null asks no model."""
    judge: JudgeSpec | None = None
    """Marks from a model; null asks none."""
    reward: RewardModelSpec | None = None
    """Rewards from a reward model; null asks none."""
    by: Annotated[tuple[Worth, ...], OneOrMany] | None = None
    """What a row is worth: the product of these. Left out: the judge's marks, else the reward, else IFD, else nothing
    (then rows come in the order of their ids, which is a fair draw). ``length`` is that of the answer, ``reward`` the
    chance to win against an answer of reward 0."""
    similar: Annotated[float, Field(gt=0.0, le=1.0)] | None = None
    """Going from the most worth down, a row is left out if its cosine similarity to one that was already taken is
    higher (published by DEITA: 0.9); null takes it. ``data.vectors`` says how rows are compared."""
    rows: int | None = Field(default=None, ge=1)
    """Take at most so many rows; null is no limit."""
    tokens: int | None = Field(default=None, ge=1)
    """Take rows of at most so many tokens together; one that does not fit any more is passed over. Null is no limit."""

    @model_validator(mode="after")
    def _known(self) -> SelectSpec:
        asks = self.judge.asks if self.judge else ()
        for name in self.by or ():
            if name in ("quality", "complexity") and name not in asks:
                raise ValueError(f"by: {name} needs judge with {name} among its asks")
            if name == "ifd" and self.likelihood is None:
                raise ValueError("by: ifd needs likelihood")
            if name == "reward" and self.reward is None:
                raise ValueError("by: reward needs reward: {model: …}")
        if len(set(self.by or ())) < len(self.by or ()):
            raise ValueError("by names a thing twice")
        return self

    @property
    def worth(self) -> tuple[Worth, ...]:
        """What rows are ordered by."""
        if self.by is not None:
            return self.by
        if self.judge is not None:
            return self.judge.asks
        if self.reward is not None:
            return ("reward",)
        return ("ifd",) if self.likelihood is not None else ()


class SemanticSpec(Spec):
    """Rows that say the same in other words."""

    similar: float = Field(default=0.95, gt=0.0, le=1.0)
    """Cosine similarity of the questions from which two rows are kin: they stand on one side of the split. If their
    answers say the same too, only the better one stays."""


def _number(value: object) -> object:
    return {"similar": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


Semantic = Annotated[SemanticSpec, BeforeValidator(_number)]
"""Lets the section be written as its number: ``semantic: 0.95``."""


class ParentSpec(Spec):
    """Columns that say which row was made from which: an edit from its original, a child from its seed."""

    id: str = Field(min_length=1)
    """The column that names each row."""
    of: Annotated[tuple[str, ...], OneOrMany] = Field(min_length=1)
    """The columns that hold the name of the row it was made from."""
