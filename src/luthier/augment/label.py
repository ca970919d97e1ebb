"""A teacher answers rows that have no answer; how far its samples agree decides what a person sees first.

The answer that is kept is the one that agrees best with the others (the first of equals; the first sample is greedy).
Answers that stand in the rows are not shown to the teacher. The user's rows go to the engine and nowhere else. A
labelled row is no child of another row: its question is the user's own, so it may be tested on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from luthier.augment.way import Answer, Asker, Step, row, seed_of
from luthier.engines import Request
from luthier.errors import LuthierError
from luthier.recipe.augment import LabelSpec
from luthier.records import Example, Message
from luthier.score.text import rouge_l_f1

RULES: dict[str, str] = {
    "label.refused": "The teacher could not take the row (too long).",
    "label.cut": "Every answer was cut at its length limit.",
    "label.empty": "Every answer is empty.",
}
"""Rule id -> what it means; beside ``filters.RULES``."""


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """A row to answer; ``id`` names what is asked, ``origin`` is file:line."""

    id: str
    messages: tuple[Message, ...]
    origin: str


def unlabelled(rows: Iterable[tuple[str, Sequence[Message]]]) -> list[Unlabelled]:
    """Rows from (file:line, messages to answer); equal questions are asked once."""
    found: dict[str, Unlabelled] = {}
    for origin, messages in rows:
        text = json.dumps([m.to_dict() for m in messages], sort_keys=True, ensure_ascii=False)
        name = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        found.setdefault(name, Unlabelled(name, tuple(messages), origin))
    return list(found.values())


def digest_of(rows: Sequence[Unlabelled]) -> str:
    """Names these rows in this order."""
    return hashlib.sha256(" ".join(r.id for r in rows).encode()).hexdigest()[:16]


class Label:
    """The state of one labelling, and what it asks next."""

    kinds: ClassVar[frozenset[str]] = frozenset({"label"})

    def __init__(self, spec: LabelSpec, rows: Sequence[Unlabelled], asker: Asker, *, seed: int) -> None:
        if asker.form != "chat":
            raise LuthierError(
                "a teacher is asked in chat form", where="augment.form", why="rows are chats",
                fix="set augment.form: chat",
            )  # fmt: skip
        self._spec, self._rows, self._asker, self._seed = spec, list(rows), asker, seed
        self._done = 0

    @property
    def progress(self) -> tuple[int, int]:
        return self._done, len(self._rows)

    def step(self) -> Step | None:
        batch = self._rows[self._done : self._done + self._spec.batch]
        if not batch:
            return None
        requests = [self._request(one, sample) for one in batch for sample in range(self._spec.samples)]
        return Step("label", tuple(requests), tuple(batch))

    def _request(self, one: Unlabelled, sample: int) -> Request:
        messages = one.messages
        if self._spec.system and messages[0].role != "system":
            messages = (Message("system", self._spec.system), *messages)
        return Request(
            messages=messages, max_tokens=self._spec.max_tokens, adapter=self._asker.adapter,
            temperature=self._spec.temperature if sample else 0.0, seed=seed_of(self._seed, one.id, sample),
        )  # fmt: skip

    def conclude(self, step: Step, answers: Sequence[Answer]) -> dict[str, Any]:
        rows: list[dict[str, Any]] = []
        gone: list[dict[str, Any]] = []
        for place, one in enumerate(step.about):
            said = answers[place * self._spec.samples : (place + 1) * self._spec.samples]
            rule, texts = _usable(said)
            if rule is not None:
                gone.append({"rule": rule, "text": one.messages[-1].content})
                continue
            chosen, agreement = best(texts, self._spec.agreement, asked=len(said))
            made = Example(messages=(*one.messages, Message("assistant", texts[chosen])))
            rows.append(
                row(
                    made, by="label", seed=one.id, origin=one.origin,
                    agreement=None if agreement is None else round(agreement, 6), samples=len(said),
                    others=[text for i, text in enumerate(texts) if i != chosen and text != texts[chosen]] or None,
                )
            )  # fmt: skip
        return {"labelled": len(step.about), "rows": rows, "gone": gone}

    def apply(self, line: Mapping[str, Any]) -> None:
        self._done += line["labelled"]


def _usable(answers: Sequence[Answer]) -> tuple[str | None, list[str]]:
    given = [answer for answer in answers if answer is not None]
    whole = [answer for answer in given if answer.finish_reason != "length"]
    texts = [answer.text.strip() for answer in whole if answer.text.strip()]
    if texts:
        return None, texts
    return ("label.refused" if not given else "label.cut" if not whole else "label.empty"), []


def best(
    texts: Sequence[str], how: Literal["auto", "exact", "rouge_l"], *, asked: int
) -> tuple[int, float | None]:
    """(the answer that agrees most with the others, mean agreement over all pairs of the ``asked`` samples).

    A sample that gave no answer agrees with none. One sample has no agreement: None.
    """
    if asked < 2:
        return 0, None
    exact = how == "exact" or (how == "auto" and all(len(text.split()) <= 3 for text in texts))

    def agree(a: str, b: str) -> float:
        if " ".join(a.split()).casefold() == " ".join(b.split()).casefold():
            return 1.0
        return 0.0 if exact else rouge_l_f1(a, b)[0]

    totals = [0.0] * len(texts)
    for i in range(len(texts)):
        for j in range(i):
            value = agree(texts[i], texts[j])
            totals[i] += value
            totals[j] += value
    return max(range(len(texts)), key=lambda i: (totals[i], -i)), sum(totals) / (asked * (asked - 1))
