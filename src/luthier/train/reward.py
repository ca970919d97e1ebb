"""A reward model from pairs: Bradley and Terry's loss on the difference of two scores; one loop with ``preference``.

An answer's score is a scalar head on the decoder's state at its last token: where the standard sequence-classification
layout reads it, so that what is exported gives the score that was trained. That is checked on the first rows before
step 1, against the model's own forward; an architecture that reads elsewhere is refused. The prompt of a pair is read
once for both answers where that gives the same (``preference``). Rankings come as weighted pairs from the data stage.

Not here: the formula (``contrast``), the model and its head (``models.reward``), scoring with what was learned
(``score.reward``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from luthier.errors import LuthierError
from luthier.models.reward import head_of
from luthier.recipe.train import RewardMethod, TrainSpec
from luthier.train import contrast
from luthier.train.batches import Batch, Row, answers_of, collate_answers
from luthier.train.compared import Pair
from luthier.train.loop import Probe, Run, StepInfo, TrainResult
from luthier.train.loss import TokenLoss
from luthier.train.plan import TrainPlan
from luthier.train.preference import TIE, Facts, Ready, Weighed, facts_of, learn
from luthier.train.session import CHECKED_ROWS, SHORT_WAY_TOLERANCE, Loaded

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
        spec, plan, loss_of=_scores, begin=begin, loaded=loaded, train=train, validation=validation, run=run,
        workdir=workdir, seed=seed, probe=probe, on_step=on_step,
    )  # fmt: skip


class Scores(TokenLoss):
    """What a scalar head makes of answers: a score stands where ``TokenLoss`` has the log-probability of an answer,
    in ``log_probs`` and ``backward_through`` alike. The head itself never runs in bf16 autocast."""

    def __init__(self, model: Any, *, autocast: bool = False) -> None:
        super().__init__(model, autocast=autocast)
        self.scale, self.cap = 1.0, None  # what a family does to its logits it does not do to a score

    def _head_of(self, causal: Any) -> Any:
        return head_of(causal)

    def _said(self, states: Tensor, targets: Tensor) -> Tensor:
        return self._logits(states).squeeze(-1)

    def _logits(self, states: Tensor) -> Tensor:
        """(n, 1) in at least fp32."""
        found: Tensor = self.head(states.to(next(self.head.parameters()).dtype))
        return found.to(torch.promote_types(found.dtype, torch.float32))

    def differs(self, rows: Sequence[Row], device: str) -> float:
        """The largest difference of scores from the model's own forward, relative to its largest score."""
        alone = [answer for r in rows for answer in answers_of(r)]
        was_training = self.model.training
        self.model.eval()
        ours = self.log_probs(collate_answers(alone, device))
        with torch.no_grad():
            own = [self.model(input_ids=torch.from_numpy(r.inputs)[None].to(device)).logits[0, 0] for r in alone]
        self.model.train(was_training)
        plain = torch.stack(own).to(ours.dtype)
        return float((ours - plain).abs().max() / plain.abs().max().clamp_min(1e-12))


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


def _scores(model: Any, plan: TrainPlan, rows: Sequence[Row], device: str) -> tuple[TokenLoss, float]:
    scores = Scores(model, autocast=plan.precision == "bf16")
    difference = scores.differs(rows[:CHECKED_ROWS], device) if scores.short else float("inf")
    if difference > SHORT_WAY_TOLERANCE[plan.precision]:
        base = model.get_base_model() if hasattr(model, "get_base_model") else model
        raise LuthierError(
            f"no reward model is made of a {type(base).__name__}", where="model.base",
            why="it takes its score elsewhere than at the last token, so what is exported would score otherwise",
            fix="choose a base of a decoder family: Llama, Qwen, Mistral, Gemma, GPT-2 …",
        )  # fmt: skip
    return scores, difference
