"""What a reward model is like, on the page: how sure it is and how often right, length, slices.

Figures are drawn as the evaluation stage worked them out; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from luthier.report.figures import esc
from luthier.report.tables import table

_WIDTH, _HEIGHT, _EDGE = 320, 250, 38


def rewards_page(found: Mapping[str, Any]) -> str:
    """The section's HTML; empty where no pair was scored."""
    if not found.get("pairs"):
        return ""
    means = found["reward"]
    facts = [
        ("test pairs", f"{found['pairs']:,}"),
        ("mean reward of the better answers, of the worse", f"{means['chosen']:+.2f}, {means['rejected']:+.2f}"),
        ("standard deviation of rewards", f"{means['deviation']:.2f}"),
        ("log loss (0.693 knows nothing)", f"{found['log_loss']:.3f}"),
        ("Brier score (0.25 knows nothing)", f"{found['brier']:.3f}"),
        ("sureness off by, on average", f"{found['calibration_error']:.1f} points"),
    ]
    return table(facts) + _calibration(found["calibration"]) + _length(found["length"]) + _slices(found["slices"])


def _calibration(lines: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (f"{100 * one['from']:.0f} to {100 * one['to']:.0f}%", f"{one['said']:.1f}%", *_right(one)) for one in lines
    ]
    note = (
        "How sure the reward is: σ of the difference of two rewards is the probability that it gives to the answer it "
        "prefers. Points on the line are as often right as they say; above it too modest, below it too sure."
    )
    told = table(rows, ("so sure of its choice", "says", "is right", "95% interval", "n"))
    return f'<h3>As sure as it may be</h3>{_drawing(lines)}{told}<p class="note">{esc(note)}</p>'


def _drawing(lines: Sequence[Mapping[str, Any]]) -> str:
    """Said against right, each with its interval, from 50 to 100%."""

    def x(percent: float) -> float:
        return _EDGE + (max(50.0, percent) - 50) / 50 * (_WIDTH - _EDGE - 22)

    def y(percent: float) -> float:
        return _HEIGHT - _EDGE - percent / 100 * (_HEIGHT - _EDGE - 8)

    ends = f'x1="{x(50):.1f}" y1="{y(50):.1f}" x2="{x(100):.1f}" y2="{y(100):.1f}"'
    marks = [f'<line {ends} stroke="#999" stroke-dasharray="4 3"/>']
    for percent in (0, 50, 100):
        marks.append(f'<text x="{_EDGE - 4}" y="{y(percent) + 4:.1f}" text-anchor="end">{percent}%</text>')
    for percent in (50, 75, 100):
        marks.append(f'<text x="{x(percent):.1f}" y="{_HEIGHT - 16}" text-anchor="middle">{percent}%</text>')
    for one in lines:
        at = x(one["said"])
        marks.append(
            f'<line x1="{at:.1f}" y1="{y(one["low"]):.1f}" x2="{at:.1f}" y2="{y(one["high"]):.1f}" stroke="#36c"/>'
            f'<circle cx="{at:.1f}" cy="{y(one["right"]):.1f}" r="4" fill="#36c"/>'
        )
    marks.append(f'<text x="{(_WIDTH + _EDGE) / 2:.0f}" y="{_HEIGHT - 2}" text-anchor="middle">says</text>')
    label = "how sure the reward is, beside how often it is right"
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}" '
        f'font-size="11" fill="currentColor">{"".join(marks)}</svg>'
    )


def _length(found: Mapping[str, Any]) -> str:
    rows = [(name, *_right(one)) for name, one in found["accuracy"].items()]
    told = ""
    if found.get("correlation") is not None:
        told = (
            f"<p>The difference of two rewards goes with that of the lengths by {found['correlation']:+.2f} "
            f"[{found['low']:+.2f}, {found['high']:+.2f}] (rank correlation); the longer answer is preferred in "
            f"{found['prefers_longer']:.0f}% of the pairs, and is the better one in "
            f"{found['longer_is_better']:.0f}%.</p>"
        )
    return f"<h3>Length</h3>{told}{table(rows, ('pairs', 'right', '95% interval', 'n'))}"


def _slices(found: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    if not found:
        return ""
    rows = [
        (name if n == 0 else "", kind, *_right(one))
        for name, kinds in found.items()
        for n, (kind, one) in enumerate(kinds.items())
    ]
    note = "By columns of the rows that training does not read. Described; they decide nothing."
    told = table(rows, ("column", "value", "right", "95% interval", "n"))
    return f'<h3>Agreement by slice</h3>{told}<p class="note">{esc(note)}</p>'


def _right(one: Mapping[str, Any]) -> tuple[str, str, str]:
    return f"{one['right']:.1f}%", f"{one['low']:.1f} to {one['high']:.1f}", f"{one['n']:,}"
