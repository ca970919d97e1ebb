"""A tiny Llama with random weights and a byte tokenizer: everything but ability. Built once per session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def byte_tokenizer() -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"]
    vocabulary = {token: i for i, token in enumerate(specials + alphabet)}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in specials])
    made = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<|im_end|>", pad_token="<|pad|>")
    made.chat_template = TEMPLATE
    return made


def build(seed: int = 0, **changes: Any) -> Any:
    """A Loaded whose model is a random Llama; the same seed gives the same weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from luthier.models.chat import ChatFormat
    from luthier.models.load import Loaded
    from luthier.models.source import ModelSource

    tokenizer = byte_tokenizer()
    settings = {
        "vocab_size": 260, "hidden_size": 64, "num_hidden_layers": 3, "intermediate_size": 128,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 256,
        "tie_word_embeddings": True, "eos_token_id": 2, "pad_token_id": 3, "bos_token_id": None,
        "initializer_range": 0.3,
    }  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = LlamaForCausalLM(LlamaConfig(**{**settings, **changes})).eval()
    source = ModelSource("tiny", Path("nowhere"), "local", f"tiny-{seed}")
    return Loaded(model, tokenizer, source, torch.device("cpu"), torch.float32, ChatFormat(tokenizer))


@pytest.fixture(scope="session")
def tiny() -> Any:
    return build()


@pytest.fixture(scope="session")
def build_tiny() -> Any:
    """The builder, for tests that change the model."""
    return build
