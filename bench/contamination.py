"""Contamination on real text: planted copies that are found, clean sets that are not accused, and what it costs.

Needs the real data (LUTHIER_TEST_DATA, default ../shared). One process, one thread. Prints tables and, as its last
line, JSON; the targets stand in bench/targets.toml.

Canaries: 75 a kind among 50,000 real training rows, in five draws. False alarms: real sets that have nothing to do with
each other, and hard pairs where look-alikes abound. Before a hard pair is looked at, train rows whose question is at
least 0.8 similar to a test question are removed, as a run does it. Of the 27 tasks of BIG-bench Hard one is no clean
pair: causal_judgement tells the same stories with another ending (read by hand), so what is found there really stands
there. It is shown, and counted by itself.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from luthier.similar import PROFILES, Found, Item, Judged, Scan, best, index
from luthier.similar.canaries import KINDS, recall
from luthier.similar.pack import packed

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("LUTHIER_TEST_DATA") or HERE.parent.parent / "shared") / "realdata"
ROWS, EACH = 50_000, 75
Pair = tuple[str, str]
SHARED_STORIES = "causal_judgement"


def rows_of(file: str, question: str, answer: str = "") -> list[Pair]:
    """(question, answer) of each row of a file, as text."""
    with gzip.open(DATA / f"{file}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [(str(row[question]), str(row[answer]) if answer else "") for row in rows]


def training_rows(count: int) -> list[Pair]:
    """Real rows of many kinds; the last ones are sentences of BLiMP, so that there are enough."""
    rows = [
        *rows_of("domain/gsm8k_train", "question", "answer"),
        *rows_of("domain/medquad_qa", "question", "answer"),
        *rows_of("classification/banking77_train", "text", "label"),
        *rows_of("bench/openbookqa_train", "instruction", "output"),
        *rows_of("bench/arc-easy_train", "instruction", "output"),
        *rows_of("instruction/llamafactory_alpaca_en_demo", "instruction", "output"),
        *rows_of("preference/hh_harmless_base_test", "chosen"),
        *rows_of("text/c4_demo", "text"),
    ]
    return [*rows, *rows_of("bench/blimp", "sentence_good")][:count]


def evaluation_items() -> list[Item]:
    """Test questions of several kinds, in one set."""
    rows = [
        *rows_of("domain/gsm8k_test", "question", "answer"),
        *rows_of("bench/arc-easy_test", "instruction", "output"),
        *rows_of("bench/openbookqa_test", "instruction", "output"),
        *rows_of("classification/banking77_test", "text", "label"),
        *rows_of("bench/ifeval", "prompt"),
    ]
    return items_of(rows)


def items_of(rows: Sequence[Pair]) -> list[Item]:
    return [Item(str(number), *row) for number, row in enumerate(rows)]


def scanned(items: Sequence[Item], train: Sequence[Pair]) -> tuple[Scan, Found, dict[str, float]]:
    began = time.process_time()  # seconds of this process: the machine may be shared
    scan = Scan(index(items))
    indexed = time.process_time()
    scan.add((("user", asked), ("assistant", told)) for asked, told in train)
    found = scan.found()
    return scan, found, {"index": indexed - began, "scan": time.process_time() - indexed}


def canaries(draws: int, count: int) -> dict[str, Any]:
    """Recall of each kind under each profile, and the time and memory of one search."""
    train, items = training_rows(count), evaluation_items()
    scan, found, seconds = scanned(items, train)
    words = sum(len(asked.split()) + len(told.split()) for asked, told in train)
    print(f"{len(items):,} items, {len(train):,} training rows of {words:,} words: index {seconds['index']:.1f} CPU s, "
          f"scan {seconds['scan']:.1f} CPU s ({words / seconds['scan']:,.0f} words/s)")  # fmt: skip
    print(f"\n{'profile':<10}" + "".join(f"{kind:>16}" for kind in KINDS) + "   (found of planted)")
    told: dict[str, Any] = {}
    for name, profile in PROFILES.items():
        judged = profile.judge(found)
        planted: Counter[str] = Counter()
        hit: Counter[str] = Counter()
        undecidable: dict[str, int] = {}
        for seed in range(draws):
            for one in recall(scan, items, found, judged, profile, EACH, seed):
                planted[one.kind] += one.planted
                hit[one.kind] += one.found
                undecidable[one.kind] = one.undecidable
        told[name] = {kind: hit[kind] / planted[kind] for kind in KINDS}
        print(f"{name:<10}" + "".join(f"{f'{hit[kind]}/{planted[kind]}':>16}" for kind in KINDS))
        if name == "luthier":
            told["undecidable"] = undecidable
    print(f"undecidable of {len(items):,} items (luthier): {told['undecidable']}")
    return {"recall": told, "rows": len(train), "items": len(items), "words": words, "cpu_seconds": seconds}


def without_leaks(train: Sequence[Pair], test: Sequence[Pair]) -> list[Pair]:
    near, _ = best([asked for asked, _ in train], [asked for asked, _ in test], 0.8)
    leaked = {match.i for match in near}
    return [row for number, row in enumerate(train) if number not in leaked]


def alarms(title: str, train: Sequence[Pair], test: Sequence[Pair]) -> dict[str, Any]:
    """Share of the test items that each profile calls dirty; by the pack of the set too."""
    items = items_of(test)
    _, found, _ = scanned(items, train)
    verdicts = {name: profile.judge(found) for name, profile in PROFILES.items()}
    pack = Scan(packed(items))
    pack.add((("user", asked), ("assistant", told)) for asked, told in train)
    by_pack = PROFILES["luthier"].judge(pack.found())
    shares = {name: share(judged, "dirty") for name, judged in verdicts.items()}
    print(f"{title:<44} {len(train):>7,} {len(test):>6,} " + "".join(f"{100 * s:>9.2f}" for s in shares.values())
          + f"{100 * share(verdicts['luthier'], 'suspect'):>9.2f}")  # fmt: skip
    return {
        "dirty": shares, "suspect": share(verdicts["luthier"], "suspect"), "items": len(test),
        "same_by_pack": [one.word for one in by_pack] == [one.word for one in verdicts["luthier"]],
    }  # fmt: skip


def share(judged: Sequence[Judged], word: str) -> float:
    return sum(one.word == word for one in judged) / len(judged)


def bbh_halves() -> dict[str, tuple[list[Pair], list[Pair]]]:
    """The first half of each task as train (leaks removed), the second as test."""
    with gzip.open(DATA / "bench/bbh.jsonl.gz", "rt", encoding="utf-8") as lines:
        tasks: dict[str, list[Pair]] = {}
        for row in map(json.loads, lines):
            tasks.setdefault(row["task"], []).append((row["input"], row["target"]))
    halves = {task: (rows[: len(rows) // 2], rows[len(rows) // 2 :]) for task, rows in tasks.items()}
    return {task: (without_leaks(train, test), test) for task, (train, test) in halves.items()}


def negatives(*, quick: bool) -> dict[str, Any]:
    arc = rows_of("bench/arc-easy_test", "instruction", "output")
    banking = rows_of("classification/banking77_test", "text", "label")
    gsm8k = rows_of("domain/gsm8k_train", "question", "answer")
    print(f"\n{'dirty, % of the test items':<44} {'train':>7} {'test':>6} "
          + "".join(f"{name:>9}" for name in PROFILES) + f"{'suspect':>9}")  # fmt: skip
    told = {"arc_against_gsm8k": alarms("arc-easy test, gsm8k train", gsm8k, arc)}
    medquad = rows_of("domain/medquad_qa", "question", "answer")
    if not quick:
        told["arc_against_medquad"] = alarms("arc-easy test, medquad", medquad, arc)
        told["ifeval_against_gsm8k"] = alarms("ifeval, gsm8k train", gsm8k, rows_of("bench/ifeval", "prompt"))
        told["banking_against_medquad"] = alarms("banking77 test, medquad", medquad, banking)
    train = without_leaks(rows_of("classification/banking77_train", "text", "label"), banking)
    told["banking_deleaked"] = alarms("banking77 test, its train without leaks (hard)", train, banking)
    own = rows_of("bench/arc-easy_train", "instruction", "output")
    told["arc_deleaked"] = alarms("arc-easy test, its train without leaks (hard)", without_leaks(own, arc), arc)
    tasks = {task: alarms(f"BBH {task[:34]}, halves (hard)", *pair) for task, pair in bbh_halves().items()}
    dirty = {task: round(one["dirty"]["luthier"] * one["items"]) for task, one in tasks.items()}
    silent, items = sum(not number for number in dirty.values()), sum(one["items"] for one in tasks.values())
    clean = items - tasks[SHARED_STORIES]["items"]
    alarmed = sum(dirty.values()) - dirty[SHARED_STORIES]
    print(f"BBH: {silent} of {len(dirty)} tasks without any; {alarmed} of {clean:,} items dirty, and "
          f"{dirty[SHARED_STORIES]} of {tasks[SHARED_STORIES]['items']} of {SHARED_STORIES}")  # fmt: skip
    told["bbh"] = {
        "dirty": {"luthier": alarmed / clean}, "with_shared_stories": sum(dirty.values()) / items, "items": clean,
        "tasks": {task: number for task, number in dirty.items() if number}, "silent_tasks": silent,
        "same_by_pack": all(one["same_by_pack"] for one in tasks.values()),
    }  # fmt: skip
    return told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one draw of canaries, fewer pairs; half a minute")
    options = parser.parse_args()
    if not (DATA / "manifest.json").is_file():
        print(f"no real data at {DATA} (set LUTHIER_TEST_DATA)", file=sys.stderr)
        return 1
    figures: dict[str, Any] = canaries(1 if options.quick else 5, ROWS)
    figures["alarms"] = negatives(quick=options.quick)
    targets = tomllib.loads((HERE / "targets.toml").read_text())["contamination"]
    ours, away = figures["recall"]["luthier"], figures["alarms"]
    checks = {
        "verbatim": ours["verbatim"] >= targets["verbatim"]["at_least"],
        "retyped": ours["retyped"] >= targets["retyped"]["at_least"],
        "overlap": ours["overlap"] >= targets["overlap"]["at_least"],
        "answer": ours["answer"] >= targets["answer"]["at_least"],
        **{name: one["dirty"]["luthier"] <= targets["false_alarms"]["at_most"] for name, one in away.items()},
    }  # fmt: skip
    figures["missed"] = [name for name, held in checks.items() if not held]
    print(f"\nmissed: {', '.join(figures['missed']) or 'nothing'}")
    holds = not figures["missed"]
    print(json.dumps({"bench": "contamination", "figures": figures, "targets": targets, "holds": holds}))
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
