"""Selection: each rule takes what it says, the budget is kept, and the order of rows changes nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from luthier.data.funnel import Funnel
from luthier.data.scores import Raters
from luthier.data.select import Selected, select
from luthier.errors import LuthierError
from luthier.recipe.select import SelectSpec
from luthier.records import Example, Message, Score
from luthier.similar.vectors import word_vectors

THINGS = ["harbour", "violin", "glacier", "pencil", "saddle", "umbrella", "rocket", "temple", "copper", "needle"]


def row(n: int, answer: str = "") -> Example:
    asked = f"What of the {THINGS[n % 10]} in town {n // 10}?"
    return Example(messages=(Message("user", asked), Message("assistant", answer or f"It is {n}.")))


ROWS = [row(n) for n in range(40)]
IFD = {one.id: 0.5 + n / 40 for n, one in enumerate(ROWS)}  # above 1 from row 21 on
MARK = {one.id: 1 + n % 6 for n, one in enumerate(ROWS)}


def likelihood(rows: Sequence[Example]) -> list[Score]:
    return [Score(IFD[one.id], "", {"perplexity": 10 * IFD[one.id], "given": 1.0}) for one in rows]


def judge(rows: Sequence[Example]) -> list[Score]:
    return [Score(MARK[one.id] * 2.0, "said so", {"quality": MARK[one.id], "complexity": 2}) for one in rows]


def reward(rows: Sequence[Example]) -> list[Score]:
    found = {one.id: n / 10 - 2 for n, one in enumerate(ROWS)}  # from -2 up to 1.9
    return [Score(found[one.id], "", {"reward": found[one.id]}) for one in rows]


RATERS = Raters(likelihood, judge, reward=reward)


def chosen(spec: dict[str, Any], rows: Sequence[Example] = ROWS, raters: Raters = RATERS) -> Selected:
    funnel = Funnel(len(rows))
    made = select(
        rows, SelectSpec.model_validate(spec), raters, funnel, vectors=word_vectors,
        tokens=lambda one: 5 + len(one.answer),
    )  # fmt: skip
    assert funnel.left == len(made.rows) and len(made.rows) + len(made.losses) == len(rows)
    assert sum(step["removed"] for step in funnel.steps) == len(made.losses)
    return made


def numbers(rows: Sequence[Example]) -> list[int]:
    return [ROWS.index(one) for one in rows]


def test_ifd_above_one_leaves_and_not_below() -> None:
    made = chosen({"likelihood": {}})
    assert numbers(made.rows) == list(range(21)), "IFD of exactly 1 (row 20) stays"
    assert {loss.rule for loss in made.losses} == {"select.ifd"}
    assert made.losses[0].why.startswith("IFD 1.025")
    assert made.account["scores"]["likelihood"]["value"]["max"] == pytest.approx(1.475)
    assert len(made.scores) == 40 and made.scores[0]["perplexity"] == 5.0


def test_the_share_with_the_highest_ifd_stays() -> None:
    made = chosen({"likelihood": {"keep": "10%"}})
    assert numbers(made.rows) == [18, 19, 20], "10% of the 21 rows left, rounded up: the hardest that are not above 1"


def test_every_key_of_selection_is_seen() -> None:
    """One key changed, one observable of the result changed."""
    plain = chosen({"likelihood": {}, "judge": {}})
    for spec, rule, count in (
        ({"likelihood": {"max_ifd": 0.7}, "judge": {}}, "select.ifd", 31),
        ({"likelihood": {"max_ifd": None}, "judge": {}}, "select.ifd", 0),
        ({"likelihood": {"max_perplexity": 6}, "judge": {}}, "select.perplexity", 35),
        ({"likelihood": {"keep": 0.5}, "judge": {}}, "select.ifd_share", 10),
        ({"likelihood": {}, "judge": {"min_quality": 4}}, "select.quality", 12),
        ({"likelihood": {}, "judge": {}, "similar": 0.2}, "select.similar", 18),
        ({"likelihood": {}, "judge": {}, "rows": 4}, "select.budget", 17),
        ({"likelihood": {}, "judge": {}, "tokens": 60}, "select.budget", 17),
        ({"likelihood": {}, "judge": {}, "reward": {"model": "rm", "min": -1.0}}, "select.reward", 10),
        ({"likelihood": {}, "judge": {}, "reward": {"model": "rm", "keep": 0.25}}, "select.reward_share", 15),
    ):
        made = chosen(spec)
        found = [loss for loss in made.losses if loss.rule == rule]
        assert len(found) == count, (spec, len(found))
        assert len(made.rows) != len(plain.rows), spec
    by = {name: numbers(chosen({"likelihood": {"max_ifd": None}, "judge": {}, "by": name, "rows": 3}).rows)
          for name in ("ifd", "quality", "length")}  # fmt: skip
    best = chosen({"reward": {"model": "rm", "min": 0.0}, "rows": 3})
    assert numbers(best.rows) == [37, 38, 39] and best.account["by"] == ["reward"]
    assert [loss.why for loss in best.losses if loss.example == ROWS[0]] == ["reward -2.00"]
    assert by["ifd"] == [37, 38, 39] and all(MARK[ROWS[n].id] == 6 for n in by["quality"])
    assert min(len(ROWS[n].answer) for n in by["length"]) == max(len(one.answer) for one in ROWS)


def test_what_a_rule_takes_alone_and_after_others() -> None:
    made = chosen({"likelihood": {"max_perplexity": 12}})
    rules = {one["rule"]: (one["removed"], one["alone"]) for one in made.account["rules"]}
    assert rules == {"select.perplexity": (11, 11), "select.ifd": (8, 19)}


def test_quality_times_complexity_then_ids() -> None:
    made = chosen({"judge": {}, "rows": 9})
    order = sorted(ROWS, key=lambda one: (-2 * MARK[one.id], one.id))
    assert {one.id for one in made.rows} == {one.id for one in order[:9]}
    assert made.account["by"] == ["quality", "complexity"]


def test_the_loss_names_the_row_that_it_is_like() -> None:
    pair = [*ROWS[:5], row(3, "It is 3, as was said.")]
    made = chosen({"similar": 0.6, "by": "length"}, pair)
    (loss,) = made.losses
    assert loss.rule == "select.similar" and loss.partner == pair[5] and loss.example == pair[3]
    assert "like" in loss.why and "worth" in loss.why


def test_rows_without_a_score_come_last_and_are_no_zeroes() -> None:
    def half(rows: Sequence[Example]) -> list[Score]:
        return [s if i % 2 else Score(None, "too long") for i, s in enumerate(likelihood(rows))]

    raters = Raters(likelihood=half)
    made = chosen({"likelihood": {"max_ifd": None}}, raters=raters)
    assert len(made.rows) == 40, "no rule takes a row that was not scored"
    assert made.account["scores"]["likelihood"]["unscored"] == 20
    made = chosen({"likelihood": {"max_ifd": None}, "rows": 22}, raters=raters)
    assert {n for n in numbers(made.rows) if n % 2} == set(range(1, 40, 2))


def test_a_scorer_that_cannot_score_is_refused() -> None:
    raters = Raters(judge=lambda rows: [Score(None, "the judge's last line is not a mark") for _ in rows])
    with pytest.raises(LuthierError, match="40 of 40 rows got no score") as caught:
        chosen({"judge": {}}, raters=raters)
    assert "last line" in caught.value.why
    with pytest.raises(LuthierError, match="needs a model"):
        chosen({"judge": {}}, raters=Raters())


def test_rules_that_leave_nothing_are_refused() -> None:
    with pytest.raises(LuthierError, match="leaves no training row") as caught:
        chosen({"likelihood": {"max_ifd": 0.1}})
    assert "IFD above 0.1" in caught.value.why


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 2**16), st.sampled_from([None, 0.3, 0.9]), st.one_of(st.none(), st.integers(1, 45)),
    st.one_of(st.none(), st.integers(15, 600)),
)  # fmt: skip
def test_the_order_of_rows_changes_nothing_and_no_budget_is_passed(
    seed: int, similar: float | None, rows: int | None, tokens: int | None
) -> None:
    spec = {"likelihood": {"max_ifd": None}, "similar": similar, "rows": rows, "tokens": tokens}
    mixed = random.Random(seed).sample(ROWS, len(ROWS))
    one, other = chosen(spec), chosen(spec, mixed)
    assert {r.id for r in one.rows} == {r.id for r in other.rows}
    assert [r.id for r in other.rows] == [r.id for r in mixed if r.id in {kept.id for kept in one.rows}]
    assert {loss.example.id: (loss.rule, loss.why) for loss in one.losses} == {
        loss.example.id: (loss.rule, loss.why) for loss in other.losses
    }
    assert rows is None or len(one.rows) <= rows
    assert tokens is None or sum(5 + len(r.answer) for r in one.rows) <= tokens


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"by": "quality"}, "by: quality needs judge"),
        ({"by": ["ifd"]}, "by: ifd needs likelihood"),
        ({"judge": {"asks": "complexity", "min_quality": 3}}, "min_quality needs quality"),
        ({"by": ["length", "length"]}, "names a thing twice"),
        ({"similar": 1.2}, "less than or equal to 1"),
        ({"rows": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_words(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SelectSpec.model_validate(spec)
