"""What the training stage may be asked."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from luthier.recipe.spec import ByName, Choice, OneOrMany, Share, Spec


class Tuning(Choice):
    """Which weights are trained."""

    family: ClassVar[str] = "tuning"


class FullTuning(Tuning):
    """Train every weight. Strongest, heaviest, forgets most easily."""

    runs: ClassVar[str] = "luthier.models.adapters:prepare_full"
    kind: Literal["full"] = "full"
    """full"""


class LoraTuning(Tuning):
    """Train low-rank adapters beside frozen weights (Hu et al. 2021)."""

    runs: ClassVar[str] = "luthier.models.adapters:prepare_lora"
    kind: Literal["lora"] = "lora"
    """lora"""
    r: int = Field(default=16, ge=1, le=512)
    """Rank of each adapter."""
    alpha: float = Field(default=32.0, gt=0)
    """Scale; the adapter's output is multiplied by alpha / r."""
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Dropout before the adapter."""
    targets: Literal["attention", "all-linear"] | tuple[str, ...] = "attention"
    """Which linear layers get an adapter: attention projections (q, k, v, o), all of them, or a list of names."""


class QloraTuning(LoraTuning):
    """LoRA on a base held in 4 bits (NF4, Dettmers et al. 2023)."""

    runs: ClassVar[str] = "luthier.models.adapters:prepare_lora"
    kind: Literal["qlora"] = "qlora"  # type: ignore[assignment]
    """qlora"""
    double_quant: bool = True
    """Quantise the quantisation constants too (saves about 0.4 bits a weight)."""


class Method(Choice):
    """What is learned from the rows."""

    family: ClassVar[str] = "method"


class SftMethod(Method):
    """Supervised fine-tuning: cross-entropy on the assistant's tokens only."""

    runs: ClassVar[str] = "luthier.train.sft:run"
    kind: Literal["sft"] = "sft"
    """sft"""


Action = Literal["off", "warn", "stop"]


class WatchSpec(Spec):
    """What is looked at beside validation loss at each evaluation, on rows that are neither trained on nor seen by the
    gate. Looking changes no weight; ``stop`` ends the training and keeps the best weights before that."""

    overfitting: Action = "warn"
    """Validation loss rises while training loss falls: ``off``, ``warn`` (told at the end) or ``stop``."""
    memorisation: Action = "warn"
    """Answers to held-out prompts hold long pieces of single training answers, word for word."""
    forgetting: Action = "warn"
    """General rows get less likely than the base finds them, by more than ``tolerance``."""
    source: Annotated[tuple[str, ...], OneOrMany] = ()
    """Files of general rows, or ``nano``; left out, rows that ``data.replay`` did not draw, or the built-in base's own.
    The scales of an adapter are tried on such rows, too."""
    rows: int | None = Field(default=None, ge=0, le=256)
    """General rows that are read at each evaluation, base and tuned; left out, 64, or as many as cost 2% of the
    training."""
    answers: int | None = Field(default=None, ge=0, le=256)
    """Held-out prompts that are answered where validation loss is not at its best, and at the end; left out, 32, or as
    many as cost 2% of the training."""
    tolerance: float = Field(default=2.0, gt=0)
    """Percent of the loss on general rows, and points of right answers there, that may be lost without a word."""


AnyTuning = Annotated[FullTuning | LoraTuning | QloraTuning, Field(discriminator="kind"), ByName]
AnyMethod = Annotated[SftMethod, ByName]


class TrainSpec(Spec):
    """How the model learns. What is left out is derived, and ``luthier plan`` says from what."""

    method: AnyMethod = SftMethod()
    """What is learned: ``sft``."""
    tuning: AnyTuning = LoraTuning()
    """Which weights are trained: ``full``, ``lora`` or ``qlora``, or one of them with its keys."""
    epochs: float = Field(default=3.0, gt=0, le=1000)
    """Passes over the training rows."""
    max_steps: int | None = Field(default=None, ge=1)
    """Stop after this many optimiser steps even if epochs are left."""
    learning_rate: float | None = Field(default=None, gt=0, le=1.0)
    """Peak learning rate; left out, it follows tuning and width (2e-4 for LoRA from 0.5B parameters up)."""
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    """How the rate falls after warm-up."""
    warmup: Share = Field(default=0.06, ge=0.0, le=0.5)
    """Share of the steps in which the rate rises from 0."""
    weight_decay: float = Field(default=0.01, ge=0.0)
    """AdamW's decoupled decay, on matrices only."""
    clip: float = Field(default=1.0, gt=0)
    """Largest gradient norm."""
    anchor: float = Field(default=0.0, ge=0.0, le=100.0)
    """Against forgetting: weight of KL(base ‖ tuned) per token of the replayed rows (``data.replay``) beside the loss
    per trained token. 0 is off; 1 is a good first try. Needs an adapter: ``lora`` or ``qlora``."""
    interpolate: Share = Field(default=1.0, gt=0.0, le=1.0)
    """Against forgetting: the share of the change that is kept after training, base + share · (tuned − base). What was
    learned mostly survives a share of 80%, what was lost mostly comes back (WiSE-FT, Wortsman et al. 2022)."""
    field_weights: dict[str, Annotated[Share, Field(ge=0.0, le=100.0)]] = Field(default_factory=dict)
    """Where answers are JSON objects: how much the tokens of a field's value count in the loss, by its name; fields
    that are not named count 1. A free text beside labels has most of the tokens and little that can be learned."""
    batch_tokens: int | None = Field(default=None, ge=16)
    """Tokens in one optimiser step; left out, it follows the size of the data."""
    micro_tokens: int | None = Field(default=None, ge=16)
    """Padded tokens in one forward pass; left out, it follows the memory."""
    max_length: int | None = Field(default=None, ge=8)
    """Longest row in tokens; left out, the base's context."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Arithmetic of forward and backward; ``auto`` is bf16 on a GPU that has it in hardware, else fp32."""
    evaluations: int = Field(default=8, ge=1)
    """How many times validation loss is measured during the run."""
    patience: int = Field(default=4, ge=0)
    """Stop after this many validations without a better loss; 0 never stops early."""
    skips: int = Field(default=3, ge=0)
    """How many steps may be left out because their loss or gradient is no finite number; at the next one training
    stops, and names the rows. No update is made with any of them."""
    watch: WatchSpec = WatchSpec()
    """What the monitors look at, and whether they may stop the training."""
    checkpoints: int = Field(default=10, ge=0)
    """How many times the state is saved for resuming during the run; 0 saves none."""

    @model_validator(mode="after")
    def _anchored_to_a_base(self) -> TrainSpec:
        if self.anchor and isinstance(self.tuning, FullTuning):
            raise ValueError("anchor needs an adapter (tuning: lora): full tuning overwrites the base it would hold to")
        return self
