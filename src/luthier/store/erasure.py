"""Erase rows by id: from every artifact, every report page and all scratch, so that ``verify`` stays green.

The id goes into the store's list of erased rows first (durably); then each file is replaced in one step. Stopped
half-way, ``verify`` names what is left and the same erasure goes on. Weights that learnt from a row cannot be blanked:
they are named as tainted. The user's own source files are not touched: their places are named.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from luthier.store import rowfile
from luthier.store.artifact import COMMITS, MANIFEST, Artifact
from luthier.store.disk import append_line, refusals, write_whole
from luthier.store.run import now

if TYPE_CHECKING:
    from luthier.store.store import Store

NOT_LEARNT = frozenset({"test", "removed", "rejected", "quarantine", "shown", "scores", "ledger"})
"""Row files of these names (up to the first dot) are not trained on: what was made from them is not tainted."""
_TEXT = {".json", ".jsonl", ".html", ".md", ".txt", ".csv", ".log", ".yaml"}


@dataclass(frozen=True, slots=True)
class Holder:
    """Rows of one file that were erased now: the artifact (or path) and lines, 1-based."""

    artifact: str
    file: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did and what remains for a person to do.

    ``tainted``: artifacts that were made from files that taught these rows (retrain them, or remove them).
    ``residue``: files that still name a row and are not erasable. ``sources``: where the rows were read from.
    ``not_found``: ids that no file held; they will be blanked should they ever come.
    """

    rows: tuple[str, ...]
    holders: tuple[Holder, ...]
    tainted: tuple[str, ...]
    pages: tuple[str, ...]
    scratch: tuple[str, ...]
    residue: tuple[str, ...]
    sources: tuple[str, ...]
    not_found: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "rows": list(self.rows),
            "holders": [{"artifact": h.artifact, "file": h.file, "lines": list(h.lines)} for h in self.holders],
            "tainted": list(self.tainted),
            "pages": list(self.pages),
            "scratch": list(self.scratch),
            "residue": list(self.residue),
            "sources": list(self.sources),
            "not_found": list(self.not_found),
        }

    def render(self) -> list[str]:
        """The same as lines of text."""
        lines = [f"erased {sum(len(h.lines) for h in self.holders)} lines of {len(self.rows)} rows"]
        lines += [f"  {h.artifact}  {h.file}: {len(h.lines)}" for h in self.holders]
        for title, names in (
            ("reports blanked", self.pages),
            ("scratch removed", self.scratch),
            ("learnt from them (retrain, or luthier rm)", self.tainted),
            ("still names them", self.residue),
            ("your own files hold them at", self.sources),
            ("held by no file", self.not_found),
        ):
            lines += [f"  {title}: {', '.join(names)}"] if names else []
        return lines


def marked(row_id: str, html: str) -> str:
    """Wrap a piece of a page that shows a row, so that erasing the row can blank it. Pieces may lie in each other."""
    return f"<!--row {_tag(row_id)}-->{html}<!--/row {_tag(row_id)}-->" if row_id else html


def _tag(row_id: str) -> str:
    return quote(row_id, safe="").replace("-", "%2D")  # two hyphens would end the comment


def erase(store: Store, ids: Sequence[str]) -> Erased:
    """Do it; see :class:`Erased`. Safe to repeat. Waits for commits that are in their last step.

    Raises:
        LuthierError: the disk refuses.
    """
    wanted = frozenset(ids)
    with refusals(store.home), store.changing():
        known = store.erased()
        for row_id in sorted(wanted - known):
            append_line(store.erased_list, {"id": row_id, "at": now()}, durable=True)
        holders: list[Holder] = []
        taught: list[str] = []
        sources: set[str] = set()
        seen: set[str] = set()
        for artifact in store.artifacts():
            for file, lines in _holding(artifact, wanted):
                seen.update(lines.values())
                gone = rowfile.blank(artifact.path / file, lines)
                if gone:
                    holders.append(Holder(artifact.id, file, tuple(lines)))
                sources.update(filter(None, map(_origin, gone)))
                if teaches(file):
                    taught.append(artifact.id)
        pages = tuple(str(p.relative_to(store.home)) for p in blank_pages(store.run_folder.glob("*/*.html"), wanted))
        scratch, busy = _clear_scratch(store, wanted)
        residue = (*_residue(store, wanted), *busy)
    tainted = sorted(set(descendants(store, taught)))
    return Erased(
        rows=tuple(sorted(wanted)),
        holders=tuple(holders),
        tainted=tuple(tainted),
        pages=pages,
        scratch=scratch,
        residue=residue,
        sources=tuple(sorted(sources)),
        not_found=tuple(sorted(wanted - seen)),
    )


