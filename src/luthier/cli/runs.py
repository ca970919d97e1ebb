"""Verbs about runs: list and filter them, compare many, watch, stop, send to a tracker later."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from luthier.cli.terminal import JSON_OPTION, OPTIONS, Progress, columns, console, emit_json
from luthier.errors import UsageError

if TYPE_CHECKING:
    from luthier.store import Run

_RUN = typer.Argument(..., metavar="RUN", help="A run: its id, its name (the newest of it), or its folder.")


def add_to(app: typer.Typer) -> None:
    """Put these verbs on the command tree."""
    group = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
    group.callback()(runs)
    group.command()(compare)
    group.command()(watch)
    group.command()(stop)
    group.command()(send)
    app.add_typer(group, name="runs")


def runs(
    context: typer.Context,
    status: str | None = typer.Option(None, "--status", help="running, done, failed or interrupted."),
    verdict: str | None = typer.Option(None, "--verdict", help="PROMOTE, REJECT, INCONCLUSIVE or none."),
    base: str | None = typer.Option(None, "--base", help="Part of the base model's name."),
    method: str | None = typer.Option(None, "--method", help="A word of the method: dpo, lora."),
    since: str | None = typer.Option(None, "--since", metavar="TIME", help='2026-11-03, or an age such as "2 days".'),
    json: bool = JSON_OPTION,
) -> int:
    """Runs, newest first, with status, verdict and folder; compare, watch and stop them.

    Example: luthier runs --verdict promote --method lora --since "2 days"
    """
    if context.invoked_subcommand is not None:
        return 0
    from luthier.pipeline.runs import listed
    from luthier.store import Store

    store = Store.open()
    found = listed(store, status=status, verdict=verdict, base=base, method=method, since=since)
    if json:
        emit_json([row.to_dict() for row in found])
        return 0
    if not found:
        some = bool(store.runs())
        typer.echo("no run fits" if some else "no runs yet: luthier quickstart, or luthier tune DATA")
        return 0
    rows = [
        [r.run.id, r.run.status, r.verdict, r.base, r.method, r.run.started[:19], str(r.run.dir)] for r in found
    ]
    columns(rows, ("run", "status", "verdict", "base", "method", "started", "folder"))
    return 0


def compare(
    refs: list[str] = typer.Argument(..., metavar="RUN", help="Two runs or more."),
    page: Path | None = typer.Option(
        None, "--page", metavar="FILE", help="Where the page goes; left out, compare.html beside the runs."
    ),
    judge: str | None = typer.Option(
        None, "--judge", metavar="MODEL", help="Ask both of two runs the same prompts; this reward model scores."
    ),
    items: int = typer.Option(200, "--items", metavar="N", min=2, help="With --judge: at most so many prompts."),
    json: bool = JSON_OPTION,
) -> int:
    """Runs side by side: what was not the same, what came of it, and a page of curves that opens offline.

    Example: luthier runs compare tickets-1a2b tickets-3c4d tickets-5e6f --page lora-ranks.html
    Example: luthier runs compare rlhf-rl dpo --judge rlhf-judge    was RL worth it over DPO here?
    """
    from luthier.pipeline.runs import compare_runs
    from luthier.report.runs import runs_page
    from luthier.report.worth import sentence, worth_html, worth_table
    from luthier.store import Store

    store = Store.open()
    found, weighed = compare_runs(store, refs), None
    if judge is not None:
        from luthier.pipeline.worth import worth

        weighed = worth(store, refs, judge, items=items, progress=Progress())
    section = "" if weighed is None else worth_html(weighed.to_dict(), weighed.shown)
    path = page or store.run_folder / "compare.html"
    try:
        path.write_text(runs_page(found, section), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", where="--page") from error
    if json:
        told = {} if weighed is None else {"worth": {**weighed.to_dict(), "answer": sentence(weighed.to_dict())}}
        emit_json(found.to_dict() | told | {"page": str(path)})
        return 0
    from luthier.report.runs import differing_table, results_table

    screen = console()
    if weighed is not None:
        screen.print(f"{sentence(weighed.to_dict())}\n", markup=False)
        columns(*worth_table(weighed.to_dict()))
        screen.print()
    columns(*results_table(found))
    if found.differing:
        screen.print()
        columns(*differing_table(found))
    screen.print(f"\n  {found.same} other keys are the same in all of them\n  page     {path}", markup=False)
    return 0


def watch(ref: str = _RUN, json: bool = JSON_OPTION) -> int:
    """Follow a run until it ends; Ctrl-C stops watching, not the run. Exits as the run does.

    Example: luthier runs watch tickets-1a2b
    """
    from luthier.pipeline.headless import exit_code
    from luthier.pipeline.headless import watch as look
    from luthier.store import Store

    store = Store.open()
    run = store.run(ref)
    progress = Progress()
    progress.line("run", f"{run.id} · {run.status}")
    with progress.bar("train") as bar:
        for seen in look(lambda: store.run(run.id)):
            for label, text in seen.lines:
                progress.line(label, text)
            numbers = seen.numbers
            shown = [f"{name} {numbers[key]:.3f}" for name, key in (("loss", "loss"), ("val", "val")) if key in numbers]
            speed = f"{numbers['tokens_per_s']:,.0f} tok/s" if "tokens_per_s" in numbers else ""
            bar.update(seen.step, seen.steps, "  ".join([seen.stage, *shown, speed]).strip())
    run = store.run(run.id)
    _ended(run)
    return int(exit_code(run))


def stop(
    ref: str = _RUN,
    now: bool = typer.Option(False, "--now", help="End it at once; the last checkpoint stands."),
    json: bool = JSON_OPTION,
) -> int:
    """End a run at its next step, with a checkpoint; the same recipe goes on from there.

    Example: luthier runs stop tickets-1a2b
    """
    from luthier.pipeline.headless import stop as end
    from luthier.store import Store

    store = Store.open()
    run = store.run(ref)
    _ended(end(run, lambda: store.run(run.id), at_once=now))
    return 0


def send(ref: str = _RUN, json: bool = JSON_OPTION) -> int:
    """Send to the trackers of a run's recipe what they do not have yet: after a failure, or while one was away.

    Example: luthier runs send tickets-1a2b
    """
    from luthier.pipeline.headless import send as send_rest
    from luthier.store import Store

    store = Store.open()
    lines = send_rest(store.run(ref))
    if json:
        emit_json(lines)
    else:
        for name, text in lines.items():
            typer.echo(f"  {name:<12} {text}")
    return 0


def _ended(run: Run) -> None:
    """The last line about a run."""
    if OPTIONS.json:
        emit_json(run.to_dict())
        return
    verdict = f" · {run.facts['verdict']}" if run.facts.get("verdict") else ""
    error = f" · {run.facts['error']}" if run.status != "done" and run.facts.get("error") else ""
    typer.echo(f"{run.id} · {run.status}{verdict}{error}")
    report = run.dir / str(run.facts.get("report", "report.html"))
    if run.status == "done" and report.is_file():
        typer.echo(f"  report   {report}")
    elif run.status == "interrupted":
        typer.echo(f"  go on    luthier {shlex.join(run.command)}")
