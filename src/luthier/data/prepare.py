"""The stage, top to bottom: from a ``DataSpec`` to a dataset artifact with its account.

The result depends on the spec, the files' bytes, the seed and the chat format only: not on hash seeds, time or paths.
Which side a row stands on does not depend on the order of rows (see ``split``).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson

from luthier.data import duplicates, split
from luthier.data.answers import AnswerKind, kind_of, odd_answers
from luthier.data.clean import redact
from luthier.data.funnel import Funnel, Loss, put_rows_back, quarantined, take_rows_out
from luthier.data.leak import certificate, leaks
from luthier.data.load import Loaded, Table, convert, labels_of, read_tables
from luthier.data.replay import draw
from luthier.data.tokens import ChatFormat, measure
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.records import Example
from luthier.rows import write_jsonl
from luthier.rows.finding import UNANSWERED
from luthier.similar import Groups, groups
from luthier.text import normalise

if TYPE_CHECKING:
    from luthier.store import Artifact, Run, Store

Side = Literal["train", "validation", "test"]
ROW_FILES = (
    "train.rows.jsonl", "validation.rows.jsonl", "test.rows.jsonl", "removed.jsonl", "quarantine.jsonl", "shown.jsonl",
)  # fmt: skip


@dataclass(frozen=True)
class Prepared:
    """A dataset before it is filed. ``removed`` and ``quarantine`` are JSON rows with rule and reason."""

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    removed: tuple[dict[str, Any], ...]
    quarantine: tuple[dict[str, Any], ...]
    report: dict[str, Any]
    parents: tuple[str, ...]


def prepare(
    spec: DataSpec,
    *,
    store: Store,
    run: Run | None = None,
    seed: int = 0,
    folder: Path,
    key: str | None = None,
    chat: ChatFormat | None = None,
    max_length: int | None = None,
) -> Artifact:
    """Build the dataset and file it as an artifact of kind ``dataset``.

    Relative sources start at ``folder``. ``chat`` counts tokens and decides what is longer than ``max_length``;
    without it rows are not measured.

    Raises:
        LuthierError: files, columns or layouts are wrong, or no usable rows are left.
    """
    made = build(spec, folder=folder, seed=seed, chat=chat, max_length=max_length)
    with store.draft("dataset") as draft:
        write(made, draft.path)
        account = made.report
        meta = {"rows": account["rows"], "shape": account["shape"]["name"], "answers": account["answers"]["kind"]}
        artifact = draft.commit(parents=made.parents, key=key, meta=meta, run=run, rows=ROW_FILES)
    if run is not None:
        run.event("data", artifact=artifact.id, rows=made.report["rows"])
        run.attach("data", artifact)
    return artifact


def write(made: Prepared, folder: Path) -> None:
    """Write the dataset's files into a folder."""
    for side in ("train", "validation", "test"):
        write_jsonl(folder / f"{side}.rows.jsonl", (example.to_dict() for example in getattr(made, side)))
    write_jsonl(folder / "removed.jsonl", made.removed)
    write_jsonl(folder / "quarantine.jsonl", made.quarantine)
    steps, shown = take_rows_out(made.report["steps"])
    write_jsonl(folder / "shown.jsonl", shown)
    account = json.dumps({**made.report, "steps": steps}, ensure_ascii=False, indent=1) + "\n"
    (folder / "report.json").write_text(account, encoding="utf-8")


def report(artifact: Artifact) -> dict[str, Any]:
    """The dataset's account with the rows to look at; rows erased since are left out."""
    account: dict[str, Any] = orjson.loads(artifact.file("report.json").read_bytes())
    lines = artifact.file("shown.jsonl").read_bytes().splitlines()
    return {**account, "steps": put_rows_back(account["steps"], map(orjson.loads, lines))}


def examples(artifact: Artifact, side: Side) -> list[Example]:
    """The rows of one side; erased rows are left out."""
    lines = artifact.file(f"{side}.rows.jsonl").read_bytes().splitlines()
    rows = (orjson.loads(line) for line in lines if line.strip())
    return [Example.from_dict(row) for row in rows if not row.get("erased")]


