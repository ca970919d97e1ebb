"""Memory that does not suffice and numbers that are not finite: the step is split or left out, the training goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from luthier.errors import LuthierError
from luthier.recipe.train import TrainSpec
from luthier.train.loss import TokenLoss

Make = Callable[..., Any]
SPEC = TrainSpec(epochs=2, batch_tokens=400, micro_tokens=400, evaluations=2, checkpoints=0)


def small_device(
    monkeypatch: pytest.MonkeyPatch, most: int, error: type[Exception] = torch.OutOfMemoryError
) -> list[int]:
    """A device with room for so many padded tokens a pass. It breaks off in the middle: some gradients are there."""
    backward, fed = TokenLoss.backward, []

    def limited(self: TokenLoss, batch: Any, *rest: Any) -> Any:
        if batch.inputs.numel() > most:
            for p in self.model.parameters():
                if p.requires_grad:
                    p.grad = torch.ones_like(p) if p.grad is None else p.grad + 1
            raise error("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
        fed.append(batch.inputs.numel())
        return backward(self, batch, *rest)

    monkeypatch.setattr(TokenLoss, "backward", limited)
    return fed


def trained(model: Any) -> dict[str, torch.Tensor]:
    return {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, RuntimeError, MemoryError])
def test_a_pass_that_does_not_fit_is_split_with_the_same_gradient(
    fit: Make, make_model: Make, make_rows: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:  # fmt: skip
    """In double precision the whole run ends at the same weights, anchored rows included: nothing of a backward that
    broke off is left, and parts are weighed by the tokens of the whole window."""
    rows = make_rows(30, learnable=True)
    held = frozenset(r.example_id for r in rows[::5])
    spec = SPEC.model_copy(update={"anchor": 0.5})
    go = {"replayed": held}
    whole, first, _ = fit(spec, rows, [], tmp_path / "a", model=make_model(dtype=torch.float64), **go)
    fed = small_device(monkeypatch, 120, error)
    split, second, run = fit(spec, rows, [], tmp_path / "b", model=make_model(dtype=torch.float64), **go)
    assert max(fed) <= 120
    told = [data for kind, data in run.events if kind == "out of memory"]
    assert 1 <= len(told) <= 3 and told[-1]["now"] <= 200, "what did not fit once is not tried again"
    losses = [[h["loss"] for h in result.history if h["step"]] for result in (first, second)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-9)
    ours = trained(split)
    assert all(torch.allclose(ours[n], p, rtol=0, atol=1e-9) for n, p in trained(whole).items())


def test_a_row_that_does_not_fit_alone_is_told(
    fit: Make, make_rows: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_device(monkeypatch, 7)
    with pytest.raises(LuthierError, match="ran out of memory at step 1") as caught:
        fit(SPEC, make_rows(12), [], tmp_path)
    assert "a single row of" in caught.value.where and "train.max_length" in caught.value.fix


def test_an_error_of_another_kind_is_not_taken_for_memory(
    fit: Make, make_rows: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(TokenLoss, "backward", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        fit(SPEC, make_rows(12), [], tmp_path)


def poisoned(monkeypatch: pytest.MonkeyPatch, names: set[str]) -> None:
    """These rows, wherever they stand, make the loss of their pass NaN."""
    picked, total = TokenLoss.backward, TokenLoss.total

    def backward(self: TokenLoss, batch: Any, *rest: Any) -> Any:
        loss = picked(self, batch, *rest)
        return loss * float("nan") if names & set(batch.row_ids) else loss

    def alone(self: TokenLoss, batch: Any) -> Any:
        loss = total(self, batch)
        return loss * float("nan") if names & set(batch.row_ids) else loss

    monkeypatch.setattr(TokenLoss, "backward", backward)
    monkeypatch.setattr(TokenLoss, "total", alone)


def test_a_step_that_is_not_finite_is_left_out_and_its_rows_are_named(
    fit: Make, make_rows: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = make_rows(30, learnable=True)
    poisoned(monkeypatch, {rows[3].example_id})
    _, result, run = fit(SPEC, rows, [], tmp_path)
    assert result.stopped == "done" and result.steps == result.plan.steps
    assert [s["rows"] for s in result.skipped] == [[rows[3].example_id]] * 2, "once an epoch, and this row alone"
    left_out = {s["step"] for s in result.skipped}
    assert {h["step"] for h in result.history if "loss" in h} == set(range(1, result.steps + 1)) - left_out
    told = [data for kind, data in run.events if kind == "step skipped"]
    assert [t["left"] for t in told] == [2, 1] and told[0]["rows"] == [rows[3].example_id]


def test_a_step_left_out_moves_no_weight_and_more_than_the_budget_stops(
    fit: Make, make_model: Make, make_rows: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = make_rows(30, learnable=True)
    poisoned(monkeypatch, {r.example_id for r in rows})
    model = make_model()
    before = trained(model)
    with pytest.raises(LuthierError, match="not a finite number at step 3") as caught:
        fit(SPEC.model_copy(update={"skips": 2}), rows, [], tmp_path, model=model)
    assert "at steps 1, 2" in caught.value.why and len(caught.value.details["skipped"]) == 3
    assert all(torch.equal(before[n], p) for n, p in trained(model).items())
