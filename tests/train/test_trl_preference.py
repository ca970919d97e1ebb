"""Another trainer as oracle: trl's DPOTrainer and KTOTrainer on identical token ids; losses, rewards and gradients."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from luthier.recipe.train import TrainSpec
from luthier.train import preference
from luthier.train.batches import Row
from luthier.train.loss import TokenLoss
from luthier.train.optimiser import trainable
from luthier.train.preference import Facts, compared_row

Make = Callable[..., Any]
METHODS: dict[str, tuple[Any, dict[str, Any]]] = {
    "sigmoid": ({"kind": "dpo", "beta": 0.3}, {"loss_type": ["sigmoid"], "beta": 0.3}),
    "hinge": ({"kind": "dpo", "loss": "hinge"}, {"loss_type": ["hinge"]}),
    "robust": ({"kind": "dpo", "loss": "robust", "label_smoothing": 0.1},
               {"loss_type": ["robust"], "label_smoothing": 0.1}),
    "a token": ({"kind": "dpo", "normalise": True, "beta": 1.5}, {"loss_type": ["sigmoid_norm"], "beta": 1.5}),
    "ipo": ({"kind": "ipo", "beta": 0.2}, {"loss_type": ["ipo"], "beta": 0.2}),
    "with sft": ({"kind": "dpo", "sft": 0.4}, {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, 0.4]}),
}  # fmt: skip


def trainer_of(trl: Any, kind: str, model: Any, table: list[dict[str, Any]], folder: Path, **keys: Any) -> Any:
    from datasets import Dataset
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"<pad>": 0, "<end>": 1}, unk_token="<end>"))
    config = getattr(trl, f"{kind}Config")(
        str(folder), bf16=False, use_cpu=True, gradient_checkpointing=False, report_to=[], save_strategy="no",
        disable_tqdm=True, logging_strategy="no", max_length=None, per_device_train_batch_size=len(table), **keys,
    )  # fmt: skip
    named = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<end>")
    # the rows are token ids already: trl would make them from texts
    ready = type("Ready", (getattr(trl, f"{kind}Trainer"),), {"_prepare_dataset": lambda self, data, *a, **k: data})
    return ready(
        model, args=config, train_dataset=Dataset.from_list(table), processing_class=named
    )


def moved(model: Any) -> Any:
    """The adapter away from where it started, so that policy and reference differ."""
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for p in trainable(model).values():
            p += 0.05 * torch.randn(p.shape, generator=generator, dtype=p.dtype)
    return model


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_losses_rewards_and_gradients_agree_with_trl(
    name: str, make_model: Make, make_rows: Make, tmp_path: Path
) -> None:
    trl = pytest.importorskip("trl")
    from tests.train.test_preference import pairs_of

    ours_keys, theirs_keys = METHODS[name]
    pairs = [preference.Pair(p.chosen, p.rejected, p.example_id) for p in pairs_of(make_rows, 6)]
    table = []
    for p in pairs:
        start = p.chosen.trained.index(True)
        table.append({"prompt_ids": list(p.chosen.ids[:start]), "chosen_ids": list(p.chosen.ids[start:]),
                      "rejected_ids": list(p.rejected.ids[start:])})  # fmt: skip
    theirs = make_model()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = trainer_of(trl, "DPO", theirs, table, tmp_path, precompute_ref_log_probs=True, **theirs_keys)
    batch = trainer.data_collator(list(trainer.train_dataset))
    moved(theirs)
    loss = trainer.compute_loss(theirs.train(), batch)
    loss.backward()

    model = make_model()
    spec = TrainSpec.model_validate({"method": ours_keys})
    data = list(trainer.train_dataset)
    facts = {
        p.example_id: Facts(1.0, reference=(d["ref_chosen_logps"], d["ref_rejected_logps"]))
        for p, d in zip(pairs, data, strict=True)
    }
    objective = preference.Paired(spec.method, TokenLoss(model), facts, apart=False)
    found: list[Row] = [compared_row(p) for p in pairs]
    said = preference.log_probs(TokenLoss(model), found, 4096, "cpu", apart=False)
    for p, d in zip(pairs, data, strict=True):  # the reference is that of trl, and it is ours as well
        assert said[p.example_id] == pytest.approx((d["ref_chosen_logps"], d["ref_rejected_logps"]), abs=1e-4)
    moved(model)
    objective.begin(found)
    mine = objective.backward(objective.collate(found, "cpu"), len(found)) / len(found)
    assert mine.item() == pytest.approx(loss.item(), abs=1e-4)
    named = dict(theirs.named_parameters())
    for key, p in trainable(model).items():
        assert torch.allclose(p.grad, named[key].grad, rtol=0, atol=1e-4), key
    metrics = trainer._metrics["train"]
    numbers = objective.numbers()
    assert numbers["accuracy"] == pytest.approx(metrics["rewards/accuracies"][-1])
    assert numbers["chosen_logp"] == pytest.approx(metrics["logps/chosen"][-1], abs=1e-3)
    assert numbers["rejected_logp"] == pytest.approx(metrics["logps/rejected"][-1], abs=1e-3)
    if name in ("sigmoid", "hinge", "robust", "with sft"):
        assert numbers["margin"] == pytest.approx(metrics["rewards/margins"][-1], abs=1e-4)


@pytest.mark.slow
def test_kto_agrees_with_trl(make_model: Make, make_rows: Make, tmp_path: Path) -> None:
    """Loss and gradients with trl's own drift, which it measures on other mismatched answers."""
    trl = pytest.importorskip("trl")
    from tests.train.test_preference import thumbs_of

    thumbs = thumbs_of(make_rows, 6)
    table = []
    for t in thumbs:
        start = t.answer.trained.index(True)
        table.append({"prompt_ids": list(t.answer.ids[:start]), "completion_ids": list(t.answer.ids[start:]),
                      "label": t.good})  # fmt: skip
    for i, entry in enumerate(table):
        entry["KL_completion_ids"] = table[i - 1]["completion_ids"]
    theirs = make_model()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = trainer_of(trl, "KTO", theirs, table, tmp_path, beta=0.3, desirable_weight=1.2,
                             undesirable_weight=0.8)  # fmt: skip
    batch = trainer.data_collator(list(trainer.train_dataset))
    model = make_model()
    moved(theirs)
    rows = [compared_row(t) for t in thumbs]
    bare = preference.log_probs(TokenLoss(model), rows, 4096, "cpu", apart=False)
    moved(model)
    facts = {t.example_id: Facts(1.0, good=t.good, reference=bare[t.example_id]) for t in thumbs}
    theirs_loss = trainer.compute_loss(theirs.train(), batch)
    theirs_loss.backward()
    drift = trainer._metrics["train"]["kl"][-1]
    assert math.isfinite(drift)
    spec = TrainSpec.model_validate({"method": {"kind": "kto", "beta": 0.3, "desirable": 1.2, "undesirable": 0.8}})
    plan: Any = type("P", (), {"micro_tokens": 4096})()
    objective = preference.Thumbed(spec.method, TokenLoss(model), facts, {r.example_id: r for r in rows}, plan, "cpu")
    objective.begin(rows)
    objective._drift = drift
    mine = objective.backward(objective.collate(rows, "cpu"), len(rows)) / len(rows)
    assert mine.item() == pytest.approx(theirs_loss.item(), abs=1e-4)
    named = dict(theirs.named_parameters())
    for key, p in trainable(model).items():
        assert torch.allclose(p.grad, named[key].grad, rtol=0, atol=1e-4), key
