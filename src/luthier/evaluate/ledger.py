"""The ledger: one row per item, system and suite. Every statistic and every verdict is a function of such rows alone.

While an evaluation runs, rows are appended to a file; after a crash the rows that are whole are found again, and a row
counts as done only if prompt, decoding, engine and metrics are the same as now. A row without a value is "not scored",
which is never zero. No arithmetic over rows here: that is ``verdict`` and ``table``.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from luthier.errors import LuthierError
from luthier.records import Score
from luthier.stats import median_interval
from luthier.store.disk import objects

ROWS = "ledger.rows.jsonl"
FACTS = "facts.json"
VERSION = 1
TEST = "test"
"""The name of the suite that the target metrics are computed on."""


def digest(value: Any) -> str:
    """16 hex digits over the canonical JSON of a value."""
    blob = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.blake2b(blob.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Row:
    """One item under one system.

    ``id`` is the example's id (by which it can be erased), ``item`` names it within the suite (a repeated row gets
    "#2"). ``asked`` hashes the messages, ``prompt`` what the model saw (token ids where the engine tells them),
    ``decoding`` how the answer was made, ``engine`` the engine's fingerprint. ``slice`` groups items for description,
    ``cluster`` names items that belong together, ``labels`` holds the log-probability of each label (nats) where a
    metric asks for them. Times in seconds.
    """

    id: str
    item: str
    suite: str
    system: str
    asked: str
    prompt: str
    decoding: str
    engine: str
    scores: Mapping[str, Score]
    reference: str | None = None
    answer: str | None = None
    slice: str = ""
    cluster: str | None = None
    finish: str = ""
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    labels: Mapping[str, float] = field(default_factory=dict)

    @property
    def place(self) -> tuple[str, str, str]:
        return (self.suite, self.system, self.item)

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal identities have equal scores, so the row need not be made again."""
        made_by = (self.asked, self.prompt, self.decoding, self.engine)
        return (*self.place, *made_by, self.reference, tuple(sorted(self.scores)))

    def value(self, metric: str) -> float | None:
        score = self.scores.get(metric)
        return None if score is None else score.value

    def to_dict(self) -> dict[str, Any]:
        """JSON form; empty parts are left out."""
        out: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("id", "item", "suite", "system", "asked", "prompt", "decoding", "engine")
        }
        out["scores"] = {
            key: {"value": s.value, "reason": s.reason, **({"parts": dict(s.parts)} if s.parts else {})}
            for key, s in self.scores.items()
        }
        for name in ("reference", "answer", "cluster"):
            if (value := getattr(self, name)) is not None:
                out[name] = value
        for name in ("slice", "finish", "seconds", "prompt_tokens", "completion_tokens", "labels"):
            if value := getattr(self, name):
                out[name] = value
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Row:
        """Read what :meth:`to_dict` wrote."""
        scores = {k: Score(s["value"], s.get("reason", ""), s.get("parts", {})) for k, s in data["scores"].items()}
        return cls(**{**data, "scores": scores})


@dataclass(frozen=True)
class Ledger:
    """All rows of one evaluation, with the facts that hold for all: spec, systems, engines, suites, forecast."""

    rows: tuple[Row, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def of(self, suite: str, system: str) -> dict[str, Row]:
        """Rows by item; empty if the system was not run on the suite."""
        return dict(self._index.get((suite, system), {}))

    @cached_property
    def _index(self) -> dict[tuple[str, str], dict[str, Row]]:
        found: dict[tuple[str, str], dict[str, Row]] = {}
        for row in self.rows:
            found.setdefault((row.suite, row.system), {})[row.item] = row
        return found

    def systems(self, suite: str) -> list[str]:
        """Systems that were run on a suite: base, few_shot, words, tuned, then others by name."""
        order = {name: i for i, name in enumerate(("base", "few_shot", "words", "tuned"))}
        return sorted({r.system for r in self.rows if r.suite == suite}, key=lambda s: (order.get(s, 9), s))


class HasFiles(Protocol):
    """An artifact of the store, as far as it is needed here."""

    def file(self, name: str) -> Path: ...


def read_ledger(source: HasFiles | Path) -> Ledger:
    """The ledger of an artifact, or of a folder. Rows that were erased since are left out.

    Raises:
        LuthierError: it is missing or was written by a newer Luthier.
    """
    if isinstance(source, Path):
        rows_path, facts_path = source / ROWS, source / FACTS
    else:
        rows_path, facts_path = source.file(ROWS), source.file(FACTS)
    if not rows_path.is_file() or not facts_path.is_file():
        raise LuthierError("there is no ledger here", where=rows_path.parent, fix="luthier run RECIPE makes one")
    facts = json.loads(facts_path.read_text(encoding="utf-8"))
    if facts.get("version", 0) > VERSION:
        raise LuthierError(
            "the ledger was written by a newer Luthier", where=facts_path, fix="pip install --upgrade luthier"
        )
    if seconds := getattr(source, "facts", {}).get("seconds"):
        facts["seconds"] = seconds
    rows = tuple(Row.from_dict(r) for r in objects(rows_path.read_bytes().splitlines()) if not r.get("erased"))
    return Ledger(rows, facts)


def write_ledger(folder: Path, ledger: Ledger) -> None:
    """Write rows (in a fixed order) and facts into a draft folder.

    Seconds are left out: the same answers make the same artifact. :func:`seconds_of` sums them up beforehand.
    """
    order = sorted(ledger.rows, key=lambda r: r.place)
    with (folder / ROWS).open("w", encoding="utf-8", errors="surrogatepass") as out:
        for row in order:
            out.write(_line(replace(row, seconds=0.0)))
    text = json.dumps({**ledger.facts, "version": VERSION}, ensure_ascii=False, indent=1, sort_keys=True, default=str)
    (folder / FACTS).write_text(text + "\n", encoding="utf-8")


def seconds_of(ledger: Ledger) -> dict[str, dict[str, float]]:
    """Time that answering the test rows took, by system: total and median seconds a request, limits of the median
    (one-sided 95% each; absent where the requests are too few), the 95th percentile, and how many requests that were.
    """
    taken: dict[str, list[float]] = {}
    for row in ledger.rows:
        if row.suite == TEST and row.seconds:
            taken.setdefault(row.system, []).append(row.seconds)
    return {system: _time(seconds) for system, seconds in taken.items()}


def _time(seconds: Sequence[float]) -> dict[str, float]:
    found = median_interval(seconds)
    slow = sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1]
    told = {
        "total_s": sum(seconds), "median_s": found.estimate, "p95_s": slow, "median_low_s": found.bound,
        "median_high_s": found.ceiling, "n": float(len(seconds)),
    }  # fmt: skip
    return {name: value for name, value in told.items() if math.isfinite(value)}


