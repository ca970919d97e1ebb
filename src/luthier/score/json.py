"""JSON answers, field by field. What cannot be read scores 0 and says why ("not JSON: …").

Values are compared as JSON values: strings to the letter, numbers by value (1 equals 1.0), true is not 1, objects
without regard to key order. An answer inside one Markdown code fence is read too, for every system alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from luthier.recipe.evaluate import JsonFieldMetric, JsonFieldsMetric
from luthier.records import Score
from luthier.score.label import TITLES, of_classes
from luthier.score.measure import Measure

_FENCE = re.compile(r"\A```(?:json)?[ \t]*\n(.*?)\n?```\Z", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A JSON object, or why there is none."""

    fields: dict[str, Any] | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A field's value (which may be null)."""

    value: Any


def parse(text: str) -> Parsed:
    """Read a JSON object from an answer."""
    body = text.strip()
    fenced = _FENCE.match(body)
    if fenced:
        body = fenced[1]
    if not body:
        return Parsed(None, "not JSON: the answer is empty")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        where = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        what = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        return Parsed(None, f"not JSON: {what}{where}")
    if not isinstance(value, dict):
        return Parsed(None, f"not a JSON object: {type(value).__name__}")
    return Parsed(value)


def field_of(parsed: Parsed, name: str) -> Found | None:
    """One field, None if there is none."""
    if parsed.fields is None or name not in parsed.fields:
        return None
    return Found(parsed.fields[name])


def same(a: Any, b: Any) -> bool:
    """Equality of JSON values: true is not 1, and that holds inside lists and objects too."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def as_text(value: Any) -> str:
    """A value as people and label counts see it: strings as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def fields(spec: JsonFieldsMetric) -> Measure:
    """Every named field (all of the reference's, if none is named) is right.

    Parts of a score: ``json`` (an object was read), ``schema`` (it has exactly the reference's fields), and 0 or 1 for
    each compared field as ``field.NAME``.
    """

    def one(reference: str, answer: str) -> Score:
        want = parse(reference)
        if want.fields is None:
            return Score(None, f"the reference is {want.problem}")
        names = spec.fields or tuple(want.fields)
        absent = [n for n in names if n not in want.fields]
        if absent:
            return Score(None, f"the reference has no field {absent[0]}")
        got = parse(answer)
        parts = {"json": float(got.fields is not None), "schema": 0.0}
        said = got.fields or {}
        parts["schema"] = float(got.fields is not None and said.keys() == want.fields.keys())
        right = {n: n in said and same(said[n], want.fields[n]) for n in names}
        parts.update({f"field.{n}": float(ok) for n, ok in right.items()})
        return Score(float(all(right.values())), _why(names, right, want.fields, got), parts)

    listed = ", ".join(spec.fields)
    title = f"{listed} all right" if spec.fields else "all JSON fields right"
    return Measure(f"json_fields({listed})" if listed else "json_fields", title, one, binary=True)


def field(spec: JsonFieldMetric) -> Measure:
    """One field: accuracy, an F1 over the values that occur in the references, or MCC."""
    name = spec.field

    def one(reference: str, answer: str) -> Score:
        want = field_of(parse(reference), name)
        if want is None:
            return Score(None, f"the reference has no field {name}")
        parsed = parse(answer)
        got = field_of(parsed, name)
        ok = got is not None and same(got.value, want.value)
        return Score(float(ok), _why([name], {name: ok}, {name: want.value}, parsed))

    def classes(reference: str, answer: str) -> tuple[str, str | None]:
        want, got = field_of(parse(reference), name), field_of(parse(answer), name)
        return as_text(want.value) if want else "", as_text(got.value) if got else None

    title = f"{name} right" if spec.metric == "accuracy" else f"{TITLES[spec.metric]} of {name}"
    return of_classes(f"json_field({name}, {spec.metric})", title, one, classes, spec.metric)


def _why(names: Sequence[str], right: dict[str, bool], want: dict[str, Any], got: Parsed) -> str:
    if got.fields is None:
        return got.problem
    wrong = [n for n in names if not right[n]]
    if not wrong:
        return "right"
    told = [
        f"{n}: {as_text(want[n])[:40]!r} was asked, "
        + (f"{as_text(got.fields[n])[:40]!r} said" if n in got.fields else "nothing said")
        for n in wrong[:3]
    ]
    return "; ".join(told)
