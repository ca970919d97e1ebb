"""A training whose products are in bf16 on a CPU: near the one in fp32, and the same bits however it came about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.train.conftest import Stopped, stop_at, tiny_llama

from luthier.recipe.train import TrainSpec

SPEC = {"epochs": 8, "learning_rate": 1e-2, "batch_tokens": 64}


def trained(fit: Callable[..., Any], make_rows: Callable[..., Any], folder: Path, **keys: Any) -> tuple[Any, Any]:
    rows = make_rows(24, learnable=True)
    spec = TrainSpec.model_validate({**SPEC, **keys})
    model, result, _ = fit(spec, rows, make_rows(8, seed=5, learnable=True), folder, model=tiny_llama(hidden=64))
    return [p.detach().clone() for p in model.parameters()], result


def same(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_it_learns_what_fp32_learns(
    fit: Callable[..., Any], make_rows: Callable[..., Any], tmp_path: Path
) -> None:  # fmt: skip
    whole, exact = trained(fit, make_rows, tmp_path / "fp32", precision="fp32")
    half, rounded = trained(fit, make_rows, tmp_path / "bf16", precision="bf16")
    again, _ = trained(fit, make_rows, tmp_path / "again", precision="bf16")
    assert rounded.best_loss == pytest.approx(exact.best_loss, rel=0.01)
    losses = [entry["loss"] for entry in rounded.history if "loss" in entry]
    assert losses[-1] < 0.8 * losses[0]  # there was something to learn
    assert not same(half, whole)  # it did round
    assert same(half, again)


def test_a_broken_off_training_goes_on_with_the_same_bits(
    fit: Callable[..., Any], make_rows: Callable[..., Any], tmp_path: Path
) -> None:  # fmt: skip
    whole, _ = trained(fit, make_rows, tmp_path / "whole", precision="bf16")
    rows, held_out = make_rows(24, learnable=True), make_rows(8, seed=5, learnable=True)
    spec = TrainSpec.model_validate({**SPEC, "precision": "bf16"})
    with pytest.raises(Stopped):
        fit(spec, rows, held_out, tmp_path / "broken", model=tiny_llama(hidden=64), on_step=stop_at(13))
    model, result, _ = fit(spec, rows, held_out, tmp_path / "broken", model=tiny_llama(hidden=64))
    assert result.resumed_at and same(whole, [p.detach() for p in model.parameters()])
