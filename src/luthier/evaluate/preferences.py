"""Held-out comparisons: which of two answers a model prefers, beside two baselines that know no language at all.

The base ranks the answers of a pair by their log-probability; the tuned model by how much likelier training made each
of them (DPO's implicit reward), or by log-probability too (``by: log_prob``). Beside them stand the longer answer (the
shorter one, where the training pairs clearly prefer that), and words: logistic regression on the difference of
the two answers' TF-IDF, fitted on the training pairs. Ties count half.

Words is shown and decides nothing: a classifier cannot answer. A thumb is scored by which side of the drift its answer
lies on, which needs no second answer. A reward model prefers what it scores higher; what it is like besides is told
by ``rewards``.

Everything is filed in the same ledger and judged by the same gate as answers are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from luthier.engines import Unsupported
from luthier.errors import LuthierError
from luthier.evaluate.desk import Desk, Progress
from luthier.evaluate.forecast import forecast
from luthier.evaluate.guards import Forced, answer_ids
from luthier.evaluate.ledger import TEST, Journal, Ledger, Row, digest
from luthier.evaluate.regression import Suite
from luthier.evaluate.rewards import describe
from luthier.evaluate.stage import ask_suites, with_inherited
from luthier.evaluate.systems import BASE, TUNED, WORDS, Contender
from luthier.evaluate.words import REGULARISATION, vectorizer
from luthier.recipe.evaluate import EvaluateSpec, PreferenceMetric
from luthier.records import Message, Preference, Score, Thumb
from luthier.score import Measure, build
from luthier.score.preference import prefers
from luthier.score.reward_model import RewardModel

LENGTH, SHORTER = "length", "the shorter answer"
SHORT = 0.45
"""Share of the training pairs in which the better answer is the longer one, below which length speaks for the shorter.
"""
TITLES = {BASE: "base", TUNED: "tuned", LENGTH: "the longer answer", WORDS: "words + logistic regression"}
Judged = Preference | Thumb


@dataclass(frozen=True)
class _Sides:
    """Log-probabilities and tokens of a row's answers, the better one first."""

    said: tuple[float, ...]
    tokens: tuple[int, ...]
    prompt: str


def measure_preferences(
    spec: EvaluateSpec, *, base: Contender, tuned: Contender | RewardModel, test: Sequence[Judged],
    train: Sequence[Judged], workdir: Path, seed: int = 0, folder: Path | None = None, progress: Progress | None = None,
    note: Callable[..., None] | None = None, inherited: Sequence[Suite] = (),
) -> Ledger:  # fmt: skip
    """Score every system on every held-out row, then the suites; arguments as of ``stage.measure``.

    Raises:
        LuthierError: no row to test on, a target that is no preference, an engine without log-probabilities, a reward
            model asked for these.
    """
    spec = resolve_preferences(spec, scored=isinstance(tuned, RewardModel))
    items = _items(test, spec.max_items, seed)
    measures = [build(m) for m in (*spec.target, *spec.also)]
    spec, suites = with_inherited(spec, inherited, folder or Path.cwd())
    ahead = forecast(suites, test_items=len(items), alpha=spec.alpha)
    if note is not None:
        note("evaluate.forecast", **ahead)
    thumbs = isinstance(items[0], Thumb)
    able = (BASE, TUNED) if thumbs else (BASE, LENGTH, WORDS, TUNED)
    names = [n for n in able if n in (TUNED, LENGTH) or n in spec.baselines]
    facts: dict[str, Any] = {
        "spec": spec.model_dump(mode="json"), "detected": None, "seed": seed, "max_tokens": 0,
        "left_out": len(test) - len(items), "forecast": ahead, "beside": [WORDS],
        "test_set": digest(sorted((row.id, [m.content for a in _answers(row) for m in a]) for row in test)),
        "suites": {TEST: {"kind": "target", "n": len(items)}, **{s.name: s.facts() for s in suites}},
    }  # fmt: skip
    total = len(items) * len(names) + sum(3 * len(s.items) for s in suites)
    with Journal(workdir / "journal.jsonl") as journal:
        desk = Desk(journal, total, progress)
        before, sign = _read(base, items), _length_sign(train)
        engines = {BASE: base.fingerprint, TUNED: _engine_of(tuned)}
        fingerprints = {name: digest(facts) for name, facts in engines.items()}
        rewards = _rewards(tuned, items) if isinstance(tuned, RewardModel) else []
        leads: dict[str, list[dict[str, Score]]] = {
            BASE: [_by_log_prob(row, measures, sides) for row, sides in zip(items, before, strict=True)],
            TUNED: [_all(measures, one) for one in map(_by_score, rewards)] if isinstance(tuned, RewardModel)
            else _by_gain(items, measures, _read(tuned, items), before),
            LENGTH: [_all(measures, _lead(row, [float(sign * n) for n in sides.tokens], "tokens"))
                     for row, sides in zip(items, before, strict=True)],
        }  # fmt: skip
        if WORDS in names:
            leads[WORDS] = [_all(measures, s) for s in _words([r for r in train if isinstance(r, Preference)], items)]
        for name in names:
            for row, sides, scores in zip(items, before, leads[name], strict=True):
                made = _row(row, name, sides, scores, fingerprints.get(name, name))
                known = journal.find(made.identity)
                desk.take(known or made, new=known is None, doing=TITLES[name])
        if isinstance(tuned, Contender):
            ask_suites(desk, suites, base, tuned)
        ledger = Ledger(tuple(desk.rows), facts)
    if rewards:
        facts["rewards"] = _described(items, rewards, before, ledger, measures[0].key)
    titles = TITLES if sign > 0 else {**TITLES, LENGTH: SHORTER}
    facts["systems"] = {
        name: {"title": titles[name], "engine": fingerprints.get(name, name), "prompt_tokens": None,
               "completion_tokens": None, "shots": [], "note": _NOTES.get(name, "")}
        for name in names
    }  # fmt: skip
    facts["not_available"] = {}
    facts["engines"] = {fingerprints[name]: engines[name] for name in engines}
    if note is not None:
        note("evaluate.done", rows=len(ledger.rows), resumed=desk.resumed)
    return ledger


