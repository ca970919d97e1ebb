"""The heap on paper: what is live is there, large buffers are given back, and a hole serves no equal request again."""

from __future__ import annotations

from luthier.train.heap import ALIGNED, Heap, grown

MIB = 1 << 20


def test_what_is_live_is_held_and_holes_grow_together() -> None:
    heap = Heap()
    for key in range(8):
        heap.take(key, MIB)
    assert 8 * MIB <= heap.most < 8 * MIB + 8 * 2 * ALIGNED
    for key in range(8):
        heap.drop(key)
    heap.take("large", 7 * MIB)
    assert heap.most < 15 * MIB + 8 * 2 * ALIGNED


def test_a_hole_between_others_serves_smaller_requests_but_not_always_equal_ones() -> None:
    def grown_by(size: int) -> int:
        heap = Heap()
        for key in range(21):
            heap.take(key, MIB)
        before = heap.most
        for key in range(1, 21, 2):
            heap.drop(key)
        for key in range(10):
            heap.take(("again", key), size)
        return heap.most - before

    assert grown_by(MIB - 4096) == 0
    assert 2 * MIB < grown_by(MIB) <= 10.1 * MIB, "aligned requests find no room to spare in some of the holes"


def test_large_buffers_are_mapped_and_given_back() -> None:
    heap = Heap()
    for turn in range(5):
        heap.take(turn, 64 * MIB)
        heap.drop(turn)
    assert heap.most == 64 * MIB and heap.mapped == 0


def test_moments_stay_from_the_first_step_on() -> None:
    events = [(0, MIB), (1, MIB), (0, 0)]  # buffer 1 is a gradient: held to the end of the step
    alone = grown(events, [])
    several = grown([*events, (2, 4 * MIB), (2, 0)], [], first=3)
    assert several > 5 * MIB > alone, "the gradient is held beside a larger second pass"
    assert 2 * MIB < alone < 4.2 * MIB
    assert alone + 9 * MIB < grown(events, [5 * MIB, 5 * MIB]) < alone + 12.2 * MIB
