"""Look at rows, a block at a time: findings, counts, and eight bytes a row by which rows of one question are suspected.

What is known of a block is small: findings are kept up to a number for each rule, all of them are counted. The texts of
rows are not kept. Rows that are suspected are looked at again (:meth:`Scan.compare`). Blocks are independent, so that
several processes can look at one file.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luthier.data.answers import AnswerKind
from luthier.data.duplicates import answer_of, system_of
from luthier.data.render import Renderer
from luthier.recipe.data import PersonalKind
from luthier.records import Compared, Example, Origin, Thumb
from luthier.rows import Finding, Layout, Raw, compares, to_examples
from luthier.rows.blocks import Block, Lines, raw_of
from luthier.rows.compare import Thumbs, best_answer, compare_row
from luthier.rows.marks import marks
from luthier.rows.quick import Plain, reader
from luthier.rows.rules import RULES
from luthier.rows.signs import Mended, mend, signs, texts
from luthier.rows.write import line_of
from luthier.text import normalise, personal, strict
from luthier.text.normal import sieve

KEPT = 1000
"""Findings of one rule that are kept; the others are counted."""


@dataclass(frozen=True)
class Look:
    """How rows are looked at. ``mend`` asks for the rows themselves, mended, and for those that cannot be used."""

    layout: Layout
    kind: AnswerKind
    personal: tuple[PersonalKind, ...]
    render: Renderer | None = None
    mend: bool = False


@dataclass
class Seen:
    """What is known of some rows.

    ``lines`` and ``sieves`` have one entry a row that has a question: its line, and a number that equal questions
    share (``text.normal.sieve``).
    """

    rows: int = 0
    usable: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)
    lines: list[NDArray[np.uint32]] = field(default_factory=list)
    sieves: list[NDArray[np.uint32]] = field(default_factory=list)
    mended: list[tuple[Origin, Mended]] = field(default_factory=list)
    mended_rows: int = 0
    thumbs: Thumbs = field(default_factory=Thumbs)
    good: list[bytes] = field(default_factory=list)
    bad: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count a finding, and keep it while there are few of its rule."""
        self.counts[finding.rule] += 1
        self._keep(finding)

    def tell(self, rule: str, made: Callable[[], Finding]) -> None:
        """The same with a finding that is made only where it is kept: most are not."""
        self.counts[rule] += 1
        if self.kept[rule] < KEPT:
            self._keep(made())

    def join(self, other: Seen) -> None:
        """Take over what is known of later rows."""
        self.counts.update(other.counts)
        for finding in other.findings:
            self._keep(finding)
        self.rows, self.usable = self.rows + other.rows, self.usable + other.usable
        self.lines += other.lines
        self.sieves += other.sieves
        self.thumbs.join(other.thumbs)
        self.mended_rows += other.mended_rows
        self.mended += other.mended[: max(0, KEPT - len(self.mended))]

    def _keep(self, finding: Finding) -> None:
        if self.kept[finding.rule] < KEPT:
            self.kept[finding.rule] += 1
            # a row is as long as it is: only the quarantine needs it
            self.findings.append(finding if finding.row is None else replace(finding, row=None))


@dataclass(frozen=True)
class Keyed:
    """Rows by line with 64-bit keys of their question, of question and answer, and of what is right or wrong in it."""

    lines: NDArray[np.uint32]
    groups: NDArray[np.uint64]
    twins: NDArray[np.uint64]
    verdicts: NDArray[np.uint64]


