"""Forked copies of this process that do its work side by side on a CPU, each with a thread of its own.

A small model gains little from a second thread: its kernels are over before the threads have met. Its copies share the
weights, load nothing, and never wait for each other. Promises: each task is done whole by one copy, so what comes back
is what this process would have made of it with one thread; where this process ends or is killed, the copies end at
once; where a copy dies, that is told. What the copies know is what was there when they were forked.

Not here: what a task is (embedded.py); processes that add up gradients (``train.team``, which forks as this does).
Importing this imports no torch.
"""

from __future__ import annotations

import mmap
import os
import pickle
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, NoReturn

from luthier.engines.protocol import EngineClosed
from luthier.errors import LuthierError

SMALL_WIDTH = 512
"""Up to this width a model's kernels are too short for threads."""
_MOST = 16
"""Processes at most: each takes memory for what it works on."""
_LOOK_S = 0.05
"""How often one looks whether the work is to be broken off."""
_TOLD, _DONE, _FAILED = range(3)

Work = Callable[[Any, Callable[[Any], None], "Flag"], None]
"""Does one task: (task, tell, whether to break off); what is told arrives where the work was shared out."""


def can_fork() -> bool:
    """Whether this process may be forked to compute: on Linux, and where no GPU library runs threads of its own."""
    import torch

    return sys.platform == "linux" and not torch.cuda.is_available()


def follow() -> None:
    """Make this forked process a helper: one thread, deaf to Ctrl-C (the first process decides)."""
    import torch

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    torch.set_num_threads(1)


def forked() -> int:
    """``os.fork`` with nothing left in the buffers to be written twice; 0 in the new process."""
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of ours hold no lock that is needed
        return os.fork()


def processes_for(width: int, device: str) -> int:
    """How many processes serve a model of this hidden size best: as many as torch has threads, or 1."""
    import torch

    if device != "cpu" or width > SMALL_WIDTH or not can_fork():
        return 1
    return min(torch.get_num_threads(), _MOST)


class Flag:
    """One bit that this process and its copies see."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 1)

    def set(self) -> None:
        self._shared[0] = 1

    def clear(self) -> None:
        self._shared[0] = 0

    def is_set(self) -> bool:
        return self._shared[0] != 0


@dataclass(frozen=True)
class _Member:
    number: int
    pid: int
    line: Connection


class Workers:
    """``count`` copies, forked when first needed and again after trouble.

    ``begin()`` runs in each copy and gives the function that does its tasks.
    """

    def __init__(self, count: int, begin: Callable[[], Work]) -> None:
        self.count, self._begin = count, begin
        self._members: list[_Member] = []
        self._lifeline = -1
        self._owner = os.getpid()
        self._ended = False
        self._turn = threading.Lock()
        self._flag = Flag()

    def share(
        self, tasks: Sequence[Any], heard: Callable[[int, Any], None], stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """Give each task to the next copy that is free; ``heard(number of the task, what was told)`` is called here.

        One call at a time; others wait. Raises what a task or ``heard`` raised, EngineClosed after :meth:`end`, and
        LuthierError where a copy is gone; the copies are ended then, whatever they were at.
        """
        with self._turn:
            if self._ended:
                raise EngineClosed("embedded")
            self._flag.clear()
            try:
                if not self._members:
                    self._fork()
                self._share(deque(enumerate(tasks)), heard, stopped)
            except BaseException:
                self._kill()
                raise

    def _share(
        self, left: deque[tuple[int, Any]], heard: Callable[[int, Any], None], stopped: Callable[[], bool]
    ) -> None:
        doing: dict[Connection, tuple[_Member, int]] = {}

        def give(member: _Member) -> None:
            if left:
                number, task = left.popleft()
                doing[member.line] = (member, number)
                with suppress(BrokenPipeError):  # reading finds out
                    member.line.send(task)

        for member in self._members:
            give(member)
        while doing:
            for line in wait(list(doing), _LOOK_S):
                assert isinstance(line, Connection)
                member, number = doing[line]
                try:
                    kind, told = line.recv()
                except (EOFError, ConnectionResetError):
                    raise EngineClosed("embedded") if self._ended else self._gone(member) from None
                if kind == _TOLD:
                    heard(number, told)
                elif kind == _FAILED:
                    raise told
                else:
                    del doing[line]
                    give(member)
            if not self._flag.is_set() and stopped():
                self._flag.set()

    def end(self) -> None:
        """End the copies, for good."""
        self._ended = True
        self._kill()

    def _kill(self) -> None:
        if self._owner != os.getpid():
            return
        members, self._members = self._members, []
        for member in members:
            with suppress(ProcessLookupError):
                os.kill(member.pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(member.pid, 0)
            member.line.close()
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def _fork(self) -> None:
        ended, self._lifeline = os.pipe()
        for number in range(self.count):
            ours, theirs = _pipe()
            pid = forked()
            if pid == 0:
                try:
                    _close_all_but(ended, theirs.fileno())
                    follow()
                    threading.Thread(target=_end_with, args=(ended,), daemon=True).start()
                    _serve(theirs, self._begin(), self._flag)
                except BaseException as error:
                    with suppress(OSError):
                        theirs.send((_FAILED, _sendable(error)))
                finally:
                    os._exit(1)  # whatever happened, this process must not leave
            theirs.close()
            self._members.append(_Member(number, pid, ours))
        os.close(ended)

    def _gone(self, member: _Member) -> LuthierError:
        return LuthierError(
            "a process that asked the model is gone", where=f"process {member.number + 1} of {self.count}",
            why="something killed it; mostly the machine's memory was full",
            fix="run it again: it goes on where it stood; with OMP_NUM_THREADS=1 no other process is made",
        )  # fmt: skip


def _pipe() -> tuple[Connection, Connection]:
    from multiprocessing import Pipe

    ours, theirs = Pipe()
    assert isinstance(ours, Connection) and isinstance(theirs, Connection)
    return ours, theirs


def _serve(line: Connection, work: Work, flag: Flag) -> NoReturn:
    while True:
        try:
            task = line.recv()
        except EOFError:
            os._exit(0)
        try:
            work(task, lambda told: line.send((_TOLD, told)), flag)
            answer: tuple[int, Any] = (_DONE, None)
        except BaseException as error:
            answer = (_FAILED, _sendable(error))
        try:
            line.send(answer)
        except OSError:
            os._exit(0)


def _end_with(lifeline: int) -> NoReturn:
    """End with the process that holds the other end, in the middle of whatever this one does."""
    os.read(lifeline, 1)
    os._exit(0)


def _sendable(error: BaseException) -> BaseException:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _close_all_but(*kept: int) -> None:
    """Give up every file of the first process: a lock on one must end with that process."""
    first = 0
    for end in sorted({0, 1, 2, *kept, os.sysconf("SC_OPEN_MAX")}):
        if first < end:  # Python 3.11 takes an empty range from 0 for all files
            os.closerange(first, end)
        first = end + 1