class Journal:
    """Rows of a running evaluation, appended as they are made. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = threading.Lock()
        data = path.read_bytes() if path.is_file() else b""
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:  # a torn last line: the process died while writing it
            with path.open("r+b") as file:
                file.truncate(len(whole))
        self._known = {row.identity: row for row in self._read(whole)}
        self._file = path.open("a", encoding="utf-8", errors="surrogatepass")

    @staticmethod
    def _read(data: bytes) -> Iterator[Row]:
        for item in objects(data.splitlines()):
            try:
                yield Row.from_dict(item)
            except (KeyError, TypeError, AttributeError):
                continue  # from another version: it will be made again

    def __len__(self) -> int:
        return len(self._known)

    def find(self, identity: tuple[object, ...]) -> Row | None:
        """The row that was already made with exactly this identity."""
        return self._known.get(identity)

    def add(self, row: Row) -> Row:
        """Append a row; it survives the death of this process from now on."""
        with self._lock:
            self._known[row.identity] = row
            try:
                self._file.write(_line(row))
                self._file.flush()
            except OSError as error:
                why = error.strerror or str(error)
                raise LuthierError("the ledger cannot be written", where=self._path, why=why) from error
        return row

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two systems on the same items: (reference row, candidate row), those with a value on both sides."""

    rows: tuple[tuple[Row, Row], ...]
    total: int
    cross_template: bool

    @property
    def unscored(self) -> int:
        return self.total - len(self.rows)


def pair(
    ledger: Ledger, suite: str, reference: str, candidate: str, metrics: Sequence[str], *, same_prompt: bool
) -> Pairs:
    """Pair two systems by item.

    With ``same_prompt`` (one lineage: a base and what was made of it) messages and decoding must be equal, and so must
    the prompts; where only the rendering differs the pairs are marked cross-template. Without it a prompt belongs to
    the system under test, and only the items must be the same.

    Raises:
        LuthierError: the systems did not see the same items, or (one lineage) were not asked alike.
    """
    left, right = ledger.of(suite, reference), ledger.of(suite, candidate)
    if left.keys() != right.keys():
        alone = len(left.keys() ^ right.keys())
        raise LuthierError(
            f"{reference} and {candidate} cannot be compared on {suite}: {alone:,} items are known of one only",
            why="a comparison pairs by item; averages of different items compare nothing",
            fix="run the evaluation of both again",
        )
    cross = False
    if same_prompt:
        for name, a, b in ((n, a, right[n]) for n, a in left.items()):
            if a.asked != b.asked or a.decoding != b.decoding:
                part = "messages" if a.asked != b.asked else "decoding settings"
                raise LuthierError(
                    f"{reference} and {candidate} were not asked alike on {suite}: the {part} differ",
                    where=f"item {name}",
                    why="the difference would come from the question, not from the model",
                    fix="evaluate both with the same recipe",
                )
            cross = cross or a.prompt != b.prompt
    both = [(left[n], right[n]) for n in sorted(left)]  # sorted: the order of rows in a ledger decides nothing
    kept = tuple((a, b) for a, b in both if all(x.value(m) is not None for x in (a, b) for m in metrics))
    return Pairs(kept, len(both), cross)


def _line(row: Row) -> str:
    return json.dumps(row.to_dict(), ensure_ascii=False) + "\n"
