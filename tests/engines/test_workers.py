"""Forked copies that ask a small model: the answers of one process, nobody is left behind, trouble is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.engines.test_embedded import prompts
from tests.engines.test_tree import questions

from luthier.engines import ContextOverflow, Request
from luthier.engines.embedded import EmbeddedEngine
from luthier.engines.protocol import EngineClosed
from luthier.engines.workers import SMALL_WIDTH, Workers, can_fork, processes_for
from luthier.errors import LuthierError

pytestmark = pytest.mark.skipif(not can_fork(), reason="processes are forked on Linux without a GPU only")


@pytest.fixture
def two(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedEngine]:
    monkeypatch.setattr("luthier.engines.embedded.processes_for", lambda *_: 2)
    with EmbeddedEngine(tiny, aside=True, score_tokens=256) as made:
        yield made


def members(engine: EmbeddedEngine) -> list[int]:
    assert engine._workers is not None
    return [member.pid for member in engine._workers._members]


def running(pid: int) -> bool:
    """Whether a process is there and not merely unburied."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def gone(pids: list[int], within: float = 5.0) -> bool:
    until = time.monotonic() + within
    while any(map(running, pids)) and time.monotonic() < until:
        time.sleep(0.01)
    return not any(map(running, pids))


def test_copies_give_what_one_process_gives(two: EmbeddedEngine, tiny: Any) -> None:
    """Trees, single items and vectors to the bit; greedy and sampled answers; none of it is computed here."""
    items = [*questions(12), *questions(20, 1, seed=3)]
    requests = [Request(token_ids=ids, max_tokens=9) for ids in prompts(20)]
    requests += [Request(token_ids=r.token_ids, max_tokens=9, temperature=2.0, seed=i) for i, r in enumerate(requests)]
    texts = ["a", "the cat sat", "x" * 300, ""] * 3
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with EmbeddedEngine(tiny, score_tokens=256) as alone:
            expected = alone.loglikelihood(items), alone.generate(requests), alone.embed(texts)
            alone_single = alone.loglikelihood(items[-20:])
    finally:
        torch.set_num_threads(threads)
    two.loglikelihood(items)  # the model is tried once, here
    read: list[int] = []
    hook = tiny.model.register_forward_pre_hook(lambda *_: read.append(1))
    done: list[int] = []
    try:
        found = two.loglikelihood(items), two.generate(requests, lambda i, _: done.append(i)), two.embed(texts)
        single = two.loglikelihood(items[-20:])
    finally:
        hook.remove()
    assert not read
    assert found[0] == expected[0] and found[2] == expected[2] and single == alone_single
    assert [(a.token_ids, a.text, a.finish_reason) for a in found[1]] == [
        (a.token_ids, a.text, a.finish_reason) for a in expected[1]
    ]
    assert sorted(done) == list(range(len(requests)))


def test_a_dead_copy_is_told_and_the_next_call_is_served(two: EmbeddedEngine) -> None:
    items = questions(12)
    before = two.loglikelihood(items)
    os.kill(members(two)[1], signal.SIGKILL)
    with pytest.raises(LuthierError, match="a process that asked the model is gone") as told:
        two.loglikelihood(items)
    assert "process 2 of 2" in str(told.value) and "goes on where it stood" in str(told.value)
    assert two.loglikelihood(items) == before


def test_closing_ends_the_copies(two: EmbeddedEngine) -> None:
    two.loglikelihood(questions(12))
    pids = members(two)
    assert len(pids) == 2 and all(map(running, pids))
    two.close()
    assert gone(pids)
    with pytest.raises(EngineClosed):
        two.loglikelihood(questions(12))


