"""Contamination of evaluation sets by training rows: what is looked for, and the account of what was found.

Every evaluation item is looked at, under every profile; one profile decides. Training rows are the rows as they are
trained, all turns of them. The account names rows by id only; texts with their marks are rows of their own, under the
id of their row, so that erasing a row erases them.

It reports; it takes no row out (that is the leak check's business, see ``leak``).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luthier.data.answers import kind_of
from luthier.errors import LuthierError
from luthier.records import Example
from luthier.similar import PROFILES, Evidence, Found, Index, Item, Judged, Part, Scan, Side, index
from luthier.similar.canaries import recall
from luthier.similar.contamination import COMMON_ITEMS, COMMON_TEXTS
from luthier.similar.pack import Pack, read_pack
from luthier.similar.profiles import decidable
from luthier.text import places

EACH = 75
"""Canaries a kind: 300 in all."""
WORST = 10
_EXCERPT = 420


@dataclass(frozen=True)
class Suite:
    """An evaluation set to check: its rows as they are compared, with where they were read, or a pack and its file."""

    name: str
    items: tuple[Item, ...] = ()
    origins: tuple[str, ...] = ()
    pack: Pack | None = None
    parent: str | None = None


def suite_of(name: str, examples: Sequence[Example], compared: Sequence[Example] | None = None) -> Suite:
    """An evaluation set given as rows; ``compared`` are the same rows masked as the training rows are.

    Of an answer the free text counts: that two rows have the same label or the same fields is no leak.
    """
    kind = kind_of(examples)
    pairs = zip(examples, compared if compared is not None else examples, strict=True)
    items = tuple(Item(own.id, seen.asked, kind.free_text(seen)) for own, seen in pairs)
    return Suite(name, items, tuple(str(example.origin or "") for example in examples))


def suite_of_pack(path: Path, name: str) -> Suite:
    """A pack as an evaluation set.

    Raises:
        LuthierError: it is missing or no pack.
    """
    if not path.is_file():
        raise LuthierError(f"no such pack: {name}", where=path, fix="check the path; luthier pack EVAL OUT makes one")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Suite(name, pack=read_pack(path), parent=f"source:{name}#sha256={digest}")


def parts_of(example: Example) -> tuple[Part, ...]:
    """Everything of a row that training shows the model: each text with who speaks."""
    if example.text is not None:
        return (("text", example.text),)
    parts: list[Part] = []
    for message in example.messages:
        texts = [message.reasoning, message.content]
        texts += [f"{call.name} {dict(call.arguments)}" for call in message.tool_calls]
        parts += [(message.role, text) for text in texts if text]
    return tuple(parts)


def find_contamination(
    suites: Sequence[Suite], train: Sequence[Example], *, profile: str = "luthier", seed: int = 0
) -> dict[str, Any]:
    """The account of all sets, worst items with their texts."""
    rows = [parts_of(example) for example in train]
    return {
        "profile": profile,
        "rule": PROFILES[profile].rule,
        "rows": len(rows),
        "sets": [_one(suite, train, rows, profile, seed) for suite in suites if suite.items or suite.pack],
    }


def leaked(items: Sequence[Example], train: Sequence[Example], *, profile: str = "luthier") -> dict[int, str]:
    """Which of these rows the training rows show the model: by their number, with why."""
    suite = suite_of("", items)
    scan = Scan(index(suite.items))
    scan.add(parts_of(example) for example in train)
    judged = PROFILES[profile].judge(scan.found())
    return {number: one.why for number, one in enumerate(judged) if one.word == "dirty"}


def _one(
    suite: Suite, train: Sequence[Example], rows: Sequence[Sequence[Part]], profile: str, seed: int
) -> dict[str, Any]:
    asked: Index = suite.pack.index if suite.pack else index(suite.items)
    scan = Scan(asked)
    scan.add(rows)
    found = scan.found()
    verdicts = {name: rule.judge(found) for name, rule in PROFILES.items()}
    judged = verdicts[profile]
    if suite.pack:
        canaries = dict(suite.pack.recall)
    else:
        canaries = canary_figures(scan, suite.items, found, judged, profile, seed)
    return {
        "name": suite.pack.name if suite.pack else suite.name,
        "kind": "pack" if suite.pack else "rows",
        **({"licence": suite.pack.licence, "digest": suite.pack.digest} if suite.pack else {}),
        "items": len(found.items),
        "verdict": PROFILES[profile].of_set(judged),
        "counts": counts_of(judged),
        "sides": dict(Counter(one.side for one in judged if one.word == "dirty" and one.side)),
        "undecidable": {
            "questions": sum(not decidable(evidence.question) for evidence in found.items),
            "answers": sum(not decidable(evidence.answer) for evidence in found.items),
        },
        "boilerplate": {
            "grams": found.grams, "in_many_texts": found.common_in_train, "in_many_items": found.common_in_items,
            "texts_over": COMMON_TEXTS, "items_over": COMMON_ITEMS,
        },
        "profiles": {
            name: {"verdict": PROFILES[name].of_set(all_), **counts_of(all_)} for name, all_ in verdicts.items()
        },
        "gpt3_n": found.rare_n,
        "canaries": canaries,
        "worst": [
            _shown(suite, train, found.items[number], judged[number], number) for number in _worst(found, judged)
        ],
    }  # fmt: skip


def canary_figures(
    scan: Scan, items: Sequence[Item], found: Found, judged: Sequence[Judged], profile: str, seed: int
) -> dict[str, Any]:
    """Planted and found a kind, under the profile that decides."""
    figures = recall(scan, items, found, judged, PROFILES[profile], EACH, seed)
    kinds = {
        one.kind: {"planted": one.planted, "found": one.found, "undecidable": one.undecidable} for one in figures
    }
    return {"profile": profile, "kinds": kinds}


def counts_of(judged: Iterable[Judged]) -> dict[str, int]:
    """How many items are clean, suspect, dirty."""
    counts = Counter(one.word for one in judged)
    return {"clean": counts["clean"], "suspect": counts["suspect"], "dirty": counts["dirty"]}


def _worst(found: Found, judged: Sequence[Judged]) -> list[int]:
    """Numbers of the items to look at: dirty ones first, then by how much is shared."""

    def weight(number: int) -> tuple[bool, float, int]:
        one, evidence = judged[number], found.items[number]
        side = _side(evidence, one)
        return one.word == "dirty", side.shared_with(one.row) if one.row is not None else 0.0, -number

    touched = [number for number, one in enumerate(judged) if one.word != "clean"]
    return sorted(touched, key=weight, reverse=True)[:WORST]


def _side(evidence: Evidence, one: Judged) -> Side:
    return evidence.answer if one.side == "answer" else evidence.question


def _shown(
    suite: Suite, train: Sequence[Example], evidence: Evidence, one: Judged, number: int
) -> dict[str, Any]:
    """One item beside the training row that decided, with the shared runs marked in both."""
    out: dict[str, Any] = {
        "item": evidence.id, "number": number, "verdict": one.word, "why": one.why, "side": one.side or "question",
    }  # fmt: skip
    side = _side(evidence, one)
    if one.row is None:
        return out
    row, same = train[one.row], dict(side.same)
    spans = sorted((span for span in side.spans if span.row == one.row), key=lambda span: (-span.words, span.at))
    runs = [(span.at, span.row_at, span.words) for span in spans] or [(0, 0, side.words)]
    part = same.get(one.row, spans[0].part if spans else 0)
    out |= {
        "row": row.id, "row_origin": str(row.origin or ""), "share": round(side.shared_with(one.row), 4),
        "seen_8": round(side.seen(8), 4), "seen_13": round(side.seen(13), 4),
        "longest": max(words for _, _, words in runs), "spans": [list(run) for run in runs],
    }  # fmt: skip
    if suite.items:
        text = getattr(suite.items[number], out["side"])
        marks = [(at, at + words) for at, _, words in runs]
        out |= {"item_origin": suite.origins[number], "item_text": excerpt(text, marks)}
    marks = [(span.row_at, span.row_at + span.words) for span in spans if span.part == part] or [(0, side.words)]
    return out | {"row_text": excerpt(parts_of(row)[part][1], marks)}


def excerpt(text: str, runs: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """At most 420 characters around the first run of words, and where the runs are in it (character offsets)."""
    where = places(text)
    marks = [(where[start][0], where[end - 1][1]) for start, end in runs if start < end <= len(where)]
    begin = max(0, min((marks[0][0] - 60) if marks else 0, len(text) - _EXCERPT))
    end = min(len(text), begin + _EXCERPT)
    inside = sorted((max(a, begin) - begin, min(b, end) - begin) for a, b in marks if a < end and b > begin)
    shown = "".join(" " if sign.isspace() else sign for sign in text[begin:end])
    return {"text": shown, "marks": [list(mark) for mark in inside], "cut": [begin > 0, end < len(text)]}


def take_text_out(account: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The account without the text of rows, and that text as rows of their own."""
    lines: list[dict[str, Any]] = []
    sets = []
    for number, one in enumerate(account["sets"]):
        bare = []
        for place, shown in enumerate(one["worst"]):
            bare.append({key: value for key, value in shown.items() if key not in ("item_text", "row_text")})
            for part in ("item", "row"):
                if f"{part}_text" in shown:
                    head = {"id": shown[part], "set": number, "place": place, "part": part}
                    lines.append({**head, **shown[f"{part}_text"]})
        sets.append({**one, "worst": bare})
    return {**account, "sets": sets}, lines


def put_text_back(account: Mapping[str, Any], lines: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The inverse of :func:`take_text_out`; what was erased since is missing."""
    sets = [{**one, "worst": [dict(shown) for shown in one["worst"]]} for one in account["sets"]]
    for line in lines:
        if "set" in line:
            text = {key: line[key] for key in ("text", "marks", "cut")}
            sets[line["set"]]["worst"][line["place"]][f"{line['part']}_text"] = text
    return {**account, "sets": sets}
