"""``luthier convert``: rows in one layout become rows in another, for another tool or for Luthier.

Nothing is lost unnoticed: what the layout cannot hold is named and refused unless the user lets it go, rows that are
wrong are written beside, and every row is read back and compared before it counts as written.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from luthier.data.funnel import quarantined
from luthier.data.load import convert, convert_judged, labels_of, layout_of, read_tables
from luthier.errors import LuthierError, UsageError, did_you_mean
from luthier.recipe.data import DataSpec, SplitSpec
from luthier.records import Example, Ranking
from luthier.rows import Finding, SourceFile, compares, pairs, write_jsonl
from luthier.rows.layouts import KINDS, TARGETS, Kind, Target, form_for, kind_of, read_back, same
from luthier.rows.parts import LOSABLE, PARTS, Row, parts_of, without
from luthier.rows.rules import OF_SETS
from luthier.rows.write import line_of, write_json

DESCRIPTION = "dataset_info.json"
RANKINGS = "rankings"
"""What may be lost beside the losable parts: rankings become all their pairs."""


@dataclass(frozen=True)
class Rewritten:
    """What was written where. ``lost`` counts rows a part was taken off, ``beside`` is the file of rows that are wrong.

    ``entry`` is what the other tool's configuration needs; ``entry_file`` where it was written, if it was.
    """

    out: str
    to: str
    kind: Kind
    read: int
    written: int
    set_aside: int
    lost: Mapping[str, int] = field(default_factory=dict)
    columns_left: tuple[str, ...] = ()
    beside: str | None = None
    entry: Mapping[str, Any] | None = None
    entry_file: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "out": self.out, "to": self.to, "kind": self.kind, "read": self.read, "written": self.written,
            "set_aside": self.set_aside, "lost": dict(self.lost), "columns_left": list(self.columns_left),
            "beside": self.beside, "entry": self.entry, "entry_file": self.entry_file,
        }  # fmt: skip

    def render(self) -> list[str]:
        """Lines for the terminal."""
        lines = [f"{self.written:,} rows ({KINDS[self.kind]}) written to {self.out} in the layout of {self.to}"]
        lines += [f"let go: {PARTS[part]} of {number:,} rows" for part, number in self.lost.items()]
        if self.columns_left:
            shown = ", ".join(self.columns_left[:8]) + (", …" if len(self.columns_left) > 8 else "")
            lines.append(f"not written: columns {shown} (--columns keeps them)")
        if self.set_aside:
            place = f", written to {self.beside}" if self.beside else ""
            lines.append(f"set aside: {self.set_aside:,} of {self.read:,} rows are wrong{place}")
        if self.entry is not None:
            lines.append(f"described in {self.entry_file}:" if self.entry_file else "for its configuration:")
            lines.append(json.dumps(self.entry, ensure_ascii=False, indent=2))
        return lines


def rewrite(
    sources: Sequence[str],
    out: str,
    to: str,
    *,
    lose: Sequence[str] = (),
    columns: bool = False,
    force: bool = False,
    spec: DataSpec | None = None,
    folder: Path | None = None,
    known: Mapping[str, SourceFile] | None = None,
) -> Rewritten:
    """Write the rows of the sources to ``out`` (.jsonl, .json, or ``-``) in the layout ``to``.

    Args:
        sources: files, folders, globs or ``-``.
        out: where to write.
        to: one of ``rows.layouts.TARGETS``.
        lose: parts that may be taken off rows that have them; ``rankings`` turns rankings into all their pairs.
        columns: write columns that are not part of the row's content too.
        force: replace a file that is there.
        spec: a recipe's data section, for its map, thread, filters and system message.
        folder: what relative sources are relative to.
        known: names of files of the store among the sources.

    Raises:
        UsageError: an unknown layout or part.
        LuthierError: rows cannot be read, or the layout cannot hold them; nothing is written then.
    """
    target = _target(to, lose)
    path = _output(out, sources, force, folder or Path.cwd())
    spec = (spec or DataSpec(source=tuple(sources))).model_copy(update={"split": SplitSpec()})
    rows, findings, read = _rows(sources, spec, target, folder or Path.cwd(), known)
    errors = [f for f in findings if f.severity == "error" and f.rule not in OF_SETS]
    if not rows:
        raise LuthierError(
            f"none of the {read:,} rows can be used",
            where=errors[0].origin,
            why=errors[0].message,
            fix=f"luthier check {' '.join(sources)}",
        )
    if RANKINGS in lose and "ranking" not in target.forms:
        rows = [pair for row in rows for pair in _pairs(row)]
    kinds = Counter(kind_of(row) for row in rows)
    _refuse_kinds(kinds, target)
    rows, lost = _lightened([target.prepare(row) for row in rows], target, set(lose))
    written = [_written(row, target, columns) for row in rows]

    kind = kinds.most_common(1)[0][0]
    entry: Mapping[str, Any] | None = None
    described: dict[str, Any] = {}
    beside: Path | None = None
    if target.entry is not None:
        entry = target.entry(kind, path.name if path else "rows.jsonl", {key for row in written for key in row})
    if target.name == "llamafactory" and path is not None and entry is not None:
        entry = {_stem(path): entry}
        described = {**_described(path, entry, force), **entry}
    if errors and path is not None:
        beside = path.with_name(f"{_stem(path)}.quarantine.jsonl")
        _refuse_existing(beside, force)
    # nothing has been written so far, so that a refusal leaves nothing behind
    _write(path, written)
    if beside is not None:
        write_jsonl(beside, map(quarantined, errors))
    if described and path is not None:
        write_json(path.with_name(DESCRIPTION), described)
    entry_file = str(path.with_name(DESCRIPTION)) if described and path is not None else None
    left = () if columns else tuple(dict.fromkeys(key for row in rows for key in row.meta))
    return Rewritten(
        out, to, kind, read, len(written), len(errors), lost, left, str(beside) if beside else None, entry, entry_file
    )


def _target(to: str, lose: Sequence[str]) -> Target:
    if to not in TARGETS:
        raise UsageError(f"unknown layout {to}", where="--to", fix=did_you_mean(to, TARGETS))
    for part in lose:
        if part not in (*LOSABLE, RANKINGS):
            what = f"{PARTS[part]} cannot be taken off a row" if part in PARTS else f"unknown part {part}"
            raise UsageError(what, where=f"--lose {part}", fix=did_you_mean(part, (*LOSABLE, RANKINGS)))
    return TARGETS[to]


def _output(out: str, sources: Sequence[str], force: bool, folder: Path) -> Path | None:
    if out == "-":
        return None
    path = Path(out).expanduser()
    if path.suffix not in (".jsonl", ".json") or path.is_dir():
        fix = "give a file that ends in .jsonl or .json, or - for standard output"
        raise UsageError(f"rows cannot be written to {out}", where=out, fix=fix)
    if any((folder / source).resolve() == path.resolve() for source in sources):
        raise LuthierError("the output would replace the source", where=out, fix="write to another file")
    _refuse_existing(path, force)
    return path


def _refuse_existing(path: Path, force: bool) -> None:
    if path.exists() and not force:
        raise LuthierError("there is a file already", where=path, fix="choose another name, or --force replaces it")


def _stem(path: Path) -> str:
    return path.name.partition(".")[0]


def _rows(
    sources: Sequence[str], spec: DataSpec, target: Target, folder: Path, known: Mapping[str, SourceFile] | None
) -> tuple[list[Row], list[Finding], int]:
    tables = read_tables(sources, spec, folder=folder, known=known, supervised=False)
    chats = [table for table in tables if not compares(layout_of(table.file, table.shape, spec))]
    judged = convert_judged([table for table in tables if compares(layout_of(table.file, table.shape, spec))], spec)
    # a layout with labels of its own needs no system message that names them
    labels = () if "labelled" in target.forms else labels_of(chats)
    loaded = convert(chats, spec, labels=labels)
    rows: list[Row] = [*loaded.examples, *judged.examples]
    return rows, [*loaded.findings, *judged.findings], loaded.rows + judged.rows


def _pairs(row: Row) -> list[Row]:
    """The pairs of a ranking, without their weights; another row as it is."""
    return [without(pair, {"row_weights"}) for pair in pairs(row)] if isinstance(row, Ranking) else [row]


def _refuse_kinds(kinds: Mapping[Kind, int], target: Target) -> None:
    """Refuse rows of a kind that the layout does not have, and rows of several kinds in one file."""
    unknown = [kind for kind in kinds if form_for(target, kind) is None]
    if unknown:
        able = [name for name, other in TARGETS.items() if all(form_for(other, kind) for kind in kinds)]
        fix = f"--to {' or '.join(able)}" if able else "convert files of different kinds one by one"
        if unknown == ["ranking"] and "pair" in target.forms:
            fix = f"--lose {RANKINGS} writes every pair of a ranking, or {fix}"
        raise LuthierError(
            f"{target.name} has no form for {' and '.join(KINDS[kind] for kind in unknown)}", where="--to", fix=fix
        )
    mixed = set(kinds) - {"labelled"}
    if len(mixed) > 1 and not (target.name == "messages" and mixed == {"chat", "text"}):
        told = ", ".join(f"{number:,} {KINDS[kind]}" for kind, number in kinds.items())
        why = "one file holds rows of one kind"
        raise LuthierError(f"the rows are of several kinds: {told}", why=why, fix="convert the files one by one")


def _lightened(rows: Sequence[Row], target: Target, lose: set[str]) -> tuple[list[Row], dict[str, int]]:
    """The rows without the parts that may be lost.

    Raises:
        LuthierError: rows have parts that the layout does not hold and that nobody gave up.
    """
    light: list[Row] = []
    lost: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    first: Row | None = None
    for row in rows:
        form = form_for(target, kind_of(row))
        assert form is not None
        unheld = parts_of(row) - form.holds
        if unheld - lose:
            kept.update(unheld - lose)
            first = first or row
            continue
        lost.update(unheld)
        light.append(without(row, unheld) if unheld else row)
    if first is None:
        return light, dict(lost)
    told = ", ".join(f"{PARTS[part]} ({number:,} rows)" for part, number in kept.most_common())
    able = [name for name, other in TARGETS.items() if _holds(other, rows)]
    fixes = [f"--to {' or '.join(able)}"] if able else []
    if set(kept) <= LOSABLE:
        fixes.append(f"let them go: {' '.join(f'--lose {part}' for part in sorted(kept))}")
    refused = len(rows) - len(light)
    raise LuthierError(
        f"{target.name} cannot hold {refused:,} of the {len(rows):,} rows",
        where=first.origin or "",
        why=f"it would lose {told}",
        fix="; or ".join(fixes) or "leave those rows out",
        details={"parts": dict(kept)},
    )


def _holds(target: Target, rows: Iterable[Row]) -> bool:
    forms = {kind: form_for(target, kind) for kind in KINDS}
    return all((form := forms[kind_of(row)]) is not None and parts_of(row) <= form.holds for row in rows)


def _written(row: Row, target: Target, columns: bool) -> dict[str, Any]:
    """The row in the layout.

    Raises:
        LuthierError: it would not come back as the same row, or a column of the row has a name that the layout uses.
    """
    form = form_for(target, kind_of(row))
    assert form is not None
    written = form.write(row)
    back = read_back(written, form)
    label = row.label if isinstance(row, Example) and target.forms.get("labelled") else None
    if not same(row, back) or (label is not None and getattr(back, "label", None) != label):
        raise LuthierError(
            f"a row would come back from {target.name} as another one",
            where=row.origin or "",
            why="its text holds what that layout reads as a mark of its own, or white space that it takes off",
            fix="--to messages holds every row",
        )
    clash = sorted(set(row.meta) & set(written)) if columns else []
    if clash:
        why = f"{target.name} has a field of that name"
        raise LuthierError(f"the column {clash[0]} cannot be kept", where=row.origin or "", why=why, fix="rename it")
    return {**written, **row.meta} if columns else written


def _described(path: Path, entry: Mapping[str, Any], force: bool) -> dict[str, Any]:
    """What the dataset_info.json beside the rows holds already.

    Raises:
        LuthierError: it is broken, or describes other rows under the same name.
    """
    name, file = _stem(path), path.with_name(DESCRIPTION)
    known: dict[str, Any] = {}
    if file.exists():
        try:
            known = json.loads(file.read_bytes())
        except ValueError:
            known = {"": None}
        if not isinstance(known, dict) or "" in known:
            raise LuthierError(f"{DESCRIPTION} is not a JSON object", where=file, fix="mend it or move it away")
        if known.get(name, entry[name]) != entry[name] and not force:
            fix = "choose another name for the output, or --force replaces the entry"
            raise LuthierError(f"{DESCRIPTION} describes another {name} already", where=file, fix=fix)
    return known


def _write(path: Path | None, rows: Sequence[Mapping[str, Any]]) -> None:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    if path is None:
        for row in rows:
            sys.stdout.buffer.write(line_of(row) + b"\n")
        sys.stdout.buffer.flush()
    elif path.suffix == ".json":
        write_json(path, rows)
    else:
        write_jsonl(path, rows)
