"""Two versions of a dataset side by side: rows added, removed, changed and moved, each with the rule that did it.

Rows are matched by content first; what is left, by its place in a source file that is the same in both, by its
question (also as it reads when masked), and by its place in a file that changed, where the texts still look alike.
Every row of both versions is counted once. Linear in the number of rows. Reading datasets and recipes is the caller's
work (``pipeline.diff``).
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from luthier.data.duplicates import answer_of, system_of
from luthier.data.funnel import KEYS, cut
from luthier.data.split import name_of
from luthier.records import Example
from luthier.store import Artifact, is_erased
from luthier.text import normalise, personal, words

Kind = Literal["added", "removed", "changed", "moved"]
KINDS: tuple[Kind, ...] = ("added", "removed", "changed", "moved")
PLACES = ("train", "validation", "test")
ROWS = "rows"
"""The one place of a version that is a file of rows and no dataset: it has no sides."""
_ALIKE = 0.5
_MOVE_KEYS = ("data.split", "data.test", "data.leak_similarity", "data.dedupe.semantic", "data.vectors")
_CHANGE_KEYS = ("data.map", "data.thread", "data.system", "data.personal", "data.shape", "data.on_overlong")
_LEAVE_KEYS = ("data.source", "data.replay", "data.test")


@dataclass(frozen=True, slots=True)
class Seat:
    """A row of a version and where it is: on a side, or "removed" or "quarantined" by a rule.

    ``example`` is None for a row that never became one; ``file`` and ``line`` are its place in the source.
    """

    id: str
    place: str
    file: str
    line: int
    example: Example | None
    rule: str = ""
    why: str = ""

    @property
    def origin(self) -> str:
        """``file:line``, or the empty string."""
        return f"{self.file}:{self.line}" if self.file else ""


@dataclass(frozen=True)
class Version:
    """One version: rows that are in it, rows that left it, and what it was read from (file name -> digest)."""

    name: str
    rows: tuple[Seat, ...]
    gone: tuple[Seat, ...]
    sources: Mapping[str, str]

    def counts(self) -> dict[str, int]:
        """Rows by place, and how many left."""
        places = dict(Counter(seat.place for seat in self.rows))
        return places | ({"gone": len(self.gone)} if self.gone else {})


@dataclass(frozen=True, slots=True)
class Change:
    """One row that differs. ``reason`` is in words; ``keys`` are recipe keys that differ and bear on it."""

    kind: Kind
    before: Seat | None
    after: Seat | None
    reason: str
    rule: str = ""
    keys: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    detail: str = ""

    @property
    def way(self) -> str:
        """From which place to which."""
        old, new = (seat.place if seat else "" for seat in (self.before, self.after))
        return f"{old} → {new}" if old and new and old != new else new or old

    def to_dict(self) -> dict[str, Any]:
        """JSON form; the text is that of the newer row."""
        seat = self.after or self.before
        assert seat is not None
        return {
            "kind": self.kind, "id": seat.id, "was": self.before.id if self.before else None,
            "from": self.before.place if self.before else None, "to": self.after.place if self.after else None,
            "origin": seat.origin, "rule": self.rule, "reason": self.reason, "detail": self.detail,
            "keys": list(self.keys), "fields": list(self.fields), "text": _text(seat),
        }  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """What :func:`compare` found: rows that stayed as they are, and every other one."""

    same: int
    changes: tuple[Change, ...]
    keys: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """How many rows of each kind."""
        found = Counter(change.kind for change in self.changes)
        return {"same": self.same, **{kind: found[kind] for kind in KINDS}}

    def reasons(self) -> list[dict[str, Any]]:
        """The changes summed up by what made them, most first within a kind."""
        groups = Counter((c.kind, c.reason, c.rule, c.keys, c.way if c.kind == "moved" else "") for c in self.changes)
        order = sorted(groups.items(), key=lambda item: (KINDS.index(item[0][0]), -item[1], item[0][1]))
        return [
            {"kind": kind, "reason": reason, "rule": rule, "keys": list(keys), "way": way, "rows": count}
            for (kind, reason, rule, keys, way), count in order
        ]


def version_of(dataset: Artifact) -> Version:
    """A dataset of the store; rows erased since are in neither list."""
    rows = [
        _seat(row, side)
        for side in PLACES
        for row in _lines(dataset, f"{side}.rows.jsonl")
    ]
    gone = [
        _left(line, place)
        for place, file in (("removed", "removed.jsonl"), ("quarantined", "quarantine.jsonl"))
        for line in _lines(dataset, file)
    ]
    sources = {}
    for parent in dataset.parents:
        name, _, digest = parent.partition("#sha256=")
        kind, _, rest = name.partition(":")
        sources[rest if kind == "source" and digest else parent] = digest or parent
    return Version(dataset.id, tuple(rows), tuple(gone), sources)


def version_of_rows(name: str, examples: Iterable[Example], sources: Mapping[str, str]) -> Version:
    """Rows of files that were not made a dataset."""
    rows = [_seat(example.to_dict(), ROWS) for example in examples]
    return Version(name, tuple(rows), (), sources)


def compare(old: Version, new: Version, keys: Mapping[str, tuple[Any, Any]] | None = None) -> Difference:
    """The differences, in the order of the newer version, removed rows last.

    ``keys`` are the recipe keys that differ, with both values; they are named where they bear on a row.
    """
    keys = keys or {}
    pairs, left_old, left_new = _matched(old, new)
    same, changes = 0, []
    for before, after in pairs:
        fields = _fields(before, after)
        if fields:
            reason = "its source file changed" if _file_changed(after, old, new) else "it was made another way"
            named = () if _file_changed(after, old, new) else _named(_CHANGE_KEYS, keys)
            detail = f"moved from {before.place} to {after.place}" if _moved(before, after) else ""
            changes.append(Change("changed", before, after, reason, "", named, fields, detail))
        elif _moved(before, after):
            named = _named(_MOVE_KEYS, keys)
            reason = "the split was asked for otherwise" if named else "its group of alike rows changed"
            changes.append(Change("moved", before, after, reason, "", named))
        else:
            same += 1
    was_gone, is_gone = _finder(old, new), _finder(new, old)
    changes += [_added(seat, was_gone(seat), old, keys) for seat in left_new]
    changes += [_removed(seat, is_gone(seat), old, new, keys) for seat in left_old]
    changes.sort(key=lambda change: KINDS.index(change.kind))
    return Difference(same, tuple(changes), keys)


def _matched(old: Version, new: Version) -> tuple[list[tuple[Seat, Seat]], list[Seat], list[Seat]]:
    """Pairs of rows that are the same one, and the others; each round takes from what the rounds before left."""
    same_files = {file for file, digest in old.sources.items() if new.sources.get(file) == digest}

    def by_place(seat: Seat) -> Any:
        part = seat.example.meta.get("part") if seat.example else None
        return (seat.file, seat.line, part) if seat.file in same_files else None

    def by_line(seat: Seat) -> Any:
        return (seat.file, seat.line) if seat.file else None

    rounds: tuple[tuple[Callable[[Seat], Any], bool], ...] = (
        (lambda seat: (seat.id, seat.place), False), (lambda seat: seat.id, False), (by_place, False),
        (lambda seat: name_of(seat.example) if seat.example else None, False), (_masked, False), (by_line, True),
    )  # fmt: skip
    pairs: list[tuple[Seat, Seat]] = []
    left_old, left_new = list(old.rows), list(new.rows)
    for key, only_alike in rounds:
        waiting: dict[Any, deque[Seat]] = defaultdict(deque)
        for seat in left_old:
            if (name := key(seat)) is not None:
                waiting[name].append(seat)
        taken: set[int] = set()
        stay: list[Seat] = []
        for seat in left_new:
            partners = waiting.get(key(seat))
            if partners and (not only_alike or _alike(partners[0], seat)):
                partner = partners.popleft()
                taken.add(id(partner))
                pairs.append((partner, seat))
            else:
                stay.append(seat)
        left_old, left_new = [seat for seat in left_old if id(seat) not in taken], stay
    return pairs, left_old, left_new


def _finder(version: Version, other: Version) -> Callable[[Seat], Seat | None]:
    """Looks a row of the other version up among those that left this one."""
    by_id = {seat.id: seat for seat in version.gone}
    files = {file for file, digest in version.sources.items() if other.sources.get(file) == digest}
    by_place = {(seat.file, seat.line): seat for seat in version.gone if seat.file in files}
    names = {name_of(seat.example): seat for seat in version.gone if seat.example is not None}

    def find(seat: Seat) -> Seat | None:
        assert seat.example is not None
        return by_id.get(seat.id) or by_place.get((seat.file, seat.line)) or names.get(name_of(seat.example))

    return find


def _added(seat: Seat, was: Seat | None, old: Version, keys: Mapping[str, Any]) -> Change:
    if was is not None:
        reason = f"it was {was.place} before"
        return Change("added", was, seat, reason, was.rule, _named(KEYS.get(was.rule, ()), keys), (), was.why)
    if seat.example is not None and "replay" in seat.example.meta:
        return Change("added", None, seat, "it is replayed", "", _named(("data.replay", "seed"), keys))
    if seat.file and seat.file not in old.sources and not _generated(seat):
        return Change("added", None, seat, f"its source is new: {seat.file}", "", _named(("data.source",), keys))
    named = _named(("data.keep", "data.drop"), keys)
    reason = "the filters let it in" if named else f"it is new in {seat.file or 'the sources'}"
    return Change("added", None, seat, reason, "", named)


def _removed(seat: Seat, gone: Seat | None, old: Version, new: Version, keys: Mapping[str, Any]) -> Change:
    if gone is not None:
        reason = f"it is {gone.place}"
        return Change("removed", seat, gone, reason, gone.rule, _named(KEYS.get(gone.rule, ()), keys), (), gone.why)
    if seat.example is not None and "replay" in seat.example.meta:
        return Change("removed", seat, None, "it is not replayed any more", "", _named(("data.replay", "seed"), keys))
    if seat.file in old.sources and seat.file not in new.sources:
        return Change("removed", seat, None, f"its source is gone: {seat.file}", "", _named(("data.source",), keys))
    if _file_changed(seat, old, new):
        return Change("removed", seat, None, f"it is no longer in {seat.file}")
    filters = _named(("data.keep", "data.drop"), keys)
    reason = "the filters leave it out" if filters else "it is not read any more"
    return Change("removed", seat, None, reason, "", filters or _named(_LEAVE_KEYS, keys))


def _moved(before: Seat, after: Seat) -> bool:
    return before.place != after.place and ROWS not in (before.place, after.place)


def _file_changed(seat: Seat, old: Version, new: Version) -> bool:
    files = (old.sources.get(seat.file), new.sources.get(seat.file))
    return None not in files and files[0] != files[1]


def _generated(seat: Seat) -> bool:
    return seat.example is not None and "augmented" in seat.example.meta


def _named(prefixes: Iterable[str], keys: Mapping[str, Any]) -> tuple[str, ...]:
    """The differing keys that are one of these or below one of them."""
    wanted = tuple(prefixes)
    return tuple(key for key in keys if any(key == one or key.startswith(f"{one}.") for one in wanted))


def _fields(before: Seat, after: Seat) -> tuple[str, ...]:
    """What differs between two contents of one row."""
    one, two = before.example, after.example
    if one is None or two is None or (before.id == after.id and one.label == two.label):
        return ()
    parts: Sequence[tuple[str, Callable[[Example], Any]]] = (
        ("system", system_of), ("question", lambda e: e.asked), ("answer", answer_of), ("label", lambda e: e.label),
        ("tools", lambda e: [dict(tool) for tool in e.tools]),
    )  # fmt: skip
    return tuple(name for name, look in parts if look(one) != look(two)) or ("turns",)


def _alike(before: Seat, after: Seat) -> bool:
    one, two = set(words(_text(before, whole=True))), set(words(_text(after, whole=True)))
    return bool(one and two) and len(one & two) / len(one | two) >= _ALIKE


def _masked(seat: Seat) -> str | None:
    """The question with every piece of personal data masked: the same whether the row was masked or not."""
    return normalise(personal.redact(seat.example.asked)[0]) or None if seat.example else None


def _text(seat: Seat, *, whole: bool = False) -> str:
    example = seat.example
    if example is None:
        return ""
    return f"{example.asked} {example.answer}" if whole else cut(example.asked or example.answer)


def _lines(dataset: Artifact, name: str) -> Iterator[dict[str, Any]]:
    if name not in dataset.files:
        return
    with dataset.file(name).open("rb") as file:
        for line in file:
            if line.strip() and not is_erased(row := orjson.loads(line)):
                yield row


def _seat(row: Mapping[str, Any], place: str, rule: str = "", why: str = "") -> Seat:
    example = Example.from_dict(row)
    origin = example.origin
    file, line = (origin.file, origin.line) if origin else ("", 0)
    return Seat(str(row.get("id") or example.id), place, file, line, example, rule, why)


def _left(line: Mapping[str, Any], place: str) -> Seat:
    """A line of ``removed.jsonl`` or ``quarantine.jsonl``: of a row that left, or of one that never became one."""
    rule, why, row = str(line.get("rule", "")), str(line.get("why", "")), line.get("row")
    if isinstance(row, Mapping) and row.get("id") == line["id"]:
        return _seat(row, place, rule, why)
    file, _, number = str(line.get("origin", "")).rpartition(":")
    return Seat(str(line["id"]), place, file, int(number) if number.isdigit() else 0, None, rule, why)
