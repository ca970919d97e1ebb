"""The second backend, ``train.backend: trl``: the forward passes, losses, gradients and updates of a training are made
by a trainer of TRL; rows, batches, rates, evaluations, checkpoints and monitors stay those of ``loop``.

What is the same: the token ids and which of them are trained, the rows of every step and their order, the learning rate
of every step, AdamW and what it decays, the seed of every pass, when it is evaluated, saved and stopped, which weights
are kept. So a run that was killed goes on with the same bits here too. What is TRL's: the loss (one forward for each
answer of a pair, no prefix read once), clipping, adapters through peft's own forward, the references of DPO and KTO.

The only place that imports trl, and only when it runs. TRL's telemetry is off, nothing is reported and
nothing is written to a hub. Not here: what TRL cannot do (``recipe.backend``).
"""

from __future__ import annotations

import copy
import math
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from luthier.errors import LuthierError, MissingExtra
from luthier.recipe.train import DpoMethod, GrpoMethod, IpoMethod, KtoMethod, RewardedMethod, RewardMethod, TrainSpec
from luthier.score.reward import Answered, Reward, graded
from luthier.train import optimiser, preference, reward, rl, sft
from luthier.train.batches import Row, Sample, answers_of, row
from luthier.train.interrupt import StopSignal
from luthier.train.loop import Loop, Probe, Run, StepInfo, TrainResult
from luthier.train.plan import TrainPlan
from luthier.train.session import token_loss

LEAST = (1, 16)
"""The version of trl from which its trainers are as they are taken here."""
Features = dict[str, Any]
"""A row as a collator of TRL takes it."""


def run(
    spec: TrainSpec, plan: TrainPlan, *, loaded: Any, train: Sequence[Any], validation: Sequence[Any], run: Run,
    workdir: Path, seed: int, probe: Probe | None = None, on_step: Callable[[StepInfo], None] | None = None,
    **more: Any,
) -> TrainResult:  # fmt: skip
    """Train ``loaded.model`` in place with a trainer of TRL and leave the best weights on it, in eval mode; arguments
    and result as of the method's own function (``sft.run``).

    Raises:
        MissingExtra: trl is not installed.
        Interrupted: Ctrl-C or SIGTERM; call again to go on.
        LuthierError: the rows weigh differently, or as of the method's own function.
    """
    installed()
    refuse_weights([*train, *validation])
    given: dict[str, Any] = {
        "loaded": loaded, "train": train, "validation": validation, "run": run, "workdir": workdir, "seed": seed,
        "probe": probe, "on_step": on_step,
    }  # fmt: skip
    with torch.random.fork_rng(devices=[]):  # TRL seeds everything that is random
        return _LEARNS[spec.method.kind](spec, plan, given, **more)


def installed() -> str:
    """The version of trl.

    Raises:
        MissingExtra: there is none.
        LuthierError: one that takes rows in other ways than the one this was written for.
    """
    try:
        found = version("trl")
    except ImportError:
        raise MissingExtra("trl", extra="trl", task="train.backend: trl") from None
    if tuple(int(n) for n in re.findall(r"\d+", found)[:2]) < LEAST:
        raise LuthierError(
            f"trl {found} is too old", where="train.backend: trl", why="its trainers take other rows and losses",
            fix="pip install -U 'luthier[trl]'",
        )  # fmt: skip
    return found


def refuse_weights(rows: Sequence[Any]) -> None:
    """TRL counts every trained token, pair and thumb alike.

    Raises:
        LuthierError: a row, a turn of it or a pair has a weight of its own.
    """
    for one in rows:
        tokens = getattr(one, "weights", None) or ()
        if getattr(one, "weight", 1.0) != 1.0 or any(w not in (0.0, 1.0) for w in tokens):
            raise LuthierError(
                "rows have weights, which TRL does not know", where=f"row {one.example_id}",
                why="all of them would count alike", fix="train.backend: luthier, or rows without weights",
            )  # fmt: skip


# ---- what is learned, as a trainer of TRL takes it


@dataclass(frozen=True)
class Way:
    """How a method is taught by TRL.

    ``trainer`` is the name of its trainer and config without their endings; ``features`` make a row ready for its
    collator; ``settings`` are what its config takes of the method; ``numbers`` give TRL's metrics our names;
    ``by_tokens``: its loss is a mean over trained tokens, not over rows; ``refers``: to the model before step 1.
    """

    trainer: str
    features: Callable[[Row], Features]
    settings: Mapping[str, Any] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    by_tokens: bool = False
    refers: bool = False


