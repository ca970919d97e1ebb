"""The form of JSON answers as a schema: what constrained decoding holds a system's answers to.

Derived from the answers of training rows, never from the test's: the fields that all of them have, in their order; a
field whose values are few and come again and again may only take these; of any other the JSON type is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from luthier.score.json import parse

MOST_VALUES, EACH = 200, 3
"""A closed set has at most so many values, each of them seen so often on average."""
_TYPES: dict[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null",
                           list: "array", dict: "object"}  # fmt: skip


def answer_schema(answers: Sequence[str]) -> dict[str, Any] | None:
    """A JSON schema that every one of these answers fulfils; None where they are not objects with the same fields."""
    found = [parse(answer).fields for answer in answers]
    objects = [fields for fields in found if fields is not None]
    if not objects or len(objects) < len(found) or any(fields.keys() != objects[0].keys() for fields in objects):
        return None
    properties = {name: _values([fields[name] for fields in objects]) for name in objects[0]}
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def _values(values: Sequence[Any]) -> dict[str, Any]:
    kinds = {type(value) for value in values}
    if kinds == {str}:
        counted = Counter(values)
        if len(counted) <= MOST_VALUES and EACH * len(counted) <= len(values):
            return {"enum": sorted(counted)}
    if kinds == {dict} and all(value.keys() == values[0].keys() for value in values):
        fields = {name: _values([value[name] for value in values]) for name in values[0]}
        return {"type": "object", "properties": fields, "required": [*fields], "additionalProperties": False}
    if {int, float} <= kinds:
        kinds.discard(int)
    named = sorted(_TYPES[kind] for kind in kinds)
    return {"type": named[0] if len(named) == 1 else named}
