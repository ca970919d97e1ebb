"""The report: one HTML file that opens offline, prints well and needs nothing from outside.

Order: the verdict in a sentence and a forest plot; everybody side by side; the data's story; training; answers; what
must not get worse; what it took, where it came from, how to make it again. What the run did not do is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from luthier.records import SuiteResult
from luthier.report.answers import answers
from luthier.report.charts import training_charts
from luthier.report.confusion import confusions
from luthier.report.contamination import contamination_page
from luthier.report.document import document, sections
from luthier.report.figures import asset, delta_unit, digits_for, duration, esc, interval, signed, value
from luthier.report.forest import forest, status
from luthier.report.frontier import frontier_table
from luthier.report.judges import judge_section
from luthier.report.rewards import rewards_page
from luthier.report.river import river
from luthier.report.story import Figure, Metric, Story, System
from luthier.report.tables import facts, plain, table

_SIGNS = {"PROMOTE": "✓", "REJECT": "✗", "INCONCLUSIVE": "?"}


def page(story: Story) -> str:
    """The whole page as text; write it as UTF-8."""
    parts = [
        ("data", "The data", _data(story)),
        ("training", "Training", _training(story)),
        ("rewards", "What the rewards are like", rewards_page(story.rewards) if story.rewards else ""),
        ("classes", "Which class is taken for which", confusions(story.confusion)),
        ("answers", "Answers, base beside tuned", answers(story.examples, story.systems) if story.examples else ""),
        ("regression", "What must not get worse", _regression(story.verdict.results)),
        ("limits", "What an answer may take", _limits(story.verdict.results)),
        ("judges", "What the judges are worth", "".join(map(judge_section, story.judges))),
        ("scales", "The adapter at part of its strength", _scales(story.frontier)),
        ("cost", "What it took", _costs(story)),
        ("origin", "Where it comes from, and how to make it again", _origin(story)),
    ]
    menu, body = sections(parts, first="verdict")
    return document(
        f"{story.verdict.kind.value} · {story.name}", asset("survey.css") if story.judges else "",
        f"{menu}<main>{_verdict(story)}{body}</main>", made=story.run, script=asset("page.js"),
    )  # fmt: skip


# -- the verdict


def _verdict(story: Story) -> str:
    verdict = story.verdict
    word = verdict.kind.value
    titles = _titles(story)
    advice = "".join(f"<li>{esc(text)}</li>" for text in verdict.advice)
    return (
        f'<section id="verdict"><p class="name">{esc(story.name)} <small>{esc(story.run)} · '
        f"{esc(story.finished[:16].replace('T', ' '))}</small></p>"
        f'<div class="verdict v-{word.lower()}"><h1>{_SIGNS[word]} {word}</h1>'
        f"<p>{esc(_sentence(verdict.reason))}</p>{f'<ul class=advice>{advice}</ul>' if advice else ''}</div>"
        f"{_headline(verdict.results, titles)}{forest(verdict.results, titles)}"
        f"{_compared(story.systems, story.metrics)}{_facts(verdict.facts)}</section>"
    )


def _titles(story: Story) -> dict[str, str]:
    """What people call the verdict's metrics and systems. A metric without a key is known by its place."""
    decided = [r for r in story.verdict.results if r.role == "target" and r.status != "described"]
    targets = list(dict.fromkeys(r.metric for r in decided))
    decide = [m for m in story.metrics if m.decides]
    by_place = {key: m.title for key, m in zip(targets, decide, strict=True)} if len(targets) == len(decide) else {}
    by_key = {m.key: m.title for m in story.metrics if m.key}
    return {s.name: s.title for s in story.systems} | by_place | by_key


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ".!?" else ".")


