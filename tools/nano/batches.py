"""From samples to batches: token ids, the mask of trained tokens, and length-sorted padded batches.

Shapes: B rows, T positions. Rows are padded on the right; causal attention then needs no mask, since no real position
sees a padded one. Trained are: assistant turns with their end token, and every token of a document.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

import torch
from tokenizers import Tokenizer
from tools.nano.tokenizer import ASSISTANT, END_OF_TEXT, IM_END, IM_START, PAD, SPECIALS, render
from torch import Tensor

from tools.nano import mixture

LENGTHS = (32, 48, 64, 96, 128, 192, 512)  # few shapes, so that a compiled step is compiled few times


class Row(NamedTuple):
    ids: list[int]
    trained: list[bool]
    readable: bool = True
    """Whether its prompt is text, so that there is something to learn from reading it."""


class Batch(NamedTuple):
    """`ids_BT`, and the flat positions (into B*T) whose *next* token is trained, with that token."""

    ids_BT: Tensor
    positions_N: Tensor
    targets_N: Tensor
    readable_B: Tensor


def rows(tokenizer: Tokenizer, samples: Sequence[mixture.Sample]) -> list[Row]:
    """Ids and trained mask of each sample."""
    start, end = tokenizer.token_to_id(IM_START), tokenizer.token_to_id(IM_END)
    header = [start, *tokenizer.encode(ASSISTANT).ids]
    texts = [
        "" if isinstance(s, mixture.Echo) else s + END_OF_TEXT if isinstance(s, str) else render(s.chat()).rstrip("\n")
        for s in samples
    ]
    found = []
    for sample, encoded in zip(samples, tokenizer.encode_batch(texts), strict=True):
        if isinstance(sample, mixture.Echo):
            found.append(echo(tokenizer, sample))
            continue
        ids = encoded.ids
        if isinstance(sample, str):
            found.append(Row(ids, [True] * len(ids)))
            continue
        trained, inside, i = [False] * len(ids), False, 0
        while i < len(ids):
            if ids[i] == start:
                inside = ids[i : i + len(header)] == header
                i += len(header) if inside else 1
                continue
            trained[i] = inside
            if ids[i] == end:
                inside = False
            i += 1
        found.append(Row(ids, trained))
    return found


def echo(tokenizer: Tokenizer, drill: mixture.Echo) -> Row:
    """Three to twelve random tokens and the same again."""
    rng = random.Random(f"echo/{drill.seed}")
    payload = [rng.randrange(len(SPECIALS), tokenizer.get_vocab_size()) for _ in range(rng.randint(3, 12))]
    asked = rng.choice(("Repeat:", "Copy this:", "Say again:", "Copy:"))
    end = tokenizer.token_to_id(IM_END)
    before = tokenizer.encode(f"{IM_START}user\n{asked}").ids
    between = [end, *tokenizer.encode(f"\n{IM_START}{ASSISTANT}").ids]
    ids = [*before, *payload, *between, *payload, end]
    prompt = len(ids) - len(payload) - 1
    return Row(ids, [False] * prompt + [True] * (len(payload) + 1), readable=False)


def batch(group: Sequence[Row], length: int, pad: int) -> Batch:
    """Pad the rows to `length` and list the trained positions."""
    ids_BT = torch.full((len(group), length), pad, dtype=torch.long)
    positions, targets = [], []
    for b, row in enumerate(group):
        ids_BT[b, : len(row.ids)] = torch.tensor(row.ids)
        for t in range(1, len(row.ids)):
            if row.trained[t]:
                positions.append(b * length + t - 1)
                targets.append(row.ids[t])
    readable_B = torch.tensor([row.readable for row in group])
    return Batch(ids_BT, torch.tensor(positions), torch.tensor(targets), readable_B)


def chunk_batches(
    tokenizer: Tokenizer, seed: int, index: int, samples: int, tokens: int, skills: Sequence[str] = mixture.TAUGHT
) -> list[Batch]:
    """The batches of one chunk, each of about `tokens` padded tokens, in a seeded random order."""
    made = rows(tokenizer, mixture.chunk(seed, index, samples, skills))
    pad = tokenizer.token_to_id(PAD)
    made = sorted((row for row in made if len(row.ids) <= LENGTHS[-1]), key=lambda row: len(row.ids))
    batches, at = [], 0
    for length in LENGTHS:
        fitting = [row for row in made[at:] if len(row.ids) <= length]
        at += len(fitting)
        size = max(1, tokens // length)
        # the last, smaller group of a length moves up to the next length instead of making an odd shape
        whole = len(fitting) - len(fitting) % size
        at -= len(fitting) - whole
        batches += [batch(fitting[i : i + size], length, pad) for i in range(0, whole, size)]
    random.Random(f"order/{seed}/{index}").shuffle(batches)
    return batches
