"""The human gate: which rows wait, what was decided about each, and what may be trained on.

The queue is worked out from the journal (rows) and ``decisions.jsonl`` (one line a decision, flushed at once), so
nothing is lost whatever happens between two decisions. An edit keeps the original: the edited answer is preferred to
it. Showing rows and reading keys is the command line's work.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from luthier.augment.journal import Journal
from luthier.errors import LuthierError, UsageError, did_you_mean
from luthier.records import Example, Message
from luthier.text import family_name

DECISIONS = "decisions.jsonl"
Do = Literal["approve", "reject", "edit", "skip", "undo"]
_TEXTS = ("nearest_text", "others", "place")
"""Facts of a waiting row that quote other rows, or mean something inside the journal only; they are not filed."""


@dataclass(frozen=True)
class Decision:
    """What was decided about a row. ``answer`` and ``prompt`` are the new texts of an edit (None: unchanged)."""

    row: str
    do: Do
    reason: str = ""
    answer: str | None = None
    prompt: str | None = None
    by: str = "person"


@dataclass(frozen=True)
class Filed:
    """What a review comes to: rows that may be trained on, rows that may not, and pairs that edits made."""

    approved: tuple[dict[str, Any], ...]
    rejected: tuple[dict[str, Any], ...]
    pairs: tuple[dict[str, Any], ...]


class Queue:
    """The rows of one augmentation and the decisions about them. One process at a time writes (the caller locks)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal.read(folder)
        found = [made for line in self.journal.lines for made in line.get("rows", ())]
        found.sort(key=lambda made: made["augmented"].get("agreement", 2.0))  # the least agreed on first
        self.rows: dict[str, dict[str, Any]] = {made["id"]: made for made in found}
        self._stack = list(_decisions(folder / DECISIONS))

    @property
    def decided(self) -> dict[str, Decision]:
        """Row id -> the decision that stands."""
        return {d.row: d for d in self._stack if d.row in self.rows}

    def waiting(self) -> list[dict[str, Any]]:
        """Rows without a decision, in the order to look at them."""
        decided = self.decided
        return [made for name, made in self.rows.items() if name not in decided]

    def counts(self) -> dict[str, int]:
        """How many rows wait, are approved (edited ones are counted there too) and are rejected."""
        kinds = [decision.do for decision in self.decided.values()]
        return {
            "rows": len(self.rows),
            "waiting": len(self.rows) - len(kinds),
            "approved": kinds.count("approve") + kinds.count("edit"),
            "edited": kinds.count("edit"),
            "rejected": kinds.count("reject"),
        }

    def check(self, decision: Decision) -> Decision:
        """The decision with its row's whole id (a unique beginning is enough), if it can be carried out.

        Raises:
            UsageError: no such row, an edit without a change, or a rejection without a reason.
        """
        decision = replace(decision, row=self._find(decision.row))
        if decision.do == "reject" and not decision.reason.strip():
            raise UsageError("a rejection needs a reason", where=decision.row, why="nobody can learn from it otherwise")
        if decision.do == "edit" and _edited(self.rows[decision.row], decision).id == decision.row:
            raise UsageError("the edit changes nothing", where=decision.row, fix="approve it instead")
        return decision

    def decide(self, decision: Decision) -> None:
        """Record a decision; a later one about the same row replaces it. A skipped row goes on waiting.

        Raises:
            UsageError: see :meth:`check`.
        """
        decision = self.check(decision)
        if decision.do != "skip":
            self._write(asdict(decision))
            self._stack.append(decision)

    def undo(self) -> Decision | None:
        """Take the last decision back; gives it, or None where there is none."""
        if not self._stack:
            return None
        self._write({"do": "undo"})
        return self._stack.pop()

    def _find(self, name: str) -> str:
        near = [row for row in self.rows if row.startswith(name)] if name else []
        if name in self.rows or len(near) == 1:
            return name if name in self.rows else near[0]
        what = f"{name!r} could be {len(near)} rows" if near else f"no row {name!r} waits here"
        raise UsageError(what, fix="write more of it" if near else did_you_mean(name, self.rows))

    def pass_rows(self, review: str, agree: float) -> int:
        """Approve what the recipe lets pass without a person; gives how many."""
        passed = 0
        for made in self.waiting() if review != "all" else ():
            agreement = made["augmented"].get("agreement")
            if review == "none" or (agreement is not None and agreement >= agree):
                self.decide(Decision(made["id"], "approve", by=f"recipe (augment.review: {review})"))
                passed += 1
        return passed

    def filed(self) -> Filed:
        """What the decisions come to, in the order of the queue."""
        approved, rejected, pairs = [], [], []
        decided = self.decided
        for name, made in self.rows.items():
            decision = decided.get(name)
            if decision is None:
                continue
            facts = {k: v for k, v in made["augmented"].items() if k not in _TEXTS}
            facts["review"] = {"do": decision.do, "by": decision.by}
            if decision.do == "reject":
                facts["review"]["reason"] = decision.reason
                rejected.append({**made, "augmented": facts})
                continue
            example = Example.from_dict(made)
            if decision.do == "edit":
                edited = _edited(made, decision)
                facts["edited_from"] = name
                if "family" not in facts:  # no child: the split must be told where it comes from
                    facts["question_of"] = family_name(example.asked)
                if edited.prompt == example.prompt:
                    pairs.append(_pair(edited, example, name))
                example = edited
            approved.append({**example.to_dict(), "augmented": facts})
        unique = {one["id"]: one for one in approved}
        return Filed(tuple(unique.values()), tuple(rejected), tuple(pairs))

    def _write(self, fields: Mapping[str, Any]) -> None:
        line = {k: v for k, v in fields.items() if v not in (None, "")}
        data = json.dumps({**line, "at": datetime.now(UTC).isoformat(timespec="seconds")}).encode() + b"\n"
        path = self.folder / DECISIONS
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            end = os.lseek(handle, 0, os.SEEK_END)
            if end and os.pread(handle, 1, end - 1) != b"\n":  # a torn line stays alone on its line
                data = b"\n" + data
            os.write(handle, data)
            os.fsync(handle)
        finally:
            os.close(handle)


