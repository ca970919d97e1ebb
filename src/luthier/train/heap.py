"""How far glibc's heap grows while a training runs: its buffers replayed on paper, as they come and go.

A tensor's buffer is aligned to 64 bytes. glibc before 2.38 serves an aligned request only from a hole with some bytes
to spare, and what it cuts off in front is often taken by some small object; then the hole that the buffer leaves serves
no other of the same size, and the heap grows past what is live at any time. How near this comes to measured peaks
stands in docs/benchmarks/planner.md. Buffers of 32 MiB and more are mapped one by one and given back at once
(``allocator.keep_freed_memory``).

Not here: other allocators (CUDA's rounds up to blocks; ``memory`` adds a share).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

from luthier.models.allocator import LARGEST_MMAP_THRESHOLD

ALIGNED, LEADER, HEADER = 96, 48, 16
"""Bytes that an aligned request must find beyond its own; that are cut off in front of it; of a chunk's header."""
TAKEN = 0.35
"""Share of the pieces cut off that are taken. The one number here that was fitted, to measured peaks."""
TURNS = 8
"""Which pieces are taken is chance: one replay is off by a tenth of what is lost, some by a fifth. The mean counts."""
_GOLDEN = 0.6180339887498949
Event = tuple[int, int]
"""(number of a buffer, its bytes) where it is made, (number, 0) where it is dropped."""


class Heap:
    """Best fit with holes that grow together; ``most`` is what was touched at most, in bytes. ``luck``, from 0 to 1,
    says which of the pieces cut off are taken."""

    def __init__(self, luck: float = 0.0) -> None:
        self._luck = luck
        self.top = self.mapped = self.most = self._made = 0
        self._held: dict[object, tuple[int, int]] = {}
        self._holes: list[tuple[int, int]] = []
        self._sizes: list[tuple[int, int]] = []

    def take(self, key: object, size: int) -> None:
        """Make a buffer."""
        if size >= LARGEST_MMAP_THRESHOLD:
            self._held[key] = (-1, size)
            self.mapped += size
        else:
            chunk = -(-(size + HEADER // 2) // 16) * 16
            begin, end = self._hole(chunk + ALIGNED)
            self._made += 1
            if (self._made * _GOLDEN + self._luck) % 1.0 < TAKEN:  # evenly spread, and the same every time
                begin += LEADER
            self._held[key] = (begin, chunk)
            self._put(begin + chunk, end)
        self.most = max(self.most, self.top + self.mapped)

    def drop(self, key: object) -> None:
        """Give it back."""
        begin, size = self._held.pop(key)
        if begin < 0:
            self.mapped -= size
            return
        end = begin + size
        at = bisect_left(self._holes, (begin, end))
        if at < len(self._holes) and self._holes[at][0] == end:
            end = self._out(at)[1]
        if at and self._holes[at - 1][1] == begin:
            begin = self._out(at - 1)[0]
        self._put(begin, end)

    def _hole(self, size: int) -> tuple[int, int]:
        at = bisect_left(self._sizes, (size, -1))
        if at < len(self._sizes):
            length, begin = self._sizes[at]
            self._out(bisect_left(self._holes, (begin, begin + length)))
            return begin, begin + length
        begin = self._out(len(self._holes) - 1)[0] if self._holes and self._holes[-1][1] == self.top else self.top
        self.top = begin + size
        return begin, self.top

    def _put(self, begin: int, end: int) -> None:
        if end > begin:
            insort(self._holes, (begin, end))
            insort(self._sizes, (end - begin, begin))

    def _out(self, at: int) -> tuple[int, int]:
        begin, end = self._holes.pop(at)
        self._sizes.pop(bisect_left(self._sizes, (end - begin, begin)))
        return begin, end


def grown(events: Iterable[Event], moments: Sequence[int], first: int | None = None) -> int:
    """Bytes that the heap grows to in a training whose steps make and drop these buffers; ``moments`` are the sizes of
    what the optimiser makes at its first step and keeps.

    Replayed are the ``first`` events, those of one pass (left out: all of them), without the moments; then a whole step
    among them. No more: on paper the heap grows with each further pass by what is cut off and never joined again, while
    measured ones need no more.
    """
    recorded = list(events)
    return round(sum(_once(recorded, moments, first, turn / TURNS) for turn in range(TURNS)) / TURNS)


def _once(events: Sequence[Event], moments: Sequence[int], first: int | None, luck: float) -> int:
    heap = Heap(luck)
    held = _replay(heap, events[:first], 0)
    for number, size in enumerate(moments):
        heap.take(("moment", number), size)
    for number in sorted(held):  # gradients, once they were used
        heap.drop((0, number))
    _replay(heap, events, 1)
    return heap.most


def _replay(heap: Heap, events: Iterable[Event], step: int) -> set[int]:
    """Make and drop buffers; gives those that are left."""
    held = set()
    for number, size in events:
        if size:
            heap.take((step, number), size)
            held.add(number)
        elif number in held:
            heap.drop((step, number))
            held.remove(number)
    return held
