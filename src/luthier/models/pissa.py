"""PiSSA: an adapter that begins as the strongest singular directions of its weight, beside a base that stays itself.

Meng et al. 2024 (arXiv 2404.02948) split W into its best rank-r part s·B₀A₀ and a frozen rest, and train the part. The
rest plus a trained part is W + s·(BA - B₀A₀); here it is computed in that form: W is never rewritten. So before
training nothing changes by a single bit, the model with its adapter switched off is the base exactly, and what was
learned is delivered as an ordinary adapter of rank 2r, [B, -B₀]·[A; A₀], for the weights that everybody has.

peft finds the directions (``LoraLayer.pissa_init``); its own forward over a rewritten weight is not used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

EXACT_UP_TO = 1024
"""Widths up to here take the exact decomposition (a second each at most); above, 16 power iterations (the paper's)."""


def begin(layer: Any, name: str) -> None:
    """Give one peft layer its first A and B, and keep them frozen beside it. Uses torch's global random state."""
    weight = layer.get_base_layer().weight
    base = weight.data
    exact = min(base.shape) <= EXACT_UP_TO
    layer.pissa_init(name, "pissa" if exact else "pissa_niter_16")
    weight.data = base  # where peft left the rest
    hold(layer, name)


def hold(layer: Any, name: str) -> None:
    """Keep a layer's present A and B frozen beside it: what is trained is the difference from them."""
    layer.register_buffer("pissa_A", layer.lora_A[name].weight.detach().clone(), persistent=False)
    layer.register_buffer("pissa_B", layer.lora_B[name].weight.detach().clone(), persistent=False)
    layer.lora_variant[name] = _Difference()


def first(layer: Any) -> tuple[Tensor, Tensor] | None:
    """A₀ (r, in) and B₀ (out, r) of a layer that began so, else None."""
    return (layer.pissa_A, layer.pissa_B) if hasattr(layer, "pissa_A") else None


def ordinary(a: Tensor, b: Tensor, begun: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """A (2r, in) and B (out, 2r) of the ordinary adapter with the same product."""
    import torch

    return torch.cat([a, begun[0].to(a)]), torch.cat([b, -begun[1].to(b)], dim=1)


class _Difference:
    """What peft asks of a layer whose forward is its own (``peft.tuners.lora.layer.LoraVariant``)."""

    @staticmethod
    def forward(layer: Any, *, active_adapter: str, x: Tensor, result: Tensor, **_: Any) -> Tensor:
        """x·Wᵀ + s·(B(Ax) - B₀(A₀x)); both products run the same kernels, so that equal factors cancel exactly."""
        from torch.nn import functional

        now = functional.linear(
            functional.linear(x, layer.lora_A[active_adapter].weight), layer.lora_B[active_adapter].weight
        )
        before = functional.linear(functional.linear(x, layer.pissa_A), layer.pissa_B)
        moved: Tensor = result + (now - before) * layer.scaling[active_adapter]
        return moved

    @staticmethod
    def merge_safe(*_: Any) -> Tensor:
        raise NotImplementedError("merge the delivered adapter of rank 2r (save_adapter, merge_adapter)")

    merge_unsafe = unmerge = merge_safe
