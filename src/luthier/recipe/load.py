"""Reading a recipe: YAML with line numbers, ``--set`` overrides, errors in the user's words.

``${NAME}`` and ``${NAME:-otherwise}`` are filled from the environment. Gives a frozen :class:`Recipe` together with
where each value came from. It derives nothing: that is ``plan``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from luthier import registry
from luthier.errors import LuthierError, UsageError, did_you_mean
from luthier.recipe.recipe import Recipe

LARGEST = 1 << 20


@dataclass(frozen=True)
class LoadedRecipe:
    """A recipe with its origins.

    ``origins`` maps dotted keys that were written down to ``file:line`` or ``--set``; a key that is not in it is a
    default. ``folder`` is what relative paths in the recipe are relative to.
    """

    recipe: Recipe
    origins: Mapping[str, str]
    folder: Path
    path: Path | None = None


def load_recipe(path: Path | str, overrides: Sequence[str] = ()) -> LoadedRecipe:
    """Read a recipe file and apply ``a.b=c`` overrides.

    Raises:
        LuthierError: the file is missing or is not YAML.
        UsageError: unknown keys or impossible values, each with file:line and the nearest right key.
    """
    path = Path(path)
    data, origins = read_file(path)
    if "stages" in data:
        raise UsageError(
            "this recipe has several stages", where=origins["stages"], why="only plan and run take them together",
            fix=f"luthier run {path}; each stage's own recipe.yaml then stands in the folder of its run",
        )  # fmt: skip
    return _finish(data, origins, overrides, path.parent.resolve(), path)


def read_file(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The keys of a recipe file as they are written, and where each stands, by dotted key.

    Raises:
        LuthierError: the file is missing or is not YAML; UsageError where it does not say its version.
    """
    data, root = _parsed(path, read_text(path))
    if not isinstance(data, dict):
        raise LuthierError("a recipe is a mapping of keys", where=path, fix="luthier init DATA writes one")
    origins = {key: f"{path}:{line}" for key, line in _lines(root, "")}
    if "luthier" not in data:
        raise UsageError(
            "the recipe does not say its version",
            where=path,
            why="old recipes must keep their meaning",
            fix="add the first line: luthier: 1",
        )
    return data, origins


def load_yaml(path: Path) -> Any:
    """The value of a YAML file that is no recipe.

    Raises:
        LuthierError: the file is missing or is not YAML.
    """
    return _parsed(path, read_text(path))[0]


def _parsed(path: Path, text: str) -> tuple[Any, Any]:
    """(value, tree with lines)."""
    try:
        return yaml.safe_load(text), yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise LuthierError(f"not valid YAML: {problem}", where=where, fix="check indentation and colons") from None


def make_recipe(
    data: Mapping[str, Any], overrides: Sequence[str] = (), folder: Path | None = None,
    origins: Mapping[str, str] | None = None,
) -> LoadedRecipe:  # fmt: skip
    """The same from a Python mapping; ``origins`` says where its values come from, by dotted key."""
    return _finish(dict(data), dict(origins or {}), overrides, (folder or Path.cwd()).resolve(), None)


def _finish(
    data: dict[str, Any], origins: dict[str, str], overrides: Sequence[str], folder: Path, path: Path | None
) -> LoadedRecipe:
    for item in overrides:
        override(data, item)
        origins[item.partition("=")[0].strip()] = "--set"
    data = fill(data, "", origins)
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        raise explain(error, origins, path) from None
    return LoadedRecipe(recipe, origins, folder, path)


def yaml_with_lines(path: Path, text: str) -> tuple[Any, dict[str, int]]:
    """The value of a YAML text and the line of each dotted key.

    Raises:
        LuthierError: it is not YAML; the line is named.
    """
    value, tree = _parsed(path, text)
    return value, dict(_lines(tree, ""))


def read_text(path: Path, what: str = "recipe") -> str:
    """The text of a recipe, or of ``what`` stands in a recipe's place.

    Raises:
        LuthierError: it is missing, a folder, too large, or not UTF-8.
    """
    if path.is_dir():
        raise LuthierError(f"a {what} is a file, this is a folder", where=path, fix=f"luthier init {path}")
    try:
        raw = path.read_bytes() if path.stat().st_size <= LARGEST else None
    except FileNotFoundError:
        raise LuthierError(f"no such {what}", where=path, fix="luthier init DATA writes a recipe") from None
    except OSError as error:
        raise LuthierError(f"the {what} cannot be read: {error.strerror}", where=path) from None
    if raw is None:
        raise LuthierError(f"too large for a {what} (over 1 MiB)", where=path, fix="is this a data file? luthier init")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LuthierError("not a text file in UTF-8", where=path, fix="luthier init DATA writes a recipe") from None


