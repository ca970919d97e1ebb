"""Suites as tasks: one right option of several, a good sentence beside a bad one, plain texts (by log-likelihood); code
to write and instructions to follow (by what is answered).

A task is a file of rows with a few lines of YAML beside it that say how a row becomes a question::

    version: 1                        # raise it when the questions change: scores of two versions do not compare
    kind: choice                      # choice, pairs, text, code or instructions
    data: arc-easy_test.jsonl.gz      # beside this file; $NAMES of the environment are filled in
    extract: {field: instruction, pattern: 'question: (?P<question>.*?) Answer1: (?P<a>.*?) Answer2: (?P<b>.*)'}
    prompt: "Question: {question}\\nAnswer:"
    options: [" {a}", " {b}"]         # or the name of a field that holds a list
    answer: answer                    # a field with the option's number, letter or text
    answers: {answer1: 0, answer2: 1} # if it holds something else

Rows that already are ``{prompt, options, answer}``, ``{good, bad}``, ``{prompt, test, entry_point}`` or ``{prompt,
instruction_id_list, kwargs}`` need no such file.

With ``ask: chat`` the options of a ``choice`` are beginnings of an answer to the prompt as a user's turn, rendered by
the model's own template; left out, they go on with the prompt as text.

``code`` and ``instructions`` are answered greedily, in at most ``tokens`` tokens. ``samples`` above 1 draws so many
answers at ``temperature`` and scores ``pass@k`` (code only); ``ask: text`` gives the prompt to the model as it is, for
bases that go on with text, and ``chat`` (unless said otherwise) as a user's turn. ``seconds`` and ``memory`` (MB) bound
the run of one answer to a coding question.

An option's worth is the log-likelihood of its text after the prompt: as it is (``raw``), per character, per byte, or
less what it has after ``unconditional`` (a prompt without the question). All are kept in the ledger; ``normalise`` says
which one counts, ``measure`` whether the right option must win (accuracy) or how probable it is among the options
(probability: less noise per item). Nothing is scored here but from numbers (:func:`judged`); no model is asked.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any, Literal

from luthier.errors import LuthierError, did_you_mean
from luthier.recipe.load import load_yaml
from luthier.records import Example, Message, Score
from luthier.score.code import row_tests

Normalise = Literal["raw", "char", "byte", "unconditional"]
NORMALISE = ("raw", "char", "byte", "unconditional")
MEASURES = ("accuracy", "probability")
_KEYS = {
    "version", "kind", "data", "extract", "prompt", "options", "answer", "answers", "normalise", "measure",
    "unconditional", "good", "bad", "text", "slice", "id", "tokens", "samples", "k", "temperature", "ask", "seconds",
    "memory",
}  # fmt: skip
Answered = Literal["code", "instructions", "harness"]
ANSWERED: tuple[Answered, ...] = ("code", "instructions", "harness")
"""Kinds of suites whose items are answered, and the answer looked at."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One question with its options; ``right`` is the number of the right one."""

    context: str
    options: tuple[str, ...]
    right: int


@dataclass(frozen=True)
class Rule:
    """How the log-likelihoods of a suite's options, or its answers, become its score."""

    normalise: Normalise = "raw"
    measure: Literal["accuracy", "probability"] = "accuracy"
    unconditional: str = ""
    """The prompt without the question."""
    version: str = "1"
    turns: bool = False
    """Options begin an answer to a user's turn, rather than go on with a text."""
    tokens: int = 512
    samples: int = 1
    k: int = 1
    temperature: float = 0.8
    """Of samples; one answer is greedy."""
    ask: Literal["chat", "text"] = "chat"
    stop: tuple[str, ...] = ()
    seconds: float = 10.0
    memory: int = 512


@dataclass(frozen=True)
class Task:
    """A YAML task, read: rows with their kind, and the rule."""

    kind: Literal["choice", "pairs", "text", "code", "instructions"]
    rows: tuple[dict[str, Any], ...]
    rule: Rule
    files: tuple[Path, ...]


