"""``luthier search``: trials one after the other until there are as many as asked for, then the account.

Killed at any moment, the same command goes on: finished trials stand in the study, an unfinished one goes on from its
last checkpoint with the values that it had. Raising ``search.trials`` adds trials to those there are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import ExitCode, LuthierError
from luthier.pipeline import stages
from luthier.pipeline.job import Job, ProgressLike
from luthier.pipeline.keys import stage_key, training_environment
from luthier.pipeline.run import running, write_asked
from luthier.recipe import COMPARES, LoadedRecipe
from luthier.report.search import search_page
from luthier.search.account import Account, Trial, mean
from luthier.search.bench import UNWATCHED, Bench, Measured
from luthier.search.space import space_of, with_values
from luthier.search.study import BROKEN, CUT, DONE, CutShort, Study

if TYPE_CHECKING:
    from luthier.store import Artifact, Run, Store

FILE = "search/studies.db"


@dataclass(frozen=True)
class Found:
    """What a search came to. ``recipe`` is the winner's, ready to run; None where no trial was trained to its end."""

    run: Run
    account: Account
    recipe: Path | None
    page: Path

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "run": self.run.id, "recipe": None if self.recipe is None else str(self.recipe), "page": str(self.page),
            **self.account.to_dict(),
        }  # fmt: skip


