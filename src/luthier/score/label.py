"""The answer is a class label."""

from __future__ import annotations

from luthier.recipe.evaluate import LabelMetric
from luthier.records import Score
from luthier.score.measure import Measure


def label(spec: LabelMetric) -> Measure:
    """Accuracy, or macro-F1 over the labels that occur in the references. Outer white space is ignored."""

    def one(reference: str, answer: str) -> Score:
        want, got = reference.strip(), answer.strip()
        if want == got:
            return Score(1.0, "right")
        return Score(0.0, f"{want[:40]!r} was asked, {got[:40]!r} said" if got else "empty answer")

    macro = spec.metric == "macro_f1"
    return Measure(
        f"label({spec.metric})",
        "macro-F1 of the label" if macro else "label right",
        one,
        binary=True,
        classes=(lambda reference, answer: (reference.strip(), answer.strip())) if macro else None,
    )
