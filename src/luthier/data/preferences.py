"""The stage for rows that say which answer is better: pairs for DPO and its family, thumbs for KTO.

Rankings become all their pairs, weighted; a pair gives KTO a thumb up and one down. All sides of a row are masked,
measured and written. Taken out are copies, rows whose two answers stand elsewhere the other way round, and rows whose
prompt stands in the test set; rows of one prompt, or of near-duplicate ones, never stand on two sides. What a person
should know beforehand is counted: how often the better answer is the longer one, how often annotators agree.

Not here: what a row of answers to learn goes through (``prepare``), reading and checking one row (``rows.compare``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from luthier.data import split
from luthier.data.clean import clean
from luthier.data.contamination import find_contamination, suite_of, suite_of_pack
from luthier.data.funnel import Funnel, Loss, quarantined
from luthier.data.leak import certificate, leaks
from luthier.data.load import Table, convert_judged, layout_of, read_tables
from luthier.data.prepared import Prepared, Side, rows_of
from luthier.data.tokens import ChatFormat
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.records import Compared, Example, Message, Preference, Ranking, Thumb
from luthier.rows import Finding, SourceFile, compares, pairs
from luthier.similar import groups
from luthier.store import Artifact
from luthier.text import normalise

Kind = Literal["pairs", "thumbs"]
LONGER = 0.6
"""Share of better answers that are the longer ones from which length alone explains too much."""
Judged = Preference | Thumb


def build(
    spec: DataSpec, kind: Kind, *, folder: Path, seed: int = 0, chat: ChatFormat | None = None,
    max_length: int | None = None, secret: bytes | None = None, known: Mapping[str, SourceFile] | None = None,
    erased: Collection[str] = frozenset(),
) -> Prepared:  # fmt: skip
    """Read, check, mask, de-duplicate, split and measure rows that compare answers.

    Raises:
        LuthierError: files hold rows of another kind, no rows are left, or a side is empty.
    """
    funnel = Funnel()
    tables = _tables(spec.source, spec, kind, folder, known)
    rows, findings = _read(tables, spec, kind, funnel)
    test_tables = _tables(spec.test, spec.unfiltered(), kind, folder, None) if spec.test else []
    given, given_findings = _read(test_tables, spec, kind, Funnel()) if spec.test else ([], [])
    errors, given_errors = (
        [f for f in found if f.severity == "error"] for found in (findings, given_findings)
    )  # fmt: skip
    quarantine = [*map(quarantined, errors), *({**quarantined(f), "side": "test"} for f in given_errors)]
    rows = [row for row in rows if row.id not in erased]
    given = [row for row in given if row.id not in erased]

    removed: list[dict[str, Any]] = []
    rows, rejected, counts = _masked(rows, spec, secret, funnel)
    quarantine += rejected
    rows = [row for row in rows if row.id not in erased]
    rows, lost = _without_copies(rows, funnel)
    removed += lost
    rows, lost = _without_contradictions(rows, funnel)
    quarantine += lost
    if given:
        views = [view(row) for row in rows]
        found, told = leaks(views, [view(row) for row in given], [row.asked for row in given], spec.leak_similarity)
        rule = f"the prompt stands in the test set, or is at least {spec.leak_similarity} similar (Jaccard, 3 words)"
        funnel.lose("leaks", rule, found.values(), **told)
        removed += [_as_told(rows[i], loss) for i, loss in found.items()]
        rows = [row for i, row in enumerate(rows) if i not in found]
    rows, lost, tokens = _fitting(rows, chat, max_length, funnel)
    quarantine += lost
    if not rows:
        raise LuthierError(
            "no pair is left to learn from" if kind == "pairs" else "no thumb is left to learn from",
            where=", ".join(spec.source), why="; ".join(f"{s['name']}: {s['removed']}" for s in funnel.steps),
            fix="luthier check DATA names each row's problem",
        )  # fmt: skip

    views = [view(row) for row in rows]
    links = groups([row.asked for row in rows], spec.leak_similarity)
    names = [split.name_of(one) for one in views]
    sides = split.deal(views, names, links, range(len(rows)), spec.split, given=bool(spec.test))
    if sides.losses:
        funnel.lose("older likes of test rows", "prompts like those of newer test rows leave training", sides.losses)
        removed += [loss.to_dict() for loss in sides.losses]
    train, validation = [rows[i] for i in sides.train], [rows[i] for i in sides.validation]
    test = given if spec.test else [rows[i] for i in sides.test]
    asked = {"train": train, "validation": validation, "test": test}
    proof = certificate({side: [r.asked for r in found] for side, found in asked.items()}, spec.leak_similarity,
                        spec.split)  # fmt: skip
    suites = [suite_of("test", [view(row) for row in test])]
    suites += [suite_of_pack(folder / pack, pack) for pack in spec.contamination.packs]
    account: dict[str, Any] = {
        "version": 1,
        "rows": {
            "read": sum(table.rows for table in tables), "train": len(train), "validation": len(validation),
            "test": len(test), "replay": 0, "removed": len(removed), "quarantined": len(quarantine),
        },
        "shape": tables[0].facts,
        "files": [table.facts | {"rows": table.rows} for table in (*tables, *test_tables)],
        "map": spec.map.model_dump(exclude_defaults=True) if spec.map else None,
        "thread": None,
        "steps": funnel.steps,
        "test_set": {"given": bool(spec.test), "rows": len(given), "unusable": len(given_errors)},
        "duplicates": {"rows": len(rows), "questions": len(rows) - len({normalise(r.asked) for r in rows})},
        "findings": dict(sorted(Counter(f.rule for f in (*findings, *given_findings)).items())),
        "personal": counts,
        "answers": {"kind": kind, "fields": [], "free": []},
        "labels": None,
        "preferences": facts_of(rows),
        "split": {
            "rule": sides.rule, "components": sides.components, "largest_component": sides.largest, "inherited": 0,
            "set_aside": 0, "missing": 0,
        },
        "tokens": tokens,
        "selection": None,
        "semantic": None,
        "replay": None,
        "certificate": proof,
        "contamination": find_contamination(
            suites, [view(row) for row in train], profile=spec.contamination.profile, seed=seed
        ),
    }  # fmt: skip
    parents = [table.parent for table in (*tables, *test_tables)] + [s.parent for s in suites if s.parent]
    return Prepared(
        tuple(train), tuple(validation), tuple(test), tuple(removed), tuple(quarantine), account,
        tuple(dict.fromkeys(parents)),
    )  # fmt: skip


def judged_rows(artifact: Artifact, side: Side) -> list[Judged]:
    """The pairs or thumbs of one side; erased rows are left out."""
    return [
        Preference.from_dict(row) if "chosen" in row else Thumb.from_dict(row) for row in rows_of(artifact, side)
    ]


def view(row: Judged) -> Example:
    """A row as a chat with its better answer (a thumb: its only one), for everything that reads questions."""
    answer = row.chosen if isinstance(row, Preference) else row.answer
    return Example(
        messages=(*row.prompt, *answer), tools=row.tools, group=row.group, time=row.time, weight=row.weight,
        origin=row.origin, meta=row.meta,
    )  # fmt: skip


def facts_of(rows: Sequence[Judged]) -> dict[str, Any]:
    """What is known of the rows as comparisons: how far length alone tells the better answer, who agrees with whom."""
    if rows and isinstance(rows[0], Thumb):
        good = sum(row.good for row in rows if isinstance(row, Thumb))
        return {"thumbs": len(rows), "up": good, "down": len(rows) - good}
    found = [row for row in rows if isinstance(row, Preference)]
    lengths = [(_words(row.chosen), _words(row.rejected)) for row in found]
    longer, shorter = (sum(a > b for a, b in lengths), sum(a < b for a, b in lengths))
    share = longer / max(1, longer + shorter)
    prompts = len({normalise(row.asked) for row in found})
    told: dict[str, Any] = {
        "pairs": len(found), "prompts": prompts, "chosen_is_longer": round(share, 4), "equal_length":
        len(found) - longer - shorter, "words_chosen": _mean([a for a, _ in lengths]),
        "words_rejected": _mean([b for _, b in lengths]),
        "annotators": len({name for row in found for name in row.annotators}),
    }  # fmt: skip
    side, of = ("longer", share) if share >= 0.5 else ("shorter", 1 - share)
    if found and of > LONGER:
        told["warning"] = (
            f"length bias: the better answer is the {side} one in {of:.0%} of the pairs, so a model that learns length "
            "alone would be right as often; add pairs in which it is not, or set train.method.normalise: true"
        )
    return told


def _words(answer: Sequence[Message]) -> int:
    return sum(len(message.content.split()) for message in answer)


def _mean(values: Sequence[int]) -> float:
    return round(sum(values) / len(values), 2) if values else 0.0


def _tables(
    sources: Sequence[str], spec: DataSpec, kind: Kind, folder: Path, known: Mapping[str, SourceFile] | None
) -> list[Table]:
    tables = read_tables(sources, spec, folder=folder, known=known, supervised=False)
    for table in tables:
        if not compares(layout_of(table.file, table.shape, spec)):
            raise LuthierError(
                f"these rows hold one answer each ({table.shape.reason})", where=table.file.name,
                why=f"the method learns from {kind}: which of two answers is better, or whether one was liked",
                fix="train.method: sft learns answers; columns can be named with data.map: {prompt, chosen, rejected}",
            )  # fmt: skip
    return tables


def _read(
    tables: Sequence[Table], spec: DataSpec, kind: Kind, funnel: Funnel
) -> tuple[list[Judged], Sequence[Finding]]:  # fmt: skip
    """The rows as pairs or as thumbs, and the findings.

    Raises:
        LuthierError: thumbs where pairs are wanted.
    """
    judged = convert_judged(tables, spec)
    errors = [finding for finding in judged.findings if finding.severity == "error"]
    rows_read = sum(table.rows for table in tables)
    funnel.start(rows_read, f"{len(tables):,} file{'' if len(tables) == 1 else 's'}: {tables[0].shape.reason}")
    if filtered := sum(table.filtered for table in tables):
        funnel.leave_out("filtered", "only rows count that data.keep and data.drop let through", filtered)
    funnel.set_aside("invalid", "a prompt and two different answers (or one and a thumb), roles in order", errors)
    made: list[Judged] = []
    for row in judged.examples:
        made += _of_kind(row, kind)
    if judged.examples and not made:
        row = judged.examples[0]
        raise LuthierError(
            "these rows are thumbs on single answers", where=row.origin or tables[0].file.name,
            why="the method learns from pairs: two answers to one prompt", fix="train.method: kto",
        )  # fmt: skip
    if len(made) != len(judged.examples):
        funnel.left += len(made) - len(judged.examples)
        funnel.change("unfolded", f"rankings and pairs become {kind}", len(made))
    return made, judged.findings


def _of_kind(row: Compared, kind: Kind) -> list[Judged]:
    if isinstance(row, Thumb):
        return [row] if kind == "thumbs" else []
    found = pairs(row) if isinstance(row, Ranking) else [row]
    if kind == "pairs":
        return list(found)
    made: dict[str, Judged] = {}
    for pair in found:
        for answer, good in ((pair.chosen, True), (pair.rejected, False)):
            thumb = Thumb(
                pair.prompt, answer, good, pair.tools, pair.annotators, pair.group, pair.time, pair.weight,
                pair.origin, pair.meta,
            )  # fmt: skip
            made.setdefault(thumb.id, thumb)
    return list(made.values())


def _answers(row: Judged) -> tuple[tuple[Message, ...], ...]:
    return (row.chosen, row.rejected) if isinstance(row, Preference) else (row.answer,)


def _masked(
    rows: Sequence[Judged], spec: DataSpec, secret: bytes | None, funnel: Funnel
) -> tuple[list[Judged], list[dict[str, Any]], dict[str, int]]:
    """Personal data on every side of each row; a row of which one side is set aside leaves whole."""
    if spec.personal.kind == "keep":
        return list(rows), [], {}
    sides: list[Example] = []
    for number, row in enumerate(rows):
        for answer in _answers(row):
            whole = Example((*row.prompt, *answer), tools=row.tools, group=row.group, origin=row.origin)
            sides.append(replace(whole, time=str(number)))
    found = clean(sides, spec.personal, secret)
    kept: dict[int, list[Example]] = defaultdict(list)
    for one in found.rows:
        kept[int(one.time or 0)].append(one)
    gone = {int(loss.example.time or 0): loss for loss in found.rejected}
    funnel.lose("personal data", "set aside: rows that hold personal data", gone.values(), kinds=found.counts)
    made: list[Judged] = []
    for number, row in enumerate(rows):
        if number not in gone:
            made.append(_with_sides(row, kept[number]))
    rejected = [_as_told(rows[number], loss) for number, loss in gone.items()]
    changed = sum(a.id != b.id for a, b in zip((r for i, r in enumerate(rows) if i not in gone), made, strict=True))
    if spec.personal.kind != "reject":
        funnel.change("personal data", "tags or made-up values take its place, on every side", changed,
                      kinds=found.counts)  # fmt: skip
    return made, rejected, found.counts


def _with_sides(row: Judged, sides: Sequence[Example]) -> Judged:
    cut = len(row.prompt)
    prompt, group = sides[0].messages[:cut], sides[0].group
    answers = [side.messages[cut:] for side in sides]
    if isinstance(row, Thumb):
        return replace(row, prompt=prompt, answer=answers[0], group=group)
    return replace(row, prompt=prompt, chosen=answers[0], rejected=answers[1], group=group)


def _key(messages: Sequence[Message]) -> str:
    return "\n".join(f"{m.role} {normalise(m.content)} {[(c.name, c.arguments) for c in m.tool_calls]}"
                     for m in messages)  # fmt: skip


def _without_copies(rows: Sequence[Judged], funnel: Funnel) -> tuple[list[Judged], list[dict[str, Any]]]:
    """Rows that equal an earlier one on every side, and rows whose two answers came to be equal."""
    first: dict[tuple[str, ...], int] = {}
    losses: dict[int, Loss] = {}
    for i, row in enumerate(rows):
        answers = tuple(_key(answer) for answer in _answers(row))
        good = "" if isinstance(row, Preference) else str(row.good)
        if len(answers) == 2 and _says_the_same(row):
            losses[i] = Loss(view(row), "duplicate.exact", "chosen and rejected say the same")
            continue
        key = (_key(row.prompt), *answers, good)
        if key in first:
            partner = view(rows[first[key]])
            losses[i] = Loss(view(row), "duplicate.exact", f"the same as {partner.origin}", partner)
        else:
            first[key] = i
    funnel.lose("duplicates", "prompt and answers equal after normalising; the first stays", losses.values())
    told = [_as_told(rows[i], loss) for i, loss in losses.items()]
    return [row for i, row in enumerate(rows) if i not in losses], told


def _says_the_same(row: Judged) -> bool:
    """Whether the two answers of a pair are the same, letter by letter but for blanks at the ends."""
    if not isinstance(row, Preference):
        return False
    one, other = ([(m.role, m.content.strip(), m.tool_calls) for m in side] for side in (row.chosen, row.rejected))
    return one == other


def _without_contradictions(rows: Sequence[Judged], funnel: Funnel) -> tuple[list[Judged], list[dict[str, Any]]]:
    """Rows that say of the same answers the opposite of another row: nobody can say which is right."""
    said: dict[tuple[str, frozenset[str]], dict[str, int]] = defaultdict(dict)
    verdicts: list[tuple[dict[str, int], str]] = []
    for i, row in enumerate(rows):
        answers = [_key(answer) for answer in _answers(row)]
        verdict = answers[0] if isinstance(row, Preference) else str(row.good)
        of_these = said[_key(row.prompt), frozenset(answers)]
        of_these.setdefault(verdict, i)
        verdicts.append((of_these, verdict))
    losses: dict[int, Loss] = {}
    for i, (row, (of_these, verdict)) in enumerate(zip(rows, verdicts, strict=True)):
        others = [at for other, at in of_these.items() if other != verdict]
        if others:
            partner = view(rows[others[0]])
            losses[i] = Loss(view(row), "conflict", f"{partner.origin} says the opposite of the same answers", partner)
    funnel.lose("contradictions", "the same answers judged the other way round elsewhere", losses.values())
    told = [_as_told(rows[i], loss) for i, loss in losses.items()]
    return [row for i, row in enumerate(rows) if i not in losses], told


def _fitting(
    rows: Sequence[Judged], chat: ChatFormat | None, max_length: int | None, funnel: Funnel
) -> tuple[list[Judged], list[dict[str, Any]], dict[str, Any]]:
    """Rows of which every answer fits behind its prompt."""
    if chat is None:
        return list(rows), [], {}
    losses: dict[int, Loss] = {}
    for i, row in enumerate(rows):
        for answer in _answers(row):
            whole = Example((*row.prompt, *answer), tools=row.tools, origin=row.origin)
            try:
                if not chat.samples(whole, max_length=max_length, on_overlong="drop"):
                    losses[i] = Loss(view(row), "tokens.overlong", f"longer than {max_length or 0:,} tokens")
            except LuthierError as error:
                losses[i] = Loss(view(row), "tokens.refused", error.what)
    limit = f"more than {max_length:,} tokens" if max_length else "the chat format cannot render it"
    funnel.lose("too long", f"an answer with its prompt: {limit}", losses.values())
    told = [_as_told(rows[i], loss) for i, loss in losses.items()]
    return [row for i, row in enumerate(rows) if i not in losses], told, {"max_length": max_length}


def _as_told(row: Judged, loss: Loss) -> dict[str, Any]:
    """A loss with the whole row in it, both answers included."""
    return {**loss.to_dict(), "id": row.id, "row": row.to_dict()}
