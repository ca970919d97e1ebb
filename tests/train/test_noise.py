"""Noise on embeddings: the published one, for the rows that are learned alone, and gone where nothing is learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from luthier.recipe.train import TrainSpec
from luthier.train.batches import collate, row
from luthier.train.loss import TokenLoss
from luthier.train.noise import noised
from luthier.train.sft import Tokens

Make = Callable[..., Any]


def gradients(model: Any, objective: Tokens, batch: Any) -> dict[str, torch.Tensor]:
    model.zero_grad()
    torch.manual_seed(3)
    objective.backward(batch, 7.0)
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def test_it_is_the_noise_that_transformers_adds(make_model: Make, make_rows: Make) -> None:
    from transformers.integrations.neftune import activate_neftune, deactivate_neftune

    model = make_model().train()
    batch = collate([row(r) for r in make_rows(6)])
    loss = TokenLoss(model)
    ours = gradients(model, Tokens(loss, neftune_alpha=5.0), batch)
    handle = activate_neftune(model, 5.0)
    theirs = gradients(model, Tokens(loss), batch)
    deactivate_neftune(model, handle)
    plain = gradients(model, Tokens(loss), batch)
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, theirs[name], rtol=1e-5, atol=1e-7)
    assert any((ours[name] - plain[name]).abs().max() > 1e-3 * plain[name].abs().max() for name in ours)


def test_replayed_rows_have_none(make_model: Make, make_rows: Make) -> None:
    rows = make_rows(5)
    batch = collate([row(r, replayed=i in (1, 3)) for i, r in enumerate(rows)])
    embeddings = make_model().get_base_model().get_input_embeddings()
    plain = embeddings(batch.inputs)
    with noised(embeddings, 5.0, batch):
        moved = (embeddings(batch.inputs) - plain).abs().amax(dim=(1, 2))
    most = 5.0 / (batch.inputs.shape[1] * plain.shape[-1]) ** 0.5
    assert [bool(m > 0) for m in moved] == [True, False, True, False, True]
    assert moved.max() <= most * 1.001 and moved.max() > 0.9 * most
    assert embeddings(batch.inputs).equal(plain), "nothing is left behind"
    only = collate([row(r, replayed=True) for r in rows])
    with noised(embeddings, 5.0, only):
        assert embeddings(only.inputs).equal(embeddings.weight[only.inputs])


def test_a_shared_beginning_counts_in_the_length(make_model: Make, make_rows: Make) -> None:
    batch = collate([row(r) for r in make_rows(3)])
    embeddings = make_model().get_base_model().get_input_embeddings()
    behind = replace(batch, prefix=torch.arange(3 * batch.inputs.shape[1]))
    with noised(embeddings, 5.0, behind):
        moved = (embeddings(batch.inputs) - embeddings.weight[batch.inputs]).abs().max()
    most = 5.0 / (4 * batch.inputs.shape[1] * embeddings.weight.shape[-1]) ** 0.5
    assert 0.9 * most < moved <= most * 1.001


def test_evaluations_have_none_and_the_same_seed_the_same_bits(fit: Make, make_rows: Make, tmp_path: Path) -> None:
    spec = TrainSpec(max_steps=4, batch_tokens=200, evaluations=2, checkpoints=0, neftune_alpha=20.0)
    rows, held_out = make_rows(24, learnable=True), make_rows(6, seed=1, learnable=True)
    one, first, _ = fit(spec, rows, held_out, tmp_path / "a")
    two, second, _ = fit(spec, rows, held_out, tmp_path / "b")
    assert all(p.equal(dict(two.named_parameters())[n]) for n, p in one.named_parameters())
    assert first.best_loss == second.best_loss
    batch = collate([row(r) for r in held_out])
    plain = float(TokenLoss(one).total(batch).detach()) / batch.trained
    assert first.history[-1]["val"] == pytest.approx(plain, rel=1e-5), "validation reads the rows as they are"


def test_comparisons_and_rewards_refuse_it() -> None:
    with pytest.raises(ValidationError, match="neftune_alpha belongs to sft, continued"):
        TrainSpec.model_validate({"method": "dpo", "neftune_alpha": 5})
