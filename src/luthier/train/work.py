"""How long a training will take, by arithmetic: the operations of a pass, what it moves, and what a processor does of
both in a second. No torch, no clock.

A pass over a small model is bound by what it moves as much as by its products: each operation between two products
makes a buffer, reads others, and multiplies nothing. So a pass takes

    seconds = operations / products a second + bytes of buffers made / bytes a second

and both are traced on the real pass (``train.footprint``). The rates are one machine's; a run measures its first steps
and says what they make of the whole (``train.probe``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from luthier.train.batches import Layout, Row, fed, kinds, micro_batches
from luthier.train.memory import Pass
from luthier.train.plan import COPY_LIMIT, MADE_BY_ONE, TrainPlan

PRODUCTS = 100e9
"""Operations of fp32 products a second of one CPU core; fitted with the next one to passes of 3M to 25M parameters,
trained and read (docs/benchmarks/planner.md)."""
MOVED = 3.2e9
"""Bytes of buffers that one CPU core makes a second, reading what they are made from included."""


@dataclass(frozen=True, slots=True)
class Work:
    """Of one token, or of whatever it is multiplied by: operations of products, bytes of the buffers that are made."""

    operations: float
    made: float

    def times(self, count: float) -> Work:
        """So many of it."""
        return Work(count * self.operations, count * self.made)

    def plus(self, other: Work) -> Work:
        """Both."""
        return Work(self.operations + other.operations, self.made + other.made)

    def seconds(self, cores: float = 1.0) -> float:
        """On so many cores of a CPU."""
        return (self.operations / PRODUCTS + self.made / MOVED) / cores


class Works(Protocol):
    """What a token costs, trained or only read, in a pass of ``rows`` rows of ``width`` tokens of which ``share`` are
    trained. ``anchored``: an anchor holds the model near its base at these rows."""

    def __call__(
        self, rows: int, width: int, *, share: float, recompute: bool = False, anchored: bool = False,
        reads: bool = False,
    ) -> Work: ...  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cut:
    """A pass as it is fed: ``rows`` rows of ``width`` padded tokens behind ``prefix`` ones that are read once;
    ``trained`` tokens of all of them carry loss."""

    rows: int
    width: int
    prefix: int
    trained: int
    replayed: bool = False

    def tokens(self, processes: int = 1) -> int:
        """Padded tokens that the first of several processes is fed; each reads the prefix."""
        return -(-self.rows // processes) * self.width + self.prefix

    def part(self, processes: int) -> Cut:
        """What the first of several processes is fed of it."""
        rows = -(-self.rows // processes)
        return Cut(rows, self.width, self.prefix, round(self.trained * rows / self.rows), self.replayed)

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Cut:
        """Of the rows of a pass."""
        prefix, width = fed(rows)
        return cls(len(rows), width, prefix, sum(len(r.targets) for r in rows), rows[0].replayed)


class Holds(Protocol):
    """The most that the worst of these passes holds. ``accumulates``: a step has several passes. ``sizes``: how many
    sizes the passes of the whole training have (:func:`sizes_of`)."""

    def __call__(
        self, cuts: Sequence[Cut], *, recompute: bool, accumulates: bool = False, sizes: float = 1.0
    ) -> Pass: ...


def cuts_of_an_epoch(rows: Sequence[Row], plan: TrainPlan, *, replay_sets: int = 1) -> list[Cut]:
    """The passes of the first epoch, as the loop will cut them."""
    layout = Layout(
        [len(r.inputs) for r in rows], steps_an_epoch=plan.steps_an_epoch, micro_tokens=plan.micro_tokens,
        seed=plan.seed, kinds=kinds(rows, at_least=plan.steps_an_epoch, replay_sets=replay_sets),
    )  # fmt: skip
    windows = (layout.window(step) for step in range(1, plan.steps_an_epoch + 1))
    return [Cut.of([rows[i] for i in cut]) for window in windows for cut in window]


def sizes_of(cuts: Sequence[Cut], read: Sequence[Cut] = (), *, processes: int = 1) -> float:
    """How many different numbers of tokens the products of these passes meet, in tiles that they are filled up to, in
    each process; those that are only ``read``, by the first process, count a third: they have no gradients."""
    from luthier.models.products import TOGETHER

    def tiles(cuts: Sequence[Cut], processes: int) -> set[int]:
        parts = {(rows, c.width) for c in cuts for rows in (c.rows // processes, -(-c.rows // processes))}
        tokens = {rows * width for rows, width in parts} | {c.prefix for c in cuts}
        return {-(-count // TOGETHER) for count in tokens if count}

    trained = tiles(cuts, processes)
    return len(trained) + len(tiles(read, 1) - trained) / (3 * processes)


def largest_cuts(cuts: Sequence[Cut], *, processes: int = 1) -> list[Cut]:
    """Passes that no others are larger than, as the first of several processes makes them: of the rows that share a
    beginning, of the replayed and of all others the one with most tokens."""
    largest: dict[tuple[bool, bool], Cut] = {}
    for cut in cuts:
        kind = (cut.replayed, cut.prefix > 0)
        if kind not in largest or cut.tokens(processes) > largest[kind].tokens(processes):
            largest[kind] = cut
    return [cut.part(processes) for cut in largest.values()]


def cuts_in_order(rows: Sequence[Row], micro_tokens: int) -> list[Cut]:
    """The passes of an evaluation."""
    made = []
    for kind in kinds(rows) if rows else ():
        lengths = [len(rows[i].inputs) for i in kind.rows]
        for cut in micro_batches(lengths, micro_tokens=micro_tokens, seed=0, epoch=0):
            made.append(Cut.of([rows[kind.rows[i]] for i in cut]))
    return made


def cost(cuts: Sequence[Cut], work: Works, *, processes: int = 1, recompute: bool = False, anchored: bool = False,
         reads: bool = False) -> Work:  # fmt: skip
    """Of some passes together, of the first of several processes: traced on the one in the middle of each kind."""
    total = Work(0.0, 0.0)
    for replayed in (False, True):
        own = sorted((c for c in cuts if c.replayed == replayed), key=lambda c: c.tokens(processes))
        tokens = sum(c.tokens(processes) for c in own)
        if not tokens:
            continue
        middle = own[len(own) // 2]
        share = sum(c.trained for c in own) / sum(c.tokens() for c in own)
        rows = -(-middle.rows // processes)
        a_token = work(
            rows, middle.width + middle.prefix // rows, share=round(min(1.0, share), 3), recompute=recompute,
            anchored=anchored and replayed, reads=reads,
        )  # fmt: skip
        total = total.plus(a_token.times(tokens))
    return total


def whole(
    plan: TrainPlan, work: Works, rows: Sequence[Row], held_out: Sequence[Row], *, replay_sets: int = 1
) -> tuple[Work, Work]:  # fmt: skip
    """A training from its first evaluation to its last: (what is trained, by the first of ``plan.processes``; what is
    only read). The last evaluation's answers are among the latter, as tokens read."""
    cuts = cuts_of_an_epoch(rows, plan, replay_sets=replay_sets)
    an_epoch = cost(cuts, work, processes=plan.processes, recompute=plan.recompute, anchored=plan.anchor > 0)
    rounds = len(plan.evaluation_steps) + 1
    read = cost(cuts_in_order(held_out, plan.micro_tokens), work, reads=True).times(rounds)
    length = max(1, round(sum(len(r.inputs) for r in rows) / len(rows)))
    watched = 2 * plan.watch_rows * length * rounds + answer_tokens(plan, length)
    if watched:
        read = read.plus(work(1, length, share=1.0, reads=True).times(watched))
    return an_epoch.times(plan.steps / max(plan.steps_an_epoch, 1)), read


def answer_tokens(plan: TrainPlan, length: float) -> float:
    """What the answers of the last evaluation cost, in tokens read; of prompts that are about as long as a row."""
    return plan.watch_answers * (length + MADE_BY_ONE * COPY_LIMIT)
