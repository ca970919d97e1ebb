"""Does a training take the memory and the time that was planned? On a CPU, each configuration in a process of its own.

    python bench/planner.py                  all of it: memory, time, QLoRA; about half an hour on one core
    python bench/planner.py --quick          the smallest model only; about a minute
    python bench/planner.py --part memory    one part: memory, time or four-bit
    python bench/planner.py --only 25m       the configurations whose name holds this
    python bench/planner.py --json           the last line only

Random Llama models of 1M to 150M parameters with a 32k vocabulary (the smallest: 4k) are written to disk; a process
loads one the way ``luthier run`` does, trains a few steps and reads the kernel's high-water mark of its resident
memory. Planned: by arithmetic, in another process, before. Compared is the whole process, and net of an empty one
(imports only) where that is 1 GiB or more. Time: seconds by arithmetic beside processor seconds for every
configuration; longer trainings beside what a probe said of them, and what their own first steps did. The last line is
JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from verdict import conclude

STEPS = 2
AGAIN = "again"
"""How the names of replayed rows begin."""
LARGE = 1 << 30
SHAPES = {  # hidden, layers, intermediate, heads, key/value heads, vocabulary
    "1m": (128, 4, 344, 4, 2, 4096),
    "25m": (384, 8, 1024, 6, 2, 32_000),
    "60m": (512, 10, 1536, 8, 4, 32_000),
    "150m": (768, 16, 2304, 12, 4, 32_000),
}


@dataclass(frozen=True)
class Case:
    """One configuration: ``rows`` rows of ``length`` tokens a pass, ``passes`` passes a step."""

    name: str
    model: str
    tuning: dict[str, Any]
    rows: int
    length: int
    passes: int = 1
    recompute: bool = False
    monitors: bool = False
    processes: int | None = 1
    """None: as many as the planner chooses."""
    threads: int = 1
    steps: int = STEPS
    anchored: bool = False
    """Two rows of three begin with one prompt, half of them; the third is replayed, half as long, and held."""

    @property
    def micro(self) -> int:
        return self.rows * self.length

    def spec(self) -> Any:
        from luthier.recipe.train import TrainSpec

        watch = {} if self.monitors else {"overfitting": "off", "memorisation": "off", "forgetting": "off"}
        return TrainSpec.model_validate({
            "tuning": self.tuning, "max_steps": self.steps, "epochs": 100, "batch_tokens": self.micro * self.passes,
            "micro_tokens": self.micro, "processes": self.processes, "evaluations": 2 if self.monitors else 1,
            "checkpoints": 1, "watch": watch, "anchor": 1.0 if self.anchored else 0.0,
        })  # fmt: skip


LORA, FULL, QLORA, DORA = {"kind": "lora"}, {"kind": "full"}, {"kind": "qlora"}, {"kind": "lora", "dora": True}
ALL = {"kind": "lora", "targets": "all-linear"}
CASES = (
    Case("1m lora", "1m", LORA, 16, 64),
    Case("1m full, monitors", "1m", FULL, 16, 64, monitors=True),
    Case("1m lora, 2 processes", "1m", LORA, 64, 64, processes=2),
    Case("25m lora", "25m", LORA, 16, 256),
    Case("25m lora, 2 processes", "25m", LORA, 8, 256, processes=2),
    Case("25m full", "25m", FULL, 8, 256),
    Case("25m dora, long rows", "25m", DORA, 2, 1024),
    Case("25m lora, recomputed", "25m", LORA, 16, 256, recompute=True),
    Case("25m lora, anchor, one prompt", "25m", ALL, 16, 256, passes=2, anchored=True),
    Case("60m lora, monitors", "60m", LORA, 8, 256, monitors=True),
    Case("60m full, 2 passes", "60m", FULL, 4, 256, passes=2),
    Case("60m qlora", "60m", QLORA, 8, 256),
    Case("60m lora on all linear layers", "60m", ALL, 8, 256),
    Case("150m lora", "150m", LORA, 4, 256),
    Case("150m full", "150m", FULL, 2, 256),
    Case("150m full, monitors", "150m", FULL, 4, 64, monitors=True, steps=3),
    Case("150m full, recomputed", "150m", FULL, 2, 256, recompute=True),
    Case("150m lora, recomputed", "150m", LORA, 4, 256, recompute=True),
    Case("150m dora", "150m", DORA, 4, 128),
    Case("150m qlora, long rows", "150m", QLORA, 1, 1024),
)
TIMED = (
    Case("1m lora, monitors", "1m", LORA, 16, 64, monitors=True, steps=80),
    Case("25m lora", "25m", LORA, 8, 128, steps=24),
    Case("25m full", "25m", FULL, 8, 128, steps=20),
    Case("60m lora, monitors", "60m", LORA, 4, 128, monitors=True, steps=20),
)
FOUR_BIT = (
    Case("nano qlora", "nano", QLORA, 8, 64, steps=60),
    Case("150m qlora", "150m", QLORA, 4, 64, steps=12),
)


@dataclass(frozen=True)
class Row:
    ids: tuple[int, ...]
    trained: tuple[bool, ...]
    example_id: str


@dataclass
class Silent:
    """A run that nobody watches."""

    seen: list[str] = field(default_factory=list)

    def event(self, kind: str, **_: Any) -> None:
        self.seen.append(kind)

    def metric(self, *_: Any, **__: Any) -> None:
        pass


def build(folder: Path, name: str) -> None:
    """Write a random model with the built-in base's tokenizer."""
    import shutil

    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from luthier.models.source import resolve

    hidden, layers, intermediate, heads, kv, vocabulary = SHAPES[name]
    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(
        vocab_size=vocabulary, hidden_size=hidden, num_hidden_layers=layers, intermediate_size=intermediate,
        num_attention_heads=heads, num_key_value_heads=kv, max_position_embeddings=4096, tie_word_embeddings=True,
    )).save_pretrained(folder / name)  # fmt: skip
    for path in resolve("nano").folder.iterdir():
        if "token" in path.name or "template" in path.name:
            shutil.copy(path, folder / name / path.name)