def _holding(artifact: Artifact, ids: Collection[str]) -> Iterator[tuple[str, dict[int, str]]]:
    for file, entry in artifact.files.items():
        path = artifact.path / file
        if entry.rows is not None and path.is_file() and rowfile.hashes_of(path).is_file():
            lines = rowfile.lines_with(path, ids)
            if lines:
                yield file, lines


def _origin(row: dict[str, Any]) -> str | None:
    origin = row.get("origin")
    return f"{origin['file']}:{origin['line']}" if isinstance(origin, dict) and "file" in origin else None


def teaches(file: str) -> bool:
    """Whether rows of a file of this name are trained on (or choose the weights, as validation rows do)."""
    return file.rpartition("/")[2].partition(".")[0] not in NOT_LEARNT


def descendants(store: Store, ids: Collection[str]) -> Iterator[str]:
    """Everything that learnt from what these hold, parents first. Ledgers and reports learn nothing.

    A dataset made beside an older one (``data.split.previous``) answers for itself: if it took a row over, it holds it.
    """
    queue, seen = list(ids), set(ids)
    while queue:
        for child in store.catalogue.children(queue.pop(0)):
            artifact = store.catalogue.artifact(child)
            if child in seen or artifact is None:
                continue
            seen.add(child)
            if artifact.kind not in ("dataset", "augmented", "ledger", "report", "frontier"):
                queue.append(child)
                yield child


def blank_pages(pages: Iterable[Path], ids: Collection[str]) -> Iterator[Path]:
    """Blank the marked pieces of report pages that show one of these rows; gives the pages that held one."""
    tags = {_tag(row_id) for row_id in ids}
    for page in sorted(pages):
        text = before = page.read_text(encoding="utf-8")
        for name in sorted(tags.intersection(_SHOWN.findall(text))):
            one = re.escape(name)
            text = re.sub(f"<!--row {one}-->.*?<!--/row {one}-->", "<em>erased on request</em>", text, flags=re.DOTALL)
        if text != before:
            write_whole(page, text.encode("utf-8"))
            yield page


_SHOWN = re.compile(r"<!--row (\S+?)-->")


def _clear_scratch(store: Store, ids: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Remove scratch folders that name a row; those in use are given back as the second."""
    cleared, busy = [], []
    for folder in sorted(store.work_folder.iterdir()) if store.work_folder.is_dir() else ():
        if not any(_names(path, ids) for path in _texts(folder)):
            continue
        if store.is_locked(folder.name):
            busy.append(f"{folder.relative_to(store.home)} (in use)")
        else:
            shutil.rmtree(folder)
            cleared.append(str(folder.relative_to(store.home)))
    return tuple(cleared), tuple(busy)


def _residue(store: Store, ids: Collection[str]) -> Iterator[str]:
    for artifact in store.artifacts():
        rows = {file for file, entry in artifact.files.items() if entry.rows is not None}
        for path in _texts(artifact.path):
            name = path.relative_to(artifact.path).as_posix()
            if name not in rows and not name.endswith(rowfile.SUFFIX) and _names(path, ids):
                yield f"{artifact.id}/{name}"
    for path in _texts(store.run_folder):
        if _names(path, ids):
            yield str(path.relative_to(store.home))


def _texts(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(root) / name
            if path.suffix in _TEXT and name not in (MANIFEST, COMMITS):
                yield path


def _names(path: Path, ids: Collection[str]) -> bool:
    needles = [row_id.encode() for row_id in ids]
    with path.open("rb") as file:
        return any(any(needle in line for needle in needles) for line in file)
