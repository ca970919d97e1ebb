"""The web application: /v1/models, /v1/chat/completions, /healthz, /readyz.

The official ``openai`` client works against it unchanged. A client that hangs up stops its generation. Rows and answers
are not logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from luthier.engines import Request as EngineRequest
from luthier.engines import TokenEngine
from luthier.errors import LuthierError, did_you_mean
from luthier.records import Completion
from luthier.serve import wire
from luthier.serve.deployment import Deployment, ServedModel, key_digest
from luthier.serve.wire import ApiError, ChatRequest

_log = logging.getLogger("luthier.serve")
T = TypeVar("T")


def app(deployment: Deployment) -> FastAPI:
    """The API over a deployment. Its engines stay the caller's to close."""
    service = _Service(deployment)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        service.pool.shutdown(wait=False, cancel_futures=True)

    api = FastAPI(title="Luthier", docs_url=None, redoc_url=None, lifespan=lifespan)
    api.state.service = service
    api.add_exception_handler(ApiError, _answer_api_error)
    api.add_exception_handler(HTTPException, _answer_http_error)
    api.add_exception_handler(404, _answer_http_error)
    api.add_exception_handler(405, _answer_http_error)
    api.add_exception_handler(Exception, _answer_fault)

    @api.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @api.get("/readyz")
    async def readyz() -> JSONResponse:
        if service.draining:
            return JSONResponse({"status": "draining"}, status_code=503)
        return JSONResponse({"status": "ready", "models": [m.id for m in deployment.models]})

    @api.get("/v1/models")
    async def models(request: Request) -> dict[str, Any]:
        service.authorise(request)
        return {"object": "list", "data": [service.card(m) for m in deployment.models]}

    @api.get("/v1/models/{name:path}")
    async def model(name: str, request: Request) -> dict[str, Any]:
        service.authorise(request)
        return service.card(service.find(name))

    body = {"required": True, "content": {"application/json": {"schema": ChatRequest.model_json_schema()}}}

    @api.post("/v1/chat/completions", openapi_extra={"requestBody": body})
    async def chat(request: Request) -> Response:
        service.authorise(request)
        asked = wire.read(await _body(request, deployment.max_request_bytes))
        served = service.find(asked.model)
        service.check_place()
        requests = asked.requests(adapter=served.adapter, temperature=deployment.temperature)
        try:
            if asked.stream:
                return await service.stream(request, asked, served, requests)
            return await service.answer(request, asked, served, requests)
        except ApiError:
            raise
        except LuthierError as error:
            raise wire.from_luthier(error) from error
        except Exception as error:
            raise _fault(error) from error

    return api


