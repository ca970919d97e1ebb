"""The plan of a training run: every value that the recipe left open, decided before step 1, each with its reason.

Arithmetic only: no torch, no clock, no look at the machine (the caller hands in :class:`Facts`). A plan is frozen,
JSON-able and hashed; a resumed run replays the plan it began with. What depends on measuring is not decided here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np

from luthier.engines.workers import SMALL_WIDTH
from luthier.errors import LuthierError
from luthier.recipe.train import (
    COMPARES,
    REWARDED,
    SHARED,
    FullTuning,
    LoraTuning,
    PpoMethod,
    RewardedMethod,
    TrainSpec,
)
from luthier.train.batches import PAD_TO, micro_batches
from luthier.train.memory import Demand, Needs, Pass, needs, size

PLAN_VERSION = 3
BATCHES_AN_EPOCH = 100
ROWS_A_STEP = (16, 32)
CPU_MICRO_TOKENS = 4096
DEVICE_MICRO_TOKENS = 16384
SPARE_MEMORY = 0.9
"""Share of the free memory that is planned with: most of what is predicted is right to a tenth
(docs/benchmarks/planner.md)."""
VALIDATION_SHARE = 0.25
PREFERENCE_RATE = 5
"""Learning from comparisons takes the rate of learning from answers divided by this: only a margin is to move."""
REWARD_RATE = 5
"""The same for learning from rewards."""
WATCH_SHARE = 0.02
WATCHED_ROWS, WATCHED_ANSWERS = (16, 64), (8, 32)
"""The fewest that show anything, and the most that are looked at unasked."""
COPY_LIMIT = 64
"""Tokens of an answer that the monitor of memorisation looks at."""
ROWS_A_PROCESS = 4
"""The fewest rows of a step for which a process of its own is worth having."""
WHY_TARGETS = (
    "a lower test loss than attention alone at equal compute, on three jobs of three "
    "(docs/benchmarks/adapter_targets.md)"
)
MADE_BY_ONE = 4
"""A token that is made costs about as much as so many that are read together."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Sizes of the base model. ``parameters`` counts all of them, ``trainable`` those that this tuning trains."""

    hidden: int
    layers: int
    intermediate: int
    vocabulary: int
    context: int
    parameters: int
    trainable: int


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """Where it will run. ``memory`` is what is free now, in bytes; 0 means unknown."""

    kind: Literal["cpu", "cuda", "mps"] = "cpu"
    threads: int = 1
    memory: int = 0
    bf16: bool = False
    forks: bool = False
    """Whether processes can be forked where training begins."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the plan is made from.

    ``train_tokens`` and ``validation_tokens`` are input lengths (tokens fed to the model) of the rows that will be
    trained on and validated with, in their order; ``batches.input_length`` gives the length of one row. Of a prompt
    whose answers the model makes itself it is the prompt with the longest answer that may be drawn.
    ``demand`` is what the model and a pass over it take; where it is not known, everything is taken to fit.
    """

    model: ModelFacts
    device: DeviceFacts
    train_tokens: Sequence[int]
    validation_tokens: Sequence[int] = ()
    demand: Demand | None = None

    @property
    def mean_tokens(self) -> float:
        """Of a training row."""
        return sum(self.train_tokens) / len(self.train_tokens)


