"""Bars, histograms and heat tables: pictures of counts. Every colour stands beside its number."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from luthier.report.charts import BOTTOM, LEFT, RIGHT, TOP, H, W
from luthier.report.figures import esc, tick_label, ticks


def bar(label: str, rows: int, most: int, note: str = "", kind: str = "", *, html: bool = False) -> str:
    """One bar with its number; ``html`` says that the label is HTML already."""
    width = 100 * rows / most if most else 0.0
    told = f" <small>{esc(note)}</small>" if note else ""
    return (
        f'<div class="crow {kind}"><span>{label if html else esc(label)}</span><svg class="cbar" aria-hidden="true">'
        f'<rect width="{max(width, 0.4 if rows else 0):.1f}%" height="100%"/></svg><span>{rows:,}{told}</span></div>'
    )


def bars(counts: Mapping[str, int], *, limit: int = 20, of: int | None = None, low: Collection[str] = ()) -> str:
    """A bar for each of the largest counts, with its share; those in ``low`` are marked."""
    total = of or sum(counts.values())
    most = max(counts.values(), default=0)
    shown = list(counts.items())[:limit]
    rows = [bar(k, n, most, f"{share(n, total)}", "low" if k in low else "") for k, n in shown]
    rest = sum(counts.values()) - sum(n for _, n in shown)
    more = f'<p class="note">and {len(counts) - len(shown):,} more with {rest:,} rows</p>' if rest else ""
    return f'<div class="bars">{"".join(rows)}{more}</div>'


def share(part: float, whole: float) -> str:
    """``12.3%``, ``< 0.1%``."""
    if not whole:
        return "0%"
    found = 100 * part / whole
    return "< 0.1%" if 0 < found < 0.1 else f"{found:.1f}%"


def histogram(title: str, found: Mapping[str, Any], *, unit: str, limit: float | None = None) -> str:
    """A picture of a spread with its percentiles; the last bar is dark where it holds what lies beyond the picture."""
    drawn = found.get("histogram") or {}
    counts: Sequence[int] = drawn.get("counts", ())
    edges: Sequence[float] = drawn.get("edges", ())
    if not counts:
        return ""
    drawn_limit = limit if limit is not None and limit <= _FAR * edges[-1] else None  # else it would squeeze the rest
    high = max(edges[-1], drawn_limit or 0.0)
    low, top = (0.0 if 0 <= edges[0] < 0.4 * high else edges[0]), max(counts)

    def px(x: float) -> float:
        return LEFT + (W - LEFT - RIGHT) * (x - low) / ((high - low) or 1.0)

    def py(y: float) -> float:
        return H - BOTTOM - (H - TOP - BOTTOM) * y / top

    body = []
    for y in ticks(0, top, 3):
        body.append(f'<line class="grid" x1="{LEFT}" x2="{W - RIGHT}" y1="{py(y):.1f}" y2="{py(y):.1f}"/>')
        body.append(f'<text class="ytick" x="{LEFT - 6}" y="{py(y) + 4:.1f}">{esc(tick_label(y))}</text>')
    beyond = found["max"] > edges[-1]
    for n, (count, left, right) in enumerate(zip(counts, edges, edges[1:], strict=False)):
        kind = ' class="beyond"' if beyond and n == len(counts) - 1 else ""
        width = max(px(right) - px(left) - 1, 0.8)
        place = f'x="{px(left):.1f}" width="{width:.1f}" y="{py(count):.1f}" height="{H - BOTTOM - py(count):.1f}"'
        body.append(f"<rect{kind} {place}/>")
    for x in ticks(low, high, 5):
        body.append(f'<text class="xtick" x="{px(x):.1f}" y="{H - BOTTOM + 17}">{esc(tick_label(x))}</text>')
    body.append(f'<line class="base" x1="{LEFT}" x2="{W - RIGHT}" y1="{H - BOTTOM}" y2="{H - BOTTOM}"/>')
    body.append(f'<text class="xtick" x="{(LEFT + W - RIGHT) / 2:.0f}" y="{H - 4}">{esc(unit)}</text>')
    if drawn_limit is not None:
        at = px(drawn_limit)
        body.append(f'<line class="limit" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{H - BOTTOM}"/>')
        body.append(f'<text class="limit-text" x="{at - 5:.1f}" y="{TOP + 10}">limit {drawn_limit:,.0f}</text>')
    points = " · ".join(f"{name} {number(found[key])}" for name, key in _POINTS if key in found)
    if limit is not None and drawn_limit is None:
        points += f" · limit {number(limit)}, to the right of the picture"
    last = f"; the last bar holds all above {number(edges[-1])}" if beyond else ""
    return (
        f'<figure class="chart hist"><figcaption><b>{esc(title)}</b> <small>{esc(unit)}</small></figcaption>'
        f'<svg viewBox="0 0 {W} {H}" role="img" aria-label="{esc(title)}: rows by {esc(unit)}">{"".join(body)}</svg>'
        f'<p class="note">{esc(points + last)}</p></figure>'
    )


_FAR = 1.5
_POINTS = (("shortest", "min"), ("5%", "p5"), ("median", "p50"), ("95%", "p95"), ("99%", "p99"), ("longest", "max"))


def number(value: float) -> str:
    """A whole number with its thousands, others with three digits."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.3g}"


def heat(
    counts: Mapping[str, Mapping[str, int]],
    down: Sequence[str],
    across: Sequence[str],
    titles: Mapping[str, str],
    holes: Collection[tuple[str, str]],
) -> str:
    """A table of counts, darker where there are more; ``holes`` are pairs of titles, and framed."""  # fmt: skip
    most = max((n for row in counts.values() for n in row.values()), default=0)
    head = "".join(f"<th>{esc(titles.get(one, one))}</th>" for one in across)
    body = []
    for one in down:
        cells = []
        for other in across:
            rows = counts.get(one, {}).get(other, 0)
            pair = titles.get(one, one), titles.get(other, other)
            kind = "hole" if pair in holes else f"h{_shade(rows, most)}"
            cells.append(f'<td class="{kind}">{rows:,}</td>')
        body.append(f"<tr><th>{esc(titles.get(one, one))}</th>{''.join(cells)}</tr>")
    return (
        f'<div class="wide"><table class="heat"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _shade(rows: int, most: int) -> int:
    """0 for none, then 1 to 5 on a scale of powers: counts of a data set differ by thousands."""
    if rows <= 0 or most <= 0:
        return 0
    return 1 + sum(rows >= most * part for part in (0.004, 0.02, 0.1, 0.4))
