"""The baseline without a language model: words and logistic regression (scikit-learn), one classifier a field.

TF-IDF over word 1- and 2-grams with logarithmic counts, ``LogisticRegression(C=10)``: settings that do well on short
texts. For JSON answers it composes an object of the fields that it predicts. Where answers are free text there is
nothing to classify, and it says so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from luthier.recipe.evaluate import (
    ExactMetric,
    JsonFieldMetric,
    JsonFieldsMetric,
    LabelMetric,
    MetricSpec,
)
from luthier.records import Example
from luthier.score.json import parse

REGULARISATION = 10.0
_MOST_CLASSES = 500


@dataclass(frozen=True)
class NotApplicable:
    """Why words cannot be a baseline here."""

    reason: str


def vectorizer() -> Any:
    """Not fitted: TF-IDF of single words and pairs of them."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")


class WordsModel:
    """Fitted classifiers. ``fields`` are those of a JSON answer; None means that the answer itself is the label."""

    def __init__(self, train: Sequence[Example], fields: tuple[str, ...] | None) -> None:
        self.fields = fields
        self._vectorizer = vectorizer()
        seen = self._vectorizer.fit_transform([e.asked for e in train])
        if fields is None:
            self._heads = {"": _fit(seen, [e.answer.strip() for e in train])}
        else:
            objects = [parse(e.answer).fields or {} for e in train]
            self._heads = {n: _fit(seen, [_spell(o[n]) for o in objects]) for n in fields}

    def answer(self, examples: Sequence[Example]) -> list[str]:
        """Predicted answers as text: a label, or a JSON object of the fields."""
        seen = self._vectorizer.transform([e.asked for e in examples])
        said = {name: [str(x) for x in head.predict(seen)] for name, head in self._heads.items()}
        if self.fields is None:
            return said[""]
        made = [{n: json.loads(said[n][i]) for n in self.fields} for i in range(len(examples))]
        return [json.dumps(m, ensure_ascii=False) for m in made]

    def log_probabilities(self, examples: Sequence[Example]) -> list[dict[str, float]]:
        """Of each row the log-probability of each label that was trained on; nothing where the answer is JSON."""
        if self.fields is not None:
            return [{} for _ in examples]
        head = self._heads[""]
        table = head.predict_log_proba(self._vectorizer.transform([e.asked for e in examples]))
        return [
            {str(k): float(f"{p:.6g}") for k, p in zip(head.classes_, row, strict=True)} for row in table
        ]  # fmt: skip


def fit_words(targets: Sequence[MetricSpec], train: Sequence[Example]) -> tuple[WordsModel, int] | NotApplicable:
    """Fit on the training rows that can be used; gives the model and how many rows that were."""
    rows = [e for e in train if e.asked.strip() and e.answer.strip()]
    wanted = _wanted(targets)
    if isinstance(wanted, NotApplicable):
        return wanted
    if wanted is not None:
        rows, names, free = _json_rows(rows, wanted)
        if free:
            return NotApplicable(f"{', '.join(free)} of the answer is free text")
        kinds = max(len({_spell((parse(e.answer).fields or {})[n]) for e in rows}) for n in names) if rows else 0
    else:
        names = None
        kinds = len({e.answer.strip() for e in rows})
    if len(rows) < 2:
        return NotApplicable(f"{len(rows)} training rows can be used")
    if kinds > _MOST_CLASSES or kinds > len(rows) / 2:
        return NotApplicable(f"{kinds:,} different answers among {len(rows):,} rows are no labels")
    return WordsModel(rows, names), len(rows)


def _wanted(targets: Sequence[MetricSpec]) -> tuple[str, ...] | NotApplicable | None:
    """The JSON fields to predict (empty: whichever can be), None for a bare label."""
    fields: list[str] = []
    for spec in targets:
        if isinstance(spec, JsonFieldsMetric):
            if not spec.fields:
                return ()
            fields += spec.fields
        elif isinstance(spec, JsonFieldMetric):
            fields.append(spec.field)
        elif isinstance(spec, LabelMetric | ExactMetric):
            return None
    return tuple(dict.fromkeys(fields)) if fields else NotApplicable("the answer is free text")


def _json_rows(
    rows: Sequence[Example], wanted: tuple[str, ...]
) -> tuple[list[Example], tuple[str, ...], tuple[str, ...]]:
    """Rows whose answer has all the fields, these fields, and those of them that are no labels."""
    objects = [(e, o) for e in rows if (o := parse(e.answer).fields)]
    names = wanted or tuple(dict.fromkeys(n for _, o in objects for n in o))
    usable = [e for e, o in objects if all(n in o for n in names)]
    answers = [parse(e.answer).fields or {} for e in usable]
    kinds = {n: len({_spell(o[n]) for o in answers}) for n in names}
    return usable, names, tuple(n for n in names if kinds[n] > max(2, len(usable) / 2))


def _spell(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


class _Constant:
    """The classifier of a field that has one value."""

    def __init__(self, value: str) -> None:
        self._value = value
        self.classes_ = [value]

    def predict_log_proba(self, seen: Any) -> list[list[float]]:
        return [[0.0]] * seen.shape[0]

    def predict(self, seen: Any) -> list[str]:
        return [self._value] * seen.shape[0]


def _fit(seen: Any, labels: list[str]) -> Any:
    from sklearn.linear_model import LogisticRegression

    if len(set(labels)) == 1:
        return _Constant(labels[0])
    return LogisticRegression(C=REGULARISATION, max_iter=2000).fit(seen, labels)
