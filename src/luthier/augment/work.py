"""One augmentation from beginning to end: the journal, the ways that are on, the figures, and the artifact.

What is handed in is ready to use: seeds, an engine, a folder that the caller has locked. Choosing and opening those is
the pipeline's work.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.augment import label as labelling
from luthier.augment import seeds as seeding
from luthier.augment.evolve import Evolve
from luthier.augment.figures import Figures, Ledger
from luthier.augment.instruct import SelfInstruct
from luthier.augment.journal import Journal
from luthier.augment.review import Queue
from luthier.augment.topics import Topics
from luthier.augment.toward import Fills, Hole, hole_of
from luthier.augment.way import Asker, Way, drive
from luthier.recipe.augment import AlarmSpec, AugmentSpec
from luthier.rows import write_jsonl
from luthier.store.disk import write_whole

if TYPE_CHECKING:
    from luthier.store import Artifact, Store

VERSION = 1
APPROVED = "approved.rows.jsonl"
REJECTED = "rejected.rows.jsonl"
PAIRS = "pairs.rows.jsonl"
TOPICS = "topics.json"
Tell = Callable[[int, int, Figures], None]
"""(done, wanted, figures so far), after each batch."""


@dataclass(frozen=True)
class Worked:
    """How a run ended: ``reason`` is "done", "stopped", "exhausted" or "collapse"."""

    figures: Figures
    reason: str


def generate(
    spec: AugmentSpec, seeds: Sequence[seeding.Seed], asker: Asker, folder: Path, *, seed: int,
    parents: Sequence[str] = (), holes: Sequence[Hole] = (), stop: Callable[[], bool] = lambda: False,
    tell: Tell = lambda done, of, figures: None,
) -> Worked:  # fmt: skip
    """New rows from seeds, by every way that is on. The same call goes on where a stopped one was.

    New tasks are asked for each of the ``holes`` until it has its rows or is given up; then there are no more tasks.

    Raises:
        LuthierError: the folder's journal was made otherwise; the engine fails (what was made is kept).
    """
    settings: dict[str, Any] = {
        "form": spec.form,
        "self_instruct": None if spec.self_instruct is None else spec.self_instruct.model_dump(mode="json"),
        "evolve": None if spec.evolve is None else spec.evolve.model_dump(mode="json"),
    }
    if holes:
        settings["toward"] = [hole.to_dict() for hole in holes]
    header = _header("seeds", settings, seeding.digest_of(seeds), asker, seed, parents)
    journal = Journal.open(folder, header)
    ways: list[Way] = []
    if spec.self_instruct is not None:
        ways.append(SelfInstruct(spec.self_instruct, seeds, asker, wanted=spec.rows, seed=seed, holes=holes))
    if spec.evolve is not None:
        ways.append(Evolve(spec.evolve, seeds, asker, wanted=spec.rows, seed=seed))
    return _work(spec, ways, asker, journal, Topics([s.instruction for s in seeds]), stop, tell)


def label(
    spec: AugmentSpec, rows: Sequence[labelling.Unlabelled], asker: Asker, folder: Path, *, seed: int,
    parents: Sequence[str] = (), stop: Callable[[], bool] = lambda: False, tell: Tell = lambda done, of, figures: None,
) -> Worked:  # fmt: skip
    """Answers of a teacher to rows. The same call goes on where a stopped one was.

    Raises:
        LuthierError: see :func:`generate`.
    """
    settings = spec.label.model_dump(mode="json")
    header = _header("rows", settings, labelling.digest_of(rows), asker, seed, parents)
    journal = Journal.open(folder, header)
    return _work(spec, [labelling.Label(spec.label, rows, asker, seed=seed)], asker, journal, None, stop, tell)


def figures_of(folder: Path, spec: AugmentSpec | None = None) -> Figures:
    """The figures of what stands in a folder; topics as the last run counted them, which had the seeds."""
    journal = Journal.read(folder)
    alarm = (spec or AugmentSpec()).alarm
    ledger = Ledger(alarm, fills=_fills(journal, alarm))
    for line in journal.lines:
        ledger.add(line)
    path = folder / TOPICS
    topics = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return replace(ledger.figures(), topics=topics)


def file_rows(queue: Queue, store: Store, name: str) -> Artifact | None:
    """File what was decided as an artifact of kind ``augmented``; None while nothing is approved.

    Its parents are the seeds (or rows), the engine and the journal. An older filing of the queue stays.
    """
    filed = queue.filed()
    if not filed.approved:
        return None
    journal = queue.journal
    figures = figures_of(queue.folder)
    with store.draft("augmented") as draft:
        write_jsonl(draft.path / APPROVED, filed.approved)
        write_jsonl(draft.path / REJECTED, filed.rejected)
        write_jsonl(draft.path / PAIRS, filed.pairs)
        account = {**figures.to_dict(), "review": queue.counts(), "made_with": journal.header["settings"]}
        text = json.dumps(account, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        (draft.path / "report.json").write_text(text, encoding="utf-8")
        ways = sorted({one["augmented"]["by"] for one in filed.approved})
        meta = {"rows": len(filed.approved), "by": ", ".join(ways), "edited": len(filed.pairs)}
        parents = [*journal.header["parents"], f"journal:{name}#sha256={journal.digest()}"]
        return draft.commit(parents=parents, meta=meta, rows=(APPROVED, REJECTED, PAIRS))


def fingerprint(asker: Asker) -> str:
    """A digest of what decides the engine's answers, 16 hex digits."""
    facts = json.dumps(asker.engine.fingerprint(asker.adapter), sort_keys=True, default=str)
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def _fills(journal: Journal, alarm: AlarmSpec) -> Fills:
    settings = journal.header["settings"]
    holes = [hole_of(value, f"{journal.path}: toward") for value in settings.get("toward", ())]
    return Fills(holes, alarm, (settings.get("self_instruct") or {}).get("patience", 1))


def _header(
    what: str, settings: Mapping[str, Any], digest: str, asker: Asker, seed: int, parents: Sequence[str]
) -> dict[str, Any]:
    made = {"version": VERSION, what: digest, "settings": settings, "engine": fingerprint(asker), "seed": seed}
    return {**made, "parents": list(parents)}


def _work(
    spec: AugmentSpec, ways: Sequence[Way], asker: Asker, journal: Journal, topics: Topics | None,
    stop: Callable[[], bool], tell: Tell,
) -> Worked:  # fmt: skip
    ledger = Ledger(spec.alarm, topics, _fills(journal, spec.alarm))
    for line in journal.lines:
        ledger.add(line)

    def collapsed() -> bool:
        found = ledger.collapse() if spec.alarm.stop else None
        return found is not None and found.alarm

    def told(way: Way, line: Mapping[str, Any]) -> None:
        ledger.add(line)
        tell(*way.progress, ledger.figures())

    for way in ways:
        drive(way, asker.engine, journal, stop=lambda: stop() or collapsed(), tell=told)
    if collapsed():
        reason = "collapse"
    elif any(isinstance(way, SelfInstruct) and way.exhausted for way in ways):
        reason = "exhausted"
    else:
        reason = "done" if all(way.step() is None for way in ways) else "stopped"
    figures = ledger.figures()
    if topics is not None:
        write_whole(journal.folder / TOPICS, json.dumps(dict(figures.topics), ensure_ascii=False).encode())
    return Worked(figures, reason)