def read_task(path: Path, read_rows: Any) -> Task:
    """Read a task file. ``read_rows(bytes, where)`` gives (line number, row) of its data.

    Raises:
        LuthierError: not YAML, an unknown key, a field that a row lacks, a pattern that a row does not match.
    """
    found = load_yaml(path)
    if not isinstance(found, dict):
        raise LuthierError("the suite is not a YAML mapping", where=path, fix="write version, kind and data")
    for key in found:
        if key not in _KEYS:
            raise LuthierError(f"unknown key {key!r}", where=path, fix=did_you_mean(str(key), sorted(_KEYS)))
    for key in ("version", "kind", "data"):
        if key not in found:
            raise LuthierError(f"the suite names no {key}", where=path, fix="write version, kind and data")
    kind = _one_of("kind", found["kind"], ("choice", "pairs", "text", "code", "instructions"), path)
    rule = Rule(
        **_answering(found, path),
        normalise=_one_of("normalise", found.get("normalise", "raw"), NORMALISE, path),  # type: ignore[arg-type]
        measure=_one_of("measure", found.get("measure", "accuracy"), MEASURES, path),  # type: ignore[arg-type]
        unconditional=str(found.get("unconditional", "")), version=str(found["version"]),
        turns=kind == "choice" and found.get("ask") == "chat",
    )  # fmt: skip
    data = path.parent / os.path.expandvars(str(found["data"]))
    if not data.is_file():
        raise LuthierError(f"no such file of rows: {found['data']}", where=path, fix="check data: in the suite")
    rows = []
    for number, row in read_rows(data.read_bytes(), data.name):
        where = f"{data.name}:{number}"
        fields = _fields(row, found.get("extract"), where)
        rows.append(_made(kind, fields, found, where))
    return Task(kind, tuple(rows), rule, (path, data))  # type: ignore[arg-type]


