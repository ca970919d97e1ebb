"""New tokens on nano from a recipe to predictions; killed on the way and run again, the same bits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.test_kills import killed_and_calm

from luthier.pipeline.resolve import find
from luthier.store import Store

RECIPE = """\
luthier: 1
name: calls
model: {base: nano, new_tokens: ["<lookup>", "<refund>"]}
data: {source: rows.jsonl, split: {test: 25%, validation: 15%}}
train: {tuning: {kind: lora, r: 4, alpha: 8}, max_steps: 12, evaluations: 2, checkpoints: 4, batch_tokens: 512}
evaluate: {target: exact, baselines: [base], max_tokens: 12}
"""


def write_job(folder: Path) -> Path:
    rows = []
    for i in range(60):
        what = ("<lookup>", "<refund>")[i % 2]
        asked = f"After {what if i % 3 == 0 else 'that'}: {'where is' if i % 2 == 0 else 'pay back'} order {7 * i}?"
        rows.append({"prompt": asked, "completion": f"{what} {7 * i}"})
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = folder / "calls.yaml"
    path.write_text(RECIPE)
    return path


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_new_tokens_from_a_recipe_to_predictions_and_killed_on_the_way(
    tmp_path: Path, luthier: Callable[..., tuple[int, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_job(tmp_path)
    killed_and_calm(tmp_path, "run", "calls.yaml", kills=1, seed=9)
    monkeypatch.setenv("LUTHIER_HOME", str(tmp_path / "calm"))
    monkeypatch.chdir(tmp_path)
    store = Store.open()
    (run,) = store.runs()
    assert "cross-template" not in json.dumps(run.facts), "prompts that hold new tokens are the base's prompts"
    answers = {}
    for kind in ("adapter", "model"):
        (artifact,) = store.artifacts(kind)
        code, told = luthier("predict", artifact.id, "rows.jsonl", "-o", f"{kind}.jsonl", "--max-tokens", "8")
        assert code == 0 and told["answered"] == 60 and not told["refused"]
        answers[kind] = [json.loads(line)["answer"] for line in Path(f"{kind}.jsonl").read_text().splitlines()]
    same = sum(a == b for a, b in zip(answers["adapter"], answers["model"], strict=True))
    assert same >= 57, "bf16 rounds the merged model: near-ties may fall the other way"
    (adapter,) = store.artifacts("adapter")
    assert find(store, adapter.id).source.new_tokens == ("<lookup>", "<refund>")
