"""Luthier: from a file of examples to a proven, served specialist.

The Python API is lazy: importing ``luthier`` imports no torch.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

# Read by libraries when they are first imported. Privacy: third-party telemetry is off.
for _name, _value in {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "DISABLE_TELEMETRY": "1",
    "TRL_DISABLE_TELEMETRY": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Threads of libgomp wait by spinning 300,000 times, which starves whatever else runs; not spinning at all costs a
    # step of small matrices half its speed. A tenth of a millisecond keeps the speed.
    "GOMP_SPINCOUNT": "20000",
}.items():
    os.environ.setdefault(_name, _value)

__version__ = "0.1.0"

_LAZY = {
    "Tuned": "luthier.pipeline.fit",
    "fine_tune": "luthier.pipeline.fit",
    "LuthierError": "luthier.errors",
    "Recipe": "luthier.recipe",
    "load_recipe": "luthier.recipe",
    "make_recipe": "luthier.recipe",
    "Store": "luthier.store",
}

__all__ = ["__version__", "train", *_LAZY]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    if name == "train":  # the room of that name, which can be called: it is fine_tune then
        return importlib.import_module("luthier.train")
    raise AttributeError(f"module 'luthier' has no attribute {name!r}")