class Scan:
    """Looks at rows under one :class:`Look`."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._compares = compares(look.layout)
        self._quick = None if look.render is not None else reader(look.layout)
        self._partial = look.kind.kind == "json" and bool(look.kind.fields)
        """Whether of an answer only some fields are right or wrong."""
        self._kept: Counter[str] = Counter()
        """Findings that earlier blocks kept: of a rule that has enough no later block needs to hand any on."""

    def block(self, block: Block) -> Seen:
        """Every row of a block, which lies behind those that were looked at before."""
        data = block.read()
        odd, private = marks(data)
        lines = Lines(block, data)
        quick, mend = self._quick, self._look.mend
        rows = lines.rows() if quick is not None else [None] * len(lines)
        plains = [quick(row) if quick is not None and row is not None else None for row in rows]
        sieves = [sieve(plain[1]) if plain is not None else 0 for plain in plains]
        seen = Seen(rows=len(lines), usable=len(lines), kept=self._kept)
        unclear = np.flatnonzero(np.asarray(sieves) == 0).tolist()
        for place in range(len(lines)) if mend else sorted(odd.union(private, unclear)):
            row, plain, origin = rows[place], plains[place], Origin(block.name, block.first + place)
            if plain is not None and row is not None and self._oddly(origin, row, plain, seen, place in odd):
                for rule, made in self._personal(origin, row) if place in private else ():
                    seen.tell(rule, made)
                if mend:
                    seen.good.append(lines[place])
                continue
            seen.usable -= 1  # unless it is found to be
            line = lines[place]
            if not line or line.isspace():
                seen.rows -= 1
            else:
                raw = raw_of(block.name, block.first + place, line)
                sieves[place] = self._closely(raw, line, seen, private=place in private)
        return _with(seen, np.arange(block.first, block.first + len(lines)), sieves)

    def rows(self, raws: Iterable[Raw]) -> Seen:
        """Every row of some rows of one file."""
        seen = Seen(kept=self._kept)
        numbers: list[int] = []
        sieves: list[int] = []
        for raw in raws:
            seen.rows += 1
            numbers.append(raw.origin.line)
            sieves.append(self._closely(raw, None, seen))
        return _with(seen, numbers, sieves)

    def compare(self, raws: Iterable[Raw]) -> Keyed:
        """Exact keys of rows that are suspected to have a twin. Rows that cannot be compared are left out."""
        lines: list[int] = []
        groups, twins, verdicts = bytearray(), bytearray(), bytearray()
        partial = self._partial
        for raw in raws:
            found = self._texts(raw)
            if found is None:
                continue
            (system, asked, answer), verdict = found
            if partial and verdict is None:
                continue  # an answer that is not the JSON it should be says nothing about the others
            head = normalise(system)
            twin = _digest(f"{head}\0{normalise(asked)}\0{normalise(answer)}")
            lines.append(raw.origin.line)
            groups += _digest(f"{head}\0{strict(asked)}")
            twins += twin
            verdicts += _digest("\0".join(verdict)) if partial and verdict is not None else twin
        arrays = (np.frombuffer(bytes(column), dtype=np.uint64) for column in (groups, twins, verdicts))
        return Keyed(np.asarray(lines, dtype=np.uint32), *arrays)

    def asked(self, raw: Raw) -> str | None:
        """The question of a row, or None where the row cannot be used."""
        found = self._texts(raw)
        return None if found is None else found[0][1]

    def _texts(self, raw: Raw) -> tuple[Plain, tuple[str, ...] | None] | None:
        """What a row says and what of its answer is right or wrong, or None where it cannot be used."""
        if self._quick is not None and not self._partial and raw.value is not None:
            plain = self._quick(raw.value)
            if plain is not None:
                return plain, None
        for example in to_examples([raw], self._look.layout):
            if isinstance(example, Example):
                said = system_of(example), example.asked, answer_of(example)
                return said, self._look.kind.verdict(example)
        return None

    def _oddly(self, origin: Origin, row: dict[str, Any], plain: Plain, seen: Seen, odd: bool) -> bool:
        """Tell what is odd in the texts of a row that is in order; false where it must be looked at closely."""
        if not odd:
            return True
        warnings = None if self._look.mend else signs(row, self._look.layout.used, plain[2])
        if warnings is None or any(warning.severity == "error" for warning in warnings):
            return False
        for warning in warnings:
            seen.tell(warning.rule, partial(warning.finding, origin, None))
        return True

    def _closely(self, raw: Raw, line: bytes | None, seen: Seen, *, private: bool = True) -> int:
        made: Example | Compared | None = None
        found: list[Finding] = []
        for item in compare_row(raw, self._look.layout) if self._compares else to_examples([raw], self._look.layout):
            if isinstance(item, Finding):
                found.append(item)
            else:
                made = item
        if made is not None and raw.value is not None:
            found += [told() for _, told in self._personal(raw.origin, raw.value)] if private else ()
            if self._look.render is not None and isinstance(made, Example):
                found += self._look.render.findings(made, raw)
        if isinstance(made, Thumb):
            seen.thumbs.count(made)
        problem = next((finding for finding in found if finding.severity == "error"), None)
        for finding in found:
            seen.add(finding)
        seen.usable += problem is None
        if self._look.mend:
            self._mend(raw, line, made, problem, seen)
        return sieve(made.asked) if isinstance(made, Example) else 0

    def _mend(
        self, raw: Raw, line: bytes | None, made: Example | Compared | None, problem: Finding | None, seen: Seen
    ) -> None:
        if problem is not None:
            seen.bad.append(problem)
        elif made is not None and raw.value is not None:
            answer = made.answer if isinstance(made, Example) else best_answer(made)[-1].content
            value, done = mend(raw.value, self._look.layout.used, answer)
            seen.mended_rows += bool(done)
            seen.mended += [(raw.origin, one) for one in done]
            seen.good.append(line if line is not None and not done else line_of(value))

    def _personal(self, origin: Origin, row: dict[str, Any]) -> Iterator[tuple[str, Callable[[], Finding]]]:
        """Rules about personal data that a row breaks, each with its finding if it is wanted."""
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for path, text in texts(row, row.keys()) if self._look.personal else ():
            for span in personal.find(text, self._look.personal):
                found[span.kind].append((path, span.value))
        for kind, places in found.items():
            yield f"personal.{kind}", partial(_private, origin, f"personal.{kind}", places)


def _private(origin: Origin, rule: str, places: Sequence[tuple[str, str]]) -> Finding:
    path, value = places[0]
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    # the value is shown as far as it can be found again by it: logs are read by many
    shown = f"{value[:3]}…{value[-2:]}"
    return Finding(origin, rule, f"{RULES[rule].what[:-1]}{more}", path, "warning", shown, RULES[rule].fix)


def _with(seen: Seen, lines: Sequence[int] | NDArray[np.int64], sieves: Sequence[int]) -> Seen:
    """The same with the rows that have a question: those whose number is not 0."""
    numbers = np.asarray(sieves, dtype=np.uint32)
    has = np.flatnonzero(numbers)
    seen.lines.append(np.asarray(lines, dtype=np.uint32)[has])
    seen.sieves.append(numbers[has])
    return seen


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
