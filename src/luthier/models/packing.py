"""The two layouts of 4-bit weights on a CPU: one that can be read and has gradients, one that infers faster.

On a CPU with AVX512-BF16, bitsandbytes repacks a layer for inference at its first forward in eval mode. From then on
the layer's forward has no gradient, in training mode too (adapters below it learn from a wrong one, with no more than a
warning), and whoever reads the weight, as DoRA does for its lengths, gets other numbers, silently.
"""

from __future__ import annotations

from typing import Any

SWITCH = "support_avx512bf16_for_cpu"


def keep_unpacked(model: Any) -> list[Any]:
    """Stop repacking; gives the layers for which it was stopped (set ``SWITCH`` on them to allow it again).

    Layers that were repacked are put back; these stay about 0.4% coarser than they were loaded, as repacking rounds
    their scales to bf16.
    """
    layers = [m for m in model.modules() if getattr(m, SWITCH, False)]
    for layer in layers:
        setattr(layer, SWITCH, False)
        if getattr(getattr(layer.weight, "quant_state", None), "packing_format_for_cpu", False):
            layer.state_dict()  # collecting it unpacks the weight in place
    return layers
