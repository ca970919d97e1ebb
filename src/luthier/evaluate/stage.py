"""Run the systems over the test rows and the suites, and file the answers as a ledger.

Order: what is known beforehand (margins, power) is written down first; then the baselines, what ships, the suites.
Every answer is appended as it comes; run again after a crash, only what is missing is asked. Greedy decoding
throughout. No verdict here: ``verdict`` reads the ledger.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from luthier.engines import Request, Unsupported
from luthier.errors import LuthierError
from luthier.evaluate.forecast import forecast
from luthier.evaluate.ledger import ROWS, TEST, Journal, Ledger, Row, digest, seconds_of, write_ledger
from luthier.evaluate.regression import TRIVIAL, Item, Suite, bits_score, load_suite, text_bytes, trivial
from luthier.evaluate.systems import (
    BASE,
    FEW_SHOT,
    TUNED,
    WORDS,
    Contender,
    System,
    asked_hash,
    decoding_hash,
    few_shot,
)
from luthier.evaluate.words import NotApplicable, fit_words
from luthier.models.chat import ChatFormat
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Completion, Example, Message, Score
from luthier.score import Measure, build, detect
from luthier.store import Artifact, Run, Store

Progress = Callable[[int, int, str], None]
"""Called with (rows done, rows in all, what is being asked). May be called from an engine's thread."""

_BLOCK = 256
"""Teacher-forced items scored in one call. A block is the unit of resuming, so that batches, and with them rounding,
are the same whether or not a run was interrupted."""
_DOCUMENTS = 32
_WINDOW = 2048
"""Longest window of a document, in tokens."""


