"""Pairs, rankings and thumbs: identity is content, JSON and back, and all pairs of a ranking."""

from __future__ import annotations

import json

import pytest

from luthier.records import Message, Origin, Preference, Ranking, Thumb
from luthier.rows import pairs
from luthier.rows.pairs import ranks_of

ASK = (Message("system", "Be brief."), Message("user", "Where is my parcel?"))


def say(text: str) -> tuple[Message, ...]:
    return (Message("assistant", text),)


PAIR = Preference(
    ASK, say("On its way."), say("No idea."), tools=({"type": "function", "function": {"name": "track"}},), margin=1.5,
    ratings=(4.0, 2.5), annotators=("anna", "ben"), group="g", time="2026-01-01", weight=0.5, origin=Origin("f", 3),
    meta={"source": "web"},
)  # fmt: skip
RANKING = Ranking(ASK, (say("a"), say("b"), say("c")), (2, 1, 2), (3.0, 5.0, 3.0), annotators=("anna",))
THUMB = Thumb(ASK, say("On its way."), True, annotators=("anna",), origin=Origin("f", 1))


@pytest.mark.parametrize("row", [PAIR, RANKING, THUMB, Preference(ASK, say("x"), say("y"))])
def test_a_row_survives_json_whole(row: Preference | Ranking | Thumb) -> None:
    assert type(row).from_dict(json.loads(json.dumps(row.to_dict()))) == row
    assert row.to_dict()["id"] == row.id and len(row.id) == 16
    assert row.asked == "Where is my parcel?"


def test_the_id_is_the_content_and_not_the_circumstances() -> None:
    bare = Preference(PAIR.prompt, PAIR.chosen, PAIR.rejected, PAIR.tools)
    assert bare.id == PAIR.id
    assert Preference(ASK, PAIR.rejected, PAIR.chosen, PAIR.tools).id != PAIR.id  # which one is better is content
    assert Preference(ASK, PAIR.chosen, PAIR.rejected).id != PAIR.id  # so are the tools
    assert Thumb(ASK, THUMB.answer, False).id != THUMB.id == Thumb(ASK, THUMB.answer, True).id
    assert Ranking(ASK, RANKING.answers, (1, 2, 2)).id != RANKING.id


def test_a_ranking_needs_a_rank_for_each_answer() -> None:
    with pytest.raises(ValueError, match="one rank"):
        Ranking(ASK, (say("a"), say("b")), (1,))
    with pytest.raises(ValueError, match="one rating"):
        Ranking(ASK, (say("a"), say("b")), (1, 2), (0.5,))


def test_a_ranking_becomes_all_pairs_of_different_rank_and_weighs_as_one_row() -> None:
    # ranks 2, 1, 2: b beats a, b beats c, a and c are tied; two pairs of weight 1/2 each
    made = pairs(RANKING)
    assert [(p.chosen[0].content, p.rejected[0].content) for p in made] == [("b", "a"), ("b", "c")]
    assert [p.weight for p in made] == [0.5, 0.5]
    assert [(p.ratings, p.margin) for p in made] == [((5.0, 3.0), 2.0), ((5.0, 3.0), 2.0)]
    assert all(p.annotators == ("anna",) and p.prompt == ASK for p in made)


def test_k_answers_without_ties_give_k_choose_2_pairs() -> None:
    answers = tuple(say(str(n)) for n in range(5))
    made = pairs(Ranking(ASK, answers, (1, 2, 3, 4, 5), weight=3.0))
    assert len(made) == 10 and sum(p.weight for p in made) == pytest.approx(3.0)
    assert made[0].margin is None
    assert all(int(p.chosen[0].content) < int(p.rejected[0].content) for p in made)


def test_ratings_become_ranks_with_ties() -> None:
    assert ranks_of([3.0, 9.0, 3.0, 1.0]) == (2, 1, 2, 3)
