"""Recipes of several stages on nano, with small jobs: fine-tuned, a reward model, learning from it; begun, stopped,
killed, gone on with."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.test_kills import killed_and_calm
from tests.end_to_end.test_preferences import write_job

from luthier.pipeline.run import run_until
from luthier.recipe import load_recipe
from luthier.store import Store

RECIPE = """\
luthier: 1
name: rlhf
model: {base: nano}
data: {source: rows.jsonl, test: test.jsonl, split: {validation: 15%}}
train: {tuning: {kind: lora, r: 4, alpha: 8}, evaluations: 1, checkpoints: 2}
evaluate: {max_items: 8, baselines: [base], max_tokens: 16}
export: {formats: adapter}
stages:
  - name: sft
    on_reject: go_on
    data: {map: {prompt: prompt, completion: chosen}}
    train: {method: sft, max_steps: 3, batch_tokens: 512}
    evaluate: {target: rouge_l}
  - name: reward
    on_reject: go_on
    train: {method: reward, max_steps: 3, batch_tokens: 512}
  - name: rl
    model: {adapter: "stage:sft"}
    data: {map: {prompt: prompt, completion: chosen}}
    train:
      method:
        {kind: grpo, rewards: {by: {kind: reward_model, model: "stage:reward"}}, group: 4, prompts: 4, max_tokens: 12}
      max_steps: 2
    evaluate: {target: {kind: reward_model, model: "stage:reward"}}
"""


def write_chain(folder: Path) -> Path:
    write_job(folder)
    path = folder / "rlhf.yaml"
    path.write_text(RECIPE)
    return path


def _read(page: str) -> str:
    return html.unescape(Path(page).read_text(encoding="utf-8"))


Luthier = Callable[..., tuple[int, Any]]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_three_stages_each_with_its_run_handed_on_and_reused(home: Path, luthier: Luthier) -> None:
    recipe = write_chain(home)
    code, planned = luthier("plan", str(recipe))
    assert code == 0 and [s["waits_for"] for s in planned["stages"]] == [[], [], ["sft", "reward"]]
    assert planned["stages"][2]["facts"]["rows"]["train"] > 30, "rows of a stage that waits are counted, too"

    code, told = luthier("run", str(recipe))
    assert code in (0, 10, 11), told
    sft, reward, rl = told["stages"]
    assert [s["reused"] for s in told["stages"]] == [False] * 3 and told["stopped"] is None
    assert [s["run"].rsplit("-", 1)[0] for s in told["stages"]] == ["rlhf-sft", "rlhf-reward", "rlhf-rl"]
    assert all(Path(s["report"]).is_file() and s["verdict"]["results"] for s in told["stages"])
    store = Store.open()
    lineage = "\n".join(store.lineage(rl["artifacts"]["adapter"]).render())
    assert sft["artifacts"]["adapter"] in lineage and reward["artifacts"]["adapter"] in lineage
    (result,) = [r for r in rl["verdict"]["results"] if r["role"] == "target" and r["reference_name"] == "base"]
    assert result["n"] == 8 and result["unit"] == "reward" and result["metric"].endswith(
        f"({reward['artifacts']['adapter']})"
    )
    assert abs(result["reference"]) < 10 and result["low"] <= result["delta"] <= result["high"]

    code, planned = luthier("plan", str(recipe))
    assert [s["done"] for s in planned["stages"]] == [s["run"] for s in told["stages"]] and planned["minutes"] == 0
    code, again = luthier("run", str(recipe))
    assert [s["run"] for s in again["stages"]] == [s["run"] for s in told["stages"]] and all(
        s["reused"] for s in again["stages"]
    )
    code, listed = luthier("runs")
    assert len(listed) == 3, "what stands is not run again"
    compared = ("runs", "compare", "rlhf-rl", "rlhf-sft", "--items", "6", "--judge")
    code, refused = luthier(*compared, reward["artifacts"]["adapter"])
    assert code == 2 and "learned from" in refused["error"]["what"]
    judge = ["train.method=reward", "train.max_steps=2", "train.evaluations=1", "train.checkpoints=0", "seed=5"]
    other = run_until("export", load_recipe(home / "manners.yaml", judge), store)
    code, found = luthier(*compared, other.id)
    assert code == 0 and found["worth"]["prompts"] == 6 and found["worth"]["answer"] in _read(found["page"])
    learned, tuned = found["worth"]["first"], found["worth"]["second"]
    assert list(learned["seconds"]) == [sft["run"], reward["run"], rl["run"]], "RL took all that it is made of"
    assert list(tuned["seconds"]) == [sft["run"]] and tuned["kl"] == tuned["kl_base"]
    assert learned["kl"]["estimate"] < learned["kl_base"]["estimate"], "it started from what fine-tuning made"
    assert learned["preference"] is None, "neither of the two has pairs"
    code, refused = luthier("runs", "compare", "rlhf-rl", "rlhf-sft", "rlhf-reward", "--judge", other.id)
    assert code == 2 and "these are 3" in refused["error"]["what"]

    code, _ = luthier("check", str(Path(rl["folder"]) / "recipe.yaml"))
    assert code == 0, "a stage's run is an ordinary run, with a recipe of its own"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_rejected_stage_stops_those_after_it_unless_told_otherwise(home: Path, luthier: Luthier) -> None:
    recipe = write_chain(home)
    guard = [{"text": "in the harbour the boat waits for rain"}, {"text": "the lamp stands by the market"}] * 10
    (home / "prose.jsonl").write_text("".join(json.dumps(row) + "\n" for row in guard))
    spoilt = [f"stages.sft.{key}" for key in (
        "on_reject=stop", "train.max_steps=2", "train.learning_rate=0.3", "train.watch.forgetting=off",
        "evaluate={regression: [{suite: prose.jsonl, margin: 1}]}",
    )]  # fmt: skip
    options = [word for key in spoilt for word in ("--set", key)]
    code, told = luthier("run", str(recipe), *options)
    assert code == 10 and told["stopped"] == "sft" and told["left"] == ["reward", "rl"]
    assert len(luthier("runs")[1]) == 1
    code, told = luthier("run", str(recipe), *options, "--set", "stages.sft.on_reject=go_on",
                         "--set", "stages.rl.train.max_steps=1")  # fmt: skip
    assert told["stopped"] is None
    assert [s["reused"] for s in told["stages"]] == [True, False, False], "only what is not done is done"
    assert told["stages"][0]["verdict"]["verdict"] == "REJECT"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_between_and_within_stages_and_run_again(tmp_path: Path) -> None:
    write_chain(tmp_path)
    told = killed_and_calm(tmp_path, "run", "rlhf.yaml", kills=2, seed=9)
    assert told["code"] in (0, 10, 11)
