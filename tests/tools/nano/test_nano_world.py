"""The generators: the same seed gives the same items, and the two sides of the world share no wording and no name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.nano.world import SKILLS, Item, World

from tools.nano import coverage, mixture, vocabulary

SOURCES = Path(mixture.__file__).parent


def test_a_chunk_depends_on_its_seed_and_number_alone():
    first = mixture.chunk(3, 7, 40)
    mixture.chunk(3, 8, 40)  # what came between must not matter
    assert mixture.chunk(3, 7, 40) == first
    assert mixture.chunk(4, 7, 40) != first
    assert mixture.chunk(3, 8, 40) != first


@pytest.mark.parametrize("name", list(SKILLS))
def test_every_skill_gives_varied_chats_with_an_answer(name: str):
    items = [mixture.item(side, name, k) for side in ("train", "held") for k in range(60)]
    for item in items:
        assert item.answer.strip() == item.answer != ""
        assert item.messages[-1]["role"] == "user"
        assert not re.search(r"[{\[][a-z_|]+[}\]]", item.text()), f"a slot was left unfilled: {item.text()}"
    assert len({item.text() for item in items}) >= 0.8 * len(items)


def split_lists() -> Iterator[tuple[str, list[str]]]:
    for name in ("NAMES", "PLACES", "THINGS", "ANIMALS", "FOODS", "JOBS", "HOBBIES", "ADJECTIVES"):
        yield name, getattr(vocabulary, name)


@pytest.mark.parametrize(("name", "words"), list(split_lists()))
def test_each_list_has_enough_words_on_both_sides(name: str, words: list[str]):
    train, held = vocabulary.half(words, False), vocabulary.half(words, True)
    assert not set(train) & set(held)
    assert len(train) + len(held) == len(words)
    assert len(held) >= 8 and len(train) >= 2 * len(held)


def test_worlds_draw_names_and_invented_words_from_their_own_side():
    for side in ("train", "held"):
        world = World(side, 0)  # type: ignore[arg-type]
        drawn = [draw() for _ in range(300) for draw in (world.name, world.place)]
        assert all(vocabulary.is_held(word) == (side == "held") for word in drawn)


def test_no_held_name_or_place_stands_in_training_text():
    held = set(vocabulary.half(vocabulary.NAMES, True) + vocabulary.half(vocabulary.PLACES, True))
    held -= {right for _, right in (pair.split("-") for pair in vocabulary.CAPITALS)}
    texts = [s.text() if isinstance(s, Item) else s for i in range(3) for s in mixture.chunk(1, i, 1000)]
    met = held & {word for text in texts for word in re.findall(r"[A-Z][a-z]+", text)}
    assert not met


def wordings() -> Iterator[tuple[str, set[str], set[str]]]:
    """Every `(train wordings, held wordings)` pair that stands literally in the sources."""
    for path in sorted(SOURCES.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                sides = node.args[:2]
            elif isinstance(node, ast.Tuple):
                sides = node.elts
            else:
                continue
            if len(sides) != 2 or not all(isinstance(side, ast.Tuple) for side in sides):
                continue
            constants = [[e.value for e in side.elts if isinstance(e, ast.Constant)] for side in sides]
            train, held = ({value for value in values if isinstance(value, str)} for values in constants)
            if train and held:
                yield f"{path.name}:{node.lineno}", train, held


def test_train_and_held_wordings_are_different():
    pairs = list(wordings())
    assert len(pairs) > 60  # the search itself must find something
    for where, train, held in pairs:
        assert not (train & held) - {""}, where


def test_held_items_are_new_to_the_training_text():
    seen = coverage.Seen(coverage.training_texts(seed=1, samples=12_000, chunk_samples=4_000))
    train = [mixture.item("train", name, f"again/{k}").text() for name in SKILLS for k in range(10)]
    held = [mixture.item("held", name, f"again/{k}").text() for name in SKILLS for k in range(40)]
    covered = [seen.coverage(text) for text in held]
    assert sum(share > coverage.MOST for share in covered) <= 0.02 * len(covered)
    # the measure can see: text of the training side is covered several times as much
    assert sum(map(seen.coverage, train)) / len(train) > 3 * sum(covered) / len(covered)


def test_coverage_is_the_share_of_known_eight_word_runs():
    seen = coverage.Seen(["one two three four five six seven eight nine"])
    assert seen.coverage("One, two, three, four, five, six, seven, EIGHT.") == 1.0
    assert seen.coverage("one two three four five six seven eight other") == 0.5
    assert seen.coverage("two words") == 0.0


def test_held_sums_are_never_added_in_training():
    def sums(side: str) -> set[str]:
        made = (mixture.item(side, "arithmetic", k).messages[-1]["content"] for k in range(2000))  # type: ignore[arg-type]
        return {match.group(0) for text in made if (match := re.search(r"\d+ [+-] \d+", text))}

    assert not sums("train") & sums("held")
