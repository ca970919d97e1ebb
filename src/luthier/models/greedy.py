"""Plain greedy decoding of a few prompts with a model that is at hand: no engine, no thread, nothing is left behind.

The model answers as it stands (adapter, mode). For many requests there are engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from transformers.cache_utils import DynamicCache


@torch.no_grad()  # not inference mode: what a model caches then could not be trained through later
def greedy(
    model: Any, prompts: Sequence[Sequence[int]], stop_ids: Iterable[int], limit: int
) -> list[tuple[int, ...]]:
    """Greedy answers of up to ``limit`` tokens, the stop token included. No sampling settings of the model are used."""
    stops = set(stop_ids)
    device = next(model.parameters()).device
    width = max(map(len, prompts))
    ids_BT = torch.zeros((len(prompts), width), dtype=torch.long)
    mask_BT = torch.zeros((len(prompts), width), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids_BT[row, width - len(prompt) :] = torch.tensor(prompt)
        mask_BT[row, width - len(prompt) :] = 1
    ids_BT, mask_BT = ids_BT.to(device), mask_BT.to(device)
    position_BT = (mask_BT.cumsum(-1) - 1).clamp(min=0)
    cache = DynamicCache()
    made: list[list[int]] = [[] for _ in prompts]
    open_rows = set(range(len(prompts)))
    for _ in range(limit):
        logits_BV = model(
            input_ids=ids_BT, attention_mask=mask_BT, position_ids=position_BT, past_key_values=cache, use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]  # fmt: skip
        best_B = logits_BV.argmax(-1)
        for row in sorted(open_rows):
            made[row].append(int(best_B[row]))
            if made[row][-1] in stops:
                open_rows.discard(row)
        if not open_rows:
            break
        ids_BT = best_B[:, None]
        mask_BT = torch.cat([mask_BT, torch.ones_like(mask_BT[:, :1])], dim=1)
        position_BT = position_BT[:, -1:] + 1
    return [tuple(ids) for ids in made]
