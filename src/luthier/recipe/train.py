"""What the training stage may be asked."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from luthier.recipe.backend import beyond_trl
from luthier.recipe.evaluate import ExactMetric
from luthier.recipe.reward import AnyReward, RewardSpec
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

    # which variant to take when, with sources: docs/how-to/adapters.md

    runs: ClassVar[str] = "luthier.models.adapters:prepare_lora"
    kind: Literal["lora"] = "lora"
    """lora"""
    r: int = Field(default=16, ge=1, le=512)
    """Rank of each adapter."""
    alpha: float = Field(default=32.0, gt=0)
    """Scale; the adapter's output is multiplied by alpha / r."""
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Dropout before the adapter."""
    targets: Literal["attention", "all-linear"] | tuple[str, ...] = "all-linear"
    """Which linear layers get an adapter: all of them (a lower loss at equal compute), attention projections alone (q,
    k, v, o), or a list of names."""
    rslora: bool = False
    """Multiply the adapter's output by alpha / √r instead of alpha / r, so that a high rank learns as fast as a low one
    (rsLoRA, Kalajdzievski 2023)."""
    dora: bool = False
    """Train the length of each output's weights apart from their direction (DoRA, Liu et al. 2024); a step costs more.
    """
    init: Literal["zero", "pissa"] = "zero"
    """First values: ``zero`` starts with a random A and B = 0; ``pissa`` with the strongest singular directions of the
    weight itself (PiSSA, Meng et al. 2024). The adapter is delivered as an ordinary one of rank 2r."""
    loraplus_lr_ratio: float = Field(default=1.0, ge=1.0, le=1000.0)
    """How many times A's learning rate B's is (LoRA+, Hayou et al. 2024); 1 is plain LoRA, 16 what its authors take."""
    modules_to_save: tuple[str, ...] = ()
    """Modules that are trained whole beside the adapters and saved with them, by the last part of their path or more:
    ``embed_tokens``, ``lm_head``, norms."""

    @property
    def scales(self) -> bool:
        """Whether part of the change is B times that part."""
        return not self.dora and self.init != "pissa"

    @model_validator(mode="after")
    def _variants_that_go_together(self) -> LoraTuning:
        if self.init == "pissa" and self.dora:
            raise ValueError("pissa and dora do not go together: take init: zero, or dora: false")
        if self.init == "pissa" and self.dropout > 0:
            raise ValueError("pissa needs dropout: 0: the adapter carries the strongest part of the weight from step 1")
        return self


class QloraTuning(LoraTuning):
    """LoRA on a base held in 4 bits (NF4, Dettmers et al. 2023)."""

    runs: ClassVar[str] = "luthier.models.adapters:prepare_lora"
    kind: Literal["qlora"] = "qlora"  # type: ignore[assignment]
    """qlora"""
    double_quant: bool = True
    """Quantise the quantisation constants too (saves about 0.4 bits a weight)."""

    @model_validator(mode="after")
    def _four_bits_that_stay(self) -> QloraTuning:
        if self.init == "pissa":
            raise ValueError("pissa needs the base's own weights, not 4 bits of them: take tuning lora, or init: zero")
        return self


Makes = Literal["model", "reward", "classifier"]
"""``model`` writes (a causal language model), ``reward`` scores answers (a decoder with a scalar head), ``classifier``
gives every label its probability (a decoder with an output for each)."""


class Method(Choice):
    """What is learned from the rows."""

    family: ClassVar[str] = "method"
    makes: ClassVar[Makes] = "model"
    """What comes out: a model that writes, a reward model, which scores what others write, or a classifier."""
    critic: ClassVar[bool] = False
    """Whether a value head is trained on the model beside it; it is not delivered."""


class SftMethod(Method):
    """Supervised fine-tuning: cross-entropy on the assistant's tokens only."""

    runs: ClassVar[str] = "luthier.train.sft:run"
    kind: Literal["sft"] = "sft"
    """sft"""


class ContinuedMethod(Method):
    """Continued training on plain texts of a field (Gururangan et al. 2020): cross-entropy on every token. Texts longer
    than ``train.max_length`` are read in consecutive pieces. It is judged on questions: ``data.test``."""

    runs: ClassVar[str] = "luthier.train.sft:run"
    kind: Literal["continued"] = "continued"
    """continued"""


class PairedMethod(Method):
    """A method that learns from two answers to one prompt, which of them is better."""

    sft: float = Field(default=0.0, ge=0.0, le=100.0)
    """Weight of the cross-entropy on the better answer (mean a token) beside the loss: holds its likelihood up where
    both answers would lose theirs."""


