"""After a REJECT: what could be changed, as recipe keys with numbers, and ``luthier run --remedy N``, which sets them.

An adapter is first tried at part of its strength, without training again (``evaluate.frontier``); the best scale that
passes is the first remedy. A remedy is nothing but keys of the recipe, so everything that they do not touch is reused,
and what ships passes export, parity, evaluation and gate like anything else: one more look at the gate's items, which
is counted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import UsageError
from luthier.recipe import COMPARES, REWARDED, LoadedRecipe, Recipe, load_recipe, make_recipe
from luthier.records import Verdict

if TYPE_CHECKING:
    from luthier.evaluate.frontier import Frontier
    from luthier.store import Run, Store

FILE = "remedies.json"
"""In a run's folder: the remedies in their order, and the frontier."""
REPLAY = 0.25
"""Share of replayed rows that is worth trying before all else is changed."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change that may help: keys of the recipe with their new values. ``label`` is short, ``why`` a sentence."""

    keys: Mapping[str, Any]
    label: str
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {"keys": dict(self.keys), "label": self.label, "why": self.why}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Remedy:
        """Read what :meth:`to_dict` wrote."""
        return cls(data["keys"], data["label"], data.get("why", ""))

    @property
    def overrides(self) -> list[str]:
        """As ``--set`` takes them (JSON is YAML)."""
        return [f"{key}={json.dumps(value)}" for key, value in self.keys.items()]


def remedies(
    recipe: Recipe, *, learning_rate: float | None = None, frontier: Frontier | None = None
) -> tuple[Remedy, ...]:
    """What this recipe does not do yet against forgetting, the strongest first.

    Args:
        learning_rate: the rate that was trained with; left out, the recipe's.
        frontier: the scales that were tried; one that passes is the first remedy, as it costs no training.
    """
    out: list[Remedy] = []
    if frontier is not None and frontier.best is not None and frontier.best.scale < 1:
        scale = float(f"{recipe.export.scale * frontier.best.scale:.4g}")
        why = "no training: the same adapter, weaker"
        out.append(Remedy({"export.scale": scale}, f"export.scale: {scale:.0%}", why))
    train, replay = recipe.train, recipe.data.replay
    if train.tuning.kind == "full":
        out.append(Remedy({"train.tuning": "lora"}, "train.tuning: lora", "an adapter moves far fewer weights"))
    if train.method.kind in (*COMPARES, *REWARDED):
        pass  # rows of answers are not replayed among comparisons, nor among prompts that the model answers itself
    elif replay is None or replay.share < REPLAY:
        keys: dict[str, Any] = {"data.replay.share": REPLAY}
        if replay is None and recipe.model.base == "nano":
            keys = {"data.replay.source": ["nano"], **keys}
        if replay is not None or recipe.model.base == "nano":
            out.append(Remedy(keys, f"data.replay.share: {REPLAY:.0%}", "old and general rows among the job's"))
    elif train.tuning.kind != "full" and recipe.model.adapter is None:
        weight = max(1.0, 3 * train.anchor)
        why = "held nearer to the base at replayed rows"
        out.append(Remedy({"train.anchor": weight}, f"train.anchor: {weight:g}", why))
    rate = learning_rate or train.learning_rate
    if rate is not None:
        lower = float(f"{rate / 2:.2g}")
        out.append(Remedy({"train.learning_rate": lower}, f"train.learning_rate: {lower:g}", "half the steps' size"))
    if train.epochs > 1:
        epochs = max(1.0, float(round(train.epochs / 2)))
        out.append(Remedy({"train.epochs": epochs}, f"train.epochs: {epochs:g}", "half the time to move away"))
    return tuple(out)


def labels(found: Sequence[Remedy]) -> tuple[str, ...]:
    """With their numbers, for the gate's advice."""
    return tuple(f"[{number}] {remedy.label}" for number, remedy in enumerate(found, start=1))


