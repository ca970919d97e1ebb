"""rm refuses what is needed; gc frees what is not, with sizes, and nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from luthier.errors import LuthierError
from luthier.store import Artifact, Store

BASE = "base:nano#sha256=" + "cd" * 32


def test_removing_refuses_what_others_need_unless_forced(
    store: Store, make_dataset: Callable[..., Artifact], make_adapter: Callable[..., Artifact]
) -> None:
    dataset = make_dataset()
    adapter = make_adapter(dataset)
    with pytest.raises(LuthierError, match=adapter.id):
        store.remove(dataset.id)
    store.alias("live", adapter.id)
    with pytest.raises(LuthierError, match="alias live"):
        store.remove("live")
    freed = store.remove("live", force=True)
    assert freed.size > 0 and not adapter.path.exists() and "live" not in store.aliases()
    store.remove(dataset.id)
    assert store.artifacts() == [] and store.verify() == []
    with pytest.raises(LuthierError):
        store.get(dataset.id)


def test_gc_keeps_what_runs_and_aliases_reach_and_frees_the_rest(store: Store) -> None:
    made = [store.put("dataset", {"n": bytes([n])}, parents=[BASE]) for n in range(4)]
    kept = store.put("adapter", {"a": b"1"}, parents=[made[0]])
    named = store.put("adapter", {"a": b"2"}, parents=[made[1]])
    loose = store.put("adapter", {"a": b"3"}, parents=[made[2]])
    run = store.start_run("r", {})
    run.attach("train", kept)
    store.alias("live", named.id)
    assert store.gc(grace_s=3600).items == (), "young artifacts may be in somebody's hands"
    would = store.gc(dry_run=True, grace_s=0)
    assert {i.what for i in would.items} == {loose.id, made[2].id, made[3].id} and would.size > 0
    assert len(store.artifacts()) == 7
    did = store.gc(grace_s=0)
    assert {i.what for i in did.items} == {i.what for i in would.items}
    assert {a.id for a in store.artifacts()} == {made[0].id, made[1].id, kept.id, named.id}
    run.finish("done")
    store.remove(run.id)
    assert {i.what for i in store.gc(grace_s=0).items} == {kept.id, made[0].id}
    assert store.verify() == []


def test_gc_frees_drafts_of_dead_processes_and_old_scratch_only(store: Store) -> None:
    pid = os.fork()
    if pid == 0:
        draft = store.draft("model")
        (draft.path / "w").write_bytes(b"x" * 1000)
        os._exit(0)
    os.waitpid(pid, 0)
    mine = store.draft("model")
    old, young, busy = (store.workdir(name) for name in ("old", "young", "busy"))
    for folder in (old, busy):
        os.utime(folder, (time.time() - 90_000,) * 2)
    with store.lock("busy"):
        freed = store.gc()
    assert sorted(i.what.split()[0] for i in freed.items) == ["draft", "scratch"]
    assert freed.size >= 1000 and "freed" in freed.render()
    assert mine.path.exists() and young.exists() and busy.exists() and not old.exists()
