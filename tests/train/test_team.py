"""Processes of one machine that train together: the sums of one process, the same bits again, no one left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from luthier.engines.workers import can_fork
from luthier.errors import LuthierError
from luthier.recipe.train import TrainSpec
from luthier.train import optimiser, team
from luthier.train.interrupt import Interrupted
from luthier.train.machine import peak_memory
from luthier.train.plan import DeviceFacts, Facts, ModelFacts, derive

pytestmark = pytest.mark.skipif(not can_fork(), reason="processes are forked on Linux without a GPU only")
Make = Callable[..., Any]
SPEC = TrainSpec(epochs=2, batch_tokens=130, micro_tokens=64, evaluations=2, checkpoints=4)
TWO = SPEC.model_copy(update={"processes": 2})


@pytest.mark.parametrize("processes", [2, 3])
def test_a_team_gives_the_weights_of_one_process(
    fit: Make, make_model: Make, make_rows: Make, tmp_path: Path, processes: int
) -> None:
    """Anchored rows and micro-batches of one row included; the difference is of rounding in double precision."""
    rows, validation = make_rows(21), make_rows(6, seed=1)
    held = {"replayed": frozenset(r.example_id for r in rows[::4])}
    spec = SPEC.model_copy(update={"anchor": 0.5})
    alone, one, _ = fit(spec, rows, validation, tmp_path / "1", model=make_model(dtype=torch.float64), **held)
    spec = spec.model_copy(update={"processes": processes})
    ours, many, run = fit(spec, rows, validation, tmp_path / "n", model=make_model(dtype=torch.float64), **held)
    assert many.plan.processes == processes
    for key in ("loss", "norm", "anchor_nats", "val"):
        told = [[h[key] for h in result.history if key in h] for result in (one, many)]
        assert told[0] and told[1] == pytest.approx(told[0], rel=1e-9), key
    for name, p in optimiser.trainable(alone).items():
        assert torch.allclose(optimiser.trainable(ours)[name], p, rtol=0, atol=1e-9), name
    assert [step for step, _ in run.metrics] == sorted(step for step, _ in run.metrics), "one process tells the run"


def test_the_same_team_gives_the_same_bits_and_dropout_differs_between_its_members(
    fit: Make, make_model: Make, make_rows: Make, tmp_path: Path
) -> None:
    rows = make_rows(16)
    made = [fit(TWO, rows, [], tmp_path / str(i), model=make_model(dropout=0.3)) for i in range(2)]
    for name, p in optimiser.trainable(made[0][0]).items():
        assert torch.equal(optimiser.trainable(made[1][0])[name], p), name
    same_row_twice = [rows[0], type(rows[0])(rows[0].ids, rows[0].trained, "again")]
    spec = TWO.model_copy(update={"max_steps": 1, "batch_tokens": 128, "micro_tokens": 128})
    _, together, _ = fit(spec, same_row_twice, [], tmp_path / "d", model=make_model(dropout=0.3))
    _, once, _ = fit(spec, same_row_twice[:1], [], tmp_path / "e", model=make_model(dropout=0.3))
    assert together.history[-1]["loss"] != pytest.approx(once.history[-1]["loss"], rel=1e-6)


def test_stopped_and_gone_on_with_the_same_bits(fit: Make, make_model: Make, make_rows: Make, tmp_path: Path) -> None:
    rows, validation = make_rows(21), make_rows(6, seed=1)
    whole, _, _ = fit(TWO, rows, validation, tmp_path / "whole", model=make_model())

    def stop(info: Any) -> None:
        if info.step == 3:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted):
        fit(TWO, rows, validation, tmp_path / "cut", model=make_model(), on_step=stop)
    rest, result, _ = fit(TWO, rows, validation, tmp_path / "cut", model=make_model())
    assert result.resumed_at == 2, "the last step that was saved"
    for name, p in optimiser.trainable(whole).items():
        assert torch.equal(optimiser.trainable(rest)[name], p), name


def test_a_member_that_dies_is_told_and_the_others_are_cleared_away(
    fit: Make, make_model: Make, make_rows: Make, tmp_path: Path
) -> None:
    def children() -> list[int]:
        return [int(p) for p in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]

    before = set(children())

    def kill(info: Any) -> None:
        if info.step == 2:
            os.kill(min(set(children()) - before), signal.SIGKILL)

    three = SPEC.model_copy(update={"processes": 3})
    with pytest.raises(LuthierError, match="is gone") as told:
        fit(three, make_rows(21), [], tmp_path, model=make_model(), on_step=kill)
    assert told.value.fix == "train.processes: 1 trains in this process alone"
    assert set(children()) <= before
    assert team.current() is None and torch.get_num_threads() >= 1


def test_helpers_end_when_the_first_process_is_killed(tmp_path: Path) -> None:
    """kill -9 of the first process: whoever waits for it ends by itself."""
    code = f"""
