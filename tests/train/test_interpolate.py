"""Part of the way back to the base: exactly that part, and it is what remains on the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from luthier.recipe.train import TrainSpec
from luthier.train.batches import collate, row
from luthier.train.loss import TokenLoss

Make = Callable[..., Any]


def weights(model: Any) -> dict[str, torch.Tensor]:
    """Every weight as it acts: adapters merged into what they change."""
    if not hasattr(model, "peft_config"):
        return {name: p.detach().clone() for name, p in model.named_parameters()}
    made = {}
    for name, module in model.named_modules():
        if hasattr(module, "get_delta_weight"):
            made[name] = (module.base_layer.weight + module.get_delta_weight("default")).detach().clone()
    return made


@pytest.mark.parametrize("tuning", ["lora", "full"])
def test_the_weights_stand_that_share_of_the_way_from_the_base(
    fit: Make, make_model: Make, make_rows: Make, tmp_path: Path, tuning: str
) -> None:
    train, validation = make_rows(24, learnable=True), make_rows(6, seed=9, learnable=True)

    def ends(share: float) -> tuple[dict[str, torch.Tensor], Any, Any, float]:
        spec = TrainSpec.model_validate(
            {"tuning": tuning, "epochs": 2, "batch_tokens": 300, "evaluations": 2, "learning_rate": 5e-3,
             "interpolate": share}
        )  # fmt: skip
        folder = tmp_path / str(share)
        folder.mkdir()
        model = make_model(tuning=tuning)
        if tuning == "lora":
            with torch.no_grad():
                for name, p in model.named_parameters():
                    if "lora_B" in name:
                        p.zero_()
        model, result, run = fit(spec, train, validation, folder, model=model)
        scored = [row(s) for s in validation]
        with torch.no_grad():
            total = sum(float(TokenLoss(model).total(collate([r]))) for r in scored)
        return weights(model), result, run, total / sum(len(r.targets) for r in scored)

    base = weights(make_model(tuning="full")) if tuning == "full" else {
        name: module.base_layer.weight.detach() for name, module in make_model().named_modules()
        if hasattr(module, "base_layer")
    }  # fmt: skip
    whole, result, _, _ = ends(1.0)
    assert result.interpolated_loss is None
    part, shared, run, left = ends(0.25)
    assert shared.best_loss == result.best_loss
    assert shared.interpolated_loss == pytest.approx(left, rel=1e-5), "the loss of the weights that are left"
    assert shared.interpolated_loss != pytest.approx(shared.best_loss, rel=1e-4)
    assert dict(run.events)["interpolated"] == {"share": 0.25, "val": shared.interpolated_loss}
    assert max(float((whole[name] - base[name]).abs().max()) for name in base) > 1e-3
    for name in base:
        torch.testing.assert_close(part[name], base[name] + 0.25 * (whole[name] - base[name]), atol=1e-6, rtol=0)
