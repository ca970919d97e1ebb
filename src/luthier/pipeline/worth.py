"""``luthier runs compare A B --judge MODEL``: two finished runs of one base, asked the same held-out prompts.

What a run took is what all runs took that its model is made of: of reinforcement learning also the fine-tuning and the
reward model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError, UsageError
from luthier.pipeline.job import ProgressLike
from luthier.pipeline.reward import open_reward, reward_identity
from luthier.pipeline.runs import Row
from luthier.records import Example, Preference
from luthier.store.lineage import ancestors

if TYPE_CHECKING:
    from luthier.evaluate import Contender
    from luthier.evaluate.worth import Worth
    from luthier.models.source import ModelSource
    from luthier.store import Artifact, Run, Store

LONGEST = 1.5
"""How many times the longest better answer an answer may be."""


def worth(
    store: Store, refs: Sequence[str], judge: str, *, items: int = 200, progress: ProgressLike | None = None
) -> Worth:
    """Compare two runs by their answers, as the reward model ``judge`` scores them.

    Raises:
        UsageError: not two finished runs, or of two bases.
        LuthierError: no such reward model; no held-out prompts in common.
    """
    from luthier.evaluate.worth import Rival, weigh

    runs = list({run.id: run for run in map(store.run, refs)}.values())
    if len(runs) != 2:
        raise UsageError(f"--judge compares two runs, and these are {len(runs)}", fix="name two: one, and the other")
    for run in runs:
        if run.status != "done":
            raise UsageError(f"{run.id} is {run.status}", where="--judge", fix="a run that is done has a model")
    folder = Path.cwd()
    _refuse_paid(store, runs, reward_identity(store, judge, folder=folder).artifact, judge)
    prompts, pairs = _in_common(store, runs, items)
    with ExitStack() as stack:
        base, models, starts = _open(store, runs, stack)
        scorer = open_reward(store, judge, folder=folder)
        rivals = [
            Rival(run.id, Row(run).method, model, start or base, spent(store, run))
            for run, model, start in zip(runs, models, starts, strict=True)
        ]
        assert base.tokens is not None
        longest = max(map(len, base.tokens.encode_all([p.answer for p in prompts])))
        limit = max(8, int(LONGEST * longest) + 1)
        bar = stack.enter_context(progress.bar("compare")) if progress is not None else None
        return weigh(
            rivals[0], rivals[1], base=base, judge=scorer, prompts=prompts, pairs=pairs, max_tokens=limit,
            progress=None if bar is None else bar.update,
        )  # fmt: skip


def spent(store: Store, run: Run) -> dict[str, float]:
    """Seconds of every run whose training the model of this one is made of, by run, its own last."""
    trained = {a.id: a for a in _made_of(store, _model(store, run)) if a.kind == "training"}
    by = {a.run for a in trained.values() if a.run is not None} | {run.id}
    found = [r for r in store.runs() if r.id in by]
    ordered = sorted(found, key=lambda r: (r.id == run.id, r.started))
    return {r.id: at_work(r) for r in ordered}


def at_work(run: Run) -> float:
    """Seconds between a run's first and last sign of life, without those in which it was stopped (what is noted by
    stage is of the last time that it was taken up)."""
    resumed = {e["at"] for e in run.events("resumed") if "step" not in e}  # training has an event of that name, too
    signs = sorted({run.started, *(line["at"] for line in (*run.events(), *run.metrics()))})
    signs += [] if run.finished is None else [run.finished]
    times = [(datetime.fromisoformat(at), at in resumed) for at in signs]
    worked = ((after - before).total_seconds() for (before, _), (after, again) in pairwise(times) if not again)
    return float(sum(worked))


def _made_of(store: Store, artifact: Artifact) -> list[Artifact]:
    return [one for _, one in ancestors([artifact.id], store.get) if one is not None]


def _refuse_paid(store: Store, runs: Sequence[Run], judge: str | None, name: str) -> None:
    """A model is not judged by the reward model that it learned from."""
    for run in runs:
        if judge is not None and judge in {a.id for a in _made_of(store, _model(store, run))}:
            raise UsageError(
                f"{run.id} learned from {name}", where="--judge",
                why="a model that is judged by what it was paid for looks better than it is",
                fix="a reward model of other pairs, or of another seed",
            )  # fmt: skip


def _model(store: Store, run: Run) -> Artifact:
    """The adapter of a run, or its model."""
    made = [store.get(name) for name in run.made.get("export", ())]
    by_kind = {a.kind: a for a in made}
    found = by_kind.get("adapter") or by_kind.get("model")
    if found is None:
        raise UsageError(f"run {run.id} made no model", where=run.dir, fix="luthier runs lists what can be compared")
    return found


def _asked(run: Run) -> dict[str, Any]:
    """The model part of what was asked, its paths absolute."""
    import yaml

    found: dict[str, Any] = yaml.safe_load((run.dir / "recipe.yaml").read_text(encoding="utf-8"))["model"]
    return found


def _open(
    store: Store, runs: Sequence[Run], stack: ExitStack
) -> tuple[Contender, list[Contender], list[Contender | None]]:
    """The base, both models, and what each started from where that was an adapter."""
    from luthier.engines.embedded import EmbeddedEngine
    from luthier.evaluate import Contender
    from luthier.models.load import load
    from luthier.models.source import resolve
    from luthier.pipeline.resolve import adapter_of

    asked = [_asked(run) for run in runs]
    sources: list[ModelSource] = [resolve(a["base"], a.get("revision")) for a in asked]
    if sources[0].digest != sources[1].digest or asked[0].get("chat_template") != asked[1].get("chat_template"):
        raise UsageError(
            f"{runs[0].id} and {runs[1].id} have two bases", where="--judge",
            why="how far a model went from another base says nothing", fix="compare runs of one base",
        )  # fmt: skip
    template = asked[0].get("chat_template")
    loaded = load(sources[0], chat_template=None if template is None else Path(template))
    adapters: dict[str, Path] = {}
    models, starts = [_model(store, run) for run in runs], [a.get("adapter") for a in asked]
    for number, (model, start) in enumerate(zip(models, starts, strict=True)):
        if model.kind == "adapter":
            adapters[f"model-{number}"] = model.path
        if start is not None:
            adapters[f"start-{number}"] = adapter_of(store, start, runs[number].dir)[0]
    engine = stack.enter_context(closing(EmbeddedEngine(loaded, adapters)))
    opened: list[Contender] = []
    for number, model in enumerate(models):
        if model.kind == "adapter":
            opened.append(Contender(engine, loaded.chat, f"model-{number}"))
            continue
        whole = load(resolve(model.path))
        opened.append(Contender(stack.enter_context(closing(EmbeddedEngine(whole))), whole.chat))
    before = [Contender(engine, loaded.chat, f"start-{n}") if s is not None else None for n, s in enumerate(starts)]
    return Contender(engine, loaded.chat), opened, before


def _in_common(store: Store, runs: Sequence[Run], most: int) -> tuple[list[Example], list[Preference]]:
    """Held-out prompts that stand in the test sides of both runs, and the comparisons of them that one of both has; a
    seeded sample."""
    from luthier.pipeline.stages import sides_of

    by_run: list[dict[str, Any]] = []
    for run in runs:
        data = next(a for name in run.made.get("data", ()) if (a := store.get(name)).kind == "dataset")
        by_run.append({row.asked: row for row in sides_of(data)["test"] if row.prompt})
    shared = sorted(by_run[0].keys() & by_run[1].keys(), key=lambda t: hashlib.sha256(t.encode()).digest())[:most]
    if len(shared) < 2:
        raise LuthierError(
            f"{runs[0].id} and {runs[1].id} have {len(shared)} held-out prompts in common", where="data.test",
            why="only answers to the same prompts can be compared", fix="the same data.test in both recipes",
        )  # fmt: skip
    prompts, pairs = [], []
    for text in shared:
        found = [rows[text] for rows in by_run]
        pairs += [row for row in found if isinstance(row, Preference)][:1]
        prompts.append(next((row for row in found if isinstance(row, Example)), None) or _as_example(found[0]))
    return prompts, pairs


def _as_example(row: Any) -> Example:
    return Example(messages=(*row.prompt, *(row.chosen if isinstance(row, Preference) else row.answer)))
