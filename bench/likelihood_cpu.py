"""Log-likelihoods of given options on a CPU: Luthier's scorer beside lm-eval's HF backend, same items, same weights.

Needs the real data and lab7m (LUTHIER_TEST_DATA, default ../shared), and for the second arm a Python that has lm-eval
(LMEVAL_PYTHON; absent: that arm is reported "not available"). Both arms run fp32 on two threads, each in a process of
its own, one after the other, tokenising included, imports and loading excluded; lm-eval takes its best of several batch
sizes. The options come from real suites: answers of many tokens, letters of one token, pairs of sentences; texts and
letters once more behind five worked examples, the same before every question, as such questions are mostly asked
(fewer of them, and beside the bare ones, never in their place: the targets are judged on the bare ones). Parity is
looked at on every single log-likelihood, and on the metrics that lm-eval makes of them, on lab7m and (fewer items, no
speed) on the built-in nano. ``--cpu-time`` counts each
process's own seconds, for a machine that others use too. Prints a table and, as its last line, JSON; the targets stand
in bench/targets.toml.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("LUTHIER_TEST_DATA") or HERE.parent.parent / "shared")
BATCHES = (1, 8, 32, 64)
NANO = HERE.parent / "src" / "luthier" / "models" / "nano"
NANO_ITEMS = 100
LETTERS = "ABCDE"
SHOTS = 5


# ---- what is asked


def questions(name: str, count: int) -> tuple[Any, list[Any]]:
    """(the suite, a seeded sample of its items)."""
    os.environ.setdefault("LUTHIER_TEST_DATA", str(SHARED))
    from luthier.evaluate import load_suite
    from luthier.recipe.evaluate import RegressionSpec

    suite = load_suite(RegressionSpec(suite=f"{name}.yaml"), folder=HERE.parent / "recipes" / "suites")
    items = list(suite.items)
    return suite, random.Random(0).sample(items, min(count, len(items)))


def lettered(items: Sequence[Any]) -> list[Any]:
    """The same questions with their options in the prompt: what is scored is a letter, one token."""
    from dataclasses import replace

    from luthier.evaluate.tasks import Choice

    out = []
    for item in items:
        options = item.choice.options
        told = "\n".join(f"{LETTERS[n]}.{o}" for n, o in enumerate(options))
        prompt = f"{item.choice.context.removesuffix('Answer:')}{told}\nAnswer:"
        choice = Choice(prompt, tuple(f" {LETTERS[n]}" for n in range(len(options))), item.choice.right)
        out.append(replace(item, choice=choice))
    return out


def with_examples(items: Sequence[Any], shown: Sequence[Any]) -> list[Any]:
    """The same questions behind ``shown`` ones with their right answers."""
    from dataclasses import replace

    told = "".join(f"{s.choice.context}{s.choice.options[s.choice.right]}\n\n" for s in shown)
    return [replace(item, choice=replace(item.choice, context=told + item.choice.context)) for item in items]


def large(folder: Path, like: Path) -> Path:
    """A model of 150M parameters, its weights drawn: for speed. The tokenizer is ``like``'s."""
    import torch
    from transformers import AutoConfig, AutoTokenizer, LlamaForCausalLM

    config = AutoConfig.from_pretrained(like)
    config.update(
        {"hidden_size": 1024, "intermediate_size": 2816, "num_hidden_layers": 12, "num_attention_heads": 16,
         "num_key_value_heads": 8, "head_dim": 64, "dtype": "float32"}
    )  # fmt: skip
    torch.manual_seed(0)
    LlamaForCausalLM(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(like).save_pretrained(folder)
    return folder


def clock_of(job: dict[str, Any]) -> Callable[[], float]:
    """Seconds: of this process's own work, or of the clock on the wall."""
    return time.process_time if job["cpu_time"] else time.perf_counter


# ---- our arm


def ours(job: dict[str, Any]) -> dict[str, Any]:
    import torch

    from luthier.engines.embedded import EmbeddedEngine
    from luthier.evaluate import Contender
    from luthier.evaluate.guards import option_items
    from luthier.evaluate.tasks import Choice, Rule, judged
    from luthier.models.load import load
    from luthier.models.source import resolve

    torch.set_num_threads(job["threads"])
    clock, asked = clock_of(job), job["asked"]
    loaded = load(resolve(job["model"]), device="cpu")
    told: dict[str, Any] = {}
    with EmbeddedEngine(loaded, aside=True) as engine:
        contender = Contender(engine, loaded.chat)
        told["start_id"] = engine.start_id
        warm = option_items(contender, [Choice("Warm up:", (" one", " two three"), 0)])
        engine.loglikelihood([pair for one in warm for pair in one])
        for name, task in asked.items():
            choices = [Choice(c["context"], tuple(c["options"]), c["right"]) for c in task["items"]]
            best, nats = float("inf"), []
            for _ in range(task["repeats"]):
                began = clock()
                pairs = [pair for one in option_items(contender, choices) for pair in one]
                nats = [found.total for found in engine.loglikelihood(pairs)]
                best = min(best, clock() - began)
            quiet = [Choice("", c.options, 0) for c in choices]
            bare = [
                found.total
                for found in engine.loglikelihood([pair for one in option_items(contender, quiet) for pair in one])
            ]
            scores, at = [], 0
            for choice in choices:
                until = at + len(choice.options)
                scores.append(judged(choice, nats[at:until], Rule(), bare=bare[at:until]))
                at = until
            metrics = {
                theirs: sum(s.parts[own] for s in scores) / len(scores)
                for own, theirs in (
                    ("raw", "acc"), ("char", "acc_norm"), ("byte", "acc_bytes"), ("unconditional", "acc_mutual_info"),
                )
            }  # fmt: skip
            tokens = sum(len(a) + len(b) for a, b in pairs)
            told[name] = {"seconds": best, "nats": nats, "metrics": metrics, "tokens": tokens, "options": len(pairs)}
    return told


# ---- lm-eval's arm: this file run by its Python


def theirs(job: dict[str, Any]) -> dict[str, Any]:
    import lm_eval
    import torch
    from lm_eval.api.instance import Instance
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.models.huggingface import HFLM

    torch.set_num_threads(job["threads"])
    clock, asked = clock_of(job), job["asked"]
    lm = HFLM(
        pretrained=job["model"], device="cpu", dtype="float32", batch_size=1, prefix_token_id=job["start_id"]
    )  # fmt: skip
    told: dict[str, Any] = {"version": getattr(lm_eval, "__version__", "")}
    for name, task in asked.items():
        requests = [
            Instance("loglikelihood", {}, (c["context"], option), n)
            for c in task["items"]
            for n, option in enumerate(c["options"])
        ]
        seconds: dict[str, float] = {}
        found: list[float] = []
        for size in task["batches"]:
            lm.batch_size_per_gpu = size
            for _ in range(task["repeats"]):
                began = clock()
                found = [float(total) for total, _ in lm.loglikelihood(requests, disable_tqdm=True)]
                taken = clock() - began
                seconds[str(size)] = min(taken, seconds.get(str(size), taken))
        told[name] = {"seconds": seconds, "nats": found}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.jsonl"
            rows = [
                {"prompt": c["context"], "options": [o.removeprefix(" ") for o in c["options"]], "right": c["right"]}
                for c in task["items"]
            ]
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            config = {
                "task": name, "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": str(path)}},
                "test_split": "test", "output_type": "multiple_choice", "doc_to_text": "{{prompt}}",
                "doc_to_choice": "{{options}}", "doc_to_target": "{{right}}", "target_delimiter": " ",
                "metric_list": [{"metric": m} for m in ("acc", "acc_norm", "acc_bytes", "acc_mutual_info")],
            }  # fmt: skip
            lm.batch_size_per_gpu = 32
            made = lm_eval.simple_evaluate(
                model=lm, tasks=[ConfigurableTask(config=config)], bootstrap_iters=0, log_samples=False
            )
        results = made["results"][name]
        told[name]["metrics"] = {
            k.split(",")[0]: v for k, v in results.items() if k.startswith("acc") and "stderr" not in k
        }
    return told


