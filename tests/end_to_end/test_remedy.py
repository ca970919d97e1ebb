"""After a REJECT the adapter is tried weaker on rows that the gate never sees, and ``--remedy 1`` ships it so."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

import luthier as package
from luthier.pipeline import probes
from luthier.store import Store

Luthier = Callable[..., tuple[int, Any]]
REPLAY = Path(package.__file__).parent / "models/nano/replay.jsonl.gz"
RECIPE = """\
luthier: 1
name: forget
seed: 3
model: {base: nano}
data: {source: rows.jsonl, split: {test: 25%, validation: 15%}}
train:
  tuning: {kind: lora, r: 8, alpha: 16, targets: all-linear}
  max_steps: 16
  learning_rate: 5e-3
  batch_tokens: 512
  evaluations: 2
  checkpoints: 0
evaluate:
  target: {kind: json_fields, fields: [colour]}
  regression: [{suite: old.jsonl, margin: 12}]
  baselines: [base]
  max_tokens: 24
"""


@pytest.fixture
def forget(home: Path, write_job: Callable[..., Path]) -> Path:
    """A job that the base learns in a few steps, at a rate at which it forgets; the guard is what it knows."""
    write_job(home, 150)
    rows = map(json.loads, gzip.decompress(REPLAY.read_bytes()).splitlines())
    known = [r["messages"] for r in rows if r.get("skill") in ("pick", "copy", "topic", "mood", "haste")]
    known = [m for m in known if len(m) == 2][:60]
    items = [{"messages": [{"role": "user", "content": q["content"]}], "answer": a["content"]} for q, a in known]
    (home / "old.jsonl").write_text("".join(json.dumps(i) + "\n" for i in items))
    path = home / "forget.yaml"
    path.write_text(RECIPE)
    return path


@pytest.mark.slow
def test_a_rejected_adapter_is_tried_weaker_and_shipped_so(forget: Path, luthier: Luthier) -> None:
    code, first = luthier("run", "forget.yaml")
    guard = next(r for r in first["verdict"]["results"] if r["role"] == "regression")
    assert code == 10 and guard["status"] == "broken"
    points = first["frontier"]["points"]
    assert [p["scale"] for p in points] == [0.25, 0.4, 0.6, 0.8, 1.0]
    kept = [p["kept"][0]["candidate"] for p in points]
    assert kept[0] > kept[-1] + 10, "weaker keeps more"
    best = first["frontier"]["best"]
    assert best is not None and best < 1
    assert first["remedies"][0]["keys"] == {"export.scale": best}
    advice = " ".join(first["verdict"]["advice"])
    assert f"[1] export.scale: {best:.0%}" in advice and "--remedy N" in advice
    page = Path(first["report"]).read_text()
    assert "The adapter at part of its strength" in page and "forgetting" in page

    # none of the probe rows stands in training or in the gate's suite
    store = Store.open()
    asked = {e.asked for e in probes.read(store.artifacts("probes")[0])}
    sealed = {json.loads(line)["messages"][0]["content"] for line in Path("old.jsonl").read_text().splitlines()}
    assert len(asked) > 300 and not asked & sealed

    copy = str(Path(first["folder"]) / "recipe.yaml")  # what the run prints as the next act
    code, second = luthier("run", copy, "--remedy", "1")
    assert second["artifacts"]["dataset"] == first["artifacts"]["dataset"]
    assert len(store.artifacts("training")) == 1, "nothing was trained again"
    whole, part = (
        load_file(store.get(made["artifacts"]["adapter"]).file("adapter_model.safetensors")) for made in (first, second)
    )
    for name, tensor in whole.items():
        share = best if ".lora_B." in name else 1.0
        assert (part[name] - share * tensor).abs().max() < 1e-6
    parity = json.loads(store.get(second["artifacts"]["model"]).file("parity.json").read_text())
    assert parity["holds"]
    again = next(r for r in second["verdict"]["results"] if r["role"] == "regression")
    assert again["delta"] > guard["delta"] + 10
    assert second["verdict"]["facts"]["test_use"] == 2, "a look at the gate's items is counted"
    assert code == {"PROMOTE": 0, "REJECT": 10, "INCONCLUSIVE": 11}[second["verdict"]["verdict"]]
    assert luthier("verify")[0] == 0

    # any suggestion can be applied by its number; the run's own copy of the recipe knows them too
    code, told = luthier("run", "forget.yaml", "--remedy", "9")
    assert code == 2 and "has no remedy 9" in told["error"]["what"]
