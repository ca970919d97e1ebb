"""Run the systems over the test rows and the suites, and file the answers as a ledger.

Order: what is known beforehand (margins, power) is written down first; then the baselines, what ships, the suites.
Every answer is appended as it comes; run again after a crash, only what is missing is asked. Greedy decoding
throughout. No verdict here: ``verdict`` reads the ledger.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from luthier.engines import Request
from luthier.errors import LuthierError
from luthier.evaluate.desk import Desk, Progress, row_for
from luthier.evaluate.forecast import forecast
from luthier.evaluate.form import answer_schema
from luthier.evaluate.guards import Forced, ask_suite, guess
from luthier.evaluate.jury import OpenJury, ask_judges
from luthier.evaluate.labels import label_set, probabilities
from luthier.evaluate.ledger import ROWS, TEST, Journal, Ledger, Row, digest, seconds_of, write_ledger
from luthier.evaluate.regression import Item, Suite, load_suite
from luthier.evaluate.systems import (
    BASE,
    FEW_SHOT,
    TUNED,
    WORDS,
    Contender,
    System,
    decoding_hash,
    few_shot,
)
from luthier.evaluate.words import NotApplicable, fit_words
from luthier.models.source import resolve as resolve_model
from luthier.recipe.evaluate import (
    EvaluateSpec,
    JsonFieldMetric,
    JsonFieldsMetric,
    JudgeMetric,
    MetricSpec,
    RegressionSpec,
    RewardModelMetric,
)
from luthier.records import Completion, Example, Score
from luthier.score import Measure, build, detect
from luthier.score.label import probable
from luthier.score.reward import Opened
from luthier.score.reward_model import scored_by
from luthier.score.sandbox import proven
from luthier.store import Artifact, Run, Store


def run(
    spec: EvaluateSpec, *, base: Contender, tuned: Contender, test: Sequence[Example], train: Sequence[Example],
    store: Store, run: Run, parents: Sequence[str], key: str, seed: int = 0, folder: Path | None = None,
    progress: Progress | None = None, open_jury: OpenJury | None = None,
    calibration: Callable[[JudgeMetric], Path] | None = None, open_reward: Opened | None = None,
    inherited: Sequence[Suite] = (),
) -> Artifact:  # fmt: skip
    """Evaluate and file the result as an artifact of kind ``ledger``. See :func:`measure` for the arguments."""

    def made(workdir: Path) -> Ledger:
        return measure(
            spec, base=base, tuned=tuned, test=test, train=train, workdir=workdir, seed=seed, folder=folder,
            progress=progress, note=run.event, open_jury=open_jury, calibration=calibration, open_reward=open_reward,
            inherited=inherited,
        )  # fmt: skip

    return filed(made, store=store, run=run, parents=parents, key=key)


def filed(make: Callable[[Path], Ledger], *, store: Store, run: Run, parents: Sequence[str], key: str) -> Artifact:
    """File the ledger that ``make(workdir)`` gives; the same workdir again resumes it."""
    workdir = store.workdir(key)
    ledger = make(workdir)
    meta = {
        "systems": {name: s["title"] for name, s in ledger.facts["systems"].items()},
        "suites": {name: s["n"] for name, s in ledger.facts["suites"].items()},
        "target": ledger.facts["spec"]["target"],
        "test_set": ledger.facts["test_set"],
    }
    with store.draft("ledger") as draft:
        write_ledger(draft.path, ledger)
        facts = {"seconds": seconds_of(ledger)}
        artifact = draft.commit(parents=parents, key=key, meta=meta, run=run, rows=(ROWS,), facts=facts)
    store.clear_workdir(key)
    return artifact


def measure(
    spec: EvaluateSpec, *, base: Contender, tuned: Contender, test: Sequence[Example], train: Sequence[Example],
    workdir: Path, seed: int = 0, folder: Path | None = None, progress: Progress | None = None,
    note: Callable[..., None] | None = None, open_jury: OpenJury | None = None,
    calibration: Callable[[JudgeMetric], Path] | None = None, open_reward: Opened | None = None,
    inherited: Sequence[Suite] = (),
) -> Ledger:  # fmt: skip
    """Ask every system every item and give the ledger.

    Args:
        spec: what better means; an empty target is detected from the references.
        base: the base before training (the unquantised one for QLoRA).
        tuned: what ships.
        test: rows with an answer; those without are counted and left out.
        train: training rows: examples for the prompt, and for the words baseline (replayed rows are passed over).
        workdir: where the journal lies; the same folder again resumes.
        folder: where relative suite files start.
        note: called as ``note(kind, **facts)`` with what is known before any answer, and at the end.
        open_jury: opens the judges that the spec names; needed where it names some.
        calibration: the folder in which a judge's verdicts on people's pairs are kept from run to run.
        open_reward: opens the reward models that metrics name.
        inherited: suites of jobs that were promoted before, guards beside those of the spec.

    Raises:
        LuthierError: no row with an answer, a target that the references do not allow, a suite that cannot be read.
    """
    train = [e for e in train if "replay" not in e.meta]
    items = _items(test, spec.max_items, seed)
    spec, why = resolve(spec, [i.example.answer for i in items])
    measures = _measures(located(spec, folder or Path.cwd()), [i.example for i in items], open_reward)
    spec, suites = with_inherited(spec, inherited, folder or Path.cwd())
    ahead = forecast(suites, test_items=len(items), alpha=spec.alpha)
    limit = spec.max_tokens or _longest(base, items)
    if note is not None:
        note("evaluate.forecast", **ahead)
    systems: dict[str, System] = {}
    missing: dict[str, str] = {}
    if BASE in spec.baselines:
        systems[BASE] = System(BASE, "base", base)
    if FEW_SHOT in spec.baselines:
        examples = [i.example for i in items]
        made = few_shot(base, train, examples, shots=spec.shots, max_tokens=limit, seed=seed)
        if isinstance(made, str):
            missing[FEW_SHOT] = made
        else:
            systems[FEW_SHOT] = made
    systems[TUNED] = System(TUNED, "tuned", tuned)
    form = _form(spec, train)
    if form is not None:
        for name in _held(spec, systems):
            systems[name] = systems[name].held_to(form)
    asked = len(systems) + (WORDS in spec.baselines)
    judged = sum(asked + len(m.engine) * (asked - (m.how == "pairs")) for m in spec.judges)
    total = len(items) * (asked + judged) + sum(3 * len(s.items) for s in suites)
    facts: dict[str, Any] = {
        "spec": spec.model_dump(mode="json"),
        "detected": why,
        "seed": seed,
        "max_tokens": limit,
        "left_out": len(test) - len(items),
        "test_set": digest(sorted((e.id, e.answer) for e in test)),
        "forecast": ahead,
        "schema": None if form is None else json.dumps(form, ensure_ascii=False),  # text: its order counts
        "suites": {TEST: {"kind": "target", "n": len(items)}, **{s.name: s.facts() for s in suites}},
    }
    labels: tuple[str, ...] = ()
    if any(m.labels for m in measures):
        labels = label_set(train, [i.example for i in items])
        absent = sorted(set(labels) - {i.example.answer.strip() for i in items})
        facts["labels"] = {"n": len(labels), "absent_from_test": absent}
    with Journal(workdir / "journal.jsonl") as journal:
        desk = Desk(journal, total, progress)
        for system in systems.values():
            _ask(desk, system, items, measures, limit, labels)
        if WORDS in spec.baselines:
            reason = _words(desk, spec, items, measures, train)
            if reason is not None:
                missing[WORDS] = reason
        ask_suites(desk, suites, base, tuned)
        if spec.judges:
            assert open_jury is not None, "the spec names judges, and nobody opens them"
            asked_of = {item.name: item.example for item in items}
            facts["judges"] = ask_judges(
                desk, spec, asked_of, open_jury, folder=folder or Path.cwd(), calibration=calibration
            )
        ledger = Ledger(tuple(desk.rows), facts)
    facts["systems"] = _system_facts(ledger, systems, missing)
    facts["not_available"] = missing
    facts["engines"] = {digest(c.fingerprint): c.fingerprint for c in (base, tuned)}
    if note is not None:
        note("evaluate.done", rows=len(ledger.rows), resumed=desk.resumed)
    return ledger


def _form(spec: EvaluateSpec, train: Sequence[Example]) -> dict[str, Any] | None:
    """What answers are to look like, where the target reads JSON.

    Raises:
        LuthierError: the recipe wants answers held to it, and training answers have no common form.
    """
    form = None
    if any(isinstance(metric, JsonFieldsMetric | JsonFieldMetric) for metric in spec.target):
        form = answer_schema([e.answer for e in train if e.answer.strip()])
    if form is None and spec.constrain:
        raise LuthierError(
            "evaluate.constrain has no form to hold answers to", where="evaluate.constrain",
            why="it is taken from training answers: JSON objects that all have the same fields, read by the target",
            fix="leave it out, or mend the rows whose answers are of another form (luthier check)",
        )  # fmt: skip
    return form


def _held(spec: EvaluateSpec, systems: Mapping[str, System]) -> list[str]:
    """Systems whose answers are held to the form: all where the recipe says so; else the base with examples, which show
    it the form, where its engine can."""
    if spec.constrain:
        return [*systems]
    shown = systems.get(FEW_SHOT)
    return [FEW_SHOT] if shown is not None and "schema" in shown.contender.engine.capabilities else []


def with_inherited(
    spec: EvaluateSpec, inherited: Sequence[Suite], folder: Path
) -> tuple[EvaluateSpec, list[Suite]]:
    """The suites that the spec names and those of earlier jobs, and the spec that names them all."""
    suites = [load_suite(s, folder=folder) for s in spec.regression]
    more = tuple(RegressionSpec(suite=s.name, margin=s.margin, pool=s.pool, floor=s.floor) for s in inherited)
    return spec.model_copy(update={"regression": (*spec.regression, *more)}), [*suites, *inherited]


def ask_suites(desk: Desk, suites: Sequence[Suite], base: Contender, tuned: Contender) -> None:
    """The regression suites: the trivial predictor, the base and what ships on each."""
    for suite in suites:
        guess(desk, suite)
        rendered: dict[str, list[Forced]] = {}
        for name, contender in ((BASE, base), (TUNED, tuned)):
            ask_suite(desk, suite, name, contender, rendered)


def resolve(spec: EvaluateSpec, references: Sequence[str]) -> tuple[EvaluateSpec, str | None]:
    """The spec with a target: as written, or detected from the references with the reason."""
    if spec.target:
        return spec, None
    found = detect(references)
    dump = spec.model_dump()
    also = spec.also or found.also
    chosen = {"target": [t.model_dump() for t in found.target], "also": [a.model_dump() for a in also]}
    return EvaluateSpec.model_validate({**dump, **chosen}), found.reason


def located(spec: EvaluateSpec, folder: Path) -> EvaluateSpec:
    """The spec with encoders that start at the recipe's folder named by their whole path. What is filed keeps the names
    that were written."""

    def placed(metric: MetricSpec) -> MetricSpec:
        encoder = getattr(metric, "encoder", "")
        if not encoder.startswith("."):
            return metric
        return metric.model_copy(update={"encoder": str((folder / encoder).resolve())})

    both = {side: tuple(placed(metric) for metric in getattr(spec, side)) for side in ("target", "also")}
    return spec.model_copy(update=both)


def encoders(spec: EvaluateSpec, folder: Path) -> list[str]:
    """Digests of the encoders that metrics name: other weights give other scores."""
    spec = located(spec, folder)
    named = {metric.encoder for metric in (*spec.target, *spec.also) if hasattr(metric, "encoder")}
    return [resolve_model(name).digest for name in sorted(named)]


def refuse_unmeasurable(
    spec: EvaluateSpec, suites: Sequence[Suite], train: Sequence[Example] = (), test: Sequence[Example] = ()
) -> None:  # fmt: skip
    """Before anything is trained: what could not be measured after it.

    Raises:
        LuthierError: a metric lacks its library, the answers are no labels, or code would have to run where the sandbox
            keeps no promise.
    """
    measures = [build(metric) for metric in (*spec.target, *spec.also)]
    if any(m.labels for m in measures):
        label_set([e for e in train if "replay" not in e.meta], test)
    if any(m.key == "code" for m in measures) or any(s.kind == "code" for s in suites):
        proven()


def askable(test: Sequence[Example]) -> list[Example]:
    """Test rows that can be asked and answered.

    Raises:
        LuthierError: there is none.
    """
    usable = [e for e in test if e.prompt and e.answer.strip()]
    if not usable:
        raise LuthierError(
            "the test side has no row with a question and an answer", where="evaluate",
            why=f"{len(test)} rows, nothing to compare an answer with",
            fix="set data.test to questions with answers; where the rows have some, data.split.test above 0 is enough",
        )  # fmt: skip
    return usable


def _items(test: Sequence[Example], most: int | None, seed: int) -> list[Item]:
    """The rows that are asked, named uniquely; a seeded sample that new rows disturb little."""
    usable = askable(test)
    if most is not None and most < len(usable):
        rank = sorted(range(len(usable)), key=lambda i: hashlib.sha256(f"{seed} {usable[i].id}".encode()).digest())
        usable = [usable[i] for i in sorted(rank[:most])]
    seen: Counter[str] = Counter()
    items = []
    for example in usable:
        seen[example.id] += 1
        times = seen[example.id]
        items.append(Item(example.id if times == 1 else f"{example.id}#{times}", example, ""))
    return items


def _measures(spec: EvaluateSpec, rows: Sequence[Example], open_reward: Opened | None = None) -> list[Measure]:
    """Every metric that is asked for, once; refused if no reference allows it."""
    found: dict[str, Measure] = {}
    for number, metric in enumerate((*spec.target, *spec.also)):
        made = build(metric)
        if made.suite is not None:  # scored elsewhere: by judges, by people
            continue
        if isinstance(metric, RewardModelMetric):
            assert open_reward is not None, "the spec names a reward model, and nobody opens it"
            made = scored_by(made, open_reward(metric.model))
        found.setdefault(made.key, made)
        reason = _unscorable(made, rows)
        if reason is not None:
            where = f"evaluate.target[{number}]" if number < len(spec.target) else "evaluate.also"
            raise LuthierError(
                f"{made.title} cannot be computed for any test row", where=where, why=reason,
                fix="leave evaluate.target out and it is chosen from the answers",
            )  # fmt: skip
    return list(found.values())


def _unscorable(measure: Measure, rows: Sequence[Example]) -> str | None:
    """Why not even the references can be scored; None if one can."""
    first: str | None = None
    for row in rows:
        found = measure.score_row(row, row.answer)
        if found.value is not None:
            return None
        first = found.reason if first is None else first
    return first or "there is no row"


def _longest(base: Contender, items: Sequence[Item]) -> int:
    """1.5 times the longest reference, in tokens (or about three bytes each), and one for the end."""
    tokens = base.tokens
    answers = [i.example.answer for i in items]
    if tokens is not None:
        longest = float(max(map(len, tokens.encode_all(answers))))
    else:
        longest = max(len(a.encode("utf-8", "surrogatepass")) / 3 for a in answers)
    return max(4, math.ceil(1.5 * longest) + 1)


def _ask(
    desk: Desk, system: System, items: Sequence[Item], measures: Sequence[Measure], limit: int, labels: Sequence[str]
) -> None:
    """Generate this system's answers to the test rows; with ``labels``, ask how probable each is as well."""
    fingerprint = digest(system.contender.fingerprint)
    context = system.contender.engine.context
    waiting: list[tuple[Request, Row, Item]] = []
    for item in items:
        request = system.request(item.example, limit)
        prompt, size = system.prompt_hash(request)
        decoding = decoding_hash(request)
        row = row_for(
            item, TEST, system.name, prompt, digest([decoding, labels]) if labels else decoding, fingerprint,
            {m.key: Score(None, "not asked yet") for m in measures}, reference=item.example.answer,
        )  # fmt: skip
        known = desk.journal.find(row.identity)
        if known is not None:
            desk.take(known, new=False, doing=system.title)
        elif context is not None and size >= context:
            reason = f"the prompt has {size:,} tokens, the context holds {context:,}"
            scores = {m.key: Score(None, reason) for m in measures}
            desk.take(replace(row, scores=scores, prompt_tokens=size), new=True, doing=system.title)
        else:
            waiting.append((request, row, item))

    gives = "labels" in system.contender.engine.capabilities  # a classifier tells them with its answer
    asked = bool(labels and waiting) and not gives
    told = probabilities(system, [item.example for _, _, item in waiting], labels) if asked else []

    def score(index: int, completion: Completion) -> None:
        _, row, item = waiting[index]
        known = completion.labels or (told if isinstance(told, str) or not told else told[index])
        scores = {m.key: _judge(m, item.example, completion, known) for m in measures}
        finished = replace(
            row, scores=scores, answer=completion.text, labels=dict(known) if isinstance(known, Mapping) else {},
            finish=completion.finish_reason, seconds=completion.seconds,
            prompt_tokens=completion.prompt_tokens, completion_tokens=completion.completion_tokens,
        )  # fmt: skip
        desk.take(finished, new=True, doing=system.title)

    if waiting:
        with _scoring(score, aside=any(m.slow for m in measures)) as done:
            system.contender.engine.generate([request for request, _, _ in waiting], done)


