"""What answers may be rewarded for, where a model learns from its own answers."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BeforeValidator, Field, field_validator

from luthier.recipe.evaluate import AnyMetric, Probable
from luthier.recipe.spec import Choice, Spec


class RewardKind(Choice):
    """Worth of an answer that is no metric of the evaluation stage; higher is better."""

    family: ClassVar[str] = "reward"


class FormReward(RewardKind):
    """The answer has the form of the row's: 1 where it is a JSON object with exactly the reference's fields, a half
    where it is one with others, else 0."""

    runs: ClassVar[str] = "luthier.score.reward:form"
    kind: Literal["json_form"] = "json_form"
    """json_form"""


class FunctionReward(RewardKind):
    """A function of your own: ``grade(question, answer, reference)``, texts in, a number out (or a number and a reason;
    None where it cannot say). Its file's hash belongs to the training's key."""

    runs: ClassVar[str] = "luthier.score.reward:function"
    kind: Literal["function"] = "function"
    """function"""
    name: str = Field(pattern=r"\.py:[A-Za-z_]\w*$")
    """``./rewards.py:grade``, relative to the recipe."""


def _named(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return {"kind": "function", "name": value} if ".py:" in value else {"kind": value}


AnyRewardKind = Annotated[
    AnyMetric | FormReward | FunctionReward, Field(discriminator="kind"), BeforeValidator(_named)
]
_NOT_OF_ONE = {
    "preference": "preference compares two answers; a reward is of one",
    "judge": "judge compares with the base's answers; a reward is of one",
    "people": "people must be asked; a reward is known at once",
    "code": "code needs the row's tests; a reward sees question, answer and reference",
    "instructions": "instructions needs the row's instructions; a reward sees question, answer and reference",
}
"""Metrics that score no single answer by its reference."""


class RewardSpec(Spec):
    """One thing that answers are rewarded for. The whole reward is the sum of all, each times its weight."""

    by: AnyRewardKind
    """A metric (``exact``, ``json_fields``, …), ``number``, ``json_form``, a function of your own by its name,
    ``./rewards.py:grade``, or a reward model (``{kind: reward_model, model: …}``); or one of them with its keys."""
    weight: float = 1.0
    """What a point of it is worth; negative weights punish."""

    @field_validator("by")
    @classmethod
    def _of_one_answer(cls, value: Any) -> Any:
        if value.kind in _NOT_OF_ONE:
            raise ValueError(_NOT_OF_ONE[value.kind])
        if value.kind == "label" and value.metric in get_args(Probable):
            raise ValueError(f"label by {value.metric} needs each label's probability; a reward sees the answer")
        return value


def _as_reward(value: Any) -> Any:
    return {"by": value} if isinstance(value, str) else value


AnyReward = Annotated[RewardSpec, BeforeValidator(_as_reward)]
"""A reward, or its bare name."""
