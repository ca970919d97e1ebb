"""Give space back: remove one thing by name, or everything that nothing needs any more.

Kept by ``gc``: what an alias or a run of this store reaches, what is younger than an hour, and work in progress. Rows
that were removed or quarantined are erased once they are older than ``privacy.retention`` (see ``retention``).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError
from luthier.store import process, retention
from luthier.store.artifact import Artifact
from luthier.store.disk import append_line, folder_size, human, refusals
from luthier.store.run import Run, now

if TYPE_CHECKING:
    from luthier.store.store import Store

GRACE_S = 3600.0
"""A commit that no run names yet may be in the hands of a process; an hour is generous."""
SCRATCH_S = 86400.0
KEEP = "KEEP"
"""A scratch folder with a file of this name is somebody's work (a review queue), which only a person ends."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that went, or would go. ``size`` in bytes."""

    what: str
    path: str
    size: int
    reason: str


@dataclass(frozen=True, slots=True)
class Freed:
    """What was removed, or would be (``dry_run``)."""

    items: tuple[Item, ...]
    dry_run: bool = False

    @property
    def size(self) -> int:
        return sum(item.size for item in self.items)

    def to_dict(self) -> dict[str, Any]:
        items = [{"what": i.what, "path": i.path, "size": i.size, "reason": i.reason} for i in self.items]
        return {"items": items, "size": self.size, "dry_run": self.dry_run}

    def render(self) -> str:
        """Lines of text, the total last."""
        if not self.items:
            return "nothing to free"
        width = max(len(i.what) for i in self.items)
        lines = [f"  {i.what:<{width}}  {human(i.size):>10}  {i.reason}" for i in self.items]
        total = f"{human(self.size)} {'would be freed' if self.dry_run else 'freed'}"
        return "\n".join([*lines, total])


def remove(store: Store, ref: str, *, force: bool) -> Freed:
    """Remove one run or artifact.

    Raises:
        LuthierError: unknown; or something needs it and ``force`` is not given; or the run is running.
    """
    found = store.resolve(ref)
    if isinstance(found, Run):
        return _remove_run(store, found)
    children = [c for c in store.catalogue.children(found.id) if store.catalogue.artifact(c) is not None]
    names = [name for name, target in store.aliases().items() if target == found.id]
    if (children or names) and not force:
        needed = [*children[:5], *(f"alias {name}" for name in names)]
        raise LuthierError(
            f"{found.id} is needed by {', '.join(needed)}{' …' if len(children) > 5 else ''}",
            where=found.path,
            why="their lineage would lead nowhere",
            fix=f"remove those first, or luthier rm --force {found.id}",
        )
    with refusals(store.home), store.changing():
        for name in names:
            store.unalias(name)
        return Freed((_drop(store, found, "removed"),))


def collect(
    store: Store, *, dry_run: bool, grace_s: float = GRACE_S, scratch_s: float = SCRATCH_S, given: str | None = None
) -> Freed:
    """Remove drafts of dead processes, old scratch, and artifacts that no run or alias reaches; then rows that are past
    their retention (that of their recipe, or the one ``given``).
    """
    items: list[Item] = []
    overdue = retention.overdue(store, given)
    with refusals(store.home), store.changing():
        for folder in _folders(store.drafts):
            owner = process.from_token(folder.name.rpartition(".")[0])
            if owner is None or not owner.alive():
                items.append(Item(f"draft {folder.name}", str(folder), folder_size(folder), "its process is gone"))
        for folder in _folders(store.work_folder):
            in_use = (folder / KEEP).exists() or store.is_locked(folder.name)
            if not in_use and time.time() - _touched(folder) > scratch_s:
                items.append(Item(f"scratch {folder.name[:12]}", str(folder), folder_size(folder), "not used any more"))
        for folder in _folders(store.trash):
            items.append(Item(f"trash {folder.name}", str(folder), folder_size(folder), "removed earlier"))
        if not dry_run:
            for item in items:
                shutil.rmtree(item.path, ignore_errors=True)
        for artifact in _unneeded(store, grace_s):
            if dry_run:
                items.append(Item(artifact.id, str(artifact.path), folder_size(artifact.path), _NEEDLESS))
            else:
                items.append(_drop(store, artifact, _NEEDLESS))
        for one in overdue:
            if one.path.is_file():  # its artifact may have gone just now
                size = one.path.stat().st_size if dry_run else retention.expire(store, one)
                items.append(Item(f"{one.artifact} {one.file}", str(one.path), size, one.reason))
    return Freed(tuple(items), dry_run)


_NEEDLESS = "no run or alias needs it"


def _unneeded(store: Store, grace_s: float) -> list[Artifact]:
    """Children before parents, so that a stop half-way leaves no lineage that leads nowhere."""
    present = {artifact.id: artifact for artifact in store.artifacts()}
    runs = store.runs()
    run_ids = {run.id for run in runs}
    roots = set(store.aliases().values()) | {name for run in runs for ids in run.made.values() for name in ids}
    roots |= {a.id for a in present.values() if a.run in run_ids or retention.age_s(a) < grace_s}
    needed: set[str] = set()
    queue = [name for name in roots if name in present]
    while queue:
        name = queue.pop()
        if name not in needed:
            needed.add(name)
            queue += [parent for parent in present[name].parents if parent in present]
    left = [artifact for artifact in present.values() if artifact.id not in needed]
    depth = {a.id: _depth(a, present) for a in left}
    return sorted(left, key=lambda a: (-depth[a.id], a.id))


def _depth(artifact: Artifact, present: dict[str, Artifact]) -> int:
    return 1 + max((_depth(present[p], present) for p in artifact.parents if p in present), default=0)


def _drop(store: Store, artifact: Artifact, reason: str) -> Item:
    """Rename away, forget, delete: a stop in between leaves trash and never half an artifact."""
    size = folder_size(artifact.path)
    append_line(store.removed_list, {"id": artifact.id, "at": now(), "reason": reason}, durable=True)
    discard(store, artifact.path)
    store.catalogue.drop(artifact.id)
    return Item(artifact.id, str(artifact.path), size, reason)


def _remove_run(store: Store, run: Run) -> Freed:
    if run.status == "running":
        raise LuthierError(f"run {run.id} is still running", where=run.dir, fix="stop it first (Ctrl-C)")
    size = folder_size(run.dir)
    with refusals(store.home):
        discard(store, run.dir)
    store.catalogue.drop_run(run.id)
    return Freed((Item(run.id, str(run.dir), size, "removed; luthier gc frees what only it needed"),))


def discard(store: Store, path: Path) -> None:
    """Rename away first, then delete: what is being deleted is never seen in its old place."""
    store.trash.mkdir(parents=True, exist_ok=True)
    target = store.trash / f"{path.name}-{time.time_ns():x}"
    path.rename(target)
    shutil.rmtree(target, ignore_errors=True)


def _folders(path: Path) -> Iterator[Path]:
    yield from sorted(p for p in path.iterdir() if p.is_dir()) if path.is_dir() else ()


def _touched(folder: Path) -> float:
    """When anything in a folder was last written, in seconds since 1970."""
    times = [folder.stat().st_mtime]
    for path in folder.rglob("*"):
        try:
            times.append(path.stat().st_mtime)
        except FileNotFoundError:
            continue
    return max(times)
