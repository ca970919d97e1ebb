"""Verbs about rows and single stages: check, convert, contamination, pack, data, data preview, data report, train,
export, eval. The verbs below eval are in ``judging``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from luthier.cli.data_report import report
from luthier.cli.judging import ask, judges, votes
from luthier.cli.terminal import JSON_OPTION, OPTIONS, SET_OPTION, Progress, colour, console, emit_json

if TYPE_CHECKING:
    from rich.text import Text

_LAYOUTS = (
    "messages, trl, openai, llamafactory, axolotl, sharegpt, alpaca, prompt_completion, classification, text, "
    "transcript."
)
_RECIPE = typer.Argument(..., metavar="RECIPE", help="A recipe file.")
_QUESTION = typer.Option(None, "--question", metavar="COLUMN", help="EVAL of unknown layout: the column asked.")
_ANSWER = typer.Option(None, "--answer", metavar="COLUMN", help="With --question: the column with the answer.")


def add_to(app: typer.Typer) -> None:
    """Put these verbs on the command tree."""
    app.command()(check)
    app.command()(convert)
    app.command()(contamination)
    app.command()(pack)
    group = typer.Typer(cls=StageGroup, no_args_is_help=True, rich_markup_mode=None)
    what = f"{_alone('validate, clean, de-duplicate, choose and split the rows')} Short: luthier data RECIPE."
    group.command(StageGroup.STAGE, help=what)(_stage("data"))
    group.command()(preview)
    group.command()(report)
    told = "The data stage alone (luthier data RECIPE), what it would take out, and reports about rows."
    app.add_typer(group, name="data", help=told)
    for stage, what in (
        ("train", "train (and the stages before it)"),
        ("export", "write and prove the adapter and the merged model"),
    ):
        app.command(stage, help=_alone(what))(_stage(stage))
    group = typer.Typer(cls=StageGroup, no_args_is_help=True, rich_markup_mode=None)
    what = f"{_alone('measure what ships beside the baselines.')} Short: luthier eval RECIPE."
    group.command(StageGroup.STAGE, help=what)(_stage("eval"))
    for verb in (ask, votes, judges):
        group.command()(verb)
    told = "The evaluation alone (luthier eval RECIPE), blind tasks for people, and what judges are worth."
    app.add_typer(group, name="eval", help=told)


def _alone(what: str) -> str:
    return f"One stage alone: {what}. What is done already is reused."


class StageGroup(TyperGroup):
    """Verbs about a stage; what is none of them is the recipe of the stage itself: ``luthier data job.yaml``."""

    STAGE = "stage"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, "--help", "-h"}:
            args = [self.STAGE, *args]
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed


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


def preview(
    target: str = typer.Argument(..., metavar="RECIPE|DATA", help="A recipe, or rows (then the base is nano)."),
    overrides: list[str] = SET_OPTION,
    limit: int = typer.Option(3, "--limit", min=0, help="Show at most this many rows a rule."),
    json: bool = JSON_OPTION,
) -> int:
    """What each rule would take out, with rows to look at; nothing is filed.

    Scores of models are kept, so that another limit costs no second reading.

    Example: luthier data preview job.yaml --set data.select.likelihood.max_ifd=0.95
    Example: luthier data preview rows.jsonl --set data.dedupe.semantic=0.95
    """
    from luthier.pipeline.preview import preview_data
    from luthier.store import Store

    found = preview_data(target, Store.open(), overrides, Progress())
    if json:
        emit_json(found.to_dict())
    else:
        console().print("\n".join(found.render(limit)), markup=False)
    return 0


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


def contamination(
    train: str = typer.Argument(..., metavar="TRAIN", help="Training rows: a file, folder or glob, or a dataset's id."),
    evaluation: str = typer.Argument(..., metavar="EVAL", help="Evaluation rows, or a pack of hashes (.pack)."),
    profile: str = typer.Option("luthier", "--profile", help="The rule that decides: luthier, gpt3, llama2, tulu3."),
    question: str | None = _QUESTION,
    answer: str | None = _ANSWER,
    limit: int = typer.Option(5, "--limit", min=0, max=10, help="Show at most this many items."),
    json: bool = JSON_OPTION,
) -> int:
    """Do evaluation items stand in the training rows? Exit 1 if the set is dirty, 0 if it is clean or suspect.

    Example: luthier contamination train.jsonl benchmark.pack --profile tulu3
    """
    from luthier.pipeline.contamination import check_contamination, dirty
    from luthier.report.contamination import summary, worst_lines
    from luthier.store import Store

    account = check_contamination(
        train, evaluation, store=Store.open(), profile=profile, question=question, answer=answer
    )
    if json:
        emit_json(account)
        return int(dirty(account))
    screen = console()
    for one in account["sets"]:
        for label, text in summary(one, account):
            screen.print(f"  {label:<14} {text}", markup=False)
        for what, unread in account["unread"].items():
            if unread:
                screen.print(f"  {'not read':<14} {unread:,} {what} rows (luthier check says why)", markup=False)
        for line in worst_lines(one, limit):
            screen.print(_marked(line) if colour(sys.stdout) else _bracketed(line), markup=False)
    return int(dirty(account))


def _marked(line: Sequence[tuple[str, bool]]) -> Text:
    from rich.text import Text

    return Text.assemble(*((text, "bold red" if shared else "") for text, shared in line))


def _bracketed(line: Sequence[tuple[str, bool]]) -> str:
    return "".join(f"[[{text}]]" if shared else text for text, shared in line)


def pack(
    evaluation: str = typer.Argument(..., metavar="EVAL", help="Evaluation rows: a file, folder or glob."),
    out: Path = typer.Argument(..., metavar="OUT", help="Where to write; the name ends in .pack."),
    name: str | None = typer.Option(None, "--name", help="What reports call it; default: the file's name."),
    licence: str = typer.Option("", "--licence", help="A note on the set's licence, kept in the pack."),
    question: str | None = _QUESTION,
    answer: str | None = _ANSWER,
    json: bool = JSON_OPTION,
) -> int:
    """An evaluation set as hashes, to check training rows against without sharing its text. No secret: see the docs.

    Example: luthier pack benchmark.jsonl benchmark.pack --licence MIT
    """
    from luthier.pipeline.contamination import make_pack
    from luthier.report.contamination import canaries_told

    made = make_pack(evaluation, out, name=name, licence=licence, question=question, answer=answer)
    if json:
        emit_json(made)
        return 0
    unread = f" ({made['unread']:,} rows could not be read)" if made["unread"] else ""
    typer.echo(f"  {made['items']:,} items{unread}, {made['bytes']:,} bytes, no text: {made['pack']}")
    typer.echo(f"  canaries {canaries_told(made['canaries'])}")
    typer.echo(f"  next: luthier contamination TRAIN {made['pack']}")
    return 0
