"""Training speed on one accelerator, side by side in one run: Luthier, TRL, Liger's kernels, Unsloth.

    python bench/gpu.py                              any CUDA machine; ends within 10 minutes
    python bench/gpu.py --shape llama-8b --tuning lora
    python bench/gpu.py --device cpu --shape tiny    the same code without an accelerator; figures not comparable

Random weights in the shapes of Qwen3-0.6B, Llama-3.2-1B and Llama-3.1-8B (nothing is downloaded); LoRA r=16 on all
linear layers, QLoRA (NF4, double quantisation) or every weight; rows of nearly one length, the last 40% trained, so
that all arms but TRL's defaults see the same batches in the same order and their losses are compared step by step.
bf16 products on a GPU, with weights in fp32 where all of them are trained. Each cell runs in a process of its own for
60 seconds at most; a row is written as soon as it is there; what no time was left for is said. Building and the first
steps are not timed; padding is not counted as tokens. Useful operations are those of the method (4 a frozen weight and
token, 6 a trained one, the head at trained tokens only), beside the device's dense rate as measured here on products
of 8,192 × 8,192. The last line is JSON.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from sft_cpu import RATE, WARM_STEPS, Row, Stopwatch, bare_tokenizer, run_apart
from verdict import conclude

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
TRAINED = 0.4
CELL_SECONDS, ALL_SECONDS = 60.0, 570.0
TIMED_SECONDS = 20.0
"""After so long a cell ends behind the step that it is at."""
ARMS = {
    "luthier": "Luthier",
    "trl": "TRL, best settings",
    "liger": "TRL with Liger kernels",
    "trl-defaults": "TRL out of the box",
    "unsloth": "Unsloth",
}
NEEDS = {"liger": "liger_kernel", "unsloth": "unsloth", "trl": "trl", "trl-defaults": "trl"}
TUNINGS = ("lora", "qlora", "full")
PARITY_STEPS = 20


@dataclass(frozen=True)
class Shape:
    """A family's configuration class with its numbers; ``rows`` rows of ``length`` tokens a step, ``steps`` steps."""

    title: str
    family: str
    config: dict[str, Any]
    rows: int
    length: int
    steps: int
    tunings: tuple[str, ...] = TUNINGS


LLAMA3 = {"rope_theta": 500_000.0, "vocab_size": 128_256, "max_position_embeddings": 8192}
SHAPES = {
    "qwen3-0.6b": Shape("Qwen3-0.6B", "Qwen3", {
        "vocab_size": 151_936, "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28,
        "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "tie_word_embeddings": True,
        "max_position_embeddings": 8192,
    }, rows=16, length=512, steps=24),
    "llama-1b": Shape("Llama-3.2-1B", "Llama", {
        **LLAMA3, "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32,
        "num_key_value_heads": 8, "head_dim": 64, "tie_word_embeddings": True,
    }, rows=16, length=512, steps=24),
    "llama-8b": Shape("Llama-3.1-8B", "Llama", {
        **LLAMA3, "hidden_size": 4096, "intermediate_size": 14_336, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "tie_word_embeddings": False,
    }, rows=16, length=512, steps=16),
    "tiny": Shape("tiny", "Llama", {
        "vocab_size": 2000, "hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": True,
        "max_position_embeddings": 512,
    }, rows=4, length=64, steps=6),
}  # fmt: skip
FIRST = (("qwen3-0.6b", "full"), ("llama-8b", "lora"))
"""What is wanted most comes first, in case that time runs out."""


# ---- models and rows


def config_of(shape: Shape) -> Any:
    import transformers

    return getattr(transformers, f"{shape.family}Config")(**shape.config)


