"""A benchmark pack: an evaluation set as hashes, to check training rows against without having the set.

The file is safetensors (numbers and a header, nothing that runs): for each item the 8-grams of question and answer in
order, a hash of each whole side, and of the question with its signs. Hashes are keyed with a salt made from the set
itself and written into the file: one set gives one pack, and no table of hashes made for one pack serves another.

What a pack gives away: ids are hashes of whole rows, which anybody who has a row can recognise. The salt must be in it,
so anybody can hash a guess and see whether it stands in the set. Grams overlap; who knows seven words that stand
together (a template, the start of a famous question) finds the eighth by trying a dictionary, and so on to the end of
the text. A pack keeps a set from being read, indexed or trained on by accident. It does not keep it secret from
somebody who wants it; a set that must stay secret is not shared this way.

Without words nothing can be verified on words: evidence rests on 64-bit grams. A million rows of a hundred words
against a pack of a million grams meet by chance once in about 200,000 such checks.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from luthier.errors import LuthierError
from luthier.similar.grams import GRAM, NORMALISER, Encoded
from luthier.similar.items import Index, Item, index

VERSION = "1"
SUFFIX = ".pack"
_ARRAYS = {"grams": np.uint64, "lengths": np.int64, "whole": np.uint64, "strict": np.uint64, "ids": np.uint8}
_MOST_BYTES = 4 << 30


@dataclass(frozen=True)
class Pack:
    """A pack as read: its index and what its maker said of it. ``recall`` is what its canaries showed."""

    index: Index
    name: str
    licence: str
    digest: str
    recall: Mapping[str, Any]


def packed(items: Sequence[Item]) -> Index:
    """The index of a pack: hashed with the set's own salt, the words left out."""
    body = json.dumps([[item.question, item.answer] for item in items], ensure_ascii=False)
    made = index(items, hashlib.blake2b(body.encode("utf-8", "surrogatepass"), digest_size=16).digest())
    return without_words(made)


def without_words(items: Index) -> Index:
    """The same index as somebody sees it who has only the pack."""
    sides = items.sides
    bare = Encoded(np.zeros_like(sides.words), sides.grams, sides.starts, sides.lengths, sides.whole)
    return Index(items.ids, bare, items.strict, None, items.salt)


def write_pack(path: Path, items: Index, *, name: str, licence: str = "", recall: Mapping[str, Any]) -> str:
    """Write a pack beside its place, then rename; gives its digest.

    Raises:
        LuthierError: the place cannot be written.
    """
    sides = items.sides
    arrays: dict[str, np.ndarray[Any, Any]] = {
        "grams": sides.grams, "lengths": sides.lengths, "whole": sides.whole, "strict": items.strict,
        "ids": np.frombuffer(json.dumps(items.ids).encode(), dtype=np.uint8),
    }  # fmt: skip
    header = {
        "luthier_pack": VERSION, "normaliser": NORMALISER, "gram": str(GRAM), "items": str(len(items.ids)),
        "salt": items.salt.hex(), "name": name, "licence": licence, "recall": json.dumps(recall, sort_keys=True),
    }  # fmt: skip
    header["digest"] = _digest(arrays, header)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(save(arrays, header))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise LuthierError(f"{path.name} cannot be written: {error.strerror}", where=path.parent) from None
    return header["digest"]


def is_pack(path: Path) -> bool:
    """Whether a file's name says that it is a pack."""
    return path.suffix.lower() == SUFFIX


def read_pack(path: Path) -> Pack:
    """Read a pack; nothing in it is run, and every array is checked before it is used.

    Raises:
        LuthierError: it is no pack, damaged, or made by another version or word rule.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _refused(path, "it is larger than 4 GiB")
        with safe_open(path, framework="numpy") as file:
            header = file.metadata() or {}
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)
    except OSError as error:
        raise LuthierError(f"{path.name} cannot be read: {error.strerror or error}", where=path) from None
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise _refused(path, f"not a safetensors file ({error})") from None
    for key, wanted in (("luthier_pack", VERSION), ("normaliser", NORMALISER), ("gram", str(GRAM))):
        if header.get(key) != wanted:
            raise _refused(path, f"{key} is {header.get(key, 'missing')}, this version reads {wanted}")
    if set(arrays) != set(_ARRAYS) or any(
        arrays[key].dtype != kind or arrays[key].ndim != 1 for key, kind in _ARRAYS.items()
    ):
        raise _refused(path, "its arrays are not those of a pack")
    if _digest(arrays, header) != header.get("digest"):
        raise _refused(path, "its digest does not fit its content: it is damaged or was changed")
    try:
        ids = tuple(str(one) for one in json.loads(arrays["ids"].tobytes()))
        recall, salt = json.loads(header["recall"]), bytes.fromhex(header["salt"])
    except (KeyError, ValueError, TypeError):
        raise _refused(path, "its header is not that of a pack") from None
    lengths, grams = arrays["lengths"], arrays["grams"]
    fits = (
        len(lengths) == 2 * len(ids) == len(arrays["whole"]) == 2 * len(arrays["strict"])
        and (not len(lengths) or (int(lengths.min()) >= 0 and int(lengths.max()) <= len(grams)))
        and int(lengths.sum()) + len(lengths) == len(grams)
        and isinstance(recall, dict)
        and len(salt) <= 64
    )
    starts = np.concatenate([[0], np.cumsum(lengths + 1)])[:-1].astype(np.int64)
    if not fits or _crosses(grams, starts, lengths):
        raise _refused(path, "its arrays do not fit together")
    sides = Encoded(np.zeros_like(grams), grams, starts, lengths, arrays["whole"])
    found = Index(ids, sides, arrays["strict"], None, salt)
    return Pack(found, header.get("name", path.stem), header.get("licence", ""), header["digest"], recall)


def _crosses(grams: np.ndarray[Any, Any], starts: np.ndarray[Any, Any], lengths: np.ndarray[Any, Any]) -> bool:
    """Whether a gram stands where none can: among the last seven words of a text or behind it."""
    place = np.arange(len(grams)) - np.repeat(starts, lengths + 1)
    return bool((grams[place > np.repeat(lengths, lengths + 1) - GRAM] != 0).any())


def _digest(arrays: Mapping[str, np.ndarray[Any, Any]], header: Mapping[str, str]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for key in sorted(set(header) - {"digest"}):
        digest.update(f"{key}={header[key]}\0".encode())
    for key in sorted(arrays):
        digest.update(f"{key}:{arrays[key].dtype}:{arrays[key].shape}\0".encode())
        digest.update(np.ascontiguousarray(arrays[key]).tobytes())
    return digest.hexdigest()


def _refused(path: Path, why: str) -> LuthierError:
    return LuthierError(f"{path.name} is no pack that can be read", where=path, why=why, fix="make it: luthier pack")