def build(
    spec: DataSpec, *, folder: Path, seed: int = 0, chat: ChatFormat | None = None, max_length: int | None = None
) -> Prepared:
    """Everything of :func:`prepare` but the filing.

    Raises:
        LuthierError: see :func:`prepare`.
    """
    tables = read_tables(spec.source, spec, folder=folder)
    test_tables = read_tables(spec.test, spec, folder=folder) if spec.test else []
    labels = labels_of([*tables, *test_tables])
    loaded, given = convert(tables, spec, labels=labels), convert(test_tables, spec, labels=labels)
    _refuse_unanswered(loaded, spec)
    _refuse_nothing(loaded, spec.source)
    if spec.test:
        _refuse_nothing(given, spec.test)

    funnel = Funnel()
    funnel.start(loaded.rows, f"{_count(len(tables), 'file')}: {tables[0].shape.reason}")
    unreadable = [f for f in loaded.errors if f.rule.startswith("row.")]
    invalid = [f for f in loaded.errors if not f.rule.startswith("row.")]
    funnel.set_aside("unreadable", "a row is one JSON object, or one line of a table, in UTF-8", unreadable)
    funnel.set_aside("invalid", "a question, an answer to learn from, roles in order", invalid)
    joined = funnel.left - len(loaded.examples)
    if joined:  # messages became whole conversations
        funnel.left -= joined
        funnel.change("joined", f"messages joined by {spec.thread.id if spec.thread else 'thread'}", joined)

    rows, test, personal = _masked(loaded, given, spec, funnel)
    kind = kind_of([*rows, *given.examples])
    keys = duplicates.keys_of(rows)
    facts = {
        "rows": len(rows),
        "questions": duplicates.repeated(keys.asked),
        "answers": duplicates.repeated([k for k, row in zip(keys.answer, rows, strict=True) if row.messages]),
        "test_in_train": _test_in_train(keys.asked, test),
        "within_test": duplicates.repeated([normalise(asked) for asked in test]),
    }
    removed: list[Loss] = []
    conflicts: dict[int, Loss] = {}
    gone: set[int] = set()

    odd = odd_answers(rows, kind)
    if odd:
        funnel.lose("odd answers", "the answers are JSON objects; these are not", odd.values())
        gone |= odd.keys()
    if spec.dedupe.exact:
        left = [i for i in range(len(rows)) if i not in gone]
        copies = {left[i]: loss for i, loss in duplicates.exact([rows[i] for i in left], keys.take(left)).items()}
        rule = "question and answer equal after normalising (NFKC, case, punctuation)"
        funnel.lose("duplicates", rule, copies.values())
        removed += copies.values()
        gone |= copies.keys()
    left = [i for i in range(len(rows)) if i not in gone]
    found_conflicts = duplicates.conflicting([rows[i] for i in left], keys.take(left), kind)
    conflicts = {left[i]: loss for i, loss in found_conflicts.items()}
    rule = "the same question with another label: nobody can say which is right"
    funnel.lose("contradictions", rule, conflicts.values())
    gone |= conflicts.keys()
    if spec.test:
        left = [i for i in left if i not in gone]
        leaked, counts = leaks([rows[i] for i in left], given.examples, test, spec.leak_similarity)
        rule = f"the question stands in the test set, or is at least {spec.leak_similarity} similar (Jaccard, 3 words)"
        funnel.lose("leaks", rule, leaked.values(), **counts)
        removed += leaked.values()
        gone |= {left[i] for i in leaked}

    left = [i for i in range(len(rows)) if i not in gone]
    _refuse_empty(left, funnel, spec)
    pool, pool_keys = [rows[i] for i in left], keys.take(left)
    links = groups([row.asked for row in pool], spec.leak_similarity)
    near: dict[int, Loss] = {}
    if spec.dedupe.near is not None:
        same = spec.dedupe.near == spec.leak_similarity
        similar = links if same else groups([row.asked for row in pool], spec.dedupe.near)
        near = duplicates.near(pool, pool_keys, similar, kind, spec.dedupe.near)
        kept_apart = len(similar.first) - _explained(similar, near)
        rule = f"questions at least {spec.dedupe.near} similar (Jaccard, 3 words), answers that say the same"
        funnel.lose("near-duplicates", rule, near.values(), similar_but_other_answer=kept_apart)
        removed += near.values()
    keep = [i for i in range(len(pool)) if i not in near]
    names = [_name(row) for row in pool]
    sides = split.deal(pool, names, links, keep, spec.split, given=bool(spec.test))
    if spec.split.by_time and not spec.test:
        rule = "near-duplicates and groups of newer test rows leave training"
        funnel.lose("older likes of test rows", rule, sides.losses)
        removed += sides.losses

    train = [pool[i] for i in sides.train]
    validation = [pool[i] for i in sides.validation]
    test_rows = list(given.examples) if spec.test else [pool[i] for i in sides.test]
    test_asked = test if spec.test else [row.asked for row in test_rows]
    tokens: dict[str, Any] = {}
    refused: list[Loss] = []
    if chat is not None:
        train, validation, tokens, refused = _fitting(train, validation, test_rows, chat, max_length, spec, funnel)
    replayed: list[Example] = []
    replay_facts: dict[str, Any] | None = None
    parents = [table.parent for table in (*tables, *test_tables)]
    replay_findings: Sequence[Any] = ()
    if spec.replay is not None:
        held, held_asked = [*validation, *test_rows], [*(row.asked for row in validation), *test_asked]
        drawn = draw(
            spec.replay,
            spec,
            rows=len(train),
            held_out=held,
            held_asked=held_asked,
            known=train,
            seed=seed,
            folder=folder,
        )
        replayed, parents, replay_findings = list(drawn.examples), [*parents, *drawn.parents], drawn.findings
        overlong = 0
        if chat is not None and replayed:
            misfits, _ = measure(replayed, chat, max_length=max_length, on_overlong=spec.on_overlong)
            replayed, overlong = [row for i, row in enumerate(replayed) if i not in misfits], len(misfits)
        replay_facts = {
            "source": list(spec.replay.source), "wanted": drawn.wanted, "available": drawn.available, "leaked": drawn.leaked,
            "overlong": overlong, "rows": len(replayed), "share": len(replayed) / max(1, len(train) + len(replayed)),
        }  # fmt: skip
        funnel.change("replay", f"{spec.replay.share:.0%} of training rows are replayed ones", len(replayed))
    everything = [*train, *replayed]
    quarantine = [
        *(quarantined(f) for f in loaded.errors),
        *({**quarantined(f), "side": "test"} for f in given.errors),
        *({**quarantined(f), "side": "replay"} for f in replay_findings if f.severity == "error"),
        *(loss.to_dict() for loss in (*odd.values(), *conflicts.values(), *refused)),
    ]
    report: dict[str, Any] = {
        "version": 1,
        "rows": {
            "read": loaded.rows, "train": len(everything), "validation": len(validation), "test": len(test_rows),
            "replay": len(replayed), "removed": len(removed), "quarantined": len(quarantine),
        },
        "shape": _shape(tables[0]),
        "files": [_shape(table) | {"rows": table.rows} for table in (*tables, *test_tables)],
        "map": spec.map.model_dump(exclude_none=True) if spec.map else None,
        "thread": spec.thread.model_dump() if spec.thread else None,
        "steps": funnel.steps,
        "duplicates": facts,
        "findings": dict(sorted(Counter(f.rule for f in (*loaded.findings, *given.findings)).items())),
        "personal": personal,
        "answers": {"kind": kind.kind, "fields": list(kind.fields), "free": list(kind.free)},
        "labels": _labels(kind, train, validation, test_rows),
        "split": {"rule": sides.rule, "components": sides.components, "largest_component": sides.largest},
        "tokens": tokens,
        "replay": replay_facts,
        "certificate": certificate(
            {"train": [r.asked for r in everything], "validation": [r.asked for r in validation], "test": test_asked},
            spec.leak_similarity,
        ),
    }  # fmt: skip
    return Prepared(
        tuple(everything), tuple(validation), tuple(test_rows),
        tuple(loss.to_dict() for loss in removed), tuple(quarantine), report, tuple(dict.fromkeys(parents)),
    )  # fmt: skip