def search(loaded: LoadedRecipe, store: Store, progress: ProgressLike | None = None) -> Found:
    """Do it, or go on with it.

    Raises:
        LuthierError: the recipe compares answers, the space makes no recipe, or the recipe itself cannot be trained.
        MissingExtra: optuna is not installed.
    """
    refuse_comparing(loaded)
    spec = loaded.recipe.search
    job = Job(named(loaded, "search"), store, progress)
    with running(job) as run:
        bench = Bench(job, confirm=spec.confirm)
        artifact, _ = bench.data(job)
        space = space_of(loaded, learning_rate=bench.sides(job).given.plan.learning_rate)
        key = study_key(job, artifact.digest, {name: tried.model_dump(mode="json") for name, tried in space.items()})
        with store.lock(f"search-{key}"):
            study = Study(
                store.folder / FILE, key, space, seed=loaded.recipe.seed, halving=spec.halving,
                startup=max(4, spec.trials // 3),
            )  # fmt: skip
            while len(study.finished) < spec.trials:
                _trial(bench, study, loaded, key)
        tolerance = spec.forgetting if spec.forgetting is not None else loaded.recipe.train.watch.tolerance
        account = Account(tuple(_told(one) for one in study.finished), tolerance)
        recipe = None
        if account.best is not None:
            recipe = run.dir / "best.yaml"
            write_asked(Job(with_values(loaded, account.best.values), store), recipe)
        page = run.dir / "search.html"
        page.write_text(search_page(account.to_dict(), loaded.recipe.name), encoding="utf-8")
        with store.draft("search") as draft:
            stages.write(draft.path / "search.json", account.to_dict())
            made = draft.commit(parents=(artifact.id, *job.parents), meta={"trials": len(account.trials)}, run=run)
        run.attach("search", made)
        run.finish("done", said=account.said, report=page.name)
        return Found(run, account, recipe, page)


def refuse_comparing(loaded: LoadedRecipe) -> None:
    """Rows that compare answers have no loss of an answer to search by, and a classifier has a head of its own.

    Raises:
        LuthierError: the recipe learns from such rows, or makes a classifier.
    """
    kind = loaded.recipe.train.method.kind
    if kind == "classify":
        raise LuthierError(
            "a search lends one base that writes to all trials, and a classifier has a head of its own",
            where=loaded.origins.get("train.method", "train.method"), fix="search with train.method: sft first",
        )  # fmt: skip
    if kind in COMPARES:
        raise LuthierError(
            f"a search reads the loss of answers, and {kind} learns from comparisons",
            where=loaded.origins.get("train.method", "train.method"), fix="search with train.method: sft first",
        )  # fmt: skip


def file_measured(
    job: Job, run: Run, kind: str, found: Any, page: tuple[str, str], *, of: Artifact, meta: Mapping[str, Any]
) -> Path:  # fmt: skip
    """End a run that measured something of a dataset: its page (name, HTML) beside it, its figures as an artifact."""
    path = run.dir / page[0]
    path.write_text(page[1], encoding="utf-8")
    with job.store.draft(kind) as draft:
        stages.write(draft.path / f"{kind}.json", found.to_dict())
        made = draft.commit(parents=(of.id, *job.parents), meta=meta, run=run)
    run.attach(kind, made)
    run.finish("done", said=found.said, report=path.name)
    return path


def named(loaded: LoadedRecipe, what: str) -> LoadedRecipe:
    """The recipe under a name of its own, so that its run is not taken for a training of the recipe."""
    recipe = loaded.recipe.model_copy(update={"name": f"{loaded.recipe.name[: 63 - len(what)]}-{what}"})
    return replace(loaded, recipe=recipe)


def study_key(job: Job, dataset: str, space: dict[str, Any]) -> str:
    """What decides the trials: recipe, rows, base, space and kind of machine; not how many are asked for."""
    spec = job.recipe.search.model_dump(mode="json", include={"halving", "confirm"})
    facts = {
        "train": job.recipe.train.model_dump(mode="json"), "seed": job.recipe.seed, "space": space, "search": spec,
        "tuned from": [*job.parents], "template": job.chat.digest,
    }  # fmt: skip
    environment = training_environment(job.device, job.threads, job.recipe.train.backend)
    return stage_key("search", facts, [dataset, job.base.digest], environment=environment)


def _trial(bench: Bench, study: Study, loaded: LoadedRecipe, key: str) -> None:
    """Train one and write down how it ended."""
    asked, store, run = study.take(), bench.job.store, bench.job.run
    assert run is not None
    workdir = store.workdir(f"search-{key}-{asked.number}")
    trials = bench.job.recipe.search.trials
    with bench.job.bar(f"trial {asked.number}", None) as bar:
        try:
            recipe = with_values(loaded, {**asked.values, **UNWATCHED})
            measured = bench.train(
                recipe, workdir, on_rung=asked.report,
                on_step=lambda done, of, loss: bar.update(done, of, f"loss {loss:.3f}"),
            )  # fmt: skip
        except CutShort:
            study.finish(asked, CUT, asked.last)
            said = "cut short"
        except LuthierError as error:
            if error.exit_code == ExitCode.INTERRUPTED or asked.number == 0:
                raise
            study.finish(asked, BROKEN, None, why=error.what)
            said = error.what
        else:
            loss = mean(measured.chosen)
            study.finish(asked, DONE, loss, **_facts(bench, measured))
            said = f"loss {loss:.4f}"
    store.clear_workdir(f"search-{key}-{asked.number}")
    run.event("trial", number=asked.number, values=dict(asked.values), said=said)
    values = ", ".join(f"{k.rpartition('.')[2]} {_short(v)}" for k, v in asked.values.items())
    bench.job.tell(f"{asked.number + 1}/{trials}", f"{said}  {values or 'the recipe as it stands'}")


def _facts(bench: Bench, measured: Measured) -> dict[str, Any]:
    before = bench.before(bench.job)
    after, base = mean(measured.general), mean(before)
    forgetting = None if after is None or not base else 100.0 * (after - base) / base
    return {
        "confirmed": mean(measured.others), "rows": measured.others, "forgetting": forgetting,
        "operations": measured.operations, "seconds": measured.seconds, "steps": measured.steps,
        "best_step": measured.best_step,
    }  # fmt: skip


def _told(one: tuple[int, str, float | None, dict[str, Any], dict[str, Any]]) -> Trial:
    number, state, loss, values, facts = one
    return Trial(
        number, values, state, loss if state == DONE else facts.get("loss"), facts.get("confirmed"),
        facts.get("forgetting"), facts.get("operations", 0.0), facts.get("seconds", 0.0), facts.get("why", ""),
        tuple(facts.get("rows", ())),
    )  # fmt: skip


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value)
