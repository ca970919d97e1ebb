"""Which files the sources of a job are: on this machine, or fetched from the hub (``hub:OWNER/NAME``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from luthier.models import hub_rows
from luthier.rows import SourceFile, expand


def files_of(
    sources: Iterable[str], *, folder: Path, known: Mapping[str, SourceFile] | None = None
) -> list[SourceFile]:
    """Every file that the sources name, each once, in a fixed order. Relative paths start at ``folder``.

    ``known`` are names that stand for files of the store (see ``pipeline.sources``); they are not looked for on disk.

    Raises:
        LuthierError: nothing is there, it is of an unknown kind, or it cannot be fetched.
    """
    found: dict[str, SourceFile] = {}
    for source in sources:
        if known and source in known:
            files = [known[source]]
        else:
            files = hub_rows.fetch(source) if hub_rows.is_hub(source) else expand([source], folder=folder)
        for file in files:
            found.setdefault(str(file.path or "-"), file)
    return list(found.values())
