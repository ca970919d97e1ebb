"""The API as clients see it: the official ``openai`` client, raw HTTP where it would hide something."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest

from luthier.engines import Request
from luthier.engines.decode import Job
from luthier.engines.scripted import ScriptedEngine
from luthier.records import Completion
from luthier.serve import Deployment, ServedModel
from luthier.serve.deployment import key_digest
from luthier.serve.run import Background

HELLO: list[Any] = [{"role": "user", "content": "hello"}]
Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve a deployment for the length of a test; gives its URL."""
    running: list[Background] = []

    def start(*models: ServedModel, **settings: Any) -> str:
        running.append(Background(Deployment(models, **settings)).__enter__())
        return running[-1].url

    yield start
    for server in running:
        server.__exit__(None, None, None)


def polite(request: Request) -> str:
    return f"You said {request.messages[-1].content}, thank you very much indeed."


def scripted(**settings: Any) -> ServedModel:
    return ServedModel("polite", ScriptedEngine(polite, **settings))


def openai_client(url: str, key: str = "none") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=60)


def test_the_official_client_works_unchanged_with_a_real_model(serve: Serve, engine: Any) -> None:
    noted: list[tuple[str, str]] = []
    base = ServedModel("base", engine, root="some/base")
    twin = ServedModel("tickets", engine, root="adapter-12ab", parent="base", lineage={"run": "tickets-7f3a"})
    url = serve(base, twin, on_response=lambda response, model: noted.append((response, model)))
    client = openai_client(url)

    listed = client.models.list().data
    assert [m.id for m in listed] == ["base", "tickets"]
    assert listed[1].parent == "base"  # type: ignore[attr-defined]
    assert client.models.retrieve("tickets").lineage == {"run": "tickets-7f3a"}  # type: ignore[attr-defined]

    answer = client.chat.completions.create(model="tickets", messages=HELLO, max_tokens=8, temperature=0)
    direct = engine.generate([Request(messages=_messages(), max_tokens=8)])[0]
    assert answer.choices[0].message.content == direct.text
    assert answer.choices[0].finish_reason == direct.finish_reason
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (
        direct.prompt_tokens,
        direct.completion_tokens,
    )
    assert answer.usage.total_tokens == direct.prompt_tokens + direct.completion_tokens

    stream = client.chat.completions.create(
        model="base", messages=HELLO, max_completion_tokens=8, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == direct.text
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == direct.finish_reason
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == direct.completion_tokens
    assert noted == [(answer.id, "tickets"), (chunks[0].id, "base")]
    assert {c.id for c in chunks} == {chunks[0].id}


def test_several_choices_are_different_and_repeatable(serve: Serve, engine: Any) -> None:
    client = openai_client(serve(ServedModel("base", engine)))
    hot: dict[str, Any] = {"model": "base", "messages": HELLO, "max_tokens": 10, "temperature": 2.0, "seed": 5, "n": 3}
    first, again = client.chat.completions.create(**hot), client.chat.completions.create(**hot)
    texts = [c.message.content for c in first.choices]
    assert texts == [c.message.content for c in again.choices]
    assert len(set(texts)) == 3
    parts = ["", "", ""]
    for chunk in client.chat.completions.create(**hot, stream=True):
        for choice in chunk.choices:
            parts[choice.index] += choice.delta.content or ""
    assert parts == texts


def test_logprobs_name_their_tokens(serve: Serve, engine: Any) -> None:
    client = openai_client(serve(ServedModel("base", engine)))
    answer = client.chat.completions.create(model="base", messages=HELLO, max_tokens=5, logprobs=True)
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    assert "".join(t.token for t in logprobs.content) == answer.choices[0].message.content
    assert all(t.logprob <= 0 for t in logprobs.content)


def test_many_clients_at_once_get_what_each_would_get_alone(serve: Serve, engine: Any) -> None:
    client = openai_client(serve(ServedModel("base", engine)))

    def ask(i: int) -> str:
        messages: list[Any] = [{"role": "user", "content": f"tell me about {'the number ' * (i % 4)} {i}"}]
        return (
            client.chat.completions.create(model="base", messages=messages, max_tokens=10).choices[0].message.content
            or ""
        )

    alone = [ask(i) for i in range(12)]
    found: dict[int, str] = {}
    threads = [threading.Thread(target=lambda i=i: found.update({i: ask(i)})) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [found[i] for i in range(12)] == alone


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"model": "polit"}, openai.NotFoundError, "did you mean polite"),
        ({"messages": []}, openai.BadRequestError, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, openai.BadRequestError, "role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, openai.BadRequestError, "image_url"),
        ({"max_tokens": 0}, openai.BadRequestError, "max_tokens"),
        ({"temperature": 9}, openai.BadRequestError, "temperature"),
        ({"stop": [""]}, openai.BadRequestError, "stop"),
        ({"frequency_penalty": 1.0}, openai.BadRequestError, "frequency_penalty"),
        ({"response_format": {"type": "json_object"}}, openai.BadRequestError, "held to a schema"),
        ({"response_format": {"type": "json_schema"}}, openai.BadRequestError, "needs a json_schema"),
        ({"response_format": {"type": "yaml"}}, openai.BadRequestError, "response_format"),
        ({"extra_body": {"tempreature": 1}}, openai.BadRequestError, "tempreature"),
        ({"logprobs": True, "stream": True}, openai.BadRequestError, "logprobs"),
        ({"logprobs": True}, openai.BadRequestError, "log-probabilities"),
    ],
)
def test_what_cannot_be_done_is_refused_in_openais_shape(
    serve: Serve, change: dict[str, Any], error: type[openai.APIStatusError], said: str
) -> None:
    client = openai_client(serve(scripted()))
    with pytest.raises(error, match=said) as refused:
        client.chat.completions.create(**{"model": "polite", "messages": HELLO, **change})
    assert isinstance(refused.value.body, dict)
    assert {"message", "type", "param", "code"} <= refused.value.body.keys()


