"""The split holds what its certificate says: nothing alike on two sides, in any order, whatever is added later."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from luthier.data import Prepared, build, examples, prepare
from luthier.data.split import Sides, deal
from luthier.errors import LuthierError
from luthier.recipe import make_recipe
from luthier.recipe.data import DataSpec, SplitSpec
from luthier.records import Example, Message
from luthier.similar import groups
from luthier.store import Store
from luthier.text import shingles

NEAR = 0.6
SPEC = SplitSpec(test=0.3, validation=0.2)
WORDS = [f"{a}{b}" for a in ("ka", "lo", "mi", "nu", "pe") for b in ("dra", "fel", "gor", "han")]


@st.composite
def families(draw: st.DrawFn) -> list[str]:
    """Texts of twelve words, many of them near-duplicates of others, some of them in chains."""
    texts: list[list[str]] = []
    for _ in range(draw(st.integers(4, 24))):
        if texts and draw(st.booleans()):
            words = list(draw(st.sampled_from(texts)))
            words[draw(st.integers(0, 11))] = draw(st.sampled_from(WORDS))
        else:
            words = draw(st.lists(st.sampled_from(WORDS), min_size=12, max_size=12))
        texts.append(words)
    return [" ".join(words) for words in texts]


def dealt(texts: Sequence[str], spec: SplitSpec = SPEC, previous: dict[str, str] | None = None) -> Sides:
    rows = [Example(messages=(Message("user", text), Message("assistant", "yes"))) for text in texts]
    return deal(rows, texts, groups(texts, NEAR), range(len(rows)), spec, given=False, previous=previous or {})


def side_of(texts: Sequence[str], sides: Sides) -> dict[str, str]:
    return {texts[row]: side for side in ("train", "validation", "test") for row in getattr(sides, side)}


def straddling(sides: dict[str, str]) -> list[tuple[str, str]]:
    """Near-duplicates on two sides, found by trying every pair."""
    sets = [(text, side, shingles(text)) for text, side in sides.items()]
    return [
        (one, other)
        for n, (one, side, a) in enumerate(sets)
        for other, other_side, b in sets[:n]
        if side != other_side and len(a & b) / len(a | b) >= NEAR
    ]


@settings(max_examples=200, deadline=None)
@given(families(), st.randoms(use_true_random=False))
def test_nothing_alike_straddles_and_the_order_of_rows_does_not_matter(texts: list[str], rng: random.Random) -> None:
    try:
        sides = side_of(texts, dealt(texts))
    except LuthierError:
        assume(False)  # one family is nearly all there is
    assert sides.keys() == set(texts)
    assert straddling(sides) == []
    mixed = list(texts)
    rng.shuffle(mixed)
    assert side_of(mixed, dealt(mixed)) == sides


@settings(max_examples=200, deadline=None)
@given(families(), st.integers(2, 12), st.randoms(use_true_random=False))
def test_rows_added_later_move_no_old_row_and_bridges_are_set_aside(
    texts: list[str], first: int, rng: random.Random
) -> None:
    rng.shuffle(texts)
    old, new = texts[:first], texts[first:]
    try:
        before = side_of(old, dealt(old))
        everything = [*new, *old]
        after = dealt(everything, previous=before)
    except LuthierError:
        assume(False)
    sides = side_of(everything, after)
    assert {text: sides[text] for text in before} == before
    assert straddling(sides) == []
    aside = {loss.example.asked for loss in after.set_aside}
    assert sides.keys() | aside == set(texts) and not aside & before.keys()
    assert after.inherited >= len(old)
    rng.shuffle(everything)
    again = dealt(everything, previous=before)
    assert side_of(everything, again) == sides and {loss.example.asked for loss in again.set_aside} == aside


def test_a_bridge_is_named_with_the_rows_it_would_join() -> None:
    words = [f"w{n}" for n in range(40)]
    left, right = " ".join(words[:24]), " ".join(words[10:34])  # 22 shingles each
    middle = " ".join(words[5:29])  # shares 17 with the left and with the right: 17 / 27 = 0.63
    filler = [" ".join(f"f{n}x{k}" for k in range(12)) for n in range(4)]
    before = {left: "train", right: "test", filler[0]: "train"}
    sides = dealt([left, right, middle, *filler], previous=before)
    (loss,) = sides.set_aside
    assert loss.rule == "split.bridge" and loss.example.asked == middle
    assert "(test)" in loss.why and "(train)" in loss.why
    # without it nothing joins left and right: their own similarity is 12 / 32
    assert side_of([left, right, middle, *filler], sides)[right] == "test"


def test_what_is_alike_with_a_bridge_and_with_one_side_only_stays() -> None:
    words = [f"w{n}" for n in range(40)]
    left, middle, right = (" ".join(words[start : start + 24]) for start in (0, 5, 10))
    beside = " ".join(words[2:26])  # 20 of 24 shingles with the left, 19 of 25 with the bridge, 14 of 30 with the right
    filler = [" ".join(f"f{n}x{k}" for k in range(12)) for n in range(4)]
    texts = [left, right, middle, beside, *filler]
    sides = dealt(texts, previous={left: "train", right: "test", filler[0]: "train"})
    assert [loss.example.asked for loss in sides.set_aside] == [middle]
    assert side_of(texts, sides)[beside] == "train"


def test_two_new_rows_that_only_together_join_two_sides_are_both_set_aside() -> None:
    words = [f"w{n}" for n in range(60)]
    chain = [" ".join(words[start : start + 24]) for start in (0, 5, 10, 15)]
    filler = [" ".join(f"f{n}x{k}" for k in range(12)) for n in range(4)]
    before = {chain[0]: "train", chain[3]: "test", filler[0]: "train"}
    sides = dealt([*chain, *filler], previous=before)
    assert [loss.example.asked for loss in sides.set_aside] == chain[1:3]


def test_old_rows_that_are_alike_now_are_refused() -> None:
    words = [f"w{n}" for n in range(30)]
    one, other = " ".join(words[:24]), " ".join(words[2:26])
    with pytest.raises(LuthierError, match="alike and stand in test and in train") as refused:
        dealt([other, one, "a b c d"], previous={one: "train", other: "test"})
    assert "leak_similarity" in refused.value.why


@settings(max_examples=50, deadline=None)
@given(families(), st.integers(2, 5))
def test_folds_test_every_row_once_and_tear_nothing(texts: list[str], folds: int) -> None:
    tested: list[str] = []
    for fold in range(1, folds + 1):
        try:
            sides = side_of(texts, dealt(texts, SplitSpec(folds=folds, fold=fold, validation=0.1)))
        except LuthierError:
            assume(False)  # too few groups for so many folds
        assert straddling(sides) == []
        tested += [text for text, side in sides.items() if side == "test"]
    assert sorted(tested) == sorted(set(texts))


# -- the same through the stage


def row(number: int, **more: Any) -> dict[str, Any]:
    rng = random.Random(number)
    return {"question": f"{number} " + " ".join(rng.choices(WORDS, k=14)), "answer": f"answer {number}", **more}


def put(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    (folder / "rows.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))


def sides_of(made: Prepared) -> dict[str, str]:
    return {e.asked: side for side in ("train", "validation", "test") for e in getattr(made, side)}


def test_a_grown_dataset_keeps_the_sides_of_the_one_before(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    old = [row(n, customer=f"c{n}") for n in range(60)]
    put(tmp_path, old)
    spec = DataSpec.model_validate({"source": "rows.jsonl", "split": {"group_by": "customer", "validation": 0}})
    first = prepare(spec, store=store, folder=tmp_path)
    train, test = (examples(first, side)[0] for side in ("train", "test"))
    new = [row(n, customer=f"c{n}") for n in range(100, 160)]
    # one new row of the training customer, and one alike to it that belongs to the test customer: a bridge
    words = train.asked.split()
    bridge = {"question": " ".join([*words[:-1], "other"]), "answer": "x", "customer": test.group}
    new += [row(200, customer=train.group), bridge]
    put(tmp_path, [*new, *old])
    grown = spec.model_copy(update={"split": spec.split.model_copy(update={"previous": first.id})})
    second = prepare(grown, store=store, folder=tmp_path)

    before = {e.asked: side for side in ("train", "test") for e in examples(first, side)}
    after = {e.asked: side for side in ("train", "validation", "test") for e in examples(second, side)}
    assert {asked: after[asked] for asked in before} == before
    assert after[row(200)["question"]] == "train" and bridge["question"] not in after
    aside = [json.loads(line) for line in second.file("quarantine.jsonl").read_text().splitlines()]
    asked = [(one["rule"], one["row"]["messages"][0]["content"]) for one in aside]
    assert asked == [("split.bridge", bridge["question"])]
    assert first.id in second.parents
    account = json.loads(second.file("report.json").read_text())
    assert account["split"]["set_aside"] == 1 and account["split"]["inherited"] == 61
    assert account["split"]["missing"] == 0
    assert account["certificate"]["split"]["previous"] == first.id
    assert account["certificate"]["max_jaccard"] < account["certificate"]["threshold"]


def test_a_previous_dataset_of_other_rows_is_refused(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    put(tmp_path, [row(n) for n in range(40)])
    first = prepare(DataSpec(source=("rows.jsonl",)), store=store, folder=tmp_path)
    put(tmp_path, [row(n) for n in range(100, 140)])
    spec = DataSpec.model_validate({"source": "rows.jsonl", "split": {"previous": first.id}})
    with pytest.raises(LuthierError, match=r"no row of dataset-.* stands in the sources"):
        prepare(spec, store=store, folder=tmp_path)


def test_an_old_row_stays_when_a_copy_of_it_is_read_first(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    old = [row(n) for n in range(40)]
    put(tmp_path, old)
    spec = DataSpec.model_validate({"source": "rows.jsonl"})
    first = prepare(spec, store=store, folder=tmp_path)
    copies = [{**one, "question": f"{one['question']} please"} for one in old]
    put(tmp_path, [*copies, *old])
    grown = spec.model_copy(update={"split": spec.split.model_copy(update={"previous": first.id})})
    made = build(grown, folder=tmp_path, previous=first)
    assert {e.asked for e in (*made.train, *made.validation, *made.test)} == {one["question"] for one in old}


@pytest.mark.parametrize(
    ("split", "says"),
    [
        ({"fold": 2}, "fold needs folds"),
        ({"folds": 3, "fold": 4}, "there are 3 folds"),
        ({"folds": 3, "by_time": "day"}, "folds and by_time exclude each other"),
        ({"previous": "dataset-1", "by_time": "day"}, "previous and by_time exclude each other"),
    ],
)
def test_ways_to_cut_that_exclude_each_other(split: dict[str, Any], says: str) -> None:
    with pytest.raises(LuthierError) as refused:
        make_recipe({"model": {"base": "nano"}, "data": {"source": "x", "split": split}})
    assert says in refused.value.render()


def test_folds_through_the_stage_and_a_previous_that_is_no_dataset(tmp_path: Path) -> None:
    put(tmp_path, [row(n) for n in range(60)])
    tested: list[str] = []
    for fold in (1, 2, 3):
        spec = DataSpec.model_validate({"source": "rows.jsonl", "split": {"folds": 3, "fold": fold}})
        made = build(spec, folder=tmp_path)
        assert f"fold {fold} of 3" in made.report["split"]["rule"]
        tested += [asked for asked, side in sides_of(made).items() if side == "test"]
    assert sorted(tested) == sorted(row(n)["question"] for n in range(60))
    spec = DataSpec.model_validate({"source": "rows.jsonl", "split": {"previous": "dataset-none"}})
    with pytest.raises(LuthierError):
        prepare(spec, store=Store.open(tmp_path), folder=tmp_path)
