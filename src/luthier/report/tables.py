"""Tables of facts: nested mappings as rows, or as a grid where many share the same last keys."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from luthier.report.figures import cut, esc

Path = tuple[str, ...]
MOST_COLUMNS = 10


def table(rows: Sequence[Sequence[Any]], head: Sequence[str] = ()) -> str:
    """Rows of text as HTML."""
    top = f"<thead><tr>{''.join(f'<th>{esc(h)}</th>' for h in head)}</tr></thead>" if head else ""
    body = "".join(f"<tr>{''.join(f'<td>{esc(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table class="facts">{top}<tbody>{body}</tbody></table></div>'


def facts(found: Mapping[str, Any]) -> str:
    """Nested facts: single ones as rows, families of them (three groups with keys in common) as a grid."""
    leaves = dict(_leaves(found, ()))
    groups: dict[Path, list[Path]] = {}
    for path in leaves:
        groups.setdefault(path[:-1], []).append(path)
    families: dict[int, list[Path]] = {}
    for before, paths in groups.items():
        if before and len(paths) > 1:
            families.setdefault(len(before), []).extend(paths)
    grids = {depth: paths for depth, paths in families.items() if len({p[:-1] for p in paths}) > 2}
    taken = {path for paths in grids.values() for path in paths}
    rows = [(_name(path), plain(value)) for path, value in leaves.items() if path not in taken]
    single = table(rows) if rows else ""
    return single + "".join(_grid({p: leaves[p] for p in paths}) for paths in grids.values())


def _grid(leaves: Mapping[Path, Any]) -> str:
    """Last keys as columns; where those are too many, the keys before them."""
    across = {path: (path[:-1], path[-1]) for path in leaves}
    if len({column for _, column in across.values()}) > MOST_COLUMNS:
        across = {path: ((*path[:-2], path[-1]), path[-2]) for path in leaves}
    columns = list(dict.fromkeys(column for _, column in across.values()))
    cells: dict[Path, dict[str, str]] = {}
    for path, (row, column) in across.items():
        cells.setdefault(row, {})[column] = plain(leaves[path])
    rows = [(_name(row), *(found.get(column, "") for column in columns)) for row, found in cells.items()]
    return table(rows, ("", *(column.replace("_", " ") for column in columns)))


def _leaves(found: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(found, Mapping):
        for key, inner in found.items():
            yield from _leaves(inner, (*path, str(key)))
    elif isinstance(found, (list, tuple)) and any(isinstance(x, (Mapping, list, tuple)) for x in found):
        for n, inner in enumerate(found, start=1):
            yield from _leaves(inner, (*path, str(n)))
    else:
        yield path, found


def _name(path: Path) -> str:
    return " · ".join(path).replace("_", " ")


def plain(found: Any) -> str:
    """A value in a table, short."""
    if isinstance(found, bool) or found is None:
        return {True: "yes", False: "no", None: ""}[found]
    if isinstance(found, int):
        return f"{found:,}"
    if isinstance(found, float):
        return f"{found:,.4g}".replace("-", "−") if math.isfinite(found) else "not scored"
    if isinstance(found, (list, tuple)):
        return cut(", ".join(plain(x) for x in found), 200)
    return cut(str(found), 400)
