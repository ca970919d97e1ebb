"""Ctrl-C and SIGTERM: the first asks training to stop at the next step, the second Ctrl-C stops at once.

Stopping at once is safe too: checkpoints are whole or absent.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType

from luthier.errors import ExitCode, LuthierError


class Interrupted(LuthierError):
    """Training was asked to stop and did, after saving what it had."""

    exit_code = ExitCode.INTERRUPTED


class StopSignal:
    """While entered, ``asked`` turns True on SIGINT or SIGTERM. Outside the main thread it never does."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> StopSignal:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
