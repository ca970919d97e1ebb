"""The formulas of DPO and its family: numbers worked out by hand, and another library's on the same numbers."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import tensor

from luthier.recipe.train import DpoMethod, IpoMethod, KtoMethod, OrpoMethod, RewardMethod, SimpoMethod
from luthier.train import contrast

NONE = tensor([0.0], dtype=torch.float64)


def dpo(margin: float, wanted: float = 0.0, **keys: Any) -> float:
    method = DpoMethod.model_validate(keys)
    return contrast.dpo(method, tensor([margin], dtype=torch.float64), tensor([wanted], dtype=torch.float64)).item()


def test_dpo_is_log_2_where_the_policy_leads_as_much_as_the_reference() -> None:
    assert dpo(0.0) == pytest.approx(math.log(2))


def test_dpo_by_hand() -> None:
    # beta 0.1 · margin 10 = 1, so the loss is log(1 + e^-1) = 0.313262
    assert dpo(10.0, beta=0.1) == pytest.approx(0.313262, abs=1e-6)
    # the wrong answer leads by as much: log(1 + e) = 1.313262
    assert dpo(-10.0, beta=0.1) == pytest.approx(1.313262, abs=1e-6)
    # a lead of 1 is wanted, and 1 is there: as if nothing were wanted and nothing there
    assert dpo(10.0, 1.0, beta=0.1) == pytest.approx(math.log(2))


def test_hinge_stops_at_a_margin_of_one() -> None:
    assert dpo(4.0, loss="hinge", beta=0.1) == pytest.approx(0.6)  # 1 - 0.4
    assert dpo(10.0, loss="hinge", beta=0.1) == 0.0
    assert dpo(12.0, 0.5, loss="hinge", beta=0.1) == pytest.approx(0.3)  # 1 - (1.2 - 0.5)


def test_conservative_and_robust_by_hand() -> None:
    # h = 1: 0.9 · 0.313262 + 0.1 · 1.313262 = 0.413262
    assert dpo(10.0, beta=0.1, label_smoothing=0.1) == pytest.approx(0.413262, abs=1e-6)
    # (0.9 · 0.313262 - 0.1 · 1.313262) / 0.8 = 0.188262
    assert dpo(10.0, beta=0.1, loss="robust", label_smoothing=0.1) == pytest.approx(0.188262, abs=1e-6)


def test_the_robust_loss_over_flipped_labels_is_the_clean_loss() -> None:
    """What it is for: with a share of 0.2 of the labels flipped, its mean is the clean loss of unflipped ones."""
    keys: dict[str, Any] = {"beta": 0.3, "loss": "robust", "label_smoothing": 0.2}
    assert 0.8 * dpo(5.0, **keys) + 0.2 * dpo(-5.0, **keys) == pytest.approx(dpo(5.0, beta=0.3))


def test_ipo_is_nothing_at_its_margin_and_grows_on_both_sides() -> None:
    method = IpoMethod(beta=0.25)  # 1 / (2 · 0.25) = 2
    margins = tensor([2.0, 0.0, 3.0], dtype=torch.float64)
    assert contrast.ipo(method, margins).tolist() == pytest.approx([0.0, 4.0, 1.0])


def test_simpo_by_hand() -> None:
    # beta 2 · margin 1 - gamma 0.5 = 1.5: log(1 + e^-1.5) = 0.201413
    assert contrast.simpo(SimpoMethod(), tensor([1.0])).item() == pytest.approx(0.201413, abs=1e-6)


def test_orpo_by_hand() -> None:
    # p = 1/2 has odds 1, p = 1/3 odds 1/2: ratio 2, σ(log 2) = 2/3, 0.1 · log 1.5 = 0.0405465
    chosen, rejected = tensor([math.log(1 / 2)]), tensor([math.log(1 / 3)])
    assert contrast.orpo(OrpoMethod(), chosen, rejected).item() == pytest.approx(0.0405465, abs=1e-7)


@pytest.mark.parametrize("at", [-1e-6, -0.6931471805599453, -1e-3, -30.0])
def test_orpo_has_finite_gradients_at_both_ends(at: float) -> None:
    chosen = torch.tensor([at, at], dtype=torch.float64, requires_grad=True)
    contrast.orpo(OrpoMethod(), chosen, tensor([-2.0, -1e-4], dtype=torch.float64)).sum().backward()
    assert chosen.grad is not None and bool(torch.isfinite(chosen.grad).all())


def test_kto_by_hand() -> None:
    method = KtoMethod(beta=0.5, desirable=1.0, undesirable=2.0)
    good = tensor([True, False, True])
    # up: 1 - σ(0.5 · (3 - 1)) = 0.268941; down: 2 · (1 - σ(0.5 · (1 - 3))) = 1.462117; at the drift itself a half
    found = contrast.kto(method, tensor([3.0, 3.0, 1.0], dtype=torch.float64), good, 1.0)
    assert found.tolist() == pytest.approx([0.268941, 1.462117, 0.5], abs=1e-6)


@pytest.mark.parametrize(
    ("loss", "beta", "smoothing"), [("simpo", 2.0, 0.0), ("simpo", 2.5, 0.1), ("orpo", 0.1, 0.0)]
)
def test_trl_says_the_same(loss: str, beta: float, smoothing: float) -> None:
    """trl's own loss functions on the same log-probabilities a token: values and gradients."""
    pytest.importorskip("trl")
    from types import SimpleNamespace

    said = torch.linspace(-3.0, -0.05, 24).reshape(2, 12)
    ours, theirs = (said.clone().requires_grad_() for _ in range(2))
    peer = SimpleNamespace(accelerator=SimpleNamespace(device="cpu"), beta=beta, alpha=0.0, loss_type="simpo",
                           simpo_gamma=0.7, label_smoothing=smoothing)  # fmt: skip
    if loss == "orpo":
        from trl.experimental.orpo.orpo_trainer import ORPOTrainer

        mine = contrast.orpo(OrpoMethod(beta=beta), ours[0], ours[1].flip(0))
        its = -ORPOTrainer.odds_ratio_loss(peer, theirs[0], theirs[1].flip(0))[0]
    else:
        from trl.experimental.cpo.cpo_trainer import CPOTrainer

        method = SimpoMethod(beta=beta, margin=0.7, label_smoothing=smoothing)
        mine = contrast.simpo(method, ours[0] - ours[1].flip(0))
        its = CPOTrainer.cpo_loss(peer, theirs[0], theirs[1].flip(0))[0]
    mine.sum().backward()
    its.sum().backward()
    assert torch.allclose(mine, its, atol=1e-5)
    assert ours.grad is not None and theirs.grad is not None
    assert torch.allclose(ours.grad, theirs.grad, atol=1e-5)


