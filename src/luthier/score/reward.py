"""What an answer is worth, with a reason: the Scorers that a model is trained by.

A Scorer takes many answers at once (a model that judges is asked in batches) and gives a :class:`Score` each, in their
order; its ``fingerprint`` belongs to the key of what is trained by it. Metrics are Scorers too; a reward model or a
judge is one that somebody else opens. Nothing is drawn or trained here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from luthier import registry
from luthier.errors import LuthierError
from luthier.recipe.evaluate import RewardModelMetric
from luthier.recipe.reward import FormReward, FunctionReward, RewardSpec
from luthier.records import Message, Score
from luthier.records.example import said_by_user
from luthier.score.json import parse
from luthier.score.measure import build as measure


@dataclass(frozen=True, slots=True)
class Answered:
    """A question (a chat), an answer that was given to it, and the one that should have been (empty if unknown)."""

    messages: tuple[Message, ...]
    answer: str
    reference: str = ""


class Scorer(Protocol):
    """Answers in, their worth out, in their order. ``name`` is for people; ``fingerprint`` changes when its scores
    may."""

    @property
    def name(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def scores(self) -> Callable[[Sequence[Answered]], list[Score]]: ...


@dataclass(frozen=True)
class Scoring:
    """A function as a Scorer."""

    name: str
    fingerprint: str
    scores: Callable[[Sequence[Answered]], list[Score]]


@dataclass(frozen=True)
class Reward:
    """One part of a reward, by its weight."""

    scorer: Scorer
    weight: float = 1.0


Opened = Callable[[str], Scorer]
"""Opens a reward model by its name."""


def build(spec: RewardSpec, *, folder: Path, models: Opened | None = None) -> Reward:
    """The reward that a recipe describes. ``folder`` is the recipe's: a user's file is named relative to it; ``models``
    opens reward models.

    Raises:
        LuthierError: the user's file or function is not there, or does not import; there is no such model.
    """
    return Reward(scorer(spec.by, folder=folder, models=models), spec.weight)


def scorer(spec: Any, *, folder: Path, models: Opened | None = None) -> Scorer:
    """The Scorer of a metric, or of a kind of reward."""
    if isinstance(spec, RewardModelMetric):
        if models is None:
            raise ValueError("a reward model needs somebody who opens it")
        return models(spec.model)
    kind = str(spec.kind)
    if kind in registry.names("reward"):
        make = registry.get("reward", kind, where="train.method.rewards").load()
        made: Scorer = make(spec, folder=folder, models=models)
        return made
    encoder = getattr(spec, "encoder", "")
    placed = {"encoder": str((folder / encoder).resolve())} if encoder.startswith(".") else {}
    one = measure(spec.model_copy(update=placed))
    return _each(one.key, spec.model_dump_json(), lambda item: one.score(item.reference, item.answer))


def form(spec: FormReward, *, folder: Path, models: Opened | None = None) -> Scorer:
    """A JSON object with exactly the reference's fields; any other object is worth a half."""

    def one(item: Answered) -> Score:
        want = parse(item.reference)
        if want.fields is None:
            return Score(None, f"the reference is {want.problem}")
        got = parse(item.answer)
        if got.fields is None:
            return Score(0.0, got.problem)
        if got.fields.keys() == want.fields.keys():
            return Score(1.0, "the reference's fields")
        off = sorted(got.fields.keys() ^ want.fields.keys())
        return Score(0.5, f"a JSON object, but not with the reference's fields: {', '.join(off[:3])}")

    return _each("json_form", spec.model_dump_json(), one)


def function(spec: FunctionReward, *, folder: Path, models: Opened | None = None) -> Scorer:
    """A user's own: ``grade(question, answer, reference)``."""
    mine = registry.load_user_function(spec.name, base=folder)

    def one(item: Answered) -> Score:
        try:
            said = mine.function(said_by_user(item.messages), item.answer, item.reference)
        except Exception as error:  # a user's code may raise anything
            raise LuthierError(
                f"your function fails: {type(error).__name__}: {error}", where=spec.name,
                why=f"it was asked about the answer {item.answer[:60]!r}", fix="give None for what it cannot judge",
            ) from error
        return _said(said, spec.name)

    return _each(spec.name, f"{spec.model_dump_json()} {mine.sha256}", one)


def graded(rewards: Sequence[Reward], answers: Sequence[Answered]) -> tuple[list[float], dict[str, list[float]]]:
    """Each answer's whole reward, and each part by its name, without its weight. NaN is what could not be scored: an
    answer that a part cannot score has no reward. Shape (answers,)."""
    parts = {r.scorer.name: r.scorer.scores(answers) for r in rewards}
    values = {
        name: [math.nan if s.value is None else float(s.value) for s in scores] for name, scores in parts.items()
    }
    whole = [math.fsum(r.weight * values[r.scorer.name][i] for r in rewards) for i in range(len(answers))]
    return whole, values


def _each(name: str, fingerprint: str, one: Callable[[Answered], Score]) -> Scorer:
    return Scoring(name, fingerprint, lambda answers: [one(item) for item in answers])


def _said(said: Any, where: str) -> Score:
    """What a user's function gave as a score."""
    if isinstance(said, Score) or said is None:
        return said or Score(None, "it cannot say")
    value, reason = said if isinstance(said, tuple) and len(said) == 2 else (said, "")
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise LuthierError(
            f"your function gave {value!r}, which is no reward", where=where,
            fix="return a finite number, a number and a reason, or None",
        )  # fmt: skip
    return Score(float(value), str(reason))

