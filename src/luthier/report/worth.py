"""Was one run worth it over another? The answer in a sentence, the figures as a table, some answers beside each other.

Reads the JSON form of a ``Worth`` (``evaluate.worth``), and the answers that are shown apart from it. Nothing is
computed here but words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from luthier.report.figures import cut, duration, esc, interval, signed
from luthier.report.tables import table

Shown = Sequence[tuple[str, Sequence[tuple[str, float]]]]
"""(prompt, (answer, reward) of base, first and second)."""
_FAR = 10.0
"""Nats an answer from the start, beyond which a model has become another one."""
_LONGEST = 500


def sentence(found: Mapping[str, Any]) -> str:
    """The answer to "was the first worth it over the second"."""
    first, second, lead = found["first"], found["second"], found["lead"]
    asked = f"{found['prompts']:,} prompts"
    if found["better"] is None:
        dear, cheap = sorted((first, second), key=_seconds, reverse=True)
        return (
            f"Not shown: by {found['judge']} the answers of {first['name']} and {second['name']} differ by "
            f"{_gap(lead)} on {asked}. {cheap['name']} took {_took(cheap)}, {dear['name']} {_took(dear)}: take the "
            "cheaper one."
        )
    won = found["better"] == first["name"]
    better, other = (first, second) if won else (second, first)
    share = found["wins"]["estimate"] if won else 1 - found["wins"]["estimate"]
    beside = "while it took" if _seconds(better) <= _seconds(other) else "and it took"
    far = "" if (better["kl"]["estimate"] or 0) <= _FAR else " That is far: read its answers."
    return (
        f"{'Yes' if won else 'No'}: {better['name']} answers better than {other['name']}, by "
        f"{_gap(lead if won else _turned(lead))}, and wins {100 * share:.0f}% of {asked}, {beside} {_took(better)} "
        f"instead of {_took(other)}; it is {_nats(better)} from its start, the other {_nats(other)}.{far}"
    )


def worth_table(found: Mapping[str, Any]) -> tuple[list[list[str]], list[str]]:
    """(rows, heads): a figure a row; the difference is the first less the second, paired where it can be."""
    first, second = found["first"], found["second"]
    lead, wins, pairs = found["lead"], found["wins"], found["preference_lead"]
    rows = [
        ["reward", *(_with(side["reward"]) for side in (first, second)), f"base {_with(found['base_reward'])}"],
        ["over the base, in its SD", *(_signed(side["over_base"]) for side in (first, second)), _signed(lead)],
        ["prompts won", f"{100 * wins['estimate']:.0f}%", f"{100 * (1 - wins['estimate']):.0f}%",
         f"[{100 * wins['low']:.0f}, {100 * wins['high']:.0f}]% by the first"],
        ["KL to its start, nats an answer", *(_with(side["kl"]) for side in (first, second)), ""],
        ["KL to the base, nats an answer", *(_with(side["kl_base"]) for side in (first, second)), ""],
        ["words an answer", *(f"{side['words']:.0f}" for side in (first, second)), ""],
        ["time, all that it is made of", *(_took(side) for side in (first, second)), ""],
    ]  # fmt: skip
    if pairs is not None:
        each = [f"{100 * side['preference']['estimate']:.1f}%" for side in (first, second)]
        gap = f"{signed(100 * pairs['estimate'])} {interval(100 * pairs['low'], 100 * pairs['high'])} points"
        rows.insert(3, [f"preference accuracy, {found['pairs']:,} pairs", *each, gap])
    return rows, ["", f"{first['name']} ({first['method']})", f"{second['name']} ({second['method']})", "difference"]


def worth_html(found: Mapping[str, Any], shown: Shown = ()) -> str:
    """The section of a page."""
    runs = "; ".join(
        f"{side['name']}: " + ", ".join(f"{name} {duration(s)}" for name, s in side["seconds"].items())
        for side in (found["first"], found["second"])
    )
    note = (
        f"Greedy answers to the same {found['prompts']:,} held-out prompts, scored by {found['judge']}, which neither "
        f"learned from; its rewards of the base's answers have a standard deviation of {found['spread']:.2f}. 95% "
        "intervals, differences paired by prompt. KL: of one answer a prompt, drawn at temperature 1. Preference "
        "accuracy: training made the better answer of a pair gain more on the base than the worse one. Time: "
        f"{runs}."
    )
    cards = "".join(_card(found, prompt, said) for prompt, said in shown)
    examples = f"<h3>Where they differ most for, least and most against the first</h3>{cards}" if cards else ""
    figures = f'{table(*worth_table(found))}<p class="note">{esc(note)}</p>'
    return f'<p class="answer">{esc(sentence(found))}</p>{figures}{examples}'


def _card(found: Mapping[str, Any], prompt: str, said: Sequence[tuple[str, float]]) -> str:
    names = ("base", found["first"]["name"], found["second"]["name"])
    rows = [
        (name, cut(text, _LONGEST) or "(nothing)", signed(reward, 2))
        for name, (text, reward) in zip(names, said, strict=True)
    ]
    return f"<h4>{esc(cut(prompt, _LONGEST))}</h4>{table(rows, ('', 'answer', 'reward'))}"


def _seconds(side: Mapping[str, Any]) -> float:
    return float(sum(side["seconds"].values()))


def _took(side: Mapping[str, Any]) -> str:
    return duration(_seconds(side))


def _nats(side: Mapping[str, Any]) -> str:
    kl = side["kl"]["estimate"]
    return "an unknown KL" if kl is None else f"{kl:.1f} nats an answer".replace("-", "\u2212")


def _turned(lead: Mapping[str, Any]) -> dict[str, float]:
    return {"estimate": -lead["estimate"], "low": -lead["high"], "high": -lead["low"]}


def _gap(lead: Mapping[str, Any]) -> str:
    return f"{_signed(lead)} standard deviations of the base's rewards"


def _with(found: Mapping[str, Any]) -> str:
    if found["estimate"] is None:
        return "not known"
    return f"{signed(found['estimate'], 2)} {interval(found['low'], found['high'], 2)}".replace("+", "")


def _signed(found: Mapping[str, Any]) -> str:
    return f"{signed(found['estimate'], 2)} {interval(found['low'], found['high'], 2)}"
