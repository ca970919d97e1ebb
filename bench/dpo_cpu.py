"""DPO on a CPU, side by side in one run: Luthier and TRL's DPOTrainer, on prompt-heavy and on balanced pairs.

    python bench/dpo_cpu.py             25M-parameter Llama, 32k vocabulary, LoRA r=16 on q, k, v, o; about 15 minutes
    python bench/dpo_cpu.py --quick     a small model, a minute: the same code, figures not comparable

All arms train one epoch on the same seeded pairs in fp32 with the same threads and pairs a step; the reference's
log-probabilities are inside the time on both sides. Prompt-heavy: prompts of 400 ± 150 tokens, answers of 40 ± 20;
balanced: 120 ± 40 and 120 ± 40. The tuned TRL gets rows sorted by length (its grouping needs a column that pairs have
not), no bf16, no gradient checkpointing. The plain loop is DPO as one would write it down, without a framework: pairs
sorted by length, both answers of a step's pairs in one padded batch, the reference with the adapter off, logits and
log-softmax of the whole batch. Each arm runs in a process of its own, rounds are interleaved, the median
counts. Where other work shares the cores, pairs a processor second are the fairer figure; both are shown. Memory is the
peak above the process with everything imported. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from sft_cpu import FULL, QUICK, RATE, Row, Size, adapted, bare_tokenizer, median_of, run_apart
from verdict import conclude

PAIRS_A_STEP = 8
ARMS = {"luthier": "Luthier", "plain": "a plain loop", "trl": "TRL, tuned for a CPU",
        "trl-defaults": "TRL out of the box"}  # fmt: skip
SHAPES = {"prompt-heavy": ((400, 150), (40, 20)), "balanced": ((120, 40), (120, 40))}


@dataclass(frozen=True)
class Pair:
    prompt: tuple[int, ...]
    chosen: tuple[int, ...]
    rejected: tuple[int, ...]

    def __len__(self) -> int:
        return 2 * len(self.prompt) + len(self.chosen) + len(self.rejected)


def make_pairs(size: Size, shape: str, count: int) -> list[Pair]:
    random = np.random.default_rng(6)
    prompt, answer = SHAPES[shape]

    def ids(mean: int, spread: int) -> tuple[int, ...]:
        length = int(np.clip(random.normal(mean, spread), 8, 1000))
        return tuple(random.integers(4, size.vocabulary, length).tolist())

    return [Pair(ids(*prompt), ids(*answer), ids(*answer)) for _ in range(count)]


class Meter:
    """Time, processor time and memory from where everything is imported and the model stands."""

    def __init__(self) -> None:
        self.imported = resident()
        self.began, self.cpu = time.perf_counter(), time.process_time()

    def result(self, pairs: int, losses: list[float]) -> dict[str, Any]:
        seconds, cpu = time.perf_counter() - self.began, time.process_time() - self.cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return {"pairs_per_s": pairs / seconds, "pairs_per_cpu_s": pairs / cpu, "seconds": seconds, "cpu_s": cpu,
                "bytes": peak - self.imported, "losses": losses}  # fmt: skip


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def train_luthier(size: Size, pairs: list[Pair], *, threads: int) -> dict[str, Any]:
    import peft  # noqa: F401  (imports are not counted, here and in the peer's arm)

    from luthier.recipe.train import TrainSpec
    from luthier.train import preference
    from luthier.train.compared import Pair as Sample
    from luthier.train.compared import input_length
    from luthier.train.plan import DeviceFacts, Facts, ModelFacts, derive

    def side(p: Pair, answer: tuple[int, ...], name: str) -> Row:
        return Row((*p.prompt, *answer), (False,) * len(p.prompt) + (True,) * len(answer), name)

    samples = [Sample(side(p, p.chosen, str(i)), side(p, p.rejected, str(i)), str(i)) for i, p in enumerate(pairs)]
    lengths = [input_length(s) for s in samples]
    tokens = round(PAIRS_A_STEP * float(np.mean(lengths)))
    spec = TrainSpec.model_validate({
        "method": "dpo", "epochs": 1, "batch_tokens": tokens, "micro_tokens": tokens, "learning_rate": RATE,
        "schedule": "constant", "warmup": 0, "evaluations": 1, "checkpoints": 0,
    })  # fmt: skip
    facts = ModelFacts(hidden=size.hidden, layers=size.layers, intermediate=size.intermediate, parameters=25_000_000,
                       vocabulary=size.vocabulary, context=2048, trainable=500_000)  # fmt: skip
    plan = derive(spec, Facts(facts, DeviceFacts("cpu", threads=threads), lengths))
    quiet = SimpleNamespace(event=lambda *a, **k: None, metric=lambda *a, **k: None)
    losses: list[float] = []
    meter = Meter()
    model = adapted(size)
    with tempfile.TemporaryDirectory() as folder:
        preference.run(spec, plan, loaded=SimpleNamespace(model=model, device="cpu"), train=samples, validation=[],
                       run=quiet, workdir=Path(folder), seed=0, on_step=lambda i: losses.append(i.loss))  # fmt: skip
    return meter.result(len(pairs), losses)


def train_plain(size: Size, pairs: list[Pair]) -> dict[str, Any]:
    import torch
    from torch.nn import functional

    def log_probs(rows: list[tuple[int, ...]], starts: list[int]) -> torch.Tensor:
        width = max(map(len, rows))
        ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
        at = torch.arange(1, width)[None]
        answer = (at >= torch.tensor(starts)[:, None]) & (at < torch.tensor([len(row) for row in rows])[:, None])
        logits = model(input_ids=ids).logits  # padding stands behind every answer, where no answer sees it
        said = functional.log_softmax(logits[:, :-1], -1).gather(-1, ids[:, 1:, None])[..., 0]
        return (said * answer).sum(-1)

    losses: list[float] = []
    meter = Meter()
    model = adapted(size).train()
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], RATE, weight_decay=0.01)
    ordered = sorted(pairs, key=len)
    for first in range(0, len(ordered), PAIRS_A_STEP):
        step = ordered[first : first + PAIRS_A_STEP]
        rows = [(*p.prompt, *p.chosen) for p in step] + [(*p.prompt, *p.rejected) for p in step]
        starts = [len(p.prompt) for p in step] * 2
        with torch.no_grad(), model.disable_adapter():
            known = log_probs(rows, starts)
        chosen, rejected = (log_probs(rows, starts) - known).split(len(step))
        loss = -functional.logsigmoid(0.1 * (chosen - rejected)).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(loss))
    return meter.result(len(pairs), losses)


def train_trl(size: Size, pairs: list[Pair], *, tuned: bool) -> dict[str, Any]:
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    losses: list[float] = []

    class Ready(DPOTrainer):  # type: ignore[misc]
        def _prepare_dataset(self, dataset: Any, *more: Any, **named: Any) -> Any:
            return dataset  # token ids already

        def training_step(self, *inputs: Any, **named: Any) -> Any:
            loss = super().training_step(*inputs, **named)
            losses.append(float(loss))
            return loss

    ordered = sorted(pairs, key=len) if tuned else pairs
    table = [{"prompt_ids": list(p.prompt), "chosen_ids": list(p.chosen), "rejected_ids": list(p.rejected)}
             for p in ordered]  # fmt: skip
    settings: dict[str, Any] = {
        "per_device_train_batch_size": PAIRS_A_STEP, "num_train_epochs": 1, "report_to": [], "save_strategy": "no",
        "disable_tqdm": True, "use_cpu": True, "logging_strategy": "no", "learning_rate": RATE, "weight_decay": 0.01,
        "lr_scheduler_type": "constant", "max_length": None,
    }  # fmt: skip
    if tuned:
        settings |= {"bf16": False, "gradient_checkpointing": False, "train_sampling_strategy": "sequential"}
    data, tokenizer = Dataset.from_list(table), bare_tokenizer()
    meter = Meter()
    trainer = Ready(adapted(size), args=DPOConfig(tempfile.mkdtemp(), **settings), train_dataset=data,
                    processing_class=tokenizer)  # fmt: skip
    trainer.train()
    return meter.result(len(pairs), losses)


def run_arm(arm: str, size: Size, shape: str, count: int, threads: int) -> dict[str, Any]:
    """One arm in this process."""
    import torch

    warnings.filterwarnings("ignore")
    torch.set_num_threads(threads)
    pairs = make_pairs(size, shape, count)
    if arm == "luthier":
        return train_luthier(size, pairs, threads=threads)
    if arm == "plain":
        return train_plain(size, pairs)
    return train_trl(size, pairs, tuned=arm == "trl")


def report(options: argparse.Namespace, size: Size) -> dict[str, Any]:
    figures: dict[str, Any] = {"threads": options.threads, "quick": options.quick, "load": os.getloadavg()[0]}
    for shape in options.shape or SHAPES:
        arms = ["luthier", *(options.beside or ["plain", "trl", *["trl-defaults"] * options.defaults])]
        seen: dict[str, list[dict[str, Any]]] = {arm: [] for arm in arms}
        for number in range(size.rounds):
            for arm in arms:
                more = ["--pairs", str(options.pairs), "--shape", shape, *["--quick"] * options.quick]
                seen[arm].append(run_apart(__file__, arm, options.threads, more))
                told = seen[arm][-1]
                speed = told.get("problem") or f"{told['pairs_per_s']:,.2f} pairs/s, {told['cpu_s']:,.0f} cpu s"
                print(f"{shape}, round {number + 1}/{size.rounds}  {ARMS[arm]:<22} {speed}", flush=True)
        figures[shape] = summary(seen)
    return figures


def summary(seen: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Medians of one shape, each beside Luthier's."""
    found: dict[str, Any] = {}
    ours = {key: median_of(seen["luthier"], key) for key in ("pairs_per_s", "pairs_per_cpu_s", "bytes")}
    print(f"\n{'':<22} {'pairs/s':>9} {'a cpu second':>13} {'Luthier is':>11} {'by cpu':>8} {'MB':>7} {'memory':>7}")
    for arm, results in seen.items():
        speed, per_cpu, size = (median_of(results, key) for key in ours)
        if speed is None or per_cpu is None or size is None or ours["pairs_per_s"] is None:
            print(f"{ARMS[arm]:<22} not available: {results[0].get('problem', '')[:80]}")
            continue
        assert ours["pairs_per_cpu_s"] is not None and ours["bytes"] is not None
        times, by_cpu = ours["pairs_per_s"] / speed, ours["pairs_per_cpu_s"] / per_cpu
        memory = ours["bytes"] / size
        found[arm] = {"pairs_per_s": speed, "pairs_per_cpu_s": per_cpu, "megabytes": size / 1e6, "times": times,
                      "times_by_cpu": by_cpu, "memory": memory}  # fmt: skip
        print(f"{ARMS[arm]:<22} {speed:>9.2f} {per_cpu:>13.2f} {times:>10.2f}x {by_cpu:>7.2f}x {size / 1e6:>7,.0f} "
              f"{memory:>6.2f}x")  # fmt: skip
    return found


