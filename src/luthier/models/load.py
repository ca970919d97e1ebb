"""Files to a model in memory: weights, tokenizer, chat format, on the best device of this machine.

Weights come from safetensors only. The model is in eval mode and nothing in it is marked as trained; that is
``adapters``' business. No file is fetched here (``source`` did), no seed is set, nothing runs through the model.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from luthier.errors import LuthierError, MissingExtra
from luthier.models import head, tokens
from luthier.models.chat import ChatFormat
from luthier.models.source import ModelSource
from luthier.recipe.train import Makes, QloraTuning

if TYPE_CHECKING:
    import torch

Precision = Literal["auto", "fp32", "bf16"]


@dataclass(frozen=True)
class Loaded:
    """A model ready to run. ``dtype`` is that of its (unquantised) weights; ``quantised`` is ``"nf4"`` or None;
    ``makes`` says whether it writes, scores or classifies; ``labels`` are a classifier's, in the order of its head's
    outputs."""

    model: Any
    tokenizer: Any
    source: ModelSource
    device: torch.device
    dtype: torch.dtype
    chat: ChatFormat
    quantised: str | None = None
    makes: Makes = "model"
    labels: tuple[str, ...] = ()


def load(
    source: ModelSource,
    *,
    precision: Precision = "auto",
    quantised: QloraTuning | None = None,
    device: str | None = None,
    chat_template: Path | None = None,
    thinking: bool = False,
    makes: Makes = "model",
    labels: Sequence[str] = (),
) -> Loaded:
    """Load a base or an exported model.

    Args:
        source: from ``source.resolve``.
        precision: number format of the weights; ``auto`` is fp32 on a CPU (bf16 arithmetic is emulated there), else
            bf16.
        quantised: hold the linear layers in 4 bits (NF4) as this tuning says.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; left out, the best that is there.
        chat_template: a Jinja file to use in place of the tokenizer's template.
        thinking: see ``ChatFormat``.
        makes: ``reward`` puts a scalar head on it, ``classifier`` one with an output for each label: the one in the
            files, or one that means nothing yet.
        labels: of a classifier; left out, those in the files.

    Raises:
        LuthierError: a model without a head over words is asked to write, the files have other labels, no such device,
            an architecture this version does not know,
            damaged files, not enough memory.
        MissingExtra: quantised without bitsandbytes.
    """
    import torch
    from transformers import AutoModelForCausalLM

    quiet()
    known = head.labels_in(source)
    if makes == "model" and known is not None:
        kind = head.made_of(known)
        raise LuthierError(
            f"{source.name} is a {head.THINGS[kind]}", where=source.folder, why="it writes none of its own",
            fix=head.USES[kind],
        )  # fmt: skip
    outputs = tuple(labels or known or ()) if makes == "classifier" else ()
    if makes == "classifier" and not outputs:
        raise ValueError(f"{source.name} has no labels of its own, and none were named")
    place = pick_device(device)
    dtype = torch.float32 if precision == "fp32" or (precision == "auto" and place.type == "cpu") else torch.bfloat16
    tokenizer, grown = _tokenizer(source, chat_template)
    options: dict[str, Any] = {
        "dtype": dtype,
        "use_safetensors": True,
        "local_files_only": True,
        "trust_remote_code": source.remote_code,
        "attn_implementation": "sdpa",
    }
    if quantised is not None:
        options |= {"quantization_config": _nf4(quantised, dtype), "device_map": {"": place}}
    if makes != "model":
        model = head.with_head(
            lambda auto, more: from_files(auto, source, {**options, **more}), tokenizer, source, outputs
        )
    else:
        model = from_files(AutoModelForCausalLM, source, options)
    if grown is not None:
        tokens.grow(model, grown)
    if quantised is None:
        model = model.to(place)
    else:
        _let_go(model)
    model.eval().requires_grad_(False)
    _check_vocabulary(model, tokenizer, source)
    chat = ChatFormat(tokenizer, thinking=thinking, stop_ids=_stop_ids(source.folder))
    held = "nf4" if quantised is not None else None
    return Loaded(model, tokenizer, source, place, dtype, chat, held, makes, outputs)


def _let_go(model: torch.nn.Module) -> None:
    """Copy what was not quantised out of the files. It lies in their mapping and keeps all of it in memory: the weights
    that were read to be quantised, too."""
    for held in (*model.parameters(), *model.buffers()):
        if held.device.type == "cpu" and getattr(held, "quant_state", None) is None:
            held.data = held.data.clone()


def load_tokenizer(source: ModelSource, chat_template: Path | None = None) -> Any:
    """The tokenizer alone.

    Raises:
        LuthierError: its files are missing or damaged, the template file cannot be read, or a new token is none.
    """
    return _tokenizer(source, chat_template)[0]


def _tokenizer(source: ModelSource, chat_template: Path | None) -> tuple[Any, tokens.Grown | None]:
    """The tokenizer, and what was added to it."""
    from transformers import AutoTokenizer

    quiet()
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            source.folder, local_files_only=True, trust_remote_code=source.remote_code
        )
    except Exception as error:
        raise LuthierError(
            f"the tokenizer of {source.name} cannot be read",
            where=source.folder,
            why=f"{type(error).__name__}: {_first_line(error)}",
            fix="check that tokenizer.json and tokenizer_config.json are there and whole",
        ) from error
    if chat_template is not None:
        try:
            tokenizer.chat_template = Path(chat_template).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LuthierError(
                f"the chat template cannot be read: {error}", where=chat_template, fix="check model.chat_template"
            ) from error
    elif isinstance(tokenizer.chat_template, dict):  # several by name: the one for plain chats
        tokenizer.chat_template = tokenizer.chat_template.get("default")
    return tokenizer, tokens.add(tokenizer, source.new_tokens, source.name) if source.new_tokens else None


def load_chat(source: ModelSource, chat_template: Path | None = None, *, thinking: bool = False) -> ChatFormat:
    """The chat format alone, without weights: enough to count tokens and to show masks."""
    return ChatFormat(load_tokenizer(source, chat_template), thinking=thinking, stop_ids=_stop_ids(source.folder))


def pick_device(name: str | None = None) -> torch.device:
    """The named device, or the best that is there: cuda, then mps, then cpu.

    Raises:
        LuthierError: the named one is not there.
    """
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name is None:
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if there[kind]))
    kind = name.split(":")[0]
    if not there.get(kind, False):
        raise LuthierError(
            f"there is no device {name!r} here",
            why=f"this machine and this torch offer {', '.join(k for k, v in there.items() if v)}",
            fix="luthier doctor says what is missing",
        )
    return torch.device(name)


def device_memory(name: str) -> dict[str, Any]:
    """Bytes of memory that are free on a device now, and whether it multiplies bf16 in hardware worth using."""
    import torch

    from luthier.models.products import multiplies_bf16

    if name.startswith("cuda"):
        return {"memory": int(torch.cuda.mem_get_info(name)[0]), "bf16": torch.cuda.is_bf16_supported()}
    if name == "mps":
        return {"memory": int(torch.mps.recommended_max_memory()), "bf16": False}
    pages = "SC_AVPHYS_PAGES"
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf(pages) if pages in os.sysconf_names else 0
    return {"memory": free, "bf16": multiplies_bf16()}


def quiet() -> None:
    """transformers' own bars and notes would mix with ours; its errors are translated."""
    import logging

    from transformers.utils import logging as notes

    notes.disable_progress_bar()
    notes.set_verbosity_error()
    logging.getLogger("bitsandbytes").setLevel(logging.CRITICAL)  # it reports optional kernels as errors