@contextmanager
def _scoring(score: Callable[[int, Completion], None], *, aside: bool) -> Iterator[Callable[[int, Completion], None]]:
    """What an engine calls with each answer. ``aside``: scoring takes longer than the engine's thread may be held, so
    it is done in a thread beside it; what goes wrong there is raised at the end."""
    if not aside:
        yield lambda index, said: None if said.finish_reason == "cancelled" else score(index, said)
        return
    with ThreadPoolExecutor(1, "scoring") as pool:
        begun: list[Future[None]] = []

        def done(index: int, said: Completion) -> None:
            if said.finish_reason != "cancelled":
                begun.append(pool.submit(score, index, said))

        yield done
        for one in begun:
            one.result()


def _judge(
    measure: Measure, example: Example, completion: Completion, labels: Mapping[str, float] | str | list[Any]
) -> Score:
    if measure.labels:
        return _probable(measure, example, labels)
    score = measure.score_row(example, completion.text)
    if completion.finish_reason == "length" and score.value != 1.0:
        return Score(score.value, f"{score.reason} (cut off at the limit)", score.parts)
    return score


def _probable(measure: Measure, example: Example, labels: Mapping[str, float] | str | list[Any]) -> Score:
    """The score by the labels' probabilities, or why there are none."""
    if isinstance(labels, Mapping) and labels:
        return probable(measure.key, example.answer, dict(labels))
    return Score(None, labels if isinstance(labels, str) else "the prompt and a label do not fit the context")


