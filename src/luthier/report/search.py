"""A search as lines of a terminal and as one page: the answer, loss against cost, every trial; and its two sisters, the
learning curve and the range test."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from luthier.report.document import document
from luthier.report.figures import duration, esc, signed, tick_label, ticks

_W, _H, _LEFT, _RIGHT, _TOP, _BOTTOM = 520, 300, 62, 18, 16, 44
_HEADS = ("trial", "loss", "other rows", "forgets", "TFLOP", "time", "what was tried")
Told = Mapping[str, Any]


def search_lines(account: Told) -> list[str]:
    """The trials, those that no other one beats in everything marked, and the answer."""
    rows = [_HEADS, *(_cells(t, account) for t in _sorted(account))]
    legend = "  ◆ no other trial has less of loss, forgetting and cost at once"
    return [*_aligned(rows), "", legend, f"  {account['said']}"]


def search_page(account: Told, name: str) -> str:
    """The whole page as text; it loads nothing."""
    heads = "".join(f"<th>{esc(h)}</th>" for h in _HEADS)
    trials = "".join(
        f"<tr>{''.join(f'<td>{esc(c)}</td>' for c in _cells(t, account))}</tr>" for t in _sorted(account)
    )
    done = [t for t in account["trials"] if t["state"] == "done"]
    cost = _scatter("Loss against cost", done, account, "operations", "TFLOP of training", 1e-12)
    kept = _scatter("Loss against forgetting", done, account, "forgetting", "percent of the loss on general rows", 1.0)
    body = (
        f'<section><p class="name">{esc(name)} <small>search, {len(account["trials"])} trials</small></p>'
        f'<div class="verdict v-promote"><p>{esc(account["said"])}</p></div>'
        f'<div class="plots">{cost}{kept}</div>'
        '<p class="note">◆ no other trial has less of loss, forgetting and cost at once; ■ the recipe as it stands; '
        "● another. Loss in nats a trained token on the validation rows by which the winner is chosen; “other rows” "
        "are validation rows that chose nothing. The gate's test rows are not read by a search.</p></section>"
        f"<section><h2>Trials</h2><table><thead><tr>{heads}</tr></thead><tbody>{trials}</tbody></table></section>"
    )
    return document(f"{name} · search", _STYLE, f"<main>{body}</main>", made="search")


def curve_lines(curve: Told) -> list[str]:
    """The learning curve as a table, and the answer."""
    rows = [("rows", "loss", "of each repeat")]
    rows += [
        (f"{n:,}", f"{loss:.4f}", "  ".join(f"{one[i]:.4f}" for one in curve["repeats"]))
        for i, (n, loss) in enumerate(zip(curve["rows"], curve["loss"], strict=True))
    ]
    return [*_aligned(rows), "", f"  {curve['said']}", f"  measured on {curve['validation_rows']:,} validation rows"]


def curve_page(curve: Told, name: str) -> str:
    """The learning curve as one page: the answer, every repeat, and what the next doubling would come to."""
    ahead = 2 * curve["rows"][-1]
    last, gain = curve["loss"][-1], curve["next"]
    points = [(math.log2(n), loss) for n, loss in zip(curve["rows"], curve["loss"], strict=True)]
    band = [last * (1 - gain[end]) for end in ("high", "estimate", "low")]
    axes = _Axes(
        (points[0][0] - 0.3, math.log2(ahead) + 0.3),
        _span([y for _, y in points] + [y for one in curve["repeats"] for y in one] + band),
    )
    px, py = axes.px, axes.py
    parts = axes.drawn([(math.log2(n), f"{n:,}") for n in (*curve["rows"], ahead)], "rows to train on")
    parts += [
        f'<circle class="other" cx="{px(x):.1f}" cy="{py(one[i]):.1f}" r="3"/>'
        for one in curve["repeats"] for i, (x, _) in enumerate(points)
    ]  # fmt: skip
    joined = " ".join(f"{px(x):.1f},{py(y):.1f}" for x, y in points)
    parts.append(f'<polyline fill="none" stroke="var(--blue)" stroke-width="2.5" points="{joined}"/>')
    at = px(math.log2(ahead))
    parts.append(
        f'<line stroke="var(--red)" stroke-width="2" x1="{at:.1f}" x2="{at:.1f}" y1="{py(band[0]):.1f}" '
        f'y2="{py(band[2]):.1f}"/>'
        f'<rect class="asis" x="{at - 5:.1f}" y="{py(band[1]) - 5:.1f}" width="10" height="10"/>'
    )
    figure = f'<svg viewBox="0 0 {_W} {_H}" role="img" aria-label="loss by number of rows">{"".join(parts)}</svg>'
    body = (
        f'<section><p class="name">{esc(name)} <small>learning curve</small></p>'
        f'<div class="verdict v-promote"><p>{esc(curve["said"])}</p></div>'
        f'<div class="plots"><figure>{figure}</figure></div>'
        '<p class="note">● a repeat, with other rows and another seed; line: their mean; ■ with 95% interval: twice '
        "the rows, by the rate at which gains shrink. Loss in nats a trained token on "
        f"{curve['validation_rows']:,} validation rows. Every part is trained for as many steps as the whole.</p>"
        "</section>"
    )
    return document(f"{name} · learning curve", _STYLE, f"<main>{body}</main>", made="learning curve")


def rates_lines(told: Told) -> list[str]:
    """The range test as a table of about a dozen rates, and the answer."""
    rates, smoothed = told["rates"], told["smoothed"]
    shown = range(0, len(rates), max(1, len(rates) // 12))
    rows = [("learning rate", "loss"), *((f"{rates[i]:.1e}", f"{smoothed[i]:.3f}") for i in shown)]
    return [*_aligned(rows), "", f"  {told['said']}"]


def rates_page(told: Told, name: str) -> str:
    """The range test as one page: the answer, every step's loss and what they come to."""
    at = [math.log10(r) for r in told["rates"]]
    top = max(told["smoothed"][0], 2 * min(told["smoothed"])) * 1.3
    losses = [min(loss, top) for loss in told["losses"]]
    axes = _Axes((at[0] - 0.1, math.log10(max(told["rates"][-1], told["own"])) + 0.1), _span([*losses, top]))
    px, py = axes.px, axes.py
    decades = range(math.ceil(at[0]), math.floor(axes.x[1]) + 1)
    parts = axes.drawn([(float(d), f"1e{d}") for d in decades], "learning rate")
    parts += [f'<circle class="other" cx="{px(x):.1f}" cy="{py(y):.1f}" r="2.5"/>'
              for x, y in zip(at, losses, strict=True)]  # fmt: skip
    joined = " ".join(f"{px(x):.1f},{py(min(y, top)):.1f}" for x, y in zip(at, told["smoothed"], strict=True))
    parts.append(f'<polyline fill="none" stroke="var(--blue)" stroke-width="2.5" points="{joined}"/>')
    for rate, colour in ((told["suggestion"], "var(--blue)"), (told["own"], "var(--red)")):
        if rate is not None:
            x = px(math.log10(rate))
            parts.append(f'<line stroke="{colour}" stroke-width="1.5" stroke-dasharray="4 3" x1="{x:.1f}" '
                         f'x2="{x:.1f}" y1="{_TOP}" y2="{_H - _BOTTOM}"/>')  # fmt: skip
    figure = f'<svg viewBox="0 0 {_W} {_H}" role="img" aria-label="loss by learning rate">{"".join(parts)}</svg>'
    body = (
        f'<section><p class="name">{esc(name)} <small>learning-rate range test</small></p>'
        f'<div class="verdict v-promote"><p>{esc(told["said"])}</p></div>'
        f'<div class="plots"><figure>{figure}</figure></div>'
        '<p class="note">● a step; line: smoothed; blue, broken: suggested; red, broken: the recipe’s. Loss in nats a '
        "trained token on the rows that a step learns from; the rate grows from step to step by the same factor. "
        "Where the line falls fastest a rate learns best. One order of the rows: a place to start from.</p></section>"
    )
    return document(f"{name} · range test", _STYLE, f"<main>{body}</main>", made="range test")


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines with columns one below the other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def _sorted(account: Told) -> list[Told]:
    def place(trial: Told) -> tuple[bool, float]:
        return trial["state"] != "done", math.inf if trial["loss"] is None else trial["loss"]

    return sorted(account["trials"], key=place)


