"""A small job that takes seconds, for tests that go the whole way."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

RECIPE = """\
luthier: 1
name: colours
seed: 3
model: {base: nano}
data:
  source: rows.jsonl
  split: {test: 20%, validation: 10%}
  replay: {source: nano, share: 10%}
train:
  {tuning: {kind: lora, r: 4, alpha: 8}, max_steps: 8, evaluations: 2, checkpoints: 4, batch_tokens: 512, anchor: 0.5}
evaluate:
  target: {kind: json_fields, fields: [colour]}
  also: [{kind: rouge_l, field: note}]
  regression: [{suite: facts.jsonl, margin: 10}, {suite: prose.jsonl, margin: 10}]
  shots: 2
  max_tokens: 24
"""
THINGS = ["boat", "lamp", "door", "coat", "cup", "roof", "gate", "bell", "kite", "sled", "drum", "cart"]
COLOURS = ["red", "blue", "green", "black"]
PLACES = ["harbour", "market", "garden", "station", "bakery", "library", "tower", "mill", "bridge"]


def _write_job(folder: Path, rows: int = 90) -> Path:
    """Rows, suites and the recipe; gives the recipe's path. The same bytes every time."""
    rng = random.Random(11)
    lines = []
    for i in range(rows):
        thing, colour, place = rng.choice(THINGS), rng.choice(COLOURS), rng.choice(PLACES)
        number = rng.randrange(100, 999)
        asked = (
            f"Ticket {number}{i}: the {thing} by the {place} was painted {colour} by neighbour {rng.randrange(9999)}."
        )
        answer = json.dumps({"colour": colour, "note": f"The {thing} is {colour}."})
        lines.append({"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]})
    lines.append(lines[0])
    dump = [json.dumps(line) for line in lines]
    dump.insert(5, '{"messages": [{"role": "user", "content": "no answer"}]}')
    (folder / "rows.jsonl").write_text("\n".join(dump) + "\n")
    facts = [
        {"messages": [{"role": "user", "content": f"How much is {a} plus {b}?"}], "answer": str(a + b)}
        for a in range(5)
        for b in range(6)
    ]
    (folder / "facts.jsonl").write_text("".join(json.dumps(f) + "\n" for f in facts))
    prose = [{"text": f"The {t} stands near the {p} and waits for rain."} for t in THINGS for p in PLACES[:3]]
    (folder / "prose.jsonl").write_text("".join(json.dumps(p) + "\n" for p in prose))
    path = folder / "colours.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def write_job() -> Callable[[Path], Path]:
    """Writes the small job into a folder of your own."""
    return _write_job


@pytest.fixture
def colours(home: Path) -> Path:
    """The recipe of the small job, in an empty home."""
    return _write_job(home)


@pytest.fixture
def no_egress(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Every attempt to reach another machine fails and is noted."""
    tried: list[Any] = []
    connect, lookup = socket.socket.connect, socket.getaddrinfo

    def guarded(this: socket.socket, address: Any) -> None:
        if this.family == socket.AF_UNIX or (
            isinstance(address, tuple) and address[0] in ("127.0.0.1", "::1", "localhost")
        ):
            return connect(this, address)
        tried.append(address)
        raise OSError(f"no egress in this test: {address}")

    def resolve(host: Any, *rest: Any, **more: Any) -> Any:
        if host not in (None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0"):
            tried.append(host)
            raise OSError(f"no egress in this test: {host}")
        return lookup(host, *rest, **more)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    yield tried
    assert not tried


@pytest.fixture
def luthier(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    """Run a command in this process with --json; gives the exit code and the parsed output."""
    from luthier.cli.main import run

    def call(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = run([*arguments, "--json"])
        out = capsys.readouterr().out
        return code, json.loads(out)

    return call
