"""Continued training as a user meets it: long texts are read whole, chats are refused, and what could not be judged is
said before anything is trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from luthier.errors import LuthierError
from luthier.pipeline import stages
from luthier.pipeline.job import Job
from luthier.pipeline.run import run_recipe
from luthier.recipe import load_recipe
from luthier.store import Store

RECIPE = """\
luthier: 1
name: manual
model: {base: nano}
data: {source: rows.jsonl, test: asked.jsonl, split: {validation: 10%}}
train: {method: continued, max_steps: 2, max_length: 128, evaluations: 1, checkpoints: 0}
"""
THINGS = ["pump", "valve", "belt", "gauge", "drum", "fan", "hatch", "lamp", "hose", "crane"]


@pytest.fixture
def recipe(home: Path) -> Path:
    """Thirty texts, three of them longer than the limit, and ten questions."""
    texts = [
        f"Station {n * 7919 % 1000}: the {THINGS[n % 10]} is looked after by crew {n}."
        + " ".join(f" Hour {d * 31 + n * 977}: {d * 13 + n * 101} on gauge {d * n}." for d in range(40 * (n % 10 == 0)))
        for n in range(30)
    ]
    asked = [
        {"messages": [{"role": "user", "content": f"Who looks after the {t}?"},
                      {"role": "assistant", "content": f"crew {n}"}]}
        for n, t in enumerate(THINGS)
    ]  # fmt: skip
    (home / "rows.jsonl").write_text("".join(json.dumps({"text": t}) + "\n" for t in texts))
    (home / "asked.jsonl").write_text("".join(json.dumps(a) + "\n" for a in asked))
    (home / "job.yaml").write_text(RECIPE)
    return home / "job.yaml"


def prepared(path: Path, *overrides: str) -> tuple[Job, dict[str, Any], Any]:
    job = Job(load_recipe(path, overrides), Store.open())
    data = stages.dataset(job)
    sides = stages.sides_of(data)
    return job, sides, stages.train_input(job, sides, data.digest)


def test_every_token_of_every_text_is_trained(recipe: Path) -> None:
    job, sides, given = prepared(recipe)
    assert len(sides["train"]) + len(sides["validation"]) == 30, "no text is lost"
    assert len(given.train) > len(sides["train"]) and max(len(s.ids) for s in given.train) <= 128
    whole = [s for e in sides["train"] for s in job.chat.samples(e)]
    assert sum(map(sum, (s.trained for s in given.train))) == sum(map(sum, (s.trained for s in whole)))
    _, plain, _ = prepared(recipe, "train.method=sft")
    assert len(plain["train"]) + len(plain["validation"]) == 27, "which fine-tuning on answers would set aside"


def test_chats_are_refused_by_name(recipe: Path) -> None:
    with pytest.raises(LuthierError, match="rows are chats") as refused:
        prepared(recipe, "data.source=asked.jsonl", "data.test=[]", "data.split.test=20%")
    assert refused.value.fix == "train.method: sft"


def test_what_cannot_be_judged_is_said_before_training(recipe: Path) -> None:
    loaded = load_recipe(recipe, ["data.test=[]", "data.split.test=20%"])
    with pytest.raises(LuthierError, match="no row with a question") as refused:
        run_recipe(loaded, Store.open())
    assert refused.value.fix.startswith("set data.test to questions with answers")
    assert Store.open().artifacts("training") == [], "nothing was trained"