class DpoMethod(PairedMethod):
    """Direct preference optimisation: likelier better answers, against a frozen reference (Rafailov et al. 2023)."""

    runs: ClassVar[str] = "luthier.train.preference:run"
    kind: Literal["dpo"] = "dpo"
    """dpo"""
    beta: float = Field(default=0.1, gt=0)
    """How dear it is to leave the reference; larger stays closer. 0.05 to 0.5 is usual."""
    loss: Literal["sigmoid", "hinge", "robust"] = "sigmoid"
    """Of the margin: ``sigmoid`` (DPO), ``hinge`` (SLiC, stops at a margin of 1), ``robust`` (unbiased where a share
    ``label_smoothing`` of the labels is wrong, Chowdhury et al. 2024)."""
    label_smoothing: float = Field(default=0.0, ge=0.0, lt=0.5)
    """Share of pairs that are labelled the wrong way round, as far as known (conservative DPO; ``robust`` needs it)."""
    normalise: bool = False
    """Log-probabilities a token instead of an answer, so that length alone is no advantage."""
    margin: float = Field(default=0.0, ge=0.0)
    """How far the better answer must lead: times the row's own ``margin`` where it has one, else as it stands."""

    @model_validator(mode="after")
    def _wrong_labels_are_known(self) -> DpoMethod:
        if self.loss == "robust" and not self.label_smoothing:
            raise ValueError("loss: robust needs label_smoothing, the share of wrong labels that it corrects for")
        if self.loss == "hinge" and self.label_smoothing:
            raise ValueError("label_smoothing belongs to the losses sigmoid and robust")
        return self


class IpoMethod(PairedMethod):
    """IPO: the margin is led to 1 / (2 beta) and no further, so that clean pairs cannot overfit (Azar et al. 2023)."""

    runs: ClassVar[str] = "luthier.train.preference:run"
    kind: Literal["ipo"] = "ipo"
    """ipo"""
    beta: float = Field(default=0.1, gt=0)
    """The paper's tau: the margin a token aimed at is 1 / (2 beta)."""


class SimpoMethod(PairedMethod):
    """SimPO: log-probability a token as reward, with a margin and without a reference (Meng et al. 2024)."""

    runs: ClassVar[str] = "luthier.train.preference:run"
    kind: Literal["simpo"] = "simpo"
    """simpo"""
    beta: float = Field(default=2.0, gt=0)
    """Scale of the reward; 2 to 10 is usual."""
    margin: float = Field(default=0.5, ge=0.0)
    """How far the better answer must lead (the paper's gamma)."""
    label_smoothing: float = Field(default=0.0, ge=0.0, lt=0.5)
    """Share of pairs that are labelled the wrong way round, as far as known."""


class OrpoMethod(PairedMethod):
    """ORPO: fine-tuning on the better answer and odds against the worse one, no reference (Hong et al. 2024)."""

    runs: ClassVar[str] = "luthier.train.preference:run"
    kind: Literal["orpo"] = "orpo"
    """orpo"""
    beta: float = Field(default=0.1, gt=0)
    """Weight of the odds (the paper's lambda)."""
    sft: float = Field(default=1.0, ge=0.0, le=100.0)
    """Weight of the cross-entropy on the better answer (mean a token)."""


class KtoMethod(Method):
    """KTO: single answers with a thumb up or down, against a frozen reference (Ethayarajh et al. 2024)."""

    runs: ClassVar[str] = "luthier.train.preference:run"
    kind: Literal["kto"] = "kto"
    """kto"""
    beta: float = Field(default=0.1, gt=0)
    """How dear it is to leave the reference."""
    desirable: float = Field(default=1.0, gt=0)
    """Weight of thumbs up; weigh the rarer kind so that both sums are about equal."""
    undesirable: float = Field(default=1.0, gt=0)
    """Weight of thumbs down."""


class RewardMethod(Method):
    """A reward model: one number for an answer, higher for better ones (Bradley and Terry 1952; Ouyang et al. 2022)."""

    runs: ClassVar[str] = "luthier.train.reward:run"
    makes: ClassVar[Makes] = "reward"
    kind: Literal["reward"] = "reward"
    """reward"""
    margin: float = Field(default=0.0, ge=0.0)
    """How far the better answer must lead: times the row's own ``margin`` where it has one, else as it stands (Touvron
    et al. 2023)."""
    centre: float = Field(default=0.01, ge=0.0)
    """Weight of (chosen + rejected)², which holds the mean reward near 0: pairs alone leave it open (Eisenstein et al.
    2023)."""
    label_smoothing: float = Field(default=0.0, ge=0.0, lt=0.5)
    """Share of pairs that are labelled the wrong way round, as far as known; also bounds how sure rewards become."""


