"""Two processes train as one: gradients are summed over the window's tokens, never averaged."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from luthier.recipe.train import TrainSpec
from luthier.train import optimiser

SPEC = TrainSpec(epochs=2, batch_tokens=130, micro_tokens=64, evaluations=2, checkpoints=0)


@pytest.mark.slow
@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch has no torch.distributed")
def test_two_processes_give_the_weights_of_one(
    fit: Callable[..., Any], make_model: Callable[..., Any], make_rows: Callable[..., Any], tmp_path: Path
) -> None:
    """Windows of uneven passes, an odd number of them in the last: one process then has nothing to do in it."""
    torch.set_num_threads(1)
    rows, validation = make_rows(21), make_rows(6, seed=1)
    alone, result, _ = fit(SPEC, rows, validation, tmp_path / "one", model=make_model(dtype=torch.float64, dropout=0.1))
    assert result.plan.micro_batches > 1

    def one_of_two(rank: int) -> None:
        torch.distributed.init_process_group(
            "gloo", init_method=f"file://{tmp_path}/meet", rank=rank, world_size=2
        )
        model, mine, run = fit(
            SPEC, rows, validation, tmp_path / f"two-{rank}", model=make_model(dtype=torch.float64, dropout=0.1)
        )
        assert (rank == 0) == bool(run.metrics), "only the first process tells the run"
        torch.save({"weights": optimiser.trainable(model), "losses": [h["loss"] for h in mine.history if h["step"]]},
                   tmp_path / f"{rank}.pt")  # fmt: skip
        torch.distributed.destroy_process_group()

    children = []
    for rank in range(2):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                one_of_two(rank)
                code = 0
            finally:
                os._exit(code)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0]
    expected = [h["loss"] for h in result.history if h["step"]]
    for rank in range(2):
        got = torch.load(tmp_path / f"{rank}.pt", weights_only=False)
        assert got["losses"] == pytest.approx(expected, rel=1e-9)
        for name, p in optimiser.trainable(alone).items():
            assert torch.allclose(got["weights"][name], p, rtol=0, atol=1e-9), name
