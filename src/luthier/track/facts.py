"""What a run's folder says, as a tracker takes it: flat parameters, tags, and the verdict's figures as numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from luthier.store import Run
from luthier.store.artifact import Artifact, read_artifact
from luthier.store.merkle import root_of
from luthier.store.run import leaves

LONGEST = 500
"""Characters of a parameter or tag; trackers cut or refuse longer ones."""


def milliseconds(at: str) -> int:
    """An ISO 8601 time as milliseconds since 1970."""
    return round(datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp() * 1000)


def flat(value: Any) -> Iterator[tuple[str, str]]:
    """Nested facts as ``a.b`` -> text; what is not set is left out."""
    for key, found in leaves(value):
        if found not in (None, [], ()):
            yield key, _cut(", ".join(map(str, found)) if isinstance(found, list | tuple) else str(found))


def beginning(run: Run) -> dict[str, str]:
    """Tags that are known when a run starts: its code, its environment, its seed."""
    return {
        "luthier.run": run.id, **{f"luthier.code.{key}": text for key, text in run.code.items()},
        **{f"environment.{key}": text for key, text in flat(run.environment)},
        **dict(flat({k: run.facts[k] for k in ("seed", "threads") if k in run.facts})),
    }  # fmt: skip


def made(run: Run, artifacts: Path, known: Mapping[str, str]) -> dict[str, str]:
    """Tags of what the run has made so far: ids and digests, the dataset's root hash, the verdict and the report.
    What ``known`` says already is not read again."""
    tags: dict[str, str] = {}
    for stage, ids in run.made.items():
        for name in ids:
            kind = name.rpartition("-")[0]
            if known.get(kind) != name and (artifact := _artifact(artifacts / name)) is not None:
                tags |= {kind: name, f"{kind}.digest": artifact.digest}
                if kind == "dataset":
                    tags["dataset.root"] = root_of(artifact) or ""
                if stage == "export":
                    tags[f"{kind}.path"] = str(artifact.path)
    for fact in ("verdict", "reason", "error", "model"):
        if run.facts.get(fact):
            tags[f"luthier.{fact}"] = _cut(str(run.facts[fact]))
    if run.facts.get("report"):
        tags["luthier.report"] = str(run.dir / str(run.facts["report"]))
    return {name: text for name, text in tags.items() if known.get(name) != text}


def seen(run: Run) -> dict[str, str]:
    """What the monitors of the training said, by monitor, and why it stopped before its plan's end."""
    tags = {}
    for event in run.events():
        if event["kind"] == "diagnosis":
            tags[f"diagnosis.{event.get('monitor')}"] = _cut(str(event.get("said", "")))
        elif event["kind"] in ("stopped by a monitor", "stopped early"):
            tags["stopped"] = f"{event['kind']} at step {event.get('step')}"
    return tags


def verdict_numbers(run: Run) -> dict[str, float]:
    """Each line of the verdict: candidate, reference, difference with its bounds, and n."""
    try:
        verdict = json.loads((run.dir / "verdict.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    numbers: dict[str, float] = {}
    for line in verdict.get("results", ()):
        named = f"verdict/{line['suite']}/{line['metric']}/{line['reference_name']}"
        for key in ("candidate", "reference", "delta", "low", "high", "n"):
            value = line.get(key)
            if isinstance(value, int | float) and math.isfinite(value):
                numbers[f"{named}/{key}"] = float(value)
    return numbers


def _artifact(path: Path) -> Artifact | None:
    return read_artifact(path) if path.is_dir() else None


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
