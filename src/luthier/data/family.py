"""Rows that were made from rows: a child stands on its parent's side of a split, and never in the test set.

A generated row carries ``augmented: {family: NAME}`` in its meta, where NAME is the name of its seed's question. Rows
that were not generated are given the same name here, before anything in them is masked, if a child speaks of them. A
row keeps the names of the rows that left as copies of it: masked, two seeds may become one, and both have children.
Where a seed is not wanted (a filter, personal data) its children are not wanted either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from luthier.data.funnel import Loss
from luthier.records import Example
from luthier.text import family_name

_HEADS = "family_of_augmented"


def families(example: Example) -> tuple[str, ...]:
    """The family that a row was born into, or those that it heads; none for a row without children."""
    if is_child(example):
        return (str(example.meta["augmented"]["family"]),)
    return tuple(map(str, example.meta.get(_HEADS, ())))


def ties(example: Example) -> list[str]:
    """What a row shares with rows that must stand on its side: its group and its families."""
    groups = [] if example.group is None else [f"group {example.group}"]
    return groups + [f"family {name}" for name in families(example)]


def is_child(example: Example) -> bool:
    """Whether a row was generated from another one."""
    facts = example.meta.get("augmented")
    return isinstance(facts, Mapping) and "family" in facts


def families_of(examples: Iterable[Example]) -> frozenset[str]:
    """What the children of these rows would call their family."""
    return frozenset(name for e in examples for name in (*families(e), family_name(e.asked)))


def with_families(examples: Sequence[Example]) -> Sequence[Example]:
    """The rows, those that have children marked with the name that the children know them by."""
    named = {name for example in examples if is_child(example) for name in families(example)}
    if not named:
        return examples
    return [
        _heading(example, (name,))
        if not is_child(example) and (name := family_name(example.asked)) in named
        else example
        for example in examples
    ]


def adopt(rows: Sequence[Example], copies: Iterable[Loss]) -> list[Example]:
    """The rows, each with the families of the rows that left as copies of it."""
    orphans: dict[int, list[str]] = {}
    for loss in copies:
        if loss.partner is not None and not is_child(loss.example):
            orphans.setdefault(id(loss.partner), []).extend(families(loss.example))
    return [
        _heading(row, tuple(dict.fromkeys([*families(row), *orphans[id(row)]])))
        if orphans.get(id(row)) and not is_child(row)
        else row
        for row in rows
    ]


def children_of(unwanted: Sequence[Example], rows: Sequence[Example]) -> list[Example]:
    """Those of the rows that were generated from rows that are not wanted.

    A child names its seed. Where it does not, or the seed was read in another way, its family decides, unless a row of
    that family is wanted.
    """
    children = [row for row in rows if is_child(row)]
    if not children or not unwanted:
        return []
    seeds = {row.id for row in unwanted if not is_child(row)}
    gone = families_of(row for row in unwanted if not is_child(row))
    gone -= families_of(row for row in rows if not is_child(row))
    return [row for row in children if row.meta["augmented"].get("seed") in seeds or families(row)[0] in gone]


def _heading(example: Example, names: tuple[str, ...]) -> Example:
    return replace(example, meta={**example.meta, _HEADS: list(names)})
