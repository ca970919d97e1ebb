"""QLoRA on a CPU: gradients pass through 4-bit layers, also after the model was used for inference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from luthier.train import machine, optimiser
from luthier.train.batches import collate, row
from luthier.train.loss import TokenLoss


def adapted(model: Any) -> list[Any]:
    return [m for m in model.modules() if hasattr(m, "base_layer")]


def four_bit(model: Any) -> Any:
    """The model with its adapted layers in NF4."""
    bnb = pytest.importorskip("bitsandbytes")
    for parent in adapted(model):
        linear = parent.base_layer
        layer = bnb.nn.Linear4bit(
            linear.in_features, linear.out_features, bias=False, compute_dtype=torch.float32, quant_type="nf4"
        )
        layer.weight = bnb.nn.Params4bit(linear.weight.data.clone(), requires_grad=False, quant_type="nf4")
        parent.base_layer = layer.to("cpu")
    return model


def write_out(plain: Any, quantised: Any) -> Any:
    """The 4-bit weights as fp32 ones in a plain model of the same shape."""
    import bitsandbytes

    for parent, other in zip(adapted(plain), adapted(quantised), strict=True):
        weight = other.base_layer.weight
        parent.base_layer.weight.data = bitsandbytes.functional.dequantize_4bit(weight.data, weight.quant_state).float()
    return plain


def gradients(model: Any, batch: Any) -> dict[str, torch.Tensor]:
    model.train()
    TokenLoss(model).backward(batch, 10.0)
    return {n: p.grad.clone() for n, p in optimiser.trainable(model).items() if p.grad is not None}


@pytest.mark.parametrize("used_before", [False, True], ids=["fresh", "used for inference before"])
def test_gradients_are_those_of_the_written_out_weights(
    make_model: Callable[..., Any], make_rows: Callable[..., Any], used_before: bool
) -> None:
    model = four_bit(make_model(hidden=128))
    batch = collate([row(s) for s in make_rows(4)])
    if used_before:
        with torch.no_grad():
            model.eval()(input_ids=batch.inputs)
    with machine.four_bit_gradients(model):
        with torch.no_grad():  # a validation before training, as the loop does
            model.eval()
            TokenLoss(model).total(batch)
        ours = gradients(model, batch)
        theirs = gradients(write_out(make_model(hidden=128), model), batch)
    assert ours.keys() == theirs.keys()
    for name in theirs:
        assert torch.allclose(ours[name], theirs[name], rtol=1e-3, atol=1e-5), name
