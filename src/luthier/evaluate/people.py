"""Asking people: blind tasks as files, read back as votes and as rows of the ledger.

Side by side, a person sees the question and two answers without their makers; which stands left, and the order of the
tasks, come from a seed. For marks each answer is a task by itself. What belongs to which maker stands in a key that is
kept in the store, never in the folder with the tasks. Equal answers are not shown: they tie.

A file is one person's, and its name is theirs. A task without a vote is simply not judged by them. Statistics of what
they said are ``reliability``'s and the gate's.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from luthier.errors import LuthierError, UsageError
from luthier.evaluate.jury import people_row
from luthier.evaluate.ledger import TEST, Ledger, Row, digest
from luthier.evaluate.systems import BASE, TUNED
from luthier.evaluate.votes import Voted
from luthier.records import Score
from luthier.score.judge import MARKS
from luthier.stats import krippendorff_alpha

Kind = Literal["pairs", "marks"]
EQUAL = "equal answers"
"""Who votes "tie" where both answers are the same text."""
KEY = "key.json"
TASKS = "tasks.csv"
HOW = "how.txt"
_SIDES = {"left": "left", "l": "left", "right": "right", "r": "right", "tie": "tie", "t": "tie", "=": "tie"}
_HOW = {
    "pairs": """\
Each line of tasks.csv is a question with two answers. Write left, right or tie into the column "vote": which answer
is better? Weigh whether it is right, does what was asked and helps; length and look mean nothing.
""",
    "marks": """\
Each line of tasks.csv is a question with an answer. Write a mark from 1 (wrong or useless) to 5 (what an expert
would write) into the column "mark". Length and look mean nothing.
""",
}
_COPY = """
Everybody who helps fills in a copy of their own, named after them (anna.csv). Leave a line blank if you cannot tell.
Change nothing else. Then: luthier eval votes anna.csv ben.csv
"""


@dataclass(frozen=True)
class Tasks:
    """What people are asked. ``name`` begins the name of every task; ``key`` says by task which item it is, and which
    system made the answers that it shows (left and right, or one). ``ties`` are items of equal answers."""

    name: str
    kind: Kind
    seed: int
    key: Mapping[str, Mapping[str, str]]
    ties: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The key's file: names only, no text of a row."""
        return {"name": self.name, "kind": self.kind, "seed": self.seed, "key": {k: dict(v) for k, v in
                self.key.items()}, "ties": list(self.ties)}  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Tasks:
        """Read what :meth:`to_dict` wrote."""
        return cls(data["name"], data["kind"], data["seed"], data["key"], tuple(data["ties"]))


def make_tasks(ledger: Ledger, ledger_id: str, *, kind: Kind = "pairs", most: int = 100, seed: int = 0) -> Tasks:
    """A random draw of at most ``most`` test items, what ships against the base.

    Raises:
        LuthierError: the base and what ships did not both answer.
    """
    base, tuned = ledger.of(TEST, BASE), ledger.of(TEST, TUNED)
    items = sorted(i for i in base.keys() & tuned.keys() if base[i].answer is not None and tuned[i].answer is not None)
    if not items:
        raise LuthierError(
            "there are no answers of base and tuned model to compare", where="luthier eval ask",
            fix="evaluate.baselines must name base",
        )  # fmt: skip
    draw = random.Random(f"{seed} {kind} {len(items)}")
    drawn = sorted(draw.sample(items, min(most, len(items))))
    name = digest([ledger_id, kind, seed, drawn])[:8]
    ties = tuple(i for i in drawn if base[i].answer == tuned[i].answer) if kind == "pairs" else ()
    shown: list[dict[str, str]] = []
    for item in drawn:
        if kind == "marks":
            shown += [{"item": item, "shown": system} for system in (BASE, TUNED)]
        elif item not in ties:
            left, right = draw.sample((BASE, TUNED), 2)
            shown.append({"item": item, "left": left, "right": right})
    draw.shuffle(shown)
    return Tasks(name, kind, seed, {f"{name}-{n:04d}": one for n, one in enumerate(shown, start=1)}, ties)