def _sft(spec: TrainSpec, plan: TrainPlan, given: dict[str, Any], **more: Any) -> TrainResult:
    """Answers, or texts."""
    replayed = more.get("replayed", ())
    train = [row(s, replayed=s.example_id in replayed) for s in given["train"]]
    way = Way("SFT", tokens_of, {"dataset_kwargs": {"skip_prepare_dataset": True}}, by_tokens=True)

    def taught(loss: Any, plan: TrainPlan) -> Taught:
        return Taught(way, plan, given["loaded"], given["workdir"], train[:1])

    general: Sequence[Sample] = more.get("general", ())
    return sft.learn(
        spec, plan, loss_of=token_loss, objective=taught, loop_of=Driven, replay_sets=more.get("replay_sets", 1),
        general=[row(s) for s in general], **{**given, "train": train, "validation": _rows(given["validation"])},
    )  # fmt: skip


def _rows(samples: Sequence[Sample]) -> list[Row]:
    return [row(s) for s in samples]


def tokens_of(r: Row) -> Features:
    """Ids, and the same as labels where they are trained, -100 elsewhere."""
    ids = [*r.inputs.tolist(), int(r.targets[-1])]
    labels = [-100] * len(ids)
    for at, target in zip(r.positions.tolist(), r.targets.tolist(), strict=True):
        labels[at + 1] = target
    return {"input_ids": ids, "labels": labels}


def _compared(spec: TrainSpec, plan: TrainPlan, given: dict[str, Any]) -> TrainResult:
    """Pairs or thumbs; of a reward model, pairs that end where its head reads."""
    method = spec.method
    facts = preference.facts_of(spec, [*given["train"], *given["validation"][: plan.validation_rows]])

    def begin(ready: preference.Ready) -> tuple[Taught, Probe | None]:
        rows = [*ready.train, *ready.validation]
        if isinstance(method, RewardMethod):
            return Taught(_reward(method, facts), ready.plan, given["loaded"], given["workdir"], rows[:1]), None
        if isinstance(method, KtoMethod):
            way = _kto(method, facts, rows, ready.plan)
        else:
            assert isinstance(method, DpoMethod | IpoMethod)
            way = _dpo(method, rows, ready.plan)
        beside = preference.Drift(ready.loss, ready.validation, ready.device)
        return Taught(way, ready.plan, given["loaded"], given["workdir"], rows), beside

    loss_of = reward.scores if isinstance(method, RewardMethod) else token_loss
    return preference.learn(spec, plan, loss_of=loss_of, begin=begin, loop_of=Driven, **given)


PAIR_NUMBERS = {
    "rewards/accuracies": "accuracy", "rewards/margins": "margin", "logps/chosen": "chosen_logp",
    "logps/rejected": "rejected_logp",
}  # fmt: skip


def _dpo(method: DpoMethod | IpoMethod, rows: Sequence[Row], plan: TrainPlan) -> Way:
    loss, settings = "ipo", dict[str, Any]()
    if isinstance(method, DpoMethod):
        loss = "sigmoid_norm" if method.normalise else method.loss
        settings = {"label_smoothing": method.label_smoothing}
    both = {"loss_type": [loss, "sft"], "loss_weights": [1.0, method.sft]} if method.sft else {"loss_type": [loss]}
    settings = {**settings, **both, "beta": method.beta, **_referred(rows, plan)}
    told = PAIR_NUMBERS
    if loss in ("ipo", "sigmoid_norm"):  # a token is what counts, and TRL tells of whole answers
        told = {k: v for k, v in told.items() if k.startswith("logps")}
    return Way("DPO", pair_of, settings, told, refers=True)


