"""The anchor: the textbook KL and its gradients, nothing of the base or of the model's state moved, less forgetting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from luthier.errors import LuthierError
from luthier.models.adapters import adapter_disabled
from luthier.recipe.train import TrainSpec
from luthier.train.anchor import Anchor, base_alone
from luthier.train.batches import collate, row
from luthier.train.loss import TokenLoss

Make = Callable[..., Any]


def gradients(model: Any) -> dict[str, torch.Tensor]:
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def logits_of(model: Any, sample: Any) -> torch.Tensor:
    made: torch.Tensor = model(input_ids=torch.tensor(sample.ids)[None], use_cache=False).logits[0]
    return made


def textbook(model: Any, samples: list[Any], held: set[str], weight: float) -> tuple[float, dict[str, torch.Tensor]]:
    """Row by row, all logits: cross-entropy over trained tokens, and the mean of sum p (log p - log q) over the tokens
    before an answer's, and over all others, at half each."""
    model.zero_grad()
    rows = {s.example_id: row(s) for s in samples}
    trained = sum(len(r.targets) for r in rows.values())
    answers = sum(len(rows[name].targets) for name in held)
    others = sum(len(rows[name].inputs) for name in held) - answers
    nats = 0.0
    for s in samples:
        fed = rows[s.example_id]
        logits = logits_of(model, s)
        logs = logits.log_softmax(-1)
        loss = -logs[torch.from_numpy(fed.positions), torch.from_numpy(fed.targets)].sum() / trained
        if s.example_id in held:
            with torch.no_grad(), adapter_disabled(model):
                known = logits_of(model, s).log_softmax(-1)
            n = len(fed.inputs)
            kl = (known[:n].exp() * (known[:n] - logs[:n])).sum(-1)
            before_answers = kl[torch.from_numpy(fed.positions)].sum()
            balanced = 0.5 * before_answers / answers + 0.5 * (kl.sum() - before_answers) / others
            nats += balanced.item()
            loss = loss + weight * balanced
        loss.backward()
    return nats, gradients(model)


@pytest.mark.parametrize("chunk", [5, 1024])
@pytest.mark.parametrize("passes", [1, 3])
def test_loss_and_gradients_are_those_of_the_textbook(
    make_model: Make, make_rows: Make, chunk: int, passes: int
) -> None:
    model = make_model(dtype=torch.float64)
    samples = make_rows(9)
    held = {s.example_id for s in samples[::2]}
    nats, theirs = textbook(model, samples, held, 0.7)
    assert nats > 1e-3
    model.zero_grad()
    rows = [row(s, replayed=s.example_id in held) for s in samples]
    trained = sum(len(r.targets) for r in rows)
    anchor = Anchor(model, 0.7)
    answers = sum(len(r.targets) for r in rows if r.replayed)
    anchor.begin(answers, sum(len(r.inputs) for r in rows if r.replayed) - answers)
    loss = TokenLoss(model, chunk=chunk)
    for part in (rows[i::passes] for i in range(passes)):
        loss.backward(collate(part), trained, anchor)
    assert anchor.nats == pytest.approx(nats, rel=1e-9)
    ours = gradients(model)
    largest = max(float(g.abs().max()) for g in theirs.values())
    assert ours.keys() == theirs.keys()
    assert max(float((ours[n] - theirs[n]).abs().max()) for n in ours) < 1e-9 * largest


def test_an_untrained_adapter_is_no_drift(make_model: Make, make_rows: Make) -> None:
    model = make_model(dtype=torch.float64)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_B" in name:
                p.zero_()
    rows = [row(s, replayed=True) for s in make_rows(4)]
    anchor = Anchor(model, 1.0)
    anchor.begin(len(rows), sum(len(r.inputs) for r in rows) - len(rows))
    TokenLoss(model).backward(collate(rows), 1.0, anchor)
    assert abs(anchor.nats) < 1e-12


def test_looking_at_the_base_leaves_everything_as_it_was(make_model: Make, make_rows: Make) -> None:
    """Dropout on: the base pass must take no random number, and the adapter must be on again."""
    model = make_model(dropout=0.3)
    model.train()
    wanted = {n: p.requires_grad for n, p in model.named_parameters()}
    torch.manual_seed(5)
    with base_alone(model):
        assert not model.training
        logits_of(model, make_rows(1)[0])
    assert torch.rand(1) == torch.rand(1, generator=torch.Generator().manual_seed(5))
    assert model.training and {n: p.requires_grad for n, p in model.named_parameters()} == wanted
    model.eval()
    with torch.no_grad():
        on = logits_of(model, make_rows(1)[0])
        with adapter_disabled(model):
            off = logits_of(model, make_rows(1)[0])
    assert not torch.equal(on, off)


def test_an_anchored_training_drifts_less_and_gives_the_same_bits_again(
    fit: Make, make_rows: Make, make_model: Make, tmp_path: Path
) -> None:
    job, old = make_rows(24, seed=1, learnable=True), make_rows(12, seed=2)
    kept = frozenset(s.example_id for s in old)

    def drift(model: Any) -> float:
        nats, _ = textbook(model, old, set(kept), 1.0)
        return nats

    ends = {}
    for weight in (0.0, 10.0, 10.0):
        spec = TrainSpec(epochs=3, batch_tokens=300, evaluations=1, checkpoints=0, learning_rate=5e-3, anchor=weight)
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        model, result, run = fit(spec, [*job, *old], [], folder, replayed=kept)
        tuned = {n: p.detach().clone() for n, p in model.named_parameters() if "lora" in n}
        ends.setdefault(weight, []).append((drift(model), tuned))
        told = [values["anchor_nats"] for _, values in run.metrics if "anchor_nats" in values]
        assert bool(told) == bool(weight) and all(nats > 0 for nats in told)
        assert any("anchor_nats" in entry for entry in result.history) == bool(weight)
    assert ends[10.0][0][0] < 0.5 * ends[0.0][0][0]
    assert all(torch.equal(ends[10.0][0][1][n], ends[10.0][1][1][n]) for n in ends[10.0][0][1])


def test_what_cannot_be_anchored_is_refused(fit: Make, make_rows: Make, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="needs an adapter"):
        TrainSpec.model_validate({"anchor": 1.0, "tuning": "full"})
    with pytest.raises(LuthierError, match="no row is left to hold the model at") as caught:
        fit(TrainSpec(anchor=1.0, epochs=1), make_rows(8), [], tmp_path)
    assert "data: {replay" in caught.value.fix