class ClassifyMethod(Method):
    """A classifier: a linear head on the last token of the question gives every label a probability, and no text is
    written (transformers' sequence classification). The labels are the answers of the rows."""

    runs: ClassVar[str] = "luthier.train.classify:run"
    makes: ClassVar[Makes] = "classifier"
    kind: Literal["classify"] = "classify"
    """classify"""
    class_weights: Literal["balanced"] | None = None
    """``balanced``: a row counts rows / (labels · rows of its label), so that every label counts alike however rare
    (King and Zeng 2001); left out, every row counts alike."""
    label_smoothing: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of the probability that is asked for all labels alike in place of the row's own (Szegedy et al. 2016)."""


Action = Annotated[Literal["off", "warn", "stop"], BeforeValidator(lambda v: "off" if v is False else v)]
"""YAML reads a bare ``off`` as false."""


class RewardedMethod(Method):
    """A method that learns from what the model's own answers are worth. They are drawn at temperature 1 from the model
    as it is, so that what is learned from is what it does."""

    rewards: Annotated[tuple[AnyReward, ...], OneOrMany] = Field(
        default=(RewardSpec(by=ExactMetric()),), min_length=1
    )
    """What answers are rewarded for: ``exact``, another metric, ``json_form``, ``number``, ``./rewards.py:grade``; or a
    list of ``{by: …, weight: …}``, which are added up."""
    group: int = Field(default=8, ge=2, le=256)
    """Answers to one prompt, which are compared with each other."""
    prompts: int = Field(default=8, ge=1, le=4096)
    """Prompts that are answered for one step."""
    iterations: int = Field(default=1, ge=1, le=64)
    """Steps that are made with the same answers; from the second one on the ratio to the model that drew them counts,
    clipped."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Longest answer that is drawn; left out, 1.5 times the longest reference answer of the training rows."""
    clip: float = Field(default=0.2, gt=0, lt=1)
    """How far the ratio may fall below 1 before its gradient is cut off."""
    clip_high: float | None = Field(default=None, gt=0)
    """How far it may rise above 1; left out, as far as ``clip``. DAPO takes 0.28, so that rare tokens may grow."""
    kl: float = Field(default=0.04, ge=0)
    """Weight of a nat of KL to the reference: the model as it stands before the first step."""
    kl_target: float | None = Field(default=None, gt=0)
    """Nats an answer that the KL is led to: ``kl`` is then where the weight begins, and it follows the measured KL by
    at most 2% a step (Ziegler et al. 2019)."""
    kl_limit: float | None = Field(default=None, gt=0)
    """Nats an answer above which a rising reward counts as hacked; left out, the KL alone is no proof."""
    hacking: Action = "stop"
    """What is done where the reward rises and what is not rewarded says otherwise (answers grow and the reward likes
    length, the evaluation's own target falls, the KL passes its limit): ``off``, ``warn`` or ``stop``."""

    @model_validator(mode="after")
    def _a_weight_to_begin_with(self) -> RewardedMethod:
        if self.kl_target is not None and not self.kl:
            raise ValueError("kl_target changes kl step by step: give kl a value above 0 to begin with")
        return self

    @model_validator(mode="after")
    def _each_once(self) -> RewardedMethod:
        if len({r.by for r in self.rewards}) < len(self.rewards):
            raise ValueError("rewards: the same thing is named twice; give it one weight")
        return self


class GrpoMethod(RewardedMethod):
    """Group relative policy optimisation: an answer against the others to its prompt (Shao et al. 2024)."""

    runs: ClassVar[str] = "luthier.train.rl:run"
    kind: Literal["grpo"] = "grpo"
    """grpo"""
    scale: Literal["std", "none"] = "std"
    """What an answer's lead over its group's mean is divided by: the group's standard deviation, or nothing (Dr. GRPO,
    Liu et al. 2025: prompts that are nearly always or never answered right do not count more than others)."""
    mean_over: Literal["tokens", "answers", "longest"] = "tokens"
    """What the loss is a mean over: all answer tokens of a step alike (DAPO, Yu et al. 2025), each answer's own mean
    (the first GRPO: tokens of long answers count less), or the longest answer times the answers (Dr. GRPO)."""


