"""The record of an augmentation: a header and one line a batch, flushed to the device before the next batch is asked.

Everything else (what is kept, what to ask next, the figures) is worked out from these lines, so a killed run goes on
where the last whole line ends and a batch is never counted twice. A line torn by a kill is cut off when the journal is
opened to be written. Rows in it are private: ``store.erase`` removes a journal that names an erased row.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luthier.errors import LuthierError
from luthier.store.space import KEEP

NAME = "journal.jsonl"
_OPEN_KEYS = ("parents",)
"""Parts of the header that may differ when a run goes on: how things are called is not what they are."""


class Journal:
    """The journal of one folder. ``lines`` are the batches so far, ``header`` what they were made with."""

    def __init__(self, folder: Path, header: Mapping[str, Any], lines: list[dict[str, Any]]) -> None:
        self.folder = folder
        self.header = dict(header)
        self.lines = lines

    @property
    def path(self) -> Path:
        return self.folder / NAME

    @classmethod
    def open(cls, folder: Path, header: Mapping[str, Any]) -> Journal:
        """Go on with a folder's journal, or begin it. The caller holds the folder's lock.

        Raises:
            LuthierError: the journal was made with another model, other settings or other rows, or is damaged.
        """
        header = json.loads(json.dumps(header))
        found = _read(folder, mend=True)
        if found is None:
            journal = cls(folder, header, [])
            (folder / KEEP).touch()
            journal._write({"header": header})
            return journal
        old, lines = found
        if differing := sorted(k for k in {*old, *header} if old.get(k) != header.get(k) and k not in _OPEN_KEYS):
            raise LuthierError(
                f"this augmentation was begun with another {' and '.join(differing)}",
                where=folder / NAME,
                why="rows of different making could not be told apart in one queue",
                fix="give the new one a name of its own: --name NAME",
            )
        return cls(folder, old, lines)

    @classmethod
    def read(cls, folder: Path) -> Journal:
        """A folder's journal, to look at.

        Raises:
            LuthierError: there is none, or it is damaged.
        """
        found = _read(folder, mend=False)
        if found is None:
            raise LuthierError("there is no augmentation here", where=folder, fix="luthier augment run SEEDS")
        return cls(folder, *found)

    def append(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """Write a batch; gives it back as a later reader will read it."""
        kept: dict[str, Any] = json.loads(self._write(line))
        self.lines.append(kept)
        return kept

    def digest(self) -> str:
        """SHA-256 over header and batches, 64 hex digits; a torn last line is not part of it."""
        whole = hashlib.sha256()
        for line in ({"header": self.header}, *self.lines):
            whole.update(_bytes(line))
        return whole.hexdigest()

    def _write(self, line: Mapping[str, Any]) -> bytes:
        data = _bytes(line)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        return data


def _bytes(line: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(line, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # half a character in a model's answer
        return json.dumps(line).encode() + b"\n"


def _read(folder: Path, *, mend: bool) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """Header and batches; None where there is no header yet. ``mend`` cuts a torn last line off."""
    path = folder / NAME
    if not path.is_file():
        return None
    good, objects = 0, []
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            line = _object(raw)
            if line is None:
                if raw.endswith(b"\n"):
                    raise LuthierError(
                        "this line of the journal cannot be read", where=f"{path}:{number}",
                        why="it was changed by something else than Luthier",
                        fix="start anew under another name: --name NAME",
                    )  # fmt: skip
                break
            objects.append(line)
            good += len(raw)
    if mend and good < path.stat().st_size:
        with path.open("r+b") as file:
            file.truncate(good)
            os.fsync(file.fileno())
    if not objects:
        return None
    header = objects[0].get("header")
    if not isinstance(header, dict):
        raise LuthierError("this is not the journal of an augmentation", where=path)
    return header, objects[1:]


def _object(raw: bytes) -> dict[str, Any] | None:
    if not raw.endswith(b"\n"):
        return None
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
