"""Does a training take the memory and the time that was planned? On a CPU, each configuration in a process of its own.

    python bench/planner.py                  all of it; about 8 minutes on one core
    python bench/planner.py --only 25m       the configurations whose name holds this
    python bench/planner.py --time           three trainings beside what a probe said of them; 4 minutes
    python bench/planner.py --four-bit       QLoRA on the built-in base and on 150M: bytes and losses; 3 minutes

Random Llama models of 1M to 150M parameters with a 32k vocabulary (the smallest: 4k) are written to disk; a process
loads one the way ``luthier run`` does, trains a few steps and reads the kernel's high-water mark of its resident
memory. Planned: by arithmetic, in another process, before. Compared is the whole process, and net of an empty one
(imports only) where that is 1 GiB or more. The last line is JSON.
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
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
STEPS = 2
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
    processes: int = 1
    steps: int = STEPS

    @property
    def micro(self) -> int:
        return self.rows * self.length

    def spec(self) -> Any:
        from luthier.recipe.train import TrainSpec

        watch = {} if self.monitors else {"overfitting": "off", "memorisation": "off", "forgetting": "off"}
        return TrainSpec.model_validate({
            "tuning": self.tuning, "max_steps": self.steps, "epochs": 100, "batch_tokens": self.micro * self.passes,
            "micro_tokens": self.micro, "processes": self.processes, "evaluations": 2 if self.monitors else 1, "checkpoints": 1, "watch": watch,
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
    Case("25m lora", "25m", LORA, 8, 128, steps=60),
    Case("25m full", "25m", FULL, 8, 128, steps=40),
    Case("60m lora, monitors", "60m", LORA, 4, 128, monitors=True, steps=40),
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
    """Rows of one length, the last 40% trained."""
    import numpy as np

    random = np.random.default_rng(len(kind))
    trained = tuple(i > 0.6 * case.length for i in range(case.length + 1))
    vocabulary = SHAPES[case.model][5] if case.model in SHAPES else 2000
    return [
        Row(tuple(random.integers(4, vocabulary, case.length + 1).tolist()), trained, f"{kind}{i}")
        for i in range(count)
    ]


def sides(case: Case) -> tuple[list[Row], list[Row]]:
    many = case.rows * case.passes * 4
    return make_rows(case, "train", many), make_rows(case, "validation", min(16, many))


def planned(case: Case, folder: Path) -> tuple[Any, Any, Any]:
    """(spec, facts, plan), as ``luthier plan`` makes them."""
    from luthier.models.sizes import skeleton
    from luthier.models.source import resolve
    from luthier.train.batches import input_length
    from luthier.train.footprint import Footprint
    from luthier.train.memory import Demand, Weights
    from luthier.train.plan import DeviceFacts, Facts, ModelFacts, derive

    spec = case.spec()
    made = skeleton(resolve(str(folder / case.model)), spec.tuning, precision="fp32")
    trained = sum(p.numel() for p in made.model.parameters() if p.requires_grad)
    passes = Footprint(made.model, device="cpu", precision="fp32", trained_share=0.4)
    hidden, layers, intermediate, _, _, vocabulary = SHAPES[case.model]
    model = ModelFacts(hidden, layers, intermediate, vocabulary, 4096, 1, trained)
    train, validation = ([input_length(r) for r in rows] for rows in sides(case))
    demand = Demand(Weights(made.frozen_bytes, trained), passes)
    facts = Facts(model, DeviceFacts("cpu", threads=1, forks=True), train, validation, demand)
    plan = replace(derive(spec, facts), recompute=case.recompute)
    return spec, facts, plan


def predict(folder: Path, cases: list[Case]) -> dict[str, Any]:
    from luthier.train.memory import process_bytes
    from luthier.train.plan import planned_needs

    found = {}
    for case in cases:
        needs = planned_needs(*planned(case, folder))
        process = process_bytes(four_bit=case.tuning["kind"] == "qlora")
        found[case.name] = {"net": needs.total, "process": process, "parts": needs.to_dict()}
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
    losses, counted, held = {}, None, 0
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
        last = [h["loss"] for h in result.history if "loss" in h][-5:]
        losses[kind] = sum(last) / len(last)
    assert counted is not None
    return {
        "linear_of_bf16": counted.bytes / counted.before, "base_planned": said.frozen_bytes, "base_held": held,
        "base_off": abs(said.frozen_bytes / held - 1), "qlora": losses["qlora"], "lora": losses["lora"],
        "loss_off": abs(losses["qlora"] / losses["lora"] - 1), "steps": case.steps,
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
    torch.set_num_threads(1)


def measure(case: Case, folder: Path) -> dict[str, Any]:
    """Train; the most that this process held, and what it held before it loaded anything."""
    imported(case)
    empty = resident()["VmRSS"]
    from luthier.train import sft
    from luthier.train.machine import peak_memory

    train, validation = sides(case)
    spec, plan = case.spec(), json.loads((folder / f"{case.name}.plan.json").read_text())
    from luthier.train.plan import TrainPlan

    plan = TrainPlan.from_dict(plan)
    with peak_memory("cpu") as taken:
        loaded = prepared(case, folder, spec)
        with tempfile.TemporaryDirectory() as workdir:
            result = sft.run(
                spec, plan, loaded=loaded, train=train, validation=validation, run=Silent(), workdir=Path(workdir),
                seed=0, general=validation,
            )  # fmt: skip
    assert result.steps == plan.steps and taken.bytes is not None
    return {"empty": empty, "net": taken.bytes, "seconds": result.seconds}


def probe_and_train(case: Case, folder: Path) -> dict[str, Any]:
    """What a probe says of a training, and what the training takes."""
    imported(case)
    from luthier.train import sft
    from luthier.train.plan import TrainPlan
    from luthier.train.probe import probe

    spec = case.spec()
    plan = TrainPlan.from_dict(json.loads((folder / f"{case.name}.plan.json").read_text()))
    train, validation = sides(case)
    lengths = [len(r.ids) - 1 for r in train]
    more = {"general": train[: plan.watch_rows]}
    said = probe(
        sft.run, spec, plan, load=lambda: prepared(case, folder, spec), device="cpu", train=train, lengths=lengths,
        validation=validation, seed=0, more=more,
    )  # fmt: skip
    began = time.monotonic()
    loaded = prepared(case, folder, spec)
    with tempfile.TemporaryDirectory() as workdir:
        sft.run(
            spec, plan, loaded=loaded, train=train, validation=validation, run=Silent(), workdir=Path(workdir), seed=0,
            general=validation,
        )  # fmt: skip
    return {"said": said.seconds(plan, sum(lengths)), "took": time.monotonic() - began}


def child(leg: str, folder: Path, names: list[str]) -> dict[str, Any]:
    """One leg in a process of its own."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, __file__, "--leg", leg, "--folder", str(folder), *names], capture_output=True, text=True,
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
        for case in wanted:
            (folder / f"{case.name}.plan.json").write_text(json.dumps(planned(case, folder)[2].to_dict()))
        return predict(folder, wanted)
    return {"measure": measure, "time": probe_and_train, "four-bit": four_bit}[name](wanted[0], folder)


