"""Where rows of a person stand: in every file of rows of the store, and in the sources that datasets were read from.

A masked row is not told by its words any more. It is told by its place: the source is read again as its recipe says,
and what is found there is looked for in the datasets by file and line. A source that changed since tells nothing about
older datasets; it is named as not searched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from luthier.data.load import Table, convert, labels_of, raw_id, read_tables
from luthier.errors import LuthierError
from luthier.models import hub_rows
from luthier.pipeline.person import Matcher
from luthier.pipeline.sources import known_sources
from luthier.recipe import load_recipe
from luthier.recipe.data import DataSpec
from luthier.store import Artifact, Store, is_erased

_TEXT = 160
_ONLY_NEAR = "self_instruct"
"""Rows of this way are new tasks: the seed that they carry is only the one that they are nearest to."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file of rows. ``reason`` says why it is the person's, if it is by itself; of an ``erased`` one only
    the id is left.

    ``made_from`` are names of the rows that it was rewritten from or answers, ``shown`` those that its writer saw.
    """

    artifact: str
    file: str
    number: int
    id: str
    text: str
    reason: str | None
    made_from: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    erased: bool = False


def lines_of(store: Store, matcher: Matcher, sources: Sources) -> Iterator[Line]:
    """Every line of every file of rows."""
    for artifact in store.artifacts():
        digests = _digests(artifact)
        for file, entry in artifact.files.items():
            if entry.rows is None or not (artifact.path / file).is_file():
                continue
            with (artifact.path / file).open("rb") as opened:
                for number, raw in enumerate(opened, 1):
                    row = orjson.loads(raw)
                    if is_erased(row):
                        reason = matcher.row(row["id"], "", None)
                        yield Line(artifact.id, file, number, row["id"], "", reason, erased=True)
                        continue
                    name, origin = str(row.get(entry.id_key)), _origin(row)
                    # excerpts to look at are told by the ids of the rows, which stand elsewhere
                    reason = None if file.startswith("shown") else matcher.row(name, origin, row)
                    place, _, line = origin.rpartition(":")
                    if reason is None and (digests.get(place), line) in sources.keys:
                        reason = f"its source {origin}"
                    facts = _augmented(row)
                    yield Line(
                        artifact.id, file, number, name, _shown(row), reason, _made_from(row, facts), _seen(facts)
                    )


class Sources:
    """What the sources hold. ``places`` are ``file:line`` as people know them, ``keys`` (digest of the file, line),
    ``ids`` names of the rows as they were read; ``unread`` says which sources could not be looked through."""

    def __init__(self, store: Store, matcher: Matcher) -> None:
        self._store, self._matcher = store, matcher
        self.places: set[str] = set()
        self.keys: set[tuple[str | None, str]] = set()
        self.ids: set[str] = set()
        self.unread: dict[str, str] = {}
        self._done: set[str] = set()

    def look(self, dataset: Artifact) -> None:
        """Look through the sources of one dataset, once."""
        wanted = {digest: name for name, digest in _digests(dataset).items() if digest not in self._done}
        if not wanted:
            return
        names = {digest: name for name, digest in _digests(dataset).items()}
        for spec, folder in self._ways(dataset, list(names.values())):
            for part in _parts(spec):
                for table in self._tables(part, folder):
                    self._table(table, part, names.get(table.sha256))
        for digest, name in wanted.items():
            if digest not in self._done:
                self._done.add(digest)
                self.unread[name] = f"not there as it was for {dataset.id}: gone, or changed since"

    def _ways(self, dataset: Artifact, names: list[str]) -> Iterator[tuple[DataSpec, Path]]:
        """How the sources may be read: by the recipe of each run, else by their names."""
        runs = {name for name, _ in self._store.catalogue.runs_with(dataset.id)} | {dataset.run}
        recipes = [run.dir / "recipe.yaml" for run in self._store.runs() if run.id in runs]
        found = [path for path in recipes if path.is_file()]
        for path in found:
            try:
                loaded = load_recipe(path)
            except LuthierError:
                continue
            yield loaded.recipe.data, loaded.folder
        if not found:
            for folder in dict.fromkeys((self._store.home, Path.cwd())):
                yield DataSpec(source=tuple(names)), folder

    def _tables(self, spec: DataSpec, folder: Path) -> Iterator[Table]:
        """Source by source, so that one that is gone hides no other; nothing is fetched and nobody is waited for."""
        for source in spec.source:
            if source == "-" or hub_rows.is_hub(source):
                continue
            try:
                if not known_sources(lambda: self._store, [source], folder):
                    yield from read_tables([source], spec, folder=folder)
            except LuthierError:
                continue  # told as not there as it was

    def _table(self, table: Table, spec: DataSpec, known_as: str | None) -> None:
        if table.sha256 in self._done:
            return
        self._done.add(table.sha256)
        name = known_as or table.file.name
        loaded = convert([table], spec, labels=labels_of([table]))
        theirs = {str(raw.origin.line) for raw in table.raws if self._matcher.content(raw.value)}
        for example in loaded.examples:
            line = str(example.origin.line) if example.origin else ""
            if line in theirs or self._matcher.row(example.id, f"{name}:{line}", example.to_dict()):
                theirs.add(line)
                self.ids.add(example.id)
        for finding in loaded.errors:
            line = str(finding.origin.line)
            if line in theirs or self._matcher.row(raw_id(finding.row), f"{name}:{line}", finding.row):
                theirs.add(line)
                self.ids.add(raw_id(finding.row))
        self.places |= {f"{name}:{line}" for line in theirs}
        self.keys |= {(table.sha256, line) for line in theirs}


def _parts(spec: DataSpec) -> Iterator[DataSpec]:
    """Sources, test set and replayed files of a spec, each as the data stage reads it."""
    yield spec.unfiltered()
    if spec.test:
        yield spec.unfiltered().model_copy(update={"source": spec.test})
    if spec.replay is not None and (files := tuple(name for name in spec.replay.source if name != "nano")):
        yield DataSpec(source=files)


def _digests(artifact: Artifact) -> dict[str, str]:
    """File name -> digest of the sources among an artifact's parents; the built-in rows are nobody's."""
    found = {}
    for parent in artifact.parents:
        name, _, digest = parent.partition("#sha256=")
        kind, _, file = name.partition(":")
        if kind == "source" and digest and file != "nano" and not file.endswith(".pack"):
            found[file] = digest
    return found


def _origin(row: Mapping[str, Any]) -> str:
    origin = row.get("origin")
    if isinstance(origin, Mapping):
        return f"{origin.get('file')}:{origin.get('line')}"
    return str(origin or "")


def _augmented(row: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = row.get("row") if isinstance(row.get("row"), Mapping) else row
    facts = row.get("augmented") or (inner.get("meta") or {}).get("augmented")  # type: ignore[union-attr]
    return facts if isinstance(facts, Mapping) else {}


def _made_from(row: Mapping[str, Any], facts: Mapping[str, Any]) -> frozenset[str]:
    names = [row.get("edited_from"), facts.get("edited_from")]
    if facts.get("by") != _ONLY_NEAR:
        names += [facts.get("seed"), *facts.get("parents", ())]
    return frozenset(str(name) for name in names if name)


def _seen(facts: Mapping[str, Any]) -> frozenset[str]:
    if facts.get("by") != _ONLY_NEAR:
        return frozenset()
    return frozenset(map(str, [facts.get("seed"), *facts.get("parents", ())]))


def _shown(row: Mapping[str, Any]) -> str:
    """The beginning of a row's words, to look at."""
    inner = row.get("row") if isinstance(row.get("row"), Mapping) else row
    assert isinstance(inner, Mapping)
    texts = [m.get("content") for m in inner.get("messages", ()) if isinstance(m, Mapping)]
    texts += [inner.get("text"), inner.get("answer"), inner.get("reference")]
    words = " | ".join(" ".join(text.split()) for text in texts if isinstance(text, str) and text)
    words = words or " ".join(str(row.get("row") or "").split())
    return words if len(words) <= _TEXT else words[: _TEXT - 1] + "…"
