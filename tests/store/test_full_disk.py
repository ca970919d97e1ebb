"""A disk that is really full: every write refuses in words, nothing half stays, and the store works again with room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from luthier.errors import LuthierError
from luthier.store import Store

SOURCE = "source:tickets.jsonl#sha256=" + "ab" * 32


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 MiB in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
    return ballast


def test_a_full_disk_is_said_by_every_write(disk: Path) -> None:
    store = Store.open(disk)
    run = store.start_run("demo", {})
    kept = store.put("model", {"w": b"1"}, parents=[SOURCE], key="kept", run=run)
    loose = store.put("model", {"w": b"4" * 5000}, parents=[SOURCE])
    draft = store.draft("model")
    (draft.path / "w").write_bytes(b"2" * 100)
    ballast = fill(disk)

    acts: dict[str, Callable[[], object]] = {
        "commit": lambda: draft.commit(parents=[SOURCE], key="late"),
        "draft": lambda: store.draft("model"),
        "alias": lambda: [store.alias("live", kept.id) for _ in range(200)],
        "event": lambda: [run.event("note", text="x" * 500) for _ in range(200)],
        "finish": lambda: run.finish("done", note="x" * 200_000),
        "response": lambda: [store.note_response(f"r-{n}" * 200, kept.id) for n in range(500)],
    }
    for name, act in acts.items():
        with pytest.raises(LuthierError, match="no space left") as raised:
            act()
        assert raised.value.fix, name
    with pytest.raises(LuthierError, match="no space left"), store.draft("model") as other:
        (other.path / "w").write_bytes(b"3")

    old = Store.open(disk)
    assert old.find("kept") == kept, "what is there can be read on a full disk"
    assert [i.what for i in old.gc(grace_s=0).items] == [loose.id], "and gc, which the refusal names, works there"

    ballast.unlink()
    again = Store.open(disk)
    assert again.find("late") is None and again.find("kept") == kept
    assert again.verify() == [] and not list(again.drafts.iterdir())
    assert again.run("demo").status == "running", "the old record stands whole"
    again.put("model", {"w": b"2" * 100}, parents=[SOURCE], key="late")
    again.run("demo").finish("done")
    assert again.find("late") and again.run("demo").status == "done"
