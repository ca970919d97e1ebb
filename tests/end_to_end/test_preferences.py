"""Preference data to a verdict on nano, with a small job; and kill -9 in the middle of learning from it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.test_kills import killed_and_calm
from tools.manners import words
from tools.manners.__main__ import pairs

from luthier.pipeline.run import run_until
from luthier.recipe import load_recipe
from luthier.store import Store

RECIPE = """\
luthier: 1
name: manners
model: {base: nano}
data: {source: rows.jsonl, test: test.jsonl, split: {validation: 15%}}
train:
  {method: dpo, tuning: {kind: lora, r: 4, alpha: 8}, max_steps: 6, evaluations: 2, checkpoints: 6, batch_tokens: 512}
export: {formats: adapter}
"""


@pytest.fixture
def manners(home: Path) -> Path:
    return write_job(home)


def write_job(folder: Path) -> Path:
    for name, count, things in (("rows", 60, words.PRODUCTS), ("test", 24, words.HELD_PRODUCTS)):
        rows = pairs(count, things, random.Random(count), 0.0)
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    path = folder / "manners.yaml"
    path.write_text(RECIPE)
    return path


FIRST = """\
luthier: 1
name: first
model: {base: nano}
data: {source: rows.jsonl, test: test.jsonl, map: {prompt: prompt, completion: chosen}}
train:
  {tuning: {kind: lora, r: 4, alpha: 8}, max_steps: 4, evaluations: 1, checkpoints: 0, batch_tokens: 512}
export: {formats: adapter}
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_fine_tuned_then_taught_preferences_the_whole_way(
    manners: Path, luthier: Callable[..., tuple[int, Any]]
) -> None:
    """The adapter that fine-tuning made is trained further on pairs; it is the reference, not the bare base."""
    (manners.parent / "first.yaml").write_text(FIRST)
    first = run_until("export", load_recipe(manners.parent / "first.yaml"), Store.open())
    further = f"model.adapter={first.id}"
    code, told = luthier("run", str(manners), "--set", further)
    assert code in (0, 10, 11), told
    targets = [r for r in told["verdict"]["results"] if r["role"] == "target" and r["metric"] == "preference"]
    assert {r["reference_name"]: r["status"] == "described" for r in targets} == {
        "base": False, "length": False, "words": True,
    }  # fmt: skip
    assert all(r["n"] == 24 and r["low"] <= r["delta"] <= r["high"] for r in targets)
    page = Path(told["report"]).read_text(encoding="utf-8")
    assert "preference accuracy" in page and "the longer answer" in page

    store = Store.open()
    lineage = "\n".join(store.lineage(told["artifacts"]["adapter"]).render())
    assert first.id in lineage
    bare = run_until("train", load_recipe(manners), store)
    trained = [a for a in store.artifacts("training") if a.id in lineage]
    starts = [start_of(bare), *(start_of(a) for a in trained if "held_out" in start_of(a))]
    assert len(starts) == 2
    for start in starts:  # at the start each is its own reference: nobody leads, nothing has changed
        assert start["val"] == pytest.approx(0.6931, abs=1e-3) and start["probe"]["kl_to_reference"] == 0.0
        assert abs(start["held_out"]["chosen_change"]) < 1e-3
    chosen = [start["held_out"]["chosen_logp"] for start in starts]
    assert chosen[1] > chosen[0] + 0.5, "fine-tuning made the better answers likelier, and it is where this one starts"

    code, refused = luthier("train", str(manners), "--set", further, "--set", "train.tuning.r=8")
    assert code == 1 and "r: 4" in json.dumps(refused)


def start_of(training: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(training.file("history.json").read_text())["history"][0]
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_while_learning_preferences_and_run_again(tmp_path: Path) -> None:
    write_job(tmp_path)
    told = killed_and_calm(tmp_path, "train", "manners.yaml", kills=2, seed=6)
    assert told["code"] == 0
