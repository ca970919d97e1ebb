"""What training made of the base's weights, worked out in float64 from an adapter's own tensors.

A second way beside the library that merges: who delivers a merged model holds its weights against these. Covers LoRA
with its scalings, DoRA, PiSSA, modules that were trained whole, and rows of new tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor

from luthier.models import pissa


def trained_weights(model: Any) -> dict[str, Callable[[Tensor], Tensor]]:
    """By the name of a weight in the plain base: the base's weight (any number format) to the trained one (float64).

    Only weights that the active adapter changes; empty for a model without an adapter. Weights keep the layout in which
    their layer holds them. Where embedding and head are one weight, both names are there.
    """
    if not hasattr(model, "get_base_model"):
        return {}
    found: dict[str, Callable[[Tensor], Tensor]] = {}
    name = model.active_adapter
    for path, module in model.get_base_model().named_modules():
        if hasattr(module, "token_adapter"):
            rows = module.token_adapter
            found[f"{path}.weight"] = partial(
                _with_rows, rows.token_indices[name], rows.trainable_tokens_delta[name].detach()
            )
        elif hasattr(module, "lora_A"):
            found[f"{path}.weight"] = partial(_adapted, module, name)
        elif hasattr(module, "original_module") and name in module.modules_to_save:
            for part, tensor in module.modules_to_save[name].named_parameters():
                found[f"{path}.{part}"] = partial(_instead, tensor.detach())
    return found


def _adapted(layer: Any, name: str, weight: Tensor) -> Tensor:
    """W + s·BA, with PiSSA's beginning taken off; DoRA (arXiv 2402.09353, eq. 5) gives each output the length that was
    trained: m · (W + s·BA) / ‖W + s·BA‖ over the inputs."""
    a, b = layer.lora_A[name].weight.detach().double(), layer.lora_B[name].weight.detach().double()
    change = b @ a
    begun = pissa.first(layer)
    if begun is not None:
        change = change - begun[1].double() @ begun[0].double()
    plain = weight.double().T if layer.fan_in_fan_out else weight.double()
    made: Tensor = plain + change * float(layer.scaling[name])
    if layer.use_dora[name]:
        lengths = layer.lora_magnitude_vector[name].weight.detach().double()
        made = made * (lengths / made.norm(dim=1))[:, None]
    return made.T if layer.fan_in_fan_out else made


def _with_rows(ids: list[int], rows: Tensor, weight: Tensor) -> Tensor:
    """The weight with the trained rows of new tokens."""
    made = weight.double().clone()
    made[ids] = rows.to(weight.dtype).double()
    return made


def _instead(tensor: Tensor, weight: Tensor) -> Tensor:
    return tensor.double()
