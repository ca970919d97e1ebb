"""Processes of one machine that train one model together on a CPU, each with a thread of its own.

A small model gains little from a second thread: its kernels are over before the threads have met. Two processes work
side by side without meeting until their gradients are added. Promise: they are forked where training begins, so they
share the base weights and the rows and load nothing; sums are made in one fixed order, so the same number of processes
gives the same bits; where the first process ends or is killed, the others end by themselves, and where another one
dies, the first says so.

The first process alone looks, keeps and stops; the others only add gradients. Not here: who reads which rows
(loop.py), several machines or devices (ranks.py).
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import torch
from torch import Tensor

from luthier.engines import workers
from luthier.errors import LuthierError
from luthier.train import machine
from luthier.train.memory import SUMMED

_ROOM = SUMMED
"""Longer sums are made in parts."""
_HELD = struct.Struct("q")
"""Behind the sums: what each process held of its own, told when it ends."""
_FINE, _FAILED = b"+", b"!"
_LONGEST_WORD = 2000


class Team:
    """This process's place among those that train together."""

    def __init__(self, rank: int, size: int, shared: mmap.mmap, readers: list[int], writers: list[int]) -> None:
        self.rank, self.size = rank, size
        self._shared = shared
        self._slots = torch.frombuffer(shared, dtype=torch.uint8, count=size * _ROOM).view(size, _ROOM)
        self._readers, self._writers = readers, writers

    def sum(self, values: Tensor) -> None:
        """Replace a contiguous tensor by its sum over all processes, added up from the first process to the last.

        Raises:
            LuthierError: another process failed or is gone.
        """
        flat = values.view(-1)
        room = _ROOM // flat.element_size()
        for part in torch.split(flat, room):
            mine, first = self._slot(self.rank, part), self._slot(0, part)
            if self.rank:
                mine.copy_(part)
                self._send(0)
                self._wait(0)
                part.copy_(first)
                continue
            for other in range(1, self.size):
                self._wait(other - 1)
                part += self._slot(other, part)
            first.copy_(part)
            for other in range(1, self.size):
                self._send(other - 1)

    def tell_held(self) -> None:
        """Leave word of the memory that this process alone held."""
        _HELD.pack_into(self._shared, self._word(self.rank), machine.held_alone() or 0)

    def held(self, rank: int, process: int) -> int | None:
        """Bytes that another process held alone: as it told, or as it stands. None: not known."""
        seen = self._told(rank) or machine.held_alone(process)
        return seen or self._told(rank) or None  # it may have ended between the two looks

    def _told(self, rank: int) -> int:
        return int(_HELD.unpack_from(self._shared, self._word(rank))[0])

    def _word(self, rank: int) -> int:
        return self.size * _ROOM + rank * _HELD.size

    def _slot(self, rank: int, like: Tensor) -> Tensor:
        return self._slots[rank, : like.numel() * like.element_size()].view(like.dtype)

    def _send(self, number: int) -> None:
        with suppress(BrokenPipeError):  # the next wait finds out
            os.write(self._writers[number], _FINE)

    def _wait(self, number: int) -> None:
        told = os.read(self._readers[number], 1)
        if told == _FINE:
            return
        if self.rank:  # the first process is gone
            os._exit(0)
        word = os.read(self._readers[number], _LONGEST_WORD).decode(errors="replace") if told == _FAILED else ""
        raise LuthierError(
            "a process of the training failed" if word else "a process of the training is gone",
            where=f"process {number + 2} of {self.size}",
            why=word or "something killed it; mostly the machine's memory was full",
            fix="train.processes: 1 trains in this process alone",
        )


_team: Team | None = None


def leave() -> None:
    """End this helper, which has nothing left to do."""
    if _team is not None:
        _team.tell_held()
    os._exit(0)


def current() -> Team | None:
    """The team that this process belongs to, None outside :func:`together`."""
    return _team


@contextmanager
def together(processes: int) -> Iterator[None]:
    """Fork the other processes. Each runs the body, in which it must follow the first one's steps, and ends behind it;
    only the first process leaves the body. With one process nothing happens."""
    global _team
    if processes == 1:
        yield
        return
    shared = mmap.mmap(-1, processes * (_ROOM + _HELD.size))
    ups, downs = ([os.pipe() for _ in range(1, processes)] for _ in range(2))
    children: list[int] = []
    threads = torch.get_num_threads()
    try:
        for number in range(1, processes):
            pid = workers.forked()
            if pid == 0:
                up, down = ups[number - 1][1], downs[number - 1][0]
                _close({end for pair in (*ups, *downs) for end in pair} - {up, down})
                workers.follow()
                _team = Team(number, processes, shared, [down], [up])
                try:
                    yield
                    leave()
                except BaseException as error:  # whatever it is, it must not leave the body in this process
                    with suppress(OSError):
                        os.write(up, _FAILED + f"{type(error).__name__}: {error}".encode()[:_LONGEST_WORD])
                    os._exit(1)
            children.append(pid)
        _close({up[1] for up in ups} | {down[0] for down in downs})
        _team = Team(0, processes, shared, [up[0] for up in ups], [down[1] for down in downs])
        torch.set_num_threads(1)
        yield
    finally:
        mine, _team = _team, None
        for number, pid in enumerate(children, start=1):
            machine.held_beside(mine.held(number, pid) if mine is not None else None)
        torch.set_num_threads(threads)
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
        _close({up[0] for up in ups} | {down[1] for down in downs})


def _close(ends: set[int]) -> None:
    for end in ends:
        with suppress(OSError):
            os.close(end)