def _cells(trial: Told, account: Told) -> tuple[str, ...]:
    mark = " ◆" if trial["number"] in account["pareto"] else ""
    values = ", ".join(f"{k.rpartition('.')[2]} {_value(v)}" for k, v in trial["values"].items())
    if trial["state"] != "done":
        values = f"{trial['state']}{': ' + trial['why'] if trial['why'] else ''}  {values}"
    return (
        f"{trial['number']}{mark}", _number(trial["loss"], 4), _number(trial["confirmed"], 4),
        "" if trial["forgetting"] is None else f"{signed(trial['forgetting'])}%",
        f"{trial['operations'] / 1e12:.2f}" if trial["operations"] else "",
        duration(trial["seconds"]) if trial["seconds"] else "",
        values or "the recipe as it stands",
    )  # fmt: skip


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)


def _scatter(title: str, trials: Sequence[Told], account: Told, key: str, axis: str, unit: float) -> str:
    """Trials as signs over two axes; those on the front are joined. Empty where there is nothing to show."""
    known = [(t[key] * unit, t["loss"], t) for t in trials if t[key] is not None]
    if len(known) < 2:
        return ""
    x0, x1 = _span([x for x, _, _ in known])
    axes = _Axes((x0, x1), _span([y for _, y, _ in known]))
    parts = axes.drawn([(x, tick_label(x)) for x in ticks(x0, x1, 5) if x0 <= x <= x1], axis)
    for x, y, trial in known:
        told = f"<title>trial {trial['number']}: {esc(_cells(trial, account)[-1])}, loss {y:.4f}</title>"
        parts.append(_sign(axes.px(x), axes.py(y), trial["number"], account, told))
    return (
        f'<figure><figcaption>{esc(title)}</figcaption><svg viewBox="0 0 {_W} {_H}" role="img" '
        f'aria-label="{esc(title)}">{"".join(parts)}</svg></figure>'
    )


