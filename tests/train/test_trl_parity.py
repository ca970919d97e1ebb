"""Another trainer as oracle: trl's SFTTrainer on identical batches of token ids.

Both sides in float64 with the plain loss show that the mathematics is the same; both in fp32, with trl's own kernel,
show what a user would see.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from luthier.recipe.train import TrainSpec
from luthier.train import optimiser
from luthier.train.batches import input_length, micro_batches

STEPS, ROWS = 50, 4
RATE = 3e-3


def double_loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
    """Plain cross-entropy in the model's precision (trl's own kernel adds up in fp32)."""
    logits = outputs.logits[:, :-1].flatten(0, 1)
    return torch.nn.functional.cross_entropy(logits, labels[:, 1:].flatten(), reduction="sum") / num_items_in_batch


@pytest.mark.slow
@pytest.mark.parametrize("tuning", ["lora", "dora", "full"])
@pytest.mark.parametrize(
    ("double", "losses_within", "weights_within"), [(True, 1e-8, 1e-6), (False, 1e-4, 1e-3)],
    ids=["float64", "fp32 and trl's kernel"],
)  # fmt: skip
def test_fifty_steps_agree_with_trl(
    fit: Callable[..., Any], make_model: Callable[..., Any], make_rows: Callable[..., Any], tmp_path: Path,
    tuning: str, double: bool, losses_within: float, weights_within: float,
) -> None:  # fmt: skip
    """Losses differ by no more, relatively, and the trained tensors by no more of how far training moved them.

    DoRA runs without weight decay: transformers' trainer decays its lengths too, ours no scale of any kind.
    """
    decay = 0.0 if tuning == "dora" else 0.01
    trl = pytest.importorskip("trl")
    from datasets import Dataset
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    # inputs of 33 to 40 tokens all pad to 40, so that both sides cut the same batches
    rows = [r for r in make_rows(8000, low=36, high=42) if 33 <= input_length(r) <= 40][: STEPS * ROWS]
    assert len(rows) == STEPS * ROWS
    spec = TrainSpec(epochs=1, batch_tokens=40 * ROWS, micro_tokens=40 * ROWS, learning_rate=RATE, warmup=0.2,
                     schedule="linear", evaluations=1, checkpoints=0, weight_decay=decay)  # fmt: skip
    dtype = torch.float64 if double else torch.float32
    model, result, _ = fit(spec, rows, [], tmp_path / "ours", model=make_model(tuning=tuning, dtype=dtype))
    assert (result.plan.steps, result.plan.micro_batches) == (STEPS, 1)

    order = micro_batches([input_length(r) for r in rows], micro_tokens=40 * ROWS, seed=0, epoch=0)
    in_order = [rows[i] for batch in order for i in batch]
    data = Dataset.from_list([
        {"input_ids": list(r.ids), "labels": [t if m else -100 for t, m in zip(r.ids, r.trained, strict=True)]}
        for r in in_order
    ])  # fmt: skip
    words = Tokenizer(models.WordLevel({"<pad>": 0, "<end>": 1}, unk_token="<end>"))
    theirs = make_model(tuning=tuning, dtype=dtype)
    began = {n: p.detach().clone() for n, p in theirs.named_parameters()}
    losses: list[float] = []

    class Trainer(trl.SFTTrainer):  # type: ignore[misc]
        def training_step(self, *inputs: Any, **named: Any) -> Any:
            loss = super().training_step(*inputs, **named)
            losses.append(float(loss))
            return loss

    config = trl.SFTConfig(
        str(tmp_path / "theirs"), per_device_train_batch_size=ROWS, num_train_epochs=1, bf16=False, use_cpu=True,
        gradient_checkpointing=False, train_sampling_strategy="sequential", learning_rate=RATE, weight_decay=decay,
        lr_scheduler_type="constant", max_grad_norm=1.0, report_to=[], save_strategy="no", disable_tqdm=True,
        logging_strategy="no", max_length=None,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = Trainer(
            theirs, args=config, train_dataset=data,
            processing_class=PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<end>"),
            compute_loss_func=double_loss if double else None,
        )  # fmt: skip
        trainer.create_optimizer()
        plan = result.plan

        def share(done: int) -> float:
            return optimiser.rate(
                done + 1, peak=1.0, schedule="linear", warmup_steps=plan.warmup_steps, steps=plan.steps
            )

        trainer.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(trainer.optimizer, share)
        trainer.train()
    assert [h["loss"] for h in result.history if h["step"]] == pytest.approx(losses, rel=losses_within)
    ends = dict(theirs.named_parameters())
    apart, moved = 0.0, 0.0
    for name, p in optimiser.trainable(model).items():
        apart += float((p - ends[name]).square().sum())
        moved += float((ends[name] - began[name]).square().sum())
    assert moved > 0
    assert (apart / moved) ** 0.5 < weights_within
