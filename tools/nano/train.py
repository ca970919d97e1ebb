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
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from tools.nano.batches import Batch, chunk_batches
from tools.nano.optimiser import Optimiser
from torch.nn import functional as F
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from tools.nano import mixture
from tools.nano import tokenizer as tok

STOPPING = (signal.SIGINT, signal.SIGTERM)


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
    tokens_per_step: int = 6144
    chunk_samples: int = 4096
    peak_lr: float = 2e-2
    """Of the matrices inside the layers (Muon: a step moves a matrix by about this much in spectral norm)."""
    embedding_lr: float = 4e-3
    warmup_steps: int = 40
    turn: int = 1700
    """Steps at full rate. They find copying and the easy skills; from then on the gradient of the few hundred answer
    tokens of a step is mostly noise, and the rate drops to `rate_after` of its peak and falls to 2% of that."""
    rate_after: float = 0.4
    again: int = 0
    """The step at which the rate goes up to `rate_after` once more, to fall until the end; 0 is never. For a run that
    goes on with more wordings than it began with."""
    reading: float = 0.3
    """Weight of a prompt token's loss beside 1 for an answer's, from `turn` on. Only a quarter of them, drawn anew each
    step, is computed: the head costs a fifth of a step."""
    weight_decay: float = 0.05
    clip: float = 1.0
    bf16: bool = True
    processes: int = 1
    """Processes of one thread each; every one takes its own batch of a step and the gradients are summed."""
    skills: tuple[str, ...] = mixture.TAUGHT

    def share(self, step: int) -> float:
        """Of the peak learning rates, at `step`."""
        if step < self.warmup_steps:
            return (step + 1) / self.warmup_steps
        if step < self.turn:
            return 1.0
        start, end, rise = self.turn, self.again or self.steps, 1.0
        if self.again and step >= self.again:
            start, end, rise = self.again, self.steps, min(1.0, (step - self.again + 1) / self.warmup_steps)
        return self.rate_after * rise * (0.02 + 0.98 * (end - step) / (end - start))


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
    model = LlamaForCausalLM(config)
    # At the start the residual stream carries the tokens and nothing else: what the layers write begins at zero, and
    # the embedding is wide enough to be seen. With a narrow one (0.02) copying took many times as long to be found.
    torch.nn.init.normal_(model.model.embed_tokens.weight, std=shape.width**-0.5)
    for name, weight in model.named_parameters():
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            torch.nn.init.zeros_(weight)
        elif "_proj" in name:
            torch.nn.init.normal_(weight, std=weight.shape[1] ** -0.5)
    return model


