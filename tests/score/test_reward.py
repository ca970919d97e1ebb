"""Rewards: what each kind pays for, a user's own function, weights, and answers that nobody can judge."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from luthier.errors import LuthierError
from luthier.recipe.train import TrainSpec
from luthier.records import Message, Score
from luthier.score.reward import Answered, Scoring, build, graded


def rewards_of(wanted: Any, folder: Path = Path()) -> list[Any]:
    method: Any = TrainSpec.model_validate({"method": {"kind": "grpo", "rewards": wanted}}).method
    return [build(r, folder=folder) for r in method.rewards]


def answered(answer: str, reference: str, asked: str = "What?") -> Answered:
    return Answered((Message("user", asked),), answer, reference)


@pytest.mark.parametrize(("answer", "worth"), [
    ("so 3 and 4 make 7", 1.0), ("7.0", 1.0), ("7 or 8", 0.0), ("seven", 0.0), ("-7", 0.0),
])  # fmt: skip
def test_a_number_is_paid_for_whatever_stands_around_it(answer: str, worth: float) -> None:
    assert graded(rewards_of("number"), [answered(answer, "It is 7")])[0] == [worth]


def test_thousands_are_read_as_numbers() -> None:
    assert graded(rewards_of("number"), [answered("1,200 coins", "1200")])[0] == [1.0]


def test_the_form_of_an_answer_is_paid_for_without_its_values() -> None:
    items = [answered(a, '{"x": 1, "y": 2}') for a in ('{"y": 0, "x": 0}', '{"x": 1}', "x is 1")]
    assert graded(rewards_of("json_form"), items)[0] == [1.0, 0.5, 0.0]


def test_parts_add_up_by_their_weights() -> None:
    wanted = ["exact", {"by": "json_form", "weight": 0.25}, {"by": {"kind": "json_field", "field": "x"}, "weight": -2}]
    whole, parts = graded(rewards_of(wanted), [answered('{"x": 1}', '{"x": 1}'), answered('{"x": 2}', '{"x": 1}')])
    assert whole == [1 + 0.25 - 2, 0.25]
    assert parts["json_form"] == [1.0, 1.0] and parts["exact"] == [1.0, 0.0]


def test_a_function_of_ones_own_sees_question_answer_and_reference(tmp_path: Path) -> None:
    (tmp_path / "rewards.py").write_text(
        "def grade(question, answer, reference):\n"
        "    if not answer: return None\n"
        "    return len(answer) / 10, f'{question} {reference}'\n"
    )
    (reward,) = rewards_of("./rewards.py:grade", tmp_path)
    scores = reward.scorer.scores([answered("abcde", "ref", "Why?"), answered("", "ref")])
    assert scores[0].value == 0.5 and scores[0].reason == "Why? ref" and scores[1].value is None
    whole, _ = graded([reward], [answered("abcde", ""), answered("", "")])
    assert whole[0] == 0.5 and math.isnan(whole[1])
    before = reward.scorer.fingerprint
    (tmp_path / "rewards.py").write_text("def grade(question, answer, reference):\n    return 1\n")
    assert rewards_of("./rewards.py:grade", tmp_path)[0].scorer.fingerprint != before


@pytest.mark.parametrize(("body", "told"), [
    ("raise KeyError('x')", "your function fails: KeyError"), ("return 'good'", "'good'"),
    ("return float('nan')", "nan"),
])  # fmt: skip
def test_a_function_that_fails_is_named(tmp_path: Path, body: str, told: str) -> None:
    (tmp_path / "mine.py").write_text(f"def grade(question, answer, reference):\n    {body}\n")
    (reward,) = rewards_of("./mine.py:grade", tmp_path)
    with pytest.raises(LuthierError, match="your function") as caught:
        reward.scorer.scores([answered("a", "b")])
    assert told in str(caught.value) and "./mine.py:grade" in str(caught.value.where)


@pytest.mark.parametrize(("wanted", "told"), [
    ("preference", "of one"), (["exact", "exact"], "named twice"), ([], "at least 1"),
    ({"by": {"kind": "judge", "engine": "nano"}}, "of one"), ("people", "must be asked"), ("code", "the row's tests"),
    ("instructions", "the row's instructions"), ({"by": {"kind": "label", "metric": "auc"}}, "probability"),
])  # fmt: skip
def test_rewards_that_mean_nothing_are_refused(wanted: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        rewards_of(wanted)


def test_a_reward_model_is_opened_by_its_name_and_weighed_like_any_other(tmp_path: Path) -> None:
    method: Any = TrainSpec.model_validate(
        {"method": {"kind": "grpo", "rewards": [{"by": {"kind": "reward_model", "model": "./kind"}, "weight": 0.5}]}}
    ).method
    asked: list[str] = []

    def opened(name: str) -> Any:
        asked.append(name)
        return Scoring(name, "its weights", lambda items: [Score(float(len(i.answer)), "long") for i in items])

    (made,) = [build(r, folder=tmp_path, models=opened) for r in method.rewards]
    assert asked == ["./kind"] and made.scorer.fingerprint == "its weights"
    assert graded([made], [answered("four", ""), answered("a", "")])[0] == [2.0, 0.5]
