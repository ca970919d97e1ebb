"""``luthier prove``: the Merkle proof of a row, written, and checked without a store."""

from __future__ import annotations

import json
from pathlib import Path

from luthier.errors import LuthierError, UsageError
from luthier.pipeline.diff import dataset_of
from luthier.store import Store
from luthier.store.merkle import Proof, prove


def prove_row(row: str, target: str, out: Path | None) -> Proof:
    """The proof that a row is in a dataset, or in that of a run or model.

    Raises:
        LuthierError: an unknown name, or the dataset does not hold the row; ``out`` is there already.
    """
    proof = prove(dataset_of(Store.open(), target), row)
    if out is not None:
        try:
            with out.open("x", encoding="utf-8") as file:
                file.write(json.dumps(proof.to_dict(), indent=1) + "\n")
        except FileExistsError:
            raise UsageError(f"{out} is there already", where="--out", fix="another name") from None
    return proof


def check_proof(path: Path, root: str | None) -> tuple[Proof, str]:
    """The proof of a file and why it does not hold (empty if it does).

    Raises:
        LuthierError: it cannot be read or is no proof.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fix = "a row needs the dataset that holds it: luthier prove ROW DATASET"
        raise LuthierError(f"no proof can be read: {error}", where=path, fix=fix) from None
    proof = Proof.from_dict(data if isinstance(data, dict) else {}, str(path))
    if not proof.holds:
        return proof, "the proof does NOT hold: its path does not lead from the row to its root"
    if root is not None and proof.root != root.strip().lower():
        return proof, "the proof does NOT hold: it leads to another root than the one given"
    return proof, ""
