"""A pass that the device has no room for: how it is known, and how its rows are fed in smaller passes.

The loop throws the step's gradients away and does it again with these parts. Nothing is freed or retried here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from luthier.train.batches import PAD_TO, Batch, Row


@dataclass(frozen=True, slots=True)
class Full:
    """A pass that did not fit: its padded tokens, its rows, what was said."""

    tokens: int
    rows: int
    why: str

    @classmethod
    def of(cls, error: Exception, batch: Batch, rows: int) -> Full | None:
        """None for errors of other kinds. Nothing of the error itself is kept: its frames hold the pass's tensors."""
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        memory = isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in why
        return cls(batch.inputs.numel(), rows, why) if memory else None


def parts(rows: Sequence[Row], most_tokens: int | None) -> list[list[Row]]:
    """Rows of a pass, halved until no part feeds more padded tokens, or is a single row. None: as they are."""
    longest = -(-max(len(r.inputs) for r in rows) // PAD_TO) * PAD_TO
    if most_tokens is None or len(rows) == 1 or longest * len(rows) <= most_tokens:
        return [list(rows)]
    half = len(rows) // 2
    return [part for side in (rows[:half], rows[half:]) for part in parts(side, most_tokens)]
