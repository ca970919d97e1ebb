"""Verbs about rows and single stages: check, data, train, export, eval."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from luthier.cli.terminal import JSON_OPTION, OPTIONS, SET_OPTION, Progress, colour, console, emit_json

_RECIPE = typer.Argument(..., metavar="RECIPE", help="A recipe file.")


def add_to(app: typer.Typer) -> None:
    """Put these verbs on the command tree."""
    app.command()(check)
    for stage, what in (
        ("data", "validate, clean, de-duplicate and split the rows"),
        ("train", "train (and the stages before it)"),
        ("export", "write and prove the adapter and the merged model"),
        ("eval", "measure what ships beside the baselines"),
    ):
        app.command(stage, help=f"One stage alone: {what}. What is done already is reused.")(_stage(stage))


def _stage(stage: str):  # type: ignore[no-untyped-def]
    def verb(recipe: Path = _RECIPE, overrides: list[str] = SET_OPTION, json: bool = JSON_OPTION) -> int:
        from luthier.pipeline.run import run_until
        from luthier.recipe import load_recipe
        from luthier.store import Store

        artifact = run_until(stage, load_recipe(recipe, overrides), Store.open(), Progress())
        if json:
            emit_json(
                {"stage": stage, "artifact": artifact.id, "path": str(artifact.path), "meta": dict(artifact.meta)}
            )
        else:
            typer.echo(f"\n  {stage:<9} {artifact.id}\n  {'at':<9} {artifact.path}")
        return 0

    return verb


def check(
    target: str = typer.Argument(..., metavar="RECIPE|DATA", help="A recipe, or a file, folder or glob of rows."),
    show_mask: bool = typer.Option(False, "--show-mask", help="Show which tokens of the first rows are trained."),
    render: bool = typer.Option(
        False, "--render", help="Render each row through the base's chat template too: slower, every row is tokenised."
    ),
    base: str = typer.Option("nano", "--base", help="Whose chat template that is (DATA only; a recipe has its own)."),
    diff: bool = typer.Option(False, "--diff", help="Show what --fix would mend, before and after."),
    fix: Path | None = typer.Option(
        None, "--fix", metavar="OUT.jsonl", help="Write the usable rows, mended, to a new file; the others beside it."
    ),
    limit: int = typer.Option(20, "--limit", min=1, help="Print at most this many findings."),
    json: bool = JSON_OPTION,
) -> int:
    """Validate every row: file, line, field, what is wrong, how to mend it. Exit 1 if anything is wrong.

    Example: luthier check tickets.jsonl --diff
    """
    from luthier.pipeline.inspect import check_target, mask_lines

    report = check_target(target, base if render else None, mend=diff, mend_to=fix)
    masks = mask_lines(target, base, rows=3) if show_mask else []
    if json:
        emit_json({**report.to_dict(), "masks": masks})
        return 1 if report.errors else 0
    screen = console()
    screen.print("\n".join(report.render(limit)), markup=False)
    if diff:
        screen.print("\n".join(["", *report.diff(limit)]), markup=False)
    if fix is not None:
        screen.print("\n".join(["", *report.wrote(fix)]), markup=False)
    for row in masks:
        screen.print(f"\n{row['origin']}  {row['trained']} of {row['tokens']} tokens trained", markup=False)
        if colour(sys.stdout):
            from rich.text import Text

            text = Text()
            for piece, trained in row["pieces"]:
                text.append(piece, style="bold green" if trained else "dim")
            screen.print(text)
        else:
            screen.print(
                "".join(f"[[{piece}]]" if trained else piece for piece, trained in row["pieces"]), markup=False
            )
    if OPTIONS.json is False and not report.errors:
        typer.echo("\nno row is wrong")
    return 1 if report.errors else 0