def offered(verdict: Verdict, found: Sequence[Remedy], frontier: Frontier | None) -> Verdict:
    """The verdict with what the frontier says, and how a remedy is applied."""
    if not found:
        return verdict
    advice = list(verdict.advice)
    if frontier is not None:
        advice.insert(0, told(frontier))
        if frontier.best is not None and not any(text.startswith("try: ") for text in advice):
            advice.insert(1, "try: " + labels(found)[0])
    if any(text.startswith("try: [") for text in advice):
        advice.append("luthier run RECIPE --remedy N: the same with the change [N]; what it does not touch is reused")
    return replace(verdict, advice=tuple(advice))


def told(frontier: Frontier) -> str:
    """The frontier in a sentence."""
    best, whole, nearest = frontier.best, frontier.points[-1], frontier.nearest
    if best is not None and best.scale < 1:
        return (
            f"at {best.scale:.0%} of its strength the adapter keeps what the base knew and has {best.target.metric} "
            f"{best.target.candidate:.1f}% of {whole.target.candidate:.1f}% (validation and general rows, no training)"
        )
    if best is not None:
        return "on validation and general rows the whole adapter passes: the gate's items differ, or are too few"
    assert nearest is not None
    return f"no scale of the adapter passes on validation and general rows; nearest is {nearest.scale:.0%}"


def write(folder: Path, found: Sequence[Remedy], frontier: Frontier | None) -> None:
    """Into a run's folder, for ``--remedy``."""
    body = {
        "remedies": [r.to_dict() for r in found], "frontier": None if frontier is None else frontier.to_dict(),
    }  # fmt: skip
    (folder / FILE).write_text(json.dumps(body, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read(folder: Path) -> tuple[Remedy, ...]:
    """The remedies of a run, in their order; empty if it has none."""
    path = folder / FILE
    if not path.is_file():
        return ()
    return tuple(map(Remedy.from_dict, json.loads(path.read_text(encoding="utf-8"))["remedies"]))


def with_remedy(path: Path, overrides: Sequence[str], number: int, store: Store) -> LoadedRecipe:
    """The recipe with the keys of a remedy of its last run set; ``overrides`` count on top.

    Raises:
        UsageError: the recipe was not run, nothing was suggested, or not so many.
    """
    loaded = load_recipe(path, overrides)
    run = _last_run(path, loaded.recipe, store)
    if run is None:
        raise UsageError(
            "no finished run of this recipe is in the store", where="--remedy",
            why="remedies are numbered by the run that suggested them",
            fix=f"luthier run {path}, with the same --set as now",
        )  # fmt: skip
    found = read(run.dir)
    if not 1 <= number <= len(found):
        listed = " · ".join(labels(found)) or "none"
        raise UsageError(
            f"run {run.id} has no remedy {number}", where="--remedy", why=f"it suggests: {listed}",
            fix="--remedy 1" if found else "a PROMOTE needs none; after a REJECT or INCONCLUSIVE the run suggests some",
        )  # fmt: skip
    # as it was run, from where it was: with other names of its files the rows would count as new, and be trained again
    folder = Path(str(run.facts.get("folder", path.parent)))
    asked = json.loads(json.dumps(dict(run.recipe)))
    return make_recipe(asked, [*found[number - 1].overrides, *overrides], folder)


def _last_run(path: Path, recipe: Recipe, store: Store) -> Run | None:
    """The newest finished run of a recipe: of this file in a run's folder, or of a recipe that says the same."""
    dump = json.loads(json.dumps(recipe.model_dump(mode="json")))
    runs = [r for r in store.runs() if r.status == "done" and "verdict" in r.facts]
    own = [r for r in runs if r.dir.resolve() == path.parent.resolve()]
    same = [r for r in runs if r.name == recipe.name and json.loads(json.dumps(dict(r.recipe))) == dump]
    return next(iter((*own, *sorted(same, key=lambda r: r.started, reverse=True))), None)
