"""Labelled rows to a classifier on nano, asked in every way there is; and kill -9 in the middle of learning it."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.test_kills import killed_and_calm

from luthier.pipeline.resolve import open_engine
from luthier.records import Message
from luthier.store import Store

RECIPE = """\
luthier: 1
name: topics
model: {base: nano}
data: {source: rows.csv, split: {test: 25%, validation: 15%}}
train:
  {method: classify, tuning: {kind: lora, r: 4, alpha: 8}, epochs: 4, evaluations: 4, checkpoints: 6, batch_rows: 8}
evaluate: {shots: 2}
"""
SAID = {
    "delivery": ("the parcel has not arrived", "the courier left it next door", "where is my shipment", "it is late"),
    "refund": ("I want my money back", "you charged me twice", "the refund is missing", "cancel the payment"),
    "broken": ("it does not turn on", "the screen is cracked", "it makes a strange noise", "the handle came off"),
}
THINGS = ("lamp", "kettle", "radio", "drill", "heater", "camera", "phone", "fan")


def write_job(folder: Path, rows: int = 120) -> Path:
    rng = random.Random(5)
    lines = ["text,label"]
    for i in range(rows):
        label = list(SAID)[i % 3]
        said = f"Order {rng.randrange(1000, 9999)}{i}, the {rng.choice(THINGS)}: {rng.choice(SAID[label])}."
        lines.append(f'"{said}",{label}')
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    path = folder / "topics.yaml"
    path.write_text(RECIPE)
    return path


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_labelled_rows_to_a_classifier_that_is_asked_in_every_way(
    home: Path, luthier: Callable[..., tuple[int, Any]]
) -> None:
    recipe = write_job(home)
    code, planned = luthier("plan", str(recipe))
    assert code == 0
    code, told = luthier("run", str(recipe))
    assert code in (0, 10, 11), told
    (training,) = Store.open().artifacts("training")
    # nano's width is 192, its keys and values have 96, its MLP 512: the factors in 6 layers, and a head of 3 outputs
    adapter = 6 * 4 * (2 * (192 + 192) + 2 * (192 + 96) + 3 * (192 + 512))
    assert planned["facts"]["trainable"] == training.meta["trainable"] == adapter + 3 * 192
    results = {(r["metric"], r["reference_name"]): r for r in told["verdict"]["results"] if r["role"] == "target"}
    assert {name for _, name in results} >= {"base", "words"}
    right = results[("label(accuracy)", "base")]
    assert right["candidate"] > 60 and right["delta"] > 0
    page = Path(told["report"]).read_text(encoding="utf-8")
    assert all(word in page for word in ("macro-F1", "AUC", "Brier score", "calibration error", "MCC"))

    store = Store.open()
    for kind in ("adapter", "model"):
        name = told["artifacts"][kind]
        code, done = luthier("predict", name, "rows.csv", "-o", f"{kind}.jsonl")
        assert code == 0 and done["answered"] == 120
    read = {k: [json.loads(line) for line in Path(f"{k}.jsonl").read_text().splitlines()] for k in ("adapter", "model")}
    for ours, whole in zip(read["adapter"], read["model"], strict=True):
        assert set(ours["labels"]) == set(SAID) and ours["answer"] == next(iter(ours["labels"]))
        assert sum(ours["labels"].values()) == pytest.approx(1, abs=1e-4)
        assert ours["labels"] == pytest.approx(whole["labels"], abs=1e-4)
    rows = [line.rsplit(",", 1)[1] for line in (home / "rows.csv").read_text().splitlines()[1:]]
    assert sum(r["answer"] == label for r, label in zip(read["model"], rows, strict=True)) > 80
    code, answered = luthier("chat", told["artifacts"]["model"], "-m", "my parcel has not arrived")
    assert code == 0 and answered["answer"] in SAID
    with open_engine(store, told["artifacts"]["adapter"]) as opened:
        (said,) = opened.engine.generate([request("my parcel has not arrived")])
        assert said.text == answered["answer"] and sum(map(math.exp, said.labels.values())) == pytest.approx(1)

    code, refused = luthier("predict", "nano", "rows.csv", "--best-of", "2", "--by", told["artifacts"]["adapter"])
    assert code == 1 and "no reward model" in json.dumps(refused)


def request(text: str) -> Any:
    from luthier.engines import Request

    return Request(messages=(Message("user", text),))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_while_learning_labels_and_run_again(tmp_path: Path) -> None:
    write_job(tmp_path)
    told = killed_and_calm(tmp_path, "train", "topics.yaml", kills=1, seed=4)
    assert told["code"] == 0