def decision_of(value: Mapping[str, Any], where: str) -> Decision:
    """A line of a decisions file: ``{"row": ID, "do": "approve" | "reject" | "edit" | "skip", …}``.

    Raises:
        UsageError: it is none.
    """
    known: tuple[Do, ...] = ("approve", "reject", "edit", "skip")
    do, name = next((word for word in known if word == value.get("do")), None), value.get("row")
    if do is None or not isinstance(name, str):
        what = "a decision names a row" if do else f"no decision is called {value.get('do')!r}"
        fix = 'write {"row": "ID", "do": "approve"}' if do else did_you_mean(str(value.get("do")), known)
        raise UsageError(what, where=where, fix=fix)
    texts = {key: value.get(key) for key in ("reason", "answer", "prompt", "by")}
    wrong = [key for key, text in texts.items() if text is not None and not isinstance(text, str)]
    if wrong:
        raise UsageError(f"{wrong[0]} is not text", where=where)
    return Decision(
        name, do, reason=texts["reason"] or "", answer=texts["answer"], prompt=texts["prompt"],
        by=texts["by"] or "decisions file",
    )  # fmt: skip


def why(made: Mapping[str, Any]) -> str:
    """How a waiting row came to be, in a few words."""
    facts = made["augmented"]
    if facts["by"] == "label":
        agreement = facts.get("agreement")
        told = f"; {facts['samples']} samples agree {agreement:.2f}" if agreement is not None else ""
        return f"a teacher's answer to {facts.get('origin') or facts['seed']}{told}"
    if facts["by"] == "self_instruct":
        kind = "classification task" if facts.get("classification") else "task"
        return f"a new {kind}, written after {len(facts['parents'])} shown tasks"
    return f"{facts['by']} of row {facts['parents'][0]} (round {facts['round']})"


def _edited(made: Mapping[str, Any], decision: Decision) -> Example:
    example = Example.from_dict(made)
    *before, asked, answer = example.messages
    if decision.prompt is not None:
        asked = Message(asked.role, decision.prompt.strip())
    if decision.answer is not None:
        answer = Message("assistant", decision.answer.strip())
    if not asked.content or not answer.content:
        raise UsageError("an edit cannot leave the prompt or the answer empty", where=decision.row, fix="reject it")
    return Example(messages=(*before, asked, answer))


def _pair(chosen: Example, rejected: Example, name: str) -> dict[str, Any]:
    return {
        "id": chosen.id,
        "prompt": [message.to_dict() for message in chosen.prompt],
        "chosen": [chosen.messages[-1].to_dict()],
        "rejected": [rejected.messages[-1].to_dict()],
        "edited_from": name,
    }


def _decisions(path: Path) -> Iterator[Decision]:
    """Decisions that stand, oldest first. A torn line is passed over."""
    stack: list[Decision] = []
    for raw in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            value = json.loads(raw)
        except ValueError:
            continue
        if value.get("do") == "undo":
            if stack:
                stack.pop()
        else:
            try:
                stack.append(decision_of(value, str(path)))
            except UsageError as error:
                raise LuthierError(f"a decision cannot be read: {error.what}", where=path) from None
    yield from stack
