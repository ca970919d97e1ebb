"""From ``search.space`` to values of a trial, and from these to a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from luthier.errors import LuthierError
from luthier.recipe import LoadedRecipe, LoraTuning, RangeSpec, make_recipe

Space = Mapping[str, RangeSpec]
Values = Mapping[str, Any]


def space_of(loaded: LoadedRecipe, *, learning_rate: float) -> dict[str, RangeSpec]:
    """What is tried: as the recipe says, else the keys that matter most, around what it says.

    Args:
        learning_rate: what the plan of the recipe has decided.

    Raises:
        LuthierError: a value of the space makes no recipe; its reason is told.
    """
    asked = dict(loaded.recipe.search.space)
    if not asked:
        asked = {
            "train.learning_rate": RangeSpec(low=learning_rate / 8, high=learning_rate * 4, log=True),
            "train.warmup": RangeSpec(values=(0.0, 0.06, 0.15)),
            "train.batch_rows": RangeSpec(values=(8, 16, 32)),
        }
        if isinstance(loaded.recipe.train.tuning, LoraTuning):
            asked["train.tuning.r"] = RangeSpec(values=(8, 16, 32, 64))
            asked["train.tuning.targets"] = RangeSpec(values=("attention", "all-linear"))
    for key, tried in asked.items():
        for value in tried.values or (tried.low, tried.high):
            try:
                with_values(loaded, {key: int(value) if tried.whole and isinstance(value, float) else value})
            except LuthierError as error:
                raise LuthierError(
                    f"search.space: {key} cannot be {value!r}",
                    where=loaded.origins.get("search.space", "search.space"),
                    why=f"{error.what}: {error.why}" if error.why else error.what, fix=error.fix,
                ) from None  # fmt: skip
    return asked


def with_values(loaded: LoadedRecipe, values: Values) -> LoadedRecipe:
    """The recipe with other values at these keys.

    Raises:
        UsageError: they make no recipe.
    """
    asked: dict[str, Any] = loaded.recipe.model_dump(mode="json", exclude_unset=True)
    for key, value in values.items():
        *parents, last = key.split(".")
        inside = asked
        for part in parents:
            found = inside.get(part)
            inside[part] = {"kind": found} if isinstance(found, str) else dict(found or {})
            inside = inside[part]
        inside[last] = list(value) if isinstance(value, tuple) else value
        if key == "train.batch_rows":
            inside.pop("batch_tokens", None)
        if key == "train.batch_tokens":
            inside.pop("batch_rows", None)
        if key == "train.warmup":
            inside.pop("warmup_steps", None)
        if part_of_lora(key) and "kind" not in inside:
            inside["kind"] = loaded.recipe.train.tuning.kind
    origins = {**loaded.origins, **dict.fromkeys(values, "luthier search")}
    return make_recipe(asked, folder=loaded.folder, origins=origins)


def part_of_lora(key: str) -> bool:
    """Whether a key belongs to the tuning, whose kind must stand beside it."""
    return key.startswith("train.tuning.")
