"""A model that helps (writes rows, judges them, scores them), by whatever a recipe calls it: a name of the store or
hub, a function of the user's, or a server. What a name stands for is also known without opening it, for keys."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from luthier.recipe import RemoteSpec

if TYPE_CHECKING:
    from luthier.engines import Engine
    from luthier.store import Store

_URL = re.compile(r"^https?://[^#]+#.+$")
_FUNCTION = re.compile(r"\.py:\w+$")
Wanted = str | RemoteSpec


@dataclass(frozen=True)
class Helper:
    """An engine that is open. ``name`` tells no path of this machine; ``parents`` are its artifacts."""

    engine: Engine
    adapter: str | None
    name: str
    parents: tuple[str, ...] = ()


@contextmanager
def open_helper(store: Store, wanted: Wanted, *, folder: Path, egress: Sequence[str]) -> Iterator[Helper]:
    """The engine, closed at the end. Relative names start at ``folder``.

    Raises:
        LuthierError: an unknown model, a host that ``egress`` does not name.
    """
    wanted = _parsed(wanted)
    if isinstance(wanted, RemoteSpec):
        from luthier.engines.remote import RemoteEngine

        remote = RemoteEngine(wanted.url, wanted.model, wanted.key, egress, concurrency=wanted.concurrency)
        with _closing(remote):
            yield Helper(remote, None, wanted.model)
    elif _FUNCTION.search(wanted):
        from luthier.engines.scripted import ScriptedEngine
        from luthier.registry import load_user_function

        own = load_user_function(wanted, base=folder)
        scripted = ScriptedEngine(own.function, name=f"{own.path.name}:{own.sha256[:12]}")
        with _closing(scripted):
            yield Helper(scripted, None, own.path.name)
    else:
        from luthier.pipeline.resolve import open_engine

        with open_engine(store, _from(folder, wanted)) as opened:
            parents = (opened.artifact.id,) if opened.artifact is not None else ()
            yield Helper(opened.engine, opened.adapter, _plain(wanted), parents)


@dataclass(frozen=True)
class Identity:
    """What a helper is. ``digest`` (16 hex digits) covers what decides its answers, as far as it is known here."""

    name: str
    digest: str
    artifact: str | None = None

    @property
    def parents(self) -> tuple[str, ...]:
        """As parents of what it helped to make."""
        own = () if self.artifact is None else (self.artifact,)
        return (*own, f"engine:{self.name}#sha256={self.digest}")


def identity(store: Store, wanted: Wanted, *, folder: Path) -> Identity:
    """Who a helper is, without opening it.

    Raises:
        LuthierError: an unknown model.
    """
    wanted = _parsed(wanted)
    if isinstance(wanted, RemoteSpec):
        return Identity(wanted.model, _digest(f"remote {wanted.url} {wanted.model}"))
    if _FUNCTION.search(wanted):
        from luthier.registry import load_user_function

        own = load_user_function(wanted, base=folder)
        return Identity(own.path.name, _digest(f"function {own.sha256}"))
    from luthier.pipeline.resolve import find

    named = find(store, _from(folder, wanted))
    adapter = "" if named.adapter is None else _folder_digest(named.adapter)
    artifact = None if named.artifact is None else named.artifact.id
    return Identity(_plain(wanted), _digest(f"model {named.source.digest} {adapter}"), artifact)


def _parsed(wanted: Wanted) -> Wanted:
    if isinstance(wanted, str) and _URL.match(wanted):
        url, _, model = wanted.partition("#")
        return RemoteSpec(url=url, model=model)
    return wanted


def _plain(wanted: str) -> str:
    return Path(wanted).name if wanted.startswith((".", "/", "~")) else wanted


def _digest(facts: str) -> str:
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def _from(folder: Path, wanted: str) -> str:
    return str((folder / wanted).resolve()) if wanted.startswith(".") else wanted


def _folder_digest(folder: Path) -> str:
    from luthier.models.source import file_hash

    return " ".join(file_hash(path) for path in sorted(folder.glob("adapter_*")))


@contextmanager
def _closing(engine: Engine) -> Iterator[None]:
    try:
        yield
    finally:
        engine.close()
