"""Products on a CPU, in bf16 or by oneDNN: as exact as their sides, with gradients, and only where they belong."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from luthier.models.products import APART, FEWEST, TOGETHER, Products

pytestmark = pytest.mark.filterwarnings("error")


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed + sum(shape)))


def rounded(x: Tensor) -> Tensor:
    return x.detach().bfloat16().double()


@pytest.mark.parametrize("computed", [False, True], ids=["a weight", "a computed weight"])
def test_both_sides_are_rounded_and_nothing_else(computed: bool) -> None:
    x, weight, bias = random(2, 5, 48).requires_grad_(), random(32, 48).requires_grad_(), random(32)
    with Products(torch.bfloat16):
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
    with Products(torch.bfloat16) as half:
        before = functional.linear(x, weight)
        kept = half._last
        assert torch.equal(functional.linear(x, weight), before) and half._last is kept
        x.mul_(2)
        assert torch.equal(functional.linear(x, weight), 2 * before)
    assert half._last is None


def test_other_types_and_small_weights_stay_exact() -> None:
    for x, weight in [(random(4, 8), random(3, 8)), (random(4, 48).double(), random(32, 48).double())]:
        with Products(torch.bfloat16):
            assert torch.equal(functional.linear(x, weight), x @ weight.T)


def test_a_layer_that_is_computed_again_gives_the_same_gradient() -> None:
    x, weight = random(4, 48).requires_grad_(), random(48, 48).requires_grad_()

    def twice(x: Tensor) -> Tensor:
        return functional.linear(functional.linear(x, weight).tanh(), weight)

    grads = []
    for again in (False, True):
        with Products(torch.bfloat16):
            contexts = lambda: (Products(torch.bfloat16), Products(torch.bfloat16))  # noqa: E731
            y = checkpoint(twice, x, use_reentrant=False, context_fn=contexts) if again else twice(x)
        x.grad = weight.grad = None
        y.sum().backward()
        grads.append((x.grad, weight.grad))
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))


apart = pytest.mark.skipif(APART is None, reason="this PyTorch has no oneDNN")


@apart
@pytest.mark.parametrize("rows", [FEWEST, FEWEST + 1, 3 * TOGETHER - 1])
def test_products_of_fp32_are_as_exact_as_pytorchs_with_gradients(rows: int) -> None:
    x, weight, dy = random(rows, 96), random(160, 96), random(rows, 160, seed=1)
    exact = (x.double() @ weight.double().T, dy.double() @ weight.double(), dy.double().T @ x.double())
    off = []
    for way in (Products(torch.float32), nullcontext()):
        given, learned = x.clone().requires_grad_(), weight.clone().requires_grad_()
        with way:
            y = functional.linear(given, learned)
        y.backward(dy)
        assert y.dtype == given.grad.dtype == learned.grad.dtype == torch.float32
        found = (y.detach(), given.grad, learned.grad)
        off.append([float((a.double() - b).abs().max()) for a, b in zip(found, exact, strict=True)])
    assert all(ours <= 2 * theirs + 1e-6 for ours, theirs in zip(*off, strict=True)), off


@apart
def test_a_row_is_multiplied_alike_whatever_stands_beside_it() -> None:
    x, weight = random(5 * FEWEST, 96), random(160, 96)
    with torch.inference_mode(), Products(torch.float32):
        whole = functional.linear(x, weight)
        assert torch.equal(functional.linear(x[100 : 100 + FEWEST + 7], weight), whole[100 : 100 + FEWEST + 7])
        few = functional.linear(x[: FEWEST - 1], weight)
    assert torch.equal(few, x[: FEWEST - 1] @ weight.T)  # PyTorch's own


@apart
def test_what_counts_no_changes_is_read_anew_each_time() -> None:
    with torch.inference_mode(), Products(torch.float32):
        x, weight = random(FEWEST + 1, 96), random(160, 96)
        before = functional.linear(x, weight)
        x.mul_(2)
        assert torch.equal(functional.linear(x, weight), 2 * before)
