"""How fast training is by the size of the model and the length of the rows, on a CPU, and whether memory keeps to plan.

    python bench/scaling.py                             25 cells, about half an hour on 2 cores
    python bench/scaling.py --models 1m 25m --lengths 32 512
    python bench/scaling.py --page scaling.html         the figures as a page with plots

Random Llamas of 1M to 150M parameters (those of bench/planner.py, and one of 6M), rows of one length from 32 to 4,096
tokens of which the last 40% are trained, LoRA r=16 on all linear layers, fp32, about 2,048 tokens a pass or one row.
Each cell is a process of its own that trains as ``luthier run`` does, with the plan that ``luthier plan`` would make:
for small models two processes with a thread each. Beside it, in a process of its own, examples/plain_sft.py with two
threads. Figures: tokens a second (the median step but for the first two and the last, which ends with a look at the
validation rows), the share that useful operations reach of this machine's rate of matrix products at these widths, as
PyTorch multiplies and as the fastest way known does, peak memory beside the plan made before. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from planner import LORA, SHAPES, Case, build, child, imported, make_rows, measure, off, predict
from sft_cpu import Size, gemm_rates, train_plain, useful_flops_a_token
from verdict import conclude

SHAPES["6m"] = (256, 6, 704, 4, 2, 8192)
MODELS = ("1m", "6m", "25m", "60m", "150m")
LENGTHS = (32, 128, 512, 2048, 4096)
PASS = 2048
WARM = 2
SECONDS, RATE = 5.0, 8e10
"""A cell should last so long at so many operations a second."""
LEAST, MOST = 2, 24


def shape(model: str) -> Size:
    hidden, layers, intermediate, heads, kv, vocabulary = SHAPES[model]
    return Size(hidden, layers, intermediate, heads, kv, vocabulary, rows=0, rounds=1)


def cell(model: str, length: int, threads: int) -> Case:
    """One configuration, with as many steps as fit into its seconds."""
    rows = max(1, PASS // length)
    case = Case(f"{model} {length}", model, LORA, rows, length, processes=None, threads=threads)
    operations = rows * length * useful(case)
    timed = min(MOST, max(LEAST, round(SECONDS * RATE / operations)))
    return replace(case, steps=WARM + timed + 1)


def useful(case: Case) -> float:
    """Operations that a trained token cannot do without."""
    return useful_flops_a_token(shape(case.model), make_rows(case, "train", 2))


def plain(case: Case, folder: Path) -> dict[str, Any]:
    """The same rows through the plain script."""
    imported(case)
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder / case.model)
    adapter = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(model, adapter)
    rows = make_rows(case, "train", case.rows * case.steps)
    return train_plain(model, rows, rows_a_step=case.rows)


def leg(name: str, case: Case, folder: Path) -> Any:
    if name == "plan":
        return predict(folder, [case])[case.name]
    return {"luthier": measure, "plain": plain}[name](case, folder)


def looked_at(case: Case, folder: Path, arms: list[str]) -> dict[str, Any]:
    """One cell: planned, then trained by each arm."""

    def run(name: str) -> dict[str, Any]:
        return child(name, folder, [case.model, str(case.length)], script=__file__, threads=case.threads)

    said = run("plan")
    took = run("luthier")
    ends = took["ends"][:-1]  # the last step ends with the last look at the validation rows
    step = statistics.median(b - a for a, b in zip(ends[WARM - 1 :], ends[WARM:], strict=False))
    planned, measured = said["process"] + said["net"], took["empty"] + took["net"]
    tokens = case.rows * case.length / step
    found = {
        "model": case.model, "length": case.length, "steps": case.steps, "processes": took["processes"],
        "tokens_per_s": tokens, "planned": planned, "measured": measured, "off": off(planned, measured),
    }  # fmt: skip
    if "plain" in arms:
        found["plain"] = run("plain")["tokens_per_s"]
    return found


def page(cells: list[dict[str, Any]], rates: dict[str, tuple[float, float]]) -> str:
    """The figures as plots."""
    from luthier.report.charts import Series, chart
    from luthier.report.document import document
    from luthier.report.figures import asset

    lengths = sorted({c["length"] for c in cells})
    names = [f"{n:,}" for n in lengths]

    def place(one: dict[str, Any], key: str) -> tuple[float, float]:
        return float(lengths.index(one["length"])), one[key]

    def lines(key: str) -> list[Series]:
        models = [m for m in MODELS if any(c["model"] == m for c in cells)]
        return [
            Series(f"{m.removesuffix('m')}M", [place(c, key) for c in cells if c["model"] == m], f"r{i}", marked=True)
            for i, m in enumerate(models, 1)
        ]

    across = "tokens a row"
    plots = [
        chart("Tokens a second", lines("tokens_per_s"), across=across, names=names, log=True),
        chart("Useful operations", lines("of_fastest"), unit="% of the fastest matrix products of the machine",
              across=across, names=names),
    ]  # fmt: skip
    if all("plain" in c for c in cells):
        plots.append(chart("Beside the plain script", lines("times"), unit="times as fast", across=across, names=names))
    plots.append(chart("Memory", lines("memory_off"), unit="planned beside measured, % too much", across=across,
                       names=names))  # fmt: skip
    told = "; ".join(f"{m.removesuffix('m')}M {best / 1e9:.0f}" for m, (_, best) in rates.items())
    body = (
        f'<main><section><h2>Training speed by model and length of rows</h2><div class="charts">{"".join(plots)}</div>'
        f'<p class="note">LoRA r=16 on all linear layers, fp32, {PASS:,} tokens a pass or one row, the last 40% of a '
        f"row trained. The fastest matrix products at each model's widths, GFLOP/s: {told}.</p></section></main>"
    )
    return document("training speed", asset("runs.css"), body, made="bench/scaling.py")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--lengths", nargs="+", type=int, choices=LENGTHS, default=list(LENGTHS))
    parser.add_argument("--arms", nargs="*", choices=["plain"], default=["plain"], help="beside Luthier")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--page", type=Path, help="write the plots here")
    parser.add_argument("--again", type=Path, help="plots from the last line of an earlier run; nothing is measured")
    parser.add_argument("--leg", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked, rest = parser.parse_known_args()
    if asked.leg:
        case = cell(rest[0], int(rest[1]), int(os.environ["OMP_NUM_THREADS"]))
        print(json.dumps(leg(asked.leg, case, asked.folder)))
        return 0
    if asked.again:
        figures = json.loads(asked.again.read_text().splitlines()[-1])["figures"]
    else:
        figures = measured(asked)
    if asked.page:
        asked.page.write_text(page(figures["cells"], figures["gemm"]), encoding="utf-8")
    offs = [c["off"] for c in figures["cells"]]
    return conclude("scaling", figures, {"over": max(0.0, *offs), "under": max(0.0, *(-o for o in offs))})


def measured(asked: argparse.Namespace) -> dict[str, Any]:
    """The table, as it comes."""
    figures: dict[str, Any] = {"load": [os.getloadavg()[0]], "threads": asked.threads, "cells": [], "gemm": {}}
    print(f"{'model':<6} {'length':>6} {'processes':>9} {'tokens/s':>9} {'of products':>11} {'of fastest':>10} "
          f"{'plain':>8} {'times':>6} {'planned':>8} {'measured':>8} {'off':>7}")  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for model in asked.models:
            build(folder, model)
            rates = figures["gemm"][model] = gemm_rates(shape(model), asked.threads)
            for length in asked.lengths:
                case = cell(model, length, asked.threads)
                found = looked_at(case, folder, asked.arms)
                found["share"], found["of_fastest"] = (100 * found["tokens_per_s"] * useful(case) / r for r in rates)
                found["memory_off"] = 100 * found["off"]
                beside = ""
                if "plain" in found:
                    found["times"] = found["tokens_per_s"] / found["plain"]
                    beside = f"{found['plain']:>8,.0f} {found['times']:>5.2f}x"
                figures["cells"].append(found)
                print(f"{model:<6} {length:>6,} {found['processes']:>9} {found['tokens_per_s']:>9,.0f} "
                      f"{found['share']:>10.0f}% {found['of_fastest']:>9.0f}% {beside:>15} "
                      f"{found['planned'] / 2**20:>10,.0f} {found['measured'] / 2**20:>8,.0f} "
                      f"{found['off']:>+7.1%}", flush=True)  # fmt: skip
    figures["load"].append(os.getloadavg()[0])
    return figures


if __name__ == "__main__":
    sys.exit(main())
