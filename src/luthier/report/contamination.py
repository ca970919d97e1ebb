"""Contamination as people read it: a table a set, the planted canaries, and the worst items with shared runs marked.

Reads the account that the data stage writes; works without texts (they may be erased).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from luthier.report.figures import esc
from luthier.report.tables import table
from luthier.store import marked

_CANARY = {"verbatim": "verbatim", "retyped": "other case and signs", "overlap": "60% overlap", "answer": "answer only"}
_SIGN = {"clean": "✓", "suspect": "?", "dirty": "✗"}


def pieces(excerpt: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """An excerpt as (text, is shared) in order."""
    text, place = str(excerpt["text"]), 0
    before, after = excerpt["cut"]
    yield ("… " if before else "", False)
    for start, end in excerpt["marks"]:
        yield (text[place:start], False)
        yield (text[max(place, start) : end], True)
        place = max(place, end)
    yield (text[place:] + (" …" if after else ""), False)


def summary(one: Mapping[str, Any], account: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The facts of one set: what it is, and what was found, in words."""
    counts, grams, unsure = one["counts"], one["boilerplate"], one["undecidable"]
    others = [
        f"{name} {found['verdict']} ({found['dirty']:,} dirty, {found['suspect']:,} suspect)"
        for name, found in one["profiles"].items()
        if name != account["profile"]
    ]
    what = "pack of hashes" if one["kind"] == "pack" else "rows"
    verdict = f"{one['verdict']}: {counts['dirty']:,} dirty, {counts['suspect']:,} suspect, {counts['clean']:,} clean"
    short = f"{unsure['questions']:,} questions and {unsure['answers']:,} answers"
    texts = f"{grams['in_many_texts']:,} stand in more than {grams['texts_over']} training texts"
    items = f"{grams['in_many_items']:,} in more than {grams['items_over']} items"
    facts = [
        ("set", f"{one['name']} ({what}): {one['items']:,} items against {account['rows']:,} training rows"),
        ("verdict", f"{_SIGN[one['verdict']]} {verdict}"),
        ("rule", f"{account['profile']}: {account['rule']}"),
        ("other rules", " · ".join(others)),
        ("not decidable", f"{short} are too short, or mostly boilerplate"),
        ("boilerplate", f"of {grams['grams']:,} 8-grams, {texts}, {items}"),
        ("canaries", canaries_told(one["canaries"])),
    ]
    if one.get("licence"):
        facts.append(("licence", one["licence"]))
    if one["sides"]:
        facts.insert(2, ("dirty by", ", ".join(f"{side} {count:,}" for side, count in sorted(one["sides"].items()))))
    return facts


def canaries_told(found: Mapping[str, Any]) -> str:
    """Planted and found, kind by kind; for a pack those of its maker."""
    if not found.get("kinds"):
        return "none planted: too few clean items"
    kinds = {name: found["kinds"][kind] for kind, name in _CANARY.items() if kind in found["kinds"]}
    shares = {name: f"{one['found']}/{one['planted']}" if one["planted"] else "none" for name, one in kinds.items()}
    told = [f"{name} {share}" for name, share in shares.items()]
    when = f", when the pack was made, under {found['profile']}" if found.get("of_pack") else ""
    return f"planted and found{when}: {' · '.join(told)}"


def contamination_page(account: Mapping[str, Any]) -> str:
    """The part of the report's page."""
    return "".join(_set(one, account) for one in account.get("sets", ()))


def _set(one: Mapping[str, Any], account: Mapping[str, Any]) -> str:
    facts = summary(one, account)
    verdict = dict(facts)["verdict"]
    cards = "".join(_card(shown) for shown in one["worst"])
    items = f"<details><summary>the {len(one['worst'])} worst items, shared words marked</summary>{cards}</details>"
    return (
        f"<h3>Contamination of {esc(one['name'])}: {esc(verdict)}</h3>"
        f"<details><summary>how it was looked for, and how sure that is</summary>{table(facts)}</details>"
        f"{items if cards else ''}"
    )


def _why(shown: Mapping[str, Any]) -> str:
    """The reason, and how much of the side any rows have."""
    told = f"{shown['side']}: {shown['why']}"
    if "row" not in shown:
        return told
    return f"{told} · {shown['seen_8']:.0%} in 8-grams, {shown['seen_13']:.0%} in 13-grams of any row"


def _card(shown: Mapping[str, Any]) -> str:
    told = []
    for part, title in (("item", "evaluation item"), ("row", "training row")):
        if f"{part}_text" in shown:
            place = shown.get(f"{part}_origin") or shown[part]
            body = "".join(
                f"<mark>{esc(text)}</mark>" if shared else esc(text) for text, shared in pieces(shown[f"{part}_text"])
            )
            head = f"<h4>{title} <small>{esc(str(place))}</small></h4>"
            told.append(marked(str(shown[part]), f'<div class="said">{head}<p dir="auto">{body}</p></div>'))
    kind = "broken" if shown["verdict"] == "dirty" else "wrong"
    return (
        f'<article class="card c-{kind}"><header><span class="tag">{_SIGN[shown["verdict"]]} {esc(shown["verdict"])}'
        f"</span> <small>{esc(_why(shown))}</small></header>"
        f'<div class="saids">{"".join(told)}</div></article>'
    )


def worst_lines(one: Mapping[str, Any], limit: int) -> Iterator[Sequence[tuple[str, bool]]]:
    """The worst items for a terminal: lines of (text, is shared)."""
    for shown in one["worst"][:limit]:
        place = shown.get("item_origin") or f"item {shown['number'] + 1} ({shown['item']})"
        yield [(f"{shown['verdict']:<8} {place}  {_why(shown)}", False)]
        for part in ("item", "row"):
            if f"{part}_text" in shown:
                head = f"  {'item' if part == 'item' else 'train'}   "
                if part == "row" and shown.get("row_origin"):
                    head += f"{shown['row_origin']}  "
                yield [(head, False), *pieces(shown[f"{part}_text"])]
