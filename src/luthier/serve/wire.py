"""The words of OpenAI's chat API: what a request may say, and how answers and errors are spelled.

A parameter that would change the answer and is not supported is refused, not ignored. No engine is called here.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from luthier.engines import Request
from luthier.errors import LuthierError
from luthier.records import Completion, Message, ToolCall


class ApiError(Exception):
    """An answer that is an error, in OpenAI's shape."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.headers = status, dict(headers or {})
        kind = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}.get(status)
        kind = kind or ("server_error" if status >= 500 else "invalid_request_error")
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


class _Open(BaseModel):
    model_config = ConfigDict(extra="ignore")


class TextPart(_Open):
    type: str
    text: str | None = None


class CalledFunction(_Open):
    name: str
    arguments: str | dict[str, Any] = "{}"


class Call(_Open):
    id: str | None = None
    function: CalledFunction


class ChatMessage(_Open):
    """One message as clients send it; content may come in parts."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    reasoning_content: str | None = None
    tool_calls: list[Call] | None = None
    tool_call_id: str | None = None
    name: str | None = None

    def to_message(self) -> Message:
        """Our noun. Raises ApiError for content that is not text."""
        content = self.content or ""
        if not isinstance(content, str):
            if foreign := next((part.type for part in content if part.type != "text"), None):
                raise ApiError(400, f"content of type {foreign!r} is not supported, only text", param="messages")
            content = "".join(part.text or "" for part in content)
        calls = tuple(ToolCall(c.function.name, _arguments(c.function.arguments), c.id) for c in self.tool_calls or ())
        return Message(
            role="system" if self.role == "developer" else self.role,
            content=content,
            reasoning=self.reasoning_content,
            tool_calls=calls,
            tool_call_id=self.tool_call_id,
            name=self.name,
        )


class StreamOptions(_Open):
    include_usage: bool = False


class JsonSchema(_Open):
    name: str = "answer"
    schema_: dict[str, Any] = Field(alias="schema")


class ResponseFormat(_Open):
    """What form an answer has: text, any JSON object, or what a schema allows (always kept to, ``strict`` or not)."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None

    def to_schema(self) -> dict[str, Any] | None:
        """The JSON schema of the answer; None for text. Raises ApiError where it is missing."""
        if self.type == "json_schema" and self.json_schema is None:
            raise ApiError(400, "response_format of type json_schema needs a json_schema", param="response_format")
        if self.json_schema is not None and self.type == "json_schema":
            return self.json_schema.schema_
        return {"type": "object"} if self.type == "json_object" else None


class ChatRequest(BaseModel):
    """The body of POST /v1/chat/completions."""

    model_config = ConfigDict(extra="allow")

    model: str
    messages: list[ChatMessage] = Field(min_length=1)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    n: int | None = Field(None, ge=1, le=16)
    seed: int | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    logprobs: bool | None = None
    tools: list[dict[str, Any]] | None = None
    response_format: ResponseFormat | None = None

    def requests(self, *, adapter: str | None, temperature: float) -> list[Request]:
        """One engine request per wanted choice. Raises ApiError."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        if len(stop) > 16 or any(not text for text in stop):
            raise ApiError(400, "stop holds at most 16 strings, none of them empty", param="stop")
        wanted = self.max_completion_tokens if self.max_completion_tokens is not None else self.max_tokens
        messages = tuple(message.to_message() for message in self.messages)
        return [
            Request(
                messages=messages,
                max_tokens=wanted,
                temperature=temperature if self.temperature is None else self.temperature,
                top_p=1.0 if self.top_p is None else self.top_p,
                seed=None if self.seed is None else self.seed + index,
                stop=tuple(stop),
                adapter=adapter,
                logprobs=bool(self.logprobs),
                tools=tuple(self.tools or ()),
                schema=None if self.response_format is None else self.response_format.to_schema(),
            )
            for index in range(self.n or 1)
        ]


_HARMLESS = {
    "user", "metadata", "store", "service_tier", "parallel_tool_calls", "safety_identifier", "prompt_cache_key",
    "prompt_cache_retention",
}  # fmt: skip
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "frequency_penalty": (0, 0.0, None),
    "presence_penalty": (0, 0.0, None),
    "logit_bias": (None, {}),
    "top_logprobs": (None, 0),
    "tool_choice": (None, "auto"),
    "modalities": (None, ["text"]),
}


def read(body: bytes) -> ChatRequest:
    """The request in a body. Raises ApiError naming the first parameter that is wrong."""
    try:
        asked = ChatRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        param = ".".join(map(str, first["loc"])) or None
        if first["type"] == "json_invalid":
            raise ApiError(400, f"the body is not JSON: {first['msg']}") from None
        raise ApiError(400, f"{param}: {first['msg']}", param=param, code="invalid_value") from None
    for name, value in (asked.model_extra or {}).items():
        if name in _HARMLESS or (name in _NEUTRAL and value in _NEUTRAL[name]):
            continue
        raise ApiError(400, f"{name} is not supported here", param=name, code="unsupported_parameter")
    if asked.stream and asked.logprobs:
        raise ApiError(400, "logprobs cannot be streamed here", param="logprobs", code="unsupported_parameter")
    return asked


def from_luthier(error: LuthierError) -> ApiError:
    """A refusal of ours as an answer: what, why and the next act stay together."""
    text = ". ".join(part for part in (error.what, error.why, error.fix) if part)
    status = error.details.get("status")
    if status in (429, 503):
        return ApiError(int(str(status)), text)
    code = "context_length_exceeded" if {"tokens", "context"} <= error.details.keys() else None
    return ApiError(400, text, code=code, param="messages" if code else None)


def new_id() -> str:
    """An answer's id: a UUID of version 7 (time first, so that ids sort by age) behind OpenAI's prefix."""
    value = (int(time.time() * 1000) & (2**48 - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return f"chatcmpl-{value:032x}"


def usage(completions: list[Completion]) -> dict[str, int]:
    """Tokens in and out; the prompt counts once however many choices were made from it."""
    prompt = completions[0].prompt_tokens if completions else 0
    made = sum(c.completion_tokens for c in completions)
    return {"prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made}


def chunk(head: Mapping[str, Any], choices: list[dict[str, Any]], **more: Any) -> str:
    """One server-sent event of a stream."""
    body = {**head, "object": "chat.completion.chunk", "choices": choices, **more}
    return f"data: {json.dumps(body, ensure_ascii=False, separators=(',', ':'))}\n\n"


def _arguments(given: str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(given, dict):
        return given
    try:
        read_back = json.loads(given or "{}")
    except ValueError:
        read_back = None
    if not isinstance(read_back, dict):
        raise ApiError(400, "tool call arguments must be a JSON object", param="messages")
    return read_back
