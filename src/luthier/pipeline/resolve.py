"""From a name that a person types to a model that answers.

A name is a run, an artifact id or prefix, an alias, ``nano``, a local folder or a hub id, tried in that order (what
looks like a path is only a path).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from luthier.errors import LuthierError
from luthier.store.lineage import ancestors

if TYPE_CHECKING:
    from luthier.engines import Engine
    from luthier.models.source import ModelSource
    from luthier.recipe.train import Makes
    from luthier.store import Artifact, Store

_SAMPLE = 50


@dataclass(frozen=True)
class Named:
    """What a name stands for. ``adapter`` is the adapter's artifact where the model is a base with an adapter;
    ``artifact`` what lineage knows it by (None for bases); ``system`` the system message that it was trained with."""

    name: str
    source: ModelSource
    adapter: Path | None = None
    artifact: Artifact | None = None
    system: str | None = None

    @property
    def makes(self) -> Makes:
        """Whether it writes, scores or classifies, by its files."""
        from luthier.models import adapters, head

        known = head.labels_in(self.source) if self.adapter is None else adapters.labels_of(self.adapter)
        return head.made_of(known)


@dataclass(frozen=True)
class Opened:
    """A model that is loaded."""

    name: str
    engine: Engine
    adapter: str | None
    system: str | None
    artifact: Artifact | None


def find(store: Store, ref: str) -> Named:
    """Look a name up; nothing is loaded (a hub id may be downloaded).

    Raises:
        LuthierError: nothing of that name, here or on the hub.
    """
    from luthier.models.adapters import base_of
    from luthier.models.source import resolve

    if not _is_path(ref) or (Path(ref) / "run.json").is_file():
        try:
            return _of_artifact(store, store.get(ref), ref)
        except LuthierError as unknown:
            if ref != "nano" and "/" not in ref and not Path(ref).is_dir():
                raise unknown from None
    if (Path(ref) / "adapter_config.json").is_file():
        return Named(ref, base_of(resolve(_base_name(Path(ref))), Path(ref)), adapter=Path(ref))
    return Named(ref, resolve(ref))


def adapter_of(store: Store, ref: str, folder: Path) -> tuple[Path, str]:
    """The adapter behind a run, an artifact or a folder, with what lineage calls it; relative folders start at
    ``folder``.

    Raises:
        LuthierError: nothing of that name, or it has no adapter.
    """
    from luthier.models.source import file_hash

    if _is_path(ref):
        path = (folder / Path(ref).expanduser()).resolve()
        weights = path / "adapter_model.safetensors"
        if not weights.is_file():
            raise LuthierError("this folder holds no adapter", where=path, fix="check model.adapter")
        return path, f"source:{path.name}#sha256={file_hash(weights)}"
    found = store.resolve(ref)
    if found.id.startswith("adapter-"):
        artifact = store.get(found.id)
        return artifact.path, artifact.id
    runs = [run for run in store.runs() if found.id in (run.id, *(i for ids in run.made.values() for i in ids))]
    made = [store.get(i) for run in runs for i in run.made.get("export", ()) if i.startswith("adapter-")]
    if not made:
        raise LuthierError(
            f"{found.id} has no adapter", where="model.adapter", why="only an adapter can be trained further as one",
            fix="export.formats: [adapter, merged] where it is made, or model.base: the folder of the merged model",
        )  # fmt: skip
    return made[-1].path, made[-1].id


@contextmanager
def open_engine(store: Store, ref: str, *, aside: bool = False) -> Iterator[Opened]:
    """The embedded engine for a name, closed at the end; ``aside``: for work on whole files (see the engine)."""
    with open_engines(store, [ref], aside=aside) as opened:
        yield opened[-1]


@contextmanager
def open_engines(store: Store, refs: Sequence[str], *, aside: bool = False) -> Iterator[list[Opened]]:
    """Several names at once: adapters of one base share one copy of it. Bases that carry adapters are listed first; a
    classifier has a copy of its own, as its adapter has another head."""
    from luthier.engines.embedded import EmbeddedEngine
    from luthier.models.load import load
    from luthier.pipeline.classify import classifier

    found = [find(store, ref) for ref in refs]
    named = [one for one in found if one.makes != "classifier"]
    with_adapters: dict[str, list[Named]] = {}
    for one in named:
        if one.adapter is not None:
            with_adapters.setdefault(one.source.digest, []).append(one)
    engines: dict[str, Engine] = {}
    opened: list[Opened] = []
    try:
        for digest, group in with_adapters.items():
            adapters = {one.name: one.adapter for one in group if one.adapter is not None}
            loaded = load(group[0].source, chat_template=_template(group[0].adapter))
            engines[digest] = EmbeddedEngine(loaded, adapters, aside=aside)
            if group[0].source.name not in refs and not group[0].source.new_tokens:
                opened.append(Opened(group[0].source.name, engines[digest], None, None, None))
        for one in found:
            if one.makes == "classifier":
                labels = classifier(one.adapter or one.source.folder, base=one.source, name=one.name)
                engines[f"classifier {one.name}"] = labels
                opened.append(Opened(one.name, labels, None, one.system, one.artifact))
                continue
            if one.source.digest not in engines:
                engines[one.source.digest] = EmbeddedEngine(load(one.source), aside=aside)
            adapter = one.name if one.adapter is not None else None
            opened.append(Opened(one.name, engines[one.source.digest], adapter, one.system, one.artifact))
        yield opened
    finally:
        for engine in engines.values():
            engine.close()


def system_of(store: Store, artifact: Artifact) -> str | None:
    """The system message that most rows of the dataset behind an artifact begin with, if nearly all share one."""
    above = ancestors([artifact.id], store.get)
    dataset = next((a for _, a in above if a is not None and a.kind == "dataset"), None)
    if dataset is None:
        return None
    from luthier.data import examples

    rows = [e for e in examples(dataset, "train") if e.messages and "replay" not in e.meta][:_SAMPLE]
    systems = Counter(e.messages[0].content if e.messages[0].role == "system" else None for e in rows)
    text, count = systems.most_common(1)[0] if systems else (None, 0)
    return text if count >= 0.9 * len(rows) else None


def _of_artifact(store: Store, artifact: Artifact, ref: str) -> Named:
    from luthier.models.adapters import base_of
    from luthier.models.source import resolve

    system = system_of(store, artifact)
    if artifact.kind == "model":
        return Named(ref, resolve(artifact.path), artifact=artifact, system=system)
    if artifact.kind == "adapter":
        base = _base_on_this_machine(store, artifact) or _base_name(artifact.path)
        source = base_of(resolve(base), artifact.path)
        return Named(ref, source, adapter=artifact.path, artifact=artifact, system=system)
    raise LuthierError(
        f"{artifact.id} is a {artifact.kind}, not a model", where=ref, fix="luthier runs lists what can be used"
    )


def _template(adapter: Path | None) -> Path | None:
    """The chat template that an adapter was trained with stands beside it."""
    path = adapter / "chat_template.jinja" if adapter is not None else None
    return path if path is not None and path.is_file() else None


def _base_on_this_machine(store: Store, adapter: Artifact) -> str | None:
    """Where the run that made an adapter found its base, if that was a folder: an adapter itself names no paths."""
    import yaml

    for run in store.runs():
        recipe = run.dir / "recipe.yaml"
        if any(adapter.id in ids for ids in run.made.values()) and recipe.is_file():
            base = str(yaml.safe_load(recipe.read_text(encoding="utf-8"))["model"]["base"])
            return base if Path(base).is_dir() else None
    return None


def _base_name(folder: Path) -> str:
    import json

    name = json.loads((folder / "adapter_config.json").read_text()).get("base_model_name_or_path") or ""
    if not name:
        raise LuthierError("this adapter does not say which base it belongs to", where=folder / "adapter_config.json")
    return str(name)


def _is_path(ref: str) -> bool:
    return ref.startswith((".", "/", "~"))
