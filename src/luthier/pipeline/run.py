"""``luthier run``: the stages one after the other, each reused if it is known, then the verdict and the report.

An interrupted run is taken up again: the same recipe in the same store goes on in the same run folder, and every stage
that was finished stands under its key.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from luthier import track
from luthier.errors import ExitCode, LuthierError
from luthier.pipeline import remedy, scales, stages, told
from luthier.pipeline.job import Job, ProgressLike
from luthier.recipe import LoadedRecipe, Recipe
from luthier.recipe.train import Makes
from luthier.records import Verdict
from luthier.train.interrupt import ending_softly

if TYPE_CHECKING:
    from luthier.evaluate.frontier import Frontier
    from luthier.store import Artifact, Run, Store

StageName = Literal["data", "train", "export", "eval"]


@dataclass(frozen=True)
class Outcome:
    """What a run came to. ``model`` is the name that chat, serve and predict take; ``seconds`` per stage; ``remedies``
    what ``--remedy`` could change where it was not promoted, ``frontier`` the scales of the adapter that were tried."""

    run: Run
    verdict: Verdict
    report: Path
    model: str
    artifacts: dict[str, str]
    seconds: dict[str, float] = field(default_factory=dict)
    remedies: tuple[remedy.Remedy, ...] = ()
    frontier: Frontier | None = None
    makes: Makes = "model"

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "run": self.run.id, "verdict": self.verdict.to_dict(), "report": str(self.report), "model": self.model,
            "artifacts": self.artifacts, "seconds": self.seconds, "folder": str(self.run.dir),
            "remedies": [r.to_dict() for r in self.remedies],
            "frontier": None if self.frontier is None else self.frontier.to_dict(),
        }  # fmt: skip

    def next_steps(self) -> list[tuple[str, str]]:
        """What a person would do now, as (label, command or path)."""
        again = _shown(self.run.dir / "recipe.yaml")
        return [
            ("report", _shown(self.report)),
            ("model", self.artifacts.get("model", self.artifacts.get("adapter", ""))),
            *self._uses(),
            ("again", f"luthier run {again}"),
            *([("remedy", f"luthier run {again} --remedy 1")] if self.remedies else []),
        ]

    def _uses(self) -> list[tuple[str, str]]:
        if self.makes == "reward":
            return [
                ("score", f"luthier predict {self.model} FILE"),
                ("best of 8", f"luthier predict MODEL FILE --best-of 8 --by {self.model}"),
                ("filter", f"data.select.reward: {{model: {self.model}, keep: 50%}}"),
            ]
        if self.makes == "classifier":
            return [("predict", f"luthier predict {self.model} FILE"), ("serve", f"luthier serve {self.model}")]
        return [
            ("talk", f"luthier chat {self.model}"),
            ("serve", f"luthier serve {self.model}"),
            ("predict", f"luthier predict {self.model} FILE"),
        ]


def run_recipe(loaded: LoadedRecipe, store: Store, progress: ProgressLike | None = None) -> Outcome:
    """Do all of it.

    Raises:
        LuthierError: what stopped it; finished stages are kept and the same command goes on.
    """
    job = Job(loaded, store, progress)
    seconds: dict[str, float] = {}
    with running(job) as run:
        with _timed(job, "data", seconds):
            data = stages.dataset(job)
        told.data(job, data)
        sides = stages.sides_of(data)
        stages.refuse_unjudged(job, sides)
        given = stages.train_input(job, sides, data.digest)
        told.method(job, given)
        with _timed(job, "train", seconds):
            trained = stages.training(job, data, given, sides)
        told.training(job, trained, seconds["train"])
        with _timed(job, "export", seconds):
            shipped = stages.delivered(job, data, trained, job.export_key(given.key))
        told.export(job, shipped)
        with _timed(job, "evaluate", seconds):
            ledger, verdict = stages.judged(job, data, sides, shipped)
        told.evaluation(job, ledger, verdict)
        with _timed(job, "scales", seconds):
            verdict, remedies, frontier = scales.remedied(job, data, sides, given, trained, shipped, ledger, verdict)
        remedy.write(run.dir, remedies, frontier)
        seconds = {**run.facts.get("seconds", {}), **{k: v for k, v in seconds.items() if v >= 0.5}}
        report = stages.reported(job, data, given, trained, shipped, ledger, verdict, frontier, seconds)
        model = _publish(job, shipped, verdict)
        run.finish(
            "done", verdict=verdict.kind.value, reason=verdict.reason, report=report.name, seconds=seconds, model=model
        )
        artifacts = {kind: a.id for kind, a in shipped.items()} | {"dataset": data.id, "ledger": ledger.id}
        return Outcome(run, verdict, report, model, artifacts, seconds, remedies, frontier, job.makes)


def run_until(stage: str, loaded: LoadedRecipe, store: Store, progress: ProgressLike | None = None) -> Artifact:
    """One stage, with those before it; gives its artifact.

    Raises:
        LuthierError: as :func:`run_recipe`.
    """
    job = Job(loaded, store, progress)
    with running(job) as run:
        data = stages.dataset(job)
        told.data(job, data)
        made = data
        if stage != "data":
            sides = stages.sides_of(data)
            given = stages.train_input(job, sides, data.digest)
            told.method(job, given)
            seconds: dict[str, float] = {}
            with _timed(job, "train", seconds):
                made = trained = stages.training(job, data, given, sides)
            told.training(job, trained, seconds["train"])
            if stage != "train":
                shipped = stages.delivered(job, data, trained, job.export_key(given.key))
                told.export(job, shipped)
                made = shipped.get("model") or shipped["adapter"]
                if stage == "eval":
                    made, verdict = stages.judged(job, data, sides, shipped)
                    told.evaluation(job, made, verdict)
        run.finish("done", until=stage)
        return made


@contextmanager
def running(job: Job) -> Iterator[Run]:
    """The run of this job: an unfinished one of the same recipe is taken up, else a new one begins."""
    track.admit(job.recipe.track, job.recipe.privacy.egress)
    recipe = job.recipe.model_dump(mode="json")
    run = next((r for r in job.store.runs() if _resumable(r, job.recipe, recipe)), None)
    if run is not None:
        run.resume()
        run.event("resumed")
    else:
        facts = {"seed": job.recipe.seed, "threads": job.threads, "folder": str(job.folder)}
        run = job.store.start_run(job.recipe.name, recipe, facts)
        write_asked(job, run.dir / "recipe.yaml")
    job.run = run
    trackers = track.start(run, job.recipe.track)
    job.beside = partial(told.trackers, job, trackers)
    try:
        with ending_softly():
            yield run
    except KeyboardInterrupt:
        run.finish("interrupted", error="stopped (Ctrl-C)")
        raise
    except LuthierError as error:
        run.finish("interrupted" if error.exit_code == ExitCode.INTERRUPTED else "failed", error=error.what)
        raise
    except Exception as error:
        run.finish("failed", error=f"{type(error).__name__}: {error}"[:500])
        raise
    finally:
        told.trackers_end(job, trackers)


def _resumable(run: Run, recipe: Recipe, dump: dict[str, Any]) -> bool:
    return run.name == recipe.name and run.status == "interrupted" and dict(run.recipe) == json.loads(json.dumps(dump))


def write_asked(job: Job, path: Path) -> None:
    """The recipe of a job, overrides in it and paths made absolute, so that it can be run from anywhere."""
    import yaml

    asked = job.recipe.model_dump(mode="json", exclude_unset=True)
    dump: dict[str, Any] = {"luthier": 1, "name": job.recipe.name, **asked}
    for key in ("source", "test"):
        if key in dump["data"]:
            dump["data"][key] = [_absolute(job.folder, name) for name in dump["data"][key]]
    if dump["data"].get("replay"):
        dump["data"]["replay"]["source"] = [_absolute(job.folder, n) for n in dump["data"]["replay"]["source"]]
    _make_models_absolute(job.folder, dump["data"])
    for role in ("target", "also"):
        for metric in dump.get("evaluate", {}).get(role) or ():
            _make_judges_absolute(job.folder, metric)
            if str(metric.get("model", "")).startswith("."):
                metric["model"] = str((job.folder / metric["model"]).resolve())
    method = dump.get("train", {}).get("method")
    for reward in method.get("rewards", ()) if isinstance(method, dict) else ():
        for key in ("name", "model"):
            if str(reward["by"].get(key, "")).startswith("."):
                reward["by"][key] = str((job.folder / reward["by"][key]).resolve())
    for suite in dump.get("evaluate", {}).get("regression", ()):
        suite["suite"] = _absolute(job.folder, suite["suite"])
        if suite.get("data"):
            suite["data"] = {split: _absolute(job.folder, name) for split, name in suite["data"].items()}
    for metric in (m for side in ("target", "also") for m in dump.get("evaluate", {}).get(side, ())):
        if str(metric.get("encoder", "")).startswith("."):
            metric["encoder"] = str((job.folder / metric["encoder"]).resolve())
    for tracker in dump.get("track", ()):
        for key in ("folder", "function"):
            if tracker.get(key):
                tracker[key] = str((job.folder / Path(tracker[key]).expanduser()).resolve())
    if dump["model"]["base"].startswith("."):
        dump["model"]["base"] = str((job.folder / dump["model"]["base"]).resolve())
    adapter = dump["model"].get("adapter") or ""
    if adapter.startswith("."):
        dump["model"]["adapter"] = str((job.folder / adapter).resolve())
    if dump["model"].get("chat_template"):
        dump["model"]["chat_template"] = _absolute(job.folder, dump["model"]["chat_template"])
    text = yaml.safe_dump(dump, sort_keys=False, allow_unicode=True, width=110)
    path.write_text(text, encoding="utf-8")


def _make_models_absolute(folder: Path, data: dict[str, Any]) -> None:
    """Names of models and functions in ``data`` that start at the recipe's folder."""
    chosen = data.get("select") or {}
    judge, likelihood, reward = (chosen.get(part) or {} for part in ("judge", "likelihood", "reward"))
    for part, key in ((data, "vectors"), (judge, "engine"), (likelihood, "model"), (reward, "model")):
        name = part.get(key)
        if isinstance(name, str) and name.startswith("."):
            part[key] = str((folder / name).resolve())


