"""The frontier of an adapter as cells: one row a scale, the target and what is kept beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from luthier.records import SuiteResult
from luthier.report.figures import digits_for, interval, signed, value


def frontier_table(frontier: Mapping[str, Any]) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """(rows, heads). Differences are paired against the base, with 95% intervals; positive is better."""
    rows: list[tuple[str, ...]] = []
    heads: tuple[str, ...] = ()
    for point in frontier["points"]:
        target = SuiteResult.from_dict(point["target"])
        kept = [SuiteResult.from_dict(line) for line in point["kept"]]
        lost = [line.suite for line in kept if line.status not in ("held", "insensitive")]
        offered = point["scale"] == frontier["best"]
        word = "offered" if offered else "passes" if point["passes"] else f"{' and '.join(lost) or 'target'} not held"
        word = "no gain" if not lost and not point["passes"] else word
        cells = (f"{value(target.candidate, target.unit)}", *map(_difference, kept), word)
        rows.append((f"{point['scale']:.0%}", *cells))
        named = (f"{line.suite} n={line.n:,}, margin {line.margin:g}" for line in kept)
        heads = ("scale", f"{target.metric} n={target.n:,}", *named, "")
    return rows, heads


def _difference(line: SuiteResult) -> str:
    digits = digits_for([line.delta, line.low, line.high])
    return f"{signed(line.delta, digits)} {interval(line.low, line.high, digits)}"
