"""Which linear layers should get an adapter: those of attention, or all? At equal compute, on three jobs, measured.

    python bench/adapter_targets.py             three jobs on the built-in base; about half an hour of one core
    python bench/adapter_targets.py --quick     few rows, one rate, two seeds: the same code, figures mean nothing
    python bench/adapter_targets.py --wide      attention at the rank that trains as many weights as all layers do, too
    python bench/adapter_targets.py --json      the last line alone
    python bench/adapter_targets.py --keep FILE trainings that stand in the file are not done again, others are added

Jobs: the quickstart's triage (long answers, JSON), banking77 (77 labels, written by others; where LUTHIER_TEST_DATA or
../shared has it) and who of two is older (reading and comparing). Arms: attention and all linear layers at rank 16;
with --wide attention at rank 40 beside them, at attention's rate, which decides nothing. Equal compute is equal
operations of the trained passes, counted on the passes as they are cut; attention alone gets more steps for them.
Processor time is shown beside it. The rate of each is the one with the lowest validation loss of the same grid (seed
0), which goes on where its best value is the last one; test rows are read afterwards, with other seeds, arms
interleaved. A seed decides the adapter's first values, the order of the rows and which rows validate.

The rule, fixed before measuring: all linear layers win a job if the 95% interval (paired by seed) of the test loss lies
below attention's, and lose it if it lies above. The choice that wins at least two jobs and loses none wins, else nobody
does. The last line is JSON.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from luthier.models.greedy import greedy
from luthier.pipeline.job import Job
from luthier.recipe import LoadedRecipe, LoraTuning, make_recipe
from luthier.score import build
from luthier.search.bench import Bench
from luthier.stats import paired_difference
from luthier.store import Store
from luthier.train.batches import row, share_prefixes
from luthier.train.rowloss import row_losses
from luthier.train.work import cost, cuts_of_an_epoch

HERE = Path(__file__).resolve().parent
ATTENTION, ALL, WIDE = "attention", "all-linear", "attention, as many weights"
ARMS: dict[str, dict[str, Any]] = {
    ATTENTION: {"r": 16, "alpha": 32, "targets": ATTENTION},
    ALL: {"r": 16, "alpha": 32, "targets": ALL},
    WIDE: {"r": 40, "alpha": 80, "targets": ATTENTION},
}
RATES = (1.5e-3, 3e-3, 6e-3)
BEYOND = 2
"""How often a grid goes on where its best rate is the last one."""
TOGETHER = 64
"""Test prompts that are answered at once."""


@dataclass(frozen=True)
class Task:
    """A job: where its rows are, how many of them train and test, and for how many epochs all linear layers are."""

    train: Path
    test: Path
    metric: Any
    rows: int
    tests: int
    epochs: float
    longest: int


def tasks() -> dict[str, Task]:
    """The three jobs; what is not there is left out, and said."""
    quickstart = Path(str(files("luthier") / "pipeline" / "quickstart"))
    recipes = HERE.parent / "recipes" / "data"
    real = Path(os.environ.get("LUTHIER_TEST_DATA") or HERE.parent.parent / "shared") / "realdata" / "classification"
    fields = {"kind": "json_fields", "fields": ["intent", "urgency", "product"]}
    found = {
        "triage": Task(quickstart / "train.jsonl", quickstart / "test.jsonl", fields, 300, 240, 2.5, 80),
        "banking77": Task(
            real / "banking77_train.jsonl.gz", real / "banking77_test.jsonl.gz", "label", 2000, 500, 1.0, 16
        ),
        "ages": Task(recipes / "ages.jsonl.gz", recipes / "ages-test.jsonl.gz", "exact", 1000, 300, 1.5, 32),
    }
    for name in [name for name, task in found.items() if not task.train.is_file()]:
        print(f"{name}: left out, {found.pop(name).train.name} is not here (set LUTHIER_TEST_DATA)", file=sys.stderr)
    return found


def sampled(source: Path, count: int, target: Path) -> None:
    """A fair draw of the lines of a file, the same every time."""
    with (gzip.open if source.suffix == ".gz" else open)(source, "rt", encoding="utf-8") as lines:
        known = lines.readlines()
    drawn = sorted(random.Random(0).sample(range(len(known)), min(count, len(known))))
    target.write_text("".join(known[i] for i in drawn), encoding="utf-8")


class Course:
    """One job with one seed: its rows as all arms see them."""

    def __init__(self, task: Task, folder: Path, store: Store, seed: int) -> None:
        self.task, self.folder, self.store, self.seed = task, folder, store, seed
        self.bench = Bench(Job(self.recipe(ALL, RATES[0], task.epochs), store), confirm=0.2)

    def epochs(self) -> dict[str, float]:
        """For each arm as many as cost what those of all linear layers do."""
        costs = {arm: self._operations(arm) for arm in ARMS}
        return {arm: self.task.epochs * costs[ALL] / costs[arm] for arm in ARMS}

    def recipe(self, arm: str, rate: float, epochs: float) -> LoadedRecipe:
        off = {"overfitting": "off", "memorisation": "off", "forgetting": "off"}
        return make_recipe({
            "luthier": 1, "name": self.folder.name, "model": {"base": "nano"}, "seed": self.seed,
            "data": {"source": "train.jsonl", "test": "test.jsonl", "split": {"validation": "20%"}},
            "train": {
                "tuning": {"kind": "lora", **ARMS[arm]}, "learning_rate": rate, "epochs": epochs, "evaluations": 4,
                "patience": 0, "checkpoints": 0, "processes": 1, "watch": off,
            },
            "evaluate": {"target": self.task.metric},
        }, folder=self.folder)  # fmt: skip

    def train(self, arm: str, rate: float, epochs: float, *, test: bool) -> dict[str, Any]:
        """One training and what it came to; of the test rows only when asked."""
        found: dict[str, Any] = {}
        loaded = self.recipe(arm, rate, epochs)
        before = self.bench.before(Job(loaded, self.store))
        began = time.process_time()

        def look(trained: Any) -> None:
            found["cpu_seconds"] = round(time.process_time() - began, 1)
            if test:
                found.update(self._tested(trained))

        with tempfile.TemporaryDirectory() as folder:
            measured = self.bench.train(loaded, Path(folder), on_trained=look)
        kept = 100 * (fmean(measured.general) / fmean(before) - 1)
        return {
            **found, "validation": fmean(measured.chosen), "forgets": kept, "steps": measured.steps,
            "best_step": measured.best_step,
        }  # fmt: skip

    def _operations(self, arm: str) -> float:
        """Of the products of an epoch, trained as this arm trains."""
        job = Job(self.recipe(arm, RATES[0], self.task.epochs), self.store)
        given = self.bench.sides(job).given
        rows = share_prefixes([row(s) for s in given.train], at_least=given.plan.steps_an_epoch)
        assert given.facts.demand is not None
        return cost(cuts_of_an_epoch(rows, given.plan), given.facts.demand.work).operations

    def _tested(self, trained: Any) -> dict[str, float]:
        """Loss and metric on the test rows."""
        job = Job(self.recipe(ALL, RATES[0], 1.0), self.store)
        examples = self.bench.data(job)[1]["test"]
        losses = row_losses(trained.model, [s for e in examples for s in trained.chat.samples(e)])
        prompts = [trained.chat.prompt_ids(e.prompt) for e in examples]
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        answers: dict[int, str] = {}
        for at in range(0, len(order), TOGETHER):
            part = order[at : at + TOGETHER]
            made = greedy(trained.model, [prompts[i] for i in part], trained.chat.stop_ids, self.task.longest)
            answers |= {i: trained.chat.decode(ids) for i, ids in zip(part, made, strict=True)}
        (spec,) = job.recipe.evaluate.target
        measure = build(spec)
        right = measure.summarise([(e.answer, answers[i]) for i, e in enumerate(examples)])
        return {"loss": fmean(losses), "right": 100 * right}


class Log:
    """Trainings that were done, in a file if there is one."""

    def __init__(self, file: Path | None) -> None:
        self.file = file
        lines = file.read_text(encoding="utf-8").splitlines() if file is not None and file.is_file() else []
        self.done: list[dict[str, Any]] = [json.loads(line) for line in lines]

    def training(self, course: Course, arm: str, rate: float, epochs: float, *, test: bool) -> dict[str, Any]:
        """Looked up, or done now."""
        task = course.task
        asked = {
            "job": course.folder.name, "arm": arm, "rate": rate, "epochs": round(epochs, 3), "seed": course.seed,
            "test": test, "rows": task.rows,
        }  # fmt: skip
        for known in self.done:
            if asked.items() <= known.items():
                return known
        made = {**asked, **course.train(arm, rate, asked["epochs"], test=test)}
        self.done.append(made)
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(made) + "\n")
        return made


def tuned_rates(course: Course, epochs: Mapping[str, float], rates: Sequence[float], log: Log) -> dict[str, float]:
    """The rate of each arm with the lowest validation loss; the grid goes on where that is its last one."""
    losses: dict[str, dict[float, float]] = {ATTENTION: {}, ALL: {}}

    def tried(arm: str, rate: float) -> None:
        made = log.training(course, arm, rate, epochs[arm], test=False)
        losses[arm][rate] = made["validation"]
        tell(f"  rate {rate:.3g}  {arm}: validation {made['validation']:.4f}  {made['cpu_seconds']:.0f} s")

    for rate in rates:
        for arm in losses:
            tried(arm, rate)
    for arm, found in losses.items():
        for _ in range(BEYOND if len(rates) > 1 else 0):
            best = min(found, key=lambda r: found[r])
            if best not in (min(found), max(found)):
                break
            tried(arm, best / 2 if best == min(found) else best * 2)
    best = {arm: min(found, key=lambda r: found[r]) for arm, found in losses.items()}
    return {**best, WIDE: best[ATTENTION]}


def compared(runs: Sequence[Mapping[str, Any]], one: str, other: str) -> dict[str, Any]:
    """``one`` minus ``other``, paired by seed: test loss in nats, right answers in points, forgetting in points."""
    found = {}
    for what in ("loss", "right", "forgets"):
        a, b = ([r[what] for r in runs if r["arm"] == arm] for arm in (one, other))
        gap = paired_difference(a, b)
        found[what] = {"estimate": gap.estimate, "low": gap.low, "high": gap.high}
    found["wins"] = 1 if found["loss"]["high"] < 0 else -1 if found["loss"]["low"] > 0 else 0
    return found


def winner(jobs: Mapping[str, Mapping[str, Any]]) -> str | None:
    """By the rule of this page's head; None: undecided."""
    marks = [job["all-linear minus attention"]["wins"] for job in jobs.values()]
    for name, sign in ((ALL, 1), (ATTENTION, -1)):
        if marks.count(sign) >= 2 and marks.count(-sign) == 0:
            return name
    return None


