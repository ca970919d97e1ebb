"""Preference accuracy: is the better of two answers the preferred one? The comparison itself is made by the evaluation
stage, which has log-probabilities; a single answer cannot be scored.
"""

from __future__ import annotations

from luthier.recipe.evaluate import PreferenceMetric
from luthier.records import Score
from luthier.score.measure import Measure

TIE = 1e-4
"""Nats that rounding may put between equal log-probabilities."""


def preference(spec: PreferenceMetric) -> Measure:
    """The measure under its name in a ledger; rows that hold one answer are refused as not scored."""

    def one(reference: str, answer: str) -> Score:
        return Score(None, "only rows that say which of two answers is better have a preference")

    own = spec.by == "log_prob"
    title = "preference accuracy by log-probability" if own else "preference accuracy"
    return Measure("preference(log_prob)" if own else "preference", title, one, binary=False)


def prefers(lead: float, what: str) -> Score:
    """1 where the better answer leads, 0 where the worse one does, a half where they are level."""
    value = 0.5 if abs(lead) <= TIE else float(lead > 0)
    who = {1.0: "the better answer leads", 0.0: "the worse answer leads", 0.5: "a tie"}[value]
    return Score(value, f"{who} by {abs(lead):.2f} {what}", {"lead": lead})
