"""``luthier forget``: every row of a person, what holds it, what learnt from it, and what to do next; then the erasure.

Looked through are all files of rows of the store and the sources that are still there (``person_rows``), and scratch
such as review queues. Rows that a model made from one of theirs (rewritten, answered) go with it. The user's own files
are never changed: their places are named. Linear in the size of the store and of the sources.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from luthier.errors import LuthierError
from luthier.pipeline.person import Matcher, Person
from luthier.pipeline.person_rows import Line, Sources, lines_of
from luthier.store import Artifact, Erased, Run, Store
from luthier.store.disk import objects
from luthier.store.erasure import descendants, teaches
from luthier.store.lineage import run_title

_MOST = 20
"""So many rows may be erased without a second look; of more, a tenth of all lines."""


@dataclass(frozen=True, slots=True)
class Held:
    """A line of the person's and how it was told."""

    line: Line
    reason: str


@dataclass(frozen=True)
class Found:
    """All that speaks of the person. Of rows that were erased before only what learnt from them is told.

    ``also`` are names of the same rows as they stand in the sources. ``learnt`` holds artifacts, parents first; each of
    ``names`` is an alias of one of them. ``scratch`` are folders of work that quote them, ``unread`` sources that could
    not be looked through. ``near`` are rows that a model wrote with one of theirs in view: not taken for theirs.
    """

    person: Person
    rows: tuple[Held, ...]
    also: frozenset[str]
    sources: tuple[str, ...]
    learnt: tuple[Artifact, ...]
    names: Mapping[str, str]
    runs: tuple[Run, ...]
    scratch: tuple[str, ...]
    unread: Mapping[str, str]
    near: tuple[str, ...]
    lines: int
    retrain: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Names under which the store holds the rows."""
        return tuple(sorted({held.line.id for held in self.rows}))

    @property
    def many(self) -> bool:
        """Whether this looks like more than one person."""
        return len(self.ids) > _MOST and len(self.rows) * 10 > self.lines

    @property
    def holders(self) -> dict[str, dict[str, int]]:
        """Artifact -> file (up to its first dot) -> lines."""
        found: dict[str, Counter[str]] = {}
        for held in self.rows:
            found.setdefault(held.line.artifact, Counter())[held.line.file.partition(".")[0]] += 1
        return {artifact: dict(counts) for artifact, counts in found.items()}

    @property
    def commands(self) -> dict[str, tuple[str, ...]]:
        """Lines to type, by their purpose, in their order."""
        steps: dict[str, tuple[str, ...]] = {}
        if self.rows or self.also:
            steps["erase"] = (f"luthier forget {self.person.told()} --erase{' --many' if self.many else ''}",)
        if self.retrain:
            steps["retrain"] = self.retrain
        if self.learnt:
            steps["remove"] = tuple(f"luthier rm --force {artifact.id}" for artifact in reversed(self.learnt))
        return steps

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "rows": [
                {
                    "id": held.line.id, "artifact": held.line.artifact, "file": held.line.file,
                    "line": held.line.number, "found_by": held.reason, "text": held.line.text,
                }
                for held in self.rows
            ],
            "holders": self.holders,
            "sources": list(self.sources),
            "learnt": [{"id": a.id, "kind": a.kind, "path": str(a.path)} for a in self.learnt],
            "names": dict(self.names),
            "runs": [{"id": run.id, "title": run_title(run)} for run in self.runs],
            "scratch": list(self.scratch),
            "not_searched": dict(self.unread),
            "written_near": list(self.near),
            "commands": {purpose: list(lines) for purpose, lines in self.commands.items()},
        }  # fmt: skip


def find(store: Store, person: Person) -> Found:
    """Look for a person's rows everywhere below this home, and in the sources that are still there.

    Raises:
        UsageError: nothing is asked for, or it cannot be looked for.
    """
    matcher = Matcher(person, lambda: store.secret("pseudonyms"))
    sources = Sources(store, matcher)
    for dataset in store.artifacts("dataset"):
        sources.look(dataset)
    lines = list(lines_of(store, matcher, sources))
    theirs = {line.id for line in lines if line.reason} | sources.ids
    while made := {line.id for line in lines if line.made_from & theirs} - theirs:
        theirs |= made
    all_theirs = [line for line in lines if line.reason or line.id in theirs]
    rows = [
        Held(line, line.reason or ("made from one of theirs" if line.made_from & theirs else "the same row"))
        for line in all_theirs
        if not line.erased
    ]
    taught = list(dict.fromkeys(line.artifact for line in all_theirs if teaches(line.file)))
    learnt = [a for name in descendants(store, taught) if (a := store.catalogue.artifact(name)) is not None]
    touched = {line.artifact for line in all_theirs}
    runs = [run for run in store.runs() if touched & {name for ids in run.made.values() for name in ids}]
    tainted = {artifact.id for artifact in learnt}
    return Found(
        person=person,
        rows=tuple(rows),
        also=frozenset(sources.ids - {held.line.id for held in rows}),
        sources=tuple(sorted(sources.places, key=_by_place)),
        learnt=tuple(learnt),
        names={name: target for name, target in store.aliases().items() if target in tainted},
        runs=tuple(runs),
        scratch=tuple(_scratch(store, matcher, theirs)),
        unread=sources.unread,
        near=tuple(sorted({line.id for line in lines if line.shown & theirs and line.id not in theirs})),
        lines=len(lines),
        retrain=tuple(_retrain(runs, tainted)),
    )


def erase(store: Store, found: Found, *, many: bool = False) -> Erased:
    """Erase what was found: the rows become tombstones everywhere, scratch that quotes them goes.

    Raises:
        LuthierError: it looks like more than one person and ``many`` is not given.
    """
    if found.many and not many:
        raise LuthierError(
            f"{len(found.ids):,} rows would be erased, {len(found.rows) / found.lines:.0%} of all lines",
            where=found.person.told(), why="that looks like more than one person, and nothing brings a row back",
            fix="ask for something more particular, or say --many",
        )  # fmt: skip
    done = store.erase([*found.ids, *sorted(found.also)])
    for name in found.scratch:
        if (store.work_folder / name).is_dir() and not store.is_locked(name):
            store.clear_workdir(name)
    return done


def _retrain(runs: Sequence[Run], tainted: set[str]) -> Iterator[str]:
    """The commands of the runs that made what learnt; each recipe once, the newest run first."""
    seen: set[str] = set()
    for run in runs:
        made = {name for ids in run.made.values() for name in ids}
        path = run.dir / "recipe.yaml"
        if not made & tainted or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        if text not in seen:
            seen.add(text)
            yield f"luthier run runs/{run.id}/recipe.yaml"


def _scratch(store: Store, matcher: Matcher, theirs: set[str]) -> Iterator[str]:
    """Names of folders of work (review queues above all) that quote the person or name one of their rows."""
    for folder in sorted(store.work_folder.iterdir()) if store.work_folder.is_dir() else ():
        for path in sorted(folder.rglob("*.jsonl")):
            with path.open("rb") as file:
                if any(matcher.content(row) or _ids(row) & theirs for row in objects(file)):
                    yield folder.name
                    break


def _ids(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        found = {str(value[key]) for key in ("id", "seed") if isinstance(value.get(key), str)}
        return found.union(*(_ids(inner) for inner in value.values())) if value else found
    return set().union(*map(_ids, value)) if isinstance(value, list) and value else set()


def _by_place(place: str) -> tuple[str, int]:
    file, _, line = place.rpartition(":")
    return file, int(line) if line.isdigit() else 0