def make_model(shape: Shape, tuning: str, device: str, dtype: Any) -> Any:
    """Random weights, the same in every arm; layers in 4 bits and adapters as the tuning wants them."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(config_of(shape), dtype=dtype)
    if tuning == "full":
        return model.requires_grad_(True)
    model.requires_grad_(False)
    if tuning == "qlora":
        if device == "meta":
            from luthier.models.four_bit import stand_in
            from luthier.recipe.train import QloraTuning

            stand_in(model, QloraTuning())
        else:
            hold_in_four_bits(model, dtype)
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    adapter = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules=TARGETS, task_type="CAUSAL_LM")
    with torch.device(device):
        return get_peft_model(model, adapter)


def hold_in_four_bits(model: Any, dtype: Any) -> None:
    """Every linear layer but the head, as transformers does it when it loads files."""
    from bitsandbytes.nn import Linear4bit, Params4bit
    from torch import nn

    head = model.get_output_embeddings()
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if type(layer) is not nn.Linear or layer is head:
                continue
            made = Linear4bit(
                layer.in_features, layer.out_features, layer.bias is not None, compute_dtype=dtype,
                compress_statistics=True, quant_type="nf4", device="meta",
            )  # fmt: skip
            made.weight = Params4bit(
                layer.weight.data, requires_grad=False, compress_statistics=True, quant_type="nf4", module=made
            ).to(layer.weight.device)
            made.bias = layer.bias
            setattr(parent, name, made)
    model.is_loaded_in_4bit = True


def make_rows(shape: Shape) -> list[Row]:
    """Rows whose padded length is ``shape.length`` in every arm."""
    random = np.random.default_rng(20)
    vocabulary = shape.config["vocab_size"]
    rows = []
    for i in range(shape.rows * shape.steps):
        length = shape.length - 6 + i % 7
        ids = tuple(random.integers(4, vocabulary, length).tolist())
        rows.append(Row(ids, tuple(j >= round((1 - TRAINED) * length) for j in range(length)), str(i)))
    return rows


def useful_operations(shape: Shape, tuning: str) -> float:
    """A token: 2 a weight forward, 2 for the inputs' gradients, 2 for the weights' own where these are trained; the
    head at trained tokens only; causal attention."""
    import torch
    from torch import nn

    config = config_of(shape)
    model = make_model(shape, "full", "meta", torch.bfloat16)
    head = model.get_output_embeddings()
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    width = config.num_attention_heads * (getattr(config, "head_dim", None) or 0)
    width = width or config.hidden_size
    a_weight = 6 if tuning == "full" else 4
    attended = 6 * config.num_hidden_layers * width * shape.length
    return float(a_weight * (linear + TRAINED * head.weight.numel()) + attended)


# ---- what is the same in every arm


class Enough(Exception):
    """The cell has been timed for long enough."""


class Watch(Stopwatch):
    """Waits for the device before it looks at the clock, and ends a cell that takes too long."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device = device

    def before_step(self, tokens: int) -> None:
        self._wait()
        if self.steps > WARM_STEPS and time.perf_counter() - self.began > TIMED_SECONDS:
            raise Enough
        super().before_step(tokens)

    def result(self) -> dict[str, Any]:
        self._wait()
        return super().result()

    def _wait(self) -> None:
        if self.device == "cuda":
            import torch

            torch.cuda.synchronize()


def dtype_of(tuning: str, device: str) -> Any:
    import torch

    return torch.bfloat16 if device == "cuda" and tuning != "full" else torch.float32