def _masked(
    loaded: Loaded, given: Loaded, spec: DataSpec, funnel: Funnel
) -> tuple[list[Example], list[str], dict[str, int]]:
    """Rows with personal data masked, and the test questions as they are compared; the test rows stay as they are."""
    if spec.personal == "keep":
        return list(loaded.examples), [example.asked for example in given.examples], {}
    rows, changed, counts = redact(loaded.examples)
    test, _, _ = redact(given.examples)
    rule = "e-mail addresses, phone, card and IBAN numbers become tags like [PHONE]"
    funnel.change("personal data", rule, len(changed), [rows[i] for i in changed[:3]], kinds=counts)
    return rows, [example.asked for example in test], counts


def _fitting(
    train: list[Example],
    validation: list[Example],
    test: list[Example],
    chat: ChatFormat,
    max_length: int | None,
    spec: DataSpec,
    funnel: Funnel,
) -> tuple[list[Example], list[Example], dict[str, Any], list[Loss]]:
    """Training and validation rows that fit, the token statistics of all sides, and the rows that do not fit."""
    train_losses, train_stats = measure(train, chat, max_length=max_length, on_overlong=spec.on_overlong)
    other_losses, other_stats = measure(validation, chat, max_length=max_length, on_overlong=spec.on_overlong)
    test_losses, test_stats = measure(test, chat, max_length=max_length, on_overlong=spec.on_overlong)
    losses = [*train_losses.values(), *other_losses.values()]
    limit = f"more than {max_length:,} tokens" if max_length else "the chat format cannot render it"
    funnel.lose("too long", f"{limit}, or nothing in it is trained", losses, test_rows_too_long=len(test_losses))
    if train and len(train_losses) == len(train):
        first = next(iter(train_losses.values()))
        raise LuthierError(
            f"every one of the {len(train):,} training rows is too long or cannot be trained on",
            where=first.example.origin or "train.max_length",
            why=first.why,
            fix="raise train.max_length, or set data.on_overlong: keep_end",
        )
    kept = [row for i, row in enumerate(train) if i not in train_losses]
    kept_validation = [row for i, row in enumerate(validation) if i not in other_losses]
    tokens = {"train": train_stats, "validation": other_stats, "test": test_stats, "max_length": max_length}
    return kept, kept_validation, tokens, losses


