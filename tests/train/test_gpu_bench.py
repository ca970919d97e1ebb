"""The benchmark of accelerators, on a processor: the same code, ours and TRL's losses on identical batches."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench" / "gpu.py"


def bench(*more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(BENCH), *more], capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.slow
def test_ours_and_trl_lose_alike_and_who_is_missing_is_told(tmp_path: Path) -> None:
    pytest.importorskip("trl")
    out = tmp_path / "rows.jsonl"
    arms = ("luthier", "trl", "unsloth")
    ended = bench("--device", "cpu", "--shape", "tiny", "--tuning", "lora", "--out", str(out), "--arms", *arms)
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["holds"] and ended.returncode == 0, ended.stdout + ended.stderr
    rows = {row["arm"]: row for row in map(json.loads, out.read_text().splitlines())}
    assert list(rows) == list(arms), "written as they end, in their order"
    assert 0 < rows["trl"]["parity"] < 1e-4 and len(rows["trl"]["losses"]) == len(rows["luthier"]["losses"]) == 6
    assert all(rows[arm]["tokens_per_s"] > 0 and rows[arm]["bytes"] > 0 for arm in ("luthier", "trl"))
    assert "not available" in rows["unsloth"]["problem"] and "Unsloth" in ended.stdout


@pytest.mark.slow
def test_without_an_accelerator_nothing_is_made_up() -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is one")
    ended = bench("--shape", "llama-8b", "--tuning", "lora")
    assert ended.returncode == 1 and "not measured: no accelerator" in ended.stdout
