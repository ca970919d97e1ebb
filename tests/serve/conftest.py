"""A real model to serve: the built-in base."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def engine() -> Iterator[Any]:
    from luthier.engines.embedded import EmbeddedEngine
    from luthier.models.load import load
    from luthier.models.source import resolve

    with EmbeddedEngine(load(resolve("nano"), precision="fp32"), max_batch=8) as made:
        yield made