class RlooMethod(RewardedMethod):
    """REINFORCE leave-one-out: an answer against the mean of the others, as a whole (Ahmadian et al. 2024)."""

    runs: ClassVar[str] = "luthier.train.rl:run"
    kind: Literal["rloo"] = "rloo"
    """rloo"""
    kl: float = Field(default=0.05, ge=0)
    """Weight of a nat of KL to the reference; it is taken off the reward."""


class PpoMethod(RewardedMethod):
    """Proximal policy optimisation: each token against what a value head expected there (Schulman et al. 2017, Ouyang
    et al. 2022)."""

    runs: ClassVar[str] = "luthier.train.rl:run"
    critic: ClassVar[bool] = True
    kind: Literal["ppo"] = "ppo"
    """ppo"""
    group: int = Field(default=8, ge=1, le=256)
    """Answers to one prompt. They are not compared with each other: 1 will do, and several share the reading of their
    prompt."""
    iterations: int = Field(default=4, ge=1, le=64)
    """Steps that are made with the same answers (PPO's epochs); from the second one on the clips count."""
    kl: float = Field(default=0.05, ge=0)
    """Weight of a nat of KL to the reference; it is taken off the reward of the token."""
    gamma: float = Field(default=1.0, gt=0, le=1)
    """What a reward is worth one token earlier."""
    gae_lambda: float = Field(default=0.95, ge=0, le=1)
    """How far ahead an advantage looks before it trusts the value head (GAE, Schulman et al. 2016): 1 to the end of the
    answer, 0 to the next token."""
    clip_value: float | None = Field(default=0.2, gt=0)
    """How far a value may move from what it was when the answer was drawn before its gradient is cut off, in units of
    reward; ``null``: as far as it likes."""
    value_weight: float = Field(default=0.1, gt=0)
    """Weight of the value head's squared error beside the loss of the policy, whose layers it shares."""


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
AnyMethod = Annotated[
    SftMethod | ContinuedMethod | DpoMethod | IpoMethod | SimpoMethod | OrpoMethod | KtoMethod | RewardMethod
    | GrpoMethod | RlooMethod | PpoMethod | ClassifyMethod,
    Field(discriminator="kind"), ByName,
]  # fmt: skip
COMPARES = ("dpo", "ipo", "simpo", "orpo", "kto", "reward")
"""Methods that learn from rows that say which answer is better."""
SHARED = ("sft", "continued", "classify")
"""Methods whose steps several processes of one machine can share."""
REWARDED = ("grpo", "rloo", "ppo")
"""Methods that learn from what the model's own answers are worth."""


_NAMES: dict[Makes, str] = {"model": "model", "reward": "reward model", "classifier": "classifier"}


def _and(kinds: tuple[str, ...]) -> str:
    """Names of methods for people."""
    return f"methods {', '.join(kinds[:-1])} and {kinds[-1]}"