def tell(text: str) -> None:
    if not QUIET:
        print(text, flush=True)


QUIET = False


def measured(
    name: str, task: Task, store: Store, arms: Sequence[str], seeds: Sequence[int], rates: Sequence[float], log: Log
) -> dict[str, Any]:  # fmt: skip
    """One job: rates first, then all arms with every seed."""
    folder = store.folder / name
    folder.mkdir()
    sampled(task.train, task.rows, folder / "train.jsonl")
    sampled(task.test, task.tests, folder / "test.jsonl")
    first = Course(task, folder, store, 0)
    epochs = first.epochs()
    tell(f"{name}: " + ", ".join(f"{arm} {n:.2f} epochs" for arm, n in epochs.items()))
    chosen = tuned_rates(first, epochs, rates, log)
    runs = []
    for seed in seeds:
        course = Course(task, folder, store, seed)
        for arm in arms if seed % 2 else arms[::-1]:
            made = log.training(course, arm, chosen[arm], epochs[arm], test=True)
            runs.append(made)
            tell(
                f"  seed {seed}  {arm}: test loss {made['loss']:.4f}, right {made['right']:.1f}%, "
                f"general rows {made['forgets']:+.1f}%  {made['steps']} steps {made['cpu_seconds']:.0f} s"
            )
    tuning = [one for one in log.done if one["job"] == name and not one["test"]]
    gaps = {f"{ALL} minus {arm}": compared(runs, ALL, arm) for arm in arms if arm != ALL}
    return {"rates": chosen, "epochs": epochs, "tuning": tuning, "runs": runs, **gaps}


