"""Removed rows have a retention: gc erases what is older, verify stays green, and nothing else is touched."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from luthier.cli.main import run as luthier
from luthier.errors import UsageError
from luthier.recipe import Recipe
from luthier.store import Artifact, Store, marked, rowfile
from luthier.store.artifact import read_artifact, render_manifest

SOURCE = "source:rows.jsonl#sha256=" + "ab" * 32


def lines(*ids: str) -> bytes:
    rows = ({"id": i, "text": f"secret of {i}", "rule": "x", "why": "y"} for i in ids)
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def recipe(retention: str | None) -> dict[str, object]:
    data = {"model": {"base": "nano"}, "data": {"source": "rows.jsonl"}, "privacy": {"retention": retention}}
    return Recipe.model_validate(data).model_dump(mode="json")


@pytest.fixture
def made(store: Store) -> Callable[..., Artifact]:
    """A dataset of a run whose recipe has a retention, made so many days ago."""

    def make(retention: str | None, days: float, tag: str = "") -> Artifact:
        files = {
            "train.rows.jsonl": lines(f"kept{tag}"), "test.rows.jsonl": lines(f"test{tag}"),
            "removed.jsonl": lines(f"kept{tag}", f"gone{tag}"), "quarantine.jsonl": lines(f"bad{tag}"),
            "scores.jsonl": lines(f"test{tag}", f"bad{tag}"),
        }  # fmt: skip
        with store.start_run("job", recipe(retention)) as run:
            artifact = store.put("dataset", files, parents=[SOURCE], rows=list(files), run=run)
            run.attach("data", artifact)
            page = marked(f"gone{tag}", f"<p>secret of gone{tag}</p>") + marked(f"test{tag}", "<p>a tested row</p>")
            (run.dir / "report.html").write_text(page)
            run.finish("done")
        return aged(artifact, days)

    return make


def aged(artifact: Artifact, days: float) -> Artifact:
    """The same, made so many days ago (its time is no part of what it is)."""
    then = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    (artifact.path / "manifest.json").write_bytes(render_manifest(replace(read_artifact(artifact.path), created=then)))
    return artifact


def text_of(store: Store) -> str:
    store.close()
    files = [p for p in store.home.rglob("*") if p.is_file() and p.suffix in (".jsonl", ".html")]
    return "".join(p.read_text() for p in files)


def again(store: Store) -> Store:
    """The store with its catalogue made anew, so that it sees the manifests as they are."""
    store.rebuild()
    return store


def test_rows_past_their_retention_go_and_verify_stays_green(store: Store, made: Callable[..., Artifact]) -> None:
    old = made("30 days", 31)
    store = again(store)
    shown = store.gc(dry_run=True)
    assert {Path(i.path).name for i in shown.items} == {"removed.jsonl", "quarantine.jsonl", "scores.jsonl"}
    assert "secret of gone" in text_of(store), "a dry run changes nothing"
    freed = store.gc()
    assert {i.reason for i in freed.items} == {"rows to look at, older than 30 days (privacy.retention)"}
    left = text_of(store)
    assert "secret of gone" not in left and "secret of bad" not in left and "a tested row" in left
    assert old.file("train.rows.jsonl").read_bytes() == lines("kept") and "secret of test" in left
    assert store.verify() == [] and store.erased() == frozenset()
    assert not store.gc().items, "done is done"


def test_younger_rows_and_those_without_a_retention_stay(store: Store, made: Callable[..., Artifact]) -> None:
    made("30 days", 29, "a")
    made(None, 400, "b")
    assert not again(store).gc().items
    gone = {i.what.split()[1] for i in store.gc(retention="1 day").items}
    assert gone == {"removed.jsonl", "quarantine.jsonl", "scores.jsonl"}
    assert "secret of gonea" not in text_of(store) and "secret of goneb" not in text_of(store)


def test_the_shortest_retention_of_the_runs_counts(store: Store, made: Callable[..., Artifact]) -> None:
    dataset = made("8 weeks", 2)
    with store.start_run("other", recipe("24 hours")) as run:
        run.attach("data", dataset)
    assert {i.reason for i in again(store).gc().items} == {"rows to look at, older than 24 hours (privacy.retention)"}


def test_a_row_that_was_put_back_or_forged_is_found(store: Store, made: Callable[..., Artifact]) -> None:
    old, young = made("1 day", 2), made("1 day", 0, "y")
    again(store).gc()
    old.file("removed.jsonl").write_bytes(lines("kept", "gone"))
    young.file("removed.jsonl").write_bytes(rowfile.marker("kepty") + rowfile.marker("goney"))
    problems = sorted(f.problem for f in store.verify())
    assert sum("past its retention" in p for p in problems) == 2 and sum("never erased" in p for p in problems) == 2
    assert {Path(i.path).name for i in store.gc().items} == {"removed.jsonl"}
    assert not [f for f in store.verify() if f.artifact == old.id]


def test_a_gc_that_was_killed_goes_on(store: Store, made: Callable[..., Artifact]) -> None:
    made("1 day", 2)
    again(store)
    pid = os.fork()
    if pid == 0:
        rowfile.blank = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        store.gc()
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    opened = Store.open(store.home)
    assert opened.verify() != []
    opened.gc()
    assert opened.verify() == [] and "secret of gone" not in text_of(opened)


def test_the_same_dataset_made_again_keeps_its_tombstones_and_why_says_so(
    store: Store, made: Callable[..., Artifact]
) -> None:
    old = made("1 day", 2)
    again(store).gc()
    assert made("1 day", 2).id == old.id and "secret of gone" not in old.file("removed.jsonl").read_text()
    assert "past its retention" in "\n".join(store.lineage("bad").render())


def test_times_are_words_and_others_are_refused(store: Store, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in ("30", "soon", "0 days", "-1 days", "30 days or so"):
        with pytest.raises(UsageError):
            store.gc(retention=wrong)
        with pytest.raises(ValueError, match="retention"):
            recipe(wrong)
    assert luthier(["gc", "--retention", "soon"]) == 2 and "30 days" in capsys.readouterr().err
    assert luthier(["gc", "--retention", "30 days", "--json"]) == 0
