"""``luthier data report``: a page, lines and JSON about rows. It prints; ``pipeline.survey`` looks."""

from __future__ import annotations

import shlex
from pathlib import Path

import typer

from luthier.cli.terminal import JSON_OPTION, Progress, console, emit_json


def report(
    data: list[str] = typer.Argument(..., metavar="DATA…|RECIPE", help="Files, folders or globs of rows, or a recipe."),
    out: Path = typer.Option(Path("data-report.html"), "--out", metavar="FILE", help="Where the page is written."),
    base: str | None = typer.Option(
        None, "--base", help="Measure rows in this base's tokens; left out, in words. A recipe has a base of its own."
    ),
    longest: int | None = typer.Option(
        None, "--max-length", min=1, metavar="TOKENS", help="Count rows longer than this; with --base (else nano's)."
    ),
    holes: Path | None = typer.Option(None, "--holes", metavar="FILE", help="Write what is missing as JSON, too."),
    scores: list[Path] = typer.Option(
        [], "--scores", metavar="FILE", help='What a model said of rows: JSON lines {"id": ROW, "value": NUMBER}.'
    ),
    embed: str | None = typer.Option(
        None, "--embed", metavar="FILE.py:FUNCTION", help="Group by these vectors (texts in, vectors out)."
    ),
    sample: int = typer.Option(50_000, "--sample", min=1, help="Study at most this many rows, drawn at random."),
    json: bool = JSON_OPTION,
) -> int:
    """What the rows are, cover and lack, and which to look at: one page that opens offline. Changes nothing.

    Example: luthier data report train.jsonl --base nano --max-length 512
    """
    from luthier.pipeline.survey import survey_target, write_holes, write_page
    from luthier.report.survey import survey_page
    from luthier.report.survey_words import summary

    account = survey_target(
        data, base=base, limit=longest, scores=scores, embed=embed, most=sample, progress=Progress()
    )  # fmt: skip
    write_page(out, survey_page(account, steer=_steering(data, holes)))
    if holes is not None:
        write_holes(holes, account)
    if json:
        emit_json({**account, "page": str(out)})
        return 0
    screen = console()
    for label, text in summary(account):
        screen.print(f"  {label:<14} {text}", markup=False)
    screen.print(f"  {'page':<14} {out}", markup=False)
    if holes is not None:
        screen.print(f"  {'fill holes':<14} {_steering(data, holes)}", markup=False)
    return 0


def _steering(data: list[str], holes: Path | None) -> str:
    """The commands that make rows for the holes."""
    first = [] if holes is not None else [f"luthier data report {shlex.join(data)} --holes holes.json"]
    seeds = shlex.quote(data[0])
    return "\n".join([*first, f"luthier augment run {seeds} --toward {shlex.quote(str(holes or 'holes.json'))}"])
