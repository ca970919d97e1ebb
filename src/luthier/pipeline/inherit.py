"""What earlier jobs were promoted for, as guards of this one: their test rows, found in the store.

A job's guards come from runs that ended with PROMOTE and that this one has something to do with: on the same base, or
what this one goes on from descends from what they made. Of each name the latest counts. Rows that this job is tested
on anyway, and rows that its training rows show the model, are left out and counted. No model is asked here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError
from luthier.records import Example
from luthier.store.lineage import ancestors

if TYPE_CHECKING:
    from luthier.evaluate import Suite
    from luthier.pipeline.job import Job
    from luthier.store import Artifact, Run, Store

_NAMED = 3
MOST_ITEMS = 500
"""Items of one job; they are drawn by their hashes, so that the same rows stay."""


@dataclass(frozen=True)
class Guard:
    """The suite of one earlier job, and the dataset that its rows are from."""

    suite: Suite
    dataset: str


@dataclass(frozen=True)
class Earlier:
    """The guards of a job, and why other jobs give none, by their names."""

    guards: tuple[Guard, ...] = ()
    without: tuple[tuple[str, str], ...] = ()

    def told(self) -> list[tuple[str, str]]:
        """Of each earlier job its name and what comes of it."""
        lines = []
        for one in self.guards:
            margins = f"margin of all earlier jobs {one.suite.margin:g} points, floor of this one {one.suite.floor:g}"
            lines.append((one.suite.name, f"guards: {one.suite.note}; {margins}"))
        return lines + [(name, f"no guard: {why}") for name, why in self.without]


def inherited(job: Job, sides: Mapping[str, Sequence[Any]]) -> Earlier:
    """The guards that this job has from those before it, oldest first.

    ``sides``: its own rows, none of which may judge it twice.
    """
    from luthier.evaluate import with_margins

    if not job.recipe.evaluate.inherit or job.makes != "model":
        return Earlier()
    guards: list[Guard] = []
    without: list[tuple[str, str]] = []
    for run, data in _promoted(job):
        made = _guard(job, run, data, sides)
        if isinstance(made, str):
            without.append((run.name, made))
        elif made is not None:
            guards.append(made)
    suites = with_margins([one.suite for one in guards], alpha=job.recipe.evaluate.alpha)
    return Earlier(
        tuple(replace(one, suite=suite) for one, suite in zip(guards, suites, strict=True)), tuple(without)
    )


def _promoted(job: Job) -> list[tuple[Run, Artifact]]:
    """Of each name the latest promoted run that this job has to do with, and its dataset; oldest first."""
    above = {ref for ref, _ in ancestors(job.parents, partial(_there, job.store))}
    found: dict[str, tuple[Run, Artifact]] = {}
    for run in job.store.runs():  # newest first
        if run.name in found or run.status != "done" or run.facts.get("verdict") != "PROMOTE":
            continue
        shipped = set(run.made.get("export", ()))
        ledgers = [_there(job.store, one) for one in run.made.get("evaluate", ())[-1:]]
        same_base = any(a is not None and job.base.uri in a.parents for a in ledgers)
        data = _there(job.store, next(iter(run.made.get("data", ())), ""))
        if data is not None and (same_base or shipped & above):
            found[run.name] = (run, data)
    return list(reversed(found.values()))


def _guard(job: Job, run: Run, data: Artifact, sides: Mapping[str, Sequence[Any]]) -> Guard | str | None:
    """The guard of one earlier job, or why there is none; None where it is this job itself."""
    from luthier.data import examples
    from luthier.data.contamination import leaked
    from luthier.evaluate import suite_of_job

    if data.meta.get("answers") in ("pairs", "thumbs"):
        return "its rows compare answers"
    rows = [e for e in examples(data, "test") if e.prompt and e.answer.strip()]
    if not rows:
        return "no test row has a question and an answer"
    own = {_said(e) for e in sides["test"] if isinstance(e, Example)}
    fresh = [e for e in rows if _said(e) not in own]
    if not fresh:
        return None if run.name == job.recipe.name else "its test rows are this job's own"
    seen = [e for side in ("train", "validation") for e in sides[side] if isinstance(e, Example)]
    taught = {_said(e) for e in seen}
    shows = leaked(fresh, seen)
    shown = [e for n, e in enumerate(fresh) if n in shows or _said(e) in taught]
    left = [e for n, e in enumerate(fresh) if n not in shows and _said(e) not in taught]
    if not left:
        return f"the training rows show all {len(fresh):,} test rows"
    chosen = set(sorted(map(_said, left))[:MOST_ITEMS])
    kept = [e for e in left if _said(e) in chosen]
    digest = hashlib.sha256("\n".join(sorted(map(_said, kept))).encode()).hexdigest()
    note = _note(run.id, len(kept), len(rows) - len(fresh), [str(e.origin or e.id) for e in shown])
    return Guard(suite_of_job(run.name, kept, digest=digest, note=note), data.id)


def _note(run: str, kept: int, own: int, shown: Sequence[str]) -> str:
    left = [f"{own:,} are this job's own test rows"] if own else []
    if shown:
        some = ", ".join(shown[:_NAMED]) + (" …" if len(shown) > _NAMED else "")
        left.append(f"{len(shown):,} left out, the training rows show them: {some}")
    told = f"{kept:,} test rows of {run}"
    return f"{told} ({'; '.join(left)})" if left else told


def _said(row: Example) -> str:
    """A digest of what is asked and answered."""
    told = [[m.role, m.content] for m in row.messages]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def _there(store: Store, ref: str) -> Artifact | None:
    """An artifact that may have been removed since."""
    try:
        return store.get(ref) if ref else None
    except LuthierError:
        return None
