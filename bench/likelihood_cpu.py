"""Log-likelihoods of given options on a CPU: Luthier's scorer beside lm-eval's HF backend, same items, same weights.

Needs the real data and lab7m (LUTHIER_TEST_DATA, default ../shared), and for the second arm a Python that has lm-eval
(LMEVAL_PYTHON; absent: that arm is reported "not available"). Both arms run fp32 on two threads, each in a process of
its own; they take turns, so that a slow minute of the machine meets both; medians of the rounds count. Tokenising is
included, imports and loading are not; lm-eval takes its best of several batch sizes. The options come from real suites:
answers of many tokens, letters of one token, pairs of sentences; texts and letters once more behind five worked
examples, the same before every question, as such questions are mostly asked (fewer of them, and beside the bare ones,
never in their place: the targets are judged on the bare ones). Parity is looked at on every single log-likelihood, and
on the metrics that lm-eval makes of them, on lab7m and (fewer items, no speed) on the built-in nano. Prints a table
and, as its last line, JSON; the targets stand in bench/targets.toml.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
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
MARK = "@luthier "
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


# ---- an arm: a process that answers questions about its suites, one at a time


def answers(told: Callable[[dict[str, Any]], dict[str, Any]], first: dict[str, Any]) -> None:
    """Say what is known already, then one line of JSON for each line that is asked; libraries print as they like."""
    print(MARK + json.dumps(first), flush=True)
    for line in sys.stdin:
        print(MARK + json.dumps(told(json.loads(line))), flush=True)


def ours(job: dict[str, Any]) -> None:
    import torch

    from luthier.engines.embedded import EmbeddedEngine
    from luthier.evaluate import Contender
    from luthier.evaluate.guards import option_items
    from luthier.evaluate.tasks import Choice, Rule, judged
    from luthier.models.load import load
    from luthier.models.source import resolve

    torch.set_num_threads(job["threads"])
    loaded = load(resolve(job["model"]), device="cpu")
    with EmbeddedEngine(loaded, aside=True) as engine:
        contender = Contender(engine, loaded.chat)
        warm = option_items(contender, [Choice("Warm up:", (" one", " two three"), 0)])
        engine.loglikelihood([pair for one in warm for pair in one])

        def told(asked: dict[str, Any]) -> dict[str, Any]:
            items = job["asked"][asked["suite"]][: asked["first"]]
            choices = [Choice(c["context"], tuple(c["options"]), c["right"]) for c in items]
            began = time.perf_counter()
            pairs = [pair for one in option_items(contender, choices) for pair in one]
            nats = [found.total for found in engine.loglikelihood(pairs)]
            seconds = time.perf_counter() - began
            if not asked["metrics"]:
                return {"seconds": seconds, "nats": nats}
            quiet = [Choice("", c.options, 0) for c in choices]
            alone = [pair for one in option_items(contender, quiet) for pair in one]
            bare = [found.total for found in engine.loglikelihood(alone)]
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
            return {"seconds": seconds, "nats": nats, "metrics": metrics, "options": len(pairs)}

        answers(told, {"start_id": engine.start_id})


def theirs(job: dict[str, Any]) -> None:
    """lm-eval: this file run by its Python."""
    import lm_eval
    import torch
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    torch.set_num_threads(job["threads"])
    lm = HFLM(
        pretrained=job["model"], device="cpu", dtype="float32", batch_size=1, prefix_token_id=job["start_id"]
    )  # fmt: skip

    def told(asked: dict[str, Any]) -> dict[str, Any]:
        items = job["asked"][asked["suite"]][: asked["first"]]
        requests = [
            Instance("loglikelihood", {}, (c["context"], option), n)
            for c in items
            for n, option in enumerate(c["options"])
        ]
        lm.batch_size_per_gpu = asked["batch"]
        began = time.perf_counter()
        found = [float(total) for total, _ in lm.loglikelihood(requests, disable_tqdm=True)]
        seconds = time.perf_counter() - began
        if not asked["metrics"]:
            return {"seconds": seconds, "nats": found}
        return {"seconds": seconds, "nats": found, "metrics": their_metrics(lm, asked["suite"], items)}

    answers(told, {"version": getattr(lm_eval, "__version__", "")})


def their_metrics(lm: Any, name: str, items: Sequence[dict[str, Any]]) -> dict[str, float]:
    """What lm-eval's own task makes of these items."""
    import lm_eval
    from lm_eval.api.task import ConfigurableTask

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        rows = [
            {"prompt": c["context"], "options": [o.removeprefix(" ") for o in c["options"]], "right": c["right"]}
            for c in items
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
    return {k.split(",")[0]: v for k, v in results.items() if k.startswith("acc") and "stderr" not in k}


class Arm:
    """One arm in a process of its own, which waits until it is asked."""

    def __init__(self, python: str, name: str, job: dict[str, Any], folder: Path) -> None:
        given = folder / f"{name}.json"
        given.write_text(json.dumps(job), encoding="utf-8")
        environment = {
            **os.environ, "OMP_NUM_THREADS": str(job["threads"]), "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_CACHE": str(folder), "TOKENIZERS_PARALLELISM": "false",
        }  # fmt: skip
        self._process = subprocess.Popen(
            [python, __file__, "--arm", name, "--job", str(given)], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.first = self._heard()

    def ask(self, **asked: Any) -> dict[str, Any]:
        """The answer to one question."""
        assert self._process.stdin is not None
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        return self._heard()

    def end(self) -> None:
        """Nothing more is asked."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _heard(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(MARK):
                found: dict[str, Any] = json.loads(line.removeprefix(MARK))
                return found
        raise SystemExit(f"an arm ended: {self._process.args}")


# ---- both


def both(job: dict[str, Any], python: str | None, folder: Path) -> tuple[Arm, Arm | None]:
    """Our arm, and lm-eval's where there is a Python for it."""
    mine = Arm(sys.executable, "ours", job, folder)
    return mine, Arm(python, "lm-eval", {**job, **mine.first}, folder) if python else None


def parity_on_nano(asked: dict[str, Any], threads: int, python: str) -> dict[str, Any]:
    """Largest differences from lm-eval on the built-in base, over the first questions of each suite."""
    fewer = {  # five examples do not fit nano's context
        name: items[:NANO_ITEMS] for name, items in asked.items() if not name.endswith("-shot")
    }  # fmt: skip
    nats = metrics = 0.0
    options = 0
    with tempfile.TemporaryDirectory() as folder:
        mine, other = both({"asked": fewer, "model": str(NANO), "threads": threads}, python, Path(folder))
        assert other is not None
        for name in fewer:
            one, two = (arm.ask(suite=name, metrics=True, first=None, batch=32) for arm in (mine, other))
            nats = max(nats, *(abs(a - b) for a, b in zip(one["nats"], two["nats"], strict=True)))
            metrics = max(metrics, *(abs(one["metrics"][k] - v) for k, v in two["metrics"].items()))
            options += one["options"]
        mine.end()
        other.end()
    print(f"nano: {options:,} log-likelihoods, largest difference {nats:.1e} nats, metrics apart by {metrics:.4f}")
    return {"options": options, "nats_apart": nats, "metrics_apart": metrics}


def compared(name: str, count: int, mine: Arm, other: Arm | None, *, rounds: int, tried: int | None) -> dict[str, Any]:
    """One suite: the arms in turn, lm-eval with each of its batch sizes and then with the two that were fastest.
    Medians count. The sizes are tried, and the metrics compared, on the first ``tried`` questions (None: on all, which
    is the first round); every log-likelihood that both arms make is compared."""
    whole = tried is None or tried >= count
    first = None if whole else tried
    one = mine.ask(suite=name, metrics=True, first=first)
    told: dict[str, Any] = {"items": count, "metrics": one["metrics"]}
    own, nats = [one["seconds"]], 0.0
    sizes: dict[int, list[float]] = {}

    def asked(size: int, against: dict[str, Any], **more: Any) -> dict[str, Any]:
        nonlocal nats
        assert other is not None
        found = other.ask(suite=name, batch=size, **more)
        nats = max(nats, *(abs(a - b) for a, b in zip(against["nats"], found["nats"], strict=True)))
        return found

    if other is not None:
        for size in BATCHES:
            found = asked(size, one, first=first, metrics=size == BATCHES[-1])
            sizes[size] = [found["seconds"]]
        told["metrics_apart"] = max(abs(one["metrics"][k] - v) for k, v in found["metrics"].items())
    fastest = sorted(sizes, key=lambda size: sizes[size][0])[:2]
    if not whole:
        told |= {"tried": tried, "tried_seconds": sizes}
    own, by_size = (own, sizes) if whole else ([], {size: [] for size in fastest})
    while len(own) < rounds:
        one = mine.ask(suite=name, metrics=False, first=None)
        own.append(one["seconds"])
        for size in fastest:
            by_size[size].append(asked(size, one, first=None, metrics=False)["seconds"])
    told |= {"options": len(one["nats"]), "seconds": statistics.median(own), "all_seconds": own}
    if other is not None:
        best = min(fastest, key=lambda size: statistics.median(by_size[size]))
        told |= {
            "lm_eval_seconds": by_size, "best_batch": best, "nats_apart": nats,
            "times_lm_eval": statistics.median(by_size[best]) / told["seconds"],
            "spread": [b / a for a, b in zip(own, by_size[best], strict=True)],
        }  # fmt: skip
    return told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=2000, help="questions of each suite, at most")
    parser.add_argument("--shot-items", type=int, default=500, help=f"questions behind {SHOTS} examples, at most")
    parser.add_argument("--only", nargs="*", help="these suites alone; then no target is judged")
    parser.add_argument("--large", action="store_true", help="a model of 150M parameters, weights drawn, instead")
    parser.add_argument("--base", choices=("nano",), help="parity on the built-in base alone, no speed")
    parser.add_argument("--rounds", type=int, default=3, help="the arms take turns; medians count")
    parser.add_argument("--tried", type=int, help="questions on which lm-eval's batch sizes are tried; default: all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", type=Path, default=SHARED / "models" / "lab7m")
    parser.add_argument("--arm", help=argparse.SUPPRESS)
    parser.add_argument("--job", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.arm:
        job = json.loads(args.job.read_text(encoding="utf-8"))
        (ours if args.arm == "ours" else theirs)(job)
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
        name: [{"context": i.choice.context, "options": list(i.choice.options), "right": i.choice.right} for i in items]
        for name, items in samples.items()
    }
    python = os.environ.get("LMEVAL_PYTHON")
    if args.base:
        told = parity_on_nano(asked, args.threads, os.environ["LMEVAL_PYTHON"])
        print(json.dumps({"bench": "likelihood_cpu", "figures": {"nano": told}, "targets": {}, "holds": True}))
        return 0
    figures: dict[str, Any] = {"load_before": round(os.getloadavg()[0], 1)}
    with tempfile.TemporaryDirectory() as folder:
        model = large(Path(folder) / "model", args.model) if args.large else args.model
        mine, other = both({"asked": asked, "model": str(model), "threads": args.threads}, python, Path(folder))
        title = "150M parameters, weights drawn" if args.large else args.model.name
        version = other.first["version"] if other is not None else "not available (set LMEVAL_PYTHON)"
        print(f"{title}, fp32, {args.threads} threads, {args.rounds} rounds; lm-eval {version}")
        print(f"\n{'suite':<14} {'items':>6} {'options':>8} {'ours s':>8} "
              f"{'lm-eval s, by batch size':<40} {'ratio':>6} {'by round':<12} {'largest difference':>19}  "
              "metrics")  # fmt: skip
        for name, items in asked.items():
            one = figures[name] = compared(name, len(items), mine, other, rounds=args.rounds, tried=args.tried)
            line = f"{name:<14} {len(items):>6,} {one['options']:>8,} {one['seconds']:>8.2f}"
            if other is not None:
                by_size = one["lm_eval_seconds"].items()
                sizes = "  ".join(f"{size}: {statistics.median(taken):.1f}" for size, taken in by_size)
                line += (f" {sizes:<40} {one['times_lm_eval']:>5.2f}x {min(one['spread']):.2f}-{max(one['spread']):.2f}"
                         f" {one['nats_apart']:>22.1e}  apart by {one['metrics_apart']:.4f}")  # fmt: skip
            print(line, flush=True)
        mine.end()
        if other is not None:
            other.end()
    figures["load_after"] = round(os.getloadavg()[0], 1)
    targets = tomllib.loads((HERE / "targets.toml").read_text(encoding="utf-8"))["likelihood_cpu"]
    checks: dict[str, bool] = {}
    if other is not None and python and not (args.only or args.large):
        figures["nano"] = parity_on_nano(asked, args.threads, python)
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
