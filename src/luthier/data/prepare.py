"""The stage, top to bottom: from a ``DataSpec`` to a dataset artifact with its account.

The result depends on the spec, the files' bytes, the seed and the chat format only: not on hash seeds, time or paths.
Which side a row stands on does not depend on the order of rows (see ``split``).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from luthier.data import duplicates, preferences, refuse, semantic, split
from luthier.data.answers import AnswerKind, kind_of
from luthier.data.clean import Cleaned, clean
from luthier.data.contamination import find_contamination, put_text_back, suite_of, suite_of_pack, take_text_out
from luthier.data.family import children_of, families_of
from luthier.data.fit import fit, rendering_policy
from luthier.data.funnel import Funnel, Loss, put_rows_back, quarantined, take_rows_out
from luthier.data.leak import certificate
from luthier.data.load import Loaded, Table, convert, labels_of, read_tables
from luthier.data.prepared import SIDES, Prepared, Side, rows_of
from luthier.data.replay import Replay, draw
from luthier.data.scores import NO_RATERS, Raters
from luthier.data.select import Selected, select
from luthier.data.sift import sift
from luthier.data.tokens import ChatFormat, measure
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.records import Example
from luthier.rows import SourceFile, write_jsonl
from luthier.rows.filter import describe
from luthier.similar.vectors import word_vectors
from luthier.text import normalise
from luthier.text.personal import TOLD

if TYPE_CHECKING:
    from luthier.store import Artifact, Run, Store

ROW_FILES = (
    "train.rows.jsonl", "validation.rows.jsonl", "test.rows.jsonl", "removed.jsonl", "quarantine.jsonl", "shown.jsonl",
)  # fmt: skip
SCORES = "scores.jsonl"
"""What models said of each training row; there where ``data.select`` asked any."""


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
    known: Mapping[str, SourceFile] | None = None,
    raters: Raters = NO_RATERS,
    compared: preferences.Kind | None = None,
) -> Artifact:
    """Build the dataset and file it as an artifact of kind ``dataset``.

    Relative sources start at ``folder``. ``chat`` counts tokens and decides what is longer than ``max_length``;
    without it rows are not measured. ``known`` names files of the store that ``source`` may speak of; ``raters`` are
    the models that ``data.select`` and ``data.vectors`` name. With ``compared`` the rows are pairs or thumbs.

    Raises:
        LuthierError: files, columns or layouts are wrong, or no usable rows are left.
    """
    made = build(
        spec, folder=folder, seed=seed, chat=chat, max_length=max_length, secret=pseudonym_secret(spec, store),
        previous=before(spec, store), known=known, erased=store.erased(), raters=raters, compared=compared,
    )  # fmt: skip
    with store.draft("dataset") as draft:
        write(made, draft.path)
        account = made.report
        meta = {"rows": account["rows"], "shape": account["shape"]["name"], "answers": account["answers"]["kind"]}
        files = (*ROW_FILES, SCORES) if made.scores else ROW_FILES
        artifact = draft.commit(parents=made.parents, key=key, meta=meta, run=run, rows=files)
    if run is not None:
        run.event("data", artifact=artifact.id, rows=made.report["rows"])
    return artifact


def pseudonym_secret(spec: DataSpec, store: Store) -> bytes | None:
    """The store's key for pseudonyms, if the spec asks for any."""
    return store.secret("pseudonyms") if spec.personal.kind == "pseudonymise" else None


def write(made: Prepared, folder: Path) -> None:
    """Write the dataset's files into a folder."""
    for side in ("train", "validation", "test"):
        write_jsonl(folder / f"{side}.rows.jsonl", (example.to_dict() for example in getattr(made, side)))
    write_jsonl(folder / "removed.jsonl", made.removed)
    write_jsonl(folder / "quarantine.jsonl", made.quarantine)
    if made.scores:
        write_jsonl(folder / SCORES, made.scores)
    steps, shown = take_rows_out(made.report["steps"])
    found, texts = take_text_out(made.report["contamination"])
    write_jsonl(folder / "shown.jsonl", [*shown, *texts])
    bare = {**made.report, "steps": steps, "contamination": found}
    account = json.dumps(bare, ensure_ascii=False, indent=1) + "\n"
    (folder / "report.json").write_text(account, encoding="utf-8")


