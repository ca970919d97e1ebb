"""The engine that speaks to an OpenAI-compatible server: vLLM, llama.cpp, Ollama, or Luthier's own.

Only text goes over this wire, so token ids and log-likelihoods are not offered. Rows are sent to hosts that the recipe
names (``privacy.egress``) or to this machine, never elsewhere. The key is read from the environment when needed and
stands in no log, error or fingerprint.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx

from luthier.engines.egress import client
from luthier.engines.protocol import Capability, EngineClosed, OnDone, Request, Unsupported, unknown_adapter
from luthier.errors import LuthierError
from luthier.records import Completion, Message, TokenScores
from luthier.records.completion import FinishReason

_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504}
_LONGEST_WAIT_S = 30.0
_RECONNECTS = 3
"""Attempts after a lost connection: enough for a server behind a balancer, few enough to tell of a wrong port soon."""
_TEXTS = 64
"""Texts of one request for vectors."""


class RemoteEngine:
    """One model behind ``url`` (with ``/v1``).

    Args:
        url: the API's root, as OpenAI clients take it: "http://127.0.0.1:8000/v1".
        model: the id of the base as the server lists it.
        key: NAME of the environment variable that holds the API key; None sends none.
        egress: hosts that may be contacted besides this machine.
        adapters: ids that the server lists for adapters of this base; ``Request.adapter`` may name them.
        concurrency: requests in flight at once.
        retries: further attempts after a busy server, a fault on its side or a lost connection.
        timeout_s: longest wait for the next byte.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: str | None = None,
        egress: Sequence[str] = (),
        *,
        adapters: Sequence[str] = (),
        concurrency: int = 8,
        retries: int = 5,
        timeout_s: float = 120.0,
    ) -> None:
        self._url, self._model, self._adapters = url, model, tuple(adapters)
        self._retries = retries
        self._key = key
        self._client = client(
            url, egress=egress, purpose=f"asking {model}", timeout_s=timeout_s, connections=concurrency
        )
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="luthier-remote")
        self._closed = False

    @property
    def name(self) -> str:
        return f"remote {self._model}"

    @property
    def capabilities(self) -> frozenset[Capability]:
        offered: tuple[Capability, ...] = ("generate", "stream", "embed")
        return frozenset((*offered, "adapters") if self._adapters else offered)

    @property
    def context(self) -> int | None:
        return None

    @property
    def adapters(self) -> tuple[str, ...]:
        return self._adapters

    def fingerprint(self, adapter: str | None = None) -> dict[str, Any]:
        return {"engine": "remote", "url": self._url, "model": self._model, "adapter": adapter}

    def models(self) -> list[dict[str, Any]]:
        """What the server lists at ``/models``."""
        response = self._send(self._client.build_request("GET", "/models", headers=self._headers()))
        try:
            return [dict(entry) for entry in response.json()["data"]]
        except (KeyError, TypeError, ValueError) as error:
            raise _not_openai(self._url, "a list of models") from error

    def generate(
        self, requests: Sequence[Request], on_done: OnDone | None = None, *, cancel: threading.Event | None = None
    ) -> list[Completion]:
        """Answer all. After ``cancel``, requests that were not sent yet come back as "cancelled"."""
        bodies = [self._body(request) for request in requests]
        stop = cancel or threading.Event()

        def ask(index: int) -> Completion:
            if stop.is_set():
                return Completion(text="", finish_reason="cancelled")
            completion = self._ask(bodies[index], stop)
            if on_done is not None:
                on_done(index, completion)
            return completion

        asked: list[Future[Completion]] = [self._pool.submit(ask, i) for i in range(len(bodies))]
        try:
            return [future.result() for future in asked]
        except BaseException:
            for future in asked:
                future.cancel()
            raise

    def stream(self, request: Request, *, cancel: threading.Event | None = None) -> Iterator[str | Completion]:
        """Pieces as the server sends them, then the Completion. Closing the iterator hangs up."""
        body = {**self._body(request), "stream": True, "stream_options": {"include_usage": True}}
        return self._stream(body, cancel)

    def loglikelihood(
        self, items: Sequence[tuple[Sequence[int], Sequence[int]]], *, adapter: str | None = None
    ) -> list[TokenScores]:
        raise Unsupported("remote", "log-likelihoods")

    def embed(self, texts: Sequence[str], *, adapter: str | None = None) -> list[tuple[float, ...]]:
        """Vectors from the server's ``/embeddings``, some requests at once."""
        parts = [texts[start : start + _TEXTS] for start in range(0, len(texts), _TEXTS)]
        found = self._pool.map(lambda part: self._embed(part, adapter or self._model), parts)
        return [vector for some in found for vector in some]

    def _embed(self, texts: Sequence[str], model: str) -> list[tuple[float, ...]]:
        body = {"model": model, "input": list(texts), "encoding_format": "float"}
        response = self._send(self._client.build_request("POST", "/embeddings", json=body, headers=self._headers()))
        try:
            found = {int(one["index"]): tuple(map(float, one["embedding"])) for one in response.json()["data"]}
            return [found[place] for place in range(len(texts))]
        except (KeyError, TypeError, ValueError) as error:
            raise _not_openai(self._url, "a vector for each text") from error

    def close(self) -> None:
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _headers(self) -> dict[str, str]:
        if self._key is None:
            return {}
        secret = os.environ.get(self._key)
        if not secret:
            raise LuthierError(f"the environment variable {self._key} is not set", why="it should hold the API key")
        return {"Authorization": f"Bearer {secret}"}

    def _body(self, request: Request) -> dict[str, Any]:
        if self._closed:
            raise EngineClosed("remote")
        if request.token_ids:
            raise Unsupported("remote", "token ids")
        if request.adapter is not None and request.adapter not in self._adapters:
            raise unknown_adapter(request.adapter, self._adapters)
        body: dict[str, Any] = {
            "model": request.adapter or self._model,
            "messages": [_wire(message) for message in request.messages],
            "temperature": request.temperature,
            "top_p": request.top_p,
        }
        if request.max_tokens is not None:
            body["max_tokens"] = request.max_tokens
        if request.seed is not None:
            body["seed"] = request.seed
        if request.stop:
            body["stop"] = list(request.stop)
        if request.logprobs:
            body["logprobs"] = True
        if request.schema is not None:
            named = {"name": "answer", "strict": True, "schema": dict(request.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        if request.tools:
            body["tools"] = [dict(tool) for tool in request.tools]
        return body

    def _ask(self, body: Mapping[str, Any], stop: threading.Event) -> Completion:
        began = time.perf_counter()
        request = self._client.build_request("POST", "/chat/completions", json=body, headers=self._headers())
        response = self._send(request, stop=stop)
        try:
            data = response.json()
            choice, usage = data["choices"][0], data.get("usage") or {}
            logprobs = (choice.get("logprobs") or {}).get("content")
            return Completion(
                text=choice["message"].get("content") or "",
                finish_reason=_reason(choice.get("finish_reason")),
                prompt_tokens=int(usage.get("prompt_tokens", 0)),
                completion_tokens=int(usage.get("completion_tokens", 0)),
                logprobs=tuple(float(t["logprob"]) for t in logprobs) if body.get("logprobs") and logprobs else None,
                seconds=time.perf_counter() - began,
            )
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise _not_openai(self._url, "a chat completion") from error

    def _stream(self, body: Mapping[str, Any], cancel: threading.Event | None) -> Iterator[str | Completion]:
        began = time.perf_counter()
        request = self._client.build_request("POST", "/chat/completions", json=body, headers=self._headers())
        response = self._send(request, stream=True, stop=cancel)
        said: list[str] = []
        reason: FinishReason = "stop"
        usage: Mapping[str, Any] = {}
        with contextlib.closing(response), _translated(self._url):
            for event in _events(response):
                if "error" in event:
                    raise LuthierError(f"the server failed: {_message(event)}", where=self._url)
                usage = event.get("usage") or usage
                for choice in event.get("choices") or ():
                    if piece := (choice.get("delta") or {}).get("content"):
                        said.append(piece)
                        yield piece
                    if choice.get("finish_reason"):
                        reason = _reason(choice["finish_reason"])
                if cancel is not None and cancel.is_set():
                    reason = "cancelled"
                    break
        yield Completion(
            text="".join(said),
            finish_reason=reason,
            prompt_tokens=int(usage.get("prompt_tokens", 0)),
            completion_tokens=int(usage.get("completion_tokens", 0)),
            seconds=time.perf_counter() - began,
        )

    def _send(
        self, request: httpx.Request, *, stream: bool = False, stop: threading.Event | None = None
    ) -> httpx.Response:
        """Send, and send again after a pause while the server is busy or cannot be reached."""
        attempt = 0
        while True:
            try:
                response = self._client.send(request, stream=stream)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadError, httpx.RemoteProtocolError) as error:
                if attempt >= min(self._retries, _RECONNECTS) or self._closed:
                    raise _unreachable(self._url, error) from error
                wait = _pause(attempt)
            except httpx.TimeoutException as error:  # it may still be at work: asking again would double the load
                raise LuthierError(
                    "the server did not answer in time", where=self._url, fix="raise timeout_s or lower concurrency"
                ) from error
            else:
                if response.is_success:
                    return response
                response.read()
                if response.status_code not in _AGAIN or attempt >= self._retries:
                    raise _refused(self._url, response)
                wait = _pause(attempt, response.headers.get("retry-after"))
            attempt += 1
            if (stop or threading.Event()).wait(wait):
                raise LuthierError("cancelled while the server was busy", where=self._url)


def _wire(message: Message) -> dict[str, Any]:
    """A message in OpenAI's dialect: arguments of calls are JSON text, and training-only parts stay at home."""
    out: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        out["tool_calls"] = [
            {
                "id": call.id or f"call_{i}",
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments), ensure_ascii=False)},
            }
            for i, call in enumerate(message.tool_calls)
        ]
    if message.tool_call_id is not None:
        out["tool_call_id"] = message.tool_call_id
    if message.name is not None:
        out["name"] = message.name
    return out


