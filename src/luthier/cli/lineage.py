"""Verbs about rows and where they went: diff, forget. They print; the work is in ``pipeline``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from luthier.cli.terminal import JSON_OPTION, console, emit_json, plain

if TYPE_CHECKING:
    from luthier.data.versions import Change
    from luthier.pipeline.diff import Diff

_LIMIT = typer.Option(20, "--limit", min=0, help="Print at most this many rows of a kind.")


def add_to(app: typer.Typer) -> None:
    """Put these verbs on the command tree."""
    app.command()(diff)


def diff(
    first: str = typer.Argument(..., metavar="A", help="A dataset, run or model, its folder, or a file of rows."),
    second: str = typer.Argument(..., metavar="B", help="Another one."),
    rows: bool = typer.Option(False, "--rows", help="Row by row."),
    limit: int = _LIMIT,
    json: bool = JSON_OPTION,
) -> int:
    """What differs between two versions of a dataset: rows added, removed, changed, moved, and what made them so.

    Example: luthier diff runs/tickets-1a2b runs/tickets-3c4d --rows
    """
    from luthier.pipeline.diff import diff_two
    from luthier.store import Store

    found = diff_two(Store.open(), first, second)
    if json:
        emit_json(found.to_dict(rows=rows))
        return 0
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