def write_tasks(tasks: Tasks, ledger: Ledger, questions: Mapping[str, str], folder: Path) -> Path:
    """The tasks as a table (opens in any spreadsheet) with a page on how to fill it in; gives the table's path.

    Raises:
        LuthierError: the folder holds tasks already.
    """
    path = folder / TASKS
    if path.exists():
        raise LuthierError("there are tasks here already", where=path, fix="name another folder: -o FOLDER")
    folder.mkdir(parents=True, exist_ok=True)
    rows = {system: ledger.of(TEST, system) for system in (BASE, TUNED)}
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(("task", "question", "left", "right", "vote") if tasks.kind == "pairs" else
                   ("task", "question", "answer", "mark"))  # fmt: skip
    for name, one in tasks.key.items():
        sides = ("left", "right") if tasks.kind == "pairs" else ("shown",)
        texts = [questions[one["item"]], *(rows[one[side]][one["item"]].answer or "" for side in sides)]
        table.writerow((name, *map(_cell, texts), ""))
    path.write_text(out.getvalue(), encoding="utf-8-sig", errors="replace", newline="")
    (folder / HOW).write_text(_HOW[tasks.kind] + _COPY, encoding="utf-8")
    return path


def _cell(text: str) -> str:
    """A spreadsheet would compute what begins with such a sign."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


@dataclass(frozen=True)
class Told:
    """What people said: by task, by person; values are votes (left, right, tie) or marks from 1 to 5."""

    name: str
    said: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(who for votes in self.said.values() for who in votes))


def read_tables(paths: Sequence[Path]) -> Told:
    """Filled-in tables, one per person.

    Raises:
        LuthierError: a table that is none, a vote that is none, a task twice, tables of different tasks, no vote.
    """
    said: dict[str, dict[str, str]] = {}
    names: set[str] = set()
    for path in paths:
        who = path.stem
        for where, task, vote in _lines(path):
            names.add(task.partition("-")[0])
            if len(names) > 1:
                raise LuthierError(
                    "these tables are about different tasks", where=where,
                    why=f"tasks {' and '.join(sorted(names))}", fix="read those of one set at a time",
                )  # fmt: skip
            if who in said.get(task, ()):
                raise LuthierError(f"{who} judged task {task} twice", where=where, fix="keep one of the lines")
            said.setdefault(task, {})[who] = vote
    if not said:
        raise UsageError("nobody has voted yet", where=paths[0].name if paths else "", fix="fill in the last column")
    return Told(names.pop(), said)


def _lines(path: Path) -> Iterator[tuple[str, str, str]]:
    """(place, task, vote) of every line that has a vote."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise LuthierError(f"the table cannot be read: {error.strerror}", where=path.name) from None
    head = text.partition("\n")[0]
    table = csv.DictReader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",")
    column = next((c for c in ("vote", "mark") if c in (table.fieldnames or ())), None)
    if column is None or "task" not in (table.fieldnames or ()):
        raise LuthierError(
            "this is no table of tasks", where=path.name, why="it has no columns task and vote (or mark)",
            fix="fill in a copy of the tasks.csv that luthier eval ask wrote, and save it as CSV",
        )  # fmt: skip
    for row in table:
        vote = (row[column] or "").strip().lower()
        where = f"{path.name}:{table.line_num}"
        if not vote:
            continue
        known = _SIDES.get(vote) if column == "vote" else vote if vote in MARKS else None
        if known is None:
            fix = "write left, right or tie" if column == "vote" else "write a whole number from 1 to 5"
            raise LuthierError(f"{vote[:20]!r} is no {column}", where=where, fix=fix)
        yield where, (row["task"] or "").strip(), known


