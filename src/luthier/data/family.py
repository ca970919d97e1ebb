"""Rows that were made from rows: a child stands on its parent's side of a split, and never in the test set.

A generated row carries ``augmented: {family: NAME}`` in its meta, where NAME is the name of its seed's question. Rows
that were not generated are given the same name here, before anything in them is masked, if a child speaks of them. A
row that a person edited out of a teacher's answer names the question it was (``question_of``): it is no child, but
stays with it. Columns of the user's own may name a row's parents, too (``data.split.parents``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from luthier.recipe.select import ParentSpec
from luthier.records import Example, Origin
from luthier.rows.mapping import as_text
from luthier.text import family_name

_TIES = "luthier:ties"
"""Key of a row's meta: what it shares with its parents and children."""


def family_of(example: Example) -> str | None:
    """The family that a row was born into, or heads; None for a row without children."""
    if (source := _source(example)) is not None:
        return source
    family = example.meta.get("family_of_augmented")
    return None if family is None else str(family)


def ties(example: Example) -> list[str]:
    """What a row shares with rows that must stand on its side: its group and its family."""
    names = (("group", example.group), ("family", family_of(example)))
    return [f"{kind} {name}" for kind, name in names if name is not None] + [*example.meta.get(_TIES, ())]


def with_parents(
    examples: Sequence[Example], rows: Mapping[Origin, Mapping[str, Any]], spec: ParentSpec
) -> Sequence[Example]:
    """The rows, parents and children marked with what they share; ``rows`` are the rows as they were read."""
    read = [rows.get(example.origin, {}) if example.origin is not None else {} for example in examples]
    names = [as_text(row.get(spec.id)).strip() for row in read]
    parents = [[name for column in spec.of if (name := as_text(row.get(column)).strip())] for row in read]
    spoken = {name for some in parents for name in some}
    return [
        replace(example, meta={**example.meta, _TIES: [f"row {name}" for name in dict.fromkeys(ties_)]})
        if (ties_ := [*([own] if own in spoken else []), *some])
        else example
        for example, own, some in zip(examples, names, parents, strict=True)
    ]


def was_made(example: Example) -> bool:
    """Whether a row names the question that it was made from: a child, or an edit."""
    return _source(example) is not None


def _source(example: Example) -> str | None:
    facts = example.meta.get("augmented")
    if not isinstance(facts, Mapping):
        return None
    name = facts.get("family", facts.get("question_of"))
    return None if name is None else str(name)


def is_child(example: Example) -> bool:
    """Whether a row was generated from another one."""
    facts = example.meta.get("augmented")
    return isinstance(facts, Mapping) and "family" in facts


def families_of(examples: Sequence[Example]) -> frozenset[str]:
    """What the children of these rows would call their family."""
    return frozenset(name for e in examples for name in (family_of(e), family_name(e.asked)) if name is not None)


def with_families(examples: Sequence[Example]) -> Sequence[Example]:
    """The rows, those that have children marked with the name that the children know them by."""
    named = {family_of(example) for example in examples if was_made(example)}
    if not named:
        return examples
    return [
        replace(example, meta={**example.meta, "family_of_augmented": name})
        if not was_made(example) and (name := family_name(example.asked)) in named
        else example
        for example in examples
    ]