def report(artifact: Artifact) -> dict[str, Any]:
    """The dataset's account with the rows to look at; rows erased since are left out."""
    account: dict[str, Any] = orjson.loads(artifact.file("report.json").read_bytes())
    lines = [orjson.loads(line) for line in artifact.file("shown.jsonl").read_bytes().splitlines()]
    account["steps"] = put_rows_back(account["steps"], lines)
    account["contamination"] = put_text_back(account["contamination"], lines)
    return account


def examples(artifact: Artifact, side: Side) -> list[Example]:
    """The rows of one side; erased rows are left out. Of rows that compare answers, chats with the better one."""
    if artifact.meta.get("answers") in ("pairs", "thumbs"):
        return [preferences.view(row) for row in preferences.judged_rows(artifact, side)]
    return [Example.from_dict(row) for row in rows_of(artifact, side)]


def before(spec: DataSpec, store: Store) -> Artifact | None:
    """The dataset whose sides are kept, if the spec names one.

    Raises:
        LuthierError: there is none of that name, or it is no dataset.
    """
    if spec.split.previous is None:
        return None
    found = store.get(spec.split.previous)
    if found.kind != "dataset":
        raise LuthierError(
            f"{found.id} is no dataset", where="data.split.previous", fix="luthier why RUN names the run's dataset"
        )
    return found


def _sides_of(dataset: Artifact) -> dict[str, str]:
    """The side of each question of a dataset, by its name; replayed rows have none."""
    return {
        split.name_of(row): side
        for side in SIDES
        for row in examples(dataset, side)
        if "replay" not in row.meta
    }