def _sign(x: float, y: float, number: int, account: Told, told: str) -> str:
    if number == 0:
        return f'<rect class="asis" x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10">{told}</rect>'
    if number in account["pareto"]:
        points = f"{x:.1f},{y - 7:.1f} {x + 7:.1f},{y:.1f} {x:.1f},{y + 7:.1f} {x - 7:.1f},{y:.1f}"
        return f'<polygon class="front" points="{points}">{told}</polygon>'
    return f'<circle class="other" cx="{x:.1f}" cy="{y:.1f}" r="4.5">{told}</circle>'


@dataclass(frozen=True)
class _Axes:
    """From numbers to places in a plot: what the axes begin and end with."""

    x: tuple[float, float]
    y: tuple[float, float]

    def px(self, x: float) -> float:
        return _LEFT + (_W - _LEFT - _RIGHT) * (x - self.x[0]) / (self.x[1] - self.x[0])

    def py(self, y: float) -> float:
        return _H - _BOTTOM - (_H - _TOP - _BOTTOM) * (y - self.y[0]) / (self.y[1] - self.y[0])

    def drawn(self, marks: Sequence[tuple[float, str]], name: str) -> list[str]:
        """Lines across, with their numbers; the marks of the axis along, and its name."""
        low, high = self.y
        parts = [
            f'<line class="grid" x1="{_LEFT}" x2="{_W - _RIGHT}" y1="{self.py(y):.1f}" y2="{self.py(y):.1f}"/>'
            f'<text class="ytick" x="{_LEFT - 6}" y="{self.py(y) + 4:.1f}">{esc(tick_label(y))}</text>'
            for y in ticks(low, high, 4) if low <= y <= high
        ]  # fmt: skip
        parts += [
            f'<text class="xtick" x="{self.px(x):.1f}" y="{_H - _BOTTOM + 18}">{esc(text)}</text>' for x, text in marks
        ]
        return [*parts, f'<text class="xtick" x="{(_LEFT + _W - _RIGHT) / 2:.0f}" y="{_H - 6}">{esc(name)}</text>']


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    pad = 0.08 * (high - low or abs(high) or 1.0)
    return low - pad, high + pad


_STYLE = """
.plots{display:flex;flex-wrap:wrap;gap:16px}.plots figure{margin:0;flex:1 1 420px}
.plots svg{width:100%;height:auto}.plots text{font-size:12px;fill:var(--soft)}
.plots .ytick{text-anchor:end}.plots .xtick{text-anchor:middle}.plots .grid{stroke:var(--line)}
.plots .front{fill:var(--blue)}.plots .asis{fill:none;stroke:var(--red);stroke-width:2.5}
.plots .other{fill:none;stroke:var(--soft);stroke-width:1.5}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:14px}
th,td{text-align:left;padding:4px 10px 4px 0;border-bottom:1px solid var(--line)}
"""