def _make_judges_absolute(folder: Path, metric: dict[str, Any]) -> None:
    """Judges and files of votes that start at the recipe's folder."""
    if metric.get("engine"):
        metric["engine"] = [
            str((folder / name).resolve()) if isinstance(name, str) and name.startswith(".") else name
            for name in metric["engine"]
        ]
    if metric.get("people"):
        metric["people"] = _absolute(folder, metric["people"])


def _absolute(folder: Path, name: str) -> str:
    """A path below the recipe's folder as an absolute one; names that are no paths (``nano``, ``skills``) stay."""
    path = folder / Path(name).expanduser()
    return str(path.resolve()) if path.exists() or any(sign in name for sign in "*?[") else name


def _publish(job: Job, shipped: dict[str, Artifact], verdict: Verdict) -> str:
    """Give what ships its name. A model that was not promoted never takes the name of one that was."""
    artifact = shipped.get("model") or shipped.get("adapter")
    assert artifact is not None and job.run is not None
    name = job.recipe.name
    if verdict.kind.value == "PROMOTE":
        job.store.alias(name, artifact.id)
        return name
    return job.run.id


@contextmanager
def _timed(job: Job, stage: str, seconds: dict[str, float]) -> Iterator[None]:
    assert job.run is not None
    job.run.event("stage", stage=stage)
    began = time.monotonic()
    yield
    seconds[stage] = time.monotonic() - began
    job.beside()


def _shown(path: Path) -> str:
    """A path as short as it can be typed from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
