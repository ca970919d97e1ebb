"""A small job for searches: a plain table of questions whose answers hang on two words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

COLOURS = ("red", "blue", "green", "grey", "white", "black", "brown", "pink", "gold", "teal", "amber", "violet")
THINGS = ("cat", "dog", "ferry", "lamp", "river", "stone", "cloud", "bread", "train", "glove", "piano", "window")
ASKS = ("Where do I take the {} {}?", "My {} {} came back broken.", "Tell me who mends a {} {}, please.",
        "Which desk has the {} {} now?", "I found a {} {} at the harbour.")  # fmt: skip
DESKS = ("north desk", "south desk", "east desk", "west desk")


def job(folder: Path, rows: int = 300, **search: object) -> Path:
    """A recipe with its rows; what is learned is that the thing decides the desk."""
    made = [
        {"prompt": ASKS[n % 5].format(COLOURS[(n // 7) % 12], THINGS[(n // 5) % 12]), "completion": DESKS[(n // 5) % 4]}
        for n in range(rows)
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made))
    recipe = {
        "luthier": 1, "name": "desks", "model": {"base": "nano"},
        "data": {"source": "rows.jsonl", "split": {"test": "10%", "validation": "25%"}, "dedupe": {"near": None}},
        "train": {"tuning": {"kind": "lora", "r": 4}, "epochs": 1, "learning_rate": 3e-4, "evaluations": 4,
                  "batch_rows": 8, "checkpoints": 8, "patience": 0},
        "search": {
            "trials": 6, "halving": 0,
            "space": {"train.learning_rate": {"low": 3e-4, "high": 1e-2, "log": True}, "train.tuning.r": [4, 16]},
            **search,
        },
    }  # fmt: skip
    path = folder / "desks.yaml"
    path.write_text(json.dumps(recipe))
    return path


@pytest.fixture
def desks(home: Path) -> Path:
    return job(home)
