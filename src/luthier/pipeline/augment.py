"""``luthier augment``: seeds or rows, a model and a queue by their names; the work itself is in ``luthier.augment``.

A queue is a folder of the store named by ``--name`` (else by the recipe, or the file). What a review approves is filed
under the alias NAME-augmented, which ``data.source`` may name.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luthier.augment import (
    Asker,
    Decision,
    Figures,
    Queue,
    Seed,
    Unlabelled,
    Worked,
    decision_of,
    figures_of,
    file_rows,
    fingerprint,
    generate,
    label,
    read_holes,
    unlabelled,
)
from luthier.augment import seeds as seeding
from luthier.data.sources import files_of
from luthier.errors import UsageError, did_you_mean
from luthier.pipeline.helper import open_helper
from luthier.pipeline.inspect import is_recipe
from luthier.pipeline.job import ProgressLike
from luthier.pipeline.predict import read_questions
from luthier.pipeline.sources import known_sources
from luthier.recipe import LoadedRecipe, load_recipe, make_recipe
from luthier.rows import SourceFile, expand, read_file
from luthier.store import Artifact, Store

_PREFIX = "augment-"


@dataclass(frozen=True)
class Done:
    """What a run came to. ``reason`` as in ``Worked``; ``passed`` rows went through without a person."""

    name: str
    worked: Worked
    counts: dict[str, int]
    passed: int
    artifact: Artifact | None
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name, "ended": self.worked.reason, "seconds": round(self.seconds, 2),
            "figures": self.worked.figures.to_dict(), "queue": self.counts, "passed": self.passed,
            "artifact": None if self.artifact is None else self.artifact.id,
            "source": None if self.artifact is None else alias_of(self.name),
        }  # fmt: skip


def run_augment(
    store: Store, target: str, *, engine: str | None, rows: int | None, minutes: float | None, name: str | None,
    overrides: Sequence[str], progress: ProgressLike, toward: str | None = None,
) -> Done:  # fmt: skip
    """New rows from the seeds of a file or a recipe; ``toward`` is a coverage file whose holes they are to fill.

    Raises:
        LuthierError: nothing to start from, an unknown model, a host that the recipe does not name.
    """
    loaded = _recipe(target, overrides, engine=engine, rows=rows)
    seeds, parents = read_seeds(loaded, store)
    progress.line("seeds", f"{len(seeds):,} from {', '.join(loaded.recipe.data.source)}")
    spec, seed = loaded.recipe.augment, loaded.recipe.seed
    coverage = Path.cwd() / toward if toward else loaded.folder / spec.toward if spec.toward else None
    if toward and spec.self_instruct is None:
        raise UsageError("--toward steers new tasks", where="augment.self_instruct: null", fix="turn self_instruct on")
    holes = read_holes(coverage) if coverage is not None else ()
    if holes:
        progress.line("holes", f"{len(holes):,} miss {sum(hole.need for hole in holes):,} rows")

    def work(asker: Asker, folder: Path, made_by: Sequence[str], stop: Callable[[], bool], tell: Any) -> Worked:
        return generate(
            spec, seeds, asker, folder, seed=seed, parents=(*parents, *made_by), holes=holes, stop=stop, tell=tell
        )

    return _work(store, loaded, name, minutes, progress, work)


def label_rows(
    store: Store, target: str, *, teacher: str | None, samples: int | None, minutes: float | None, name: str | None,
    overrides: Sequence[str], progress: ProgressLike,
) -> Done:  # fmt: skip
    """A teacher's answers to the rows of a file or a recipe.

    Raises:
        LuthierError: see :func:`run_augment`.
    """
    loaded = _recipe(target, overrides, engine=teacher, samples=samples)
    rows, parents = _unlabelled(loaded, store)
    progress.line("rows", f"{len(rows):,} different ones from {', '.join(loaded.recipe.data.source)}")
    spec, seed = loaded.recipe.augment, loaded.recipe.seed

    def work(asker: Asker, folder: Path, made_by: Sequence[str], stop: Callable[[], bool], tell: Any) -> Worked:
        return label(spec, rows, asker, folder, seed=seed, parents=(*parents, *made_by), stop=stop, tell=tell)

    return _work(store, loaded, name, minutes, progress, work)


def _work(
    store: Store, loaded: LoadedRecipe, name: str | None, minutes: float | None, progress: ProgressLike,
    work: Callable[..., Worked],
) -> Done:  # fmt: skip
    queue_name, spec = name or loaded.recipe.name, loaded.recipe.augment
    alias_of(queue_name)
    key, began = f"{_PREFIX}{queue_name}", time.monotonic()
    with store.lock(key), open_asker(store, loaded) as (asker, made_by):
        folder, opened = store.workdir(key), time.monotonic()

        def stop() -> bool:
            return minutes is not None and time.monotonic() - opened > minutes * 60

        with progress.bar("augment", spec.rows) as bar:

            def tell(done: int, wanted: int, figures: Figures) -> None:
                bar.update(done, wanted, live(figures))

            worked = work(asker, folder, made_by, stop, tell)
    with review(store, queue_name) as queue:
        passed = queue.pass_rows(spec.review, spec.agree)
        artifact = _file(store, queue, queue_name) if passed else None
        return Done(queue_name, worked, queue.counts(), passed, artifact, time.monotonic() - began)


def live(figures: Figures) -> str:
    """The figures in a few words, for a bar."""
    parts = [] if figures.acceptance is None else [f"{figures.acceptance:.0%} kept"]
    if figures.holes:
        parts.append(f"holes {sum(f.rows for f in figures.holes)}/{sum(f.hole.need for f in figures.holes)}")
    if figures.topics:
        parts.append(f"{sum(map(bool, figures.topics.values()))}/{len(figures.topics)} topics")
    if (figures.collapse is not None and figures.collapse.alarm) or any(f.alike for f in figures.holes):
        parts.append("COLLAPSE")
    return "  ".join(parts)


# -- the queue


def alias_of(name: str) -> str:
    """The name under which approved rows are filed.

    Raises:
        UsageError: the queue's name is no plain word.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}", name):
        raise UsageError(f"{name!r} cannot be a name", where="--name", fix="letters, digits, '.', '_' and '-'")
    return f"{name if name[0].isalpha() else 'q' + name}-augmented"


