"""What people may write to name a thing, and what they are told when it is not one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from luthier.errors import LuthierError
from luthier.store import Artifact, Store

BASE = "base:nano#sha256=" + "cd" * 32


def test_id_prefix_digest_alias_run_and_folder_all_name_it(
    store: Store, make_dataset: Callable[..., Artifact], make_adapter: Callable[..., Artifact]
) -> None:
    dataset = make_dataset()
    adapter = make_adapter(dataset)
    run = store.start_run("tickets", {})
    run.attach("data", dataset)
    run.attach("train", adapter)
    run.finish("done")
    store.alias("best", adapter.id)
    ids = (adapter.id, adapter.id[:12], adapter.digest[:8], adapter.digest)
    for ref in (*ids, "best", "tickets", run.id, f"runs/{run.id}/"):
        assert store.get(ref).id == adapter.id, ref
    assert store.run("tickets").id == store.run(run.id[:9]).id == run.id


def test_the_newest_run_of_a_name_is_meant(store: Store) -> None:
    first, second = store.start_run("same", {}), store.start_run("same", {})
    assert first.id != second.id
    assert store.run("same").started >= first.started
    assert store.runs()[0].id == store.run("same").id


def test_unknown_short_and_ambiguous_refs_are_told_apart(store: Store) -> None:
    with pytest.raises(LuthierError, match="called 'x'") as raised:
        store.get("x")
    assert "quickstart" in raised.value.fix
    one = store.put("model", {"w": b"1"}, parents=[BASE])
    store.put("model", {"w": b"2"}, parents=[BASE])
    with pytest.raises(LuthierError, match=r"could be model-.* or model-"):
        store.get("model")
    with pytest.raises(LuthierError, match="nothing here") as raised:
        store.get("mod")
    assert "four characters" in raised.value.fix
    store.alias("tickets", one.id)
    with pytest.raises(LuthierError) as raised:
        store.get("tikcets")
    assert "tickets" in raised.value.fix
    with pytest.raises(LuthierError):
        store.get("%%%%")
    with pytest.raises(LuthierError, match="no run is called"):
        store.run("model")


def test_a_run_without_a_model_says_so(store: Store) -> None:
    store.start_run("empty", {})
    with pytest.raises(LuthierError, match="made no model"):
        store.get("empty")


def test_an_alias_moves_in_one_step_and_keeps_its_history(store: Store) -> None:
    one, two = (store.put("model", {"w": bytes([n])}, parents=[BASE]) for n in (1, 2))
    store.alias("live", one.id)
    store.alias("live", two.id[:14])
    assert store.get("live").id == two.id
    assert [artifact for _, artifact in store.alias_history("live")] == [one.id, two.id]
    with pytest.raises(LuthierError):
        store.alias("../x", one.id)
    with pytest.raises(LuthierError):
        store.alias(one.id, two.id)
