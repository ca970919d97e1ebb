"""The Merkle root of an artifact's rows, and the proof that one row is among them without showing another.

The tree is that of RFC 6962 over SHA-256. A leaf is the name of the file and the hash of the row as it was written
(``rowfile``), in the order of files and lines; so the root stays when a row is erased, and it follows from the lists of
hashes that the artifact's digest covers. A proof holds one hash for each level: log2 of the number of rows.

A proof says that a row with this hash is in the artifact with this root. Which model was trained on it is lineage.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from luthier.errors import LuthierError
from luthier.store import rowfile
from luthier.store.artifact import Artifact

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Proof:
    """That the row of ``row_hash`` is leaf ``index`` of the ``rows`` leaves under ``root``. ``path`` goes from the leaf
    up."""

    artifact: str
    root: str
    rows: int
    index: int
    file: str
    line: int
    row: str
    row_hash: str
    path: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the path leads from the row to the root."""
        try:
            leaf = _leaf(self.file, self.row_hash)
            return _climbed(leaf, self.index, self.rows, [bytes.fromhex(one) for one in self.path]).hex() == self.root
        except ValueError:
            return False

    def to_dict(self) -> dict[str, Any]:
        return {
            "luthier_proof": FORMAT, "artifact": self.artifact, "root": self.root, "rows": self.rows,
            "index": self.index, "file": self.file, "line": self.line, "row": self.row, "row_hash": self.row_hash,
            "path": list(self.path),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str) -> Proof:
        """Read what :meth:`to_dict` wrote.

        Raises:
            LuthierError: it is no proof, or one of a newer Luthier.
        """
        try:
            if data["luthier_proof"] > FORMAT:
                raise LuthierError("this proof was written by a newer Luthier", where=where)
            return cls(
                artifact=str(data["artifact"]), root=str(data["root"]), rows=int(data["rows"]),
                index=int(data["index"]), file=str(data["file"]), line=int(data["line"]), row=str(data["row"]),
                row_hash=str(data["row_hash"]), path=tuple(map(str, data["path"])),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError):
            raise LuthierError("this is no proof", where=where, fix="luthier prove ROW writes one") from None


def root_of(artifact: Artifact) -> str | None:
    """The root over all rows, 64 hex digits; None for an artifact without rows. O(rows)."""
    leaves = [_leaf(file, digest) for file, _, digest, _ in _rows(artifact)]
    return _levels(leaves)[-1][0].hex() if leaves else None


def prove(artifact: Artifact, row_id: str) -> Proof:
    """The proof for the first line that holds a row; a line to look at (removed, shown, scored) counts last.

    Raises:
        LuthierError: the artifact does not hold it.
    """
    rows = list(_rows(artifact))
    held = [n for n, (*_, name) in enumerate(rows) if name == row_id]
    index = min(held, key=lambda n: (not rows[n][0].endswith(".rows.jsonl"), n), default=None)
    if index is None:
        raise LuthierError(f"{artifact.id} holds no row {row_id}", where=artifact.path, fix=f"luthier why {row_id}")
    file, line, digest, _ = rows[index]
    levels = _levels([_leaf(name, one) for name, _, one, _ in rows])
    path, place = [], index
    for level in levels[:-1]:
        if (place ^ 1) < len(level):
            path.append(level[place ^ 1].hex())
        place //= 2
    return Proof(artifact.id, levels[-1][0].hex(), len(rows), index, file, line, row_id, digest, tuple(path))


def _rows(artifact: Artifact) -> Iterator[tuple[str, int, str, str | None]]:
    """(file, line, hash, id) of every row, in the order of the leaves."""
    for file in sorted(artifact.files):
        if artifact.files[file].rows is not None:
            for line, (digest, name) in enumerate(rowfile.read_hashes(artifact.path / file), 1):
                yield file, line, digest, name


def _leaf(file: str, row_hash: str) -> bytes:
    return hashlib.sha256(b"\0" + file.encode() + b"\0" + bytes.fromhex(row_hash)).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """The tree from the leaves up. A node without a neighbour goes up as it is, which gives the tree of RFC 6962."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = [_node(below[n], below[n + 1]) for n in range(0, len(below) - 1, 2)]
        levels.append(pairs + (below[-1:] if len(below) % 2 else []))
    return levels


def _climbed(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a path leads to.

    Raises:
        ValueError: the path is too long or too short, or there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    left = list(path)
    while size > 1:
        if index % 2 or index + 1 < size:  # else it has no neighbour and goes up as it is
            if not left:
                raise ValueError("the path is too short")
            other = left.pop(0)
            leaf = _node(other, leaf) if index % 2 else _node(leaf, other)
        index, size = index // 2, (size + 1) // 2
    if left:
        raise ValueError("the path is too long")
    return leaf
