"""Answers to a whole file of rows, written as they come, in order; stopped half-way, the same call goes on.

Each line of the output is one row's answer, whole or absent. A row that the model cannot take (too long) gets its
reason in place of an answer; trouble that is not the row's (a server gone, a full disk) stops the run instead.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from luthier.engines.protocol import ContextOverflow, Engine, Request
from luthier.errors import LuthierError
from luthier.records import Completion, Example, Message

_ROW_REFUSED = {400, 413, 422}
"""HTTP answers that speak about the request itself."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """Counts: rows answered now, rows that were answered before, and how many of those answered now were refused."""

    answered: int = 0
    reused: int = 0
    refused: int = 0


def predict(
    engine: Engine,
    examples: Iterable[Example],
    output: Path,
    *,
    adapter: str | None = None,
    system: str | None = None,
    max_tokens: int | None = 512,
    temperature: float = 0.0,
    seed: int | None = 0,
    chunk: int = 256,
    on_progress: Callable[[Predicted], None] | None = None,
) -> Predicted:
    """Answer every example into ``output`` (JSONL: id, origin, answer, finish_reason, usage; or id, origin, error).

    Args:
        examples: read as a stream. The prompt is everything before the last assistant turn; plain text is a user turn.
        system: put before prompts that have no system message of their own.
        chunk: rows handed to the engine at once.

    Raises LuthierError when ``output`` holds answers of another model or other settings, is damaged before its last
    line, or is being written by another process.
    """
    settings = {
        "adapter": adapter,
        "system": system,
        "max_tokens": max_tokens,
        "temperature": temperature,
        "seed": seed,
    }
    by = _digest({"engine": engine.fingerprint(adapter), **settings})
    counts = Predicted()
    with _opened(output, by) as (file, done):
        wanted = _wanted(examples, done)
        while block := list(itertools.islice(wanted, chunk)):
            fresh = [example for example in block if example is not None]
            counts = replace(counts, reused=counts.reused + len(block) - len(fresh))
            requests = [
                Request(
                    messages=_prompt(example, system),
                    tools=example.tools,
                    adapter=adapter,
                    max_tokens=max_tokens,
                    temperature=temperature,
                    seed=seed,
                )
                for example in fresh
            ]
            writer = _InOrder(file, fresh, by)
            _answer(engine, requests, writer, range(len(requests)))
            os.fsync(file.fileno())
            refused = counts.refused + writer.refused
            counts = Predicted(counts.answered + len(fresh), counts.reused, refused)
            if on_progress is not None:
                on_progress(counts)
    return counts


class _InOrder:
    """Takes answers in any order and writes each as soon as all before it are written."""

    def __init__(self, file: BinaryIO, examples: Sequence[Example], by: str) -> None:
        self._file, self._examples, self._by = file, examples, by
        self._held: dict[int, dict[str, Any]] = {}
        self.written = 0
        self.refused = 0

    def take(self, index: int, completion: Completion) -> None:
        """An answer (a cancelled one is left for the next run)."""
        if completion.finish_reason != "cancelled" and not self.has(index):
            usage = {"prompt_tokens": completion.prompt_tokens, "completion_tokens": completion.completion_tokens}
            answer = {"answer": completion.text, "finish_reason": completion.finish_reason, "usage": usage}
            self._put(index, answer)

    def refuse(self, index: int, error: LuthierError) -> None:
        """The reason why there is no answer."""
        self.refused += 1
        self._put(index, {"error": error.what})

    def has(self, index: int) -> bool:
        """Whether this row has its answer already."""
        return index < self.written or index in self._held

    def _put(self, index: int, body: dict[str, Any]) -> None:
        self._held[index] = body
        while (ready := self._held.pop(self.written, None)) is not None:
            example = self._examples[self.written]
            origin = asdict(example.origin) if example.origin else None
            line = json.dumps({"id": example.id, "origin": origin, **ready, "by": self._by}, ensure_ascii=False)
            # one write per line: after a kill there are whole lines, and at most one that is torn, at the end
            self._file.write(line.encode("utf-8", "surrogatepass") + b"\n")
            self._file.flush()
            self.written += 1


def _answer(engine: Engine, requests: Sequence[Request], writer: _InOrder, rows: Sequence[int]) -> None:
    """These rows at once; if one of them is refused, each half for itself, so that only it goes without an answer."""
    try:
        engine.generate([requests[i] for i in rows], lambda index, completion: writer.take(rows[index], completion))
    except LuthierError as error:
        if not (isinstance(error, ContextOverflow) or error.details.get("status") in _ROW_REFUSED):
            raise
        left = [i for i in rows if not writer.has(i)]
        if len(left) == 1:
            writer.refuse(left[0], error)
            return
        middle = len(left) // 2
        for half in (left[:middle], left[middle:]):
            if half:
                _answer(engine, requests, writer, half)


def _prompt(example: Example, system: str | None) -> tuple[Message, ...]:
    messages = example.prompt or (Message("user", example.text or ""),)
    if system and not any(message.role == "system" for message in messages):
        return (Message("system", system), *messages)
    return tuple(messages)


def _wanted(examples: Iterable[Example], done: Counter[str]) -> Iterator[Example | None]:
    """Examples still to be answered; None in the place of one that is. Equal rows are counted, not merged."""
    left = Counter(done)
    for example in examples:
        if left[example.id] > 0:
            left[example.id] -= 1
            yield None
        else:
            yield example


@contextmanager
def _opened(output: Path, by: str) -> Iterator[tuple[BinaryIO, Counter[str]]]:
    """The output, ready to append to, and the ids that are in it. A line torn by a kill is cut off."""
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
        done: Counter[str] = Counter()
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
            if row.get("by") != by:
                raise LuthierError(
                    f"{output.name} holds answers of another model or of other settings",
                    where=f"{output}:{number}",
                    why="a file of mixed answers could not be told apart later",
                    fix="choose another output, or remove this one",
                )
            done[row["id"]] += 1
            good += len(line)
        file.truncate(good)
        file.seek(0, os.SEEK_END)
        yield file, done


def _row(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        row = json.loads(line.decode("utf-8", "surrogatepass"))
    except ValueError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("id"), str) else None


def _digest(value: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]
