"""One contract for every engine: embedded, scripted, and remote speaking to our own server over a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from luthier.engines import EmbeddingEngine, Engine, Request, TokenEngine, Unsupported
from luthier.engines.embedded import EmbeddedEngine
from luthier.engines.protocol import EngineClosed
from luthier.engines.remote import RemoteEngine
from luthier.engines.scripted import ScriptedEngine
from luthier.errors import LuthierError, UsageError
from luthier.records import Completion, Message


def ask(text: str = "What is red?", **settings: Any) -> Request:
    return Request(messages=(Message("system", "Be short."), Message("user", text)), **{"max_tokens": 12, **settings})


def story(request: Request) -> str:
    return f"Once upon a time {request.messages[-1].content} was asked, and nobody knew the answer. " * 3


@pytest.fixture(scope="module", params=["embedded", "scripted", "remote", "remote of scripted"])
def engine(request: pytest.FixtureRequest, tiny: Any) -> Iterator[Engine]:
    kind = request.param
    inner: Engine = ScriptedEngine(story) if "scripted" in kind else EmbeddedEngine(tiny, max_batch=4)
    if not kind.startswith("remote"):
        yield inner
        inner.close()
        return
    from luthier.serve import Deployment, ServedModel
    from luthier.serve.run import Background

    with Background(Deployment((ServedModel("tiny", inner),))) as server:
        remote = RemoteEngine(f"{server.url}/v1", "tiny")
        yield remote
        remote.close()
    inner.close()


def test_it_is_an_engine_and_says_what_it_can(engine: Engine) -> None:
    assert isinstance(engine, Engine)
    assert {"generate", "stream"} <= engine.capabilities
    assert engine.name
    assert engine.fingerprint()["engine"] == engine.name.split()[0]
    assert isinstance(engine, TokenEngine) == ("token_ids" in engine.capabilities)
    assert isinstance(engine, EmbeddingEngine) == ("embed" in engine.capabilities)


def test_answers_come_in_the_order_asked(engine: Engine) -> None:
    requests = [ask(f"question {i} {'x' * (i % 5) * 9}") for i in range(11)]
    done: dict[int, Completion] = {}
    answers = engine.generate(requests, lambda i, c: done.update({i: c}))
    assert [done[i].text for i in range(11)] == [a.text for a in answers]
    assert len({a.text for a in answers}) > 1
    assert [engine.generate([r])[0].text for r in requests] == [a.text for a in answers]


def test_an_answer_is_held_to_its_schema_or_refused(engine: Engine) -> None:
    schema = {"type": "object", "properties": {"n": {"enum": [1, 22, 333]}}, "required": ["n"],
              "additionalProperties": False}  # fmt: skip
    try:
        held, free = engine.generate([ask(schema=schema, max_tokens=60), ask(max_tokens=12)])
    except LuthierError as refused:  # a remote engine hands it on: what its server can do is not known before
        assert "schema" in str(refused) and "schema" not in engine.capabilities
        return
    assert json.loads(held.text)["n"] in (1, 22, 333) and held.finish_reason == "stop"
    assert free.text == engine.generate([ask(max_tokens=12)])[0].text, "its neighbour is not held"


def test_nothing_asked_is_nothing_answered(engine: Engine) -> None:
    assert engine.generate([]) == []


def test_pieces_join_to_the_text_that_generate_gives(engine: Engine) -> None:
    *pieces, last = engine.stream(ask(max_tokens=25))
    assert isinstance(last, Completion)
    assert "".join(p for p in pieces if isinstance(p, str)) == last.text
    whole = engine.generate([ask(max_tokens=25)])[0]
    assert (last.text, last.finish_reason) == (whole.text, whole.finish_reason)
    assert (last.prompt_tokens, last.completion_tokens) == (whole.prompt_tokens, whole.completion_tokens)
    assert len(pieces) > 1


def test_an_answer_cut_by_its_limit_says_so(engine: Engine) -> None:
    short = engine.generate([ask(max_tokens=3)])[0]
    assert short.finish_reason == "length"
    assert short.completion_tokens == 3
    assert engine.generate([ask(max_tokens=12)])[0].text.startswith(short.text.rstrip("\ufffd"))


def test_stop_strings_end_the_answer_in_generate_and_stream(engine: Engine) -> None:
    whole = engine.generate([ask(max_tokens=12)])[0].text
    stop = whole[5:7]
    cut = engine.generate([ask(max_tokens=12, stop=(stop, "never said"))])[0]
    assert cut.text == whole[: whole.index(stop)]
    assert cut.finish_reason == "stop"
    *_, last = engine.stream(ask(max_tokens=12, stop=(stop,)))
    assert isinstance(last, Completion)
    assert last.text == cut.text


def test_the_same_seed_gives_the_same_answer(engine: Engine) -> None:
    hot = ask(temperature=1.5, seed=11)
    assert engine.generate([hot])[0].text == engine.generate([ask("other", temperature=2.0), hot])[1].text


def test_many_threads_may_ask_at_once(engine: Engine) -> None:
    alone = [engine.generate([ask(f"n{i}")])[0].text for i in range(8)]
    found: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda i=i: found.update({i: engine.generate([ask(f"n{i}")])[0].text}))
        for i in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [found[i] for i in range(8)] == alone


def test_a_cancelled_request_ends_early(engine: Engine) -> None:
    cancel = threading.Event()
    cancel.set()
    answers = engine.generate([ask(max_tokens=40), ask("b", max_tokens=40)], cancel=cancel)
    assert {a.finish_reason for a in answers} == {"cancelled"}


def test_a_stream_that_is_closed_leaves_the_engine_free(engine: Engine) -> None:
    for _ in range(6):
        stream = engine.stream(ask(max_tokens=100))
        next(stream)
        stream.close()  # type: ignore[attr-defined]
    assert engine.generate([ask()])[0].text


def test_a_stream_that_ends_leaves_others_of_its_cancel_event_alone(engine: Engine) -> None:
    shared = threading.Event()
    long = engine.stream(ask(max_tokens=12), cancel=shared)
    next(long)
    short = list(engine.stream(ask(max_tokens=1), cancel=shared))
    assert short[-1].finish_reason == "length"  # type: ignore[union-attr]
    assert not shared.is_set()
    *_, last = long
    assert last.text == engine.generate([ask(max_tokens=12)])[0].text  # type: ignore[union-attr]


def test_what_is_not_offered_is_refused(engine: Engine) -> None:
    if "loglikelihood" not in engine.capabilities:
        with pytest.raises(Unsupported, match="log-likelihood"):
            engine.loglikelihood([((1,), (2,))])
    if "token_ids" not in engine.capabilities:
        with pytest.raises(Unsupported, match="token ids"):
            engine.generate([Request(token_ids=(5, 6))])


def test_an_unknown_adapter_is_never_answered_by_the_base(engine: Engine) -> None:
    with pytest.raises(LuthierError, match="no adapter named 'poet'"):
        engine.generate([ask(adapter="poet")])
    with pytest.raises(LuthierError, match="no adapter named 'poet'"):
        list(engine.stream(ask(adapter="poet")))


def test_a_prompt_beyond_the_context_is_an_error_for_people(engine: Engine) -> None:
    if engine.name == "scripted" or engine.generate([ask()])[0].text.startswith("Once upon"):
        return  # no context to overflow
    with pytest.raises(LuthierError, match="context holds 256"):
        engine.generate([ask("word " * 300)])


def test_an_exception_of_the_listener_reaches_the_caller(engine: Engine) -> None:
    def fail(index: int, completion: Completion) -> None:
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        engine.generate([ask(), ask("b")], fail)
    assert engine.generate([ask()])[0].text


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": -1.0}, "temperature"),
        ({"top_p": 0.0}, "top_p"),
        ({"stop": ("",)}, "stop"),
        ({"token_ids": (1,)}, "messages or token_ids"),
    ],
)
def test_a_request_that_means_nothing_cannot_be_made(settings: dict[str, Any], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        ask(**settings)


def test_closing_twice_is_fine_and_asking_after_it_is_not(tiny: Any) -> None:
    for closed in (EmbeddedEngine(tiny), ScriptedEngine(story), RemoteEngine("http://127.0.0.1:9/v1", "m")):
        closed.close()
        closed.close()
        with pytest.raises(EngineClosed):
            closed.generate([ask()])
