"""Old or general rows mixed into training, so that the model does not forget what it could do.

The rows are drawn by hash of seed and row, pass the same checks and the same leak check as training rows, and are
marked in ``meta`` ("replay": name of the source).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path

from luthier.data.clean import redact
from luthier.data.leak import leaks
from luthier.data.load import Table, convert, labels_of, read_tables
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec, ReplaySpec, SplitSpec
from luthier.records import Example, Origin
from luthier.rows import Finding
from luthier.text import normalise

BUILT_IN = "nano"
_PACKAGED = "models/nano/replay.jsonl.gz"


@dataclass(frozen=True)
class Replay:
    """The rows to mix in; how many there were, how many leaked, and what was found wrong."""

    examples: tuple[Example, ...]
    available: int
    leaked: int
    wanted: int
    findings: tuple[Finding, ...]
    parents: tuple[str, ...]


def draw(
    spec: ReplaySpec,
    job: DataSpec,
    *,
    rows: int,
    held_out: Sequence[Example],
    held_asked: Sequence[str],
    known: Sequence[Example],
    seed: int,
    folder: Path,
) -> Replay:
    """Replay rows so that they make ``spec.share`` of ``rows`` job rows plus themselves (or all there are).

    Rows near a held-out row and rows that stand in training already are left out.

    Raises:
        LuthierError: a source is missing or of unknown layout.
    """  # fmt: skip
    wanted = round(rows * spec.share / (1.0 - spec.share))
    plain = DataSpec(source=spec.source, split=SplitSpec(), personal=job.personal)
    tables = [table for source in spec.source for table in _tables(source, plain, folder)]
    loaded = convert(tables, plain, labels=labels_of(tables))
    examples = [_marked(example) for example in loaded.examples]
    if job.personal == "redact":
        examples, _, _ = redact(examples)
    losses, _ = leaks(examples, held_out, held_asked, job.leak_similarity)
    taken = {example.id for example in known}
    trained = {(normalise(e.asked), normalise(e.answer)) for e in known}
    pool: list[Example] = []
    for index, example in enumerate(examples):
        key = (normalise(example.asked), normalise(example.answer))
        if index in losses or example.id in taken or (key[0] and key in trained):
            continue
        taken.add(example.id)
        pool.append(example)
    order = sorted(pool, key=lambda e: hashlib.blake2b(f"{seed}\0{e.id}".encode(), digest_size=8).digest())
    return Replay(
        tuple(order[:wanted]), len(pool), len(losses), wanted, loaded.findings, tuple(table.parent for table in tables)
    )


def _tables(source: str, spec: DataSpec, folder: Path) -> list[Table]:
    if source != BUILT_IN or (folder / source).exists():
        return read_tables([source], spec, folder=folder)
    packaged = files("luthier").joinpath(_PACKAGED)
    if not packaged.is_file():
        raise LuthierError(
            "the built-in base brings no rows to replay",
            where="data.replay.source",
            why=f"{_PACKAGED} is not installed",
            fix="name a file of rows, or leave data.replay out",
        )
    with as_file(packaged) as path:
        found = read_tables([str(path)], spec, folder=path.parent)
    return [replace(table, file=replace(table.file, name=BUILT_IN)) for table in found]


def _marked(example: Example) -> Example:
    origin = example.origin or Origin("replay", 0)
    name = BUILT_IN if origin.file == Path(_PACKAGED).name else origin.file
    return replace(example, origin=Origin(name, origin.line), meta={**example.meta, "replay": name})
