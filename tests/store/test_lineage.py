"""From any id to the rows and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from luthier.errors import LuthierError
from luthier.store import Artifact, Store


@pytest.fixture
def told(store: Store, make_dataset: Callable[..., Artifact], make_adapter: Callable[..., Artifact]) -> dict[str, str]:
    run = store.start_run("tickets", {})
    dataset = make_dataset(run=run)
    adapter = make_adapter(dataset, run=run)
    model = store.put("model", {"m": b"1"}, parents=[adapter], run=run)
    ledger = store.put("ledger", {"l": b"1"}, parents=[model, dataset], run=run)
    for stage, artifact in (("data", dataset), ("train", adapter), ("export", model), ("evaluate", ledger)):
        run.attach(stage, artifact)
    run.finish("done", verdict="PROMOTE")
    store.note_response("chatcmpl-1", adapter.id, "tickets")
    return {"run": run.id, "dataset": dataset.id, "adapter": adapter.id, "model": model.id, "ledger": ledger.id}


def test_a_served_answer_names_adapter_run_data_set_source_and_base(store: Store, told: dict[str, str]) -> None:
    text = "\n".join(store.lineage("chatcmpl-1").render())
    for part in ("adapter", "run", "dataset"):
        assert told[part] in text
    assert "source:tickets.jsonl" in text and "base:nano" in text and "PROMOTE" in text
    assert told["ledger"] not in text, "what was made from it later did not cause the answer"


def test_an_artifact_shows_what_it_came_from_and_what_was_made_from_it(store: Store, told: dict[str, str]) -> None:
    tree = store.lineage(told["dataset"])
    users = {node.id for node in tree.walk() if node.relation == "used by"}
    assert users == {told["adapter"], told["model"], told["ledger"]}
    tree = store.lineage(told["ledger"])
    relations = {(node.relation, node.id) for node in tree.walk()}
    assert ("from", told["model"]) in relations and ("from", told["dataset"]) in relations
    assert sum(node.id == told["dataset"] and not node.repeated for node in tree.walk()) == 1


def test_a_run_shows_each_stage_and_a_row_shows_what_learnt_from_it(store: Store, told: dict[str, str]) -> None:
    tree = store.lineage(told["run"])
    assert [child.relation for child in tree.children] == ["data", "train", "export", "evaluate"]
    row = store.lineage("row-b")
    assert row.kind == "row" and "line 2" in row.children[0].title
    assert told["adapter"] in {node.id for node in row.walk()}
    store.erase(["row-b"])
    assert store.lineage("row-b").title == "erased"


def test_an_unknown_id_is_refused_and_a_removed_parent_is_shown(store: Store, told: dict[str, str]) -> None:
    with pytest.raises(LuthierError, match="nothing here"):
        store.lineage("chatcmpl-2")
    store.remove(told["dataset"], force=True)
    assert "not in this store" in "\n".join(store.lineage(told["adapter"]).render())
    assert store.verify() == [], "removed on purpose is not a finding"
