"""What may be wrong with answers, told by rules of thumb: each with a name, a count and rows to look at.

A rule points at rows that a person should see; it does not say that they are bad, and takes none away. Answers that are
labels are not looked at. Scores of models (perplexity, IFD, judges) come from elsewhere; the report shows them beside.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from luthier.data.axes import is_json
from luthier.data.edges import refuses
from luthier.data.phrases import (
    BOILERPLATE,
    LEFTOVER,
    NAMES_LANGUAGE,
    WANTS_CODE,
    WANTS_JSON,
    WANTS_ONE_WORD,
    WORD,
)  # fmt: skip
from luthier.rows.signs import cut_off
from luthier.text import normalise
from luthier.text.language import UNKNOWN

FAR = 3.5
"""Robust standard deviations (of the logarithm of the length) from which an answer is short or long for its topic."""
LEAST_IN_TOPIC = 20
CANNED = 5
"""Different questions with one and the same answer from which it is canned."""


@dataclass(frozen=True)
class Rule:
    """``what`` is wrong, and ``why`` it matters for training."""

    what: str
    why: str


RULES: dict[str, Rule] = {
    "quality.empty": Rule("there is no answer to learn from", "the row cannot be used"),
    "quality.truncated": Rule("the answer seems to break off", "the model learns to stop in the middle"),
    "quality.format": Rule(
        "the answer breaks the format that is asked, or holds leftovers of a page", "formats are learned exactly"
    ),
    "quality.echo": Rule("the answer repeats the question", "the model learns to repeat before it answers"),
    "quality.repetition": Rule("the answer repeats itself", "loops are learned from loops"),
    "quality.refusal": Rule("the answer refuses", "a few are wanted, many make a model that refuses everything"),
    "quality.boilerplate": Rule("phrases of another assistant", "they are learned as the model's own voice"),
    "quality.canned": Rule(
        f"the same answer to {CANNED} or more different questions", "the model learns it as the answer to anything"
    ),
    "quality.language": Rule(
        "the answer is in another language than the request, which does not ask for it", "languages get mixed"
    ),
    "quality.short": Rule("the answer is much shorter than others on its topic", "often an answer that was given up"),
    "quality.long": Rule("the answer is much longer than others on its topic", "often text that was pasted whole"),
}


@dataclass(frozen=True)
class Answered:
    """An answer with what is needed to judge it. ``topic`` is the place of its cluster, -1 for none."""

    question: str
    answer: str
    language: str
    answer_language: str
    topic: int


def of_one(row: Answered) -> Iterator[tuple[str, str]]:
    """(rule, why) for what shows in one answer alone."""
    answer = row.answer.strip()
    if not answer:
        return
    if why := cut_off(answer):
        yield "quality.truncated", why
    if why := _broken_format(row.question, answer):
        yield "quality.format", why
    if _echoes(row.question, answer):
        yield "quality.echo", "it begins with the words of the question"
    if why := repetition(answer):
        yield "quality.repetition", why
    if refuses(answer):
        yield "quality.refusal", _quoted(answer[:120])
    if found := BOILERPLATE.search(answer):
        yield "quality.boilerplate", _quoted(found.group().strip())
    differ = UNKNOWN not in (row.language, row.answer_language) and row.language != row.answer_language
    if differ and len(answer.split()) >= 5 and not NAMES_LANGUAGE.search(row.question):
        yield "quality.language", f"asked in {row.language}, answered in {row.answer_language}"


def of_all(rows: Sequence[Answered]) -> Iterator[tuple[int, str, str]]:
    """(place, rule, why) for what shows only beside other answers."""
    yield from _canned(rows)
    yield from _lengths(rows)


def repetition(answer: str) -> str:
    """How an answer repeats itself, or the empty string: a word, a line, or (from 40 words) most runs of four words."""
    words = WORD.findall(answer.lower())
    if len(words) < 8:
        return ""
    longest, run = 1, 1
    for before, word in pairwise(words):
        run = run + 1 if word == before and not word.isdigit() else 1
        longest = max(longest, run)
    if longest >= 6:
        return f"one word stands {longest} times in a row"
    lines = [line.strip() for line in answer.splitlines() if len(line.strip()) > 15]
    if lines:
        line, times = Counter(lines).most_common(1)[0]
        if times >= 3 and times >= 0.3 * len(lines):
            return f"a line stands {times} times: {_quoted(line[:60])}"
    if len(words) >= 40:
        runs = [tuple(words[n : n + 4]) for n in range(len(words) - 3)]
        share = 1 - len(set(runs)) / len(runs)
        if share > 0.4:
            return f"{share:.0%} of its runs of four words stand in it before"
    return ""


def _broken_format(question: str, answer: str) -> str:
    asked = question[:3000]
    inner = answer.removeprefix("```json").removeprefix("```").removesuffix("```").strip()
    if (
        WANTS_JSON.search(asked)
        and not is_json(inner)
        and "{" not in asked
        and not re.search(r"[{\[].*[}\]]", inner, re.DOTALL)
    ):
        return "JSON is asked for, and there is none"
    if WANTS_ONE_WORD.search(asked) and len(answer.split()) > 4:
        return f"one word is asked for, {len(answer.split())} are given"
    if (found := LEFTOVER.search(answer)) and "```" not in answer and not WANTS_CODE.search(asked):
        return f"{_quoted(found.group()[:30])} is left over from a page"
    return ""


def _echoes(question: str, answer: str) -> bool:
    asked = normalise(question[-600:].rpartition("\n\n")[2] or question[-600:])
    if len(asked.split()) < 4:
        return False
    said = normalise(answer[: 2 * len(asked) + 40])
    return said.startswith(asked)


def _canned(rows: Sequence[Answered]) -> Iterator[tuple[int, str, str]]:
    by_answer: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        key = normalise(row.answer)
        if len(key.split()) > 3:
            by_answer[key].append(place)
    for places in by_answer.values():
        questions = len({normalise(rows[place].question) for place in places})
        if questions >= CANNED:
            for place in places:
                yield place, "quality.canned", f"{questions} different questions have this answer"


def _lengths(rows: Sequence[Answered]) -> Iterator[tuple[int, str, str]]:
    """Answers far from the median length of their topic, by the median absolute deviation of the logarithm."""
    topics: dict[int, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        if row.topic >= 0 and row.answer.strip():
            topics[row.topic].append(place)
    for places in topics.values():
        if len(places) < LEAST_IN_TOPIC:
            continue
        lengths = np.array([len(rows[place].answer.split()) for place in places], dtype=float)
        logs = np.log1p(lengths)
        middle = float(np.median(logs))
        spread = max(1.4826 * float(np.median(np.abs(logs - middle))), 0.25)
        for place, length, away in zip(places, lengths, (logs - middle) / spread, strict=True):
            if abs(away) > FAR:
                usual = round(float(np.expm1(middle)))
                rule = "quality.short" if away < 0 else "quality.long"
                yield place, rule, f"{length:,.0f} words; half of its topic have {usual:,} or more"


def _quoted(text: str) -> str:
    return f"“{' '.join(text.split())}”"
