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


def test_a_hole_between_others_serves_smaller_requests_only() -> None:
    heap = Heap()
    for key in range(3):
        heap.take(key, MIB)
    heap.drop(1)
    heap.take("smaller", MIB - 4096)
    assert heap.most < 3.1 * MIB
    heap.drop("smaller")
    heap.take("equal", MIB)
    assert heap.most > 4 * MIB, "an aligned request finds no room to spare there"


def test_large_buffers_are_mapped_and_given_back() -> None:
    heap = Heap()
    for turn in range(5):
        heap.take(turn, 64 * MIB)
        heap.drop(turn)
    assert heap.most == 64 * MIB and heap.mapped == 0


def test_moments_stay_from_the_first_step_on() -> None:
    events = [(0, MIB), (1, MIB), (0, 0)]  # buffer 1 is a gradient: held to the end of the step
    assert grown(events, []) < 2.2 * MIB
    assert 12 * MIB < grown(events, [5 * MIB, 5 * MIB]) < 14.2 * MIB
