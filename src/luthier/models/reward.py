"""Reward models: what is scored of a chat, and its score: the one output of a head (``head``) on the answer's end.

Not here: how it learns (``train.reward``), what a score is used for (``score.reward``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from luthier.models.head import PASS_TOKENS, logits

if TYPE_CHECKING:
    from luthier.models.chat import Sample
    from luthier.models.load import Loaded


def scores(loaded: Loaded, texts: Sequence[Sequence[int]], *, pass_tokens: int = PASS_TOKENS) -> list[float]:
    """The score of each text of token ids, as ``head.logits`` reads it."""
    return [value for (value,) in logits(loaded, texts, pass_tokens=pass_tokens)]


def said(sample: Sample) -> tuple[int, ...]:
    """The token ids of a chat up to the end of its last answer: what is scored."""
    return sample.ids[: max(i for i, trained in enumerate(sample.trained) if trained) + 1]
