"""A verdict as lines of plain text for the terminal. No colour is decided here, and nothing is printed."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from luthier.records import SuiteResult, Verdict
from luthier.report.figures import delta_unit, digits_for, interval, signed, value
from luthier.report.frontier import frontier_table

_WIDTH = 118


def verdict_lines(verdict: Verdict) -> list[str]:
    """Targets with every baseline, regression suites with margins, limits, then the verdict with reason and advice."""
    lines: list[str] = []
    targets: dict[tuple[str, str], list[SuiteResult]] = {}
    for r in verdict.results:
        if r.role == "target" and r.status != "described":
            targets.setdefault((r.suite, r.metric), []).append(r)
    systems = verdict.facts.get("systems", {})
    for (_, metric), results in targets.items():
        lines += _target(metric, results, {name: str(told.get("title", name)) for name, told in systems.items()})
    lines += _regression([r for r in verdict.results if r.role == "regression"])
    lines += [line for r in verdict.results if r.role == "limit" for line in _limit(r)]
    lines += _wrapped(verdict.kind.value, verdict.reason)
    return [*lines, *(line for text in verdict.advice for line in _wrapped("", text))]


def frontier_lines(frontier: Mapping[str, Any] | None) -> list[str]:
    """The adapter at part of its strength, as a table; nothing where it was not tried."""
    if frontier is None:
        return []
    rows, heads = frontier_table(frontier)
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    lines = ("   ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in (heads, *rows))
    return [f"  {'scales' if n == 0 else '':<11} {line}" for n, line in enumerate(lines)]


def _target(metric: str, results: Sequence[SuiteResult], titles: Mapping[str, str]) -> list[str]:
    names = {r.reference_name: titles.get(r.reference_name, r.reference_name) for r in results}
    others = " · ".join(f"{names[r.reference_name]} {value(r.reference, r.unit)}" for r in results)
    closest = min(results, key=lambda r: r.delta)
    digits = digits_for([closest.delta, closest.low, closest.high])
    gap = f"{signed(closest.delta, digits)} {interval(closest.low, closest.high, digits)} {delta_unit(closest.unit)}"
    over = names[closest.reference_name]
    tuned = f"tuned {value(closest.candidate, closest.unit)}   {gap} over {over}   {closest.status}"
    return [f"  target      {metric}   n={closest.n:,}", *_wrapped("", others), " " * 14 + tuned]


def _regression(results: Sequence[SuiteResult]) -> list[str]:
    """One line a suite, in columns."""
    table = []
    for r in results:
        digits = digits_for([r.delta, r.low, r.high])
        table.append(
            (
                f"{r.suite} {r.unit if r.unit != '%' else ''}".strip(),
                f"{value(r.reference, r.unit)} → {value(r.candidate, r.unit)}",
                f"{signed(r.delta, digits)} {interval(r.low, r.high, digits)}",
                f"margin {r.margin:g}{'%' if r.unit == 'bits/byte' else ''}",
                f"n={r.n:,}",
                r.status.upper() if r.status == "broken" else r.status,
            )
        )
    widths = [max(len(row[i]) for row in table) for i in range(6)] if table else []
    padded = ("   ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in table)
    return [f"  regression  {line.rstrip()}" for line in padded]


def _limit(r: SuiteResult) -> list[str]:
    """What an answer takes beside what it may take."""
    told = r.status.upper() if r.status == "broken" else r.status
    return _wrapped("limit", f"{r.suite}   {r.reason}   n={r.n:,}   {told}")


def _wrapped(label: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, _WIDTH - 14) or [""]
    head = f"  {label:<11} {lines[0]}" if len(label) <= 11 else f"  {label}  {lines[0]}"
    return [head, *(" " * 14 + line for line in lines[1:])]
