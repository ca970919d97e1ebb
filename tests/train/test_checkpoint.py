"""Checkpoints are whole or absent, and a broken one is passed over with a word."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from luthier.train import checkpoint
from luthier.train.checkpoint import Checkpoint


def some(step: int, best: bool = True) -> Checkpoint:
    torch.manual_seed(step)
    weights = {"a.weight": torch.randn(3, 4), "b": torch.randn(5)}
    return Checkpoint(
        step=step, weights=weights,
        optimiser={"a.weight/exp_avg": torch.randn(3, 4), "a.weight/step": torch.tensor(7.0)},
        best={k: v + 1 for k, v in weights.items()} if best else None, progress={"step": step, "best_loss": 0.1 + 0.2},
    )  # fmt: skip


def nothing(text: str) -> None:
    raise AssertionError(text)


def test_what_is_saved_is_read_back_bit_for_bit(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, some(12))
    found = checkpoint.newest(tmp_path, warn=nothing)
    assert found is not None and found.step == 12
    assert torch.equal(found.weights["a.weight"], some(12).weights["a.weight"])
    assert torch.equal(found.optimiser["a.weight/step"], torch.tensor(7.0))
    assert found.best is not None and torch.equal(found.best["b"], some(12).best["b"])  # type: ignore[index]
    assert found.progress == {"step": 12, "best_loss": 0.1 + 0.2}


def test_the_last_two_are_kept(tmp_path: Path) -> None:
    for step in (9, 10, 100):
        checkpoint.save(tmp_path, some(step, best=False))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-00000010", "step-00000100"]
    assert checkpoint.newest(tmp_path, warn=nothing).step == 100  # type: ignore[union-attr]


@pytest.mark.parametrize("damage", ["flip", "cut", "missing", "manifest"])
def test_a_broken_checkpoint_is_named_and_the_one_before_is_used(tmp_path: Path, damage: str) -> None:
    checkpoint.save(tmp_path, some(1))
    newest = checkpoint.save(tmp_path, some(2))
    file = newest / "optimiser.safetensors"
    data = file.read_bytes()
    if damage == "flip":
        file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif damage == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif damage == "missing":
        file.unlink()
    else:
        (newest / "manifest.json").write_text("{")
    warnings: list[str] = []
    found = checkpoint.newest(tmp_path, warn=warnings.append)
    assert found is not None and found.step == 1
    assert len(warnings) == 1 and "step-00000002 is not used" in warnings[0]


def test_a_draft_left_by_a_killed_process_is_never_read(tmp_path: Path) -> None:
    draft = tmp_path / ".writing-1-00000005"
    draft.mkdir()
    (draft / "manifest.json").write_text("{}")
    assert checkpoint.newest(tmp_path, warn=nothing) is None
    checkpoint.save(tmp_path, some(1))
    assert not draft.exists()


def test_nowhere_to_resume_from(tmp_path: Path) -> None:
    assert checkpoint.newest(tmp_path / "absent", warn=nothing) is None


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint.save(tmp_path, some(1))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(tmp_path, some(2))
    assert checkpoint.newest(tmp_path, warn=nothing).step == 1  # type: ignore[union-attr]
