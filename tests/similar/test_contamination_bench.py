"""The measured claims, reduced: planted copies are found among 50,000 real rows, and clean sets are left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_recall_and_false_alarms_hold_on_real_text(realdata: Path) -> None:
    environment = os.environ | {"LUTHIER_TEST_DATA": str(realdata.parent), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(ROOT / "bench" / "contamination.py"), "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert told["holds"] and done.returncode == 0, told["figures"]["missed"]
    assert told["figures"]["rows"] == 50_000
    assert set(told["figures"]["alarms"]) == {"arc_against_gsm8k", "banking_deleaked", "arc_deleaked", "bbh"}
    assert all(one["same_by_pack"] for one in told["figures"]["alarms"].values())
