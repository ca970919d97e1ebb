"""Old or general rows mixed into training, so that the model does not forget what it could do.

The rows are drawn by hash of seed and row, pass the same checks and the same leak check as training rows, and are
marked in ``meta`` ("replay": name of the source). What was not drawn is of use too: :func:`spare` takes from the other
end of the same order rows that nobody trains on, to see on them what a training forgets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from luthier.data.clean import clean
from luthier.data.leak import leaks
from luthier.data.load import Table, convert, labels_of, read_tables
from luthier.data.sources import files_of
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec, ReplaySpec
from luthier.records import Example, Origin
from luthier.rows import Finding, SourceFile
from luthier.text import normalise

BUILT_IN = "nano"
_PACKAGED = "models/nano/replay.jsonl.gz"
_ROUGH = "models/nano/rough.jsonl.gz"
"""Prompts in words that nobody taught, with nano's own answers: good to hold on to, but no answers to lose."""


@dataclass(frozen=True)
class Replay:
    """The rows to mix in, and how they were chosen: how many were wanted, usable, near a held-out row, too long."""

    examples: tuple[Example, ...]
    source: tuple[str, ...]
    sets: int
    wanted: int
    available: int
    leaked: int
    overlong: int
    errors: tuple[Finding, ...]
    parents: tuple[str, ...]

    def facts(self, rows: int) -> dict[str, Any]:
        """For the report; ``rows`` is the number of the job's own training rows."""
        an_epoch = -(-len(self.examples) // self.sets)
        return {
            "source": list(self.source),
            "rows": len(self.examples),
            "sets": self.sets,
            "share": an_epoch / max(1, rows + an_epoch),
            "wanted": self.wanted,
            "available": self.available,
            "leaked": self.leaked,
            "overlong": self.overlong,
        }


def draw(
    spec: ReplaySpec,
    job: DataSpec,
    *,
    known: Sequence[Example],
    held_out: Sequence[Example],
    held_asked: Sequence[str],
    seed: int,
    folder: Path,
    fits: Callable[[Example], bool] | None = None,
    secret: bytes | None = None,
    erased: Collection[str] = frozenset(),
) -> Replay:
    """Replay rows for ``spec.sets`` epochs (or all there are), of which each epoch's make ``spec.share`` of the
    ``known`` training rows and themselves.

    Left out are rows near a held-out row, rows that stand in training already, ``erased`` ones and those that do not
    fit.

    Raises:
        LuthierError: a source is missing or of unknown layout.
    """
    wanted = _an_epoch(spec, len(known)) * spec.sets
    pool = _pool(
        spec.source, job, known=known, held_out=held_out, held_asked=held_asked, seed=seed, folder=folder,
        secret=secret, erased=erased,
    )  # fmt: skip
    chosen, overlong = _take(pool.rows, wanted, fits)
    sets = sets_of(spec, len(known), len(chosen))
    return Replay(
        chosen, spec.source, sets, wanted, len(pool.rows), pool.leaked, overlong, pool.errors, pool.parents
    )


def spare(
    source: Sequence[str],
    job: DataSpec,
    *,
    known: Sequence[Example],
    held_out: Sequence[Example],
    wanted: int,
    seed: int,
    folder: Path,
    fits: Callable[[Example], bool] | None = None,
    secret: bytes | None = None,
    erased: Collection[str] = frozenset(),
) -> list[Example]:
    """Rows of ``source`` that are not ``known`` (replayed ones among them) nor near a held-out row: at most so many,
    those that :func:`draw` would take last, first. Of the built-in base only what it was taught.

    Raises:
        LuthierError: a source is missing or of unknown layout.
    """
    held_asked = [row.asked for row in held_out]
    pool = _pool(
        source, job, known=known, held_out=held_out, held_asked=held_asked, seed=seed, folder=folder, secret=secret,
        erased=erased, rough=False,
    )  # fmt: skip
    return list(_take(pool.rows[::-1], wanted, fits)[0])


@dataclass(frozen=True)
class _Pool:
    """Rows that may be drawn, in the order of drawing."""

    rows: list[Example]
    leaked: int
    errors: tuple[Finding, ...]
    parents: tuple[str, ...]


def _pool(
    source: Sequence[str], job: DataSpec, *, known: Sequence[Example], held_out: Sequence[Example],
    held_asked: Sequence[str], seed: int, folder: Path, secret: bytes | None, erased: Collection[str],
    rough: bool = True,
) -> _Pool:  # fmt: skip
    plain = DataSpec(source=tuple(source), personal=job.personal)
    examples: list[Example] = []
    errors: list[Finding] = []
    parents: list[str] = []
    for name in source:
        tables = _packaged(plain, rough) if _is_built_in(name, folder) else read_tables([name], plain, folder=folder)
        loaded, _ = convert(tables, plain, labels=labels_of(tables)).without(erased)
        examples += (_marked(example, BUILT_IN if _is_built_in(name, folder) else "") for example in loaded.examples)
        errors += loaded.errors
        parents += (table.parent for table in tables)
    examples = [row for row in clean(examples, job.personal, secret).rows if row.id not in erased]
    leaked, _ = leaks(examples, held_out, held_asked, job.leak_similarity)
    taken = {_identity(example) for example in known}
    pool: dict[str, Example] = {}
    for index, example in enumerate(examples):
        if index not in leaked and _identity(example) not in taken:
            pool.setdefault(_identity(example), example)
    order = sorted(pool.values(), key=lambda e: hashlib.blake2b(f"{seed}\0{e.id}".encode(), digest_size=8).digest())
    return _Pool(order, len(leaked), tuple(errors), tuple(parents))


def _take(
    rows: Sequence[Example], wanted: int, fits: Callable[[Example], bool] | None
) -> tuple[tuple[Example, ...], int]:
    """The first that fit, and how many before them did not."""
    chosen: list[Example] = []
    overlong = 0
    for example in rows:
        if len(chosen) == wanted:
            break
        if fits is None or fits(example):
            chosen.append(example)
        else:
            overlong += 1
    return tuple(chosen), overlong


def sets_of(spec: ReplaySpec, own: int, replayed: int) -> int:
    """The sets that ``replayed`` rows give beside ``own`` rows of the job: the wanted ones, or as many as are whole."""
    return max(1, min(spec.sets, replayed // max(1, _an_epoch(spec, own))))


def _an_epoch(spec: ReplaySpec, own: int) -> int:
    return round(own * spec.share / (1.0 - spec.share))


def _identity(example: Example) -> str:
    """Rows with the same words in question and answer count once; rows without words by their content."""
    asked, answer = normalise(example.asked), normalise(example.answer)
    return f"{asked}\0{answer}" if asked else example.id


def _is_built_in(source: str, folder: Path) -> bool:
    return source == BUILT_IN and not (folder / source).exists()


def files_read(source: Sequence[str], *, folder: Path, known: Mapping[str, SourceFile]) -> list[Path | None]:
    """What rows of these sources are read from; None stands for standard input."""
    found = [f.path for f in files_of([s for s in source if s != BUILT_IN], folder=folder, known=known)]
    return [*found, *(Path(str(files("luthier") / name)) for name in (_PACKAGED, _ROUGH) if BUILT_IN in source)]


def _packaged(spec: DataSpec, rough: bool) -> list[Table]:
    found: list[Table] = []
    for name in (_PACKAGED, _ROUGH) if rough else (_PACKAGED,):
        packaged = files("luthier").joinpath(name)
        if not packaged.is_file():
            raise LuthierError(
                "the built-in base brings no rows to replay",
                where="data.replay.source",
                why=f"{name} is not installed",
                fix="name a file of rows, or leave data.replay out",
            )
        with as_file(packaged) as path:
            found += read_tables([str(path)], spec, folder=path.parent)
    return [replace(table, file=replace(table.file, name=BUILT_IN)) for table in found]


def _marked(example: Example, name: str) -> Example:
    origin = example.origin or Origin("", 0)
    origin = replace(origin, file=name or origin.file)
    return replace(example, origin=origin, meta={**example.meta, "replay": origin.file})