def votes_of(tasks: Tasks, told: Told, ledger: Ledger, questions: Mapping[str, str]) -> list[Voted]:
    """Pairs with everybody's vote, makers still unnamed in them: "a" is what shipped. Marks give none.

    Drawn items of equal answers are among them as ties, so that together they are a random draw of all items.

    Raises:
        LuthierError: a task that is not in the key.
    """
    _known(tasks, told)
    if tasks.kind != "pairs":
        return []
    base, tuned = ledger.of(TEST, BASE), ledger.of(TEST, TUNED)
    named = {item: {EQUAL: "tie"} for item in tasks.ties}
    for name, votes in told.said.items():
        named[tasks.key[name]["item"]] = _makers(tasks.key[name], votes)
    return [
        Voted(questions[i], tuned[i].answer or "", base[i].answer or "", votes, tuned[i].reference, i)
        for i, votes in named.items()
    ]


def _makers(one: Mapping[str, str], votes: Mapping[str, str]) -> dict[str, str]:
    """Votes for a side as votes for what shipped (a), the base (b) or neither."""
    return {who: "tie" if v == "tie" else "a" if one[v] == TUNED else "b" for who, v in votes.items()}


def rows_of(tasks: Tasks, told: Told, ledger: Ledger) -> list[Row]:
    """What people said as rows of the ledger (suite ``people``): of pairs what most said, of marks the mean.

    Raises:
        LuthierError: a task that is not in the key.
    """
    _known(tasks, told)
    answers = {system: ledger.of(TEST, system) for system in (BASE, TUNED)}
    found: dict[str, dict[str, Score]] = {item: {BASE: _EVEN, TUNED: _EVEN} for item in tasks.ties}
    for name, votes in told.said.items():
        one = tasks.key[name]
        if tasks.kind == "pairs":
            sides = _makers(one, votes)
            value = Voted("", "", "", sides).majority
            counts = {f"votes.{side}": float(list(sides.values()).count(side)) for side in ("a", "b", "tie")}
            found[one["item"]] = {BASE: _EVEN, TUNED: Score(value, f"{len(votes)} votes", counts)}
        else:
            mean = sum(int(v) - 1 for v in votes.values()) / (len(votes) * (len(MARKS) - 1))
            found.setdefault(one["item"], {})[one["shown"]] = Score(mean, f"{len(votes)} marks")
    whole = [(answers[TUNED][item], scores) for item, scores in sorted(found.items()) if len(scores) == 2]
    return [people_row(row, system, score) for row, scores in whole for system, score in scores.items()]


_EVEN = Score(0.5, "a tie")


def with_people(ledger: Ledger, rows: Sequence[Row], facts: Mapping[str, Any]) -> Ledger:
    """The ledger with what people said in it. What was said before of other items stays."""
    new = {row.place for row in rows}
    spec = dict(ledger.facts["spec"])
    if all(m["kind"] != "people" for m in (*spec["target"], *spec["also"])):
        spec["also"] = [*spec["also"], {"kind": "people"}]
    kept = [r for r in ledger.rows if r.place not in new]
    return Ledger((*kept, *rows), {**ledger.facts, "spec": spec, "people": dict(facts)})


def agreement_of(tasks: Tasks, told: Told) -> dict[str, Any]:
    """How many judged, and how well they agree: Krippendorff's alpha over the tasks that several judged."""
    people = told.people
    table = [[votes.get(who) for who in people] for votes in told.said.values()]
    alpha = krippendorff_alpha(table)
    shared = sum(sum(v is not None for v in row) > 1 for row in table)
    return {"tasks": len(tasks.key), "judged": len(told.said), "people": len(people), "shared": shared,
            "alpha": None if alpha != alpha else alpha, "ties": len(tasks.ties)}  # fmt: skip


def save_key(tasks: Tasks, folder: Path) -> None:
    """Write the key into a draft of the store."""
    (folder / KEY).write_text(json.dumps(tasks.to_dict(), indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_key(path: Path) -> Tasks:
    """Read a key."""
    return Tasks.from_dict(json.loads(path.read_text(encoding="utf-8")))


def _known(tasks: Tasks, told: Told) -> None:
    strange = next((name for name in told.said if name not in tasks.key), None)
    if strange is not None:
        raise LuthierError(
            f"there is no task {strange!r}", where=told.name, why="the key of these tasks does not hold it",
            fix="leave the column task as it was written",
        )  # fmt: skip
