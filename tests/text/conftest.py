"""The labelled set of personal data, read by its own reader."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

LABELLED = Path(__file__).resolve().parent / "labelled"


@pytest.fixture(scope="session")
def labelled() -> Any:
    """The module that reads and draws the set: ``labelled.snippets("frozen")``."""
    spec = importlib.util.spec_from_file_location("labelled_values", LABELLED / "values.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look it up there
    spec.loader.exec_module(module)
    return module