def _headline(results: Sequence[SuiteResult], titles: Mapping[str, str]) -> str:
    """Each target in large figures: the base, the best baseline, the tuned model."""
    found: dict[str, list[SuiteResult]] = {}
    for r in results:
        if r.role == "target" and r.status != "described" and math.isfinite(r.delta):
            found.setdefault(r.metric, []).append(r)
    tiles = []
    for metric, lines in found.items():
        best = min(lines, key=lambda r: r.delta)
        base = [r for r in lines if r.reference_name == "base" and r is not best]
        named = [(r, titles.get(r.reference_name, r.reference_name)) for r in (*base, best)]
        told = [_number(value(r.reference, r.unit), name) for r, name in named]
        told.append(_number(value(best.candidate, best.unit), "tuned", "after"))
        tiles.append(
            f'<div class="tile"><p>{esc(titles.get(metric, metric))} <small>n = {best.n:,} test rows</small></p>'
            f'<div class="figures">{_ARROW.join(told)}</div></div>'
        )
    return f'<div class="tiles">{"".join(tiles)}</div>' if tiles else ""


_ARROW = '<span class="to" aria-hidden="true">→</span>'


def _number(said: str, label: str, kind: str = "") -> str:
    return f'<span class="figure {kind}">{esc(said)}<small>{esc(label)}</small></span>'


def _compared(systems: Sequence[System], metrics: Sequence[Metric]) -> str:
    """Everybody on the test rows: a bar with its interval and n for each figure."""
    if not systems or not metrics:
        return ""
    blocks = [_metric(metric, systems) for metric in metrics]
    notes = "".join(
        f"<li><b>{esc(s.title)}</b>: {esc(' · '.join(filter(None, (s.note, _tokens(s)))))}</li>"
        for s in systems
        if s.note or s.prompt_tokens
    )
    return (
        f'<h3>Everybody on the same test rows</h3><div class="metrics">{"".join(blocks)}</div>'
        '<p class="note">Bars end at the figure; the thin line is its 95% interval.</p>'
        f"{f'<ul class=note>{notes}</ul>' if notes else ''}"
    )


def _tokens(system: System) -> str:
    return f"{system.prompt_tokens:,.0f} prompt tokens a request" if system.prompt_tokens else ""


def _metric(metric: Metric, systems: Sequence[System]) -> str:
    found = [(s, metric.figures[s.name]) for s in systems if s.name in metric.figures]
    top = 100.0 if metric.unit == "%" else 1.1 * max((f.high or f.value or 0.0 for _, f in found), default=1.0) or 1.0
    rows = "".join(_figure(s, f, metric.unit, top) for s, f in found)
    word = "decides" if metric.decides else "shown"
    note = f" · {metric.note}" if metric.note else ""
    return f'<div class="metric m-{word}"><h4>{esc(metric.title)} <small>{word}{esc(note)}</small></h4>{rows}</div>'


def _figure(system: System, figure: Figure, unit: str, top: float) -> str:
    def x(number: float) -> str:
        return f"{100 * min(max(number / top, 0), 1):.2f}%"

    marks = ""
    said = value(figure.value, unit)
    if figure.value is not None and math.isfinite(figure.value):
        marks = f'<rect width="{x(figure.value)}" height="100%"/>'
        if figure.low is not None and figure.high is not None:
            marks += f'<line x1="{x(figure.low)}" x2="{x(figure.high)}" y1="50%" y2="50%"/>'
            low, high = (value(x, unit).removesuffix("%").removesuffix(" words") for x in (figure.low, figure.high))
            said += f" <small>[{low}, {high}]</small>"
    return (
        f'<div class="crow{" ships" if system.ships else ""}"><span>{esc(system.title)}</span>'
        f'<svg class="cbar" aria-hidden="true">{marks}</svg><span>{said} <small>n={figure.n:,}</small></span></div>'
    )


def _facts(found: Mapping[str, Any]) -> str:
    """What the gate stated before it saw data. Systems and suites have places of their own on the page."""
    rest = {k: v for k, v in found.items() if k not in _ELSEWHERE and v not in (None, "", {}, [])}
    return f"<details><summary>what the gate fixed before it saw data</summary>{facts(rest)}</details>" if rest else ""


_ELSEWHERE = {"systems", "detected", "test_use"}


# -- the other parts


