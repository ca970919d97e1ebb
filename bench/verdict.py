"""How the benchmarks of training and planning end: the bars of targets.toml beside what was found, one line of JSON."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TARGETS = Path(__file__).resolve().parent / "targets.toml"


def targets_of(bench: str) -> dict[str, dict[str, float]]:
    """The bars of one benchmark; code never lowers them."""
    found: dict[str, dict[str, float]] = tomllib.loads(TARGETS.read_text())[bench]
    return found


def missed(targets: Mapping[str, Mapping[str, float]], found: Mapping[str, float | None]) -> list[str]:
    """Bars that were not met, of those that were looked at; what was looked at and could not be measured is missed."""
    return [
        name for name, value in found.items()
        if value is None or not targets[name].get("at_least", value) <= value <= targets[name].get("at_most", value)
    ]  # fmt: skip


def conclude(bench: str, figures: Mapping[str, Any], found: Mapping[str, float | None]) -> int:
    """Print the last line; gives the exit code. ``found`` are the figures that are judged, by their target's name."""
    targets = targets_of(bench)
    holds = not missed(targets, found)
    print(json.dumps({"bench": bench, "figures": figures, "targets": targets, "holds": holds}))
    return 0 if holds else 1
