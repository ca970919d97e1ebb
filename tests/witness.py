"""What every table of witnesses needs: the leaf keys of a Spec, and the proof that a named test is there.

A witness of a key names something a user would notice that differs when the key does (a row, a count, a request, a
line of the verdict); that the hash of the recipe differs is none.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from luthier.recipe.spec import Choice, Spec

ROOT = Path(__file__).resolve().parent.parent


def leaves(spec: type[Spec], prefix: str = "") -> set[str]:
    """Every key that holds a value: ``split.test``, ``map.turns.role``; members of a union under their kind."""
    found: set[str] = set()
    for name, field in spec.model_fields.items():
        inside = _specs(field.annotation)
        if not inside:
            found.add(f"{prefix}{name}")
        for one in inside:
            kind = one.model_fields["kind"].default if issubclass(one, Choice) and len(inside) > 1 else ""
            found |= leaves(one, f"{prefix}{name}.{kind}." if kind else f"{prefix}{name}.")
    return found


def _specs(annotation: Any) -> list[type[Spec]]:
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return [annotation]
    if get_origin(annotation) in (Annotated, Union, UnionType, tuple, dict, list):
        return list(dict.fromkeys(one for part in get_args(annotation) for one in _specs(part)))
    return []


@cache
def _tests(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def is_there(test: str) -> bool:
    """Whether a test named ``tests/room/test_x.py::test_y`` exists."""
    file, _, name = test.partition("::")
    return (ROOT / file).is_file() and name in _tests(file)
