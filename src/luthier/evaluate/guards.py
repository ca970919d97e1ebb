"""One model over one regression suite: right answers teacher-forced, options by log-likelihood, documents in bits, code
and instructions answered and checked, or (without log-likelihoods) answers compared. Scoring goes block by block, and a
block is the unit of resuming: batches, and with them rounding, are the same whether or not a run was interrupted.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from luthier.engines import Request, Unsupported
from luthier.evaluate.desk import Desk, row_for
from luthier.evaluate.ledger import digest
from luthier.evaluate.regression import TRIVIAL, Item, Suite, bits_score, text_bytes, trivial
from luthier.evaluate.systems import Contender, System
from luthier.evaluate.tasks import ANSWERED, Choice, Rule, judged, parted
from luthier.models.chat import ChatFormat
from luthier.records import Example, Message, Score
from luthier.score.code import limits_of, row_tests, run, sampled
from luthier.score.instructions import checked
from luthier.score.sandbox import Sandbox

_BLOCK = 256
"""Items scored in one call."""
_ANSWERS = 64
"""Items answered in one call."""
_DOCUMENTS = 32
"""Documents scored in one call."""
Forced = tuple[tuple[int, ...], tuple[int, ...]]
"""(prompt ids, ids of the right answer with its end of turn)."""
_WINDOW = 2048
"""Longest window of a document, in tokens."""


def guess(desk: Desk, suite: Suite) -> None:
    """Rows of the trivial predictor."""
    for item, score in zip(suite.items, trivial(suite), strict=True):
        row = row_for(item, suite.name, TRIVIAL, "", "trivial", suite.digest, {suite.metric: score})
        desk.take(row, new=desk.journal.find(row.identity) is None, doing=f"{suite.name}: trivial predictor")


def ask_suite(desk: Desk, suite: Suite, name: str, contender: Contender, rendered: dict[str, list[Forced]]) -> None:
    """One contender over one suite, block by block. ``rendered`` keeps token ids for the next one of equal template."""
    able = "loglikelihood" in contender.engine.capabilities and contender.tokens is not None
    forced: list[Forced] | None = None
    asked: list[list[Forced]] = []
    if suite.kind == "text":
        if not able:
            wish = "log-likelihoods of given texts, which the suite of plain texts needs"
            raise Unsupported(contender.engine.name, wish, fix="use the embedded engine, or leave this suite out")
        size, decoding = _DOCUMENTS, digest(["bits", _window(contender)])
        prompts = [digest(item.example.text) for item in suite.items]
    elif suite.kind == "choice":
        if not able:
            wish = "log-likelihoods of given options, which this suite needs"
            raise Unsupported(contender.engine.name, wish, fix="use the embedded engine, or leave this suite out")
        size, decoding = _BLOCK, digest(["options", *_weighing(suite.rule)])
        choices = [item.choice for item in suite.items]
        asked = turn_items(contender, choices) if suite.rule.turns else option_items(contender, choices)
        prompts = [digest(one) for one in asked]
    elif suite.kind in ANSWERED:
        size, decoding = _ANSWERS, digest(["answered", suite.kind, *asdict(suite.rule).values()])
        prompts = [_prompt_hash(contender, item.example, suite.rule) for item in suite.items]
    elif able and contender.chat is not None:
        size, decoding = _BLOCK, digest(["teacher-forced"])
        chat = contender.chat
        if chat.digest not in rendered:
            rendered[chat.digest] = [_answer_of(chat, item.example) for item in suite.items]
        forced = rendered[chat.digest]
        prompts = [digest(list(before)) for before, _ in forced]
    else:
        size, decoding = _BLOCK, digest(["generate and compare"])
        system = System(name, name, contender)
        prompts = [system.prompt_hash(system.request(item.example, 1))[0] for item in suite.items]
    fingerprint = digest(contender.fingerprint)
    doing = f"{suite.name}: {name}"
    for at in range(0, len(suite.items), size):
        block = suite.items[at : at + size]
        empty = {suite.metric: Score(None)}
        rows = [
            row_for(item, suite.name, name, prompt, decoding, fingerprint, empty)
            for item, prompt in zip(block, prompts[at : at + size], strict=True)
        ]
        known = [desk.journal.find(row.identity) for row in rows]
        if all(known):
            for row in known:
                assert row is not None
                desk.take(row, new=False, doing=doing)
            continue
        if suite.kind == "text":
            made = _score_texts(contender, block)
        elif suite.kind == "choice":
            made = _score_options(contender, block, asked[at : at + size], suite.rule)
        elif suite.kind in ANSWERED:
            made = _score_answered(contender, suite, block)
        elif forced is not None:
            made = _score_forced(contender, forced[at : at + size])
        else:
            made = _score_answers(contender, block)
        for row, (value, answer) in zip(rows, made, strict=True):
            desk.take(replace(row, scores={suite.metric: value}, answer=answer), new=True, doing=doing)


def _score_forced(contender: Contender, pairs: Sequence[Forced]) -> list[tuple[Score, str | None]]:
    """Is every token of the right answer, its end included, the most likely one?"""
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


def option_items(contender: Contender, choices: Sequence[Choice | None]) -> list[list[Forced]]:
    """The options of each question as (context ids, option ids), cut where the context ends."""
    tokens = contender.tokens
    assert tokens is not None
    opening = tokens.opening
    asked: list[list[tuple[str, str]]] = []
    for choice in choices:
        assert choice is not None
        asked.append([parted(choice.context, option) for option in choice.options])
    texts = list(dict.fromkeys(text for one in asked for bare, option in one for text in (bare, bare + option)))
    ids = dict(zip(texts, tokens.encode_all(texts), strict=True)) | {"": ()}
    return [
        [((*opening, *ids[bare]) if bare else (), ids[bare + option][len(ids[bare]) :]) for bare, option in one]
        for one in asked
    ]


def turn_items(contender: Contender, choices: Sequence[Choice | None]) -> list[list[Forced]]:
    """The options of each question as (ids of the question as a user's turn, ids with which an answer begins so)."""
    chat = contender.chat
    if chat is None:
        wish = "answers to a user's turn, which this suite asks for"
        raise Unsupported(contender.engine.name, wish, fix="use a model with a chat format, or leave this suite out")
    made = []
    for choice in choices:
        assert choice is not None
        asked = (Message("user", choice.context),)
        pairs = [answer_ids(chat, asked, (Message("assistant", option),), ()) for option in choice.options]
        made.append([(before, _without_end(answer, chat.stop_ids)) for before, answer in pairs])
    return made


def _without_end(answer: tuple[int, ...], stops: Collection[int]) -> tuple[int, ...]:
    """An answer that may go on: what stands behind its last word says that it does not."""
    at = next((n for n, token in enumerate(answer) if token in stops), len(answer))
    return answer[:at] or answer


def _score_options(
    contender: Contender, items: Sequence[Item], asked: Sequence[Sequence[Forced]], rule: Rule
) -> list[tuple[Score, str | None]]:
    """Which option is likeliest? One that does not fit the context leaves its item unscored."""
    context = contender.engine.context
    pairs = [pair for one in asked for pair in one]
    bare: list[Forced] = []
    if rule.normalise == "unconditional" or rule.unconditional:
        quiet = [Choice(rule.unconditional, item.choice.options, 0) for item in items if item.choice]
        told = turn_items(contender, quiet) if rule.turns else option_items(contender, quiet)
        bare = [pair for one in told for pair in one]
    fits = [context is None or len(before) + len(option) <= context for before, option in (*pairs, *bare)]
    kept = [pair for pair, fit in zip((*pairs, *bare), fits, strict=True) if fit]
    found = iter(contender.engine.loglikelihood(kept, adapter=contender.adapter))
    nats = [next(found).total if fit else math.nan for fit in fits]
    made: list[tuple[Score, str | None]] = []
    at = 0
    for item, one in zip(items, asked, strict=True):
        assert item.choice is not None
        own = nats[at : at + len(one)]
        quietly = nats[len(pairs) + at : len(pairs) + at + len(one)] if bare else None
        at += len(one)
        if any(math.isnan(x) for x in (*own, *(quietly or ()))):
            made.append((Score(None, "longer than the model's context"), None))
        else:
            made.append((judged(item.choice, own, rule, bare=quietly), None))
    return made


def _answer_of(chat: ChatFormat, example: Example) -> Forced:
    return answer_ids(chat, example.messages[:-1], example.messages[-1:], example.tools)


def answer_ids(chat: ChatFormat, prompt: Sequence[Message], answer: Sequence[Message], tools: Sequence[Any]) -> Forced:
    """Rendered by the code that renders training rows."""
    sample = chat.answer_sample(prompt, answer, tools)
    first = sample.trained.index(True)
    end = len(sample.trained) - sample.trained[::-1].index(True)
    return sample.ids[:first], sample.ids[first:end]


def _score_answers(contender: Contender, items: Sequence[Item]) -> list[tuple[Score, str | None]]:
    """For engines without log-likelihoods: answer greedily and compare."""
    system = System("", "", contender)
    room = [max(16, len(i.example.answer.encode("utf-8", "surrogatepass"))) + 8 for i in items]
    requests = [system.request(i.example, r) for i, r in zip(items, room, strict=True)]
    said = contender.engine.generate(requests)
    right = [c.text.strip() == i.example.answer.strip() for c, i in zip(said, items, strict=True)]
    return [(Score(float(ok), "greedy answer"), c.text) for ok, c in zip(right, said, strict=True)]


def _weighing(rule: Rule) -> list[str]:
    """What of a rule decides the score of options."""
    return [rule.normalise, rule.measure, rule.unconditional, rule.version, *(["turns"] if rule.turns else [])]


def _prompt_hash(contender: Contender, example: Example, rule: Rule) -> str:
    request = _asking(contender, example, rule, 0)
    if request.token_ids:
        return digest(list(request.token_ids))
    return System("", "", contender).prompt_hash(request)[0]


def _asking(contender: Contender, example: Example, rule: Rule, sample: int) -> Request:
    """One request for an answer: greedy, or the sample of that number."""
    request = System("", "", contender).request(example, rule.tokens)
    if rule.ask == "text":
        if contender.tokens is None:
            wish = "plain text instead of a chat, which this suite asks for"
            raise Unsupported(contender.engine.name, wish, fix="use the embedded engine, or ask: chat in the suite")
        ids = (*contender.tokens.opening, *contender.tokens.encode(example.asked))
        request = replace(request, messages=(), token_ids=ids)
    request = replace(request, stop=rule.stop)
    return request if rule.samples == 1 else replace(request, temperature=rule.temperature, seed=sample)


def _score_answered(contender: Contender, suite: Suite, items: Sequence[Item]) -> list[tuple[Score, str | None]]:
    """Answers to coding questions run against their tests, or checked for what they were told to do. The first answer
    of an item is kept; one whose prompt leaves no room in the context is not scored."""
    rule, context = suite.rule, contender.engine.context
    sandbox = Sandbox(limits_of(rule.seconds, rule.memory)) if suite.kind == "code" else None
    requests = [[_asking(contender, i.example, rule, n) for n in range(rule.samples)] for i in items]
    fits = [_fits(contender, one[0], context) for one in requests]
    said = iter(contender.engine.generate([r for one, fit in zip(requests, fits, strict=True) if fit for r in one]))
    made: list[tuple[Score, str | None]] = []
    for item, one, fit in zip(items, requests, fits, strict=True):
        if not fit:
            made.append((Score(None, "the prompt is longer than the model's context"), None))
            continue
        answers = [next(said).text for _ in one]
        tests = row_tests(item.example.meta, item.example.asked) if sandbox is not None else None
        if suite.judge is not None:
            made.append((suite.judge(item.name, answers[0]), answers[0]))
        elif sandbox is None:
            made.append((checked(answers[0], item.example.meta), answers[0]))
        elif tests is None:
            made.append((Score(None, "the item has no tests"), answers[0]))
        else:
            made.append((sampled(answers, tests, rule.k, partial(run, sandbox=sandbox)), answers[0]))
    return made


def _fits(contender: Contender, request: Request, context: int | None) -> bool:
    if context is None or contender.tokens is None:
        return True
    return len(request.token_ids or contender.tokens.prompt_ids(request)) < context


def _window(contender: Contender) -> int:
    return min(contender.engine.context or _WINDOW, _WINDOW)


def _score_texts(contender: Contender, items: Sequence[Item]) -> list[tuple[Score, str | None]]:
    """Bits of each document, its tokens scored once each in windows of the context."""
    from luthier.engines.likelihood import document_items

    assert contender.tokens is not None
    texts = contender.tokens.encode_all([i.example.text or "" for i in items])
    windows = [document_items(ids, _window(contender)) for ids in texts]
    found = iter(contender.engine.loglikelihood([w for ws in windows for w in ws], adapter=contender.adapter))
    nats = [-sum(next(found).total for _ in ws) for ws in windows]
    scores = [bits_score(n / math.log(2), len(text_bytes(i))) for n, i in zip(nats, items, strict=True)]
    return [(score, None) for score in scores]
