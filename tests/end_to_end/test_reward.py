"""Pairs to a reward model on nano, used where scores are wanted; and kill -9 in the middle of learning it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.test_kills import killed_and_calm
from tests.end_to_end.test_preferences import FIRST, write_job

from luthier.data import examples
from luthier.pipeline.reward import open_reward
from luthier.pipeline.run import run_until
from luthier.recipe import load_recipe
from luthier.records import Message
from luthier.store import Store

REWARD = "train.method=reward"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_pairs_to_a_reward_model_that_filters_and_chooses(home: Path, luthier: Callable[..., tuple[int, Any]]) -> None:
    """One store: make a reward model, score a file by it, filter rows by it, choose answers by it."""
    recipe = write_job(home)
    (home / "first.yaml").write_text(FIRST)
    code, told = luthier("run", str(recipe), "--set", REWARD)
    assert code in (0, 10, 11), told
    targets = {r["reference_name"]: r for r in told["verdict"]["results"] if r["metric"] == "preference"}
    assert set(targets) == {"base", "length", "words"} and targets["words"]["status"] == "described"
    assert all(r["n"] == 24 and r["low"] <= r["delta"] <= r["high"] for r in targets.values())
    page = Path(told["report"]).read_text(encoding="utf-8")
    assert "What the rewards are like" in page and "Agreement by slice" in page and "rude" in page
    store = Store.open()
    adapter = told["artifacts"]["adapter"]

    model = open_reward(store, adapter)
    rows = [json.loads(line) for line in (home / "test.jsonl").read_text().splitlines()]
    chats = [((Message("user", r["prompt"]),), (Message("assistant", r[side]),), ()) for r in rows
             for side in ("chosen", "rejected")]  # fmt: skip
    values = [s.value or 0.0 for s in model.of_chats(chats)]
    right = sum(a > b for a, b in zip(values[::2], values[1::2], strict=True))
    assert 100 * right / len(rows) == pytest.approx(targets["base"]["candidate"], abs=1e-6)

    code, scored = luthier("predict", adapter, "test.jsonl", "-o", "rewards.jsonl")
    assert code == 0 and scored == {"output": "rewards.jsonl", "scored": len(rows), "unscored": 0}
    lines = [json.loads(line) for line in Path("rewards.jsonl").read_text().splitlines()]
    assert [x for line in lines for x in (line["chosen"], line["rejected"])] == pytest.approx(values, abs=1e-5)

    code, refused = luthier("chat", adapter, "-m", "hello")
    assert code == 1 and "reward model" in json.dumps(refused)
    code, refused = luthier("predict", "nano", "test.jsonl", "--best-of", "2", "--by", "nano")
    assert code == 1 and "no reward model" in json.dumps(refused)

    kept = run_until("data", load_recipe(home / "first.yaml", [
        f"data.select={{reward: {{model: {adapter}, keep: 50%}}}}"]), store)  # fmt: skip
    every = run_until("data", load_recipe(home / "first.yaml"), store)
    left, before = examples(kept, "train"), examples(every, "train")
    scores = {e.id: s.value or 0.0 for e, s in zip(before, model(before), strict=True)}
    assert len(left) == -(-len(before) // 2) and adapter in kept.parents
    assert min(scores[e.id] for e in left) >= max(v for name, v in scores.items() if name not in {e.id for e in left})

    by = f"{{kind: reward_model, model: {adapter}}}"
    learned = run_until("train", load_recipe(home / "first.yaml", [
        f"train.method={{kind: grpo, rewards: [{{by: {by}}}], group: 4, prompts: 4, max_tokens: 12}}",
        "train.max_steps=2", "train.batch_tokens=null"]), store)  # fmt: skip
    drawn = [h["reward"] for h in json.loads(learned.file("history.json").read_text())["history"] if "reward" in h]
    assert drawn and min(values) - 2 < sum(drawn) / len(drawn) < max(values) + 2, "on the reward model's own scale"

    (home / "few.jsonl").write_text("".join(json.dumps({"prompt": r["prompt"]}) + "\n" for r in rows[:4]))
    code, told = luthier("predict", "nano", "few.jsonl", "--best-of", "2", "--by", adapter, "--max-tokens", "6")
    assert code == 0 and told["answered"] == 4
    code, again = luthier("predict", "nano", "few.jsonl", "--best-of", "2", "--by", adapter, "--max-tokens", "6")
    assert code == 0 and again["reused"] == 4


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_while_learning_rewards_and_run_again(tmp_path: Path) -> None:
    path = write_job(tmp_path)
    path.write_text(path.read_text().replace("method: dpo", "method: reward"))
    told = killed_and_calm(tmp_path, "train", "manners.yaml", kills=2, seed=6)
    assert told["code"] == 0
