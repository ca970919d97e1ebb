"""Verbs below ``luthier eval`` about who judges: ask and votes (people), judges (what models' verdicts are worth)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from luthier.cli.terminal import JSON_OPTION, console, emit_json


def ask(
    candidate: str = typer.Argument(..., metavar="CANDIDATE", help="A run, or a model that a run made."),
    output: Path = typer.Option(Path("tasks"), "--output", "-o", help="The folder for the tasks."),
    items: int = typer.Option(100, "--items", min=1, help="Test items to ask about, drawn at random."),
    marks: bool = typer.Option(False, "--marks", help="One answer at a time, to be marked from 1 to 5."),
    seed: int = typer.Option(0, "--seed", help="Of the draw and of which answer stands left."),
    json: bool = JSON_OPTION,
) -> int:
    """Blind tasks for people: what ships beside the base, side by side, in a table that spreadsheets open.

    Which answer is whose stands in a key in the store, not in the folder.

    Example: luthier eval ask quickstart -o tasks --items 60
    """
    from luthier.pipeline.people import ask_people
    from luthier.store import Store

    made = ask_people(Store.open(), candidate, output, marks=marks, most=items, seed=seed)
    if json:
        emit_json(made.to_dict())
        return 0
    equal = f"; {made.equal:,} pairs of equal answers are ties and not shown" if made.equal else ""
    typer.echo(f"{made.tasks:,} tasks in {made.path}{equal}")
    typer.echo(f"  key   {made.key}, in the store")
    typer.echo("  next  everybody fills in a copy named after them, then: luthier eval votes anna.csv ben.csv")
    return 0


def votes(
    tables: list[Path] = typer.Argument(..., metavar="TABLE…", help="Filled-in tables, one per person."),
    output: Path | None = typer.Option(None, "--output", "-o", help="Where the pairs with their votes go (JSONL)."),
    json: bool = JSON_OPTION,
) -> int:
    """Read what people said into the ledger of the run they judged; luthier gate reads it from then on.

    Example: luthier eval votes tasks/anna.csv tasks/ben.csv
    """
    from luthier.pipeline.people import count_votes
    from luthier.report.terminal import verdict_lines
    from luthier.store import Store

    done = count_votes(Store.open(), tables, output)
    if json:
        emit_json(done.to_dict())
        return 0
    found = done.agreement
    typer.echo(f"{found['judged']:,} of {found['tasks']:,} tasks judged by {found['people']:,} people")
    if found["alpha"] is not None:
        shared = f"on {found['shared']:,} tasks that several judged"
        typer.echo(f"  agreement  Krippendorff's alpha {found['alpha']:.2f} {shared}")
    for line in done.verdict.results:
        if line.metric == "people":
            low, high = f"{line.low:+.1f}", f"{line.high:+.1f}"
            typer.echo(f"  people     {line.candidate:.1f}%, {line.delta:+.1f} [{low}, {high}] points, n={line.n:,}")
    typer.echo(f"  ledger     {done.ledger}")
    if done.votes is not None:
        typer.echo(f"  votes      {done.votes}   (evaluate.target: {{kind: judge, people: {done.votes.name}, …}})")
    console().print("\n".join(verdict_lines(done.verdict)), markup=False)
    return 0


def judges(
    target: str = typer.Argument(..., metavar="RUN|VOTES", help="A run with a judge, or a file of votes (JSONL)."),
    judge: list[str] = typer.Option([], "--judge", metavar="NAME", help="A voter of the file who is a model."),
    output: Path | None = typer.Option(None, "--output", "-o", metavar="FILE", help="Also write the page (HTML)."),
    json: bool = JSON_OPTION,
) -> int:
    """What judges are worth: agreement with people beyond chance, pull of position and length, win rates put right.

    Example: luthier eval judges quickstart -o judges.html
    Example: luthier eval judges votes.jsonl --judge gpt --judge our-7b
    """
    from luthier.pipeline.reliability import judges_of
    from luthier.report.judges import judge_lines, judges_page

    found: list[dict[str, Any]] = judges_of(target, judge)
    if output is not None:
        from luthier.errors import UsageError

        try:
            output.write_text(judges_page(found, Path(target).name), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{output} cannot be written: {error.strerror}", where="--output") from error
    if json:
        emit_json(found)
    else:
        for one in found:
            typer.echo("\n".join(judge_lines(one)))
    return 0