def queues(store: Store) -> list[str]:
    """Names of all queues."""
    found = store.work_folder.glob(f"{_PREFIX}*/journal.jsonl")
    return sorted(path.parent.name.removeprefix(_PREFIX) for path in found)


def folder_of(store: Store, name: str | None) -> tuple[str, Path]:
    """(name, folder) of a queue; without a name, the only one.

    Raises:
        UsageError: no such queue, or a name is needed.
    """
    known = queues(store)
    if name is None and len(known) == 1:
        name = known[0]
    if name is None and known:
        raise UsageError("there are several queues", fix=f"name one of {', '.join(known)}")
    if name is None or name not in known:
        what = f"no queue is called {name!r}" if name else "there is no queue yet"
        raise UsageError(what, fix=did_you_mean(name, known) if name and known else "luthier augment run SEEDS")
    return name, store.work_folder / f"{_PREFIX}{name}"


@contextmanager
def review(store: Store, name: str | None) -> Iterator[Queue]:
    """A queue, held so that no other process decides at the same time.

    Raises:
        UsageError: no such queue.
        LuthierError: somebody else reviews it.
    """
    name, folder = folder_of(store, name)
    with store.lock(f"review-{name}"):
        yield Queue(folder)


def decide(queue: Queue, path: Path) -> list[Decision]:
    """Apply a file of decisions, all or none of them.

    Raises:
        LuthierError: the file cannot be read.
        UsageError: a line is no decision, or names no row of the queue; nothing was applied.
    """
    decisions: list[Decision] = []
    for raw in read_file(expand([str(path)], folder=Path.cwd())[0]):
        if raw.value is None:
            raise UsageError("a line is not a decision", where=raw.origin, why=str(raw.problem and raw.problem.message))
        found = decision_of(raw.value, str(raw.origin))
        try:
            decisions.append(queue.check(found))
        except UsageError as error:
            raise UsageError(error.what, where=raw.origin, why=error.why, fix=error.fix) from None
    for decision in decisions:
        queue.decide(decision)
    return decisions


def finish(store: Store, queue: Queue, name: str) -> Artifact | None:
    """File what is approved under the queue's alias; None while nothing is."""
    return _file(store, queue, name)


def _file(store: Store, queue: Queue, name: str) -> Artifact | None:
    artifact = file_rows(queue, store, name)
    if artifact is not None:
        store.alias(alias_of(name), artifact.id)
    return artifact


