"""The whole recipe: what was asked, frozen."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from luthier.recipe.augment import AugmentSpec
from luthier.recipe.data import DataSpec
from luthier.recipe.evaluate import EvaluateSpec
from luthier.recipe.spec import OneOrMany, Share, Spec
from luthier.recipe.train import TrainSpec


class ModelSpec(Spec):
    """The base model."""

    base: str = Field(min_length=1)
    """A hub id (``Qwen/Qwen3-0.6B``), a local folder, or ``nano``, the small built-in base."""
    revision: str | None = None
    """Commit, tag or branch on the hub; left out, the newest, which is then pinned in recipe.lock."""
    chat_template: str | None = None
    """A Jinja file to use instead of the tokenizer's own template."""
    remote_code: bool = False
    """Run Python code that comes with the model. Never needed for common families; dangerous otherwise."""


class ExportSpec(Spec):
    """What is delivered."""

    formats: Annotated[tuple[Literal["adapter", "merged"], ...], OneOrMany] = ("adapter", "merged")
    """``adapter`` (peft layout) and ``merged`` (a whole model); each is compared with the trained one."""
    dtype: Literal["auto", "fp32", "bf16"] = "auto"
    """Number format of the merged model; ``auto`` keeps the base's."""
    scale: Share = Field(default=1.0, gt=0.0, le=1.0)
    """The share of what was trained that is delivered, base + scale · (tuned − base), without training again. After a
    REJECT ``luthier run`` tries scales on rows that the gate never sees and offers the best (see ``--remedy``)."""


class PrivacySpec(Spec):
    """What may leave this machine, and how long unused rows stay on it."""

    egress: Annotated[tuple[str, ...], OneOrMany] = ()
    """Hosts that rows may be sent to (a remote judge or engine). Default: none."""
    retention: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4} (hour|day|week)s?$")] | None = None
    """How long rows that were removed or quarantined are kept to look at, e.g. ``30 days``; ``luthier gc`` erases older
    ones. Left out, they stay until somebody erases them."""


class Recipe(Spec):
    """One job: base, data, training, evaluation, export."""

    luthier: Literal[1] = 1
    """Version of the recipe language."""
    name: str = Field(default="job", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    """Short name of the job; runs and models carry it."""
    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    """Seed of everything random."""
    model: ModelSpec
    """The base model."""
    data: DataSpec
    """Where the rows are and what is done to them."""
    augment: AugmentSpec = AugmentSpec()
    """How ``luthier augment`` makes new rows; ``luthier run`` uses only rows that ``data.source`` names."""
    train: TrainSpec = TrainSpec()
    """How the model learns."""
    evaluate: EvaluateSpec = EvaluateSpec()
    """What "better" means and what must not get worse."""
    export: ExportSpec = ExportSpec()
    """What is delivered."""
    privacy: PrivacySpec = PrivacySpec()
    """What may leave this machine."""
