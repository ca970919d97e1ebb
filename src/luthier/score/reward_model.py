"""A trained reward model as a Scorer: answers in, rewards out, wherever scores are wanted.

One number an answer, read in batches; higher is better, and only beside another answer to the same prompt does it mean
something. An answer that the chat format refuses, or that is longer than the model's context, is not scored, which is
not zero. The model is loaded by somebody else, and nothing is trained here.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from luthier.errors import LuthierError
from luthier.recipe.evaluate import RewardModelMetric
from luthier.records import Example, Message, Score
from luthier.score.measure import Measure

if TYPE_CHECKING:
    from luthier.models.load import Loaded
    from luthier.score.reward import Scorer


USEFUL = 0.02
"""A smaller gain in reward is none: σ of it is a probability of 50.5%."""


class Answered(Protocol):
    """A chat and an answer to it."""

    @property
    def messages(self) -> tuple[Message, ...]: ...
    @property
    def answer(self) -> str: ...


class RewardModel:
    """A reward model that is loaded.

    Args:
        loaded: with a scalar head (``load(…, makes="reward")``, an adapter of a reward model on it or not).
        name: for people.
        adapter: the digest of that adapter, where there is one.
    """

    def __init__(self, loaded: Loaded, name: str, adapter: str | None = None) -> None:
        self.loaded, self.name = loaded, name
        self.facts: Mapping[str, Any] = {
            "engine": "reward model", "weights": loaded.source.digest, "adapter": adapter,
            "dtype": str(loaded.dtype).removeprefix("torch."), "quantised": loaded.quantised,
            "device": loaded.device.type, "template": loaded.chat.digest,
        }  # fmt: skip

    @property
    def fingerprint(self) -> str:
        """16 hex digits; others where its scores may be others."""
        return hashlib.sha256(json.dumps(dict(self.facts), sort_keys=True).encode()).hexdigest()[:16]

    def scores(self, answers: Sequence[Answered]) -> list[Score]:
        """The reward of each answer to its chat, in their order."""
        return self.of_chats([(a.messages, (Message("assistant", a.answer),), ()) for a in answers])

    def __call__(self, rows: Sequence[Example]) -> list[Score]:
        """The reward of each row's last answer, as a data filter asks."""
        return self.of_chats([(r.prompt, r.messages[len(r.prompt) :], r.tools) for r in rows])

    def of_chats(
        self, chats: Sequence[tuple[Sequence[Message], Sequence[Message], Sequence[Mapping[str, Any]]]]
    ) -> list[Score]:
        """The reward of each (prompt, answer, tools)."""
        from luthier.models import reward

        texts = [self._text(*chat) for chat in chats]
        found = iter(reward.scores(self.loaded, [text for text in texts if not isinstance(text, str)]))
        return [Score(None, text) if isinstance(text, str) else _score(next(found)) for text in texts]

    def _text(
        self, prompt: Sequence[Message], answer: Sequence[Message], tools: Sequence[Mapping[str, Any]]
    ) -> Sequence[int] | str:
        """Token ids, or why there are none."""
        from luthier.models import reward

        if not answer:
            return "plain text has no answer"
        try:
            ids = reward.said(self.loaded.chat.answer_sample(prompt, answer, tools))
        except LuthierError as error:
            return error.what
        context = getattr(self.loaded.model.config.get_text_config(), "max_position_embeddings", None)
        if context is not None and len(ids) > context:
            return f"{len(ids):,} tokens; the reward model's context holds {context:,}"
        return ids


def metric(spec: RewardModelMetric) -> Measure:
    """The measure under its name in a ledger. The reward model is opened by somebody else (:func:`scored_by`); without
    one an answer is not scored."""
    name = Path(spec.model).name
    return Measure(
        f"reward_model({name})", f"reward by {name}", lambda _, answer: Score(None, "no reward model is open"),
        binary=False, unit="reward", scale=1.0, least=-math.inf, most=math.inf, slow=True, useful=USEFUL,
    )  # fmt: skip


def scored_by(measure: Measure, scorer: Scorer) -> Measure:
    """The measure with its reward model open: what it says of an answer to a row's prompt."""

    def one(example: Example, answer: str) -> Score:
        from luthier.score.reward import Answered as Answer

        return scorer.scores([Answer(example.prompt, answer, example.answer)])[0]

    return replace(measure, of=one)


def _score(value: float) -> Score:
    return Score(value, f"reward {value:+.2f}", {"reward": value})
