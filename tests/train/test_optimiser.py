"""The update rule: rates by hand, decay on matrices only, state that goes through a checkpoint."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from luthier.train import optimiser


def test_cosine_rises_falls_and_ends_just_above_zero() -> None:
    rates = [optimiser.rate(s, peak=1.0, schedule="cosine", warmup_steps=3, steps=11) for s in range(1, 12)]
    assert rates[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    # 8 steps fall: cos(pi * 4 / 8) = 0 in the middle, half the peak
    assert rates[7] == pytest.approx(0.5)
    assert rates[10] == pytest.approx(0.5 * (1 + math.cos(math.pi * 7 / 8)))
    assert all(a > b > 0 for a, b in itertools.pairwise(rates[3:]))


def test_linear_and_constant() -> None:
    linear = [optimiser.rate(s, peak=2.0, schedule="linear", warmup_steps=0, steps=4) for s in range(1, 5)]
    assert linear == pytest.approx([2.0, 1.5, 1.0, 0.5])
    assert {optimiser.rate(s, peak=2.0, schedule="constant", warmup_steps=1, steps=9) for s in range(2, 10)} == {2.0}
    assert optimiser.rate(1, peak=2.0, schedule="constant", warmup_steps=1, steps=9) == 1.0


def test_decay_falls_on_matrices_only() -> None:
    """With a zero gradient AdamW moves by decay alone: w · (1 - rate · decay)."""
    matrix, vector = torch.nn.Parameter(torch.ones(2, 2)), torch.nn.Parameter(torch.ones(2))
    adamw = optimiser.adamw({"matrix": matrix, "vector": vector}, learning_rate=0.1, weight_decay=0.5)
    matrix.grad, vector.grad = torch.zeros(2, 2), torch.zeros(2)
    adamw.step()
    assert matrix.detach().flatten().tolist() == pytest.approx([0.95] * 4)
    assert vector.detach().tolist() == [1.0, 1.0]


def test_an_update_can_be_told_by_the_version_of_a_weight() -> None:
    """PyTorch's fused kernel alone does not count; what was computed from the weight would be taken for fresh."""
    weight = torch.nn.Parameter(torch.ones(2, 2))
    adamw = optimiser.adamw({"weight": weight}, learning_rate=0.1, weight_decay=0.0)
    weight.grad = torch.ones(2, 2)
    before = weight._version
    adamw.step()
    assert weight._version > before


def test_state_restored_into_a_new_optimiser_goes_on_bit_for_bit(make_model: Callable[..., Any]) -> None:
    def some_steps(model: Any, adamw: Any, first: int, last: int) -> None:
        for i in range(first, last):
            torch.manual_seed(i)
            for p in optimiser.trainable(model).values():
                p.grad = torch.randn_like(p)
            adamw.step()

    def new(model: Any) -> Any:
        return optimiser.adamw(optimiser.trainable(model), learning_rate=0.01, weight_decay=0.1)

    whole, halved = make_model(), make_model()
    one, two = new(whole), new(halved)
    some_steps(whole, one, 0, 6)
    some_steps(halved, two, 0, 3)
    stored = {k: v.clone() for k, v in optimiser.state(two, optimiser.trainable(halved)).items()}
    three = new(halved)
    optimiser.restore(three, optimiser.trainable(halved), stored)
    some_steps(halved, three, 3, 6)
    for a, b in zip(whole.parameters(), halved.parameters(), strict=True):
        assert torch.equal(a, b)
