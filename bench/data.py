"""Data at scale, side by side in one run: validation of a large file, near-duplicates with clusters, tokenising.

    python bench/data.py                         1,000,000 rows to validate, 100,000 to de-duplicate; some minutes
    python bench/data.py --quick                 a tenth of it: the same code, figures not comparable
    python bench/data.py --leg validation        one leg: validation, duplicates or tokens
    python bench/data.py --peers /path/python    datasketch and rensa are looked for in that environment

Every arm runs in a process of its own on files and rows that are written here from a seed; rounds are interleaved and
the median counts. Ratios are of processor time (user and system, children included), which other work on the machine
disturbs less than the clock; both are printed. Imports are not timed. The last line is JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
WORDS = 20_000
THRESHOLD = 0.8


def vocabulary(rng: random.Random) -> tuple[list[str], list[float]]:
    """Made-up words and the running sum of their weights: a few are common, most are rare (Zipf)."""
    words = sorted({"".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(WORDS)})
    rng.shuffle(words)
    return words, list(itertools.accumulate(1 / (place + 3) for place in range(len(words))))


def write_rows(path: Path, count: int) -> None:
    """Pairs of about 400 bytes: plain English letters mostly, one in twenty with other letters, one in a hundred each
    with an e-mail address, a phone number, a broken encoding, an empty answer, a copy or another answer."""
    rng = random.Random(20)
    words, weights = vocabulary(rng)
    earlier: dict[str, Any] = {"prompt": "Why?", "completion": "So."}
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            drawn = rng.choices(words, cum_weights=weights, k=52)
            row = {
                "prompt": f"{' '.join(drawn[:22]).capitalize()} in case {rng.randint(1, 999)}?",
                "completion": f"{' '.join(drawn[22:36]).capitalize()}, {' '.join(drawn[36:])}.",
            }
            kind = number % 100
            if kind == 0:
                row["prompt"] += f" Write to {drawn[0]}@example.org."
            elif kind == 1:
                row["completion"] += f" Call 07700 900{rng.randint(100, 999)}."
            elif kind == 2:
                row["completion"] += " CafÃ©."
            elif kind == 3:
                row = dict(earlier)
            elif kind == 4:
                row["prompt"] = earlier["prompt"]
            elif kind == 5:
                row["completion"] = ""
            elif kind < 11:
                row["completion"] += " Größe – naïve café."
            earlier = row
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def texts_with_copies(count: int) -> tuple[list[str], list[tuple[int, int]]]:
    """Texts of about 50 words, a tenth of them copies of another with up to two words changed, and these pairs."""
    rng = random.Random(21)
    words, weights = vocabulary(rng)
    first = count - count // 10
    texts = [" ".join(rng.choices(words, cum_weights=weights, k=rng.randint(40, 60))) for _ in range(first)]
    planted = []
    for _ in range(count // 10):
        source = rng.randrange(first)
        copy = texts[source].split()
        for _ in range(rng.randint(0, 2)):
            copy[rng.randrange(len(copy))] = rng.choice(words)
        planted.append((source, len(texts)))
        texts.append(" ".join(copy))
    return texts, planted


def shingle_sets(text: str) -> frozenset[tuple[str, ...]]:
    found = text.split()
    return frozenset(zip(found, found[1:], found[2:], strict=False))


# ---- arms, each in a process of its own


def measured(does: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What ``does`` gives, with clock and processor seconds, and the peak of resident memory over what imports took."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clock, own = time.perf_counter(), time.process_time()
    found = does()
    seconds, cpu = time.perf_counter() - clock, time.process_time() - own
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found | {
        "seconds": seconds, "cpu": cpu + children.ru_utime + children.ru_stime,
        "megabytes": (peak - before) / 1024, "whole_megabytes": peak / 1024,
    }  # fmt: skip


def bare_parse(path: str) -> dict[str, Any]:
    import orjson

    def run() -> dict[str, Any]:
        rows = 0
        with Path(path).open("rb") as file:
            for line in file:
                orjson.loads(line)
                rows += 1
        return {"rows": rows}

    return measured(run)


def validate(path: str, processes: int) -> dict[str, Any]:
    from luthier.data import check

    def run() -> dict[str, Any]:
        report = check([path], workers=processes)
        return {"rows": report.rows, "counts": dict(report.counts)}

    return measured(run)


def join(count: int) -> dict[str, Any]:
    from luthier.similar import groups

    texts, planted = texts_with_copies(count)
    found: Any = None

    def run() -> dict[str, Any]:
        nonlocal found
        found = groups(texts, THRESHOLD)
        return {"pairs": len(found.first), "clusters": int(found.component.max()) + 1}

    result = measured(run)
    return result | recall(texts, planted, {(i, j) for i, j, _ in found.pairs})


def recall(texts: list[str], planted: list[tuple[int, int]], found: set[tuple[int, int]]) -> dict[str, Any]:
    """The share of planted pairs with Jaccard at or above the threshold that were found."""
    sets = {row: shingle_sets(texts[row]) for pair in planted for row in pair}
    near = [(a, b) for a, b in planted if len(sets[a] & sets[b]) >= THRESHOLD * len(sets[a] | sets[b])]
    return {"planted": len(near), "recall": sum(pair in found for pair in near) / max(1, len(near))}


def datasketch_lsh(count: int) -> dict[str, Any]:
    """datasketch as its documentation advises: MinHash.bulk, 128 permutations, an LSH index; candidates only."""
    from datasketch import MinHash, MinHashLSH

    texts, planted = texts_with_copies(count)
    found: set[tuple[int, int]] = set()

    def run() -> dict[str, Any]:
        index = MinHashLSH(threshold=THRESHOLD, num_perm=128)
        encoded = ([" ".join(s).encode() for s in shingle_sets(text)] for text in texts)
        for row, sketch in enumerate(MinHash.generator(encoded, num_perm=128)):
            found.update((other, row) for other in index.query(sketch))
            index.insert(row, sketch, check_duplication=False)
        return {"pairs": len(found)}

    result = measured(run)
    return result | recall(texts, planted, found)


def rensa_lsh(count: int) -> dict[str, Any]:
    """rensa's documented class RMinHash with its LSH index, 128 permutations; candidates only."""
    from rensa import RMinHash, RMinHashLSH

    texts, planted = texts_with_copies(count)
    found: set[tuple[int, int]] = set()

    def run() -> dict[str, Any]:
        index = RMinHashLSH(threshold=THRESHOLD, num_perm=128, num_bands=16)
        for row, text in enumerate(texts):
            sketch = RMinHash(num_perm=128, seed=42)
            sketch.update([" ".join(s) for s in shingle_sets(text)])
            found.update((other, row) for other in index.query(sketch))
            index.insert(row, sketch)
        return {"pairs": len(found)}

    result = measured(run)
    return result | recall(texts, planted, found)


