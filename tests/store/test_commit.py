"""A write is whole or absent, named by its content, and traceable."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import luthier
from luthier.errors import LuthierError
from luthier.store import Artifact, Store

OURS = str(Path(luthier.__file__).parent)
"""Not "luthier" anywhere in a path: a clone's folder is called so, with its environment inside."""
SOURCE = "source:tickets.jsonl#sha256=" + "ab" * 32


def in_child(act: Callable[[], None]) -> int:
    """Run in a forked child; the wait status."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def names(store: Store) -> list[str]:
    return sorted(p.name for p in store.artifact_folder.iterdir())


def test_an_artifact_is_found_again_by_key_with_its_files_and_parents(store: Store) -> None:
    made = store.put("adapter", {"sub/a.bin": b"abc", "b.json": b"{}"}, parents=[SOURCE], key="k1", meta={"r": 16})
    found = store.find("k1")
    assert found == made
    assert found.file("sub/a.bin").read_bytes() == b"abc"
    assert found.parents == (SOURCE,)
    assert found.meta == {"r": 16}
    assert found.size == 5
    assert store.find("k2") is None and store.find("k1", kind="model") is None


def test_the_id_depends_on_content_and_on_nothing_else(tmp_path: Path) -> None:
    made = []
    for home, key in (("one", "k1"), ("two", "k2")):
        store = Store.open(tmp_path / home)
        run = store.start_run(home, {})
        made.append(store.put("model", {"w": b"1"}, parents=[SOURCE], key=key, run=run, facts={"seconds": len(home)}))
    assert made[0].digest == made[1].digest
    moved = SOURCE.replace("tickets.jsonl", "elsewhere/tickets.jsonl")
    same = store.put("model", {"w": b"1"}, parents=[moved])
    assert same.digest == made[0].digest
    for change in ({"files": {"w": b"2"}}, {"meta": {"a": 1}}, {"parents": [SOURCE.replace("ab", "ac")]}):
        other = store.put("model", **{"files": {"w": b"1"}, "parents": [SOURCE], **change})
        assert other.digest != made[0].digest, change


def test_the_same_content_under_two_keys_is_one_artifact_found_under_both(store: Store) -> None:
    first = store.put("model", {"w": b"1"}, parents=[SOURCE], key="k1")
    second = store.put("model", {"w": b"1"}, parents=[SOURCE], key="k2")
    assert first.id == second.id and len(names(store)) == 1
    store.rebuild()
    assert store.find("k1") == store.find("k2")
    assert not store.verify()


def test_an_abandoned_draft_leaves_nothing(store: Store) -> None:
    with store.draft("model") as draft:
        (draft.path / "w").write_bytes(b"1")
    with pytest.raises(RuntimeError), store.draft("model") as draft:
        raise RuntimeError
    assert not names(store) and not list(store.drafts.iterdir())


def test_parents_are_demanded_and_must_be_known(store: Store) -> None:
    for parents, word in (([], "names no parent"), (["model-123456"], "called 'model-123456'"), (["x#1"], "wrongly")):
        with pytest.raises(LuthierError, match=word):
            store.put("model", {"w": b"1"}, parents=parents)
    assert not names(store) and not list(store.drafts.iterdir())


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/../../out", "manifest.json", "commits.jsonl", "a\nb"])
def test_a_file_name_may_not_escape(store: Store, name: str) -> None:
    with pytest.raises(LuthierError):
        store.put("model", {name: b"1"}, parents=[SOURCE])
    assert not names(store) and not Path("/tmp/out").exists() and not (store.drafts / "out").exists()


def test_a_link_out_of_the_draft_is_refused(store: Store, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("secret")
    with pytest.raises(LuthierError, match="plain files"), store.draft("model") as draft:
        (draft.path / "w").symlink_to(tmp_path / "private")
        draft.commit(parents=[SOURCE])


def test_two_processes_commit_the_same_content_and_different_content(store: Store) -> None:
    def work(own: int) -> Callable[[], None]:
        def act() -> None:
            mine = Store.open(store.home)
            for n in range(6):
                mine.put("model", {"w": b"x" * 50_000, "n": bytes([n])}, parents=[SOURCE], key=f"same-{n}")
                mine.put("model", {"own": bytes([own, n])}, parents=[SOURCE], key=f"own-{own}-{n}")

        return act

    children = []
    for own in (1, 2):
        pid = os.fork()
        if pid == 0:
            try:
                work(own)()
            except BaseException as error:
                os.write(2, repr(error).encode())
                os._exit(1)
            os._exit(0)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0]
    assert len(names(store)) == 6 + 12
    assert len(store.artifacts()) == 18
    assert all(store.find(f"own-{own}-{n}") for own in (1, 2) for n in range(6))
    assert not store.verify() and not list(store.drafts.iterdir())


def test_kill_9_at_any_line_of_a_commit_leaves_all_or_nothing(store: Store, tmp_path: Path) -> None:
    """A child kills itself at the k-th line that it executes; the first, undisturbed, tells how many there are."""
    counted = tmp_path / "lines"

    def commit(kill_at: int | None) -> None:
        mine = Store.open(store.home)
        lines = 0

        def trace(frame, kind, _):
            nonlocal lines
            if not frame.f_code.co_filename.startswith(OURS):
                return None
            if kind == "line":
                lines += 1
                if lines == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        with mine.draft("dataset") as draft:
            (draft.path / "train.rows.jsonl").write_text('{"id": "a"}\n{"id": "b"}\n')
            (draft.path / "report.json").write_text("{}")
            threading.settrace(None)
            sys.settrace(trace)
            draft.commit(parents=[SOURCE], key="k", rows=["train.rows.jsonl"])
            sys.settrace(None)
        counted.write_text(str(lines))

    assert in_child(lambda: commit(None)) == 0
    total = int(counted.read_text())
    store.remove(store.find("k").id)
    points = sorted(random.Random(7).sample(range(1, total), 12))
    outcomes = set()
    for point in points:
        assert os.WTERMSIG(in_child(lambda point=point: commit(point))) == signal.SIGKILL, point
        again = Store.open(store.home)
        found = again.find("k")
        outcomes.add(found is not None)
        assert not again.verify(), f"killed at line {point} of {total}"
        assert {a.id for a in again.artifacts()} == set(names(again))
        again.gc()
        assert not list(again.drafts.iterdir()), "gc clears what the dead process left"
        assert in_child(lambda: commit(None)) == 0, "the same work goes through afterwards"
        again.remove(Store.open(store.home).find("k").id)
    assert False in outcomes, "some kills hit before the rename"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_is_said_and_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    real = os.fsync
    for fail_at in range(1, 5):
        calls = 0

        def fsync(handle: int, fail_at: int = fail_at) -> None:
            nonlocal calls
            calls += 1
            if calls == fail_at:
                raise OSError(code, os.strerror(code))
            real(handle)

        monkeypatch.setattr(os, "fsync", fsync)
        with pytest.raises(LuthierError, match="no space left") as raised:
            store.put("model", {"w": b"1", "v": b"2"}, parents=[SOURCE], key="k")
        assert raised.value.fix
        monkeypatch.setattr(os, "fsync", real)
        assert not names(store) and not list(store.drafts.iterdir()) and store.find("k") is None
    assert store.put("model", {"w": b"1", "v": b"2"}, parents=[SOURCE], key="k") == store.find("k")


def test_a_disk_that_fills_up_while_a_stage_writes_is_said(store: Store) -> None:
    with pytest.raises(LuthierError, match="no space left"), store.draft("model"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not list(store.drafts.iterdir())


def test_too_much_for_the_disk_is_refused_before_anything_is_written(store: Store) -> None:
    with pytest.raises(LuthierError, match="no space left"):
        store.draft("model", expect_bytes=2**60)
    assert not list(store.drafts.iterdir())


def test_a_damaged_artifact_is_not_reused_and_is_replaced_by_the_same_work(store: Store) -> None:
    made = store.put("model", {"w": b"12"}, parents=[SOURCE], key="k")
    made.file("w").write_bytes(b"1")
    assert store.find("k") is None
    again = store.put("model", {"w": b"12"}, parents=[SOURCE], key="k")
    assert again.id == made.id and store.find("k") == again
    assert not store.verify()
    assert len(list(store.damaged.iterdir())) == 1, "nothing is lost"


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LuthierError):
        Store.open(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody who may not write")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(0o755)

    def act() -> None:
        os.setgid(65534)
        os.setuid(65534)
        try:
            Store.open(home)
        except LuthierError as error:
            os._exit(7 if "cannot be written" in error.what and error.fix else 8)

    assert os.waitstatus_to_exitcode(in_child(act)) == 7


def test_a_manifest_tells_no_machine_path(store: Store) -> None:
    made: Artifact = store.put("model", {"w": b"1"}, parents=[SOURCE], key="k", meta={"rank": 16})
    manifest = json.loads((made.path / "manifest.json").read_text())
    assert str(store.home) not in json.dumps(manifest)
    assert manifest["facts"]["key"] == "k"