class Training:
    """One run in memory: model, optimiser, where in the mixture it stands. `step()` goes one step on."""

    def __init__(
        self, plan: Plan, tokenizer: Tokenizer, device: str = "cpu", compiled: bool = False, rank: int = 0
    ) -> None:
        torch.manual_seed(plan.seed)
        self.rank = rank
        self.plan, self.tokenizer, self.device = plan, tokenizer, device
        self.model = make_model(plan.shape, tokenizer.get_vocab_size()).to(device)
        self.optimizer = Optimiser(self.model, plan.peak_lr, plan.embedding_lr, plan.weight_decay)
        self.body = torch.compile(self.model.model, dynamic=False) if compiled else self.model.model
        self.at_step, self.chunk, self.offset = 0, 0, 0
        self._batches: list[Batch] | None = None

    def _next(self) -> Batch:
        """This process's batch of the step; the processes take neighbouring batches of the same chunk."""
        p = self.plan
        if self._batches is None or self.offset + p.processes > len(self._batches):
            if self._batches is not None:
                self.chunk, self.offset = self.chunk + 1, 0
            self._batches = chunk_batches(
                self.tokenizer, p.seed, self.chunk, p.chunk_samples, p.tokens_per_step // p.processes, p.skills
            )
        self.offset += p.processes
        return self._batches[self.offset - p.processes + self.rank]

    def losses(self, batch: Batch, reading_N: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Summed cross-entropy of the trained tokens, and of the tokens after the positions `reading_N`; the head is
        computed at those positions only."""
        ids_BT = batch.ids_BT.to(self.device)
        positions_N, targets_N = batch.positions_N, batch.targets_N
        trained = len(targets_N)
        if reading_N is not None:
            positions_N = torch.cat([positions_N, reading_N])
            targets_N = torch.cat([targets_N, batch.ids_BT.flatten()[reading_N + 1]])
        with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.plan.bf16):
            hidden = self.body(input_ids=ids_BT, use_cache=False).last_hidden_state
            logits_NV = self.model.lm_head(hidden.flatten(0, 1).index_select(0, positions_N.to(self.device)))
        losses_N = F.cross_entropy(logits_NV.float(), targets_N.to(self.device), reduction="none")
        return losses_N[:trained].sum(), losses_N[trained:].sum()

    def _reading(self, batch: Batch) -> torch.Tensor | None:
        """Flat positions whose next token is read: a seeded quarter of those that are neither trained nor padding."""
        if self.at_step < self.plan.turn or not self.plan.reading:
            return None
        ids_BT = batch.ids_BT
        known = torch.zeros(ids_BT.numel(), dtype=torch.bool).view_as(ids_BT)
        known[:, :-1] = ids_BT[:, 1:] != tok.SPECIALS.index(tok.PAD)
        known[~batch.readable_B] = False
        known.view(-1)[batch.positions_N] = False
        seeded = torch.Generator().manual_seed(self.plan.seed * 1_000_003 + self.at_step * 64 + self.rank)
        return (known.flatten() & (torch.rand(ids_BT.numel(), generator=seeded) < 0.25)).nonzero().squeeze(1)

    def step(self) -> tuple[float, int]:
        """One optimiser step; returns the mean loss per trained token and the padded tokens it took."""
        batch = self._next()
        loss, read = self.losses(batch, self._reading(batch))
        (loss + self.plan.reading * read).backward()
        told = torch.tensor([float(loss.detach()), float(len(batch.targets_N)), float(batch.ids_BT.numel())])
        if self.plan.processes > 1:
            dist.all_reduce(told)
            flat = torch.cat([p.grad.flatten() for p in self.model.parameters()])
            dist.all_reduce(flat)
            torch._foreach_copy_(
                [p.grad.view(-1) for p in self.model.parameters()],
                list(flat.split([p.numel() for p in self.model.parameters()])),
            )
        loss_sum, trained, padded = told.tolist()
        torch._foreach_mul_([p.grad for p in self.model.parameters()], 1.0 / trained)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.plan.clip)
        self.optimizer.step(self.plan.share(self.at_step))
        self.model.zero_grad()
        self.at_step += 1
        return loss_sum / trained, int(padded)

    # --- checkpoints: one safetensors file, written aside and renamed

    def save(self, path: Path) -> None:
        tensors = {f"model.{k}": p.detach() for k, p in self.model.named_parameters()}
        tensors |= self.optimizer.tensors(self.model)
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
        self.optimizer.load(self.model, tensors)
        self.at_step, self.chunk, self.offset = where["step"], where["chunk"], where["offset"]
        self._batches = None
        if self.offset:  # re-make the current chunk and stand where we stood
            offset, self.offset = self.offset, 0
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


def derive_steps(plan: Plan, tokenizer: Tokenizer, minutes: float, device: str) -> int:
    """How many steps fit into `minutes`, from half a minute of eager training of a throw-away model."""
    trial = Training(dataclasses.replace(plan, processes=1), tokenizer, device)
    for _ in range(10):
        trial.step()
    started, steps = time.monotonic(), 0
    while time.monotonic() - started < 30:
        trial.step()
        steps += 1
    return max(100, int(minutes * 60 * steps * plan.processes / (time.monotonic() - started) * 0.9))


def fix_plan(out: Path, plan: Plan, minutes: float | None, device: str) -> Plan:
    """The plan of this folder: the one written there, or else `plan`, written now."""
    path = out / "plan.json"
    if path.exists():
        kept = json.loads(path.read_text())
        return Plan(**{**kept, "shape": Shape(**kept["shape"]), "skills": tuple(kept["skills"])})
    if minutes is not None:
        tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
        plan = dataclasses.replace(plan, steps=derive_steps(plan, tokenizer, minutes, device))
    path.write_text(json.dumps(dataclasses.asdict(plan), indent=2) + "\n")
    return plan


def run(
    out: Path,
    plan: Plan,
    *,
    minutes: float | None = None,
    device: str = "cpu",
    compiled: bool = False,
    rank: int | None = None,
) -> None:
    """Train in folder `out` until done; go on where an earlier run in the same folder stopped.

    With a plan of several processes the caller (rank None) starts itself once per rank and waits.
    """
    plan = fix_plan(out, plan, minutes, device)
    if plan.processes == 1:
        _train(0, out, plan, device, compiled)
    elif rank is None:
        meeting = out / "meeting"  # where the processes find each other
        meeting.unlink(missing_ok=True)
        command = [sys.executable, "-m", "tools.nano", *sys.argv[1:]]
        children = [subprocess.Popen([*command, "--rank", str(r)]) for r in range(plan.processes)]
        before = [signal.signal(s, lambda *_: [c.send_signal(signal.SIGINT) for c in children]) for s in STOPPING]
        for child in children:
            child.wait()
        for which, handler in zip(STOPPING, before, strict=True):
            signal.signal(which, handler)
    else:
        torch.set_num_threads(1)
        dist.init_process_group(
            "gloo", init_method=f"file://{(out / 'meeting').resolve()}", rank=rank, world_size=plan.processes
        )
        _train(rank, out, plan, device, compiled)
        dist.destroy_process_group()


def _train(rank: int, out: Path, plan: Plan, device: str, compiled: bool, checkpoint_minutes: float = 5.0) -> None:
    tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    checkpoint = out / "checkpoint.safetensors"
    training = Training(plan, tokenizer, device, compiled, rank)
    if checkpoint.exists():
        training.load(checkpoint)
    if rank == 0:
        parameters = sum(p.numel() for p in training.model.parameters())
        print(f"{parameters:,} parameters, {plan.steps:,} steps, starting at step {training.at_step:,}", flush=True)
    stop = Stop()
    started = saved = shown = time.monotonic()
    tokens, smooth, first = 0, math.nan, training.at_step
    while training.at_step < plan.steps and not stop.agreed(plan.processes):
        loss, count = training.step()
        tokens += count
        smooth = loss if math.isnan(smooth) else 0.98 * smooth + 0.02 * loss
        now = time.monotonic()
        if rank == 0 and now - shown > 15:
            shown, rate = now, tokens / (now - started)
            left = (plan.steps - training.at_step) * (now - started) / (training.at_step - first) / 60
            print(
                f"step {training.at_step}/{plan.steps}  loss {smooth:.4f}  {rate:,.0f} tokens/s  {left:.1f} min left",
                flush=True,
            )
        if rank == 0 and now - saved > checkpoint_minutes * 60:
            saved = now
            training.save(checkpoint)
    stop.end()
    if rank != 0:
        return
    training.save(checkpoint)
    if training.at_step < plan.steps:
        print(f"stopped at step {training.at_step:,}; the same command goes on from here", flush=True)
        return
    training.write_model(out / "model")
    minutes = (time.monotonic() - started) / 60
    print(f"done: {tokens:,} padded tokens in {minutes:.1f} min, model in {out / 'model'}", flush=True)


class Stop:
    """Ctrl-C or a termination signal, kept until the step is over; the processes stop at the same step."""

    def __init__(self) -> None:
        self.asked = False
        self.before = {s: signal.signal(s, self._ask) for s in STOPPING}

    def _ask(self, *_: object) -> None:
        self.asked = True

    def agreed(self, processes: int) -> bool:
        if processes == 1:
            return self.asked
        told = torch.tensor([float(self.asked)])
        dist.all_reduce(told)
        return bool(told > 0)

    def end(self) -> None:
        for which, handler in self.before.items():
            signal.signal(which, handler)