def text_dedup_minhash(count: int) -> dict[str, Any]:
    """text-dedup's own command on a file of the texts: xxh3, 128 permutations, two processes; clusters."""
    from text_dedup import minhash

    texts, planted = texts_with_copies(count)
    found: set[tuple[int, int]] = set()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts.jsonl"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
        options = {
            "path": "json", "data_files": path, "split": "train", "column": "text", "cache_dir": f"{folder}/cache",
            "output": f"{folder}/out", "ngram": 3, "min_length": 1, "num_perm": 128, "threshold": THRESHOLD,
            "hash_func": "xxh3", "hash_bits": 32, "num_proc": 2, "batch_size": 10_000,
        }  # fmt: skip

        def run() -> dict[str, Any]:
            given = [part for name, value in options.items() for part in (f"--{name}", str(value))]
            minhash.main.main(given, standalone_mode=False)
            root = minhash.uf.find
            found.update(pair for pair in planted if root(pair[0]) == root(pair[1]))
            return {"pairs": sum(root(row) != row for row in range(len(texts)))}

        result = measured(run)
    return result | recall(texts, planted, found)


def tokenise(path: str) -> dict[str, Any]:
    """Rows through the base's chat template with their mask, beside their rendered texts through the bare tokenizer in
    batch: all at once, and so many at once as ours takes; turn by turn in one process, on as many threads as the
    tokenizer takes."""
    from luthier.data.tokens import measure
    from luthier.models.chat import ChatFormat
    from luthier.models.load import load_tokenizer
    from luthier.models.source import resolve
    from luthier.records import Example, Message

    chat = ChatFormat(load_tokenizer(resolve("nano")))
    with Path(path).open(encoding="utf-8") as file:
        rows = [row for row in map(json.loads, file) if row["completion"]]
    examples = [Example((Message("user", r["prompt"]), Message("assistant", r["completion"]))) for r in rows]
    samples = [sample for example in examples for sample in chat.samples(example)]
    texts = ["".join(piece for piece, _ in chat.show_mask(sample)) for sample in samples]
    encode = chat.tokenizer.backend_tokenizer.encode_batch_fast
    parts = [texts[start : start + 128] for start in range(0, len(texts), 128)]
    seconds: dict[str, list[float]] = {"ours": [], "bare": [], "parts": []}
    for _ in range(5):
        for name, does in (
            ("ours", lambda: measure(examples, chat, max_length=None, on_overlong="drop")),
            ("bare", lambda: encode(texts, add_special_tokens=False)),
            ("parts", lambda: [len(encode(part, add_special_tokens=False)) for part in parts]),
        ):
            start = time.process_time()
            does()
            seconds[name].append(time.process_time() - start)
    return {"rows": len(rows)} | {name: statistics.median(found) for name, found in seconds.items()}


