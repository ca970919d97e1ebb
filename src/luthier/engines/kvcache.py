"""Keys and values of the rows that are being decoded, right-aligned so that one step is one slice write.

All rows share the column at which the next token goes; a row of n tokens lies in the n columns before it. The columns
to its left hold garbage that the attention mask hides. Because rows are aligned by their end, distances between columns
equal distances between positions, so sliding-window masks of transformers hold as they are.

Legend: B rows in use, H key/value heads, C columns, D head size. Layers may differ in H and D. Not here: which row is
whose (decode.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicLayer

from luthier.engines.protocol import Unsupported

_ALIGN = 64
_MASKED_TYPES = {"full_attention", "sliding_attention", "chunked_attention"}


@dataclass(slots=True)
class _Window:
    """What all layers share: ``rows`` in use, columns ``start`` to ``end`` in view, and what is allocated."""

    rows: int = 0
    start: int = 0
    end: int = 0
    row_space: int = 0
    column_space: int = 0


class _RowLayer(DynamicLayer):  # type: ignore[misc]  # transformers is untyped here
    """One layer's tensors; allocated when its first keys arrive, because only they tell its shape."""

    def __init__(self, window: _Window) -> None:
        super().__init__()
        self.window = window

    def allocate(self, keys: Tensor, values: Tensor) -> None:
        """Take space for rows like these (B, H, C, D)."""
        w = self.window
        for name, like in (("keys", keys), ("values", values)):
            shape = (w.row_space, like.shape[1], w.column_space, like.shape[3])
            # zeros, not empty: masked columns are multiplied by 0, and 0 x NaN would be NaN
            setattr(self, name, torch.zeros(shape, dtype=like.dtype, device=like.device))
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        w = self.window
        until = w.end + key_states.shape[2]
        self.keys[: w.rows, :, w.end : until] = key_states
        self.values[: w.rows, :, w.end : until] = value_states
        return self.keys[: w.rows, :, w.start : until], self.values[: w.rows, :, w.start : until]

    def get_seq_length(self) -> int:
        return self.window.end - self.window.start


class RowCache(Cache):  # type: ignore[misc]
    """The cache of a decoding batch; hand it to the model as ``past_key_values``, then :meth:`advance`."""

    def __init__(self, layers: int) -> None:
        self.window = _Window()
        super().__init__(layers=[_RowLayer(self.window) for _ in range(layers)])

    @property
    def width(self) -> int:
        """Columns in view, before the next token."""
        return self.window.end - self.window.start

    def advance(self) -> None:
        """One token was written for every row."""
        self.window.end += 1

    def reserve(self, rows: int, columns: int) -> None:
        """Make room for ``rows`` in all and ``columns`` in view, the next token included; moves what is there."""
        w = self.window
        left = columns - 1  # where the next token goes if a row of that many columns is to lie before it
        if rows <= w.row_space and w.end >= left and w.end < w.column_space:
            return
        end = max(self.width, left)
        if w.rows == 0 and rows <= w.row_space and end + _ALIGN <= w.column_space:
            w.start = w.end = end
            return
        grown_rows = w.row_space if rows <= w.row_space else max(rows, min(2 * w.row_space, rows + 16))
        space = max(w.column_space, _round_up(end + 1 + max(_ALIGN, end // 2)))
        for layer in self.layers:
            if not layer.is_initialized:
                continue
            for name in ("keys", "values"):
                old = getattr(layer, name)
                new = torch.zeros((grown_rows, old.shape[1], space, old.shape[3]), dtype=old.dtype, device=old.device)
                new[: w.rows, :, end - self.width : end] = old[: w.rows, :, w.start : w.end]
                setattr(layer, name, new)
        w.start, w.end = end - self.width, end
        w.row_space, w.column_space = grown_rows, space

    def put(self, prefilled: Cache, lengths: Sequence[int], shared: int = 0) -> None:
        """Add rows behind those in use.

        ``prefilled`` holds them right-aligned after ``shared`` columns that are equal in every row (a common prefix,
        possibly followed by a gap of padding in shorter rows). ``lengths`` count a row's tokens, prefix included.
        """
        w = self.window
        count, longest = len(lengths), max(lengths)
        self.reserve(w.rows + count, longest + 1)
        rows = slice(w.rows, w.rows + count)
        own = longest - shared
        for layer, source in zip(self.layers, prefilled.layers, strict=False):
            if not source.is_initialized:
                continue
            if not layer.is_initialized:
                layer.allocate(source.keys, source.values)
            for name in ("keys", "values"):
                target, given = getattr(layer, name), getattr(source, name)
                target[rows, :, w.end - own : w.end] = given[:, :, given.shape[2] - own :]
                if shared:
                    for i, length in enumerate(lengths):
                        tail = length - shared
                        target[w.rows + i, :, w.end - length : w.end - tail] = given[i, :, :shared]
        w.rows += count
        w.start = min(w.start, w.end - longest)

    def drop(self, row: int) -> None:
        """Free one row; the last row in use takes its place."""
        w = self.window
        last = w.rows - 1
        if row != last:
            for layer in self.layers:
                if layer.is_initialized:
                    layer.keys[row, :, w.start : w.end] = layer.keys[last, :, w.start : w.end]
                    layer.values[row, :, w.start : w.end] = layer.values[last, :, w.start : w.end]
        w.rows = last

    def narrow(self, longest: int) -> None:
        """Take columns out of view that no row uses any more; ``longest`` is the longest row's length."""
        self.window.start = self.window.end - longest

    def clear(self) -> None:
        """No row is left; the space is kept."""
        w = self.window
        w.rows = w.start = w.end = 0


def _round_up(columns: int) -> int:
    return -(-columns // _ALIGN) * _ALIGN


def attention_kinds(config: Any) -> tuple[int, bool]:
    """(number of layers, whether any attends to less than everything before it).

    Raises Unsupported for state-space and other layers whose memory is not keys and values.
    """
    text = config.get_text_config(decoder=True)
    types = list(getattr(text, "layer_types", None) or ())
    foreign = sorted(set(types) - _MASKED_TYPES)
    if foreign:
        fix = "serve this model with vLLM and use a remote engine"
        raise Unsupported("embedded", f"layers of type {', '.join(foreign)}", fix=fix)
    limited = any(t != "full_attention" for t in types) or bool(
        not types and (getattr(text, "sliding_window", None) or getattr(text, "attention_chunk_size", None))
    )
    return int(text.num_hidden_layers), limited
