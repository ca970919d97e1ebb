"""Rows that were made from rows: a child stands on its parent's side of a split, and never in the test set.

A generated row carries ``augmented: {family: NAME}`` in its meta, where NAME is the name of its seed's question. Rows
that were not generated are given the same name here, before anything in them is masked, if a child speaks of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from luthier.records import Example
from luthier.text import family_name


def family_of(example: Example) -> str | None:
    """The family that a row was born into, or heads; None for a row without children."""
    if is_child(example):
        return str(example.meta["augmented"]["family"])
    family = example.meta.get("family_of_augmented")
    return None if family is None else str(family)


def ties(example: Example) -> list[str]:
    """What a row shares with rows that must stand on its side: its group and its family."""
    names = (("group", example.group), ("family", family_of(example)))
    return [f"{kind} {name}" for kind, name in names if name is not None]


def is_child(example: Example) -> bool:
    """Whether a row was generated from another one."""
    facts = example.meta.get("augmented")
    return isinstance(facts, Mapping) and "family" in facts


def families_of(examples: Sequence[Example]) -> frozenset[str]:
    """What the children of these rows would call their family."""
    return frozenset(name for e in examples for name in (family_of(e), family_name(e.asked)) if name is not None)


def with_families(examples: Sequence[Example]) -> Sequence[Example]:
    """The rows, those that have children marked with the name that the children know them by."""
    named = {family_of(example) for example in examples if is_child(example)}
    if not named:
        return examples
    return [
        replace(example, meta={**example.meta, "family_of_augmented": name})
        if not is_child(example) and (name := family_name(example.asked)) in named
        else example
        for example in examples
    ]
