"""Find the files of a base model: built in, in a local folder, or on the model hub (see ``hub``).

Gives a folder with ``config.json``, a tokenizer and weights as safetensors, and a digest of what decides its outputs.
No row of the user's data is ever sent anywhere: downloading a base asks for files by name. Weights in pickle files are
refused. Nothing is loaded here; importing this module is cheap.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from luthier.errors import LuthierError, did_you_mean
from luthier.models.hub import Repository, snapshot

BUILT_IN = ("nano",)
_WANTED = ("*.safetensors", "*.safetensors.index.json", "config.json", "generation_config.json", "tokenizer*",
           "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "spiece.model", "*.tiktoken",
           "chat_template*", "LICENSE*", "README.md")  # fmt: skip
_DECIDING = ("*.safetensors", "config.json", "tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*",
             "merges.txt", "spiece.model", "*.tiktoken", "chat_template*")  # fmt: skip
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a base stands. ``name`` is what people and lineage call it (never a path of this machine); ``revision``
    the exact commit for hub models; ``digest`` 64 hex digits over weights, configuration and tokenizer files;
    ``licence`` what the model card declares; ``remote_code`` whether its own Python code may run; ``new_tokens`` what
    it is to know besides (``tokens``), which makes another base of it: they are part of its digest."""

    name: str
    folder: Path
    kind: Literal["builtin", "local", "hub"]
    digest: str
    revision: str | None = None
    licence: str | None = None
    remote_code: bool = False
    new_tokens: tuple[str, ...] = ()

    def knowing(self, tokens: Sequence[str]) -> ModelSource:
        """The base that knows these tokens besides."""
        if not tokens:
            return self
        body = json.dumps([self.digest, list(tokens)], ensure_ascii=False)
        return replace(self, digest=hashlib.sha256(body.encode()).hexdigest(), new_tokens=tuple(tokens))

    @property
    def uri(self) -> str:
        """How a base without an artifact is written as a parent: ``base:NAME@REVISION#sha256=…``."""
        at = f"@{self.revision}" if self.revision else ""
        return f"base:{self.name}{at}#sha256={self.digest}"

    @property
    def weight_bytes(self) -> int:
        """Size of the weight files."""
        return sum(p.stat().st_size for p in self.folder.glob("*.safetensors"))

    def config(self) -> dict[str, Any]:
        """``config.json``, read without importing transformers."""
        return _read_json(self.folder / "config.json")


def resolve(
    base: str | Path,
    revision: str | None = None,
    *,
    remote_code: bool = False,
    egress: Sequence[str] = (),
    offline_ok: bool = True,
) -> ModelSource:
    """Find a base and make sure that it can be loaded.

    Args:
        base: ``nano``, a local folder, or a hub id. What begins with ``.``, ``/`` or ``~`` or exists as a folder is
            never looked for on the hub.
        revision: commit, tag or branch on the hub.
        remote_code: whether the model's own Python code may be run (it is not fetched otherwise).
        egress: hosts that rows may be sent to; not needed here, since no row is sent.
        offline_ok: take what an earlier download left if the hub cannot be reached.

    Raises:
        LuthierError: no such model, the hub cannot be reached, access is gated, or the folder holds no safetensors.
    """
    text = str(base)
    if text in BUILT_IN and not revision:
        folder = Path(str(files("luthier.models") / text))
        return _source(text, folder, "builtin", None, remote_code)
    path = Path(text).expanduser()
    if text.startswith((".", "/", "~")) or path.is_dir():
        if revision:
            raise LuthierError(
                "a local folder has no revision", where=f"model.revision: {revision}", fix="remove model.revision"
            )
        return _source(path.resolve().name, path.resolve(), "local", None, remote_code)
    wanted = [*_WANTED, *(["*.py"] if remote_code else [])]
    repository = Repository("model", text, revision, where="model.base", otherwise=BUILT_IN)
    folder, commit = snapshot(repository, wanted, whole="*.safetensors" if offline_ok else None)
    return _source(text, folder, "hub", commit, remote_code)


def _source(
    name: str, folder: Path, kind: Literal["builtin", "local", "hub"], revision: str | None, remote_code: bool
) -> ModelSource:
    _check(folder)
    config = _read_json(folder / "config.json")
    if "auto_map" in config and not remote_code:
        raise LuthierError(
            f"{name} comes with Python code of its own",
            where=folder / "config.json",
            why="running it could do anything on this machine",
            fix="choose another base, or read the code and set model.remote_code: true",
        )
    return ModelSource(name, folder, kind, digest_of(folder), revision, _licence(folder), remote_code)


def _check(folder: Path) -> None:
    """Refuse a folder that cannot be loaded, before anything heavy is imported."""
    if not folder.is_dir():
        beside = [p.name for p in folder.parent.iterdir() if p.is_dir()] if folder.parent.is_dir() else []
        near = did_you_mean(folder.name, beside)
        raise LuthierError(
            "no such folder",
            where=folder,
            why="a base is a folder of files, a hub id, or nano",
            fix=near if near.startswith("did") else "check the path",
        )
    if not (folder / "config.json").is_file():
        adapter = (folder / "adapter_config.json").is_file()
        raise LuthierError(
            "this folder holds an adapter, not a whole model" if adapter else "this folder holds no model",
            where=folder / "config.json",
            why="config.json says what the model is, and it is not there",
            fix="name the base that the adapter was trained on" if adapter else "check the path",
        )
    if any(folder.glob("*.safetensors")):
        _check_shards(folder)
        return
    pickles = sorted(p.name for pattern in _PICKLES for p in folder.glob(pattern) if p.name != "training_args.bin")
    if pickles:
        raise LuthierError(
            f"the weights are in {pickles[0]}, and only safetensors are read",
            where=folder,
            why="a pickle file can run any code when it is opened",
            fix="convert it where you trust it: AutoModelForCausalLM.from_pretrained(…).save_pretrained(…)",
        )
    raise LuthierError(
        "this folder holds no weights", where=folder, why="no *.safetensors file is there", fix="check the path"
    )


def _check_shards(folder: Path) -> None:
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return
    named = set(_read_json(index).get("weight_map", {}).values())
    missing = sorted(n for n in named if not (folder / n).is_file())
    if missing:
        raise LuthierError(
            f"{len(missing)} of {len(named)} weight files are missing",
            where=folder / missing[0],
            why="the download or copy stopped half-way",
            fix="fetch the model again",
        )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    except (OSError, ValueError) as error:
        raise LuthierError(f"{path.name} cannot be read: {error}", where=path, fix="fetch the model again") from error


def _licence(folder: Path) -> str | None:
    """The licence that the model card's header declares."""
    for name in ("README.md", "CARD.md"):
        path = folder / name
        if path.is_file():
            head = path.read_text(encoding="utf-8", errors="replace")[:4000]
            for line in head.splitlines():
                key, _, value = line.partition(":")
                if key.strip().lower() in ("license", "licence") and value.strip():
                    return value.strip().strip("\"'")
    return None


# ---- digests

_hashes: dict[tuple[str, int, int], str] = {}


def file_hash(path: Path) -> str:
    """SHA-256 of a file, remembered while its size and modification time stay the same."""
    stat = path.stat()
    key = (str(path.resolve()), stat.st_size, stat.st_mtime_ns)
    if key not in _hashes:
        with path.open("rb") as file:
            _hashes[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return _hashes[key]


def digest_of(folder: Path) -> str:
    """SHA-256 over names and hashes of the files that decide a model's outputs."""
    found = {p.name: file_hash(p) for pattern in _DECIDING for p in folder.glob(pattern) if p.is_file()}
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
