"""Where something came from, back to sources and bases, and what was made from it, as a tree that prints itself.

A node is told in full once; where it comes again the tree says "(above)".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError
from luthier.store import merkle, rowfile
from luthier.store.artifact import Artifact, uri_title
from luthier.store.disk import human, objects

if TYPE_CHECKING:
    from luthier.store.run import Run
    from luthier.store.store import Store


@dataclass(frozen=True, slots=True)
class Lineage:
    """One node. ``kind`` is an artifact's kind, or run, row, response, source, base, missing.

    ``relation`` says how it hangs on the node above ("from", "made by", "used by", "answered by", "row of").
    """

    id: str
    kind: str
    title: str
    relation: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    children: tuple[Lineage, ...] = ()
    repeated: bool = False

    def render(self) -> list[str]:
        """The tree as lines of text."""
        return [f"{self.id}  {self.title}", *(f"  {k}: {v}" for k, v in self.facts), *_branches(self, "")]

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "relation": self.relation,
            "facts": dict(self.facts),
            "repeated": self.repeated,
            "children": [child.to_dict() for child in self.children],
        }

    def walk(self) -> Iterator[Lineage]:
        """This node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def _branches(node: Lineage, indent: str) -> Iterator[str]:
    for n, child in enumerate(node.children):
        last = n == len(node.children) - 1
        again = "  (above)" if child.repeated else ""
        title = f"  {child.title}" if child.title else ""
        yield f"{indent}{'└─' if last else '├─'} {child.relation} {child.id}{title}{again}"
        deeper = indent + ("   " if last else "│  ")
        bar = "│ " if child.children else "  "
        for key, value in child.facts:
            yield f"{deeper}{bar}{key}: {value}"
        yield from _branches(child, deeper)


def ancestors(
    refs: Iterable[str], get: Callable[[str], Artifact | None]
) -> Iterator[tuple[str, Artifact | None]]:  # fmt: skip
    """Artifacts by these ids and all that they were made from, each once, with its id and as ``get`` finds it (None: it
    is gone); what an artifact was made from comes behind it."""
    seen: set[str] = set()
    left = [*refs][::-1]
    while left:
        ref = left.pop()
        if ":" in ref or ref in seen:  # a source or base outside the store; a node that was here before
            continue
        seen.add(ref)
        artifact = get(ref)
        yield ref, artifact
        left += artifact.parents[::-1] if artifact is not None else ()


def of_artifact(store: Store, artifact: Artifact, *, relation: str = "", users: bool = True) -> Lineage:
    """The tree of an artifact: the runs that made it, what it was made from, and (at the top) what was made from it."""
    seen: set[str] = set()
    node = _up(store, artifact, relation, seen)
    if not users:
        return node
    down = tuple(_down(store, child, seen) for child in store.catalogue.children(artifact.id))
    names = [name for name, target in store.aliases().items() if target == artifact.id]
    root = merkle.root_of(artifact) if artifact.kind == "dataset" and artifact.path.is_dir() else None
    facts = (*node.facts, *([("alias", ", ".join(names))] if names else []), *([("merkle root", root)] if root else []))
    return Lineage(node.id, node.kind, node.title, relation, facts, node.children + down)


def of_run(store: Store, run: Run) -> Lineage:
    """What a run made, stage by stage, each back to its sources."""
    seen: set[str] = set()
    children = []
    for stage, ids in run.made.items():
        for artifact_id in ids:
            artifact = store.catalogue.artifact(artifact_id)
            if artifact is None:
                children.append(Lineage(artifact_id, "missing", "not in this store", stage))
            else:
                children.append(_up(store, artifact, stage, seen, runs=False))
    return Lineage(run.id, "run", run_title(run), "", (("folder", str(run.dir)),), tuple(children))


def of_response(store: Store, response: dict[str, Any]) -> Lineage:
    """Which model answered, from which run and rows it came."""
    artifact = store.catalogue.artifact(response["artifact"])
    answered: tuple[Lineage, ...]
    if artifact is None:
        answered = (Lineage(response["artifact"], "missing", "not in this store", "answered by"),)
    else:
        answered = (of_artifact(store, artifact, relation="answered by", users=False),)
    facts = (("model", response["adapter"]),) if response["adapter"] else ()
    return Lineage(response["id"], "response", f"served {response['at'][:19]}", "", facts, answered)


