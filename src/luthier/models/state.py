"""Trained tensors: as a file (what training changed, by name, in safetensors), and part of the way back to the base.

The same weights give the same bytes. Frozen weights are not written.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError
from luthier.models.adapters import trainable_state

if TYPE_CHECKING:
    from torch import Tensor


def save_trained(model: Any, path: Path) -> None:
    """Write every trained tensor of ``model`` in its own number format."""
    from safetensors.torch import save_file

    tensors = {name: tensor.cpu().contiguous() for name, tensor in sorted(trainable_state(model).items())}
    save_file(tensors, path, metadata={"format": "pt"})


def load_trained(model: Any, path: Path) -> None:
    """Put tensors from :func:`save_trained` back into a model that was prepared in the same way.

    Raises:
        LuthierError: the file belongs to another model or tuning.
    """
    import torch
    from safetensors.torch import load_file

    stored, present = load_file(path), trainable_state(model)
    if stored.keys() != present.keys() or any(stored[n].shape != present[n].shape for n in stored):
        raise LuthierError(
            "these weights belong to another model or tuning", where=path, fix="remove the artifact and run again"
        )
    with torch.no_grad():
        for name, tensor in stored.items():
            present[name].copy_(tensor)


def start_of(parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies of the tensors that :func:`go_back` goes back to, taken before they are trained: of a LoRA pair B alone,
    which is zero there, as the product of both is the change."""
    return {name: p.detach().clone() for name, p in parameters.items() if ".lora_A." not in name}


def go_back(parameters: Mapping[str, Tensor], start: Mapping[str, Tensor], share: float) -> None:
    """Leave ``share`` of the change: start + share · (trained − start), in place (WiSE-FT, Wortsman et al. 2022)."""
    import torch

    with torch.no_grad():
        for name, p in parameters.items():
            if name in start:
                p.copy_(torch.lerp(start[name], p, share))
