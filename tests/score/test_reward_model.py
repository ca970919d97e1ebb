"""A reward model as a Scorer: the same number alone and in a batch; what cannot be scored is not zero."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.export.conftest import write_base

from luthier.models import adapters, reward
from luthier.models.load import load
from luthier.models.source import resolve
from luthier.recipe.train import LoraTuning
from luthier.records import Example, Message
from luthier.score.reward_model import RewardModel


@dataclass(frozen=True)
class Said:
    messages: tuple[Message, ...]
    answer: str


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> RewardModel:
    folder = write_base(tmp_path_factory.mktemp("scorer") / "viola")
    loaded = load(resolve(folder), device="cpu", makes="reward")
    return RewardModel(adapters.prepare(loaded, LoraTuning(r=4), 0).loaded, "viola")


def said(n: int) -> Said:
    return Said((Message("user", f"question {n} " * (n % 4 + 1)),), f"answer {n * 37}")


def test_an_answer_has_the_same_reward_alone_and_among_others(
    model: RewardModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [said(n) for n in range(12)]
    alone = [model.scores([item])[0].value for item in items]
    assert [s.value for s in model.scores(items)] == pytest.approx(alone, abs=1e-5)
    ids = [reward.said(model.loaded.chat.answer_sample(i.messages, (Message("assistant", i.answer),))) for i in items]
    assert reward.scores(model.loaded, ids, pass_tokens=64) == pytest.approx(alone, abs=1e-5)
    assert len(set(alone)) > 6 and "reward" in model.scores(items[:1])[0].reason
    rows = [Example((*i.messages, Message("assistant", i.answer))) for i in items]
    assert [s.value for s in model(rows)] == pytest.approx(alone, abs=1e-5)


def test_what_cannot_be_scored_says_why_and_costs_the_others_nothing(model: RewardModel) -> None:
    long = Said((Message("user", "why " * 400),), "because")
    nothing = Said((Message("user", "why?"),), "   ")
    scores = model.scores([said(1), long, nothing, said(2)])
    assert [s.value is None for s in scores] == [False, True, True, False]
    assert "256" in scores[1].reason and scores[2].reason
    assert [scores[0].value, scores[3].value] == pytest.approx([s.value for s in model.scores([said(1), said(2)])])
    assert model([Example(text="a plain text")])[0].value is None


def test_the_fingerprint_is_that_of_weights_and_adapter(model: RewardModel, tmp_path: Path) -> None:
    again = RewardModel(model.loaded, "by another name")
    other: Any = RewardModel(model.loaded, "viola", adapter="0123")
    assert again.fingerprint == model.fingerprint != other.fingerprint
