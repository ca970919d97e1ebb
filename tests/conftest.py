"""Fixtures that many rooms share. Real data and models of others are found through LUTHIER_TEST_DATA."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a test that reaches for the hub would wait for timeouts

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _data_folder() -> Path:
    return Path(os.environ.get("LUTHIER_TEST_DATA") or ROOT.parent / "shared")


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real data sets, or a skip that says what is missing."""
    folder = _data_folder() / "realdata"
    if not (folder / "manifest.json").is_file():
        pytest.skip(f"no real data at {folder} (set LUTHIER_TEST_DATA)")
    return folder


@pytest.fixture(scope="session")
def lab7m() -> Path:
    """A 7M-parameter pretrained Llama, or a skip."""
    folder = _data_folder() / "models" / "lab7m"
    if not (folder / "model.safetensors").is_file():
        pytest.skip(f"no model at {folder} (set LUTHIER_TEST_DATA)")
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty LUTHIER_HOME, which is also the working directory."""
    monkeypatch.setenv("LUTHIER_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path
