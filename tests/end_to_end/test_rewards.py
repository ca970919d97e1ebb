"""A reward of one's own to a verdict on nano, with a small job; and kill -9 in the middle of learning from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from tests.end_to_end.test_kills import killed_and_calm
from tools.ages.__main__ import rows

from luthier.pipeline.job import Job
from luthier.recipe import load_recipe
from luthier.store import Store

RECIPE = """\
luthier: 1
name: ages
model: {base: nano}
data: {source: rows.jsonl, test: test.jsonl, split: {validation: 15%}}
train:
  method: {kind: grpo, rewards: [exact, {by: "./rewards.py:grade", weight: 0.2}], group: 4, prompts: 4, iterations: 2}
  tuning: {kind: lora, r: 4, alpha: 8}
  max_steps: 6
  evaluations: 2
  checkpoints: 6
evaluate: {target: exact, baselines: [base], max_tokens: 24}
export: {formats: adapter}
"""
REWARDS = """\
import json

def grade(question, answer, reference):
    try:
        return float(json.loads(answer).keys() == json.loads(reference).keys())
    except (ValueError, AttributeError):
        return 0.0, "no JSON object"
"""


def write_job(folder: Path) -> Path:
    for name, count, held in (("rows", 60, False), ("test", 24, True)):
        lines = (json.dumps(r) + "\n" for r in rows(count, 5 + held, held=held))
        (folder / f"{name}.jsonl").write_text("".join(lines))
    (folder / "rewards.py").write_text(REWARDS)
    path = folder / "ages.yaml"
    path.write_text(RECIPE)
    return path


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_reward_of_ones_own_the_whole_way(home: Path, luthier: Callable[..., tuple[int, Any]]) -> None:
    recipe = write_job(home)
    code, planned = luthier("plan", str(recipe))
    assert code == 0 and "4 answers to each of 4 prompts" in json.dumps(planned)
    code, told = luthier("run", str(recipe))
    assert code in (0, 10, 11), told
    (result,) = [r for r in told["verdict"]["results"] if r["role"] == "target"]
    assert result["metric"] == "exact" and result["n"] == 24
    page = Path(told["report"]).read_text(encoding="utf-8")
    assert "KL to the reference" in page and "Reward" in page

    store = Store.open()
    (trained,) = store.artifacts("training")
    history = json.loads(trained.file("history.json").read_text())["history"]
    assert history[1]["./rewards.py:grade"] > 0.5, "nano writes JSON with the fields that are asked for"
    assert history[0]["held_out"]["length"] > 3 and history[0]["val"] == -history[0]["held_out"]["reward"]
    key = Job(load_recipe(recipe), store).train_key("rows")
    (home / "rewards.py").write_text(REWARDS + "\n# another wish\n")
    assert Job(load_recipe(recipe), store).train_key("rows") != key

    (home / "rewards.py").write_text("def grade(question, answer, reference):\n    return 1 / 0\n")
    code, refused = luthier("train", str(recipe))
    assert code == 1 and "your function fails: ZeroDivisionError" in json.dumps(refused)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_reward_that_likes_length_is_caught_and_stopped(home: Path, luthier: Callable[..., tuple[int, Any]]) -> None:
    """The planted hack: nobody wants longer answers, but they are paid for."""
    recipe = write_job(home)
    (home / "rewards.py").write_text("def grade(question, answer, reference):\n    return len(answer) / 200\n")
    method = {"kind": "grpo", "rewards": "./rewards.py:grade", "group": 6, "prompts": 4, "max_tokens": 48, "kl": 0}
    keys = {"method": method, "max_steps": 48, "evaluations": 12, "checkpoints": 0, "learning_rate": 4e-3}
    recipe.write_text(RECIPE.split("train:")[0] + f"train: {json.dumps({**keys, 'epochs': 40})}\n")
    code, told = luthier("train", str(recipe))
    assert code == 0, told
    (trained,) = Store.open().artifacts("training")
    assert trained.meta["stopped"] == "hacking" and trained.meta["steps"] < 48
    (found,) = [f for f in trained.meta["diagnosis"] if f["kind"] == "hacking"]
    assert "answers grew from" in found["said"] and "reward goes with length" in found["said"]
    assert trained.meta["best_step"] < trained.meta["steps"], "the weights that show it are not kept"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kind", "kills"), [("grpo", 3), ("ppo", 2)])
def test_killed_while_learning_from_rewards_and_run_again(kind: str, kills: int, tmp_path: Path) -> None:
    recipe = write_job(tmp_path)
    recipe.write_text(RECIPE.replace("kind: grpo", f"kind: {kind}"))
    told = killed_and_calm(tmp_path, "train", "ages.yaml", kills=kills, seed=7)
    assert told["code"] == 0
    (weights,) = (tmp_path / "calm" / ".luthier" / "artifacts").glob("training-*/weights.safetensors")
    assert not any("value_head" in name for name in load_file(weights)), "a value head is no part of the model"
