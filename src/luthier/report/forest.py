"""The forest plot: every deciding difference with its 95% interval, zero, and the margin it was held to.

Target and regression have panels of their own: their scales differ by an order. Coordinates are percentages, so that it
is as readable on a phone as on paper.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from luthier.records import SuiteResult
from luthier.report.figures import delta_unit, digits_for, esc, interval, signed, tick_label, ticks, value

GLYPHS = {
    "improved": "✓", "held": "✓", "worse": "✗", "broken": "✗", "undecided": "?", "insensitive": "–", "described": "·",
}  # fmt: skip


def status(word: str) -> str:
    """A status as a sign, a colour and a word."""
    return f'<span class="status s-{esc(word)}">{GLYPHS.get(word, "·")} {esc(word)}</span>'


def forest(results: Sequence[SuiteResult], titles: Mapping[str, str]) -> str:
    """Both panels; empty text if nothing was compared. ``titles``: of metrics and systems by name."""
    panels = []
    headings = {"target": "Target: tuned minus each baseline", "regression": "Regression: tuned minus base"}
    for role, heading in headings.items():
        rows = [r for r in results if r.role == role and r.status != "described"]
        if rows:
            panels.append(_panel(heading, rows, role, titles))
    if not panels:
        return ""
    legend = (
        '<p class="note">Dot: the difference (right is better). Bar: two-sided 95% interval, for reading. '
        "Triangle: the one-sided bound that decides. Dashed: the bound must stay right of it "
        "(zero for a target, minus the margin for a regression suite).</p>"
    )
    return f'<div class="forest">{"".join(panels)}</div>{legend}'


def _panel(heading: str, rows: Sequence[SuiteResult], role: str, titles: Mapping[str, str]) -> str:
    numbers = [x for r in rows for x in (r.low, r.high, r.delta, r.bound, 0.0, -r.margin) if math.isfinite(x)]
    low, high = min(numbers), max(numbers)
    pad = (high - low or 1.0) * 0.08
    low, high = low - pad, high + pad
    units = dict.fromkeys(delta_unit(r.unit) for r in rows)
    lines = [_row(r, low, high, role, titles) for r in rows]
    return (
        f'<section class="panel"><h3>{esc(heading)}</h3>{"".join(lines)}'
        f'<div class="frow axis"><span></span>{_axis(low, high)}'
        f'<span class="unit">{esc(" or ".join(units))}</span></div>'
        "</section>"
    )


def _row(result: SuiteResult, low: float, high: float, role: str, titles: Mapping[str, str]) -> str:
    def x(number: float) -> str:
        return f"{100 * (min(max(number, low), high) - low) / (high - low):.2f}%"

    metric = titles.get(result.metric, result.metric.replace("_", " "))
    over = f"over {titles.get(result.reference_name, result.reference_name)}"
    name, against = (result.suite if role == "regression" else over), metric
    digits = digits_for([result.delta, result.low, result.high])
    words = f"{signed(result.delta, digits)} {interval(result.low, result.high, digits)} {delta_unit(result.unit)}"
    limit = -result.margin if role == "regression" else 0.0
    marks = [f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="0" y2="100%"/>']
    if limit or role == "target":
        marks.append(f'<line class="limit" x1="{x(limit)}" x2="{x(limit)}" y1="0" y2="100%"/>')
    if math.isfinite(result.low) and math.isfinite(result.high):
        marks.append(f'<line class="bar" x1="{x(result.low)}" x2="{x(result.high)}" y1="50%" y2="50%"/>')
    if math.isfinite(result.bound):
        arrow = '<path class="bound" d="M0 -3 l5 -9 l-10 0 z"/>'
        marks.append(f'<svg x="{x(result.bound)}" y="50%" overflow="visible">{arrow}</svg>')
    if math.isfinite(result.delta):
        marks.append(f'<circle class="dot" cx="{x(result.delta)}" cy="50%" r="5"/>')
    return (
        f'<div class="frow f-{esc(result.status)}" title="{esc(result.reason)}">'
        f'<span class="who"><b>{esc(name)}</b> <small>{esc(against)}</small></span>'
        f'<svg class="track" role="img" aria-label="{esc(name)}: {esc(words)}">{"".join(marks)}</svg>'
        f'<span class="what"><b>{esc(signed(result.delta, digits))}</b>'
        f" {esc(interval(result.low, result.high, digits))} {status(result.status)}"
        f"<small>{_from_to(result)}</small></span></div>"
    )


def _from_to(result: SuiteResult) -> str:
    before, after = value(result.reference, result.unit), value(result.candidate, result.unit)
    margin = f" · margin {result.margin:g}" if result.margin else ""
    return f"{esc(before)} → {esc(after)} · n = {result.n:,}{margin}"


def _axis(low: float, high: float) -> str:
    marks = []
    for number in ticks(low, high, 5):
        place = f"{100 * (number - low) / (high - low):.2f}%"
        marks.append(f'<line x1="{place}" x2="{place}" y1="0" y2="5"/>')
        marks.append(f'<text x="{place}" y="18">{tick_label(number)}</text>')
    return f'<svg class="track" aria-hidden="true">{"".join(marks)}</svg>'
