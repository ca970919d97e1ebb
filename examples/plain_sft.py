"""Supervised fine-tuning with LoRA in one readable file: the mathematics of `luthier run`, without Luthier.

    python examples/plain_sft.py chats.jsonl --base ./my-model --out ./adapter

Each line of the data is {"messages": [{"role": ..., "content": ...}, ...]}. What it leaves out: validation, early
stopping, resuming, checks of the data, evaluation, export. A test holds both to the same losses, step for step.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy


def encode(tokenizer, messages: list[dict]) -> tuple[list[int], list[bool]]:
    """Token ids of a chat, and which of them are trained: what the assistant says, its end-of-turn token included."""

    def ids(part: list[dict], ask: bool) -> list[int]:
        text = tokenizer.apply_chat_template(part, tokenize=False, add_generation_prompt=ask)
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    whole = ids(messages, False)
    trained = [False] * len(whole)
    for k, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        before, after = ids(messages[:k], True), ids(messages[: k + 1], False)
        if after[: len(before)] != before or whole[: len(after)] != after:
            raise SystemExit("this chat template rewrites earlier turns; train one row per assistant turn instead")
        stop = max((i for i in range(len(before), len(after)) if after[i] == tokenizer.eos_token_id), default=None)
        for i in range(len(before), len(after) if stop is None else stop + 1):
            trained[i] = True
    return whole, trained


def inputs_of(ids: list[int], trained: list[bool]) -> list[int]:
    """What is fed: everything before the last trained token, which is the last thing to predict."""
    return ids[: max(i for i, t in enumerate(trained) if t)]


def batches(lengths: list[int], budget: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Rows of similar length together, rows times padded length within the budget, in random order."""
    padded = -(-np.asarray(lengths) // 8) * 8
    random = np.random.Generator(np.random.PCG64((seed, epoch)))
    order = np.lexsort((random.permutation(len(lengths)), -padded))  # longest first, ties in random order
    cuts, start = [], 0
    while start < len(order):
        size = max(1, budget // int(padded[order[start]]))
        cuts.append(order[start : start + size])
        start += size
    return [cuts[i] for i in random.permutation(len(cuts))]


def loss_sum(model, rows: list[tuple[list[int], list[bool]]]) -> torch.Tensor:
    """Sum of -log p(token | what stands before it) over the trained tokens of a padded batch."""
    width = -(-max(len(inputs_of(*r)) for r in rows) // 8) * 8
    inputs = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    labels = torch.full((len(rows), width), -100)
    for i, (ids, trained) in enumerate(rows):
        fed = inputs_of(ids, trained)
        inputs[i, : len(fed)] = torch.tensor(fed)
        mask[i, : len(fed)] = 1
        following = [token if t else -100 for token, t in zip(ids[1:], trained[1:], strict=True)]
        labels[i, : len(fed)] = torch.tensor(following[: len(fed)])
    logits = model(input_ids=inputs, attention_mask=mask, use_cache=False).logits
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100, reduction="sum")


def rate(step: int, steps: int, warmup: int, peak: float) -> float:
    """A line up over the warm-up, then half a cosine down to zero."""
    if step <= warmup:
        return peak * step / (warmup + 1)
    return peak * 0.5 * (1 + math.cos(math.pi * (step - 1 - warmup) / max(1, steps - warmup)))


def train(
    model, rows: list[tuple[list[int], list[bool]]], *, epochs: float, peak: float, batch_tokens: int,
    micro_tokens: int, warmup: float = 0.06, decay: float = 0.01, clip: float = 1.0, seed: int = 0,
) -> list[float]:  # fmt: skip
    """Train in place; gives the mean loss of each step."""
    lengths = [len(inputs_of(*r)) for r in rows]
    count = len(batches(lengths, micro_tokens, seed, 0))
    in_step = max(1, round(batch_tokens / (sum(lengths) / count)))  # forward passes that make up one step
    in_epoch = -(-count // in_step)
    steps = max(1, round(in_epoch * epochs))
    parameters = [p for p in model.parameters() if p.requires_grad]
    adamw = torch.optim.AdamW([
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ], lr=peak, betas=(0.9, 0.999), eps=1e-8)  # fmt: skip
    model.train()
    losses = []
    for step in range(1, steps + 1):
        epoch, place = divmod(step - 1, in_epoch)
        passes = batches(lengths, micro_tokens, seed, epoch)
        window = passes[len(passes) * place // in_epoch : len(passes) * (place + 1) // in_epoch]
        tokens = sum(sum(rows[i][1][1:]) for batch in window for i in batch)  # of the whole step, before any backward
        total = 0.0
        for batch in window:
            loss = loss_sum(model, [rows[i] for i in batch]) / tokens
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(parameters, clip)
        for group in adamw.param_groups:
            group["lr"] = rate(step, steps, min(round(warmup * steps), steps - 1), peak)
        adamw.step()
        adamw.zero_grad()
        losses.append(total)
        print(f"step {step}/{steps}  loss {total:.4f}", flush=True)
    return losses


def main() -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--base", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=float, default=3.0)
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    parser.add_argument("--batch-tokens", type=int, default=2048)
    args = parser.parse_args()
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    model = AutoModelForCausalLM.from_pretrained(args.base, dtype=torch.float32)
    attention = ["q_proj", "k_proj", "v_proj", "o_proj"]
    model = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules=attention, task_type="CAUSAL_LM"))
    rows = [encode(tokenizer, json.loads(line)["messages"]) for line in args.data.open()]
    train(model, [r for r in rows if any(r[1][1:])], epochs=args.epochs, peak=args.learning_rate,
          batch_tokens=args.batch_tokens, micro_tokens=args.batch_tokens)  # fmt: skip
    model.save_pretrained(args.out)


if __name__ == "__main__":
    main()
