"""A recipe of several stages: each an ordinary recipe laid over what is written at the top, one after the other.

A stage may name the model that an earlier one makes, ``stage:NAME``. Each is checked as the whole recipe that it will
be, before any of them runs; the model's real name is put in its place when it is there (:meth:`Stage.given`). Nothing
is run here.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from luthier.errors import UsageError, did_you_mean
from luthier.recipe.load import LoadedRecipe, explain, fill, override, prefixes, read_file
from luthier.recipe.recipe import Recipe
from luthier.recipe.spec import OneOrMany, Spec
from luthier.recipe.train import LoraTuning

PREFIX = "stage:"
_PLACES = re.compile(r"^(model\.(adapter|base)|.*\.(model|engine|engine\.\d+))$")
"""Keys at which a model is named."""


Part = Annotated[dict[str, Any], Field(default_factory=dict)]
"""A part of a recipe, which is checked when the whole recipe of a stage is made of it."""


class StageSpec(Spec):
    """One stage of a recipe of several. What it leaves out is as at the top; of a choice of another kind (``method``,
    ``tuning``) nothing of the top's is taken over."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")
    """What it is called; its run and its model are called NAME-STAGE."""
    on_reject: Literal["stop", "go_on"] = "stop"
    """What the later stages do where the gate rejects this one: they are not begun (``stop``), or they are all the same
    (``go_on``). An INCONCLUSIVE stage stops nothing."""
    seed: int | None = None
    """Seed of everything random in this stage; left out, as at the top."""
    model: Part
    """As in a recipe of one stage, and ``adapter: stage:NAME``: the adapter that an earlier stage makes is trained
    further; ``base: stage:NAME``: its merged model."""
    data: Part
    """As in a recipe of one stage."""
    train: Part
    """As in a recipe of one stage; a reward model may be ``model: stage:NAME``."""
    evaluate: Part
    """As in a recipe of one stage; a reward model that scores the answers may be ``model: stage:NAME``."""
    export: Part
    """As in a recipe of one stage."""


