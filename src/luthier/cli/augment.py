"""Verbs that make rows with a model and let people decide about them: augment run, label, review, status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from luthier.cli.terminal import JSON_OPTION, OPTIONS, SET_OPTION, Progress, console, emit_json, plain
from luthier.errors import UsageError

if TYPE_CHECKING:
    from luthier.pipeline.augment import Done

_NAME = typer.Option(None, "--name", help="Name of the queue; default the recipe's name, or the file's.")
_MINUTES = typer.Option(None, "--minutes", min=0.0, help="Stop after this time; the same command goes on.")
_QUEUE = typer.Argument(None, metavar="[NAME]", help="A queue; left out, the only one.")
_ENGINE_HELP = "a run, model, folder, hub id, nano, http://HOST/v1#MODEL, or ./file.py:function"


def add_to(app: typer.Typer) -> None:
    """Put these verbs on the command tree."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    for verb in (run, label, review, status):
        group.command()(verb)
    app.add_typer(group, name="augment", help="New rows from a model, kept apart until a person approves them.")


def run(
    target: str = typer.Argument(..., metavar="SEEDS|RECIPE", help="Rows to start from, or a recipe."),
    engine: str | None = typer.Option(None, "--engine", help=f"Who writes: {_ENGINE_HELP}."),
    rows: int | None = typer.Option(None, "--rows", min=1, help="New rows wanted (augment.rows)."),
    toward: str | None = typer.Option(
        None, "--toward", metavar="COVERAGE.json", help="Write what its holes miss, as many as they miss."
    ),
    minutes: float | None = _MINUTES,
    name: str | None = _NAME,
    overrides: list[str] = SET_OPTION,
    json: bool = JSON_OPTION,
) -> int:
    """New rows from seeds: Self-Instruct, and operators that make rows harder, other or reworded. All wait for review.

    Stopped at any moment, the same command goes on. A model on another machine needs its host in privacy.egress.

    Example: luthier augment run seeds.jsonl --engine quickstart --rows 50
    Example: luthier augment run seeds.jsonl --toward coverage.json
    """
    from luthier.pipeline.augment import run_augment
    from luthier.store import Store

    done = run_augment(
        Store.open(), target, engine=engine, rows=rows, minutes=minutes, name=name, overrides=overrides,
        progress=Progress(), toward=toward,
    )  # fmt: skip
    return _told(done)


def label(
    target: str = typer.Argument(..., metavar="ROWS|RECIPE", help="Rows without answers (answers are not shown)."),
    teacher: str | None = typer.Option(None, "--teacher", help=f"Who answers: {_ENGINE_HELP}."),
    samples: int | None = typer.Option(None, "--samples", min=1, help="Answers per row; more show disagreement."),
    minutes: float | None = _MINUTES,
    name: str | None = _NAME,
    overrides: list[str] = SET_OPTION,
    json: bool = JSON_OPTION,
) -> int:
    """A larger model answers your rows. Rows on which its samples disagree come first in the review.

    Example: luthier augment label questions.jsonl --teacher http://127.0.0.1:8000/v1#big-model --samples 3
    """
    from luthier.pipeline.augment import label_rows
    from luthier.store import Store

    done = label_rows(
        Store.open(), target, teacher=teacher, samples=samples, minutes=minutes, name=name, overrides=overrides,
        progress=Progress(),
    )  # fmt: skip
    return _told(done)


def review(
    name: str | None = _QUEUE,
    decisions: Path | None = typer.Option(
        None, "--decisions", metavar="FILE", help='Decisions as JSONL: {"row": ID, "do": "approve"} …'
    ),
    limit: int | None = typer.Option(None, "--limit", min=1, help="Look at (or list) at most this many rows."),
    json: bool = JSON_OPTION,
) -> int:
    """Approve, reject or edit rows, one by one; approved rows are filed as NAME-augmented, a source for recipes.

    With --json and no --decisions, the waiting rows are listed. Each decision is saved at once.

    Example: luthier augment review seeds
    Example: luthier augment review seeds --decisions mine.jsonl
    """
    from luthier.cli.review import look_through
    from luthier.pipeline.augment import alias_of, decide, finish, folder_of
    from luthier.pipeline.augment import review as hold
    from luthier.store import Store

    store = Store.open()
    name, _ = folder_of(store, name)
    with hold(store, name) as queue:
        if decisions is not None:
            decide(queue, decisions)
        elif json:
            waiting = queue.waiting()[:limit]
            emit_json({"name": name, "queue": queue.counts(), "waiting": waiting})
            return 0
        else:
            look_through(queue, limit)
        artifact = finish(store, queue, name)
        counts = queue.counts()
    source = None if artifact is None else alias_of(name)
    if json:
        found = None if artifact is None else artifact.id
        emit_json({"name": name, "queue": counts, "artifact": found, "source": source})
        return 0
    typer.echo(_queue_line(counts))
    if artifact is not None:
        typer.echo(f"  filed as {artifact.id}; to train on it: data.source: [YOUR_FILE, {source}]")
    return 0


