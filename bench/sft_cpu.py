"""Supervised fine-tuning on a CPU, side by side in one run: Luthier, TRL, transformers' Trainer, LLaMA-Factory, the
plain script.

    python bench/sft_cpu.py             25M-parameter Llama, 32k vocabulary, LoRA r=16 on q, k, v, o; about 15 minutes
    python bench/sft_cpu.py --large     150M parameters, fewer rows; about half an hour
    python bench/sft_cpu.py --quick     a small model, a minute: the same code, figures not comparable

All arms train on the same seeded rows (log-normal lengths, median 120 tokens, the last 40% trained) in fp32 with the
same threads and about the same tokens in a step. Each arm runs in a process of its own; rounds are interleaved, the
median counts, the spread is shown; imports, model building and the first steps are not timed. Padding is not counted
as tokens. LLaMA-Factory needs libraries of its own: LLAMAFACTORY_PYTHON names a Python that has it. Parity is a leg of
its own: 20 steps on identical batches. The last line is JSON.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from verdict import conclude

HERE = Path(__file__).resolve().parent
WARM_STEPS = 2
ROWS_A_STEP = 16
PARITY_STEPS = 20
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj"]
RATE = 1e-3
ARMS = {
    "luthier": "Luthier",
    "trl": "TRL, tuned for a CPU",
    "trainer": "transformers Trainer, tuned",
    "llamafactory": "LLaMA-Factory, tuned alike",
    "plain": "examples/plain_sft.py",
    "trl-defaults": "TRL out of the box",
}


@dataclass(frozen=True)
class Size:
    hidden: int
    layers: int
    intermediate: int
    heads: int
    kv_heads: int
    vocabulary: int
    rows: int
    rounds: int


FULL = Size(hidden=384, layers=8, intermediate=1024, heads=6, kv_heads=2, vocabulary=32_000, rows=320, rounds=3)
LARGE = Size(hidden=768, layers=20, intermediate=2048, heads=12, kv_heads=4, vocabulary=32_000, rows=96, rounds=2)
QUICK = Size(hidden=128, layers=2, intermediate=344, heads=4, kv_heads=2, vocabulary=2_000, rows=96, rounds=1)


@dataclass(frozen=True)
class Row:
    ids: tuple[int, ...]
    trained: tuple[bool, ...]
    example_id: str


def make_rows(size: Size, *, even: bool = False) -> list[Row]:
    """The rows of all arms. ``even`` gives rows of nearly one length, for batches that are identical in all arms."""
    random = np.random.default_rng(20)
    rows = []
    for i in range(PARITY_STEPS * ROWS_A_STEP if even else size.rows):
        length = 74 + i % 7 if even else int(np.clip(np.exp(random.normal(np.log(120), 0.6)), 8, 1000))
        ids = random.integers(4, size.vocabulary, length)
        start = round(0.6 * length)
        rows.append(Row(tuple(ids.tolist()), tuple(j >= start for j in range(length)), str(i)))
    return rows


def make_model(size: Size) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=size.vocabulary, hidden_size=size.hidden, num_hidden_layers=size.layers,
        intermediate_size=size.intermediate, num_attention_heads=size.heads, num_key_value_heads=size.kv_heads,
        max_position_embeddings=2048, tie_word_embeddings=True,
    ))  # fmt: skip


def lora() -> Any:
    from peft import LoraConfig

    return LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules=TARGETS, task_type="CAUSAL_LM")


def adapted(size: Size) -> Any:
    import torch
    from peft import get_peft_model

    model = make_model(size)
    torch.manual_seed(1)
    return get_peft_model(model, lora())


class Stopwatch:
    """Counts tokens and time from the end of the warm steps on."""

    def __init__(self) -> None:
        self.steps = self.tokens = 0
        self.began = self.cpu_began = 0.0
        self.losses: list[float] = []

    def before_step(self, tokens: int) -> None:
        if self.steps == WARM_STEPS:
            self.began, self.cpu_began, self.tokens = time.perf_counter(), time.process_time(), 0
        self.steps += 1
        self.tokens += tokens

    def result(self) -> dict[str, Any]:
        seconds, cpu = time.perf_counter() - self.began, time.process_time() - self.cpu_began
        return {"tokens_per_s": self.tokens / seconds, "tokens_per_cpu_s": self.tokens / cpu, "steps": self.steps,
                "seconds": seconds, "losses": self.losses}  # fmt: skip


def train_luthier(size: Size, rows: list[Row], *, rows_a_step: int, threads: int, even: bool) -> dict[str, Any]:
    from types import SimpleNamespace

    from luthier.recipe.train import TrainSpec
    from luthier.train import sft
    from luthier.train.batches import input_length
    from luthier.train.plan import DeviceFacts, Facts, ModelFacts, derive

    lengths = [input_length(r) for r in rows]
    tokens = 80 * rows_a_step if even else round(rows_a_step * float(np.mean(lengths)))
    spec = TrainSpec(epochs=1, batch_tokens=tokens, micro_tokens=tokens, learning_rate=RATE, schedule="constant",
                     warmup=0, evaluations=1, checkpoints=0)  # fmt: skip
    facts = ModelFacts(hidden=size.hidden, layers=size.layers, intermediate=size.intermediate, parameters=25_000_000,
                       vocabulary=size.vocabulary, context=2048, trainable=500_000)  # fmt: skip
    plan = derive(spec, Facts(facts, DeviceFacts("cpu", threads=threads), lengths))
    watch = Stopwatch()
    model = adapted(size)
    from luthier.train.batches import Layout

    layout = Layout(lengths, steps_an_epoch=plan.steps_an_epoch, micro_tokens=plan.micro_tokens, seed=0)
    of_step = [sum(lengths[i] for b in layout.window(s) for i in b) for s in range(1, plan.steps + 1)]
    quiet = SimpleNamespace(event=lambda *a, **k: None, metric=lambda *a, **k: None)

    def on_step(info: Any) -> None:
        watch.losses.append(info.loss)
        if info.step < plan.steps:
            watch.before_step(of_step[info.step])
        else:
            results.append(watch.result())

    results: list[dict[str, Any]] = []
    watch.before_step(of_step[0])
    with tempfile.TemporaryDirectory() as folder:
        sft.run(spec, plan, loaded=SimpleNamespace(model=model, device="cpu"), train=rows, validation=[], run=quiet,
                workdir=Path(folder), seed=0, on_step=on_step)  # fmt: skip
    return results[0]


def train_peer(size: Size, rows: list[Row], *, kind: str, rows_a_step: int, even: bool) -> dict[str, Any]:
    """TRL's SFTTrainer, or the Trainer of transformers below it (its loss is that of the model's own forward)."""
    from datasets import Dataset
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments
    from trl import SFTConfig, SFTTrainer

    watch = Stopwatch()

    class Timed:
        def training_step(self, model: Any, inputs: dict[str, Any], *more: Any, **named: Any) -> Any:
            watch.before_step(int(inputs["attention_mask"].sum()))
            loss = super().training_step(model, inputs, *more, **named)  # type: ignore[misc]
            watch.losses.append(float(loss))
            return loss

    table = [{"input_ids": list(r.ids), "labels": [t if m else -100 for t, m in zip(r.ids, r.trained, strict=True)]}
             for r in rows]  # fmt: skip
    data = Dataset.from_list(table)
    tokenizer = bare_tokenizer()
    folder = tempfile.mkdtemp()
    settings: dict[str, Any] = {
        "per_device_train_batch_size": rows_a_step, "num_train_epochs": 1, "report_to": [], "save_strategy": "no",
        "disable_tqdm": True, "use_cpu": True, "logging_strategy": "no", "learning_rate": RATE, "weight_decay": 0.01,
        "lr_scheduler_type": "constant", "max_grad_norm": 1.0,
    }  # fmt: skip
    if kind != "trl-defaults":
        settings |= {"bf16": False, "gradient_checkpointing": False,
                     "train_sampling_strategy": "sequential" if even else "group_by_length"}  # fmt: skip
    if kind == "trainer":
        timed = type("TimedTrainer", (Timed, Trainer), {})
        trainer = timed(adapted(size), args=TrainingArguments(folder, **settings), train_dataset=data,
                        data_collator=DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=-100))  # fmt: skip
    else:
        timed = type("TimedSft", (Timed, SFTTrainer), {})
        trainer = timed(adapted(size), args=SFTConfig(folder, max_length=None, **settings), train_dataset=data,
                        processing_class=tokenizer)  # fmt: skip
    trainer.train()
    return watch.result()


def train_llamafactory(size: Size, rows: list[Row], *, rows_a_step: int) -> dict[str, Any]:
    """LLaMA-Factory's own workflow, on the rows written as text of which every word is a token."""
    import torch
    from llamafactory.train.sft import trainer
    from llamafactory.train.tuner import run_exp

    watch = Stopwatch()
    step = trainer.CustomSeq2SeqTrainer.training_step

    def timed(self: Any, model: Any, inputs: dict[str, Any], *more: Any, **named: Any) -> Any:
        watch.before_step(int(inputs["attention_mask"].sum()))
        loss = step(self, model, inputs, *more, **named)
        watch.losses.append(float(loss))
        return loss

    trainer.CustomSeq2SeqTrainer.training_step = timed
    folder = Path(tempfile.mkdtemp())
    make_model(size).to(torch.float32).save_pretrained(folder / "model")
    bare_tokenizer(size.vocabulary).save_pretrained(folder / "model")
    table = []
    for row in rows:
        words = [f"t{i}" for i in row.ids]
        start = row.trained.index(True)
        table.append({"instruction": " ".join(words[:start]), "input": "", "output": " ".join(words[start:])})
    (folder / "rows.json").write_text(json.dumps(table))
    (folder / "dataset_info.json").write_text(json.dumps({"rows": {"file_name": "rows.json"}}))
    run_exp({
        "model_name_or_path": str(folder / "model"), "stage": "sft", "do_train": True, "finetuning_type": "lora",
        "lora_target": ",".join(TARGETS), "lora_rank": 16, "lora_alpha": 32, "lora_dropout": 0.0, "dataset": "rows",
        "dataset_dir": str(folder), "template": "empty", "cutoff_len": 2048, "output_dir": str(folder / "out"),
        "per_device_train_batch_size": rows_a_step, "gradient_accumulation_steps": 1, "learning_rate": RATE,
        "num_train_epochs": 1.0, "lr_scheduler_type": "constant", "report_to": "none", "save_strategy": "no",
        "logging_steps": 100_000, "bf16": False, "disable_gradient_checkpointing": True,
        "train_sampling_strategy": "group_by_length",
        "use_cpu": True, "disable_tqdm": True, "weight_decay": 0.01, "preprocessing_num_workers": 1,
        "dataloader_num_workers": 0, "flash_attn": "sdpa",
    })  # fmt: skip
    return watch.result()


