"""Rows with a label, as token ids: a question up to the token at which a head reads it, and the number of its label.

Arithmetic only, without torch: the planner counts their tokens too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from luthier.models.head import end


@dataclass(frozen=True, slots=True)
class Labelled:
    """The one "trained" position is that of the question's last token, and the "token" behind it is the number of the
    label; it is never fed. ``weight`` is the row's in the loss."""

    ids: tuple[int, ...]
    trained: tuple[bool, ...]
    example_id: str
    weight: float = 1.0


def labelled(prompt: Sequence[int], label: int, example_id: str, *, pad: int, weight: float = 1.0) -> Labelled:
    """A question as a classifier reads it: up to the token at which the standard layout does, the last one that is not
    padding (where padding is the token that ends a turn, the one before it)."""
    ids = tuple(prompt[: end(prompt, pad)])
    return Labelled((*ids, label), (False,) * len(ids) + (True,), example_id, weight)


def balanced(labels: Sequence[int]) -> dict[int, float]:
    """What a row of each label counts so that all labels count alike: rows / (labels · rows of the label), 1 on average
    over rows (King and Zeng 2001)."""
    counts = Counter(labels)
    return {label: len(labels) / (len(counts) * count) for label, count in counts.items()}
