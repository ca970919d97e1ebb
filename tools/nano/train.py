"""Train nano: a small Llama on the seeded mixture, resumable at any moment, with the weights saved in bf16 at the
end.

Promise: the same seed, shape, number of steps, threads and library versions give the same weights, whether or not the
run was interrupted. The number of steps is decided once (given, or derived from `--minutes` after a short
measurement), written to `plan.json` and never changed afterwards; the learning rate depends on the step alone.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from tools.nano.batches import Batch, chunk_batches
from torch.nn import functional as F
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from tools.nano import tokenizer as tok


@dataclass(frozen=True)
class Shape:
    """The model's size."""

    width: int = 192
    layers: int = 6
    heads: int = 6
    kv_heads: int = 3
    ffn: int = 512
    context: int = 1024


@dataclass(frozen=True)
class Plan:
    """All that decides the weights; written once to `plan.json`."""

    shape: Shape
    seed: int
    steps: int
    tokens_per_step: int = 3072
    chunk_samples: int = 4096
    peak_lr: float = 2e-3
    warmup_steps: int = 150
    decay_share: float = 0.4
    """Share of the steps, at the end, over which the learning rate falls to 2% of its peak (warm-up, stable, decay)."""
    weight_decay: float = 0.1
    clip: float = 1.0
    bf16: bool = True
    dropped: tuple[str, ...] = ()

    def lr(self, step: int) -> float:
        if step < self.warmup_steps:
            return self.peak_lr * (step + 1) / self.warmup_steps
        left = (self.steps - step) / max(1.0, self.steps * self.decay_share)
        return self.peak_lr * (0.02 + 0.98 * min(1.0, left))


def make_model(shape: Shape, vocabulary: int) -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        intermediate_size=shape.ffn,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.width // shape.heads,
        max_position_embeddings=shape.context,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tok.SPECIALS.index(tok.IM_END),
        pad_token_id=tok.SPECIALS.index(tok.PAD),
        attention_dropout=0.0,
    )
    return LlamaForCausalLM(config)


