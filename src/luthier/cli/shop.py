"""Verbs about what was made: compare, why, verify, rm, gc, doctor."""

from __future__ import annotations

import typer

from luthier.cli.terminal import JSON_OPTION, emit_json
from luthier.errors import LuthierError


def add_to(app: typer.Typer) -> None:
    """Put these verbs on the command tree."""
    for verb in (compare, why, verify, rm, gc, doctor):
        app.command()(verb)


def compare(
    first: str = typer.Argument(..., metavar="A", help="A run, model or dataset."),
    second: str = typer.Argument(..., metavar="B", help="Another of the same kind."),
    json: bool = JSON_OPTION,
) -> int:
    """What differs between two runs, models or datasets: recipe, environment, results.

    Example: luthier compare quickstart-1a2b quickstart-3c4d
    """
    from luthier.pipeline.compare import compare_two
    from luthier.store import Store

    found = compare_two(Store.open(), first, second)
    if json:
        emit_json(found)
    else:
        width = max((len(str(row["key"])) for row in found["differences"]), default=0)
        for row in found["differences"]:
            typer.echo(f"  {row['key']:<{width}}  {row['a']}  →  {row['b']}")
        if not found["differences"]:
            typer.echo("no difference")
    return 0


def why(
    ref: str = typer.Argument(
        ..., metavar="ID", help="Any id that was printed: artifact, run, response, row; or FILE:LINE of a source."
    ),
    json: bool = JSON_OPTION,
) -> int:
    """Where something came from, back to the rows, and what was made from it; of a row that is gone: why.

    Example: luthier why chatcmpl-01f3…
    Example: luthier why tickets.jsonl:12
    """
    from luthier.store import Store

    lineage = Store.open().lineage(ref)
    if json:
        emit_json(lineage.to_dict())
    else:
        typer.echo("\n".join(lineage.render()))
    return 0


def verify(json: bool = JSON_OPTION) -> int:
    """Hash everything in the store again. Exit 1 if anything changed."""
    from luthier.store import Store

    store = Store.open()
    findings = store.verify()
    if json:
        emit_json([f.to_dict() for f in findings])
    elif findings:
        for finding in findings:
            typer.echo(f"  {finding.artifact}  {finding.file}: {finding.problem}")
    else:
        typer.echo(f"{len(store.artifacts())} artifacts, all as they were written")
    return 1 if findings else 0


def rm(
    ref: str = typer.Argument(..., metavar="ID", help="An artifact or a run."),
    force: bool = typer.Option(False, "--force", help="Remove even what others were made from."),
    json: bool = JSON_OPTION,
) -> int:
    """Remove an artifact or a run."""
    from luthier.store import Store

    freed = Store.open().remove(ref, force=force)
    emit_json(freed.to_dict()) if json else typer.echo(freed.render())
    return 0


def gc(
    dry_run: bool = typer.Option(False, "--dry-run", help="Only show what would go."),
    retention: str | None = typer.Option(
        None, "--retention", metavar="TIME", help='Erase removed rows older than this ("30 days") whatever recipes say.'
    ),
    json: bool = JSON_OPTION,
) -> int:
    """Give space back: drafts of dead processes, old scratch, artifacts that no run or alias needs.

    Rows that were removed or quarantined are erased when they are older than privacy.retention of their recipe.

    Example: luthier gc --dry-run --retention "30 days"
    """
    from luthier.store import Store

    freed = Store.open().gc(dry_run=dry_run, retention=retention)
    emit_json(freed.to_dict()) if json else typer.echo(freed.render())
    return 0


def doctor(json: bool = JSON_OPTION) -> int:
    """What is on this machine, what is missing, and the one command that mends it. Exit 1 if something is broken."""
    from luthier.pipeline.doctor import examine

    facts = examine()
    if json:
        emit_json([f.to_dict() for f in facts])
    else:
        marks = {"ok": "ok  ", "note": "note", "broken": "BAD "}
        for fact in facts:
            typer.echo(f"  {marks[fact.state]}  {fact.name:<14} {fact.text}")
            if fact.fix:
                typer.echo(f"        {'':<14} {fact.fix}")
    if any(f.state == "broken" for f in facts):
        if not json:
            raise LuthierError("something here must be mended first", where="luthier doctor", fix="see the lines above")
        return 1
    return 0
