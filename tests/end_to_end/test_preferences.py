"""Preference data to a verdict on nano, with a small job; and kill -9 in the middle of learning from it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.test_kills import PARENT
from tools.manners import words
from tools.manners.__main__ import pairs

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


@pytest.mark.slow
def test_pairs_go_the_whole_way(manners: Path, luthier: Callable[..., tuple[int, Any]]) -> None:
    code, told = luthier("run", str(manners))
    assert code in (0, 10, 11), told
    targets = [r for r in told["verdict"]["results"] if r["role"] == "target" and r["metric"] == "preference"]
    assert {r["reference_name"] for r in targets} == {"base", "length", "words"}
    assert all(r["n"] == 24 and r["low"] <= r["delta"] <= r["high"] for r in targets)
    page = Path(told["report"]).read_text(encoding="utf-8")
    assert "preference accuracy" in page and "the longer answer" in page
    code, again = luthier("run", str(manners))
    assert again["artifacts"] == told["artifacts"], "every stage is found under its key"
    code, plan = luthier("plan", str(manners))
    assert code == 0 and "cached" in json.dumps(plan["stages"])


@pytest.mark.slow
def test_an_adapter_is_trained_further_and_is_its_own_reference(
    manners: Path, luthier: Callable[..., tuple[int, Any]]
) -> None:
    """Fine-tuned on the better answers first; preferences then start from that adapter, not from the bare base."""
    folder = manners.parent
    tuning = "tuning: {kind: lora, r: 4, alpha: 8}, max_steps: 4, evaluations: 1, checkpoints: 0, batch_tokens: 512"
    (folder / "first.yaml").write_text(
        "luthier: 1\nname: first\nmodel: {base: nano}\n"
        "data: {source: rows.jsonl, test: test.jsonl, map: {prompt: prompt, completion: chosen}}\n"
        f"train: {{method: sft, {tuning}}}\n"
        "evaluate: {target: exact, max_tokens: 4, baselines: base}\nexport: {formats: adapter}\n"
    )
    _, first = luthier("run", str(folder / "first.yaml"))
    _, bare = luthier("run", str(manners))
    code, told = luthier("run", str(manners), "--set", f"model.adapter={first['run']}")
    assert code in (0, 10, 11), told
    from luthier.store import Store

    store = Store.open(folder)
    lineage = store.lineage(told["artifacts"]["adapter"]).render()
    assert first["artifacts"]["adapter"] in lineage
    histories = {a.id: json.loads(a.file("history.json").read_text()) for a in store.artifacts("training")}
    started = [h for h in histories.values() if "held_out" in h["history"][0]]
    assert len(started) == 2, "with and without the adapter are two trainings"
    for h in started:  # at the start each is its own reference: no lead, no drift
        assert h["first_loss"] == pytest.approx(0.6931, abs=1e-3)
        assert abs(h["history"][0]["held_out"]["chosen_change"]) < 1e-3
    assert started[0]["history"][0]["held_out"]["chosen_logp"] != pytest.approx(
        started[1]["history"][0]["held_out"]["chosen_logp"], abs=0.5
    )
    assert bare["artifacts"]["adapter"] != told["artifacts"]["adapter"]
    code, refused = luthier("run", str(manners), "--set", f"model.adapter={first['run']}", "--set", "train.tuning.r=8")
    assert code == 1 and "r: 4" in json.dumps(refused)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_while_learning_preferences_and_run_again(tmp_path: Path) -> None:
    write_job(tmp_path)
    parent = PARENT.replace('["run", "colours.yaml"]', '["train", "manners.yaml"]')
    done = subprocess.run(
        [sys.executable, "-c", parent, str(tmp_path), "3", "6"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    print(f"undisturbed {told['seconds']:.1f} s; killed after {told['moments']} s")
    assert told["code"] == told["last"] == 0, (tmp_path / "killed" / "log").read_text()[-3000:]
    assert told["killed"] and told["killed"] == told["calm"]