def test_parameters_that_change_nothing_are_taken(serve: Serve) -> None:
    client = openai_client(serve(scripted()))
    answer = client.chat.completions.create(
        model="polite",
        messages=[{"role": "user", "content": [{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}]}],
        user="u1",
        frequency_penalty=0,
        response_format={"type": "text"},
        metadata={"a": "b"},
        stop="very",
    )
    assert answer.choices[0].message.content == "You said hello, thank you "


def test_answers_are_held_to_a_schema_whole_and_streamed(serve: Serve, engine: Any) -> None:
    client = openai_client(serve(ServedModel("base", engine)))
    schema = {"type": "object", "properties": {"colour": {"enum": ["red", "green"]}, "sure": {"type": "boolean"}},
              "required": ["colour", "sure"], "additionalProperties": False}  # fmt: skip
    form = {"type": "json_schema", "json_schema": {"name": "c", "strict": True, "schema": schema}}
    asked: dict[str, Any] = {"model": "base", "messages": HELLO, "max_tokens": 200, "response_format": form}
    said = client.chat.completions.create(**asked).choices[0]
    found = json.loads(said.message.content or "")
    assert said.finish_reason == "stop" and found.keys() == {"colour", "sure"} and found["colour"] in ("red", "green")
    pieces = [c.choices[0].delta.content or "" for c in client.chat.completions.create(**asked, stream=True)]
    assert json.loads("".join(pieces)) == found
    form["json_schema"]["schema"] = {"type": "objekt"}
    with pytest.raises(openai.BadRequestError, match="Invalid type"):
        client.chat.completions.create(**asked)


def test_a_prompt_that_is_too_long_is_a_400_with_its_code_streamed_or_not(serve: Serve, engine: Any) -> None:
    client = openai_client(serve(ServedModel("base", engine)))
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError, match="context holds") as refused:
            client.chat.completions.create(
                model="base", messages=[{"role": "user", "content": "word " * 3000}], stream=stream
            )
        assert refused.value.code == "context_length_exceeded"


