"""Pairs of answers that people judged, read from a file: one pair a line with everybody's vote.

``{"question": "…" or [messages], "a": "…", "b": "…", "votes": {"anna": "a", "ben": "tie"}}``; ``votes`` may be a list
where nobody is named, and ``reference`` and ``id`` may be there. What people agree on is what most of them said; where
no answer has more votes than each other, a tie. Nothing is counted here beyond one pair.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from luthier.errors import LuthierError
from luthier.evaluate.ledger import digest
from luthier.records import Message
from luthier.store.disk import objects

SIDES = {"a": 1.0, "b": 0.0, "tie": 0.5}
"""A vote, and what it is worth to the first answer."""


@dataclass(frozen=True)
class Voted:
    """One pair with its votes (a, b or tie) by voter. Which answer is "a" means nothing. ``name`` is the id of its
    line, if it has one."""

    question: str
    a: str
    b: str
    votes: Mapping[str, str] = field(default_factory=dict)
    reference: str | None = None
    name: str = ""

    @property
    def majority(self) -> float:
        """1 where most said a, 0 where most said b, else a half."""
        counts = Counter(self.votes.values())
        top = counts.most_common(2)
        if len(top) == 1 or top[0][1] > top[1][1]:
            return SIDES[top[0][0]]
        return 0.5

    @property
    def item(self) -> str:
        """Its id; a pair without one is known by its texts."""
        return self.name or self.same

    @property
    def same(self) -> str:
        """Equal for the same pair, whichever answer stands first."""
        return pair_digest(self.question, self.a, self.b)

    def for_answer(self, text: str) -> float:
        """What the majority is worth to the answer of this text."""
        return self.majority if text == self.a else 1.0 - self.majority

    def to_dict(self) -> dict[str, Any]:
        """The line of a file."""
        out: dict[str, Any] = {"id": self.name} if self.name else {}
        out |= {"question": self.question, "a": self.a, "b": self.b, "votes": dict(self.votes)}
        return out if self.reference is None else {**out, "reference": self.reference}


def pair_digest(question: str, one: str, other: str) -> str:
    """Names a pair of answers to a question."""
    return digest([question, sorted((one, other))])


def question_text(messages: Sequence[Message]) -> str:
    """What was asked, as people and judges see it: one user message as it is, else every turn with its role."""
    if len(messages) == 1:
        return messages[0].content
    return "\n".join(f"{m.role}: {m.content}" for m in messages)


def read_votes(path: Path) -> tuple[Voted, ...]:
    """Every pair of a file with at least one vote; several lines of one id (or, without ids, of the same texts) are one
    pair with all of their votes.

    Raises:
        LuthierError: no such file, a line that is no pair, a vote that is none, no pair at all.
    """
    if not path.is_file():
        raise LuthierError(
            f"no such file of votes: {path.name}", where="evaluate: people",
            fix="luthier eval ask RUN writes tasks for people, luthier eval votes FOLDER reads them back",
        )  # fmt: skip
    found: dict[str, Voted] = {}
    lines = path.read_bytes().splitlines()
    rows = list(objects(lines))
    if len(rows) < sum(bool(line.strip()) for line in lines):
        raise LuthierError("a line of the votes is not a JSON object", where=path.name, fix="one pair a line, as JSON")
    for number, row in enumerate(rows, start=1):
        one = _voted(row, f"{path.name}:{number}")
        if not one.votes:
            continue
        known = found.get(one.item)
        if known is None:
            found[one.item] = one
        else:
            turned = known.a != one.a
            more = {f"{name} ({number})" if name in known.votes else name: _turned(v) if turned else v
                    for name, v in one.votes.items()}  # fmt: skip
            found[one.item] = Voted(known.question, known.a, known.b, {**known.votes, **more}, known.reference,
                                    known.name)  # fmt: skip
    if not found:
        raise LuthierError("no pair here was judged by anybody", where=path.name, fix="collect votes first")
    return tuple(found.values())


def votes_digest(path: Path) -> str:
    """Names the content of a file of votes; "absent" where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "absent"


def _turned(vote: str) -> str:
    return {"a": "b", "b": "a", "tie": "tie"}[vote]


def _voted(row: Mapping[str, Any], where: str) -> Voted:
    question, votes = row.get("question"), row.get("votes", {})
    try:
        if isinstance(question, list):
            question = question_text([Message.from_dict(m) for m in question])
        named = dict(votes) if isinstance(votes, Mapping) else {str(i): v for i, v in enumerate(votes, start=1)}
        wrong = next((v for v in named.values() if v not in SIDES), None)
        texts = [row["a"], row["b"]]
    except (KeyError, TypeError, AttributeError):
        question, wrong, texts, named = None, None, [], {}
    if not isinstance(question, str) or not all(isinstance(t, str) for t in texts) or len(texts) != 2:
        raise LuthierError(
            "this line is no pair of answers", where=where,
            fix='write {"question": "…", "a": "…", "b": "…", "votes": {"anna": "a"}}',
        )  # fmt: skip
    if wrong is not None:
        raise LuthierError(f"{wrong!r} is no vote", where=where, fix="write a, b or tie")
    reference = row.get("reference")
    return Voted(question, texts[0], texts[1], named, None if reference is None else str(reference),
                 str(row.get("id", "")))  # fmt: skip
