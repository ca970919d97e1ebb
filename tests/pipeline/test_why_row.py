"""``luthier why`` of a row that is here or gone: by its id or its place, with the rule and the row in its stead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from luthier.cli.main import run as luthier
from luthier.data import examples, prepare
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.store import Artifact, Lineage, Store

from .test_diff import put, row


@pytest.fixture
def store(home: Path) -> Store:
    return Store.open()


def made(store: Store, rows: list[dict[str, Any]], name: str = "rows.jsonl", **data: Any) -> Artifact:
    put(store.home / name, rows)
    spec = DataSpec.model_validate({"source": name, **data})
    return prepare(spec, store=store, folder=store.home)


def told(tree: Lineage) -> dict[str, str]:
    (child,) = tree.children
    return dict(child.facts)


def test_a_duplicate_names_its_rule_and_the_row_that_stayed_with_its_side(store: Store) -> None:
    rows = [row(n) for n in range(40)]
    dataset = made(store, [*rows, {**row(7), "question": row(7)["question"].upper()}])
    facts = told(store.lineage("rows.jsonl:41"))
    side, kept = next(
        (side, e) for side in ("train", "validation", "test") for e in examples(dataset, side)  # type: ignore[arg-type]
        if str(e.origin) == "rows.jsonl:8"
    )  # fmt: skip
    assert facts["left because"].startswith("the same as rows.jsonl:8") and "[duplicate.exact]" in facts["left because"]
    assert facts["beside"] == f"row {kept.id} at rows.jsonl:8, in {side}"
    assert facts["source"] == "rows.jsonl:41"


def test_a_quarantined_row_is_found_by_its_place_with_rule_and_mend(store: Store) -> None:
    made(store, [*(row(n) for n in range(40)), {"question": "Who?", "answer": ""}])
    facts = told(store.lineage("rows.jsonl:41"))
    assert "[answer." in facts["left because"] and facts["mend"]


def test_a_bridge_names_both_rows_that_it_would_have_joined(store: Store) -> None:
    texts = [f"{chr(97 + n)}one {chr(97 + n)}two {chr(97 + n)}three {chr(97 + n)}four" for n in range(26)]
    rows = [{"question": text, "answer": f"{n}."} for n, text in enumerate(texts)]
    first = made(store, rows, split={"test": 0.4})
    sides = {e.asked: side for side in ("train", "test") for e in examples(first, side)}  # type: ignore[arg-type]
    one, other = (next(text for text, side in sides.items() if side == wanted) for wanted in ("train", "test"))
    bridge = {"question": f"{one} {other}", "answer": "Both."}
    spec = {"split": {"test": 0.4, "previous": first.id}, "leak_similarity": 0.31, "dedupe": {"near": None}}
    second = made(store, [*rows, bridge], **spec)
    assert json.loads(second.file("report.json").read_text())["split"]["set_aside"] == 1
    facts = told(store.lineage("rows.jsonl:27"))
    assert "joins rows.jsonl:" in facts["left because"] and "[split.bridge]" in facts["left because"]


def test_a_row_that_left_has_no_models_to_show_and_one_that_stayed_has(store: Store) -> None:
    dataset = made(store, [*(row(n) for n in range(40)), row(3)])
    model = store.put("model", {"w": b"1"}, parents=[dataset])
    (quarantined, removed) = (store.lineage("rows.jsonl:41"), json.loads(dataset.file("removed.jsonl").read_text()))
    assert model.id not in {node.id for node in quarantined.walk()}
    stayed = store.lineage("rows.jsonl:4")
    assert stayed.kind == "row" and model.id in {node.id for node in stayed.walk()}
    assert removed["id"] in {node.title.removeprefix("row ") for node in stayed.walk()}  # equal rows have one id


def test_an_id_may_be_cut_and_an_unclear_one_is_refused(store: Store) -> None:
    dataset = made(store, [row(n) for n in range(40)])
    name = examples(dataset, "train")[0].id
    assert store.lineage(name[:8]).id == name
    two = b"".join(json.dumps({"id": f"twinrow-{n}", "text": "x"}).encode() + b"\n" for n in "ab")
    store.put("dataset", {"train.rows.jsonl": two}, parents=[dataset], rows=["train.rows.jsonl"])
    with pytest.raises(LuthierError, match="twinrow-a or twinrow-b"):
        store.lineage("twinrow")


def test_a_row_that_no_dataset_holds_says_what_may_have_become_of_it(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row(n, lang="en" if n else "de") for n in range(40)]
    made(store, rows, name="in.jsonl", drop={"lang": "de"})
    with pytest.raises(LuthierError, match="no dataset holds a row of") as error:
        store.lineage("in.jsonl:1")
    assert "data.drop" in error.value.why
    with pytest.raises(LuthierError, match="nothing here is called"):
        store.lineage("elsewhere.jsonl:1")
    assert luthier(["why", "in.jsonl:2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "row"
