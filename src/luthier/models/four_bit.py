"""What layers held in 4 bits take: in figures, as a stand-in for planning, and counted on a loaded model.

The layout is that of QLoRA (Dettmers et al. 2023, arXiv 2305.14314, section 3): two weights a byte, one scale for 64
weights, in fp32 or, quantised once more, in 8 bits with one fp32 scale for 256 of them.

Not here: quantising itself (``load``), the layouts for inference on a CPU (``packing``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from luthier.recipe.train import QloraTuning

if TYPE_CHECKING:
    from torch import Tensor

BLOCK, SCALES_A_SCALE = 64, 256
TABLE, SECOND_TABLE = 16 * 4, 256 * 4
"""The values that four bits stand for, and those that scales of 8 bits do, in fp32; every layer has its own copies."""


@dataclass(frozen=True, slots=True)
class Held:
    """Layers in 4 bits: their number of weights, the bytes that these took before and take now (scales included)."""

    parameters: int
    before: int
    bytes: int


def layer_bytes(weights: int, *, double_quant: bool) -> int:
    """Of one layer with so many weights."""
    scales = math.ceil(weights / BLOCK)
    if not double_quant:
        return math.ceil(weights / 2) + 4 * scales + TABLE
    second = 4 * math.ceil(scales / SCALES_A_SCALE) + 4 + SECOND_TABLE  # 4: the scales' mean
    return math.ceil(weights / 2) + scales + second + TABLE


def stand_in(model: Any, tuning: QloraTuning) -> Held:
    """Make the layers of a model on the meta device, which QLoRA would hold in 4 bits, work as these do: each pass
    unpacks the weight for as long as the product lasts, and keeps nothing of its input. Changes ``model`` in place."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    head = model.get_output_embeddings()
    weights = before = held = 0
    for layer in model.modules():
        if layer is head or not isinstance(layer, nn.Linear | Conv1D):
            continue
        number = int(layer.weight.numel())
        weights, before = weights + number, before + number * layer.weight.element_size()
        held += layer_bytes(number, double_quant=tuning.double_quant)
        setattr(layer, "forward", partial(_unpacked, layer, isinstance(layer, Conv1D)))  # noqa: B010
    return Held(weights, before, held)


def count(model: Any) -> Held:
    """The layers that a loaded model holds in 4 bits, tensors that they share once; ``before`` as bf16 would take
    them."""
    weights = 0
    held: dict[int, int] = {}
    for p in model.parameters():
        state = getattr(p, "quant_state", None)
        if state is None:
            continue
        weights += math.prod(state.shape)
        parts = [p, state.absmax, state.code]
        if state.nested:
            parts += [state.offset, state.state2.absmax, state.state2.code]
        held |= {t.data_ptr(): t.numel() * t.element_size() for t in parts}
    return Held(weights, 2 * weights, sum(held.values()))


def _unpacked(layer: Any, transposed: bool, x: Tensor) -> Tensor:
    import torch

    class Product(torch.autograd.Function):
        """Keeps no input and no weight, as ``bitsandbytes`` does."""

        @staticmethod
        def forward(_: Any, x: Tensor) -> Tensor:
            weight = torch.empty_like(layer.weight, dtype=x.dtype)
            return x @ (weight if transposed else weight.t())

        @staticmethod
        def backward(_: Any, gradient: Tensor) -> Tensor:
            weight = torch.empty_like(layer.weight, dtype=gradient.dtype)
            return gradient @ (weight.t() if transposed else weight)

    made: Tensor = Product.apply(x)  # type: ignore[no-untyped-call]
    return made if layer.bias is None else made + layer.bias