def _words(
    desk: Desk, spec: EvaluateSpec, items: Sequence[Item], measures: Sequence[Measure], train: Sequence[Example]
) -> str | None:
    """The words baseline; gives the reason where it does not apply."""
    doing = "words + logistic regression"
    engine = digest(["words", [t.model_dump() for t in spec.target], sorted(e.id for e in train)])
    empty = {m.key: Score(None) for m in measures}
    rows = [
        row_for(i, TEST, WORDS, digest(i.example.asked), "argmax", engine, empty, reference=i.example.answer)
        for i in items
    ]
    known = [desk.journal.find(row.identity) for row in rows]
    if all(known):
        for row in known:
            assert row is not None
            desk.take(row, new=False, doing=doing)
        return None
    fitted = fit_words(spec.target, train)
    if isinstance(fitted, NotApplicable):
        return fitted.reason
    examples = [i.example for i in items]
    answers = fitted[0].answer(examples)
    asked = any(m.labels for m in measures)
    shares = fitted[0].log_probabilities(examples) if asked else [{} for _ in examples]
    for row, example, answer, labels in zip(rows, examples, answers, shares, strict=True):
        scores = {
            m.key: _probable(m, example, labels) if m.labels else m.score_row(example, answer) for m in measures
        }  # fmt: skip
        desk.take(replace(row, scores=scores, answer=answer, labels=labels), new=True, doing=doing)
    return None


def _system_facts(ledger: Ledger, systems: Mapping[str, System], missing: Mapping[str, str]) -> dict[str, Any]:
    """Title, price in prompt tokens, engine and note of every system that was run on the test rows."""
    out: dict[str, Any] = {}
    for name in ledger.systems(TEST):
        rows = list(ledger.of(TEST, name).values())
        system = systems.get(name)
        out[name] = {
            "title": system.title if system else "words + logistic regression",
            "engine": rows[0].engine,
            "prompt_tokens": round(sum(r.prompt_tokens for r in rows) / len(rows), 1),
            "completion_tokens": round(sum(r.completion_tokens for r in rows) / len(rows), 1),
            "shots": [e.id for e in system.shots] if system else [],
            "note": system.note if system else "",
        }
    return out
