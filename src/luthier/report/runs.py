"""Runs side by side: a table, results over what was not the same, curves over the steps; one HTML file.

Runs are told apart by number, colour and dash alike, so the page reads in print and without colours. What is the same
in all of them is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from luthier.records import SuiteResult
from luthier.report.charts import Point, Series, chart, smooth
from luthier.report.document import document, sections
from luthier.report.figures import asset, cut, delta_unit, digits_for, duration, esc, interval, signed, value
from luthier.report.tables import table

STYLES = 8
MOST_KEYS = 12
"""Things that differ which get charts of their own; the table has all of them."""
_SHOWN_FIRST = {
    "loss": ("Training loss", "nats a token"), "val": ("Validation loss", "nats a token"),
    "learning_rate": ("Learning rate", ""), "gradient_norm": ("Gradient norm", ""),
    "tokens_per_s": ("Speed", "tokens a second"),
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """What one run came to, and its numbers over the steps.

    ``target`` is the verdict's line on what was gained, ``kept`` the one on the regression suite that came nearest to
    its margin; ``loss`` the best validation loss, ``speed`` in tokens a second (median step), ``curves`` (step, value)
    by name.
    """

    run: str
    status: str
    verdict: str = ""
    dataset: str = ""
    root: str = ""
    rows: int | None = None
    target: SuiteResult | None = None
    kept: SuiteResult | None = None
    loss: float | None = None
    speed: float | None = None
    seconds: float | None = None
    curves: Mapping[str, Sequence[Point]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON form, without the curves."""
        return {
            "run": self.run, "status": self.status, "verdict": self.verdict or None, "dataset": self.dataset,
            "dataset_root": self.root, "rows": self.rows,
            "target": None if self.target is None else self.target.to_dict(),
            "kept": None if self.kept is None else self.kept.to_dict(),
            "validation_loss": self.loss, "tokens_per_s": self.speed, "seconds": self.seconds,
        }  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """Runs side by side. ``differing``: what of recipe, data, code and machine is not the same in all of them, as
    key -> a value for each run; ``same`` the number of keys that are."""

    lines: tuple[Line, ...]
    differing: Mapping[str, tuple[str, ...]]
    same: int

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "runs": [line.to_dict() for line in self.lines],
            "differing": [{"key": key, "values": list(values)} for key, values in self.differing.items()],
            "same": self.same,
        }  # fmt: skip


def results_table(found: Compared) -> tuple[list[list[str]], list[str]]:
    """(rows, heads): what each run came to."""
    heads = ["", "run", "verdict", "target", "kept", "val loss", "tok/s", "time"]
    rows = [
        [
            str(number), line.run, line.verdict or line.status, _gain(line.target), _gain(line.kept),
            _number(line.loss, 3), f"{line.speed:,.0f}" if line.speed else "–",
            duration(line.seconds) if line.seconds else "–",
        ]
        for number, line in enumerate(found.lines, 1)
    ]  # fmt: skip
    return rows, heads


def differing_table(found: Compared) -> tuple[list[list[str]], list[str]]:
    """(rows, heads): what was not the same, a row a key, a column a run."""
    heads = ["", *(str(number) for number in range(1, len(found.lines) + 1))]
    return [[key, *(cut(value, 60) for value in values)] for key, values in found.differing.items()], heads


def runs_page(found: Compared, worth: str = "") -> str:
    """The whole page as text; write it as UTF-8. ``worth``: HTML that says whether one was worth it over the other."""
    parts = [
        ("answer", "Was it worth it?", worth),
        ("results", "What came of them", _results(found)),
        ("differences", "What was not the same", _differences(found)),
        ("settings", "Results over what was not the same", _settings(found)),
        ("curves", "Over the steps", _curves(found)),
    ]
    menu, body = sections(parts)
    names = ", ".join(line.run for line in found.lines)
    return document(f"{len(found.lines)} runs · {cut(names, 80)}", asset("runs.css"), f"{menu}<main>{body}</main>")


# ---- tables


def _results(found: Compared) -> str:
    rows, heads = results_table(found)
    head = "".join(f"<th>{esc(h)}</th>" for h in heads)
    lines = []
    for number, (row, line) in enumerate(zip(rows, found.lines, strict=True), 1):
        cells = [f'<span class="key {_style(number, "k-")}">{number}</span>', f"<b>{esc(row[1])}</b>"]
        cells.append(f'<span class="w-{esc(row[2].lower())}">{esc(row[2])}</span>')
        cells += [_judged(line.target), _judged(line.kept)] + [esc(cell) for cell in row[5:]]
        lines.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    grid = f'<table class="grid"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    note = (
        "Target: the gain over the untrained model; kept: the regression suite that came nearest to its margin; both"
        " with 95% intervals, paired by item. Runs that were judged on other test rows cannot be compared by them."
    )
    return f'<div class="wide">{grid}</div><p class="note">{note}</p>'