def _data(story: Story) -> str:
    if story.data is None:
        return ""
    shape = story.data.get("shape") or {}
    told = any(str(shape.get("reason")) in str(step.get("rule")) for step in story.data.get("steps", ())[:1])
    reason = f'<p>{esc(_sentence(str(shape["reason"])))}</p>' if shape.get("reason") and not told else ""
    rest = [(k, story.data[k]) for k in ("certificate", "tokens", "split", "personal", "labels") if story.data.get(k)]
    more = "".join(
        f"<details><summary>{esc(_TITLES[key])}</summary>{facts(found)}</details>" for key, found in rest
    )
    leaks = contamination_page(story.data.get("contamination") or {})
    return f"{reason}{river(story.data)}{more}{leaks}"


_TITLES = {
    "certificate": "leak certificate: what was compared, what was found", "tokens": "lengths in tokens",
    "split": "how the sides were cut", "personal": "personal data that was masked", "labels": "values of the answers",
}  # fmt: skip


def _training(story: Story) -> str:
    body = ""
    if story.training is not None:
        body = _seen(story.training) + training_charts(story.training, story.speed)
    if story.plan is not None:
        decided: Mapping[str, Any] = story.plan.get("decided", {})
        found = story.measured
        rows = [
            (key, plain(note.get("value")), plain(found.get(key, "")), note.get("reason", ""), note.get("origin", ""))
            for key, note in decided.items()
        ]
        rows += [(key, "", plain(got), "", "") for key, got in found.items() if key not in decided]
        if rows:
            heads = ("value", "planned", "measured", "reason", "from")
            kept = [n for n, head in enumerate(heads) if found or head != "measured"]
            told = table([[row[n] for n in kept] for row in rows], [heads[n] for n in kept])
            body += f"<details><summary>the plan, value by value, with its reasons</summary>{told}</details>"
    return body


def _seen(training: Mapping[str, Any]) -> str:
    """What the monitors saw, in words, and what to change."""
    found = ""
    for one in training.get("diagnosis", ()):
        try_ = f"<small>Try: {esc(' · '.join(one['fix']))}</small>"
        found += f"<li><b>{esc(one['kind'])}</b>: {esc(_sentence(one['said']))} {try_}</li>"
    skipped = training.get("skipped") or ()
    if skipped:
        rows = ", ".join(str(name) for step in skipped for name in step["rows"][:4])
        found += f"<li><b>steps left out</b>: {len(skipped)}, as a number was not finite (rows {esc(rows)})</li>"
    return f"<h3>What the monitors saw</h3><ul>{found}</ul>" if found else ""


def _regression(results: Sequence[SuiteResult]) -> str:
    rows = [r for r in results if r.role == "regression"]
    if not rows:
        return ""
    lines = []
    for r in rows:
        digits = digits_for([r.delta, r.low, r.high])
        cells = (
            f"<b>{esc(r.suite)}</b><small>{esc(r.metric)}</small>", f"{r.n:,}", esc(value(r.reference, r.unit)),
            esc(value(r.candidate, r.unit)),
            f"<b>{esc(signed(r.delta, digits))}</b> {esc(interval(r.low, r.high, digits))} {esc(delta_unit(r.unit))}",
            f"{esc(signed(r.bound, digits))} against −{r.margin:g}",
            f"{status(r.status)}<small>{esc(r.reason)}</small>",
        )  # fmt: skip
        lines.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    heads = ("suite", "n", "base", "tuned", "difference [95%]", "bound and margin", "")
    head = "".join(f"<th>{h}</th>" for h in heads)
    slices = "".join(_slices(r) for r in rows if r.slices)
    grid = f'<table class="grid"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    note = "Positive is better. A suite is held only if its one-sided bound stays above minus its margin."
    return f'<div class="wide">{grid}</div><p class="note">{note}</p>{slices}'


