"""Personal data: precision and recall of each class on the labelled set, and how often real rows raise an alarm.

    python bench/personal.py        the labelled set; real rows too, where LUTHIER_TEST_DATA (or ../shared) has them

A finding is right when its class and both its ends are. Snippets drawn from one line are alike, so intervals (95%,
Wilson) count lines: a line is right when all its draws are. The frozen half was written before the detectors of
addresses, national numbers and secrets, the open half beside them; both have been looked at when detectors were mended.
The late lines were written after the last change of a detector and measured once. The last line is JSON.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from luthier.stats import wilson
from luthier.text import personal

HERE = Path(__file__).resolve().parent
HALVES = ("frozen", "open", "late")
REAL = {"gsm8k": "domain/gsm8k_train", "c4_demo": "text/c4_demo", "banking77": "classification/banking77_train"}


def labelled() -> Any:
    path = HERE.parent / "tests" / "text" / "labelled" / "values.py"
    spec = importlib.util.spec_from_file_location("labelled_values", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def measure(half: str) -> dict[str, dict[str, Any]]:
    """For each class: values wanted, found and right, and of how many lines all were found and all found were right."""
    wanted, found, right = Counter[str](), Counter[str](), Counter[str]()
    missed: dict[str, dict[str, bool]] = defaultdict(dict)
    wrong: dict[str, dict[str, bool]] = defaultdict(dict)
    for snippet in labelled().snippets(half):
        marked = set(snippet.spans)
        told = {(span.kind, span.start, span.end) for span in personal.find(snippet.text)}
        for kind in personal.KINDS:
            here, there = ({one for one in side if one[0] == kind} for side in (marked, told))
            wanted[kind] += len(here)
            found[kind] += len(there)
            right[kind] += len(here & there)
            if here:
                missed[kind][snippet.line] = missed[kind].get(snippet.line, False) or bool(here - there)
            if there:
                wrong[kind][snippet.line] = wrong[kind].get(snippet.line, False) or bool(there - here)
    return {
        kind: {
            "values": wanted[kind], "precision": right[kind] / max(1, found[kind]),
            "recall": right[kind] / max(1, wanted[kind]), "lines": len(missed[kind]),
            "precision_interval": _interval(wrong[kind]), "recall_interval": _interval(missed[kind]),
        }
        for kind in personal.KINDS
    }  # fmt: skip


def _interval(failed: dict[str, bool]) -> tuple[float, float]:
    found = wilson(len(failed) - sum(failed.values()), len(failed))
    return found.low, found.high


def alarms() -> Iterator[tuple[str, int, Counter[str]]]:
    """Findings in real rows: each name, its rows, and how many of each class."""
    folder = Path(os.environ.get("LUTHIER_TEST_DATA") or HERE.parent.parent / "shared") / "realdata"
    for name, file in REAL.items():
        path = folder / f"{file}.jsonl.gz"
        if not path.is_file():
            print(f"{name}: not available at {folder} (set LUTHIER_TEST_DATA)")
            continue
        rows, counts = 0, Counter[str]()
        with gzip.open(path) as lines:
            for line in lines:
                rows += 1
                for value in json.loads(line).values():
                    if isinstance(value, str):
                        counts.update(span.kind for span in personal.find(value))
        yield name, rows, counts


def main() -> int:
    figures: dict[str, float] = {}
    for half in HALVES:
        table = measure(half)
        print(f"\n{half}: {sum(row['values'] for row in table.values())} values")
        print(f"{'class':<8}{'values':>8}{'lines':>7}{'precision':>11}{'interval':>16}{'recall':>9}{'interval':>16}")
        for kind, row in table.items():
            low, high = row["precision_interval"], row["recall_interval"]
            print(f"{kind:<8}{row['values']:>8}{row['lines']:>7}{row['precision']:>11.3f}"
                  f"{low[0]:>9.3f}–{low[1]:.3f}{row['recall']:>10.3f}{high[0]:>9.3f}–{high[1]:.3f}")  # fmt: skip
        figures[f"{half}_precision"] = min(row["precision"] for row in table.values())
        figures[f"{half}_recall"] = min(row["recall"] for row in table.values())
    print("\nfindings in real rows, a thousand rows")
    for name, rows, counts in alarms():
        shown = ", ".join(f"{number} {kind}" for kind, number in counts.most_common()) or "none"
        print(f"{name:<10}{rows:>7,} rows {1000 * sum(counts.values()) / rows:>8.2f}   ({shown})")
        figures[f"findings_a_thousand_rows_{name}"] = 1000 * sum(counts.values()) / rows
    targets = tomllib.loads((HERE / "targets.toml").read_text())["personal"]
    holds = all(figures[f"{half}_{name}"] >= bar["at_least"] for name, bar in targets.items() for half in HALVES)
    print(json.dumps({"bench": "personal", "figures": figures, "targets": targets, "holds": holds}))
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
