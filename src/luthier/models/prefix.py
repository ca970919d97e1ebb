"""A beginning that many rows share, read once: its keys and values stand before every row's own.

Promise: what the model says of a row's own tokens is what it would say had it read the whole row, up to rounding;
gradients flow back into the shared reading. Not here: which rows share what (the callers know).
"""

from __future__ import annotations

from transformers.cache_utils import Cache, DynamicCache


def prefix_cache(prefix: Cache, rows: int) -> DynamicCache:
    """A cache for ``rows`` rows that begins with what one row's reading left in ``prefix``."""
    made = DynamicCache()
    for index, layer in enumerate(prefix.layers):
        if layer.is_initialized:
            made.update(layer.keys.expand(rows, -1, -1, -1), layer.values.expand(rows, -1, -1, -1), index)
    return made
