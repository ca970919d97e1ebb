"""Pairs, rankings and thumbs of every layout become the same records; what is wrong with one is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from luthier.recipe.data import MapSpec
from luthier.records import Message, Origin, Preference, Ranking, Thumb
from luthier.rows import RULES, Finding, Layout, Raw, detect, read, to_compared
from luthier.rows.transcript import parse

ASK, GOOD, BAD = "Where is it?", "On its way.", "No idea."
U, G, B = Message("user", ASK), Message("assistant", GOOD), Message("assistant", BAD)


def said(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


def turn(who: str, text: str) -> dict[str, str]:
    return {"from": who, "value": text}


def made(row: dict[str, Any], count: int = 3, **layout: Any) -> list[Any]:
    raws = [Raw(Origin("f.jsonl", n + 1), row) for n in range(count)]
    shape = detect([row] * count)
    return list(to_compared(raws, Layout(shape, **layout)))


PAIRS: list[tuple[str, dict[str, Any]]] = [
    ("texts", {"prompt": ASK, "chosen": GOOD, "rejected": BAD}),
    ("question", {"question": ASK, "chosen": GOOD, "rejected": BAD, "id": 7}),
    ("parts of a message", {"prompt": ASK, "chosen": [{"type": "text", "text": GOOD}], "rejected": BAD}),
    (
        "transcripts",
        {"chosen": f"\n\nHuman: {ASK}\n\nAssistant: {GOOD}", "rejected": f"\n\nHuman: {ASK}\n\nAssistant: {BAD}"},
    ),
    (
        "transcripts of User",
        {"chosen": f"User: {ASK}\n\nAssistant: {GOOD}", "rejected": f"User: {ASK}\n\nAssistant: {BAD}"},
    ),
    (
        "prompt as a transcript",
        {"prompt": f"\n\nHuman: {ASK}\n\nAssistant:", "chosen": f" {GOOD}".strip(), "rejected": BAD},
    ),
    (
        "message lists with the prompt",
        {
            "chosen": [said("user", ASK), said("assistant", GOOD)],
            "rejected": [said("user", ASK), said("assistant", BAD)],
        },
    ),
    (
        "prompt repeated in the sides",
        {
            "prompt": ASK,
            "chosen": [said("user", ASK), said("assistant", GOOD)],
            "rejected": [said("user", ASK), said("assistant", BAD)],
        },
    ),
    ("TRL", {"prompt": [said("user", ASK)], "chosen": [said("assistant", GOOD)], "rejected": [said("assistant", BAD)]}),
    (
        "LLaMA-Factory sharegpt",
        {"conversations": [turn("human", ASK)], "chosen": turn("gpt", GOOD), "rejected": turn("gpt", BAD)},
    ),
    ("LLaMA-Factory alpaca", {"instruction": ASK, "input": "", "chosen": GOOD, "rejected": BAD}),
    (
        "OpenAI",
        {
            "input": {"messages": [said("user", ASK)]},
            "preferred_output": [said("assistant", GOOD)],
            "non_preferred_output": [said("assistant", BAD)],
        },
    ),
    (
        "axolotl",
        {"messages": [said("user", ASK)], "chosen": said("assistant", GOOD), "rejected": said("assistant", BAD)},
    ),
    (
        "chat and a rejected answer",
        {"messages": [said("user", ASK), said("assistant", GOOD)], "rejected_response": BAD},
    ),
    ("edited", {"prompt": ASK, "original": BAD, "edited": GOOD}),
    ("edit of a response", {"question": ASK, "response": BAD, "corrected_answer": GOOD}),
]


@pytest.mark.parametrize(("name", "row"), PAIRS, ids=[name for name, _ in PAIRS])
def test_every_layout_of_pairs_becomes_the_same_record(name: str, row: dict[str, Any]) -> None:
    shape = detect([row] * 3)
    assert (shape.name, shape.confidence) == ("preference", 1.0) and shape.compares
    first = made(row)[0]
    assert isinstance(first, Preference), first
    assert (first.prompt, first.chosen, first.rejected) == ((U,), (G,), (B,))
    assert str(first.origin) == "f.jsonl:1"


def test_an_edit_says_that_the_edit_is_better() -> None:
    assert "edited is better than original" in detect([PAIRS[-2][1]] * 3).reason


def test_the_shared_beginning_is_the_prompt_turn_by_turn_and_not_sign_by_sign() -> None:
    start = f"\n\nHuman: {ASK}\n\nAssistant: Which one?\n\nHuman: The red one."
    (row,) = made(
        {"chosen": f"{start}\n\nAssistant: The red is late.", "rejected": f"{start}\n\nAssistant: The red is here."}, 1
    )
    assert [m.content for m in row.prompt] == [ASK, "Which one?", "The red one."]
    assert row.chosen[0].content == "The red is late."  # "The red is " is common to both, and part of neither prompt


def test_a_speakers_name_within_a_line_begins_no_turn() -> None:
    turns = parse("\n\nHuman: a\n\nAssistant: b Human: c\nAssistant: d")
    assert [(m.role, m.content) for m in turns] == [("user", "a"), ("assistant", "b Human: c\nAssistant: d")]


def test_a_system_message_context_tools_and_judgement_are_taken_along() -> None:
    tool = {"name": "track"}
    (row,) = made(
        {
            "instruction": ASK,
            "input": "parcel 7",
            "chosen": GOOD,
            "rejected": BAD,
            "system": "Be brief.",
            "margin": "1.5",
            "score_chosen": 4,
            "score_rejected": 2.5,
            "annotator": "anna",
            "tools": [tool],
            "weight": 2,
            "lang": "en",
        },
        1,
    )
    assert [m.content for m in row.prompt] == ["Be brief.", f"{ASK}\n\nparcel 7"]
    assert (row.margin, row.ratings, row.annotators, row.weight) == (1.5, (4.0, 2.5), ("anna",), 2.0)
    assert row.tools == ({"type": "function", "function": tool},) and row.meta == {"lang": "en"}
    (own,) = made({"prompt": ASK, "chosen": GOOD, "rejected": BAD}, 1, system="Be kind.")
    assert own.prompt[0].content == "Be kind."


def chat(*turns: tuple[str, str]) -> list[dict[str, str]]:
    return [said(role, text) for role, text in turns]


P: dict[str, Any] = {"prompt": ASK, "chosen": GOOD, "rejected": BAD}
WRONG: list[tuple[str, str, dict[str, Any]]] = [
    ("pair.same", "chosen", {**P, "rejected": f" {GOOD}\n"}),
    (
        "pair.same",
        "chosen",
        {"chosen": chat(("user", ASK), ("assistant", GOOD)), "rejected": chat(("user", ASK), ("assistant", GOOD))},
    ),
    ("pair.empty", "chosen", {**P, "chosen": " "}),
    ("pair.empty", "rejected", {**P, "rejected": None}),
    ("pair.prompt", "chosen", {"chosen": GOOD, "rejected": BAD}),
    (
        "pair.prompt",
        "rejected",
        {"chosen": chat(("user", "a"), ("assistant", "b")), "rejected": chat(("user", "c"), ("assistant", "b"))},
    ),
    ("pair.prompt", "chosen[0]", {**P, "chosen": chat(("user", "another"), ("assistant", GOOD))}),
    (
        "pair.prompt",
        "rejected",
        {
            "chosen": chat(("user", ASK), ("assistant", GOOD), ("user", "And?"), ("assistant", "x")),
            "rejected": chat(("user", ASK), ("assistant", GOOD)),
        },
    ),
    (
        "pair.prompt",
        "rejected[2]",
        {
            "chosen": chat(("user", ASK), ("assistant", GOOD), ("user", "1"), ("assistant", "x")),
            "rejected": chat(("user", ASK), ("assistant", GOOD), ("user", "2"), ("assistant", "y")),
        },
    ),
    (
        "pair.turns",
        "chosen",
        {
            "chosen": chat(("user", ASK), ("assistant", GOOD), ("user", "1"), ("assistant", "x")),
            "rejected": chat(("user", ASK), ("assistant", BAD)),
        },
    ),
    ("pair.rating", "margin", {**P, "margin": "much"}),
    ("pair.rating", "margin", {**P, "margin": float("inf")}),
    ("pair.swapped", "", {**P, "chosen_rating": 1, "rejected_rating": 5}),
    ("pair.rating", "ratings", {**P, "ratings": [1]}),
    (
        "chat.order",
        "chosen[1]",
        {
            "chosen": chat(("user", ASK), ("assistant", GOOD), ("assistant", "more")),
            "rejected": chat(("user", ASK), ("assistant", BAD)),
        },
    ),
    ("chat.unasked", "prompt[0]", {**P, "prompt": [said("assistant", "Hi")]}),
    ("content.empty", "prompt[0].content", {**P, "prompt": "  "}),
    ("content.type", "prompt", {**P, "prompt": 4.5}),
    ("content.type", "chosen", {**P, "chosen": True}),
    ("content.surrogate", "rejected", {**P, "rejected": "half \ud83d"}),
    ("tool.definition", "tools", {**P, "tools": "nonsense"}),
    ("answer.missing", "messages[0]", {"messages": [said("user", ASK)], "rejected_response": BAD}),
    ("rank.answers", "answers", {"prompt": ASK, "answers": [GOOD], "ranks": [1]}),
    ("rank.answers", "answers[1]", {"prompt": ASK, "answers": [GOOD, {"by": "me"}], "ranks": [1, 2]}),
    ("rank.rating", "ranks", {"prompt": ASK, "answers": [GOOD, BAD], "ranks": [1]}),
    ("rank.rating", "ratings[1]", {"prompt": ASK, "answers": [GOOD, BAD], "ratings": [1, "good"]}),
    ("rank.tied", "answers", {"prompt": ASK, "answers": [GOOD, BAD], "ranks": [1, 1]}),
    ("answer.empty", "answers[1]", {"prompt": ASK, "answers": [GOOD, ""], "ranks": [1, 2]}),
    ("kto.label", "label", {"prompt": ASK, "completion": GOOD, "label": "perhaps"}),
    ("pair.empty", "completion", {"prompt": ASK, "completion": "", "label": True}),
]
GOOD_ROWS = {
    "pair": {**P, "margin": 1, "tools": [], "ratings": [2, 1], "chosen_rating": 2, "rejected_rating": 1},
    "rank": {"prompt": ASK, "answers": [GOOD, BAD], "ranks": [1, 2]},
    "rated": {"prompt": ASK, "answers": [GOOD, BAD], "ratings": [2, 1]},
    "kto": {"prompt": ASK, "completion": GOOD, "label": True},
}


@pytest.mark.parametrize(("rule", "path", "row"), WRONG, ids=[f"{w[0]}-{n}" for n, w in enumerate(WRONG)])
def test_a_bad_row_is_named_with_its_place(rule: str, path: str, row: dict[str, Any]) -> None:
    neighbours = [other for other in GOOD_ROWS.values() if set(row) <= set(other) and len(row) > 2]
    shape = detect([*(neighbours[:1] * 3), row] if neighbours else [row])
    assert shape.compares, shape.reason
    first, *rest = to_compared([Raw(Origin("f.jsonl", 88), row)], Layout(shape))
    assert isinstance(first, Finding), first
    assert (first.rule, first.path, str(first.origin)) == (rule, path, "f.jsonl:88")
    if first.severity == "error":
        assert (not rest and first.row == row and first.fix) or first.rule.startswith(("content", "tool"))
    else:
        assert any(not isinstance(item, Finding) for item in rest)


def test_a_warning_about_the_prompt_is_told_once() -> None:
    found = made({**P, "prompt": "bell \x07"}, 1)
    assert [f.rule for f in found if isinstance(f, Finding)] == ["content.control"]


RANKED: list[tuple[dict[str, Any], tuple[int, ...], tuple[float, ...] | None]] = [
    ({"prompt": ASK, "answers": [BAD, GOOD], "ranks": [2, 1]}, (2, 1), None),
    ({"prompt": ASK, "responses": [BAD, GOOD], "scores": [0.1, 0.9]}, (2, 1), (0.1, 0.9)),
    ({"prompt": ASK, "answers": [{"answer": BAD, "rank": 2, "model": "x"}, {"answer": GOOD, "rank": 1}]}, (2, 1), None),
    (
        {
            "instruction": ASK,
            "completions": [{"response": BAD, "overall_score": 3}, {"response": GOOD, "overall_score": 8.5}],
        },
        (2, 1),
        (3.0, 8.5),
    ),
    (
        {
            "prompt": [said("user", ASK)],
            "answers": [[said("assistant", BAD)], [said("assistant", GOOD)]],
            "ratings": ["1", "4"],
        },
        (2, 1),
        (1.0, 4.0),
    ),
]


@pytest.mark.parametrize(("row", "ranks", "ratings"), RANKED)
def test_ranked_lists_are_read(row: dict[str, Any], ranks: tuple[int, ...], ratings: tuple[float, ...] | None) -> None:
    assert detect([row] * 3).name == "ranked"
    first = made(row)[0]
    assert isinstance(first, Ranking), first
    assert (first.prompt, first.answers, first.ranks, first.ratings) == ((U,), ((B,), (G,)), ranks, ratings)


THUMBED: list[dict[str, Any]] = [
    {"messages": [said("user", ASK), said("assistant", GOOD)], "label": True},
    {"conversations": [turn("human", ASK), turn("gpt", GOOD)], "kto_tag": True},
    {"prompt": ASK, "completion": GOOD, "label": True},
    {"prompt": ASK, "completion": GOOD, "label": "True"},
    {"prompt": [said("user", ASK)], "completion": [said("assistant", GOOD)], "label": True},
    {"instruction": ASK, "input": "", "output": GOOD, "kto_tag": True},
    {"question": ASK, "answer": GOOD, "thumbs_up": 1},
    {"question": ASK, "response": GOOD, "feedback": "👍"},
    {"prompt": ASK, "response": GOOD, "thumb": "up"},
]


@pytest.mark.parametrize("row", THUMBED)
def test_thumbs_are_read(row: dict[str, Any]) -> None:
    assert detect([row] * 3).name == "kto"
    first = made(row)[0]
    assert isinstance(first, Thumb), first
    assert (first.prompt, first.answer, first.good) == ((U,), (G,), True)


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"text": "a fine film", "label": True}, "classification"),  # a class, not a thumb on an answer
        ({"question": ASK, "answer": GOOD, "label": 1}, "prompt_completion"),
        ({"question": ASK, "answers": ["a", "b"]}, "table"),  # several right answers are no ranking
        ({"team": "a", "winner": "b", "loser": "c"}, "table"),
        ({"prompt": ASK, "response": GOOD, "feedback": "please be more polite in future"}, "prompt_completion"),
    ],
)
def test_what_only_looks_like_a_judgement_is_none(row: dict[str, Any], name: str) -> None:
    assert detect([row] * 9).name == name


@pytest.mark.parametrize(
    ("up", "down", "severity", "says"),
    [
        (5, 5, None, ""),
        (4, 3, None, ""),
        (9, 3, "warning", "3.0 times"),
        (2, 9, "warning", "thumbs up about 4.5"),
        (6, 0, "error", "all 6 thumbs are up"),
    ],
)
def test_the_balance_of_thumbs_is_told(up: int, down: int, severity: str | None, says: str) -> None:
    rows = [{"prompt": f"{ASK} {n}", "completion": GOOD, "label": n < up} for n in range(up + down)]
    raws = [Raw(Origin("f.jsonl", n + 1), row) for n, row in enumerate(rows)]
    found = [item for item in to_compared(raws, Layout(detect(rows))) if isinstance(item, Finding)]
    if severity is None:
        assert not found
        return
    (finding,) = found
    rule = "kto.single" if severity == "error" else "kto.balance"
    assert (finding.rule, finding.severity, str(finding.origin)) == (rule, severity, "f.jsonl:1")
    assert RULES[rule].severity == severity
    assert says in finding.message + finding.fix


def test_a_table_is_mapped_to_pairs_and_thumbs() -> None:
    row = {"q": ASK, "v1": BAD, "v2": GOOD, "shop": "Oslo", "ok": "no"}
    pairing = MapSpec(prompt="q", chosen="{{v2}}", rejected="v1", system="You sell in {{shop}}.")
    (pair,) = to_compared([Raw(Origin("t.csv", 2), row)], Layout(detect([row]), map=pairing))
    assert isinstance(pair, Preference)
    assert (pair.prompt[0].content, pair.chosen, pair.rejected) == ("You sell in Oslo.", (G,), (B,))
    assert pair.meta == {"ok": "no"}
    judging = Layout(detect([row]), map=MapSpec(prompt="q", completion="v1", thumb="ok"))
    thumb, balance = to_compared([Raw(Origin("t.csv", 2), row)], judging)
    assert isinstance(thumb, Thumb) and (thumb.prompt, thumb.answer, thumb.good) == ((U,), (B,), False)
    assert isinstance(balance, Finding) and balance.rule == "kto.single"
    (missing,) = to_compared(
        [Raw(Origin("t.csv", 3), {"q": ASK, "v1": BAD, "shop": "Oslo"})], Layout(detect([row]), map=pairing)
    )
    assert isinstance(missing, Finding) and (missing.rule, missing.path) == ("map.column", "v2")


VOTED = {"q": ASK, "v1": BAD, "v2": GOOD, "p1": 2, "p2": "v2", "p3": "tie", "r1": 1, "r2": "3.5"}


def test_people_who_voted_for_one_of_several_answers_rank_them() -> None:
    spec = MapSpec.model_validate({"prompt": "q", "answers": ["v1", "v2"], "votes": ["p1", "p2", "p3"]})
    (row,) = to_compared([Raw(Origin("t.csv", 2), VOTED)], Layout(detect([VOTED]), map=spec))
    assert isinstance(row, Ranking)
    assert (row.answers, row.ranks, row.ratings) == (((B,), (G,)), (2, 1), (0.0, 2.0))
    assert row.annotators == ("p1", "p2", "p3") and row.meta == {"r1": 1, "r2": "3.5"}
    rated = spec.model_copy(update={"votes": (), "ratings": ("r1", "r2")})
    (row,) = to_compared([Raw(Origin("t.csv", 2), VOTED)], Layout(detect([VOTED]), map=rated))
    assert isinstance(row, Ranking) and row.ratings == (1.0, 3.5) and row.annotators == ()
    for spoiled, rule, path in (
        ({**VOTED, "p1": "v9"}, "rank.rating", "p1"), ({**VOTED, "p1": 0, "p2": None}, "rank.tied", "v1"),
        ({**VOTED, "v2": ""}, "answer.empty", "v2"),
    ):  # fmt: skip
        (found,) = to_compared([Raw(Origin("t.csv", 2), spoiled)], Layout(detect([VOTED]), map=spec))
        assert isinstance(found, Finding) and (found.rule, found.path) == (rule, path)


def test_three_real_annotators_rank_two_real_answers(realdata: Path) -> None:
    people = ["annotator1", "annotator2", "annotator3"]
    keys = {"prompt": "{{instruction}}\n\n{{input}}", "answers": ["response1", "response2"], "votes": people}
    spec = MapSpec.model_validate(keys)
    raws = list(read(["preference/pandalm_test_3annotators.jsonl.gz"], folder=realdata))
    shape = detect([raw.value for raw in raws if raw.value])
    made = list(to_compared(raws, Layout(shape, map=spec)))
    rankings = [row for row in made if isinstance(row, Ranking)]
    rules = {f.rule for f in made if isinstance(f, Finding)}
    told = {"rank.tied", "answer.empty", "content.replacement", "answer.space", "answer.truncated"}
    assert len(made) >= 999 and len(rankings) > 800 and rules <= told
    votes = [raw.value for raw in raws if raw.value]
    first = next(v for v in votes if [v[p] for p in people].count(1) == 3)
    row = next(r for r in rankings if r.origin and r.meta["idx"] == first["idx"])
    assert row.ranks == (1, 2) and row.ratings == (3.0, 0.0)


def test_the_shares_of_real_pairs_that_can_be_used(realdata: Path) -> None:
    raws = list(read(["preference/hh_harmless_base_test.jsonl.gz"], folder=realdata))
    found = list(to_compared(raws, Layout(detect([raw.value for raw in raws if raw.value]))))
    pairs = [row for row in found if isinstance(row, Preference)]
    rules = sorted(f.rule for f in found if isinstance(f, Finding) and f.severity == "error")
    assert len(pairs) == 2299 and rules == ["chat.order"] * 9 + ["pair.empty"] * 4
    assert all(row.prompt[-1].role == "user" and row.chosen[0].role == "assistant" for row in pairs)