def status(name: str | None = _QUEUE, json: bool = JSON_OPTION) -> int:
    """What an augmentation has made so far: kept and dropped with reasons, topics, cost, the queue.

    Example: luthier augment status seeds --json
    """
    from luthier.pipeline.augment import queues
    from luthier.pipeline.augment import status as look
    from luthier.store import Store

    store = Store.open()
    names = [name] if name else queues(store)
    if not names:
        raise UsageError("there is no queue yet", fix="luthier augment run SEEDS")
    found = [look(store, one) for one in names]
    if json:
        emit_json(found[0] if name else found)
        return 0
    for one in found:
        typer.echo(f"{one['name']}{'  (running)' if one['running'] else ''}")
        typer.echo(_queue_line(one["queue"]))
        _figures(one["figures"])
        if one["source"]:
            typer.echo(f"  source    {one['source']}")
    return 0


def _told(done: Done) -> int:
    if OPTIONS.json:
        emit_json(done.to_dict())
        return 0
    endings = {
        "done": "all that was wanted",
        "stopped": "stopped by the clock; the same command goes on",
        "exhausted": "the model finds no new task any more: try a larger model, or more seeds",
        "collapse": "stopped: new tasks are getting alike",
    }
    typer.echo(f"{done.name}: {endings[done.worked.reason]} ({done.seconds:.1f} s)")
    _figures(done.worked.figures.to_dict())
    if done.worked.figures.collapse is not None:
        typer.echo(f"  variety   {done.worked.figures.collapse.render()}")
    typer.echo(_queue_line(done.counts))
    if done.artifact is not None:
        typer.echo(f"  filed     {done.passed:,} rows passed without a person: {done.artifact.id}")
    if done.counts["waiting"]:
        typer.echo(f"  next      luthier augment review {done.name}")
    return 0


def _queue_line(counts: dict[str, int]) -> str:
    edited = f" ({counts['edited']} edited)" if counts["edited"] else ""
    return (
        f"  queue     {counts['waiting']:,} rows wait, {counts['approved']:,} approved{edited}, "
        f"{counts['rejected']:,} rejected"
    )


def _figures(figures: dict) -> None:  # type: ignore[type-arg]
    from luthier.augment.filters import RULES
    from luthier.augment.label import RULES as LABEL_RULES

    share = "" if figures["acceptance"] is None else f" = {figures['acceptance']:.1%}"
    typer.echo(f"  kept      {figures['kept']:,} of {figures['judged']:,}{share}; {figures['rows']:,} rows")
    for rule, count in figures["reasons"].items():
        console().print(f"    {count:>6,}  {rule:<24} {(RULES | LABEL_RULES)[rule]}", markup=False)
    for hole in figures.get("holes", ()):
        state = {"filled": "filled", "given up": "given up: the model cannot write it", "open": "open"}[hole["state"]]
        alike = "; COLLAPSE: its tasks are getting alike" if hole["alike"] else ""
        rate = f"{hole['rate']:.0%}, {hole['tasks']:,} tasks of {hole['asked']:,} requests"
        rows = f"{hole['rows']:,} of {hole['need']:,} rows"
        typer.echo(f"  hole      {plain(hole['name'])}: {rows} ({rate}), {state}{alike}")
    topics = figures["topics"]
    if topics["of"]:
        most = sorted(topics["counts"].items(), key=lambda item: -item[1])
        shown = ", ".join(f"{topic} {count}" for topic, count in most[:6] if count)
        typer.echo(f"  topics    {topics['reached']} of {topics['of']} reached{': ' + shown if shown else ''}")
    cost = figures["cost"]
    typer.echo(
        f"  cost      {cost['requests']:,} requests, {cost['prompt_tokens']:,} tokens read, "
        f"{cost['completion_tokens']:,} written"
    )
