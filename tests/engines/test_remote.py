"""The remote engine against a server that misbehaves on purpose, over a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from luthier.engines import Request
from luthier.engines.egress import check, client, is_loopback
from luthier.engines.remote import RemoteEngine
from luthier.errors import EgressDenied, LuthierError
from luthier.records import Message, ToolCall

GOOD = {
    "choices": [{"message": {"content": "fine"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 4, "completion_tokens": 1},
}
ASK = Request(messages=(Message("user", "hi"),))


class Script:
    """What the server says next, and what it was told."""

    def __init__(self) -> None:
        self.replies: list[tuple[int, dict[str, str], bytes]] = []
        self.heard: list[tuple[dict[str, str], dict[str, Any]]] = []

    def say(self, status: int, body: object = GOOD, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.replies.append((status, headers, data))


@pytest.fixture
def server() -> Iterator[tuple[str, Script]]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            script.heard.append((dict(self.headers), body))
            status, headers, data = script.replies.pop(0)
            self.send_response(status)
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            for name, value in {"Content-Length": str(len(data)), **named}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=lambda: web.serve_forever(poll_interval=0.01), daemon=True).start()
    yield f"http://127.0.0.1:{web.server_port}/v1", script
    web.shutdown()
    web.server_close()


@pytest.fixture
def remote(server: tuple[str, Script]) -> Iterator[Callable[..., RemoteEngine]]:
    made: list[RemoteEngine] = []

    def build(**settings: Any) -> RemoteEngine:
        made.append(RemoteEngine(server[0], "m", **settings))
        return made[-1]

    yield build
    for engine in made:
        engine.close()


def test_a_busy_server_is_asked_again(server: tuple[str, Script], remote: Callable[..., RemoteEngine]) -> None:
    server[1].say(429, {"error": {"message": "slow down"}}, Retry_After="0.01")
    server[1].say(503, b"oops", Retry_After="0")
    server[1].say(200)
    answer = remote().generate([ASK])[0]
    assert (answer.text, answer.prompt_tokens, answer.completion_tokens) == ("fine", 4, 1)
    assert len(server[1].heard) == 3


def test_it_gives_up_after_the_retries_and_says_what_the_server_said(
    server: tuple[str, Script], remote: Callable[..., RemoteEngine]
) -> None:
    for _ in range(3):
        server[1].say(429, {"error": {"message": "quota is used up"}}, Retry_After="0")
    with pytest.raises(LuthierError, match="quota is used up") as refused:
        remote(retries=2).generate([ASK])
    assert "429" in refused.value.why
    assert server[1].replies == []


def test_a_bad_request_is_not_asked_again(server: tuple[str, Script], remote: Callable[..., RemoteEngine]) -> None:
    server[1].say(400, {"error": {"message": "messages are wrong"}})
    with pytest.raises(LuthierError, match="messages are wrong"):
        remote().generate([ASK])
    assert len(server[1].heard) == 1


@pytest.mark.parametrize("body", [b"<html>", {"choices": []}, {"choices": [{"message": None}]}, []])
def test_nonsense_is_an_error_for_people(
    body: object, server: tuple[str, Script], remote: Callable[..., RemoteEngine]
) -> None:
    server[1].say(200, body)
    with pytest.raises(LuthierError, match="not a chat completion"):
        remote().generate([ASK])


def test_a_stream_that_breaks_off_is_an_error(server: tuple[str, Script], remote: Callable[..., RemoteEngine]) -> None:
    server[1].say(200, b'data: {"choices": [{"delta": {"content": "a"}}]}\n\ndata: {"cho', Content_Length="500")
    pieces = remote().stream(ASK)
    assert next(pieces) == "a"
    with pytest.raises(LuthierError, match="broke off"):
        next(pieces)


def test_an_error_inside_a_stream_is_told(server: tuple[str, Script], remote: Callable[..., RemoteEngine]) -> None:
    server[1].say(200, b'data: {"error": {"message": "out of memory"}}\n\n')
    with pytest.raises(LuthierError, match="out of memory"):
        list(remote().stream(ASK))


def test_the_key_goes_to_the_server_and_nowhere_else(
    server: tuple[str, Script], remote: Callable[..., RemoteEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "s3cret")
    server[1].say(200)
    server[1].say(401, {"error": {"message": "no"}})
    engine = remote(key="SOME_KEY")
    engine.generate([ASK])
    assert server[1].heard[0][0]["Authorization"] == "Bearer s3cret"
    with pytest.raises(LuthierError) as refused:
        engine.generate([ASK])
    assert "s3cret" not in str(refused.value) + repr(engine.fingerprint()) + engine.name
    monkeypatch.delenv("SOME_KEY")
    with pytest.raises(LuthierError, match="SOME_KEY is not set"):
        engine.generate([ASK])


def test_what_is_sent_is_openai_dialect(server: tuple[str, Script], remote: Callable[..., RemoteEngine]) -> None:
    messages = (
        Message("user", "weather?"),
        Message("assistant", "", tool_calls=(ToolCall("look", {"city": "Bonn"}, "c1"),), weight=0.0, reasoning="hm"),
        Message("tool", "rain", tool_call_id="c1"),
    )
    server[1].say(200)
    remote(adapters=["poet"]).generate(
        [Request(messages=messages, max_tokens=7, temperature=0.5, top_p=0.9, seed=3, stop=("x",), adapter="poet")]
    )
    body = server[1].heard[0][1]
    assert body == {
        "model": "poet", "max_tokens": 7, "temperature": 0.5, "top_p": 0.9, "seed": 3, "stop": ["x"],
        "messages": [
            {"role": "user", "content": "weather?"},
            {"role": "assistant", "content": "", "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"city": "Bonn"}'}}]},
            {"role": "tool", "content": "rain", "tool_call_id": "c1"},
        ],
    }  # fmt: skip


def test_rows_are_not_sent_to_hosts_that_nobody_named() -> None:
    with pytest.raises(EgressDenied, match=r"api\.example\.com"):
        RemoteEngine("https://api.example.com/v1", "m")
    with pytest.raises(EgressDenied):
        RemoteEngine("https://api.example.com.evil.test/v1", "m", egress=["api.example.com"])
    RemoteEngine("https://api.example.com/v1", "m", egress=["API.example.com"]).close()


def test_a_permitted_host_cannot_send_rows_on_to_another(
    server: tuple[str, Script], remote: Callable[..., RemoteEngine]
) -> None:
    server[1].say(307, b"", Location="http://elsewhere.invalid/v1/chat/completions")
    with pytest.raises(LuthierError, match="refused"):
        remote().generate([ASK])
    with (
        client(server[0], egress=(), purpose="testing", timeout_s=5) as http,
        pytest.raises(EgressDenied, match="elsewhere"),
    ):
        http.post("http://elsewhere.invalid/v1", json={})


@pytest.mark.parametrize(
    ("host", "ours"),
    [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True),
     ("0.0.0.0", False), ("10.0.0.1", False), ("localhost.evil.test", False), ("127.0.0.1.evil.test", False)],
)  # fmt: skip
def test_this_machine_is_told_from_others(host: str, ours: bool) -> None:
    assert is_loopback(host) is ours
    if not ours:
        with pytest.raises(EgressDenied):
            check(host, (), purpose="testing")


def test_a_port_where_nobody_listens_is_told_soon() -> None:
    engine = RemoteEngine("http://127.0.0.1:9/v1", "m", retries=1)
    with pytest.raises(LuthierError, match="cannot reach the server") as refused:
        engine.generate([ASK])
    assert "127.0.0.1:9" in refused.value.where


def test_vectors_come_in_the_order_of_the_texts(
    server: tuple[str, Script], remote: Callable[..., RemoteEngine]
) -> None:
    script = server[1]
    script.say(200, {"data": [{"index": 1, "embedding": [0, 1]}, {"index": 0, "embedding": [1, 0.5]}]})
    assert remote().embed(["a", "b"]) == [(1.0, 0.5), (0.0, 1.0)]
    assert script.heard[-1][1] == {"model": "m", "input": ["a", "b"], "encoding_format": "float"}
    script.say(200, {"data": [{"index": 0, "embedding": [1, 0]}]})
    with pytest.raises(LuthierError, match="a vector for each text"):
        remote().embed(["a", "b"])
