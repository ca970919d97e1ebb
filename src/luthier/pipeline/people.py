"""``luthier eval ask`` and ``luthier eval votes``: a run's answers before people, and what they said in its ledger.

The key of the tasks is an artifact of kind ``tasks``; the ledger with people's verdicts is a new one, a child of the
old one, and what ``luthier gate`` reads from then on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError
from luthier.evaluate import Ledger, gate, people, read_ledger
from luthier.evaluate.ledger import ROWS, TEST, write_ledger
from luthier.evaluate.systems import TUNED
from luthier.evaluate.votes import question_text
from luthier.pipeline.judge import ledger_of, uses
from luthier.records import Verdict

if TYPE_CHECKING:
    from luthier.store import Artifact, Store


@dataclass(frozen=True)
class Asked:
    """Tasks that were written: the table, how many, and the artifact that holds their key."""

    path: Path
    tasks: int
    equal: int
    key: str

    def to_dict(self) -> dict[str, Any]:
        return {"tasks": self.tasks, "equal": self.equal, "table": str(self.path), "key": self.key}


def ask_people(store: Store, candidate: str, folder: Path, *, marks: bool, most: int, seed: int) -> Asked:
    """Write blind tasks about a run's (or model's) answers into ``folder``.

    Raises:
        LuthierError: nothing of that name, it was never evaluated, or the folder holds tasks.
    """
    ledger = ledger_of(store, candidate)
    rows = read_ledger(ledger)
    tasks = people.make_tasks(rows, ledger.id, kind="marks" if marks else "pairs", most=most, seed=seed)
    path = people.write_tasks(tasks, rows, _questions(store, ledger, rows), folder)
    with store.draft("tasks") as draft:
        people.save_key(tasks, draft.path)
        meta = {"name": tasks.name, "kind": tasks.kind, "seed": tasks.seed, "tasks": len(tasks.key)}
        key = draft.commit([ledger.id], meta=meta)
    return Asked(path, len(tasks.key), len(tasks.ties), key.id)


@dataclass(frozen=True)
class Counted:
    """Votes that were read: how people agree, the new ledger, the verdict on it, and the file of pairs with votes."""

    agreement: dict[str, Any]
    ledger: str
    verdict: Verdict
    votes: Path | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "agreement": self.agreement, "ledger": self.ledger, "verdict": self.verdict.to_dict(),
            "votes": None if self.votes is None else str(self.votes),
        }  # fmt: skip


def count_votes(store: Store, tables: Sequence[Path], output: Path | None = None) -> Counted:
    """Read filled-in tables, file what they say in the ledger they are about, and write the pairs with their votes.

    Raises:
        LuthierError: a table that is wrong (file and line), or tasks that this store does not know.
    """
    told = people.read_tables(tables)
    key = next((a for a in store.artifacts("tasks") if a.meta.get("name") == told.name), None)
    if key is None:
        raise LuthierError(
            f"this store has no key of the tasks {told.name}", where=tables[0].name,
            why="which answer is whose stands in the key alone", fix="LUTHIER_HOME=… the store that wrote the tasks",
        )  # fmt: skip
    tasks = people.read_key(key.file(people.KEY))
    ledger = store.get(next(p for p in key.parents if p.startswith("ledger-")))
    rows = read_ledger(ledger)
    votes = people.votes_of(tasks, told, rows, _questions(store, ledger, rows))
    made = people.rows_of(tasks, told, rows)
    agreement = people.agreement_of(tasks, told)
    filed = _filed(store, ledger, key, people.with_people(rows, made, {**agreement, "seed": tasks.seed}))
    path = None
    if votes:
        path = output or tables[0].parent / f"votes-{told.name}.jsonl"
        path.write_text("".join(json.dumps(v.to_dict(), ensure_ascii=False) + "\n" for v in votes), encoding="utf-8")
    verdict = gate(read_ledger(filed), test_use=uses(store, filed))
    return Counted(agreement, filed.id, verdict, path)


def _filed(store: Store, ledger: Artifact, key: Artifact, new: Ledger) -> Artifact:
    with store.draft("ledger") as draft:
        write_ledger(draft.path, new)
        filed = draft.commit(
            [*ledger.parents, ledger.id, key.id], meta=dict(ledger.meta), rows=(ROWS,), facts=dict(ledger.facts)
        )
    run = next((r for r in store.runs() if ledger.id in r.made.get("evaluate", ())), None)
    if run is not None:
        run.attach("evaluate", filed)
    return filed


def _questions(store: Store, ledger: Artifact, rows: Ledger) -> dict[str, str]:
    """What was asked, by test item, from the dataset that the ledger was made on.

    Raises:
        LuthierError: the dataset is not in the store any more.
    """
    from luthier.data import examples

    data = next((p for p in ledger.parents if p.startswith("dataset-")), None)
    if data is None:
        raise LuthierError("the rows of this evaluation are not known", where=ledger.id, fix="luthier run it again")
    by_id = {e.id: question_text(e.prompt) for e in examples(store.get(data), "test")}
    found = {item: by_id[row.id] for item, row in rows.of(TEST, TUNED).items() if row.id in by_id}
    if len(found) < len(rows.of(TEST, TUNED)):
        missing = len(rows.of(TEST, TUNED)) - len(found)
        raise LuthierError(f"{missing:,} test rows are not there any more", where=data, fix="luthier run it again")
    return found
