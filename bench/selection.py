"""What the rules of selection take out, how long they take, and whether they take the right rows.

    python bench/selection.py                       the quickstart's rows, scored by nano
    python bench/selection.py --model FOLDER        ... by another model on this machine
    (with LUTHIER_TEST_DATA or ../shared: duplicates in other words of banking77, too)

Mismatched answers are planted: a tenth of the rows get another row's answer, and IFD should tell them from the others.
The share of kin with one label says how often a cosine is right, since whoever labelled the rows did not see cosines.
The last line is JSON.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import time
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np

from luthier.data import build
from luthier.data.funnel import Funnel
from luthier.data.likelihood import LikelihoodScorer
from luthier.data.scores import Raters, spread
from luthier.data.select import select
from luthier.engines.embedded import EmbeddedEngine
from luthier.models.load import load
from luthier.models.source import resolve
from luthier.recipe.data import DataSpec
from luthier.recipe.select import SelectSpec
from luthier.records import Example, Score
from luthier.similar.cosine import alike
from luthier.similar.vectors import word_vectors

HERE = Path(__file__).resolve().parent


def quickstart() -> list[Example]:
    """The quickstart's rows after cleaning, duplicates and leaks."""
    with as_file(files("luthier") / "pipeline" / "quickstart") as folder:
        made = build(DataSpec.model_validate({"source": "train.jsonl", "test": "test.jsonl"}), folder=folder)
    return [*made.train, *made.validation]


def planted(rows: list[Example], share: float, seed: int) -> list[Example]:
    """Some rows with the answer of another one."""
    chosen = sorted(random.Random(seed).sample(range(len(rows)), round(share * len(rows))))
    given = [*chosen[1:], chosen[0]]
    return [
        replace(rows[one], messages=(*rows[one].prompt, rows[other].messages[-1]))
        for one, other in zip(chosen, given, strict=True)
        if rows[one].answer != rows[other].answer
    ]


def auc(high: list[float], low: list[float]) -> float:
    """How often a number of the first kind is above one of the second."""
    above = np.asarray(high)[:, None] - np.asarray(low)[None]
    return float(((above > 0) + 0.5 * (above == 0)).mean())


def likelihood(rows: list[Example], model: str) -> dict[str, Any]:
    with EmbeddedEngine(load(resolve(model))) as engine:
        score = LikelihoodScorer(engine)
        began, busy = time.perf_counter(), time.process_time()
        own = [found.value or 0.0 for found in score(rows)]
        seconds, cpu = time.perf_counter() - began, time.process_time() - busy
        wrong = [found.value or 0.0 for found in score(planted(rows, 0.1, 0))]
    limit = sorted([*own, *wrong], reverse=True)[: len(rows) // 10][-1]
    return {
        "model": Path(model).name, "rows": len(rows), "ifd": spread(own), "above_1": sum(v > 1 for v in own),
        "seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1), "rows_a_second": round(len(rows) / cpu, 1),
        "planted": len(wrong), "planted_ifd": spread(wrong), "planted_above_1": sum(v > 1 for v in wrong),
        "auc": round(auc(wrong, own), 3), "planted_in_top_tenth": sum(v >= limit for v in wrong),
        "values": own,
    }  # fmt: skip


def walk(rows: list[Example], values: list[float]) -> list[dict[str, Any]]:
    """A budget of 300 rows: with the greedy choice, without, by chance, and what the inverted rule would leave."""
    known = {row.id: Score(value, "", {"given": value}) for row, value in zip(rows, values, strict=True)}
    raters = Raters(likelihood=lambda some: [known[row.id] for row in some])
    vectors = word_vectors([f"{row.asked}\n{row.answer}" for row in rows])
    place = {row.id: i for i, row in enumerate(rows)}
    out: list[dict[str, Any]] = []
    for name, spec in {
        "highest IFD, none too alike": {"likelihood": {}, "similar": 0.5, "rows": 300},
        "highest IFD": {"likelihood": {}, "rows": 300},
        "a fair draw": {"rows": 300},
    }.items():
        began = time.process_time()
        found = select(
            rows, SelectSpec.model_validate(spec), raters, Funnel(len(rows)), vectors=word_vectors, tokens=None
        )
        taken = vectors[[place[row.id] for row in found.rows]]
        near = taken @ taken.T - 2 * np.eye(len(taken))
        out.append({
            "choice": name, "rows": len(taken), "nearest_other": round(float(near.max(1).mean()), 3),
            "cpu_seconds": round(time.process_time() - began, 2),
        })  # fmt: skip
    whole = vectors @ vectors.T - 2 * np.eye(len(vectors))
    far = int((whole.max(1) <= 0.1).sum())
    out.append({"choice": "inverted: distance of 0.9 to the nearest row of the pool", "rows": far})
    return out


def kin(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    texts = sorted({row["text"]: row["label"] for row in rows}.items())
    began = time.process_time()
    vectors = word_vectors([text for text, _ in texts])
    made = time.process_time() - began
    out: list[dict[str, Any]] = []
    for threshold in (0.8, 0.85, 0.9, 0.95, 0.98):
        began = time.process_time()
        pairs = alike(vectors, threshold)
        same = [texts[i][1] == texts[j][1] for i, j in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)]
        out.append({
            "threshold": threshold, "rows": len(texts), "pairs": len(same), "one_label": round(float(np.mean(same)), 3),
            "cpu_seconds": round(made + time.process_time() - began, 2),
        })  # fmt: skip
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="nano")
    options = parser.parse_args()
    rows = quickstart()
    scored = likelihood(rows, options.model)
    chosen = walk(rows, scored.pop("values"))
    data = Path(os.environ.get("LUTHIER_TEST_DATA") or HERE.parent.parent / "shared") / "realdata"
    banking = data / "classification" / "banking77_train.jsonl.gz"
    alike_rows = kin(banking) if banking.is_file() else []
    for title, value in scored.items():
        print(f"{title:<22} {value}")
    for line in (*chosen, *alike_rows):
        print("  ".join(f"{name} {value}" for name, value in line.items()))
    figures = {"likelihood": scored, "walk": chosen, "kin": alike_rows}
    print(json.dumps({"bench": "selection", "figures": figures, "targets": {}, "holds": True}))


if __name__ == "__main__":
    main()
