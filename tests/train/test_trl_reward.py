"""Another trainer as oracle: trl's RewardTrainer on identical token ids; losses, rewards and gradients."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.train.conftest import tiny_scorer
from tests.train.test_preference import pairs_of
from tests.train.test_trl_preference import trainer_of

from luthier.recipe.train import RewardMethod
from luthier.train import reward
from luthier.train.compared import compared_row, scored
from luthier.train.optimiser import trainable

Make = Callable[..., Any]


@pytest.mark.slow
@pytest.mark.parametrize("tuning", ["lora", "full"])
@pytest.mark.parametrize("centre", [0.0, 0.3])
@pytest.mark.parametrize("margins", [False, True])
def test_losses_rewards_and_gradients_agree_with_trl(
    make_rows: Make, tmp_path: Path, tuning: str, centre: float, margins: bool
) -> None:
    trl = pytest.importorskip("trl")
    pairs = [scored(p, pad=0) for p in pairs_of(make_rows, 6)]
    table: list[dict[str, Any]] = [
        {"chosen_ids": list(p.chosen.ids[:-1]), "rejected_ids": list(p.rejected.ids[:-1]),
         **({"margin": 0.25 * i} if margins else {})}
        for i, p in enumerate(pairs)
    ]  # fmt: skip
    theirs = tiny_scorer(tuning=tuning)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = trainer_of(
            trl, "Reward", theirs, table, tmp_path, center_rewards_coefficient=centre or None, disable_dropout=True
        )
    batch = trainer.data_collator(list(trainer.train_dataset))
    loss, outputs = trainer.compute_loss(theirs.train(), batch, return_outputs=True)
    loss.backward()

    model = tiny_scorer(tuning=tuning)
    facts = {
        p.example_id: reward.Facts(1.0, 0.25 * i if margins else None, lengths=p.lengths) for i, p in enumerate(pairs)
    }
    method = RewardMethod(centre=centre, margin=1.0 if margins else 0.0)
    rows = [compared_row(p) for p in pairs]
    objective = reward.Ranked(method, reward.Scores(model), facts, apart=False)
    objective.begin(rows)
    mine = objective.backward(objective.collate(rows, "cpu"), len(rows)) / len(rows)
    assert mine.item() == pytest.approx(loss.item(), abs=1e-4)
    ours = objective.loss.log_probs(objective.collate(rows, "cpu"))
    want = torch.stack(outputs["logits"].squeeze(-1).chunk(2)).T.reshape(-1)  # they: all chosen, then all rejected
    assert torch.allclose(ours, want, rtol=0, atol=1e-4)
    named = dict(theirs.named_parameters())
    for key, p in trainable(model).items():
        assert p.grad is not None and named[key].grad is not None
        assert torch.allclose(p.grad, named[key].grad, rtol=0, atol=1e-4), key
    metrics, numbers = trainer._metrics["train"], objective.numbers()
    assert numbers["accuracy"] == pytest.approx(metrics["accuracy"][-1])
    assert numbers["margin"] == pytest.approx(metrics["margin"][-1], abs=1e-4)
