"""Ctrl-C, SIGTERM and SIGHUP: the first asks training to stop at the next step, a second Ctrl-C stops at once.

Stopping at once is safe too: checkpoints are whole or absent. Outside of training there is no step to wait for, and the
same signals end the work where it stands (``ending_softly``). A signal that the parent had ignored (``nohup``) stays
ignored.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

from luthier.errors import ExitCode, LuthierError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WHY = {
    signal.SIGINT: "you asked for it",
    signal.SIGTERM: "the process was asked to end (SIGTERM)",
    signal.SIGHUP: "the terminal was closed (SIGHUP)",
}


class Interrupted(LuthierError):
    """Work was asked to stop and did, after saving what it had."""

    exit_code = ExitCode.INTERRUPTED


class _Asked(KeyboardInterrupt):
    """On its way through code that catches errors of rows and libraries, which must not catch this."""


class StopSignal:
    """While entered, ``asked`` turns True on SIGINT, SIGTERM or SIGHUP. Outside the main thread it never does."""

    def __init__(self) -> None:
        self.asked = False
        self.why = _WHY[signal.SIGINT]
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopSignal:
        self._before = _listen(self._note)
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked, self.why = True, _WHY[signal.Signals(number)]
        _leave_terminal(number)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _restore(self._before)


@contextmanager
def ending_softly() -> Iterator[None]:
    """While entered, SIGTERM and SIGHUP leave the block as Ctrl-C does: finished stages stand, the rest is dropped.

    Raises:
        Interrupted: one of them came.
    """

    def end(number: int, frame: FrameType | None) -> None:
        _leave_terminal(number)
        raise _Asked(_WHY[signal.Signals(number)])

    before = _listen(end, SIGNALS[1:])
    try:
        yield
    except _Asked as asked:
        raise Interrupted("stopped", why=str(asked), fix="the same command goes on") from None
    finally:
        _restore(before)


def _listen(
    handler: Callable[[int, FrameType | None], None], signals: tuple[signal.Signals, ...] = SIGNALS
) -> dict[int, Any]:
    """Take these signals over; gives who had them before."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    heard = [number for number in signals if signal.getsignal(number) is not signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in heard}


def _restore(before: dict[int, Any]) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)


def _leave_terminal(number: int) -> None:
    """A closed terminal refuses every write, and a refused line must not cost the checkpoint: lines go nowhere then."""
    if number != signal.SIGHUP:
        return
    for stream in (1, 2):
        try:
            if _hung_up(stream):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream)
                os.close(nowhere)
        except OSError:
            continue


def _hung_up(stream: int) -> bool:
    asked = select.poll()
    asked.register(stream, 0)
    return any(found & (select.POLLHUP | select.POLLERR) for _, found in asked.poll(0))
