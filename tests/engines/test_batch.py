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
from luthier.engines.batch import Predicted, Question, predict
from luthier.engines.embedded import EmbeddedEngine
from luthier.engines.scripted import ScriptedEngine
from luthier.errors import LuthierError
from luthier.records import Message


def rows(count: int) -> list[Question]:
    return [(f"in.jsonl:{i + 1}", (Message("user", f"row {i}"),)) for i in range(count)]


def counts(answered: int, reused: int = 0, refused: int = 0) -> Predicted:
    return Predicted(answered=answered, reused=reused, refused=refused)


def echo(request: Request) -> str:
    return f"{len(request.messages)}: {request.messages[-1].content}"


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_question_is_answered_in_order(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    out = tmp_path / "new" / "out.jsonl"
    done = predict(ScriptedEngine(echo), rows(7), out, chunk=3, on_done=lambda n, total: seen.append((n, total)))
    assert done == counts(7)
    assert seen == [(i + 1, 7) for i in range(7)]
    answers = read(out)
    assert [a["answer"] for a in answers] == [f"1: row {i}" for i in range(7)]
    assert [a["id"] for a in answers] == [f"in.jsonl:{i + 1}" for i in range(7)]
    assert answers[3]["usage"] == {"prompt_tokens": 2, "completion_tokens": 3}
    assert answers[3]["finish_reason"] == "stop"


def test_answers_that_end_in_another_order_are_written_in_order(tmp_path: Path, tiny: Any) -> None:
    questions = [(str(i), (Message("user", "x" * (i * 37 % 101)),)) for i in range(30)]
    out = tmp_path / "out.jsonl"
    with EmbeddedEngine(tiny, max_batch=7) as engine:
        predict(engine, questions, out, max_tokens=40, chunk=16)
        alone = [engine.generate([Request(messages=m, max_tokens=40)])[0].text for _, m in questions]
    assert [a["id"] for a in read(out)] == [name for name, _ in questions]
    assert [a["answer"] for a in read(out)] == alone


def test_a_second_run_answers_only_what_is_missing(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    asked: list[str] = []

    def listen(request: Request) -> str:
        asked.append(request.messages[-1].content)
        return "yes"

    engine = ScriptedEngine(listen)
    predict(engine, rows(4), out)
    assert predict(engine, rows(6), out) == counts(6, reused=4)
    assert asked == [f"row {i}" for i in range(6)]
    twins = [*rows(6), rows(1)[0]]  # the first question again: one more answer is wanted
    assert predict(engine, twins, out) == counts(7, reused=6)
    assert predict(engine, twins, out) == counts(7, reused=7)


def test_a_file_of_questions_that_changed_is_told(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    predict(ScriptedEngine(echo), rows(4), out)
    changed = [*rows(2), ("in.jsonl:3", (Message("user", "something else"),)), rows(4)[3]]
    with pytest.raises(LuthierError, match="not asked any more") as told:
        predict(ScriptedEngine(echo), changed, out)
    assert "in.jsonl:3" in told.value.where


def test_a_line_torn_by_a_kill_is_written_again(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    predict(ScriptedEngine(echo), rows(5), out)
    whole = out.read_bytes()
    for cut in (1, 10, len(whole.splitlines(keepends=True)[-1]) - 1):
        out.write_bytes(whole[:-cut])
        assert predict(ScriptedEngine(echo), rows(5), out) == counts(5, reused=4)
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
    assert predict(engine, rows(200), out) == counts(200, reused=before)
    assert [a["answer"] for a in read(out)] == [f"1: row {i}" for i in range(200)]


def test_a_row_that_is_too_long_says_so_and_the_others_are_answered(tmp_path: Path, tiny: Any) -> None:
    questions = rows(5)
    questions[2] = ("long", (Message("user", "x" * 500),))
    out = tmp_path / "out.jsonl"
    with EmbeddedEngine(tiny) as engine:
        assert predict(engine, questions, out, max_tokens=5) == counts(5, refused=1)
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
