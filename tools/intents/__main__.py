"""Write the rows of a job of classification: the messages of the quickstart with their intents, one of eight.

    python -m tools.intents recipes/data            a moment; the same bytes for the same quickstart

The faults of the quickstart's rows stay: rows whose answer is no JSON object with an intent are left out, nothing else.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

ROWS = Path(__file__).resolve().parents[2] / "src" / "luthier" / "pipeline" / "quickstart"


def rows(side: str) -> Iterator[dict[str, str]]:
    """Message and intent of each row of a side that has both."""
    for line in (ROWS / f"{side}.jsonl").read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            messages = {m["role"]: m["content"] for m in json.loads(line)["messages"]}
            yield {"text": messages["user"], "label": json.loads(messages["assistant"])["intent"]}
        except (ValueError, KeyError, TypeError):
            continue


def main() -> None:
    """Write ``intents.jsonl.gz`` and ``intents-test.jsonl.gz``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    for side, name in (("train", "intents"), ("test", "intents-test")):
        made = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(side))
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(made.encode(), mtime=0))


if __name__ == "__main__":
    main()
