"""The hub client against a small hub of our own on loopback: download, pin, gate, absence, and no network at all."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlparse

import pytest

COMMIT = "c0ffee" + "0" * 34


class _Hub(BaseHTTPRequestHandler):
    """One model, ``luthiers/viola``; ``luthiers/gated`` wants terms accepted; everything else is not there."""

    folder: Path
    asked: list[str]
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """No lines on the test's terminal."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = urlparse(self.path).path
        self.asked.append(path)
        files = {p.name: p.read_bytes() for p in self.folder.iterdir()}
        files |= {"pytorch_model.bin": b"pickle", "run.py": b"#"}
        about = {"id": "luthiers/viola", "sha": COMMIT, "siblings": [{"rfilename": n} for n in sorted(files)]}
        if path.startswith("/api/models/luthiers/gated"):
            self._send(403, b"{}", {"X-Error-Code": "GatedRepo"}, body)
        elif path.startswith("/api/models/luthiers/viola/tree"):
            tree = [{"type": "file", "path": n, "size": len(d), "oid": "0" * 40} for n, d in files.items()]
            self._send(200, json.dumps(tree).encode(), {"Content-Type": "application/json"}, body)
        elif path in ("/api/models/luthiers/viola", f"/api/models/luthiers/viola/revision/{COMMIT}",
                      "/api/models/luthiers/viola/revision/main"):  # fmt: skip
            self._send(200, json.dumps(about).encode(), {"Content-Type": "application/json"}, body)
        elif path.startswith("/api/models/luthiers/viola/revision/"):
            self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"}, body)
        elif path.startswith(f"/luthiers/viola/resolve/{COMMIT}/") and (name := path.rsplit("/", 1)[-1]) in files:
            etag = f'"{hashlib.sha256(files[name]).hexdigest()}"'
            self._send(200, files[name], {"ETag": etag, "X-Repo-Commit": COMMIT}, body)
        else:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"}, body)

    def _send(self, status: int, data: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(data)


@pytest.fixture(scope="module")
def hub(tiny: Path) -> Iterator[ThreadingHTTPServer]:
    handler = type("Hub", (_Hub,), {"folder": tiny, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def ask(hub: ThreadingHTTPServer | None, cache: Path, code: str) -> dict[str, object]:
    """Run ``resolve`` in a process of its own: the client reads its endpoint when it is imported."""
    script = (
        "import json\nfrom luthier.errors import LuthierError\nfrom luthier.models.source import resolve\n"
        f"try:\n    s = {code}\n"
        "    print(json.dumps({'files': sorted(p.name for p in s.folder.iterdir()), 'revision': s.revision,"
        " 'digest': s.digest, 'kind': s.kind, 'uri': s.uri}))\n"
        "except LuthierError as e:\n    print(json.dumps({'what': e.what, 'fix': e.fix}))\n"
    )
    port = hub.server_address[1] if hub else 9  # nothing listens on the discard port
    environment = {
        **os.environ, "HF_ENDPOINT": f"http://127.0.0.1:{port}", "HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_a_base_is_fetched_pinned_and_kept_for_later(hub: ThreadingHTTPServer, tiny: Path, tmp_path: Path) -> None:
    from luthier.models.source import digest_of

    found = ask(hub, tmp_path, "resolve('luthiers/viola')")
    assert found["revision"] == COMMIT and found["kind"] == "hub"
    assert found["uri"] == f"base:luthiers/viola@{COMMIT}#sha256={found['digest']}"
    assert found["digest"] == digest_of(tiny)
    assert "pytorch_model.bin" not in found["files"] and "run.py" not in found["files"]  # type: ignore[operator]
    assert ask(None, tmp_path, "resolve('luthiers/viola')") == found, "an earlier download serves without a network"
    assert "cannot be reached" in str(ask(None, tmp_path, "resolve('luthiers/viola', offline_ok=False)")["what"])


@pytest.mark.parametrize(
    ("code", "what", "fix"),
    [
        ("resolve('luthiers/gated')", "accept its terms", "hf auth login"),
        ("resolve('luthiers/absent')", "knows no model", "check the name"),
        ("resolve('luthiers/viola', 'v9')", "no revision 'v9'", "remove it"),
    ],
)
def test_what_the_hub_refuses_is_said_with_a_fix(
    hub: ThreadingHTTPServer, tmp_path: Path, code: str, what: str, fix: str
) -> None:
    answer = ask(hub, tmp_path, code)
    assert what in str(answer["what"]) and fix in str(answer["fix"])


def test_without_a_network_the_way_out_is_named(tmp_path: Path) -> None:
    answer = ask(None, tmp_path, "resolve('luthiers/viola')")
    assert "cannot be reached" in str(answer["what"]) and "nano" in str(answer["fix"])
