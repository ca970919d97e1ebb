"""What a linear head makes of states: the way to a reward model's scores and to a classifier's labels.

A text's outputs are read at its last token, where the standard sequence-classification layout reads them, so that what
is exported says what was trained. :func:`checked` compares the two on the first rows before step 1; an architecture
that reads elsewhere is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

from luthier.errors import LuthierError
from luthier.models.head import THINGS, head_of
from luthier.recipe.train import Makes
from luthier.train.batches import NEVER, Row, answers_of, collate
from luthier.train.loss import TokenLoss
from luthier.train.plan import TrainPlan
from luthier.train.session import CHECKED_ROWS, SHORT_WAY_TOLERANCE


class HeadLoss(TokenLoss):
    """The outputs of a head where ``TokenLoss`` has logits over words. The head itself never runs in bf16 autocast."""

    def __init__(self, model: Any, *, autocast: bool = False) -> None:
        super().__init__(model, autocast=autocast)
        self.scale, self.cap = 1.0, None  # what a family does to its logits it does not do to a head's outputs

    def _head_of(self, causal: Any) -> Any:
        return head_of(causal)

    def _logits(self, states: Tensor) -> Tensor:
        """(n, outputs) in at least fp32."""
        found: Tensor = self.head(states.to(next(self.head.parameters()).dtype))
        return found.to(torch.promote_types(found.dtype, torch.float32))

    def differs(self, rows: Sequence[Row], device: str) -> float:
        """The largest difference from what the model's own forward gives, relative to its largest output."""
        alone = [answer for r in rows for answer in answers_of(r)]
        was_training = self.model.training
        self.model.eval()
        ours = self.logits(self.states(collate(alone, device, worth=NEVER)))
        with torch.no_grad():
            own = [self.model(input_ids=torch.from_numpy(r.inputs)[None].to(device)).logits[0] for r in alone]
        self.model.train(was_training)
        plain = torch.stack(own).to(ours.dtype)
        return float((ours - plain).abs().max() / plain.abs().max().clamp_min(1e-12))


L = TypeVar("L", bound=HeadLoss)


def checked(loss: L, makes: Makes, plan: TrainPlan, rows: Sequence[Row], device: str) -> tuple[L, float]:
    """The loss, and by how much it differs from the model's own forward on the first rows.

    Raises:
        LuthierError: by more than rounding.
    """
    difference = loss.differs(rows[:CHECKED_ROWS], device) if loss.short else float("inf")
    if difference > SHORT_WAY_TOLERANCE[plan.precision]:
        model = loss.model
        base = model.get_base_model() if hasattr(model, "get_base_model") else model
        raise LuthierError(
            f"no {THINGS[makes]} is made of a {type(base).__name__}", where="model.base",
            why="its head reads elsewhere than at the last token, so what is exported would say something else",
            fix="choose a base of a decoder family: Llama, Qwen, Mistral, Gemma, GPT-2 …",
        )  # fmt: skip
    return loss, difference