def _refuse_unanswered(loaded: Loaded, spec: DataSpec) -> None:
    missing = [f for f in loaded.errors if f.rule in UNANSWERED]
    if spec.on_unanswered != "refuse" or not missing:
        return
    first, more = missing[0], len(missing) - 1
    tail = f" (and {more} more: luthier check {' '.join(spec.source)} shows them all)" if more else ""
    raise LuthierError(
        f"{len(missing):,} of {loaded.rows:,} rows have no answer to learn from",
        where=f"{first.origin}{tail}",
        why=first.message,
        fix="add the assistant's answer, or set data.on_unanswered: quarantine",
    )


def _refuse_nothing(loaded: Loaded, sources: Sequence[str]) -> None:
    if loaded.examples:
        return
    first = loaded.errors[0]
    reasons = " · ".join(f"{f.origin} {f.message}" for f in loaded.errors[:3])
    unanswered = all(f.rule in UNANSWERED for f in loaded.errors)
    what = "has an answer to learn from" if unanswered else "can be used"
    raise LuthierError(
        f"none of the {loaded.rows:,} rows {what}",
        where=first.origin,
        why=reasons,
        fix=f"luthier check {' '.join(sources)} lists all of them",
    )


def _refuse_empty(left: Sequence[int], funnel: Funnel, spec: DataSpec) -> None:
    if left:
        return
    worst = max(funnel.steps, key=lambda step: int(step["removed"]))
    raise LuthierError(
        "no rows are left to train on", where=", ".join(spec.source),
        why=f"{worst['name']} took {worst['removed']:,} of {funnel.steps[0]['left']:,} rows: {worst['rule']}",
        fix="is the test set a part of the source? give rows that are not in it" if worst["name"] == "leaks"
        else "luthier check shows what is wrong with the rows",
    )  # fmt: skip


def _explained(similar: Groups, near: Mapping[int, Loss]) -> int:
    """Pairs of which one row left."""
    return sum(a in near or b in near for a, b in zip(similar.first.tolist(), similar.second.tolist(), strict=True))


def _test_in_train(asked: Sequence[str], test: Sequence[str]) -> int:
    here = set(asked) - {""}
    return sum(normalise(text) in here for text in test)


def _name(example: Example) -> str:
    """A name of the row's question that no other row influences."""
    key = normalise(example.asked) or example.asked
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _labels(
    kind: AnswerKind, train: Sequence[Example], validation: Sequence[Example], test: Sequence[Example]
) -> dict[str, Any] | None:
    """Rows per label, or per value of each closed JSON field, on each side."""
    if kind.kind == "text" or (kind.kind == "json" and not kind.fields):
        return None
    names = kind.fields or ("label",)
    out: dict[str, Any] = {}
    for place, name in enumerate(names):
        counts = {}
        for side, rows in (("train", train), ("validation", validation), ("test", test)):
            verdicts = [verdict for row in rows if (verdict := kind.verdict(row)) is not None]
            counts[side] = dict(sorted(Counter(verdict[place] for verdict in verdicts).items()))
        out[name] = counts
    return out


def _shape(table: Table) -> dict[str, Any]:
    shape = table.shape
    return {
        "file": table.file.name, "name": shape.name, "confidence": round(shape.confidence, 4), "reason": shape.reason,
        "columns": dict(shape.columns),
    }  # fmt: skip


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