class ChainSpec(Spec):
    """A recipe of several stages, which run in their order; each has its run, its report and its verdict. Keys beside
    ``stages`` hold for all of them."""

    luthier: Literal[1] = 1
    """Version of the recipe language."""
    name: str = Field(default="job", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")
    """Short name of the job; the runs of its stages begin with it."""
    stages: tuple[StageSpec, ...] = Field(min_length=1)
    """The stages in their order."""
    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    """Seed of everything random."""
    model: Part
    """The base model, as in a recipe of one stage."""
    data: Part
    """Where the rows are, as in a recipe of one stage."""
    train: Part
    """How the models learn, as in a recipe of one stage."""
    evaluate: Part
    """What must not get worse, as in a recipe of one stage."""
    export: Part
    """What is delivered, as in a recipe of one stage."""
    track: Annotated[tuple[Any, ...], OneOrMany] = ()
    """Trackers, as in a recipe of one stage."""
    privacy: Part
    """What may leave this machine, as in a recipe of one stage."""


@dataclass(frozen=True)
class Stage:
    """A stage as the whole recipe that it is. ``uses`` says at which keys stages before it are named; there the recipe
    still says ``stage:NAME``."""

    name: str
    on_reject: Literal["stop", "go_on"]
    loaded: LoadedRecipe
    uses: Mapping[str, str]
    body: Mapping[str, Any]

    def given(self, name_of: Callable[[str, str], str]) -> LoadedRecipe:
        """The recipe with ``name_of(key, stage)`` in the place of each ``stage:NAME``."""
        if not self.uses:
            return self.loaded
        body = copy.deepcopy(dict(self.body))
        for key, stage in self.uses.items():
            _put(body, key.split("."), name_of(key, stage))
        recipe = Recipe.model_validate(body)
        return LoadedRecipe(recipe, self.loaded.origins, self.loaded.folder, self.loaded.path)


@dataclass(frozen=True)
class LoadedChain:
    """A recipe of several stages, read."""

    name: str
    stages: tuple[Stage, ...]
    path: Path


def load_chain(path: Path | str, overrides: Sequence[str] = ()) -> LoadedChain | None:
    """Read a recipe file if it is one of several stages; None where it is one of a single stage.

    ``a.b=c`` overrides a key at the top, ``stages.NAME.a.b=c`` one of a stage.

    Raises:
        LuthierError: the file is missing or is no recipe.
        UsageError: unknown keys or stages, impossible values, a stage that is named before it stands, a key at the top
            that every stage says otherwise; each with file:line.
    """
    path = Path(path)
    data, origins = read_file(path)
    if "stages" not in data:
        return None
    for item in overrides:
        _override(data, origins, item)
    data = fill(data, "", origins)
    try:
        spec = ChainSpec.model_validate(data)
    except ValidationError as error:
        raise explain(error, origins, path, ChainSpec) from None
    _refuse_doubled(spec, path)
    top = {key: value for key, value in data.items() if key not in ("name", "stages")}
    stages: list[Stage] = []
    hidden: list[set[str]] = []
    for number, (one, written) in enumerate(zip(spec.stages, data["stages"], strict=True)):
        own = {key: value for key, value in written.items() if key not in ("name", "on_reject")}
        body, under = _laid(own, top)
        hidden.append(under)
        prefix = f"stages.{number}."
        mine = {k: v for k, v in origins.items() if not k.startswith("stages.")}
        mine |= {k.removeprefix(prefix): v for k, v in origins.items() if k.startswith(prefix)}
        made = _stage(f"{spec.name}-{one.name}", one, body, mine, path)
        for key, name in made.uses.items():
            where = next((mine[k] for k in prefixes(key) if k in mine), str(path))
            _refuse_reference(made, key, name, stages, spec, where)
        stages.append(made)
    for key in sorted(set.intersection(*hidden)):
        raise UsageError(
            f"{key} at the top does nothing: every stage says its own", where=origins.get(key, path),
            why="Luthier refuses keys that would do nothing", fix=f"stages.{stages[0].name}.{key}, or leave it out",
        )  # fmt: skip
    return LoadedChain(spec.name, tuple(stages), path)


def _override(data: dict[str, Any], origins: dict[str, str], item: str) -> None:
    key = item.partition("=")[0].strip()
    if not key.startswith("stages."):
        override(data, item)
        origins[key] = "--set"
        return
    _, name, *rest = key.split(".")
    stages = [one for one in data["stages"] if isinstance(one, dict)] if isinstance(data["stages"], list) else []
    names = [str(one.get("name", "")) for one in stages]
    if name not in names or not rest:
        raise UsageError(
            f"there is no stage {name}" if rest else f"a key of the stage {name} is missing", where=f"--set {key}",
            fix=did_you_mean(name, names) if rest else f"--set stages.{name}.train.max_steps=6",
        )  # fmt: skip
    override(stages[names.index(name)], item.strip().removeprefix(f"stages.{name}."))
    origins[f"stages.{names.index(name)}.{'.'.join(rest)}"] = "--set"


def _laid(own: Mapping[str, Any], top: Mapping[str, Any], prefix: str = "") -> tuple[dict[str, Any], set[str]]:
    """``own`` over ``top``, and the keys of ``top`` that are not seen any more."""
    made: dict[str, Any] = copy.deepcopy(dict(top))
    hidden: set[str] = set()
    for key, value in own.items():
        under = made.get(key)
        if isinstance(under, str) and isinstance(value, dict) and "kind" not in value and key in ("method", "tuning"):
            under = {"kind": under}  # tuning: lora at the top, tuning: {r: 8} in the stage
        other = isinstance(value, dict) and isinstance(under, dict) and value.get("kind", under.get("kind")) != (
            under.get("kind")
        )  # fmt: skip
        if isinstance(value, dict) and isinstance(under, dict) and not other:
            made[key], more = _laid(value, under, f"{prefix}{key}.")
            hidden |= more
        else:
            hidden |= {f"{prefix}{key}"} if key in made else set()
            made[key] = copy.deepcopy(value)
    return made, hidden


def _stage(name: str, one: StageSpec, body: dict[str, Any], origins: dict[str, str], path: Path) -> Stage:
    whole = {**body, "name": name}
    try:
        recipe = Recipe.model_validate(whole)
    except ValidationError as error:
        found = explain(error, origins, path)
        raise UsageError(
            f"stage {one.name}: {found.what}", where=found.where, why=found.why, fix=found.fix, details=found.details
        ) from None
    # in the recipe's own words: a list of one may be written as the thing itself
    uses = dict(_references(recipe.model_dump(mode="json", exclude_unset=True)))
    loaded = LoadedRecipe(recipe, origins, path.parent.resolve(), path)
    return Stage(one.name, one.on_reject, loaded, uses, recipe.model_dump(mode="json", exclude_unset=True))


def _references(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """(key, stage) wherever an earlier stage is named."""
    if isinstance(value, str):
        if value.startswith(PREFIX):
            yield prefix, value.removeprefix(PREFIX)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _references(inner, f"{prefix}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _references(inner, f"{prefix}.{number}")


def _put(body: Any, parts: Sequence[str], value: str) -> None:
    for part in parts[:-1]:
        body = body[int(part) if isinstance(body, list) else part]
    body[int(parts[-1]) if isinstance(body, list) else parts[-1]] = value


def _refuse_doubled(spec: ChainSpec, path: Path) -> None:
    names = [one.name for one in spec.stages]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            raise UsageError(
                f"two stages are called {name}", where=path, why="a stage is named by those after it",
                fix="give one of them another name",
            )  # fmt: skip


def _refuse_reference(stage: Stage, key: str, name: str, before: Sequence[Stage], spec: ChainSpec, where: str) -> None:
    """A stage that cannot be used there: unknown, not before this one, or not of that sort."""
    what = f"stage {stage.name}: {key} names {PREFIX}{name}"
    known = {one.name: one for one in before}
    if name not in known:
        if name == stage.name or name in (one.name for one in spec.stages):
            raise UsageError(
                f"{what}, which {'is the stage itself' if name == stage.name else 'comes later'}", where=where,
                why="stages run in their order, and only what an earlier one made is there",
                fix=f"one of {', '.join(known)}" if known else "the first stage starts from model.base",
            )  # fmt: skip
        raise UsageError(f"{what}, which is no stage", where=where, fix=did_you_mean(name, known or [stage.name]))
    if not _PLACES.match(key):
        raise UsageError(
            f"{what}, where no model is named", where=where, why="a stage stands for the model that it makes",
            fix="model.adapter, model.base, or the model of a reward",
        )  # fmt: skip
    used = known[name].loaded.recipe
    scores = ".rewards." in key or ".reward." in key or _scored_by(stage.body, key)
    if scores != (used.train.method.makes == "reward"):
        raise UsageError(
            f"{what}, which makes a model that {'writes' if scores else 'scores'}", where=where,
            why="only a reward model scores answers" if scores else "a reward model writes nothing",
            fix=f"a stage with train.method {'reward' if scores else 'sft'}",
        )  # fmt: skip
    if key == "model.adapter":
        _refuse_shape(stage, used, what, where)
    wanted = {"model.adapter": "adapter", "model.base": "merged"}.get(key)
    if wanted is not None and wanted not in used.export.formats:
        raise UsageError(
            f"{what}, which does not deliver it", where=where, why=f"export.formats there: {used.export.formats}",
            fix=f"stages.{name}.export.formats: [adapter, merged]",
        )  # fmt: skip


def _scored_by(body: Mapping[str, Any], key: str) -> bool:
    """Whether a key names the model of a reward: the one beside ``kind: reward_model``."""
    here: Any = body
    for part in key.split(".")[:-1]:
        here = here[int(part) if isinstance(here, list) else part]
    return isinstance(here, Mapping) and here.get("kind") == "reward_model"


def _refuse_shape(stage: Stage, used: Recipe, what: str, where: str) -> None:
    """An adapter is trained further as it is: of the same base, rank, scale and targets."""
    mine, its = stage.loaded.recipe, used
    if mine.model.base != its.model.base:
        raise UsageError(
            f"{what}, an adapter of {its.model.base}", where=where, why=f"this stage's base is {mine.model.base}",
            fix=f"model.base: {its.model.base}",
        )  # fmt: skip
    keys = ("r", "alpha", "targets", "rslora", "dora", "modules_to_save")
    for key in keys:
        want, have = (getattr(r.train.tuning, key, None) for r in (its, mine))
        if not isinstance(its.train.tuning, LoraTuning) or want != have:
            raise UsageError(
                f"{what}, an adapter of another shape", where=where,
                why=f"tuning.{key} is {want} there and {have} here; its weights are trained further as they are",
                fix="write train.tuning once, at the top",
            )  # fmt: skip