def build(
    spec: DataSpec,
    *,
    folder: Path,
    seed: int = 0,
    chat: ChatFormat | None = None,
    max_length: int | None = None,
    secret: bytes | None = None,
    previous: Artifact | None = None,
    known: Mapping[str, SourceFile] | None = None,
    erased: Collection[str] = frozenset(),
    raters: Raters = NO_RATERS,
    compared: preferences.Kind | None = None,
) -> Prepared:
    """Everything of :func:`prepare` but the filing.

    ``secret`` keys pseudonyms (:func:`pseudonym_secret`); ``previous`` is the dataset whose sides are kept
    (:func:`before`). Rows whose id is ``erased``, as they were read or as they are learned, are left out.

    Raises:
        LuthierError: see :func:`prepare`.
    """
    if compared is not None:
        return preferences.build(
            spec, compared, folder=folder, seed=seed, chat=chat, max_length=max_length, secret=secret, known=known,
            erased=erased,
        )  # fmt: skip
    embed = _embedder(spec, raters)
    tables = read_tables(spec.source, spec, folder=folder, known=known)
    test_tables = read_tables(spec.test, spec.unfiltered(), folder=folder) if spec.test else []
    labels = labels_of([*tables, *test_tables])
    loaded, erased_rows = convert(tables, spec, labels=labels).without(erased)
    given, _ = convert(test_tables, spec, labels=labels).without(erased)
    refuse.unanswered(loaded, spec)
    refuse.nothing_usable(loaded, spec.source)
    if spec.test:
        refuse.nothing_usable(given, spec.test)

    funnel = Funnel()
    _book_reading(funnel, loaded, tables, spec, erased_rows)
    cleaned, given_seen = _cleaned(loaded, given, spec, funnel, secret)
    rows = [row for row in cleaned.rows if row.id not in erased]
    if len(rows) < len(cleaned.rows):
        funnel.leave_out("erased", _ERASED, len(cleaned.rows) - len(rows))
    if erased:
        seen = [place for place, row in enumerate(given_seen) if row.id not in erased]
        given = replace(given, examples=tuple(given.examples[place] for place in seen))
        given_seen = [given_seen[place] for place in seen]
    given_asked = [row.asked for row in given_seen]
    refuse.nothing_left(rows, funnel, spec)
    old = _sides_of(previous) if previous else {}
    missing = len(old.keys() - {split.name_of(row) for row in rows}) if old else 0
    if previous is not None and missing == len(old):
        raise LuthierError(
            f"no row of {previous.id} stands in the sources", where="data.split.previous",
            why="rows keep their sides by their questions: old rows and new ones are read together",
            fix="name the old files in data.source too; data.personal must be as it was",
        )  # fmt: skip
    stood = {row.origin: old[name] for row in rows if (name := split.name_of(row)) in old}
    old_tests = examples(previous, "test") if previous and not spec.test else []
    if old:
        old = {name: side for name, side in old.items() if not (spec.test and side == "test")}
    kind = kind_of([*rows, *given.examples])
    keys = duplicates.keys_of(rows)
    repeats = _repeats(rows, keys, given_asked)

    flagged = {finding.origin for finding in loaded.findings}
    sifted = sift(
        rows, keys, kind, spec, funnel, flagged=flagged, stood=stood, test=given.examples, test_asked=given_asked,
        embed=embed,
    )  # fmt: skip
    refuse.nothing_left(sifted.keep, funnel, spec)

    pool = sifted.pool
    names = [split.name_of(row) for row in pool]
    near_test = [loss.example for loss in sifted.removed if loss.rule.startswith("leak.")]
    tested = families_of([*given.examples, *near_test, *old_tests])
    sides = split.deal(
        pool, names, sifted.links, sifted.keep, spec.split, given=bool(spec.test), previous=old, tested=tested
    )
    if sides.set_aside:
        funnel.lose("bridges", "new rows that join two sides of the previous dataset are set aside", sides.set_aside)
    older = [loss for loss in sides.losses if loss.rule == "leak.time"]
    if older:
        rule = "near-duplicates and groups of newer test rows leave training"
        funnel.lose("older likes of test rows", rule, older)
    if len(older) < len(sides.losses):
        born = [loss for loss in sides.losses if loss.rule == "leak.family"]
        funnel.lose("children of test rows", "generated rows are not tested on", born)
    train, validation = [pool[i] for i in sides.train], [pool[i] for i in sides.validation]
    test = list(given.examples) if spec.test else [pool[i] for i in sides.test]
    test_seen = given_seen if spec.test else test
    test_asked = [row.asked for row in test_seen]

    tokens: dict[str, Any] = {}
    misfits: list[Loss] = []
    if chat is not None:
        fitting = fit(train, validation, test, chat, max_length, spec, funnel)
        train, validation, tokens, misfits = fitting.train, fitting.validation, fitting.tokens, fitting.losses
    selected: Selected | None = None
    if spec.select is not None:
        count = None if chat is None else _counter(chat, max_length, spec)
        selected = select(train, spec.select, raters, funnel, vectors=embed, tokens=count)
        train = list(selected.rows)
        if chat is not None:
            policy = rendering_policy(spec)
            _, tokens["train"] = measure(train, chat, max_length=max_length, on_overlong=policy)
    replay: Replay | None = None
    if spec.replay is not None:
        held, held_asked = [*validation, *test], [*(row.asked for row in validation), *test_asked]
        fits = None if chat is None else _fits(chat, max_length, spec)
        replay = draw(
            spec.replay, spec, known=train, held_out=held, held_asked=held_asked, seed=seed, folder=folder, fits=fits,
            secret=secret, erased=erased,
        )
        turns = f" in {spec.replay.sets} sets, one an epoch" if spec.replay.sets > 1 else ""
        rule = f"{spec.replay.share:.0%} of an epoch's rows are replayed{turns}"
        funnel.change("replay", rule, len(replay.examples))
    everything = [*train, *(replay.examples if replay else ())]

    removed = [*sifted.removed, *sides.losses]
    quarantine = [
        *(quarantined(finding) for finding in loaded.errors),
        *({**quarantined(finding), "side": "test"} for finding in given.errors),
        *({**quarantined(finding), "side": "replay"} for finding in (replay.errors if replay else ())),
        *(loss.to_dict() for loss in (*cleaned.rejected, *sifted.set_aside, *sides.set_aside, *misfits)),
        *(loss.to_dict() for loss in (selected.losses if selected else ())),
    ]
    asked = {
        "train": [row.asked for row in everything],
        "validation": [row.asked for row in validation],
        "test": list(test_asked),
    }
    suites = [suite_of("test", test, test_seen)]
    suites += [suite_of_pack(folder / pack, pack) for pack in spec.contamination.packs]
    account: dict[str, Any] = {
        "version": 1,
        "rows": {
            "read": loaded.rows,
            "train": len(everything),
            "validation": len(validation),
            "test": len(test),
            "replay": len(replay.examples) if replay else 0,
            "removed": len(removed),
            "quarantined": len(quarantine),
            **({"filtered": loaded.filtered} if loaded.filtered else {}),
        },
        "shape": tables[0].facts,
        "files": [table.facts | {"rows": table.rows} for table in (*tables, *test_tables)],
        "map": spec.map.model_dump(exclude_defaults=True) if spec.map else None,
        "thread": spec.thread.model_dump() if spec.thread else None,
        "steps": funnel.steps,
        "test_set": {"given": bool(spec.test), "rows": given.rows, "unusable": len(given.errors)},
        "duplicates": repeats,
        "findings": dict(sorted(Counter(f.rule for f in (*loaded.findings, *given.findings)).items())),
        "personal": cleaned.counts,
        "answers": {"kind": kind.kind, "fields": list(kind.fields), "free": list(kind.free)},
        "labels": _labels(kind, train, validation, test),
        "split": {
            "rule": sides.rule, "components": sides.components, "largest_component": sides.largest,
            "inherited": sides.inherited, "set_aside": len(sides.set_aside), "missing": missing,
        },
        "tokens": tokens,
        "selection": selected.account if selected else None,
        "semantic": semantic.account(sifted.kin, sifted.same_meaning, _name(spec.vectors)) if sifted.kin else None,
        "replay": replay.facts(len(train)) if replay else None,
        "certificate": _certificate(asked, spec, sifted.kin, sides),
        "contamination": find_contamination(suites, everything, profile=spec.contamination.profile, seed=seed),
    }
    sources = [table.parent for table in (*tables, *test_tables)]
    sources += [suite.parent for suite in suites if suite.parent]
    sources += [*([previous.id] if previous else []), *raters.parents]
    parents = tuple(dict.fromkeys([*sources, *(replay.parents if replay else ())]))
    gone = tuple(loss.to_dict() for loss in removed)
    scores = selected.scores if selected else ()
    return Prepared(
        tuple(everything), tuple(validation), tuple(test), gone, tuple(quarantine), account, parents, scores
    )


