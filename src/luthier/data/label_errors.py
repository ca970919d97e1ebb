"""Labels that are probably wrong: confident learning (Northcutt, Jiang and Chuang 2021, arXiv 1911.00068).

Every row's label is predicted by a classifier that has not seen the row (words and logistic regression, five folds).
A row counts as belonging to class j if its probability of j reaches j's threshold: the mean probability of j among the
rows labelled j. Rows that so belong to another class than their label are listed, the surest first; the counts of
(given, likely) pairs are the confident joint. It finds rows to look at. It changes no label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
LEAST_IN_CLASS = 5
"""A class with fewer rows cannot be in every fold; its rows are left out."""
MOST_CLASSES = 200
LARGEST = 20_000
_ROWS_BY_CLASSES = 1_500_000
"""More rows times classes are sampled: fitting takes about 25 seconds of one core at half of that."""


@dataclass(frozen=True)
class Suspect:
    """One row by its place in the list: its label, the likely one, and ``score`` = p(likely) - p(given)."""

    place: int
    given: str
    likely: str
    score: float


@dataclass(frozen=True)
class LabelErrors:
    """``accuracy`` is that of the out-of-fold predictions: how far the classifier may be believed."""

    checked: int
    accuracy: float
    suspects: tuple[Suspect, ...]
    pairs: tuple[tuple[str, str, int], ...]
    """(given, likely, rows), most frequent first."""
    skipped: str = ""
    """Why nothing was checked."""


def find_label_errors(texts: Sequence[str], labels: Sequence[str]) -> LabelErrors:
    """Rows whose label is probably wrong.

    Of more than 20,000 rows (fewer with many classes) a fixed random sample is checked.
    """
    sizes = Counter(labels)
    places = [n for n, label in enumerate(labels) if sizes[label] >= LEAST_IN_CLASS and texts[n].strip()]
    most = min(LARGEST, _ROWS_BY_CLASSES // max(1, len({labels[n] for n in places})))
    if len(places) > most:
        places = sorted(np.random.default_rng(0).choice(places, most, replace=False).tolist())
    sizes = Counter(labels[n] for n in places)
    places = [n for n in places if sizes[labels[n]] >= LEAST_IN_CLASS]
    names = sorted({labels[n] for n in places})
    if not 2 <= len(names) <= MOST_CLASSES:
        why = f"{len(names):,} classes have {LEAST_IN_CLASS} rows or more; 2 to {MOST_CLASSES} can be checked"
        return LabelErrors(0, 0.0, (), (), why)
    number = {name: n for n, name in enumerate(names)}
    given = np.array([number[labels[n]] for n in places])
    chances = _out_of_fold([texts[n] for n in places], given, len(names))
    likely, suspect = confident(chances, given)
    margins = chances[np.arange(len(given)), likely] - chances[np.arange(len(given)), given]
    order = [int(n) for n in np.argsort(-margins, kind="stable") if suspect[n]]
    suspects = tuple(Suspect(places[n], names[given[n]], names[likely[n]], round(float(margins[n]), 4)) for n in order)
    pairs = Counter((one.given, one.likely) for one in suspects)
    accuracy = float((chances.argmax(axis=1) == given).mean())
    return LabelErrors(
        len(places), accuracy, suspects, tuple((*pair, rows) for pair, rows in sorted(pairs.items(), key=_most))
    )


def confident(chances: NDArray[np.float64], given: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Of each row the class it confidently belongs to (its own where there is none), and whether that is another.

    ``chances`` has shape (rows, classes); every class has at least one row.
    """
    thresholds = np.array([chances[given == j, j].mean() for j in range(chances.shape[1])])
    reached = np.where(chances >= thresholds, chances, -1.0)
    highest = reached.max(axis=1)
    stays = reached[np.arange(len(given)), given] == highest  # none reached, or of equal chances the label's
    likely = np.where(stays, given, reached.argmax(axis=1))
    return likely, likely != given


def _out_of_fold(texts: Sequence[str], given: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    # counting words sees all texts but no label, and saves four passes
    seen = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b", min_df=2, max_features=50_000
    )
    try:
        matrix: Any = seen.fit_transform([text[:4000] for text in texts])
    except ValueError:  # no word stands in two rows
        return np.full((len(texts), classes), 1.0 / classes)
    chances = np.zeros((len(texts), classes))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(matrix, given):
        model = LogisticRegression(C=30.0, max_iter=300).fit(matrix[train], given[train])
        chances[np.ix_(test, model.classes_)] = model.predict_proba(matrix[test])
    return chances


def _most(item: tuple[tuple[str, str], int]) -> tuple[int, tuple[str, str]]:
    return -item[1], item[0]