_NOTES = {WORDS: "shown beside: it tells answers apart, and cannot give one", LENGTH: "reads no word"}


def resolve_preferences(spec: EvaluateSpec, *, scored: bool = False) -> EvaluateSpec:
    """The spec with a preference as its target: as written, or accuracy by reward with that by log-probability beside
    (which a reward model, ``scored``, does not have).

    Raises:
        LuthierError: a target is about single answers, or about what a reward model does not have.
    """
    for metric in (*spec.target, *spec.also):
        if scored and isinstance(metric, PreferenceMetric) and metric.by == "log_prob":
            raise LuthierError(
                "a reward model has no log-probabilities", where="evaluate.target", why="it scores whole answers",
                fix="evaluate.target: preference",
            )  # fmt: skip
        if not isinstance(metric, PreferenceMetric):
            raise LuthierError(
                f"{metric.kind} scores an answer, and these rows compare answers",
                where="evaluate.target", why="no reference says what the one right answer would be",
                fix="evaluate.target: preference",
            )  # fmt: skip
    if spec.target:
        return spec
    beside = [] if scored else [{"kind": "preference", "by": "log_prob"}]
    chosen = {"target": [{"kind": "preference"}], "also": beside}
    return EvaluateSpec.model_validate({**spec.model_dump(), **chosen})


def _items(test: Sequence[Judged], most: int | None, seed: int) -> list[Judged]:
    if not test:
        raise LuthierError(
            "the test side has no comparison", where="evaluate", fix="set data.test, or data.split.test above 0"
        )
    rows = list({row.id: row for row in test}.values())
    if most is not None and most < len(rows):
        rank = sorted(range(len(rows)), key=lambda i: hashlib.sha256(f"{seed} {rows[i].id}".encode()).digest())
        rows = [rows[i] for i in sorted(rank[:most])]
    return rows


def _answers(row: Judged) -> tuple[tuple[Message, ...], ...]:
    return (row.chosen, row.rejected) if isinstance(row, Preference) else (row.answer,)


def gained(base: Contender, tuned: Contender, rows: Sequence[Judged]) -> list[Score]:
    """Which answer gained more on the base: 1 where it is the better one (DPO's implicit reward), ties a half.

    Raises:
        Unsupported: an engine without log-probabilities.
    """
    before, after = _read(base, rows), _read(tuned, rows)
    return [
        _lead(row, [a - b for a, b in zip(new.said, old.said, strict=True)], "nats gained")
        for row, new, old in zip(rows, after, before, strict=True)
    ]


def _read(contender: Contender, items: Sequence[Judged]) -> list[_Sides]:
    """Log-probabilities of all answers under one model."""
    chat = contender.chat
    if chat is None or "loglikelihood" not in contender.engine.capabilities:
        wish = "log-probabilities of given answers, which comparing them needs"
        raise Unsupported(contender.engine.name, wish, fix="use the embedded engine")
    rendered: list[list[Forced]] = [
        [answer_ids(chat, row.prompt, answer, row.tools) for answer in _answers(row)] for row in items
    ]
    flat = [one for sides in rendered for one in sides]
    found = iter(contender.engine.loglikelihood(flat, adapter=contender.adapter))
    return [
        _Sides(tuple(next(found).total for _ in sides), tuple(len(answer) for _, answer in sides),
               digest(list(sides[0][0])))
        for sides in rendered
    ]  # fmt: skip


def _lead(row: Judged, values: Sequence[float], what: str, against: float = 0.0) -> Score:
    """Who is preferred: the better answer before the worse one; a thumb up above ``against``, one down below it."""
    if isinstance(row, Preference):
        return prefers(values[0] - values[1], what)
    return prefers((values[0] - against) * (1 if row.good else -1), what)


def _all(measures: Sequence[Measure], score: Score) -> dict[str, Score]:
    return {measure.key: score for measure in measures}


