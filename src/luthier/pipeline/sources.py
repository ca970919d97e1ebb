"""Names of artifacts where files of rows are expected: ``data.source: [rows.jsonl, tickets-augmented]``.

A file or folder of that name comes first; an artifact of kind ``augmented`` stands for its approved rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from luthier.errors import LuthierError
from luthier.rows import SourceFile
from luthier.store import Artifact, Run, Store

APPROVED = "approved.rows.jsonl"


def known_sources(store: Callable[[], Store], sources: Iterable[str], folder: Path) -> dict[str, SourceFile]:
    """The sources that are artifacts, as files of the store; it is opened only if some source is no file.

    Raises:
        LuthierError: a name is an artifact of another kind.
    """
    found: dict[str, SourceFile] = {}
    for source in sources:
        if source == "-" or any(sign in source for sign in "*?[/\\") or (folder / source).exists():
            continue
        try:
            artifact = store().resolve(source)
        except LuthierError:
            continue  # reading says that there is no such file
        found[source] = _file(artifact, source)
    return found


def _file(artifact: Artifact | Run, source: str) -> SourceFile:
    if isinstance(artifact, Run) or artifact.kind != "augmented":
        kind = "run" if isinstance(artifact, Run) else artifact.kind
        raise LuthierError(
            f"{source} is a {kind}, not rows to learn from", where="data.source",
            why="only artifacts of kind augmented hold rows to learn from",
            fix="name a file, or what luthier augment review filed",
        )  # fmt: skip
    return SourceFile(f"{artifact.id}/{APPROVED}", artifact.file(APPROVED), "json", artifact.id)