def plan_of(shape: Shape, tuning: str, device: str, rows: list[Row]) -> tuple[Any, Any, int]:
    """(spec, plan, planned bytes) as ``luthier plan`` makes them, for the memory that is free now."""
    from luthier.models.load import device_memory
    from luthier.recipe.train import TrainSpec
    from luthier.train.batches import input_length
    from luthier.train.footprint import Footprint
    from luthier.train.memory import Demand, Weights
    from luthier.train.plan import DeviceFacts, Facts, ModelFacts, derive, planned_needs

    dtype = dtype_of(tuning, device)
    meta = make_model(shape, tuning, "meta", dtype)
    trained = sum(p.numel() for p in meta.parameters() if p.requires_grad)
    frozen = sum(p.numel() * p.element_size() for p in meta.parameters() if not p.requires_grad)
    if tuning == "qlora":
        frozen = frozen_in_four_bits(meta)
    free = device_memory(device)
    precision = "bf16" if device == "cuda" else "fp32"
    passes = Footprint(meta, device=device, precision=precision, trained_share=TRAINED)
    config = shape.config
    facts = Facts(
        ModelFacts(config["hidden_size"], config["num_hidden_layers"], config["intermediate_size"],
                   config["vocab_size"], 8192, 1, trained),
        DeviceFacts("cuda" if device == "cuda" else "cpu", threads=threads(), memory=free["memory"], bf16=True),
        [input_length(r) for r in rows], demand=Demand(Weights(frozen, trained), passes),
    )  # fmt: skip
    spec = TrainSpec.model_validate({
        "tuning": tuning, "epochs": 1, "batch_tokens": shape.rows * shape.length, "learning_rate": RATE,
        "schedule": "constant", "warmup": 0, "evaluations": 1, "checkpoints": 0, "processes": 1,
        "precision": precision, "weight_decay": 0.01, "clip": 1.0,
        "watch": {"overfitting": "off", "memorisation": "off", "forgetting": "off"},
    })  # fmt: skip
    plan = derive(spec, facts)
    needs = planned_needs(spec, facts, plan)
    assert needs is not None
    return spec, plan, needs.total


def frozen_in_four_bits(meta: Any) -> int:
    """Bytes of a base that is held in 4 bits, from shapes."""
    from luthier.models.four_bit import layer_bytes

    base = meta.get_base_model()
    head = base.get_output_embeddings()
    linear = {id(m.base_layer.weight): m.base_layer.weight for m in base.modules() if hasattr(m, "lora_A")}
    assert id(head.weight) not in linear
    others = {id(p): p for p in base.parameters() if not p.requires_grad and id(p) not in linear}
    held = sum(layer_bytes(w.numel(), double_quant=True) for w in linear.values())
    return held + sum(p.numel() * p.element_size() for p in others.values())


def threads() -> int:
    return int(os.environ.get("OMP_NUM_THREADS", "0")) or os.cpu_count() or 1


@contextmanager
def held(device: str, found: dict[str, Any]) -> Iterator[None]:
    """Peak memory of what is trained here: what stood there when the block began (the weights) and what came to it."""
    import torch

    from luthier.train.machine import peak_memory

    before = 0
    if device == "cuda":
        torch.cuda.empty_cache()
        before = torch.cuda.memory_reserved()
    with peak_memory(device) as taken:
        yield
    found["bytes"] = None if taken.bytes is None else before + taken.bytes


# ---- the arms


def train_luthier(shape: Shape, tuning: str, device: str) -> dict[str, Any]:
    from luthier.train import sft
    from luthier.train.batches import Layout, input_length

    rows = make_rows(shape)
    spec, plan, planned = plan_of(shape, tuning, device, rows)
    lengths = [input_length(r) for r in rows]
    layout = Layout(lengths, steps_an_epoch=plan.steps_an_epoch, micro_tokens=plan.micro_tokens, seed=0)
    of_step = [sum(lengths[i] for b in layout.window(s) for i in b) for s in range(1, plan.steps + 1)]
    watch, found = Watch(device), dict[str, Any]()

    def on_step(info: Any) -> None:
        watch.losses.append(info.loss)
        if info.step < plan.steps:
            watch.before_step(of_step[info.step])
        else:
            raise Enough

    model = make_model(shape, tuning, device, dtype_of(tuning, device))
    watch.before_step(of_step[0])
    with held(device, found), tempfile.TemporaryDirectory() as folder:
        try:
            sft.run(spec, plan, loaded=SimpleNamespace(model=model, device=device), train=rows, validation=[],
                    run=SimpleNamespace(event=lambda *_, **__: None, metric=lambda *_, **__: None),
                    workdir=Path(folder), seed=0, on_step=on_step)  # fmt: skip
        except Enough:
            found |= watch.result()
    return {**found, "planned": planned, "recompute": plan.recompute, "passes": plan.micro_batches}