def make_rows(case: Case, kind: str, count: int) -> list[Row]:
    """Rows of one length, the last 40% trained; of an anchored case as it says."""
    import numpy as np

    random = np.random.default_rng(len(kind))
    vocabulary = SHAPES[case.model][5] if case.model in SHAPES else 2000

    def row(length: int, begin: tuple[int, ...], name: str) -> Row:
        ids = (*begin, *random.integers(4, vocabulary, length + 1 - len(begin)).tolist())
        return Row(ids, tuple(i > 0.6 * length for i in range(length + 1)), name)

    if not case.anchored:
        return [row(case.length, (), f"{kind}{i}") for i in range(count)]
    prompt = tuple(random.integers(4, vocabulary, case.length // 2).tolist())
    return [row(case.length // 2, (), f"{AGAIN}{i}") if i % 3 == 2 else row(case.length, prompt, f"{kind}{i}")
            for i in range(count)]  # fmt: skip


def replayed(rows: list[Row]) -> frozenset[str]:
    """Names of the rows that an anchor holds."""
    return frozenset(r.example_id for r in rows if r.example_id.startswith(AGAIN))


def sides(case: Case) -> tuple[list[Row], list[Row]]:
    many = case.rows * case.passes * 4
    return make_rows(case, "train", many), make_rows(case, "validation", min(16, many))


def planned(case: Case, folder: Path) -> tuple[Any, Any, float]:
    """(plan, memory, seconds on one core each), as ``luthier plan`` makes them."""
    from functools import partial

    from luthier.models.sizes import skeleton
    from luthier.models.source import resolve
    from luthier.train.batches import input_length, row, share_prefixes
    from luthier.train.footprint import Footprint
    from luthier.train.memory import Demand, Weights
    from luthier.train.plan import DeviceFacts, Facts, ModelFacts, derive, planned_needs
    from luthier.train.work import Work, cuts_of_an_epoch, largest_cuts, whole

    spec = case.spec()
    made = skeleton(resolve(str(folder / case.model)), spec.tuning, precision="fp32")
    trained = sum(p.numel() for p in made.model.parameters() if p.requires_grad)
    of = partial(Footprint, made.model, device="cpu", precision="fp32")
    passes = of(trained_share=0.4, anchored=case.anchored)
    hidden, layers, intermediate, _, _, vocabulary = SHAPES[case.model]
    model = ModelFacts(hidden, layers, intermediate, vocabulary, 4096, 1, trained)
    made_rows, held_out = sides(case)
    rows = [row(r, replayed=r.example_id in replayed(made_rows)) for r in made_rows]
    train, validation = ([input_length(r) for r in side] for side in (made_rows, held_out))
    demand = Demand(Weights(made.frozen_bytes, trained), passes)
    facts = Facts(model, DeviceFacts("cpu", threads=case.threads, forks=True), train, validation, demand)
    plan = replace(derive(spec, facts), recompute=case.recompute)

    def work(
        rows: int, width: int, *, share: float, recompute: bool = False, anchored: bool = False, reads: bool = False
    ) -> Work:
        return of(trained_share=share, anchored=anchored).work(rows, width, recompute=recompute, reads=reads)

    if not plan.recompute:
        rows = share_prefixes(rows, at_least=plan.steps_an_epoch)
    cuts = cuts_of_an_epoch(rows, plan)
    largest, several = largest_cuts(cuts, processes=plan.processes), len(cuts) > plan.steps_an_epoch
    held = passes.step(largest, recompute=plan.recompute, accumulates=several)
    needs = planned_needs(spec, facts, plan, held)
    assert needs is not None
    trained, read = whole(plan, work, rows, [row(r) for r in held_out[: plan.validation_rows]])
    return plan, needs, trained.plus(read).seconds()


def predict(folder: Path, cases: list[Case]) -> dict[str, Any]:
    from luthier.train.memory import PROCESS

    found = {}
    for case in cases:
        plan, needs, seconds = planned(case, folder)
        (folder / f"{case.name}.plan.json").write_text(json.dumps(plan.to_dict()))
        found[case.name] = {"net": needs.total, "process": PROCESS, "parts": needs.to_dict(), "seconds": seconds}
    return found


def four_bit(case: Case, folder: Path) -> dict[str, Any]:
    """Bytes of a base in 4 bits, planned and held; losses of QLoRA and of LoRA after equal steps on rows whose second
    half repeats the first."""
    from luthier.models import four_bit
    from luthier.models.sizes import skeleton
    from luthier.models.source import resolve
    from luthier.train import sft
    from luthier.train.batches import input_length
    from luthier.train.plan import DeviceFacts, Facts, ModelFacts, derive

    source = resolve("nano" if case.model == "nano" else str(folder / case.model))
    spec = case.spec()
    said = skeleton(source, spec.tuning, precision="fp32")
    train = [repeated(r) for r in make_rows(case, "train", case.rows * 8)]
    losses, counted, held, start = {}, None, 0, 0.0
    for kind in ("qlora", "lora"):
        arm = replace(case, tuning={"kind": kind})
        model = ModelFacts(256, 1, 1, 1, 1024, 1, 1)
        plan = derive(arm.spec(), Facts(model, DeviceFacts("cpu", threads=1), [input_length(r) for r in train]))
        loaded = prepared(arm, folder, arm.spec())
        if kind == "qlora":
            counted = four_bit.count(loaded.model)
            rest = {
                t.data_ptr(): t.numel() * t.element_size()
                for t in (*loaded.model.parameters(), *loaded.model.buffers())
                if not t.requires_grad and getattr(t, "quant_state", None) is None
            }
            held = sum(rest.values()) + counted.bytes
        with tempfile.TemporaryDirectory() as workdir:
            result = sft.run(
                arm.spec(), plan, loaded=loaded, train=train, validation=(), run=Silent(), workdir=Path(workdir), seed=0
            )
        seen = [h["loss"] for h in result.history if "loss" in h]
        losses[kind], start = statistics.fmean(seen[-5:]), seen[0]
    assert counted is not None
    return {
        "linear_of_bf16": counted.bytes / counted.before, "base_planned": said.frozen_bytes, "base_held": held,
        "base_off": abs(said.frozen_bytes / held - 1), "qlora": losses["qlora"], "lora": losses["lora"],
        "loss_off": abs(losses["qlora"] / losses["lora"] - 1), "steps": case.steps, "start": start,
    }  # fmt: skip


def repeated(row: Row) -> Row:
    half = len(row.ids) // 2
    ids = (*row.ids[:half], *row.ids[: len(row.ids) - half])
    return Row(ids, tuple(i >= half for i in range(len(ids))), row.example_id)


def resident() -> dict[str, int]:
    lines = Path("/proc/self/status").read_text().splitlines()
    return {x.split(":")[0]: int(x.split()[1]) * 1024 for x in lines if x.startswith(("VmHWM", "VmRSS"))}


def prepared(case: Case, folder: Path, spec: Any) -> Any:
    from luthier.models.adapters import prepare
    from luthier.models.load import load
    from luthier.models.source import resolve

    quantised = spec.tuning if case.tuning["kind"] == "qlora" else None
    source = resolve("nano" if case.model == "nano" else str(folder / case.model))
    return prepare(load(source, quantised=quantised, device="cpu"), spec.tuning, 0).loaded


def imported(case: Case) -> None:
    import peft  # noqa: F401
    import torch
    import transformers  # noqa: F401

    import luthier.models.load
    import luthier.train.sft  # noqa: F401

    if case.tuning["kind"] == "qlora":
        import bitsandbytes  # noqa: F401
    torch.set_num_threads(case.threads)


def measure(case: Case, folder: Path) -> dict[str, Any]:
    """Train; the most that this process held, and what it held before it loaded anything; when its steps ended."""
    imported(case)
    empty = resident()["VmRSS"]
    from luthier.train import sft
    from luthier.train.machine import peak_memory

    train, validation = sides(case)
    spec, plan = case.spec(), json.loads((folder / f"{case.name}.plan.json").read_text())
    from luthier.train.plan import TrainPlan

    plan = TrainPlan.from_dict(plan)
    ends: list[float] = []
    with peak_memory("cpu") as taken:
        loaded = prepared(case, folder, spec)
        began = time.process_time()
        with tempfile.TemporaryDirectory() as workdir:
            result = sft.run(
                spec, plan, loaded=loaded, train=train, validation=validation, run=Silent(), workdir=Path(workdir),
                seed=0, general=validation, replayed=replayed(train),
                on_step=lambda _: ends.append(time.perf_counter()),
            )  # fmt: skip
    assert result.steps == plan.steps and taken.bytes is not None
    return {"empty": empty, "net": taken.bytes, "cpu_seconds": time.process_time() - began, "ends": ends,
            "processes": plan.processes}  # fmt: skip


def probe_and_train(case: Case, folder: Path) -> dict[str, Any]:
    """What a probe says of a training, and what the training takes."""
    imported(case)
    from luthier.train import sft
    from luthier.train.plan import TrainPlan
    from luthier.train.probe import FirstSteps, probe
    from luthier.train.work import answer_tokens

    spec = case.spec()
    plan = TrainPlan.from_dict(json.loads((folder / f"{case.name}.plan.json").read_text()))
    train, validation = sides(case)
    lengths = [len(r.ids) - 1 for r in train]
    more = {"general": train[: plan.watch_rows]}
    said = probe(
        sft.run, spec, plan, load=lambda: prepared(case, folder, spec), device="cpu", train=train, lengths=lengths,
        validation=validation, seed=0, more=more,
    )  # fmt: skip
    first = FirstSteps(Silent(), plan, sum(lengths), answer_tokens(plan, case.length))
    loaded = prepared(case, folder, spec)
    with tempfile.TemporaryDirectory() as workdir:
        result = sft.run(
            spec, plan, loaded=loaded, train=train, validation=validation, run=first, workdir=Path(workdir), seed=0,
            general=validation,
        )  # fmt: skip
    assert first.expected is not None
    probed = said.seconds(plan, sum(lengths)) - said.loading
    return {"probed": probed, "first_steps": first.expected.seconds, "took": result.seconds}


def child(leg: str, folder: Path, names: list[str], *, script: str = __file__, threads: int = 1) -> dict[str, Any]:
    """One leg of a benchmark in a process of its own."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(
        [sys.executable, script, "--leg", leg, "--folder", str(folder), *names], capture_output=True, text=True,
        env=environment, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{leg} {names}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def leg(name: str, folder: Path, names: list[str]) -> Any:
    timed = name == "time" or (name == "plan" and names and names[0] == "--timed")
    if name == "build":
        return [build(folder, n) for n in names]
    known = {case.name: case for case in (TIMED if timed else FOUR_BIT if name == "four-bit" else CASES)}
    wanted = [known[n] for n in names if n != "--timed"]
    if name == "plan":
        return predict(folder, wanted)
    return {"measure": measure, "time": probe_and_train, "four-bit": four_bit}[name](wanted[0], folder)


def off(planned_bytes: float, taken: float) -> float:
    """Of what was taken: above 0 was planned too much."""
    return planned_bytes / taken - 1


Say = Callable[[str], None]


def memory(folder: Path, cases: list[Case], say: Say, rounds: int) -> dict[str, Any]:
    """Plans beside peaks. What the allocator loses is chance, and a peak one throw: the median of ``rounds`` counts."""
    said = child("plan", folder, [c.name for c in cases])
    say(f"{'MiB, processor seconds':<32} {'planned':>9} {'measured':>9} {'off':>7}   {'net':>9} {'measured':>9} "
        f"{'off':>7}   {'seconds':>7} {'cpu s':>7}")  # fmt: skip
    rows = []
    for case in cases:
        plan = said[case.name]
        all_took = sorted((child("measure", folder, [case.name]) for _ in range(rounds)), key=lambda took: took["net"])
        took = all_took[rounds // 2]
        whole, net = plan["process"] + plan["net"], took["net"]
        peak = took["empty"] + net
        row = {
            "case": case.name, "planned": whole, "measured": peak, "off": off(whole, peak),
            "net_planned": plan["net"], "net_measured": net, "net_off": off(plan["net"], net),
            "all_measured": [one["empty"] + one["net"] for one in all_took],
            "empty": took["empty"], "parts": plan["parts"],
            "seconds_planned": plan["seconds"], "cpu_seconds": took["cpu_seconds"],
        }  # fmt: skip
        rows.append(row)
        told = [f"{row[k] / 2**20:>9,.0f}" for k in ("planned", "measured", "net_planned", "net_measured")]
        shown = f"{told[2]} {told[3]} {row['net_off']:>+7.1%}" if net >= LARGE else f"{told[2]} {told[3]}     (-)"
        times = f"{row['seconds_planned']:>7.1f} {row['cpu_seconds']:>7.1f}"
        say(f"{case.name:<32} {told[0]} {told[1]} {row['off']:>+7.1%}   {shown}   {times}")
    offs = [r["off"] for r in rows]
    nets = [r["net_off"] for r in rows if r["net_measured"] >= LARGE]
    return {
        "cases": rows, "over": max(0.0, *offs), "under": max(0.0, *(-o for o in offs)),
        "net_over": max([0.0, *nets]), "net_under": max([0.0, *(-o for o in nets)]), "net_cases": len(nets),
    }  # fmt: skip


def duration(folder: Path, cases: list[Case], say: Say) -> dict[str, Any]:
    said = child("plan", folder, ["--timed", *(c.name for c in cases)])
    say(f"\n{'seconds':<32} {'took':>7}   {'probed':>7} {'off':>7}   {'first steps':>11} {'off':>7}   arithmetic")
    rows = []
    for case in cases:
        took = child("time", folder, [case.name])
        row = {"case": case.name, **took, "arithmetic": said[case.name]["seconds"]}
        row |= {"off": off(row["probed"], row["took"]), "first_off": off(row["first_steps"], row["took"])}
        rows.append(row)
        say(f"{case.name:<32} {row['took']:>7.1f}   {row['probed']:>7.1f} {row['off']:>+7.1%}   "
            f"{row['first_steps']:>11.1f} {row['first_off']:>+7.1%}   {row['arithmetic']:>10.1f}")  # fmt: skip
    return {"timed": rows, "time_off": max(abs(r["off"]) for r in rows),
            "first_steps_off": max(abs(r["first_off"]) for r in rows)}  # fmt: skip


def quantised(folder: Path, cases: list[Case], say: Say) -> dict[str, Any]:
    rows = []
    for case in cases:
        row = {"case": case.name, **child("four-bit", folder, [case.name])}
        rows.append(row)
        say(
            f"{case.name:<12} linear layers {row['linear_of_bf16']:.3f} of bf16   base {row['base_held'] / 2**20:,.1f} "
            f"MiB, planned {row['base_planned'] / 2**20:,.1f} ({row['base_off']:.2%} off)   loss {row['start']:.3f}, "
            f"after {row['steps']} steps {row['qlora']:.3f}, LoRA {row['lora']:.3f} ({row['loss_off']:.1%})"
        )
    worst = {k: max(r[k] for r in rows) for k in ("linear_of_bf16", "base_off", "loss_off")}
    return {"four_bit": rows, **worst}


PARTS = {"memory": (CASES, memory), "time": (TIMED, duration), "four-bit": (FOUR_BIT, quantised)}
JUDGED = (
    "over", "under", "net_over", "net_under", "time_off", "first_steps_off", "linear_of_bf16", "base_off", "loss_off",
)  # fmt: skip


def main() -> int:
    """The tables, then JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--part", choices=list(PARTS), action="append", help="only this one; may be repeated")
    parser.add_argument("--only", default="", help="configurations whose name holds this")
    parser.add_argument("--quick", action="store_true", help="the smallest model, memory and time: a minute")
    parser.add_argument("--rounds", type=int, default=3, help="peaks of memory are measured so often; medians count")
    parser.add_argument("--json", action="store_true", help="the last line only")
    parser.add_argument("--leg", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    asked, names = parser.parse_known_args()
    if asked.leg:
        print(json.dumps(leg(asked.leg, Path(asked.folder), names)))
        return 0

    def say(text: str) -> None:
        if not asked.json:
            print(text, flush=True)

    only = "1m " if asked.quick else asked.only
    figures: dict[str, Any] = {"load": [round(os.getloadavg()[0], 1)], "quick": asked.quick}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in asked.part or PARTS:
            cases = [c for c in PARTS[part][0] if only in f"{c.name} "]
            if not cases:
                continue
            new = sorted({c.model for c in cases} - {"nano"} - {p.name for p in folder.iterdir()})
            child("build", folder, new)
            more = {"rounds": 1 if asked.quick else asked.rounds} if part == "memory" else {}
            figures |= PARTS[part][1](folder, cases, say, **more)
    figures["load"].append(round(os.getloadavg()[0], 1))
    if "cases" in figures:
        median = statistics.median(abs(r["off"]) for r in figures["cases"])
        say(f"\nmemory of {len(figures['cases'])} configurations: median {median:.1%} off; over {figures['over']:.1%}, "
            f"under {figures['under']:.1%} at worst")  # fmt: skip
    return conclude("planner", figures, {name: figures[name] for name in JUDGED if name in figures})


if __name__ == "__main__":
    sys.exit(main())
