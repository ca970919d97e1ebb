"""A frozen output layer in kept buffers: autograd's bits, one set of buffers, and the cases that stay with autograd."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from tests.train.textbook import gradients

from luthier.train import loss as losses
from luthier.train.batches import collate, row
from luthier.train.head import FrozenHead, is_plain
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
