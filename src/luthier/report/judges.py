"""What judges are worth, as people read it: agreement with people, base rates, the pull of position and of length, win
rates put right. A page of its own (``luthier eval judges``), a part of a run's report, or lines for a terminal.

Drawn from the account of ``evaluate.reliability`` alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from luthier.report.document import document
from luthier.report.figures import asset, esc, tick_label, ticks
from luthier.report.shapes import heat
from luthier.report.tables import table

Account = Mapping[str, Any]
Line = tuple[str, str, Mapping[str, Any] | None, str]
"""(name, a small word beside it, what is drawn, the word for how it is)."""
_LABELS = ("first", "tie", "second")
_KINDS = {"proven": "held", "under the floor": "undecided"}
"""How a row is coloured, by whether the judge may decide."""
_WAYS = {
    "counted": ("as counted", "a flip is a tie"),
    "level": ("between answers of equal length and style", "logistic fit, refitted in a bootstrap over prompts"),
    "corrected": ("with people's verdicts in it", "prediction-powered"),
}  # fmt: skip


def judges_page(accounts: Sequence[Account], name: str) -> str:
    """The whole page as text; write it as UTF-8."""
    body = "".join(f'<section id="{esc(a["key"])}">{judge_section(a)}</section>' for a in accounts)
    head = f'<section><p class="name">{esc(name)} <small>what its judges are worth</small></p></section>'
    return document(f"{name} · judges", asset("survey.css"), f"<main>{head}{body}</main>", made="judges")


def judge_section(found: Account) -> str:
    """One account: every part that it has."""
    parts = (_summary(found), _agreement(found), _rates(found), _position(found), _length(found), _kin(found),
             _win_rate(found))  # fmt: skip
    return "".join(parts)


def decides(rater: Account, floor: float) -> str:
    """Whether a judge may decide, in a word: "proven", "under the floor" or "not compared"."""
    agreement = rater.get("agreement")
    if not agreement or agreement["bound"] is None:
        return "not compared"
    return "proven" if agreement["bound"] >= floor else "under the floor"


def judge_lines(found: Account) -> list[str]:
    """The same for a terminal."""
    lines = [f"{found['key']}: {found['items']:,} pairs" + (f", {found['unread']:,} unread" if found["unread"] else "")]
    for name, one in found["raters"].items():
        agreement = one.get("agreement")
        told = "not compared with people"
        if agreement:
            kappa = agreement["kappa"]
            ends = f"[{_number(kappa['low'])}, {_number(kappa['high'])}]"
            told = (
                f"kappa {_number(kappa['estimate'])} {ends} n={kappa['n']:,}   accuracy "
                f"{_percent(agreement['accuracy']['estimate'])}, by chance {_percent(agreement['chance'])}"
            )
        lines.append(f"  {name:<16} {told}   {decides(one, found['min_kappa'])} (floor {found['min_kappa']:g})")
        lines += [f"  {'':<16} {text}" for text in _pulls(one)]
    for way, (title, _) in _WAYS.items():
        if one := found["win_rate"].get(way):
            low, high = (_percent(one[side]) for side in ("low", "high"))
            lines.append(f"  win rate         {_percent(one['estimate'])} [{low}, {high}] {title}")
    return lines


def _pulls(one: Account) -> Iterator[str]:
    for key, title in (("position", "position"), ("position_beside", "position, beside people")):
        if (lean := one.get(key)) and lean["estimate"] is not None:
            flips = f"; {_percent(one['flips']['estimate'])} of pairs flip" if one.get("flips") else ""
            ends = f"[{_points(lean['low'])}, {_points(lean['high'])}]"
            yield f"{title}: {_points(lean['estimate'])} {ends} points{flips}"
    if (mine := one.get("longer")) and mine["n"]:
        people = _percent(one["longer_people"]["estimate"])
        yield f"the longer answer wins {_percent(mine['estimate'])}; with people {people}"
    if one.get("kin"):
        yield f"it judges itself: it wrote the answers of {', '.join(one['kin']['wrote'])}"


def _summary(found: Account) -> str:
    floor = found["min_kappa"]
    told = [f"{name} is {decides(one, floor)}" for name, one in found["raters"].items()]
    unread = f", {found['unread']:,} of them without a verdict that can be read" if found["unread"] else ""
    return (
        f"<h2>{esc(found['key'])}</h2><p>{found['items']:,} pairs{unread}. A judge decides only if its kappa is shown "
        f"to be at least {floor:g}: {esc('; '.join(told))}.</p>"
    )


def _agreement(found: Account) -> str:
    rows: list[Line] = []
    among = found.get("people")
    for pair, one in (among or {}).get("kappa", {}).items():
        rows.append((pair, "two people", one, _percent(one["accuracy"]["estimate"]) + " alike"))
    for name, one in found["raters"].items():
        agreement = one.get("agreement")
        if agreement:
            unread = f" · {agreement['unread']:,} unread" if agreement["unread"] else ""
            chance = f"{_percent(agreement['accuracy']['estimate'])} alike, {_percent(agreement['chance'])} by chance"
            rows.append((name, f"{decides(one, found['min_kappa'])}{unread}", agreement["kappa"], chance))
    if not rows:
        return "<p>No judge was compared with people.</p>"
    note = "Cohen's kappa with the majority of people: 0 is chance, 1 is full agreement. Bar: 95%. Dashed: the floor, "
    note += "which a judge's one-sided bound must reach."
    if among and among.get("alpha") is not None:
        note += f" Krippendorff's alpha among the people: {among['alpha']:.3f}."
    low = min([0.0, *(one["low"] for _, _, one, _ in rows if one and one["low"] is not None)])
    return f"<h3>Agreement beyond chance</h3>{_tracks(rows, low, 1.0, limit=found['min_kappa'])}{_note(note)}"


def _rates(found: Account) -> str:
    """What judge and people say how often, and of which pairs."""
    blocks = []
    for name, one in found["raters"].items():
        agreement = one.get("agreement")
        if not agreement:
            continue
        counts: dict[str, dict[str, int]] = {a: {} for a in _LABELS}
        for both, n in agreement["counts"].items():
            mine, people = both.split(" | ")
            counts[mine][people] = n
        rates = [
            (a, _percent(agreement["judge"].get(a, 0.0)), _percent(agreement["people"].get(a, 0.0))) for a in _LABELS
        ]
        head = f"<h4>{esc(name)} <small>rows: what it says is better · columns: what people say</small></h4>"
        grid = heat(counts, _LABELS, _LABELS, {}, ())
        blocks.append(f'<div class="metric">{head}{grid}{table(rates, ("better is", "the judge", "people"))}</div>')
    return f'<h3>Who says what, and how often</h3><div class="metrics">{"".join(blocks)}</div>' if blocks else ""


def _position(found: Account) -> str:
    rows: list[Line] = []
    beside = False
    for name, one in found["raters"].items():
        if lean := one.get("position"):
            flips = f"{_percent(one['flips']['estimate'])} of pairs flip with the order" if one.get("flips") else ""
            rows.append((name, "both orders", lean, flips))
        if lean := one.get("position_beside"):
            beside = True
            rows.append((name, "one order, beside people", lean, ""))
    if not rows:
        return ""
    note = "By how much more often the answer shown first is chosen than the one shown second, in points"
    note += "; less what people do on the same pairs" if beside else "; both orders of a pair are one item"
    scaled: list[Line] = [(a, b, one and _times(one, 100.0), d) for a, b, one, d in rows]
    ends = [abs(x) for _, _, one, _ in scaled if one for x in (one["low"], one["high"]) if x is not None]
    reach = 1.1 * max([5.0, *ends])
    return f"<h3>The pull of position</h3>{_tracks(scaled, -reach, reach, digits=1)}{_note(note + '.')}"


def _length(found: Account) -> str:
    rows: list[Line] = []
    for name, one in found["raters"].items():
        if (mine := one.get("longer")) and mine["n"]:
            rows += [(name, "judge", _times(mine, 100.0), ""), ("", "people", _times(one["longer_people"], 100.0), "")]
    if not rows:
        return ""
    note = "How often the longer answer wins, of pairs of unequal length that have a winner, in percent. Dashed: half."
    return f"<h3>The pull of length</h3>{_tracks(rows, 0.0, 100.0, limit=50.0, digits=1)}{_note(note)}"


def _kin(found: Account) -> str:
    told = []
    for name, one in found["raters"].items():
        if kin := one.get("kin"):
            gap = kin["preference"]
            by = "how much that sways it is not known: nobody else judged these pairs"
            if gap and gap["estimate"] is not None:
                ends = f"[{_points(gap['low'])}, {_points(gap['high'])}]"
                gain = f"{_points(gap['estimate'])} {ends} points"
                by = f"it rates them {gain} above what {kin['beside']} do, n={gap['n']:,}"
            told.append(f"<li><b>{esc(name)}</b> wrote the answers of {esc(', '.join(kin['wrote']))}; {esc(by)}</li>")
    return f"<h3>Judges that judge themselves</h3><ul>{''.join(told)}</ul>" if told else ""


def _win_rate(found: Account) -> str:
    rows: list[Line] = []
    for way, (title, how) in _WAYS.items():
        if one := found["win_rate"].get(way):
            rows.append((title, how, _times(one, 100.0), ""))
    if not rows:
        return ""
    weights = found["win_rate"].get("weights") or {}
    pulls = ", ".join(f"{name} {weight:+.2f}" for name, weight in weights.items())
    note = "Percent of pairs that what ships wins against the base. Dashed: half."
    note += f" Fitted pull of one standard deviation, in log-odds: {pulls}." if pulls else ""
    if not found["win_rate"].get("corrected"):
        note += " Not corrected by people: too few of these pairs were judged by them."
    return f"<h3>Win rate over the base</h3>{_tracks(rows, 0.0, 100.0, limit=50.0, digits=1)}{_note(note)}"


# -- drawing


def _tracks(rows: Sequence[Line], low: float, high: float, *, limit: float | None = None, digits: int = 2) -> str:
    """A dot with its interval in each row, on one scale."""

    def x(number: float) -> str:
        return f"{100 * (min(max(number, low), high) - low) / (high - low):.2f}%"

    lines = []
    for name, beside, one, word in rows:
        marks = [f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="0" y2="100%"/>']
        if limit is not None:
            marks.append(f'<line class="limit" x1="{x(limit)}" x2="{x(limit)}" y1="0" y2="100%"/>')
        said = "not known"
        if one and one["estimate"] is not None:
            if one["low"] is not None and one["high"] is not None:
                marks.append(f'<line class="bar" x1="{x(one["low"])}" x2="{x(one["high"])}" y1="50%" y2="50%"/>')
            marks.append(f'<circle class="dot" cx="{x(one["estimate"])}" cy="50%" r="5"/>')
            ends = f"[{_number(one['low'], digits)}, {_number(one['high'], digits)}]"
            said = f"<b>{_number(one['estimate'], digits)}</b> {ends} <small>n = {one['n']:,}</small>"
        kind = _KINDS.get(beside.partition(" ·")[0], "plain")
        lines.append(
            f'<div class="frow f-{kind}"><span class="who"><b>{esc(name)}</b> <small>{esc(beside)}</small></span>'
            f'<svg class="track" role="img" aria-label="{esc(name)}">{"".join(marks)}</svg>'
            f'<span class="what">{said}<small>{esc(word)}</small></span></div>'
        )
    axis = "".join(
        f'<line x1="{x(t)}" x2="{x(t)}" y1="0" y2="5"/><text x="{x(t)}" y="18">{tick_label(t)}</text>'
        for t in ticks(low, high, 5)
    )
    scale = f'<svg class="track" aria-hidden="true">{axis}</svg>'
    foot = f'<div class="frow axis"><span></span>{scale}<span></span></div>'
    return f'<section class="panel">{"".join(lines)}{foot}</section>'


def _times(one: Mapping[str, Any], factor: float) -> dict[str, Any]:
    scaled = {k: None if one[k] is None else factor * one[k] for k in ("estimate", "low", "high")}
    return {**scaled, "n": one["n"]}


def _note(text: str) -> str:
    return f'<p class="note">{esc(text)}</p>'


def _number(value: float | None, digits: int = 2) -> str:
    return "?" if value is None else f"{value:.{digits}f}".replace("-", "−")


def _percent(share: float | None) -> str:
    return "?" if share is None else f"{100 * share:.1f}%"


def _points(share: float | None) -> str:
    return "?" if share is None else f"{100 * share:+.1f}".replace("-", "−")
