"""Rows of a data set on the hub: ``hub:OWNER/NAME``, with ``@REVISION`` and ``:FILES`` if you like.

The files are fetched as they are and read like any others; code of a data set is neither fetched nor run. Several
splits or subsets are never mixed unnoticed: then FILES must say which, e.g. ``hub:openai/gsm8k:main/train-*``.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

from luthier.errors import LuthierError
from luthier.models.hub import Repository, file_names, snapshot
from luthier.rows import SourceFile
from luthier.rows.files import KINDS, PACKED, kind_of

PREFIX = "hub:"
_WRITTEN = re.compile(r"hub:(?P<name>[^@:\s]+)(@(?P<revision>[^:\s]+))?(:(?P<files>.+))?")
_SPLIT = re.compile(r"(?:^|[/_.-])(train|test|validation|valid|val|dev|eval)(?=[/_.-])", re.IGNORECASE)
_NO_ROWS = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")
_ROWS = [f"*{suffix}{packed}" for suffix in KINDS for packed in ("", *PACKED)]


def is_hub(source: str) -> bool:
    """Whether a source names a data set of the hub."""
    return source.startswith(PREFIX)


def fetch(source: str) -> list[SourceFile]:
    """The files of a data set, fetched if need be; each is named with the commit it belongs to.

    Raises:
        LuthierError: the source is not written as above, holds several splits, or cannot be fetched.
    """
    match = _WRITTEN.fullmatch(source)
    if match is None or "/" not in match["name"]:
        fix = "write hub:OWNER/NAME, hub:OWNER/NAME@REVISION or hub:OWNER/NAME:train-*.parquet"
        raise LuthierError(f"not a data set of the hub: {source}", where="data.source", fix=fix)
    repository = Repository("dataset", match["name"], match["revision"], where="data.source")
    wanted = [match["files"]] if match["files"] else _ROWS
    known = file_names(repository)
    if known is not None:  # before anything large is fetched
        _choose(source, repository.name, known, wanted)
    folder, commit = snapshot(repository, wanted, unwanted=[f"*{name}" for name in _NO_ROWS], whole="*")
    there = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    chosen = _choose(source, repository.name, list(there), wanted)
    return [_file(repository.name, commit, name, there[name]) for name in chosen]


def _file(repository: str, commit: str, name: str, path: Path) -> SourceFile:
    kind = kind_of(path)
    assert kind is not None
    return SourceFile(f"{PREFIX}{repository}@{commit[:12]}/{name}", path, kind)


def _is_rows(name: str) -> bool:
    path = Path(name)
    return kind_of(path) is not None and path.name not in _NO_ROWS and not any(p.startswith(".") for p in path.parts)


def _choose(source: str, name: str, files: list[str], wanted: list[str]) -> list[str]:
    """The files of rows that fit; refused when there are none, or when they are of several splits or subsets."""
    all_rows = [file for file in files if _is_rows(file)]
    chosen = [file for file in all_rows if any(fnmatch(file, pattern) for pattern in wanted)]
    if not chosen:
        shown = ", ".join(all_rows[:4]) or "none that hold rows"
        why = f"its files: {shown}{', …' if len(all_rows) > 4 else ''}"
        fix = "name files that are there"
        raise LuthierError(f"no files of rows in {source}", where="data.source", why=why, fix=fix)
    splits = [_SPLIT.search(file) for file in chosen]
    kinds = {match[1].lower() if match else "" for match in splits}
    if len(kinds) > 1 or len({Path(file).parent for file in chosen}) > 1:
        first = next((file for file in chosen if "train" in file.lower()), chosen[0])
        raise LuthierError(
            f"{source} holds several splits or subsets: {', '.join(chosen[:4])}{', …' if len(chosen) > 4 else ''}",
            where="data.source",
            why="mixing them would train on what is meant for testing",
            fix=f"say which files, e.g. hub:{name}:{_pattern(first)}",
        )
    return chosen


def _pattern(file: str) -> str:
    """A pattern for a file and its sister shards: train-00000-of-00002.parquet -> train-*.parquet."""
    return re.sub(r"-\d{5}-of-\d{5}", "-*", file)
