"""What a reward model is like, from numbers that are worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from tests.evaluate.test_preferences import pair

from luthier.engines.scripted import ScriptedEngine
from luthier.evaluate import Contender, gate, measure
from luthier.evaluate.ledger import TEST, Row
from luthier.evaluate.rewards import describe, told
from luthier.evaluate.table import table
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Example, Preference, Score, VerdictKind
from luthier.score.preference import prefers
from luthier.score.reward import Scoring


def described(leads: list[float], lengths: list[tuple[int, int]], **meta: list[Any]) -> dict[str, Any]:
    pairs = []
    for i in range(len(leads)):
        plain = pair(i, "good", "bad")
        pairs.append(Preference(plain.prompt, plain.chosen, plain.rejected, meta={k: v[i] for k, v in meta.items()}))
    rows = [
        Row(p.id, p.id, TEST, "tuned", "", "", "", "", {"preference": prefers(lead, "of reward")})
        for p, lead in zip(pairs, leads, strict=True)
    ]
    return describe(pairs, [(lead / 2, -lead / 2) for lead in leads], lengths, rows, "preference")


def test_sureness_is_held_against_what_happened() -> None:
    """σ(log 3) = 75%: so sure it is of ten pairs, and right in nine; σ(log 19) = 95%: right in 6 of 10."""
    sure, surer = math.log(3), math.log(19)
    found = described([sure] * 9 + [-sure] + [surer] * 6 + [-surer] * 4, [(5, 5)] * 20)
    low, high = found["calibration"]
    assert (low["from"], low["to"], low["said"], low["right"], low["n"]) == (0.7, 0.8, 75.0, 90.0, 10)
    assert (high["said"], high["right"], high["n"]) == (95.0, 60.0, 10)
    assert low["low"] < 90 < low["high"]
    assert found["calibration_error"] == pytest.approx(0.5 * 15 + 0.5 * 35)
    expected = (9 * -math.log(0.75) - math.log(0.25) + 6 * -math.log(0.95) - 4 * math.log(0.05)) / 20
    assert found["log_loss"] == pytest.approx(expected, abs=1e-4)
    brier = (9 * 0.25**2 + 0.75**2 + 6 * 0.05**2 + 4 * 0.95**2) / 20
    assert found["brier"] == pytest.approx(brier, abs=1e-4)
    assert found["reward"]["chosen"] == -found["reward"]["rejected"]


def test_a_reward_that_only_likes_length_is_told() -> None:
    lengths = [(5 + n % 7, 8 - n % 5) for n in range(30)]
    found = described([0.1 * (a - b) for a, b in lengths], lengths)
    length = found["length"]
    assert length["correlation"] == pytest.approx(1.0) and length["low"] > 0.99 and length["prefers_longer"] == 100.0
    assert length["accuracy"]["the better is longer"]["right"] == 100.0
    assert length["accuracy"]["the better is shorter"]["right"] == 0.0
    assert any("correlation +1.00" in line for line in told(found))
    level = described([1.0] * 12, lengths[:12])["length"]
    assert "correlation" not in level, "a reward that is the same everywhere goes with nothing"


def test_agreement_by_what_the_rows_say_of_themselves() -> None:
    kinds = ["rude"] * 6 + ["wrong"] * 6 + ["odd"] * 2
    found = described([1.0] * 6 + [-1.0] * 6 + [1.0] * 2, [(3, 2)] * 14, fault=kinds, number=list(range(14)))
    assert {k: v["right"] for k, v in found["slices"]["fault"].items()} == {"rude": 100.0, "wrong": 0.0}
    assert list(found["slices"]) == ["fault"], "one value each is no slice, and 'odd' has too few rows"


def test_ties_count_half_and_nothing_gives_nothing() -> None:
    found = described([0.0] * 4, [(1, 1)] * 4)
    assert found["calibration"][0]["right"] == 50.0 and found["log_loss"] == pytest.approx(math.log(2), abs=1e-4)
    assert describe([], [], [], [], "preference") == {"pairs": 0} and told({"pairs": 0}) == []


def test_a_reward_model_scores_answers_and_the_gate_decides_by_it(
    tickets: tuple[list[Example], list[Example]], tmp_path: Path
) -> None:
    """Rewards are on a scale of their own, below 0 too; they are asked of the model that the recipe names."""
    train, test = tickets
    spec = EvaluateSpec.model_validate({"target": {"kind": "reward_model", "model": "judge"}, "baselines": ["base"]})
    engines = [
        Contender(ScriptedEngine(lambda _, said=said: said, name=said))  # type: ignore[misc]
        for said in ("no", "a kind word")
    ]
    opened: list[str] = []

    def open_reward(name: str) -> Scoring:
        opened.append(name)
        value = {"no": -3.5, "a kind word": -0.5}
        return Scoring("judge", "j", lambda answers: [
            Score(value.get(a.answer, 0.0) + (0.01 if a.messages == test[0].prompt else 0.0)) for a in answers
        ])  # fmt: skip

    ledger = measure(
        spec, base=engines[0], tuned=engines[1], train=train, test=test, workdir=tmp_path, open_reward=open_reward
    )
    verdict = gate(ledger, spec)
    (line,) = [r for r in verdict.results if r.role == "target"]
    assert opened == ["judge"] and line.unit == "reward" and line.n == len(test)
    assert (line.reference, line.candidate) == pytest.approx((-3.5 + 0.01 / 12, -0.5 + 0.01 / 12))
    assert line.delta == pytest.approx(3.0) and line.status == "improved" and verdict.kind is VerdictKind.PROMOTE
    (metric,) = table(ledger)["metrics"]
    base = next(s for s in table(ledger)["systems"] if s["name"] == "base")["values"][metric["key"]]
    assert base["low"] <= base["value"] <= base["high"] < 0