def train_trl(shape: Shape, tuning: str, device: str, *, defaults: bool = False, liger: bool = False,
              make: Callable[..., Any] = make_model) -> dict[str, Any]:  # fmt: skip
    """TRL's SFTTrainer: with the planner's passes and recomputing, or as it is out of the box."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    rows = make_rows(shape)
    _, plan, _ = plan_of(shape, tuning, device, rows)
    a_pass = 8 if defaults else max(1, shape.rows // plan.micro_batches)
    passes = max(1, math.ceil(shape.rows / a_pass))
    watch, found, seen = Watch(device), dict[str, Any](), [0]

    class Timed(SFTTrainer):  # type: ignore[misc]
        def training_step(self, model: Any, inputs: dict[str, Any], *more: Any, **named: Any) -> Any:
            if seen[0] % passes == 0:
                watch.before_step(0)
                watch.losses.append(0.0)
            seen[0] += 1
            watch.tokens += int((inputs["labels"] != -200).sum() if "attention_mask" not in inputs
                                else inputs["attention_mask"].sum())  # fmt: skip
            loss = super().training_step(model, inputs, *more, **named)
            watch.losses[-1] += float(loss)
            return loss

    if not defaults:
        rows = in_our_order(rows, plan)
    table = [{"input_ids": list(r.ids), "labels": [t if m else -100 for t, m in zip(r.ids, r.trained, strict=True)]}
             for r in rows]  # fmt: skip
    settings: dict[str, Any] = {
        "per_device_train_batch_size": a_pass, "gradient_accumulation_steps": passes, "num_train_epochs": 1,
        "report_to": [], "save_strategy": "no", "disable_tqdm": True, "use_cpu": device == "cpu",
        "logging_strategy": "no", "learning_rate": RATE, "weight_decay": 0.01, "lr_scheduler_type": "constant",
        "max_grad_norm": 1.0, "max_length": None,
    }  # fmt: skip
    if not defaults:
        settings |= {"bf16": device == "cuda", "gradient_checkpointing": plan.recompute, "use_liger_kernel": liger,
                     "train_sampling_strategy": "sequential"}  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        model = make(shape, tuning, device, dtype_of(tuning, device))
        trainer = Timed(model, args=SFTConfig(folder, **settings), train_dataset=Dataset.from_list(table),
                        processing_class=bare_tokenizer())  # fmt: skip
        with held(device, found):
            try:
                trainer.train()
            except Enough:
                watch.losses.append(math.nan)  # of a step that was not begun
                watch.losses.pop()
            found |= watch.result()
    return {**found, "recompute": settings.get("gradient_checkpointing", True), "passes": passes}


def train_unsloth(shape: Shape, tuning: str, device: str) -> dict[str, Any]:
    """Unsloth's patched model under TRL. It reads files, so the weights are written first; its adapters are its own."""
    from unsloth import FastLanguageModel

    def make(shape: Shape, tuning: str, device: str, dtype: Any) -> Any:
        import torch

        with tempfile.TemporaryDirectory() as folder:
            plain = make_model(shape, "full", device, dtype)
            plain.save_pretrained(folder)
            bare_tokenizer().save_pretrained(folder)
            del plain
            torch.cuda.empty_cache()
            model, _ = FastLanguageModel.from_pretrained(
                folder, max_seq_length=shape.length, dtype=dtype, load_in_4bit=tuning == "qlora",
                full_finetuning=tuning == "full",
            )  # fmt: skip
        if tuning == "full":
            return model
        return FastLanguageModel.get_peft_model(
            model, r=16, lora_alpha=32, lora_dropout=0, target_modules=TARGETS, use_gradient_checkpointing=False
        )

    return train_trl(shape, tuning, device, make=make)


def in_our_order(rows: list[Row], plan: Any) -> list[Row]:
    """Rows as Luthier takes them, for a peer that goes through them in sequence."""
    from luthier.train.batches import Layout, input_length

    layout = Layout([input_length(r) for r in rows], steps_an_epoch=plan.steps_an_epoch,
                    micro_tokens=plan.micro_tokens, seed=0)  # fmt: skip
    return [rows[i] for step in range(1, plan.steps + 1) for cut in layout.window(step) for i in cut]


