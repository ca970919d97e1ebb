"""A real model to serve: the built-in base, or the small pretrained Llama of the test data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def loaded() -> Any:
    from luthier.errors import LuthierError
    from luthier.models.load import load
    from luthier.models.source import resolve

    try:
        source = resolve("nano")
    except LuthierError:
        folder = Path(__file__).resolve().parents[3] / "shared" / "models" / "lab7m"
        if not folder.is_dir():
            pytest.skip("neither nano nor lab7m is here")
        source = resolve(str(folder))
    return load(source, precision="fp32")


@pytest.fixture(scope="session")
def engine(loaded: Any) -> Iterator[Any]:
    from luthier.engines.embedded import EmbeddedEngine

    with EmbeddedEngine(loaded, max_batch=8) as made:
        yield made