def _by_log_prob(row: Judged, measures: Sequence[Measure], sides: _Sides) -> dict[str, Score]:
    if isinstance(row, Thumb):  # one answer's log-probability says nothing without another's: a tie
        return _all(measures, Score(0.5, "no second answer to rank it against", {"lead": 0.0}))
    return _all(measures, _lead(row, sides.said, "nats"))


def _length_sign(train: Sequence[Judged]) -> int:
    """Which way length goes in the training pairs: -1 where the better answer is clearly the shorter one, else 1."""
    sizes = [[sum(len(m.content.split()) for m in a) for a in _answers(r)] for r in train if isinstance(r, Preference)]
    longer, shorter = sum(a > b for a, b in sizes), sum(a < b for a, b in sizes)
    return -1 if longer < SHORT * (longer + shorter) else 1


def _by_gain(
    items: Sequence[Judged], measures: Sequence[Measure], after: Sequence[_Sides], before: Sequence[_Sides]
) -> list[dict[str, Score]]:  # fmt: skip
    drift = median(a.said[0] - b.said[0] for a, b in zip(after, before, strict=True))
    return [_by_reward(row, measures, a, b, drift) for row, a, b in zip(items, after, before, strict=True)]


def _engine_of(tuned: Contender | RewardModel) -> dict[str, Any]:
    return dict(tuned.facts) if isinstance(tuned, RewardModel) else tuned.fingerprint


def _rewards(model: RewardModel, items: Sequence[Judged]) -> list[list[Score]]:
    """The reward of each answer of each pair, the better one first."""
    found = iter(model.of_chats([(row.prompt, answer, row.tools) for row in items for answer in _answers(row)]))
    return [[next(found) for _ in _answers(row)] for row in items]


def _by_score(sides: Sequence[Score]) -> Score:
    if len(sides) < 2:
        return Score(None, "a reward of one answer says nothing without another's")
    missing = next((s for s in sides if s.value is None), None)
    if missing is not None:
        return Score(None, missing.reason)
    chosen, rejected = (float(s.value or 0.0) for s in sides)
    return prefers(chosen - rejected, "of reward")


def _described(
    items: Sequence[Judged], rewards: Sequence[Sequence[Score]], read: Sequence[_Sides], ledger: Ledger, metric: str
) -> dict[str, Any]:  # fmt: skip
    rows = ledger.of(TEST, TUNED)
    scored = [
        (row, (float(s[0].value), float(s[1].value)), (sides.tokens[0], sides.tokens[1]), rows[row.id])
        for row, s, sides in zip(items, rewards, read, strict=True)
        if isinstance(row, Preference) and s[0].value is not None and s[1].value is not None
    ]
    pairs, values, lengths, found = zip(*scored, strict=True) if scored else ((), (), (), ())
    return describe(pairs, values, lengths, found, metric)


def _by_reward(
    row: Judged, measures: Sequence[Measure], after: _Sides, before: _Sides, drift: float
) -> dict[str, Score]:  # fmt: skip
    gained = [a - b for a, b in zip(after.said, before.said, strict=True)]
    reward = _lead(row, gained, "nats gained", drift)
    own = _by_log_prob(row, measures, after)
    return {m.key: own[m.key] if m.key.endswith("(log_prob)") else reward for m in measures}


def _words(train: Sequence[Preference], items: Sequence[Judged]) -> list[Score]:
    """Logistic regression on the difference of the answers' TF-IDF; every pair is shown both ways round."""
    import numpy as np
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    def texts(rows: Sequence[Judged], side: int) -> list[str]:
        return ["\n".join(m.content for m in _answers(row)[side]) for row in rows]

    vectors = vectorizer()
    vectors.fit([*texts(train, 0), *texts(train, 1)])
    seen = vectors.transform(texts(train, 0)) - vectors.transform(texts(train, 1))
    labels = np.repeat([1, 0], seen.shape[0])
    model = LogisticRegression(C=REGULARISATION, fit_intercept=False, max_iter=2000).fit(vstack([seen, -seen]), labels)
    asked = vectors.transform(texts(items, 0)) - vectors.transform(texts(items, 1))
    return [prefers(float(lead), "of its score") for lead in model.decision_function(asked)]


def _row(row: Judged, name: str, sides: _Sides, scores: dict[str, Score], engine: str) -> Row:
    """The ledger's row. The answer shown is the one that the system prefers."""
    answers = ["\n".join(m.content for m in answer) for answer in _answers(row)]
    first = next(iter(scores.values())).value or 0.0
    shown = answers[0] if len(answers) == 1 or first >= 0.5 else answers[1]
    asked = digest([[m.to_dict() for m in row.prompt], [dict(t) for t in row.tools]])
    return Row(
        id=row.id, item=row.id, suite=TEST, system=name, asked=asked, prompt=sides.prompt,
        decoding=digest(["preference"]), engine=engine, scores=scores, reference=answers[0], answer=shown,
        cluster=row.group,
    )  # fmt: skip
