"""Rows made from rows by operators, and the published reasons to drop one (Evol-Instruct, Xu et al. 2023).

Each round goes through all rows in a drawn order, with one drawn operator each: rewrite, judge, answer. A child that
stands takes its parent's place in the next round; a parent whose child failed goes on itself. Children carry the family
of the seed that they descend from.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from luthier import registry
from luthier.augment.operators import Rewriting
from luthier.augment.seeds import Seed, chat, labels_of
from luthier.augment.topics import STOP_WORDS
from luthier.augment.way import Answer, Asker, Step, row, seed_of
from luthier.recipe.augment import EvolveSpec, Operator
from luthier.records import Example, Message
from luthier.text import normalise, words

_LEAKS = ("given prompt", "rewritten prompt", "given request", "rewritten request", "new request:")
"""Published: the first two; the others are the same words of our own prompts."""


@dataclass(frozen=True)
class Member:
    """A row of the pool."""

    id: str
    request: str
    answer: str
    family: str
    root: str
    system: str | None
    labelled: bool


@dataclass(frozen=True)
class Child:
    """A rewriting on its way: ``stage`` is "judge" or "answer"."""

    place: int
    parent: Member
    operator: str
    request: str
    keeps_answer: bool
    stage: str


class Evolve:
    """The state of one augmentation by operators, and what it asks next."""

    kinds: ClassVar[frozenset[str]] = frozenset({"rewrite", "judge", "answer"})

    def __init__(self, spec: EvolveSpec, seeds: Sequence[Seed], asker: Asker, *, wanted: int, seed: int) -> None:
        self._spec, self._asker, self._wanted, self._seed = spec, asker, wanted, seed
        self._pool = [_member(one) for one in seeds if one.instances]
        self._labels = labels_of(seeds)
        self._functions = {op.kind: registry.get("operator", op.kind).load() for op in _kinds(spec)}
        self._made: set[str] = {member.id for member in self._pool}
        self._rows = 0
        self._round = 0
        self._next = 0
        self._order = self._drawn()
        self._waiting: list[Child] = []
        self._grown: dict[int, Member] = {}

    @property
    def progress(self) -> tuple[int, int]:
        return min(self._rows, self._wanted), self._wanted

    def step(self) -> Step | None:
        for stage, ask in (("answer", self._answering), ("judge", self._judging)):
            ready = [child for child in self._waiting if child.stage == stage][: self._spec.batch]
            if ready:
                return ask(ready)
        if self._rows >= self._wanted or self._round >= self._spec.rounds or not self._pool:
            return None
        return self._rewriting()

    def _drawn(self) -> list[int]:
        order = list(range(len(self._pool)))
        random.Random(seed_of(self._seed, "order", self._round)).shuffle(order)
        return order

    def _rewriting(self) -> Step:
        places = self._order[self._next : self._next + self._spec.batch]
        requests, about = [], []
        for place in places:
            member = self._pool[place]
            draw = random.Random(seed_of(self._seed, "operator", self._round, place))
            operator = draw.choice(_kinds(self._spec))
            rewriting: Rewriting = self._functions[operator.kind](operator, member.request)
            requests.append(
                self._asker.request(
                    rewriting.prompt, max_tokens=self._spec.max_tokens, temperature=self._spec.temperature,
                    seed=seed_of(self._seed, "rewrite", self._round, place),
                )
            )  # fmt: skip
            about.append((place, operator.kind, rewriting.keeps_answer))
        return Step("rewrite", tuple(requests), tuple(about))

    def _judging(self, children: Sequence[Child]) -> Step:
        requests = [
            self._asker.request(
                "Here are two requests to an assistant. Do they ask for the same, with the same requirements, depth "
                f"and breadth?\n\nFirst:\n{child.parent.request}\n\nSecond:\n{child.request}\n\n"
                "Answer with one word: Equal or Different.",
                max_tokens=8,
            )
            for child in children
        ]
        return Step("judge", tuple(requests), tuple(child.place for child in children))

    def _answering(self, children: Sequence[Child]) -> Step:
        requests = []
        for child in children:
            request = self._asker.request(child.request, max_tokens=self._spec.max_tokens)
            if child.parent.system and request.messages:
                request = replace(request, messages=(Message("system", child.parent.system), *request.messages))
            requests.append(request)
        return Step("answer", tuple(requests), tuple(child.place for child in children))

    def conclude(self, step: Step, answers: Sequence[Answer]) -> dict[str, Any]:
        if step.kind == "rewrite":
            return self._rewritten(step, answers)
        children = {child.place: child for child in self._waiting}
        batch = [children[place] for place in step.about]
        gone: list[dict[str, Any]] = []
        rows: list[dict[str, Any]] = []
        passed: list[int] = []
        for child, answer in zip(batch, answers, strict=True):
            if step.kind == "judge":
                rule = self._judged(child, answer)
            else:
                rule = answer_rule(answer, self._spec, self._labels)
            if rule is not None:
                gone.append({"rule": rule, "text": child.request, "place": child.place})
                continue
            passed.append(child.place)
            if step.kind == "answer" or child.keeps_answer:
                said = child.parent.answer if child.keeps_answer else (answer.text if answer else "")
                self._put(rows, gone, child, said)
        return {"passed": passed, "rows": rows, "gone": gone}

    def _rewritten(self, step: Step, answers: Sequence[Answer]) -> dict[str, Any]:
        gone: list[dict[str, Any]] = []
        rows: list[dict[str, Any]] = []
        children: list[dict[str, Any]] = []
        for (place, operator, keeps), answer in zip(step.about, answers, strict=True):
            parent = self._pool[place]
            rule = rewriting_rule(parent.request, answer)
            text = answer.text.strip() if answer is not None else ""
            if rule is not None:
                gone.append({"rule": rule, "text": text, "place": place})
                continue
            children.append({"place": place, "operator": operator, "request": text, "keeps_answer": keeps})
            if keeps and not self._spec.judge:
                self._put(rows, gone, Child(place, parent, operator, text, keeps, ""), parent.answer)
        return {"places": [place for place, _, _ in step.about], "children": children, "rows": rows, "gone": gone}

    def _judged(self, child: Child, answer: Answer) -> str | None:
        if answer is None:
            return "evolve.refused"
        equal = re.match(r"\W*equal\b", answer.text, re.IGNORECASE) is not None
        if child.keeps_answer:
            return None if equal else "evolve.changed"
        return "evolve.no_gain" if equal else None

    def _put(self, rows: list[dict[str, Any]], gone: list[dict[str, Any]], child: Child, answer: str) -> None:
        parent = child.parent
        made = chat(child.request, "", answer, system=parent.system, labelled=parent.labelled)
        if made.id in self._made or any(one["id"] == made.id for one in rows):
            gone.append({"rule": "row.duplicate", "text": made.asked, "place": child.place})
            return
        rows.append(
            row(
                made, by=child.operator, seed=parent.root, family=parent.family, parents=[parent.id],
                nearest_text=parent.request, round=self._round + 1, place=child.place,
            )
        )  # fmt: skip

    def apply(self, line: Mapping[str, Any]) -> None:
        ended = {item["place"] for item in line["gone"]} | {made["augmented"]["place"] for made in line["rows"]}
        if line["kind"] == "rewrite":
            self._next += len(line["places"])
            stage = "judge" if self._spec.judge else "answer"
            for item in line["children"]:
                parent = self._pool[item["place"]]
                child = Child(
                    item["place"], parent, item["operator"], item["request"], item["keeps_answer"], stage
                )
                self._waiting.append(child)
        else:
            passed = set(line["passed"])
            self._waiting = [replace(c, stage="answer") if c.place in passed else c for c in self._waiting]
        self._waiting = [child for child in self._waiting if child.place not in ended]
        for made in line["rows"]:
            example, facts = Example.from_dict(made), made["augmented"]
            parent = self._pool[facts["place"]]
            self._grown[facts["place"]] = replace(
                parent, id=example.id, request=example.messages[-2].content, answer=example.answer
            )
            self._made.add(example.id)
            self._rows += 1
        if not self._waiting and self._next >= len(self._pool):
            for place, member in self._grown.items():
                self._pool[place] = member
            self._grown.clear()
            self._round, self._next = self._round + 1, 0
            self._order = self._drawn()


def rewriting_rule(request: str, answer: Answer) -> str | None:
    """The first reason to drop a rewriting."""
    if answer is None:
        return "evolve.refused"
    if answer.finish_reason == "length":
        return "evolve.cut"
    text = answer.text.strip()
    if not text:
        return "evolve.empty"
    if any(leak in text.lower() and leak not in request.lower() for leak in _LEAKS):
        return "evolve.leak"
    return "evolve.copy" if normalise(text) == normalise(request) else None


def answer_rule(answer: Answer, spec: EvolveSpec, labels: frozenset[str] = frozenset()) -> str | None:
    """The first reason to drop an answer; with ``labels`` it must be one of them."""
    if answer is None:
        return "answer.refused"
    if answer.finish_reason == "length":
        return "answer.cut"
    text = answer.text.strip()
    if not text:
        return "answer.empty"
    if labels:
        return None if text in labels else "answer.label"
    if re.search(r"\bsorry\b", text, re.IGNORECASE) and len(text.split()) < spec.sorry_words:
        return "answer.sorry"
    return "answer.hollow" if all(word in STOP_WORDS for word in words(text)) else None


def _kinds(spec: EvolveSpec) -> list[Operator]:
    return list(spec.operators)


def _member(seed: Seed) -> Member:
    first = seed.instances[0]
    request = f"{seed.instruction}\n\n{first.input}".strip()
    return Member(seed.id, request, first.output, seed.family, seed.id, seed.system, seed.labelled)
