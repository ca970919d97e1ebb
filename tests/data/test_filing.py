"""A dataset in the store: whole, the same bits again, erasable row by row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from luthier.data import examples, prepare, report
from luthier.recipe.data import DataSpec
from luthier.store import Store

SUBJECTS = ["lamp", "door", "train", "glove", "piano", "window", "river", "stone", "cloud", "ferry", "bread", "candle"]


def rows(count: int) -> list[dict[str, str]]:
    return [
        {
            "question": f"{n} words on the {SUBJECTS[n % 12]}: what became of the one I bought in shop {n * 7}?",
            "answer": f"Gone {n}.",
        }
        for n in range(count)
    ]  # fmt: skip


@pytest.fixture
def job(tmp_path: Path) -> Path:
    lines = [
        *rows(60),
        {**rows(60)[7], "question": rows(60)[7]["question"].upper()},
        {"question": "Who?", "answer": ""},
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return tmp_path


SPEC = DataSpec(source=("rows.jsonl",))


def test_the_dataset_is_filed_with_parents_and_account(job: Path) -> None:
    store = Store.open(job / "home")
    run = store.start_run("tickets", {})
    dataset = prepare(SPEC, store=store, run=run, folder=job, key="k" * 64)
    assert dataset.kind == "dataset" and store.find("k" * 64) is not None
    (parent,) = dataset.parents
    assert parent.startswith("source:rows.jsonl#sha256=")
    account = report(dataset)
    sides = {side: examples(dataset, side) for side in ("train", "validation", "test")}  # type: ignore[arg-type]
    assert {side: len(found) for side, found in sides.items()} == {side: account["rows"][side] for side in sides}
    assert sum(len(found) for found in sides.values()) == 60
    assert all(str(e.origin).startswith("rows.jsonl:") and e.answer for found in sides.values() for e in found)
    duplicates = next(s for s in account["steps"] if s["name"] == "duplicates")
    assert duplicates["removed"] == 1
    (shown,) = duplicates["examples"]
    assert shown["text"] == rows(60)[7]["question"].upper() and rows(60)[7]["question"] in shown["partner"]
    assert "in shop" not in dataset.file("report.json").read_text()  # text of rows stands in files of rows only
    assert store.verify() == []


def test_the_same_rows_give_the_same_artifact_anywhere(job: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    one = prepare(SPEC, store=Store.open(job / "home"), folder=job)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "rows.jsonl").write_bytes((job / "rows.jsonl").read_bytes())
    other = prepare(SPEC, store=Store.open(elsewhere), folder=elsewhere)
    assert one.digest == other.digest and one.id == other.id
    salted = SPEC.model_copy(update={"split": SPEC.split.model_copy(update={"salt": "x"})})
    assert prepare(salted, store=Store.open(job / "home"), folder=job).digest != one.digest


def test_an_erased_row_is_gone_from_every_file_and_the_store_still_verifies(job: Path) -> None:
    store = Store.open(job / "home")
    dataset = prepare(SPEC, store=store, folder=job)
    duplicate = json.loads(dataset.file("removed.jsonl").read_text())
    text = rows(60)[7]["question"]
    texts = "".join(path.read_text() for path in dataset.path.iterdir())
    assert text in texts and text.upper() in texts
    store.erase([duplicate["id"], duplicate["partner"]["id"]])
    texts = "".join(path.read_text() for path in dataset.path.iterdir())
    assert text not in texts and text.upper() not in texts
    assert store.verify() == []
    left = sum(len(examples(dataset, side)) for side in ("train", "validation", "test"))  # type: ignore[arg-type]
    assert left == 59
    assert all(not s["examples"] for s in report(dataset)["steps"] if s["name"] == "duplicates")


def test_nothing_is_left_behind_when_it_fails(job: Path) -> None:
    store = Store.open(job / "home")
    from luthier.errors import LuthierError

    with pytest.raises(LuthierError):
        prepare(DataSpec(source=("none.jsonl",)), store=store, folder=job)
    assert store.artifacts() == [] and not any(store.drafts.iterdir() if store.drafts.exists() else ())
