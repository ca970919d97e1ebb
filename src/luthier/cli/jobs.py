"""Verbs that run a job: quickstart, tune, init, import, plan, run, gate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from luthier.cli.terminal import JSON_OPTION, SET_OPTION, Progress, columns, console, emit_json
from luthier.errors import UsageError

if TYPE_CHECKING:
    from luthier.recipe import LoadedChain
    from luthier.store import Store

RECIPE = typer.Argument(..., metavar="RECIPE", help="A recipe file (luthier init writes one).")


def add_to(app: typer.Typer) -> None:
    """Put these verbs on the command tree."""
    app.command()(quickstart)
    app.command()(tune)
    app.command()(init)
    app.command("import")(import_)
    app.command()(plan)
    app.command()(run)
    app.command()(gate)


def quickstart(overrides: list[str] = SET_OPTION, json: bool = JSON_OPTION) -> int:
    """The whole way on the built-in base and data: check, train, compare, export, report. Minutes on a CPU.

    Example: luthier quickstart --set train.epochs=2
    """
    from luthier.pipeline.quickstart_job import recipe_path

    return _run(recipe_path(), overrides)


def tune(
    data: str = typer.Argument(..., metavar="DATA", help="A file, folder or glob of examples."),
    base: str | None = typer.Option(None, "--base", help="Base model: hub id, folder, or nano. Left out: proposed."),
    answer_column: str | None = typer.Option(None, "--answer-column", help="Tables: the column with the answer."),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask before a large download."),
    overrides: list[str] = SET_OPTION,
    json: bool = JSON_OPTION,
) -> int:
    """Look at the data, write a recipe, plan, run: one command.

    Example: luthier tune tickets.csv --base Qwen/Qwen3-0.6B
    """
    from luthier.pipeline.propose import write_recipe

    written = write_recipe([data], base=base, answer_column=answer_column)
    progress = Progress()
    for label, text in written.lines:
        progress.line(label, text)
    question = f"  {written.base} is {written.download_gb:.1f} GB to download, go on?"
    if written.download_gb >= 0.5 and not yes and not typer.confirm(question, default=True, err=True):
        raise UsageError("nothing was downloaded", where="--base", fix=f"choose another base, or edit {written.path}")
    return _run(written.path, overrides)


def init(
    data: str = typer.Argument(..., metavar="DATA", help="A file, folder or glob of examples."),
    base: str | None = typer.Option(None, "--base", help="Base model: hub id, folder, or nano. Left out: proposed."),
    answer_column: str | None = typer.Option(None, "--answer-column", help="Tables: the column with the answer."),
    output: Path | None = typer.Option(None, "--output", "-o", help="Where to write; default NAME.yaml here."),
    json: bool = JSON_OPTION,
) -> int:
    """Look at the data and write a recipe of about ten lines with the reason for each choice.

    Example: luthier init tickets.csv --base nano
    """
    from luthier.pipeline.propose import write_recipe

    written = write_recipe([data], base=base, answer_column=answer_column, output=output)
    if json:
        emit_json(written.to_dict())
        return 0
    progress = Progress()
    for label, text in written.lines:
        progress.line(label, text)
    typer.echo(f"\nwrote {written.path}\n  next: luthier plan {written.path}   luthier run {written.path}")
    return 0


def import_(
    file: Path = typer.Argument(..., metavar="FILE", help="YAML or JSON of LLaMA-Factory, axolotl or TRL."),
    output: Path | None = typer.Option(
        None, "--output", "-o", help="Where to write; default beside the file, NAME.luthier.yaml."
    ),
    overrides: list[str] = SET_OPTION,
    json: bool = JSON_OPTION,
) -> int:
    """A configuration of another trainer as a recipe: each value with its origin, each key without a counterpart named.

    Example: luthier import examples/train_lora/qwen3_lora_sft.yaml --output qwen3.yaml
    """
    from luthier.recipe.elsewhere import bring
    from luthier.report.imported import import_lines

    made = bring(file, output=output, overrides=overrides)
    made.write()
    if json:
        emit_json(made.to_dict())
        return 0
    console().print("\n".join(import_lines(made.to_dict())), markup=False)
    typer.echo(f"\nwrote {made.path}\n  next: luthier plan {made.path}   luthier run {made.path}")
    return 0


def plan(
    recipe: Path = RECIPE,
    explain: str | None = typer.Option(None, "--explain", metavar="KEY", help="Say what one key means."),
    device: str | None = typer.Option(
        None, "--device", metavar="NAME", help="Plan for this card (rtx4090, a100-80, h100 …), which need not be here."
    ),
    rate: str | None = typer.Option(None, "--rate", metavar="AMOUNT", help='What an hour costs, as "1.20 EUR".'),
    probe: bool = typer.Option(False, "--probe", help="Load the base and measure memory and time with a few steps."),
    overrides: list[str] = SET_OPTION,
    json: bool = JSON_OPTION,
) -> int:
    """What would run, what is cached, what it needs and why each value is what it is. Changes nothing.

    Example: luthier plan support.yaml --set train.tuning=full --device rtx4090 --rate "0.42 EUR"
    """
    from luthier.pipeline.chain import plan_chain
    from luthier.pipeline.plan import Rate, explain_key, plan_recipe
    from luthier.recipe import load_chain, load_recipe
    from luthier.store import Store
    from luthier.train.devices import card

    if explain is not None:
        text = explain_key(explain)
        emit_json({"key": explain, "explanation": text}) if json else typer.echo(text)
        return 0
    chain, store = load_chain(recipe, overrides), Store.open()
    on, cost = None if device is None else card(device), None if rate is None else Rate.read(rate)
    made: Any
    if chain is None:
        made = plan_recipe(load_recipe(recipe, overrides), store, card=on, rate=cost, probe=probe)
    else:
        made = plan_chain(chain, store, card=on, rate=cost, probe=probe)
    if json:
        emit_json(made.to_dict())
    else:
        console().print(made.render(), markup=False)
    return 0


def run(
    recipe: Path = RECIPE,
    remedy: int | None = typer.Option(
        None, "--remedy", metavar="N", help="With the change [N] that the last run of this recipe suggested."
    ),
    detach: bool = typer.Option(False, "--detach", help="Go on without this terminal; luthier runs watch looks at it."),
    overrides: list[str] = SET_OPTION,
    json: bool = JSON_OPTION,
) -> int:
    """Do it; finished stages are reused and an interrupted run goes on. Exit 0 PROMOTE, 10 REJECT, 11 INCONCLUSIVE.

    Example: luthier run support.yaml, and after a REJECT: luthier run support.yaml --remedy 1
    """
    return _detached(recipe, overrides, remedy) if detach else _run(recipe, overrides, remedy)


def gate(
    candidate: str = typer.Argument(..., metavar="CANDIDATE", help="A run, or a model that a run made."),
    against: str | None = typer.Option(None, "--against", metavar="BASE", help="Compare with this system only."),
    recipe: Path | None = typer.Option(
        None, "--recipe", metavar="RECIPE", help="Judge by this recipe's targets, margins and alpha."
    ),
    junit: Path | None = typer.Option(None, "--junit", metavar="FILE", help="Also write the lines as JUnit XML."),
    json: bool = JSON_OPTION,
) -> int:
    """The verdict of a run, computed again from its ledger. Exit 0 PROMOTE, 10 REJECT, 11 INCONCLUSIVE.

    Example: luthier gate quickstart --against base --junit verdict.xml
    """
    from luthier.pipeline.judge import judge_again
    from luthier.recipe import load_recipe
    from luthier.report.junit import junit_xml
    from luthier.report.terminal import verdict_lines
    from luthier.store import Store

    policy = load_recipe(recipe).recipe.evaluate if recipe is not None else None
    verdict = judge_again(Store.open(), candidate, against, policy)
    if junit is not None:
        try:
            junit.write_text(junit_xml(verdict, candidate), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{junit} cannot be written: {error.strerror}", where="--junit") from error
    if json:
        emit_json(verdict.to_dict())
    else:
        console().print("\n".join(verdict_lines(verdict)), markup=False)
    return int(verdict.kind.exit_code)


def _detached(path: Path, overrides: list[str], remedy: int | None) -> int:
    """Start the same command in a process of its own; gives 0 once it has a run."""
    from luthier.cli.terminal import OPTIONS
    from luthier.pipeline.headless import detach
    from luthier.recipe import load_chain, load_recipe
    from luthier.store import Store

    if load_chain(path, overrides) is None:  # a mistake in it is told here, not in a log
        load_recipe(path, overrides)
    command = ["run", str(path), *(word for item in overrides for word in ("--set", item))]
    started = detach([*command, *(["--remedy", str(remedy)] if remedy is not None else [])], Store.open())
    if OPTIONS.json:
        emit_json(started.to_dict())
        return 0
    run = started.run.id
    typer.echo(f"{run} runs without this terminal (process {started.pid})")
    for label, text in (
        ("watch", f"luthier runs watch {run}"), ("stop", f"luthier runs stop {run}"), ("log", str(started.log))
    ):  # fmt: skip
        typer.echo(f"  {label:<8} {text}")
    return 0


def _run(path: Path, overrides: list[str], remedy: int | None = None) -> int:
    from luthier.cli.terminal import OPTIONS
    from luthier.pipeline.remedy import with_remedy
    from luthier.pipeline.run import run_recipe
    from luthier.recipe import load_chain, load_recipe
    from luthier.report.terminal import frontier_lines, verdict_lines
    from luthier.store import Store

    store = Store.open()
    if remedy is None and (chain := load_chain(path, overrides)) is not None:
        return _run_chain(chain, store)
    loaded = load_recipe(path, overrides) if remedy is None else with_remedy(path, overrides, remedy, store)
    outcome = run_recipe(loaded, store, Progress())
    if OPTIONS.json:
        emit_json(outcome.to_dict())
    else:
        screen = console()
        screen.print()
        tried = frontier_lines(outcome.frontier.to_dict() if outcome.frontier else None)
        screen.print("\n".join([*verdict_lines(outcome.verdict), *tried]), markup=False)
        screen.print()
        for label, text in outcome.next_steps():
            screen.print(f"  {label:<8} {text}", markup=False)
    return int(outcome.verdict.kind.exit_code)


def _run_chain(chain: LoadedChain, store: Store) -> int:
    from luthier.cli.terminal import OPTIONS
    from luthier.pipeline.chain import run_chain, table
    from luthier.report.terminal import verdict_lines

    outcome = run_chain(chain, store, Progress())
    if OPTIONS.json:
        emit_json(outcome.to_dict())
        return int(outcome.exit_code)
    screen, last = console(), outcome.stages[-1].to_dict()
    screen.print()
    columns(*table(outcome))
    screen.print("\n" + "\n".join(verdict_lines(outcome.stages[-1].verdict)) + "\n", markup=False)
    steps = [("report", last["report"]), ("model", last["model"]), ("again", f"luthier run {chain.path}")]
    if outcome.stopped is not None:
        name = outcome.stopped
        steps[1:] = [
            ("stopped", f"{name} was rejected; {', '.join(outcome.left)} not begun"),
            ("mend", f"luthier run {chain.path} --set stages.{name}.train.…=…   what it does not touch stands"),
            ("go on", f"luthier run {chain.path} --set stages.{name}.on_reject=go_on"),
        ]
    for label, text in steps:
        screen.print(f"  {label:<8} {text}", markup=False)
    return int(outcome.exit_code)
