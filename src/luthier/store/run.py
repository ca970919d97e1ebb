"""A run: the act that makes artifacts, written down so that it can be read after any crash.

Its folder holds ``run.json`` (recipe, code, environment, seeds, status, what was made), ``events.jsonl`` and
``metrics.jsonl``. A run whose process is gone while it says "running" is "interrupted". No row of data goes in here.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import re
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import luthier
from luthier.errors import LuthierError
from luthier.store import process
from luthier.store.artifact import Artifact
from luthier.store.catalogue import RunRow
from luthier.store.disk import append_line, read_lines, refusals, write_whole
from luthier.store.process import Process

RECORD = "run.json"
FORMAT = 1
LIBRARIES = ("torch", "transformers", "tokenizers", "peft", "bitsandbytes", "safetensors", "numpy", "scikit-learn")
Status = Literal["running", "done", "failed", "interrupted"]


def now() -> str:
    """The time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def environment() -> dict[str, Any]:
    """Python, platform and library versions, read from package metadata (nothing is imported)."""
    libraries = {}
    for name in LIBRARIES:
        try:
            libraries[name] = version(name)
        except PackageNotFoundError:
            libraries[name] = "absent"
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "libraries": libraries,
    }


@lru_cache(maxsize=1)
def code_version() -> dict[str, str]:
    """The package's version and the SHA-256 over its source files: an edited checkout is seen."""
    root = Path(luthier.__file__).parent
    whole = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        whole.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return {"version": luthier.__version__, "sha256": whole.hexdigest()}


