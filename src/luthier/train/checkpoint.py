"""Checkpoints: the trained tensors, the optimiser, the place in the run. Whole or absent, and never half believed.

A checkpoint is a folder ``step-00000120`` with safetensors files and ``manifest.json`` (SHA-256 of every file), written
aside, flushed to disk and renamed. The last two are kept. Random state needs no place in it: each pass is seeded by
(seed, step, pass). Frozen weights are not stored; whoever resumes loads the same base.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

KEPT = 2
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Checkpoint:
    """Everything needed to go on after ``step`` steps.

    ``best`` is None while there is no better state than the present one at the best step (``progress`` says which).
    ``progress`` is the loop's own JSON-able account: history, best loss, evaluations without a better one.
    """

    step: int
    weights: Mapping[str, torch.Tensor]
    optimiser: Mapping[str, torch.Tensor]
    best: Mapping[str, torch.Tensor] | None
    progress: Mapping[str, Any]


def save(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint into ``folder`` and forget all but the last two."""
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"step-{checkpoint.step:08d}"
    draft = folder / f".writing-{os.getpid()}-{checkpoint.step:08d}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    parts = {"weights": checkpoint.weights, "optimiser": checkpoint.optimiser, "best": checkpoint.best}
    for name, tensors in parts.items():
        if tensors is not None:
            save_file({k: v.detach().contiguous().cpu() for k, v in tensors.items()}, draft / f"{name}.safetensors")
    (draft / "progress.json").write_text(json.dumps(checkpoint.progress, sort_keys=True))
    files = {path.name: _sha256(path) for path in sorted(draft.iterdir())}
    (draft / MANIFEST).write_text(json.dumps({"step": checkpoint.step, "files": files}, indent=1))
    for path in (*draft.iterdir(), draft):
        _flush(path)
    shutil.rmtree(final, ignore_errors=True)
    draft.rename(final)
    _flush(folder)
    _tidy(folder)
    return final


def newest(folder: Path, *, warn: Callable[[str], None]) -> Checkpoint | None:
    """The newest checkpoint that is whole; broken ones are named through ``warn`` and passed over."""
    for path in _steps(folder):
        problem = _problem(path)
        if problem:
            warn(f"{path.name} is not used: {problem}")
            continue
        best = path / "best.safetensors"
        return Checkpoint(
            step=int(path.name.removeprefix("step-")),
            weights=load_file(path / "weights.safetensors"),
            optimiser=load_file(path / "optimiser.safetensors"),
            best=load_file(best) if best.is_file() else None,
            progress=json.loads((path / "progress.json").read_text()),
        )
    return None


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    _flush(draft)
    draft.replace(path)
    _flush(path.parent)


def _steps(folder: Path) -> Iterable[Path]:
    return sorted(folder.glob("step-*"), reverse=True) if folder.is_dir() else ()


def _problem(path: Path) -> str:
    try:
        files: dict[str, str] = json.loads((path / MANIFEST).read_text())["files"]
        for name, expected in files.items():
            if _sha256(path / name) != expected:
                return f"{name} has changed since it was written"
    except (OSError, ValueError, KeyError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _tidy(folder: Path) -> None:
    for path in list(_steps(folder))[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob(".writing-*"):
        shutil.rmtree(path, ignore_errors=True)