# ---- both


def parity_on_nano(job: dict[str, Any], python: str) -> dict[str, Any]:
    """Largest differences from lm-eval on the built-in base, over the first questions of each suite."""
    fewer = {
        name: {**task, "items": task["items"][:NANO_ITEMS], "repeats": 1, "batches": [32]}
        for name, task in job["asked"].items()
        if not name.endswith("-shot")  # five examples do not fit nano's context
    }
    job = {**job, "model": str(NANO), "asked": fewer}
    mine = run_arm(sys.executable, "ours", job)
    other = run_arm(python, "lm-eval", {**job, "start_id": mine["start_id"]}) if mine else None
    assert mine is not None and other is not None, "an arm failed on nano"
    apart = max(abs(a - b) for n in fewer for a, b in zip(mine[n]["nats"], other[n]["nats"], strict=True))
    metrics = max(abs(mine[n]["metrics"][k] - v) for n in fewer for k, v in other[n]["metrics"].items())
    options = sum(mine[n]["options"] for n in fewer)
    print(f"nano: {options:,} log-likelihoods, largest difference {apart:.1e} nats, metrics apart by {metrics:.4f}")
    return {"options": options, "nats_apart": apart, "metrics_apart": metrics}


def run_arm(python: str, arm: str, job: dict[str, Any]) -> dict[str, Any] | None:
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "job.json", Path(folder) / "out.json"
        given.write_text(json.dumps(job), encoding="utf-8")
        environment = {
            **os.environ, "OMP_NUM_THREADS": str(job["threads"]), "HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": folder,
            "TOKENIZERS_PARALLELISM": "false",
        }  # fmt: skip
        done = subprocess.run(
            [python, __file__, "--arm", arm, "--job", str(given), "--out", str(out)], env=environment, check=False
        )
        return json.loads(out.read_text(encoding="utf-8")) if done.returncode == 0 and out.is_file() else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=2000, help="questions of each suite, at most")
    parser.add_argument("--shot-items", type=int, default=500, help=f"questions behind {SHOTS} examples, at most")
    parser.add_argument("--only", nargs="*", help="these suites alone; then no target is judged")
    parser.add_argument("--large", action="store_true", help="a model of 150M parameters, weights drawn, instead")
    parser.add_argument("--base", choices=("nano",), help="parity on the built-in base alone, no speed")
    parser.add_argument("--repeats", type=int, default=2, help="runs of an arm; the fastest counts")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cpu-time", action="store_true", help="count each process's own seconds")
    parser.add_argument("--model", type=Path, default=SHARED / "models" / "lab7m")
    parser.add_argument("--arm")
    parser.add_argument("--job", type=Path)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if args.arm:
        job = json.loads(args.job.read_text(encoding="utf-8"))
        told = ours(job) if args.arm == "ours" else theirs(job)
        args.out.write_text(json.dumps(told), encoding="utf-8")
        return 0
    if not (args.model / "model.safetensors").is_file():
        print(f"no model at {args.model} (set LUTHIER_TEST_DATA)", file=sys.stderr)
        return 1
    _, arc = questions("arc-easy", args.items + SHOTS)
    shown, arc = arc[:SHOTS], arc[SHOTS:]
    samples = {
        "arc-easy": arc, "openbookqa": questions("openbookqa", args.items)[1], "arc-letters": lettered(arc),
        "blimp": questions("blimp", args.items)[1],
        "arc-5-shot": with_examples(arc[: args.shot_items], shown),
        "letters-5-shot": with_examples(lettered(arc[: args.shot_items]), lettered(shown)),
    }  # fmt: skip
    if args.only:
        samples = {name: items for name, items in samples.items() if name in args.only}
    asked = {
        name: {
            "items": [
                {"context": i.choice.context, "options": list(i.choice.options), "right": i.choice.right} for i in items
            ],
            "repeats": args.repeats, "batches": BATCHES,
        }
        for name, items in samples.items()
    }  # fmt: skip
    load = os.getloadavg()[0]
    drawn = tempfile.TemporaryDirectory()
    model = large(Path(drawn.name), args.model) if args.large else args.model
    title = "150M parameters, weights drawn" if args.large else args.model.name
    job: dict[str, Any] = {
        "asked": asked, "model": str(model), "threads": args.threads, "cpu_time": args.cpu_time,
    }  # fmt: skip
    if args.base:
        told = parity_on_nano(job, os.environ["LMEVAL_PYTHON"])
        print(json.dumps({"bench": "likelihood_cpu", "figures": {"nano": told}, "targets": {}, "holds": True}))
        return 0
    mine = run_arm(sys.executable, "ours", job)
    assert mine is not None, "our own arm failed"
    python = os.environ.get("LMEVAL_PYTHON")
    other = run_arm(python, "lm-eval", {**job, "start_id": mine["start_id"]}) if python else None
    figures: dict[str, Any] = {"load_before": round(load, 1), "load_after": round(os.getloadavg()[0], 1)}
    unit = "CPU seconds" if args.cpu_time else "seconds"
    print(f"{title}, fp32, {args.threads} threads, {unit}; load {load:.1f}, then {figures['load_after']}")
    if other is None:
        print("lm-eval: not available (LMEVAL_PYTHON names a Python that has it)")
    else:
        print(f"lm-eval {other['version']}")
    print(f"\n{'suite':<14} {'items':>6} {'options':>8} {'tokens':>8} {'ours s':>8} {'lm-eval s, by batch size':<40} "
          f"{'ratio':>6} {'largest difference':>19}  metrics")  # fmt: skip
    for name in asked:
        one = mine[name]
        count = len(asked[name]["items"])
        line = f"{name:<14} {count:>6,} {one['options']:>8,} {one['tokens']:>8,} {one['seconds']:>8.2f}"
        told: dict[str, Any] = {
            "seconds": round(one["seconds"], 3), "metrics": one["metrics"], "items": len(asked[name]["items"]),
        }  # fmt: skip
        if other is not None:
            by_size = other[name]["seconds"]
            best = min(by_size.values())
            apart = max(abs(a - b) for a, b in zip(one["nats"], other[name]["nats"], strict=True))
            metrics_apart = max(abs(one["metrics"][k] - v) for k, v in other[name]["metrics"].items())
            told |= {
                "times_lm_eval": best / one["seconds"], "nats_apart": apart, "metrics_apart": metrics_apart,
                "lm_eval_seconds": by_size,
            }  # fmt: skip
            sizes = "  ".join(f"{size}: {taken:.1f}" for size, taken in by_size.items())
            line += f" {sizes:<40} {told['times_lm_eval']:>5.2f}x {apart:>19.1e}  apart by {metrics_apart:.4f}"
        print(line)
        figures[name] = told
    targets = tomllib.loads((HERE / "targets.toml").read_text(encoding="utf-8"))["likelihood_cpu"]
    checks: dict[str, bool] = {}
    if other is not None and python and not (args.only or args.large):
        figures["nano"] = parity_on_nano(job, python)
        multi = min(figures[name]["times_lm_eval"] for name in ("arc-easy", "openbookqa"))
        checks = {
            "multi_token": multi >= targets["multi_token"]["at_least"],
            "single_token": figures["arc-letters"]["times_lm_eval"] >= targets["single_token"]["at_least"],
            **{
                check: max(figures[n][apart] for n in (*asked, "nano")) <= targets[check]["at_most"]
                for check, apart in (("parity", "nats_apart"), ("metrics", "metrics_apart"))
            },
        }
    figures["missed"] = [name for name, held in checks.items() if not held]
    print(f"\nmissed: {', '.join(figures['missed']) or ('nothing' if checks else 'not compared')}")
    holds = bool(checks) and not figures["missed"]
    print(json.dumps({"bench": "likelihood_cpu", "figures": figures, "targets": targets, "holds": holds}))
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