def _lines(node: Any, prefix: str) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = f"{prefix}{key.value}"
            yield name, key.start_mark.line + 1
            yield from _lines(value, f"{name}.")
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield f"{prefix}{index}", value.start_mark.line + 1
            yield from _lines(value, f"{prefix}{index}.")


def override(data: dict[str, Any], item: str) -> None:
    """Set ``a.b=c`` in ``data``.

    Raises:
        UsageError: it is no override, or its value is no YAML.
    """
    key, separator, value = item.partition("=")
    if not separator or not key.strip():
        raise UsageError(f"not an override: {item!r}", where="--set", fix="write it as key.path=value")
    try:
        parsed = yaml.safe_load(value)
    except yaml.YAMLError:
        raise UsageError(f"the value of {key} cannot be read: {value!r}", where="--set", fix="quote it") from None
    parts = key.strip().split(".")
    target: Any = data
    for depth, part in enumerate(parts[:-1]):
        current = target.get(part) if isinstance(target, dict) else None
        if isinstance(current, str) and depth + 1 < len(parts):
            current = {"kind": current}  # tuning: lora, then --set train.tuning.r=8
        if not isinstance(current, dict):
            current = {}
        target[part] = current
        target = current
    target[parts[-1]] = parsed


_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def fill(value: Any, key: str, origins: Mapping[str, str]) -> Any:
    """``${NAME}`` and ``${NAME:-otherwise}`` in any text, from the environment."""
    if isinstance(value, dict):
        return {k: fill(v, f"{key}.{k}".lstrip("."), origins) for k, v in value.items()}
    if isinstance(value, list):
        return [fill(v, f"{key}.{i}", origins) for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value

    def named(match: re.Match[str]) -> str:
        found = os.environ.get(match[1]) or match[2]
        if found is None:
            raise UsageError(
                f"the environment variable {match[1]} is not set", where=origins.get(key, key),
                fix=f"export {match[1]}=…, or write ${{{match[1]}:-otherwise}}",
            )  # fmt: skip
        return found

    return _VARIABLE.sub(named, value)


def explain(
    error: ValidationError, origins: Mapping[str, str], path: Path | None, root: type[BaseModel] = Recipe
) -> UsageError:
    """The first problem in the user's words, with file:line and the nearest right key of ``root``."""
    first, *rest = error.errors(include_url=False)
    location = [str(part) for part in first["loc"]]
    tags = _KINDS | frozenset([*registry.names("operator"), *registry.names("tracker")])
    key = ".".join(p for p in location if p not in tags)
    where = next((origins[k] for k in prefixes(key) if k in origins), str(path or "recipe"))
    if first["type"] == "extra_forbidden":
        what, why = f"unknown key {key}", "Luthier refuses keys that would do nothing"
        fix = did_you_mean(location[-1], _keys_at(location[:-1], root))
        parent = key.rpartition(".")[0]
        if parent and fix.startswith("did you mean "):
            fix = fix.replace("did you mean ", f"did you mean {parent}.")
    elif first["type"] == "missing":
        what, why, fix = f"{key} is missing", "", f"add it; luthier init shows a whole recipe ({key}: …)"
    else:
        shown = repr(first.get("input"))
        what = f"{key} cannot be {shown if len(shown) < 60 else shown[:57] + '…'}"
        why, fix = first["msg"].removeprefix("Value error, "), f"luthier plan --explain {key}" if key else ""
    if rest:
        why = f"{why} (and {len(rest)} more)" if why else f"{len(rest)} more problems follow"
    return UsageError(what, where=where, why=why, fix=fix, details={"key": key})


_KINDS = frozenset(
    {"full", "lora", "qlora", "sft", "exact", "rouge_l", "json_fields", "json_field", "label", "tuple[str, ...]",
     "RemoteSpec", "str"}
)


def prefixes(key: str) -> Iterator[str]:
    """``a.b.c``, ``a.b``, ``a``."""
    parts = key.split(".")
    for size in range(len(parts), 0, -1):
        yield ".".join(parts[:size])


def nested_models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from nested_models(argument)


def _keys_at(location: Sequence[str], root: type[BaseModel]) -> list[str]:
    """The keys that are allowed where the unknown one stands; union tags and list indices narrow nothing."""
    models: list[type[BaseModel]] = [root]
    for part in location:
        nested = [
            m
            for model in models
            if part in model.model_fields
            for m in nested_models(model.model_fields[part].annotation)
        ]
        tagged = [m for m in models if "kind" in m.model_fields and m.model_fields["kind"].default == part]
        models = nested or tagged or models
    return [key for model in models for key in model.model_fields]
