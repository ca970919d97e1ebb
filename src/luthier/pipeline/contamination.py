"""``luthier contamination`` and ``luthier pack``: evaluation sets against training rows, in files or in the store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.data.contamination import (
    Suite,
    canary_figures,
    find_contamination,
    suite_of,
    suite_of_pack,
)
from luthier.data.load import convert, labels_of, read_tables
from luthier.data.sources import files_of
from luthier.errors import LuthierError, UsageError, did_you_mean
from luthier.recipe.data import DataSpec
from luthier.records import Example, Message
from luthier.rows import read_file
from luthier.similar import PROFILES, Scan
from luthier.similar.pack import SUFFIX, is_pack, packed, write_pack

if TYPE_CHECKING:
    from luthier.store import Store


def check_contamination(
    train: str, evaluation: str, *, store: Store, profile: str, question: str | None = None, answer: str | None = None
) -> dict[str, Any]:
    """The account of one evaluation set (rows or a pack) against training rows (files, or a dataset of the store).

    ``question`` and ``answer`` name the columns of an evaluation table whose layout is not known.

    Raises:
        LuthierError: something cannot be read; UsageError: there is no such profile.
    """
    if profile not in PROFILES:
        raise UsageError(f"there is no profile {profile}", where="--profile", fix=did_you_mean(profile, PROFILES))
    suite, unread = _suite(evaluation, question, answer)
    rows, unread_rows = _training_rows(train, store)
    account = find_contamination([suite], rows, profile=profile)
    return {**account, "unread": {"evaluation": unread, "train": unread_rows}}


def make_pack(
    evaluation: str, out: Path, *, name: str | None = None, licence: str = "", question: str | None = None,
    answer: str | None = None,
) -> dict[str, Any]:
    """Write an evaluation set as a pack of hashes; its canaries are planted and looked for now, while there is text.

    Raises:
        LuthierError: something cannot be read or written.
    """  # fmt: skip
    if out.suffix.lower() != SUFFIX:
        raise UsageError(f"a pack's name ends in {SUFFIX}", where=out, fix=f"{out.with_suffix(SUFFIX)}")
    suite, unread = _suite(evaluation, question, answer)
    if suite.pack is not None:
        raise UsageError(f"{evaluation} is a pack already", where=evaluation, fix="name the file of rows")
    index = packed(suite.items)
    scan = Scan(index)
    found = scan.found()
    judged = PROFILES["luthier"].judge(found)
    figures = {**canary_figures(scan, suite.items, found, judged, "luthier", 0), "of_pack": True}
    called = name or Path(evaluation).name.partition(".")[0]
    digest = write_pack(out, index, name=called, licence=licence, recall=figures)
    return {
        "pack": str(out), "items": len(suite.items), "unread": unread, "bytes": out.stat().st_size, "digest": digest,
        "canaries": figures,
    }  # fmt: skip


def dirty(account: dict[str, Any]) -> bool:
    """Whether any set is dirty: what the exit code says."""
    return any(one["verdict"] == "dirty" for one in account["sets"])


def _training_rows(target: str, store: Store) -> tuple[Sequence[Example], int]:
    from luthier.data import examples

    try:
        return _rows([target])
    except LuthierError:
        if Path(target).exists() or any(sign in target for sign in "*?[/."):
            raise
    artifact = store.get(target)
    if artifact.kind != "dataset":
        raise UsageError(f"{target} is no dataset but a {artifact.kind}", where=target, fix="name a file or a dataset")
    return examples(artifact, "train"), 0


def _suite(target: str, question: str | None, answer: str | None) -> tuple[Suite, int]:
    if is_pack(Path(target)):
        return suite_of_pack(Path(target), target), 0
    rows, unread = _rows([target]) if question is None else _columns(target, question, answer)
    return suite_of(target, rows), unread


def _rows(sources: Sequence[str]) -> tuple[Sequence[Example], int]:
    """Rows of a known layout, and how many could not be used."""
    spec = DataSpec(source=tuple(sources))
    tables = read_tables(spec.source, spec, folder=Path.cwd())
    loaded = convert(tables, spec, labels=labels_of(tables))
    if not loaded.examples:
        raise LuthierError(
            f"none of the {loaded.rows:,} rows has a question and an answer", where=", ".join(sources),
            fix="an evaluation set without answers: --question COLUMN; else luthier check tells what is wrong",
        )  # fmt: skip
    return loaded.examples, len(loaded.errors)


def _columns(target: str, question: str, answer: str | None) -> tuple[Sequence[Example], int]:
    """Items of a table of any layout: the text of one or two columns."""
    out: list[Example] = []
    unread = 0
    for file in files_of([target], folder=Path.cwd()):
        for raw in read_file(file):
            if raw.value is None:
                unread += 1
                continue
            for column in (question, *([answer] if answer else [])):
                if column not in raw.value:
                    raise UsageError(
                        f"no column is called {column!r}", where=raw.origin, fix=did_you_mean(column, raw.value)
                    )
            asked = Message("user", str(raw.value[question]))
            told = [Message("assistant", str(raw.value[answer]))] if answer else []
            out.append(Example(messages=(asked, *told), origin=raw.origin))
    if not out:
        raise LuthierError("no row can be read", where=target, fix=f"luthier check {target}")
    return out, unread
