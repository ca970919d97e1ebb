"""The stream of training samples: an endless, seeded mixture of skills and documents, cut into numbered chunks.

Chunk `i` depends on the seed and `i` alone, so training can stop at any chunk and go on as if nothing had happened.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tools.nano.documents import document
from tools.nano.world import SKILLS, WEIGHTS, Item, Side, World

from tools.nano import skills_classify, skills_lists, skills_mail, skills_numbers, skills_reading  # noqa: F401  (importing registers the skills)

TAUGHT = (
    "copy", "pick", "transform", "mood", "topic", "purpose", "haste", "about", "route", "yes_no", "qa", "extract_json",
    "dialogue", "facts",
)  # fmt: skip
"""The skills of a usual run. A few million weights and an hour are enough for about these; with the others beside them
(sorting, counting, sums, editing) none got far."""
DOCUMENT_SHARE = 0.12
STAGE = 24_000
"""Samples of each of the three stages of the copying drills."""
LESSONS = 3 * STAGE
"""Samples until the drills have faded out."""
RETURN = 122_880
"""Samples until a small share of drills comes back, for good."""
ECHOES = 188_416
"""Samples until these drills are lists of any tokens: a word of the held side may be a token that no training text
holds otherwise, and a token whose embedding never moved cannot be copied."""
ECHO_SHARE = 0.12


@dataclass(frozen=True)
class Echo:
    """A list of random tokens to repeat. Which tokens, only who holds the tokenizer can say (batches.py)."""

    seed: str

    def text(self) -> str:
        """No words of it are text."""
        return ""


Sample = Item | Echo | str


def lesson(at: int) -> tuple[float, int]:
    """Share of copying drills at the `at`-th sample of a run, and over how many words (see `skills_lists.drill`).

    Nothing but drills over a hundred words until copying is found (within about 18,000 samples), then more and more
    words, then the drills fade out. Widened after 12,000, it was not found for a long time. Without any drills it was
    unlearned again in favour of what else a word may be; so a few come back, from `RETURN` on.
    """
    if at >= ECHOES:
        return 0.0, 10_000
    if at >= RETURN:
        return 0.08, 10_000
    stage = at / STAGE
    if stage < 1:
        return 1.0, 100
    if stage < 2:
        return 0.8, int(100 * 2 ** (5 * (stage - 1)))
    return max(0.0, 0.5 * (3 - stage)), 10_000


def item(side: Side, name: str, seed: int | str) -> Item:
    """One item of one skill."""
    return SKILLS[name](World(side, f"{name}/{seed}"))


def text(side: Side, seed: int | str) -> str:
    """One document."""
    return document(World(side, f"document/{seed}"))


def chunk(seed: int, index: int, size: int, skills: Sequence[str] = TAUGHT) -> list[Sample]:
    """`size` training samples: chats of these skills as `Item`, documents as `str`, token drills as `Echo`."""
    rng = random.Random(f"{seed}/{index}")
    names = [name for name in SKILLS if name in skills]
    weights = [WEIGHTS[name] for name in names]
    samples: list[Sample] = []
    for k in range(size):
        key = f"{seed}/{index}/{k}"
        drills, vocabulary = lesson(index * size + k)
        if index * size + k >= ECHOES and rng.random() < ECHO_SHARE:
            samples.append(Echo(key))
        elif rng.random() < drills:
            samples.append(skills_lists.drill(World("train", f"drill/{key}"), vocabulary))
        elif rng.random() < DOCUMENT_SHARE:
            samples.append(text("train", key))
        else:
            samples.append(item("train", rng.choices(names, weights)[0], key))
    return samples