def reward(chosen: float, rejected: float, wanted: float = 0.0, **keys: Any) -> float:
    method = RewardMethod.model_validate({"centre": 0.0, **keys})
    c, r, w = (tensor([x], dtype=torch.float64) for x in (chosen, rejected, wanted))
    return contrast.bradley_terry(method, c, r, w).item()


def test_bradley_terry_by_hand() -> None:
    assert reward(0.7, 0.7) == pytest.approx(math.log(2))  # level: nothing is known
    # leads by 1: log(1 + e^-1); behind by 1: log(1 + e)
    assert reward(1.5, 0.5) == pytest.approx(0.313262, abs=1e-6)
    assert reward(0.5, 1.5) == pytest.approx(1.313262, abs=1e-6)
    # a lead of 1 is wanted, and 1 is there: as if nothing were wanted and nothing there
    assert reward(1.5, 0.5, 1.0) == pytest.approx(math.log(2))
    # one label in ten is wrong: 0.9 · 0.313262 + 0.1 · 1.313262
    assert reward(1.5, 0.5, label_smoothing=0.1) == pytest.approx(0.413262, abs=1e-6)


def test_rewards_are_held_around_zero() -> None:
    # 0.1 · (1.5 + 0.5)² = 0.4 on top; a pair around 0 costs nothing
    assert reward(1.5, 0.5, centre=0.1) == pytest.approx(0.713262, abs=1e-6)
    assert reward(0.5, -0.5, centre=0.1) == pytest.approx(0.313262, abs=1e-6)
