"""Another trainer as oracle: the losses, gradients and clip fractions of trl's GRPOTrainer and RLOOTrainer on identical
answers, advantages and log-probabilities; and its advantages on identical rewards."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.train.test_rl import LIMIT, answers_of, practice_of
from tests.train.test_trl_preference import moved

from luthier.train import policy
from luthier.train.optimiser import trainable

Make = Callable[..., Any]
# since 1.16 trl multiplies the KL by the ratio unless told otherwise (DeepSeek-V3.2); ours is the KL of the first GRPO
METHODS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a token alike": ({"kind": "grpo", "kl": 0.0}, {"loss_type": "dapo", "beta": 0.0}),
    "first grpo": ({"kind": "grpo", "mean_over": "answers", "kl": 0.04},
                   {"loss_type": "grpo", "beta": 0.04, "use_bias_correction_kl": False}),
    "dr grpo": ({"kind": "grpo", "mean_over": "longest", "scale": "none", "kl": 0.0},
                {"loss_type": "dr_grpo", "beta": 0.0}),
    "dapo's clip": ({"kind": "grpo", "kl": 0.1, "clip": 0.2, "clip_high": 0.28},
                    {"loss_type": "bnpo", "beta": 0.1, "epsilon": 0.2, "epsilon_high": 0.28,
                     "use_bias_correction_kl": False}),
    "rloo": ({"kind": "rloo", "clip": 0.3}, {"epsilon": 0.3}),
}  # fmt: skip


def trainer_of(trl: Any, kind: str, model: Any, folder: Path, **keys: Any) -> Any:
    from datasets import Dataset
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"<pad>": 0, "<end>": 1}, unk_token="<end>"))
    named = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<end>")
    config = getattr(trl, f"{kind}Config")(
        str(folder), bf16=False, use_cpu=True, gradient_checkpointing=False, report_to=[], save_strategy="no",
        disable_tqdm=True, logging_strategy="no", per_device_train_batch_size=12, num_generations=3,
        max_completion_length=LIMIT, **keys,
    )  # fmt: skip
    return getattr(trl, f"{kind}Trainer")(
        model, reward_funcs=lambda completions, **_: [0.0] * len(completions), args=config, processing_class=named,
        train_dataset=Dataset.from_list([{"prompt": "<end>"}] * 4),
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_losses_gradients_and_clip_fractions_agree_with_trl(name: str, make_model: Make, tmp_path: Path) -> None:
    trl = pytest.importorskip("trl")
    keys, theirs_keys = METHODS[name]
    rows, facts = answers_of(4, 3)
    model = moved(make_model())
    practice = practice_of(keys, model, facts)
    practice.begin(rows)
    weight = practice.weight(rows)
    mine = float(practice.backward(practice.collate(rows, "cpu"), weight)) / weight

    theirs = moved(make_model())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = trainer_of(trl, keys["kind"].upper(), theirs, tmp_path, **theirs_keys)
    trainer.current_gradient_accumulation_steps = 1
    loss = trainer._compute_loss(trainer.model.train(), batch_of(rows, facts))
    loss.backward()
    assert mine == pytest.approx(loss.item(), abs=1e-4)
    named = dict(theirs.named_parameters())
    for key, p in trainable(model).items():
        assert torch.allclose(p.grad, named[key].grad, rtol=0, atol=1e-4), key
    told = trainer._metrics["train"]
    assert practice.numbers()["clipped"] == pytest.approx(told["clip_ratio/region_mean"][-1], abs=1e-6)
    if theirs_keys.get("beta"):  # theirs is a mean over tokens, ours over answers
        a_token = practice.numbers()["kl"] * len(rows) / sum(len(r.targets) for r in rows)
        assert a_token == pytest.approx(told["kl"][-1], rel=1e-4)


def batch_of(rows: list[Any], facts: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The answers as trl holds them: prompts padded on the left, answers on the right."""
    prompts = [r.inputs[: r.positions[0] + 1].tolist() for r in rows]
    before, behind = max(map(len, prompts)), max(len(r.targets) for r in rows)

    def right(values: Any, fill: float) -> list[list[float]]:
        return [[*v, *[fill] * (behind - len(v))] for v in values]

    known = [facts[r.example_id] for r in rows]
    return {
        "prompt_ids": torch.tensor([[0] * (before - len(p)) + p for p in prompts]),
        "prompt_mask": torch.tensor([[0] * (before - len(p)) + [1] * len(p) for p in prompts]),
        "completion_ids": torch.tensor(right([r.targets.tolist() for r in rows], 0)).long(),
        "completion_mask": torch.tensor(right([[1] * len(r.targets) for r in rows], 0)).long(),
        "advantages": torch.tensor([f.advantages[0] for f in known]),
        "old_per_token_logps": torch.tensor(right([f.drawn for f in known], 0.0)),
        "old_logps": torch.tensor([math.fsum(f.drawn) for f in known]),
        "ref_per_token_logps": torch.tensor(right([f.reference for f in known], 0.0)),
        "num_items_in_batch": torch.tensor(float(sum(len(r.targets) for r in rows))),
    }


def test_advantages_are_those_of_trl() -> None:
    """Its formulas, copied from grpo_trainer.py and rloo_trainer.py of trl 1.16 in torch."""
    rewards = torch.tensor(np.random.default_rng(4).normal(size=(5, 4)), dtype=torch.float64)
    mean, std = rewards.mean(1, keepdim=True), rewards.std(1, keepdim=True)
    found = policy.group_advantages(rewards.numpy())
    assert np.allclose(found, ((rewards - mean) / (std + 1e-4)).numpy(), rtol=1e-12)
    baselines = (rewards.sum(1, keepdim=True) - rewards) / 3
    assert np.allclose(policy.leave_one_out(rewards.numpy()), (rewards - baselines).numpy(), rtol=1e-12)
