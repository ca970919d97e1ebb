"""Line charts as SVG, readable in print and at half size. Two series are told apart by more than colour."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from luthier.report.figures import esc, tick_label, ticks

Point = tuple[float, float]
W, H = 480, 232
LEFT, RIGHT, TOP, BOTTOM = 54, 14, 14, 36


@dataclass(frozen=True, slots=True)
class Series:
    """One line. ``style`` is a class of the page's style sheet: main, second, faint, dots, r1 to r8. ``marked`` puts a
    mark at each point, ``label`` its name beside it; ``bounds`` draws an interval (low, high) at each."""

    name: str
    points: Sequence[Point]
    style: str = "main"
    marked: bool = False
    label: bool = False
    bounds: Sequence[Point] = ()


def chart(
    title: str, series: Sequence[Series], *, unit: str = "", mark: Point | None = None, mark_text: str = "",
    across: str = "step", names: Sequence[str] = (), legend: bool = True, log: bool = False,
) -> str:  # fmt: skip
    """One chart; empty text if there is nothing to draw. ``mark`` rings a point and says what it is.

    ``across`` names the horizontal axis; with ``names`` its places 0, 1, … carry these words instead of numbers.
    ``log``: equal ratios are equally far apart upwards (numbers above 0, no marks and bounds).
    """
    height = math.log10 if log else float
    drawn = [
        replace(s, points=_thin([(x, height(y)) for x, y in s.points if math.isfinite(y)])) for s in series
    ]
    drawn = [s for s in drawn if s.points]
    if not drawn:
        return ""
    xs = [x for s in drawn for x, _ in s.points]
    ys = [y for s in drawn for _, y in s.points] + [y for s in drawn for low_high in s.bounds for y in low_high]
    x0, x1 = (-0.5, len(names) - 0.5) if names else (min(xs), max(max(xs), min(xs) + 1))
    y0, y1 = min(ys), max(ys)
    y0 = 0.0 if 0 <= y0 < 0.4 * y1 and not log else y0
    pad = (y1 - y0 or abs(y1) or 1.0) * 0.06
    y0, y1 = (y0 if y0 == 0 else y0 - pad), y1 + pad

    def px(x: float) -> float:
        return LEFT + (W - LEFT - RIGHT) * (x - x0) / (x1 - x0)

    def py(y: float) -> float:
        return H - BOTTOM - (H - TOP - BOTTOM) * (y - y0) / (y1 - y0)

    body = []
    for y in _log_ticks(y0, y1) if log else ticks(y0, y1, 4):
        told = tick_label(round(10**y, 12) if log else y)
        body.append(f'<line class="grid" x1="{LEFT}" x2="{W - RIGHT}" y1="{py(y):.1f}" y2="{py(y):.1f}"/>')
        body.append(f'<text class="ytick" x="{LEFT - 6}" y="{py(y) + 4:.1f}">{esc(told)}</text>')
    shown = list(enumerate(names)) if names else [(x, tick_label(x)) for x in ticks(x0, x1, 5)]
    for x, text in shown:
        body.append(f'<text class="xtick" x="{px(x):.1f}" y="{H - BOTTOM + 17}">{esc(text)}</text>')
    if y0 < 0 < y1 and not log:
        body.append(f'<line class="base" x1="{LEFT}" x2="{W - RIGHT}" y1="{py(0):.1f}" y2="{py(0):.1f}"/>')
    body.append(f'<line class="base" x1="{LEFT}" x2="{W - RIGHT}" y1="{H - BOTTOM}" y2="{H - BOTTOM}"/>')
    body.append(f'<text class="xtick" x="{(LEFT + W - RIGHT) / 2:.0f}" y="{H - 4}">{esc(across)}</text>')
    for s in drawn:
        places = [(px(x), py(y)) for x, y in s.points]
        for (x, _), (low, high) in zip(s.points, s.bounds, strict=False):
            ends = f'x1="{px(x):.1f}" x2="{px(x):.1f}" y1="{py(low):.1f}" y2="{py(high):.1f}"'
            body.append(f'<line class="line {s.style}" {ends}/>')
        if len(places) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            body.append(f'<polyline class="line {s.style}" points="{path}"/>')
        if s.label:
            body += [f'<text x="{x + 7:.1f}" y="{y + 4:.1f}">{esc(s.name)}</text>' for x, y in places]
        if s.marked or s.style in ("second", "dots") or len(places) == 1:
            body += [f'<circle class="point {s.style}" cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>' for x, y in places]
    if mark is not None:
        x, y = px(mark[0]), py(mark[1])
        body.append(f'<circle class="ring" cx="{x:.1f}" cy="{y:.1f}" r="7"/>')
    named = [s for s in drawn if legend and (len(drawn) > 1 or s.style != "main")]
    keys = " ".join(f'<span class="key k-{s.style}">{esc(s.name)}</span>' for s in named)
    if mark is not None:
        keys += f' <span class="key k-ring">{esc(mark_text)}</span>'
    head = f"{esc(title)}{f' <small>{esc(unit)}</small>' if unit else ''}"
    told_as = esc(f"{title} over {'steps' if across == 'step' else across}")
    return (
        f'<figure class="chart"><figcaption><b>{head}</b> {keys}</figcaption>'
        f'<svg viewBox="0 0 {W} {H}" role="img" aria-label="{told_as}">{"".join(body)}</svg></figure>'
    )


def _log_ticks(low: float, high: float) -> list[float]:
    """Logarithms of round numbers: powers of ten alone where they are many."""
    steps = (1, 2, 5) if high - low < 2.5 else (1,)
    logs = [p + math.log10(m) for p in range(math.floor(low), math.ceil(high) + 1) for m in steps]
    return [y for y in logs if low <= y <= high]


def training_charts(training: Mapping[str, Any], speed: Sequence[tuple[int, float]]) -> str:
    """Loss with validation (or rewards, and what became of the answers), what monitors saw, learning rate, speed."""
    history: Sequence[Mapping[str, Any]] = training.get("history", ())
    rewards = _points(history, "reward")
    seen, val = rewards or _points(history, "loss"), _points(history, "val")
    if rewards:
        val = [(x, -y) for x, y in val]
    best = next(((x, y) for x, y in val if x == training.get("best_step")), None)
    note = f"best {best[1]:.3f} at step {best[0]:,.0f}" if best else ""
    named = ("answers drawn", "held-out prompts") if rewards else ("train", "validation")
    lines = [Series("each step", seen, "faint"), Series(named[0], smooth(seen)), Series(named[1], val, "second")]
    title, unit = ("Reward", "mean an answer") if rewards else ("Loss", "nats a token")
    charts = [chart(title, lines, unit=unit, mark=best, mark_text=note)]
    if rewards:
        shown = ("kl", "KL to the reference", "nats an answer"), ("entropy", "Entropy", "nats a token"), (
            "length", "Length of the answers", "tokens")  # fmt: skip
        for key, title, unit in shown:
            points = _points(history, key)
            charts.append(chart(title, [Series("each step", points, "faint"), Series(key, smooth(points))], unit=unit))
        if explained := _points(history, "explained"):
            lines = [Series("each step", explained, "faint"), Series("explained", smooth(explained))]
            charts.append(chart("Value head", lines, unit="share of the returns' variance that it explains"))
    probes: dict[str, list[Point]] = {}
    for entry in history:
        for name, number in (entry.get("probe") or {}).items():
            if isinstance(number, (int, float)):
                probes.setdefault(str(name), []).append((float(entry["step"]), float(number)))
    charts += [chart(f"Monitor: {name}", [Series(name, points, "second")]) for name, points in sorted(probes.items())]
    charts.append(chart("Learning rate", [Series("learning rate", _points(history, "rate"))]))
    rates = [(float(step), float(rate)) for step, rate in speed]
    charts.append(chart("Speed", [Series("tokens a second", rates)], unit="tokens a second"))
    return f'<div class="charts">{"".join(charts)}</div>'


def _points(history: Sequence[Mapping[str, Any]], key: str) -> list[Point]:
    found = ((entry.get("step"), entry.get(key)) for entry in history)
    numbers = ((x, y) for x, y in found if isinstance(x, (int, float)) and isinstance(y, (int, float)))
    return [(float(x), float(y)) for x, y in numbers if math.isfinite(y)]


def _thin(points: Sequence[Point]) -> Sequence[Point]:
    """At most about 800 points: means of neighbours, where a run has many steps."""
    size = math.ceil(len(points) / 800)
    if size <= 1:
        return points
    groups = (points[i : i + size] for i in range(0, len(points), size))
    return [(sum(x for x, _ in g) / len(g), sum(y for _, y in g) / len(g)) for g in groups]


def smooth(points: Sequence[Point]) -> list[Point]:
    """A running mean over about a twentieth of the run, both sides; short runs stay as they are."""
    half = len(points) // 40
    sums = [0.0, *accumulate(y for _, y in points)]
    out = []
    for i, (x, _) in enumerate(points):
        first, last = max(0, i - half), min(len(points), i + half + 1)
        out.append((x, (sums[last] - sums[first]) / (last - first)))
    return out
