"""What a tracker is told, and the protocol that it fulfils. Plain data: no row of a dataset is in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

Ended = Literal["done", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class Point:
    """Numbers of one step. ``at`` in milliseconds since 1970."""

    step: int
    at: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class Subject:
    """The run that a tracker shows.

    Args:
        run, name: its id and the name of its job.
        started: milliseconds since 1970.
        folder: where the tracker keeps its own files, when the recipe names no other place.
        base: what relative paths of the recipe start at.
        params: the resolved recipe, flat: ``train.tuning.r`` -> ``16``.
        tags: code version, environment, hashes.
        known: what the tracker called this run in an earlier process, where there was one.
    """

    run: str
    name: str
    started: int
    folder: Path
    base: Path
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    known: str | None = None

    def place(self, asked: str | None, kind: str) -> Path:
        """The folder that a recipe asks for, or the one of this kind of tracker; made if it is not there."""
        path = self.folder / kind if asked is None else (self.base / Path(asked).expanduser()).resolve()
        path.mkdir(parents=True, exist_ok=True)
        return path


class Sink(Protocol):
    """An open connection to a tracker, for one run. Every call may fail or take long: it is made again later."""

    @property
    def known(self) -> str:
        """The tracker's own name for this run; a later process opens it again under that."""
        ...

    @property
    def shown(self) -> str:
        """Where a person finds it: a folder, an address, a command."""
        ...

    def numbers(self, points: Sequence[Point]) -> None:
        """Numbers of steps, in order, some hundreds at a time."""
        ...

    def tags(self, tags: Mapping[str, str]) -> None:
        """Facts that became known: hashes of what was made, the verdict."""
        ...

    def file(self, path: Path) -> None:
        """A file of the run: its recipe, its report."""
        ...

    def end(self, status: Ended) -> None:
        """The run ended (it may be taken up again). Whatever is buffered is written."""
        ...


def told_as_table(facts: Mapping[str, str]) -> str:
    """Facts as a table in Markdown, for trackers that show text."""
    cells = {key: text.replace("|", "\\|").replace("\n", "<br>") for key, text in facts.items()}
    return "\n".join(["| | |", "|---|---|", *(f"| {key} | {text} |" for key, text in cells.items())])