def of_row(store: Store, ref: str) -> Lineage | None:
    """Which artifacts hold a row, with its place in the source, and what was made from them; None if none does.

    ``ref`` is a row's id, six letters or more of its beginning, or ``file:line`` of a source. Of a row that left, the
    rule and reason are told, and the row that stayed in its stead.

    Raises:
        LuthierError: several rows begin like this.
    """
    place = _PLACE.match(ref) is not None
    found: dict[str, list[tuple[Artifact, str, list[int]]]] = {}
    for artifact in store.artifacts():
        for name, entry in artifact.files.items():
            path = artifact.path / name
            if entry.rows is None or not rowfile.hashes_of(path).is_file() or (place and name.startswith(_LOOK_ONLY)):
                continue
            for row_id, lines in _lines_of(path, ref).items():
                found.setdefault(row_id, []).append((artifact, name, lines))
    if len(found) > 1 and not place:
        some = sorted(found)
        raise LuthierError(f"{ref!r} could be {' or '.join(some[:5])}{' …' if len(some) > 5 else ''}", fix=_MORE)
    children = [child for holders in found.values() for child in _holders(store, holders)]
    if not children:
        return None
    erased = store.erased()
    ids = ", ".join(found)
    state = "erased" if all(row_id in erased for row_id in found) else "a row of data"
    return Lineage(ref if place else ids, "row", f"row {ids}" if place else state, "", (), tuple(children))


_PLACE = re.compile(r"^(.+):(\d+)$")
_MORE = "write more of it"
_LOOK_ONLY = ("shown", "scores")
"""Files to look at: they quote or judge rows that stand elsewhere in the same artifact."""


def _lines_of(path: Path, ref: str) -> dict[str, list[int]]:
    """Row id -> lines of a file of rows, by id, beginning of an id, or place in a source."""
    found: dict[str, list[int]] = {}
    place = _PLACE.match(ref)
    if place is None:
        for number, (_, name) in enumerate(rowfile.read_hashes(path), 1):
            if name is not None and (name == ref or (len(ref) >= 6 and name.startswith(ref))):
                found.setdefault(name, []).append(number)
        return {ref: found[ref]} if ref in found else found
    file, number = place[1].rpartition("/")[2].encode(), int(place[2])
    with path.open("rb") as lines:
        for at, line in enumerate(lines, 1):
            row = next(objects([line]), {}) if file in line else {}
            if _stands_at(row.get("origin"), place[1], number):
                found.setdefault(str(row.get("id")), []).append(at)
    return found


def _stands_at(origin: Any, file: str, number: int) -> bool:
    if isinstance(origin, dict):
        name, line = str(origin.get("file")), origin.get("line")
    else:
        name, _, text = str(origin or "").rpartition(":")
        line = int(text) if text.isdigit() else None
    return line == number and (name == file or name.endswith(f"/{file}"))


def _holders(store: Store, holders: list[tuple[Artifact, str, list[int]]]) -> Iterator[Lineage]:
    elsewhere = {artifact.id for artifact, name, _ in holders if not name.startswith(_LOOK_ONLY)}
    expired = store.expired()
    for artifact, name, lines in holders:
        if name.startswith(_LOOK_ONLY) and artifact.id in elsewhere:
            continue
        places = ", ".join(str(n) for n in lines[:5]) + (" …" if len(lines) > 5 else "")
        row = _read_line(artifact.path / name, lines[0])
        left = _left(artifact, row)
        seen: set[str] = set()
        users = () if left else tuple(_down(store, child, seen) for child in store.catalogue.children(artifact.id))
        title = f"{artifact.kind} · {name}, line {places}"
        past = (("gone", "past its retention (privacy.retention)"),) if (artifact.id, name) in expired else ()
        yield Lineage(artifact.id, artifact.kind, title, "row of", (*_stands(row), *left, *past, *_made(row)), users)


def _read_line(path: Path, number: int) -> dict[str, Any]:
    with path.open("rb") as file:
        return next(objects(islice(file, number - 1, number)), {})


