"""Verbs about rows and single stages: check, convert, data, train, export, eval."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from luthier.cli.terminal import JSON_OPTION, OPTIONS, SET_OPTION, Progress, colour, console, emit_json

_LAYOUTS = (
    "messages, trl, openai, llamafactory, axolotl, sharegpt, alpaca, prompt_completion, classification, text, "
    "transcript."
)
_RECIPE = typer.Argument(..., metavar="RECIPE", help="A recipe file.")


def add_to(app: typer.Typer) -> None:
    """Put these verbs on the command tree."""
    app.command()(check)
    app.command()(convert)
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
    base: str = typer.Option("nano", "--base", help="Whose chat template the mask is shown with (DATA only)."),
    limit: int = typer.Option(20, "--limit", min=1, help="Print at most this many findings."),
    json: bool = JSON_OPTION,
) -> int:
    """Validate every row: file, line, field, what is wrong, how to mend it. Exit 1 if anything is wrong.

    Example: luthier check tickets.jsonl --show-mask
    """
    from luthier.pipeline.inspect import check_target, mask_lines

    report = check_target(target)
    masks = mask_lines(target, base, rows=3) if show_mask else []
    if json:
        emit_json({**report.to_dict(), "masks": masks})
        return 1 if report.errors else 0
    screen = console()
    screen.print("\n".join(report.render(limit)), markup=False)
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


def convert(
    source: str = typer.Argument(..., metavar="SOURCE", help="Rows (file, folder, glob, -), or a recipe for them."),
    out: str = typer.Argument(..., metavar="OUT", help="A new .jsonl or .json file, or - for standard output."),
    to: str = typer.Option(..., "--to", metavar="LAYOUT", help=_LAYOUTS),
    lose: list[str] = typer.Option(
        [], "--lose", metavar="PART", help="A part that may go when the layout cannot hold it; repeatable."
    ),
    columns: bool = typer.Option(False, "--columns", help="Keep the other columns of the rows, too."),
    force: bool = typer.Option(False, "--force", help="Replace OUT if it is there."),
    json: bool = JSON_OPTION,
) -> int:
    """Write rows in another tool's layout; what it cannot hold is named, and every row is read back and compared.

    Example: luthier convert chats.jsonl data/chats.jsonl --to llamafactory
    """
    from luthier.pipeline.inspect import convert_target

    made = convert_target(source, out, to, lose=lose, columns=columns, force=force)
    if json and out != "-":
        emit_json(made.to_dict())
    for line in () if json else made.render():
        typer.echo(line, err=out == "-")
    return 0
