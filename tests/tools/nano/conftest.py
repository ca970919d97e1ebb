"""Make `tools` importable however pytest was started: it is part of the repository, not of the package."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

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
