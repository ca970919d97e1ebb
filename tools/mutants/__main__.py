"""`python -m tools.mutants [NAME …]`: put each defect into a copy of the package and run the test that must see it.

Prints a line a defect; exits 1 if a test stays green (it proves nothing), or if the defect no longer fits the code.
The working tree is never touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.mutants.table import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]


def apply(mutant: Mutant, package: Path) -> None:
    """Write the defect. Raises ValueError where its place is not there exactly once."""
    path = package / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.file} holds the place {text.count(mutant.old)} times")
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")


def red(mutant: Mutant) -> tuple[bool, str]:
    """Whether the named test fails under the defect, and pytest's last line."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("src", "tests", "tools", "examples", "bench", "recipes", "docs"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        for part in ("pyproject.toml", "README.md"):
            shutil.copyfile(ROOT / part, copy / part)
        apply(mutant, copy / "src" / "luthier")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", mutant.test]
        path = os.pathsep.join([str(copy / "src"), str(copy)])
        data = os.environ.get("LUTHIER_TEST_DATA") or str(ROOT.parent / "shared")
        environment = {**os.environ, "PYTHONPATH": path, "LUTHIER_TEST_DATA": data}
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    told = (done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or [""])[-1]
    return done.returncode == 1, told  # 1: tests ran and failed; 2 to 5 would be a broken test run


def main() -> int:
    wanted = [m for m in MUTANTS if not sys.argv[1:] or any(word in m.name for word in sys.argv[1:])]
    survivors = 0
    for mutant in wanted:
        started = time.monotonic()
        try:
            caught, told = red(mutant)
        except ValueError as error:
            caught, told = False, str(error)
        survivors += not caught
        seconds = time.monotonic() - started
        print(f"{'red' if caught else 'GREEN':5}  {seconds:5.1f} s  {mutant.name}: {mutant.test}", flush=True)
        if not caught:
            print(f"       {told}", flush=True)
    print(f"{len(wanted) - survivors} of {len(wanted)} defects were seen")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main())
