"""The file that ``luthier check --fix`` writes: usable rows, mended, and the others beside it.

Both files are whole or absent. Lines that need no mending are copied byte for byte. The sources are never touched.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from luthier.data.funnel import quarantined
from luthier.data.scan import Seen
from luthier.errors import LuthierError
from luthier.rows import SourceFile
from luthier.rows.write import line_of


def beside(path: Path) -> Path:
    """Where the rows go that cannot be used."""
    return path.with_name(f"{path.name.removesuffix('.jsonl')}.quarantine.jsonl")


class MendedFile:
    """Takes what was seen, block by block; :meth:`commit` makes the files appear."""

    def __init__(self, path: Path, sources: Sequence[SourceFile]) -> None:
        if any(source.path is not None and path.resolve() == source.path.resolve() for source in sources):
            raise LuthierError(
                "the mended rows would replace their source", where=path, fix="give --fix the name of a new file"
            )
        if path.exists():
            raise LuthierError("the file exists already", where=path, fix="give --fix the name of a new file")
        if not path.name.endswith(".jsonl"):
            raise LuthierError("mended rows are written as JSON lines", where=path, fix=f"--fix {path.stem}.jsonl")
        self.path = path
        self.quarantine = beside(path)
        self._aside = [p.with_name(f".{p.name}.{os.getpid()}") for p in (self.path, self.quarantine)]
        self._counts = {"rows": 0, "quarantined": 0}
        try:
            self._good, self._bad = (aside.open("wb") for aside in self._aside)
        except OSError as error:
            self.close()
            raise LuthierError(f"{path.name} cannot be written: {error.strerror}", where=path.parent) from None

    def take(self, seen: Seen) -> None:
        """The next rows of the sources."""
        try:
            self._good.writelines(part for line in seen.good for part in (line, b"\n"))
            self._bad.writelines(line_of(quarantined(finding)) + b"\n" for finding in seen.bad)
        except OSError as error:
            raise LuthierError(
                f"{self.path.name} cannot be written: {error.strerror}", where=self.path.parent
            ) from None
        self._counts["rows"] += len(seen.good)
        self._counts["quarantined"] += len(seen.bad)

    def commit(self) -> dict[str, int]:
        """Make both files appear (the second only if it has rows) and tell how many rows each has."""
        for file in (self._good, self._bad):
            file.flush()
            os.fsync(file.fileno())
        if self._counts["quarantined"]:
            self._aside[1].replace(self.quarantine)
        self._aside[0].replace(self.path)
        return dict(self._counts)

    def close(self) -> None:
        """Leave nothing half-written behind."""
        for name in ("_good", "_bad"):
            if hasattr(self, name):
                getattr(self, name).close()
        for aside in self._aside:
            aside.unlink(missing_ok=True)
