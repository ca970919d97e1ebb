"""The key of the data stage covers the files that the spec names: a changed pack or parent is no known dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from luthier.data import prepare
from luthier.pipeline.contamination import make_pack
from luthier.pipeline.job import Job
from luthier.recipe import make_recipe
from luthier.recipe.data import DataSpec
from luthier.store import Store

QUESTION = "how many lanterns hang over the harbour wall in autumn, said guest number"


def put(name: str, first: int, count: int) -> None:
    rows = [{"question": f"{n} {QUESTION} {n * 7}?", "answer": str(n)} for n in range(first, first + count)]
    Path(name).write_text("".join(json.dumps(one) + "\n" for one in rows))


def key(store: Store, **data: Any) -> str:
    return Job(make_recipe({"model": {"base": "nano"}, "data": {"source": "rows.jsonl", **data}}), store).data_key


def test_packs_and_the_previous_dataset_belong_to_the_key(home: Path) -> None:
    store = Store.open()
    put("rows.jsonl", 0, 30)
    put("bench.jsonl", 50, 2)
    make_pack("bench.jsonl", home / "bench.pack")
    plain, packed = key(store), key(store, contamination={"packs": "bench.pack"})
    assert plain == key(store) and packed != plain
    put("bench.jsonl", 60, 2)
    make_pack("bench.jsonl", home / "bench.pack")
    assert key(store, contamination={"packs": "bench.pack"}) != packed
    assert key(store, contamination={"profile": "gpt3"}) != plain

    seen = []
    for salt in ("a", "b"):
        spec = DataSpec.model_validate({"source": "rows.jsonl", "leak_similarity": 1.0, "split": {"salt": salt}})
        store.alias("last", prepare(spec, store=store, folder=home).id)
        seen.append(key(store, split={"previous": "last"}))
    assert len({plain, *seen}) == 3  # the alias is the same, the dataset behind it is not
