"""Where the packaged base and its suites lie."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
NANO = ROOT / "src" / "luthier" / "models" / "nano"
SUITES = ROOT / "src" / "luthier" / "evaluate" / "suites"


@pytest.fixture(scope="session")
def nano() -> Path:
    """The packaged model folder."""
    return NANO


@pytest.fixture(scope="session")
def suites() -> Path:
    """The packaged guard suites."""
    return SUITES
