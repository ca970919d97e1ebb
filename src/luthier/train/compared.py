"""Rows that compare answers, as token ids and as arrays: a pair is one row in which the prompt stands once.

Arithmetic only, without torch: the planner counts their tokens too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from luthier.train.batches import Row, Sample, forked, row


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one prompt as token ids; ``margin`` says by how much the chosen one is better."""

    chosen: Sample
    rejected: Sample
    example_id: str
    weight: float = 1.0
    margin: float | None = None


@dataclass(frozen=True, slots=True)
class Thumb:
    """One answer as token ids, and whether somebody liked it."""

    answer: Sample
    good: bool
    example_id: str
    weight: float = 1.0


Compared = Pair | Thumb


def compared_row(sample: Compared) -> Row:
    """Arrays of a pair or a thumb; a pair's prompt stands once.

    Raises:
        ValueError: an answer trains no token.
    """
    if isinstance(sample, Thumb):
        made = row(sample.answer)
    else:
        made = forked(row(sample.chosen), row(sample.rejected))
    return replace(made, example_id=sample.example_id, weights=None)


def input_length(sample: Compared) -> int:
    """Tokens that are fed to the model; what the planner needs to know."""
    return len(compared_row(sample).inputs)
