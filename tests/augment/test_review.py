"""The human gate: nothing passes without a decision, decisions survive, edits keep what they changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from luthier.augment import Asker, Decision, Queue, Seed, file_rows, generate, label, unlabelled
from luthier.augment.review import DECISIONS, decision_of
from luthier.augment.work import APPROVED, PAIRS, REJECTED
from luthier.engines.scripted import ScriptedEngine
from luthier.errors import UsageError
from luthier.recipe.augment import AugmentSpec, LabelSpec
from luthier.records import Message
from luthier.store import Store
from luthier.store.rowfile import is_erased


@pytest.fixture
def folder(seeds: Sequence[Seed], asker: Asker, tmp_path: Path) -> Path:
    (tmp_path / "queue").mkdir()
    parents = ["source:seeds.jsonl#sha256=" + "a" * 64]
    generate(AugmentSpec(rows=6), seeds, asker, tmp_path / "queue", seed=0, parents=parents)
    return tmp_path / "queue"


def read(path: Path) -> list[dict]:  # type: ignore[type-arg]
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_nothing_is_filed_before_somebody_approves(folder: Path, tmp_path: Path) -> None:
    queue = Queue(folder)
    assert queue.counts()["waiting"] == len(queue.rows) >= 6
    assert file_rows(queue, Store.open(tmp_path), "q") is None


def test_decisions_survive_and_can_be_taken_back(folder: Path) -> None:
    queue = Queue(folder)
    first, second, third, *_ = queue.rows
    queue.decide(Decision(first, "approve"))
    queue.decide(Decision(second, "reject", reason="nonsense"))
    queue.decide(Decision(third, "skip"))
    again = Queue(folder)
    assert again.counts() == {**queue.counts(), "approved": 1, "rejected": 1}
    assert third in {made["id"] for made in again.waiting()}
    undone = again.undo()
    assert undone is not None and undone.row == second
    assert Queue(folder).counts()["rejected"] == 0 and Queue(folder).counts()["approved"] == 1
    Queue(folder).undo()
    assert Queue(folder).undo() is None


def test_a_torn_decision_is_passed_over_and_the_next_one_is_whole(folder: Path) -> None:
    first, second, *_ = Queue(folder).rows
    Queue(folder).decide(Decision(first, "approve"))
    path = folder / DECISIONS
    path.write_bytes(path.read_bytes() + b'{"row": "' + second.encode() + b'", "do": "app')
    queue = Queue(folder)
    assert queue.counts()["approved"] == 1
    queue.decide(Decision(second, "reject", reason="no"))
    assert Queue(folder).counts() | {"rows": 0, "waiting": 0} == {
        "rows": 0, "waiting": 0, "approved": 1, "edited": 0, "rejected": 1,
    }  # fmt: skip


def test_an_edit_is_filed_with_its_original_as_the_worse_answer(folder: Path, tmp_path: Path) -> None:
    store, queue = Store.open(tmp_path), Queue(folder)
    first, second, third, fourth, *_ = queue.rows
    queue.decide(Decision(first, "edit", answer="A better answer."))
    queue.decide(Decision(second, "edit", prompt="Another question?"))
    queue.decide(Decision(third, "approve"))
    queue.decide(Decision(fourth, "reject", reason="wrong"))
    artifact = file_rows(queue, store, "q")
    assert artifact is not None and artifact.kind == "augmented"
    approved = read(artifact.file(APPROVED))
    assert len(approved) == 3
    edited = next(one for one in approved if one["augmented"].get("edited_from") == first)
    assert edited["messages"][-1]["content"] == "A better answer." and edited["id"] != first
    (pair,) = read(artifact.file(PAIRS))  # an edited prompt has no worse answer to it
    assert pair["chosen"][0]["content"] == "A better answer."
    assert pair["rejected"] == [queue.rows[first]["messages"][-1]] and pair["prompt"] == edited["messages"][:-1]
    (rejected,) = read(artifact.file(REJECTED))
    assert rejected["augmented"]["review"] == {"do": "reject", "by": "person", "reason": "wrong"}
    whole = "".join((artifact.path / name).read_text() for name in (APPROVED, PAIRS, "report.json"))
    assert "nearest_text" not in whole  # no row quotes another one, and the account names none
    assert not any(made in artifact.file("report.json").read_text() for made in queue.rows)
    assert {parent.partition(":")[0] for parent in artifact.parents} == {"source", "journal"}
    assert store.verify() == []


def test_lineage_of_a_row_tells_how_it_was_made(folder: Path, tmp_path: Path) -> None:
    store, queue = Store.open(tmp_path), Queue(folder)
    first = next(iter(queue.rows))
    queue.decide(Decision(first, "approve"))
    artifact = file_rows(queue, store, "q")
    assert artifact is not None
    node = store.lineage(first)
    (holder,) = node.children
    facts = dict(holder.facts)
    assert holder.id == artifact.id and facts["by"] == "self_instruct" and facts["review"] == "approve, person"
    assert facts["seed"] == queue.rows[first]["augmented"]["seed"]
    store.erase([first])
    assert dict(store.lineage(first).children[0].facts) == {}
    assert is_erased(read(artifact.file(APPROVED))[0]) and store.verify() == []


def test_a_second_filing_with_nothing_new_is_the_same_artifact(folder: Path, tmp_path: Path) -> None:
    store, queue = Store.open(tmp_path), Queue(folder)
    queue.decide(Decision(next(iter(queue.rows)), "approve"))
    first = file_rows(queue, store, "q")
    assert first is not None and file_rows(Queue(folder), store, "q") == first


def test_bad_decisions_are_refused(folder: Path) -> None:
    queue = Queue(folder)
    row = next(iter(queue.rows))
    answer = queue.rows[row]["messages"][-1]["content"]
    for decision, what in (
        (Decision("feedbeef", "approve"), "no row"),
        (Decision("", "approve"), "no row"),
        (Decision(row, "reject"), "needs a reason"),
        (Decision(row, "edit"), "changes nothing"),
        (Decision(row, "edit", answer=answer + "  "), "changes nothing"),
        (Decision(row, "edit", answer="  "), "empty"),
    ):
        with pytest.raises(UsageError, match=what):
            queue.decide(decision)
    wrong = ({"row": row}, {"row": row, "do": "aprove"}, {"do": "approve"}, {"row": row, "do": "edit", "answer": 3})
    for value in wrong:
        with pytest.raises(UsageError):
            decision_of(value, "file:1")
    assert not (folder / DECISIONS).exists()
    queue.decide(Decision(row[:9], "approve"))  # the beginning of an id is enough
    assert queue.decided[row].do == "approve"


def test_what_the_recipe_lets_pass(tmp_path: Path) -> None:
    rows = unlabelled([(f"r:{n}", (Message("user", f"Question {n}?"),)) for n in range(4)])
    said = iter(["a", "a", "b", "b", "c", "d", "e", "f"])
    asker = Asker(ScriptedEngine(lambda request: next(said)))
    label(AugmentSpec(label=LabelSpec(samples=2)), rows, asker, tmp_path, seed=0)
    queue = Queue(tmp_path)
    assert queue.pass_rows("all", 0.8) == 0
    assert queue.pass_rows("disagreements", 0.8) == 2
    assert [made["augmented"]["agreement"] for made in queue.waiting()] == [0.0, 0.0]
    assert {d.by for d in queue.decided.values()} == {"recipe (augment.review: disagreements)"}
    assert queue.pass_rows("none", 0.8) == 2 and not queue.waiting()
