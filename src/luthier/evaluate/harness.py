"""Standard benchmarks by name, from lm-eval (extra ``lm-eval``): ``suite: lm-eval/arc_easy``.

lm-eval tells what is asked (prompts, options, few-shot examples, filters, and what counts as right); everything else is
ours: engines, likelihoods, generation, the ledger and its statistics. Its response cache and its standard errors are
never used. Rows come from local files (``data``) or, without, from wherever lm-eval looks for them.

What it does not take: tasks whose options belong to several contexts, tasks with pictures or sounds, groups of tasks.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from luthier.errors import LuthierError, MissingExtra, did_you_mean
from luthier.evaluate.tasks import Choice, Rule
from luthier.records import Example, Message, Score

PREFIX = "lm-eval/"
Rows = Callable[[bytes, str], Iterable[tuple[int, dict[str, Any]]]]
_NORMALISE: dict[str, Literal["char", "byte", "unconditional"]] = {
    "acc_norm": "char", "acc_bytes": "byte", "acc_mutual_info": "unconditional",
}  # fmt: skip
"""What lm-eval calls its accuracies, in the order in which they are preferred."""
_TOKENS = 256
"""lm-eval's own longest answer where a task names none."""


@dataclass(frozen=True)
class Question:
    """One document of a task: its number, and what is asked."""

    name: str
    example: Example
    choice: Choice | None = None


@dataclass(frozen=True)
class Benchmark:
    """A task of lm-eval, read. ``judge`` scores an answer to a question by number, for tasks that are answered."""

    kind: Literal["choice", "text", "harness"]
    questions: tuple[Question, ...]
    rule: Rule
    digest: str
    judge: Callable[[str, str], Score] | None = None


def read_benchmark(name: str, data: Mapping[str, Path], shots: int | None, read_rows: Rows) -> Benchmark:
    """Read a task by its name in lm-eval.

    Args:
        name: without the prefix.
        data: split ("test", "train") to a JSONL file with the columns of the original rows; empty: lm-eval finds them.
        shots: examples before each question; None is what the task says, or none where no file of "train" is given.

    Raises:
        LuthierError: lm-eval is not installed, has no such task, the rows lack a column, or the task is of a kind that
            is not taken.
    """
    task = _task(name, data, read_rows)
    if shots is None:
        shots = int(task.config.num_fewshot or 0) if not data or "train" in data else 0
    with _told(name):
        docs = list(task.eval_docs)
        asked = [(doc, task.construct_requests(doc=doc, ctx=_context(task, doc, shots), metadata=(name, i, 1)))
                 for i, doc in enumerate(docs)]  # fmt: skip
    if not asked:
        raise LuthierError("the task has no documents", where=f"{PREFIX}{name}", fix="check data: of the suite")
    kind = task.OUTPUT_TYPE
    made = {"multiple_choice": _choices, "loglikelihood_rolling": _texts, "generate_until": _answers}.get(kind)
    if made is None or bool(getattr(task, "multiple_input", False)):
        what = "options with contexts of their own" if made is not None else kind
        raise _refused(name, f"it has {what}")
    found = made(task, asked)
    text = json.dumps([name, str(task.VERSION), shots, [repr(request) for _, request in asked]], ensure_ascii=False)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return replace(found, digest=digest, rule=replace(found.rule, version=f"lm-eval {task.VERSION}, {shots} shots"))


def _choices(task: Any, asked: Sequence[tuple[Any, Any]]) -> Benchmark:
    metrics = [m["metric"] for m in task.config.metric_list]
    rule = Rule(normalise=next((way for name, way in _NORMALISE.items() if name in metrics), "raw"))
    questions = []
    for number, (doc, requests) in enumerate(asked):
        options = tuple(r.arguments[1] for r in requests[: len(task.doc_to_choice(doc))])
        right = task.doc_to_target(doc)
        right = right[0] if isinstance(right, list) else right
        choice = Choice(requests[0].arguments[0], options, int(right))
        messages = (Message("user", choice.context), Message("assistant", options[choice.right]))
        questions.append(Question(str(number), Example(messages=messages), choice))
    return Benchmark("choice", tuple(questions), rule, "")


