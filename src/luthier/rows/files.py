"""Which files a source names: a file, a folder, a glob, or ``-`` for standard input.

A folder that Hugging Face's ``save_to_disk`` wrote gives its shards in their own order. Otherwise the order is by path.
Each file carries the name that findings will show. Rows are not read here, and nothing is fetched from anywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from luthier.errors import LuthierError

Kind = Literal["json", "csv", "tsv", "parquet", "arrow", "stdin"]
KINDS: dict[str, Kind] = {
    ".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv", ".tsv": "tsv", ".parquet": "parquet",
    ".arrow": "arrow",
}  # fmt: skip
PACKED = (".gz", ".zst")
_READABLE = "JSONL (plain, .gz, .zst), JSON, CSV, TSV, Parquet, Arrow"
_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_DESCRIPTIONS = ("dataset_info.json", "dataset_dict.json", "state.json")
"""What stands beside the rows of a saved data set and is none of them."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read. ``name`` is what people see; ``path`` is None for standard input.

    ``artifact`` is the id of the artifact that the file belongs to; its rows are examples as Luthier writes them.
    """

    name: str
    path: Path | None
    kind: Kind
    artifact: str | None = None


def expand(sources: Iterable[str], *, folder: Path) -> list[SourceFile]:
    """Every file that the sources name, each once, in a fixed order. Relative paths start at ``folder``.

    Raises:
        LuthierError: nothing is there, or it is of an unknown kind.
    """
    found: dict[str, SourceFile] = {}
    for source in sources:
        for file in _expand_one(source, folder):
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
        if path.is_dir() and (shards := _saved(path, source)):
            return [SourceFile(_name(p, str(p), folder), p, "arrow") for p in shards]
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if _is_data(p, path))
        elif any(sign in source for sign in "*?["):
            base = Path(path.anchor) if Path(source).is_absolute() else folder
            pattern = str(Path(source).expanduser().relative_to(base)) if base != folder else source
            inside = sorted(p for p in base.glob(pattern) if _is_data(p, base))
        else:
            raise _nowhere(source, path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LuthierError(f"{source} cannot be read: {reason}", where=path) from None
    if not inside:
        what = "no data files in" if path.is_dir() else "nothing matches"
        raise LuthierError(f"{what} {source}", where=path, why=f"rows are read from {_READABLE}", fix="check the path")
    return [SourceFile(_name(p, str(p), folder), p, kind_of(p) or "json") for p in inside]


def _nowhere(source: str, path: Path) -> LuthierError:
    """Nothing stands there: what the source may have meant, and how its rows get here."""
    what = f"no such file or folder: {source}"
    name = re.sub(r"^(hf://datasets/|hf://|https?://huggingface\.co/datasets/)", "", source).rstrip("/")
    if _HUB_ID.fullmatch(name) and kind_of(Path(name)) is None and not path.parent.is_dir():
        return LuthierError(what, where=path, fix=f"check the path; hub:{name} fetches a data set of the hub")
    if "://" in source:
        why = "rows are read from files on this machine"
        return LuthierError(what, where=source, why=why, fix="download it, then give the file")
    return LuthierError(what, where=path, fix="check the path under data.source")


def _saved(path: Path, source: str) -> list[Path]:
    """The shards of a folder that ``save_to_disk`` wrote, or none.

    Raises:
        LuthierError: it holds several splits (which one is meant?), or a shard is missing.
    """
    if (path / "dataset_dict.json").is_file():
        splits = _listed(path / "dataset_dict.json", "splits")
        if len(splits) != 1:
            raise LuthierError(
                f"{source} holds {len(splits)} splits: {', '.join(splits)}",
                where=path,
                why="mixing them would train on what is meant for testing",
                fix=f"name one of them: {Path(source) / (splits or ['train'])[0]} (and data.test for the test split)",
            )
        path = path / splits[0]
    if not ((path / "state.json").is_file() and (path / "dataset_info.json").is_file()):
        return []
    shards = [path / name for name in _listed(path / "state.json", "_data_files")]
    missing = [shard.name for shard in shards if not shard.is_file()]
    if missing or not shards:
        what = f"{missing[0]} is missing" if missing else "no shards are listed in state.json"
        raise LuthierError(f"{source} is not whole: {what}", where=path, fix="copy the whole folder again")
    return shards


def _listed(path: Path, key: str) -> list[str]:
    """File or split names from one of save_to_disk's descriptions; names that lead out of the folder are refused."""
    try:
        entries = json.loads(path.read_bytes())[key]
        names = [entry["filename"] if isinstance(entry, dict) else entry for entry in entries]
    except (ValueError, KeyError, TypeError):
        names = [""]
    if not all(isinstance(name, str) and name and Path(name).name == name for name in names):
        raise LuthierError(f"{path.name} is broken", where=path, why=f"it does not list {key}", fix="save it again")
    return names


def kind_of(path: Path) -> Kind | None:
    """The layout that a file's name promises, or None."""
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return KINDS.get(suffixes[-1]) if suffixes else None


def _is_data(path: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    described = path.name in _DESCRIPTIONS
    if path.name.endswith("quarantine.jsonl"):  # rows that were set aside come back only when they are named
        described = True
    if path.name == "state.json":  # rows of somebody's own may be called so
        described = (path.parent / "dataset_info.json").exists()
    return not hidden and not described and kind_of(path) is not None and path.is_file()


def _name(path: Path, given: str, folder: Path) -> str:
    """Relative to the recipe's folder where it lies inside, so that rows carry no path of this machine."""
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return given
