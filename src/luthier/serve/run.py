"""Listening: binds the port, says where, and ends politely (no new work, answers in flight are finished).

``serve`` blocks until a signal; ``Background`` does the same in a thread, for notebooks and tests.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType

import uvicorn

from luthier.engines.egress import is_loopback
from luthier.errors import LuthierError
from luthier.serve.app import app
from luthier.serve.deployment import Deployment


def serve(
    deployment: Deployment,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    drain_s: int = 30,
    announce: Callable[[str], None] = print,
) -> None:
    """Serve until SIGTERM or Ctrl-C; a second signal does not wait for answers in flight.

    Raises LuthierError where the port cannot be had.
    """
    listening = _bind(host, port)
    server = _server(deployment, drain_s)
    url = _url(listening)
    for line in greeting(deployment, url, open_to_all=not is_loopback(host) and not deployment.api_keys):
        announce(line)

    def end(number: int, frame: FrameType | None) -> None:
        if server.should_exit:
            server.force_exit = True
        server.config.app.state.service.draining = True  # type: ignore[union-attr]
        server.should_exit = True

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        server.run(sockets=[listening])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listening.close()


class Background:
    """A server in a thread: ``with Background(deployment) as server: … server.url``. Port 0 takes a free one."""

    def __init__(self, deployment: Deployment, host: str = "127.0.0.1", port: int = 0, *, drain_s: int = 30) -> None:
        self._listening = _bind(host, port)
        self._server = _server(deployment, drain_s)
        self.url = _url(self._listening)
        self._thread = threading.Thread(target=self._run, name="luthier-web", daemon=True)

    def __enter__(self) -> Background:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise LuthierError("the server did not start", where=self.url)
            self._thread.join(timeout=0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=60)
        self._listening.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._listening])


def greeting(deployment: Deployment, url: str, *, open_to_all: bool) -> list[str]:
    """What to tell whoever started the server: where it is, what it serves, one command to try."""
    first = deployment.models[-1].id
    body = json.dumps({"model": first, "messages": [{"role": "user", "content": "Hello"}]})
    key = " -H 'Authorization: Bearer $KEY'" if deployment.api_keys else ""
    lines = [
        f"  serving  {', '.join(m.id for m in deployment.models)}",
        f"  at       {url}/v1   (OpenAI API; Ctrl-C ends)",
        f"  try      curl {url}/v1/chat/completions{key} -H 'Content-Type: application/json' -d '{body}'",
    ]
    if open_to_all:
        lines.append("  warning  anyone who can reach this address can use it: add an API key or bind to 127.0.0.1")
    return lines


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: who serves decides what a signal means."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(deployment: Deployment, drain_s: int) -> _Server:
    config = uvicorn.Config(
        app(deployment),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=drain_s,
        lifespan="on",
    )
    return _Server(config)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        taken = "in use" in str(error).lower()
        raise LuthierError(
            f"port {port} is in use" if taken else f"cannot listen on {host}:{port}",
            where=f"{host}:{port}",
            why="another program is listening there" if taken else error.strerror or str(error),
            fix=f"stop it, or choose another port: --port {port + 1}" if taken else "choose another host or port",
        ) from error
    return listening


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"
