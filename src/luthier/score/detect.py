"""Which metric fits these answers? A proposal with its reason, from the references alone.

JSON objects: the fields of small closed value sets (and short ones) decide, free text is scored apart. Else few
distinct short answers are labels, short answers are compared exactly, and anything longer by ROUGE-L.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from luthier.recipe.evaluate import ExactMetric, JsonFieldsMetric, LabelMetric, MetricSpec, RougeLMetric
from luthier.score.json import as_text, parse

_MOST_VALUES = 200
"""More distinct values than this are no closed set, however many rows there are."""
_LONGEST_LABEL = 60
"""Characters."""
_SHORT_WORDS = 5
_MOSTLY = 0.9
"""Share of the references that must agree with a finding; real data holds a few rows of another kind."""


@dataclass(frozen=True, slots=True)
class Detected:
    """What decides, what is shown beside it, and why, for people."""

    target: tuple[MetricSpec, ...]
    also: tuple[MetricSpec, ...]
    reason: str


def detect(references: Sequence[str]) -> Detected:
    """Propose metrics for reference answers."""
    texts = [r.strip() for r in references]
    objects = [p.fields for p in map(parse, texts) if p.fields]
    if objects and len(objects) >= _MOSTLY * len(texts):
        return _json(objects)
    kinds = len(set(texts))
    if texts and _closed(texts):
        return Detected((LabelMetric(),), (LabelMetric(metric="macro_f1"),), f"{len(texts)} answers use {kinds} labels")
    short = sum(len(t.split()) <= _SHORT_WORDS for t in texts)
    if texts and short >= _MOSTLY * len(texts):
        return Detected((ExactMetric(),), (), "answers are short, so they are compared exactly")
    return Detected((RougeLMetric(),), (ExactMetric(),), "answers are free text, so words in common are counted")


def _json(objects: Sequence[dict[str, Any]]) -> Detected:
    names = list(dict.fromkeys(name for fields in objects for name in fields))
    shared = [n for n in names if sum(n in fields for fields in objects) == len(objects)]
    exact, free = [], []
    for name in shared:
        values = [as_text(fields[name]) for fields in objects]
        words = sorted(len(v.split()) for v in values)
        is_text = any(isinstance(fields[name], str) for fields in objects)
        if _closed(values) or not is_text or words[len(words) // 2] <= _SHORT_WORDS:
            exact.append(name)
        else:
            free.append(name)
    if not exact:
        also = tuple(RougeLMetric(field=n) for n in free[1:])
        first = RougeLMetric(field=free[0]) if free else JsonFieldsMetric()
        return Detected((first,), also, "answers are JSON of free text" if free else "answers are JSON")
    whole = len(exact) == len(names)
    target = JsonFieldsMetric(fields=() if whole else tuple(exact))
    reason = f"answers are JSON; {', '.join(exact)} must be right"
    if free:
        reason += f", {', '.join(free)} is free text and scored apart"
    return Detected((target,), tuple(RougeLMetric(field=n) for n in free), reason)


def _closed(values: Sequence[str]) -> bool:
    """A small set of short values, each used four times on average."""
    distinct = set(values)
    few = len(distinct) <= min(_MOST_VALUES, len(values) / 4)
    return few and max(map(len, distinct)) <= _LONGEST_LABEL
