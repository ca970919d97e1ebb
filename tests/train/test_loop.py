"""The loop: the same bits again, also after a kill; windows weighed by tokens; stopping early, on demand, on NaN."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from luthier.errors import LuthierError
from luthier.recipe.train import TrainSpec
from luthier.train import checkpoint, optimiser
from luthier.train.batches import Layout, collate, row
from luthier.train.interrupt import Interrupted
from luthier.train.loss import TokenLoss

SPEC = TrainSpec(epochs=3, batch_tokens=150, micro_tokens=64, evaluations=5, patience=0, checkpoints=6)


def weights(model: Any) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in optimiser.trainable(model).items()}


def same_bits(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[n], b[n]) for n in a)


@pytest.fixture
def rows(make_rows: Callable[..., Any]) -> tuple[list[Any], list[Any]]:
    return make_rows(40, learnable=True), make_rows(12, seed=1, learnable=True)


def test_training_learns_and_two_runs_give_equal_bits(
    fit: Callable[..., Any], make_model: Callable[..., Any], rows: Any, tmp_path: Path
) -> None:
    one, first, _ = fit(SPEC, *rows, tmp_path / "a", model=make_model(dropout=0.1))
    two, second, _ = fit(SPEC, *rows, tmp_path / "b", model=make_model(dropout=0.1))
    assert first.best_loss < first.first_loss - 0.02
    assert same_bits(weights(one), weights(two))
    assert first.history == second.history
    assert not one.training


def test_the_seed_and_dropout_change_the_bits(
    fit: Callable[..., Any], make_model: Callable[..., Any], rows: Any, tmp_path: Path
) -> None:
    base, *_ = fit(SPEC, *rows, tmp_path / "a")
    other, *_ = fit(SPEC, *rows, tmp_path / "b", seed=1)
    dropped, *_ = fit(SPEC, *rows, tmp_path / "c", model=make_model(dropout=0.3))
    assert not same_bits(weights(base), weights(other))
    assert not same_bits(weights(base), weights(dropped))


def test_a_probe_that_takes_random_numbers_changes_nothing(
    fit: Callable[..., Any], make_model: Callable[..., Any], rows: Any, tmp_path: Path
) -> None:
    seen: list[int] = []

    def probe(model: Any, step: int) -> dict[str, float]:
        assert not model.training and not torch.is_grad_enabled()
        torch.randn(step + 1)
        seen.append(step)
        return {"guard": float(step)}

    plain, *_ = fit(SPEC, *rows, tmp_path / "a", model=make_model(dropout=0.2))
    probed, result, run = fit(SPEC, *rows, tmp_path / "b", model=make_model(dropout=0.2), probe=probe)
    assert same_bits(weights(plain), weights(probed))
    assert seen == [0, *result.plan.evaluation_steps]
    assert [v["guard"] for _, v in run.metrics if "guard" in v] == [float(s) for s in seen]


def test_the_best_weights_are_kept_not_the_last(
    fit: Callable[..., Any], make_model: Callable[..., Any], make_rows: Callable[..., Any], tmp_path: Path
) -> None:
    """Training on noise overfits: the best validation is early, and the model that is left has exactly that loss."""
    train, validation = make_rows(8), make_rows(30, seed=5)
    spec = TrainSpec(epochs=30, learning_rate=0.03, batch_tokens=100, evaluations=20, patience=3, checkpoints=0)
    model, result, run = fit(spec, train, validation, tmp_path)
    assert result.stopped == "early" and "stopped early" in run.kinds()
    assert result.best_step < result.steps < result.plan.steps
    later = [h["val"] for h in result.history if h["step"] > result.best_step and "val" in h]
    assert len(later) == 3 and min(later) >= result.best_loss
    scored = [row(s) for s in validation]
    with torch.no_grad():
        total = sum(float(TokenLoss(model).total(collate([r]))) for r in scored)
    assert total / sum(len(r.targets) for r in scored) == pytest.approx(result.best_loss, rel=1e-5)


def test_a_partial_window_weighs_its_tokens_fully(
    fit: Callable[..., Any], make_model: Callable[..., Any], make_rows: Callable[..., Any], make_plan: Any,
    tmp_path: Path,
) -> None:
    """Replay the whole run by hand, one row at a time, dividing by each window's own tokens: some
    windows are smaller, and their gradient must not shrink for it."""
    train = make_rows(21)
    spec = TrainSpec(epochs=2, batch_tokens=130, micro_tokens=64, schedule="linear", warmup=0.2, evaluations=1)
    plan = make_plan(spec, train, [])
    layout = Layout(
        [len(row(s).inputs) for s in train], steps_an_epoch=plan.steps_an_epoch, micro_tokens=plan.micro_tokens, seed=0
    )
    sizes = [len(layout.window(s)) for s in range(1, plan.steps_an_epoch + 1)]
    assert plan.micro_batches > 1 and len(set(sizes)) > 1, "the data must leave a smaller window"

    model, result, _ = fit(spec, train, [], tmp_path, model=make_model(dtype=torch.float64))
    by_hand = make_model(dtype=torch.float64)
    parameters = optimiser.trainable(by_hand)
    adamw = torch.optim.AdamW(parameters.values(), lr=1.0, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    losses = []
    for step in range(1, plan.steps + 1):
        window = [train[i] for micro in layout.window(step) for i in micro]
        total = torch.zeros((), dtype=torch.float64)
        for s in window:
            ids = torch.tensor(s.ids)[None]
            logps = by_hand(input_ids=ids, use_cache=False).logits[0, :-1].log_softmax(-1)
            picked = logps.gather(1, ids[0, 1:, None])[:, 0]
            total = total - picked[torch.tensor(s.trained)[1:]].sum()
        loss = total / sum(sum(s.trained[1:]) for s in window)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
        adamw.param_groups[0]["lr"] = optimiser.rate(
            step, peak=plan.learning_rate, schedule="linear", warmup_steps=plan.warmup_steps, steps=plan.steps
        )
        adamw.step()
        adamw.zero_grad()
        losses.append(loss.item())
    assert [h["loss"] for h in result.history if h["step"]] == pytest.approx(losses, rel=1e-9)
    for name, p in weights(model).items():
        assert torch.allclose(p, parameters[name], rtol=0, atol=1e-9), name


def killed_child(work: Callable[[], None]) -> int:
    """Run ``work`` in a fork of this warmed process and return how it ended (negative: the signal)."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def train_and_die(fit: Callable[..., Any], make_model: Any, rows: Any, folder: Path, at: int, where: str) -> None:
    """Train in this process and kill it with SIGKILL at a step, or in the middle of writing a checkpoint."""
    def die(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if where == "saving":
        real = checkpoint._flush
        left = [at]

        def flush(path: Path) -> None:
            left[0] -= 1
            if left[0] <= 0:
                die()
            real(path)

        checkpoint._flush = flush
    on_step = (lambda info: die() if info.step == at else None) if where == "step" else None
    fit(SPEC, *rows, folder, model=make_model(dropout=0.1), on_step=on_step)


def kill_and_resume(
    fit: Callable[..., Any], make_model: Callable[..., Any], rows: Any, folder: Path, kills: list[tuple[str, int]]
) -> tuple[Any, Any]:
    torch.set_num_threads(1)  # a child of a process with running OpenMP threads would hang
    for where, at in kills:
        ended = killed_child(lambda: train_and_die(fit, make_model, rows, folder, at, where))  # noqa: B023
        assert ended == -signal.SIGKILL, f"the child was not killed at {where} {at} but ended with {ended}"
    model, result, _ = fit(SPEC, *rows, folder, model=make_model(dropout=0.1))
    return weights(model), result


def test_killed_and_resumed_gives_the_bits_of_an_undisturbed_run(
    fit: Callable[..., Any], make_model: Callable[..., Any], rows: Any, tmp_path: Path
) -> None:
    whole, undisturbed, _ = fit(SPEC, *rows, tmp_path / "whole", model=make_model(dropout=0.1))
    # a step between two checkpoints, then in the middle of writing a later one
    at = undisturbed.plan.checkpoint_steps[1] + 1
    assert at not in undisturbed.plan.checkpoint_steps
    resumed, result = kill_and_resume(fit, make_model, rows, tmp_path / "killed", [("step", at), ("saving", 3)])
    assert result.resumed_at == undisturbed.plan.checkpoint_steps[1]
    assert same_bits(weights(whole), resumed)
    assert result.history == undisturbed.history
    assert (result.best_step, result.best_loss) == (undisturbed.best_step, undisturbed.best_loss)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_killed_anywhere_and_resumed_gives_the_same_bits(
    fit: Callable[..., Any], make_model: Callable[..., Any], rows: Any, tmp_path: Path, seed: int
) -> None:
    whole, undisturbed, _ = fit(SPEC, *rows, tmp_path / "whole", model=make_model(dropout=0.1))
    choose = random.Random(seed)
    kills = [("step", choose.randint(1, undisturbed.plan.steps // 3)), ("saving", choose.randint(1, 12)),
             ("step", choose.randint(2 * undisturbed.plan.steps // 3, undisturbed.plan.steps))]  # fmt: skip
    resumed, result = kill_and_resume(fit, make_model, rows, tmp_path / "killed", kills)
    assert same_bits(weights(whole), resumed), f"kills {kills}"
    assert result.history == undisturbed.history


@pytest.mark.parametrize(
    ("number", "told"),
    [(signal.SIGINT, "you asked for it"), (signal.SIGTERM, "SIGTERM"), (signal.SIGHUP, "terminal was closed")],
)
def test_a_signal_stops_at_the_next_step_and_the_same_call_goes_on(
    fit: Callable[..., Any], rows: Any, tmp_path: Path, number: signal.Signals, told: str
) -> None:
    whole, undisturbed, _ = fit(SPEC, *rows, tmp_path / "whole")
    stop_at = undisturbed.plan.checkpoint_steps[0] + 1

    def press(info: Any) -> None:
        if info.step == stop_at - 1:
            os.kill(os.getpid(), number)

    handler = signal.getsignal(number)
    with pytest.raises(Interrupted) as caught:
        fit(SPEC, *rows, tmp_path / "stopped", on_step=press)
    assert f"stopped at step {stop_at - 1}" in caught.value.what or f"stopped at step {stop_at}" in caught.value.what
    assert "goes on from here" in caught.value.fix and caught.value.exit_code == 130
    assert signal.getsignal(number) is handler and told in caught.value.why
    model, result, _ = fit(SPEC, *rows, tmp_path / "stopped")
    assert result.resumed_at == caught.value.details["step"]
    assert same_bits(weights(whole), weights(model))


def test_a_second_ctrl_c_stops_at_once(fit: Callable[..., Any], rows: Any, tmp_path: Path) -> None:
    def press(info: Any) -> None:
        if info.step == 2:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fit(SPEC, *rows, tmp_path, on_step=press)


def test_training_works_outside_the_main_thread(fit: Callable[..., Any], rows: Any, tmp_path: Path) -> None:
    done: list[Any] = []
    thread = threading.Thread(target=lambda: done.append(fit(SPEC, *rows, tmp_path)[1]))
    thread.start()
    thread.join()
    assert done and done[0].stopped == "done"


def test_a_loss_that_is_not_finite_stops_before_the_update_and_names_the_rows(
    fit: Callable[..., Any], make_model: Callable[..., Any], rows: Any, tmp_path: Path
) -> None:
    model = make_model()
    before = weights(model)

    class Poison(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * float("nan") if self.training else x

    model.get_base_model().model.norm = torch.nn.Sequential(model.get_base_model().model.norm, Poison())
    with pytest.raises(LuthierError) as caught:
        fit(SPEC.model_copy(update={"skips": 0}), *rows, tmp_path, model=model)
    assert "not a finite number at step 1" in caught.value.what
    assert "row-0-" in caught.value.where and caught.value.details["rows"]
    assert same_bits(before, weights(model))


def test_another_training_is_not_mixed_with_the_one_in_the_folder(
    fit: Callable[..., Any], make_rows: Callable[..., Any], rows: Any, tmp_path: Path
) -> None:
    fit(SPEC, *rows, tmp_path)
    with pytest.raises(LuthierError, match="belongs to another training") as caught:
        fit(SPEC, make_rows(40, seed=9), rows[1], tmp_path)
    assert "train" in caught.value.what
    with pytest.raises(LuthierError, match="spec differ"):
        fit(SPEC.model_copy(update={"weight_decay": 0.3}), *rows, tmp_path)


def test_a_resumed_run_replays_the_plan_it_began_with(
    fit: Callable[..., Any], make_plan: Any, rows: Any, tmp_path: Path
) -> None:
    """A planner that would decide otherwise today (less memory, say) does not change a run half done."""

    def stop(info: Any) -> None:
        if info.step == 4:
            os.kill(os.getpid(), signal.SIGTERM)

    whole, *_ = fit(SPEC, *rows, tmp_path / "whole")
    with pytest.raises(Interrupted):
        fit(SPEC, *rows, tmp_path / "again", on_step=stop)
    other = replace(make_plan(SPEC, *rows), micro_tokens=48)
    model, result, run = fit(SPEC, *rows, tmp_path / "again", plan=other)
    assert "plan replayed" in run.kinds() and result.plan == make_plan(SPEC, *rows)
    assert same_bits(weights(whole), weights(model))


def test_nothing_of_a_row_is_told_to_the_run(fit: Callable[..., Any], rows: Any, tmp_path: Path) -> None:
    _, result, run = fit(SPEC, *rows, tmp_path)
    assert all(isinstance(v, int | float) for _, values in run.metrics for v in values.values())
    assert {s for s, _ in run.metrics} == set(range(result.steps + 1))


def test_progress_is_told_after_each_step(fit: Callable[..., Any], rows: Any, tmp_path: Path) -> None:
    infos: list[Any] = []
    _, result, _ = fit(SPEC, *rows, tmp_path, on_step=infos.append)
    assert [i.step for i in infos] == list(range(1, result.steps + 1))
    assert infos[-1].seconds_left == 0 and all(i.tokens_per_s > 0 for i in infos)
    assert infos[0].val == result.first_loss and infos[-1].steps == result.steps


def test_without_validation_the_last_weights_are_kept(fit: Callable[..., Any], rows: Any, tmp_path: Path) -> None:
    _, result, _ = fit(SPEC, rows[0], [], tmp_path)
    assert (result.best_step, result.best_loss, result.stopped) == (result.steps, None, "done")


def test_recomputing_gives_the_same_losses(
    fit: Callable[..., Any], make_model: Callable[..., Any], make_plan: Any, rows: Any, tmp_path: Path
) -> None:
    def losses(recompute: bool) -> list[float]:
        plan = replace(make_plan(SPEC, *rows), recompute=recompute)
        _, result, _ = fit(SPEC, *rows, tmp_path / str(recompute), plan=plan, model=make_model(dtype=torch.float64))
        return [h["loss"] for h in result.history if h["step"]]

    assert losses(True) == pytest.approx(losses(False), rel=1e-9)
