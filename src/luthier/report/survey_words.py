"""A survey's account in words: what to look at first, for the page and for the terminal. Nothing is computed anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from luthier.report.shapes import number, share

Line = tuple[str, str]
_FEW = 4


def name_of(account: Mapping[str, Any]) -> str:
    """What the data is called: the last part of its first source."""
    sources: Sequence[str] = account["sources"]
    first = sources[0].rstrip("/").rpartition("/")[2] or sources[0]
    return first + (f" and {len(sources) - 1} more" if len(sources) > 1 else "")


def findings(account: Mapping[str, Any]) -> list[Line]:
    """(where, what) of everything that asks for a decision, the heaviest first; empty if there is nothing."""
    out: list[Line] = []
    usable = account["studied"]
    unusable = account["unusable"]
    if unusable["rows"]:
        rules = ", ".join(f"{one['rows']:,} {one['rule']}" for one in unusable["rules"][:3])
        out.append(("cannot be used", f"{unusable['rows']:,} of {account['rows']:,} rows ({rules})"))
    lengths = account["lengths"]
    if lengths.get("over"):
        limit = f"{lengths['limit']:,} {lengths['unit']}"
        out.append(("too long", f"{lengths['over']:,} rows ({share(lengths['over'], usable)}) have more than {limit}"))
    for one in account["label_errors"]:
        if one["found"]:
            pair = one["pairs"][0]
            told = (
                f"{one['found']:,} of {one['checked']:,} values of {one['field']} are probably wrong, "
                f"most often {pair['given']} for {pair['likely']}"
            )
            out.append(("labels", told))
    for one in account["labels"]:
        if one["ratio"] >= 10 or one["rare"]:
            times = f"{number(one['ratio'])} times the rows of the smallest"
            told = f"{one['field']}: the largest of {one['classes']:,} classes has {times}"
            out.append(("balance", f"{told}; {one['rare']:,} have fewer than 10" if one["rare"] else told))
    for one in account["quality"]["rules"][:_FEW]:
        if one["rule"] != "quality.empty":
            out.append(("answers", f"{one['rows']:,} times {one['what']} ({one['rule']})"))
    repeated = account["chats"]["repeated_questions"]
    if repeated:
        out.append(("repeated", f"{repeated:,} rows ask what another row asks ({share(repeated, usable)})"))
    holes = account["coverage"]["holes"]
    if holes:
        named = "; ".join(hole["name"] for hole in holes[:_FEW])
        more = f"; {len(holes) - _FEW} more" if len(holes) > _FEW else ""
        out.append(("holes", f"{named}{more}"))
    return out


def summary(account: Mapping[str, Any]) -> list[Line]:
    """The terminal's lines: what the rows are, then what to look at."""
    files, whole = account["files"], account["lengths"]["whole"]
    kinds = ", ".join(dict.fromkeys(one["shape"] for one in files))
    sample = f", {account['studied']:,} of them studied" if account["studied"] < account["usable"] else ""
    lines = [("rows", f"{account['rows']:,} in {len(files)} file{'' if len(files) == 1 else 's'}, {kinds}{sample}")]
    if whole:
        points = f"median {number(whole['p50'])}, 95% up to {number(whole['p95'])}, longest {number(whole['max'])}"
        limit = account["lengths"]["limit"]
        lines.append(("lengths", f"{points} {account['lengths']['unit']}{f' (limit {limit:,})' if limit else ''}"))
    lines.append(("languages", listed(account["languages"]["asked"], account["studied"])))
    lines.append(("tasks", listed(account["coverage"]["axes"]["task"], account["studied"])))
    for one in account["labels"]:
        lines.append(
            (one["field"], f"{one['classes']:,} classes, as varied as {number(one['effective'])} of equal size")
        )
    spread = account["diversity"]
    if spread["clusters"]:
        names = "; ".join(one["name"].replace(" · ", " ") for one in spread["clusters"][:3])
        lines.append(
            (
                "topics",
                f"{len(spread['clusters'])} found, as varied as {spread['effective']:g} of equal size: {names} …",
            )
        )
    for one in account["scores"]:
        lines.append(
            (one["name"], f"median {number(one['p50'])} over {one['rows']:,} rows" if one["rows"] else "no row has it")
        )
    return [(_printable(label), _printable(text)) for label, text in (*lines, *findings(account))]


def _printable(text: str) -> str:
    """Labels are rows' own text: what would steer a terminal is shown as a sign."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def listed(counts: Mapping[str, int], total: int, most: int = 5) -> str:
    """``en 98.0%, de 2.0%``."""
    told = [f"{name} {share(rows, total)}" for name, rows in list(counts.items())[:most] if rows]
    return ", ".join(told) + (", …" if len(counts) > most else "")
