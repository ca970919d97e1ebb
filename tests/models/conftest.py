"""A small tokenizer and a small Llama made on the spot: what these tests claim does not depend on ability."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
WORDS = """The user asks the assistant for an answer, and the assistant answers the user. One, two, three, four: a tool
can be called, its result is read, and the answer is given.\n\nNames of birds and towns; {"name": "look_up"} is json."""
# how Llama 3, Qwen and gpt-oss cut text: line breaks stay together, apart from letters
MODERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)

MakeTokenizer = Callable[..., Any]


@pytest.fixture(scope="session")
def make_tokenizer() -> MakeTokenizer:
    """``make(template, specials, **names)``: byte-level BPE of a few hundred tokens with these control tokens."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    def make(
        template: str | None = CHATML,
        specials: Sequence[str] = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"),
        *,
        eos: str = "<|im_end|>",
        bos: str | None = None,
        adds_bos: bool = False,
        pattern: str | None = MODERN,
    ) -> Any:
        inner = Tokenizer(models.BPE())
        level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)
        split = [pre_tokenizers.Split(Regex(pattern), "isolated")] if pattern else []
        inner.pre_tokenizer = pre_tokenizers.Sequence([*split, level])
        inner.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=400 + len(specials), special_tokens=list(specials), show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        )  # fmt: skip
        inner.train_from_iterator([WORDS] * 4, trainer)
        if adds_bos:
            assert bos is not None
            inner.post_processor = processors.TemplateProcessing(
                single=f"{bos} $A", special_tokens=[(bos, inner.token_to_id(bos))]
            )
        made = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token=eos, bos_token=bos)
        made.add_special_tokens({"additional_special_tokens": list(specials)})
        made.chat_template = template
        return made

    return make


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, make_tokenizer: MakeTokenizer) -> Path:
    """A folder with a random two-layer Llama (tied embeddings) and a ChatML tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = make_tokenizer()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.convert_tokens_to_ids("<|pad|>"),
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
