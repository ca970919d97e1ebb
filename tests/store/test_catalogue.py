"""The catalogue is an index: lost or damaged, it comes back from the files; two processes may use it at once."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from luthier.errors import LuthierError
from luthier.store import Artifact, Store


def contents(store: Store) -> dict[str, Any]:
    """Everything that the catalogue derives, as rows."""
    with closing(sqlite3.connect(store.catalogue.path)) as db:
        tables = ("artifacts", "keys", "edges", "runs", "run_artifacts", "aliases")
        return {name: sorted(db.execute(f"select * from {name}").fetchall()) for name in tables}


@pytest.fixture
def filled(store: Store, make_dataset: Callable[..., Artifact], make_adapter: Callable[..., Artifact]) -> Store:
    run = store.start_run("demo", {"seed": 1}, {"seeds": {"data": 1}})
    dataset = make_dataset(key="kd", run=run)
    adapter = make_adapter(dataset, key="ka", run=run)
    make_adapter(dataset, key="ka2")
    run.attach("data", dataset)
    run.attach("train", adapter)
    run.finish("done", verdict="PROMOTE")
    store.alias("tickets", dataset.id)
    store.alias("tickets", adapter.id)
    store.alias("gone", adapter.id)
    store.unalias("gone")
    return store


def test_rebuilding_gives_the_same_catalogue(filled: Store) -> None:
    before = contents(filled)
    assert all(before.values())
    times = [row[:2] for row in before.pop("keys")]
    filled.rebuild()
    after = contents(filled)
    assert times == [row[:2] for row in after.pop("keys")]
    assert after == before


@pytest.mark.parametrize("damage", ["missing", "empty", "garbage", "half"])
def test_a_store_whose_catalogue_is_lost_opens_with_everything(filled: Store, damage: str) -> None:
    before = contents(filled)
    filled.close()
    path = filled.catalogue.path
    data = path.read_bytes()
    for side in ("-wal", "-shm"):
        Path(f"{path}{side}").unlink(missing_ok=True)
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "garbage": os.urandom(20_000), "half": data[: len(data) // 2]}[damage])
    again = Store.open(filled.home)
    after = contents(again)
    assert {k: v for k, v in after.items() if k != "keys"} == {k: v for k, v in before.items() if k != "keys"}
    assert again.find("ka") and again.find("ka2") and again.get("tickets").kind == "adapter"
    kept = list(filled.folder.glob("catalogue.damaged-*.sqlite"))
    assert len(kept) == (1 if damage in ("garbage", "half") else 0), "a damaged file is moved, never deleted"


def test_a_newer_catalogue_is_refused_with_what_to_do(filled: Store) -> None:
    with closing(sqlite3.connect(filled.catalogue.path)) as db, db:
        db.execute("update schema set version = 99")
    with pytest.raises(LuthierError, match="schema 99") as raised:
        Store.open(filled.home)
    assert "upgrade" in raised.value.fix


def test_what_a_dead_process_did_not_index_is_found_at_the_next_open(filled: Store) -> None:
    with closing(sqlite3.connect(filled.catalogue.path)) as db, db:
        for table in ("artifacts", "keys", "edges", "runs"):
            db.execute(f"delete from {table}")
    again = Store.open(filled.home)
    assert again.find("kd") and again.find("ka") and len(again.artifacts()) == 2
    assert {run.name for run in again.runs()} == {"demo"}


def test_two_processes_write_the_catalogue_at_once(filled: Store) -> None:
    artifact = filled.get("tickets").id
    children = []
    for who in range(3):
        pid = os.fork()
        if pid == 0:
            try:
                for n in range(40):
                    filled.note_response(f"chatcmpl-{who}-{n}", artifact, "tickets")
            except BaseException as error:
                os.write(2, repr(error).encode())
                os._exit(1)
            os._exit(0)
        children.append(pid)
    for _ in range(10):
        filled.rebuild()
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
    assert filled.catalogue.response_count() == 120
    assert filled.find("ka")


def test_threads_share_a_store(filled: Store) -> None:
    def serve(who: int) -> None:
        for n in range(25):
            filled.note_response(f"chatcmpl-{who}-{n}", "adapter-x")
            assert filled.find("ka") is not None

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(serve, range(8)))
    assert filled.catalogue.response_count() == 200
