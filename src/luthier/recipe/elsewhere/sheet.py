"""A foreign configuration while it is read: which of its keys were used for what, and what is left of it.

The translators (``llama_factory``, ``axolotl``, ``trl``) take keys from a sheet and put values of the recipe; a key
that nobody took is named at the end, with the reason that the translator's tables give.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from luthier.errors import UsageError, did_you_mean

OFF = (False, 0, "none", "no", "NONE", "off")
"""Values that switch a key off."""


@dataclass(frozen=True, slots=True)
class Carried:
    """One value of the recipe. ``origin`` is the key and line that it comes from, or whose default it is."""

    key: str
    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Left:
    """One key of the configuration that the recipe does not have, and why."""

    key: str
    value: Any
    why: str
    where: str


@dataclass
class Sheet:
    """The keys of one configuration.

    ``folder`` is where the recipe will stand, which its paths are relative to. ``changes`` are keys without a
    counterpart that change the result, ``harmless`` those that do not matter here, ``notes`` what differs besides.
    """

    tool: str
    path: Path
    values: Mapping[str, Any]
    lines: Mapping[str, int]
    folder: Path
    carried: dict[str, Carried] = field(default_factory=dict)
    changes: list[Left] = field(default_factory=list)
    harmless: list[Left] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    files: dict[Path, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    # -- reading

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or what counts when it is left out; the key is then accounted for."""
        if self.has(key):
            self.seen.add(key)
            return self.values[key]
        return default

    def has(self, key: str) -> bool:
        """Whether the key has a value."""
        return self.values.get(key) is not None

    def text(self, key: str) -> str:
        """The value of a key as text; empty where it is left out."""
        return str(self.get(key, "")).strip()

    def on(self, key: str, default: bool = False) -> bool:
        """A switch."""
        value = self.get(key, default)
        return value if isinstance(value, bool) else str(value).strip().lower() in ("true", "yes", "1", "on")

    def number(self, key: str, default: float) -> float:
        """A number: ``1e-4`` is text to YAML, and a number to every trainer.

        Raises:
            UsageError: it is none.
        """
        value = self.get(key, default)
        try:
            return float(value)
        except (TypeError, ValueError):
            raise UsageError(
                f"{key} cannot be {value!r}", where=self.where(key), why=f"{self.tool} wants a number there"
            ) from None

    def names(self, key: str) -> list[str]:
        """A list of names, or names with commas between them."""
        value = self.get(key, ())
        parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
        return [str(part).strip() for part in parts if str(part).strip()]

    def where(self, key: str) -> str:
        """file:line of a key."""
        line = self.lines.get(key)
        return f"{self.path}:{line}" if line else str(self.path)

    def origin(self, *keys: str) -> str:
        """What stands behind a value that comes from these keys: ``lora_rank, line 12``; a default where none is
        written."""
        written = [key for key in keys if self.has(key)]
        if not written:
            return f"{self.tool}'s default"
        line = self.lines.get(written[0])
        return " and ".join(written) + (f", line {line}" if line else "")

    # -- writing

    def put(self, key: str, value: Any, *sources: str, note: str = "") -> None:
        """Write a value of the recipe. ``sources`` are the keys that say it; where none of them is written, it is the
        tool's default. ``note`` is what else to say."""
        origin = self.origin(*sources) if sources else note
        self.carried[key] = Carried(key, value, f"{origin}: {note}" if sources and note else origin)

    def leave(self, key: str, why: str, *, matters: bool = True) -> None:
        """Name a key that is not carried over."""
        self.seen.add(key)
        (self.changes if matters else self.harmless).append(Left(key, self.values.get(key), why, self.where(key)))

    def finish(self, changes: Mapping[str, str], harmless: Mapping[str, str]) -> None:
        """Account for every key that was not used: ``changes`` and ``harmless`` say why, by key."""
        for key, value in self.values.items():
            if key in self.seen:
                continue
            if value is None or value in ("", [], {}):
                self.empty.append(key)
            elif key in harmless:
                self.leave(key, harmless[key], matters=False)
            elif key in changes:
                off = value in OFF
                self.leave(key, "switched off" if off else changes[key], matters=not off)
            elif key.startswith("_"):
                self.leave(key, "private to the tool", matters=False)
            else:
                near = did_you_mean(key, [*changes, *harmless, *self.seen])
                hint = f"; {near}" if near.startswith("did you mean") else ""
                self.leave(key, f"not a key that Luthier knows of {self.tool}{hint}")

    # -- places

    def find(self, name: str) -> Path | None:
        """A file or folder that the configuration names, where the tool was likely started: here, beside the
        configuration, or above it."""
        wanted = Path(name).expanduser()
        places = [Path.cwd(), self.path.parent.resolve(), *self.path.parent.resolve().parents]
        return next((place / wanted for place in places if (place / wanted).exists()), None)

    def relative(self, path: Path) -> str:
        """A path as the recipe should write it."""
        return os.path.relpath(path.resolve(), self.folder.resolve())

    def model(self, name: str) -> str:
        """A model as the recipe names it: hub ids stay, folders begin with ``.`` or ``/``."""
        found = self.find(name) if not Path(name).is_absolute() else None
        if found is None or not found.is_dir():
            return name
        path = self.relative(found)
        return path if path.startswith(".") else f"./{path}"


def reasons(groups: Mapping[str, str]) -> dict[str, str]:
    """Key -> why, from why -> keys with spaces between them."""
    return {key: why for why, keys in groups.items() for key in keys.split()}


def unique(items: Iterable[Any]) -> list[Any]:
    """Each once, in order; for things that cannot be hashed."""
    out: list[Any] = []
    for item in items:
        if item not in out:
            out.append(item)
    return out
