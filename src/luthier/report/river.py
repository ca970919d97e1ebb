"""The data's story as a river that flows down the page: rows in, each loss named with rows to look at, sides out.

The stream is as wide as the rows that are left. A loss leaves it to the right, at least two pixels wide to be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from luthier.report.figures import cut, esc
from luthier.store import marked

WIDTH = 132.0
"""Pixels of the whole stream, out of 200."""
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
    return f'<i style="left:{(WIDTH - width) / 2:.1f}px;border-left-width:{width:.1f}px"></i>'


def _step(step: Mapping[str, Any], before: int, read: int) -> str:
    removed, changed = int(step.get("removed", 0)), int(step.get("changed", 0))
    after = int(step["left"])
    sign = f'<b class="big lost">−{removed:,}</b>' if removed else f'<b class="big">{changed:,}</b>'
    did = "" if removed else (" added" if step["name"] == "replay" else " changed")
    words = f"<p>{sign}{did} {esc(step['name'])}<br><small>{esc(step.get('rule', ''))}</small></p>{_look(step)}"
    picture = _stream(after, read)
    if removed:
        picture = f"{_leaving(before, after, removed, read)}<u>{picture}</u>"
    return f'<div class="reach"><div class="water">{picture}</div><div>{words}</div></div>'


def _leaving(before: int, after: int, removed: int, read: int) -> str:
    """The stream narrows over 44 pixels while the loss bends away to the right."""
    wide, narrow = _width(before, read), _width(after, read)
    left_a, left_b = (WIDTH - wide) / 2, (WIDTH - narrow) / 2
    loss = max(WIDTH * removed / read, 2.0)
    start = left_a + wide - loss
    y_a, y_b = 22 - loss / 2, 22 + loss / 2
    main = (
        f"M{left_a:.1f} 0 H{left_a + wide:.1f} "
        f"C{left_a + wide:.1f} 22 {left_b + narrow:.1f} 22 {left_b + narrow:.1f} 44 "
        f"H{left_b:.1f} C{left_b:.1f} 22 {left_a:.1f} 22 {left_a:.1f} 0 z"
    )
    away = (
        f"M{start:.1f} 0 C{start:.1f} {y_b:.1f} {start:.1f} {y_b:.1f} 192 {y_b:.1f} "
        f"V{y_a:.1f} C{start + loss:.1f} {y_a:.1f} {start + loss:.1f} {y_a:.1f} {start + loss:.1f} 0 z"
    )
    return (
        f'<svg viewBox="0 0 200 44" width="200" height="44" aria-hidden="true">'
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
    """The delta: three streams side by side, with what joins from elsewhere (replay, a given test set) in words."""
    replay = int(rows.get("replay", 0))
    own = {side: int(rows.get(side, 0)) for side in _SIDES}
    own["train"] -= replay
    given = own["test"] > 0 and own["train"] + own["validation"] == left
    flows = {side: n for side, n in own.items() if n and not (side == "test" and given)}
    total = sum(flows.values()) or 1
    gap, x_out = 16.0, 0.0
    scale = (200 - gap * (len(flows) - 1)) / total
    start = (WIDTH - _width(left, read)) / 2
    unit = _width(left, read) / total
    paths, labels = [], []
    for side, n in flows.items():
        a, b, c, d = start, start + n * unit, x_out, x_out + max(n * scale, 2.0)
        paths.append(
            f'<path class="side-{side}" d="M{a:.1f} 0 H{b:.1f} C{b:.1f} 36 {d:.1f} 36 {d:.1f} 72 H{c:.1f} '
            f'C{c:.1f} 36 {a:.1f} 36 {a:.1f} 0 z"/>'
        )
        start, x_out = b, d + gap
    notes = {"train": f" with {replay:,} rows replayed" if replay else "", "test": ", given" if given else ""}
    for side in _SIDES:
        if own[side]:
            count = own[side] + (replay if side == "train" else 0)
            labels.append(f'<span class="side side-{side}"><b>{count:,}</b> {side}{notes.get(side, "")}</span>')
    picture = f'<svg viewBox="0 0 200 72" width="200" height="72" aria-hidden="true">{"".join(paths)}</svg>'
    return (
        f'<div class="reach"><div class="water">{picture}</div>'
        f'<div class="mouth"><p>{"".join(labels)}</p></div></div>'
    )
