"""SIGTERM and SIGHUP outside of training end the work softly; what the parent had ignored stays ignored."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from luthier.train.interrupt import Interrupted, StopSignal, ending_softly


@pytest.fixture
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "told"), [(signal.SIGTERM, "SIGTERM"), (signal.SIGHUP, "terminal was closed")])
def test_a_signal_between_trainings_leaves_the_work_with_a_clear_line(
    handlers: None, number: signal.Signals, told: str
) -> None:
    with pytest.raises(Interrupted) as caught, ending_softly():
        try:
            os.kill(os.getpid(), number)
        except Exception as error:  # rows with errors are caught like this, and the work goes on
            raise AssertionError(f"swallowed as {error!r}") from error
        raise AssertionError("the signal did not end the work")
    assert told in caught.value.why and caught.value.exit_code == 130 and caught.value.fix
    assert signal.getsignal(number) is signal.SIG_DFL, "the handler of before is back"


def test_nohup_is_obeyed(handlers: None) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with ending_softly(), StopSignal() as stop:
        os.kill(os.getpid(), signal.SIGHUP)
        assert not stop.asked
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.asked and "SIGTERM" in stop.why
