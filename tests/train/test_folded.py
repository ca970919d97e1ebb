"""Folded adapters: the gradients of the low-rank way in one product, and nothing else moved."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora import Linear as LoraLinear
from torch.nn.utils import parametrize

from luthier.models.adapters import adapter_disabled, folded, prepare_lora
from luthier.models.load import Loaded
from luthier.recipe.train import LoraTuning, TrainSpec
from luthier.train import optimiser, session
from luthier.train.anchor import Anchor
from luthier.train.batches import collate, row
from luthier.train.loss import TokenLoss

Make = Callable[..., Any]


def step(model: Any, rows: list[Any]) -> tuple[float, dict[str, torch.Tensor]]:
    """Loss and gradients of a step with an anchor, whose base must be the base in both ways."""
    model.zero_grad()
    anchor = Anchor(model, 1.0)
    batch = collate(rows)
    anchor.begin(*(sum(len(getattr(r, part)) for r in rows if r.replayed) for part in ("targets", "inputs")))
    loss = TokenLoss(model).backward(batch, batch.trained, anchor)
    return float(loss) + anchor.nats, {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def test_the_gradients_are_those_of_the_low_rank_way(make_model: Make, make_rows: Make) -> None:
    model = make_model(dtype=torch.float64)
    rows = [row(s, replayed=i % 3 == 0) for i, s in enumerate(make_rows(9))]
    plain_loss, plain = step(model, rows)
    with folded(model) as count:
        assert count == 8  # q, k, v, o of two layers
        loss, gradients = step(model, rows)
    assert loss == pytest.approx(plain_loss, rel=1e-12)
    assert plain.keys() == gradients.keys() and all("lora_" in name for name in plain)
    for name, expected in plain.items():
        torch.testing.assert_close(gradients[name], expected, rtol=1e-9, atol=1e-12)


def test_the_sum_is_made_once_for_all_passes_of_a_step_and_anew_after_an_update(
    make_model: Make, make_rows: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model(dtype=torch.float64)
    rows = [row(s) for s in make_rows(8)]
    parameters = optimiser.trainable(model)
    adamw = optimiser.adamw(parameters, learning_rate=0.01, weight_decay=0.0)
    made: list[int] = []
    addmm = torch.addmm
    monkeypatch.setattr(torch, "addmm", lambda *a, **k: (made.append(1), addmm(*a, **k))[1])
    with folded(model) as count:
        for done in range(1, 4):
            model.zero_grad()
            loss = TokenLoss(model)
            for part in (rows[:5], rows[5:]):
                loss.backward(collate(part), 1.0)
            with torch.no_grad():
                said = loss.total(collate(rows))
            assert len(made) == done * count
            ours = {n: p.grad.clone() for n, p in parameters.items() if p.grad is not None}
            with monkeypatch.context() as plain:
                for layer in (m for m in model.modules() if "forward" in vars(m)):
                    plain.delitem(vars(layer), "forward")
                model.zero_grad()
                torch.testing.assert_close(said, TokenLoss(model).backward(collate(rows), 1.0), rtol=1e-12, atol=0)
            for name, expected in parameters.items():
                torch.testing.assert_close(ours[name], expected.grad, rtol=1e-9, atol=1e-12, msg=name)
            adamw.step()


def test_the_base_stays_within_reach_and_the_layers_are_put_back(make_model: Make) -> None:
    model, ids = make_model(), torch.arange(2, 20)[None]
    with torch.no_grad():
        tuned, base = model(input_ids=ids).logits, None
        with adapter_disabled(model):
            base = model(input_ids=ids).logits
        with folded(model):
            torch.testing.assert_close(model(input_ids=ids).logits, tuned)
            with adapter_disabled(model):
                assert torch.equal(model(input_ids=ids).logits, base)
        assert torch.equal(model(input_ids=ids).logits, tuned)
    assert not torch.allclose(tuned, base)


@pytest.mark.parametrize(
    "changes", [{"lora_dropout": 0.1}, {"use_dora": True}, {"lora_bias": True}, {"r": 2}], ids=lambda c: next(iter(c))
)
def test_what_is_no_plain_or_no_small_layer_stays(make_model: Make, changes: dict[str, Any]) -> None:
    base = make_model(tuning="full", hidden=64)
    given = {"r": 8, "target_modules": ["q_proj", "o_proj"], "task_type": "CAUSAL_LM", **changes}
    with folded(get_peft_model(base, LoraConfig(**given))) as count:
        assert count == 0


def _wrap(model: Any) -> None:
    """A second adapter library's layer, in the place of each base layer."""
    for layer in [m for m in model.modules() if hasattr(m, "lora_A")]:
        layer.base_layer = LoraLinear(layer.base_layer, "inner", LoraConfig(r=2), r=2, lora_alpha=2)


def _compute_the_weight(model: Any) -> None:
    for layer in [m for m in model.modules() if hasattr(m, "lora_A")]:
        parametrize.register_parametrization(layer.base_layer, "weight", torch.nn.Identity())


def _look_on(model: Any) -> None:
    for layer in [m for m in model.modules() if hasattr(m, "lora_A")]:
        layer.base_layer.register_forward_hook(lambda *_: None)


def _hold_in_fp64(model: Any) -> None:
    for layer in [m for m in model.modules() if hasattr(m, "lora_A")]:
        layer.base_layer.double()


def _add_another(model: Any) -> None:
    model.add_adapter("other", model.peft_config["default"])
    model.base_model.set_adapter(["default", "other"])


@pytest.mark.parametrize("change", [_wrap, _compute_the_weight, _look_on, _add_another, lambda m: m.merge_adapter(),
                                    lambda m: m.half(), _hold_in_fp64])  # fmt: skip
def test_layers_that_were_changed_stay(make_model: Make, change: Callable[[Any], None]) -> None:
    model = make_model()
    change(model)
    with folded(model) as count:
        assert count == 0


@pytest.mark.parametrize(
    ("changes", "expected"), [({"init": "pissa"}, 0), ({"dora": True}, 0), ({"rslora": True}, 14), ({}, 14)], ids=str
)
def test_variants_as_recipes_name_them(make_model: Make, changes: dict[str, Any], expected: int) -> None:
    unused: Any = None
    loaded = Loaded(make_model(tuning="full"), unused, unused, torch.device("cpu"), torch.float32, unused)
    model, ids = prepare_lora(loaded, LoraTuning(r=4, **changes), 0).model, torch.arange(2, 20)[None]
    with torch.no_grad():
        with adapter_disabled(model):
            before = model(input_ids=ids).logits
        with folded(model) as count, adapter_disabled(model):
            assert torch.equal(model(input_ids=ids).logits, before)
    assert count == expected


def test_a_training_with_folded_layers_ends_where_the_low_rank_way_ends(
    make_rows: Make, fit: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = TrainSpec(epochs=2, learning_rate=1e-2, batch_tokens=64)
    rows = make_rows(16)
    ours, _, _ = fit(spec, rows, [], tmp_path / "folded")
    monkeypatch.setattr(session, "folded", nullcontext)
    plain, _, _ = fit(spec, rows, [], tmp_path / "plain")
    for (name, p), expected in zip(ours.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(p, expected, rtol=1e-3, atol=1e-5, msg=name)
    pairs = zip(ours.parameters(), plain.parameters(), strict=True)
    assert not all(torch.equal(p, expected) for p, expected in pairs), "nothing was folded"
