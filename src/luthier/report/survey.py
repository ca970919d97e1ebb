"""The page of ``luthier data report``: one HTML file about rows, that opens offline and needs nothing from outside.

Order: what to look at first; what the rows are; what they ask; what they cover and lack; labels; answers; scores. What
the data does not have is left out. Drawn from the account of ``data.survey`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from luthier.report.document import document, sections
from luthier.report.figures import asset, cut, esc
from luthier.report.shapes import bar, bars, heat, histogram, number, share
from luthier.report.survey_words import findings, name_of
from luthier.report.tables import table
from luthier.store import marked
from luthier.text.language import NAMES

Account = Mapping[str, Any]
_MOST_LANGUAGES = 12
_SPOKEN = 0.005
"""Share of the rows from which a language counts: fewer rows are as likely told wrongly."""
_OPEN = 10
"""Probably wrong labels that are shown at once; the others unfold."""


def survey_page(account: Account, *, steer: str = "") -> str:
    """The whole page as text; ``steer`` is the command that makes rows for the holes."""
    parts = [
        ("rows", "What the rows are", _rows(account)),
        ("topics", "What they ask", _topics(account)),
        ("coverage", "What they cover, and what is missing", _coverage(account, steer)),
        ("labels", "Labels", _labels(account)),
        ("answers", "Answers to look at", _answers(account)),
        ("scores", "Scores of models", "".join(_score(one) for one in account["scores"])),
    ]
    name, (menu, body) = name_of(account), sections(parts, first="summary")
    return document(
        f"{name} · data report", asset("survey.css"), f"{menu}<main>{_summary(account, name)}{body}</main>",
        made="data report",
    )  # fmt: skip


def _summary(account: Account, name: str) -> str:
    lengths, spread = account["lengths"], account["diversity"]
    whole = lengths["whole"]
    usable = account["usable"]
    asked = account["languages"]["asked"]
    spoken = sum(code != "unknown" and rows >= _SPOKEN * account["studied"] for code, rows in asked.items())
    tiles = [
        (f"{account['rows']:,}", "rows" + (f", {usable:,} usable" if usable < account["rows"] else "")),
        (number(whole["p50"]) if whole else "none", f"{lengths['unit']}, median"),
        (f"{spoken:,}", "language" if spoken == 1 else "languages"),
        (f"{spread['effective']:g}", "topics of equal weight"),
        (f"{len(account['coverage']['holes']):,}", "named holes"),
        (f"{account['quality']['flagged']:,}", "answers to look at"),
    ]  # fmt: skip
    if not account["quality"]["flagged"]:
        tiles.pop()
    keys = "".join(f"<p><b>{esc(big)}</b><small>{esc(small)}</small></p>" for big, small in tiles)
    found = findings(account)
    lines = "".join(f"<li><b>{esc(where)}</b><span>{esc(what)}</span></li>" for where, what in found)
    first = f'<h3>To look at first</h3><ul class="first">{lines}</ul>' if found else "<p>Nothing stands out.</p>"
    sample = ""
    if account["studied"] < account["usable"]:
        told = f"Texts were studied on a random sample of {account['studied']:,} rows; counts below are of these."
        sample = f'<p class="note">{told}</p>'
    return (
        f'<section id="summary"><p class="name">{esc(name)} <small>data report</small></p>'
        f'<p class="lead">{esc(_lead(account))}</p><div class="keys">{keys}</div>{first}{sample}</section>'
    )


def _lead(account: Account) -> str:
    files = account["files"]
    kinds = " and ".join(dict.fromkeys(one["shape"].replace("_", " and ") for one in files))
    languages = [
        NAMES.get(code, code) for code, n in account["languages"]["asked"].items() if n >= 0.02 * account["studied"]
    ]
    tasks = [task for task, n in account["coverage"]["axes"]["task"].items() if n >= 0.1 * account["studied"]]
    count = f"{len(files)} file" + ("" if len(files) == 1 else "s")
    spoken = ", ".join(one for one in languages if one != "unknown") or "no language that is known"
    return f"{count} of {kinds} rows in {spoken}; tasks: {', '.join(tasks[:4]) or 'many'}."


# -- what the rows are


def _rows(account: Account) -> str:
    files = [
        (one["file"], f"{one['rows']:,}", one["shape"], f"{one['confidence']:.0%}", one["reason"])
        for one in account["files"]
    ]
    body = table(files, ("file", "rows", "layout", "sure", "because"))
    body += _unusable(account["unusable"])
    lengths = account["lengths"]
    pictures = []
    if lengths["unit"] != "words":
        pictures.append(histogram("Whole rows", lengths["whole"], unit=lengths["unit"], limit=lengths["limit"]))
    pictures += [
        histogram(f"{name.capitalize()}s", found, unit="words") for name, found in lengths["words"].items() if found
    ]
    body += f'<h3>Lengths</h3><div class="charts">{"".join(pictures)}</div>'
    if lengths.get("over"):
        head = f"{lengths['over']:,} rows are longer than {lengths['limit']:,} {lengths['unit']}"
        body += f"<details><summary>{esc(head)}</summary>{_listed(lengths['over_examples'])}</details>"
    if lengths.get("refused"):
        body += f'<p class="note">{lengths["refused"]:,} rows cannot be rendered through the chat template.</p>'
    spoken = {side: _spoken(counts) for side, counts in account["languages"].items() if counts}
    titles = {"asked": "Languages of the requests", "answered": "Languages of the answers"}
    pictures = [
        f"<div><h3>{titles[side]}</h3>{bars(counts, limit=_MOST_LANGUAGES)}</div>" for side, counts in spoken.items()
    ]
    turns = {f"{n} turn{'' if str(n) == '1' else 's'}": rows for n, rows in account["chats"]["turns"].items()}
    if len(turns) > 1:
        pictures.append(f"<div><h3>Turns of the user</h3>{bars(turns, limit=8)}</div>")
    return f'{body}<div class="halves">{"".join(pictures)}</div>{_chats(account)}'


def _unusable(found: Account) -> str:
    if not found["rows"]:
        return '<p class="note">Every row can be used.</p>'
    rows = [(one["rule"], f"{one['rows']:,}", one["what"], ", ".join(one["first"])) for one in found["rules"]]
    return f"<h3>{found['rows']:,} rows cannot be used</h3>{table(rows, ('rule', 'rows', 'what', 'first at'))}"


def _spoken(counts: Mapping[str, int]) -> dict[str, int]:
    return {NAMES.get(code, code): rows for code, rows in counts.items()}


def _chats(account: Account) -> str:
    chats = account["chats"]
    told = [
        (chats["with_system"], f"{chats['with_system']:,} rows have a system message ({chats['systems']:,} different)"),
        (chats["with_tools"], f"{chats['with_tools']:,} rows have tools"),
        (chats["disliked"], f"{chats['disliked']:,} answers were disliked and are not judged here"),
        (chats["repeated_questions"], f"{chats['repeated_questions']:,} rows ask what another row asks"),
    ]  # fmt: skip
    said = [text for there, text in told if there]
    return f'<p class="note">{esc("; ".join(said))}.</p>' if said else ""


# -- what they ask


def _topics(account: Account) -> str:
    spread = account["diversity"]
    body = ""
    if spread["clusters"]:
        most = max(one["rows"] for one in spread["clusters"])
        lines = []
        for one in spread["clusters"]:
            head = f"<details><summary>{esc(one['name'])}</summary>{_listed(one['examples'])}</details>"
            lines.append(bar(head, one["rows"], most, share(one["rows"], account["studied"]), html=True))
        note = (
            f"{len(spread['clusters'])} topics, named by the words that set each apart; they are spread as evenly as "
            f"{spread['effective']:g} of equal size would be. Open one to see rows at its centre."
        )
        body += f'<h3>Topics</h3><p class="note">{esc(note)}</p><div class="bars topics">{"".join(lines)}</div>'
    if spread["roots"] and sum(one["rows"] for one in spread["roots"]) >= 0.2 * account["studied"]:
        most = max(one["rows"] for one in spread["roots"])
        lines = [
            bar(one["verb"], one["rows"], most).removesuffix("</div>")
            + f"<span>{esc(', '.join(f'{noun} {n:,}' for noun, n in one['objects'].items()))}</span></div>"
            for one in spread["roots"]
        ]
        forms = ", ".join(f"{share(n, spread['english'])} {form}s" for form, n in spread["forms"].items())
        counts = f"{spread['verbs']:,} verbs, {spread['pairs']:,} pairs of verb and object"
        note = f"Of {spread['english']:,} English requests: {forms}. {counts}."
        body += f'<h3>Root verbs and their objects</h3><p class="note">{esc(note)}</p>'
        body += f'<div class="bars verbs">{"".join(lines)}</div>'
    return body


# -- coverage


def _coverage(account: Account, steer: str) -> str:
    found = account["coverage"]
    holes: Sequence[Account] = found["holes"]
    named = "".join(
        f"<li>{esc(one['name'])} <small>{one['wanted'] - one['rows']:,} more wanted</small></li>" for one in holes
    )
    body = '<p class="note">No hole was found.</p>'
    if holes:
        note = "Ranked: kinds of rows that are missing altogether, then pairs that should meet more often than they do."
        body = f'<p class="note">{note}</p><ol class="holes">{named}</ol>'
        if steer:
            body += '<p class="note">Rows for these holes, to be reviewed before they are used:</p>'
            body += f'<pre class="command">{esc(steer)}</pre>'
    titles = {name: one["title"] for name, one in found["edges"].items()} | {"none": "no edge"} | NAMES
    framed = {tuple(one["cells"].values()) for one in holes if len(one["cells"]) == 2}
    pictures = []
    for key, counts in found["tables"].items():
        down, across = key.split(" x ")
        rows, columns = _there(found["axes"][down]), _there(found["axes"][across])[:_MOST_LANGUAGES]
        if (len(columns) > 1 or down == "edge") and len(rows) > 1 and not (down == "edge" and len(columns) == 1):
            pair = heat(counts, rows, columns, titles, framed)
            head = f"{_AXES[down]} by {_AXES[across]}"
            pictures.append(f"<div><h3>{esc(head[0].upper() + head[1:])}</h3>{pair}</div>")
    note = "Rows of each pair; framed pairs are holes. A row of several edge classes stands in each."
    tables = f'<p class="note">{note}</p><div class="halves">{"".join(pictures)}</div>' if pictures else ""
    return f"{body}<h3>Edge classes</h3>{_edges(found['edges'], account['studied'])}{tables}{_matrix(found)}"


_AXES = {
    "edge": "edge class", "task": "task", "language": "language", "length": "length of the request",
    "format": "format of the answer",
}  # fmt: skip


def _there(counts: Mapping[str, int]) -> list[str]:
    return [value for value, rows in counts.items() if rows]


def _edges(edges: Mapping[str, Account], studied: int) -> str:
    possible = {name: one for name, one in edges.items() if one["possible"]}
    most = max((one["rows"] for one in possible.values()), default=0)
    lines = []
    for one in sorted(possible.values(), key=lambda one: -one["rows"]):
        label = f'<span class="bare">{esc(one["title"])}</span>'
        if one["examples"]:
            head = f'<summary title="{esc(one["what"])}">{esc(one["title"])}</summary>'
            label = f"<details>{head}{_listed(one['examples'])}</details>"
        note = share(one["rows"], studied) if one["rows"] else "none"
        lines.append(bar(label, one["rows"], most, note, "" if one["rows"] else "low", html=True))
    return f'<div class="bars topics">{"".join(lines)}</div>'


def _matrix(found: Account) -> str:
    heads = ("task", "length", "format", "language", "edge", "rows")
    rows = [[one[head] if head != "rows" else f"{one['rows']:,}" for head in heads] for one in found["cells"][:100]]
    shown = f"the first {len(rows)} of " if found["combinations"] > len(rows) else ""
    head = f"the whole matrix: {shown}{found['combinations']:,} combinations that some row has"
    return f"<details><summary>{esc(head)}</summary>{table(rows, heads)}</details>"


# -- labels


def _labels(account: Account) -> str:
    body = ""
    for one in account["labels"]:
        spread = f"{one['classes']:,} classes, spread as evenly as {number(one['effective'])} of equal size"
        told = f"{spread}; the largest has {one['largest']:.1%}"
        rare = [name for name, rows in one["counts"].items() if rows < 10]
        tail = f"; {len(rare):,} have fewer than 10 rows" if rare else ""
        note = f'<p class="note">{esc(told + tail)}.</p>'
        body += f"<div><h3>{esc(one['field'])}</h3>{note}{_counts(one['counts'], rare)}</div>"
    body = f'<div class="halves">{body}</div>' if len(account["labels"]) > 1 else body
    for one in account["label_errors"]:
        body += _suspects(one)
    return body


def _counts(counts: Mapping[str, int], rare: Sequence[str]) -> str:
    """Twelve largest, and the smallest behind them where there are many."""
    if len(counts) <= 24:
        return bars(counts, limit=24, low=rare)
    items = list(counts.items())
    most, total = items[0][1], sum(counts.values())
    middle = f'<p class="note">{len(items) - 18:,} classes between</p>'
    lines = [bar(name, rows, most, share(rows, total), "low" if name in rare else "") for name, rows in items]
    return f'<div class="bars">{"".join(lines[:12])}{middle}{"".join(lines[-6:])}</div>'


def _suspects(found: Account) -> str:
    title = f"<h3>Labels that are probably wrong: {esc(found['field'])}</h3>"
    if found["skipped"]:
        return f'{title}<p class="note">Not looked for: {esc(found["skipped"])}.</p>'
    note = (
        f"{found['found']:,} of {found['checked']:,} rows. A classifier of words, trained on the other rows, is surer "
        "of another label than it usually is of rows that bear it. It agrees with the labels on "
        f"{found['accuracy']:.0%} of the rows: the lower that is, the less its suspicions mean."
    )
    first, rest = found["suspects"][:_OPEN], found["suspects"][_OPEN:]
    more = f"<details><summary>{len(rest)} more</summary>{_grid(rest)}</details>" if rest else ""
    return f'{title}<p class="note">{esc(note)}</p>{_grid(first) if first else ""}{more}'


def _grid(suspects: Sequence[Account]) -> str:
    rows = "".join(
        f"<tr><td>{_place(one)}</td>"
        f'<td class="swap"><s>{esc(cut(one["given"], 40))}</s> <b>{esc(cut(one["likely"], 40))}</b></td>'
        f"<td>{one['score']:.2f}</td><td dir=auto>{marked(one['id'], esc(one['text']))}</td></tr>"
        for one in suspects
    )
    heads = "<th>row</th><th>given, likely</th><th>score</th><th>text</th>"
    grid = f'<table class="grid suspects"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<div class="wide">{grid}</div>'


# -- answers


def _answers(account: Account) -> str:
    found = account["quality"]
    if not found["answers"]:
        return ""
    note = (
        f"{found['flagged']:,} of {found['answers']:,} answers ({share(found['flagged'], found['answers'])}) fall "
        "under a rule of thumb. A rule points at rows to look at; it takes none away."
    )
    rules = "".join(
        f'<div class="rule"><h4><span class="n">{one["rows"]:,}</span>{esc(one["what"])} '
        f"<code>{esc(one['rule'])}</code></h4>"
        f"<details><summary>{esc(one['why'])}: rows to look at</summary>{_listed(one['examples'])}</details></div>"
        for one in found["rules"]
    )
    return f'<p class="note">{esc(note)}</p>{rules}'


def _score(one: Account) -> str:
    if not one["rows"]:
        return f'<h3>{esc(one["name"])}</h3><p class="note">No row has this score.</p>'
    picture = f'<div class="charts">{histogram(one["name"], one, unit=one["name"])}</div>'
    ends = "".join(
        f"<details><summary>the {end} scores</summary>{_listed(one[end])}</details>" for end in ("lowest", "highest")
    )
    return f"<h3>{esc(one['name'])} <small>{one['rows']:,} rows</small></h3>{picture}{ends}"


def _listed(rows: Sequence[Account]) -> str:
    """Rows to look at, with file and line."""
    lines = []
    for one in rows:
        said = f'<span class="said-answer" dir="auto">{esc(one["answer"])}</span>' if one.get("answer") else ""
        why = one.get("why") or (f"{one['score']:g}" if "score" in one else "")
        told = f'<span class="why"><small>{esc(why)}</small></span>' if why else ""
        text = f'<span dir="auto">{esc(one["text"])}</span>{said}'
        lines.append(f"<li>{_place(one)} {marked(one['id'], text) if one['id'] else text}{told}</li>")
    return f'<ul class="rows">{"".join(lines)}</ul>'


def _place(one: Account) -> str:
    """File and line; the folder shows when pointed at."""
    origin = str(one["origin"])
    return f'<code title="{esc(origin)}">{esc(origin.rpartition("/")[2])}</code>'
