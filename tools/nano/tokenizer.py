"""Nano's tokenizer: byte-level BPE learned from train-side text, digits one by one, ChatML.

Promise: the folder it writes loads with `AutoTokenizer` offline and without remote code; no token is added in front
of a text (no BOS); earlier turns are never rewritten by the template, so a longer chat's ids begin with the shorter
chat's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from tools.nano.vocabulary import GENERAL

from tools.nano import mixture

END_OF_TEXT, IM_START, IM_END, PAD = "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"
SPECIALS = (END_OF_TEXT, IM_START, IM_END, PAD)  # ids 0 to 3, in this order
ASSISTANT = "assistant\n"
VOCABULARY = 3072

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}"
)


def render(messages: list[dict[str, str]]) -> str:
    """The chat as text, exactly as the template writes it (a test holds the two together)."""
    return "".join(f"{IM_START}{m['role']}\n{m['content']}{IM_END}\n" for m in messages)


def _corpus(seed: int, samples: int) -> Iterator[str]:
    for index in range(samples // 1000):
        for sample in mixture.chunk(seed, index, 1000):
            yield sample if isinstance(sample, str) else render(sample.chat())
    for word in GENERAL:  # a service word is worth a token even if the skills draw it seldom
        yield f"{word} {word} {word.capitalize()}"


def learn(seed: int, samples: int = 40_000, vocabulary: int = VOCABULARY) -> Tokenizer:
    """Learn the merges from `samples` train-side samples."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(r"\d"), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        _corpus(seed, samples),
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=list(SPECIALS),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return tokenizer


def write(tokenizer: Tokenizer, folder: Path, context: int) -> None:
    """The four tokenizer files of a model folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": context,
        "eos_token": IM_END,
        "pad_token": PAD,
        "unk_token": None,
        "bos_token": None,
        "clean_up_tokenization_spaces": False,
        "add_bos_token": False,
        "padding_side": "right",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
