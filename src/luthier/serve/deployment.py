"""What is served under which name. Frozen: a change is a new deployment.

Names are what clients put into ``model``. An adapter's entry names its base as ``parent``; ``lineage`` carries the ids
that ``luthier why`` understands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from luthier.engines import Engine
from luthier.errors import UsageError


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One name of a deployment: an engine, and which of its adapters answers (None: its base)."""

    id: str
    engine: Engine
    adapter: str | None = None
    root: str = ""
    parent: str | None = None
    lineage: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything the API needs.

    ``api_keys`` are SHA-256 hex digests (:func:`key_digest`), never the keys; empty means no key is asked for.
    ``temperature`` applies where a client sends none: 0, because greedy answers are what was evaluated.
    ``concurrency`` requests are worked on at once, ``waiting`` more may queue, the rest is told to come back (429).
    ``on_response(response id, model id)`` is called once per answer, so that its origin can be found later.
    """

    models: tuple[ServedModel, ...]
    api_keys: tuple[str, ...] = ()
    temperature: float = 0.0
    concurrency: int = 64
    waiting: int = 256
    max_request_bytes: int = 4 * 1024 * 1024
    on_response: Callable[[str, str], None] | None = None

    def __post_init__(self) -> None:
        ids = [model.id for model in self.models]
        if not ids:
            raise UsageError("there is no model to serve", fix="name a run, a model or a base")
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise UsageError(f"two models would be served as {twice[0]}", fix="give one of them another name")

    def find(self, name: str) -> ServedModel | None:
        """The model that clients call by this name."""
        return next((model for model in self.models if model.id == name), None)


def key_digest(key: str) -> str:
    """What to keep of an API key."""
    return hashlib.sha256(key.encode()).hexdigest()
