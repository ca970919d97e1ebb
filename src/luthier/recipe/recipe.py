"""The whole recipe: what was asked, frozen."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from luthier.recipe.augment import AugmentSpec
from luthier.recipe.backend import OTHERWISE
from luthier.recipe.data import DataSpec
from luthier.recipe.evaluate import EvaluateSpec
from luthier.recipe.search import SearchSpec
from luthier.recipe.spec import OneOrMany, Share, Spec
from luthier.recipe.track import AnyTracker
from luthier.recipe.train import COMPARES, REWARDED, LoraTuning, TrainSpec


class ModelSpec(Spec):
    """The base model."""

    base: str = Field(min_length=1)
    """A hub id (``Qwen/Qwen3-0.6B``), a local folder, or ``nano``, the small built-in base."""
    revision: str | None = None
    """Commit, tag or branch on the hub; left out, the newest, which is then pinned in recipe.lock."""
    adapter: str | None = None
    """An adapter of this base to train further: a run, an artifact, or a folder that begins with ``.`` or ``/``. What
    is made is compared with it, not with the bare base; where preferences are learned, it is the reference."""
    chat_template: str | None = None
    """A Jinja file to use instead of the tokenizer's own template."""
    remote_code: bool = False
    """Run Python code that comes with the model. Never needed for common families; dangerous otherwise."""
    new_tokens: Annotated[tuple[str, ...], OneOrMany] = ()
    """Texts that become tokens of their own, wherever they stand: ``<tool>``, names of a field. Each begins as the mean
    of the tokens that it is cut into now, is trained beside adapters, and is delivered with them."""

    @model_validator(mode="after")
    def _tokens_of_their_own(self) -> ModelSpec:
        for token in self.new_tokens:
            if not token.strip() or token != token.strip():
                raise ValueError(f"new_tokens: {token!r} is blank, or has blanks at its ends")
            if inside := next((other for other in self.new_tokens if other != token and token in other), None):
                raise ValueError(f"new_tokens: {token!r} stands in {inside!r}; each text could be cut in two ways")
        if len(set(self.new_tokens)) < len(self.new_tokens):
            raise ValueError("new_tokens: a token is named twice")
        if self.new_tokens and self.adapter is not None:
            raise ValueError("new_tokens begins a new adapter; model.adapter is trained further: leave one of them out")
        return self


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
    """Hosts that a run may talk to: rows go to a remote judge or engine, numbers to a tracker's server. Default:
    none."""
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
    track: Annotated[tuple[AnyTracker, ...], OneOrMany] = ()
    """Trackers that show the numbers of runs besides Luthier's own report. They decide nothing: with or without them
    the weights are the same."""
    privacy: PrivacySpec = PrivacySpec()
    """What may leave this machine."""
    search: SearchSpec = SearchSpec()
    """What ``luthier search`` tries; ``luthier run`` does not look at it."""

    @model_validator(mode="before")
    @classmethod
    def _long_texts_in_pieces(cls, values: Any) -> Any:
        """``data.on_overlong`` of a recipe for continued training, where it is left out."""
        train, data = (values.get(key) for key in ("train", "data")) if isinstance(values, dict) else (None, None)
        method = train.get("method") if isinstance(train, dict) else None
        if (method.get("kind") if isinstance(method, dict) else method) != "continued" or not isinstance(data, dict):
            return values
        return {**values, "data": {"on_overlong": "split", **data}}

    @model_validator(mode="after")
    def _trained_further(self) -> Recipe:
        if self.model.adapter is None:
            return self
        if not isinstance(self.train.tuning, LoraTuning):
            raise ValueError("model.adapter is trained further as an adapter: train.tuning: lora or qlora")
        if self.train.tuning.init == "pissa":
            raise ValueError("train.tuning.init: pissa begins anew; model.adapter is trained further: leave init out")
        if self.train.anchor or self.train.interpolate < 1:
            raise ValueError("train.anchor and train.interpolate go back to the bare base, not to model.adapter")
        return self

    @model_validator(mode="after")
    def _within_what_trl_does(self) -> Recipe:
        if self.train.backend == "trl" and self.model.new_tokens:
            raise ValueError(f"model.new_tokens: TRL reads the output layer without them: {OTHERWISE}")
        return self

    @property
    def scales(self) -> bool:
        """Whether part of what is trained is a share of the way from the base: ``export.scale``."""
        tuning, makes = self.train.tuning, self.train.method.makes
        own_way = makes != "model" or (isinstance(tuning, LoraTuning) and not tuning.scales)
        return self.model.adapter is None and not own_way and not self.model.new_tokens

    @model_validator(mode="after")
    def _a_straight_way_back(self) -> Recipe:
        if self.export.scale < 1 and not self.scales:
            raise ValueError(
                "export.scale needs a model that writes, and plain LoRA from the bare base: no dora, pissa, "
                "model.adapter or new_tokens"
            )
        return self

    @model_validator(mode="after")
    def _what_writes_nothing_forgets_nothing(self) -> Recipe:
        kind, makes = self.train.method.kind, self.train.method.makes
        if makes != "model" and self.evaluate.regression:
            raise ValueError(f"evaluate.regression: method {kind} makes nothing that writes: there is nothing to guard")
        if makes == "classifier" and self.data.replay is not None:
            raise ValueError("data.replay is against forgetting how to write, which a classifier does not do")
        return self

    @model_validator(mode="after")
    def _own_answers_only(self) -> Recipe:
        if self.train.method.kind in REWARDED and self.data.replay is not None:
            raise ValueError(
                f"data.replay is for rows of answers; {self.train.method.kind} learns from its own (kl holds it near)"
            )
        return self

    @model_validator(mode="after")
    def _one_kind_of_row(self) -> Recipe:
        if self.train.method.kind not in COMPARES:
            return self
        data = self.data
        unread = {
            "data.select": data.select, "data.replay": data.replay, "data.thread": data.thread,
            "data.dedupe.semantic": data.dedupe.semantic, "data.split.previous": data.split.previous,
        }  # fmt: skip
        for key, value in unread.items():
            if value is not None:
                raise ValueError(f"{key} is for rows of answers; method {self.train.method.kind} reads comparisons")
        return self
