"""What a measure is: a name, how one answer is scored, how many scores become one number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from luthier import registry
from luthier.recipe.evaluate import MetricSpec
from luthier.records import Example, Score

Pair = tuple[str, str | None]
"""(reference, answer); the answer is None where there is none: not scored, which is not zero."""
Statistic = Callable[[np.ndarray], np.ndarray]
"""Weights of items (B, n) to values (B,): one number for each resample."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One answer with its score, as a number over many of them sees it. ``labels`` holds the log-probability of each
    label (nats) where a measure asks for them."""

    reference: str
    answer: str
    score: Score
    labels: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Measure:
    """One metric, ready to use. Scores lie in 0..1, higher is better, and people see them times 100 ("%"), unless:

    ``scale`` and ``unit`` say how else people see a score (words: as it is), ``least`` and ``most`` are the smallest
    and the largest one, ``lower`` says that less is better, ``decides`` False that neither is; ``useful`` is the
    smallest gain worth having, in the unit that people see (the gate knows one for shares).

    ``key`` names it in a ledger and is unique among a recipe's metrics. ``binary`` says that every score is 0 or 1.
    ``whole`` is set where the number is no mean of scores (F1, AUC, BLEU): it gives that number as a function of
    weights of the items. ``classes`` gives (true class, said class) of a pair, said None where the answer names none.
    ``of`` is set where the reference does not tell what is right but the row's other columns do (tests of code,
    instructions to check). ``suite`` is set where the scores are no function of the answers to the test rows: they
    stand in a part of the ledger of that name (a judge's, people's). ``slow`` says that one score takes longer than an
    engine's thread may be held. ``labels`` says that it needs the probability of each label. ``note`` is printed beside
    the number (a signature).
    """

    key: str
    title: str
    one: Callable[[str, str], Score]
    binary: bool
    unit: str = "%"
    classes: Callable[[str, str], tuple[str, str | None]] | None = None
    suite: str | None = None
    of: Callable[[Example, str], Score] | None = None
    whole: Callable[[Sequence[Scored]], Statistic] | None = None
    scale: float = 100.0
    most: float = 1.0
    lower: bool = False
    decides: bool = True
    labels: bool = False
    slow: bool = False
    note: str = ""
    least: float = 0.0
    useful: float | None = None

    def score(self, reference: str, answer: str | None) -> Score:
        """Score one answer. No answer gives no score."""
        return Score(None, "no answer") if answer is None else self.one(reference, answer)

    def score_row(self, example: Example, answer: str | None) -> Score:
        """Score one answer to a row, by its reference or by its other columns."""
        if self.of is not None and answer is not None:
            return self.of(example, answer)
        return self.score(example.answer, answer)

    def summarise(self, pairs: Sequence[Pair]) -> float:
        """The number over all scored pairs, in the scores' unit; NaN if none is scored."""
        answered = [Scored(r, a, self.one(r, a)) for r, a in pairs if a is not None]
        scored = [one for one in answered if one.score.value is not None]
        if not scored:
            return float("nan")
        if self.whole is not None:
            return float(self.whole(scored)(np.ones((1, len(scored))))[0])
        return float(np.mean([one.score.value for one in scored]))

    def codes(self, answered: Sequence[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Classes as numbers: (true (n,), said (n,), names). Classes are those of the references; -1 is any other.

        Fixing them by the references keeps two systems comparable: nonsense answers are wrong, but add no class.
        """
        assert self.classes is not None
        return codes(self.classes, answered)


def codes(
    classes: Callable[[str, str], tuple[str, str | None]], answered: Sequence[tuple[str, str]]
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """See :meth:`Measure.codes`."""
    found = [classes(reference, answer) for reference, answer in answered]
    kinds = sorted({truth for truth, _ in found})
    number = {kind: i for i, kind in enumerate(kinds)}
    truth = np.array([number[t] for t, _ in found])
    said = np.array([number.get(s, -1) if s is not None else -1 for _, s in found])
    return truth, said, kinds


def build(spec: MetricSpec) -> Measure:
    """The measure that a metric of a recipe names.

    Raises:
        UsageError: nobody registered that kind.
    """
    kind = str(getattr(spec, "kind", ""))
    measure: Any = registry.get("metric", kind, where="evaluate").load()(spec)
    assert isinstance(measure, Measure), f"{kind} must make a Measure"
    return measure