TRAIN: dict[str, Callable[..., dict[str, Any]]] = {
    "luthier": train_luthier,
    "trl": train_trl,
    "liger": partial(train_trl, liger=True),
    "trl-defaults": partial(train_trl, defaults=True),
    "unsloth": train_unsloth,
}


def run_arm(arm: str, shape: Shape, tuning: str, device: str) -> dict[str, Any]:
    """One cell in this process."""
    import torch

    warnings.filterwarnings("ignore")
    torch.set_num_threads(threads())
    try:
        return TRAIN[arm](shape, tuning, device)
    except torch.OutOfMemoryError:
        return {"problem": "out of memory"}


def dense_rate(device: str) -> float:
    """Operations a second of dense products, measured: bf16 of 8,192 × 8,192 on a GPU, fp32 of 1,024 × 1,024 else."""
    import torch

    width, dtype = (8192, torch.bfloat16) if device == "cuda" else (1024, torch.float32)
    a, b = (torch.randn(width, width, device=device, dtype=dtype) for _ in range(2))
    rates = []
    for _ in range(15):
        began = time.perf_counter()
        a @ b
        if device == "cuda":
            torch.cuda.synchronize()
        rates.append(2 * width**3 / (time.perf_counter() - began))
    return statistics.median(rates[3:])


# ---- the table


def cells(shapes: list[str], tunings: list[str]) -> list[tuple[str, str]]:
    """In the order that they are run: what is wanted most, then the smaller shapes."""
    every = [(shape, tuning) for shape in shapes for tuning in tunings if tuning in SHAPES[shape].tunings]
    return sorted(every, key=lambda cell: FIRST.index(cell) if cell in FIRST else len(FIRST))


def missing(arm: str) -> str:
    """Why an arm cannot run here; empty: it can."""
    name = NEEDS.get(arm)
    return "" if name is None or importlib.util.find_spec(name) else f"not available: {name} is not installed"


