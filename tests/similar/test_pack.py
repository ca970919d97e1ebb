"""A pack finds what the text finds, holds no text, and a damaged or foreign one is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from luthier.errors import LuthierError
from luthier.similar import PROFILES, Item, Scan, index
from luthier.similar.pack import packed, read_pack, write_pack

ITEMS = [
    Item("one", "The quick brown fox of the northern hills jumps over nine lazy dogs before breakfast", "nine dogs"),
    Item("two", "Grüße aus Köln!", ""),
    Item("three", "", "an answer of quite a few words that nobody else in this small world has written down yet"),
]
ROWS = [
    (("user", f"well: {ITEMS[0].question.upper()}, you know"),),
    (("user", "grüsse aus köln"), ("assistant", f"{ITEMS[2].answer} indeed")),
    (("user", "nothing that matters to any of them, only words in a row to be passed over"),),
]


def write(folder: Path) -> Path:
    path = folder / "small.pack"
    write_pack(path, packed(ITEMS), name="small", licence="CC0", recall={"kinds": {}})
    return path


def test_a_pack_finds_what_the_text_finds(tmp_path: Path) -> None:
    pack = read_pack(write(tmp_path))
    assert (pack.name, pack.licence, pack.index.ids) == ("small", "CC0", ("one", "two", "three"))
    told = []
    for one in (index(ITEMS), pack.index):
        scan = Scan(one)
        scan.add(ROWS)
        found = scan.found()
        told.append((found.items, PROFILES["luthier"].judge(found)))
    assert told[0] == told[1]
    assert [judged.word for judged in told[1][1]] == ["dirty", "dirty", "dirty"]


def test_a_pack_holds_no_text_and_is_the_same_each_time(tmp_path: Path) -> None:
    path = write(tmp_path)
    body = path.read_bytes().lower()
    assert not any(word.encode() in body for word in ("quick", "breakfast", "köln", "answer of", "nobody"))
    first = read_pack(path).digest
    assert read_pack(write(tmp_path)).digest == first


def test_another_set_has_another_salt() -> None:
    """So that a table of hashes made for one pack serves no other."""
    one, other = packed(ITEMS), packed(ITEMS[:1])
    assert one.salt != other.salt
    assert not set(one.sides.grams.tolist()) & set(other.sides.grams.tolist()) - {0}


def change(path: Path, **arrays: np.ndarray) -> Path:
    with safe_open(path, framework="numpy") as file:
        header = dict(file.metadata())
        found = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    for key in [key for key in arrays if key in header]:
        header[key] = str(arrays.pop(key))
    save_file(found | arrays, path, header)
    return path


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda path: path.write_bytes(b"PK\x03\x04 not a pack"), "not a safetensors file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-9]), "not a safetensors file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-8] + b"12345678"), "digest"),
        (lambda path: save_file({"a": np.zeros(3)}, path), "luthier_pack is missing"),
        (lambda path: change(path, luthier_pack="9"), "luthier_pack is 9"),
        (lambda path: change(path, normaliser="other"), "normaliser is other"),
        (lambda path: change(path, lengths=np.array([2**62] * 6, dtype=np.int64)), "digest"),
        (lambda path: change(path, grams=np.zeros(3, dtype=np.float32)), "arrays"),
    ],
)
def test_what_is_no_whole_pack_is_refused(tmp_path: Path, damage: object, says: str) -> None:
    path = write(tmp_path)
    damage(path)  # type: ignore[operator]
    with pytest.raises(LuthierError) as refused:
        read_pack(path)
    assert says in refused.value.why and "luthier pack" in refused.value.fix


@pytest.mark.parametrize("lengths", [[-1, 2, 3, 0, 0, 16], [2**62] * 6, [10**6, 1, 1, 1, 1, 1]])
def test_a_well_signed_pack_with_impossible_lengths_is_refused(
    tmp_path: Path, lengths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger can compute the digest too; sizes are checked before anything is made from them."""
    path = write(tmp_path)
    change(path, lengths=np.array(lengths, dtype=np.int64))
    monkeypatch.setattr("luthier.similar.pack._digest", lambda arrays, header: header["digest"])
    with pytest.raises(LuthierError, match="is no pack"):
        read_pack(path)


def test_ids_are_text_in_json(tmp_path: Path) -> None:
    path = change(write(tmp_path), ids=np.frombuffer(json.dumps({"a": 1}).encode(), dtype=np.uint8))
    with pytest.raises(LuthierError):
        read_pack(path)
