"""``verify`` names whatever is not as it was written, and only that."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable

from luthier.store import Artifact, Store


def test_a_fresh_store_is_green(store: Store, make_dataset: Callable[..., Artifact]) -> None:
    make_dataset()
    assert store.verify() == []


def test_any_changed_byte_is_found_with_its_file(store: Store, make_dataset: Callable[..., Artifact]) -> None:
    artifact = make_dataset()
    rng = random.Random(3)
    for path in sorted(artifact.path.iterdir()):
        data = path.read_bytes()
        for place in {0, len(data) - 1, *(rng.randrange(len(data)) for _ in range(12))}:
            path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            found = store.verify()
            assert found, f"{path.name}, byte {place}"
            assert {f.artifact for f in found} == {artifact.id}
            assert any(path.name.removesuffix(".hashes") in (f.file, f.file + ".hashes") for f in found)
        path.write_bytes(data)
    assert store.verify() == []


def test_missing_added_and_shortened_files_are_found(store: Store, make_dataset: Callable[..., Artifact]) -> None:
    artifact = make_dataset()
    (artifact.path / "report.json").rename(artifact.path / "other.json")
    rows = artifact.file("train.rows.jsonl")
    rows.write_text("".join(rows.read_text().splitlines(keepends=True)[:3]))
    found = {(f.file, f.problem) for f in store.verify()}
    assert found == {
        ("report.json", "missing"),
        ("other.json", "it was added"),
        ("train.rows.jsonl", "1 rows are missing at the end"),
    }


def test_an_artifact_and_a_parent_that_vanished_are_found(
    store: Store, make_dataset: Callable[..., Artifact], make_adapter: Callable[..., Artifact]
) -> None:
    dataset = make_dataset()
    adapter = make_adapter(dataset)
    shutil.rmtree(dataset.path)
    found = {f.artifact: f.problem for f in Store.open(store.home).verify()}
    assert found == {
        dataset.id: "the artifact is gone from the disk",
        adapter.id: f"its parent {dataset.id} is missing",
    }
