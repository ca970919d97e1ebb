"""Hold a model near its base where rows are replayed: KL(base ‖ tuned), token by token, over the whole vocabulary.

A replayed row teaches through its few answer tokens alone; what the base would say at every token of it is hundreds of
times as much to hold on to. What a user notices are answers, and they are a few percent of the tokens: so the mean over
the tokens of answers and the mean over all other tokens count half each. The base is the same weights with the adapter
switched off (for QLoRA: the base in 4 bits), in eval mode and without gradients; both distributions are those of the
same positions. Full tuning has no such base.

Not here: which rows are replayed (data), how the loss is put together (loss.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from luthier.models.adapters import adapter_disabled


class Anchor:
    """The term ``weight · ½ (mean KL at answers + mean KL elsewhere)`` of one optimiser step.

    Args:
        model: a peft model; its adapter is what is trained.
        weight: of a nat of KL beside a nat of cross-entropy.
    """

    def __init__(self, model: nn.Module, weight: float) -> None:
        self.model, self.weight = model, weight
        self._shares = (0.0, 0.0)
        self._terms: list[Tensor] = []

    def begin(self, answers: int, others: int) -> None:
        """A new step, in whose passes (of all processes) anchored rows are fed: so many tokens before a token of an
        answer, so many others."""
        self._shares = (self.weight * (0.5 / max(1, others)), self.weight * (0.5 / max(1, answers)))
        self._terms = []

    @property
    def nats(self) -> float:
        """The mean KL of the step so far, both means at half."""
        return float(torch.stack(self._terms).sum()) / self.weight if self._terms else 0.0

    def shares(self, answers: Tensor, dtype: torch.dtype) -> Tensor:
        """What a nat of KL at each position counts in the term. ``answers`` (n,) marks those of answers."""
        others_share, answers_share = self._shares
        at_answers = answers.to(dtype)
        return at_answers * answers_share + (1 - at_answers) * others_share

    def add(self, nats_n: Tensor, share_n: Tensor) -> Tensor:
        """The term of some positions, (), from their KL and :meth:`shares`; it is counted in :attr:`nats`."""
        term = (nats_n * share_n).sum()
        self._terms.append(term.detach())
        return term


@contextmanager
def base_alone(model: nn.Module) -> Iterator[None]:
    """The base alone, as it is at evaluation; afterwards everything is as it was."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        with torch.no_grad(), adapter_disabled(model):
            yield
    finally:
        for module in training:
            module.training = True


def kl(tuned: Tensor, base: Tensor) -> Tensor:
    """KL(base ‖ tuned) at each position in nats, shape (n,), from logits of shape (n, V)."""
    known = functional.log_softmax(base, dim=-1)
    said = functional.log_softmax(tuned, dim=-1)
    return functional.kl_div(said, known, reduction="none", log_target=True).sum(dim=-1)


def make(model: Any, weight: float) -> Anchor | None:
    """The anchor of a training, if it has one.

    Raises:
        ValueError: the model has no adapter (the recipe refuses this before).
    """
    if not weight:
        return None
    if not hasattr(model, "disable_adapter"):
        raise ValueError("an anchor needs an adapter that can be switched off")
    return Anchor(model, weight)
