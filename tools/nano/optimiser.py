"""Nano's optimiser: Muon for the matrices inside the layers, AdamW for the embedding and the norms.

Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers") replaces a matrix's momentum by the nearest matrix
with all singular values near one, found by five Newton-Schulz steps. torch.optim.Muon does the same one matrix after
the other; here matrices of one shape go through the steps as one batch, which on two cores takes a third of the time.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic that each Newton-Schulz step applies to the singular values
WIDE = 300
"""From this many columns on bf16 is the faster arithmetic for the batch; the steps are self-correcting either way."""


def orthogonalise(x_KMN: Tensor) -> Tensor:
    """K matrices of M <= N, each with its singular values pushed to about one. Shape and dtype stay."""
    a, b, c = COEFFICIENTS
    x = x_KMN.bfloat16() if x_KMN.shape[2] > WIDE else x_KMN
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.to(x_KMN.dtype)


class Muon:
    """Final. One momentum buffer a parameter, readable as `state` for checkpoints."""

    def __init__(self, parameters: Iterable[nn.Parameter], weight_decay: float) -> None:
        self.weight_decay = weight_decay
        self.state: dict[nn.Parameter, Tensor] = {}
        self.groups: dict[tuple[int, int], list[nn.Parameter]] = {}
        for p in parameters:
            self.state[p] = torch.zeros_like(p)
            low, high = sorted(p.shape)
            self.groups.setdefault((low, high), []).append(p)

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """One step at learning rate `lr`, with Nesterov momentum and decoupled weight decay."""
        for group in self.groups.values():
            ahead = []
            for p in group:
                assert p.grad is not None
                momentum = self.state[p].lerp_(p.grad, 1 - MOMENTUM)
                update = p.grad.lerp(momentum, MOMENTUM)
                ahead.append(update if p.shape[0] <= p.shape[1] else update.T)
            for p, update in zip(group, orthogonalise(torch.stack(ahead)), strict=True):
                p.mul_(1 - lr * self.weight_decay)
                scale = max(1.0, p.shape[0] / p.shape[1]) ** 0.5
                p.add_(update if p.shape[0] <= p.shape[1] else update.T, alpha=-lr * scale)


class Optimiser:
    """Both optimisers under one learning rate: `step(share)` takes the share of the peak rates."""

    def __init__(self, model: nn.Module, peak_lr: float, embedding_lr: float, weight_decay: float) -> None:
        self.peak_lr, self.embedding_lr = peak_lr, embedding_lr
        inside = [p for name, p in model.named_parameters() if "_proj" in name]
        rest = [p for name, p in model.named_parameters() if "_proj" not in name]
        self.muon = Muon(inside, weight_decay)
        self.adam = torch.optim.AdamW(rest, lr=embedding_lr, betas=(0.9, 0.95), weight_decay=0.0, fused=True)

    def step(self, share: float) -> None:
        for group in self.adam.param_groups:
            group["lr"] = self.embedding_lr * share
        self.muon.step(self.peak_lr * share)
        self.adam.step()

    # --- state for checkpoints: name -> tensor

    def tensors(self, model: nn.Module) -> dict[str, Tensor]:
        found = {}
        for name, p in model.named_parameters():
            if p in self.muon.state:
                found[f"momentum.{name}"] = self.muon.state[p]
            for key, value in self.adam.state.get(p, {}).items():
                found[f"{key}.{name}"] = value
        return found

    def load(self, model: nn.Module, tensors: dict[str, Tensor]) -> None:
        for name, p in model.named_parameters():
            if p in self.muon.state:
                self.muon.state[p] = tensors[f"momentum.{name}"]
            elif f"step.{name}" in tensors:
                self.adam.state[p] = {key: tensors[f"{key}.{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