class Run:
    """One run. As a context manager it ends as "failed" or "interrupted" when the block leaves with an error."""

    def __init__(self, folder: Path, record: dict[str, Any], on_change: Callable[[Run], None]) -> None:
        self.dir = folder
        self._record = record
        self._on_change = on_change

    @property
    def id(self) -> str:
        return str(self._record["id"])

    @property
    def name(self) -> str:
        return str(self._record["name"])

    @property
    def status(self) -> Status:
        """running, done, failed or interrupted; a run whose process died is interrupted."""
        status: Status = self._record["status"]
        if status == "running" and not self.process.alive():
            return "interrupted"
        return status

    @property
    def process(self) -> Process:
        """The process that runs it, or did."""
        return Process.from_dict(self._record["process"])

    @property
    def started(self) -> str:
        return str(self._record["started"])

    @property
    def finished(self) -> str | None:
        value = self._record.get("finished")
        return None if value is None else str(value)

    @property
    def recipe(self) -> Mapping[str, Any]:
        recipe: Mapping[str, Any] = self._record["recipe"]
        return recipe

    @property
    def facts(self) -> Mapping[str, Any]:
        """What was given at the start and at the end (seeds, verdict, report …)."""
        facts: Mapping[str, Any] = self._record["facts"]
        return facts

    @property
    def command(self) -> list[str]:
        """The arguments that it was begun with, without the program's name."""
        return [str(word) for word in self._record.get("command", ())][1:]

    @property
    def code(self) -> Mapping[str, str]:
        """Version and hash of the code that ran."""
        found: Mapping[str, str] = self._record.get("code", {})
        return found

    @property
    def environment(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._record["environment"]
        return found

    @property
    def made(self) -> Mapping[str, tuple[str, ...]]:
        """Stage -> ids of the artifacts that it made or reused."""
        return {stage: tuple(ids) for stage, ids in self._record["made"].items()}

    def event(self, kind: str, **data: Any) -> None:
        """Write down that something happened. Values are JSON; never text of rows."""
        with refusals(self.dir):
            append_line(self.dir / "events.jsonl", {"at": now(), "kind": kind, **_finite(data)})

    def metric(self, step: int, **values: Any) -> None:
        """Write down numbers of one step. A number that is not finite is written as null."""
        with refusals(self.dir):
            append_line(self.dir / "metrics.jsonl", {"step": step, "at": now(), **_finite(values)})

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """All events so far, in order; a torn last line is passed over."""
        return [e for e in read_lines(self.dir / "events.jsonl") if kind is None or e.get("kind") == kind]

    def metrics(self) -> list[dict[str, Any]]:
        """All numbers so far, in the order in which they were written."""
        return list(read_lines(self.dir / "metrics.jsonl"))

    def attach(self, stage: str, artifact: Artifact | str) -> None:
        """Say that a stage of this run made, or reused, an artifact."""
        name = artifact if isinstance(artifact, str) else artifact.id
        ids = self._record["made"].setdefault(stage, [])
        if name not in ids:
            ids.append(name)
            self._save()

    def note(self, **facts: Any) -> None:
        """Add facts before the end."""
        self._record["facts"].update(_finite(facts))
        self._save()

    def finish(self, status: Literal["done", "failed", "interrupted"], **facts: Any) -> None:
        """The end: status and last facts. Calling it again overwrites."""
        self._record["status"] = status
        self._record["finished"] = now()
        self._record["facts"].update(_finite(facts))
        self._save()

    def resume(self) -> None:
        """Take over a run that is not running: it is "running" again, under this process.

        Raises:
            LuthierError: its own process still runs it.
        """
        if self.status == "running":
            raise LuthierError(f"run {self.id} is still running", where=self.dir, fix="wait for it, or stop it first")
        self._record.update(status="running", finished=None, process=process.current().to_dict())
        self._save()

    def to_dict(self) -> dict[str, Any]:
        return {**self._record, "status": self.status, "dir": str(self.dir)}

    def row(self) -> RunRow:
        """What the catalogue keeps."""
        made = tuple((stage, name) for stage, ids in self.made.items() for name in ids)
        return RunRow(self.id, self.name, self._record["status"], self.started, self.finished, self.facts, made)

    def _save(self) -> None:
        text = json.dumps(self._record, ensure_ascii=False, indent=1, default=str)
        with refusals(self.dir):
            write_whole(self.dir / RECORD, text.encode("utf-8", "surrogatepass") + b"\n")
        self._on_change(self)

    def __enter__(self) -> Run:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is None or self._record["status"] != "running":
            return
        stopped = issubclass(kind, (KeyboardInterrupt, SystemExit))
        self.finish("interrupted" if stopped else "failed", error=str(error) or kind.__name__)


def start(
    runs: Path, name: str, recipe: Mapping[str, Any], facts: Mapping[str, Any], on_change: Callable[[Run], None]
) -> Run:
    """Make the folder ``<name>-<id4>`` and the record of a new run."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._") or "run"
    with refusals(runs):
        runs.mkdir(parents=True, exist_ok=True)
        folder = _new_folder(runs, plain)
    record = {
        "luthier": FORMAT,
        "id": folder.name,
        "name": name,
        "status": "running",
        "started": now(),
        "finished": None,
        "process": process.current().to_dict(),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "recipe": dict(recipe),
        "code": code_version(),
        "environment": environment(),
        "facts": _finite(facts),
        "made": {},
    }
    run = Run(folder, record, on_change)
    run._save()
    return run


def load(folder: Path, on_change: Callable[[Run], None]) -> Run | None:
    """The run of a folder, or None if there is none that can be read."""
    try:
        record = json.loads((folder / RECORD).read_bytes())
        return Run(folder, record, on_change) if record["id"] == folder.name else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _new_folder(runs: Path, name: str) -> Path:
    for digits in (4, 4, 4, 4, 8, 12):
        folder = runs / f"{name}-{secrets.token_hex(digits // 2)}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise LuthierError(f"no free name for a run called {name}", where=runs)


def leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested facts as ``a.b.0.c`` -> value. A list without mappings in it is one value, an empty mapping is none."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(one, Mapping) for one in value):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{prefix}.{number}")
    else:
        yield prefix, value


def _finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same without numbers that JSON does not know."""

    def mend(value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if isinstance(value, Mapping):
            return {str(k): mend(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [mend(v) for v in value]
        return value

    return {str(k): mend(v) for k, v in values.items()}
