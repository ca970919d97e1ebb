"""Answers to a whole file of questions, written as they come, in order; stopped half-way, the same call goes on.

Each line of the output is one question's answer, whole or absent. A question that the model cannot take (too long) gets
its reason in place of an answer; trouble that is not the question's (a server gone, a full disk) stops the run instead.
Not here: reading files into questions (``rows``).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from luthier.engines.asking import refuses_request
from luthier.engines.protocol import Engine, Request
from luthier.errors import LuthierError
from luthier.records import Completion, Message

Question = tuple[str, Sequence[Message]]
"""(id, messages to answer). The id is best the row's "file:line"; equal ids are allowed."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """Counts: questions that have their line now, how many of those had it before, how many got a reason only."""

    answered: int
    reused: int
    refused: int


def predict(
    engine: Engine,
    questions: Sequence[Question],
    output: Path,
    *,
    adapter: str | None = None,
    max_tokens: int | None = 512,
    temperature: float = 0.0,
    seed: int | None = 0,
    chunk: int = 256,
    on_done: Callable[[int, int], None] | None = None,
) -> Predicted:
    """Answer every question into ``output`` (JSONL: id, answer, finish_reason, usage; or id, error; a classifier's
    answer is the label, and ``labels`` holds the probability of each).

    ``chunk`` questions are handed to the engine at once. ``on_done(done, total)`` is called as lines are written, from
    the engine's thread.

    Raises LuthierError when ``output`` holds answers of another model, other settings or other questions, is damaged
    before its last line, or is being written by another process.
    """
    settings = {"adapter": adapter, "max_tokens": max_tokens, "temperature": temperature, "seed": seed}
    by = _digest({"engine": engine.fingerprint(adapter), **settings})
    with _opened(output, by) as (file, found):
        fresh = _without(questions, found, output)
        reused = len(questions) - len(fresh)
        writer = _InOrder(file, fresh, by, lambda done: on_done(reused + done, len(questions)) if on_done else None)
        for start in range(0, len(fresh), chunk):
            rows = range(start, min(start + chunk, len(fresh)))
            requests = {
                row: Request(
                    messages=tuple(fresh[row][1]),
                    adapter=adapter,
                    max_tokens=max_tokens,
                    temperature=temperature,
                    seed=seed,
                )
                for row in rows
            }
            _answer(engine, requests, writer, rows)
            os.fsync(file.fileno())
    return Predicted(answered=reused + writer.written, reused=reused, refused=writer.refused)


def probabilities(nats: Mapping[str, float]) -> dict[str, float]:
    """From logarithms, the likeliest first, to six digits: what is written for people."""
    ordered = sorted(nats.items(), key=lambda one: (-one[1], one[0]))
    return {name: float(f"{math.exp(value):.6g}") for name, value in ordered}


class _InOrder:
    """Takes answers in any order and writes each as soon as all before it are written."""

    def __init__(self, file: BinaryIO, questions: Sequence[Question], by: str, tell: Callable[[int], None]) -> None:
        self._file, self._questions, self._by, self._tell = file, questions, by, tell
        self._held: dict[int, dict[str, Any]] = {}
        self.written = 0
        self.refused = 0

    def take(self, row: int, completion: Completion) -> None:
        """An answer (a cancelled one is left for the next run)."""
        if completion.finish_reason != "cancelled" and not self.has(row):
            usage = {"prompt_tokens": completion.prompt_tokens, "completion_tokens": completion.completion_tokens}
            said: dict[str, Any] = {"answer": completion.text}
            if completion.labels:
                said["labels"] = probabilities(completion.labels)
            self._put(row, {**said, "finish_reason": completion.finish_reason, "usage": usage})

    def refuse(self, row: int, error: LuthierError) -> None:
        """The reason why there is no answer."""
        self.refused += 1
        self._put(row, {"error": error.what})

    def has(self, row: int) -> bool:
        """Whether this row has its answer already."""
        return row < self.written or row in self._held

    def _put(self, row: int, body: dict[str, Any]) -> None:
        self._held[row] = body
        while (ready := self._held.pop(self.written, None)) is not None:
            name, messages = self._questions[self.written]
            line = json.dumps({"id": name, **ready, "asked": _asked(messages), "by": self._by}, ensure_ascii=False)
            # one write per line: after a kill there are whole lines, and at most one that is torn, at the end
            self._file.write(line.encode("utf-8", "surrogatepass") + b"\n")
            self._file.flush()
            self.written += 1
            self._tell(self.written)


def _answer(engine: Engine, requests: Mapping[int, Request], writer: _InOrder, rows: Sequence[int]) -> None:
    """These rows at once; if one of them is refused, each half for itself, so that only it goes without an answer."""
    try:
        engine.generate([requests[i] for i in rows], lambda index, completion: writer.take(rows[index], completion))
    except LuthierError as error:
        if not refuses_request(error):
            raise
        left = [i for i in rows if not writer.has(i)]
        if len(left) == 1:
            writer.refuse(left[0], error)
            return
        middle = len(left) // 2
        for half in (left[:middle], left[middle:]):
            if half:
                _answer(engine, requests, writer, half)


def _without(questions: Sequence[Question], found: Counter[tuple[str, str]], output: Path) -> list[Question]:
    """Questions that have no line yet. Equal questions are counted, not merged."""
    left = Counter(found)
    fresh: list[Question] = []
    for name, messages in questions:
        key = (name, _asked(messages))
        if left[key] > 0:
            left[key] -= 1
        else:
            fresh.append((name, messages))
    if stale := next(iter(+left), None):
        raise LuthierError(
            f"{output.name} answers a question that is not asked any more",
            where=f"{output}: {stale[0]}",
            why="the file of questions has changed since",
            fix="choose another output, or remove this one",
        )
    return fresh


@contextmanager
def _opened(output: Path, by: str) -> Iterator[tuple[BinaryIO, Counter[tuple[str, str]]]]:
    """The output, ready to append to, and what is answered in it. A line torn by a kill is cut off."""
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = output.open("a+b")
    except OSError as error:
        raise LuthierError(
            f"cannot write {output.name}", where=output, why=error.strerror or str(error), fix="choose another output"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LuthierError(
                f"{output.name} is being written by another process", where=output, fix="wait for it, or stop it"
            ) from error
        file.seek(0)
        found: Counter[tuple[str, str]] = Counter()
        good = 0
        for number, line in enumerate(file, start=1):
            row = _row(line)
            if row is None:
                if line.endswith(b"\n"):
                    raise LuthierError(
                        "this line is not an answer",
                        where=f"{output}:{number}",
                        fix="choose another output, or mend it",
                    )
                break
            if row["by"] != by:
                raise LuthierError(
                    f"{output.name} holds answers of another model or of other settings",
                    where=f"{output}:{number}",
                    why="a file of mixed answers could not be told apart later",
                    fix="choose another output, or remove this one",
                )
            found[row["id"], row["asked"]] += 1
            good += len(line)
        file.truncate(good)
        file.seek(0, os.SEEK_END)
        yield file, found


def _row(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        row = json.loads(line.decode("utf-8", "surrogatepass"))
    except ValueError:
        return None
    whole = isinstance(row, dict) and all(isinstance(row.get(name), str) for name in ("id", "asked", "by"))
    return row if whole else None


def _asked(messages: Sequence[Message]) -> str:
    return _digest([message.to_dict() for message in messages])


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
