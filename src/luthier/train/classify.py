"""A classifier: cross-entropy of a linear head on the question's last token; one loop with ``sft``.

A label stands where ``sft`` has the next token, so batches, shared beginnings, processes, checkpoints, early stopping
and the monitor of overfitting are those of ``sft``; what is written is not watched, as nothing is written. The loss is
a mean over rows by their weights, as ``torch.nn.CrossEntropyLoss`` with ``weight`` has it.

Not here: the rows (``labelled``), the model and its head (``models.head``), answering (``engines.classifier``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.nn import functional

from luthier.recipe.train import ClassifyMethod, TrainSpec
from luthier.train.batches import Row, row
from luthier.train.labelled import Labelled
from luthier.train.loop import Probe, Run, StepInfo, TrainResult
from luthier.train.outputs import HeadLoss, checked
from luthier.train.plan import TrainPlan
from luthier.train.session import Loaded
from luthier.train.sft import Tokens, learn


def run(
    spec: TrainSpec, plan: TrainPlan, *, loaded: Loaded, train: Sequence[Labelled], validation: Sequence[Labelled],
    run: Run, workdir: Path, seed: int, probe: Probe | None = None,
    on_step: Callable[[StepInfo], None] | None = None, replayed: Collection[str] = (), replay_sets: int = 1,
    general: Sequence[Any] = (),
) -> TrainResult:  # fmt: skip
    """Train ``loaded.model``, which has a head with an output for each label, in place and leave the best weights on
    it, in eval mode; arguments as of ``sft.run``, rows as ``labelled.labelled`` makes them. Nothing is replayed.

    History entries hold ``accuracy``, the share of rows whose label was the likeliest: of the step's own rows before
    its update, and of held-out rows under ``held_out``.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; call again to go on.
        LuthierError: the architecture's head reads elsewhere, the workdir belongs to another training, a loss is not
            finite.
    """
    method = spec.method
    assert isinstance(method, ClassifyMethod)

    def loss_of(model: Any, plan: TrainPlan, rows: Sequence[Row], device: str) -> tuple[Labels, float]:
        labels = Labels(model, autocast=plan.precision == "bf16", smoothing=method.label_smoothing)
        return checked(labels, "classifier", plan, rows, device)

    return learn(
        spec, plan, loss_of=loss_of, objective=lambda loss, plan: Classes(loss, neftune_alpha=plan.neftune_alpha),
        loaded=loaded, train=[row(s) for s in train], validation=[row(s) for s in validation], general=(), run=run,
        workdir=workdir, seed=seed, probe=probe, on_step=on_step,
    )  # fmt: skip


class Labels(HeadLoss):
    """Cross-entropy of labels; counts in ``right`` the rows whose label was the likeliest.

    Args:
        smoothing: the share of the probability that is asked for all labels alike.
    """

    def __init__(self, model: Any, *, autocast: bool = False, smoothing: float = 0.0) -> None:
        super().__init__(model, autocast=autocast)
        self.smoothing = smoothing
        self.right: list[Tensor] = []

    def _loss(self, states: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
        logits = self._logits(states)
        self.right.append((logits.detach().argmax(-1) == targets).sum())
        losses = functional.cross_entropy(logits, targets, reduction="none", label_smoothing=self.smoothing)
        return losses.sum() if weights is None else (losses * weights.to(losses.dtype)).sum()


class Classes(Tokens):
    """Cross-entropy a row, by the rows' weights: an ``Objective``."""

    loss: Labels

    def weight(self, rows: Sequence[Row]) -> float:
        return float(sum(len(r.targets) if r.weights is None else r.weights.sum() for r in rows))

    def begin(self, rows: Sequence[Row]) -> None:
        super().begin(rows)
        self._rows = len(rows)
        self.loss.right.clear()

    def numbers(self) -> dict[str, float]:
        return {"accuracy": float(sum(int(n) for n in self.loss.right)) / self._rows}
