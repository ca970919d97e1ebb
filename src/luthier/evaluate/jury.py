"""Judges at work: every answer against the base's, what people judged already, filed as rows of the ledger.

For a metric called ``judge`` the ledger holds, besides the answers themselves: each judge's ballots (suite
``judge: NAME``), what the jury says (suite ``judge``; the base ties with itself), everybody's verdict on the pairs that
people judged (suite ``judge: people's pairs``, where people are one of the raters), and people's verdict on pairs of
this very evaluation (suite ``people``). Whatever is concluded from them is ``reliability``'s.

Ballots go to the journal block by block; asked again after a crash, only what is missing is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from luthier.evaluate.desk import Desk
from luthier.evaluate.ledger import TEST, Journal, Row, digest
from luthier.evaluate.systems import BASE, TUNED
from luthier.evaluate.votes import Voted, pair_digest, question_text, read_votes
from luthier.recipe.evaluate import EvaluateSpec, JudgeMetric
from luthier.records import Example, Score
from luthier.score.judge import PEOPLE, Juror, Pair, compare_pairs, mark_answers, verdict_of

OpenJury = Callable[[JudgeMetric], AbstractContextManager[Sequence[Juror]]]
"""Opens the engines of a metric's judges, in the order that the recipe names them."""
JURY = "jury"
"""What all judges of a metric say together, as a rater."""
_BLOCK = 32
"""Pairs (or answers) asked in one call; a block is the unit of resuming, so that batches are the same again."""
_NEAR = 0.125
"""Half a mark: two marks as near as that are a tie."""


def ballots_of(key: str, juror: str) -> str:
    """The suite that holds one judge's ballots."""
    return f"{key}: {juror}"


def shown_to_people(key: str) -> str:
    """The suite that holds what judges say of pairs that people judged."""
    return f"{key}: people's pairs"


@dataclass(frozen=True)
class Task:
    """One thing to judge, with the row that it will be. ``other`` is the answer to compare with where two are compared
    (``pair``); an answer is None where a system gave none."""

    row: Row
    question: str
    answer: str | None
    other: str | None = None
    reference: str | None = None
    pair: bool = True

    def settled(self) -> Score | None:
        """What needs no judge: no answer is not scored, two equal ones tie."""
        if self.answer is None or (self.pair and self.other is None):
            return Score(None, "no answer")
        return Score(0.5, "equal answers") if self.pair and self.answer == self.other else None


@dataclass(frozen=True)
class Panel:
    """The judges of one metric, open, with the names that tell them apart."""

    metric: JudgeMetric
    jurors: Sequence[Juror]
    names: Sequence[str]

    @property
    def fingerprints(self) -> list[dict[str, Any]]:
        return [juror.fingerprint for juror in self.jurors]

    @property
    def protocol(self) -> str:
        """Digest of how they are asked."""
        m = self.metric
        return digest(["judge", m.how, m.rubric, m.reference, m.max_tokens, _BLOCK])


@contextmanager
def seated(metric: JudgeMetric, open_jury: OpenJury) -> Iterator[Panel]:
    """The judges of a metric, closed at the end. Two of one name are told apart by a number."""
    with open_jury(metric) as jurors:
        names: list[str] = []
        for one in jurors:
            times = sum(n.partition(" #")[0] == one.name for n in names)
            names.append(one.name if not times else f"{one.name} #{times + 1}")
        yield Panel(metric, jurors, names)


