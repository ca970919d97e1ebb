"""kill -9 at any moment, the same command again: the bits of an undisturbed run (on a CPU).

Moments and comparison are those of bench/kills.py: children forked from one parent that has imported everything and
started no thread, killed in every phase, at a line or by the clock, seeded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench" / "kills.py"


def killed_and_calm(folder: Path, *command: str, kills: int, seed: int) -> dict[str, Any]:
    """The command once undisturbed, in the home ``calm``, and once killed so often at seeded moments and then let
    through; gives what was counted, once everything that both left was the same."""
    options = ["--quick", "--json", "--folder", str(folder), "--kills", str(kills), "--seed", str(seed)]
    done = subprocess.run(
        [sys.executable, str(BENCH), *options, "--", *command], capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])["figures"]["own"]
    print(f"undisturbed {told['undisturbed_s']} s; {told['kills']} of {kills} kills struck in {told['phases']}")
    assert told["held"], told["wrong"]
    assert told["kills"] + told["missed"] == kills and told["kills"], "somebody was killed"
    return told


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_random_moments_and_run_again(tmp_path: Path, write_job: Callable[[Path], Path]) -> None:
    write_job(tmp_path)
    kills = int(os.environ.get("LUTHIER_TEST_KILLS", "5"))
    told = killed_and_calm(tmp_path, "run", "colours.yaml", kills=kills, seed=20)
    named = {name.partition("-")[0] for name in told["artifacts"]}
    assert {"dataset", "training", "adapter", "model", "ledger"} <= named, "all of these were compared"
    assert {"colours/verdict.json", "colours/report.html"} <= set(told["compared"])
