"""The only door to what Luthier keeps on disk.

``home/.luthier/artifacts/<kind>-<digest12>/`` holds immutable results, ``home/runs/<name>-<id4>/`` what people look at.
Everything is found from files; the SQLite catalogue beside them is an index that is rebuilt when it is missing or
damaged. Writes are whole or absent; nothing here loads a model or reads a recipe.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from shutil import disk_usage
from typing import Any

from luthier.errors import LuthierError, did_you_mean
from luthier.store import checkup, erasure, lineage, lock, run, space
from luthier.store.artifact import COMMITS, MANIFEST, Artifact, read_artifact
from luthier.store.catalogue import Catalogue, Commit, Contents
from luthier.store.checkup import Finding
from luthier.store.disk import RESERVE, NoSpace, append_line, read_lines, refusals, write_whole
from luthier.store.draft import Draft
from luthier.store.erasure import Erased
from luthier.store.lineage import Lineage
from luthier.store.run import Run, now
from luthier.store.secret import secret
from luthier.store.space import Freed

_PLAIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
_ALIAS = re.compile(r"^[A-Za-z][A-Za-z0-9._-]{0,63}$")
_SERVES = ("model", "adapter")
"""Kinds that a run stands for when its name is given where an artifact is wanted, the first that it made."""


class Store:
    """All artifacts and runs below one home folder. Safe to open in several processes at once."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / ".luthier"
        self.run_folder = home / "runs"
        self.artifact_folder = self.folder / "artifacts"
        self.drafts = self.folder / "drafts"
        self.work_folder = self.folder / "work"
        self.trash = self.folder / "trash"
        self.damaged = self.folder / "damaged"
        self.erased_list = self.folder / "erased.jsonl"
        self.expired_list = self.folder / "expired.jsonl"
        self.removed_list = self.folder / "removed.jsonl"
        self.alias_list = self.folder / "aliases.jsonl"
        self._locks = self.folder / "locks"
        self._secrets = self.folder / "secrets"
        self._reserve = self.folder / "reserve"
        self.catalogue = Catalogue(self.folder / "catalogue.sqlite", self.artifact_folder)

    @classmethod
    def open(cls, home: str | Path | None = None) -> Store:
        """Open the store of a home folder (default ``$LUTHIER_HOME``, else the working directory), making it if needed.

        A missing or damaged catalogue is rebuilt from the manifests; a damaged one is kept beside under another name.

        Raises:
            LuthierError: the folder cannot be written, or a newer Luthier wrote it.
        """
        root = Path(home or os.environ.get("LUTHIER_HOME") or Path.cwd()).expanduser().absolute()
        store = cls(root)
        with refusals(root):
            try:
                store._locks.mkdir(parents=True, exist_ok=True)
                store.artifact_folder.mkdir(exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                raise LuthierError(
                    "the home folder is a file", where=root, fix="set LUTHIER_HOME to a folder of your own"
                ) from None
        with lock.guard(store._locks / "catalogue"):
            try:
                store._prepare()
            except NoSpace:
                if not store._reserve.exists():
                    raise
                store._reserve.unlink()
                store._prepare()
            store._keep_reserve()
        return store

    def close(self) -> None:
        """Close the catalogue; using the store again opens it again."""
        self.catalogue.close()

    def secret(self, name: str) -> bytes:
        """32 random bytes of this name, made at the first use and kept in this store only.

        Raises:
            LuthierError: the file is damaged.
        """
        return secret(self._secrets, name)

    # -- artifacts

    def draft(self, kind: str, *, expect_bytes: int = 0) -> Draft:
        """A folder to write into; ``commit`` makes it an artifact. ``expect_bytes`` must fit on the disk."""
        return Draft(self, kind, expect_bytes=expect_bytes)

    def put(
        self, kind: str, files: Mapping[str, bytes], *, parents: Iterable[str | Artifact], **commit: Any
    ) -> Artifact:
        """An artifact of small files given as bytes; ``commit`` are the further arguments of :meth:`Draft.commit`."""
        with self.draft(kind, expect_bytes=sum(map(len, files.values()))) as draft:
            for name, data in files.items():
                path = draft.path / name
                if not path.resolve().is_relative_to(draft.path.resolve()):
                    raise LuthierError(f"the file name {name!r} leaves the artifact", where=draft.path)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            return draft.commit(parents=parents, **commit)

    def artifacts(self, kind: str | None = None) -> list[Artifact]:
        """All artifacts that are on disk, oldest first."""
        return [a for a in self.catalogue.artifacts(kind) if a.path.is_dir()]

    def find(self, key: str, kind: str | None = None) -> Artifact | None:
        """The newest artifact that was made under a stage key, if its files stand with the right sizes."""
        for artifact in self.catalogue.with_key(key, kind):
            if _stands(artifact):
                return artifact
        return None

    def get(self, ref: str) -> Artifact:
        """The artifact of an id, an alias, a run (its model), or a prefix of at least four characters.

        Raises:
            LuthierError: unknown, ambiguous, or gone from the disk.
        """
        found = self.resolve(ref)
        return self.model_of(found) if isinstance(found, Run) else found

    def resolve(self, ref: str) -> Artifact | Run:
        """Like :meth:`get`, but a run stays a run. A run's folder (``runs/tickets-7f3a``) is understood too."""
        ref = ref.strip()
        name = self.aliases().get(ref, ref)
        artifact = self.catalogue.artifact(name)
        if artifact is not None:
            return self._present(artifact)
        if (found := self._run_called(ref)) is not None:
            return found
        ids = self.catalogue.starting_with(ref) if len(ref) >= 4 else []
        ids += [r.id for r in self.runs() if len(ref) >= 4 and r.id.startswith(ref)]
        if len(ids) > 1:
            raise LuthierError(
                f"{ref!r} could be {' or '.join(ids[:5])}{' …' if len(ids) > 5 else ''}", fix="write more of it"
            )
        if not ids:
            raise self._unknown(ref)
        artifact = self.catalogue.artifact(ids[0])
        return self.run(ids[0]) if artifact is None else self._present(artifact)

    def model_of(self, found: Run) -> Artifact:
        """What a run stands for: its model, else its adapter.

        Raises:
            LuthierError: it made none.
        """
        made = [a for ids in found.made.values() for name in ids if (a := self.catalogue.artifact(name)) is not None]
        for kind in _SERVES:
            for artifact in made:
                if artifact.kind == kind:
                    return self._present(artifact)
        raise LuthierError(
            f"run {found.id} made no model", where=found.dir, why=f"it is {found.status}", fix="luthier runs lists runs"
        )

    def alias(self, name: str, ref: str) -> Artifact:
        """Let ``name`` mean an artifact from now on; the name's earlier meanings stay in its history.

        Raises:
            LuthierError: the name is no plain word or is an id already; the ref is unknown.
        """
        artifact = self.get(ref)
        if not _ALIAS.match(name) or self.catalogue.artifact(name) is not None:
            raise LuthierError(f"{name!r} cannot be a name", fix="letters, digits, '.', '_' and '-', a letter first")
        self._note_alias(name, artifact.id)
        return artifact

    def unalias(self, name: str) -> None:
        """Forget a name (its history stays)."""
        self._note_alias(name, None)

    def aliases(self) -> dict[str, str]:
        """Name -> artifact id."""
        return self.catalogue.aliases()

    def alias_history(self, name: str) -> list[tuple[str, str | None]]:
        """(time, artifact id or None) of every change of a name, oldest first."""
        return [(line["at"], line["artifact"]) for line in read_lines(self.alias_list) if line.get("name") == name]

    # -- runs

    def start_run(self, name: str, recipe: Mapping[str, Any], facts: Mapping[str, Any] | None = None) -> Run:
        """Begin a run: its folder, its record with code version and environment. ``facts``: seeds and the like."""
        return run.start(self.run_folder, name, recipe, facts or {}, self._run_changed)

    def runs(self) -> list[Run]:
        """All runs, newest first."""
        found = [run.load(folder, self._run_changed) for folder in self._run_folders()]
        return sorted((r for r in found if r is not None), key=lambda r: (r.started, r.id), reverse=True)

    def run(self, ref: str) -> Run:
        """The run of an id, a name (the newest of that name), a folder, or a prefix of at least four characters.

        Raises:
            LuthierError: unknown or ambiguous.
        """
        if (found := self._run_called(ref)) is not None:
            return found
        near = [r for r in self.runs() if len(ref) >= 4 and r.id.startswith(ref)]
        if len(near) == 1:
            return near[0]
        if near:
            raise LuthierError(f"{ref!r} could be {' or '.join(r.id for r in near[:5])}", fix="write more of it")
        known = [r.id for r in self.runs()]
        raise LuthierError(f"no run is called {ref!r}", where=self.run_folder, fix=did_you_mean(ref, known))

    # -- scratch and locks

    def workdir(self, key: str) -> Path:
        """Scratch of a stage that may be resumed; it outlives the process until :meth:`clear_workdir`."""
        path = self.work_folder / _file_name(key)
        with refusals(self.home):
            path.mkdir(parents=True, exist_ok=True)
        return path

    def clear_workdir(self, key: str) -> None:
        """Remove a stage's scratch, once its artifact stands."""
        path = self.work_folder / _file_name(key)
        if path.is_dir():
            with refusals(self.home):
                space.discard(self, path)

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Hold a stage's key while working on it; a dead holder's lock is free.

        Raises:
            LuthierError: another process holds it (the error says which).
        """
        return lock.hold(self._locks / f"stage-{_file_name(key)}", doing="this stage")

    def is_locked(self, key: str) -> bool:
        """Whether some process works on a stage's key now."""
        return lock.is_held(self._locks / f"stage-{_file_name(key)}")

    # -- lineage

    def note_response(
        self, response_id: str, artifact_id: str, adapter: str | None = None, at: str | None = None
    ) -> None:
        """Remember who answered a served response, so that :meth:`lineage` can tell. No text is kept."""
        self.catalogue.note_response(response_id, artifact_id, adapter, at or now())

    def lineage(self, ref: str) -> Lineage:
        """Where an artifact, run, served response or row (id or ``file:line``) came from, and what was made from it.

        Raises:
            LuthierError: nothing of that name.
        """
        response = self.catalogue.response(ref)
        if response is not None:
            return lineage.of_response(self, response)
        try:
            found = self.resolve(ref)
        except LuthierError:
            of_row = lineage.of_row(self, ref)
            if of_row is not None:
                return of_row
            if (gone := lineage.nowhere(self, ref)) is not None:
                raise gone from None
            raise
        return lineage.of_run(self, found) if isinstance(found, Run) else lineage.of_artifact(self, found)

    # -- care

    def verify(self) -> list[Finding]:
        """Hash everything again; one finding for each thing that is not as it was written."""
        erased, expired, removed = self.erased(), self.expired(), self._removed()
        folders = self._artifact_folders()
        present = {folder.name for folder in folders}
        findings = [Finding(name, MANIFEST, "the artifact is gone from the disk") for name in self._lost(present)]
        for folder in folders:
            findings += checkup.check(folder, erased, expired)
            findings += checkup.check_parents(folder, present, removed)
        return findings

    def remove(self, ref: str, *, force: bool = False) -> Freed:
        """Remove an artifact or a run; refuses while others were made from it, unless ``force``."""
        return space.remove(self, ref, force=force)

    def gc(
        self, dry_run: bool = False, *, grace_s: float = space.GRACE_S, scratch_s: float = space.SCRATCH_S,
        retention: str | None = None,
    ) -> Freed:  # fmt: skip
        """Free what nothing needs (drafts of dead processes, old scratch, artifacts no run or alias reaches), and erase
        removed and quarantined rows that are past their recipe's ``privacy.retention``, or past this one.

        Raises:
            LuthierError: the retention cannot be read.
        """
        return space.collect(self, dry_run=dry_run, grace_s=grace_s, scratch_s=scratch_s, given=retention)

    def erase(self, row_ids: Sequence[str]) -> Erased:
        """Erase rows by id everywhere below this home; says what learnt from them."""
        return erasure.erase(self, row_ids)

    def erased(self) -> frozenset[str]:
        """Ids of all rows that were ever erased; a stage that reads the sources again leaves them out."""
        return frozenset(line["id"] for line in read_lines(self.erased_list) if "id" in line)

    def expired(self) -> frozenset[tuple[str, str]]:
        """(artifact, file) of the files of removed rows that are past their retention and hold no row any more."""
        lines = read_lines(self.expired_list)
        return frozenset((line["artifact"], line["file"]) for line in lines if "artifact" in line)

    def rebuild(self) -> None:
        """Make the catalogue again from manifests, runs and the list of names. Served responses stay as they are."""
        with lock.guard(self._locks / "catalogue"):
            self._fill()

    # -- for the other files of this room

    def changing(self, *, shared: bool = False) -> AbstractContextManager[None]:
        """Held shared in the last step of a commit, alone by erasure, removal and gc."""
        return lock.guard(self._locks / "content", shared=shared)

    def register(self, artifact: Artifact, *, key: str | None) -> None:
        """Index a commit that is on disk."""
        self.catalogue.add(Commit(artifact, key, now()))

    def problems_of(self, folder: Path) -> Iterator[Finding]:
        """What is wrong with one artifact."""
        return checkup.check(folder, self.erased(), self.expired())

    def set_aside(self, folder: Path) -> None:
        """Move a damaged artifact out of the way; it is never deleted."""
        self.damaged.mkdir(exist_ok=True)
        n = sum(1 for _ in self.damaged.glob(f"{folder.name}-*"))
        folder.rename(self.damaged / f"{folder.name}-{n + 1}")

    def _prepare(self) -> None:
        if self.catalogue.path.exists() and self.catalogue.broken():
            self._set_catalogue_aside()
        if self.catalogue.prepare():
            self._fill()
            return
        # a process that died between rename and index, or folders that people moved by hand
        known, on_disk = self.catalogue.ids(), {folder.name for folder in self._artifact_folders()}
        for name in sorted(on_disk - known):
            for commit in _commits(self.artifact_folder / name):
                self.catalogue.add(commit)
        gone = known - on_disk
        for name in sorted(gone & self._removed()) if gone else ():
            self.catalogue.drop(name)  # a removal that was killed after its rename
        if (aliases := self._aliases_on_disk()) != self.catalogue.aliases():
            for name in aliases.keys() | self.catalogue.aliases().keys():
                self.catalogue.set_alias(name, aliases.get(name))
        known_runs, run_folders = self.catalogue.run_ids(), {folder.name: folder for folder in self._run_folders()}
        for name in sorted(run_folders.keys() - known_runs):
            if (found := run.load(run_folders[name], self._run_changed)) is not None:
                self.catalogue.put_run(found.row())
        for name in known_runs - run_folders.keys():
            self.catalogue.drop_run(name)

    def _keep_reserve(self) -> None:
        """A file that is given up when the disk is full: SQLite needs room even to read, and ``gc`` must still work."""
        if not self._reserve.exists() and disk_usage(self.folder).free > 4 * RESERVE:
            with refusals(self.folder):
                write_whole(self._reserve, bytes(2**20))

    def _fill(self) -> None:
        self.catalogue.fill(self._contents)

    def _contents(self) -> Contents:
        commits = tuple(commit for folder in self._artifact_folders() for commit in _commits(folder))
        return Contents(commits, tuple(r.row() for r in self.runs()), self._aliases_on_disk())

    def _aliases_on_disk(self) -> dict[str, str]:
        last = {line["name"]: line["artifact"] for line in read_lines(self.alias_list) if "name" in line}
        return {name: artifact for name, artifact in last.items() if artifact is not None}

    def _set_catalogue_aside(self) -> None:
        self.catalogue.close()
        n = sum(1 for _ in self.folder.glob("catalogue.damaged-*.sqlite")) + 1
        target = self.folder / f"catalogue.damaged-{n}.sqlite"
        for suffix in ("", "-wal", "-shm"):
            path = Path(f"{self.catalogue.path}{suffix}")
            if path.exists():
                path.rename(f"{target}{suffix}")

    def _artifact_folders(self) -> list[Path]:
        return sorted(p for p in self.artifact_folder.iterdir() if p.is_dir())

    def _run_folders(self) -> list[Path]:
        if not self.run_folder.is_dir():
            return []
        return sorted(p for p in self.run_folder.iterdir() if (p / run.RECORD).is_file())

    def _removed(self) -> set[str]:
        return {line["id"] for line in read_lines(self.removed_list) if "id" in line}

    def _lost(self, present: set[str]) -> list[str]:
        return sorted(self.catalogue.ids() - present)

    def _run_changed(self, changed: Run) -> None:
        self.catalogue.put_run(changed.row())

    def _run_called(self, ref: str) -> Run | None:
        plain = ref.rstrip("/")
        plain = plain.rpartition("/")[2] if "runs/" in plain else plain
        for found in self.runs():  # newest first
            if plain in (found.id, found.name):
                return found
        return None

    def _note_alias(self, name: str, artifact_id: str | None) -> None:
        with refusals(self.home), lock.guard(self._locks / "aliases"):
            append_line(self.alias_list, {"name": name, "artifact": artifact_id, "at": now()}, durable=True)
            self.catalogue.set_alias(name, artifact_id)

    def _present(self, artifact: Artifact) -> Artifact:
        if not artifact.path.is_dir():
            raise LuthierError(
                f"{artifact.id} is gone from the disk",
                where=artifact.path,
                why="its folder was removed without Luthier",
                fix="luthier verify shows what else is missing; run the recipe again to make it anew",
            )
        return artifact

    def _unknown(self, ref: str) -> LuthierError:
        found = self.runs()
        known = {*self.catalogue.ids(), *self.aliases(), *(r.id for r in found), *(r.name for r in found)}
        if not known:
            return LuthierError(
                f"nothing here is called {ref!r}", where=self.home, why="this store is empty", fix="luthier quickstart"
            )
        short = "; a prefix needs four characters" if len(ref) < 4 else ""
        fix = did_you_mean(ref, known) + short
        return LuthierError(f"nothing here is called {ref!r}", where=self.home, fix=fix)


def _stands(artifact: Artifact) -> bool:
    """A quick look: every file is there, with its size (files of rows may have been erased in part)."""
    try:
        return all(
            (artifact.path / name).stat().st_size == entry.size or entry.rows is not None
            for name, entry in artifact.files.items()
        ) and (artifact.path / MANIFEST).is_file()
    except OSError:
        return False


def _commits(folder: Path) -> Iterator[Commit]:
    """Every time that an artifact's content was committed; nothing for a folder without a readable manifest."""
    try:
        artifact = read_artifact(folder)
    except LuthierError:
        return
    yield Commit(artifact, artifact.key, artifact.created)
    for line in read_lines(folder / COMMITS):
        if line.get("key"):
            yield Commit(artifact, str(line["key"]), str(line.get("at", artifact.created)))


def _file_name(key: str) -> str:
    return key if _PLAIN.match(key) else hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()

