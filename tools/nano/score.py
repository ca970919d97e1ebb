"""Score a nano folder on held-out items: exact match per skill, bits per byte on documents.

An item counts as right when, with the right answer fed in, the most likely token at every answer position and at the
end token is the right one. That equals exact match of greedy decoding (if every step's argmax is right, greedy walks
the same path; at the first wrong one it leaves it), at the price of one forward pass; `greedy` checks the claim on a
sample.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tools.nano.tokenizer import END_OF_TEXT, IM_END, PAD, render
from tools.nano.world import Item
from torch.nn import functional as F
from transformers import LlamaForCausalLM

TOKENS_PER_BATCH = 16_384


def load(folder: Path) -> tuple[LlamaForCausalLM, Tokenizer]:
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model.eval(), Tokenizer.from_file(str(folder / "tokenizer.json"))


def prompt_ids(tokenizer: Tokenizer, item: Item) -> list[int]:
    return tokenizer.encode(render(item.messages) + "<|im_start|>assistant\n").ids


def _padded(rows: Sequence[list[int]], pad: int) -> torch.Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [pad] * (longest - len(row)) for row in rows])


def _groups(lengths: Sequence[int]) -> list[list[int]]:
    """Row indices in length-sorted groups of about TOKENS_PER_BATCH padded tokens."""
    groups: list[list[int]] = [[]]
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if groups[-1] and (len(groups[-1]) + 1) * lengths[index] > TOKENS_PER_BATCH:
            groups.append([])
        groups[-1].append(index)
    return groups


@torch.inference_mode()
def exact(model: LlamaForCausalLM, tokenizer: Tokenizer, items: Sequence[Item]) -> list[bool]:
    """Per item: would greedy decoding give exactly the answer and stop?"""
    prompts = [prompt_ids(tokenizer, item) for item in items]
    fulls = [
        [*prompt, *tokenizer.encode(item.answer + IM_END).ids] for prompt, item in zip(prompts, items, strict=True)
    ]
    right = [False] * len(items)
    pad = tokenizer.token_to_id(PAD)
    for group in _groups([len(row) for row in fulls]):
        ids_BT = _padded([fulls[i] for i in group], pad)
        hidden = model.model(input_ids=ids_BT, use_cache=False).last_hidden_state
        spans = [range(len(prompts[i]) - 1, len(fulls[i]) - 1) for i in group]
        where = [(b, t) for b, span in enumerate(spans) for t in span]
        b_N, t_N = torch.tensor(where).T
        hit_N = model.lm_head(hidden[b_N, t_N]).argmax(-1) == ids_BT[b_N, t_N + 1]
        at = 0
        for i, span in zip(group, spans, strict=True):
            right[i] = bool(hit_N[at : at + len(span)].all())
            at += len(span)
    return right


@torch.inference_mode()
def bits_per_byte(model: LlamaForCausalLM, tokenizer: Tokenizer, texts: Sequence[str]) -> list[tuple[float, int]]:
    """Per document: bits to write it (the first token is free of charge, the end token counts) and its UTF-8 bytes."""
    rows = [tokenizer.encode(text + END_OF_TEXT).ids for text in texts]
    found = [(0.0, 0)] * len(rows)
    pad = tokenizer.token_to_id(PAD)
    for group in _groups([len(row) for row in rows]):
        ids_BT = _padded([rows[i] for i in group], pad)
        logits = model(input_ids=ids_BT, use_cache=False).logits
        nats_BT = F.cross_entropy(logits[:, :-1].transpose(1, 2), ids_BT[:, 1:], reduction="none")
        for b, i in enumerate(group):
            nats = float(nats_BT[b, : len(rows[i]) - 1].sum())
            found[i] = (nats / math.log(2), len(texts[i].encode()))
    return found


@torch.inference_mode()
def greedy(model: LlamaForCausalLM, tokenizer: Tokenizer, item: Item, most: int = 128) -> str:
    """The answer by real step-by-step decoding."""
    ids = prompt_ids(tokenizer, item)
    out = model.generate(torch.tensor([ids]), max_new_tokens=most, do_sample=False)[0, len(ids) :].tolist()
    end = tokenizer.token_to_id(IM_END)
    return tokenizer.decode(out[: out.index(end)] if end in out else out)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95% interval of a share (Wilson 1927)."""
    z, share = 1.959964, hits / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return centre - half, centre + half
