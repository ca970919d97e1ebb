"""The figures: what is counted, the topics of the seeds, and variety as a number."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from luthier.augment import Asker, Seed, figures_of, generate
from luthier.augment.similar import distinct_pairs
from luthier.augment.topics import Topics
from luthier.recipe.augment import AugmentSpec


def test_what_is_proposed_is_kept_or_has_a_reason(seeds: Sequence[Seed], asker: Asker, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    worked = generate(
        AugmentSpec(rows=30), seeds, asker, tmp_path, seed=0, tell=lambda done, of, figures: told.append((done, of))
    )
    figures = worked.figures
    reasons = sum(count for rule, count in figures.reasons.items() if rule.startswith(("instruction.", "response.")))
    assert figures.kept + reasons == figures.judged and figures.rows >= 30
    assert figures.acceptance == figures.kept / figures.judged
    assert figures.cost.requests > 0 and figures.cost.prompt_tokens > figures.cost.completion_tokens > 0
    assert told == sorted(told) and told[-1] == (30, 30)
    later = figures_of(tmp_path)
    assert later.to_dict() == figures.to_dict()  # the journal alone tells the same


def test_topics_find_their_own_seeds() -> None:
    boats = [f"Repair the sail of a boat in harbour {n}." for n in range(10)]
    cakes = [f"Bake a cake with flour and butter for {n} guests." for n in range(10)]
    topics = Topics([*boats, *cakes], most=2)
    assert len(topics.names) == 2
    sailing, baking = sorted(topics.names, key=lambda name: "cake" in name or "flour" in name or "butter" in name)
    counts = topics.count(["Mend the sail of my boat", "A cake without butter", "Butter and flour", "Zyx"])
    assert counts == {sailing: 1, baking: 2}


def test_topics_of_few_or_wordless_seeds_do_not_fail() -> None:
    assert Topics(["Name a river."]).count(["Name a bridge."])
    assert Topics(["!!!", "???"]).count(["anything"]) == {}


def test_distinct_pairs() -> None:
    assert distinct_pairs(["a b c", "d e f"]) == 1.0
    assert distinct_pairs(["a b c", "a b c"]) == pytest.approx(0.5)
    assert distinct_pairs(["a"]) == 1.0