def _events(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """The JSON objects of a server-sent event stream, up to [DONE]."""
    for line in response.iter_lines():
        if not line.startswith("data:"):
            continue
        data = line[5:].strip()
        if data == "[DONE]":
            return
        yield json.loads(data)


@contextlib.contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, json.JSONDecodeError) as error:
        raise LuthierError("the stream broke off", where=url, why=type(error).__name__, fix="ask again") from error


def _reason(word: Any) -> FinishReason:
    return "length" if word == "length" else "stop"


def _pause(attempt: int, told: str | None = None) -> float:
    """Seconds to wait: what the server asks for, else doubling, with jitter so that clients do not return together."""
    if told is not None:
        with contextlib.suppress(ValueError):
            return min(_LONGEST_WAIT_S, max(0.0, float(told)))
    return min(_LONGEST_WAIT_S, 0.25 * 2.0**attempt) * random.uniform(0.5, 1.0)


def _message(body: Any) -> str:
    error = body.get("error", body) if isinstance(body, dict) else body
    return str(error.get("message", error) if isinstance(error, dict) else error)[:500]


def _refused(url: str, response: httpx.Response) -> LuthierError:
    try:
        said = _message(response.json())
    except ValueError:
        said = response.text[:200] or response.reason_phrase
    fix = {
        401: "check the API key's environment variable",
        403: "check what this API key may do",
        404: "check the URL (it should end in /v1) and the model's name",
        429: "lower concurrency, or wait",
    }.get(response.status_code, "")
    return LuthierError(
        f"the server refused: {said}", where=url, why=f"HTTP {response.status_code}", fix=fix,
        details={"status": response.status_code},
    )  # fmt: skip


def _not_openai(url: str, wanted: str) -> LuthierError:
    return LuthierError(f"the server's answer is not {wanted}", where=url, fix="is this an OpenAI-compatible API?")


def _unreachable(url: str, error: Exception) -> LuthierError:
    why = str(error) or type(error).__name__
    return LuthierError("cannot reach the server", where=url, why=why, fix="is it running, and is the URL right?")