def measured(options: argparse.Namespace, rate: float, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Run all cells, each told and written as it ends."""
    began, rows = time.monotonic(), []
    for name, tuning in cells(options.shape, options.tuning):
        shape = SHAPES[name]
        useful = useful_operations(shape, tuning)
        ours: dict[str, Any] = {}
        for arm in options.arms:
            row: dict[str, Any] = {"shape": name, "tuning": tuning, "arm": arm}
            left = options.minutes * 60 - (time.monotonic() - began)
            if problem := missing(arm):
                row["problem"] = problem
            elif left < 5:
                row["problem"] = "not run: the time was up"
            else:
                more = ["--device", options.device, "--shape", name, "--tuning", tuning]
                row |= run_apart(__file__, arm, threads(), more, seconds=min(CELL_SECONDS, left))
            if "tokens_per_s" in row:
                row["utilisation"] = row["tokens_per_s"] * useful / rate
                row["parity"] = parity(ours.get("losses", []), row["losses"], arm)
            ours = row if arm == "luthier" else ours
            if "tokens_per_s" in row and "tokens_per_s" in ours:
                row["luthier_is"] = ours["tokens_per_s"] / row["tokens_per_s"]
            rows.append(row)
            say(line(row))
            if options.out:
                with Path(options.out).open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
    return rows


def parity(ours: list[float], theirs: list[float], arm: str) -> float | None:
    """The largest difference of the losses on identical batches; None where the batches are not ours."""
    if arm in ("luthier", "trl-defaults") or not ours or not theirs:
        return None
    steps = 1 if arm == "unsloth" else PARITY_STEPS  # its adapters begin otherwise
    return max(abs(a - b) for a, b in list(zip(ours, theirs, strict=False))[:steps])


HEAD = (f"{'':<14} {'':<6} {'':<24} {'tokens/s':>10} {'of dense rate':>14} {'peak GiB':>9} {'planned':>8} "
        f"{'Luthier is':>11} {'parity':>8}")  # fmt: skip


def line(row: dict[str, Any]) -> str:
    """One row of the table."""
    start = f"{SHAPES[row['shape']].title:<14} {row['tuning']:<6} {ARMS[row['arm']]:<24}"
    if "problem" in row:
        return f"{start} {row['problem'][:90]}"
    peak = "-" if row["bytes"] is None else f"{row['bytes'] / 2**30:.2f}"
    planned = f"{row['planned'] / 2**30:.2f}" if row.get("planned") else "-"
    times = f"{row['luthier_is']:.2f}x" if "luthier_is" in row else "-"
    same = "-" if row["parity"] is None else f"{row['parity']:.1e}"
    return (f"{start} {row['tokens_per_s']:>10,.0f} {row['utilisation']:>14.1%} {peak:>9} {planned:>8} {times:>11} "
            f"{same:>8}")  # fmt: skip


def judged(rows: list[dict[str, Any]], device: str) -> dict[str, float | None]:
    """Figures by the names of their targets: of 8B LoRA, and parity wherever it was measured."""
    same = [r["parity"] for r in rows if r.get("parity") is not None]
    found: dict[str, float | None] = {f"parity_{'bf16' if device == 'cuda' else 'fp32'}": max(same, default=None)}
    if device != "cuda":
        return found
    of = {r["arm"]: r for r in rows if (r["shape"], r["tuning"]) == ("llama-8b", "lora")}
    rivals = [of[a]["luthier_is"] for a in ("trl", "liger", "unsloth") if "luthier_is" in of.get(a, {})]
    return {
        **found, "utilisation_8b_lora": of.get("luthier", {}).get("utilisation"),
        "times_trl_defaults": of.get("trl-defaults", {}).get("luthier_is"),
        "times_best_rival": min(rivals, default=None),
    }  # fmt: skip


def device_title(device: str) -> str:
    import torch

    if device == "cuda":
        return str(torch.cuda.get_device_name())
    return f"CPU, {threads()} threads"


def main() -> int:
    """The table, then JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", choices=["cuda", "cpu"], help="left out: cuda")
    parser.add_argument("--shape", choices=list(SHAPES), action="append", help="only this one; may be repeated")
    parser.add_argument("--tuning", choices=TUNINGS, action="append", help="only this one; may be repeated")
    parser.add_argument("--arms", choices=list(ARMS), nargs="+", default=list(ARMS))
    parser.add_argument("--minutes", type=float, default=ALL_SECONDS / 60, help="all of it ends within these")
    parser.add_argument("--out", help="rows are added to this file as they come, a line of JSON each")
    parser.add_argument("--json", action="store_true", help="the last line only")
    parser.add_argument("--arm", choices=list(ARMS), help=argparse.SUPPRESS)
    parser.add_argument("--threads", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.device = options.device or "cuda"
    if options.arm:
        found = run_arm(options.arm, SHAPES[options.shape[0]], options.tuning[0], options.device)
        print("\n" + json.dumps(found))
        return 0
    import torch

    if options.device == "cuda" and not torch.cuda.is_available():
        print("not measured: no accelerator can be reached here; --device cpu --shape tiny runs the same code")
        return 1
    options.shape = options.shape or [name for name in SHAPES if name != "tiny"]
    options.tuning = options.tuning or list(TUNINGS)
    rate = dense_rate(options.device)

    def say(text: str) -> None:
        if not options.json:
            print(text, flush=True)

    title = device_title(options.device)
    say(f"{title}: {rate / 1e12:,.2f} TFLOP/s dense, measured; torch {torch.__version__}\n{HEAD}")
    rows = measured(options, rate, say)
    figures = {
        "device": title, "dense_flops": rate, "torch": torch.__version__,
        "rows": [{k: v for k, v in r.items() if k != "losses"} for r in rows],
    }  # fmt: skip
    return conclude("gpu", figures, judged(rows, options.device))


if __name__ == "__main__":
    raise SystemExit(main())
