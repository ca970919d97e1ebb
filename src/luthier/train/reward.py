"""A reward model from pairs: Bradley and Terry's loss on the difference of two scores; one loop with ``preference``.

An answer's score is a scalar head on the decoder's state at its last token, as the standard layout reads it: see
``outputs``. The prompt of a pair is read once for both answers where that gives the same (``preference``). Rankings
come as weighted pairs from the data stage.

Not here: the formula (``contrast``), the model and its head (``models.head``), scoring with what was learned
(``score.reward``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from luthier.recipe.train import RewardMethod, TrainSpec
from luthier.train import contrast
from luthier.train.batches import Batch, Row
from luthier.train.compared import Pair
from luthier.train.loop import Probe, Run, StepInfo, TrainResult
from luthier.train.loss import TokenLoss
from luthier.train.outputs import HeadLoss, checked
from luthier.train.plan import TrainPlan
from luthier.train.preference import TIE, Facts, Ready, Weighed, facts_of, learn
from luthier.train.session import Loaded

NUMBERS = ("accuracy", "margin", "chosen_reward", "rejected_reward", "prefers_longer")


def run(
    spec: TrainSpec, plan: TrainPlan, *, loaded: Loaded, train: Sequence[Pair], validation: Sequence[Pair],
    run: Run, workdir: Path, seed: int, probe: Probe | None = None,
    on_step: Callable[[StepInfo], None] | None = None,
) -> TrainResult:  # fmt: skip
    """Train ``loaded.model``, which has a scalar head, in place and leave the best weights on it, in eval mode;
    arguments as of ``preference.run``, pairs as ``compared.scored`` makes them.

    History entries hold means of ``accuracy`` (the better answer has the higher reward; ties half), ``margin`` (by how
    much), ``chosen_reward``, ``rejected_reward`` and ``prefers_longer`` (the longer answer has the higher one).

    Raises:
        Interrupted: Ctrl-C or SIGTERM; call again to go on.
        LuthierError: the architecture reads its score elsewhere, the workdir belongs to another training, a loss is
            not finite.
    """
    method = spec.method
    assert isinstance(method, RewardMethod)
    facts = facts_of(spec, [*train, *validation[: plan.validation_rows]])

    def begin(ready: Ready) -> tuple[Ranked, None]:
        return Ranked(method, ready.loss, facts, apart=ready.apart), None

    return learn(
        spec, plan, loss_of=scores, begin=begin, loaded=loaded, train=train, validation=validation, run=run,
        workdir=workdir, seed=seed, probe=probe, on_step=on_step,
    )  # fmt: skip


class Scores(HeadLoss):
    """What a scalar head makes of answers: a score stands where ``TokenLoss`` has the log-probability of an answer,
    in ``log_probs`` and ``backward_through`` alike."""

    def _said(self, states: Tensor, targets: Tensor) -> Tensor:
        return self._logits(states).squeeze(-1)


class Ranked(Weighed):
    """Pairs of scores: a mean over pairs by their weights."""

    def __init__(self, method: RewardMethod, loss: TokenLoss, facts: Mapping[str, Facts], *, apart: bool) -> None:
        super().__init__(method, loss, facts, apart=apart)
        self._names = NUMBERS

    def _judge(self, said: Tensor, batch: Batch) -> Tensor:
        """The sum of the pairs' losses from the scores of their answers, chosen and rejected in turn."""
        facts = [self.facts[name] for name in (batch.row_ids[::2] if batch.tree is None else batch.row_ids)]
        weights = said.new_tensor([f.weight for f in facts])
        wanted = said.new_tensor([self.method.margin * (1.0 if f.margin is None else f.margin) for f in facts])
        chosen, rejected = said[::2], said[1::2]
        losses = contrast.bradley_terry(self.method, chosen, rejected, wanted)
        with torch.no_grad():
            leads = chosen - rejected
            leads = torch.where(leads.abs() > TIE, leads, 0.0)
            longer = said.new_tensor([f.lengths[0] - f.lengths[1] for f in facts])
            values = [(leads.sign() + 1) / 2, leads, chosen, rejected, ((leads * longer).sign() + 1) / 2]
            self._seen.append((torch.stack(values) * weights).sum(1) / self._weight)
        return (losses * weights).sum()

    def remark(self, numbers: Mapping[str, float]) -> str:
        return ""


def scores(model: Any, plan: TrainPlan, rows: Sequence[Row], device: str) -> tuple[TokenLoss, float]:
    """How answers are read: a ``LossOf``."""
    return checked(Scores(model, autocast=plan.precision == "bf16"), "reward", plan, rows, device)
