"""Held-out comparisons: who prefers what, ties at half, baselines beside, and a verdict of the same gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from luthier.errors import LuthierError
from luthier.evaluate import Contender, gate, measure_preferences
from luthier.evaluate.ledger import TEST
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Message, Preference, Thumb, TokenScores, VerdictKind


class Scored:
    """An engine whose log-probability of an answer is looked up; nothing else of a model is asked here."""

    name, context, capabilities = "scored", 512, frozenset({"loglikelihood", "token_ids"})

    def __init__(self, said: Callable[[str], float], chat: Any, tag: str) -> None:
        self.said, self.chat, self.tag = said, chat, tag

    def fingerprint(self, adapter: str | None = None) -> Mapping[str, Any]:
        return {"engine": "scored", "weights": self.tag}

    def loglikelihood(self, items: Sequence[Any], *, adapter: str | None = None) -> list[TokenScores]:
        return [TokenScores((self.said(self.chat.decode(answer).strip()),), False) for _, answer in items]


def pair(i: int, chosen: str, rejected: str) -> Preference:
    return Preference(
        (Message("user", f"question {i}"),), (Message("assistant", chosen),), (Message("assistant", rejected),)
    )


@pytest.fixture
def judged(tiny: Any, tmp_path: Path) -> Callable[..., Any]:
    def go(base: Callable[[str], float], tuned: Callable[[str], float], rows: list[Any], train: list[Any] = [],  # noqa: B006
           **keys: Any) -> Any:  # fmt: skip
        chat = tiny.chat
        contenders = [Contender(Scored(f, chat, t), chat) for f, t in ((base, "a"), (tuned, "b"))]  # type: ignore[arg-type]
        spec = EvaluateSpec.model_validate(keys)
        ledger = measure_preferences(
            spec, base=contenders[0], tuned=contenders[1], test=rows, train=train or rows, workdir=tmp_path / "work"
        )
        return ledger, gate(ledger, spec)

    return go


@pytest.fixture
def tiny() -> Any:
    from tests.evaluate.conftest import tiny_model

    return tiny_model()


def values(ledger: Any, system: str, key: str = "preference") -> list[float]:
    return [r.value(key) for r in ledger.of(TEST, system).values()]


def test_the_base_ranks_by_log_probability_and_ties_count_half(judged: Callable[..., Any]) -> None:
    rows = [pair(0, "aa", "b"), pair(1, "a", "bb"), pair(2, "cc", "dd")]
    said = {"aa": -1.0, "b": -2.0, "a": -3.0, "bb": -2.0, "cc": -5.0, "dd": -5.0}
    ledger, _ = judged(said.__getitem__, said.__getitem__, rows, baselines=["base"])
    assert sorted(values(ledger, "base")) == [0.0, 0.5, 1.0]
    assert values(ledger, "tuned") == [0.5, 0.5, 0.5], "nothing was learned: every reward is level"
    assert sorted(values(ledger, "length")) == [0.0, 0.5, 1.0]


def test_by_says_what_the_tuned_model_prefers(judged: Callable[..., Any]) -> None:
    """Training made the better answer likelier, but the worse one is the likelier one still."""
    before, after = {"a": -9.0, "b": -1.0}, {"a": -6.0, "b": -1.5}
    ledger, _ = judged(before.__getitem__, after.__getitem__, [pair(0, "a", "b")], baselines=["base"],
                       target=[{"kind": "preference"}, {"kind": "preference", "by": "log_prob"}])  # fmt: skip
    assert values(ledger, "tuned") == [1.0] and values(ledger, "tuned", "preference(log_prob)") == [0.0]
    assert values(ledger, "base") == [0.0]
    row = next(iter(ledger.of(TEST, "tuned").values()))
    assert row.reference == "a" and row.answer == "a" and "3.50" in row.scores["preference"].reason


def test_words_stand_beside_and_do_not_decide(judged: Callable[..., Any]) -> None:
    """Words that tell every pair apart do not turn a model that does so in nine of ten down."""
    rows = [pair(i, f"kindly {i}", f"rudely {i}") for i in range(120)]

    def tuned(text: str) -> float:
        good = text.startswith("kindly") != (int(text.split()[1]) % 10 == 0)
        return -5.0 + (2.0 if good else 0.0)

    ledger, verdict = judged(lambda text: -5.0, tuned, rows)
    assert sum(values(ledger, "words")) == 120 and sum(values(ledger, "tuned")) == 108
    assert verdict.kind is VerdictKind.PROMOTE
    told = {(r.reference_name, r.status) for r in verdict.results if r.metric == "preference"}
    assert {("base", "improved"), ("length", "improved"), ("words", "described")} <= told


def test_a_model_that_learned_nothing_is_not_promoted(judged: Callable[..., Any]) -> None:
    rows = [pair(i, f"a{i}", f"b{i}") for i in range(60)]
    _, verdict = judged(lambda text: -float(len(text)), lambda text: -float(len(text)), rows)
    assert verdict.kind is not VerdictKind.PROMOTE


def test_a_thumb_is_right_on_its_side_of_the_drift(judged: Callable[..., Any]) -> None:
    rows = [Thumb((Message("user", f"q{i}"),), (Message("assistant", f"{'ab'[i % 2]}{i}"),), i % 2 == 0)
            for i in range(40)]  # fmt: skip
    ledger, _ = judged(lambda text: -4.0, lambda text: -6.0 + text.startswith("a"), rows)
    assert ledger.systems(TEST) == ["base", "tuned"]
    assert sum(values(ledger, "tuned")) == 40 and set(values(ledger, "base")) == {0.5}


def test_a_metric_of_answers_is_refused(judged: Callable[..., Any]) -> None:
    with pytest.raises(LuthierError) as told:
        judged(len, len, [pair(0, "a", "b")], target="exact")
    assert "preference" in (told.value.fix or "")


SHORT, LONG = ("a", "b c d"), ("a b c", "d")


@pytest.mark.parametrize(("better", "title", "expected"), [
    ([SHORT] * 10, "the shorter answer", [1.0, 0.0]), ([LONG] * 10, "the longer answer", [0.0, 1.0]),
    ([SHORT, LONG] * 5, "the longer answer", [0.0, 1.0]),
])  # fmt: skip
def test_length_is_held_the_way_it_goes_in_the_training_pairs(
    judged: Callable[..., Any], better: list[tuple[str, str]], title: str, expected: list[float]
) -> None:
    """Where training clearly prefers the shorter answers, the shorter answer is what has to be beaten."""
    rows, train = [pair(0, *SHORT), pair(1, *LONG)], [pair(i, *words) for i, words in enumerate(better)]
    ledger, _ = judged(lambda text: -1.0, lambda text: -1.0, rows, train, baselines=["base"])
    assert ledger.facts["systems"]["length"]["title"] == title
    by_id = ledger.of(TEST, "length")
    assert [by_id[r.id].value("preference") for r in rows] == expected