class TrainSpec(Spec):
    """How the model learns. What is left out is derived, and ``luthier plan`` says from what."""

    method: AnyMethod = SftMethod()
    """What is learned: ``sft`` from answers, ``continued`` from plain texts; ``dpo``, ``ipo``, ``simpo``, ``orpo`` from
    pairs of a better and a worse answer, ``kto`` from answers with a thumb; ``reward`` makes a model that scores
    answers, from pairs; ``grpo``, ``rloo``, ``ppo`` learn from rewards of the model's own answers; ``classify`` makes a
    classifier, from answers that are labels; or one of them with its keys."""
    backend: Literal["luthier", "trl"] = "luthier"
    """Who makes the steps: ``luthier``'s own loop, or the trainers of ``trl`` (``pip install 'luthier[trl]'``) on the
    same rows, in the same order, with the same rates. What TRL cannot do is refused by name."""
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
    warmup_steps: int | None = Field(default=None, ge=0)
    """The same as a number of steps; it takes the place of ``warmup``."""
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
    neftune_alpha: float = Field(default=0.0, ge=0.0, le=100.0)
    """Against overfitting: noise on the embeddings of the rows that are learned, uniform on ±alpha / √(tokens · width)
    (NEFTune, Jain et al. 2023); replayed rows have none. 0 is off; 5 is a good first try."""
    field_weights: dict[str, Annotated[Share, Field(ge=0.0, le=100.0)]] = Field(default_factory=dict)
    """Where answers are JSON objects: how much the tokens of a field's value count in the loss, by its name; fields
    that are not named count 1. A free text beside labels has most of the tokens and little that can be learned."""
    batch_tokens: int | None = Field(default=None, ge=16)
    """Tokens in one optimiser step; left out, it follows the size of the data."""
    batch_rows: int | None = Field(default=None, ge=1)
    """The same as a number of rows of mean length; not together with ``batch_tokens``."""
    micro_tokens: int | None = Field(default=None, ge=16)
    """Padded tokens in one forward pass; left out, it follows the memory."""
    max_length: int | None = Field(default=None, ge=8)
    """Longest row in tokens; left out, the base's context."""
    processes: int | None = Field(default=None, ge=1, le=256)
    """Processes of one thread each that share every step on a CPU; left out, small models take one a thread."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Arithmetic of forward and backward. ``auto``: bf16 where the device multiplies it in hardware, else fp32. On a
    CPU bf16 means the products of linear layers alone, and ``auto`` takes it for methods that learn tokens (sft,
    continued, classify); preferences, rewards and RL compare numbers that lie close together and stay in fp32 there."""
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
    def _one_size_of_a_step(self) -> TrainSpec:
        if self.batch_rows is not None and self.batch_tokens is not None:
            raise ValueError("batch_rows and batch_tokens exclude each other: each says how large a step is")
        return self

    @model_validator(mode="after")
    def _anchored_to_a_base(self) -> TrainSpec:
        if self.anchor and isinstance(self.tuning, FullTuning):
            raise ValueError("anchor needs an adapter (tuning: lora): full tuning overwrites the base it would hold to")
        if self.method.kind in COMPARES and (self.anchor or self.field_weights):
            raise ValueError(f"anchor and field_weights belong to method sft; {self.method.kind} has its own reference")
        if self.method.kind not in SHARED and self.neftune_alpha:
            raise ValueError(f"neftune_alpha belongs to {', '.join(SHARED)}; {self.method.kind} has none")
        if self.method.kind not in SHARED and (self.processes or 1) > 1:
            raise ValueError(f"processes belongs to {_and(SHARED)}; {self.method.kind} trains in one")
        stops = [name for name in ("overfitting", "memorisation", "forgetting") if getattr(self.watch, name) == "stop"]
        if self.method.kind in COMPARES and stops:
            raise ValueError(f"watch.{stops[0]}: stop belongs to method sft; {self.method.kind} has numbers of its own")
        if self.method.makes != "model" and self.interpolate < 1:
            raise ValueError(f"interpolate goes back to a base, and the head of a {_NAMES[self.method.makes]} has none")
        return self

    @model_validator(mode="after")
    def _labels_alone(self) -> TrainSpec:
        if self.method.kind != "classify":
            return self
        if self.anchor or self.field_weights:
            raise ValueError("anchor and field_weights belong to method sft; a classifier writes no tokens")
        if stops := [name for name in ("memorisation", "forgetting") if getattr(self.watch, name) == "stop"]:
            raise ValueError(f"watch.{stops[0]}: stop belongs to method sft; a classifier writes nothing")
        return self

    @model_validator(mode="after")
    def _own_answers(self) -> TrainSpec:
        if self.method.kind not in REWARDED:
            return self
        if self.anchor or self.field_weights:
            raise ValueError(f"anchor and field_weights belong to method sft; {self.method.kind} has kl and rewards")
        if self.batch_tokens is not None or self.batch_rows is not None:
            raise ValueError(f"a step of {self.method.kind} has method.prompts times method.group answers: leave out "
                             f"batch_{'rows' if self.batch_tokens is None else 'tokens'}")  # fmt: skip
        if stops := [name for name in ("overfitting", "memorisation") if getattr(self.watch, name) == "stop"]:
            raise ValueError(f"watch.{stops[0]}: stop belongs to method sft; {self.method.kind} has method.hacking")
        if isinstance(self.tuning, LoraTuning) and self.tuning.dropout:
            raise ValueError(f"{self.method.kind} needs tuning.dropout: 0: its answers are drawn without")
        return self

    @model_validator(mode="after")
    def _within_what_trl_does(self) -> TrainSpec:
        if self.backend == "trl" and (told := beyond_trl(self)):
            raise ValueError(told)
        return self

    @model_validator(mode="after")
    def _a_straight_way_back(self) -> TrainSpec:
        if self.interpolate < 1 and isinstance(self.tuning, LoraTuning) and not self.tuning.scales:
            raise ValueError("interpolate needs plain LoRA: no dora or pissa adapter is a share of another one")
        return self
