"""Products of linear layers on a CPU, by the fastest way that the machine has; everything between them as it is.

*bf16*, where a CPU multiplies it in hardware (AVX512-BF16, AMX): twice as fast as fp32 or more, summed in fp32.
Autocast would also store what lies between products in bf16, where element-wise kernels and attention's backward are
slow on a CPU and nothing is gained: there states are small beside caches and rounding them once is enough. So, as in
mixed precision (Micikevicius et al. 2018, arXiv:1710.03740), weights and their gradients stay in fp32, and only the two
sides of a linear layer's product are rounded, forwards and backwards. bf16 has the exponents of fp32: no loss is
scaled.

*fp32* by oneDNN, where that is faster than MKL, which PyTorch takes: on an AMD Zen 4 with AVX-512 by a seventh on a
quiet machine, by more on a busy one (docs/benchmarks/sft_cpu.md). The same numbers up to the order of sums; those of a
row do not depend on the rows beside it.

The head over words is not touched where it is read in chunks (``train.head``); nor are attention and GPT-2's Conv1D.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

SMALLEST = 1024
"""A weight with fewer numbers is not worth rounding."""
TOGETHER = 128
"""Rows of a product are filled up to a multiple: oneDNN keeps what it wrote and noted for each number of rows and each
shape of weight, half a MiB, for good (measured: 0.8 GiB in a training whose passes all have other lengths)."""
FEWEST = 256
"""In fp32, fewer rows are left to PyTorch: weights are what is read there, and no way is faster."""

APART: Any = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
"""oneDNN's product in fp32, rows·weightᵀ; None: this PyTorch has none."""


def multiplies_bf16() -> bool:
    """Whether this machine's CPU has products of bf16 in hardware that PyTorch uses."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


@cache
def multiplies_apart() -> bool:
    """Whether oneDNN's products of fp32 are faster on this CPU than those that PyTorch takes: measured on AMD with
    AVX-512, and not known of others."""
    able = APART is not None and torch.cpu._is_avx512_supported()
    return able and "AMD" in _maker()


def _maker() -> str:
    """Who made the CPU, as Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line for line in lines if line.startswith("vendor_id")), "")


def by_half_products(precision: str, device: str) -> bool:
    """Whether this arithmetic on this device is products in bf16 between states in fp32; on others bf16 is autocast."""
    return precision == "bf16" and device == "cpu"


def multiplying(half: bool, device: str) -> AbstractContextManager[Any]:
    """How linear layers multiply on this device for the time of the block; ``half``: in bf16."""
    if device != "cpu":
        return torch.autocast(device, dtype=torch.bfloat16) if half else nullcontext()
    return Products(torch.bfloat16 if half else torch.float32) if half or multiplies_apart() else nullcontext()


class Products(TorchFunctionMode):
    """For the time of the block, ``functional.linear`` in fp32 multiplies in this dtype. May be entered again and
    again."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self._last: tuple[Tensor, int, Tensor] | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is functional.linear and not kwargs and self._fits(*args):
            x, weight, *bias = args
            rows = self._rows(x)
            made: Tensor
            if torch.is_grad_enabled():
                made = Linear.apply(x, weight, rows)  # type: ignore[no-untyped-call]
            else:
                made = _whole(rows, weight.to(self.dtype), x.shape)
            return made if not bias or bias[0] is None else made + bias[0]
        return func(*args, **(kwargs or {}))

    def __exit__(self, *details: Any) -> None:
        self._last = None
        super().__exit__(*details)  # type: ignore[no-untyped-call]

    def _fits(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> bool:
        plain = x.dtype == weight.dtype == torch.float32 and weight.dim() == 2 and weight.numel() >= SMALLEST
        return plain and (self.dtype == torch.bfloat16 or x.numel() >= FEWEST * x.shape[-1])

    def _rows(self, x: Tensor) -> Tensor:
        """x as rows. Queries, keys and values read the same x, and so do a gate and its other side."""
        if x.is_inference():  # counts no changes, so that nothing of it is kept
            return _rows(x, self.dtype)
        if self._last is None or self._last[0] is not x or self._last[1] != x._version:
            self._last = (x, x._version, _rows(x.detach(), self.dtype))
        return self._last[2]


def _rows(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Everything but the last dimension as rows, in this dtype, filled up with zeros; x itself where it is that."""
    count, width = x.numel() // x.shape[-1], x.shape[-1]
    if x.dtype == dtype and count % TOGETHER == 0:
        return x.reshape(count, width)
    made = x.new_empty(-(-count // TOGETHER) * TOGETHER, width, dtype=dtype)
    made[:count] = x.reshape(count, width)
    made[count:] = 0
    return made


def _product(rows: Tensor, weight: Tensor) -> Tensor:
    """rows·weightᵀ, in fp32 by oneDNN."""
    if rows.dtype == torch.bfloat16:
        return rows @ weight.T
    made: Tensor = APART(rows, weight, None, "none", [], "")
    return made


def _whole(rows: Tensor, weight: Tensor, shape: torch.Size) -> Tensor:
    """The product in fp32, without what filled the rows up; ``shape`` is what they were made of."""
    return _product(rows, weight)[: shape[:-1].numel()].float().view(*shape[:-1], len(weight))


class Linear(torch.autograd.Function):
    """y = x·Wᵀ with both sides in the dtype of ``rows`` (x as rows, filled up), sums in fp32, y rounded and widened;
    dx = dy·W and dW = dyᵀ·x alike."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, rows: Tensor) -> Tensor:
        ctx.shape, ctx.dtype = x.shape, rows.dtype
        rounded = weight.to(rows.dtype)
        # a weight that stays is rounded again when it is needed; one that was computed need not stay
        kept = weight if weight.is_leaf else rounded
        ctx.save_for_backward(rows if ctx.needs_input_grad[1] else None, kept if ctx.needs_input_grad[0] else None)
        return _whole(rows, rounded, x.shape)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        rows, weight = ctx.saved_tensors
        dy = _rows(dy, ctx.dtype)
        dx = None if weight is None else _whole(dy, weight.to(ctx.dtype).T, ctx.shape)
        dw = None if rows is None else (dy.T @ rows).float()
        return dx, dw, None
