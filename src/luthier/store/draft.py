"""A draft: a folder to write into that becomes an artifact, whole, or leaves nothing.

Commit hashes and flushes every file, writes the manifest last, and renames the folder to its place; a crash before the
rename leaves a draft that ``gc`` clears. Two processes that commit the same content end with one artifact.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError
from luthier.store import process, rowfile
from luthier.store.artifact import (
    COMMITS,
    MANIFEST,
    Artifact,
    FileEntry,
    digest_of,
    id_of,
    read_artifact,
    render_manifest,
    safe_name,
    uri_digest,
)
from luthier.store.disk import append_line, as_refusal, canonical, flush, refusals, require_space, sha256
from luthier.store.run import Run, now

if TYPE_CHECKING:
    from luthier.store.store import Store

_KIND = re.compile(r"^[a-z][a-z0-9_]{1,30}$")


class Draft:
    """Made by ``store.draft(kind)``; write into ``path``, then ``commit``. Use it as a context manager."""

    def __init__(self, store: Store, kind: str, *, expect_bytes: int = 0) -> None:
        if not _KIND.match(kind):
            raise ValueError(f"a kind is lower-case letters, digits and _, got {kind!r}")
        self._store = store
        self.kind = kind
        self.path = store.drafts / f"{process.current().token}.{secrets.token_hex(4)}"
        with refusals(store.drafts):
            store.drafts.mkdir(parents=True, exist_ok=True)
            require_space(store.drafts, expect_bytes)
            self.path.mkdir()

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        refusal = None if error is None or isinstance(error, LuthierError) else as_refusal(error, self.path.parent)
        if refusal is not None:
            raise refusal from error

    def commit(
        self,
        parents: Iterable[str | Artifact] = (),
        key: str | None = None,
        meta: Mapping[str, Any] | None = None,
        run: Run | str | None = None,
        rows: Sequence[str] | Mapping[str, str] = (),
        facts: Mapping[str, Any] | None = None,
    ) -> Artifact:
        """Make what was written an artifact of the store.

        Args:
            parents: artifacts it was made from, or URIs ``source:name#sha256=…``, ``base:name#sha256=…``; at least one.
            key: the stage key under which it may be reused.
            meta: JSON facts that belong to the content (no time, path or machine); part of the digest.
            run: the run that made it (``run.attach`` says under which stage; it is the caller's to call).
            rows: files of JSON lines with private rows, erasable by id; a mapping names the key of the id if not "id".
            facts: JSON facts outside the digest (seconds, device …).

        Raises:
            LuthierError: nothing was written, an unknown parent, no parent, a file that escapes, disk full.
        """
        refs, digests = self._parents(parents)
        id_keys = dict(rows) if isinstance(rows, Mapping) else dict.fromkeys(rows, "id")
        try:
            with refusals(self._store.drafts):
                files = self._files(id_keys)
                clean_meta = json.loads(canonical(dict(meta or {})))
                digest = digest_of(self.kind, files, digests, clean_meta)
                artifact = Artifact(
                    id=id_of(self.kind, digest),
                    kind=self.kind,
                    digest=digest,
                    path=self._store.artifact_folder / id_of(self.kind, digest),
                    parents=refs,
                    parent_digests=digests,
                    meta=clean_meta,
                    key=key,
                    created=now(),
                    size=sum(entry.size for entry in files.values()),
                    run=run.id if isinstance(run, Run) else run,
                    files=files,
                    facts=json.loads(canonical(dict(facts or {}))),
                )
                with self._store.changing(shared=True):
                    erased = self._store.erased()
                    for name in id_keys if erased else ():  # what was erased does not come back with a new artifact
                        rowfile.blank(self.path / name, rowfile.lines_with(self.path / name, erased))
                    standing = self._publish(artifact)
        except BaseException:
            shutil.rmtree(self.path, ignore_errors=True)
            raise
        self._store.register(standing, key=key)
        return standing

    def _parents(self, parents: Iterable[str | Artifact]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        found: dict[str, str] = {}
        for parent in parents:
            ref = parent.id if isinstance(parent, Artifact) else parent
            digest = uri_digest(ref)
            if digest is None:
                if "#" in ref:
                    fix = "write it as source:NAME#sha256=HEX or base:NAME#sha256=HEX"
                    raise LuthierError(f"a parent is written wrongly: {ref}", fix=fix)
                artifact = self._store.get(ref)
                ref, digest = artifact.id, artifact.digest
            found[ref] = digest
        if not found:
            why = "every result must be traceable to what it was made from"
            raise LuthierError(f"this {self.kind} names no parent", why=why, fix="name an artifact or a source")
        refs = tuple(sorted(found))
        return refs, tuple(found[ref] for ref in refs)

    def _files(self, id_keys: Mapping[str, str]) -> dict[str, FileEntry]:
        """Hash and flush everything in the draft."""
        names = []
        for root, folders, inside in os.walk(self.path):
            for name in (*folders, *inside):
                path = Path(root) / name
                relative = path.relative_to(self.path).as_posix()
                if path.is_symlink() or (name in inside and not path.is_file()) or not safe_name(relative):
                    raise LuthierError(f"an artifact holds plain files only, not {relative!r}", where=self.path)
                if name in inside:
                    names.append(relative)
        missing = [name for name in id_keys if name not in names]
        if missing or not names:
            raise LuthierError(f"nothing was written to {', '.join(missing) or 'this draft'}", where=self.path)
        files = {}
        for name in sorted(names):
            path = self.path / name
            size = path.stat().st_size
            if name in id_keys:
                hashes = rowfile.write_hashes(path, id_key=id_keys[name])
                files[name] = FileEntry(hashes.root, size, hashes.rows, id_keys[name])
            else:
                if name.endswith(rowfile.SUFFIX) and name.removesuffix(rowfile.SUFFIX) in id_keys:
                    raise LuthierError(f"{name} is a reserved name", where=self.path)
                files[name] = FileEntry(sha256(path), size)
            flush(path)
        return files

    def _publish(self, artifact: Artifact) -> Artifact:
        """Manifest, rename; or, where the same content stands already, that."""
        manifest = self.path / MANIFEST
        with manifest.open("wb") as file:
            file.write(render_manifest(artifact))
            file.flush()
            os.fsync(file.fileno())
        for root, _, _ in os.walk(self.path, topdown=False):
            flush(Path(root))
        artifact.path.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(3):
            try:
                self.path.rename(artifact.path)
                flush(artifact.path.parent)
                return artifact
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            standing = _sound(artifact, self._store.problems_of)
            if standing is not None:
                shutil.rmtree(self.path, ignore_errors=True)
                record = {"key": artifact.key, "run": artifact.run, "at": artifact.created}
                append_line(standing.path / COMMITS, record, durable=True)
                return standing
            self._store.set_aside(artifact.path)
        raise LuthierError(f"{artifact.id} cannot be put in its place", where=artifact.path)


def _sound(artifact: Artifact, problems_of: Callable[[Path], Iterable[object]]) -> Artifact | None:
    """The artifact that stands in this one's place, if it is the same content and whole."""
    try:
        standing = read_artifact(artifact.path)
    except LuthierError:
        return None
    whole = standing.digest == artifact.digest and not any(True for _ in problems_of(artifact.path))
    return standing if whole else None