def _judged(r: SuiteResult | None) -> str:
    if r is None:
        return "–"
    said = f"{value(r.reference, r.unit)} → {value(r.candidate, r.unit)}, n = {r.n:,}"
    return f"{esc(_gain(r))}<small>{esc(cut(f'{r.suite} {r.metric}', 48))}: {esc(said)}</small>"


def _gain(r: SuiteResult | None) -> str:
    if r is None:
        return "–"
    digits = digits_for([r.delta, r.low, r.high])
    return f"{signed(r.delta, digits)} {interval(r.low, r.high, digits)} {delta_unit(r.unit)}"


def _number(found: float | None, digits: int) -> str:
    return "–" if found is None or not math.isfinite(found) else f"{found:.{digits}f}"


def _differences(found: Compared) -> str:
    same = f'<p class="note">{found.same:,} other keys are the same in all of them.</p>'
    if not found.differing:
        return f"<p>Nothing: the same recipe, rows, code and machine.</p>{same}"
    return table(*differing_table(found)) + same


# ---- charts


def _settings(found: Compared) -> str:
    """For each thing that differs: the results of the runs by its values."""
    keys = [key for key in found.differing if not key.startswith(("code.", "environment."))]
    rows = "".join(_by_key(found, key) for key in keys[:MOST_KEYS])
    more = len(keys) - MOST_KEYS
    return rows + (f'<p class="note">{more} more in the table above.</p>' if more > 0 and rows else "")


def _by_key(found: Compared, key: str) -> str:
    values = found.differing[key]
    names = sorted(set(values), key=_order)
    charts = [
        _by_value(found, title, unit, key, names, values, figure) for title, unit, figure in _figures(found)
    ]
    drawn = "".join(charts)
    return f'<h3>{esc(key)}</h3><div class="charts">{drawn}</div>' if drawn else ""


Figure = Callable[[Line], tuple[float, float, float] | None]


def _figures(found: Compared) -> list[tuple[str, str, Figure]]:
    """(title, unit, value with its bounds) of what is drawn over settings."""
    units = [line.target.unit for line in found.lines if line.target is not None]
    kept = [line.kept.unit for line in found.lines if line.kept is not None]
    return [
        ("Gain on the target", delta_unit(units[0]) if units else "", lambda line: _bounded(line.target)),
        ("Change where it must not get worse", delta_unit(kept[0]) if kept else "", lambda line: _bounded(line.kept)),
        ("Validation loss", "nats a token", lambda line: _bare(line.loss)),
        ("Speed", "tokens a second", lambda line: _bare(line.speed)),
    ]


def _bounded(r: SuiteResult | None) -> tuple[float, float, float] | None:
    return None if r is None or not math.isfinite(r.delta) else (r.delta, r.low, r.high)


def _bare(found: float | None) -> tuple[float, float, float] | None:
    return None if found is None or not math.isfinite(found) else (found, found, found)


def _by_value(
    found: Compared, title: str, unit: str, key: str, names: Sequence[str], values: Sequence[str], figure: Figure
) -> str:
    series, together = [], [0] * len(names)
    for number, (line, said) in enumerate(zip(found.lines, values, strict=True), 1):
        got = figure(line)
        if got is None:
            continue
        at = names.index(said)
        place = at + 0.11 * together[at]  # runs of one value stand beside each other
        together[at] += 1
        bounds = [(got[1], got[2])] if math.isfinite(got[1]) and math.isfinite(got[2]) and got[1] < got[2] else []
        series.append(Series(f"{number}", [(place, got[0])], _style(number), marked=True, label=True, bounds=bounds))
    short = [cut(name, max(6, 56 // max(1, len(names)))) for name in names]
    return chart(title, series, unit=unit, across=key, names=short, legend=False) if len(series) > 1 else ""


def _order(text: str) -> tuple[int, float, str]:
    try:
        return (0, float(text), text)
    except ValueError:
        return (1, 0.0, text)


def _curves(found: Compared) -> str:
    names = list(dict.fromkeys([*_SHOWN_FIRST, *(name for line in found.lines for name in line.curves)]))
    charts = []
    for name in names:
        title, unit = _SHOWN_FIRST.get(name, (name.replace("_", " "), ""))
        lines = [
            Series(str(number), _drawn(name, line.curves[name]), _style(number), marked=len(line.curves[name]) <= 12)
            for number, line in enumerate(found.lines, 1)
            if line.curves.get(name)
        ]
        charts.append(chart(title, lines, unit=unit))
    drawn = "".join(charts)
    return f'<div class="charts">{drawn}</div>' if drawn else ""


def _drawn(name: str, points: Sequence[Point]) -> Sequence[Point]:
    """Single steps are noise around what is wanted; what is measured now and then is drawn as it was."""
    return smooth(points) if name in ("loss", "gradient_norm", "tokens_per_s") else points


def _style(number: int, before: str = "") -> str:
    return f"{before}r{(number - 1) % STYLES + 1}"
