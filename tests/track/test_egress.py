"""A tracker's process reaches this machine and the hosts that the recipe names, and a recipe that would need another is
refused before anything runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from luthier.errors import EgressDenied, MissingExtra, UsageError
from luthier.recipe import MlflowTracker, OwnTracker, TensorboardTracker, WandbTracker, make_recipe
from luthier.track import admit

GUARDED = """
import http.server, os, socket, threading, urllib.request
from luthier.errors import EgressDenied
from luthier.track.egress import enforce
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.handle_request, daemon=True).start()
enforce(["tracker.example.org"], purpose="a tracker")
assert urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=5).status == 200
def refused(call):
    try:
        call()
    except EgressDenied as error:
        return "elsewhere" in str(error) or "203.0.113.7" in str(error)
    except OSError:
        return None
    return False
assert refused(lambda: socket.create_connection(("elsewhere.example.org", 443), timeout=2)) is True
assert refused(lambda: socket.create_connection(("203.0.113.7", 443), timeout=2)) is True
assert refused(lambda: socket.gethostbyname("elsewhere.example.org")) is True
assert refused(lambda: socket.getaddrinfo("tracker.example.org", 443)) is not True
try:
    urllib.request.urlopen("http://elsewhere.example.org/", timeout=5)
    raise SystemExit("an answer from elsewhere")
except OSError as error:
    assert "127.0.0.1" in str(error) or "refused" in str(error).lower(), error
assert "tracker.example.org" in os.environ["NO_PROXY"]
print("held")
"""


def test_the_process_of_a_tracker_cannot_reach_another_host(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", GUARDED], capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path
    )
    assert done.stdout.strip() == "held", done.stderr


@pytest.mark.parametrize(
    "spec",
    [
        MlflowTracker(server="http://mlflow.example.org:5000"),
        WandbTracker(server="https://api.wandb.ai"),
        OwnTracker(function="./t.py:open_sink", sends_to=("metrics.example.org",)),
    ],
)
def test_a_server_that_the_recipe_does_not_allow_is_refused(spec: MlflowTracker | WandbTracker | OwnTracker) -> None:
    with pytest.raises(EgressDenied) as caught:
        admit([spec], ["other.example.org"])
    assert spec.hosts[0] in caught.value.fix and "privacy.egress" in caught.value.fix
    with pytest.raises(EgressDenied):
        admit([spec], [])


def test_a_server_on_this_machine_needs_no_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MlflowTracker, "needs", ())
    admit([MlflowTracker(server="http://127.0.0.1:5000"), MlflowTracker(server="http://localhost:5000")], [])


def test_a_library_that_is_missing_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TensorboardTracker, "needs", ("no_such_tensorboard",))
    with pytest.raises(MissingExtra) as caught:
        admit([TensorboardTracker()], [])
    assert caught.value.fix == "pip install 'luthier[tensorboard]'" and "track: tensorboard" in caught.value.why


@pytest.mark.parametrize("server", ["http://ann:secret@mlflow.example.org", "mlflow.example.org", "file:///tmp/x"])
def test_a_server_is_an_address_without_a_secret(server: str) -> None:
    given = {"model": {"base": "nano"}, "data": {"source": "x.jsonl"}, "track": {"kind": "mlflow", "server": server}}
    with pytest.raises(UsageError):
        make_recipe(given)
