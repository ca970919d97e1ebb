"""``luthier data report``: what the rows are, what they cover, what they lack, and which ones a person should look at.

Reads what ``luthier check`` reads, changes nothing, and gives one plain account (:func:`survey`) from which page,
terminal and ``--json`` are made. Every row is counted; texts are studied on at most 50,000 rows (a fixed random sample,
told in the account). No model is asked here: lengths in tokens, vectors and scores of models are handed in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from luthier.data.answers import AnswerKind, kind_of
from luthier.data.axes import format_of, length_of, task_of
from luthier.data.coverage import PAIRS, Cell, holes, marginals, matrix, table
from luthier.data.edges import EDGES, Look, edges_of
from luthier.data.label_errors import find_label_errors
from luthier.data.quality import RULES, Answered, of_all, of_one
from luthier.data.survey_rows import MOST, Gathered, Row, gather
from luthier.recipe.data import DataSpec
from luthier.records import Example
from luthier.rows import SourceFile
from luthier.rows.rules import RULES as ROW_RULES
from luthier.rows.rules import UNANSWERED
from luthier.score.json import parse
from luthier.similar.clusters import Clusters, Embed, effective_number, find_clusters
from luthier.text import normalise, words
from luthier.text.language import UNKNOWN, language
from luthier.text.root import Root, root

_SHOWN = 5
"""Rows to look at for each fact."""
_SUSPECTS = 50
_CELLS = 500
_BINS = 32
_ROOTS = 20
_TEXT = 240

_TOLD = 500
"""Rows between two words of progress."""

Tell = Callable[[int, int, str], None]
"""(rows done, rows in all, what is being done)."""
Measure = Callable[[Example], int | None]
"""Tokens of a row as training would see it; None where it cannot be rendered."""


@dataclass(frozen=True)
class Ruler:
    """How rows are measured: ``unit`` in words, and the longest row that training takes."""

    unit: str
    measure: Measure
    limit: int | None = None


@dataclass(frozen=True)
class _Studied:
    """A row with everything that is told of it once."""

    row: Row
    request: str
    question: str
    answer: str
    language: str
    answer_language: str
    root: Root
    words: tuple[int, int]
    """Of question and answer."""


def survey(
    sources: Sequence[str],
    spec: DataSpec | None = None,
    *,
    folder: Path | None = None,
    known: Mapping[str, SourceFile] | None = None,
    ruler: Ruler | None = None,
    embed: Embed | None = None,
    scores: Mapping[str, Mapping[str, float]] | None = None,
    most: int = MOST,
    tell: Tell = lambda done, of, what: None,
) -> dict[str, Any]:
    """The account of the sources' rows, plain enough for JSON.

    Args:
        known: names of files of the store among the sources.
        ruler: measures rows in tokens; left out, in words.
        embed: texts to vectors, for clusters; left out, TF-IDF is used.
        scores: what models said of rows: name of the score -> id of the row -> number. Rows without one are left out.
        most: rows that are studied.
        tell: called while rows are studied.

    Raises:
        LuthierError: a file is missing, no data, or of unknown layout; or no row can be used.
    """
    spec = spec or DataSpec(source=tuple(sources))
    gathered = gather(sources, spec, folder=folder or Path.cwd(), known=known, most=most)
    examples = [row.example for row in gathered.rows]
    kind = kind_of(examples)
    studied = _studied(gathered.rows, tell)
    free = kind.kind == "text"
    tell(len(studied), len(studied), "topics, labels and answers")
    clusters = find_clusters([one.question for one in studied], embed=embed)
    cells, edge_rows = _cells(studied, kind)
    return {
        "sources": list(sources), **_rows(gathered),
        "answers": {"kind": kind.kind, "fields": list(kind.fields), "free": list(kind.free)},
        "lengths": _lengths(studied, ruler),
        "languages": _languages(studied),
        "labels": [_balance(name, values) for name, values in _targets(examples, kind)],
        "diversity": _diversity(studied, clusters),
        "coverage": _coverage(cells, edge_rows, studied, free=free),
        "label_errors": [_label_errors(name, values, studied) for name, values in _targets(examples, kind)],
        "quality": _quality(studied, clusters, kind, gathered),
        "scores": [_score(name, found, studied) for name, found in (scores or {}).items()],
    }  # fmt: skip


def _studied(rows: Sequence[Row], tell: Tell) -> list[_Studied]:
    out = []
    for done, row in enumerate(rows):
        if done % _TOLD == 0:
            tell(done, len(rows), "languages and roots")
        out.append(_study(row))
    return out


def _study(row: Row) -> _Studied:
    example = row.example
    question = example.asked
    users = [message.content for message in example.messages if message.role == "user"]
    request = users[-1] if users else question
    answer = example.answer
    spoken, answered = language(question), language(answer) if example.label is None else UNKNOWN
    english = spoken in ("en", UNKNOWN) and example.text is None
    return _Studied(
        row, request, question, answer, answered if spoken == UNKNOWN else spoken, answered,
        root(users[0] if len(users) == 1 else request) if english else Root("statement"),
        (_words(question), _words(answer)),
    )  # fmt: skip


def _words(text: str) -> int:
    return len(text.split()) if text.isascii() else len(words(text))


def _shown(one: _Studied, **more: Any) -> dict[str, Any]:
    """A row to look at."""
    example = one.row.example
    text = " ".join(one.question.split())
    return {"id": example.id, "origin": str(example.origin or ""), "text": _cut(text), **more}


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"


# -- the rows


def _rows(gathered: Gathered) -> dict[str, Any]:
    rules = [
        {"rule": rule, "rows": rows, "what": ROW_RULES[rule].what, "first": gathered.first[rule]}
        for rule, rows in gathered.unusable.most_common()
    ]
    examples = [row.example for row in gathered.rows]
    systems = Counter(m.content for e in examples for m in e.messages[:1] if m.role == "system")
    turns = Counter(sum(m.role == "user" for m in e.messages) for e in examples if e.messages)
    asked = Counter(normalise(e.asked) for e in examples)
    return {
        "rows": gathered.read, "usable": gathered.usable, "filtered": gathered.filtered, "studied": len(gathered.rows),
        "files": gathered.files, "unusable": {"rows": sum(gathered.unusable.values()), "rules": rules},
        "chats": {
            "turns": dict(sorted(turns.items())), "with_system": sum(systems.values()), "systems": len(systems),
            "with_tools": sum(bool(e.tools) for e in examples),
            "disliked": sum(not row.learn for row in gathered.rows),
            "repeated_questions": sum(rows - 1 for key, rows in asked.items() if key),
        },
    }  # fmt: skip


def _lengths(studied: Sequence[_Studied], ruler: Ruler | None) -> dict[str, Any]:
    parts = {
        "question": [one.words[0] for one in studied],
        "answer": [one.words[1] for one in studied if one.row.example.messages],
    }
    out: dict[str, Any] = {"unit": "words", "limit": None}
    if ruler is None:
        out["whole"] = _spread([sum(one.words) for one in studied])
    else:
        measured = [(one, ruler.measure(one.row.example)) for one in studied]
        found = [(one, size) for one, size in measured if size is not None]
        out |= {"unit": ruler.unit, "limit": ruler.limit, "refused": len(studied) - len(found)}
        out["whole"] = _spread([size for _, size in found])
        if ruler.limit is not None:
            over = sorted((pair for pair in found if pair[1] > ruler.limit), key=lambda pair: -pair[1])
            out["over"] = len(over)
            out["over_examples"] = [_shown(one, why=f"{size:,} {ruler.unit}") for one, size in over[:_SHOWN]]
    return {**out, "words": {name: _spread(values) for name, values in parts.items()}}


def _spread(values: Sequence[float]) -> dict[str, Any]:
    """Percentiles and a histogram up to the 99th one; the last bin holds what is beyond."""
    if not values:
        return {}
    found = np.asarray(values, dtype=float)
    points = {f"p{p}": float(np.percentile(found, p, method="higher")) for p in (5, 25, 50, 75, 95, 99)}
    low, high = float(found.min()), float(found.max())
    top = max(points["p99"], low + 1e-9)
    whole = bool((found == found.round()).all())
    if whole:  # bins of equally many whole numbers, or some bars would stand above their neighbours
        width = max(1, -(-int(top - low + 1) // _BINS))
        bins: Any = np.arange(low, top + width + 1, width)
    else:
        bins = _BINS
    counts, edges = np.histogram(np.minimum(found, top), bins=bins)
    number = int if whole else float
    spread = {"min": low, **points, "max": high}
    return {
        "rows": len(values), "mean": round(float(found.mean()), 2), **{k: number(v) for k, v in spread.items()},
        "histogram": {"edges": [round(float(e), 3) for e in edges], "counts": counts.tolist()},
    }  # fmt: skip


def _languages(studied: Sequence[_Studied]) -> dict[str, Any]:
    asked = Counter(one.language for one in studied)
    answered = Counter(one.answer_language for one in studied if one.answer and one.row.example.label is None)
    return {"asked": dict(asked.most_common()), "answered": dict(answered.most_common())}


# -- labels


def _targets(examples: Sequence[Example], kind: AnswerKind) -> list[tuple[str, list[str | None]]]:
    """What has a small closed set of values: the label, or each such field of JSON answers."""
    if kind.kind == "label":
        return [("label", [e.label if e.label is not None else e.answer.strip() or None for e in examples])]
    if kind.kind != "json" or not kind.fields:
        return []
    objects = [parse(example.answer).fields or {} for example in examples]
    return [(name, [None if o.get(name) is None else str(o[name]) for o in objects]) for name in kind.fields]


def _balance(name: str, values: Iterable[str | None]) -> dict[str, Any]:
    counts = Counter(value for value in values if value is not None)
    sizes = sorted(counts.values(), reverse=True)
    return {
        "field": name, "classes": len(counts), "effective": round(effective_number(sizes), 1),
        "largest": round(sizes[0] / sum(sizes), 4), "ratio": round(sizes[0] / sizes[-1], 1),
        "rare": sum(rows < 10 for rows in counts.values()), "counts": dict(counts.most_common()),
    }  # fmt: skip


def _label_errors(name: str, values: Sequence[str | None], studied: Sequence[_Studied]) -> dict[str, Any]:
    places = [place for place, value in enumerate(values) if value is not None]
    found = find_label_errors([studied[place].question for place in places], [str(values[place]) for place in places])
    suspects = [
        _shown(studied[places[one.place]], given=one.given, likely=one.likely, score=one.score)
        for one in found.suspects[:_SUSPECTS]
    ]
    return {
        "field": name, "checked": found.checked, "accuracy": round(found.accuracy, 4), "found": len(found.suspects),
        "pairs": [{"given": a, "likely": b, "rows": n} for a, b, n in found.pairs[:10]], "suspects": suspects,
        "skipped": found.skipped,
    }  # fmt: skip


# -- what is asked


def _diversity(studied: Sequence[_Studied], clusters: Clusters) -> dict[str, Any]:
    told = [one for one in studied if one.root.verb]
    english = sum(one.language == "en" for one in studied)
    forms = Counter(one.root.form for one in studied if one.language == "en")
    verbs = Counter(one.root.verb for one in told)
    objects: dict[str, Counter[str]] = defaultdict(Counter)
    for one in told:
        if one.root.obj:
            objects[one.root.verb][one.root.obj] += 1
    roots = [
        {"verb": verb, "rows": rows, "objects": dict(objects[verb].most_common(4))}
        for verb, rows in verbs.most_common(_ROOTS)
    ]
    topics = [
        {
            "name": cluster.name, "rows": len(cluster.members),
            "examples": [_shown(studied[place]) for place in _different(cluster.members, studied)],
        }
        for cluster in clusters.clusters
    ]  # fmt: skip
    return {
        "clusters": topics, "effective": round(clusters.effective, 1), "without": clusters.of.count(-1),
        "english": english, "forms": dict(forms.most_common()), "verbs": len(verbs),
        "pairs": len({(one.root.verb, one.root.obj) for one in told if one.root.obj}), "roots": roots,
    }  # fmt: skip


def _different(members: Sequence[int], studied: Sequence[_Studied]) -> list[int]:
    """The first three members that say different things."""
    seen: dict[str, int] = {}
    for place in members[:50]:
        seen.setdefault(normalise(studied[place].question), place)
    return list(seen.values())[:3]


# -- what is covered


def _cells(studied: Sequence[_Studied], kind: AnswerKind) -> tuple[list[Cell], dict[str, list[int]]]:
    cells = []
    of_edge: dict[str, list[int]] = {name: [] for name in EDGES}
    label, fields = kind.kind == "label", kind.kind == "json"
    for place, one in enumerate(studied):
        example = one.row.example
        free = kind.kind == "text" and example.text is None
        look = Look(example, one.request, one.question, one.answer, one.language, one.answer_language, free)
        edges = edges_of(look)
        for name in edges:
            of_edge[name].append(place)
        task = task_of(example, one.root, label=label, fields=fields)
        cells.append(Cell(task, length_of(one.words[0]), format_of(example, label=label), one.language, edges))
    return cells, of_edge


def _coverage(
    cells: Sequence[Cell], of_edge: Mapping[str, Sequence[int]], studied: Sequence[_Studied], *, free: bool
) -> dict[str, Any]:
    joint = matrix(cells)
    edges = {
        name: {
            "title": edge.title, "what": edge.what, "rows": len(of_edge[name]), "possible": free or not edge.by_answer,
            "examples": [_shown(studied[place]) for place in of_edge[name][:_SHOWN]],
        }
        for name, edge in EDGES.items()
    }  # fmt: skip
    pairs = (*PAIRS, ("format", "task"))
    return {
        "axes": marginals(cells),
        "edges": edges,
        "tables": {f"{down} x {across}": table(cells, down, across) for down, across in pairs},
        "combinations": len(joint), "cells": joint[:_CELLS],
        "holes": [hole.to_dict() for hole in holes(cells, free=free)],
    }  # fmt: skip


# -- answers


def _quality(studied: Sequence[_Studied], clusters: Clusters, kind: AnswerKind, gathered: Gathered) -> dict[str, Any]:
    empty = sum(gathered.unusable[rule] for rule in UNANSWERED)
    first = [place for rule in UNANSWERED for place in gathered.first.get(rule, ())]
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    places = [n for n, one in enumerate(studied) if kind.kind != "label" and one.row.learn and one.answer]
    answered = [
        Answered(
            studied[n].question, studied[n].answer, studied[n].language, studied[n].answer_language, clusters.of[n]
        )
        for n in places
    ]
    for place, row in zip(places, answered, strict=True):
        for rule, why in of_one(row):
            found[rule].append((place, why))
    for place, rule, why in of_all(answered) if kind.kind == "text" else ():
        found[rule].append((places[place], why))
    rules = [
        {
            "rule": rule, "what": RULES[rule].what, "why": RULES[rule].why, "rows": len(hits),
            "examples": [
                _shown(studied[n], why=why, answer=_cut(" ".join(studied[n].answer.split())))
                for n, why in hits[:_SHOWN]
            ],
        }
        for rule, hits in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    ]  # fmt: skip
    if empty:
        examples = [{"id": "", "origin": place, "text": "", "why": "no answer"} for place in first[:_SHOWN]]
        told = RULES["quality.empty"]
        rules.insert(0, {
            "rule": "quality.empty", "what": told.what, "why": told.why, "rows": empty, "examples": examples,
        })  # fmt: skip
    flagged = len({place for hits in found.values() for place, _ in hits})
    return {"answers": len(places), "flagged": flagged, "rules": rules}


def _score(name: str, found: Mapping[str, float], studied: Sequence[_Studied]) -> dict[str, Any]:
    scored = sorted(
        ((found[one.row.example.id], place) for place, one in enumerate(studied) if one.row.example.id in found)
    )

    def rows(picked: Sequence[tuple[float, int]]) -> list[dict[str, Any]]:
        return [_shown(studied[place], score=round(score, 4)) for score, place in picked]

    return {
        "name": name, "rows": len(scored), **_spread([score for score, _ in scored]),
        "lowest": rows(scored[:_SHOWN]), "highest": rows(scored[::-1][:_SHOWN]),
    }  # fmt: skip