ARMS: dict[str, Callable[..., dict[str, Any]]] = {
    "bare": bare_parse, "validate": validate, "join": join, "datasketch": datasketch_lsh, "rensa": rensa_lsh,
    "text_dedup": text_dedup_minhash, "tokens": tokenise,
}  # fmt: skip


def arm(name: str, *arguments: Any, python: str = sys.executable) -> dict[str, Any]:
    """Run one arm in a fresh process; an arm that cannot run gives {"missing": why}."""
    command = [python, str(Path(__file__).resolve()), "--arm", json.dumps([name, *arguments])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"missing": (done.stderr.strip().splitlines() or ["it ended without a word"])[-1][:160]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


# ---- legs


def validation(rows: int, rounds: int, processes: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "large.jsonl", Path(folder) / "small.jsonl"
        write_rows(large, rows)
        write_rows(small, rows // 5)
        size = large.stat().st_size / rows
        results: dict[str, list[dict[str, Any]]] = {"bare": [], "validate": []}
        for _ in range(rounds):
            results["bare"].append(arm("bare", str(large)))
            results["validate"].append(arm("validate", str(large), processes))
        fifth = arm("validate", str(small), processes)
    print(f"\nvalidation of {rows:,} rows of {size:.0f} bytes, every rule on, {processes} processes, {rounds} rounds")
    print(f"{'':<22}{'rows/s':>12}{'µs of processor a row':>24}{'MB over imports':>18}")
    middle = {}
    for name, runs in results.items():
        cpu = statistics.median(run["cpu"] for run in runs)
        clock = statistics.median(run["seconds"] for run in runs)
        middle[name] = (clock, cpu)
        label = "orjson.loads a line" if name == "bare" else "luthier check"
        print(f"{label:<22}{rows / clock:>12,.0f}{1e6 * cpu / rows:>24.2f}{runs[0]['megabytes']:>18.0f}")
    print("found:", ", ".join(f"{number:,} {rule}" for rule, number in results["validate"][0]["counts"].items()))
    growth = 2**20 * (results["validate"][0]["megabytes"] - fifth["megabytes"]) / (rows - rows // 5)
    return {
        "validation_rows_per_s": rows / middle["validate"][0],
        "validation_of_bare_parse": middle["bare"][0] / middle["validate"][0],
        # if the processes had a processor each: what the clock would show on a machine that does nothing else
        "validation_of_bare_parse_by_processor_time": middle["bare"][1] / (middle["validate"][1] / processes),
        "validation_bytes_a_row": max(0.0, growth),
    }


def duplicates(rows: int, rounds: int, larger: list[int], python: str) -> dict[str, float]:
    names = ("join", "datasketch", "rensa", "text_dedup")
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            if not any("missing" in run for run in results[name]):
                results[name].append(arm(name, rows, python=sys.executable if name == "join" else python))
    what = f"texts of about 50 words, Jaccard of 3-shingles >= {THRESHOLD}, {rounds} rounds"
    print(f"\nnear-duplicates among {rows:,} {what}")
    print(f"{'':<34}{'seconds':>9}{'processor s':>13}{'MB over imports':>17}{'recall':>9}{'pairs':>9}")
    labels = {
        "join": "luthier (exact, with clusters)", "datasketch": "datasketch LSH (candidates)",
        "rensa": "rensa RMinHash LSH (candidates)", "text_dedup": "text-dedup (clusters of candidates)",
    }  # fmt: skip
    for name, runs in results.items():
        if "missing" in runs[0]:
            print(f"{labels[name]:<34} not available: {runs[0]['missing']}")
            continue
        clock, cpu = (statistics.median(run[key] for run in runs) for key in ("seconds", "cpu"))
        one = runs[0]
        tail = f"{one['megabytes']:>17.0f}{one['recall']:>9.4f}{one['pairs']:>9,}"
        print(f"{labels[name]:<34}{clock:>9.1f}{cpu:>13.1f}{tail}")
    ours = results["join"]
    figures = {
        "duplicates_seconds": statistics.median(run["seconds"] for run in ours),
        "duplicates_processor_seconds": statistics.median(run["cpu"] for run in ours),
        "duplicates_megabytes": ours[0]["whole_megabytes"],
        "duplicates_recall": min(run["recall"] for run in ours),
    }
    for more in larger:
        grown = arm("join", more)
        times = grown["cpu"] / figures["duplicates_processor_seconds"]
        print(f"{more:,} texts: {grown['seconds']:.1f} s, {times:.1f} times the processor time, "
              f"{grown['whole_megabytes']:.0f} MB, recall {grown['recall']:.4f}")  # fmt: skip
        figures[f"duplicates_growth_{more // rows}x"] = times
    return figures


def tokens(rows: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        write_rows(path, rows)
        found = arm("tokens", str(path))
    if "missing" in found:
        raise SystemExit(found["missing"])
    print(f"\ntokenising {found['rows']:,} rows with nano's tokenizer, five rounds, µs of processor a row")
    labels = {"bare": "bare tokenizer in one batch", "parts": "bare tokenizer, 128 at once",
              "ours": "template, ids and mask"}  # fmt: skip
    for name, label in labels.items():
        print(f"{label:<34}{1e6 * found[name] / found['rows']:>9.1f}")
    of_bare = {"tokenising_of_bare_batch": found["bare"], "tokenising_of_bare_by_128": found["parts"]}
    return {name: seconds / found["ours"] for name, seconds in of_bare.items()}


def judge(figures: dict[str, float]) -> tuple[dict[str, Any], bool]:
    """Targets for the figures that were measured, and whether all of them hold."""
    wanted = tomllib.loads((HERE / "targets.toml").read_text())["data"]
    targets = {name: bar for name, bar in wanted.items() if name in figures}
    holds = all(
        figures[name] >= bar.get("at_least", figures[name]) and figures[name] <= bar.get("at_most", figures[name])
        for name, bar in targets.items()
    )
    for name, bar in targets.items():
        print(f"{name}: {figures[name]:.4g}, wanted {bar}")
    return targets, holds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, one round")
    parser.add_argument("--leg", choices=["validation", "duplicates", "tokens"], help="only this leg")
    parser.add_argument("--rows", type=int, help="rows of the leg")
    parser.add_argument("--rounds", type=int, help="interleaved rounds; the median counts")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--grow", type=int, nargs="*", help="larger sets for the growth of near-duplicates")
    parser.add_argument("--peers", default=sys.executable, help="the Python that has datasketch and rensa")
    parser.add_argument("--arm", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.arm:
        name, *arguments = json.loads(options.arm)
        print("\n" + json.dumps(ARMS[name](*arguments)))
        return 0
    scale = 10 if options.quick else 1
    rounds = options.rounds or (1 if options.quick else 3)
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start")
    figures: dict[str, float] = {}
    if options.leg in (None, "validation"):
        figures |= validation(options.rows or 1_000_000 // scale, rounds, options.processes)
    if options.leg in (None, "duplicates"):
        rows = options.rows or 100_000 // scale
        grow = options.grow if options.grow is not None else [rows * 10]
        figures |= duplicates(rows, rounds, grow, options.peers)
    if options.leg in (None, "tokens"):
        figures |= tokens(options.rows or 20_000 // scale)
    targets, holds = judge(figures)
    print(json.dumps({"bench": "data", "figures": figures, "targets": targets, "holds": holds}))
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
