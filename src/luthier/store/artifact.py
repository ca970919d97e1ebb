"""An artifact: a folder of files that never changes, named by what is in it.

Its digest is the SHA-256 of canonical JSON over kind, file hashes, the parents' digests and meta. No time, path, key,
run or machine is in it: the same work gives the same id everywhere. Those facts stand in the manifest beside it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from luthier.errors import LuthierError, did_you_mean
from luthier.store.disk import canonical

MANIFEST = "manifest.json"
COMMITS = "commits.jsonl"
"""Later commits of the same content: a line with key, run and time each. Outside the digest, may be absent."""
FORMAT = 1
_URI = re.compile(r"^([a-z][a-z0-9_-]*):(.+)#sha256=([0-9a-f]{12,64})$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of an artifact. ``hash`` covers its bytes, or for a file of rows the list of row hashes.

    ``rows`` is the number of rows of an erasable file (None for others); ``size`` in bytes when it was written.
    """

    hash: str
    size: int
    rows: int | None = None
    id_key: str = "id"

    def to_dict(self) -> dict[str, Any]:
        if self.rows is None:
            return {"sha256": self.hash, "size": self.size}
        return {"row_hashes": self.hash, "rows": self.rows, "id_key": self.id_key, "size": self.size}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> FileEntry:
        if "rows" in data:
            return cls(data["row_hashes"], data["size"], data["rows"], data.get("id_key", "id"))
        return cls(data["sha256"], data["size"])

    @property
    def signature(self) -> str:
        """What goes into the artifact's digest."""
        return self.hash if self.rows is None else f"rows:{self.hash}"


@dataclass(frozen=True)
class Artifact:
    """An immutable result. ``parents`` are ids, or URIs with a hash for sources and bases; ``size`` in bytes."""

    id: str
    kind: str
    digest: str
    path: Path
    parents: tuple[str, ...]
    meta: Mapping[str, Any]
    key: str | None
    created: str
    size: int
    run: str | None = None
    files: Mapping[str, FileEntry] = field(default_factory=dict)
    parent_digests: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def file(self, name: str) -> Path:
        """The path of one of its files.

        Raises:
            LuthierError: it has no such file.
        """
        if name not in self.files:
            raise LuthierError(f"{self.id} has no file {name!r}", where=self.path, fix=did_you_mean(name, self.files))
        return self.path / name

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "digest": self.digest,
            "path": str(self.path),
            "parents": list(self.parents),
            "meta": dict(self.meta),
            "key": self.key,
            "run": self.run,
            "created": self.created,
            "size": self.size,
        }


def digest_of(kind: str, files: Mapping[str, FileEntry], parents: tuple[str, ...], meta: Mapping[str, Any]) -> str:
    """The content digest, 64 hex digits. ``parents`` are digests as :func:`parent_digest` gives them."""
    signatures = {name: entry.signature for name, entry in files.items()}
    body = {"kind": kind, "files": signatures, "parents": sorted(parents), "meta": meta}
    return hashlib.sha256(canonical(body).encode("utf-8", "surrogatepass")).hexdigest()


def id_of(kind: str, digest: str) -> str:
    """``adapter-3f2a91c0d4e5``: the kind and the first twelve digits."""
    return f"{kind}-{digest[:12]}"


def uri_digest(uri: str) -> str | None:
    """The part of a parent URI that counts (``source#sha256=…``, without the path), or None if it is not one."""
    found = _URI.match(uri)
    return f"{found[1]}#sha256={found[3]}" if found else None


def uri_title(uri: str) -> str:
    """A parent URI for people: ``source:train.jsonl  sha256 3f2a91c0d4e5``."""
    found = _URI.match(uri)
    return f"{found[1]}:{found[2]}  sha256 {found[3][:12]}" if found else uri


def manifest_of(artifact: Artifact) -> dict[str, Any]:
    """The manifest as JSON; :func:`from_manifest` reads it back."""
    return {
        "luthier": FORMAT,
        "id": artifact.id,
        "kind": artifact.kind,
        "digest": artifact.digest,
        "files": {name: artifact.files[name].to_dict() for name in sorted(artifact.files)},
        "parents": [
            {"ref": ref, "digest": digest}
            for ref, digest in zip(artifact.parents, artifact.parent_digests, strict=True)
        ],
        "meta": artifact.meta,
        "facts": {**artifact.facts, "created": artifact.created, "key": artifact.key, "run": artifact.run},
    }


def render_manifest(artifact: Artifact) -> bytes:
    """The manifest's bytes. One spelling, so that a changed byte is found even where it changes no value."""
    return _spell(manifest_of(artifact))


def _spell(body: Mapping[str, Any]) -> bytes:
    check = hashlib.sha256(canonical(body).encode("utf-8", "surrogatepass")).hexdigest()
    text = json.dumps({**body, "check": check}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return text.encode("utf-8", "surrogatepass")


def manifest_problem(data: bytes) -> str:
    """Why these bytes are not a manifest as it was written; empty if they are."""
    try:
        body = json.loads(data)
        body.pop("check")
        artifact = from_manifest(Path(), body)
    except (ValueError, KeyError, TypeError, AttributeError, LuthierError) as error:
        return f"it cannot be read ({type(error).__name__}: {error})"
    if _spell(body) != data:
        return "it has changed"
    digest = digest_of(artifact.kind, artifact.files, artifact.parent_digests, artifact.meta)
    return "" if digest == artifact.digest else "its digest does not cover what it lists"


def from_manifest(path: Path, body: Mapping[str, Any]) -> Artifact:
    """The artifact of a manifest's JSON that lies in ``path``.

    Raises:
        LuthierError: it was written by a newer Luthier.
        KeyError: a part is missing.
    """
    if body["luthier"] > FORMAT:
        raise LuthierError(
            f"{body['id']} was written by a newer Luthier", where=path, fix="pip install --upgrade luthier"
        )
    files = {name: FileEntry.from_dict(entry) for name, entry in body["files"].items()}
    facts = dict(body["facts"])
    return Artifact(
        id=body["id"],
        kind=body["kind"],
        digest=body["digest"],
        path=path,
        parents=tuple(p["ref"] for p in body["parents"]),
        parent_digests=tuple(p["digest"] for p in body["parents"]),
        meta=body["meta"],
        created=facts.pop("created"),
        key=facts.pop("key"),
        run=facts.pop("run"),
        facts=facts,
        files=files,
        size=sum(entry.size for entry in files.values()),
    )


def read_artifact(path: Path) -> Artifact:
    """Read the artifact that lies in a folder.

    Raises:
        LuthierError: the manifest is missing or cannot be read.
    """
    try:
        body = json.loads((path / MANIFEST).read_bytes())
        return from_manifest(path, body)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LuthierError(
            f"{path.name} has no readable manifest",
            where=path / MANIFEST,
            why=str(error),
            fix="luthier verify shows what changed; luthier rm removes it",
        ) from error


def safe_name(name: str) -> bool:
    """Whether a relative file name stays inside its folder and takes no reserved place."""
    pure = PurePosixPath(name)
    inside = not pure.is_absolute() and ".." not in pure.parts and pure.parts != () and "\\" not in name
    return inside and "\0" not in name and "\n" not in name and str(pure) == name and name not in (MANIFEST, COMMITS)
