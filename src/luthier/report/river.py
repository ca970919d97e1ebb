"""The data's story as a river that flows down the page: rows in, each loss named with rows to look at, sides out.

The stream is as wide as the rows that are left. A loss leaves it to the right, at least two pixels wide to be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from luthier.report.figures import cut, esc
from luthier.store import marked

WIDTH, BANK, VIEW = 120.0, 44.0, 220.0
"""Pixels of the whole stream, of the left bank, of the picture."""
_SIDES = ("train", "validation", "test")


def river(data: Mapping[str, Any]) -> str:
    """The whole picture from a data set's account (``rows`` and ``steps``)."""
    steps: Sequence[Mapping[str, Any]] = data.get("steps", ())
    rows: Mapping[str, int] = data.get("rows", {})
    read = int(steps[0]["left"] if steps else rows.get("read", 0))
    if not read:
        return '<p class="note">No account of the rows was kept.</p>'
    parts = [_source(read, str(steps[0].get("rule", "")) if steps else "")]
    left = read
    clean = []
    for step in steps[1:]:
        if step.get("removed") or step.get("changed"):
            parts.append(_step(step, left, read))
        else:
            clean.append(str(step["name"]))
        left = int(step["left"])
    if clean:
        parts.append(_bank(left, read, f'<p class="note">nothing found: {esc(", ".join(clean))}</p>'))
    parts.append(_sides(rows, left, read))
    return f'<div class="river">{"".join(parts)}</div>'


def _width(count: float, read: float) -> float:
    return max(WIDTH * count / read, 1.0)


def _source(read: int, rule: str) -> str:
    words = f'<p><b class="big">{read:,}</b> rows read<br><small>{esc(rule)}</small></p>'
    return _bank(read, read, words)


def _bank(left: int, read: int, words: str) -> str:
    """A stretch of river where nothing leaves."""
    return f'<div class="reach"><div class="water">{_stream(left, read)}</div><div>{words}</div></div>'


def _stream(left: int, read: int) -> str:
    width = _width(left, read)
    return f'<i style="left:{BANK + (WIDTH - width) / 2:.1f}px;border-left-width:{width:.1f}px"></i>'


def _step(step: Mapping[str, Any], before: int, read: int) -> str:
    removed, changed = int(step.get("removed", 0)), int(step.get("changed", 0))
    after = int(step["left"])
    did = "added" if step["name"] == "replay" else "changed"
    sign = f'<b class="big lost">−{removed:,}</b>' if removed else f'<b class="big">{changed:,}</b> {did}:'
    words = f"<p>{sign} {esc(step['name'])}<br><small>{esc(step.get('rule', ''))}</small></p>{_look(step)}"
    picture = _stream(after, read)
    if removed:
        picture = f"{_leaving(before, after, removed, read)}<u>{picture}</u>"
    return f'<div class="reach"><div class="water">{picture}</div><div>{words}</div></div>'


def _leaving(before: int, after: int, removed: int, read: int) -> str:
    """The stream narrows over 44 pixels while the loss bends away to the right."""
    wide, narrow = _width(before, read), _width(after, read)
    left_a, left_b = BANK + (WIDTH - wide) / 2, BANK + (WIDTH - narrow) / 2
    loss = max(WIDTH * removed / read, 2.0)
    start = left_a + wide - loss
    y_a, y_b = 22 - loss / 2, 22 + loss / 2
    main = (
        f"M{left_a:.1f} 0 H{left_a + wide:.1f} "
        f"C{left_a + wide:.1f} 22 {left_b + narrow:.1f} 22 {left_b + narrow:.1f} 44 "
        f"H{left_b:.1f} C{left_b:.1f} 22 {left_a:.1f} 22 {left_a:.1f} 0 z"
    )
    away = (
        f"M{start:.1f} 0 C{start:.1f} {y_b:.1f} {start:.1f} {y_b:.1f} {VIEW - 4:.0f} {y_b:.1f} "
        f"V{y_a:.1f} C{start + loss:.1f} {y_a:.1f} {start + loss:.1f} {y_a:.1f} {start + loss:.1f} 0 z"
    )
    return (
        f'<svg viewBox="0 0 {VIEW:.0f} 44" width="{VIEW:.0f}" height="44" aria-hidden="true">'
        f'<path class="stream" d="{main}"/><path class="loss" d="{away}"/></svg>'
    )


