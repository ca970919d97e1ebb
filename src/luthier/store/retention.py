"""Rows that are kept to look at only, and for how long: removed, quarantined and rejected ones.

``privacy.retention`` of a recipe counts from the making of the dataset. What is overdue becomes tombstones, file by
file: the store notes the file first (durably), then blanks it in one step, so that ``verify`` stays green and an
interrupted ``gc`` goes on. Rows that are trained or tested on are not touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from luthier.errors import UsageError
from luthier.store import erasure, rowfile
from luthier.store.artifact import Artifact
from luthier.store.disk import append_line
from luthier.store.run import now

if TYPE_CHECKING:
    from luthier.store.store import Store

KEPT_TO_LOOK_AT = frozenset({"removed", "quarantine", "shown", "scores", "rejected"})
"""Files of rows of these names (up to the first dot) have a retention."""
_TIME = re.compile(r"([1-9][0-9]{0,4}) (hour|day|week)s?")
_UNIT_S = {"hour": 3600, "day": 86400, "week": 7 * 86400}


@dataclass(frozen=True, slots=True)
class Overdue:
    """A file whose rows are past their retention."""

    artifact: str
    file: str
    path: Path
    reason: str


def seconds(text: str) -> int:
    """A time such as ``30 days``.

    Raises:
        UsageError: it is none.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no time", where="retention", fix='write "30 days", "12 hours" or "4 weeks"')
    return int(found[1]) * _UNIT_S[found[2]]


def overdue(store: Store, given: str | None = None) -> list[Overdue]:
    """Every file of rows to look at that is older than its retention and not blank yet.

    ``given`` counts for all; without it an artifact has the shortest retention of the runs whose dataset it is, or was
    made from.

    Raises:
        UsageError: ``given`` is no time.
    """
    limits = {} if given is not None else _limits(store)
    if given is not None:
        seconds(given)
    elif not limits:
        return []
    expired = store.expired()
    found: list[Overdue] = []
    for artifact in store.artifacts():
        limit = given or limits.get(artifact.id)
        if limit is None or age_s(artifact) < seconds(limit):
            continue
        whence = "--retention" if given else "privacy.retention"
        reason = f"rows to look at, older than {limit} ({whence})"
        found += [
            Overdue(artifact.id, file, artifact.path / file, reason)
            for file in _files(artifact)
            if (artifact.id, file) not in expired or not _blank(artifact.path / file)
        ]
    return found


def expire(store: Store, one: Overdue) -> int:
    """Blank a file and what report pages show of its rows; gives the bytes that went. The caller holds the lock."""
    before = one.path.stat().st_size
    if (one.artifact, one.file) not in store.expired():
        append_line(store.expired_list, {"artifact": one.artifact, "file": one.file, "at": now()}, durable=True)
    lines = rowfile.all_lines(one.path)
    rowfile.blank(one.path, lines)
    if not one.file.startswith(("shown", "scores")):  # these speak of rows that stay, too
        runs = [run.dir for run in store.runs() if one.artifact in {name for ids in run.made.values() for name in ids}]
        list(erasure.blank_pages((page for folder in runs for page in folder.glob("*.html")), set(lines.values())))
    return max(0, before - one.path.stat().st_size)


def _limits(store: Store) -> dict[str, str]:
    """Artifact -> its retention."""
    found: dict[str, str] = {}
    for run in store.runs():
        asked = run.recipe.get("privacy", {}).get("retention")
        if not asked:
            continue
        for name in run.made.get("data", ()):
            artifact = store.catalogue.artifact(name)
            for held in (name, *(artifact.parents if artifact is not None else ())):
                if held not in found or seconds(asked) < seconds(found[held]):
                    found[held] = asked
    return found


def _files(artifact: Artifact) -> Iterator[str]:
    for file, entry in artifact.files.items():
        if entry.rows and file.partition(".")[0] in KEPT_TO_LOOK_AT and (artifact.path / file).is_file():
            yield file


def _blank(path: Path) -> bool:
    """Whether every line is a tombstone: an interrupted run may have left some."""
    names = rowfile.all_lines(path)
    with path.open("rb") as file:
        return all(n not in names or line == rowfile.marker(names[n]) for n, line in enumerate(file, 1))


def age_s(artifact: Artifact) -> float:
    """How long ago it was made."""
    return (datetime.now(UTC) - datetime.fromisoformat(artifact.created)).total_seconds()
