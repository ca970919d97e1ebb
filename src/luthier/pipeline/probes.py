"""Rows on which forgetting is seen before the gate sees it: neither trained on nor near an item of the gate.

They come from ``train.watch.source``; left out, from what ``data.replay`` did not draw, and from the built-in base's
own rows where that is the base. The first :data:`WATCHED` of them are looked at while training, the others when scales
are tried after a REJECT: neither choice wears out the gate's items, nor the other's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from luthier.data.prepared import rows_of
from luthier.data.replay import files_read
from luthier.models.source import file_hash
from luthier.pipeline.keys import stage_key
from luthier.records import Example

if TYPE_CHECKING:
    from luthier.pipeline.job import Job
    from luthier.store import Artifact

WATCHED = 256
"""Rows for the monitors of training: no recipe may ask for more."""
SWEPT = 800
"""Rows for trying scales: at half strength few items flip, and a loss of two points is excluded by fewer than the gate
needs."""
ROWS = "probes.rows.jsonl"


def source_of(job: Job) -> tuple[str, ...]:
    """Files of general rows, or ``nano``; empty where nothing is known."""
    replay = job.recipe.data.replay
    if job.recipe.train.watch.source:
        return job.recipe.train.watch.source
    if replay is not None:
        return replay.source
    return ("nano",) if job.recipe.model.base == "nano" else ()


def digests_of(job: Job, source: Sequence[str]) -> list[str]:
    """SHA-256 of what the rows are read from."""
    return [file_hash(path) for path in files_read(source, folder=job.folder, known={}) if path is not None]


def probes(job: Job, data: Artifact, sides: Mapping[str, Sequence[Example]]) -> Artifact | None:
    """The rows as an artifact of kind ``probes``, found or drawn now; None where there is no source."""
    from luthier.data import pseudonym_secret
    from luthier.data.replay import spare
    from luthier.evaluate import load_suite
    from luthier.rows import write_jsonl

    source = source_of(job)
    if not source:
        return None
    suites = [load_suite(s, folder=job.folder) for s in job.recipe.evaluate.regression]
    spec: dict[str, Any] = {
        "source": source, "seed": job.recipe.seed, "max_length": job.max_length, "template": job.chat.digest,
        "personal": job.recipe.data.personal.model_dump(mode="json"), "erased": sorted(job.store.erased()),
        "similarity": job.recipe.data.leak_similarity,
    }  # fmt: skip
    parents = [data.digest, *digests_of(job, source), *(s.digest for s in suites)]
    key = stage_key("probes", spec, parents)
    if (found := job.store.find(key, "probes")) is not None:
        return found
    held_out = [*sides["validation"], *sides["test"], *(item.example for s in suites for item in s.items)]
    rows = spare(
        source, job.recipe.data, known=sides["train"], held_out=held_out, wanted=WATCHED + SWEPT, seed=job.recipe.seed,
        folder=job.folder, fits=lambda e: _fits(job, e), secret=pseudonym_secret(job.recipe.data, job.store),
        erased=job.store.erased(),
    )  # fmt: skip
    if not rows:
        return None
    with job.store.draft("probes") as draft:
        write_jsonl(draft.path / ROWS, (e.to_dict() for e in rows))
        return draft.commit(parents=(data.id,), key=key, meta={"rows": len(rows)}, run=job.run, rows=(ROWS,))


def _fits(job: Job, example: Example) -> bool:
    ids = job.chat.text_ids(example.text) if example.text else job.chat.prompt_ids(example.messages)
    return len(ids) <= job.max_length


def read(artifact: Artifact | None) -> list[Example]:
    """The rows in their order; erased ones are left out."""
    if artifact is None:
        return []
    return [Example.from_dict(row) for row in rows_of(artifact, "probes")]
