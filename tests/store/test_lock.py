"""A stage is worked on by one process; a dead holder's lock is free."""

from __future__ import annotations

import os
import signal
import time

import pytest

from luthier.errors import LuthierError
from luthier.store import Store


def hold_in_child(store: Store, key: str, *, with_grandchild: bool = False) -> int:
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        with store.lock(key):
            if with_grandchild and os.fork() == 0:
                os.close(write)
                time.sleep(3)
                os._exit(0)
            os.write(write, b"x")
            time.sleep(60)
    os.read(read, 1)
    os.close(read)
    os.close(write)
    return pid


def test_the_second_process_is_told_who_works_on_it(store: Store) -> None:
    pid = hold_in_child(store, "stage")
    try:
        assert store.is_locked("stage") and not store.is_locked("other")
        with pytest.raises(LuthierError, match=f"process {pid} is already working"), store.lock("stage"):
            pass
        with store.lock("other"):
            pass
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@pytest.mark.parametrize("with_grandchild", [False, True])
def test_a_dead_holders_lock_is_free_even_if_its_children_live(store: Store, with_grandchild: bool) -> None:
    pid = hold_in_child(store, "stage", with_grandchild=with_grandchild)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert not store.is_locked("stage")
    with store.lock("stage"):
        assert store.is_locked("stage")


def test_a_lock_is_not_taken_twice_in_one_process_and_is_freed_after_an_error(store: Store) -> None:
    with pytest.raises(RuntimeError), store.lock("stage"):
        with pytest.raises(LuthierError, match=f"process {os.getpid()}"), store.lock("stage"):
            pass
        assert store.is_locked("stage")
        raise RuntimeError
    assert not store.is_locked("stage")
    with store.lock("stage"):
        pass


def test_scratch_outlives_the_process_and_is_cleared_once(store: Store) -> None:
    folder = store.workdir("key/with:odd chars")
    (folder / "step").write_text("1")
    again = Store.open(store.home)
    assert (again.workdir("key/with:odd chars") / "step").read_text() == "1"
    again.clear_workdir("key/with:odd chars")
    assert not folder.exists()
    again.clear_workdir("key/with:odd chars")
    assert folder.is_relative_to(store.folder)
