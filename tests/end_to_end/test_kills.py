"""kill -9 at any moment, the same command again: the bits of an undisturbed run (on a CPU).

The children are forked from one parent that has imported everything and started no thread, so that each kill costs
seconds. The moments are seeded and printed.
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

PARENT = """
import hashlib, json, os, random, signal, sys, time, warnings
warnings.simplefilter("ignore")
import torch, transformers, peft, safetensors.torch                       # imported, nothing run: no thread is started
import luthier.data, luthier.evaluate, luthier.export, luthier.train.sft, luthier.engines.embedded
from luthier.cli.main import run

work, kills, seed, command = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]

def child(home, after=None):
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.environ["LUTHIER_HOME"] = home
        os.chdir(work)
        sys.stdout = sys.stderr = open(os.path.join(home, "log"), "a")
        code = 70
        try:
            code = run(command)
        finally:
            os._exit(code)
    if after is not None:
        while time.monotonic() - began < after and os.waitpid(pid, os.WNOHANG) == (0, 0):
            time.sleep(0.01)
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        return None, time.monotonic() - began
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), time.monotonic() - began

def digests(home):
    found = {}
    root = os.path.join(home, ".luthier", "artifacts")
    for name in sorted(os.listdir(root)):
        if name.startswith(("adapter-", "model-", "training-")):
            for file in sorted(os.listdir(os.path.join(root, name))):
                if file.endswith(".safetensors"):
                    with open(os.path.join(root, name, file), "rb") as f:
                        found[f"{name.split('-')[0]}/{file}"] = hashlib.sha256(f.read()).hexdigest()
    return found

homes = {name: os.path.join(work, name) for name in ("calm", "killed")}
for home in homes.values():
    os.makedirs(home)
code, seconds = child(homes["calm"])
rng, moments = random.Random(seed), []
for _ in range(kills):
    moment = rng.uniform(0.02, 0.95) * seconds
    moments.append(round(moment, 2))
    child(homes["killed"], after=moment)
last, _ = child(homes["killed"])
print(json.dumps({"code": code, "last": last, "seconds": seconds, "moments": moments,
                  "calm": digests(homes["calm"]), "killed": digests(homes["killed"])}))
"""


def killed_and_calm(folder: Path, *command: str, kills: int, seed: int) -> dict[str, Any]:
    """The command once undisturbed, and once killed so often at seeded moments and then let through: how both ended,
    and the hashes of the weights that each left."""
    arguments = [sys.executable, "-c", PARENT, str(folder), str(kills), str(seed), *command]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"undisturbed {told['seconds']:.1f} s; killed after {told['moments']} s")
    log = (folder / "killed" / "log").read_text()
    assert told["last"] == told["code"] and told["code"] in (0, 10, 11), log[-3000:]
    assert told["killed"] and told["killed"] == told["calm"]
    return told


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_random_moments_and_run_again(tmp_path: Path, write_job: Callable[[Path], Path]) -> None:
    write_job(tmp_path)
    kills = int(os.environ.get("LUTHIER_TEST_KILLS", "5"))
    killed_and_calm(tmp_path, "run", "colours.yaml", kills=kills, seed=20)
