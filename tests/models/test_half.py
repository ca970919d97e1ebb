"""Products in bf16 on a CPU: as exact as their sides, with gradients, and only where they belong."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from luthier.models.half import HalfProducts

pytestmark = pytest.mark.filterwarnings("error")


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed + sum(shape)))


def rounded(x: Tensor) -> Tensor:
    return x.detach().bfloat16().double()


@pytest.mark.parametrize("computed", [False, True], ids=["a weight", "a computed weight"])
def test_both_sides_are_rounded_and_nothing_else(computed: bool) -> None:
    x, weight, bias = random(2, 5, 48).requires_grad_(), random(32, 48).requires_grad_(), random(32)
    with HalfProducts():
        y = functional.linear(x, weight * 1.0 if computed else weight, bias)
    dy = random(2, 5, 32, seed=1)
    y.backward(dy)
    assert y.dtype == torch.float32
    exact = rounded(x) @ rounded(weight).T
    torch.testing.assert_close(y.detach().double() - bias, exact, rtol=2**-8, atol=1e-5)
    torch.testing.assert_close(x.grad.double(), rounded(dy) @ rounded(weight), rtol=2**-8, atol=1e-5)
    flat = rounded(dy).flatten(0, 1).T @ rounded(x).flatten(0, 1)
    torch.testing.assert_close(weight.grad.double(), flat, rtol=2**-8, atol=1e-5)


def test_what_is_read_twice_is_rounded_once_and_never_stale() -> None:
    x, weight = random(4, 48), random(32, 48)
    with HalfProducts() as half:
        before = functional.linear(x, weight)
        kept = half._last
        assert torch.equal(functional.linear(x, weight), before) and half._last is kept
        x.mul_(2)
        assert torch.equal(functional.linear(x, weight), 2 * before)
    assert half._last is None


def test_other_types_and_small_weights_stay_exact() -> None:
    for x, weight in [(random(4, 8), random(3, 8)), (random(4, 48).double(), random(32, 48).double())]:
        with HalfProducts():
            assert torch.equal(functional.linear(x, weight), x @ weight.T)


def test_a_layer_that_is_computed_again_gives_the_same_gradient() -> None:
    x, weight = random(4, 48).requires_grad_(), random(48, 48).requires_grad_()

    def twice(x: Tensor) -> Tensor:
        return functional.linear(functional.linear(x, weight).tanh(), weight)

    grads = []
    for again in (False, True):
        with HalfProducts():
            contexts = lambda: (HalfProducts(), HalfProducts())  # noqa: E731
            y = checkpoint(twice, x, use_reentrant=False, context_fn=contexts) if again else twice(x)
        x.grad = weight.grad = None
        y.sum().backward()
        grads.append((x.grad, weight.grad))
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))
