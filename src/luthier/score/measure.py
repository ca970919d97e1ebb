"""What a measure is: a name, how one answer is scored, how many scores become one number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from luthier import registry
from luthier.recipe.evaluate import MetricSpec
from luthier.records import Score
from luthier.stats import macro_f1

Pair = tuple[str, str | None]
"""(reference, answer); the answer is None where there is none: not scored, which is not zero."""


@dataclass(frozen=True)
class Measure:
    """One metric, ready to use. Scores lie in 0..1, higher is better; ``unit`` is how people see them ("%": times 100).

    ``key`` names it in a ledger and is unique among a recipe's metrics. ``binary`` says that every score is 0 or 1.
    ``classes`` is set where the number is no mean of scores but a macro-F1: it gives (true class, said class) of a
    pair, said None where the answer names none. ``suite`` is set where the scores are no function of the answers to
    the test rows: they stand in a part of the ledger of that name (a judge's, people's).
    """

    key: str
    title: str
    one: Callable[[str, str], Score]
    binary: bool
    unit: str = "%"
    classes: Callable[[str, str], tuple[str, str | None]] | None = None
    suite: str | None = None

    def score(self, reference: str, answer: str | None) -> Score:
        """Score one answer. No answer gives no score."""
        return Score(None, "no answer") if answer is None else self.one(reference, answer)

    def summarise(self, pairs: Sequence[Pair]) -> float:
        """The number over all scored pairs (0..1); NaN if none is scored."""
        answered = [(reference, answer) for reference, answer in pairs if answer is not None]
        if self.classes is not None:
            if not answered:
                return float("nan")
            truth, said, kinds = self.codes(answered)
            return float(macro_f1(truth, said, len(kinds))[0])
        values = [s.value for s in (self.one(r, a) for r, a in answered) if s.value is not None]
        return float(np.mean(values)) if values else float("nan")

    def codes(self, answered: Sequence[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Classes as numbers: (true (n,), said (n,), names). Classes are those of the references; -1 is any other.

        Fixing them by the references keeps two systems comparable: nonsense answers are wrong, but add no class.
        """
        assert self.classes is not None
        found = [self.classes(reference, answer) for reference, answer in answered]
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
    measure = registry.get("metric", kind, where="evaluate").load()(spec)
    assert isinstance(measure, Measure), f"{kind} must make a Measure"
    return measure