def off(planned_bytes: float, taken: float) -> float:
    """Of what was taken: above 0 was planned too much."""
    return planned_bytes / taken - 1


def memory(folder: Path, cases: list[Case]) -> dict[str, Any]:
    said = child("plan", folder, [c.name for c in cases])
    print(f"{'':<32} {'planned':>9} {'measured':>9} {'off':>7}   {'net':>9} {'measured':>9} {'off':>7}")
    rows = []
    for case in cases:
        took, plan = child("measure", folder, [case.name]), said[case.name]
        whole, net = plan["process"] + plan["net"], took["net"]
        peak = took["empty"] + net
        row = {
            "case": case.name, "planned": whole, "measured": peak, "off": off(whole, peak),
            "net_planned": plan["net"], "net_measured": net, "net_off": off(plan["net"], net),
            "empty": took["empty"], "parts": plan["parts"], "seconds": took["seconds"],
        }  # fmt: skip
        rows.append(row)
        told = [f"{row[k] / 2**20:>9,.0f}" for k in ("planned", "measured", "net_planned", "net_measured")]
        shown = f"{told[2]} {told[3]} {row['net_off']:>+7.1%}" if net >= LARGE else f"{told[2]} {told[3]}      (-)"
        print(f"{case.name:<32} {told[0]} {told[1]} {row['off']:>+7.1%}   {shown}", flush=True)
    offs = [r["off"] for r in rows]
    nets = [r["net_off"] for r in rows if r["net_measured"] >= LARGE]
    return {
        "cases": rows, "over": max(0.0, *offs), "under": max(0.0, *(-o for o in offs)),
        "net_over": max([0.0, *nets]), "net_under": max([0.0, *(-o for o in nets)]), "net_cases": len(nets),
    }  # fmt: skip