def status(store: Store, name: str) -> dict[str, Any]:
    """Figures, queue and filed rows of one augmentation."""
    _, folder = folder_of(store, name)
    alias = alias_of(name)
    return {
        "name": name, "figures": figures_of(folder).to_dict(), "queue": Queue(folder).counts(),
        "running": store.is_locked(folder.name), "source": alias if alias in store.aliases() else None,
    }  # fmt: skip


# -- what is worked on


def read_seeds(loaded: LoadedRecipe, store: Store) -> tuple[list[Seed], list[str]]:
    """The seeds of a recipe's sources and the sources as parents. Rows that augmentation filed are no seeds.

    Raises:
        LuthierError: a file cannot be read, or there is no row to start from.
    """
    from luthier.data.load import convert, labels_of, read_tables

    spec = loaded.recipe.data
    known = known_sources(lambda: store, spec.source, loaded.folder)
    seeds: list[Seed] = []
    parents: list[str] = []
    others: dict[str, SourceFile] = {}
    for file in files_of([s for s in spec.source if s not in known], folder=loaded.folder):
        tasks = [raw for raw in read_file(file) if raw.value is not None and seeding.is_task(raw.value)]
        if not tasks:
            others[file.name] = file
            continue
        seeds += [seeding.from_task(raw.value, str(raw.origin)) for raw in tasks if raw.value is not None]
        parents.append(_parent(file.name, file.path))
    tables = read_tables(others, spec, folder=loaded.folder, known=others)
    seeds += seeding.from_examples(convert(tables, spec, labels=labels_of(tables)).examples)
    parents += [table.parent for table in tables]
    erased = store.erased()
    return seeding.usable([one for one in seeds if one.id not in erased], ", ".join(spec.source)), parents


def _unlabelled(loaded: LoadedRecipe, store: Store) -> tuple[list[Unlabelled], list[str]]:
    sources, folder = loaded.recipe.data.source, loaded.folder
    parents = [_parent(file.name, file.path) for file in files_of(sources, folder=folder)]
    rows, erased = unlabelled([row for source in sources for row in read_questions(source, folder)]), store.erased()
    return [one for one in rows if one.id not in erased], parents


def _parent(name: str, path: Path | None) -> str:
    from luthier.models.source import file_hash

    assert path is not None  # standard input was refused
    return f"source:{name}#sha256={file_hash(path)}"


def _recipe(target: str, overrides: Sequence[str], **wishes: Any) -> LoadedRecipe:
    """The recipe itself, or one made around a file; options of the command line count like ``--set``."""
    keys = {"engine": "augment.engine", "rows": "augment.rows", "samples": "augment.label.samples"}
    told = [f"{keys[key]}={value}" for key, value in wishes.items() if value is not None and key != "engine"]
    if is_recipe(target):
        loaded = load_recipe(target, [*overrides, *told])
    else:
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(target).name.split(".")[0]).strip("-._") or "rows"
        data = {"name": stem[:48], "model": {"base": "nano"}, "data": {"source": [target]}}
        loaded = make_recipe(data, [*overrides, *told], Path.cwd())
    if "-" in loaded.recipe.data.source:
        raise UsageError("standard input cannot be augmented", why="a stopped run could not read it again")
    if wishes.get("engine") is None:
        return loaded
    engine = str(Path.cwd() / wishes["engine"]) if wishes["engine"].startswith(".") else wishes["engine"]
    augment = loaded.recipe.augment.model_copy(update={"engine": engine})
    recipe = loaded.recipe.model_copy(update={"augment": augment})
    return LoadedRecipe(recipe, loaded.origins, loaded.folder, loaded.path)


@contextmanager
def open_asker(store: Store, loaded: LoadedRecipe) -> Iterator[tuple[Asker, list[str]]]:
    """The engine that the recipe names, with what it is as parents; closed at the end.

    Raises:
        LuthierError: an unknown model, a host that ``privacy.egress`` does not name.
    """
    spec = loaded.recipe.augment
    wanted = spec.engine if spec.engine is not None else loaded.recipe.model.base
    egress = loaded.recipe.privacy.egress
    with open_helper(store, wanted, folder=loaded.folder, egress=egress) as helper:
        asker = Asker(helper.engine, spec.form, helper.adapter)
        yield asker, [*helper.parents, f"engine:{helper.name}#sha256={fingerprint(asker)}"]