def _look(step: Mapping[str, Any]) -> str:
    """Up to three rows of a step, folded."""
    shown = [s for s in step.get("examples", ()) if s.get("text") or s.get("why")][:3]
    if not shown:
        return ""
    rows = "".join(_look_at(s) for s in shown)
    count = "one row" if len(shown) == 1 else f"{len(shown)} rows"
    return f"<details><summary>look at {count}</summary><ul class=rows>{rows}</ul></details>"


def _look_at(shown: Mapping[str, Any]) -> str:
    partner = ""
    if shown.get("partner"):
        partner = f'<span class="partner">like <q dir="auto">{esc(cut(str(shown["partner"]), 300))}</q></span>'
        partner = marked(str(shown.get("partner_id") or shown.get("id", "")), partner)
    why = f'<small class="why">{esc(shown["why"])}</small>' if shown.get("why") else ""
    text = (
        f'<li><code>{esc(shown.get("origin", ""))}</code> <q dir="auto">{esc(cut(str(shown.get("text", "")), 300))}</q>'
        f"{partner}{why}</li>"
    )
    return marked(str(shown.get("id", "")), text)


def _sides(rows: Mapping[str, int], left: int, read: int) -> str:
    """The delta: a stream for each side. Replayed rows join from the left, a test set that was given from the right."""
    count = {side: int(rows.get(side, 0)) for side in _SIDES}
    replay = min(int(rows.get("replay", 0)), count["train"])
    given = count["test"] > 0 and count["train"] - replay + count["validation"] == left
    flows = [("replay", replay), ("train", count["train"] - replay), *((s, count[s]) for s in _SIDES[1:])]
    flows = [(name, n) for name, n in flows if n]
    gap = 10.0
    scale = (VIEW - gap * (len(flows) - 1)) / (sum(n for _, n in flows) or 1)
    own = sum(n for name, n in flows if name != "replay" and not (given and name == "test")) or 1
    stream = _width(left, read)
    source, out = BANK + (WIDTH - stream) / 2, 0.0
    paths = []
    for name, n in flows:
        width = max(n * scale, 2.0)
        if name == "replay":
            top = (0.0, min(width, source - 8))
        elif name == "test" and given:
            top = (VIEW - min(width, VIEW - BANK - WIDTH - 8), VIEW)
        else:
            top = (source, source + stream * n / own)
            source = top[1]
        paths.append(_flow(name, top, (out, out + width)))
        out += width + (0 if name == "replay" else gap)
    notes = {"train": f", {replay:,} of them replayed" if replay else "", "test": ", a set of its own" if given else ""}
    labels = [
        f'<span class="side side-{side}"><b>{count[side]:,}</b> {side}{notes.get(side, "")}</span>'
        for side in _SIDES
        if count[side]
    ]
    size = f'viewBox="0 0 {VIEW:.0f} 84" width="{VIEW:.0f}" height="84"'
    picture = f'<svg {size} aria-hidden="true">{"".join(paths)}</svg>'
    mouth = f'<div class="mouth"><p>{"".join(labels)}</p></div>'
    return f'<div class="reach"><div class="water">{picture}</div>{mouth}</div>'


def _flow(name: str, top: tuple[float, float], foot: tuple[float, float]) -> str:
    (a, b), (c, d) = top, foot
    path = f"M{a:.1f} 0 H{b:.1f} C{b:.1f} 42 {d:.1f} 42 {d:.1f} 84 H{c:.1f} C{c:.1f} 42 {a:.1f} 42 {a:.1f} 0 z"
    return f'<path class="side-{name}" d="{path}"/>'
