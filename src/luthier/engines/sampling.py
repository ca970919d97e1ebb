"""From logits to tokens: greedy, temperature, top-p, and a random stream that belongs to the request alone.

A row's choice depends only on its own logits, its own settings and its own uniforms, so batch mates cannot change it.
Legend: B rows, V vocabulary.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

_BLOCK = 64


class Uniforms:
    """The numbers in [0, 1) that one request's draws use, by step. The same seed gives the same numbers everywhere."""

    def __init__(self, seed: int | None) -> None:
        self._source = np.random.Generator(np.random.Philox(secrets.randbits(64) if seed is None else seed % 2**64))
        self._drawn: list[float] = []

    def at(self, step: int) -> float:
        while step >= len(self._drawn):
            self._drawn.extend(self._source.random(_BLOCK).tolist())
        return self._drawn[step]


def choose(
    logits_BV: Tensor, temperatures: Sequence[float], top_ps: Sequence[float], uniforms: Sequence[float]
) -> Tensor:
    """One token id per row, shape (B,). Temperature 0 takes the most likely; ties fall to the lowest id."""
    picked_B = logits_BV.argmax(-1)
    rows = [i for i, t in enumerate(temperatures) if t > 0]
    if not rows:
        return picked_B
    device = logits_BV.device
    index_R = torch.tensor(rows, device=device)
    temperature_R = torch.tensor([temperatures[i] for i in rows], device=device, dtype=torch.float32)
    top_p_R = torch.tensor([top_ps[i] for i in rows], device=device, dtype=torch.float64)
    uniform_R = torch.tensor([uniforms[i] for i in rows], device=device, dtype=torch.float64)
    scaled_RV = logits_BV.index_select(0, index_R).float() / temperature_R[:, None]
    sorted_RV, order_RV = torch.sort(scaled_RV, dim=-1, descending=True, stable=True)
    probability_RV = sorted_RV.softmax(-1).double()
    cumulative_RV = probability_RV.cumsum(-1)
    # the smallest set whose mass reaches top_p: a token stays while the mass before it is below top_p
    kept_RV = (cumulative_RV - probability_RV) < top_p_R[:, None]
    kept_RV[:, 0] = True
    mass_RV = (probability_RV * kept_RV).cumsum(-1)
    target_R = uniform_R * mass_RV[:, -1]
    place_R = torch.searchsorted(mass_RV, target_R[:, None], right=True).squeeze(-1)
    place_R = torch.minimum(place_R, kept_RV.sum(-1) - 1)
    picked_B[index_R] = order_RV.gather(-1, place_R[:, None]).squeeze(-1)
    return picked_B


def chosen_logprobs(logits_BV: Tensor, chosen_B: Tensor) -> Tensor:
    """Natural-log probability of each row's token under the model itself (temperature 1), shape (B,), float32."""
    return logits_BV.float().log_softmax(-1).gather(-1, chosen_B[:, None]).squeeze(-1)