class DoesNotFit(LuthierError):
    """Not even one row at a time, with activations recomputed: ``needed`` stands against ``free`` bytes. Rows of
    ``shorter`` tokens would fit; 0: none."""

    def __init__(self, longest: int, needed: Needs, free: int, shorter: int) -> None:
        super().__init__(
            f"the training does not fit: it needs {size(needed.total)}, and {size(free)} may be used",
            where=f"the longest row, {longest:,} tokens, one at a time and with activations recomputed",
            why=needed.render(), details={"needed": needed.to_dict(), "free": free},
            fix=f"train.max_length: {shorter}, or a smaller base" if shorter else "tuning: qlora, or a smaller base",
        )  # fmt: skip
        self.needed, self.free, self.shorter = needed, free, shorter


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a value is what it is. ``origin`` is file:line, ``--set``, ``default`` or ``planner``."""

    value: Any
    reason: str
    origin: str


@dataclass(frozen=True)
class TrainPlan:
    """Everything that a run decides, before it begins. Steps count from 1; all lists of steps are ascending.

    ``batch_tokens`` and ``micro_tokens`` count padded input tokens; ``micro_batches`` is the number of forward passes
    in one optimiser step. ``decided`` holds the reason for each value and is not part of the digest.
    """

    steps: int
    steps_an_epoch: int
    warmup_steps: int
    learning_rate: float
    schedule: str
    weight_decay: float
    clip: float
    batch_tokens: int
    micro_tokens: int
    micro_batches: int
    precision: str
    recompute: bool
    evaluation_steps: tuple[int, ...]
    checkpoint_steps: tuple[int, ...]
    validation_rows: int
    patience: int
    seed: int
    threads: int
    rows: int
    anchor: float = 0.0
    neftune_alpha: float = 0.0
    interpolate: float = 1.0
    loraplus_lr_ratio: float = 1.0
    skips: int = 0
    watch_rows: int = 0
    watch_answers: int = 0
    processes: int = 1
    stream: bool = False
    version: int = PLAN_VERSION
    decided: Mapping[str, Reason] = field(default_factory=dict, compare=False)

    def to_dict(self, *, reasons: bool = True) -> dict[str, Any]:
        """JSON form. Reasons name the places where keys were written (paths); what is hashed leaves them out."""
        values: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        if not reasons:
            values.pop("decided")
        return values

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TrainPlan:
        """Read what :meth:`to_dict` wrote."""
        values = dict(data)
        values["evaluation_steps"] = tuple(values["evaluation_steps"])
        values["checkpoint_steps"] = tuple(values["checkpoint_steps"])
        values["decided"] = {k: Reason(**v) for k, v in values.get("decided", {}).items()}
        return cls(**values)

    @property
    def digest(self) -> str:
        """SHA-256 over every value; reasons are left out."""
        return hashlib.sha256(json.dumps(self.to_dict(reasons=False), sort_keys=True).encode()).hexdigest()


def derive(spec: TrainSpec, facts: Facts, *, seed: int = 0, origins: Mapping[str, str] | None = None) -> TrainPlan:
    """Decide every value of a training run.

    Args:
        spec: what the recipe says.
        facts: the model, the device and the lengths of the rows.
        seed: of the order of the rows and of dropout.
        origins: where recipe keys were written ("train.epochs" -> "support.yaml:9"), for the reasons.

    Raises:
        LuthierError: there is nothing to train on, or the longest row does not fit the memory.
    """
    lengths = np.asarray(facts.train_tokens, dtype=np.int64)
    if len(lengths) == 0:
        raise LuthierError(
            "no rows to train on", where="train", why="every row was removed, set aside or held no answer",
            fix="luthier check DATA names each row's problem",
        )
    notes = _Notes(origins or {})
    learning_rate = _learning_rate(spec, facts.model, notes)
    precision = _precision(spec, facts.device, notes)
    batch_tokens = _batch_tokens(spec, lengths, notes)
    micro_tokens, recompute, stream = _micro_tokens(spec, facts, lengths, batch_tokens, notes)
    count = len(micro_batches(lengths, micro_tokens=micro_tokens, seed=seed, epoch=0))
    an_epoch, k = _windows(count, batch_tokens, micro_tokens, lengths)
    if isinstance(spec.method, RewardedMethod):
        an_epoch = -(-len(lengths) // spec.method.prompts) * spec.method.iterations
        k = max(1, -(-batch_tokens // micro_tokens))
    if isinstance(spec.method, PpoMethod):
        _critic(spec.method, facts.model, notes)
    notes.add("micro_batches", k, f"{batch_tokens:,} tokens a step in passes of at most {micro_tokens:,}")
    steps = _steps(spec, an_epoch, notes)
    warmup = _warmup(spec, steps, notes)
    validation_rows = _validation_rows(facts.validation_tokens, lengths, steps, an_epoch, spec.evaluations, notes)
    evaluations = _spread(spec.evaluations, steps)
    notes.add("evaluation_steps", list(evaluations), "evenly spread, the last step among them", key="train.evaluations")
    kept = spec.backend == "luthier" or spec.method.kind not in REWARDED
    checkpoints = _spread(spec.checkpoints if kept else 0, steps)
    told = "evenly spread, the last step among them" if kept else "none: TRL's roll-outs cannot be taken up again"
    notes.add("checkpoint_steps", list(checkpoints), told, key="train.checkpoints")
    watch_rows, watch_answers = _watched(spec, lengths, steps / an_epoch, notes)
    for name in ("schedule", "weight_decay", "clip", "patience", "anchor", "neftune_alpha", "interpolate", "skips"):
        notes.add(name, getattr(spec, name), "as the recipe language's default says", key=f"train.{name}")
    if isinstance(spec.tuning, LoraTuning):
        _targets(spec.tuning, notes)
    ratio = spec.tuning.loraplus_lr_ratio if isinstance(spec.tuning, LoraTuning) else 1.0
    notes.add("loraplus_lr_ratio", ratio, "A and B learn equally fast", key="train.tuning.loraplus_lr_ratio")
    notes.add("threads", facts.device.threads, "threads of this process; other counts round sums differently")

    def has_room(number: int) -> bool:
        asked = needed(
            spec, facts, micro_tokens, recompute=recompute, accumulates=k > 1, stream=stream, processes=number
        )
        return _fits(facts, asked)

    processes = _processes(spec, facts, lengths, batch_tokens, has_room, notes)
    return TrainPlan(
        steps=steps, steps_an_epoch=an_epoch, warmup_steps=warmup, learning_rate=learning_rate,
        schedule=spec.schedule, weight_decay=spec.weight_decay, clip=spec.clip, batch_tokens=batch_tokens,
        micro_tokens=micro_tokens, micro_batches=k, precision=precision, recompute=recompute,
        evaluation_steps=evaluations, checkpoint_steps=checkpoints, validation_rows=validation_rows,
        patience=spec.patience, seed=seed, threads=facts.device.threads, rows=len(lengths), anchor=spec.anchor,
        neftune_alpha=spec.neftune_alpha, interpolate=spec.interpolate, loraplus_lr_ratio=ratio, skips=spec.skips,
        watch_rows=watch_rows, watch_answers=watch_answers, processes=processes, stream=stream,
        decided=notes.decided,
    )  # fmt: skip


class _Notes:
    """Collects the reason for each value while the plan is made."""

    def __init__(self, origins: Mapping[str, str]) -> None:
        self.origins = origins
        self.decided: dict[str, Reason] = {}

    def add(self, name: str, value: Any, reason: str, *, key: str = "") -> None:
        written = self.origins.get(key, "") if key else ""
        if written:
            reason, origin = "written in the recipe", written
        else:
            origin = "default, recipe/train.py" if key else "planner"
        self.decided[name] = Reason(value, reason, origin)

    def given(self, name: str, value: Any, key: str) -> None:
        self.decided[name] = Reason(value, "written in the recipe", self.origins.get(key, "recipe"))


def _learning_rate(spec: TrainSpec, model: ModelFacts, notes: _Notes) -> float:
    """2e-4 for LoRA from 0.5B parameters up; below, 5e-5 · 10 · (2000 / width)^0.78, the scaling of the Tinker cookbook
    (hyperparam_utils: narrow models want larger steps). Full tuning takes a tenth: LoRA's best rate is about ten times
    the full one at every size (Schulman et al., LoRA without regret, 2025)."""
    if spec.learning_rate is not None:
        notes.given("learning_rate", spec.learning_rate, "train.learning_rate")
        return spec.learning_rate
    if model.parameters >= 500_000_000:
        rate, reason = 2e-4, f"LoRA on {_billions(model.parameters)}; 1e-4 to 3e-4 is usual"
    else:
        rate = 5e-5 * 10 * (2000 / model.hidden) ** 0.78
        rate = float(f"{rate:.2g}")
        reason = f"LoRA below 0.5B scales with width: 5e-5 · 10 · (2000 / {model.hidden})^0.78"
    if isinstance(spec.tuning, FullTuning):
        rate, reason = rate / 10, f"a tenth of LoRA's, as every weight moves ({reason})"
        rate = float(f"{rate:.2g}")
    elif isinstance(spec.tuning, LoraTuning) and (ratio := spec.tuning.loraplus_lr_ratio) > 1:
        rate = float(f"{rate / ratio**0.5:.2g}")
        reason = f"A's rate; B's is {ratio:g} times as high, and between them lies LoRA's ({reason})"
    if spec.method.kind in COMPARES and spec.method.makes == "model":
        rate, reason = float(f"{rate / PREFERENCE_RATE:.2g}"), f"preferences need smaller steps than answers ({reason})"
    if spec.method.kind in REWARDED:
        rate, reason = float(f"{rate / REWARD_RATE:.2g}"), f"rewards need smaller steps than answers ({reason})"
    notes.add("learning_rate", rate, reason)
    return rate


def _targets(tuning: LoraTuning, notes: _Notes) -> None:
    """Which layers get an adapter. The default is the one that a measurement chose, and the plan says which."""
    key = "train.tuning.targets"
    value = tuning.targets if isinstance(tuning.targets, str) else list(tuning.targets)
    if tuning.targets == type(tuning).model_fields["targets"].default:
        notes.add("targets", value, WHY_TARGETS, key=key)
    else:
        notes.given("targets", value, key)


def _billions(parameters: int) -> str:
    return f"{parameters / 1e9:.1f}B" if parameters >= 1e8 else f"{parameters / 1e6:.1f}M"


def precision_of(spec: TrainSpec, device: DeviceFacts) -> str:
    """Arithmetic of forward and backward: as written, else bf16 where a device has it in hardware, else fp32."""
    if spec.precision != "auto":
        return spec.precision
    products = spec.method.kind in SHARED and spec.backend == "luthier"
    return "bf16" if device.bf16 and (device.kind != "cpu" or products) else "fp32"


def _critic(method: PpoMethod, model: ModelFacts, notes: _Notes) -> None:
    """What PPO decides beside the others, for people: the method itself reads its own keys."""
    notes.add("value_head", model.hidden + 1, f"weights and a bias on the policy's own last states, width "
              f"{model.hidden}; trained, kept in checkpoints, not delivered")  # fmt: skip
    told = {
        "iterations": "steps on the same answers: more learn more from each, and the clip holds them near (TRL)",
        "kl": "nats that are taken off each token's reward: nearer to the reference (TRL; InstructGPT takes 0.02)",
        "gamma": "a reward counts as much at every token before it: answers are short",
        "gae_lambda": "mostly what the answer earned, a little what the value head expected (Schulman et al. 2016)",
        "clip_value": "in units of reward: a larger reward wants a larger one",
        "value_weight": "the value head shares the policy's layers: its error must not lead them (Ziegler et al. 2019)",
    }
    for name, reason in told.items():
        notes.add(name, getattr(method, name), reason, key=f"train.method.{name}")


def _precision(spec: TrainSpec, device: DeviceFacts, notes: _Notes) -> str:
    precision = precision_of(spec, device)
    if spec.precision != "auto":
        notes.given("precision", precision, "train.precision")
    elif precision == "bf16":
        what = "products in bf16, which this CPU has in hardware; all else in fp32"
        notes.add("precision", precision, what if device.kind == "cpu" else "this device multiplies bf16 in hardware")
    elif device.bf16:
        why = "TRL knows autocast alone, which is slow on a CPU" if spec.backend == "trl" else (
            f"{spec.method.kind} compares numbers that lie close together"
        )
        notes.add("precision", precision, why)
    else:
        notes.add("precision", precision, "no bf16 in this device's hardware")
    return precision


def _batch_tokens(spec: TrainSpec, lengths: np.ndarray, notes: _Notes) -> int:
    """Small data wants many small steps, large data smooth ones: about 100 steps an epoch, 16 to 32 rows a step, and
    never fewer than four steps an epoch."""
    if spec.batch_tokens is not None:
        notes.given("batch_tokens", spec.batch_tokens, "train.batch_tokens")
        return spec.batch_tokens
    if isinstance(spec.method, RewardedMethod):
        prompts, group = min(spec.method.prompts, len(lengths)), spec.method.group
        tokens = max(16, int(np.ceil(prompts * group * float(lengths.mean()) / 64)) * 64)
        notes.add("batch_tokens", tokens, f"{group} answers to each of {prompts} prompts, as long as they may be")
        return tokens
    mean = float(lengths.mean())
    if spec.batch_rows is not None:
        tokens = max(1, round(spec.batch_rows * mean))
        where = notes.origins.get("train.batch_rows", "recipe")
        notes.decided["batch_tokens"] = Reason(tokens, f"{spec.batch_rows:,} rows of {mean:.0f} tokens", where)
        return tokens
    rows = int(np.clip(round(len(lengths) / BATCHES_AN_EPOCH), *ROWS_A_STEP))
    rows = max(1, min(rows, len(lengths) // 4))
    tokens = max(16, int(np.ceil(rows * mean / 64)) * 64)
    notes.add("batch_tokens", tokens, f"about {rows} of {len(lengths):,} rows a step, {mean:.0f} tokens each")
    return tokens


def _micro_tokens(
    spec: TrainSpec, facts: Facts, lengths: np.ndarray, batch_tokens: int, notes: _Notes
) -> tuple[int, bool, bool]:
    """Padded tokens of one forward pass; and, to make room, whether activations are recomputed and whether frozen
    layers stay in their files."""
    longest = _round_up(int(lengths.max()))
    free = int(facts.device.memory * SPARE_MEMORY)

    def fits(tokens: int, recompute: bool, stream: bool = False) -> bool:
        asked = needed(spec, facts, tokens, recompute=recompute, accumulates=tokens < batch_tokens, stream=stream)
        return _fits(facts, asked)

    streams = facts.demand is not None and facts.demand.weights.streamed is not None
    stream = streams and not fits(longest, True) and fits(longest, True, True)
    notes.add("stream", stream, "frozen layers do not fit beside the rest; each is read again" if stream else "fits")
    if spec.micro_tokens is not None:
        tokens = max(spec.micro_tokens, longest)
        reason = "written in the recipe" if tokens == spec.micro_tokens else f"the longest row needs {longest}"
        notes.decided["micro_tokens"] = Reason(tokens, reason, notes.origins.get("train.micro_tokens", "recipe"))
        recompute = not fits(tokens, False, stream)
        notes.add("recompute", recompute, "does not fit otherwise" if recompute else "fits without")
        return tokens, recompute, stream
    largest = CPU_MICRO_TOKENS if facts.device.kind == "cpu" else DEVICE_MICRO_TOKENS
    wanted = max(longest, min(largest, _round_up(batch_tokens)))
    if fits(wanted, False, stream):
        reason = "a whole step" if wanted >= batch_tokens else "larger passes are no faster on this device"
        notes.add("micro_tokens", wanted, reason)
        notes.add("recompute", False, "fits without")
        return wanted, False, stream
    recompute = not fits(longest, False, stream)
    if recompute and not fits(longest, True, stream):
        asked = needed(spec, facts, longest, recompute=True, accumulates=longest < batch_tokens)
        assert asked is not None
        raise DoesNotFit(longest, asked, free, _shorter_rows(spec, facts, longest, free))
    tokens = _most(wanted, longest, lambda count: fits(count, recompute, stream))
    notes.add("micro_tokens", tokens, f"what fits into {size(facts.device.memory)} with a tenth spare")
    told = f"the longest row ({longest} tokens) does not fit otherwise" if recompute else "fits without"
    notes.add("recompute", recompute, told)
    return tokens, recompute, stream


def needed(
    spec: TrainSpec, facts: Facts, micro_tokens: int, *, recompute: bool, accumulates: bool, stream: bool = False,
    processes: int | None = None, held: Pass | None = None,
) -> Needs | None:
    """What a training takes whose passes are cut at ``micro_tokens``; None where the demand is not known. Several
    ``processes`` (left out: as many as are written) each hold a part of every pass. ``held`` is what its passes hold at
    most, where they are known; left out, what the largest would if all rows were plain ones."""
    if facts.demand is None:
        return None
    number = processes or spec.processes or 1
    if held is None:
        rows, width = largest_pass(facts.train_tokens, micro_tokens)
        held = facts.demand.passes(-(-rows // number), width, recompute=recompute, accumulates=accumulates)
    keeps_best = bool(len(facts.validation_tokens)) and spec.evaluations > 1
    return needs(
        facts.demand.weights, held, keeps_best=keeps_best, keeps_start=spec.interpolate < 1, stream=stream,
        processes=number,
    )  # fmt: skip


def _fits(facts: Facts, asked: Needs | None) -> bool:
    free = int(facts.device.memory * SPARE_MEMORY)
    return asked is None or not free or asked.total <= free


def planned_needs(spec: TrainSpec, facts: Facts, plan: TrainPlan, held: Pass | None = None) -> Needs | None:
    """What the training of a plan takes; ``held`` as of :func:`needed`."""
    return needed(
        spec, facts, plan.micro_tokens, recompute=plan.recompute, accumulates=plan.micro_batches > 1,
        stream=plan.stream, processes=plan.processes, held=held,
    )  # fmt: skip


def largest_pass(lengths: Sequence[int], micro_tokens: int) -> tuple[int, int]:
    """(rows, padded width) of the pass with most tokens that these rows are cut into."""
    padded = -(-np.asarray(lengths, dtype=np.int64) // PAD_TO) * PAD_TO
    cuts = micro_batches(lengths, micro_tokens=micro_tokens, seed=0, epoch=0)
    found = max(cuts, key=lambda cut: len(cut) * int(padded[cut].max()))
    return len(found), int(padded[found].max())


def _most(wanted: int, least: int, fits: Callable[[int], bool]) -> int:
    """The most tokens, a multiple of ``least`` (which fits), up to ``wanted`` (which does not), that fit."""
    low, high = 1, -(-wanted // least)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle * least) else (low, middle)
    return low * least


def _shorter_rows(spec: TrainSpec, facts: Facts, longest: int, free: int) -> int:
    """Rows of so many tokens would fit: the longest, halved as often as it takes; 0 where none would."""
    assert facts.demand is not None
    width = longest // 2 // PAD_TO * PAD_TO
    while width >= PAD_TO:
        asked = needed(spec, replace(facts, train_tokens=[width]), width, recompute=True, accumulates=True)
        if asked is not None and asked.total <= free:
            return width
        width = width // 2 // PAD_TO * PAD_TO
    return 0


def logit_bytes(device: str) -> int:
    """Logits held at a time. On a CPU as much as its allocator reuses without asking the kernel again (a quarter faster
    than 128 MB at 32k words); elsewhere enough rows to keep the matrix units busy."""
    return 24 << 20 if device == "cpu" else 256 << 20


def _round_up(tokens: int, to: int = 8) -> int:
    return -(-tokens // to) * to


def _windows(count: int, batch_tokens: int, micro_tokens: int, lengths: np.ndarray) -> tuple[int, int]:
    """Optimiser steps an epoch and forward passes a step, from the number of micro-batches an epoch."""
    per_micro = float(np.sum(lengths)) / count
    k = max(1, round(batch_tokens / per_micro))
    return -(-count // k), k


def _steps(spec: TrainSpec, an_epoch: int, notes: _Notes) -> int:
    steps = max(1, round(an_epoch * spec.epochs))
    reason = f"{spec.epochs:g} epochs of {an_epoch} steps"
    if spec.max_steps is not None and spec.max_steps < steps:
        steps, reason = spec.max_steps, f"train.max_steps cuts {steps} steps"
    notes.add("steps", steps, reason)
    return steps


def _warmup(spec: TrainSpec, steps: int, notes: _Notes) -> int:
    if spec.warmup_steps is not None:
        warmup = min(spec.warmup_steps, steps - 1)
        notes.given("warmup_steps", warmup, "train.warmup_steps")
        return warmup
    warmup = min(round(spec.warmup * steps), steps - 1)
    notes.add("warmup_steps", warmup, f"{spec.warmup:.0%} of {steps} steps", key="train.warmup")
    return warmup


def _validation_rows(
    validation: Sequence[int], lengths: np.ndarray, steps: int, an_epoch: int, evaluations: int, notes: _Notes
) -> int:
    """How many validation rows are scored at each evaluation: all, or as many as cost a quarter of the training.

    One row forward costs a third of a row trained, so ``evaluations`` rounds over V tokens cost evaluations · V / 3.
    """
    if len(validation) == 0:
        notes.add("validation_rows", 0, "there are no validation rows: the last weights are kept")
        return 0
    trained = float(lengths.sum()) * steps / an_epoch
    budget = VALIDATION_SHARE * trained * 3 / (evaluations + 1)
    within = int(np.searchsorted(np.cumsum(np.asarray(validation)), budget, side="right"))
    rows = min(len(validation), max(within, min(32, len(validation))))
    reason = "all of them" if rows == len(validation) else "as many as cost a quarter of the training time"
    notes.add("validation_rows", rows, reason)
    return rows


def _watched(spec: TrainSpec, lengths: np.ndarray, epochs: float, notes: _Notes) -> tuple[int, int]:
    """General rows and held-out prompts that an evaluation looks at: as asked, or what costs 2% of the training each.

    A token trained costs three forward. A general row is read by the base and by the tuned model; an answer is its
    prompt read once and its tokens made one by one, each of which costs some times as much as reading one.
    """
    mean = float(lengths.mean())
    budget = WATCH_SHARE * 3 * float(lengths.sum()) * epochs / (spec.evaluations + 1)
    watch, an_answer = spec.watch, mean + MADE_BY_ONE * COPY_LIMIT
    kinds = (
        ("watch_rows", watch.rows, watch.forgetting, 2 * mean, WATCHED_ROWS),
        ("watch_answers", watch.answers, watch.memorisation, an_answer, WATCHED_ANSWERS),
    )
    made = []
    for name, asked, action, cost, (least, most) in kinds:
        if unseen := _unseen(name, spec.method.kind):
            number, reason = 0, unseen
        elif action == "off":
            number, reason = 0, f"train.watch.{'forgetting' if name == 'watch_rows' else 'memorisation'} is off"
        elif asked is not None:
            number, reason = asked, "written in the recipe"
        else:
            number = min(most, max(least, int(budget / cost)))
            named = {least: "fewer would show nothing", most: "enough"}
            reason = named.get(number, "as many as cost 2% of the training")
        notes.add(name, number, reason)
        made.append(number)
    return made[0], made[1]


def _processes(
    spec: TrainSpec, facts: Facts, lengths: np.ndarray, batch_tokens: int, has_room: Callable[[int], bool],
    notes: _Notes,
) -> int:  # fmt: skip
    """How many processes share each step: a thread each where a second thread would gain little."""
    device, model = facts.device, facts.model
    if spec.processes is not None:
        if spec.processes > 1 and not device.forks:
            raise LuthierError(
                f"train.processes: {spec.processes} cannot be had here", where="train.processes",
                why="processes are forked for training on a CPU, on Linux", fix="train.processes: 1",
            )  # fmt: skip
        notes.given("processes", spec.processes, "train.processes")
        return spec.processes
    if spec.backend == "trl":
        notes.add("processes", 1, "TRL trains in one; accelerate launches more")
        return 1
    rows_a_step = int(batch_tokens / max(1.0, float(lengths.mean())))
    number = min(device.threads, rows_a_step // ROWS_A_PROCESS)
    small = model.hidden <= SMALL_WIDTH and spec.tuning.kind == "lora"
    if number > 1 and device.kind == "cpu" and device.forks and small and spec.method.kind in SHARED:
        fits = next((n for n in range(number, 1, -1) if has_room(n)), 1)
        reason = f"a model of width {model.hidden} gains little from a second thread: a process each"
        notes.add("processes", fits, reason if fits == number else f"the memory has no room for {fits + 1}")
        return fits
    notes.add("processes", 1, "threads serve this training better" if device.threads > 1 else "one thread")
    return 1


def _unseen(name: str, method: str) -> str:
    """Why a monitor has nothing to look at; empty where it has."""
    if method in COMPARES:
        seen = "accuracy, rewards" if method == "reward" else "margins, likelihoods, drift from the reference"
        return f"{method} has numbers of its own: {seen}"
    if name == "watch_answers" and method in REWARDED:
        return f"{method} learns from its own answers: there are none to copy"
    if method == "classify":
        return "a classifier writes nothing: it can neither forget how to, nor copy"
    return "plain texts have no prompts to answer" if name == "watch_answers" and method == "continued" else ""


def _spread(times: int, steps: int) -> tuple[int, ...]:
    """``times`` steps evenly spread over 1..steps, the last one among them."""
    return tuple(sorted({max(1, round(steps * i / times)) for i in range(1, times + 1)}))
