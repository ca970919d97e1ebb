"""Noise on embeddings while a model learns from rows (NEFTune, Jain et al. 2023, arXiv 2310.05914).

Each number of each token's embedding gets a draw from the uniform distribution on ±alpha / √(L·d), L being the tokens
that a row of the pass is padded to and d the width. Answers are learned under many slightly different readings of few
prompts. A beginning that all rows of a pass share is read once, so its draw is theirs together. Draws come from the
pass's own seed: resuming and repeating give the same bits.

Replayed rows are what the model is held to: they have none. Not here: what is learned from the rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from luthier.train.batches import Batch


@contextmanager
def noised(embeddings: nn.Module, alpha: float, batch: Batch) -> Iterator[None]:
    """Noise on every call of ``embeddings`` for the time of one pass over ``batch``; none where alpha is 0."""
    replayed = () if batch.anchored is None else batch.anchored.rows
    if not alpha or len(replayed) == len(batch.inputs):
        yield
        return
    length = batch.inputs.shape[1] + (0 if batch.prefix is None else len(batch.prefix))

    def add(_module: nn.Module, _given: Any, out: Tensor) -> Tensor:
        most = alpha / math.sqrt(length * out.shape[-1])
        noise = out.new_empty(out.shape).uniform_(-most, most)
        if len(replayed):
            noise[replayed] = 0.0
        return out + noise

    handle = embeddings.register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()
