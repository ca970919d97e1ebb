"""Rows that the recipe wants, by the values of their columns (``data.keep`` and ``data.drop``).

A row that cannot be read passes, so that it is told; a column that a row lacks counts as an empty cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from luthier.errors import LuthierError, did_you_mean
from luthier.recipe.data import FilterSpec
from luthier.rows.mapping import MissingColumn, as_text, look_up
from luthier.rows.raw import Raw

Filters = Mapping[str, FilterSpec]


def wanted(raws: Iterable[Raw], keep: Filters, drop: Filters) -> list[Raw]:
    """The rows that every filter of ``keep`` fits and no filter of ``drop``."""
    return [raw for raw in raws if raw.value is None or _wanted(raw.value, keep, drop)]


def check_filters(keep: Filters, drop: Filters, fields: Sequence[str], *, where: str) -> None:
    """Refuse a filter on a column that no row has.

    Raises:
        LuthierError: names the column, the key of the recipe, and the nearest column that is there.
    """
    for key, filters in (("keep", keep), ("drop", drop)):
        for column in filters:
            if column not in fields and column.partition(".")[0] not in fields:
                fix, why = did_you_mean(column, fields), f"data.{key} names it"
                raise LuthierError(f"no column is called {column!r}", where=where, why=why, fix=fix)


def describe(keep: Filters, drop: Filters) -> str:
    """The filters in words."""
    said = [f"{column} is {_in_words(spec)}" for column, spec in keep.items()]
    said += [f"{column} is not {_in_words(spec)}" for column, spec in drop.items()]
    return " and ".join(said)


def _in_words(spec: FilterSpec) -> str:
    if spec.values:
        return " or ".join(value or "empty" for value in spec.values)
    ends = [f"{word} {end:g}" for word, end in (("at least", spec.min), ("at most", spec.max)) if end is not None]
    return " and ".join(ends)


def _wanted(row: Mapping[str, Any], keep: Filters, drop: Filters) -> bool:
    if not all(_fits(row, column, spec) for column, spec in keep.items()):
        return False
    return not any(_fits(row, column, spec) for column, spec in drop.items())


def _fits(row: Mapping[str, Any], column: str, spec: FilterSpec) -> bool:
    try:
        cell = look_up(row, column)
    except MissingColumn:
        cell = None
    if spec.values:
        return as_text(cell).strip() in spec.values
    try:
        number = float(cell)
    except (TypeError, ValueError):
        return False
    return (spec.min is None or number >= spec.min) and (spec.max is None or number <= spec.max)
