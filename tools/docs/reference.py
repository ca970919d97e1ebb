"""Write docs/reference/ from the code: every recipe key from the Specs, every verb from its own help.

python tools/docs/reference.py            writes the pages
python tools/docs/reference.py --check    exit 1 if a page is out of date
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from pydantic_core import PydanticUndefined

import luthier
from luthier.recipe import ChainSpec, Recipe

SOURCES = Path(luthier.__file__).resolve().parents[1]
"""Verbs are asked in processes of their own, which must run the very sources that the keys are read from."""
DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"


def type_name(annotation: Any) -> str:
    """A type as a person would write it in YAML."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_name(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{json.dumps(a) if not isinstance(a, str) else a}`" for a in arguments)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(type_name(a) for a in arguments))
    if origin is tuple:
        return f"list of {type_name(arguments[0])}"
    if origin is dict:
        return "mapping"
    if annotation is type(None):
        return "nothing"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        kind = annotation.model_fields.get("kind")
        return f"[{kind.default if kind else annotation.__name__}](#{annotation.__name__.lower()})"
    return {"str": "text", "float": "number", "int": "whole number", "bool": "true or false", "Any": "anything"}.get(
        getattr(annotation, "__name__", ""), str(annotation)
    )


def models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in models_in(argument)]


def short_name(spec: BaseModel) -> Any:
    """A choice by its name, and what is written around a choice by that of the choice."""
    return getattr(spec, "kind", None) or short_name(next(value for _, value in spec))


def default_text(field: Any) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "required" if field.default_factory is None else f"`{json.dumps(field.default_factory())}`"
    if value is None:
        return "derived" if "left out" in (field.description or "") else "none"
    if isinstance(value, BaseModel):
        return "see below"
    return f"`{json.dumps(value, default=short_name)}`"


def recipe_page() -> str:
    lines = [
        "# Recipe keys",
        "",
        "Written from the specs in `src/luthier/recipe/`. An unknown key is refused. A list of one may be written as",
        "the thing itself, a choice as its bare name (`tuning: lora`), a share as `10%` or `0.1`. `${NAME}` is filled",
        "from the environment. For editors, [recipe.schema.json](recipe.schema.json) is the JSON Schema.",
        "",
    ]
    queue: list[type[BaseModel]] = [Recipe, ChainSpec]
    seen: set[type[BaseModel]] = set()
    while queue:
        model = queue.pop(0)
        if model in seen:
            continue
        seen.add(model)
        lines += [f"## {model.__name__}", "", (model.__doc__ or "").strip().replace("\n    ", "\n"), ""]
        lines += ["| key | is | default | means |", "|---|---|---|---|"]
        for name, field in model.model_fields.items():
            annotation = field.annotation
            queue += models_in(annotation)
            meaning = " ".join((field.description or "").split()).replace("|", "\\|")
            lines.append(f"| `{name}` | {type_name(annotation)} | {default_text(field)} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


def verbs(app: Any) -> list[str]:
    """Every verb in the order of the command tree; those of a group stand behind it ("augment run")."""
    names = [command.name or command.callback.__name__ for command in app.registered_commands]
    for group in app.registered_groups:
        names += [group.name, *(f"{group.name} {verb}" for verb in verbs(group.typer_instance))]
    return names


def cli_page() -> str:
    def text(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "luthier.cli.main", *arguments, "--help"],
            capture_output=True, text=True, check=True,
            env={"COLUMNS": "110", "PATH": "/usr/bin:/bin", "TERM": "dumb", "PYTHONPATH": str(SOURCES)},
        )  # fmt: skip
        return done.stdout.replace("python -m luthier.cli.main", "luthier").strip()

    from luthier.cli.main import app

    lines = ["# Command line", "", "Written from the verbs' own help.", "", "```text", text(), "```", ""]
    for name in verbs(app):
        lines += [f"## luthier {name}", "", "```text", text(*name.split()), "```", ""]
    return "\n".join(lines)


def rules_page() -> str:
    from luthier.data import LOSSES
    from luthier.rows import RULES

    lines = [
        "# Rules for rows",
        "",
        "Written from `src/luthier/rows/rules.py` and `src/luthier/data/funnel.py`. An error sets the row aside, a",
        "warning tells. [How to check rows](../how-to/check.md) says what to do with them.",
        "",
        "## What `luthier check` finds",
        "",
        "| rule | severity | what is wrong | why it matters | what to do |",
        "|---|---|---|---|---|",
    ]
    for name, rule in RULES.items():
        fix = f"{rule.fix} `--fix` does it." if rule.mends else rule.fix
        lines.append(f"| `{name}` | {rule.severity} | {rule.what} | {rule.why} | {fix} |".replace("<", "&lt;"))
    lines += ["", "## Why a readable row leaves when data is prepared", "", "| rule | what it means |", "|---|---|"]
    lines += [f"| `{name}` | {what} |" for name, what in LOSSES.items()]
    return "\n".join([*lines, ""])


def schema() -> dict[str, Any]:
    """The JSON Schema of a recipe file: of one stage, or of several."""
    kinds, whole = models_json_schema([(Recipe, "validation"), (ChainSpec, "validation")])
    return {**whole, "anyOf": [kinds[(Recipe, "validation")], kinds[(ChainSpec, "validation")]]}


def pages() -> dict[str, str]:
    """File name to content."""
    return {
        "recipe.md": recipe_page(),
        "cli.md": cli_page(),
        "rules.md": rules_page(),
        "recipe.schema.json": json.dumps(schema(), indent=1, ensure_ascii=False) + "\n",
    }


def main() -> int:
    stale = []
    for name, content in pages().items():
        path = DOCS / name
        if path.is_file() and path.read_text() == content:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    print(f"{'out of date' if '--check' in sys.argv else 'written'}: {', '.join(stale) or 'nothing'}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
