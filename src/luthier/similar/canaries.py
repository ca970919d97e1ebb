"""Planted canaries: copies of evaluation items, changed as leaks are, put among the training rows and looked for.

The share that is found is printed with each report, so that "clean" comes with the chance of having missed something.
Nothing is planted in the data: a fork of the scan sees the canaries as further rows.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from luthier.similar.contamination import Part, Scan
from luthier.similar.evidence import Evidence, Found
from luthier.similar.items import Item
from luthier.similar.profiles import SURE, Judged, Profile, decidable
from luthier.text import words

Kind = Literal["verbatim", "retyped", "overlap", "answer"]
KINDS: dict[Kind, str] = {
    "verbatim": "question and answer as they are",
    "retyped": "other case and punctuation",
    "overlap": "60% of the question in one run (at least 13 words), the rest replaced",
    "answer": "the answer alone (at least 13 words), behind another question",
}
OVERLAP = 0.6


@dataclass(frozen=True, slots=True)
class Canary:
    """A training row made from item number ``item``."""

    kind: Kind
    item: int
    row: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Recall:
    """Of one kind: how many were planted and found. ``undecidable`` items were too short to make one."""

    kind: Kind
    planted: int
    found: int
    undecidable: int

    @property
    def share(self) -> float | None:
        """Found of planted; None when none could be planted."""
        return self.found / self.planted if self.planted else None


def plant(
    items: Sequence[Item], evidence: Mapping[int, Evidence], each: int, seed: int
) -> tuple[list[Canary], dict[Kind, int]]:
    """Up to ``each`` canaries a kind from the items with evidence, and of how many no such canary could be told.

    An item serves one kind only. Half of the verbatim and retyped ones stand inside a longer text, if they are long
    enough to be told from it.
    """
    rng = random.Random(seed)
    order = list(evidence)
    rng.shuffle(order)
    short: dict[Kind, int] = dict.fromkeys(KINDS, 0)
    left: dict[Kind, int] = dict.fromkeys(KINDS, each)
    canaries: list[Canary] = []
    for place, number in enumerate(order):
        found = evidence[number]
        able: dict[Kind, bool] = {
            "verbatim": True, "retyped": True,
            "overlap": decidable(found.question) and int(OVERLAP * found.question.words) >= SURE,
            "answer": decidable(found.answer),
        }  # fmt: skip
        for kind in KINDS:
            short[kind] += not able[kind]
        kinds = [kind for kind in reversed(KINDS) if able[kind] and left[kind]]
        if kinds:
            kind = max(kinds, key=lambda kind: left[kind])  # of equally wanted ones the rarer
            left[kind] -= 1
            inside = left[kind] % 2 == 0 and decidable(found.question)
            other = items[order[(place + 1) % len(order)]]
            canaries.append(Canary(kind, number, _row(kind, items[number], other, rng, inside=inside)))
    return canaries, short


def recall(
    scan: Scan, items: Sequence[Item], found: Found, judged: Sequence[Judged], profile: Profile, each: int, seed: int
) -> tuple[Recall, ...]:
    """Plant canaries of items that are clean so far, look again, count those judged dirty."""
    clean = {
        number: evidence
        for number, (evidence, one) in enumerate(zip(found.items, judged, strict=True))
        if one.word == "clean" and evidence.question.words
    }
    canaries, short = plant(items, clean, each, seed)
    fork = scan.fork()
    fork.add(canary.row for canary in canaries)
    numbers = sorted({canary.item for canary in canaries})
    again = dict(zip(numbers, profile.judge(fork.found(numbers)), strict=True))
    hit = [canary for canary in canaries if again[canary.item].word == "dirty"]
    return tuple(
        Recall(kind, sum(c.kind == kind for c in canaries), sum(c.kind == kind for c in hit), short[kind])
        for kind in KINDS
    )


def _row(kind: Kind, item: Item, other: Item, rng: random.Random, *, inside: bool) -> tuple[Part, ...]:
    filler = other.question.split() or ["and"]
    rng.shuffle(filler)  # its words, no run of them: the canary must not be one of the other item too
    if kind == "overlap":
        return (("user", _overlap(item.question.split(), filler, rng)), ("assistant", "See above."))
    if kind == "answer":
        return (("user", f"{' '.join(filler[:12])}?"), ("assistant", item.answer))
    change = retyped if kind == "retyped" else lambda text, _: text
    question, answer = change(item.question, rng), change(item.answer, rng)
    if inside:
        half = len(filler) // 2
        question = f"{' '.join(filler[:half])}\n{question}\n{' '.join(filler[half:])}"
    return (("user", question), ("assistant", answer))


def retyped(text: str, rng: random.Random) -> str:
    """The same words in another case with other signs between them."""
    text = rng.choice([str.upper, str.lower, str.title, str.swapcase])(text)
    text = re.sub(r"[.,;:!?]+(?=\s|$)", lambda _: rng.choice(["", "!", " ...", ";", " -"]), text)
    return re.sub(r" +", lambda _: rng.choice([" ", "  ", "\n", " "]), text) + rng.choice(["", "!!", " .", "?"])


def _overlap(asked: Sequence[str], filler: Sequence[str], rng: random.Random) -> str:
    """One run of 60% of the words, placed at random; shuffled words of another item in place of the rest."""
    total = len(words(" ".join(asked)))
    start = rng.randrange(max(1, int((1 - OVERLAP) * len(asked))))
    end = start
    while end < len(asked) and len(words(" ".join(asked[start:end]))) < OVERLAP * total:
        end += 1
    rest = list(filler) * (1 + len(asked) // len(filler))
    return " ".join([*rest[:start], *asked[start:end], *rest[start : start + len(asked) - end]])