class _Service:
    """What the endpoints share: the deployment, threads that wait for engines, and the count of what is in flight."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.pool = ThreadPoolExecutor(deployment.concurrency, thread_name_prefix="luthier-serve")
        self.draining = False
        self._started = int(time.time())
        self._in_flight = 0

    def authorise(self, request: Request) -> None:
        """Raises ApiError unless the request carries one of the keys; every key is compared, in constant time."""
        if not self.deployment.api_keys:
            return
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        given = key_digest(key.strip())
        matches = [hmac.compare_digest(given, known) for known in self.deployment.api_keys]
        if scheme.lower() != "bearer" or not any(matches):
            raise ApiError(401, "the API key is missing or wrong", code="invalid_api_key")

    def find(self, name: str) -> ServedModel:
        served = self.deployment.find(name)
        if served is None:
            hint = did_you_mean(name, [model.id for model in self.deployment.models])
            said = f"no model named {name!r} is served here; {hint}"
            raise ApiError(404, said, param="model", code="model_not_found")
        return served

    def card(self, served: ServedModel) -> dict[str, Any]:
        return {
            "id": served.id,
            "object": "model",
            "created": self._started,
            "owned_by": "luthier",
            "root": served.root or served.id,
            "parent": served.parent,
            "lineage": dict(served.lineage),
            "max_model_len": served.engine.context,
        }

    def check_place(self) -> None:
        """Refuses new work while the server is ending or has too much to do."""
        if self.draining:
            raise ApiError(503, "the server is shutting down", headers={"Retry-After": "5"})
        if self._in_flight >= self.deployment.concurrency + self.deployment.waiting:
            raise ApiError(429, "too many requests are waiting", headers={"Retry-After": "1"})

    async def answer(
        self, http: Request, asked: ChatRequest, served: ServedModel, requests: list[EngineRequest]
    ) -> Response:
        """All choices, then one JSON body. A client that hangs up cancels them."""
        cancel = threading.Event()
        self._in_flight += 1
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self.pool, lambda: served.engine.generate(requests, cancel=cancel))
        try:
            if await _unless_gone(http, asyncio.shield(work)) is None:
                cancel.set()
            completions = await work
        finally:
            cancel.set()
            self._in_flight -= 1
        head = await self._head(served)
        choices = [
            {
                "index": index,
                "message": {"role": "assistant", "content": completion.text},
                "logprobs": _logprobs(served, completion) if asked.logprobs else None,
                "finish_reason": completion.finish_reason if completion.finish_reason != "cancelled" else "stop",
            }
            for index, completion in enumerate(completions)
        ]
        return JSONResponse({**head, "object": "chat.completion", "choices": choices, "usage": wire.usage(completions)})

    async def stream(
        self, http: Request, asked: ChatRequest, served: ServedModel, requests: list[EngineRequest]
    ) -> Response:
        """Server-sent events. Waits for the first piece, so that a refusal still has its own status code."""
        cancel = threading.Event()
        arriving: asyncio.Queue[tuple[int, str | Completion | BaseException]] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def put(index: int, piece: str | Completion | BaseException) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is gone: nobody listens
                loop.call_soon_threadsafe(arriving.put_nowait, (index, piece))

        def work(index: int) -> None:
            try:
                for piece in served.engine.stream(requests[index], cancel=cancel):
                    put(index, piece)
            except Exception as error:
                put(index, error)

        self._in_flight += 1
        try:
            for index in range(len(requests)):
                self.pool.submit(work, index)
            first = await _unless_gone(http, arriving.get())
            if first is None:
                cancel.set()
                first = await arriving.get()
            if isinstance(first[1], BaseException):
                raise first[1]
            head = await self._head(served)
        except BaseException:
            cancel.set()
            self._in_flight -= 1
            raise
        include_usage = bool(asked.stream_options and asked.stream_options.include_usage)

        def end() -> None:
            cancel.set()
            self._in_flight -= 1

        return _EventStream(self._events(head, first, arriving, len(requests), include_usage), end)

    async def _events(
        self,
        head: dict[str, Any],
        first: tuple[int, str | Completion | BaseException],
        arriving: asyncio.Queue[tuple[int, str | Completion | BaseException]],
        wanted: int,
        include_usage: bool,
    ) -> AsyncIterator[str]:
        done: list[Completion] = []
        more: dict[str, Any] = {"usage": None} if include_usage else {}
        for index in range(wanted):
            yield wire.chunk(head, [_choice(index, {"role": "assistant", "content": ""})], **more)
        index, piece = first
        while True:
            if isinstance(piece, BaseException):
                fault = wire.from_luthier(piece) if isinstance(piece, LuthierError) else _fault(piece)
                yield f"data: {json.dumps(fault.body)}\n\n"
                break
            if isinstance(piece, Completion):
                done.append(piece)
                reason = piece.finish_reason if piece.finish_reason != "cancelled" else "stop"
                yield wire.chunk(head, [_choice(index, {}, reason)], **more)
                if len(done) == wanted:
                    break
            else:
                yield wire.chunk(head, [_choice(index, {"content": piece})], **more)
            index, piece = await arriving.get()
        if include_usage and len(done) == wanted:
            yield wire.chunk(head, [], usage=wire.usage(done))
        yield "data: [DONE]\n\n"

    async def _head(self, served: ServedModel) -> dict[str, Any]:
        """Id, time, model and fingerprint; the id is noted before anyone sees it."""
        made = wire.new_id()
        if (note := self.deployment.on_response) is not None:
            try:
                await asyncio.get_running_loop().run_in_executor(None, note, made, served.id)
            except Exception:  # an answer is worth more than its note
                _log.exception("could not note response %s", made)
        fingerprint = json.dumps(served.engine.fingerprint(served.adapter), sort_keys=True, default=str)
        return {
            "id": made,
            "created": int(time.time()),
            "model": served.id,
            "system_fingerprint": "fp_" + hashlib.sha256(fingerprint.encode()).hexdigest()[:12],
        }


class _EventStream(StreamingResponse):
    """Server-sent events, with an ``end`` that is called however the connection ends, even before the first event."""

    def __init__(self, events: AsyncIterator[str], end: Callable[[], None]) -> None:
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._end()


def _choice(index: int, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}


def _logprobs(served: ServedModel, completion: Completion) -> dict[str, Any] | None:
    if completion.labels:  # a classifier's answer is one token, and the others are the other labels
        each = [
            {"token": name, "logprob": nats, "bytes": list(name.encode())}
            for name, nats in sorted(completion.labels.items(), key=lambda one: (-one[1], one[0]))
        ]
        return {"content": [{**each[0], "top_logprobs": each}], "refusal": None}
    if completion.logprobs is None or "token_ids" not in served.engine.capabilities:
        return None
    decode: Callable[[list[int]], str] = cast(TokenEngine, served.engine).decode
    content = []
    for token, logprob in zip(completion.token_ids, completion.logprobs, strict=True):
        text = decode([token])
        content.append({"token": text, "logprob": logprob, "bytes": list(text.encode()), "top_logprobs": []})
    return {"content": content, "refusal": None}


async def _body(request: Request, limit: int) -> bytes:
    """The whole body, refused as soon as it is known to be too large."""
    too_large = ApiError(413, f"the request is larger than {limit:,} bytes", code="request_too_large")
    with contextlib.suppress(ValueError):
        if int(request.headers.get("content-length", 0)) > limit:
            raise too_large
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise too_large
        parts.append(part)
    return b"".join(parts)


async def _unless_gone(request: Request, wanted: Awaitable[T]) -> T | None:
    """What is awaited, or None when the client hangs up before it is there."""

    async def hang_up() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    work, left = asyncio.ensure_future(wanted), asyncio.ensure_future(hang_up())
    both: set[asyncio.Future[Any]] = {work, left}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else None
    finally:
        left.cancel()
        if not work.done():
            work.cancel()


def _fault(error: BaseException) -> ApiError:
    _log.error("a request failed", exc_info=error)
    return ApiError(500, f"the server failed on this request ({type(error).__name__})")


async def _answer_api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return JSONResponse(error.body, status_code=error.status, headers=error.headers)


async def _answer_http_error(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    text = f"there is no {request.method} {request.url.path} here"
    return JSONResponse(ApiError(status, text).body, status_code=status)


async def _answer_fault(_: Request, error: Exception) -> Response:
    return JSONResponse(_fault(error).body, status_code=500)
