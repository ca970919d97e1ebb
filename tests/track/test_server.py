"""MLflow over HTTP to a server on this machine, away at first: everything arrives once it is there."""

from __future__ import annotations

import importlib.util
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from luthier import track
from luthier.recipe import make_recipe
from luthier.store import Store
from luthier.track.follow import Cursor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("mlflow") is None, reason="mlflow is not installed (make trackers)"),
]


class Server(BaseHTTPRequestHandler):
    """As much of MLflow's REST interface as a run needs; it keeps what it is sent."""

    got: list[tuple[str, dict[str, Any]]]
    files: Path

    def answer(self) -> None:
        verb = self.path.partition("?")[0].partition("/mlflow/")[2]
        size = int(self.headers.get("Content-Length") or 0)
        asked = json.loads(self.rfile.read(size) or b"{}") if size else {}
        self.got.append((verb, asked))
        info = {"run_id": "r1", "run_uuid": "r1", "experiment_id": "7", "status": "RUNNING"}
        run = {"info": {**info, "artifact_uri": str(self.files), "lifecycle_stage": "active"}, "data": {}}
        found: dict[str, Any] = {
            "experiments/create": {"experiment_id": "7"}, "runs/search": {"runs": []}, "runs/create": {"run": run},
            "runs/get": {"run": run}, "runs/update": {"run_info": run["info"]},
        }.get(verb, {})  # fmt: skip
        code = 404 if verb == "experiments/get-by-name" else 200
        absent = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}
        body = json.dumps(found if code == 200 else absent).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_: object) -> None: ...


@contextmanager
def serving(port: int, files: Path) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    files.mkdir()
    handler = type("Handler", (Server,), {"got": [], "files": files})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield handler.got  # type: ignore[attr-defined]
    server.shutdown()


def test_a_server_that_comes_late_gets_all_of_it(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = Store.open(tmp_path)
    given = {"name": "job", "model": {"base": "nano"}, "data": {"source": "rows.jsonl"},
             "track": {"kind": "mlflow", "server": f"http://127.0.0.1:{port}"}}  # fmt: skip
    recipe = make_recipe(given).recipe.model_dump(mode="json")
    run = store.start_run("job", recipe, {"seed": 3, "folder": str(tmp_path)})
    (run.dir / "recipe.yaml").write_text("luthier: 1\n")
    trackers = track.start(run, track.of(run))
    for step in range(1, 6):
        run.metric(step, loss=1 / step)
    deadline = time.monotonic() + 120
    while not (problems := trackers.problems()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert str(port) in problems["mlflow"] or "refused" in problems["mlflow"].lower()
    with serving(port, tmp_path / "files") as got:
        while not Cursor.read(run.dir / "track" / "mlflow.json").sent and time.monotonic() < deadline:
            time.sleep(0.1)
        run.metric(6, loss=1 / 6)
        run.finish("done", verdict="REJECT")
        assert trackers.end(120) == {"mlflow": f"http://127.0.0.1:{port}"} and not trackers.problems(), "told once"
    batches = [asked for verb, asked in got if verb == "runs/log-batch"]
    metrics = [(m["step"], m["value"]) for asked in batches for m in asked.get("metrics", ())]
    assert metrics == [(step, pytest.approx(1 / step)) for step in range(1, 7)]
    assert len([1 for asked in batches if asked.get("metrics")]) == 2, "in batches"
    assert {"key": "luthier.verdict", "value": "REJECT"} in [t for asked in batches for t in asked.get("tags", ())]
    assert (tmp_path / "files" / "recipe.yaml").is_file()
    assert [asked["status"] for verb, asked in got if verb == "runs/update"][-1] == "FINISHED"
