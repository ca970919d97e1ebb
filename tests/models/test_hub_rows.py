"""Data sets of the hub, against a small hub of our own on loopback: fetched, pinned, kept; splits are not mixed."""

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
from typing import Any
from urllib.parse import urlparse

import pytest

COMMIT = "beef" + "0" * 36
ROWS = b'{"prompt": "a", "completion": "b"}\n'
SETS = {
    "luthiers/one": {"rows.jsonl": ROWS, "README.md": b"# one", "load.py": b"raise", "dataset_infos.json": b"{}"},
    "luthiers/two": {"main/train-00000-of-00002.jsonl": ROWS, "main/train-00001-of-00002.jsonl": ROWS,
                     "main/test-00000-of-00001.jsonl": ROWS, "README.md": b""},
    "luthiers/none": {"README.md": b"", "picture.png": b""},
}  # fmt: skip


class _Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: list[str]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """No lines on the test's terminal."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = urlparse(self.path).path
        self.asked.append(path)
        for name, files in SETS.items():
            about = {"id": name, "sha": COMMIT, "siblings": [{"rfilename": file} for file in sorted(files)]}
            tree = [{"type": "file", "path": n, "size": len(d), "oid": "0" * 40} for n, d in files.items()]
            if path.startswith(f"/api/datasets/{name}/tree"):
                return self._send(200, json.dumps(tree).encode(), {"Content-Type": "application/json"}, body)
            if path == f"/api/datasets/{name}/revision/v9":
                return self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"}, body)
            if path == f"/api/datasets/{name}" or path.startswith(f"/api/datasets/{name}/revision/"):
                return self._send(200, json.dumps(about).encode(), {"Content-Type": "application/json"}, body)
            file = path.removeprefix(f"/datasets/{name}/resolve/{COMMIT}/")
            if file in files:
                etag = f'"{hashlib.sha256(file.encode()).hexdigest()}"'
                return self._send(200, files[file], {"ETag": etag, "X-Repo-Commit": COMMIT}, body)
        return self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"}, body)

    def _send(self, status: int, data: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(data)


@pytest.fixture(scope="module")
def hub() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Hub", (_Hub,), {"asked": []}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def fetch(hub: ThreadingHTTPServer | None, cache: Path, *sources: str) -> list[Any]:
    """For each source the names and first rows of its files, or the refusal; in a process with that hub for its own."""
    script = (
        "import json, sys\nfrom pathlib import Path\nfrom luthier.errors import LuthierError\n"
        "from luthier.data.sources import files_of\nfrom luthier.rows import read_file\nout = []\n"
        "for source in sys.argv[1:]:\n    try:\n"
        "        files = files_of([source], folder=Path('.'))\n"
        "        out.append({f.name: next(read_file(f)).value for f in files})\n"
        "    except LuthierError as e:\n        out.append(e.render())\n"
        "print(json.dumps(out))\n"
    )
    port = hub.server_address[1] if hub else 9  # nothing listens on the discard port
    environment = {
        **os.environ, "HF_ENDPOINT": f"http://127.0.0.1:{port}", "HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script, *sources], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_a_data_set_is_fetched_pinned_and_kept(hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    (found,) = fetch(hub, tmp_path, "hub:luthiers/one")
    assert found == {f"hub:luthiers/one@{COMMIT[:12]}/rows.jsonl": {"prompt": "a", "completion": "b"}}
    asked = hub.RequestHandlerClass.asked  # type: ignore[attr-defined]
    assert not any(path.endswith((".py", ".md")) for path in asked), "only rows are asked for"
    assert fetch(None, tmp_path, "hub:luthiers/one") == [found], "an earlier download serves without a network"


def test_splits_are_named_and_not_mixed(hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    both, train, test = fetch(
        hub, tmp_path, "hub:luthiers/two", "hub:luthiers/two:main/train-*", "hub:luthiers/two@main:*/test-*"
    )
    assert "holds several splits or subsets" in both and "hub:luthiers/two:main/train-*.jsonl" in both
    assert [name.rpartition("/")[2] for name in train] == ["train-00000-of-00002.jsonl", "train-00001-of-00002.jsonl"]
    assert [name.rpartition("/")[2] for name in test] == ["test-00000-of-00001.jsonl"]


def test_what_cannot_be_fetched_is_refused_in_words(hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    absent, revision, empty, pattern, wrong = fetch(
        hub, tmp_path, "hub:luthiers/absent", "hub:luthiers/one@v9", "hub:luthiers/none", "hub:luthiers/one:*.csv",
        "hub:one",
    )  # fmt: skip
    assert "the hub knows no data set 'luthiers/absent'" in absent and "data.source" in absent
    assert "has no revision 'v9'" in revision
    assert "no files of rows" in empty
    assert "no files of rows" in pattern and "rows.jsonl" in pattern
    assert "write hub:OWNER/NAME" in wrong
    (unreachable,) = fetch(None, tmp_path / "new", "hub:luthiers/one")
    assert "cannot be reached" in unreachable and "name the folder" in unreachable