def _embedder(spec: DataSpec, raters: Raters) -> semantic.Embed:
    """Who gives texts vectors.

    Raises:
        LuthierError: the spec names a model and none is at hand.
    """
    if spec.vectors == "words":
        return word_vectors
    if raters.embed is None:
        raise LuthierError(
            "data.vectors names a model, and none is at hand here", where="data.vectors",
            fix="luthier data RECIPE opens it; data.vectors: words needs none",
        )  # fmt: skip
    return raters.embed


def _name(vectors: Any) -> str:
    return vectors if isinstance(vectors, str) else str(vectors.model)


def _certificate(
    asked: Mapping[str, Sequence[str]], spec: DataSpec, kin: semantic.Kin | None, sides: split.Sides
) -> dict[str, Any]:
    """Nothing alike across sides; the rows of a split chat and replayed rows are not compared by meaning."""
    proof = certificate(asked, spec.leak_similarity, spec.split)
    if kin is None:
        return proof
    numbers = {"train": sides.train, "validation": sides.validation, "test": sides.test}
    inherited = spec.split.previous is not None
    return {**proof, "semantic": semantic.certificate(kin, numbers, given=bool(spec.test), inherited=inherited)}


def _counter(chat: ChatFormat, max_length: int | None, spec: DataSpec) -> Callable[[Example], int]:
    def count(example: Example) -> int:
        samples = chat.samples(example, max_length=max_length, on_overlong=rendering_policy(spec))
        return sum(len(sample.ids) for sample in samples)

    return count


