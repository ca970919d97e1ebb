"""The stream of training samples: an endless, seeded mixture of skills and documents, cut into numbered chunks.

Chunk `i` depends on the seed and `i` alone, so training can stop at any chunk and go on as if nothing had happened.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from tools.nano.documents import document
from tools.nano.world import SKILLS, WEIGHTS, Item, Side, World

from tools.nano import skills_classify, skills_lists, skills_numbers, skills_reading  # noqa: F401  (importing registers the skills)

DOCUMENT_SHARE = 0.16
LESSONS = 120_000
"""Samples until the copying drills have faded out."""


def lesson(at: int) -> tuple[float, int]:
    """Share of copying drills at the `at`-th sample of a run, and over how many words (see `skills_lists.drill`).

    The first part is twice as long as it needed to be in a lucky run: in another, 20,000 samples were too few, and what
    came after undid the half-learned copying.
    """
    if at < 40_000:
        return 1.0, 100
    if at < 80_000:
        return 0.8, int(100 * 2 ** ((at - 40_000) / 8_000))
    return max(0.0, 0.5 * (LESSONS - at) / 40_000), 10_000


def item(side: Side, name: str, seed: int | str) -> Item:
    """One item of one skill."""
    return SKILLS[name](World(side, f"{name}/{seed}"))


def text(side: Side, seed: int | str) -> str:
    """One document."""
    return document(World(side, f"document/{seed}"))


def chunk(seed: int, index: int, size: int, dropped: Sequence[str] = ()) -> list[Item | str]:
    """`size` training samples: chats as `Item`, documents as `str`. Skills in `dropped` are left out."""
    rng = random.Random(f"{seed}/{index}")
    names = [name for name in SKILLS if name not in dropped]
    weights = [WEIGHTS[name] for name in names]
    samples: list[Item | str] = []
    for k in range(size):
        key = f"{seed}/{index}/{k}"
        drills, vocabulary = lesson(index * size + k)
        if rng.random() < drills:
            samples.append(skills_lists.drill(World("train", f"drill/{key}"), vocabulary))
        elif rng.random() < DOCUMENT_SHARE:
            samples.append(text("train", key))
        else:
            samples.append(item("train", rng.choices(names, weights)[0], key))
    return samples
