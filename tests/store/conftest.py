"""What the store's tests share: an empty store and a small data set in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from luthier.store import Artifact, Store

SOURCE = "source:tickets.jsonl#sha256=" + "ab" * 32
BASE = "base:nano#sha256=" + "cd" * 32


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path)


@pytest.fixture
def make_dataset(store: Store) -> Callable[..., Artifact]:
    """Commit a data set of four train rows, one test row and one removed row."""

    def make(tag: str = "", **commit: object) -> Artifact:
        with store.draft("dataset") as draft:
            for side, ids in (("train", "abcd"), ("test", "e"), ("removed", "x")):
                origins = ({"file": "tickets.jsonl", "line": n} for n in range(1, 9))
                rows = [
                    {"id": f"row-{i}{tag}", "text": f"secret of {i}{tag}", "origin": origin}
                    for i, origin in zip(ids, origins, strict=False)
                ]
                path = draft.path / f"{side}.rows.jsonl"
                path.write_text("".join(json.dumps(row) + "\n" for row in rows))
            (draft.path / "report.json").write_text('{"rows": 6}')
            names = ("train.rows.jsonl", "test.rows.jsonl", "removed.rows.jsonl")
            return draft.commit(parents=[SOURCE], rows=names, meta={"train": 4, "test": 1}, **commit)

    return make


@pytest.fixture
def make_adapter(store: Store) -> Callable[..., Artifact]:
    def make(dataset: Artifact, weights: bytes = b"weights", **commit: object) -> Artifact:
        return store.put("adapter", {"adapter.safetensors": weights}, parents=[dataset, BASE], **commit)

    return make
