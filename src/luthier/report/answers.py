"""Base beside tuned, item by item: fixed, broken, unchanged; words that differ from the reference are marked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from luthier.report.figures import cut, esc
from luthier.report.story import Shown, System
from luthier.store import marked

LIMIT = 700
_WORD = re.compile(r"\w+|\s+|[^\w\s]", re.UNICODE)
_STATUS = {
    "fixed": ("✓", "fixed", "the base was wrong, the tuned model is right"),
    "broken": ("✗", "broken", "the base was right, the tuned model is wrong"),
    "better": ("▲", "better", "the tuned answer scores higher"),
    "worse": ("▼", "worse", "the tuned answer scores lower"),
    "wrong": ("–", "still wrong", "both are wrong"),
    "right": ("=", "still right", "both are right"),
    "same": ("=", "same", "both score the same"),
}


def answers(shown: Sequence[Shown], systems: Sequence[System]) -> str:
    """Cards with buttons to filter by status (and slice, where items have one).

    Without scripts all cards are seen; with them, at first three of each status.
    """
    counts: Counter[str] = Counter(item.status for item in shown)
    buttons = ['<button type="button" class="on" data-show="">some of each</button>']
    for name, (sign, word, hint) in _STATUS.items():
        if counts[name]:
            label = f"{sign} {word} {counts[name]:,}"
            buttons.append(f'<button type="button" data-show="{name}" title="{esc(hint)}">{esc(label)}</button>')
    slices = sorted({item.slice for item in shown if item.slice})
    choice = ""
    if len(slices) > 1:
        options = "".join(f'<option value="{esc(s)}">{esc(s)}</option>' for s in slices)
        choice = f'<select aria-label="slice"><option value="">every slice</option>{options}</select>'
    order = {name: n for n, name in enumerate(_STATUS)}
    cards = "".join(_card(item, systems) for item in sorted(shown, key=lambda item: order[item.status]))
    return f'<div class="filter">{"".join(buttons)}{choice}</div><div class="cards">{cards}</div>'


def _card(item: Shown, systems: Sequence[System]) -> str:
    sign, word, _ = _STATUS[item.status]
    columns = [f'<div class="said ref"><h4>reference</h4><p dir="auto">{esc(cut(item.reference, LIMIT))}</p></div>']
    for system in systems:
        if system.name in item.answers:
            said = difference(cut(item.reference, LIMIT), cut(item.answers[system.name], LIMIT))
            kind = "tuned" if system.ships else "other"
            columns.append(f'<div class="said {kind}"><h4>{esc(system.title)}</h4><p dir="auto">{said}</p></div>')
    about = " · ".join(esc(part) for part in (item.slice, item.origin, item.why) if part)
    card = (
        f'<article class="card c-{item.status}" data-status="{item.status}" data-slice="{esc(item.slice)}">'
        f'<header><span class="tag">{sign} {esc(word)}</span> <small>{about}</small></header>'
        f'<p class="asked" dir="auto">{esc(cut(item.question, LIMIT))}</p>'
        f'<div class="saids">{"".join(columns)}</div></article>'
    )
    return marked(item.id, card)


def difference(reference: str, answer: str) -> str:
    """The answer as HTML: words that the reference does not have here are marked, and ``‸`` stands where words miss."""
    if not answer.strip():
        return "<em>empty</em>"
    a, b = _WORD.findall(reference), _WORD.findall(answer)
    out = []
    for kind, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        piece = "".join(b[k:m])
        if kind == "equal":
            out.append(esc(piece))
        elif piece.strip():
            out.append(f"<mark>{esc(piece)}</mark>")
        elif "".join(a[i:j]).strip():
            out.append(f'{esc(piece)}<mark class="gap" title="{esc("".join(a[i:j]))}">‸</mark>')
        else:
            out.append(esc(piece))
    return "".join(out)