def table(name: str, job: Mapping[str, Any]) -> list[str]:
    lines = [f"{name:<28}{'rate':>8}{'steps':>7}{'cpu s':>7}{'test loss':>11}{'right %':>9}{'general rows %':>16}"]
    for arm in dict.fromkeys(r["arm"] for r in job["runs"]):
        own = [r for r in job["runs"] if r["arm"] == arm]
        mean = {k: float(np.mean([r[k] for r in own])) for k in ("steps", "cpu_seconds", "loss", "right", "forgets")}
        lines.append(
            f"  {arm:<26}{job['rates'][arm]:>8.2g}{mean['steps']:>7.0f}{mean['cpu_seconds']:>7.0f}{mean['loss']:>11.4f}"
            f"{mean['right']:>9.1f}{mean['forgets']:>+16.1f}"
        )
    for title in (key for key in job if " minus " in key):
        gap = job[title]
        shown = [f"{k} {v['estimate']:+.3f} [{v['low']:+.3f}, {v['high']:+.3f}]" for k, v in gap.items() if k != "wins"]
        lines.append(f"  {title}: {', '.join(shown)}")
    return lines


def main() -> int:
    """Measure and say who wins."""
    global QUIET
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", nargs="*", help="only these")
    parser.add_argument("--seeds", type=int, default=3, help="trainings an arm whose test rows are read")
    parser.add_argument("--wide", action="store_true", help="a third arm")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep", type=Path, help="a file of trainings; those in it are not done again")
    parser.add_argument("--json", action="store_true", help="print the last line alone")
    options = parser.parse_args()
    QUIET = options.json
    known = {name: task for name, task in tasks().items() if not options.jobs or name in options.jobs}
    rates: Sequence[float] = RATES
    arms = [arm for arm in ARMS if options.wide or arm != WIDE]
    seeds = range(1, 1 + options.seeds)
    if options.quick:
        rates, seeds = RATES[1:2], range(1, 3)
        known = {k: Task(t.train, t.test, t.metric, 200, 20, 0.5, t.longest) for k, t in known.items()}
    load, began = os.getloadavg()[0], time.process_time()
    jobs = {}
    with tempfile.TemporaryDirectory() as home:
        store = Store.open(home)
        for name, task in known.items():
            jobs[name] = measured(name, task, store, arms, seeds, rates, Log(options.keep))
    for name, job in jobs.items():
        tell("\n".join(table(name, job)))
    best = winner(jobs)
    default = LoraTuning().targets
    tell(f"winner: {best or 'undecided'}; the default is {default}")
    figures = {
        "jobs": jobs, "winner": best, "default": default, "load": [round(load, 1), round(os.getloadavg()[0], 1)],
        "cpu_seconds": round(time.process_time() - began),
    }  # fmt: skip
    holds = best is None or best == default
    print(json.dumps({"bench": "adapter_targets", "figures": figures, "targets": {}, "holds": holds}))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