def run(
    spec: EvaluateSpec, *, base: Contender, tuned: Contender, test: Sequence[Example], train: Sequence[Example],
    store: Store, run: Run, parents: Sequence[str], key: str, seed: int = 0, folder: Path | None = None,
    progress: Progress | None = None,
) -> Artifact:  # fmt: skip
    """Evaluate and file the result as an artifact of kind ``ledger``. See :func:`measure` for the arguments."""
    workdir = store.workdir(key)
    ledger = measure(
        spec, base=base, tuned=tuned, test=test, train=train, workdir=workdir, seed=seed, folder=folder,
        progress=progress, note=run.event,
    )  # fmt: skip
    meta = {
        "systems": {name: s["title"] for name, s in ledger.facts["systems"].items()},
        "suites": {name: s["n"] for name, s in ledger.facts["suites"].items()},
        "target": ledger.facts["spec"]["target"],
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
    note: Callable[..., None] | None = None,
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

    Raises:
        LuthierError: no row with an answer, a target that the references do not allow, a suite that cannot be read.
    """
    train = [e for e in train if "replay" not in e.meta]
    items = _items(test, spec.max_items, seed)
    spec, why = resolve(spec, [i.example.answer for i in items])
    measures = _measures(spec, [i.example.answer for i in items])
    suites = [load_suite(s, folder=folder or Path.cwd()) for s in spec.regression]
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
    total = len(items) * (len(systems) + (WORDS in spec.baselines)) + sum(3 * len(s.items) for s in suites)
    facts: dict[str, Any] = {
        "spec": spec.model_dump(mode="json"),
        "detected": why,
        "seed": seed,
        "max_tokens": limit,
        "left_out": len(test) - len(items),
        "forecast": ahead,
        "suites": {TEST: {"kind": "target", "n": len(items)}, **{s.name: s.facts() for s in suites}},
    }
    with Journal(workdir / "journal.jsonl") as journal:
        desk = _Desk(journal, total, progress)
        for system in systems.values():
            _ask(desk, system, items, measures, limit)
        if WORDS in spec.baselines:
            reason = _words(desk, spec, items, measures, train)
            if reason is not None:
                missing[WORDS] = reason
        for suite in suites:
            _guess(desk, suite)
            for name, contender in ((BASE, base), (TUNED, tuned)):
                _suite(desk, suite, name, contender)
        ledger = Ledger(tuple(desk.rows), facts)
    facts["systems"] = _system_facts(ledger, systems, missing)
    facts["not_available"] = missing
    facts["engines"] = {digest(c.fingerprint): c.fingerprint for c in (base, tuned)}
    if note is not None:
        note("evaluate.done", rows=len(ledger.rows), resumed=desk.resumed)
    return ledger


def resolve(spec: EvaluateSpec, references: Sequence[str]) -> tuple[EvaluateSpec, str | None]:
    """The spec with a target: as written, or detected from the references with the reason."""
    if spec.target:
        return spec, None
    found = detect(references)
    dump = spec.model_dump()
    also = spec.also or found.also
    chosen = {"target": [t.model_dump() for t in found.target], "also": [a.model_dump() for a in also]}
    return EvaluateSpec.model_validate({**dump, **chosen}), found.reason


@dataclass
class _Desk:
    """Where rows arrive: the journal, the rows of this evaluation in order, and the progress bar."""

    journal: Journal
    total: int
    progress: Progress | None
    rows: list[Row] = field(default_factory=list)
    resumed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _done: int = 0

    def take(self, row: Row, *, new: bool, doing: str) -> None:
        """File one row; new ones go to the journal first."""
        if new:
            self.journal.add(row)
        with self._lock:
            self.rows.append(row)
            self.resumed += not new
            self._done += 1
            if self.progress is not None:
                self.progress(self._done, self.total, doing)


def _items(test: Sequence[Example], most: int | None, seed: int) -> list[Item]:
    """Test rows that can be asked and answered, named uniquely; a seeded sample that new rows disturb little."""
    usable = [e for e in test if e.prompt and e.answer.strip()]
    if not usable:
        raise LuthierError(
            "the test side has no row with a question and an answer", where="evaluate",
            why=f"{len(test)} rows, nothing to compare an answer with", fix="set data.test, or data.split.test above 0",
        )  # fmt: skip
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


def _measures(spec: EvaluateSpec, references: Sequence[str]) -> list[Measure]:
    """Every metric that is asked for, once; refused if no reference allows it."""
    found: dict[str, Measure] = {}
    for number, metric in enumerate((*spec.target, *spec.also)):
        made = build(metric)
        found.setdefault(made.key, made)
        trial = [made.score(r, r) for r in references]
        if all(s.value is None for s in trial):
            where = f"evaluate.target[{number}]" if number < len(spec.target) else "evaluate.also"
            raise LuthierError(
                f"{made.title} cannot be computed for any test row", where=where, why=trial[0].reason,
                fix="leave evaluate.target out and it is chosen from the answers",
            )  # fmt: skip
    return list(found.values())


def _longest(base: Contender, items: Sequence[Item]) -> int:
    """1.5 times the longest reference, in tokens (or about three bytes each), and one for the end."""
    tokens = base.tokens
    answers = [i.example.answer for i in items]
    if tokens is not None:
        longest = float(max(len(tokens.encode(a)) for a in answers))
    else:
        longest = max(len(a.encode("utf-8", "surrogatepass")) / 3 for a in answers)
    return max(4, math.ceil(1.5 * longest) + 1)


def _ask(desk: _Desk, system: System, items: Sequence[Item], measures: Sequence[Measure], limit: int) -> None:
    """Generate this system's answers to the test rows."""
    fingerprint = digest(system.contender.fingerprint)
    context = system.contender.engine.context
    waiting: list[tuple[Request, Row, Item]] = []
    for item in items:
        request = system.request(item.example, limit)
        prompt, size = system.prompt_hash(request)
        row = _row(
            item, TEST, system.name, prompt, decoding_hash(request), fingerprint,
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

    def done(index: int, completion: Completion) -> None:
        if completion.finish_reason == "cancelled":
            return
        _, row, item = waiting[index]
        scores = {m.key: _judge(m, item.example.answer, completion) for m in measures}
        finished = replace(
            row, scores=scores, answer=completion.text, finish=completion.finish_reason, seconds=completion.seconds,
            prompt_tokens=completion.prompt_tokens, completion_tokens=completion.completion_tokens,
        )  # fmt: skip
        desk.take(finished, new=True, doing=system.title)

    if waiting:
        system.contender.engine.generate([request for request, _, _ in waiting], done)


def _judge(measure: Measure, reference: str, completion: Completion) -> Score:
    score = measure.score(reference, completion.text)
    if completion.finish_reason == "length" and score.value != 1.0:
        return Score(score.value, f"{score.reason} (cut off at the limit)", score.parts)
    return score


def _words(
    desk: _Desk, spec: EvaluateSpec, items: Sequence[Item], measures: Sequence[Measure], train: Sequence[Example]
) -> str | None:
    """The words baseline; gives the reason where it does not apply."""
    fitted = fit_words(spec.target, train)
    if isinstance(fitted, NotApplicable):
        return fitted.reason
    model, rows = fitted
    engine = digest(["words", rows, digest(sorted(e.id for e in train))])
    for item, answer in zip(items, model.answer([i.example for i in items]), strict=True):
        scores = {m.key: m.score(item.example.answer, answer) for m in measures}
        row = _row(
            item, TEST, WORDS, digest(item.example.asked), "argmax", engine, scores,
            reference=item.example.answer, answer=answer,
        )  # fmt: skip
        desk.take(row, new=desk.journal.find(row.identity) is None, doing="words + logistic regression")
    return None


def _guess(desk: _Desk, suite: Suite) -> None:
    """Rows of the trivial predictor."""
    for item, score in zip(suite.items, trivial(suite), strict=True):
        row = _row(item, suite.name, TRIVIAL, "", "trivial", suite.digest, {suite.metric: score})
        desk.take(row, new=desk.journal.find(row.identity) is None, doing=f"{suite.name}: trivial predictor")


def _suite(desk: _Desk, suite: Suite, name: str, contender: Contender) -> None:
    """One contender over one suite, block by block."""
    forced = "loglikelihood" in contender.engine.capabilities and contender.tokens is not None
    if suite.kind == "text":
        if not forced:
            wish = "log-likelihoods of given texts, which the suite of plain texts needs"
            raise Unsupported(contender.engine.name, wish, fix="use the embedded engine, or leave this suite out")
        size, score, decoding = _DOCUMENTS, _score_texts, digest(["bits", _window(contender)])
    elif forced and contender.chat is not None:
        size, score, decoding = _BLOCK, _score_forced, digest(["teacher-forced"])
    else:
        size, score, decoding = _BLOCK, _score_answers, digest(["generate and compare"])
    fingerprint = digest(contender.fingerprint)
    doing = f"{suite.name}: {name}"
    for at in range(0, len(suite.items), size):
        block = suite.items[at : at + size]
        system = System(name, name, contender)
        rows = []
        for item in block:
            prompt = (
                digest(item.example.text)
                if suite.kind == "text"
                else system.prompt_hash(system.request(item.example, 1))[0]
            )
            empty = {suite.metric: Score(None)}
            rows.append(_row(item, suite.name, name, prompt, decoding, fingerprint, empty))
        known = [desk.journal.find(row.identity) for row in rows]
        if all(known):
            for row in known:
                assert row is not None
                desk.take(row, new=False, doing=doing)
            continue
        for row, (value, answer) in zip(rows, score(contender, block), strict=True):
            desk.take(replace(row, scores={suite.metric: value}, answer=answer), new=True, doing=doing)


def _score_forced(contender: Contender, items: Sequence[Item]) -> list[tuple[Score, str | None]]:
    """Is every token of the right answer, its end included, the most likely one?"""
    assert contender.chat is not None
    pairs = [_answer_ids(contender.chat, item.example) for item in items]
    context = contender.engine.context
    fits = [context is None or len(before) + len(answer) <= context for before, answer in pairs]
    asked = [pair for pair, fit in zip(pairs, fits, strict=True) if fit]
    found = iter(contender.engine.loglikelihood(asked, adapter=contender.adapter))
    made: list[tuple[Score, str | None]] = []
    for fit in fits:
        if not fit:
            made.append((Score(None, "longer than the model's context"), None))
            continue
        scored = next(found)
        parts = {"nats": -scored.total, "tokens": float(len(scored.logprobs))}
        made.append((Score(float(scored.greedy), "", parts), None))
    return made


def _answer_ids(chat: ChatFormat, example: Example) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(prompt ids, ids of the answer with its end of turn), rendered by the code that renders training rows."""
    quiet = tuple(_silent(m) for m in example.messages[:-1])
    sample = chat.samples(Example(messages=(*quiet, example.messages[-1]), tools=example.tools))[-1]
    first = sample.trained.index(True)
    end = len(sample.trained) - sample.trained[::-1].index(True)
    return sample.ids[:first], sample.ids[first:end]


def _silent(message: Message) -> Message:
    return Message.from_dict({**message.to_dict(), "weight": 0.0}) if message.role == "assistant" else message


def _score_answers(contender: Contender, items: Sequence[Item]) -> list[tuple[Score, str | None]]:
    """For engines without log-likelihoods: answer greedily and compare."""
    system = System("", "", contender)
    room = [max(16, len(i.example.answer.encode("utf-8", "surrogatepass"))) + 8 for i in items]
    requests = [system.request(i.example, r) for i, r in zip(items, room, strict=True)]
    said = contender.engine.generate(requests)
    right = [c.text.strip() == i.example.answer.strip() for c, i in zip(said, items, strict=True)]
    return [(Score(float(ok), "greedy answer"), c.text) for ok, c in zip(right, said, strict=True)]


def _window(contender: Contender) -> int:
    return min(contender.engine.context or _WINDOW, _WINDOW)


def _score_texts(contender: Contender, items: Sequence[Item]) -> list[tuple[Score, str | None]]:
    """Bits of each document, its tokens scored once each in windows of the context."""
    from luthier.engines.likelihood import document_items

    assert contender.tokens is not None
    windows = [document_items(contender.tokens.encode(i.example.text or ""), _window(contender)) for i in items]
    found = iter(contender.engine.loglikelihood([w for ws in windows for w in ws], adapter=contender.adapter))
    nats = [-sum(next(found).total for _ in ws) for ws in windows]
    scores = [bits_score(n / math.log(2), len(text_bytes(i))) for n, i in zip(nats, items, strict=True)]
    return [(score, None) for score in scores]


def _row(
    item: Item, suite: str, system: str, prompt: str, decoding: str, engine: str, scores: Mapping[str, Score], *,
    reference: str | None = None, answer: str | None = None,
) -> Row:  # fmt: skip
    example = item.example
    asked = digest(example.text) if example.text is not None else asked_hash(example)
    return Row(
        id=example.id if suite == TEST else item.name, item=item.name, suite=suite, system=system, asked=asked,
        prompt=prompt, decoding=decoding, engine=engine, scores=scores, reference=reference, answer=answer,
        slice=item.slice, cluster=example.group,
    )  # fmt: skip


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