def _nf4(tuning: QloraTuning, dtype: torch.dtype) -> Any:
    try:
        import bitsandbytes  # noqa: F401  (transformers would fail later, and say less)
    except ImportError as error:
        raise MissingExtra("bitsandbytes", extra="qlora", task="train.tuning: qlora") from error
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=tuning.double_quant,
        bnb_4bit_compute_dtype=dtype,
    )


def from_files(auto: Any, source: ModelSource, options: dict[str, Any]) -> Any:
    """A model of transformers from a source's files.

    Raises:
        LuthierError: it does not fit the memory, or cannot be loaded.
    """
    try:
        try:
            return auto.from_pretrained(source.folder, **options)
        except ValueError as error:
            if "scaled_dot_product_attention" not in str(error):
                raise
            return auto.from_pretrained(source.folder, **{**options, "attn_implementation": "eager"})
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and "out of memory" not in str(error).lower():
            raise _unloadable(source, error) from error
        raise LuthierError(
            f"{source.name} does not fit the memory",
            where=source.folder,
            why=f"its weight files alone are {source.weight_bytes / 2**30:.1f} GiB",
            fix="set train.tuning: qlora, or choose a smaller base",
        ) from error
    except Exception as error:
        raise _unloadable(source, error) from error


def _unloadable(source: ModelSource, error: BaseException) -> LuthierError:
    return LuthierError(
        f"{source.name} cannot be loaded",
        where=source.folder,
        why=f"{type(error).__name__}: {_first_line(error)}",
        fix="check that the files are whole; a very new architecture may need a newer transformers",
    )


def _first_line(error: BaseException) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), "no reason given")


def _check_vocabulary(model: Any, tokenizer: Any, source: ModelSource) -> None:
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise LuthierError(
            f"the tokenizer of {source.name} has {len(tokenizer):,} tokens, but the model has {rows:,} embeddings",
            where=source.folder,
            why="a token without an embedding cannot be read",
            fix="use the tokenizer that belongs to this model",
        )


def _stop_ids(folder: Path) -> tuple[int, ...]:
    """End tokens that the model's own generation settings name."""
    path = folder / "generation_config.json"
    if not path.is_file():
        return ()
    try:
        value = json.loads(path.read_text(encoding="utf-8")).get("eos_token_id")
    except (ValueError, AttributeError):
        return ()
    return tuple(value) if isinstance(value, list) else () if value is None else (int(value),)