def test_broken_bodies_and_paths_are_json_errors(serve: Serve) -> None:
    url = serve(scripted(), max_request_bytes=1000)
    chat = f"{url}/v1/chat/completions"
    assert httpx.post(chat, content=b"{nonsense").status_code == 400
    too_large = httpx.post(
        chat, content=json.dumps({"model": "polite", "messages": [{"role": "user", "content": "x" * 2000}]})
    )
    assert (too_large.status_code, too_large.json()["error"]["code"]) == (413, "request_too_large")
    chunked = httpx.post(chat, content=(b"x" * 400 for _ in range(9)))
    assert chunked.status_code == 413
    assert httpx.get(f"{url}/v1/nothing").json()["error"]["type"] == "invalid_request_error"
    assert httpx.get(chat).status_code == 405


def test_keys_are_asked_for_where_the_deployment_has_some(serve: Serve) -> None:
    url = serve(scripted(), api_keys=(key_digest("right"), key_digest("other")))
    with pytest.raises(openai.AuthenticationError):
        openai_client(url, "wrong").models.list()
    with pytest.raises(openai.AuthenticationError):
        openai_client(url, "wrong").chat.completions.create(model="polite", messages=HELLO)
    assert openai_client(url, "right").chat.completions.create(model="polite", messages=HELLO).choices
    assert openai_client(url, "other").models.list().data
    assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}


def test_a_server_with_too_much_to_do_says_when_to_come_back(serve: Serve) -> None:
    url = serve(scripted(seconds_per_token=0.2), concurrency=1, waiting=0)
    client = openai_client(url)
    stream = client.chat.completions.create(model="polite", messages=HELLO, stream=True)
    next(iter(stream))
    with pytest.raises(openai.RateLimitError) as refused:
        client.chat.completions.create(model="polite", messages=HELLO)
    assert refused.value.response.headers["retry-after"]
    stream.close()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            assert client.chat.completions.create(model="polite", messages=HELLO, max_tokens=1).choices
            return
        except openai.RateLimitError:
            time.sleep(0.05)
    pytest.fail("the place of a client that hung up was not given back")


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_hangs_up_stops_its_generation(
    serve: Serve, engine: Any, stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[Completion] = []
    finish = Job.completion

    def listen(job: Job, reason: Any) -> Completion:
        ended.append(finish(job, reason))
        return ended[-1]

    monkeypatch.setattr(Job, "completion", listen)
    monkeypatch.setattr(engine, "_stop_ids", frozenset())  # answers go on for as long as the context allows
    url = serve(ServedModel("base", engine))
    body = {"model": "base", "messages": HELLO, "stream": stream, "n": 4}
    with (
        pytest.raises(httpx.ReadTimeout),
        httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=0.2) as answer,
    ):
        for _ in answer.iter_bytes():
            raise httpx.ReadTimeout("enough")
    deadline = time.monotonic() + 20
    while len(ended) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [c.finish_reason for c in ended] == ["cancelled"] * 4
    assert max(c.completion_tokens for c in ended) < 600
    assert engine.load == (0, 0)


def test_a_fault_in_the_engine_is_a_500_without_its_insides(serve: Serve) -> None:
    def broken(request: Request) -> str:
        raise ZeroDivisionError("secret detail")

    client = openai_client(serve(ServedModel("broken", ScriptedEngine(broken))))
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError) as fault:
            client.chat.completions.create(model="broken", messages=HELLO, stream=stream)
        assert "secret" not in str(fault.value)


def test_a_note_that_cannot_be_written_costs_no_answer(serve: Serve) -> None:
    def full(response: str, model: str) -> None:
        raise OSError("disk full")

    client = openai_client(serve(scripted(), on_response=full))
    assert client.chat.completions.create(model="polite", messages=HELLO).choices[0].message.content


def test_ids_sort_by_time() -> None:
    from luthier.serve.wire import new_id

    first = new_id()
    time.sleep(0.005)
    ids = [first, new_id()]
    assert ids == sorted(ids)
    assert ids[0] != ids[1]
    assert ids[0].startswith("chatcmpl-")
    assert ids[0][len("chatcmpl-") + 12] == "7"


def _messages() -> Any:
    from luthier.records import Message

    return (Message("user", "hello"),)


def test_the_completion_noun_is_what_engines_return() -> None:
    *_, last = ScriptedEngine(polite).stream(Request(messages=_messages()))
    assert isinstance(last, Completion)
