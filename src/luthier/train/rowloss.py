"""The loss of each row alone: what two trainings are compared by, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from luthier.train.batches import Sample, collate, row
from luthier.train.loss import TokenLoss
from luthier.train.session import CHECKED_ROWS, SHORT_WAY_TOLERANCE, beginning


def row_losses(model: Any, samples: Sequence[Sample], *, device: Any = "cpu", precision: str = "fp32") -> list[float]:
    """Nats a trained token of each sample, in their order; the model is left in eval mode and learns nothing.

    Raises:
        ValueError: a sample trains no token.
    """
    rows = [row(sample) for sample in samples]
    if not rows:
        return []
    model.eval()
    loss = TokenLoss(model, autocast=precision == "bf16")
    loss.check(collate([beginning(r) for r in rows[:CHECKED_ROWS]], device), tolerance=SHORT_WAY_TOLERANCE[precision])
    with torch.no_grad():
        return [float(loss.total(collate([r], device))) / len(r.targets) for r in rows]
