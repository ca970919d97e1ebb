"""Duplicates, contradictions and near-duplicates among the rows of a job.

Equal means equal keys (``text.normalise``) of system message, question and answer. A contradiction is the same
question with another label (or another value in a closed JSON field): nobody can say which is right, so all of its
rows are set aside. Free answers to one question may differ; both stay. Near-duplicates have similar questions and
answers that say the same. Of a cluster the best row stays (:class:`Preference`), and each other row names it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from luthier.data.answers import AnswerKind
from luthier.data.family import is_child
from luthier.data.funnel import Loss
from luthier.records import Example, Origin
from luthier.rows.signs import cut_off
from luthier.similar import Groups
from luthier.text import normalise, shingles, strict


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


KEEPS = (
    "kept is the row of a previous dataset, else one that was not generated, without findings, with a complete answer, "
    "the longest of these; among equals the first"
)


class Preference:
    """Which of several rows that say the same is the best: see ``KEEPS``.

    ``flagged`` are places with findings, ``stood`` those of rows that a previous dataset has.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        flagged: Collection[Origin | None],
        stood: Collection[Origin | None] = frozenset(),
    ) -> None:
        new = [example.origin not in stood for example in examples]
        born = [is_child(example) for example in examples]
        flags = [example.origin in flagged for example in examples]
        broken = [bool(cut_off(example.answer)) for example in examples]
        lengths = [len(example.answer or example.text or "") for example in examples]
        self._reasons = (
            (new, "stands in the previous dataset"), (born, "was not generated"),
            (flags, "has no findings"), (broken, "has a complete answer"),
            ([-length for length in lengths], "has a longer answer"),
        )  # fmt: skip
        order = np.lexsort([np.asarray(values) for values, _ in reversed(self._reasons)])  # a stable sort: first wins
        self.rank = np.empty(len(examples), dtype=np.int64)
        self.rank[order] = np.arange(len(examples))

    def why(self, better: int, worse: int) -> str:
        """What speaks for the better one."""
        return next((words for values, words in self._reasons if values[better] < values[worse]), "stands first")


def exact(examples: Sequence[Example], keys: Keys, preference: Preference) -> dict[int, Loss]:
    """Rows that equal a better one, by index."""
    clusters: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for index, key in enumerate(zip(keys.system, keys.asked, keys.answer, strict=True)):
        if key[1]:
            clusters[key].append(index)
    losses: dict[int, Loss] = {}
    for members in clusters.values():
        if len(members) == 1:
            continue
        best = min(members, key=preference.rank.__getitem__)
        for index in members:
            if index != best:
                partner = examples[best]
                why = f"the same as {partner.origin}, which {preference.why(best, index)}"
                losses[index] = Loss(examples[index], "duplicate.exact", why, partner)
    return dict(sorted(losses.items()))


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
        signed: dict[str, list[int]] = defaultdict(list)
        for index in members:
            signed[strict(examples[index].asked)].append(index)
        for same in signed.values():
            verdicts = {index: verdict for index in same if (verdict := kind.verdict(examples[index])) is not None}
            for index, verdict in verdicts.items():
                other = next((o for o, v in verdicts.items() if v != verdict), None)
                if other is not None:
                    why = f"{_say(verdict)} here, {_say(verdicts[other])} at {examples[other].origin}"
                    losses[index] = Loss(examples[index], "conflict", why, examples[other])
    return losses


def near(
    examples: Sequence[Example],
    keys: Keys,
    found: Groups,
    kind: AnswerKind,
    threshold: float,
    preference: Preference,
) -> dict[int, Loss]:
    """Rows that are near a better row that stays, with an answer that says the same, by index."""
    losses: dict[int, Loss] = {}
    alike = Alike(examples, keys, kind, _Overlap(examples, threshold))
    for better, worse, jaccard in _pairs(found, preference):
        if worse not in losses and better not in losses and alike(better, worse):
            partner = examples[better]
            why = f"{jaccard:.2f} similar to {partner.origin}, which says the same and {preference.why(better, worse)}"
            losses[worse] = Loss(examples[worse], "duplicate.near", why, partner)
    return losses


def _pairs(found: Groups, preference: Preference) -> Iterator[tuple[int, int, float]]:
    """All pairs, the better row first, as Python numbers, some at a time: there may be millions.

    They come by the rank of the worse row, so that whether a row stays is known before it takes others out.
    """
    rank = preference.rank
    turned = rank[found.first] > rank[found.second]
    better, worse = np.where(turned, found.second, found.first), np.where(turned, found.first, found.second)
    order = np.lexsort((rank[better], rank[worse]))
    for start in range(0, len(order), 100_000):
        part = order[start : start + 100_000]
        yield from zip(better[part].tolist(), worse[part].tolist(), found.jaccard[part].tolist(), strict=True)


class Alike:
    """Whether two rows' answers say the same; ``near`` decides on free answers. Remembers what it parsed."""

    def __init__(
        self, examples: Sequence[Example], keys: Keys, kind: AnswerKind, near: Callable[[int, int], bool]
    ) -> None:
        self._examples, self._keys = examples, keys
        self._kind, self._near = kind, near
        self._verdicts: dict[int, tuple[str, ...] | None] = {}

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
        return self._near(first, second)

    def _verdict(self, index: int) -> tuple[str, ...] | None:
        if index not in self._verdicts:
            self._verdicts[index] = self._kind.verdict(self._examples[index])
        return self._verdicts[index]


class _Overlap:
    """Whether two answers share their shingles."""

    def __init__(self, examples: Sequence[Example], threshold: float) -> None:
        self._examples, self._threshold = examples, threshold
        self._sets: dict[int, frozenset[tuple[str, ...]]] = {}

    def __call__(self, first: int, second: int) -> bool:
        a, b = self._set(first), self._set(second)
        return bool(a and b) and len(a & b) / len(a | b) >= self._threshold

    def _set(self, index: int) -> frozenset[tuple[str, ...]]:
        if index not in self._sets:
            self._sets[index] = shingles(answer_of(self._examples[index]))
        return self._sets[index]


def _say(verdict: tuple[str, ...]) -> str:
    return "/".join(verdict)