def _answering(found: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The keys of a task about how its items are answered."""
    made: dict[str, Any] = {}
    for name, kind, least, most in (
        ("tokens", int, 1, 1 << 20), ("samples", int, 1, 1000), ("k", int, 1, 1000), ("temperature", float, 0, 100),
        ("seconds", float, 0.1, 600), ("memory", int, 64, 65536),
    ):  # fmt: skip
        if name not in found:
            continue
        value = found[name]
        if isinstance(value, bool) or not isinstance(value, int | kind) or not least <= value <= most:
            raise LuthierError(f"{name} is {value!r}", where=path, fix=f"a number from {least:g} to {most:,}")
        made[name] = kind(value)
    if "ask" in found:
        made["ask"] = _one_of("ask", found["ask"], ("chat", "text"), path)
    if made.get("k", 1) > made.get("samples", 1):
        raise LuthierError(
            f"pass@{made['k']} needs at least {made['k']} samples", where=path, fix=f"samples: {made['k']}, or more"
        )
    return made


def answered_of(row: Mapping[str, Any]) -> Answered | None:
    """Whether a row is a coding question or one with instructions to check; None if it is neither."""
    if not isinstance(row.get("prompt"), str) or not row["prompt"].strip():
        return None
    if "instruction_id_list" in row:
        return "instructions"
    return "code" if row_tests(row) is not None else None


def choice_of(row: Mapping[str, Any]) -> Choice | None:
    """The question of a row ``{prompt, options, answer}`` or ``{good, bad}``; None if it is neither."""
    good, bad, options = row.get("good"), row.get("bad"), row.get("options")
    if isinstance(good, str) and isinstance(bad, str) and good and bad:
        return Choice("", (good, bad), 0)
    if isinstance(options, list | tuple) and "answer" in row and len(options) > 1:
        texts = tuple(str(o) for o in options)
        right = _number(row["answer"], texts)
        if right is not None and all(texts):
            return Choice(str(row.get("prompt", "")), texts, right)
    return None


def example_of(choice: Choice) -> Example:
    """As a chat, by which the ledger knows what was asked."""
    asked = choice.context or "Which of these is right?\n" + "\n".join(choice.options)
    return Example(messages=(Message("user", asked), Message("assistant", choice.options[choice.right])))


def judged(
    choice: Choice, nats: Sequence[float], rule: Rule, *, bare: Sequence[float] | None = None
) -> Score:
    """The score of one item from the log-likelihoods of its options.

    ``parts`` holds 0/1 for each normalisation, ``probability`` (softmax over the options under the rule's one) and the
    log-likelihood of the right option in nats. ``bare``: log-likelihoods after the unconditional prompt.
    """
    stripped = [o.lstrip() for o in choice.options]
    worth = {
        "raw": list(nats),
        "char": [x / max(1, len(o)) for x, o in zip(nats, stripped, strict=True)],
        "byte": [x / max(1, len(o.encode("utf-8", "surrogatepass"))) for x, o in zip(nats, stripped, strict=True)],
    }
    if bare is not None:
        worth["unconditional"] = [x - y for x, y in zip(nats, bare, strict=True)]
    parts = {name: float(_first_best(w) == choice.right) for name, w in worth.items()}
    chosen = worth[rule.normalise]
    top = max(chosen)
    weights = [math.exp(x - top) for x in chosen]
    parts["probability"] = weights[choice.right] / sum(weights)
    parts["nats"] = nats[choice.right]
    value = parts["probability"] if rule.measure == "probability" else parts[rule.normalise]
    said = choice.options[_first_best(chosen)]
    return Score(value, f"most likely: {said.strip()[:60]}", parts)


def parted(context: str, option: str) -> tuple[str, str]:
    """The context and the option behind it. White space at the end of the context goes to the option, since tokens
    begin with it."""
    bare = context.rstrip()
    return bare, context[len(bare) :] + option


def _first_best(worth: Sequence[float]) -> int:
    return max(range(len(worth)), key=worth.__getitem__)


def _number(answer: Any, options: Sequence[str]) -> int | None:
    """The option that is meant by its number, its text, or its letter."""
    if isinstance(answer, bool):
        return None
    if isinstance(answer, int):
        return answer if 0 <= answer < len(options) else None
    text = str(answer).strip()
    texts = [o.strip() for o in options]
    if text in texts:
        return texts.index(text)
    if len(text) == 1 and text.isalpha() and ord(text.upper()) - ord("A") < len(options):
        return ord(text.upper()) - ord("A")
    return int(text) if text.isdigit() and int(text) < len(options) else None


def _fields(row: dict[str, Any], extract: Any, where: str) -> dict[str, Any]:
    if not extract:
        return row
    field, pattern = extract.get("field", ""), extract.get("pattern", "")
    found = re.search(pattern, str(row.get(field, "")), re.DOTALL)
    if found is None:
        raise LuthierError(f"the pattern does not match {field!r} of this row", where=where, fix="change extract:")
    return {**row, **found.groupdict()}


def _made(kind: str, fields: dict[str, Any], task: dict[str, Any], where: str) -> dict[str, Any]:
    """The row in the shape that suites are read in."""
    out: dict[str, Any] = {}
    if "slice" in task:
        out["skill"] = str(_field(fields, task["slice"], where))
    if "id" in task:
        out["id"] = str(_field(fields, task["id"], where))
    if kind == "text":
        return {**out, "text": _filled(task.get("text", "{text}"), fields, where)}
    if kind == "pairs":
        good, bad = (_filled(task.get(side, f"{{{side}}}"), fields, where) for side in ("good", "bad"))
        return {**out, "good": good, "bad": bad}
    if kind in ANSWERED:
        prompt = _filled(task.get("prompt", "{prompt}"), fields, where)
        made = {**fields, **out, "asked": prompt, "prompt": fields.get("prompt", prompt)}
        if answered_of(made) != kind:
            wanted = "tests" if kind == "code" else "instructions"
            raise LuthierError(f"this row has no {wanted}", where=where, fix=f"see the columns that kind: {kind} needs")
        return made
    options = task.get("options", "options")
    if isinstance(options, list):  # an option whose part the pattern did not find is not there
        texts = [_filled(o, fields, where) for o in options if not _missing(str(o), fields)]
    else:
        texts = _field(fields, options, where)
    answer = _field(fields, task.get("answer", "answer"), where)
    answer = task.get("answers", {}).get(answer, answer)
    return {**out, "prompt": _filled(task.get("prompt", "{prompt}"), fields, where), "options": texts, "answer": answer}


def _missing(template: str, fields: Mapping[str, Any]) -> bool:
    named = (name for _, name, _, _ in Formatter().parse(template) if name)
    return any(name in fields and fields[name] is None for name in named)


def _filled(template: Any, fields: Mapping[str, Any], where: str) -> str:
    try:
        return str(template).format_map(fields)
    except KeyError as error:
        raise _lacks(str(error.args[0]), fields, where) from None


def _field(fields: Mapping[str, Any], name: Any, where: str) -> Any:
    if name not in fields:
        raise _lacks(str(name), fields, where)
    return fields[name]


def _lacks(name: str, fields: Iterable[str], where: str) -> LuthierError:
    return LuthierError(f"this row has no field {name!r}", where=where, fix=did_you_mean(name, sorted(fields)))


def _one_of(key: str, value: Any, allowed: Sequence[str], path: Path) -> str:
    if value not in allowed:
        fix = did_you_mean(str(value), list(allowed)) or f"one of {', '.join(allowed)}"
        raise LuthierError(f"{key} is {value!r}", where=path, fix=fix)
    return str(value)