def _stands(row: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    origin = row.get("origin")
    place = f"{origin.get('file')}:{origin.get('line')}" if isinstance(origin, dict) else str(origin or "")
    return (("source", place),) if place else ()


def _left(artifact: Artifact, row: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Why a row is not learned from: rule and reason, and what stayed in its stead; nothing for rows that stay."""
    if "rule" not in row or "why" not in row:
        return ()
    facts = [("left because", f"{row['why']} [{row['rule']}]")]
    facts += [("mend", str(row["fix"]))] if row.get("fix") else []
    partner = row.get("partner")
    if isinstance(partner, dict) and partner.get("id"):
        where = [
            name.partition(".")[0]
            for name, entry in artifact.files.items()
            if entry.rows is not None and not name.startswith(_LOOK_ONLY)
            and rowfile.lines_with(artifact.path / name, {partner["id"]})
        ]  # fmt: skip
        told = f", in {' and '.join(where)}" if where else ", in no file of this artifact"
        facts.append(("beside", f"row {partner['id']} at {partner.get('origin') or 'an unknown place'}{told}"))
    return tuple(facts)


def _made(row: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """How a generated row came to be; nothing for other rows and for erased ones."""
    inner = row["row"] if isinstance(row.get("row"), dict) else row
    facts = row.get("augmented") or (inner.get("meta") or {}).get("augmented")
    if not isinstance(facts, dict):
        return ()
    told = []
    for key in ("by", "seed", "origin", "parents", "task", "edited_from", "nearest", "agreement", "review"):
        if facts.get(key) not in (None, []):
            value = facts[key]
            if isinstance(value, dict):
                value = ", ".join(map(str, value.values()))
            elif isinstance(value, list):
                one = value[0] if isinstance(value[0], list) else value
                value = " ".join(f"{v:.2f}" if isinstance(v, float) else str(v) for v in one[:8])
            told.append((key.replace("_", " "), str(value)))
    return tuple(told)


def nowhere(store: Store, ref: str) -> LuthierError | None:
    """What may have become of a row of a source that no file of rows holds; None where the source is not known."""
    place = _PLACE.match(ref)
    if place is None:
        return None
    wanted = place[1]
    read = [
        artifact.id
        for artifact in store.artifacts("dataset")
        for parent in artifact.parents
        if parent.startswith("source:")
        and f"/{parent.removeprefix('source:').partition('#')[0]}".endswith(f"/{wanted}")
    ]
    if not read:
        return None
    return LuthierError(
        f"no dataset holds a row of {ref}",
        where=", ".join(read[-3:]),
        why="data.keep or data.drop left it out, it was erased, it is a later message of a chat (a chat has the place "
        "of its first row), or there is no such line",
        fix="luthier check RECIPE tells what becomes of each row",
    )


def describe(artifact: Artifact) -> str:
    """An artifact in a few words: kind, its short meta facts, size, time."""
    parts = [artifact.kind]
    for key, value in artifact.meta.items():
        if isinstance(value, (str, int, float, bool)) and len(str(value)) <= 40:
            told = f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if type(value) is int else value
            parts.append(f"{key.replace('_', ' ')} {told}")
    parts += [human(artifact.size), artifact.created[:19].replace("T", " ")]
    return " · ".join(parts[:1] + parts[1:-2][:4] + parts[-2:])


def run_title(run: Run) -> str:
    """A run in a few words."""
    verdict = run.facts.get("verdict")
    word = verdict.get("verdict") if isinstance(verdict, dict) else verdict
    parts = ["run", run.status, str(word) if word else "", run.started[:19].replace("T", " ")]
    return " · ".join(part for part in parts if part)


def _up(store: Store, artifact: Artifact, relation: str, seen: set[str], *, runs: bool = True) -> Lineage:
    if artifact.id in seen:
        return Lineage(artifact.id, artifact.kind, artifact.kind, relation, repeated=True)
    seen.add(artifact.id)
    children: list[Lineage] = []
    if runs:
        makers = [run_id for run_id, _ in store.catalogue.runs_with(artifact.id)]
        for run_id in dict.fromkeys(([artifact.run] if artifact.run else []) + makers[-3:]):
            if run_id in seen:
                continue
            seen.add(run_id)
            try:
                children.append(Lineage(run_id, "run", run_title(store.run(run_id)), "made by"))
            except LuthierError:
                children.append(Lineage(run_id, "run", "its folder is gone", "made by"))
    for ref in artifact.parents:
        parent = store.catalogue.artifact(ref)
        if parent is not None:
            children.append(_up(store, parent, "from", seen, runs=runs))
        elif "#sha256=" in ref:
            children.append(Lineage(uri_title(ref), ref.partition(":")[0], "", "from"))
        else:
            children.append(Lineage(ref, "missing", "not in this store", "from"))
    return Lineage(artifact.id, artifact.kind, describe(artifact), relation, (), tuple(children))


def _down(store: Store, artifact_id: str, seen: set[str]) -> Lineage:
    artifact = store.catalogue.artifact(artifact_id)
    if artifact is None or artifact_id in seen:
        kind = artifact.kind if artifact else "missing"
        return Lineage(artifact_id, kind, kind, "used by", repeated=artifact is not None)
    seen.add(artifact_id)
    deeper = tuple(_down(store, child, seen) for child in store.catalogue.children(artifact_id))
    return Lineage(artifact_id, artifact.kind, describe(artifact), "used by", (), deeper)
