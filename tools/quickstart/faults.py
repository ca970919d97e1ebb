"""Plant the faults of real data into the training rows, and say exactly where each one stands.

Exact duplicates, near-duplicates, broken rows, personal phone numbers, test items that leaked into train, and pairs
that contradict each other. The test rows are never touched. The answer key counts lines from 1.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, replace

from tools.quickstart.company import URGENCIES
from tools.quickstart.compose import Ticket
from tools.quickstart.rows import Sides, chat
from tools.quickstart.similarity import NEAR, jaccard, words

EXACT_COPIES, EXACT_RETYPED = 18, 12
NEAR_COPIES = 25
CONTRADICTIONS = 2
# Ofcom's ranges for drama: numbers that are never given to anybody.
PHONES = (
    "You can call me on 07700 900482.",
    "My number is +44 20 7946 0173 if that is easier.",
)
SWAPS = (
    ("please", "kindly"),
    ("thanks", "cheers"),
    ("hello", "hey"),
    ("hi", "hello"),
    ("but", "however"),
    ("fine", "okay"),
    ("only", "just"),
    ("send", "post"),
    ("wrote", "said"),
    ("because", "since"),
)


AnswerKey = dict[str, list[dict[str, int]]]


@dataclass(frozen=True)
class Line:
    """One line of train.jsonl: its text, and for a planted one its kind and the row it was made from."""

    text: str
    kind: str = ""
    source: str = ""  # the message that it copies
    source_side: str = ""  # where that message stands: "train" or "test"
    message: str = ""


def plant(sides: Sides, seed: int) -> tuple[list[str], AnswerKey]:
    """Lines of train.jsonl with the faults in place, and the answer key: per kind, the lines and what they copy."""
    rng = random.Random(seed)
    sources = list(sides.train)
    rng.shuffle(sources)
    retyped_until = EXACT_COPIES + EXACT_RETYPED
    planted = [_copy(ticket, ticket.message, "exact_duplicate", "train") for ticket in sources[:EXACT_COPIES]]
    for ticket in sources[EXACT_COPIES:retyped_until]:
        planted.append(_copy(ticket, _retype(rng, ticket.message), "exact_duplicate_retyped", "train"))

    rest = iter(ticket for ticket in sources[retyped_until:] if 24 <= len(ticket.message.split()) <= 50)
    near: list[Line] = []
    while len(near) < NEAR_COPIES:
        ticket = next(rest)
        changed = _change_one_word(ticket.message)
        if changed is not None:
            near.append(_copy(ticket, changed, "near_duplicate", "train"))
    planted += near
    for _ in range(CONTRADICTIONS):
        ticket = next(rest)
        level = URGENCIES[(URGENCIES.index(ticket.urgency) + 1) % len(URGENCIES)]
        planted.append(_copy(replace(ticket, urgency=level), ticket.message, "contradiction", "train"))
    planted += _leaks(rng, sides)
    planted += _malformed(sides.spare)

    copied = {line.source for line in planted}
    calls = (t for t in rest if t.message not in copied and t.message.endswith((".", "?")))  # no name at the end
    phoned = [next(calls) for _ in PHONES]
    clean = [Line(text=_line(ticket), message=ticket.message) for ticket in sides.train if ticket not in phoned]
    for ticket, sentence in zip(phoned, PHONES, strict=True):
        message = f"{ticket.message} {sentence}"
        clean.append(Line(_line(replace(ticket, message=message)), kind="phone_number", message=message))
    everything = clean + planted
    rng.shuffle(everything)
    return [line.text for line in everything], _answer_key(everything, sides)


def _answer_key(everything: list[Line], sides: Sides) -> AnswerKey:
    first_line = {line.message: number for number, line in enumerate(everything, 1) if line.kind == ""}
    test_line = {ticket.message: number for number, ticket in enumerate(sides.test, 1)}
    key: AnswerKey = {}
    for number, line in enumerate(everything, 1):
        if not line.kind:
            continue
        entry: dict[str, int] = {"line": number}
        if line.source_side == "train":
            entry["copy_of_train_line"] = first_line[line.source]
        elif line.source_side == "test":
            entry["copy_of_test_line"] = test_line[line.source]
        key.setdefault(line.kind, []).append(entry)
    return dict(sorted(key.items()))


def _line(ticket: Ticket) -> str:
    return json.dumps(chat(ticket), ensure_ascii=False)


def _copy(ticket: Ticket, message: str, kind: str, side: str) -> Line:
    copied = Ticket(message, ticket.intent, ticket.urgency, ticket.product, ticket.reply)
    return Line(text=_line(copied), kind=kind, source=ticket.message, source_side=side, message=message)


def _retype(rng: random.Random, message: str) -> str:
    """The same words with other capitals, punctuation or spacing."""
    ways = (
        lambda text: text.upper(),
        lambda text: text.lower().replace(",", ""),
        lambda text: text.replace(". ", "!  ").replace(" my ", "  my "),
        lambda text: f"  {text} ".replace(",", " ,"),
    )
    first = rng.randrange(len(ways))
    for step in range(len(ways)):
        typed = ways[(first + step) % len(ways)](message)
        if typed != message:
            return typed
    raise ValueError(f"no way to retype {message!r}")


def _change_one_word(message: str) -> str | None:
    """One word exchanged for a neighbour in meaning, still at NEAR or above; None where none fits."""
    for old, new in SWAPS:
        for first, second in ((old, new), (old.capitalize(), new.capitalize())):
            changed = re.sub(rf"\b{first}\b", second, message, count=1)
            if changed != message and jaccard(changed, message) >= NEAR and words(changed) != words(message):
                return changed
    parts = message.split()
    if parts[-1][:1].isupper() and parts[-1].isalpha():  # another name under the letter
        changed = " ".join([*parts[:-1], "Robin"])
        return changed if jaccard(changed, message) >= NEAR else None
    return None


def _leaks(rng: random.Random, sides: Sides) -> list[Line]:
    """Three test items in train: word for word, retyped, and with one word changed."""
    tests = [ticket for ticket in sides.test if 24 <= len(ticket.message.split()) <= 50]
    rng.shuffle(tests)
    verbatim, retyped = tests[0], tests[1]
    near = next(ticket for ticket in tests[2:] if _change_one_word(ticket.message))
    changed = _change_one_word(near.message)
    assert changed is not None
    shouted = retyped.message.upper().replace(".", "!")
    return [
        _copy(verbatim, verbatim.message, "leak_verbatim", "test"),
        _copy(retyped, shouted, "leak_retyped", "test"),
        _copy(near, changed, "leak_near", "test"),
    ]


def _malformed(spare: list[Ticket]) -> list[Line]:
    """Five rows that no reader may take, each broken in its own way; their messages occur nowhere else."""
    broken, unanswered, empty, role, prose = (chat(ticket) for ticket in spare)
    unanswered["messages"] = unanswered["messages"][:2]
    empty["messages"][2]["content"] = ""
    role["messages"][2]["role"] = "agent"
    last = spare[-1]
    prose["messages"][2]["content"] = f"{last.intent}, {last.urgency} urgency, {last.product}. {last.reply}"
    return [
        Line(json.dumps(broken, ensure_ascii=False)[:-28], "malformed_json"),
        Line(json.dumps(unanswered, ensure_ascii=False), "missing_answer"),
        Line(json.dumps(empty, ensure_ascii=False), "empty_answer"),
        Line(json.dumps(role, ensure_ascii=False), "wrong_role"),
        Line(json.dumps(prose, ensure_ascii=False), "answer_not_json"),
    ]
