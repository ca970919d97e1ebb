"""Write the quickstart job: `python -m tools.quickstart` from the root of the repository.

Promises: the same bytes each time. Writes train.jsonl, test.jsonl and README.md into the package, and planted.json
(where each planted fault stands) beside this file.
"""

from __future__ import annotations

from pathlib import Path

from tools.quickstart.job import build, write

HERE = Path(__file__).resolve().parent
PACKAGED = HERE.parents[1] / "src" / "luthier" / "pipeline" / "quickstart"

if __name__ == "__main__":
    job = build()
    write(job, packaged=PACKAGED, beside=HERE)
    print(f"{len(job.train_lines)} train lines, {len(job.test_lines)} test lines -> {PACKAGED}")
