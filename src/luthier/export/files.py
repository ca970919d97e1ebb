"""Folders that other tools can load: weights as safetensors, configuration, tokenizer, template, generation settings.

The same weights give the same bytes. No path of this machine is written. What is written here is proven elsewhere
(``parity``), by reading it back.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from luthier.models.head import pad_of
from luthier.models.load import Loaded

_TOKENIZER = ("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "spiece.model",
              "*.tiktoken")  # fmt: skip
_LOCAL_KEYS = ("_name_or_path", "name_or_path", "_commit_hash")
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def write_merged(loaded: Loaded, folder: Path, dtype: torch.dtype) -> None:
    """Write a whole, plain transformers model in the given number format; ``loaded`` keeps its own."""
    cast: dict[tuple[int, tuple[int, ...]], torch.Tensor] = {}
    state: dict[str, torch.Tensor] = {}
    for name, tensor in loaded.model.state_dict().items():
        place = (tensor.data_ptr(), tuple(tensor.shape))
        if place not in cast:  # tensors that are shared (tied embeddings) must stay shared, or they are written twice
            cast[place] = tensor.to(dtype) if tensor.is_floating_point() else tensor
        state[name] = cast[place]
    loaded.model.save_pretrained(folder, state_dict=state)
    config = folder / "config.json"
    body = json.loads(config.read_text(encoding="utf-8"))
    for key in _LOCAL_KEYS:
        body.pop(key, None)
    body["dtype"] = str(dtype).removeprefix("torch.")
    write_json(config, body)
    write_tokenizer(loaded, folder)
    if loaded.makes == "model":
        write_generation(loaded, folder)


def write_tokenizer(loaded: Loaded, folder: Path) -> None:
    """The base's own tokenizer files, byte for byte, with the pinned chat template in place of theirs; those of a base
    with new tokens as the library writes them."""
    source = loaded.source
    for pattern in (*_TOKENIZER, *(("*.py",) if source.remote_code else ())):
        for path in sorted(source.folder.glob(pattern)):
            if path.is_file():
                shutil.copyfile(path, folder / path.name)
    if source.new_tokens:
        loaded.tokenizer.save_pretrained(folder)
    config = folder / "tokenizer_config.json"
    if config.is_file():
        body = json.loads(config.read_text(encoding="utf-8"))
        for key in ("chat_template", *_LOCAL_KEYS):
            body.pop(key, None)
        if loaded.makes != "model" and not body.get("pad_token"):  # the head reads the last token but these
            body["pad_token"] = loaded.tokenizer.convert_ids_to_tokens(pad_of(loaded.tokenizer))
        write_json(config, body)
    if loaded.chat.has_template:
        (folder / "chat_template.jinja").write_text(loaded.chat.source, encoding="utf-8")


def write_generation(loaded: Loaded, folder: Path) -> None:
    """The base's generation settings, with every token that ends an answer: engines stop where training ended."""
    path = loaded.source.folder / "generation_config.json"
    body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for key in _LOCAL_KEYS:
        body.pop(key, None)
    stops = sorted(loaded.chat.stop_ids)
    body["eos_token_id"] = stops[0] if len(stops) == 1 else stops
    if loaded.tokenizer.pad_token_id is not None:
        body["pad_token_id"] = loaded.tokenizer.pad_token_id
    write_json(folder / "generation_config.json", body)


def stored_dtype(loaded: Loaded) -> torch.dtype:
    """The number format in which the base's files hold their weights; fp32 where they do not say."""
    config = loaded.source.config()
    name = str(config.get("dtype") or config.get("torch_dtype") or "float32").removeprefix("torch.")
    found = getattr(torch, name, torch.float32)
    return found if found in (torch.float32, torch.bfloat16, torch.float16) else torch.float32


def write_json(path: Path, body: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(body, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")