class Training:
    """One run in memory: model, optimiser, where in the mixture it stands. `step()` goes one step on."""

    def __init__(self, plan: Plan, tokenizer: Tokenizer, device: str = "cpu", compiled: bool = False) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.tokenizer, self.device = plan, tokenizer, device
        self.model = make_model(plan.shape, tokenizer.get_vocab_size()).to(device)
        decayed = [p for p in self.model.parameters() if p.ndim >= 2]
        kept = [p for p in self.model.parameters() if p.ndim < 2]
        groups = [{"params": decayed, "weight_decay": plan.weight_decay}, {"params": kept, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=plan.peak_lr, betas=(0.9, 0.95), fused=True)
        self.body = torch.compile(self.model.model, dynamic=False) if compiled else self.model.model
        self.at_step, self.chunk, self.offset = 0, 0, 0
        self._batches: list[Batch] | None = None

    def _next(self) -> Batch:
        if self._batches is None or self.offset >= len(self._batches):
            if self._batches is not None:
                self.chunk, self.offset = self.chunk + 1, 0
            p = self.plan
            self._batches = chunk_batches(
                self.tokenizer, p.seed, self.chunk, p.chunk_samples, p.tokens_per_step, p.dropped
            )
        self.offset += 1
        return self._batches[self.offset - 1]

    def loss(self, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy over the trained tokens; the head is computed at those positions only."""
        ids_BT = batch.ids_BT.to(self.device)
        with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.plan.bf16):
            hidden = self.body(input_ids=ids_BT, use_cache=False).last_hidden_state
            chosen = hidden.flatten(0, 1).index_select(0, batch.positions_N.to(self.device))
            logits_NV = self.model.lm_head(chosen)
        return F.cross_entropy(logits_NV.float(), batch.targets_N.to(self.device))

    def step(self) -> tuple[float, int]:
        """One optimiser step; returns the loss and the padded tokens it took."""
        batch = self._next()
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.lr(self.at_step)
        loss = self.loss(batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.plan.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.at_step += 1
        return float(loss.detach()), batch.ids_BT.numel()

    # --- checkpoints: one safetensors file, written aside and renamed

    def save(self, path: Path) -> None:
        tensors = {f"model.{k}": p.detach() for k, p in self.model.named_parameters()}
        for name, parameter in self.model.named_parameters():
            for key, value in self.optimizer.state.get(parameter, {}).items():
                tensors[f"{key}.{name}"] = value
        where = {"step": self.at_step, "chunk": self.chunk, "offset": self.offset}
        aside = path.with_suffix(".tmp")
        save_file({k: t.contiguous() for k, t in tensors.items()}, aside, metadata={"where": json.dumps(where)})
        with aside.open("rb") as handle:
            os.fsync(handle.fileno())
        aside.replace(path)

    def load(self, path: Path) -> None:
        from safetensors import safe_open

        with safe_open(path, "pt") as handle:
            where = json.loads(handle.metadata()["where"])
        tensors = load_file(path, device=self.device)
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                parameter.copy_(tensors[f"model.{name}"])
                keys = ("step", "exp_avg", "exp_avg_sq")
                if f"step.{name}" in tensors:
                    self.optimizer.state[parameter] = {key: tensors[f"{key}.{name}"] for key in keys}
        self.at_step, self.chunk, self.offset = where["step"], where["chunk"], where["offset"]
        self._batches = None
        if self.offset:  # re-make the current chunk and stand where we stood
            offset = self.offset
            self._next()
            self.offset = offset

    def write_model(self, folder: Path) -> None:
        """The finished model folder: bf16 weights, configuration, tokenizer."""
        folder.mkdir(parents=True, exist_ok=True)
        model = make_model(self.plan.shape, self.tokenizer.get_vocab_size())
        model.load_state_dict({k: t.cpu() for k, t in self.model.state_dict().items()})
        end, pad = tok.SPECIALS.index(tok.IM_END), tok.SPECIALS.index(tok.PAD)
        model.generation_config = GenerationConfig(
            do_sample=False,
            eos_token_id=[end, tok.SPECIALS.index(tok.END_OF_TEXT)],
            pad_token_id=pad,
            max_new_tokens=128,
        )
        model.to(torch.bfloat16).save_pretrained(folder)
        tok.write(self.tokenizer, folder, self.plan.shape.context)


def derive_steps(plan: Plan, tokenizer: Tokenizer, minutes: float, device: str, compiled: bool) -> int:
    """How many steps fit into `minutes`, from a short measurement on a throw-away model.

    With compilation the measurement must not fall into the compiling of shapes, so a whole chunk is passed first.
    """
    trial = Training(dataclasses.replace(plan, steps=10_000), tokenizer, device, compiled)
    for _ in range(120 if compiled else 10):
        trial.step()
    started, steps = time.monotonic(), 0
    while time.monotonic() - started < 20:
        trial.step()
        steps += 1
    return max(100, int(minutes * 60 * steps / (time.monotonic() - started) * 0.93))


def run(
    out: Path,
    plan: Plan,
    *,
    minutes: float | None,
    device: str = "cpu",
    compiled: bool = False,
    checkpoint_minutes: float = 5.0,
) -> None:
    """Train in folder `out` until done; go on where an earlier run in the same folder stopped."""
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    plan_file, checkpoint = out / "plan.json", out / "checkpoint.safetensors"
    if plan_file.exists():
        kept = json.loads(plan_file.read_text())
        plan = Plan(**{**kept, "shape": Shape(**kept["shape"]), "dropped": tuple(kept["dropped"])})
    else:
        if minutes is not None:
            plan = dataclasses.replace(plan, steps=derive_steps(plan, tokenizer, minutes, device, compiled))
        plan_file.write_text(json.dumps(dataclasses.asdict(plan), indent=2) + "\n")
    training = Training(plan, tokenizer, device, compiled)
    if checkpoint.exists():
        training.load(checkpoint)
    parameters = sum(p.numel() for p in training.model.parameters())
    print(f"{parameters:,} parameters, {plan.steps:,} steps, starting at step {training.at_step:,}", flush=True)

    stop = False

    def ask_to_stop(*_: object) -> None:
        nonlocal stop
        stop = True

    before = {s: signal.signal(s, ask_to_stop) for s in (signal.SIGINT, signal.SIGTERM)}
    started = saved = shown = time.monotonic()
    tokens, smooth, first = 0, math.nan, training.at_step
    while training.at_step < plan.steps and not stop:
        loss, count = training.step()
        tokens += count
        smooth = loss if math.isnan(smooth) else 0.98 * smooth + 0.02 * loss
        now = time.monotonic()
        if now - shown > 15:
            shown = now
            left = (plan.steps - training.at_step) * (now - started) / (training.at_step - first)
            rate = tokens / (now - started)
            print(
                f"step {training.at_step:>6}/{plan.steps}  loss {smooth:.4f}  "
                f"{rate:,.0f} tokens/s  {left / 60:.1f} min left",
                flush=True,
            )
        if now - saved > checkpoint_minutes * 60:
            saved = now
            training.save(checkpoint)
    training.save(checkpoint)
    for which, handler in before.items():
        signal.signal(which, handler)
    if stop:
        print(f"stopped at step {training.at_step:,}; the same command goes on from here", flush=True)
        return
    training.write_model(out / "model")
    seconds = time.monotonic() - started
    print(f"done: {tokens:,} padded tokens in {seconds / 60:.1f} min, model in {out / 'model'}", flush=True)
