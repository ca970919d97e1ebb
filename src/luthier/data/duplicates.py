"""Duplicates, contradictions and near-duplicates among the rows of a job.

Equal means equal keys (``text.normalise``) of system message, question and answer. A contradiction is the same
question with another label (or another value in a closed JSON field): nobody can say which is right, so all of its
rows are set aside. Free answers to one question may differ; both stay. Near-duplicates have similar questions and
answers that say the same; of those the first one read stays.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from luthier.data.answers import AnswerKind
from luthier.data.funnel import Loss
from luthier.records import Example
from luthier.similar import Groups
from luthier.text import normalise, shingles

# signs that change no meaning between words; a hyphen only between letters ("top-up", not "5-3")
_SENTENCE_SIGNS = re.compile(r"(?:[\s.,!?;:'\"‘’“”„…]|(?<=[^\W\d_])-(?=[^\W\d_]))+")


@dataclass(frozen=True)
class Keys:
    """Normalised texts of each row, in row order: what all comparisons read."""

    system: tuple[str, ...]
    asked: tuple[str, ...]
    answer: tuple[str, ...]

    def take(self, rows: Sequence[int]) -> Keys:
        """The keys of some rows."""
        return Keys(*(tuple(column[row] for row in rows) for column in (self.system, self.asked, self.answer)))


def keys_of(examples: Sequence[Example]) -> Keys:
    """Keys of system message, question and answer."""
    return Keys(
        tuple(normalise(system_of(example)) for example in examples),
        tuple(normalise(example.asked) for example in examples),
        tuple(normalise(answer_of(example)) for example in examples),
    )


def system_of(example: Example) -> str:
    """The system message, or the empty string."""
    return "\n".join(message.content for message in example.messages if message.role == "system")


def answer_of(example: Example) -> str:
    """The answer with its tool calls, as text."""
    calls = [call for message in example.messages[-1:] for call in message.tool_calls]
    return " ".join([example.answer, *(f"{call.name} {dict(call.arguments)}" for call in calls)])


def repeated(keys: Sequence[str]) -> int:
    """How many rows repeat an earlier row's key; empty keys repeat nothing."""
    filled = [key for key in keys if key]
    return len(filled) - len(set(filled))


def exact(examples: Sequence[Example], keys: Keys) -> dict[int, Loss]:
    """Rows that equal an earlier row, by index."""
    first: dict[tuple[str, str, str], int] = {}
    losses: dict[int, Loss] = {}
    for index, key in enumerate(zip(keys.system, keys.asked, keys.answer, strict=True)):
        if not key[1]:
            continue
        earlier = first.setdefault(key, index)
        if earlier != index:
            partner = examples[earlier]
            losses[index] = Loss(examples[index], "duplicate.exact", f"the same as {partner.origin}", partner)
    return losses


def conflicting(examples: Sequence[Example], keys: Keys, kind: AnswerKind) -> dict[int, Loss]:
    """Rows whose question stands elsewhere with another label, by index."""
    # Signs of arithmetic and code decide here: "5 + 3" and "5 - 3" share a key but do not contradict each other.
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, (system, asked) in enumerate(zip(keys.system, keys.asked, strict=True)):
        if asked:
            groups[system, asked].append(index)
    losses: dict[int, Loss] = {}
    for members in groups.values():
        if len(members) < 2:
            continue
        signs: dict[str, list[int]] = defaultdict(list)
        for index in members:
            signs[strict(examples[index].asked)].append(index)
        for same in signs.values():
            verdicts = {index: verdict for index in same if (verdict := kind.verdict(examples[index])) is not None}
            for index, verdict in verdicts.items():
                other = next((o for o, v in verdicts.items() if v != verdict), None)
                if other is not None:
                    why = f"{_say(verdict)} here, {_say(verdicts[other])} at {examples[other].origin}"
                    losses[index] = Loss(examples[index], "conflict", why, examples[other])
    return losses


def near(examples: Sequence[Example], keys: Keys, found: Groups, kind: AnswerKind, threshold: float) -> dict[int, Loss]:
    """Rows that are near an earlier row that stays, with an answer that says the same, by index."""
    losses: dict[int, Loss] = {}
    alike = _Alike(examples, keys, kind, threshold)
    for first, second, jaccard in _pairs(found):
        if second not in losses and first not in losses and alike(first, second):
            partner = examples[first]
            why = f"{jaccard:.2f} similar to {partner.origin}, with the same answer"
            losses[second] = Loss(examples[second], "duplicate.near", why, partner)
    return losses


def _pairs(found: Groups) -> Iterator[tuple[int, int, float]]:
    """All pairs as Python numbers, some at a time: there may be millions."""
    for start in range(0, len(found.first), 100_000):
        part = slice(start, start + 100_000)
        columns = (found.first[part].tolist(), found.second[part].tolist(), found.jaccard[part].tolist())
        yield from zip(*columns, strict=True)


class _Alike:
    """Whether two rows' answers say the same; remembers what it parsed."""

    def __init__(self, examples: Sequence[Example], keys: Keys, kind: AnswerKind, threshold: float) -> None:
        self._examples, self._keys, self._threshold = examples, keys, threshold
        self._kind = kind
        self._verdicts: dict[int, tuple[str, ...] | None] = {}
        self._sets: dict[int, frozenset[tuple[str, ...]]] = {}

    def __call__(self, first: int, second: int) -> bool:
        if self._keys.system[first] != self._keys.system[second]:
            return False
        if self._examples[first].text is not None:
            return self._examples[second].text is not None
        one, two = self._verdict(first), self._verdict(second)
        if one is not None and two is not None:
            return one == two
        if self._keys.answer[first] == self._keys.answer[second]:
            # an answer without words (an emoji) has the empty key, which proves nothing
            return bool(self._keys.answer[first]) or self._examples[first].answer == self._examples[second].answer
        a, b = self._set(first), self._set(second)
        return bool(a and b) and len(a & b) / len(a | b) >= self._threshold

    def _verdict(self, index: int) -> tuple[str, ...] | None:
        if index not in self._verdicts:
            self._verdicts[index] = self._kind.verdict(self._examples[index])
        return self._verdicts[index]

    def _set(self, index: int) -> frozenset[tuple[str, ...]]:
        if index not in self._sets:
            self._sets[index] = shingles(answer_of(self._examples[index]))
        return self._sets[index]


def strict(text: str) -> str:
    """A text with its signs of arithmetic and code, but without those between words."""
    return _SENTENCE_SIGNS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def _say(verdict: tuple[str, ...]) -> str:
    return "/".join(verdict)