def ask_judges(
    desk: Desk, spec: EvaluateSpec, examples: Mapping[str, Example], open_jury: OpenJury, *, folder: Path,
    calibration: Callable[[JudgeMetric], Path] | None = None,
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """Rows of every judge of a spec, about the test rows that the desk holds; gives the facts of each metric.

    Args:
        examples: the test rows by item.
        folder: where files of votes start.
        calibration: where the journal of a metric's calibration lies, if not in the desk's own.
    """
    facts = {}
    answered: dict[str, dict[str, Row]] = {}
    for row in desk.rows:
        if row.suite == TEST:
            answered.setdefault(row.system, {})[row.item] = row
    voted: tuple[Voted, ...] = ()
    for metric in dict.fromkeys(spec.judges):
        own = read_votes(folder / Path(metric.people).expanduser()) if metric.people is not None else ()
        with seated(metric, open_jury) as panel:
            for row in calibrate(panel, own, calibration(metric) if calibration else None, desk):
                desk.rows.append(row)
            _judge_answers(desk, panel, answered, examples)
            facts[metric.key] = {
                "how": metric.how, "judges": list(panel.names), "min_kappa": metric.min_kappa, "pairs": len(own),
                "engines": panel.fingerprints, "reads": [juror.reads for juror in panel.jurors],
            }  # fmt: skip
        voted += own
    _file_votes(desk, {v.same: v for v in voted}, answered, examples)
    return facts


def calibrate(panel: Panel, voted: Sequence[Voted], workdir: Path | None, desk: Desk | None = None) -> list[Row]:
    """What people and judges say of the same pairs, as rows; values are those of the first answer.

    ``workdir`` holds the journal (kept between runs); without it the desk's is used. Equal answers say nothing of a
    judge and are left out.
    """
    voted = [one for one in voted if one.a != one.b]
    metric, suite = panel.metric, shown_to_people(panel.metric.key)

    def blank(one: Voted, system: str, **more: Any) -> Row:
        return Row(
            id=one.item.partition("#")[0], item=one.item, suite=suite, system=system, asked=digest(one.question),
            prompt=one.same, decoding=panel.protocol, reference=one.b, answer=one.a,
            **{"engine": PEOPLE, "scores": {}, **more},
        )  # fmt: skip

    rows = []
    for one in voted:
        counts = {side: float(list(one.votes.values()).count(side)) for side in ("a", "b", "tie")}
        rows.append(blank(one, PEOPLE, scores={metric.key: Score(one.majority, "", counts)}))
    journal = Journal(workdir / "journal.jsonl") if workdir is not None else None
    try:
        known = desk.journal if journal is None and desk is not None else journal  # an empty journal is false
        each: list[list[Row]] = []
        for number, name in enumerate(panel.names):
            engine = digest(panel.fingerprints[number])
            tasks = [
                Task(blank(one, name, engine=engine, scores={metric.key: Score(None)}), one.question, one.a, one.b,
                     one.reference if metric.reference else None)
                for one in voted
            ]  # fmt: skip
            each.append(_ballots(panel, number, tasks, known, None))
    finally:
        if journal is not None:
            journal.close()
    rows += [row for made in each for row in made]
    if len(each) > 1:
        for at, one in enumerate(voted):
            said = verdict_of([made[at].scores[metric.key] for made in each], how="pairs")
            rows.append(blank(one, JURY, engine=digest([r[at].engine for r in each]), scores={metric.key: said}))
    return rows


def _judge_answers(
    desk: Desk, panel: Panel, answered: Mapping[str, Mapping[str, Row]], examples: Mapping[str, Example]
) -> None:
    metric, key = panel.metric, panel.metric.key
    base = answered[BASE]
    pairs = metric.how == "pairs"
    for system, rows in answered.items():
        if pairs and system == BASE:
            for row in rows.values():
                tie = Score(0.5, "the base beside itself")
                desk.take(_of(row, key, key, panel.protocol, "", digest(panel.fingerprints), tie), new=False,
                          doing=key)  # fmt: skip
            continue
        each: list[list[Row]] = []
        for number, name in enumerate(panel.names):
            tasks = []
            for item, row in rows.items():
                other = base[item].answer if pairs else None
                seen = digest([row.answer, other, row.reference if metric.reference else None])
                made = _of(row, ballots_of(key, name), key, panel.protocol, seen, digest(panel.fingerprints[number]),
                           Score(None))  # fmt: skip
                question = question_text(examples[item].prompt)
                shown = row.reference if metric.reference else None
                tasks.append(Task(made, question, row.answer, other, shown, pairs))
            each.append(_ballots(panel, number, tasks, desk.journal, desk))
        for at, row in enumerate(rows.values()):
            said = verdict_of([made[at].scores[key] for made in each], how=metric.how)
            desk.take(_of(row, key, key, panel.protocol, "", digest(panel.fingerprints), said), new=False, doing=key)


def _of(row: Row, suite: str, key: str, protocol: str, seen: str, engine: str, score: Score) -> Row:
    """The row of a judgement about an answer. What was asked is what the answer answers; the texts stay there."""
    return replace(
        row, suite=suite, decoding=protocol, prompt=seen, engine=engine, scores={key: score}, answer=None,
        reference=None, finish="", seconds=0.0, prompt_tokens=0, completion_tokens=0,
    )  # fmt: skip


def _ballots(panel: Panel, number: int, tasks: Sequence[Task], journal: Journal | None, desk: Desk | None) -> list[Row]:
    """One judge's verdicts in the order of the tasks, block by block, from the journal where it has them."""
    key, doing = panel.metric.key, f"{panel.metric.key}: {panel.names[number]}"
    done: dict[str, Row] = {}
    open_tasks = []
    for task in tasks:
        settled = task.settled()
        if settled is None:
            open_tasks.append(task)
            continue
        done[task.row.item] = row = replace(task.row, scores={key: settled})
        if desk is not None:
            desk.take(row, new=False, doing=doing)
    for at in range(0, len(open_tasks), _BLOCK):
        block = open_tasks[at : at + _BLOCK]
        known = [journal.find(t.row.identity) if journal is not None else None for t in block]
        new = not all(known)
        if new:
            scores = _judged(panel, number, block)
            made = [replace(t.row, scores={key: s}) for t, s in zip(block, scores, strict=True)]
        else:
            made = [row for row in known if row is not None]
        for row in made:
            if desk is not None:
                desk.take(row, new=new, doing=doing)
            elif new and journal is not None:
                journal.add(row)
            done[row.item] = row
    return [done[task.row.item] for task in tasks]


def _judged(panel: Panel, number: int, block: Sequence[Task]) -> list[Score]:
    metric, juror = panel.metric, panel.jurors[number]
    if metric.how == "pairs":
        pairs = [Pair(t.question, t.answer or "", t.other or "", t.reference) for t in block]
        return [b.score() for b in compare_pairs(juror, pairs, rubric=metric.rubric)]
    own = mark_answers(juror, [(t.question, t.answer or "", t.reference) for t in block], rubric=metric.rubric)
    if not block[0].pair:
        return own
    others = mark_answers(juror, [(t.question, t.other or "", t.reference) for t in block], rubric=metric.rubric)
    return [_by_marks(a, b) for a, b in zip(own, others, strict=True)]


def _by_marks(mine: Score, other: Score) -> Score:
    """A pair judged by its two marks."""
    if mine.value is None or other.value is None:
        return Score(None, mine.reason if mine.value is None else other.reason)
    lead = mine.value - other.value
    return Score(0.5 if abs(lead) < _NEAR else float(lead > 0), "by its marks", {"lead": lead})


def _file_votes(
    desk: Desk, voted: Mapping[str, Voted], answered: Mapping[str, Mapping[str, Row]], examples: Mapping[str, Example]
) -> None:
    """People's verdict on pairs of this evaluation: what ships against the base."""
    if not voted:
        return
    for item, row in answered.get(TUNED, {}).items():
        mine, base = row.answer or "", answered[BASE][item].answer or ""
        found = voted.get(pair_digest(question_text(examples[item].prompt), mine, base))
        if found is None:
            continue
        for system, value in ((TUNED, found.for_answer(mine) if mine != base else 0.5), (BASE, 0.5)):
            desk.rows.append(people_row(row, system, Score(value, f"{len(found.votes)} votes")))


def people_row(row: Row, system: str, score: Score) -> Row:
    """The row of what people said of an answer, beside that of the answer itself."""
    return _of(replace(row, system=system), PEOPLE, PEOPLE, "people", "", PEOPLE, score)
