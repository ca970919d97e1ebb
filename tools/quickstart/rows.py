"""Draw the clean rows of the job: varied enough, balanced, and no two of them near-duplicates.

Rejection keeps the promises: a drawn ticket is kept only if it is far from all kept ones by three measures and if its
intent is not yet plentiful. Hand-written tickets go in first. Both sides come from the same seeded pool; of the
hand-written ones BY_HAND_IN_TEST are in test.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tools.quickstart.company import INSTRUCTION, INTENTS
from tools.quickstart.compose import Ticket, draw_ticket
from tools.quickstart.similarity import Index, char_shingles, shingles

TRAIN_ROWS, TEST_ROWS, SPARE_ROWS = 1500, 240, 5
TEST_DRAWN = TEST_ROWS + 160
"""Test rows are drawn in excess: those whose words stand in a training row for the most part are left out."""
BY_HAND_IN_TEST = 16
APART = {"3 words": 0.55, "5 words": 0.5, "5 characters": 0.72}
"""Kept rows stay below these Jaccards of each other, well under the 0.8 at which rows count as near-duplicates."""


@dataclass(frozen=True)
class Sides:
    """Clean tickets, no two of them near-duplicates."""

    train: list[Ticket]
    test: list[Ticket]
    spare: list[Ticket]  # for the rows that are broken on purpose


def answer_of(ticket: Ticket) -> str:
    """The assistant's answer: JSON on one line, labels before the reply."""
    fields = {"intent": ticket.intent, "urgency": ticket.urgency, "product": ticket.product, "reply": ticket.reply}
    return json.dumps(fields, ensure_ascii=False)


def chat(ticket: Ticket) -> dict[str, list[dict[str, str]]]:
    """One row in chat shape."""
    return {
        "messages": [
            {"role": "system", "content": INSTRUCTION},
            {"role": "user", "content": ticket.message},
            {"role": "assistant", "content": answer_of(ticket)},
        ]
    }


def _unseen(test: Sequence[Ticket], train: Sequence[Ticket]) -> list[Ticket]:
    """The test tickets that Luthier's own contamination check does not call dirty."""
    from luthier.similar import PROFILES, Item, Scan, index

    scan = Scan(index([Item(str(i), ticket.message, ticket.reply) for i, ticket in enumerate(test)]))
    scan.add([[(m["role"], m["content"]) for m in chat(ticket)["messages"]] for ticket in train])
    judged = PROFILES["luthier"].judge(scan.found())
    return [ticket for ticket, one in zip(test, judged, strict=True) if one.word != "dirty"]


def _balanced_and_unseen(tickets: Sequence[Ticket], train: Sequence[Ticket]) -> list[Ticket]:
    """The first TEST_ROWS new tickets with equally many of each intent. What counts as boilerplate depends on the test
    rows chosen, so the check is made again until it calls none of them dirty."""
    pool = _unseen(tickets, train)
    while True:
        left = Counter({intent: TEST_ROWS // len(INTENTS) for intent in INTENTS})
        chosen = []
        for ticket in pool:
            if left[ticket.intent] > 0:
                left[ticket.intent] -= 1
                chosen.append(ticket)
        if len(chosen) < TEST_ROWS:
            raise ValueError(f"only {len(chosen)} test tickets are new enough: raise TEST_DRAWN")
        dirty = {ticket.message for ticket in chosen} - {ticket.message for ticket in _unseen(chosen, train)}
        if not dirty:
            return chosen
        pool = [ticket for ticket in pool if ticket.message not in dirty]


def draw_sides(seed: int, written_by_hand: Sequence[Ticket]) -> Sides:
    """All clean tickets; the same seed gives the same ones. Raises ValueError when two hand-written ones are alike."""
    total = TRAIN_ROWS + TEST_DRAWN + SPARE_ROWS
    rng = random.Random(seed)
    indexes = {"3 words": Index(), "5 words": Index(), "5 characters": Index()}
    kept: list[Ticket] = []
    per_intent: Counter[str] = Counter()

    def keep(ticket: Ticket) -> bool:
        found = {
            "3 words": shingles(ticket.message, 3),
            "5 words": shingles(ticket.message, 5),
            "5 characters": char_shingles(ticket.message),
        }
        if any(indexes[name].nearest(found[name])[0] >= APART[name] for name in indexes):
            return False
        for name, index in indexes.items():
            index.add(found[name])
        kept.append(ticket)
        per_intent[ticket.intent] += 1
        return True

    for ticket in written_by_hand:
        if not keep(ticket):
            raise ValueError(f"a hand-written message is too close to another: {ticket.message!r}")
    most = -(-total // len(INTENTS))
    while len(kept) < total:
        ticket = draw_ticket(rng)
        if per_intent[ticket.intent] < most:
            keep(ticket)
    by_hand, drawn = kept[: len(written_by_hand)], kept[len(written_by_hand) :]
    rng.shuffle(by_hand)
    rng.shuffle(drawn)  # the last ones drawn are of the rarer intents
    test = by_hand[:BY_HAND_IN_TEST] + drawn[: TEST_DRAWN - BY_HAND_IN_TEST]
    train = by_hand[BY_HAND_IN_TEST:] + drawn[TEST_DRAWN - BY_HAND_IN_TEST : len(drawn) - SPARE_ROWS]
    test = _balanced_and_unseen(test, train)
    rng.shuffle(test)
    return Sides(train=train, test=test, spare=drawn[len(drawn) - SPARE_ROWS :])
