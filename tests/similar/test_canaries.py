"""Canaries are what they say, and their recall falls when the search is blind."""

from __future__ import annotations

import random

import pytest

from luthier.similar import PROFILES, Item, Judged, Profile, Scan, index
from luthier.similar.canaries import KINDS, plant, recall, retyped
from luthier.text import words


def item(seed: int, asked: int = 40, answered: int = 30) -> Item:
    rng = random.Random(seed)
    text = [f"{rng.choice('bcdfgklmnprst')}{rng.choice('aeiou')}{rng.randrange(3000)}" for _ in range(asked + answered)]
    return Item(str(seed), " ".join(text[:asked]) + "?", " ".join(text[asked:]))


ITEMS = [item(n) for n in range(200)]


def figures(items: list[Item], profile: Profile, each: int = 25) -> dict[str, tuple[int, int, int]]:
    scan = Scan(index(items))
    scan.add([(("user", item(seed).question), ("assistant", item(seed).answer)) for seed in range(1000, 1200)])
    found = scan.found()
    told = recall(scan, items, found, profile.judge(found), profile, each, seed=3)
    return {one.kind: (one.planted, one.found, one.undecidable) for one in told}


def test_every_kind_is_planted_and_found() -> None:
    assert figures(ITEMS, PROFILES["luthier"]) == dict.fromkeys(KINDS, (25, 25, 0))


def test_a_rule_that_sees_nothing_finds_nothing() -> None:
    blind = Profile("blind", "", "", lambda evidence: Judged("clean"))
    assert {found for _, found, _ in figures(ITEMS, blind).values()} == {0}


def test_rules_have_the_blind_spots_that_they_were_published_with() -> None:
    """Tulu 3 looks at the user's turns only; Llama 2 wants 80% of an item that here is half answer."""
    tulu, llama = figures(ITEMS, PROFILES["tulu3"]), figures(ITEMS, PROFILES["llama2"])
    assert tulu["answer"][:2] == (25, 0) and tulu["verbatim"][:2] == (25, 25)
    assert llama["overlap"][:2] == (25, 0) and llama["verbatim"][:2] == (25, 25)


def test_short_items_are_told_as_undecidable() -> None:
    short = [item(n, asked=9, answered=4) for n in range(100)]
    told = figures(short, PROFILES["luthier"])
    assert told["answer"] == (0, 0, 100) and told["overlap"] == (0, 0, 100)
    assert told["verbatim"] == (25, 25, 0)  # a whole question of nine words is found as the very same question


def test_canaries_are_what_they_say() -> None:
    scan = Scan(index(ITEMS))
    evidence = dict(enumerate(scan.found().items))
    canaries, short = plant(ITEMS, evidence, 40, seed=1)
    assert len(canaries) == 160 and len({canary.item for canary in canaries}) == 160 and set(short.values()) == {0}
    for canary in canaries:
        own, text = ITEMS[canary.item], [words(part) for _, part in canary.row]
        asked, answer = words(own.question), words(own.answer)
        if canary.kind == "answer":
            assert text[1] == answer and not set(text[0]) & set(asked)
        elif canary.kind == "overlap":
            kept = [n for n, word in enumerate(asked) if word in text[0]]
            assert kept == list(range(kept[0], kept[0] + 24))  # 60% of 40, in one run
            assert len(text[0]) == 40
        else:
            joined = " ".join(text[0])
            assert " ".join(asked) in joined and text[1] == answer
            assert (canary.kind == "verbatim") == (own.answer == canary.row[1][1])


@pytest.mark.parametrize("seed", range(20))
def test_retyping_keeps_the_words(seed: int) -> None:
    text = "Don't top-up: the UK card, please (it's 5.50 £); thanks!"
    changed = retyped(text, random.Random(seed))
    assert words(changed) == words(text) and changed != text
