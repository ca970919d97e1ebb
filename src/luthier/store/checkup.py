"""Hash the store again and say what is not as it was written. It changes nothing.

Found are changed, missing and added files, a changed manifest, a missing artifact or parent, unfinished erasures.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from luthier.errors import LuthierError
from luthier.store import rowfile
from luthier.store.artifact import COMMITS, MANIFEST, manifest_problem, read_artifact
from luthier.store.disk import sha256


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the store that is not as it was written. ``file`` is relative to the artifact's folder."""

    artifact: str
    file: str
    problem: str

    def to_dict(self) -> dict[str, str]:
        return asdict(self)


def check(
    folder: Path, erased: Collection[str], expired: Collection[tuple[str, str]] = frozenset()
) -> Iterator[Finding]:
    """What is wrong with the artifact in ``folder``. ``expired`` are (artifact, file) whose rows all had to go."""
    name = folder.name
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except OSError:
        yield Finding(name, MANIFEST, "missing")
        return
    problem = manifest_problem(manifest)
    if problem:
        yield Finding(name, MANIFEST, problem)
    try:
        artifact = read_artifact(folder)
    except LuthierError:
        return
    if artifact.id != name:
        yield Finding(name, MANIFEST, f"it belongs to {artifact.id}")
    expected = {MANIFEST, COMMITS}
    for file, entry in artifact.files.items():
        path = folder / file
        expected.add(file)
        if path.is_symlink() or not path.is_file():
            yield Finding(name, file, "missing")
        elif entry.rows is not None:
            expected.add(rowfile.hashes_of(Path(file)).as_posix())
            hashes = rowfile.RowHashes(entry.rows, entry.hash)
            gone = (name, file) in expired
            yield from (Finding(name, file, t) for t in rowfile.problems(path, hashes, erased, expired=gone))
        elif sha256(path) != entry.hash:
            yield Finding(name, file, "it has changed")
    yield from (Finding(name, file, "it was added") for file in _files(folder) if file not in expected)


def check_parents(folder: Path, present: Collection[str], removed: Collection[str]) -> Iterator[Finding]:
    """Parents that are neither here nor were removed on purpose."""
    try:
        artifact = read_artifact(folder)
    except LuthierError:
        return
    for ref in artifact.parents:
        if "#sha256=" not in ref and ref not in present and ref not in removed:
            yield Finding(artifact.id, MANIFEST, f"its parent {ref} is missing")


def _files(folder: Path) -> Iterator[str]:
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            yield (Path(root) / name).relative_to(folder).as_posix()
