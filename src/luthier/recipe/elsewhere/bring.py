"""From a file of another trainer to the text of a recipe: recognised by its keys, translated, checked, written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from luthier.errors import LuthierError, UsageError
from luthier.recipe.elsewhere import axolotl, llama_factory, trl
from luthier.recipe.elsewhere.sheet import Carried, Left, Sheet
from luthier.recipe.load import make_recipe, read_text, yaml_with_lines

TOOLS: dict[str, tuple[tuple[str, ...], Callable[[Sheet], None]]] = {
    one.NAME: (one.SIGNS, one.translate) for one in (llama_factory, axolotl, trl)
}
OTHERS = {"_component_": "torchtune", "task_type": "torchtune or oumi", "recipe_run": "oumi",
          "tuner_type": "ms-swift", "train_type": "ms-swift", "train_dataframe": "H2O LLM Studio"}  # fmt: skip
"""Keys of trainers whose configurations are not read."""
ORDER = ("luthier", "name", "seed", "model", "data", "train", "evaluate", "export")
ADDED = (
    "Luthier holds rows out for the verdict and for validation (data.split), takes out duplicates and near-duplicates "
    "(data.dedupe), puts tags in place of personal data (data.personal) and keeps the weights with the best validation "
    "loss; {tool} trains on all rows as they are"
)
REQUIRED = {"model.base": "no model", "data.source": "no data set"}


@dataclass(frozen=True)
class Imported:
    """A recipe from elsewhere.

    ``reason`` says how the tool was recognised; ``changes`` and ``harmless`` are its keys without a counterpart,
    ``notes`` what differs besides, ``empty`` keys without a value. Nothing is written before :meth:`write`.
    """

    tool: str
    reason: str
    path: Path
    text: str
    carried: tuple[Carried, ...]
    changes: tuple[Left, ...]
    harmless: tuple[Left, ...]
    notes: tuple[str, ...]
    empty: tuple[str, ...]
    files: Mapping[Path, str]

    def write(self) -> None:
        """Write the recipe and what belongs to it.

        Raises:
            LuthierError: a file of that name is there and differs.
        """
        files = {self.path: self.text, **self.files}
        for path, text in files.items():
            if path.exists() and path.read_text(encoding="utf-8", errors="replace") != text:
                raise LuthierError(
                    "there is a file of that name already, and it differs", where=path, why="it may hold your changes",
                    fix="write another one: luthier import FILE --output NEW.yaml",
                )  # fmt: skip
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""

        def left(found: Sequence[Left]) -> list[dict[str, Any]]:
            return [{"key": x.key, "value": x.value, "why": x.why, "where": x.where} for x in found]

        return {
            "tool": self.tool, "reason": self.reason, "recipe": str(self.path),
            "carried": [{"key": c.key, "value": c.value, "origin": c.origin} for c in self.carried],
            "changes": left(self.changes), "harmless": left(self.harmless), "notes": list(self.notes),
            "empty": list(self.empty), "files": [str(path) for path in self.files],
        }  # fmt: skip


def bring(path: Path, *, output: Path | None = None, overrides: Sequence[str] = ()) -> Imported:
    """Read a configuration of another trainer and make a recipe of it.

    Args:
        path: YAML or JSON of LLaMA-Factory, axolotl or TRL.
        output: where the recipe will stand (default: beside it, NAME.luthier.yaml); its paths are relative to that.
        overrides: ``key=value`` of the recipe, for what the configuration does not say.

    Raises:
        LuthierError: it is of no tool that is known, asks for a training that does not exist here, or names no model
            or data; a value is impossible (the line of the configuration is named).
    """
    path = Path(path)
    values, lines = _parsed(path)
    tool, reason = recognise(values, path)
    target = output or path.with_name(f"{path.stem}.luthier.yaml")
    sheet = Sheet(tool, path, values, lines, target.resolve().parent)
    TOOLS[tool][1](sheet)
    _override(sheet, overrides)
    for key, missing in REQUIRED.items():
        if key not in sheet.carried:
            raise UsageError(
                f"the configuration names {missing}", where=path, why="a recipe needs it",
                fix=f"luthier import {path} --set {key}=…",
            )  # fmt: skip
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._")[:64] or "job"
    carried = {"luthier": Carried("luthier", 1, ""), "name": Carried("name", name, "this file's name"), **sheet.carried}
    origins = {c.key: f"{path} ({c.origin})" for c in carried.values() if c.origin}
    sheet.notes.append(ADDED.format(tool=tool))
    make_recipe(nested(carried), folder=sheet.folder, origins=origins)
    text = render(carried, f"{tool}: {path.name}", sheet)
    return Imported(
        tool, reason, target, text, tuple(carried.values()), tuple(sheet.changes), tuple(sheet.harmless),
        tuple(sheet.notes), tuple(sheet.empty), sheet.files,
    )  # fmt: skip


def recognise(values: Mapping[str, Any], path: Path) -> tuple[str, str]:
    """Which tool a configuration is of, and the keys that say so.

    Raises:
        LuthierError: none that is known.
    """
    if "luthier" in values:
        raise LuthierError("this is a recipe already", where=path, fix=f"luthier plan {path}")
    shared = {key for signs, _ in TOOLS.values() for key in signs
              if sum(key in other for other, _ in TOOLS.values()) > 1}  # fmt: skip
    found = {tool: [k for k in signs if k in values and k not in shared] for tool, (signs, _) in TOOLS.items()}
    best = max(found, key=lambda tool: len(found[tool]))
    if found[best]:
        keys = found[best]
        return best, f"its keys {', '.join(keys[:5])}{', …' if len(keys) > 5 else ''} are {best}'s"
    hint = next((f"it looks like {tool}, which is not read" for key, tool in OTHERS.items() if _has(values, key)), "")
    if not hint and {"per_device_train_batch_size", "num_train_epochs", "learning_rate"} & set(values):
        return trl.NAME, "its keys are those of transformers.TrainingArguments"
    raise LuthierError(
        "not a configuration that Luthier knows", where=path,
        why=hint or f"none of its keys ({', '.join(list(values)[:6])}) is one that only {', '.join(TOOLS)} have",
        fix="luthier init DATA writes a recipe from the data",
    )  # fmt: skip


def _has(values: Any, key: str) -> bool:
    if isinstance(values, Mapping):
        return key in values or any(_has(value, key) for value in values.values())
    return False


def _parsed(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """Keys with their values and lines.

    Raises:
        LuthierError: the file is missing, is neither YAML nor JSON, or holds no keys.
    """
    text = read_text(path, "configuration")
    if path.suffix.lower() == ".json":
        try:
            values, lines = json.loads(text), dict[str, int]()
        except ValueError as error:
            line = getattr(error, "lineno", 0)
            raise LuthierError(f"not valid JSON: {getattr(error, 'msg', error)}", where=f"{path}:{line}") from None
        for number, row in enumerate(text.splitlines(), 1):
            if match := re.match(r'\s*[{,]?\s*"([^"]+)"\s*:', row):
                lines.setdefault(match[1], number)
    else:
        values, lines = yaml_with_lines(path, text)
    if not isinstance(values, dict) or not values:
        raise LuthierError("a configuration is a mapping of keys", where=path, why=f"this is {type(values).__name__}")
    return {str(key): value for key, value in values.items()}, lines


def _override(sheet: Sheet, overrides: Sequence[str]) -> None:
    for item in overrides:
        key, separator, value = item.partition("=")
        key = key.strip()
        if not separator or not key:
            raise UsageError(f"not an override: {item!r}", where="--set", fix="write it as key.path=value")
        for inner in [known for known in sheet.carried if known.startswith(f"{key}.")]:
            del sheet.carried[inner]
        sheet.carried[key] = Carried(key, yaml.safe_load(value), "--set")


def nested(carried: Mapping[str, Carried]) -> dict[str, Any]:
    """The values as the mapping that a recipe is."""
    out: dict[str, Any] = {}
    for one in carried.values():
        *parents, last = one.key.split(".")
        inside = out
        for part in parents:
            if isinstance(inside.get(part), str):
                inside[part] = {"kind": inside[part]}
            inside = inside.setdefault(part, {})
        inside[last] = one.value
    return out


def render(carried: Mapping[str, Carried], source: str, sheet: Sheet) -> str:
    """The recipe as YAML, each value with its origin behind it, and at the end what was not carried over."""
    values = nested(carried)
    lines = [f"# from {source}"]
    for key in sorted(values, key=lambda k: ORDER.index(k) if k in ORDER else len(ORDER)):
        lines += _lines(key, values[key], key, carried, 0)
    for title, found in (("changes the result and has no counterpart", sheet.changes),):
        lines += ["", *(f"# {title}: {x.key}: {_flat(x.value)} ({x.why})" for x in found)] if found else []
    if sheet.notes:
        lines += ["", *(f"# differs: {' '.join(note.split())}" for note in sheet.notes)]
    return "\n".join(lines) + "\n"


def _lines(key: str, value: Any, path: str, carried: Mapping[str, Carried], depth: int) -> Iterator[str]:
    indent = "  " * depth
    known = carried.get(path)
    if isinstance(value, dict) and known is None:
        yield f"{indent}{key}:"
        for name, inner in value.items():
            yield from _lines(name, inner, f"{path}.{name}", carried, depth + 1)
        return
    comment = f"  # {' '.join(known.origin.split())}" if known and known.origin else ""
    yield f"{indent}{key}: {_inline(value)}{comment}"


def _flat(value: Any) -> str:
    text = " ".join(json.dumps(value, ensure_ascii=False, default=str).split())
    return text if len(text) <= 80 else text[:79] + "…"


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
"""Which YAML does not read as text."""


def _inline(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, str) and not (_PLAIN.fullmatch(value) and value.lower() not in _WORDS):
        return json.dumps(value, ensure_ascii=False)
    return yaml.safe_dump(value).removesuffix("\n").removesuffix("\n...")
