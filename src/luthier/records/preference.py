"""Rows that say which answer is better: a pair, a ranking, or a thumb up or down on one answer.

Each holds one prompt; an answer is the messages that follow it (nearly always one assistant turn). Identity is content,
as for :class:`~luthier.records.example.Example`: who judged, by how much and where it was read do not change the id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from luthier.records.chat import Message
from luthier.records.example import Origin, circumstances, content_id, read_circumstances, said_by_user

Answer = tuple[Message, ...]
"""The messages that follow a prompt; the last one is the assistant's."""


@dataclass(frozen=True)
class Preference:
    """Two answers to one prompt; ``chosen`` is the better one.

    ``margin`` says by how much (any scale, from 0), ``ratings`` what chosen and rejected were given, ``annotators`` who
    said so (names or ids). ``weight`` is what the pair counts in training, beside pairs of weight 1.
    """

    prompt: tuple[Message, ...]
    chosen: Answer
    rejected: Answer
    tools: tuple[Mapping[str, Any], ...] = ()
    margin: float | None = None
    ratings: tuple[float, float] | None = None
    annotators: tuple[str, ...] = ()
    group: str | None = None
    time: str | None = None
    weight: float = 1.0
    origin: Origin | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        """BLAKE2b over prompt, both answers and tools; 16 hex digits."""
        return content_id(_sides(self.prompt, self.tools, chosen=self.chosen, rejected=self.rejected))

    @property
    def asked(self) -> str:
        """The user side as one text (system left out): what near-duplicate search reads."""
        return said_by_user(self.prompt)

    def to_dict(self) -> dict[str, Any]:
        """JSON form, as stored in a dataset; defaults are left out."""
        out = {"id": self.id, **_sides(self.prompt, self.tools, chosen=self.chosen, rejected=self.rejected)}
        if self.margin is not None:
            out["margin"] = self.margin
        if self.ratings is not None:
            out["ratings"] = list(self.ratings)
        if self.annotators:
            out["annotators"] = list(self.annotators)
        return {**out, **circumstances(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Preference:
        """Read what :meth:`to_dict` wrote."""
        ratings = data.get("ratings")
        return cls(
            prompt=_messages(data["prompt"]),
            chosen=_messages(data["chosen"]),
            rejected=_messages(data["rejected"]),
            margin=data.get("margin"),
            ratings=(float(ratings[0]), float(ratings[1])) if ratings else None,
            annotators=tuple(data.get("annotators", ())),
            **read_circumstances(data),
        )


@dataclass(frozen=True)
class Ranking:
    """Several answers to one prompt with their ranks: 1 is the best, equal ranks are ties.

    ``ratings`` are what the answers were given, where the ranks come from ratings.
    """

    prompt: tuple[Message, ...]
    answers: tuple[Answer, ...]
    ranks: tuple[int, ...]
    ratings: tuple[float, ...] | None = None
    tools: tuple[Mapping[str, Any], ...] = ()
    annotators: tuple[str, ...] = ()
    group: str | None = None
    time: str | None = None
    weight: float = 1.0
    origin: Origin | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len({len(self.answers), len(self.ranks), len(self.ratings or self.ranks)}) != 1:
            raise ValueError("every answer needs one rank, and one rating where there are ratings")

    @cached_property
    def id(self) -> str:
        """BLAKE2b over prompt, answers, ranks and tools; 16 hex digits."""
        return content_id(self._body())

    @property
    def asked(self) -> str:
        """The user side as one text (system left out)."""
        return said_by_user(self.prompt)

    def _body(self) -> dict[str, Any]:
        answers = [[m.to_dict() for m in answer] for answer in self.answers]
        return {**_sides(self.prompt, self.tools), "answers": answers, "ranks": list(self.ranks)}

    def to_dict(self) -> dict[str, Any]:
        """JSON form, as stored in a dataset; defaults are left out."""
        out = {"id": self.id, **self._body()}
        if self.ratings is not None:
            out["ratings"] = list(self.ratings)
        if self.annotators:
            out["annotators"] = list(self.annotators)
        return {**out, **circumstances(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Ranking:
        """Read what :meth:`to_dict` wrote."""
        ratings = data.get("ratings")
        return cls(
            prompt=_messages(data["prompt"]),
            answers=tuple(_messages(answer) for answer in data["answers"]),
            ranks=tuple(data["ranks"]),
            ratings=tuple(map(float, ratings)) if ratings else None,
            annotators=tuple(data.get("annotators", ())),
            **read_circumstances(data),
        )


@dataclass(frozen=True)
class Thumb:
    """One answer and whether somebody liked it, as KTO learns from."""

    prompt: tuple[Message, ...]
    answer: Answer
    good: bool
    tools: tuple[Mapping[str, Any], ...] = ()
    annotators: tuple[str, ...] = ()
    group: str | None = None
    time: str | None = None
    weight: float = 1.0
    origin: Origin | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        """BLAKE2b over prompt, answer, verdict and tools; 16 hex digits."""
        return content_id({**_sides(self.prompt, self.tools, answer=self.answer), "good": self.good})

    @property
    def asked(self) -> str:
        """The user side as one text (system left out)."""
        return said_by_user(self.prompt)

    def to_dict(self) -> dict[str, Any]:
        """JSON form, as stored in a dataset; defaults are left out."""
        out = {"id": self.id, **_sides(self.prompt, self.tools, answer=self.answer), "good": self.good}
        if self.annotators:
            out["annotators"] = list(self.annotators)
        return {**out, **circumstances(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Thumb:
        """Read what :meth:`to_dict` wrote."""
        return cls(
            prompt=_messages(data["prompt"]),
            answer=_messages(data["answer"]),
            good=bool(data["good"]),
            annotators=tuple(data.get("annotators", ())),
            **read_circumstances(data),
        )


Compared = Preference | Ranking | Thumb
"""Any row that says which answer is better."""


def _sides(prompt: Answer, tools: Iterable[Mapping[str, Any]], **answers: Answer) -> dict[str, Any]:
    out: dict[str, Any] = {"prompt": [m.to_dict() for m in prompt]}
    out.update({name: [m.to_dict() for m in answer] for name, answer in answers.items()})
    if listed := [dict(tool) for tool in tools]:
        out["tools"] = listed
    return out


def _messages(data: Iterable[Mapping[str, Any]]) -> tuple[Message, ...]:
    return tuple(Message.from_dict(m) for m in data)
