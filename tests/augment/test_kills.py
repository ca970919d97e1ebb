"""kill -9 at any moment, the same call again: the journal of an undisturbed run, byte for byte.

The model is scripted and takes a few milliseconds an answer, so kills fall between, before and into writes. Children
are forked from one parent that has imported everything; moments are seeded and printed. Beside it, every place at which
the last line can be torn.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from luthier.augment import Asker, Journal, Queue, Seed, generate
from luthier.augment.journal import NAME
from luthier.errors import LuthierError
from luthier.recipe.augment import AugmentSpec, EvolveSpec

ROOT = Path(__file__).resolve().parents[2]

PARENT = """
import json, os, random, signal, sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from luthier.augment import Asker, generate
from luthier.engines.scripted import ScriptedEngine
from luthier.recipe.augment import AugmentSpec, EvolveSpec
from tests.augment.conftest import make_seeds, scripted

work, kills, seed = Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
seeds = make_seeds(20)

def slow(request):
    time.sleep(0.004)
    return scripted(request)

def child(folder, after=None):
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            spec = AugmentSpec(rows=20 * kills, evolve=EvolveSpec(rounds=2))
            generate(spec, seeds, Asker(ScriptedEngine(slow)), folder, seed=3)
            code = 0
        finally:
            os._exit(code)
    if after is not None:
        time.sleep(after)
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status, time.monotonic() - began

folders = {name: work / name for name in ("calm", "killed")}
for folder in folders.values():
    folder.mkdir()
code, seconds = child(folders["calm"])
rng, moments, struck = random.Random(seed), [], 0
for _ in range(kills):
    moment = rng.uniform(0.2, 0.8) * seconds / kills
    moments.append(round(moment, 3))
    struck += child(folders["killed"], after=moment)[0] == -signal.SIGKILL
last, _ = child(folders["killed"])
print(json.dumps({"code": code, "last": last, "seconds": seconds, "moments": moments, "struck": struck}))
"""


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_kills_lose_and_double_nothing(tmp_path: Path, kills: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PARENT, str(ROOT), str(tmp_path), str(kills), "7"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    print(f"undisturbed {told['seconds']:.2f} s; {told['struck']} of {kills} kills struck, after {told['moments']} s")
    assert told["code"] == told["last"] == 0 and told["struck"] >= kills - 1
    assert (tmp_path / "killed" / NAME).read_bytes() == (tmp_path / "calm" / NAME).read_bytes()
    rows = [made["id"] for line in Journal.read(tmp_path / "killed").lines for made in line.get("rows", ())]
    assert len(rows) == len(set(rows)) >= 20 * kills


def test_a_line_torn_anywhere_is_made_again(seeds: Sequence[Seed], asker: Asker, tmp_path: Path) -> None:
    spec = AugmentSpec(rows=8, evolve=EvolveSpec(rounds=1))
    generate(spec, seeds, asker, tmp_path, seed=0)
    whole = (tmp_path / NAME).read_bytes()
    lines = whole.splitlines(keepends=True)
    for place in (0, 1, len(lines) // 2, len(lines) - 1):
        start = sum(map(len, lines[:place]))
        for cut in {start, start + 1, start + len(lines[place]) // 2, start + len(lines[place]) - 1}:
            (tmp_path / NAME).write_bytes(whole[:cut])
            generate(spec, seeds, asker, tmp_path, seed=0)
            assert (tmp_path / NAME).read_bytes() == whole, (place, cut)


def test_a_journal_changed_in_the_middle_is_refused(seeds: Sequence[Seed], asker: Asker, tmp_path: Path) -> None:
    generate(AugmentSpec(rows=4), seeds, asker, tmp_path, seed=0)
    lines = (tmp_path / NAME).read_bytes().splitlines(keepends=True)
    (tmp_path / NAME).write_bytes(b"".join([lines[0], b"oops\n", *lines[2:]]))
    with pytest.raises(LuthierError, match="cannot be read"):
        generate(AugmentSpec(rows=4), seeds, asker, tmp_path, seed=0)
    with pytest.raises(LuthierError, match="cannot be read"):
        Queue(tmp_path)
