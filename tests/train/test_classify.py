"""A classifier's loss by hand and beside transformers' own, its steps beside transformers' Trainer, the same bits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from tests.train.conftest import Recorder, Stopped, facts_of, stop_at, tiny_scorer
from tests.train.test_preference import BASE
from tests.witness import is_there

from luthier.errors import LuthierError
from luthier.recipe.train import ClassifyMethod, TrainSpec
from luthier.train import classify
from luthier.train import plan as planning
from luthier.train.batches import row
from luthier.train.classify import Classes, Labels
from luthier.train.labelled import Labelled, balanced, labelled

PAD, KINDS = 0, 3
Make = Callable[..., Any]


def questions(make_rows: Make, count: int, seed: int = 3, *, alike: int = 0) -> list[Labelled]:
    """Questions of random tokens; the last one tells the label. ``alike`` tokens begin all of them."""
    made = []
    for i, r in enumerate(make_rows(count, seed, high=20)):
        head = tuple(range(40, 40 + alike))
        made.append(labelled((*head, *r.ids, 10 + i % KINDS), i % KINDS, f"{seed}-{i}", pad=PAD))
    return made


def learn(train: list[Labelled], workdir: Path, *, validation: list[Labelled] = [], model: Any = None,  # noqa: B006
          on_step: Any = None, **keys: Any) -> Any:  # fmt: skip
    workdir.mkdir(exist_ok=True)
    spec = TrainSpec.model_validate({**BASE, "method": "classify", **keys})
    model, run = tiny_scorer(outputs=KINDS) if model is None else model, Recorder()
    plan = planning.derive(spec, facts_of(train, validation))  # type: ignore[arg-type]
    result = classify.run(
        spec, plan, loaded=SimpleNamespace(model=model, device="cpu"), train=train, validation=validation, run=run,
        workdir=workdir, seed=0, on_step=on_step,
    )  # fmt: skip
    return model, result, run


def padded(rows: list[Labelled]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """As any user of transformers has them: ids filled up with padding, the mask, the labels."""
    width = max(len(r.ids) - 1 for r in rows)
    ids = torch.tensor([[*r.ids[:-1], *[PAD] * (width - len(r.ids) + 1)] for r in rows])
    return ids, (ids != PAD).long(), torch.tensor([r.ids[-1] for r in rows])


# --- the loss


def test_the_loss_is_the_hand_made_one() -> None:
    """Outputs 0, ln 2 and ln 5 are 1, 2 and 5 eighths. Label 1 costs ln 4; with a quarter of smoothing 3/4 of that and
    1/4 of the mean over all three, ln 8, ln 4 and ln 1.6. A row that counts 3 costs three times as much."""
    model = tiny_scorer(outputs=KINDS, tuning="full")
    outputs = torch.tensor([[0.0, math.log(2), math.log(5)]])
    smooth = 0.75 * math.log(4) + 0.25 * (math.log(8) + math.log(4) + math.log(1.6)) / 3
    for smoothing, expected in ((0.0, math.log(4)), (0.25, smooth)):
        loss = Labels(model, smoothing=smoothing)
        loss._logits = lambda states: outputs  # type: ignore[method-assign]
        found = loss._loss(torch.zeros(1, 1), torch.tensor([1]), torch.tensor([3.0], dtype=torch.float64))
        assert found.item() == pytest.approx(3 * expected, rel=1e-6)
        assert [int(n) for n in loss.right] == [0]


def test_balanced_rows_weigh_the_same_a_label_and_1_on_average() -> None:
    """Three of one label and one of another: 4 / (2 · 3) and 4 / (2 · 1)."""
    assert balanced([0, 0, 0, 1]) == pytest.approx({0: 2 / 3, 1: 2.0})
    sklearn = pytest.importorskip("sklearn.utils.class_weight")
    labels = [0] * 7 + [1] * 2 + [2] * 5
    theirs = sklearn.compute_class_weight("balanced", classes=np.arange(3), y=np.array(labels))
    assert [balanced(labels)[k] for k in range(3)] == pytest.approx(list(theirs))


@pytest.mark.parametrize("tuning", ["lora", "full"])
@pytest.mark.parametrize("weights", [None, [0.5, 1.0, 4.0]])
@pytest.mark.parametrize("alike", [0, 40])
def test_loss_and_gradients_are_those_of_transformers(
    make_rows: Make, tuning: str, weights: list[float] | None, alike: int
) -> None:
    """Ragged rows that are padded there and cut into passes here, in float64; the shared beginning is read once."""
    from dataclasses import replace

    from luthier.train.batches import share_prefixes

    rows = questions(make_rows, 9, alike=alike)
    theirs = tiny_scorer(outputs=KINDS, tuning=tuning, dtype=torch.float64)
    ids, mask, labels = padded(rows)
    out = theirs(input_ids=ids, attention_mask=mask, labels=labels)
    value = out.loss
    if weights is not None:
        value = torch.nn.CrossEntropyLoss(torch.tensor(weights, dtype=torch.float64))(out.logits, labels)
        rows = [replace(r, weight=weights[r.ids[-1]]) for r in rows]
    value.backward()

    model = tiny_scorer(outputs=KINDS, tuning=tuning, dtype=torch.float64)
    made = [row(r) for r in rows]
    if alike:
        made = share_prefixes(made)
        assert made[0].prefix == alike
    objective = Classes(Labels(model))
    objective.begin(made)
    weight = objective.weight(made)
    parts = [made[:2], made[2:]] if not alike else [made]
    total = sum(objective.backward(objective.collate(part, "cpu"), weight).item() for part in parts)
    assert total / weight == pytest.approx(value.item(), rel=1e-9)
    right = (out.logits.argmax(-1) == labels).double().mean().item()
    assert objective.numbers()["accuracy"] == pytest.approx(right)
    named = {n: p.grad for n, p in theirs.named_parameters() if p.grad is not None}
    ours = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    assert ours.keys() == named.keys() and any("score" in n for n in ours)
    largest = max(float(g.abs().max()) for g in named.values())
    assert max(float((ours[n] - named[n]).abs().max()) for n in ours) < 1e-9 * largest


@pytest.mark.parametrize("tuning", ["lora", "full"])
def test_twenty_steps_are_those_of_the_trainer(make_rows: Make, tmp_path: Path, tuning: str) -> None:
    """All rows in each step, so that order does not count; AdamW at a constant rate, clipped alike, in fp32."""
    from transformers import Trainer, TrainingArguments

    pytest.importorskip("accelerate")
    rows = questions(make_rows, 12)
    keys = {
        "epochs": 20, "learning_rate": 1e-3, "schedule": "constant", "warmup": 0, "batch_tokens": 4096,
        "micro_tokens": 4096, "weight_decay": 0.0, "evaluations": 1, "checkpoints": 0, "tuning": tuning,
    }  # fmt: skip
    model, result, _ = learn(rows, tmp_path / "ours", model=tiny_scorer(outputs=KINDS, tuning=tuning), **keys)
    assert result.steps == 20

    ids, mask, labels = padded(rows)
    table = [{"input_ids": i, "attention_mask": m, "labels": n} for i, m, n in zip(ids, mask, labels, strict=True)]
    theirs = tiny_scorer(outputs=KINDS, tuning=tuning)
    arguments = TrainingArguments(
        str(tmp_path / "theirs"), num_train_epochs=20, per_device_train_batch_size=len(rows), learning_rate=1e-3,
        lr_scheduler_type="constant", weight_decay=0.0, max_grad_norm=1.0, adam_beta2=0.999, logging_steps=1,
        report_to=[], save_strategy="no", use_cpu=True, disable_tqdm=True,
    )  # fmt: skip
    trainer = Trainer(theirs, arguments, train_dataset=table)  # type: ignore[arg-type]
    trainer.train()
    losses = [h["loss"] for h in trainer.state.log_history if "loss" in h]
    assert [h["loss"] for h in result.history[1:]] == pytest.approx(losses, abs=2e-4)  # they round to 4 digits
    named = dict(theirs.named_parameters())
    moved = [(p - named[n]).norm() / named[n].norm() for n, p in model.named_parameters() if p.requires_grad]
    assert max(moved) < 1e-3


# --- what is learned


@pytest.mark.parametrize("tuning", ["lora", "full"])
def test_labels_are_learned_and_the_best_weights_kept(make_rows: Make, tmp_path: Path, tuning: str) -> None:
    train, held = questions(make_rows, 60), questions(make_rows, 18, 8)
    _, result, run = learn(train, tmp_path, validation=held, model=tiny_scorer(outputs=KINDS, tuning=tuning), epochs=12,
                           learning_rate=1e-2, batch_tokens=256, checkpoints=0, tuning=tuning)  # fmt: skip
    seen = [e for e in result.history if "held_out" in e]
    assert seen[0]["held_out"]["accuracy"] < 0.7
    best = next(e for e in seen if e["step"] == result.best_step)
    assert best["held_out"]["accuracy"] > 0.9 and result.best_loss < 0.5 < result.first_loss
    assert all(0 <= e["accuracy"] <= 1 for e in result.history if "loss" in e)
    assert "train" in run.kinds()


def test_stopped_and_taken_up_again_it_ends_with_the_same_bits(make_rows: Make, tmp_path: Path) -> None:
    rows, held = questions(make_rows, 40), questions(make_rows, 9, 8)
    whole, calm, _ = learn(rows, tmp_path / "calm", validation=held, checkpoints=4)

    with pytest.raises(Stopped):
        learn(rows, tmp_path / "killed", validation=held, checkpoints=4, on_step=stop_at(calm.steps // 2))
    further, result, _ = learn(rows, tmp_path / "killed", validation=held, checkpoints=4)
    assert result.resumed_at and result.resumed_at <= calm.steps // 2
    for (name, p), (_, q) in zip(whole.named_parameters(), further.named_parameters(), strict=True):
        assert torch.equal(p, q), name


def test_it_stops_early_where_it_only_learns_by_heart(make_rows: Make, tmp_path: Path) -> None:
    """Labels of the held-out rows are turned round: what is learned makes them ever less likely."""
    train = questions(make_rows, 30)
    held = [labelled(r.ids[:-1], (r.ids[-1] + 1) % KINDS, r.example_id, pad=PAD) for r in questions(make_rows, 9, 8)]
    _, result, run = learn(train, tmp_path, validation=held, epochs=30, learning_rate=1e-2, batch_tokens=256,
                           evaluations=12, patience=2, checkpoints=0)  # fmt: skip
    assert result.stopped in ("early", "overfitting") and result.steps < result.plan.steps
    assert [f.kind for f in result.diagnosis] == ["overfitting"], run.kinds()


def test_a_model_that_reads_its_labels_elsewhere_is_refused(make_rows: Make, tmp_path: Path) -> None:
    model = tiny_scorer(outputs=KINDS)
    whole = model.get_base_model().forward  # type: ignore[operator]

    def first_token(**given: Any) -> Any:
        return whole(input_ids=given["input_ids"][:, :1])

    model.get_base_model().forward = first_token  # type: ignore[operator,assignment]
    with pytest.raises(LuthierError, match="no classifier is made of a LlamaForSequenceClassification"):
        learn(questions(make_rows, 6), tmp_path, model=model)


def test_padding_at_the_end_of_a_question_is_not_read() -> None:
    """Tokenizers that pad with the token that ends a turn: the layout reads the token before it."""
    made = labelled((5, 6, 7, PAD, PAD), 2, "x", pad=PAD, weight=0.5)
    assert made.ids == (5, 6, 7, 2) and Counter(made.trained) == {False: 3, True: 1} and made.trained[-1]
    assert row(made).positions.tolist() == [2] and row(made).targets.tolist() == [2]


WITNESSES = {
    "kind": "tests/end_to_end/test_classify.py::test_labelled_rows_to_a_classifier_that_is_asked_in_every_way",
    "class_weights": "tests/pipeline/test_classify.py::test_rows_are_read_to_their_end_and_count_as_the_method_says",
    "label_smoothing": "tests/train/test_classify.py::test_the_loss_is_the_hand_made_one",
}


def test_no_key_of_the_method_is_without_a_witness() -> None:
    assert set(ClassifyMethod.model_fields) == set(WITNESSES) and all(map(is_there, WITNESSES.values()))
