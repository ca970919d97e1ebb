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
            plain = Path(wanted).name if wanted.startswith((".", "/", "~")) else wanted
            parents = (opened.artifact.id,) if opened.artifact is not None else ()
            yield Helper(opened.engine, opened.adapter, plain, parents)


def identity(store: Store, wanted: Wanted, *, folder: Path) -> str:
    """What decides a helper's answers, as far as it can be told without opening it: 16 hex digits.

    Raises:
        LuthierError: an unknown model.
    """
    wanted = _parsed(wanted)
    if isinstance(wanted, RemoteSpec):
        facts = f"remote {wanted.url} {wanted.model}"
    elif _FUNCTION.search(wanted):
        from luthier.registry import load_user_function

        facts = f"function {load_user_function(wanted, base=folder).sha256}"
    else:
        from luthier.pipeline.resolve import find

        named = find(store, _from(folder, wanted))
        adapter = "" if named.adapter is None else _folder_digest(named.adapter)
        facts = f"model {named.source.digest} {adapter}"
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def _parsed(wanted: Wanted) -> Wanted:
    if isinstance(wanted, str) and _URL.match(wanted):
        url, _, model = wanted.partition("#")
        return RemoteSpec(url=url, model=model)
    return wanted


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
