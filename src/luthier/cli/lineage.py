"""Verbs about rows and where they went: diff, forget, prove. They print; the work is in ``pipeline``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from luthier.cli.terminal import JSON_OPTION, console, emit_json, plain

if TYPE_CHECKING:
    from luthier.data.versions import Change
    from luthier.pipeline.diff import Diff
    from luthier.pipeline.forget import Found, Held
    from luthier.pipeline.runs import Difference
    from luthier.store import Erased

_LIMIT = typer.Option(20, "--limit", min=0, help="Print at most this many rows of a kind.")


def add_to(app: typer.Typer) -> None:
    """Put these verbs on the command tree."""
    app.command()(diff)
    app.command()(forget)
    app.command()(prove)


def diff(
    first: str = typer.Argument(..., metavar="A", help="A dataset, run or model, its folder, or a file of rows."),
    second: str = typer.Argument(..., metavar="B", help="Another one."),
    rows: bool = typer.Option(False, "--rows", help="Row by row."),
    limit: int = _LIMIT,
    json: bool = JSON_OPTION,
) -> int:
    """What differs between two versions of a dataset: rows added, removed, changed, moved, and what made them so.

    Of two runs also every key of the recipe, the code, the environment and what came of them.

    Example: luthier diff runs/tickets-1a2b runs/tickets-3c4d --rows
    """
    from luthier.pipeline.diff import diff_two
    from luthier.pipeline.runs import difference, two_runs
    from luthier.store import Store

    store = Store.open()
    runs = two_runs(store, first, second)
    of_runs = None if runs is None else difference(store, *runs)
    if of_runs is not None and not all(run.made.get("data") for run in runs or ()):
        emit_json({"runs": of_runs.to_dict()}) if json else _print(_of_runs(of_runs))
        return 0
    found = diff_two(store, first, second)
    if json:
        emit_json(found.to_dict(rows=rows) | ({} if of_runs is None else {"runs": of_runs.to_dict()}))
        return 0
    if of_runs is not None:
        _print(_of_runs(of_runs))
    screen = console()
    for line in _summary(found):
        screen.print(line, markup=False)
    for kind in ("added", "removed", "changed", "moved") if rows else ():
        changes = [change for change in found.changes if change.kind == kind]
        for change in changes[:limit]:
            for line in _row(change):
                screen.print(line, markup=False)
        if len(changes) > limit:
            screen.print(f"  … {len(changes) - limit:,} more {kind} (--limit, or --json for all)", markup=False)
    return 0


def forget(
    email: list[str] = typer.Option([], "--email", metavar="ADDRESS", help="Rows with this address; repeatable."),
    text: list[str] = typer.Option([], "--text", metavar="WORDS", help="Rows with these words, in any case."),
    regex: list[str] = typer.Option([], "--regex", metavar="PATTERN", help="Rows that this expression fits."),
    field: list[str] = typer.Option([], "--field", metavar="NAME=VALUE", help="Rows with this value in this column."),
    row: list[str] = typer.Option([], "--row", metavar="ID", help="A row's id (or six letters of it), or file:line."),
    erase: bool = typer.Option(False, "--erase", help="Erase them from the store. Nothing brings them back."),
    many: bool = typer.Option(False, "--many", help="Erase though it looks like more than one person."),
    limit: int = _LIMIT,
    json: bool = JSON_OPTION,
) -> int:
    """Rows of a person: every dataset, run and model that they touched, and the commands to retrain without them.

    Without --erase it only looks. Your own files are never changed: the places to mend are named.

    Example: luthier forget --email ada@example.org
    Example: luthier forget --field customer=4711 --erase
    """
    from luthier.pipeline.forget import erase as erase_found
    from luthier.pipeline.forget import find
    from luthier.pipeline.person import Person
    from luthier.store import Store

    store = Store.open()
    found = find(store, Person(tuple(row), tuple(text), tuple(regex), tuple(email), tuple(field)))
    done = erase_found(store, found, many=many) if erase else None
    if json:
        emit_json(found.to_dict() | {"erased": None if done is None else done.to_dict()})
        return 0
    screen = console()
    for line in _found(found, limit, done):
        screen.print(plain(line), markup=False)
    return 0


def prove(
    row: str = typer.Argument(..., metavar="ROW", help="A row's id; or a file with a proof, to check it."),
    dataset: str | None = typer.Argument(None, metavar="[DATASET]", help="The dataset (or run) that holds the row."),
    out: Path | None = typer.Option(None, "--out", metavar="FILE", help="Write the proof here."),
    root: str | None = typer.Option(None, "--root", metavar="HEX", help="The root that a proof must lead to."),
    json: bool = JSON_OPTION,
) -> int:
    """Prove that a row is in a dataset, by its Merkle root, without showing another row; or check such a proof.

    Checking needs no store; with --root the proof must lead to the root that you were given. Exit 1 if it does not.

    Example: luthier prove 2c0b9ff08083ca77 tickets-1adf --out proof.json
    Example: luthier prove proof.json --root 5f0c…
    """
    from luthier.pipeline.proof import check_proof, prove_row

    if dataset is None:
        proof, problem = check_proof(Path(row), root)
        if json:
            emit_json({**proof.to_dict(), "holds": not problem, "problem": problem})
        else:
            told = f"row {proof.row} in {proof.artifact}: {problem or 'the proof holds'}\n  root  {proof.root}"
            typer.echo(plain(told))
        return 1 if problem else 0
    proof = prove_row(row, dataset, out)
    if json:
        emit_json(proof.to_dict())
    else:
        typer.echo(f"row {proof.row}: {proof.file}, line {proof.line} of {proof.artifact} ({proof.rows:,} rows)")
        typer.echo(f"  root  {proof.root}" + (f"\n  proof {out}" if out else ""))
    return 0


def _print(lines: list[str]) -> None:
    screen = console()
    for line in lines:
        screen.print(plain(line), markup=False)


def _of_runs(found: Difference) -> list[str]:
    """What differs between two runs, by group; the groups that are the same in one line."""
    from luthier.pipeline.runs import GROUPS

    same = [group for group in GROUPS if not found.of(group)]
    lines = [f"{found.a}  →  {found.b}"]
    for group in GROUPS:
        rows = found.of(group)
        width = max((len(key) for key, _, _ in rows), default=0)
        lines += [group, *(f"  {key:<{width}}  {a}  →  {b}" for key, a, b in rows)] if rows else []
    return [*lines, *([f"the same: {', '.join(same)}"] if same else []), ""]


def _found(found: Found, limit: int, done: Erased | None) -> list[str]:
    if not (found.rows or found.sources or found.scratch or found.learnt):
        unread = [f"  not searched: {name} ({why})" for name, why in found.unread.items()]
        return ["no row fits", *unread]
    told: dict[str, Held] = {}
    # first the places that tell by themselves: excerpts and scores only name the row
    for held in sorted(found.rows, key=lambda held: (held.line.reason is None, not held.line.text)):
        told.setdefault(held.line.id, held)
    lines = [f"rows {len(told):,}, places {len(found.rows):,}"]
    for name, held in list(told.items())[:limit]:
        lines.append(f"  {name}  {held.line.text}")
        lines.append(f"  {'':<16}  by {held.reason}")
    lines += [f"  … {len(told) - limit:,} more (--limit, or --json for all)"] if len(told) > limit else []
    lines += ["held by"] if found.holders or found.scratch else []
    for artifact, counts in found.holders.items():
        lines.append(f"  {artifact:<24}  " + ", ".join(f"{file} {count:,}" for file, count in counts.items()))
    lines += [f"  {'work':<24}  {name}" for name in found.scratch]
    named = {target: name for name, target in found.names.items()}
    parts: tuple[tuple[str, list[str]], ...] = (
        ("learnt from them", [a.id + (f"  (named {named[a.id]})" if a.id in named else "") for a in found.learnt]),
        ("runs", [run.id for run in found.runs]),
        ("in your own files (remove them there yourself)", list(found.sources)),
        ("not searched", [f"{name}: {why}" for name, why in found.unread.items()]),
        ("written by a model with one of them in view (look at them: luthier why ID)", list(found.near)),
    )
    for title, names in parts:
        lines += [title, *(f"  {name}" for name in names[:limit])] if names else []
        lines += [f"  … {len(names) - limit:,} more"] if len(names) > limit else []
    titles = {
        "erase": "to erase them here", "retrain": "to train again without them",
        "remove": "to remove what learnt from them (weights cannot forget)",
    }  # fmt: skip
    for purpose, commands in found.commands.items():
        if purpose != "erase" or done is None:
            lines += [titles[purpose], *(f"  {command}" for command in commands)]
    if done is not None:
        lines += ["", f"erased {sum(len(h.lines) for h in done.holders):,} lines; luthier verify stays green"]
        lines += [f"  what learnt from them: luthier forget --row {found.ids[0]}"] if found.ids and found.learnt else []
        lines += [f"  reports blanked: {', '.join(done.pages)}"] if done.pages else []
        lines += [f"  still names them: {', '.join(done.residue)}"] if done.residue else []
    return lines


def _summary(found: Diff) -> list[str]:
    told = found.to_dict()
    places = [p for p in ("train", "validation", "test", "rows", "gone") if any(p in told[s]["rows"] for s in "ab")]
    names = {side: f"{side.upper()}  {told[side]['id']}" for side in "ab"}
    width = max(map(len, names.values()))
    lines = [" " * width + "".join(f"{place:>12}" for place in places)]
    for side in "ab":
        counts = "".join(f"{told[side]['rows'].get(place, 0):>12,}" for place in places)
        as_what = told[side]["found_as"]
        lines.append(f"{names[side]:<{width}}{counts}" + (f"   {as_what}" if as_what != told[side]["id"] else ""))
    counts, keys = told["counts"], found.found.keys
    lines += ["", f"  same     {counts['same']:>8,}"]
    for kind in ("added", "removed", "changed", "moved"):
        lines.append(f"  {kind:<8} {counts[kind]:>8,}")
        lines += [f"    {r['rows']:>8,}  {plain(_reason(r, keys))}" for r in told["reasons"] if r["kind"] == kind]
    if keys:
        lines += ["", "  recipe keys that differ"]
        width = max(map(len, keys))
        lines += [f"    {key:<{width}}  {plain(_value(a))} → {plain(_value(b))}" for key, (a, b) in keys.items()]
    return lines


def _reason(reason: dict[str, Any], keys: Any) -> str:
    parts = [reason["way"]] if reason["way"] else []
    parts += [reason["reason"] + (f" ({reason['rule']})" if reason["rule"] else "")]
    if reason["keys"]:
        named = reason["keys"] if len(reason["keys"]) <= 3 else [*reason["keys"][:3], "…"]
        parts.append(" · ".join(f"{k} {_value(keys[k][0])} → {_value(keys[k][1])}" if k in keys else k for k in named))
    return ": ".join(parts[:2]) + (f" [{parts[-1]}]" if reason["keys"] else "")


def _row(change: Change) -> list[str]:
    told = change.to_dict()
    what = f" {', '.join(change.fields)}" if change.fields else ""
    head = f"{change.kind}{what}  {change.way}  {told['origin']}  {told['id']}"
    reason = change.reason + (f" ({change.rule})" if change.rule else "")
    detail = f": {change.detail}" if change.detail else ""
    return ["", plain(head), *([f"    {plain(told['text'])}"] if told["text"] else []), f"    {plain(reason + detail)}"]


def _value(value: Any) -> str:
    if value is None:
        return "–"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else text[:59] + "…"
