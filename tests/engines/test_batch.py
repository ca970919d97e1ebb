"""Answers for a file: in order, once each, whatever happens in between."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from luthier.engines import Request
from luthier.engines.batch import Predicted, predict
from luthier.engines.embedded import EmbeddedEngine
from luthier.engines.scripted import ScriptedEngine
from luthier.errors import LuthierError
from luthier.records import Example, Message, Origin


def rows(count: int) -> list[Example]:
    made = []
    for i in range(count):
        messages = (Message("user", f"row {i}"), Message("assistant", "reference"))
        made.append(Example(messages=messages, origin=Origin("in.jsonl", i + 1)))
    return made


def echo(request: Request) -> str:
    return f"{len(request.messages)}: {request.messages[-1].content}"


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_row_is_answered_in_order_without_its_reference(tmp_path: Path) -> None:
    seen: list[Predicted] = []
    out = tmp_path / "new" / "out.jsonl"
    done = predict(ScriptedEngine(echo), rows(7), out, system="Be kind.", chunk=3, on_progress=seen.append)
    assert done == Predicted(answered=7)
    assert [c.answered for c in seen] == [3, 6, 7]
    answers = read(out)
    assert [a["answer"] for a in answers] == [f"2: row {i}" for i in range(7)]
    assert answers[3]["origin"] == {"file": "in.jsonl", "line": 4}
    assert answers[3]["id"] == rows(7)[3].id
    assert answers[3]["usage"] == {"prompt_tokens": 4, "completion_tokens": 3}
    assert answers[3]["finish_reason"] == "stop"


def test_a_second_run_answers_only_what_is_missing(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    asked: list[str] = []

    def listen(request: Request) -> str:
        asked.append(request.messages[-1].content)
        return "yes"

    engine = ScriptedEngine(listen)
    predict(engine, rows(4), out)
    assert predict(engine, rows(6), out) == Predicted(answered=2, reused=4)
    assert asked == [f"row {i}" for i in range(6)]
    twins = [*rows(6), rows(1)[0]]  # the first row again: one more answer is wanted
    assert predict(engine, twins, out) == Predicted(answered=1, reused=6)


def test_a_line_torn_by_a_kill_is_written_again(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    predict(ScriptedEngine(echo), rows(5), out)
    whole = out.read_bytes()
    for cut in (1, 10, len(whole.splitlines(keepends=True)[-1]) - 1):
        out.write_bytes(whole[:-cut])
        assert predict(ScriptedEngine(echo), rows(5), out) == Predicted(answered=1, reused=4)
        assert out.read_bytes() == whole


def test_a_killed_run_leaves_whole_lines_and_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    engine = ScriptedEngine(echo, seconds_per_token=0.002)
    child = multiprocessing.get_context("fork").Process(target=predict, args=(engine, rows(200), out))
    child.start()
    while not out.exists() or out.stat().st_size < 3000:
        time.sleep(0.005)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    before = len(read(out))
    assert 0 < before < 200
    engine = ScriptedEngine(echo)
    assert predict(engine, rows(200), out) == Predicted(answered=200 - before, reused=before)
    assert [a["answer"] for a in read(out)] == [f"1: row {i}" for i in range(200)]


def test_a_row_that_is_too_long_says_so_and_the_others_are_answered(tmp_path: Path, tiny: Any) -> None:
    examples = rows(5)
    examples[2] = Example(messages=(Message("user", "x" * 500),))
    out = tmp_path / "out.jsonl"
    with EmbeddedEngine(tiny) as engine:
        assert predict(engine, examples, out, max_tokens=5) == Predicted(answered=5, refused=1)
    answers = read(out)
    assert "context holds 256" in answers[2]["error"]
    assert all("answer" in a for i, a in enumerate(answers) if i != 2)


def test_an_engine_that_breaks_stops_the_run_and_keeps_what_was_answered(tmp_path: Path) -> None:
    def breaks(request: Request) -> str:
        if request.messages[-1].content == "row 3":
            raise LuthierError("the server is gone")
        return "ok"

    out = tmp_path / "out.jsonl"
    with pytest.raises(LuthierError, match="gone"):
        predict(ScriptedEngine(breaks), rows(6), out)
    assert [a["answer"] for a in read(out)] == ["ok"] * 3


def test_answers_of_another_model_or_other_settings_are_not_mixed_in(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    predict(ScriptedEngine(echo), rows(2), out)
    for engine, settings in [(ScriptedEngine(echo, name="other"), {}), (ScriptedEngine(echo), {"max_tokens": 1})]:
        with pytest.raises(LuthierError, match="another model or of other settings"):
            predict(engine, rows(3), out, **settings)
    assert len(read(out)) == 2


def test_a_file_that_is_something_else_is_not_touched(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("my notes\n")
    with pytest.raises(LuthierError, match="not an answer"):
        predict(ScriptedEngine(echo), rows(1), out)
    assert out.read_text() == "my notes\n"


def test_two_runs_cannot_write_one_file(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    running, release = threading.Event(), threading.Event()

    def slow(request: Request) -> str:
        running.set()
        release.wait(10)
        return "ok"

    first = threading.Thread(target=predict, args=(ScriptedEngine(slow), rows(1), out))
    first.start()
    running.wait(10)
    with pytest.raises(LuthierError, match="another process"):
        predict(ScriptedEngine(echo), rows(1), out)
    release.set()
    first.join()


def test_plain_text_is_a_user_turn(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    predict(ScriptedEngine({"what is this": "text"}), [Example(text="what is this")], out)
    assert read(out)[0]["answer"] == "text"
