"""Stage keys: the name under which a stage's result may be reused.

A key is the SHA-256 of what decides the result: the stage and its declared version, its resolved spec, the digests of
what it reads, the fingerprints of callables handed in, and the class of environment that matters to its bits.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

VERSIONS = {"data": 6, "train": 7, "export": 1, "evaluate": 4, "probes": 1, "frontier": 1, "search": 1}
"""Raised by hand when a stage would give another result for the same input."""


def stage_key(
    stage: str, spec: Mapping[str, Any], parents: Sequence[str], *, environment: Mapping[str, str] | None = None
) -> str:
    """The key of one stage: 64 hex digits. ``parents`` are digests in a meaningful order."""
    body = {
        "stage": stage,
        "version": VERSIONS[stage],
        "spec": spec,
        "parents": list(parents),
        "environment": dict(environment or {}),
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()


def training_environment(device: str, threads: int, backend: str = "luthier") -> dict[str, str]:
    """What decides the bits of a training run besides recipe and data: device class, libraries, thread count."""
    makes_steps = ("trl", "accelerate") if backend == "trl" else ()
    return {
        "device": device,
        "threads": str(threads),
        "machine": platform.machine(),
        **{name: package_version(name) for name in ("torch", "transformers", "peft", *makes_steps)},
    }


def package_version(name: str) -> str:
    """The installed version, without importing the package; "absent" if there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
