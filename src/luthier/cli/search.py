"""The verb that tries values of a recipe's keys: search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from luthier.cli.terminal import JSON_OPTION, SET_OPTION, Progress, console, emit_json


def add_to(app: typer.Typer) -> None:
    """Put this verb on the command tree."""
    app.command()(search)


def search(
    recipe: Path = typer.Argument(..., metavar="RECIPE", help="A recipe file; its search key says what is tried."),
    learning_curve: bool = typer.Option(
        False, "--learning-curve", help="Train on parts of the rows instead: is more data worth collecting?"
    ),
    range_test: bool = typer.Option(
        False, "--range-test", help="Raise the learning rate in one short training instead: which rates learn?"
    ),
    overrides: list[str] = SET_OPTION,
    json: bool = JSON_OPTION,
) -> int:
    """Try values of the recipe's keys on validation rows; ends with a table, a page and a ready recipe. Goes on after a
    kill.

    Example: luthier search support.yaml --set search.trials=30
    Example: luthier search support.yaml --learning-curve
    Example: luthier search support.yaml --range-test
    """
    from luthier.errors import UsageError
    from luthier.recipe import load_recipe
    from luthier.report.search import curve_lines, rates_lines, search_lines
    from luthier.store import Store

    if learning_curve and range_test:
        raise UsageError("--learning-curve and --range-test are two measurements", fix="ask for one of them")
    loaded, store, screen = load_recipe(recipe, overrides), Store.open(), console()
    if learning_curve or range_test:
        from luthier import search

        measure: Any = search.learning_curve if learning_curve else search.range_test
        lines = curve_lines if learning_curve else rates_lines
        run, measured, page = measure(loaded, store, Progress())
        if json:
            emit_json({"run": run.id, "page": str(page), **measured.to_dict()})
        else:
            screen.print("\n".join(["", *lines(measured.to_dict()), "", f"  page    {page}"]), markup=False)
        return 0
    from luthier.search import search as search_recipe

    found = search_recipe(loaded, store, Progress())
    if json:
        emit_json(found.to_dict())
        return 0
    screen.print("\n".join(["", *search_lines(found.account.to_dict()), ""]), markup=False)
    screen.print(f"  page    {found.page}", markup=False)
    if found.recipe is not None:
        screen.print(f"  recipe  {found.recipe}\n  next    luthier run {found.recipe}", markup=False)
    return 0