def test_a_killed_process_takes_its_copies_along_and_leaves_its_locks(tmp_path: Path) -> None:
    """In the middle of a task that would last for minutes."""
    script = """
import fcntl, os, sys, time
from luthier.engines.workers import Workers
locked = open(sys.argv[1], "w")
fcntl.flock(locked, fcntl.LOCK_EX)
def begin():
    def work(task, tell, flag):
        tell(os.getpid())
        time.sleep(600)
    return work
Workers(2, begin).share([1, 2], lambda number, pid: print(pid, flush=True))
"""
    lock = tmp_path / "lock"
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(lock)], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert parent.stdout is not None
    pids = [int(parent.stdout.readline()) for _ in range(2)]
    assert all(map(running, pids))
    parent.kill()
    parent.wait()
    import fcntl

    with lock.open("w") as again:
        fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert gone(pids)


def test_cancelling_ends_what_copies_are_at(two: EmbeddedEngine) -> None:
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    answers = two.generate([Request(token_ids=p, max_tokens=250) for p in prompts(400, 2, (5,))], cancel=cancel)
    assert len(answers) == 400 and "cancelled" in {a.finish_reason for a in answers}
    assert {a.finish_reason for a in two.generate([Request(token_ids=(5,), max_tokens=2)] * 4)} == {"length"}


def test_what_goes_wrong_in_a_copy_or_in_a_caller_is_raised_here(
    build_tiny: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("luthier.engines.embedded.processes_for", lambda *_: 2)
    loaded = build_tiny()
    requests = [Request(token_ids=(5, 6, n), max_tokens=3) for n in range(10, 16)]
    with EmbeddedEngine(loaded, aside=True) as engine:
        handle = loaded.model.model.layers[1].register_forward_pre_hook(
            lambda *_: (_ for _ in ()).throw(MemoryError("full"))
        )
        with pytest.raises(MemoryError, match="full"):
            engine.generate(requests)
        handle.remove()
        with pytest.raises(ContextOverflow, match="request 2 of 3"):
            engine.generate([requests[0], Request(token_ids=(5,) * 256), requests[1]])

        def full(index: int, _: Any) -> None:
            raise OSError("no space left")

        with pytest.raises(OSError, match="no space"):
            engine.generate(requests, full)
        assert len(engine.generate(requests)) == 6


def test_adapters_are_those_of_one_process(build_tiny: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from peft import LoraConfig, get_peft_model

    monkeypatch.setattr("luthier.engines.embedded.processes_for", lambda *_: 2)
    from dataclasses import replace

    loaded = build_tiny()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        made = get_peft_model(
            loaded.model, LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False), "poet"
        )
    loaded = replace(loaded, model=made)
    asked = [Request(token_ids=p, max_tokens=8, adapter=a) for p in prompts(8) for a in (None, "poet")]
    with EmbeddedEngine(loaded) as alone, EmbeddedEngine(loaded, aside=True) as engine:
        expected = [a.token_ids for a in alone.generate(asked)]
        assert [a.token_ids for a in engine.generate(asked)] == expected
        assert expected[::2] != expected[1::2]
        items = questions(90)
        assert engine.loglikelihood(items, adapter="poet") == alone.loglikelihood(items, adapter="poet")


def test_only_small_models_on_a_cpu_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    assert processes_for(SMALL_WIDTH, "cpu") == 4
    assert processes_for(SMALL_WIDTH + 1, "cpu") == processes_for(64, "cuda") == 1
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert processes_for(64, "cpu") == 1


def test_a_task_goes_to_the_copy_that_is_free() -> None:
    """One long task and many short ones: the short ones do not wait behind the long one."""

    def begin() -> Any:
        def work(task: float, tell: Callable[[Any], None], flag: Any) -> None:
            time.sleep(task)
            tell(os.getpid())

        return work

    workers = Workers(2, begin)
    told: dict[int, int] = {}
    try:
        workers.share([0.3, *[0.005] * 10], told.__setitem__)
    finally:
        workers.end()
    assert len(told) == 11 and list(told)[-1] == 0 and len({told[n] for n in range(1, 11)}) == 1
