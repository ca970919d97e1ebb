"""Names to functions, without lists to edit.

A Spec (a recipe model) names the function that carries it out as ``"module:function"``; this module finds Specs by
family and name, imports the function only when it is wanted, reads plug-ins of other packages from entry points
(group ``luthier.<family>``), and loads users' own ``file.py:function``. It runs nothing by itself.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from luthier.errors import LuthierError, UsageError, did_you_mean


@dataclass(frozen=True, slots=True)
class Entry:
    """A registered name: the Spec class that configures it (if any) and the function behind it."""

    family: str
    name: str
    target: str
    summary: str = ""
    spec: type[Any] | None = None

    def load(self) -> Callable[..., Any]:
        """Import the module and return the function."""
        module, _, attribute = self.target.partition(":")
        found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
        return found


_entries: dict[tuple[str, str], Entry] = {}
_plugins_read: set[str] = set()


def register(family: str, name: str, target: str, *, summary: str = "", spec: type[Any] | None = None) -> Entry:
    """Add a name to a family. The same name twice with another target is a programming error."""
    entry = Entry(family, name, target, summary, spec)
    known = _entries.get((family, name))
    if known is not None and known.target != target:
        raise ValueError(f"{family} {name!r} is registered twice: {known.target} and {target}")
    _entries[(family, name)] = entry
    return entry


def _read_plugins(family: str) -> None:
    if family in _plugins_read:
        return
    _plugins_read.add(family)
    for point in entry_points(group=f"luthier.{family}"):
        register(family, point.name, point.value, summary=f"from {point.dist.name if point.dist else 'a plug-in'}")


def names(family: str) -> list[str]:
    """Every known name of a family, sorted."""
    _read_plugins(family)
    return sorted(name for fam, name in _entries if fam == family)


def get(family: str, name: str, *, where: str = "") -> Entry:
    """The entry of that name.

    Raises:
        UsageError: nothing of that name; the nearest one is named.
    """
    _read_plugins(family)
    entry = _entries.get((family, name))
    if entry is None:
        raise UsageError(f"no {family} is called {name!r}", where=where, fix=did_you_mean(name, names(family)))
    return entry


@dataclass(frozen=True, slots=True)
class UserFunction:
    """A function of the user's own file, with the hash of that file (it belongs to the stage key)."""

    reference: str
    path: Path
    sha256: str
    function: Callable[..., Any]


def load_user_function(reference: str, *, base: Path | None = None) -> UserFunction:
    """Load ``./rewards.py:grade``; the path is relative to ``base`` (the recipe's folder).

    Raises:
        LuthierError: no such file, no such function, or the file fails to import.
    """
    file, _, name = reference.rpartition(":")
    path = ((base or Path.cwd()) / file).resolve()
    if not file or not path.is_file():
        raise LuthierError(f"no such file: {file or reference}", where=reference, fix="write it as ./file.py:function")
    source = path.read_bytes()
    digest = hashlib.sha256(source).hexdigest()
    module_name = f"luthier_user_{digest[:12]}"
    module = sys.modules.get(module_name)
    if module is None:
        # not through the import system: its bytecode cache goes by size and second, and an edit can keep both
        module = types.ModuleType(module_name)
        module.__file__ = str(path)
        sys.modules[module_name] = module
        try:
            exec(compile(source, str(path), "exec"), module.__dict__)
        except Exception as error:
            del sys.modules[module_name]
            raise LuthierError(
                f"your file does not import: {type(error).__name__}: {error}", where=path, fix=f"python {path}"
            ) from error
    function = getattr(module, name, None)
    if not callable(function):
        public = [k for k, v in vars(module).items() if callable(v) and not k.startswith("_")]
        raise LuthierError(f"{path.name} has no function {name!r}", where=reference, fix=did_you_mean(name, public))
    return UserFunction(reference, path, digest, function)
