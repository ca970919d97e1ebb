"""A run in another process: seen step by step, asked to end, ended at once, and never mistaken for another's."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.errors import LuthierError, UsageError
from luthier.pipeline.headless import exit_code, stop, watch
from luthier.store import Run, Store

WORKER = """
import sys, time
from pathlib import Path
from luthier.errors import LuthierError
from luthier.store import Store
from luthier.train.interrupt import ending_softly
run = Store.open(Path(sys.argv[1])).start_run("other", {})
run.event("stage", stage="train")
run.event("train", steps=1000)
print(run.id, flush=True)
try:
    with ending_softly():
        for step in range(1, 1000):
            run.metric(step, loss=1 / step, tokens_per_s=900.0)
            time.sleep(0.02)
except LuthierError as error:
    run.finish("interrupted", error=f"{error.what}: {error.why}")
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[tuple[Store, Run]]:
    """A run that a process of its own goes on with."""
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    store = Store.open(tmp_path)
    yield store, store.run(worker.stdout.readline().strip())
    worker.kill()
    worker.wait()


def test_watching_sees_steps_and_ends_with_the_run(other: tuple[Store, Run]) -> None:
    store, run = other
    seen = []
    for one in watch(lambda: store.run(run.id), look_s=0.05):
        seen.append(one)
        if one.step > 3 and not any(before.step > 3 for before in seen[:-1]):
            store.run(run.id).event("stopped by a monitor", step=one.step, message="validation turns up")
            assert stop(store.run(run.id), lambda: store.run(run.id)).status == "interrupted"
    assert seen[-1].stage == "train" and seen[-1].steps == 1000 and seen[-1].step >= 4
    assert [one.step for one in seen] == sorted(one.step for one in seen)
    told = [line for one in seen for line in one.lines]
    assert len(told) == 1 and "validation turns up" in told[0][1]
    ended = store.run(run.id)
    assert ended.facts["error"] == "stopped: the process was asked to end (SIGTERM)" and exit_code(ended) == 130


def test_ended_at_once_and_then_there_is_nothing_to_stop(other: tuple[Store, Run]) -> None:
    store, run = other
    began = time.monotonic()
    ended = stop(run, lambda: store.run(run.id), at_once=True)
    assert ended.status == "interrupted" and time.monotonic() - began < 5
    with pytest.raises(UsageError, match="is not running"):
        stop(ended, lambda: ended)


def test_a_run_of_another_machine_is_not_signalled(other: tuple[Store, Run]) -> None:
    store, run = other
    record = json.loads((run.dir / "run.json").read_text())
    record["process"]["host"] = "elsewhere"
    (run.dir / "run.json").write_text(json.dumps(record))
    with pytest.raises(LuthierError, match="on another machine") as caught:
        stop(store.run(run.id), lambda: store.run(run.id))
    assert caught.value.fix == f"on elsewhere: luthier runs stop {run.id}"