def _texts(task: Any, asked: Sequence[tuple[Any, Any]]) -> Benchmark:
    requests = [r[0] if isinstance(r, list) else r for _, r in asked]
    questions = [Question(str(n), Example(text=r.arguments[0])) for n, r in enumerate(requests)]
    return Benchmark("text", tuple(questions), Rule(), "")


def _answers(task: Any, asked: Sequence[tuple[Any, Any]]) -> Benchmark:
    """Tasks that are answered: the request's stop strings, and lm-eval's filters and metric on what is said."""
    requests = [r[0] if isinstance(r, list) else r for _, r in asked]
    given = requests[0].arguments[1]
    until = given.get("until") or []
    rule = Rule(
        ask="text", tokens=int(given.get("max_gen_toks", _TOKENS)),
        stop=tuple([until] if isinstance(until, str) else until),
    )  # fmt: skip
    docs = {str(n): (doc, request) for n, ((doc, _), request) in enumerate(zip(asked, requests, strict=True))}
    metric = str(task.config.metric_list[0]["metric"])

    def judge(name: str, answer: str) -> Score:
        doc, request = docs[name]
        request.resps, request.filtered_resps = [answer], {}
        task._instances = [request]
        task.apply_filters()
        said = request.filtered_resps[next(iter(request.filtered_resps))]
        value = task.process_results(doc, [said])[metric]
        return Score(float(value), f"{metric} of {str(said)[:60]!r}")

    questions = [
        Question(str(n), Example(messages=(Message("user", r.arguments[0]),))) for n, r in enumerate(requests)
    ]
    return Benchmark("harness", tuple(questions), rule, "", judge)


def _context(task: Any, doc: Any, shots: int) -> Any:
    return "" if task.OUTPUT_TYPE == "loglikelihood_rolling" else task.fewshot_context(doc, num_fewshot=shots)


def _task(name: str, data: Mapping[str, Path], read_rows: Rows) -> Any:
    manager = _manager()
    entry = manager.task_index.get(name)
    if entry is None or "task" not in (entry.cfg or {}):
        what = "no task" if entry is None else "no single task"
        fix = did_you_mean(name, sorted(manager.task_index)) or "lm_eval ls tasks lists them"
        raise LuthierError(f"{what} of lm-eval is called {name!r}", where="evaluate.regression", fix=fix)
    overrides: dict[str, Any] = {}
    if data:
        rows = {split: [row for _, row in read_rows(path.read_bytes(), path.name)] for split, path in data.items()}
        train = "train" if "train" in rows else None
        overrides = {
            "custom_dataset": lambda **_: {split: _dataset(found) for split, found in rows.items()},
            "test_split": "test", "validation_split": None, "training_split": train, "fewshot_split": train,
        }  # fmt: skip
    with _told(name):
        return manager._factory.build(manager._entry(name), overrides=overrides, registry=manager._index)


def _dataset(rows: Sequence[Mapping[str, Any]]) -> Any:
    from datasets import Dataset

    return Dataset.from_list([dict(row) for row in rows])


@contextmanager
def _told(name: str) -> Any:
    """What goes wrong in lm-eval, as an error for people; its notes on the way are not shown."""
    logger = logging.getLogger("lm_eval")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    except LuthierError:
        raise
    except Exception as error:
        raise LuthierError(
            f"the task {name} cannot be read by lm-eval", where=f"{PREFIX}{name}",
            why=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no more is said'}",
            fix="write data: FILE.jsonl with the columns of the original rows beside the suite",
        ) from error  # fmt: skip
    finally:
        logger.setLevel(level)


@cache
def _manager() -> Any:
    try:
        from lm_eval.tasks import TaskManager
    except ImportError:
        raise MissingExtra("lm_eval", extra="lm-eval", task="a standard benchmark") from None
    return TaskManager()


def _refused(name: str, why: str) -> LuthierError:
    return LuthierError(
        f"the task {name} is not taken from lm-eval", where=f"{PREFIX}{name}", why=why,
        fix="write its questions as a suite of your own (docs/how-to/evaluate.md)",
    )  # fmt: skip
