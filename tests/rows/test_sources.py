"""Folders of Hugging Face, Arrow files, packed standard input: each read, or refused with what to do."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import polars
import pytest

from luthier.errors import LuthierError
from luthier.rows import Raw, expand, read

FEATURES = {"label": {"names": ["spam", "ham"], "_type": "ClassLabel"}, "text": {"dtype": "string", "_type": "Value"}}


def rows(folder: Path, *sources: str) -> list[Raw]:
    return list(read(sources, folder=folder))


def saved(folder: Path, shards: list[list[dict[str, Any]]], **info: Any) -> None:
    """A folder as save_to_disk writes it: Arrow streams, and two descriptions."""
    folder.mkdir(parents=True)
    names = [f"data-{n:05d}-of-{len(shards):05d}.arrow" for n in range(len(shards))]
    for name, shard in zip(names, shards, strict=True):
        polars.DataFrame(shard).write_ipc_stream(folder / name)
    state = {"_data_files": [{"filename": name} for name in names], "_split": None}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text(json.dumps({"features": FEATURES, **info}))


SHARDS = [[{"text": "a", "label": 0}, {"text": "b", "label": 1}], [{"text": "c", "label": -1}]]


def test_a_saved_folder_gives_its_shards_in_order_with_the_labels_names(tmp_path: Path) -> None:
    saved(tmp_path / "set", SHARDS)
    found = rows(tmp_path, "set")
    assert [raw.value for raw in found] == [
        {"text": "a", "label": "spam"}, {"text": "b", "label": "ham"}, {"text": "c", "label": None},
    ]  # fmt: skip
    assert [str(raw.origin) for raw in found] == [
        "set/data-00000-of-00002.arrow:1", "set/data-00000-of-00002.arrow:2", "set/data-00001-of-00002.arrow:1",
    ]  # fmt: skip


def test_a_saved_folder_of_the_library_itself_is_read(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="the datasets library writes what is read here")
    datasets.disable_progress_bars()
    chat = [{"role": "user", "content": "x"}]
    kept = datasets.Dataset.from_dict({"messages": [chat] * 3, "label": [0, 1, 0]})
    kept = kept.cast_column("label", datasets.ClassLabel(names=["spam", "ham"]))
    kept.save_to_disk(tmp_path / "set", num_shards=2)
    kept.to_parquet(tmp_path / "set.parquet")
    wanted = [{"messages": chat, "label": label} for label in ("spam", "ham", "spam")]
    assert [raw.value for raw in rows(tmp_path, "set")] == wanted
    assert [raw.value for raw in rows(tmp_path, "set.parquet")] == wanted


def test_several_splits_are_not_mixed_and_one_is_taken(tmp_path: Path) -> None:
    for split in ("train", "test"):
        saved(tmp_path / "two" / split, SHARDS)
    (tmp_path / "two" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    with pytest.raises(LuthierError, match="holds 2 splits: train, test") as refused:
        rows(tmp_path, "two")
    assert "two/train" in refused.value.fix and "data.test" in refused.value.fix
    assert len(rows(tmp_path, "two/train")) == 3
    saved(tmp_path / "one" / "train", SHARDS)
    (tmp_path / "one" / "dataset_dict.json").write_text('{"splits": ["train"]}')
    assert len(rows(tmp_path, "one")) == 3


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda f: (f / "data-00001-of-00002.arrow").unlink(), "data-00001-of-00002.arrow is missing"),
        (lambda f: (f / "state.json").write_text("{}"), "state.json is broken"),
        (lambda f: (f / "state.json").write_text("nonsense"), "state.json is broken"),
        (lambda f: (f / "state.json").write_text('{"_data_files": []}'), "no shards are listed"),
        (lambda f: (f / "state.json").write_text('{"_data_files": [{"filename": "../../etc/passwd"}]}'), "broken"),
        (lambda f: (f / "data-00000-of-00002.arrow").write_bytes(b"nonsense"), "is not Arrow that can be read"),
        (lambda f: (f / "data-00000-of-00002.arrow").write_bytes(b""), "that can be read"),
        (lambda f: (f / "dataset_dict.json").write_text('{"splits": []}'), "holds 0 splits"),
        (lambda f: (f / "dataset_dict.json").write_text('{"splits": [7]}'), "dataset_dict.json is broken"),
    ],
)
def test_a_damaged_folder_is_refused_in_words(tmp_path: Path, spoil: Any, says: str) -> None:
    saved(tmp_path / "set", SHARDS)
    spoil(tmp_path / "set")
    with pytest.raises(LuthierError) as refused:
        rows(tmp_path, "set")
    assert says in refused.value.render()


def test_a_broken_description_leaves_the_numbers(tmp_path: Path) -> None:
    saved(tmp_path / "set", SHARDS)
    (tmp_path / "set" / "dataset_info.json").write_text('{"features": [')
    assert [raw.value["label"] for raw in rows(tmp_path, "set") if raw.value] == [0, 1, -1]


def test_arrow_files_are_read_and_descriptions_are_no_rows(tmp_path: Path) -> None:
    polars.DataFrame(SHARDS[0]).write_ipc(tmp_path / "a.arrow")
    (tmp_path / "dataset_info.json").write_text('{"mine": {"file_name": "a.arrow"}}')
    assert [file.name for file in expand(["."], folder=tmp_path)] == ["a.arrow"]
    assert [raw.value for raw in rows(tmp_path, ".")] == SHARDS[0]
    (tmp_path / "old.quarantine.jsonl").write_text('{"rule": "row.json"}\n')
    assert len(rows(tmp_path, ".")) == 2 and len(rows(tmp_path, "old.quarantine.jsonl")) == 1
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "state.json").write_text('{"prompt": "a", "completion": "b"}')
    assert [raw.value for raw in rows(tmp_path, "own")] == [{"prompt": "a", "completion": "b"}]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("owner/name", "hub:owner/name fetches"),
        ("hf://datasets/owner/name", "hub:owner/name fetches"),
        ("https://huggingface.co/datasets/owner/name", "hub:owner/name fetches"),
        ("s3://bucket/rows.jsonl", "download it"),
        ("owner/rows.jsonl", "check the path"),
        ("rows", "check the path"),
        ("here/rows", "check the path"),
    ],
)
def test_what_is_not_on_this_machine_is_refused_with_the_way_to_get_it(tmp_path: Path, source: str, says: str) -> None:
    (tmp_path / "here").mkdir()
    with pytest.raises(LuthierError, match="no such file or folder") as refused:
        rows(tmp_path, source)
    assert says in refused.value.fix


def test_packed_standard_input_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(b'{"q": "hi"}\n')
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(packed)))
    assert [raw.value for raw in rows(tmp_path, "-")] == [{"q": "hi"}]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (gzip.compress(b'{"q": 1}\n', mtime=0), "end in .gz"), (b"\x28\xb5\x2f\xfd rest", "end in .zst"),
        (b"PAR1 rest", "end in .parquet"), (b"ARROW1 rest", "end in .arrow"),
    ],
)  # fmt: skip
def test_a_file_under_the_wrong_name_is_told_its_right_one(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "rows.jsonl").write_bytes(content)
    with pytest.raises(LuthierError) as refused:
        rows(tmp_path, "rows.jsonl")
    assert says in refused.value.fix