def bare_tokenizer(words: int = 2) -> Any:
    """A tokenizer for peers that insist on one; the rows are token ids already, or words t2, t3, … of them."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    known = {"<pad>": 0, "<end>": 1} | {f"t{i}": i for i in range(2, words)}
    vocabulary = Tokenizer(models.WordLevel(known, unk_token="<end>"))
    vocabulary.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=vocabulary, pad_token="<pad>", eos_token="<end>")


def train_plain(model: Any, rows: list[Row], *, rows_a_step: int) -> dict[str, Any]:
    """The plain script; ``model`` has its adapter."""
    spec = importlib.util.spec_from_file_location("plain_sft", HERE.parent / "examples" / "plain_sft.py")
    assert spec is not None and spec.loader is not None
    plain = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    watch = Stopwatch()
    loss_sum = plain.loss_sum

    def timed(model: Any, batch: list[Any]) -> Any:
        watch.before_step(sum(len(plain.inputs_of(*r)) for r in batch))
        return loss_sum(model, batch)

    plain.loss_sum = timed
    pairs = [(list(r.ids), list(r.trained)) for r in rows]
    tokens = round(rows_a_step * float(np.mean([len(plain.inputs_of(*p)) for p in pairs])))
    plain.train(model, pairs, epochs=1, peak=RATE, batch_tokens=tokens, micro_tokens=tokens)
    return watch.result()


def run_arm(arm: str, size: Size, threads: int, *, even: bool) -> dict[str, Any]:
    """One arm in this process."""
    import torch

    warnings.filterwarnings("ignore")
    torch.set_num_threads(threads)
    rows = make_rows(size, even=even)
    if arm == "luthier":
        return train_luthier(size, rows, rows_a_step=ROWS_A_STEP, threads=threads, even=even)
    if arm == "llamafactory":
        return train_llamafactory(size, rows, rows_a_step=ROWS_A_STEP)
    if arm == "plain":
        return train_plain(adapted(size), rows, rows_a_step=ROWS_A_STEP)
    if even:
        rows = in_our_order(rows)
    return train_peer(size, rows, kind=arm, rows_a_step=8 if arm == "trl-defaults" else ROWS_A_STEP, even=even)


def in_our_order(rows: list[Row]) -> list[Row]:
    """Rows as Luthier takes them, for a peer that goes through them in sequence."""
    from luthier.train.batches import input_length, micro_batches

    lengths = [input_length(r) for r in rows]
    return [rows[i] for b in micro_batches(lengths, micro_tokens=80 * ROWS_A_STEP, seed=0, epoch=0) for i in b]


def gemm_rates(size: Size, threads: int) -> tuple[float, float]:
    """FLOP/s of this machine in fp32 at the step's own shapes: medians over tokens × width × feed-forward products. As
    PyTorch multiplies, which is what shares are told of and judged by, and by the fastest way known here, which is what
    the machine can do."""
    import torch

    from luthier.models.products import APART

    torch.set_num_threads(threads)
    ways: list[Callable[[Any, Any], Any]] = [lambda a, b: a @ b.t()]
    if APART is not None:
        ways.append(lambda a, b: APART(a, b, None, "none", [], ""))
    found = [_rate(way, size) for way in ways]
    return found[0], max(found)


def _rate(way: Callable[[Any, Any], Any], size: Size) -> float:
    import torch

    tokens = ROWS_A_STEP * 140
    rates = []
    width, wide = size.hidden, size.intermediate
    for inner, outer in ((width, wide), (wide, width), (width, width)):
        a, b = torch.randn(tokens, inner), torch.randn(outer, inner)
        for _ in range(3):
            way(a, b)
        for _ in range(12):
            began = time.perf_counter()
            way(a, b)
            rates.append(2 * tokens * inner * outer / (time.perf_counter() - began))
    return statistics.median(rates)


def useful_flops_a_token(size: Size, rows: list[Row]) -> float:
    """LoRA: forward 2N and input gradients 2N over the linear layers, the head at trained tokens only, attention."""
    kv = size.hidden // size.heads * size.kv_heads
    linear = size.layers * (2 * size.hidden**2 + 2 * size.hidden * kv + 3 * size.hidden * size.intermediate)
    tokens = sum(len(r.ids) for r in rows)
    head = size.hidden * size.vocabulary * sum(sum(r.trained) for r in rows) / tokens
    attended = sum(len(r.ids) ** 2 for r in rows) / tokens
    return 4 * (linear + head) + 6 * size.layers * size.hidden * attended


def in_own_process(arm: str, options: argparse.Namespace, *, even: bool = False) -> dict[str, Any]:
    flags = {"--quick": options.quick, "--large": options.large, "--even": even}
    more = ["--rows", str(options.rows)] if options.rows else []
    python = os.environ.get("LLAMAFACTORY_PYTHON") if arm == "llamafactory" else sys.executable
    if not python:
        return {"problem": "LLAMAFACTORY_PYTHON is not set"}
    return run_apart(
        __file__, arm, options.threads, [*more, *(flag for flag, on in flags.items() if on)], python=python
    )


def run_apart(
    script: str, arm: str, threads: int, arguments: list[str], *, seconds: float | None = None,
    python: str = sys.executable,
) -> dict[str, Any]:  # fmt: skip
    """One arm of a benchmark in a process of its own, ended after so many seconds; gives the JSON of its last line, or
    the problem."""
    command = [python, script, "--arm", arm, "--threads", str(threads), *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "false"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=seconds)
    except subprocess.TimeoutExpired:
        return {"problem": f"not finished after {seconds:.0f} s"}
    if done.returncode != 0:
        return {"problem": (done.stderr.strip().splitlines() or ["no word"])[-1]}
    return json.loads(done.stdout.strip().splitlines()[-1])  # type: ignore[no-any-return]


def report(options: argparse.Namespace, size: Size) -> dict[str, Any]:
    beside = options.arms if options.arms is not None else [a for a in ARMS if not options.quick or a != "trl-defaults"]
    arms = ["luthier", *(a for a in beside if a != "luthier")]
    seen: dict[str, list[dict[str, Any]]] = {a: [] for a in arms}
    for number in range(size.rounds):
        for arm in arms:
            result = in_own_process(arm, options)
            seen[arm].append(result)
            speed = result.get("problem") or f"{result['tokens_per_s']:,.0f} tokens/s"
            print(f"round {number + 1}/{size.rounds}  {ARMS[arm]:<30} {speed}", flush=True)
    parity = None
    ours, theirs = ({"problem": "left to the 25M run"} if options.large else in_own_process(arm, options, even=True)
                    for arm in ("luthier", "trl"))  # fmt: skip
    if "problem" not in ours and "problem" not in theirs:
        pairs = list(zip(ours["losses"], theirs["losses"], strict=True))
        parity = max(abs(a - b) for a, b in pairs)
        print(f"parity   {len(pairs)} steps on identical batches: largest difference of the loss {parity:.1e}")
    machine, fastest = gemm_rates(size, options.threads)
    useful = useful_flops_a_token(size, make_rows(size))
    figures: dict[str, Any] = {"parity": parity, "gemm_gflops": machine / 1e9, "fastest_gflops": fastest / 1e9,
                               "threads": options.threads, "quick": options.quick, "large": options.large}  # fmt: skip
    base = median_of(seen["luthier"], "tokens_per_s")
    print(f"\n{'':<30} {'tokens/s':>10} {'spread':>15} {'a cpu second':>13} {'Luthier is':>11} {'of GEMM rate':>13} "
          f"{'of fastest':>11}")
    for arm in arms:
        speed = median_of(seen[arm], "tokens_per_s")
        if speed is None or base is None:
            print(f"{ARMS[arm]:<30} not available: {seen[arm][0].get('problem', '')[:80]}")
            continue
        all_speeds = [r["tokens_per_s"] for r in seen[arm] if "problem" not in r]
        share = speed * useful / machine
        per_cpu = median_of(seen[arm], "tokens_per_cpu_s") or 0.0
        figures[arm] = {"tokens_per_s": speed, "times": base / speed, "share_of_gemm": share, "per_cpu_s": per_cpu,
                        "share_of_fastest": share * machine / fastest}  # fmt: skip
        spread = f"{min(all_speeds):,.0f}-{max(all_speeds):,.0f}"
        print(f"{ARMS[arm]:<30} {speed:>10,.0f} {spread:>15} {per_cpu:>13,.0f} {base / speed:>10.2f}x {share:>12.0%} "
              f"{share * machine / fastest:>11.0%}")  # fmt: skip
    return figures


def median_of(results: list[dict[str, Any]], key: str) -> float | None:
    values = [r[key] for r in results if key in r]
    return statistics.median(values) if values else None


def judged(figures: dict[str, Any]) -> dict[str, float | None]:
    """Figures by the names of their targets. Quick runs are judged by parity only, a large one by its share of the
    machine's rate."""
    if figures["large"]:
        return {"gemm_share_150m": (figures.get("luthier") or {}).get("share_of_gemm")}
    times = {} if figures["quick"] else {"times_trl_tuned": (figures.get("trl") or {}).get("times")}
    return {"parity": figures["parity"], **times}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small model, a minute")
    parser.add_argument("--large", action="store_true", help="150M parameters instead of 25M")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--rows", type=int, help="fewer rows, where time is short")
    parser.add_argument("--rounds", type=int, help="interleaved rounds; the median counts")
    parser.add_argument("--arms", nargs="*", choices=list(ARMS), help="these alone beside Luthier")
    parser.add_argument("--arm", choices=list(ARMS), help=argparse.SUPPRESS)
    parser.add_argument("--even", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    size = QUICK if options.quick else LARGE if options.large else FULL
    size = replace(size, rows=options.rows or size.rows, rounds=options.rounds or size.rounds)
    if options.arm:
        print("\n" + json.dumps(run_arm(options.arm, size, options.threads, even=options.even)))
        return 0
    figures = report(options, size)
    return conclude("sft_cpu", figures, judged(figures))


if __name__ == "__main__":
    raise SystemExit(main())