import os, time, torch
from luthier.train import team
with team.together(2):
    mine = team.current()
    if mine.rank:
        open({str(tmp_path / "helper")!r}, "w").write(str(os.getpid()))
        mine.sum(torch.ones(3))
        mine.sum(torch.ones(3))
    else:
        mine.sum(torch.ones(3))
        open({str(tmp_path / "ready")!r}, "w").write("")
        time.sleep(60)
"""
    first = subprocess.Popen([sys.executable, "-c", code])
    for _ in range(600):
        if (tmp_path / "ready").exists():
            break
        time.sleep(0.05)
    first.kill()
    first.wait()
    helper = int((tmp_path / "helper").read_text())
    for _ in range(200):
        if not Path(f"/proc/{helper}").exists():
            return
        time.sleep(0.05)
    pytest.fail("the helper outlived the first process")


def test_sums_longer_than_the_shared_memory_and_of_other_types(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "_ROOM", 64)
    with team.together(3):
        mine = team.current()
        assert mine is not None
        long, exact = torch.arange(101.0) * (mine.rank + 1), torch.full((5,), 0.1, dtype=torch.float64)
        mine.sum(long)
        mine.sum(exact)
        assert torch.equal(long, torch.arange(101.0) * 6), "a helper that fails here is told by the first process"
        assert torch.equal(exact, torch.full((5,), 0.1 + 0.1 + 0.1, dtype=torch.float64))
        mine.sum(exact)


def plan_of(spec: TrainSpec, device: DeviceFacts, hidden: int = 192) -> Any:
    model = ModelFacts(hidden=hidden, layers=2, intermediate=64, vocabulary=100, context=512, parameters=30_000,
                       trainable=2_000)  # fmt: skip
    return derive(spec, Facts(model, device, [100] * 2000))


def test_the_plan_takes_a_process_a_thread_for_small_models_on_a_cpu_only() -> None:
    free = DeviceFacts("cpu", threads=2, forks=True)
    plan = plan_of(TrainSpec(), free)
    assert plan.processes == 2 and "width 192" in plan.decided["processes"].reason
    assert plan_of(TrainSpec(), DeviceFacts("cpu", threads=64, forks=True)).processes == 5, "four rows each at least"
    assert plan_of(TrainSpec(), DeviceFacts("cpu", threads=2)).processes == 1
    assert plan_of(TrainSpec(), DeviceFacts("cuda", threads=2)).processes == 1
    assert plan_of(TrainSpec(), free, hidden=1024).processes == 1
    assert plan_of(TrainSpec(tuning="full"), free).processes == 1
    assert plan_of(TrainSpec(method="dpo"), free).processes == 1
    assert plan_of(TrainSpec(processes=1), free).processes == 1
    with pytest.raises(LuthierError, match="cannot be had here"):
        plan_of(TrainSpec(processes=2), DeviceFacts("cuda", threads=2))


@pytest.mark.parametrize("waits", [False, True], ids=["ended", "waiting"])
def test_what_all_of_them_held_is_measured(waits: bool) -> None:
    """What stood there before is counted once; what each made of its own, in each; also of one that is cut off."""
    mebibytes = 1 << 20
    ctypes.CDLL(None).malloc_trim(0)  # what earlier tests freed would be taken again unnoticed
    with peak_memory("cpu") as taken:
        base = torch.ones(80 * mebibytes // 4)
        with team.together(3):
            mine = team.current()
            assert mine is not None
            own = torch.ones(40 * mebibytes // 4)
            own += base[: len(own)]
            mine.sum(torch.ones(3))
            if waits and mine.rank:
                mine.sum(torch.ones(3))
    assert taken.bytes is not None and len(taken.others) == 2
    assert 200 < taken.bytes / mebibytes < 260, "80 of all, 40 of each"
