"""A row is proven to be among others by a root and a few hashes; nothing else has that proof."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from luthier.cli.main import run as luthier
from luthier.errors import LuthierError
from luthier.store import Artifact, Store
from luthier.store.merkle import Proof, prove, root_of

SOURCE = "source:rows.jsonl#sha256=" + "ab" * 32


def dataset(store: Store, count: int) -> Artifact:
    body = b"".join(json.dumps({"id": f"row-{n}", "text": f"secret {n}"}).encode() + b"\n" for n in range(count))
    return store.put("dataset", {"train.rows.jsonl": body}, parents=[SOURCE], rows=["train.rows.jsonl"])


def textbook(leaves: list[bytes]) -> bytes:
    """The Merkle tree hash as RFC 6962 defines it: split at the largest power of two below the count."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + textbook(leaves[:split]) + textbook(leaves[split:])).digest()


@pytest.mark.parametrize("count", [*range(1, 18), 64, 100])
def test_the_root_is_that_of_the_standard_and_every_row_has_a_proof(store: Store, count: int) -> None:
    made = dataset(store, count)
    hashes = [line.split()[0] for line in (made.path / "train.rows.jsonl.hashes").read_text().splitlines()]
    leaves = [hashlib.sha256(b"\0train.rows.jsonl\0" + bytes.fromhex(one)).digest() for one in hashes]
    root = textbook(leaves).hex()
    assert root_of(made) == root
    for n in {0, count // 2, count - 1}:
        proof = prove(made, f"row-{n}")
        assert proof.holds and proof.root == root and len(proof.path) <= (count - 1).bit_length()
        assert Proof.from_dict(json.loads(json.dumps(proof.to_dict())), "x") == proof


def test_the_row_that_is_learnt_is_proven_and_not_what_is_said_of_it(store: Store) -> None:
    files = {
        "quarantine.jsonl": b'{"id": "gone"}\n', "scores.jsonl": b'{"id": "a"}\n{"id": "gone"}\n',
        "shown.jsonl": b'{"id": "a"}\n', "train.rows.jsonl": b'{"id": "b"}\n{"id": "a"}\n',
    }  # fmt: skip
    made = store.put("dataset", files, parents=[SOURCE], rows=list(files))
    proof, gone = prove(made, "a"), prove(made, "gone")
    assert (proof.file, proof.line) == ("train.rows.jsonl", 2) and proof.holds
    assert (gone.file, gone.line) == ("quarantine.jsonl", 1) and gone.holds


def test_a_changed_proof_does_not_hold(store: Store) -> None:
    proof = prove(dataset(store, 11), "row-6")
    other = prove(dataset(store, 12), "row-6")
    flipped = (proof.path[0][:-1] + ("0" if proof.path[0][-1] != "0" else "1"), *proof.path[1:])
    changes = [
        {"row_hash": other.root}, {"index": 7}, {"index": 11}, {"index": -1}, {"rows": 20}, {"file": "test.rows.jsonl"},
        {"root": other.root}, {"path": flipped}, {"path": proof.path[:-1]}, {"path": (*proof.path, proof.root)},
        {"path": tuple(reversed(proof.path))}, {"path": ("zz",)},
    ]  # fmt: skip
    assert proof.holds and not any(replace(proof, **change).holds for change in changes)


def test_the_root_outlives_an_erasure_and_stands_in_the_lineage(
    store: Store, make_dataset: Callable[..., Artifact]
) -> None:
    made = make_dataset()
    root = root_of(made)
    store.erase(["row-b"])
    assert root_of(made) == root and prove(made, "row-b").holds
    assert f"merkle root: {root}" in "\n".join(store.lineage(made.id).render())
    assert root_of(store.put("model", {"w": b"1"}, parents=[made])) is None
    with pytest.raises(LuthierError, match="holds no row"):
        prove(made, "row-nowhere")


def test_the_command_writes_and_checks(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = dataset(Store.open(), 9)
    assert luthier(["prove", "row-4", made.id, "--out", "proof.json"]) == 0
    assert "secret" not in (home / "proof.json").read_text()
    capsys.readouterr()
    root = str(root_of(made))
    assert luthier(["prove", "proof.json", "--root", root]) == 0 and "holds" in capsys.readouterr().out
    assert luthier(["prove", "proof.json", "--root", "00" * 32]) == 1 and "NOT" in capsys.readouterr().out
    assert luthier(["prove", "row-4", made.id, "--out", "proof.json"]) == 2, "an older proof is not replaced"
    (home / "proof.json").write_text("{}")
    assert luthier(["prove", "proof.json"]) == 1 and luthier(["prove", "row-4"]) == 1
