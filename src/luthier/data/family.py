"""Rows that were made from rows: a child stands on its parent's side of a split, and never in the test set.

A generated row carries ``augmented: {family: NAME}`` in its meta, where NAME is the name of its seed's question. Rows
that were not generated are given the same name here, before anything in them is masked, if a child speaks of them. A
row that a person edited out of a teacher's answer names the question it was (``question_of``): it is no child, but
stays with it. Columns of the user's own may name a row's parents, too (``data.split.parents``). A row keeps the names
of the rows that left as copies of it: masked, two seeds may become one, and both have children. Where a seed is not
wanted (a filter, personal data) its children are not wanted either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from luthier.data.funnel import Loss
from luthier.recipe.select import ParentSpec
from luthier.records import Example, Origin
from luthier.rows.mapping import as_text
from luthier.text import family_name

_HEADS = "family_of_augmented"
_TIES = "luthier:ties"
"""Key of a row's meta: what it shares with its parents and children."""


def families(example: Example) -> tuple[str, ...]:
    """The family of the question that a row was made from, then those that it heads; none for a row without kin."""
    source = _source(example)
    own = () if source is None else (source,)
    return tuple(dict.fromkeys([*own, *map(str, example.meta.get(_HEADS, ()))]))


def ties(example: Example) -> list[str]:
    """What a row shares with rows that must stand on its side: its group, its families, its parents and children."""
    groups = [] if example.group is None else [f"group {example.group}"]
    return [*groups, *(f"family {name}" for name in families(example)), *example.meta.get(_TIES, ())]


def is_child(example: Example) -> bool:
    """Whether a row was generated from another one."""
    facts = example.meta.get("augmented")
    return isinstance(facts, Mapping) and "family" in facts


def was_made(example: Example) -> bool:
    """Whether a row names the question that it was made from: a child, or an edit."""
    return _source(example) is not None


def _source(example: Example) -> str | None:
    facts = example.meta.get("augmented")
    if not isinstance(facts, Mapping):
        return None
    name = facts.get("family", facts.get("question_of"))
    return None if name is None else str(name)


def families_of(examples: Iterable[Example]) -> frozenset[str]:
    """What the children of these rows would call their family."""
    return frozenset(name for e in examples for name in (*families(e), family_name(e.asked)))


def with_families(examples: Sequence[Example]) -> Sequence[Example]:
    """The rows, those that have children marked with the name that the children know them by."""
    named = {name for example in examples if was_made(example) for name in families(example)}
    if not named:
        return examples
    return [
        replace(example, meta={**example.meta, _HEADS: [name]})
        if not is_child(example) and (name := family_name(example.asked)) in named
        else example
        for example in examples
    ]


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


def adopt(rows: Sequence[Example], copies: Iterable[Loss]) -> list[Example]:
    """The rows, each with the families and the ties of the rows that left as copies of it."""
    left: dict[int, list[Example]] = {}
    for loss in copies:
        if loss.partner is not None:
            left.setdefault(id(loss.partner), []).append(loss.example)
    return [_heir(row, left[id(row)]) if id(row) in left else row for row in rows]


def _heir(row: Example, copies: Sequence[Example]) -> Example:
    heads = [] if is_child(row) else [name for copy in copies if not is_child(copy) for name in families(copy)]
    shared = [tie for copy in copies for tie in copy.meta.get(_TIES, ())]
    meta = dict(row.meta)
    if heads:
        meta[_HEADS] = list(dict.fromkeys([*families(row), *heads]))
    if shared:
        meta[_TIES] = list(dict.fromkeys([*meta.get(_TIES, ()), *shared]))
    return replace(row, meta=meta) if heads or shared else row


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
