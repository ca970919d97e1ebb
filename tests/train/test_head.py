"""A frozen output layer in kept buffers: autograd's bits, one set of buffers, and the cases that stay with autograd."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from tests.train.textbook import gradients

from luthier.train import loss as losses
from luthier.train.anchor import kl
from luthier.train.batches import collate, row
from luthier.train.head import LEAST, FrozenHead, is_plain
from luthier.train.loss import TokenLoss

Make = Callable[..., Any]


@pytest.mark.parametrize("bias", [False, True], ids=["", "bias"])
@pytest.mark.parametrize("weighed", [False, True], ids=["", "weights"])
def test_the_bits_are_autograds(
    make_model: Make, make_rows: Make, monkeypatch: pytest.MonkeyPatch, bias: bool, weighed: bool
) -> None:
    model = make_model(tied=False)
    if bias:
        head = model.get_base_model().get_output_embeddings()
        head.bias = torch.nn.Parameter(torch.linspace(-1, 1, head.weight.shape[0]), requires_grad=False)
    samples = make_rows(11)
    if weighed:
        samples = [replace(s, weight=0.3 + i) for i, s in enumerate(samples)]
    batch = collate([row(s) for s in samples])
    seen = []
    for plain in (True, False):
        if not plain:
            monkeypatch.setattr(losses, "is_plain", lambda *_: False)
        model.zero_grad()
        loss = TokenLoss(model, chunk=13)
        total = loss.backward(batch, 37.0)
        with torch.no_grad():
            held_out = loss.total(batch)
        assert (loss.kept.room is not None) == plain
        seen.append((total, held_out, gradients(model)))
    (ours, ours_out, mine), (theirs, theirs_out, wanted) = seen
    assert torch.equal(ours, theirs) and torch.equal(ours_out, theirs_out)
    assert mine.keys() == wanted.keys() and all(torch.equal(mine[name], wanted[name]) for name in wanted)


def test_the_buffers_are_made_once(make_model: Make, make_rows: Make) -> None:
    loss = TokenLoss(make_model(), chunk=13)
    batch = collate([row(s) for s in make_rows(11)])
    loss.backward(batch, 1.0)
    room = loss.kept.room
    assert room is not None and room.shape[:2] == (3, 13)
    loss.backward(batch, 1.0)
    loss.backward(collate([row(s) for s in make_rows(1, low=6, high=7)]), 1.0)
    assert loss.kept.room is room


def test_what_learns_or_is_looked_on_at_stays_with_autograd(make_model: Make) -> None:
    frozen = make_model().get_base_model().get_output_embeddings()
    assert is_plain(frozen, "cpu") and not is_plain(frozen, "cuda")
    assert not is_plain(make_model(tuning="full").get_output_embeddings(), "cpu")
    assert not is_plain(torch.nn.Sequential(frozen), "cpu") and not is_plain(None, "cpu")
    hook = frozen.register_forward_hook(lambda *_: None)
    assert not is_plain(frozen, "cpu")
    hook.remove()
    assert is_plain(frozen, "cpu")
    assert FrozenHead(frozen).room is None, "nothing is held before it is needed"


@pytest.mark.parametrize("spread", [1.0, 200.0], ids=["", "words that are all but impossible"])
def test_divergence_and_its_gradient_are_autograds(spread: float) -> None:
    torch.manual_seed(0)
    head = torch.nn.Linear(16, 40, bias=False)
    head.weight.requires_grad_(False).mul_(spread)
    tuned, base, share = torch.randn(7, 16), torch.randn(7, 16), torch.rand(7)
    states = tuned.clone().requires_grad_()
    (kl(head(states), head(base)) * share).sum().backward()
    kept = FrozenHead(head)
    kept.total(torch.randn(3, 16), torch.zeros(3, dtype=torch.long), None)  # buffers of another size stand there
    nats, gradient = kept.divergence(tuned, base, share)
    known, said = (head(s).double().log_softmax(-1).clamp(min=LEAST) for s in (base, tuned))
    torch.testing.assert_close(nats.double(), (known.exp() * (known - said)).sum(-1), rtol=1e-4, atol=1e-5)
    assert states.grad is not None
    torch.testing.assert_close(gradient, states.grad, rtol=1e-4, atol=1e-5 * float(states.grad.abs().max()))
