"""Products in bf16 on a CPU that multiplies bf16 in hardware (AVX512-BF16, AMX); everything between them in fp32.

Such a CPU multiplies bf16 twice as fast as fp32 or more, and sums in fp32. Autocast would also store what lies between
products in bf16, where element-wise kernels and attention's backward are slow on a CPU and nothing is gained: there
states are small beside caches and rounding them once is enough. So, as in mixed precision (Micikevicius et al. 2018,
arXiv:1710.03740), weights and their gradients stay in fp32, and only the two sides of a linear layer's product are
rounded, forwards and backwards. bf16 has the exponents of fp32: no loss is scaled.

The head over words is not touched where it is read in chunks (``train.head``); nor are attention and GPT-2's Conv1D.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

SMALLEST = 1024
"""A weight with fewer numbers is not worth rounding."""
TOGETHER = 128
"""Rows of a product are filled up to a multiple: oneDNN writes a kernel for each number of rows, and keeps a thousand
of them with their buffers (measured: 0.8 GiB in a training whose passes all have other lengths)."""


def multiplies_bf16() -> bool:
    """Whether this machine's CPU has products of bf16 in hardware that PyTorch uses."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def by_half_products(precision: str, device: str) -> bool:
    """Whether this arithmetic on this device is :class:`HalfProducts`; on others bf16 is autocast."""
    return precision == "bf16" and device == "cpu"


class HalfProducts(TorchFunctionMode):
    """For the time of the block, ``functional.linear`` in fp32 multiplies in bf16. May be entered again and again."""

    def __init__(self) -> None:
        super().__init__()
        self._last: tuple[Tensor, int, Tensor] | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is functional.linear and not kwargs and _fits(*args):
            x, weight, *bias = args
            made: Tensor = Linear.apply(x, weight, self._rounded(x))  # type: ignore[no-untyped-call]
            return made if not bias or bias[0] is None else made + bias[0]
        return func(*args, **(kwargs or {}))

    def __exit__(self, *details: Any) -> None:
        self._last = None
        super().__exit__(*details)  # type: ignore[no-untyped-call]

    def _rounded(self, x: Tensor) -> Tensor:
        """x in bf16. Queries, keys and values read the same x, and so do a gate and its other side."""
        if self._last is None or self._last[0] is not x or self._last[1] != x._version:
            self._last = (x, x._version, _rows(x.detach()))
        return self._last[2]


def _rows(x: Tensor) -> Tensor:
    """Everything but the last dimension as rows, in bf16, filled up with zeros."""
    count, width = x.numel() // x.shape[-1], x.shape[-1]
    made = x.new_empty(-(-count // TOGETHER) * TOGETHER, width, dtype=torch.bfloat16)
    made[:count] = x.reshape(count, width)
    made[count:] = 0
    return made


def _fits(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> bool:
    return x.dtype == weight.dtype == torch.float32 and weight.dim() == 2 and weight.numel() >= SMALLEST


class Linear(torch.autograd.Function):
    """y = x·Wᵀ with both sides rounded to bf16, sums in fp32, y rounded and widened; dx = dy·W and dW = dyᵀ·x alike."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, rows: Tensor) -> Tensor:
        ctx.shape, ctx.count = x.shape, x.numel() // x.shape[-1]
        rounded = weight.bfloat16()
        # a weight that stays is rounded again when it is needed; one that was computed need not stay
        kept = weight if weight.is_leaf else rounded
        ctx.save_for_backward(rows if ctx.needs_input_grad[1] else None, kept if ctx.needs_input_grad[0] else None)
        return (rows @ rounded.T)[: ctx.count].float().view(*x.shape[:-1], len(weight))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        rows, weight = ctx.saved_tensors
        dy = _rows(dy)
        dx = None if weight is None else (dy @ weight.bfloat16())[: ctx.count].float().view(ctx.shape)
        dw = None if rows is None else (dy.T @ rows).float()
        return dx, dw, None
