"""Which files a source names: a file, a folder, a glob, or ``-`` for standard input.

The order is fixed (sorted by path), and each file carries the name that findings will show. Nothing is opened here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from luthier.errors import LuthierError

Kind = Literal["json", "csv", "tsv", "parquet", "stdin"]
KINDS: dict[str, Kind] = {
    ".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv", ".tsv": "tsv", ".parquet": "parquet",
}  # fmt: skip
_PACKED = (".gz", ".zst")
_READABLE = "JSONL (plain, .gz, .zst), JSON, CSV, TSV, Parquet"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read. ``name`` is what people see; ``path`` is None for standard input.

    ``artifact`` is the id of the artifact that the file belongs to; its rows are examples as Luthier writes them.
    """

    name: str
    path: Path | None
    kind: Kind
    artifact: str | None = None


def expand(
    sources: Iterable[str], *, folder: Path, known: Mapping[str, SourceFile] | None = None
) -> list[SourceFile]:
    """Every file that the sources name, each once, in a fixed order. Relative paths start at ``folder``.

    ``known`` are names that stand for files of the store (see ``pipeline.sources``); they are not looked for on disk.

    Raises:
        LuthierError: nothing is there, or it is of an unknown kind.
    """
    found: dict[str, SourceFile] = {}
    for source in sources:
        own = (known or {}).get(source)
        for file in [own] if own is not None else _expand_one(source, folder):
            found.setdefault(str(file.path or "-"), file)
    return list(found.values())


def _expand_one(source: str, folder: Path) -> list[SourceFile]:
    if source == "-":
        return [SourceFile("-", None, "stdin")]
    path = folder / Path(source).expanduser()
    try:
        if path.is_file():
            kind = kind_of(path)
            if kind is None:
                raise LuthierError(
                    f"unknown kind of file: {path.suffix or path.name}",
                    where=source,
                    why=f"rows are read from {_READABLE}",
                    fix="convert or rename it, e.g. to .jsonl",
                )
            return [SourceFile(_name(path, source, folder), path, kind)]
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if _is_data(p, path))
        elif any(sign in source for sign in "*?["):
            base = Path(path.anchor) if Path(source).is_absolute() else folder
            pattern = str(Path(source).expanduser().relative_to(base)) if base != folder else source
            inside = sorted(p for p in base.glob(pattern) if _is_data(p, base))
        else:
            raise LuthierError(f"no such file or folder: {source}", where=path, fix="check the path under data.source")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LuthierError(f"{source} cannot be read: {reason}", where=path) from None
    if not inside:
        what = "no data files in" if path.is_dir() else "nothing matches"
        raise LuthierError(f"{what} {source}", where=path, why=f"rows are read from {_READABLE}", fix="check the path")
    return [SourceFile(_name(p, str(p), folder), p, kind_of(p) or "json") for p in inside]


def kind_of(path: Path) -> Kind | None:
    """The layout that a file's name promises, or None."""
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    return KINDS.get(suffixes[-1]) if suffixes else None


def _is_data(path: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    return not hidden and kind_of(path) is not None and path.is_file()


def _name(path: Path, given: str, folder: Path) -> str:
    """Relative to the recipe's folder where it lies inside, so that rows carry no path of this machine."""
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return given