def duration(folder: Path) -> dict[str, Any]:
    child("plan", folder, ["--timed", *(c.name for c in TIMED)])
    rows = []
    for case in TIMED:
        took = child("time", folder, [case.name])
        row = {"case": case.name, **took, "off": off(took["said"], took["took"])}
        rows.append(row)
        print(f"{case.name:<32} probed {took['said']:>7,.1f} s   took {took['took']:>7,.1f} s {row['off']:>+7.1%}")
    return {"timed": rows, "time_off": max(abs(r["off"]) for r in rows)}


def quantised(folder: Path) -> dict[str, Any]:
    rows = []
    for case in FOUR_BIT:
        row = {"case": case.name, **child("four-bit", folder, [case.name])}
        rows.append(row)
        print(
            f"{case.name:<12} linear layers {row['linear_of_bf16']:.3f} of bf16   base {row['base_held'] / 2**20:,.1f} "
            f"MiB, planned {row['base_planned'] / 2**20:,.1f} ({row['base_off']:.2%} off)   loss after {row['steps']} "
            f"steps {row['qlora']:.3f}, LoRA {row['lora']:.3f} ({row['loss_off']:.1%})", flush=True,
        )  # fmt: skip
    worst = {k: max(r[k] for r in rows) for k in ("linear_of_bf16", "base_off", "loss_off")}
    return {"four_bit": rows, **worst}


def main() -> int:
    """The table, then JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="configurations whose name holds this")
    parser.add_argument("--time", action="store_true", help="time, not memory")
    parser.add_argument("--four-bit", action="store_true", help="QLoRA, not memory")
    parser.add_argument("--leg", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    asked, names = parser.parse_known_args()
    if asked.leg:
        print(json.dumps(leg(asked.leg, Path(asked.folder), names)))
        return 0
    cases = [c for c in CASES if asked.only in c.name]
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = TIMED if asked.time else FOUR_BIT if asked.four_bit else cases
        child("build", folder, sorted({c.model for c in wanted} - {"nano"}))
        if asked.time or asked.four_bit:
            figures = duration(folder) if asked.time else quantised(folder)
        else:
            figures = memory(folder, cases)
    targets = tomllib.loads((HERE / "targets.toml").read_text())["planner"]
    figures["load"] = [round(load, 1), round(os.getloadavg()[0], 1)]
    holds = all(figures[k] <= t["at_most"] for k, t in targets.items() if k in figures)
    if "cases" in figures:
        median = statistics.median(abs(r["off"]) for r in figures["cases"])
        print(f"median {median:.1%} off; over {figures['over']:.1%}, under {figures['under']:.1%} at worst")
    print(json.dumps({"bench": "planner", "figures": figures, "targets": targets, "holds": holds}))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
