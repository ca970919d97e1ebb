"""A small random Llama in bf16 files, and a model trained a little on it: what these tests claim needs no ability."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>")


def write_base(folder: Path, *, seed: int = 0, tied: bool = True, dtype: str = "bfloat16") -> Path:
    """A two-layer Llama with a byte-level tokenizer. Weights are large enough for peaked predictions."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=list(SPECIALS), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )  # fmt: skip
    inner.train_from_iterator(["the user asks and the assistant answers the question of the user"] * 3, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<|im_end|>", pad_token="<|pad|>")
    tokenizer.chat_template = CHATML
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, tie_word_embeddings=tied, initializer_range=0.12,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    LlamaForCausalLM(config).to(getattr(torch, dtype)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def train_a_little(model: Any, size: float, seed: int = 1) -> None:
    """Stand-in for training: every trained tensor moves."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    for _, p in sorted(model.named_parameters()):
        if p.requires_grad:
            with torch.no_grad():
                p.add_(torch.randn(p.shape, generator=generator) * size)


def corrupt_merged(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """From now on a merged model is written with this parameter a little off."""
    import torch

    from luthier.export import files

    write = files.write_merged

    def corrupted(loaded: Any, folder: Path, dtype: Any) -> None:
        with torch.no_grad():
            loaded.model.get_parameter(name).mul_(1.05)
        write(loaded, folder, dtype)

    monkeypatch.setattr(files, "write_merged", corrupted)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("export") / "viola")


@pytest.fixture(scope="session")
def make_base() -> Callable[..., Path]:
    return write_base


@pytest.fixture
def trained(base: Path) -> Callable[..., Any]:
    """``trained(tuning, folder=…)``: a model prepared and moved as that tuning allows."""
    from luthier.models.adapters import prepare
    from luthier.models.load import load
    from luthier.models.source import resolve
    from luthier.recipe.train import FullTuning, QloraTuning

    def make(tuning: Any, folder: Path = base, *, size: float | None = None) -> Any:
        quantised = tuning if isinstance(tuning, QloraTuning) else None
        prepared = prepare(load(resolve(folder), device="cpu", quantised=quantised), tuning, seed=0)
        train_a_little(prepared.model, size or (0.01 if isinstance(tuning, FullTuning) else 0.1))
        return prepared.loaded

    return make