def judged(figures: dict[str, Any]) -> dict[str, float | None]:
    """Figures by the names of their targets; a quick run judges nothing."""
    wanted = {"times_prompt_heavy": ("prompt-heavy", "times"), "times_balanced": ("balanced", "times"),
              "memory_prompt_heavy": ("prompt-heavy", "memory"), "memory_balanced": ("balanced", "memory")}  # fmt: skip
    if figures["quick"]:
        return {}
    return {name: figures.get(shape, {}).get("trl", {}).get(key) for name, (shape, key) in wanted.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small model, a minute")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--pairs", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds; the median counts")
    parser.add_argument("--shape", choices=list(SHAPES), action="append", help="only this one")
    parser.add_argument("--beside", choices=list(ARMS)[1:], action="append", help="only this arm beside Luthier")
    parser.add_argument("--defaults", action="store_true", help="TRL out of the box too: slow, as bf16 is emulated")
    parser.add_argument("--arm", choices=list(ARMS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    size = replace(QUICK if options.quick else FULL, rounds=1 if options.quick else options.rounds)
    if options.arm:
        print("\n" + json.dumps(run_arm(options.arm, size, options.shape[0], options.pairs, options.threads)))
        return 0
    figures = report(options, size)
    return conclude("dpo_cpu", figures, judged(figures))


if __name__ == "__main__":
    raise SystemExit(main())