def _limits(results: Sequence[SuiteResult]) -> str:
    """Time, length, refusals, format and price of an answer beside what the policy allows."""
    rows = [r for r in results if r.role == "limit"]
    lines = []
    for r in rows:
        digits = digits_for([r.delta, r.low, r.high])
        left = f"<b>{esc(signed(r.delta, digits))}</b> {esc(interval(r.low, r.high, digits))} {esc(delta_unit(r.unit))}"
        cells = (f"<b>{esc(r.suite)}</b>", f"{r.n:,}", left, f"{status(r.status)}<small>{esc(r.reason)}</small>")
        lines.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    head = "".join(f"<th>{h}</th>" for h in ("limit", "n", "what is left [95%]", ""))
    grid = f'<table class="grid"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    return f'<div class="wide">{grid}</div>' if rows else ""


def _slices(result: SuiteResult) -> str:
    """Slices are described and decide nothing."""
    keys: list[str] = []
    for one in result.slices.values():
        keys += [k for k in one if k not in keys] if isinstance(one, Mapping) else []
    if keys:
        rows = [(name, *(plain(found.get(k, "")) for k in keys)) for name, found in result.slices.items()]
        names = {"reference": "base", "candidate": "tuned"}
        told = table(rows, ("slice", *(names.get(k, k) for k in keys)))
    else:
        told = table([(name, plain(found)) for name, found in result.slices.items()])
    return f"<details><summary>{esc(result.suite)} by slice (described, decides nothing)</summary>{told}</details>"


def _scales(frontier: Mapping[str, Any] | None) -> str:
    """Target against retention, scale by scale."""
    if frontier is None:
        return ""
    note = (
        "base + scale × (tuned − base), without training again; on validation rows and general rows that the gate never"
        " sees. A scale passes if it gains and if every loss as large as the margin is excluded."
    )
    return f'{table(*frontier_table(frontier))}<p class="note">{esc(note)}</p>'


def _costs(story: Story) -> str:
    total = sum(s.seconds or 0.0 for s in story.stages)
    longest = max((s.seconds or 0.0 for s in story.stages), default=0.0) or 1.0
    rows = "".join(
        f'<div class="crow"><span>{esc(s.name)}</span><svg class="cbar" aria-hidden="true">'
        f'<rect width="{100 * (s.seconds or 0.0) / longest:.1f}%" height="100%"/></svg>'
        f"<span>{'reused' if s.seconds is None else duration(s.seconds)} <small>{esc(s.note)}</small></span></div>"
        for s in story.stages
    )
    bars = f'<div class="stages">{rows}</div><p><b>{duration(total)}</b> in all</p>' if rows else ""
    notes = table(list(story.notes.items())) if story.notes else ""
    return bars + notes + "".join(_parity(kind, found) for kind, found in story.parity.items())


def _parity(kind: str, found: Mapping[str, Any]) -> str:
    holds = bool(found.get("holds"))
    rows = []
    for check in found.get("checks", ()):
        measured, bound = check.get("measured", {}), check.get("bound", {})
        for name, number in measured.items():
            allowed = f"≤ {plain(bound[name])}" if name in bound else ""
            rows.append((check.get("name", ""), name.replace("_", " "), plain(number), allowed))
    word = "equals what was trained" if holds else "does NOT equal what was trained"
    head = f"{kind}: {word}"
    probes = f" on {found['probes']:,} probes" if isinstance(found.get("probes"), int) else ""
    sign = "✓" if holds else "✗"
    checks = table(rows, ("check", "measure", "found", "allowed")) if rows else ""
    return f"<details><summary>{sign} {esc(head)}{esc(probes)}</summary>{checks}</details>"


def _origin(story: Story) -> str:
    parts = []
    if story.command:
        parts.append(f"<h3>Make it again</h3><pre class=command>{esc(story.command)}</pre>")
    if story.lineage:
        parts.append(f"<h3>Lineage</h3><pre>{esc(chr(10).join(story.lineage))}</pre>")
    if story.recipe:
        parts.append(f"<h3>Recipe</h3><pre>{esc(story.recipe.rstrip())}</pre>")
    if story.environment:
        parts.append(f"<h3>Environment</h3>{facts(story.environment)}")
    return "".join(parts)
