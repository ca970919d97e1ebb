"""Learning from which answer is better: DPO, IPO, SimPO and ORPO from pairs, KTO from thumbs; one loop with ``sft``.

The reference is the model as it stands before step 1, whatever that is (a base with a fresh adapter, an adapter that is
trained further, all weights): its log-probabilities of the answers are computed once, in eval mode, and kept in the
run's folder. There is no second model. The prompt of a pair is read once for both answers where the model computes the
same that way, which is checked before step 1; where it does not, or with dropout, each answer is read alone. Only
answers carry loss: the same tokens that ``sft`` would train.

Not here: the formulas (``contrast``), the steps (``loop``), what a row is (``records.preference``), scores in place of
log-probabilities (``reward``, which learns by :func:`learn` too).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from luthier.errors import LuthierError
from luthier.recipe.train import DpoMethod, IpoMethod, KtoMethod, OrpoMethod, SimpoMethod, TrainSpec
from luthier.train import checkpoint, contrast
from luthier.train.anchor import kl
from luthier.train.batches import Batch, Row, answers_of, collate, collate_answers, digest
from luthier.train.compared import Compared, Pair, Thumb, compared_row, input_length
from luthier.train.loop import Loop, Objective, Probe, Run, StepInfo, TrainResult, in_order
from luthier.train.loss import TokenLoss
from luthier.train.plan import TrainPlan
from luthier.train.reference import Start
from luthier.train.session import (
    CHECKED_ROWS,
    SHORT_WAY_TOLERANCE,
    Loaded,
    LossOf,
    drops,
    folding,
    frozen,
    prepared,
    stepping,
    tell_start,
    token_loss,
    trained_parameters,
)

REFERENCE = "reference.json"
__all__ = ["Compared", "Pair", "Thumb", "compared_row", "input_length", "run"]
DISPLACED = -1.0
"""Nats an answer by which the better answers may become less likely before it is told."""
TIE = 1e-4
"""Nats an answer that rounding may put between equal log-probabilities."""
KL_ROWS = 16
"""Held-out answers at whose tokens the KL to the reference is measured."""
NEEDS_REFERENCE = (DpoMethod, IpoMethod, KtoMethod)


def run(
    spec: TrainSpec, plan: TrainPlan, *, loaded: Loaded, train: Sequence[Compared], validation: Sequence[Compared],
    run: Run, workdir: Path, seed: int, probe: Probe | None = None,
    on_step: Callable[[StepInfo], None] | None = None,
) -> TrainResult:  # fmt: skip
    """Train ``loaded.model`` in place and leave the best weights on it, in eval mode; arguments as of ``sft.run``.

    History entries hold, at each evaluation under ``held_out`` and at each step, what the batch showed (means):
    ``accuracy`` (the better answer leads; ties half), ``margin`` (of rewards), ``chosen_logp`` and ``rejected_logp``
    (nats an answer), ``chosen_change`` and ``rejected_change`` (the same less the reference's), ``prefers_longer``.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; call again to go on.
        LuthierError: the rows do not fit the method, the workdir belongs to another training, a loss is not finite.
    """
    facts = facts_of(spec, [*train, *validation[: plan.validation_rows]])

    def begin(ready: Ready) -> tuple[Objective, Probe]:
        loss, rows, apart = ready.loss, [*ready.train, *ready.validation], ready.apart
        given = _with_references(facts, loss, rows, ready.plan, ready.device, apart, workdir, spec)
        objective = _objective(spec.method, loss, given, ready)
        return objective, Drift(loss, ready.validation, ready.device)

    return learn(
        spec, plan, loss_of=token_loss, begin=begin, loaded=loaded, train=train, validation=validation, run=run,
        workdir=workdir, seed=seed, probe=probe, on_step=on_step,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ready:
    """What an objective is made from: the way to the answers, the rows, the plan as it is carried out. ``apart``: each
    answer is read alone."""

    loss: TokenLoss
    train: list[Row]
    validation: list[Row]
    plan: TrainPlan
    device: str
    apart: bool


def learn(
    spec: TrainSpec, plan: TrainPlan, *, loss_of: LossOf, begin: Callable[[Ready], tuple[Objective, Probe | None]],
    loaded: Loaded, train: Sequence[Compared], validation: Sequence[Compared], run: Run, workdir: Path, seed: int,
    probe: Probe | None, on_step: Callable[[StepInfo], None] | None, loop_of: type[Loop] = Loop,
) -> TrainResult:  # fmt: skip
    """Learn from rows that compare answers, whatever is made of these; the other arguments as of :func:`run`.

    Args:
        loss_of: how answers are read.
        begin: makes the objective, and what is looked at beside it at each evaluation, before step 1.
        loop_of: who makes the steps.
    """
    parameters = trained_parameters(loaded, plan, seed)
    held = validation[: plan.validation_rows]
    train_rows, validation_rows = [compared_row(s) for s in train], [compared_row(s) for s in held]
    plan = frozen(plan, spec, train_rows, validation_rows, parameters, run, workdir)
    device = str(loaded.device)
    with (
        prepared(loaded.model, plan, device),
        # the reference's numbers too: what is subtracted is rounded alike
        folding(loaded.model, plan.precision, device, wanted=loop_of.folds),
    ):  # fmt: skip
        loss, difference = loss_of(loaded.model, plan, train_rows, device)
        tolerance = SHORT_WAY_TOLERANCE[plan.precision]
        apart = drops(loaded.model) or not _reads_forks(loss, train_rows, device, tolerance)
        objective, beside = begin(Ready(loss, train_rows, validation_rows, plan, device, apart))
        tell_start(
            run, plan, parameters, loss, difference, device, prompts=_told(loaded.model, train_rows, apart),
            tokens_shared=0 if apart else sum(r.fork.at for r in train_rows if r.fork is not None),
        )  # fmt: skip
        loop = loop_of(
            loaded.model, objective, plan, train=train_rows, validation=validation_rows, run=run,
            folder=workdir / "checkpoints", device=device, probe=_both(beside, probe), on_step=on_step,
        )  # fmt: skip
        with stepping(loaded.model, plan, device):
            return loop.fit()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a row besides its tokens. ``reference`` holds the log-probabilities of its answers, ``lengths``
    their tokens where the row itself does not tell."""

    weight: float
    margin: float | None = None
    good: bool = True
    reference: tuple[float, ...] = ()
    partner_reference: float = 0.0
    lengths: tuple[int, int] = (0, 0)


class Weighed:
    """An ``Objective`` whose loss is a mean over rows by their weights, from the log-probabilities of their answers.

    What it saw is kept a pass, ``_seen``: weighed parts of the means that ``_names`` names.
    """

    def __init__(self, method: Any, loss: TokenLoss, facts: Mapping[str, Facts], *, apart: bool = False) -> None:
        self.method, self.loss, self.facts, self.apart = method, loss, facts, apart
        self._weight = 1.0
        self._seen: list[Tensor] = []
        self._names: tuple[str, ...] = ()

    def _judge(self, said: Tensor, batch: Batch) -> Tensor:
        """The sum of the rows' losses from the log-probabilities of the answers."""
        raise NotImplementedError

    def weight(self, rows: Sequence[Row]) -> float:
        return sum(self.facts[r.example_id].weight for r in rows)

    def begin(self, rows: Sequence[Row]) -> None:
        self._weight = self.weight(rows)
        self._seen = []

    def collate(self, rows: Sequence[Row], device: torch.device | str) -> Batch:
        return collate_answers(rows, device, apart=self.apart)

    def backward(self, batch: Batch, weight: float) -> Tensor:
        return self.loss.backward_through(batch, lambda said: self._judge(said, batch) / weight) * weight

    def total(self, batch: Batch) -> Tensor:
        return self._judge(self.loss.log_probs(batch), batch)

    def numbers(self) -> dict[str, float]:
        if not self._seen:
            return dict.fromkeys(self._names, 0.0)
        return dict(zip(self._names, torch.stack(self._seen).sum(0).tolist(), strict=True))

    def remark(self, numbers: Mapping[str, float]) -> str:
        return displaced(numbers)


class Paired(Weighed):
    """Pairs: a mean over pairs."""

    def __init__(self, method: Any, loss: TokenLoss, facts: Mapping[str, Facts], *, apart: bool) -> None:
        super().__init__(method, loss, facts, apart=apart)
        self._names = _PAIR_NUMBERS if isinstance(method, NEEDS_REFERENCE) else _PAIR_NUMBERS[:5]
        self._tokens = 1

    def begin(self, rows: Sequence[Row]) -> None:
        super().begin(rows)
        self._tokens = sum(int((~r.second).sum()) for r in rows if r.second is not None)

    def _judge(self, said: Tensor, batch: Batch) -> Tensor:
        """The sum of the pairs' losses from the log-probabilities of the answers, chosen and rejected in turn."""
        facts = [self.facts[name] for name in (batch.row_ids[::2] if batch.tree is None else batch.row_ids)]
        weights = said.new_tensor([f.weight for f in facts])
        chosen, rejected = said[::2], said[1::2]
        assert batch.answer is not None
        tokens = torch.bincount(batch.answer).to(said.dtype)
        losses, rewards = self._losses(said, tokens, facts)
        value = (losses * weights).sum()
        if self.method.sft:  # a mean over the chosen tokens of the window, in units of its weight
            value = value - self.method.sft * (chosen * weights).sum() * (self._weight / self._tokens)
        with torch.no_grad():
            self._note(chosen, rejected, rewards, tokens, weights, facts)
        return value

    def _losses(self, said: Tensor, tokens: Tensor, facts: Sequence[Facts]) -> tuple[Tensor, Tensor]:
        """Losses of the pairs (B,) and rewards of their answers (B, 2)."""
        method = self.method
        if isinstance(method, SimpoMethod | OrpoMethod):
            mean = (said / tokens).reshape(-1, 2)
            if isinstance(method, OrpoMethod):
                return contrast.orpo(method, mean[:, 0], mean[:, 1]), mean * method.beta
            return contrast.simpo(method, mean[:, 0] - mean[:, 1]), mean * method.beta
        reference = said.new_tensor([f.reference for f in facts])
        ratios = said.reshape(-1, 2) - reference
        if isinstance(method, IpoMethod) or method.normalise:
            ratios = ratios / tokens.reshape(-1, 2)
        margins = ratios[:, 0] - ratios[:, 1]
        if isinstance(method, IpoMethod):
            return contrast.ipo(method, margins), ratios * method.beta
        wanted = said.new_tensor([method.margin * (1.0 if f.margin is None else f.margin) for f in facts])
        return contrast.dpo(method, margins, wanted), ratios * method.beta

    def _note(
        self, chosen: Tensor, rejected: Tensor, rewards: Tensor, tokens: Tensor, weights: Tensor,
        facts: Sequence[Facts],
    ) -> None:  # fmt: skip
        leads = rewards[:, 0] - rewards[:, 1]
        leads = torch.where(leads.abs() > TIE * self.method.beta, leads, 0.0)
        longer = tokens[::2] - tokens[1::2]
        values = [(leads.sign() + 1) / 2, leads, chosen, rejected, ((leads * longer).sign() + 1) / 2]
        if facts[0].reference:
            reference = chosen.new_tensor([f.reference for f in facts])
            values += [chosen - reference[:, 0], rejected - reference[:, 1]]
        self._seen.append((torch.stack(values) * weights).sum(1) / self._weight)


_PAIR_NUMBERS = (
    "accuracy", "margin", "chosen_logp", "rejected_logp", "prefers_longer", "chosen_change", "rejected_change",
)  # fmt: skip


class Thumbed(Weighed):
    """Thumbs (KTO): a mean over answers.

    z, the drift from the reference, is measured over the whole window, never a pass: on each prompt with the answer of
    another row, always the same one (``partners``), whose reference log-probability is cached like the others.
    """

    def __init__(
        self, method: KtoMethod, loss: TokenLoss, facts: Mapping[str, Facts], partners: Mapping[str, Row],
        plan: TrainPlan, device: str,
    ) -> None:  # fmt: skip
        super().__init__(method, loss, facts)
        self.partners = partners
        self._names = ("accuracy", "margin", "chosen_logp", "rejected_logp", "chosen_change", "rejected_change")
        self._passes = (plan.micro_tokens, device)
        self._drift = 0.0
        self._good, self._bad = 1.0, 1.0

    def begin(self, rows: Sequence[Row]) -> None:
        super().begin(rows)
        facts = [self.facts[r.example_id] for r in rows]
        self._good = max(1e-12, sum(f.weight for f in facts if f.good))
        self._bad = max(1e-12, sum(f.weight for f in facts if not f.good))
        micro_tokens, device = self._passes
        said = log_probs(
            self.loss, [self.partners[r.example_id] for r in rows], micro_tokens, device, apart=False
        )  # fmt: skip
        away = [said[r.example_id][0] - self.facts[r.example_id].partner_reference for r in rows]
        self._drift = max(0.0, float(np.mean(away)))

    def _judge(self, said: Tensor, batch: Batch) -> Tensor:
        facts = [self.facts[name] for name in batch.row_ids]
        weights = said.new_tensor([f.weight for f in facts])
        good = torch.tensor([f.good for f in facts], device=said.device)
        ratios = said - said.new_tensor([f.reference[0] for f in facts])
        losses = contrast.kto(self.method, ratios, good, self._drift)
        with torch.no_grad():
            ups = good.to(said.dtype)
            right = ((ratios - self._drift).sign() * (2 * ups - 1) + 1) / 2
            liked, disliked = ups * weights / self._good, (1 - ups) * weights / self._bad
            beta = self.method.beta
            self._seen.append(torch.stack([
                (right * weights).sum() / self._weight, beta * (ratios * (liked - disliked)).sum(),
                (said * liked).sum(), (said * disliked).sum(), (ratios * liked).sum(), (ratios * disliked).sum(),
            ]))  # fmt: skip
        return (losses * weights).sum()


class Drift:
    """KL(reference ‖ model) in nats a token over the whole vocabulary, at the tokens of held-out better answers; both
    in eval mode. Needs an adapter, whose first weights are kept: they are small. A probe of the loop."""

    def __init__(self, loss: TokenLoss, rows: Sequence[Row], device: str) -> None:
        model = loss.model
        self.loss = loss
        self.batch = collate([answers_of(r)[0] for r in rows[:KL_ROWS]], device) if rows else None
        self.start = Start(model) if hasattr(model, "disable_adapter") and rows else None

    def __call__(self, model: nn.Module, step: int) -> dict[str, float]:
        if self.start is None or self.batch is None:
            return {}
        now = self.loss.states(self.batch)
        with self.start.in_place():
            before = self.loss.states(self.batch)
        parts = zip(torch.split(now, self.loss.chunk), torch.split(before, self.loss.chunk), strict=True)
        nats = []
        for a, b in parts:
            with self.start.in_place() if self.loss.head_learns else nullcontext():
                known = self.loss.logits(b)
            nats.append(kl(self.loss.logits(a), known))
        return {"kl_to_reference": float(torch.cat(nats).mean())}


def log_probs(
    loss: TokenLoss, rows: Sequence[Row], micro_tokens: int, device: str, *, apart: bool
) -> dict[str, tuple[float, ...]]:  # fmt: skip
    """Log-probability of each row's answers, by the row's id; in eval mode, without gradients."""
    was_training = loss.model.training
    loss.model.eval()
    found: dict[str, tuple[float, ...]] = {}
    for rows_of_pass in in_order(rows, micro_tokens):
        said = loss.log_probs(collate_answers(rows_of_pass, device, apart=apart)).tolist()
        each = len(said) // len(rows_of_pass)
        for i, r in enumerate(rows_of_pass):
            found[r.example_id] = tuple(said[i * each : (i + 1) * each])
    loss.model.train(was_training)
    return found


def displaced(numbers: Mapping[str, float]) -> str:
    """Likelihood displacement (Razin et al. 2024): the margin grows while the better answers lose likelihood too."""
    change = numbers.get("chosen_change", 0.0)
    if change >= DISPLACED or numbers["margin"] <= 0:
        return ""
    return (
        f"likelihood displacement: the better answers have become less likely too ({change:+.1f} nats an answer), only "
        "less so than the worse ones; train.method.sft: 0.2, a larger beta or a lower rate hold them up"
    )


def facts_of(spec: TrainSpec, samples: Sequence[Compared]) -> dict[str, Facts]:
    """What is known of each row by its id.

    Raises:
        LuthierError: thumbs for a method of pairs, or pairs for KTO, or two rows with one id.
    """
    thumbs = isinstance(spec.method, KtoMethod)
    for s in samples:
        if isinstance(s, Thumb) != thumbs:
            kind, other = ("thumbs", "pairs") if not thumbs else ("pairs", "thumbs")
            raise LuthierError(
                f"{spec.method.kind} learns from {other}, and these rows are {kind}", where="train.method",
                why="a thumb says nothing about another answer" if not thumbs else "a pair is no verdict on one answer",
                fix=f"train.method: {'kto' if not thumbs else 'dpo'}",
            )  # fmt: skip
    made = {
        s.example_id: Facts(s.weight, good=s.good) if isinstance(s, Thumb)
        else Facts(s.weight, s.margin, lengths=s.lengths)
        for s in samples
    }
    if len(made) < len(samples):
        raise ValueError("two rows have one id; the data stage leaves one of them")
    return made


def _reads_forks(loss: TokenLoss, rows: Sequence[Row], device: str, tolerance: float) -> bool:
    """Whether the prompt may be read once for both answers: checked on the longest row and the first ones."""
    forks = [r for r in rows if r.fork is not None]
    if not forks:
        return False
    longest = max(range(len(forks)), key=lambda i: len(forks[i].inputs))
    checked = [forks[i] for i in sorted({longest, *range(min(CHECKED_ROWS, len(forks)))})]
    return loss.forks(
        collate_answers(checked, device), collate_answers(checked, device, apart=True), tolerance=tolerance
    )


def _told(model: Any, rows: Sequence[Row], apart: bool) -> str:
    if rows[0].fork is None:
        return "one answer each"
    if not apart:
        return "read once for both answers"
    name = type(model.get_base_model() if hasattr(model, "get_base_model") else model).__name__
    return "read for each answer, as dropout is on" if drops(model) else f"read for each answer, as {name} differs"


def _with_references(
    facts: Mapping[str, Facts], loss: TokenLoss, rows: Sequence[Row], plan: TrainPlan, device: str, apart: bool,
    workdir: Path, spec: TrainSpec,
) -> dict[str, Facts]:  # fmt: skip
    """The facts with the reference's log-probabilities: read from the folder, or computed now and kept there.

    The model stands as it was loaded: checkpoints are put on it later.
    """
    if not isinstance(spec.method, NEEDS_REFERENCE):
        return dict(facts)
    path = workdir / REFERENCE
    belongs = digest(rows)
    known = json.loads(path.read_text()) if path.is_file() else {}
    if known.get("rows") != belongs:
        said = log_probs(loss, rows, plan.micro_tokens, device, apart=apart)
        known = {"rows": belongs, "log_probs": said}
        if isinstance(spec.method, KtoMethod):
            mismatched = list(partners(rows, plan.seed).values())
            known["partners"] = log_probs(loss, mismatched, plan.micro_tokens, device, apart=False)
        checkpoint.write_whole(path, json.dumps(known))
    partner = known.get("partners", {})
    return {
        name: replace(f, reference=tuple(known["log_probs"][name]), partner_reference=partner.get(name, (0.0,))[0])
        for name, f in facts.items()
    }


def partners(rows: Sequence[Row], seed: int) -> dict[str, Row]:
    """Each row's prompt with the answer of another one: the next in a seeded order."""
    order = np.random.Generator(np.random.PCG64((seed, len(rows)))).permutation(len(rows))
    made = {}
    for place, i in enumerate(order):
        mine, other = rows[i], rows[order[(place + 1) % len(order)]]
        begins, theirs = int(mine.positions[0]) + 1, int(other.positions[0]) + 1
        answer = np.concatenate([other.inputs[theirs:], other.targets[-1:]])
        ids = np.concatenate([mine.inputs[:begins], answer])
        at = np.arange(begins - 1, len(ids) - 1)
        made[mine.example_id] = replace(mine, inputs=ids[:-1], positions=at, targets=ids[at + 1])
    return made


def _objective(
    method: Any, loss: TokenLoss, facts: Mapping[str, Facts], ready: Ready
) -> Paired | Thumbed:  # fmt: skip
    if isinstance(method, KtoMethod):
        mismatched = partners([*ready.train, *ready.validation], ready.plan.seed)
        return Thumbed(method, loss, facts, mismatched, ready.plan, ready.device)
    return Paired(method, loss, facts, apart=ready.apart)


def _both(first: Probe | None, second: Probe | None) -> Probe | None:
    if first is None or second is None:
        return first or second

    def both(model: nn.Module, step: int) -> dict[str, float]:
        return {**first(model, step), **second(model, step)}

    return both
