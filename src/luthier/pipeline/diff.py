"""``luthier diff``: two versions of a dataset by id, run, model, folder or file, and the recipes that made them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luthier.data.load import convert, labels_of, read_tables
from luthier.data.versions import Change, Difference, Version, compare, version_of, version_of_rows
from luthier.errors import LuthierError, UsageError
from luthier.recipe.data import DataSpec
from luthier.store import Artifact, Run, Store
from luthier.store.artifact import MANIFEST, read_artifact

_KEYS = ("data", "train.max_length", "model", "seed")
"""What of a recipe decides its dataset."""


@dataclass(frozen=True)
class Diff:
    """Two versions and what differs. ``told`` says of each what it was found as."""

    old: Version
    new: Version
    told: tuple[str, str]
    found: Difference

    def to_dict(self, *, rows: bool = False) -> dict[str, Any]:
        """JSON form; ``rows`` puts every row in."""
        sides = [
            {"id": version.name, "found_as": told, "rows": version.counts(), "sources": dict(version.sources)}
            for version, told in zip((self.old, self.new), self.told, strict=True)
        ]
        keys = [{"key": key, "a": a, "b": b} for key, (a, b) in self.found.keys.items()]
        out = {
            "a": sides[0], "b": sides[1], "counts": self.found.counts(), "keys": keys, "reasons": self.found.reasons()
        }
        return out | ({"rows": [change.to_dict() for change in self.found.changes]} if rows else {})

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every row that differs."""
        return self.found.changes


def diff_two(store: Store, first: str, second: str) -> Diff:
    """Compare two versions.

    Raises:
        LuthierError: nothing of that name, or nothing that a dataset belongs to.
    """
    (old, a, before), (new, b, after) = _found(store, first), _found(store, second)
    keys = _differing(before, after) if before and after else {}
    return Diff(old, new, (a, b), compare(old, new, keys))


def _found(store: Store, ref: str) -> tuple[Version, str, Mapping[str, Any]]:
    """The version, what it was found as, and the recipe that made it (empty where none did)."""
    path = Path(ref).expanduser()
    if (path / "run.json").is_file() and path.resolve().parent != store.run_folder:
        other = Store.open(path.resolve().parent.parent)
        return _of_store(other, other.run(path.name))
    try:
        found = store.resolve(ref)
    except LuthierError:
        if (path / MANIFEST).is_file():
            dataset = _dataset(store, read_artifact(path.resolve()))
            return version_of(dataset), f"folder {ref}", recipe_of(store, dataset)
        if not path.exists() and not any(sign in ref for sign in "*?["):
            raise
        return _of_files(ref), f"rows of {ref}", {}
    return _of_store(store, found)


def _of_store(store: Store, found: Artifact | Run) -> tuple[Version, str, Mapping[str, Any]]:
    dataset = _dataset(store, found)
    if isinstance(found, Run):
        return version_of(dataset), f"run {found.id}", found.recipe
    return version_of(dataset), found.id, recipe_of(store, dataset)


def dataset_of(store: Store, ref: str) -> Artifact:
    """The dataset of that name, or the one of a run, a model or an adapter.

    Raises:
        LuthierError: nothing of that name, or no dataset belongs to it.
    """
    return _dataset(store, store.resolve(ref))


def _dataset(store: Store, found: Artifact | Run) -> Artifact:
    if isinstance(found, Artifact):
        return found if found.kind == "dataset" else _dataset_above(store, found)
    datasets = [a for name in found.made.get("data", ()) if (a := store.catalogue.artifact(name)) is not None]
    if not datasets:
        raise LuthierError(f"run {found.id} made no dataset", where=found.dir, why=f"it is {found.status}")
    return store.get(datasets[-1].id)


def _dataset_above(store: Store, artifact: Artifact) -> Artifact:
    """The dataset that an adapter, a model or a ledger came from."""
    queue, seen = [artifact], {artifact.id}
    while queue:
        for parent in (store.catalogue.artifact(ref) for ref in queue.pop(0).parents):
            if parent is None or parent.id in seen:
                continue
            if parent.kind == "dataset":
                return store.get(parent.id)
            seen.add(parent.id)
            queue.append(parent)
    raise UsageError(f"no dataset belongs to {artifact.id}", where=artifact.path, fix="name a dataset, a run or a file")


def recipe_of(store: Store, artifact: Artifact) -> Mapping[str, Any]:
    """The recipe of the newest run that made or reused an artifact; empty where no run is left."""
    names = [name for name, _ in store.catalogue.runs_with(artifact.id)] + ([artifact.run] if artifact.run else [])
    runs = {run.id: run for run in store.runs() if run.id in names}
    newest = max(runs.values(), key=lambda run: run.started, default=None)
    return {} if newest is None else newest.recipe


def _of_files(ref: str) -> Version:
    spec = DataSpec(source=(ref,))
    tables = read_tables(spec.source, spec, folder=Path.cwd(), supervised=False)
    rows = convert(tables, spec, labels=labels_of(tables)).examples
    return version_of_rows(ref, rows, {table.file.name: table.sha256 for table in tables})


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    a, b = dict(_flat(old)), dict(_flat(new))
    return {key: (a.get(key), b.get(key)) for key in sorted({*a, *b}) if a.get(key) != b.get(key)}


def _flat(recipe: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in recipe.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{key}.")
        elif any(key == one or key.startswith(f"{one}.") for one in _KEYS):
            yield key, value
