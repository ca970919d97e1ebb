"""Rows that compare answers, as token ids and as arrays: a pair is one row in which the prompt stands once.

Arithmetic only, without torch: the planner counts their tokens too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from luthier.models.head import end
from luthier.models.reward import said
from luthier.train.batches import EMPTY, Row, Sample, forked, row


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one prompt as token ids; ``margin`` says by how much the chosen one is better. ``lengths`` are the
    answers' tokens where the samples do not tell (:func:`scored`)."""

    chosen: Sample
    rejected: Sample
    example_id: str
    weight: float = 1.0
    margin: float | None = None
    lengths: tuple[int, int] = (0, 0)


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


@dataclass(frozen=True, slots=True)
class Scored:
    """A text that ends where a scalar head reads it: the one "trained" position is that of its last token, and the
    token behind it stands for the reward; it is never fed."""

    ids: tuple[int, ...]
    trained: tuple[bool, ...]
    example_id: str


def scored(pair: Pair, pad: int) -> Pair:
    """The pair as a reward model reads it: each answer up to the token at which the standard layout takes its score,
    the last one that is not padding (where padding is the token that ends a turn, the one before it)."""
    lengths = (sum(pair.chosen.trained), sum(pair.rejected.trained))
    return replace(pair, chosen=_scored(pair.chosen, pad), rejected=_scored(pair.rejected, pad), lengths=lengths)


def _scored(sample: Any, pad: int) -> Scored:
    ids = said(sample)
    ids = ids[: end(ids, pad)]
    return Scored((*ids, EMPTY), (False,) * len(ids) + (True,), sample.example_id)


def input_length(sample: Compared) -> int:
    """Tokens that are fed to the model; what the planner needs to know."""
    return len(compared_row(sample).inputs)