def _kto(method: KtoMethod, facts: Mapping[str, preference.Facts], rows: Sequence[Row], plan: TrainPlan) -> Way:
    """KL is measured on the same mismatched answers as ours, over a pass where we take the window."""
    others = preference.partners(rows, plan.seed)

    def thumb_of(r: Row) -> Features:
        prompt, answer = parted(r)
        return {
            "prompt_ids": prompt, "completion_ids": answer, "KL_completion_ids": parted(others[r.example_id])[1],
            "label": facts[r.example_id].good,
        }  # fmt: skip

    settings = {
        "loss_type": "kto", "beta": method.beta, "desirable_weight": method.desirable,
        "undesirable_weight": method.undesirable, **_referred(rows, plan),
    }  # fmt: skip
    return Way("KTO", thumb_of, settings, {k: v for k, v in PAIR_NUMBERS.items() if v != "accuracy"}, refers=True)


def _referred(rows: Sequence[Row], plan: TrainPlan) -> dict[str, Any]:
    """References are read once, before step 1."""
    longest = max(len(r.inputs) for r in rows)
    return {"precompute_ref_log_probs": True, "precompute_ref_batch_size": max(1, plan.micro_tokens // longest)}


def _reward(method: RewardMethod, facts: Mapping[str, preference.Facts]) -> Way:
    def scores_of(r: Row) -> Features:
        chosen, rejected = (one.inputs.tolist() for one in answers_of(r))
        known = facts[r.example_id].margin
        margin = {"margin": method.margin * (1.0 if known is None else known)} if method.margin else {}
        return {"chosen_ids": chosen, "rejected_ids": rejected, **margin}

    settings = {"center_rewards_coefficient": method.centre or None}
    return Way("Reward", scores_of, settings, {"accuracy": "accuracy", "margin": "margin"})


def pair_of(r: Row) -> Features:
    """A prompt and its two answers."""
    chosen, rejected = (parted(one) for one in answers_of(r))
    return {"prompt_ids": chosen[0], "chosen_ids": chosen[1], "rejected_ids": rejected[1]}


def parted(r: Row) -> tuple[list[int], list[int]]:
    """Prompt and answer as TRL parts a row: all behind the prompt is learned.

    Raises:
        LuthierError: something between two parts of the answer is not.
    """
    ids = [*r.inputs.tolist(), int(r.targets[-1])]
    start = int(r.positions[0]) + 1
    if len(ids) - start != len(r.targets):
        raise LuthierError(
            "an answer holds tokens that are not the assistant's", where=f"row {r.example_id}",
            why="TRL would learn them too", fix="train.backend: luthier",
        )  # fmt: skip
    return ids[:start], ids[start:]


# ---- what is drawn and rewarded


class Paid:
    """The recipe's rewards as functions that a trainer of TRL calls, and what was seen of the answers.

    Args:
        rewards: what answers are worth.
        train: the prompts, by the numbers that TRL knows them by.
        chat: of the model.
        group: answers to one prompt, which come one after another.
    """

    def __init__(self, rewards: Sequence[Reward], train: Sequence[Any], chat: Any, group: int) -> None:
        self.rewards, self.train, self.chat, self.group = rewards, train, chat, group
        self.seen: dict[str, float] = {}
        self._of: Any = None
        self._scores: tuple[list[float], dict[str, list[float]]] = ([], {})

    def functions(self) -> list[Callable[..., list[float | None]]]:
        """One for each reward, in their order; None for an answer that any of them cannot score."""
        return [self._function(r.scorer.name) for r in self.rewards]

    def _function(self, name: str) -> Callable[..., list[float | None]]:
        def paid(completion_ids: list[list[int]], row: list[int], **others: Any) -> list[float | None]:
            whole, parts = self._graded(completion_ids, row)
            return [None if math.isnan(w) else value for w, value in zip(whole, parts[name], strict=True)]

        paid.__name__ = name
        return paid

    def _graded(self, drawn: list[list[int]], numbers: list[int]) -> tuple[list[float], dict[str, list[float]]]:
        if self._of is drawn:
            return self._scores
        stops = self.chat.stop_ids
        asked = [self.train[n] for n in numbers]
        texts = [self.chat.decode(ids[:-1] if ids[-1] in stops else ids) for ids in drawn]
        answered = [Answered(a.messages, text, a.reference) for a, text in zip(asked, texts, strict=True)]
        self._of, self._scores = drawn, graded(self.rewards, answered)
        ended = sum(ids[-1] in stops for ids in drawn) / len(drawn)
        self.seen = {**rl.seen_of(*self._scores, [len(ids) for ids in drawn], self.group), "ended": ended}
        return self._scores


class Coached(rl.Practice):
    """A practice whose answers a trainer of TRL draws, and learns from; the held-out ones are looked at as ever."""

    trainer: Any = None

    def begin_with(self, loop: Driven) -> Any:
        """The trainer, for the steps of this loop."""
        name = "GRPO" if isinstance(self.method, GrpoMethod) else "RLOO"
        self.paid = Paid(self.rewards, self.train, self.loaded.chat, self.method.group)
        model: Any = loop.model
        model.generation_config.eos_token_id = sorted(self.loaded.chat.stop_ids)
        table = [{"prompt": str(n), "row": n} for n in range(len(self.train))]
        self.trainer = _trainer(
            name, Rollouts, loop, self.loaded, self.folder, _drawn(self.method, self.plan, self.train, self.rewards),
            table, reward_funcs=self.paid.functions(),
        )  # fmt: skip
        return self.trainer

    def numbers(self) -> dict[str, float]:
        metrics = self.trainer._metrics["train"]
        told = {name: sum(values) / len(values) for name, values in metrics.items() if values}
        metrics.clear()
        nats = told.get("kl", 0.0) * self.paid.seen.get("length", 0.0)  # TRL's is a token's
        found = {"kl": nats, "entropy": told.get("entropy", 0.0), "clipped": told.get("clip_ratio/region_mean", 0.0)}
        return {**self.paid.seen, "kl_weight": self.method.kl, **found}

    def remark(self, numbers: Mapping[str, float]) -> str:
        return rl.all_the_same(self.paid.seen.get("flat", 0.0))


def _drawn(method: RewardedMethod, plan: TrainPlan, train: Sequence[Any], rewards: Sequence[Reward]) -> dict[str, Any]:
    """What a config of TRL takes of GRPO or RLOO."""
    limit = rl.answer_limit(method, train)
    prompts = min(method.prompts, len(train))
    answers, longest = prompts * method.group, max(len(a.ids) for a in train) + limit
    fits = (k for k in range(1, answers) if answers % k == 0 and answers // k * longest <= plan.micro_tokens)
    passes = next(fits, answers)
    settings: dict[str, Any] = {
        "num_generations": method.group, "max_completion_length": limit, "temperature": 1.0, "beta": method.kl,
        "epsilon": method.clip, "epsilon_high": method.clip_high, "num_iterations": method.iterations,
        "per_device_train_batch_size": answers // passes, "gradient_accumulation_steps": passes,
        "reward_weights": [r.weight for r in rewards],
    }  # fmt: skip
    if isinstance(method, GrpoMethod):
        loss = {"tokens": "dapo", "answers": "grpo", "longest": "dr_grpo"}[method.mean_over]
        scale = {"std": "group", "none": "none"}[method.scale]
        settings |= {"loss_type": loss, "scale_rewards": scale, "use_bias_correction_kl": False}
    return settings


def _rewarded(spec: TrainSpec, plan: TrainPlan, given: dict[str, Any], **more: Any) -> TrainResult:
    """Answers of the model's own."""
    return rl.run(spec, plan, practice_of=Coached, loop_of=Driven, **given, **more)


_LEARNS: dict[str, Callable[..., TrainResult]] = {
    "sft": _sft, "continued": _sft, "dpo": _compared, "ipo": _compared, "kto": _compared, "reward": _compared,
    "grpo": _rewarded, "rloo": _rewarded,
}  # fmt: skip


@dataclass(frozen=True)
class Fed:
    """A pass as TRL takes it, with its rows; ``inputs`` are its token ids, padded."""

    given: Mapping[str, Any]
    rows: Sequence[Row]

    @property
    def inputs(self) -> Tensor:
        found: Tensor = self.given["input_ids"]
        return found


class Taught:
    """The loop's ``Objective`` whose losses and gradients are those of a trainer of TRL.

    Args:
        way: how the method is taught.
        plan: of the training.
        loaded: the model and its tokenizer.
        folder: of the training.
        shown: rows that the trainer is made with: all, where it reads references from them, else one will do.
    """

    def __init__(self, way: Way, plan: TrainPlan, loaded: Any, folder: Path, shown: Sequence[Row]) -> None:
        self.way, self.plan, self.loaded, self.folder, self.shown = way, plan, loaded, folder, shown
        self.trainer: Any = None
        self._references: dict[str, Features] = {}
        self._window = 1
        self._seen: dict[str, tuple[float, float]] = {}

    def begin_with(self, loop: Driven) -> Any:
        """The trainer, for the steps of this loop."""
        self.trainer = _trainer(
            self.way.trainer, Windows, loop, self.loaded, self.folder, self.way.settings,
            [self.way.features(r) for r in self.shown],
        )  # fmt: skip
        if self.way.refers:
            for r, one in zip(self.shown, self.trainer.train_dataset, strict=True):
                self._references[r.example_id] = {k: value for k, value in one.items() if k.startswith("ref_")}
        return self.trainer

    # ---- the loop's

    def weight(self, rows: Sequence[Row]) -> float:
        return sum(len(r.targets) for r in rows) if self.way.by_tokens else len(rows)

    def begin(self, rows: Sequence[Row]) -> None:
        self._window, self._seen = max(1, len(rows)), {}

    def collate(self, rows: Sequence[Row], device: torch.device | str) -> Any:
        features = [{**self.way.features(r), **self._references.get(r.example_id, {})} for r in rows]
        given = {name: value.to(device) for name, value in self.trainer.data_collator(features).items()}
        return Fed(given, rows)

    def backward(self, batch: Any, weight: float) -> Tensor:
        self.trainer.share = 1.0 if self.way.by_tokens else len(batch.rows) / weight
        loss: Tensor = self.trainer.one_pass(dict(batch.given), weight if self.way.by_tokens else None)
        self._note("train", len(batch.rows))
        return loss * weight

    def total(self, batch: Any) -> Tensor:
        self.trainer.share = 1.0
        half = self.plan.precision == "bf16"
        with torch.no_grad(), torch.autocast(batch.inputs.device.type, torch.bfloat16) if half else nullcontext():
            loss: Tensor = self.trainer.compute_loss(self.trainer.model, dict(batch.given))
        self._note("eval", len(batch.rows))
        return loss * self.weight(batch.rows)

    def numbers(self) -> dict[str, float]:
        return {name: total / share for name, (total, share) in self._seen.items()}

    def remark(self, numbers: Mapping[str, float]) -> str:
        return ""

    def _note(self, mode: str, rows: int) -> None:
        """TRL's own numbers of a pass, by our names: means over the rows that have them."""
        told = self.trainer._metrics[mode]
        for theirs, ours in self.way.numbers.items():
            if told.get(theirs):
                total, share = self._seen.get(ours, (0.0, 0.0))
                self._seen[ours] = total + told[theirs][-1] * rows / self._window, share + rows / self._window
        told.clear()


def _trainer(
    name: str, over: type, loop: Driven, loaded: Any, folder: Path, settings: Mapping[str, Any],
    table: Sequence[Mapping[str, Any]], **more: Any,
) -> Any:  # fmt: skip
    """A trainer of TRL for a loop: ``over`` is laid over its class, ``settings`` are what its config takes of the
    method, ``table`` its rows."""
    import trl
    from datasets import Dataset

    known, config_of = loop.plan, getattr(trl, f"{name}Config")
    told = {
        "output_dir": str(folder / "trl"), "report_to": [], "push_to_hub": False, "use_cpu": loop.device == "cpu",
        "save_strategy": "no", "eval_strategy": "no", "logging_strategy": "no", "disable_tqdm": True,
        "logging_nan_inf_filter": False, "remove_unused_columns": False, "dataloader_pin_memory": False,
        "max_steps": known.steps, "learning_rate": known.learning_rate, "weight_decay": known.weight_decay,
        "max_grad_norm": known.clip, "bf16": known.precision == "bf16", "seed": known.seed,
        "gradient_checkpointing": False,  # the plan's own is on for the time of the steps
        "neftune_noise_alpha": known.neftune_alpha or None, **settings,
    }  # fmt: skip
    fields = config_of.__dataclass_fields__
    own = {"max_length": None, "disable_dropout": False}  # rows have their lengths, and the recipe its dropout
    told |= {key: value for key, value in own.items() if key in fields}
    made = type(f"{name}Trainer", (over, getattr(trl, f"{name}Trainer")), {"loop": loop})
    loop.model.eval()
    with _quiet():
        config = config_of(**{key: value for key, value in told.items() if key in fields})
        if config.n_gpu > 1:
            config._n_gpu = 1  # the model is on one device, however many are seen
        trainer = made(
            model=loop.model, args=config, train_dataset=Dataset.from_list([dict(one) for one in table]),
            processing_class=copy.deepcopy(loaded.tokenizer),  # TRL names its padding in it
            optimizers=(loop.optimiser, None), **more,
        )  # fmt: skip
        trainer.add_callback(_follow(loop))
    return trainer


# ---- the steps


class Driven(Loop):
    """The loop whose steps a trainer of TRL makes: the trainer asks for a window's gradients, clips them, updates the
    weights, and tells so."""

    folds = False

    def __init__(self, model: Any, objective: Any, plan: TrainPlan, **more: Any) -> None:
        super().__init__(model, objective, plan, **more)
        self._undo = _Kept(model, self.parameters)
        self.trainer = objective.begin_with(self)
        self._undo.precision()
        self._stop: StopSignal | None = None
        self._began = 0.0
        self._tokens = 0
        self._window_now: list[list[Row]] = []
        self._sums = torch.zeros(0, dtype=torch.float64)
        self._norm = 0.0
        self._skipped = False
        self.run.event(
            "backend", message=f"the steps are made by trl {installed()}", name="trl", version=installed(),
            trainer=type(self.trainer).__name__,
        )  # fmt: skip

    def fit(self) -> TrainResult:
        try:
            return super().fit()
        finally:
            self._undo.all()

    def _run(self, stop: StopSignal) -> None:
        if not self._goes_on():
            return
        self._stop, done = stop, self.progress.step
        optimiser.set_rate(self.optimiser, self.plan.learning_rate)  # what the schedule's shares are of
        self.trainer.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda taken: self._rate(done + taken + 1) / self.plan.learning_rate
        )
        self.trainer.args.max_steps = self.plan.steps - done
        with _quiet():
            self.trainer.train()
        self._goes_on()

    # ---- what the trainer asks and tells

    def gradients(self, step: int) -> Tensor:
        """Make the gradients of a step's window; gives its loss."""
        self._began = time.monotonic()
        self._window_now = self._window(step)
        everything = [r for rows in self._window_now for r in rows]
        self._tokens = sum(len(r.inputs) for r in everything)
        weight = self.objective.weight(everything)
        self._sums = self._gradients(self._window_now, weight, step) / weight
        return self._sums.sum().float()

    def passed(self, loss: Tensor, tokens: int, began: float) -> None:
        """A pass of a step was made by the trainer alone."""
        first = not self._window_now
        self._began = began if first else self._began
        self._tokens = tokens + (0 if first else self._tokens)
        self._sums = torch.cat([self._sums[:0] if first else self._sums, loss.double().cpu()[None]])
        self._window_now = [*self._window_now, []]

    def before_update(self) -> None:
        """Gradients are complete and clipped; where they are not finite, none is left."""
        step = self.progress.step + 1
        self.progress.tokens += self._tokens
        self._skipped = not (math.isfinite(self._norm) and bool(torch.isfinite(self._sums).all()))
        if self._skipped:
            self._skip(self._sums, self._window_now, step)

    def after_update(self) -> bool:
        """The weights have changed; whether another step is to follow."""
        if self._skipped:
            info = self._left_out(self._tokens, time.monotonic() - self._began)
        else:
            step = self.progress.step + 1
            loss = float(self._sums.sum())
            info = self._taken(step, loss, self._rate(step), self._norm, self._tokens, self._began)
        assert self._stop is not None
        self._window_now = []
        self._after(info, self._stop)
        return self._goes_on()

    def measured(self) -> None:
        """Note the norm of the gradients, before they are clipped."""
        found = [p.grad for p in self.parameters.values() if p.grad is not None]
        self._norm = float(torch.nn.utils.get_total_norm(found)) if found else 0.0


class _Over:
    """Laid over every trainer of TRL."""

    loop: Any

    def _send_telemetry(self) -> None:
        """Nothing leaves this machine."""

    def log(self, *told: Any, **named: Any) -> None:
        """The loop has the numbers."""

    def floating_point_ops(self, inputs: Any) -> int:
        return 0


class Windows(_Over):
    """Its batches are windows of the loop, whose passes it makes one by one."""

    share = 1.0
    """Of the loss of a pass, where it is a mean over the rows of the pass and the window has more."""
    _made: Any = None

    def _prepare_dataset(self, dataset: Any, *others: Any, **named: Any) -> Any:
        return dataset  # token ids already

    def get_train_dataloader(self) -> Any:
        steps = [{"step": n} for n in range(self.loop.progress.step + 1, self.loop.plan.steps + 1)]
        return torch.utils.data.DataLoader(steps, batch_size=None, collate_fn=lambda one: one)  # type: ignore[arg-type]

    def _get_num_items_in_batch(self, batches: Any, device: Any) -> None:
        """The loop counts them."""

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Tensor:
        self._made = model
        loss: Tensor = self.loop.gradients(inputs["step"])
        self.loop.measured()
        return loss.to(self.args.device)  # type: ignore[attr-defined]

    def one_pass(self, inputs: Any, tokens: float | None) -> Tensor:
        """Forward and backward of one pass as TRL makes them; ``tokens`` of the whole window, if they count."""
        loss: Tensor = super().training_step(self._made, inputs, tokens)  # type: ignore[misc]
        return loss

    def compute_loss(self, *given: Any, **named: Any) -> Any:
        return super().compute_loss(*given, **named) * self.share  # type: ignore[misc]


class Rollouts(_Over):
    """It draws its own answers to prompts that the loop's data stage rendered."""

    _fed = 0

    def _tokenize_prompts(self, prompts: Any) -> Any:
        known = self.loop.practice.train
        return [list(known[int(number)].ids) for number in prompts], None, {}

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Tensor:
        began = time.monotonic()
        loss: Tensor = super().training_step(model, inputs, num_items_in_batch)  # type: ignore[misc]
        fed = int(self.state.num_input_tokens_seen)  # type: ignore[attr-defined]
        self.loop.passed(loss, fed - self._fed, began)
        self._fed = fed
        self.loop.measured()
        return loss


def _follow(loop: Driven) -> Any:
    """What tells the loop of updates."""
    from transformers import TrainerCallback

    class Follow(TrainerCallback):  # type: ignore[misc]
        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            loop.before_update()

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> Any:
            if not loop.after_update():
                control.should_training_stop = True
            return control

    return Follow()


# ---- leaving things as they were


class _Kept:
    """What TRL changes on a model besides its weights: ways of calling it, the format of trained tensors, adapters, and
    which tokens end and fill its texts."""

    def __init__(self, model: Any, parameters: Mapping[str, Any]) -> None:
        inner = model.get_base_model() if hasattr(model, "get_base_model") else model
        self.model, self.inner, self.parameters = model, inner, parameters
        self._forwards = [(one, vars(one).get("forward")) for one in dict.fromkeys((model, inner))]
        self._adapters = set(getattr(model, "peft_config", {}))
        self._first = {name: p.detach().clone() for name, p in parameters.items()}
        config = inner.config.get_text_config()
        self._ends = {name: getattr(config, name, None) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
        self._generation = copy.deepcopy(getattr(inner, "generation_config", None))

    def precision(self) -> None:
        """Trained tensors in their own format: beside a base in 4 bits TRL makes them bf16."""
        for name, p in self.parameters.items():
            if p.dtype != self._first[name].dtype:
                p.data = self._first[name]
        self._first = {}

    def all(self) -> None:
        """The model as it was, but for its weights."""
        for one, forward in self._forwards:
            vars(one).pop("forward", None)
            if forward is not None:
                one.forward = forward
        for name in set(getattr(self.model, "peft_config", {})) - self._adapters:
            self.model.delete_adapter(name)
        for name, value in self._ends.items():
            setattr(self.inner.config.get_text_config(), name, value)
        if self._generation is not None:
            self.inner.generation_config = self._generation


@contextmanager
def _quiet() -> Iterator[None]:
    """No bars and no advice: the loop tells what is to be told."""
    from datasets.utils.logging import disable_progress_bar

    disable_progress_bar()
    before = os.environ.get("TQDM_DISABLE")
    os.environ["TQDM_DISABLE"] = "1"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if before is None:
            del os.environ["TQDM_DISABLE"]
        else:
            os.environ["TQDM_DISABLE"] = before