_ERASED = "rows that were erased on request are not used again"


def _book_reading(funnel: Funnel, loaded: Loaded, tables: Sequence[Table], spec: DataSpec, erased: int) -> None:
    files = f"{len(tables):,} file{'' if len(tables) == 1 else 's'}"
    funnel.start(loaded.rows, f"{files}: {tables[0].shape.reason}")
    if spec.keep or spec.drop:
        funnel.leave_out("filtered", f"only rows count whose {describe(spec.keep, spec.drop)}", loaded.filtered)
    if erased:
        funnel.leave_out("erased", _ERASED, erased)
    unreadable = [finding for finding in loaded.errors if finding.rule.startswith("row.")]
    invalid = [finding for finding in loaded.errors if not finding.rule.startswith("row.")]
    if spec.thread is not None:  # several rows are one chat: from here on chats are counted
        joined = funnel.left - len(loaded.errors) - len(loaded.examples)
        funnel.left -= joined
        funnel.change("joined", f"messages of one {spec.thread.id} are one chat", joined)
    funnel.set_aside("unreadable", "a row is one JSON object, or one line of a table, in UTF-8", unreadable)
    funnel.set_aside("invalid", "a question, an answer to learn from, roles in order", invalid)


def _cleaned(
    loaded: Loaded, given: Loaded, spec: DataSpec, funnel: Funnel, secret: bytes | None
) -> tuple[Cleaned, Sequence[Example]]:
    """Rows without personal data, and the test rows as they are compared; the test set itself stays as it is."""
    found = clean(loaded.examples, spec.personal, secret)
    what = ", ".join(TOLD[kind] for kind in spec.personal.find)
    if spec.personal.kind == "reject":
        funnel.lose("personal data", f"set aside: {what}", found.rejected, kinds=found.counts)
        born = children_of([loss.example for loss in found.rejected], found.rows)
        if born:
            told = "set aside: generated from rows with personal data"
            orphans = tuple(Loss(row, "personal.family", "generated from a row with personal data") for row in born)
            funnel.lose("children of such rows", told, orphans)
            unwanted = {id(row) for row in born}
            rows = tuple(row for row in found.rows if id(row) not in unwanted)
            found = replace(found, rows=rows, rejected=(*found.rejected, *orphans))
        return found, given.examples
    if spec.personal.kind != "keep":
        become = "tags like [PHONE]" if spec.personal.kind == "redact" else "made-up values, the same for the same"
        shown = [found.rows[i] for i in found.changed[:3]]
        funnel.change("personal data", f"{what} become {become}", len(found.changed), shown, kinds=found.counts)
    return found, clean(given.examples, spec.personal, secret).rows


def _repeats(rows: Sequence[Example], keys: duplicates.Keys, test_asked: Sequence[str]) -> dict[str, int]:
    """How often rows repeat each other by key alone, before anything is taken out."""
    here = set(keys.asked) - {""}
    test_keys = [normalise(text) for text in test_asked]
    return {
        "rows": len(rows),
        "questions": duplicates.repeated(keys.asked),
        "answers": duplicates.repeated([key for key, row in zip(keys.answer, rows, strict=True) if row.messages]),
        "test_in_train": sum(key in here for key in test_keys),
        "within_test": duplicates.repeated(test_keys),
    }


def _fits(chat: ChatFormat, max_length: int | None, spec: DataSpec) -> Callable[[Example], bool]:
    def fits(example: Example) -> bool:
        return not measure([example], chat, max_length=max_length, on_overlong=rendering_policy(spec))[0]

    return fits


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
