"""A beginning that many rows share, read once: its keys and values stand before every row's own.

Promise: what the model says of a row's own tokens is what it would say had it read the whole row, up to rounding;
gradients flow back into the shared reading. Not here: which rows share what (the callers know).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer


def read_prefix(model: Any, ids: Sequence[int]) -> DynamicCache:
    """What a model's reading of one beginning leaves: its keys and values."""
    cache = DynamicCache()
    ids_1T = torch.tensor([list(ids)], device=next(model.parameters()).device)
    model(input_ids=ids_1T, past_key_values=cache, use_cache=True, logits_to_keep=1)
    return cache


def prefix_cache(prefix: Cache, rows: int) -> DynamicCache:
    """A cache for ``rows`` rows that begins with what one row's reading left in ``prefix``."""
    made = DynamicCache()
    for index, layer in enumerate(prefix.layers):
        if layer.is_initialized:
            made.update(layer.keys.expand(rows, -1, -1, -1), layer.values.expand(rows, -1, -1, -1), index)
    return made


class _Ahead(DynamicLayer):  # type: ignore[misc]  # transformers is untyped here
    """One layer's beginning, put before whatever comes; nothing of that is kept."""

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        super().__init__()
        self.lazy_initialization(keys, values)
        self.keys, self.values = keys, values

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        rows = key_states.shape[0]
        return (
            torch.cat([self.keys.expand(rows, -1, -1, -1), key_states], dim=-2),
            torch.cat([self.values.expand(rows, -1, -1, -1), value_states], dim=-2),
        )


def ahead(prefix: Cache) -> Cache:
    """The beginning for any number of rows, batch after batch: it takes the memory of one layer's rows at a time."""
    return Cache(layers=[_Ahead(layer.keys, layer.values) for layer in prefix.layers])
