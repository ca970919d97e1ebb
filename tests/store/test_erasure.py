"""What was promised erased is erased everywhere; ``verify`` stays green for that and red for any other change."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from luthier.store import Artifact, Store, is_erased, marked
from luthier.store import erasure as erasure_file

ROW_B = b'{"id": "row-b", "text": "secret of b"}\n'
BASE = "base:nano#sha256=" + "cd" * 32


def everything(home: Path) -> bytes:
    return b"".join(p.read_bytes() for p in sorted(home.rglob("*")) if p.is_file())


def test_an_erased_row_is_gone_from_every_copy_and_verify_stays_green(
    store: Store, make_dataset: Callable[..., Artifact], make_adapter: Callable[..., Artifact]
) -> None:
    old = make_dataset()
    adapter = make_adapter(old)
    store.put("dataset", {"train.rows.jsonl": ROW_B}, parents=[old], rows=["train.rows.jsonl"])
    answers = b'{"item": "row-b", "answer": "secret of b"}\n'
    ledger = store.put("ledger", {"l.jsonl": answers}, parents=[adapter], rows={"l.jsonl": "item"})
    (store.workdir("stage-key") / "part.jsonl").write_text('{"id": "row-b", "text": "secret of b"}\n')
    run = store.start_run("demo", {})
    page = marked("row-b", "<p>secret of b</p>") + marked("row-c", "<p>kept</p>")
    (run.dir / "report.html").write_text(page)
    assert b"secret of b" in everything(store.home)

    done = store.erase(["row-b"])

    assert b"secret of b" not in everything(store.home)
    assert b"secret of c" in everything(store.home) and "kept" in (run.dir / "report.html").read_text()
    assert store.verify() == []
    rows = [json.loads(line) for line in old.file("train.rows.jsonl").read_text().splitlines()]
    assert [is_erased(row) for row in rows] == [False, True, False, False]
    assert {h.artifact for h in done.holders} >= {old.id, ledger.id} and len(done.holders) == 3
    assert done.tainted == (adapter.id,)
    assert done.sources == ("tickets.jsonl:2",)
    assert done.pages == (f"runs/{run.id}/report.html",) and len(done.scratch) == 1
    assert done.residue == () and done.not_found == ()


def test_rows_of_test_and_removed_files_taint_nothing(
    store: Store, make_dataset: Callable[..., Artifact], make_adapter: Callable[..., Artifact]
) -> None:
    make_adapter(make_dataset())
    done = store.erase(["row-e", "row-x", "row-nowhere"])
    assert len(done.holders) == 2 and done.tainted == () and done.not_found == ("row-nowhere",)
    assert store.verify() == []


def test_any_other_change_of_a_row_is_still_found(store: Store, make_dataset: Callable[..., Artifact]) -> None:
    artifact = make_dataset()
    store.erase(["row-b"])
    path = artifact.file("train.rows.jsonl")
    lines = path.read_text().splitlines(keepends=True)
    for n, forged, word in (
        (0, '{"id": "row-a", "erased": true}\n', "never erased"),
        (0, '{"id": "row-b", "erased": true}\n', "line 1 has changed"),
        (1, '{"id": "row-b", "text": "back"}\n', "line 2 has changed"),
        (2, lines[2].replace("secret", "public"), "line 3 has changed"),
    ):
        path.write_text("".join(forged if i == n else line for i, line in enumerate(lines)))
        (finding,) = store.verify()
        assert word in finding.problem and finding.file == "train.rows.jsonl"


def test_an_erased_row_does_not_come_back_with_later_work(store: Store, make_dataset: Callable[..., Artifact]) -> None:
    first = make_dataset()
    store.erase(["row-b"])
    assert make_dataset().id == first.id, "the same content is the artifact that stands, erased as it is"
    other = make_dataset(facts={"again": True}, key="k2")
    store.put("dataset", {"train.rows.jsonl": ROW_B}, parents=[other], rows=["train.rows.jsonl"])
    assert b"secret of b" not in everything(store.home)
    assert store.verify() == [] and store.erased() == {"row-b"}


def test_an_erasure_that_was_killed_is_named_by_verify_and_goes_on(
    store: Store, make_dataset: Callable[..., Artifact]
) -> None:
    make_dataset()
    pid = os.fork()
    if pid == 0:
        erasure_file.rowfile.blank = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        store.erase(["row-b"])
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    again = Store.open(store.home)
    (finding,) = again.verify()
    assert "should be erased" in finding.problem
    again.erase(["row-b"])
    assert again.verify() == [] and b"secret of b" not in everything(store.home)
    assert again.erase(["row-b"]).holders == (), "safe to repeat"


def test_a_file_that_names_a_row_and_is_not_erasable_is_said(
    store: Store, make_dataset: Callable[..., Artifact]
) -> None:
    dataset = make_dataset()
    report = store.put("report", {"r.json": b'{"see": "row-b"}'}, parents=[dataset])
    assert store.erase(["row-b"]).residue == (f"{report.id}/r.json",)


def test_rows_that_are_no_objects_are_refused(store: Store) -> None:
    with pytest.raises(Exception, match="not a JSON object"):
        store.put("dataset", {"train.rows.jsonl": b"[1]\n"}, parents=[BASE], rows=["train.rows.jsonl"])
