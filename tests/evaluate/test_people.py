"""Asking people: blind tasks in a seeded order, the key apart, and what comes back in the ledger."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from luthier.errors import LuthierError
from luthier.evaluate import Ledger, gate, people, write_ledger
from luthier.evaluate.ledger import read_ledger
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import VerdictKind

QUESTIONS = {f"{i:05d}": f"question {i}" for i in range(40)}


@pytest.fixture
def ledger(make_rows: Callable[..., Any], make_ledger: Callable[..., Ledger]) -> Ledger:
    """40 items; two of them answered alike by both."""
    base = [f"base says {i}" if i > 1 else "same" for i in range(40)]
    tuned = [f"=tuned says {i}" if i > 1 else "same" for i in range(40)]
    return make_ledger(make_rows("base", [0.0] * 40, answers=base), make_rows("tuned", [1.0] * 40, answers=tuned))


def fill(path: Path, tasks: people.Tasks, vote: Callable[[str, dict[str, str]], str], column: str = "vote") -> Path:
    """A person's copy: ``vote`` gets the item and what the key says."""
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(keepends=True)))
    for row in rows:
        row[column] = vote(tasks.key[row["task"]]["item"], dict(tasks.key[row["task"]]))
    return path.parent / "x" if not rows else _write(path, rows)


def _write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as out:
        table = csv.DictWriter(out, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


def side_of(key: dict[str, str], system: str) -> str:
    return "left" if key["left"] == system else "right"


def test_tasks_are_blind_and_their_order_comes_from_the_seed(ledger: Ledger, tmp_path: Path) -> None:
    one, same, other = (people.make_tasks(ledger, "ledger-1", seed=s) for s in (1, 1, 2))
    assert one == same and one.name != other.name
    assert [k["item"] for k in one.key.values()] != [k["item"] for k in other.key.values()]
    lefts = [k["left"] for k in one.key.values()]
    assert 8 <= lefts.count("tuned") <= 30 and len(lefts) == 38 and one.ties == ("00000", "00001")
    path = people.write_tasks(one, ledger, QUESTIONS, tmp_path / "tasks")
    assert sorted(p.name for p in path.parent.iterdir()) == ["how.txt", "tasks.csv"]
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(keepends=True)))
    key = one.key[rows[0]["task"]]
    said = {"base": f"base says {int(key['item'])}", "tuned": f"'=tuned says {int(key['item'])}"}
    assert (rows[0]["left"], rows[0]["right"]) == (said[key["left"]], said[key["right"]]), "no cell is computed"
    assert rows[0]["question"] == QUESTIONS[key["item"]] and rows[0]["vote"] == ""
    with pytest.raises(LuthierError, match="tasks here already"):
        people.write_tasks(one, ledger, QUESTIONS, tmp_path / "tasks")
    few = people.make_tasks(ledger, "ledger-1", most=10, seed=1)
    assert len(few.key) + len(few.ties) == 10


def test_votes_come_back_as_verdicts_on_makers_and_the_gate_reads_them(ledger: Ledger, tmp_path: Path) -> None:
    """Two like the tuned model's answers, one the base's: a win on every pair, ties where answers are equal."""
    tasks = people.make_tasks(ledger, "ledger-1", seed=3)
    table = people.write_tasks(tasks, ledger, QUESTIONS, tmp_path / "tasks")
    files = []
    for who, system in (("anna", "tuned"), ("ben", "tuned"), ("cleo", "base")):
        copy = tmp_path / f"{who}.csv"
        copy.write_bytes(table.read_bytes())
        files.append(fill(copy, tasks, lambda item, key, system=system: side_of(key, system)))  # type: ignore[misc]
    told = people.read_tables(files)
    assert told.people == ("anna", "ben", "cleo")
    voted = people.votes_of(tasks, told, ledger, QUESTIONS)
    assert len(voted) == 40 and {v.majority for v in voted} == {0.5, 1.0}
    assert voted[2].votes == {"anna": "a", "ben": "a", "cleo": "b"} and voted[2].a.startswith("=tuned")
    new = people.with_people(ledger, people.rows_of(tasks, told, ledger), people.agreement_of(tasks, told))
    assert new.facts["people"]["alpha"] < 0 and new.facts["people"]["shared"] == 38
    (tmp_path / "ledger").mkdir()
    write_ledger(tmp_path / "ledger", new)
    spec = EvaluateSpec.model_validate({"target": "people", "baselines": ["base"]})
    verdict = gate(read_ledger(tmp_path / "ledger"), spec)
    (line,) = verdict.results
    assert verdict.kind is VerdictKind.PROMOTE and line.n == 40 and line.candidate == pytest.approx(97.5)
    shown = [r for r in gate(new).results if r.metric == "people"]
    assert [r.status for r in shown] == ["described"], "where the recipe does not name them they are shown"


def test_a_target_of_people_is_undecided_until_they_are_asked(ledger: Ledger) -> None:
    spec = EvaluateSpec.model_validate({"target": "people", "baselines": ["base"]})
    assert gate(ledger, spec).kind is VerdictKind.INCONCLUSIVE


def test_marks_are_shares_of_each_answer(ledger: Ledger, tmp_path: Path) -> None:
    tasks = people.make_tasks(ledger, "ledger-1", kind="marks", most=20, seed=3)
    assert len(tasks.key) == 40 and not tasks.ties
    path = people.write_tasks(tasks, ledger, QUESTIONS, tmp_path / "tasks")
    fill(path, tasks, lambda item, key: "5" if key["shown"] == "tuned" else "2", "mark")
    told = people.read_tables([path])
    rows = people.rows_of(tasks, told, ledger)
    values = {s: {r.value("people") for r in rows if r.system == s} for s in ("base", "tuned")}
    assert values == {"base": {0.25}, "tuned": {1.0}} and not people.votes_of(tasks, told, ledger, QUESTIONS)


def test_blank_lines_are_no_votes_and_nonsense_is_refused_by_line(ledger: Ledger, tmp_path: Path) -> None:
    tasks = people.make_tasks(ledger, "ledger-1", seed=3)
    path = people.write_tasks(tasks, ledger, QUESTIONS, tmp_path / "tasks")
    with pytest.raises(LuthierError, match="nobody has voted yet"):
        people.read_tables([path])
    fill(path, tasks, lambda item, key: side_of(key, "tuned") if int(item) % 2 else "")
    told = people.read_tables([path])
    assert len(told.said) == len([k for k in tasks.key.values() if int(k["item"]) % 2])
    fill(path, tasks, lambda item, key: "both")
    with pytest.raises(LuthierError) as refused:
        people.read_tables([path])
    assert "'both' is no vote" in refused.value.what and refused.value.where == "tasks.csv:2"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(LuthierError, match="no table of tasks"):
        people.read_tables([path])
    path.write_text(f"task;vote\n{tasks.name}-0001;left\n{tasks.name}-0001;right\n")
    with pytest.raises(LuthierError, match="judged task"):
        people.read_tables([path])
    path.write_text(f"task;vote\n{tasks.name}-9999;left\n")
    with pytest.raises(LuthierError, match="there is no task"):
        people.rows_of(tasks, people.read_tables([path]), ledger)


def test_the_key_is_read_as_it_was_written(ledger: Ledger, tmp_path: Path) -> None:
    tasks = people.make_tasks(ledger, "ledger-1", seed=3)
    people.save_key(tasks, tmp_path)
    assert people.read_key(tmp_path / people.KEY) == tasks
    assert "says" not in json.dumps(tasks.to_dict()), "no text of a row"
