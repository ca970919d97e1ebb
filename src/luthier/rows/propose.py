"""Propose how the columns of a plain table become a chat: by their names first, by their contents second.

A proposal is shown to the person with rendered rows; it is never applied silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from luthier.errors import LuthierError, did_you_mean
from luthier.recipe.data import MapSpec
from luthier.rows.fields import SAMPLE
from luthier.rows.mapping import as_text

_ANSWERS = (
    "reply", "answer", "response", "completion", "output", "resolution", "solution", "summary", "translation", "target",
    "agent_reply", "agent_response", "expected", "reference", "label", "intent", "category", "class", "sentiment",
    "priority", "queue", "department", "tag", "topic",
)  # fmt: skip
_PROMPTS = (
    "system_context", "subject", "title", "headline", "name", "question", "query", "instruction", "prompt", "request",
    "problem", "issue", "body", "message", "text", "description", "content", "details", "comment", "review", "input",
    "email", "ticket", "complaint", "context", "passage", "article", "document",
)  # fmt: skip
_NOT_TEXT = re.compile(
    r"(^|_)(id|uuid|date|time|timestamp|created|updated|url|phone|status|lang|language|source|author)(_|$|_at$)"
)


@dataclass(frozen=True)
class _Column:
    """What a column holds: the share of rows that fill it, mean characters, and how many values differ."""

    name: str
    filled: float
    length: float
    distinct: int
    rows: int
    texts: float

    @property
    def closed(self) -> bool:
        """A small closed set of short values, as labels are."""
        return self.filled > 0.9 and self.length <= 40 and 2 <= self.distinct <= max(2, min(100, self.rows // 3))

    @property
    def prose(self) -> bool:
        """Mostly text of some length."""
        return self.texts > 0.5 and self.length >= 12


def propose_map(values: Iterable[Mapping[str, Any]], *, answer: str | None = None) -> tuple[MapSpec, str]:
    """A mapping for the table and the reason for it; ``answer`` fixes the answer's column.

    Raises:
        LuthierError: no column looks like a question or an answer, or ``answer`` is not a column.
    """
    sample = [row for row in islice(values, SAMPLE) if isinstance(row, Mapping)]
    columns = _columns(sample)
    names = [column.name for column in columns]
    if answer is not None and answer not in names:
        raise LuthierError(f"no column is called {answer!r}", where="--answer-column", fix=did_you_mean(answer, names))
    chosen, how = (_find(columns, answer), "as you say") if answer else _choose_answer(columns)
    prompts = _choose_prompts(columns, chosen)
    if chosen is None or not prompts:
        raise LuthierError(
            f"table of unknown shape: fields {', '.join(names[:12])}",
            why="no column looks like " + ("an answer" if chosen is None else "a question"),
            fix='map them: data: {map: {prompt: "{{column}}", completion: column}}',
        )
    plain = len(prompts) == 1
    prompt = prompts[0].name if plain else "\n".join(f"{{{{{column.name}}}}}" for column in prompts)
    label = chosen.name if chosen.closed else None
    reason = (
        f"{chosen.name} is the answer ({how}); {' and '.join(c.name for c in prompts)} {'is' if plain else 'are'} asked"
    )
    if label:
        reason += f"; {chosen.name} has only {chosen.distinct} values, so it is a label"
    return MapSpec(prompt=prompt, completion=chosen.name, label=label), reason


def _columns(sample: Sequence[Mapping[str, Any]]) -> list[_Column]:
    names: dict[str, None] = {}
    for row in sample:
        names.update((name, None) for name in row if name.strip() and not set(name) & set("{}"))
    found = []
    for name in names:
        cells = [row.get(name) for row in sample]
        # a list or an object is not what somebody asks or answers; {{column.part}} takes the text out of it
        texts = [as_text(cell) for cell in cells if cell not in (None, "") and not isinstance(cell, list | dict)]
        words = sum(any(sign.isalpha() for sign in text) for text in texts)
        found.append(
            _Column(
                name=name,
                filled=len(texts) / max(1, len(sample)),
                length=sum(map(len, texts)) / max(1, len(texts)),
                distinct=len(set(texts)),
                rows=len(sample),
                texts=words / max(1, len(sample)),
            )
        )
    return found


def _find(columns: Sequence[_Column], name: str) -> _Column | None:
    return next((column for column in columns if column.name == name), None)


def _rank(name: str, wanted: Sequence[str]) -> int | None:
    """Place in the list of telling names; a name that ends in one ("agent_reply") counts too."""
    lowered = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()).strip("_")
    for place, known in enumerate(wanted):
        if lowered == known:
            return place
    return next((len(wanted) + place for place, known in enumerate(wanted) if lowered.endswith(f"_{known}")), None)


def _choose_answer(columns: Sequence[_Column]) -> tuple[_Column | None, str]:
    ranked = [
        (rank, column)
        for column in columns
        if (rank := _rank(column.name, _ANSWERS)) is not None and column.texts > 0.3
    ]
    if ranked:
        return min(ranked, key=lambda pair: pair[0])[1], "by its name"
    prose = [column for column in columns if column.prose and _rank(column.name, _PROMPTS) is None]
    if prose and len([column for column in columns if column.prose]) >= 2:
        return prose[-1], "the last column with text whose name does not say question; check this"
    closed = [
        column
        for column in columns
        if column.closed and column.texts > 0.5 and not _NOT_TEXT.search(column.name.lower())
    ]
    return (closed[-1], "the last column with few short values; check this") if closed else (None, "")


def _choose_prompts(columns: Sequence[_Column], answer: _Column | None) -> list[_Column]:
    rest = [column for column in columns if answer is None or column.name != answer.name]
    named = [
        column for column in rest
        if _rank(column.name, _PROMPTS) is not None and column.texts > 0.3 and not _NOT_TEXT.search(column.name.lower())
    ]  # fmt: skip
    if named:
        return named[:3]
    prose = [column for column in rest if column.prose and not _NOT_TEXT.search(column.name.lower())]
    return sorted(prose, key=lambda column: -column.length)[:1]
