"""Token loss: the same numbers as the plain way, row by row; nothing else is trained. Families and methods:
``test_methods``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from tests.train.textbook import far, gradients, plain_gradients
from torch.overrides import TorchFunctionMode

from luthier.train.batches import collate, row
from luthier.train.loss import TokenLoss


@pytest.mark.parametrize("tuning", ["lora", "full"])
@pytest.mark.parametrize("chunk", [7, 1024])
def test_a_batch_gives_the_loss_and_gradients_of_its_rows_one_by_one(
    make_model: Callable[..., Any], make_rows: Callable[..., Any], tuning: str, chunk: int
) -> None:
    model = make_model(tuning=tuning, dtype=torch.float64)
    samples = make_rows(9)
    rows = [row(s) for s in samples]
    tokens = sum(len(r.targets) for r in rows)
    expected, theirs = plain_gradients(model, samples, tokens)
    model.zero_grad()
    total = TokenLoss(model, chunk=chunk).backward(collate(rows), tokens)
    assert total.item() == pytest.approx(expected, rel=1e-9)
    assert far(gradients(model), theirs) < 1e-9


@pytest.mark.parametrize("tuning", ["lora", "full"])
def test_micro_batches_of_uneven_size_add_up_to_one_batch(
    make_model: Callable[..., Any], make_rows: Callable[..., Any], tuning: str
) -> None:
    model = make_model(tuning=tuning, dtype=torch.float64)
    rows = [row(s) for s in make_rows(11)]
    tokens = sum(len(r.targets) for r in rows)
    loss = TokenLoss(model)
    whole = loss.backward(collate(rows), tokens).item()
    together = gradients(model)
    model.zero_grad()
    parts = [loss.backward(collate(part), tokens).item() for part in (rows[:1], rows[1:7], rows[7:10], rows[10:])]
    assert sum(parts) == pytest.approx(whole, rel=1e-9)
    assert far(gradients(model), together) < 1e-9


def test_dividing_by_each_micro_batch_would_be_seen(
    make_model: Callable[..., Any], make_rows: Callable[..., Any]
) -> None:
    """The defect that this guards against (mean of means) changes the gradient by far more than the tolerance."""
    model = make_model(dtype=torch.float64)
    rows = [row(s) for s in make_rows(11)]
    loss = TokenLoss(model)
    loss.backward(collate(rows), sum(len(r.targets) for r in rows))
    right = gradients(model)
    model.zero_grad()
    for part in (rows[:1], rows[1:]):
        loss.backward(collate(part), 2 * sum(len(r.targets) for r in part))
    assert far(gradients(model), right) > 1e-3


def test_total_is_what_backward_returns_and_is_differentiable(
    make_model: Callable[..., Any], make_rows: Callable[..., Any]
) -> None:
    model = make_model(dtype=torch.float64)
    batch = collate([row(s) for s in make_rows(5)])
    loss = TokenLoss(model, chunk=8)
    returned = loss.backward(batch, 3.0).item()
    two_stage = gradients(model)
    model.zero_grad()
    total = loss.total(batch)
    (total / 3.0).backward()
    assert total.item() == pytest.approx(returned, rel=1e-12)
    assert far(gradients(model), two_stage) < 1e-12


def test_only_trained_tokens_carry_loss(make_model: Callable[..., Any], make_rows: Callable[..., Any]) -> None:
    """Changing what the mask leaves out after the last trained token changes nothing; changing a trained one does."""
    model = make_model(dtype=torch.float64)
    sample = replace(make_rows(1, low=20, high=21)[0], trained=tuple(8 <= i < 12 for i in range(20)))
    loss = TokenLoss(model)
    before = loss.total(collate([row(sample)])).item()
    after = replace(sample, ids=sample.ids[:12] + (5,) * 8)
    assert loss.total(collate([row(after)])).item() == before
    wrong = replace(sample, ids=(*sample.ids[:11], sample.ids[11] ^ 1, *sample.ids[12:]))
    assert loss.total(collate([row(wrong)])).item() != pytest.approx(before, rel=1e-6)


def test_padding_is_never_seen_even_when_its_id_is_a_real_token(
    make_model: Callable[..., Any], make_rows: Callable[..., Any]
) -> None:
    """Rows full of the padding id itself lose nothing, and filling the padding with other ids changes nothing."""
    model = make_model(dtype=torch.float64)
    short, long = make_rows(1, low=6, high=7)[0], make_rows(1, seed=1, low=30, high=31)[0]
    zeros = replace(short, ids=(0,) * 6, trained=(False,) + (True,) * 5)
    loss = TokenLoss(model)
    alone = loss.total(collate([row(zeros)])).item()
    batch = collate([row(zeros), row(long)])
    other = loss.total(collate([row(long)])).item()
    assert loss.total(batch).item() == pytest.approx(alone + other, rel=1e-12)
    filled = batch.inputs.clone()
    filled[0, 5:] = 77
    assert loss.total(replace(batch, inputs=filled)).item() == pytest.approx(alone + other, rel=1e-12)


def test_weights_scale_a_rows_loss(make_model: Callable[..., Any], make_rows: Callable[..., Any]) -> None:
    model = make_model(dtype=torch.float64)
    samples = make_rows(4)
    weighted = [replace(samples[0], weight=2.5), *samples[1:3], replace(samples[3], weight=0.25)]
    rows = [row(s) for s in weighted]
    expected, theirs = plain_gradients(model, weighted, 7.0)
    model.zero_grad()
    assert TokenLoss(model, chunk=5).backward(collate(rows), 7.0).item() == pytest.approx(expected, rel=1e-9)
    assert far(gradients(model), theirs) < 1e-9


def test_a_row_that_trains_nothing_is_refused(make_rows: Callable[..., Any]) -> None:
    sample = make_rows(1)[0]
    for nothing in (
        replace(sample, trained=(False,) * len(sample.ids)),
        replace(sample, weight=0.0),
        replace(sample, trained=(True,) + (False,) * (len(sample.ids) - 1)),
    ):
        with pytest.raises(ValueError, match="trains no token"):
            row(nothing)


def test_a_family_with_unknown_logits_takes_the_plain_way(
    make_model: Callable[..., Any], make_rows: Callable[..., Any]
) -> None:
    """A model that does something of its own after the head is noticed, and trained on its own logits."""
    model = make_model(tuning="full", dtype=torch.float64)
    plain_forward = model.forward

    def odd(*args: Any, **kwargs: Any) -> Any:
        out = plain_forward(*args, **kwargs)
        out.logits = out.logits * 0.5 + torch.arange(out.logits.shape[-1]) * 0.01
        return out

    model.forward = odd
    samples = make_rows(4)
    rows = [row(s) for s in samples]
    expected, theirs = plain_gradients(model, samples, 10.0)
    model.zero_grad()
    loss = TokenLoss(model)
    assert loss.check(collate(rows), tolerance=1e-4) > 1e-3
    assert not loss.short
    assert loss.backward(collate(rows), 10.0).item() == pytest.approx(expected, rel=1e-9)
    assert far(gradients(model), theirs) < 1e-9


def test_fp32_agrees_with_the_plain_way_to_1e_4(make_model: Callable[..., Any], make_rows: Callable[..., Any]) -> None:
    model = make_model()
    samples = make_rows(8)
    rows = [row(s) for s in samples]
    expected, theirs = plain_gradients(model, samples, 30.0)
    model.zero_grad()
    assert TokenLoss(model).backward(collate(rows), 30.0).item() == pytest.approx(expected, rel=1e-4)
    assert far(gradients(model), theirs) < 1e-4


def test_attention_stays_in_fp32_where_the_rest_is_bf16(
    make_model: Callable[..., Any], make_rows: Callable[..., Any]
) -> None:
    seen: list[torch.dtype] = []

    class Watch(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func is torch.nn.functional.scaled_dot_product_attention:
                seen.append(args[0].dtype)
            return func(*args, **(kwargs or {}))

    model = make_model()
    batch = collate([row(s) for s in make_rows(6)])
    with Watch():
        loss = TokenLoss(model, autocast=True).total(batch)
    assert seen == [torch.float32] * 2
    loss.backward()
    rough = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    model.zero_grad()
    TokenLoss(model).total(batch).backward()
    exact = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    assert 0 < float((rough - exact).norm() / exact.norm()) < 0.05
