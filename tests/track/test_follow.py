"""What a run writes reaches a tracker once, in order and in batches; what fails is sent again; nothing waits for it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from luthier.store import Run, Store
from luthier.store.merkle import root_of
from luthier.track import Ended, Point
from luthier.track.follow import BATCH, Cursor
from luthier.track.follow import follow as follow_run


@dataclass
class Kept:
    """A tracker that keeps what it is told; ``refuse`` calls fail first."""

    known: str = "theirs-1"
    shown: str = "a list"
    refuse: int = 0
    calls: list[int] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def numbers(self, points: Sequence[Point]) -> None:
        self.calls.append(len(points))
        if self.refuse > 0:
            self.refuse -= 1
            raise ConnectionError("no route to the tracker")
        self.points += points

    def tags(self, tags: Mapping[str, str]) -> None:
        self.facts |= tags

    def file(self, path: Path) -> None:
        self.files.append(path.name)

    def end(self, status: Ended) -> None:
        self.ended.append(status)

    def told(self, name: str) -> list[tuple[int, float]]:
        return [(p.step, p.values[name]) for p in self.points if name in p.values]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path)


def begun(store: Store, steps: int = 3) -> Run:
    run = store.start_run("job", {"train": {"tuning": {"kind": "lora", "r": 4}}, "seed": 3}, {"seed": 3})
    for step in range(1, steps + 1):
        run.metric(step, loss=1.0 / step, learning_rate=1e-3)
    return run


def send(
    store: Store, run: Run, sink: Kept, *, rows: bool = False, opened: Callable[[str | None], None] | None = None
) -> Cursor:
    def open_sink(known: str | None) -> Kept:
        if opened is not None:
            opened(known)
        return sink

    return follow_run(
        run.dir, store.artifact_folder, run.dir / "track" / "kept.json", open_sink, rows=rows, pause_s=0.01
    )


def test_every_number_once_in_order_and_the_end(store: Store) -> None:
    run, sink = begun(store), Kept()
    run.metric(3, val=0.5)
    run.event("diagnosis", monitor="overfitting", said="validation turned up at step 2")
    run.finish("done", verdict="PROMOTE", reason="better")
    cursor = send(store, run, sink)
    assert sink.told("loss") == [(1, 1.0), (2, 0.5), (3, 1 / 3)] and sink.told("val") == [(3, 0.5)]
    assert sink.ended == ["done"] and sink.facts["luthier.verdict"] == "PROMOTE"
    assert sink.facts["diagnosis.overfitting"] == "validation turned up at step 2"
    assert cursor.sent == 7 and cursor.ended == "done" and not cursor.problem


def test_numbers_go_in_batches(store: Store) -> None:
    run, sink = begun(store, steps=2 * BATCH + 5), Kept()
    run.finish("done")
    send(store, run, sink)
    assert sink.calls == [BATCH, BATCH, 5]
    assert [step for step, _ in sink.told("loss")] == list(range(1, 2 * BATCH + 6))


def test_a_line_that_is_half_written_waits_and_a_number_that_is_none_is_left_out(store: Store) -> None:
    run, sink = begun(store, steps=1), Kept()
    run.metric(2, loss=float("nan"), learning_rate=2e-3)
    with (run.dir / "metrics.jsonl").open("a") as file:
        file.write('{"step": 3, "loss": 0.')
    run.finish("interrupted")
    send(store, run, sink)
    assert sink.told("loss") == [(1, 1.0)] and sink.told("learning_rate")[-1] == (2, 2e-3)


def test_a_resumed_run_goes_on_under_the_trackers_own_name_and_tells_no_step_twice(store: Store) -> None:
    run, names = begun(store, steps=6), []
    run.finish("interrupted")
    send(store, run, Kept(known="theirs-7"), opened=names.append)
    run.resume()
    for step in (5, 6, 7):  # the checkpoint stood at step 4
        run.metric(step, loss=1.0 / step)
    run.metric(6, val=0.25)  # the first process died before it wrote this
    run.finish("done")
    again = Kept(known="theirs-7")
    send(store, run, again, opened=names.append)
    assert names == [None, "theirs-7"]
    assert again.told("loss") == [(7, 1 / 7)] and again.told("val") == [(6, 0.25)]
    assert again.ended == ["done"]


def test_a_tracker_that_fails_gets_everything_once_it_is_back(store: Store) -> None:
    run, sink, names = begun(store), Kept(refuse=2), []
    run.finish("done")
    cursor = send(store, run, sink, opened=names.append)
    assert sink.told("loss") == [(1, 1.0), (2, 0.5), (3, 1 / 3)] and sink.ended == ["done"]
    assert names == [None, "theirs-1", "theirs-1"] and cursor.failures == 2 and not cursor.problem


def test_a_tracker_that_never_comes_back_is_given_up_and_the_rest_is_kept_for_later(store: Store) -> None:
    run = begun(store)
    run.finish("done")
    cursor = send(store, run, Kept(refuse=99))
    assert "no route to the tracker" in cursor.problem and not cursor.ended and cursor.sent == 0
    later = Kept()
    assert send(store, run, later).ended == "done" and len(later.told("loss")) == 3


def test_it_follows_a_run_that_goes_on(store: Store) -> None:
    run, sink = begun(store, steps=1), Kept()
    thread = threading.Thread(target=send, args=(store, run, sink))
    thread.start()
    deadline = time.monotonic() + 10
    while len(sink.told("loss")) < 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sink.told("loss") == [(1, 1.0)] and not sink.ended, "told while the run goes on"
    run.metric(2, loss=0.1)
    run.finish("failed", error="no more")
    thread.join(10)
    assert sink.told("loss")[-1] == (2, 0.1) and sink.ended == ["failed"] and sink.facts["luthier.error"] == "no more"


def test_what_shows_rows_goes_only_where_the_recipe_allows_it(store: Store) -> None:
    run = begun(store)
    for name in ("recipe.yaml", "verdict.json", "report.html", "report-without-rows.html"):
        (run.dir / name).write_text("{}" if name.endswith("json") else name)
    run.finish("done")
    careful, open_minded = Kept(), Kept()
    send(store, run, careful)
    (run.dir / "track" / "kept.json").unlink()
    send(store, run, open_minded, rows=True)
    assert careful.files == ["recipe.yaml", "report-without-rows.html"]
    assert set(open_minded.files) >= {"report.html", "verdict.json"}


def test_the_verdicts_figures_and_the_hashes_of_what_was_made(store: Store) -> None:
    run, sink = begun(store), Kept()
    row = json.dumps({"id": "a", "text": "x"}).encode() + b"\n"
    source = "source:x#sha256=" + "0" * 64
    data = store.put("dataset", {"train.jsonl": row}, parents=[source], run=run, rows=["train.jsonl"])
    run.attach("data", data)
    line = {"suite": "test", "metric": "exact", "reference_name": "base", "delta": 12.5, "low": 3.0, "n": 40}
    (run.dir / "verdict.json").write_text(json.dumps({"verdict": "PROMOTE", "results": [line]}))
    run.finish("done", verdict="PROMOTE")
    send(store, run, sink)
    assert sink.facts["dataset"] == data.id and sink.facts["dataset.digest"] == data.digest
    assert sink.facts["dataset.root"] == root_of(data)
    assert sink.told("verdict/test/exact/base/delta") == [(3, 12.5)]
    assert sink.told("verdict/test/exact/base/n") == [(3, 40.0)]
