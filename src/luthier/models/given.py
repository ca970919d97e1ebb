"""A model that a program holds in memory, as files of a base: what the Python API is given.

It is written as it stands (weights in safetensors, configuration, tokenizer with its chat template) and not changed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from luthier.errors import LuthierError
from luthier.models.load import quiet

WHERE = "luthier.train(model, …)"


def refuse_other(model: Any) -> None:
    """Only a whole transformers model can be a base.

    Raises:
        LuthierError: it is something else, carries an adapter, or is quantised.
    """
    if not (hasattr(model, "save_pretrained") and hasattr(model, "config") and hasattr(model, "state_dict")):
        raise LuthierError(
            f"{type(model).__name__} is no transformers model", where=WHERE,
            fix="give a model from AutoModelForCausalLM.from_pretrained, a folder, a hub id, or \"nano\"",
        )  # fmt: skip
    if hasattr(model, "peft_config"):
        raise LuthierError(
            "this model carries an adapter", where=WHERE, why="a base is a whole model",
            fix='give model.merge_and_unload(), or its base and recipe={"model": {"adapter": FOLDER}}',
        )  # fmt: skip
    if getattr(model, "hf_quantizer", None) is not None or getattr(model, "is_quantized", False):
        raise LuthierError(
            "this model is quantised", where=WHERE, why="what is delivered is made from the base's own weights",
            fix='give its name or folder and tuning="qlora": it is then held in 4 bits while it is trained',
        )  # fmt: skip


def tokenizer_of(model: Any) -> Any:
    """The tokenizer that stands where the model was loaded from.

    Raises:
        LuthierError: it is not there.
    """
    from transformers import AutoTokenizer

    name = str(getattr(model.config, "_name_or_path", "") or "")
    try:
        return AutoTokenizer.from_pretrained(name, local_files_only=True)
    except Exception as error:
        raise LuthierError(
            "the model's tokenizer is not known", where=WHERE, why=f"none is found at {name or 'no name'}",
            fix="give it: luthier.train(model, rows, tokenizer=tokenizer)",
        ) from error  # fmt: skip


def fingerprint(model: Any, tokenizer: Any) -> str:
    """SHA-256 over every weight and the configuration of a model, and its tokenizer's vocabulary and template."""
    import torch

    seen = hashlib.sha256()
    with torch.no_grad():
        for name, tensor in sorted(model.state_dict().items()):
            seen.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\0".encode())
            seen.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    seen.update(model.config.to_json_string().encode())
    seen.update(repr(sorted(tokenizer.get_vocab().items())).encode())
    seen.update(str(tokenizer.chat_template).encode())
    return seen.hexdigest()


def write(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write the model's files into a folder."""
    quiet()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
