"""Which files the sources of a job are: on this machine, or fetched from the hub (``hub:OWNER/NAME``)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from luthier.models import hub_rows
from luthier.rows import SourceFile, expand


def files_of(sources: Iterable[str], *, folder: Path) -> list[SourceFile]:
    """Every file that the sources name, each once, in a fixed order. Relative paths start at ``folder``.

    Raises:
        LuthierError: nothing is there, it is of an unknown kind, or it cannot be fetched.
    """
    found: dict[str, SourceFile] = {}
    for source in sources:
        files = hub_rows.fetch(source) if hub_rows.is_hub(source) else expand([source], folder=folder)
        for file in files:
            found.setdefault(str(file.path or "-"), file)
    return list(found.values())
