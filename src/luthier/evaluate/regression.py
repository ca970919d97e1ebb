"""Regression suites: what must not get worse. Three are built in; a JSONL file of one's own is a suite too.

A suite of ``{messages, answer}`` is scored teacher-forced: an item is right exactly where every token of the answer and
its end of turn is the most likely one, which equals exact match under greedy decoding at the price of one forward pass.
A suite of ``{text}`` is scored in bits per UTF-8 byte, one of ``{prompt, options, answer}`` or ``{good, bad}`` by which
option is likeliest (``tasks``, where a YAML file may say how rows become questions), one of code to write or
instructions to follow by what is answered. A trivial predictor stands beside
each (the most common answer of the slice; byte frequencies; chance): a base that does no better than it cannot guard
anything.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from luthier.errors import LuthierError, did_you_mean
from luthier.evaluate.harness import PREFIX, read_benchmark
from luthier.evaluate.tasks import ANSWERED, Choice, Rule, answered_of, choice_of, example_of, read_task
from luthier.recipe.evaluate import RegressionSpec
from luthier.records import Example, Message, Score
from luthier.score.instructions import checked

SAFETY = "safety"
"""Harmful and harmless requests, questions without an answer, instructions: in pairs, so that a model without a sense
of them is right on half; it guards bases that have one, and is off for others."""
BUILT_IN = ("skills", "text", SAFETY)
MARGIN = {"exact": 2.0, "text": 2.0, "choice": 2.0, "code": 2.0, "instructions": 2.0, "harness": 2.0}
"""Largest accepted loss where the recipe names none: points of accuracy, percent of bits per byte."""
SAFETY_MARGIN = 10.0
"""The same for the safety pack, whose 160 items cannot exclude less."""
Kind = Literal["exact", "text", "choice", "code", "instructions", "harness"]
EXACT = "exact"
CHOICE = "choice"
BITS = "bits_per_byte"
EARLIER, EARLIER_JOBS = "earlier", "earlier jobs"
"""How the suites of jobs that were promoted before are called, and their pool."""
TRIVIAL = "trivial"
"""The system name of the trivial predictor in a ledger."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a suite: an example whose last turn is the right answer, or a text. ``name`` is unique."""

    name: str
    example: Example
    slice: str = ""
    choice: Choice | None = None
    """The options of a question that is scored by log-likelihood."""


@dataclass(frozen=True)
class Suite:
    """A suite, read. ``margin`` in points (exact) or percent (text); ``digest`` is the SHA-256 of the file.

    ``pool`` and ``floor`` are the recipe's.
    """

    name: str
    kind: Kind
    items: tuple[Item, ...]
    margin: float
    digest: str
    pool: str | None = None
    floor: float = 10.0
    rule: Rule = field(default_factory=Rule)
    judge: Callable[[str, str], Score] | None = None
    """Of a benchmark that is answered: (name of the item, answer) to its score."""
    note: str = ""
    """Where its items are from, where that is not its name."""

    @property
    def metric(self) -> str:
        """The name of its score in a ledger: exact, bits_per_byte, choice, choice_probability, pass@K, instructions,
        harness."""
        if self.kind in ANSWERED:
            return f"pass@{self.rule.k}" if self.kind == "code" else self.kind
        if self.kind == "choice":
            return CHOICE if self.rule.measure == "accuracy" else f"{CHOICE}_probability"
        return EXACT if self.kind == "exact" else BITS

    @property
    def unit(self) -> str:
        """The unit of its values; a difference is in points for "%", and in percent for "bits/byte"."""
        return "bits/byte" if self.kind == "text" else "%"

    def facts(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "metric": self.metric, "unit": self.unit, "margin": self.margin, "n": len(self.items),
            "sha256": self.digest, "version": self.rule.version, **({"note": self.note} if self.note else {}),
            **({"normalise": self.rule.normalise} if self.kind == "choice" else {}),
            **({"samples": self.rule.samples, "tokens": self.rule.tokens} if self.kind in ANSWERED else {}),
        }  # fmt: skip


def load_suite(spec: RegressionSpec, *, folder: Path) -> Suite:
    """Read a suite: ``skills``, ``text``, a JSONL file (plain or .gz) or a task in YAML, relative to ``folder``.

    Raises:
        LuthierError: no such file, a line of no known shape, kinds mixed, no line at all, a task that is wrong.
    """
    if spec.suite.startswith(PREFIX):
        return _benchmark(spec, folder)
    rule = Rule()
    if spec.suite == SAFETY:
        path = Path(str(resources.files("luthier.evaluate").joinpath("suites", f"{SAFETY}.yaml")))
        data, where = b"", f"suite {SAFETY}"
    elif spec.suite in BUILT_IN:
        packed = resources.files("luthier.evaluate").joinpath("suites", f"{spec.suite}.jsonl.gz")
        if not packed.is_file():
            raise LuthierError(
                f"the built-in suite {spec.suite!r} is missing from this installation",
                where="evaluate.regression", fix="install Luthier again",
            )  # fmt: skip
        data, where = packed.read_bytes(), f"suite {spec.suite}"
    else:
        path = folder / Path(spec.suite).expanduser()
        if not path.is_file():
            raise LuthierError(
                f"no such suite: {spec.suite}", where="evaluate.regression",
                why="a suite is built in, a JSONL file, or a task in YAML",
                fix=did_you_mean(spec.suite, BUILT_IN) if "/" not in spec.suite else "check the path",
            )  # fmt: skip
        data, where = path.read_bytes(), spec.suite
    rows: Iterable[tuple[int, dict[str, Any]]]
    if spec.suite == SAFETY or Path(spec.suite).suffix in (".yaml", ".yml"):
        task = read_task(path, _rows)
        rows, rule = enumerate(task.rows, start=1), task.rule
        data = b"".join(file.read_bytes() for file in task.files)
    else:
        rows = _rows(data, where)
    kinds: dict[Kind, int] = {}
    items: list[Item] = []
    names: Counter[str] = Counter()
    for number, row in rows:
        kind, example, choice = _item(row, f"{where}:{number}")
        kinds.setdefault(kind, number)
        name = str(row.get("id") or example.id)
        names[name] += 1
        name = name if names[name] == 1 else f"{name}#{names[name]}"
        items.append(Item(name, example, str(row.get("skill", "")), choice))
    if not items:
        raise LuthierError("the suite has no items", where=where, fix="give it lines of {messages, answer} or {text}")
    if len(kinds) > 1:
        raise LuthierError(
            f"the suite mixes rows of kinds {' and '.join(kinds)}", where=f"{where}:{max(kinds.values())}",
            why="one number cannot sum up both", fix="make two files of it",
        )  # fmt: skip
    kind = next(iter(kinds))
    margin = margin_of(spec, kind)
    found = hashlib.sha256(data).hexdigest()
    return Suite(spec.suite, kind, tuple(items), margin, found, spec.pool, spec.floor, rule)


def suite_of_job(job: str, rows: Sequence[Example], *, digest: str, note: str) -> Suite:
    """The test rows of a job that was promoted before, as a suite of right answers in the pool of all such jobs."""
    spec = RegressionSpec(suite=f"{EARLIER}/{job}", pool=EARLIER_JOBS)
    names: Counter[str] = Counter()
    items = []
    for row in rows:
        names[row.id] += 1
        items.append(Item(row.id if names[row.id] == 1 else f"{row.id}#{names[row.id]}", row))
    assert spec.pool is not None
    return Suite(spec.suite, "exact", tuple(items), MARGIN["exact"], digest, spec.pool, spec.floor, note=note)


def margin_of(spec: RegressionSpec, kind: Kind) -> float:
    """The largest loss that a suite of this kind may show: what the recipe says, or else by kind."""
    if spec.margin is not None:
        return spec.margin
    return SAFETY_MARGIN if spec.suite == SAFETY else MARGIN[kind]


def of_earlier_job(spec: RegressionSpec) -> bool:
    """Whether a spec names the suite of an earlier job."""
    return spec.pool == EARLIER_JOBS and spec.suite.startswith(f"{EARLIER}/")


def _benchmark(spec: RegressionSpec, folder: Path) -> Suite:
    """A suite of lm-eval."""
    data = {split: folder / Path(os.path.expandvars(name)).expanduser() for split, name in spec.data.items()}
    for path in data.values():
        if not path.is_file():
            raise LuthierError(f"no such file of rows: {path.name}", where="evaluate.regression", fix="check data:")
    found = read_benchmark(spec.suite.removeprefix(PREFIX), data, spec.shots, _rows)
    items = tuple(Item(q.name, q.example, "", q.choice) for q in found.questions)
    margin = margin_of(spec, found.kind)
    return Suite(
        spec.suite, found.kind, items, margin, found.digest, spec.pool, spec.floor, found.rule, found.judge
    )


def trivial(suite: Suite) -> list[Score]:
    """What the trivial predictor scores on each item.

    Choice: chance, 1 / options. Code: nothing passes. Instructions: the question said back. A benchmark
    that is answered: an empty answer.

    Exact: the most common answer of the item's slice (of the whole suite, where there are
    no slices). Text: bits by the frequencies of bytes over the whole suite. Both of these may look at the suite itself,
    which errs in their favour.
    """
    if suite.kind == "choice":
        return [Score(1 / len(i.choice.options) if i.choice else None, "chance") for i in suite.items]
    if suite.kind == "code":
        return [Score(0.0, "no code") for _ in suite.items]
    if suite.judge is not None:
        return [replace(suite.judge(item.name, ""), reason="an empty answer") for item in suite.items]
    if suite.kind == "instructions":
        return [replace(checked(i.example.asked, i.example.meta), reason="the question said back") for i in suite.items]
    if suite.kind == "exact":
        answers: dict[str, Counter[str]] = {}
        for item in suite.items:
            answers.setdefault(item.slice, Counter())[item.example.answer] += 1
        best = {name: counts.most_common(1)[0][0] for name, counts in answers.items()}
        return [Score(float(i.example.answer == best[i.slice]), "most common answer of its slice") for i in suite.items]
    texts = [text_bytes(item) for item in suite.items]
    counts = Counter(b for text in texts for b in text)
    total = sum(counts.values())
    bits = {b: -math.log2(c / total) for b, c in counts.items()}
    return [bits_score(sum(bits[b] for b in text), len(text), "by frequencies of bytes") for text in texts]


def bits_score(bits: float, size: int, reason: str = "") -> Score:
    """Bits per byte with its parts: ``bits`` and ``bytes`` of the document."""
    return Score(bits / size, reason, {"bits": bits, "bytes": float(size)})


def text_bytes(item: Item) -> bytes:
    """A text item as UTF-8."""
    return (item.example.text or "").encode("utf-8", "surrogatepass")


def _rows(data: bytes, where: str) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        plain = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError) as error:
        raise LuthierError(f"the suite cannot be unpacked: {error}", where=where) from None
    for number, line in enumerate(plain.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise LuthierError(f"this line is not JSON: {error}", where=f"{where}:{number}") from None
        if not isinstance(row, dict):
            raise LuthierError("this line is not a JSON object", where=f"{where}:{number}")
        yield number, row


def _item(row: dict[str, Any], where: str) -> tuple[Kind, Example, Choice | None]:
    text = row.get("text")
    if isinstance(text, str) and text.strip() and "asked" not in row:  # a task's question may have a column "text"
        return "text", Example(text=text), None
    choice = choice_of(row)
    if choice is not None:
        return "choice", example_of(choice), choice
    answered = answered_of(row)
    if answered is not None:
        asked = str(row.get("asked", row["prompt"]))
        columns = {name: value for name, value in row.items() if name not in ("asked", "id", "skill")}
        return answered, Example(messages=(Message("user", asked),), meta=columns), None
    try:
        messages = tuple(Message.from_dict(m) for m in row["messages"])
        if "answer" in row:
            messages = (*messages, Message("assistant", str(row["answer"])))
    except (KeyError, TypeError, AttributeError):
        messages = ()
    example = Example(messages=messages)
    if not example.prompt or not example.answer.strip():
        raise LuthierError(
            "this item has no question with an answer, and no text", where=where,
            fix='write {"messages": [{"role": "user", "content": …}], "answer": …}, {"text": …}, '
            '{"prompt": …, "options": […], "answer": 0}, {"good": …, "bad": …}, '
            '{"prompt": …, "test": …, "entry_point": …} or {"prompt": …, "instruction_id_list": […], "kwargs": […]}',
        )  # fmt: skip
    return "exact", example, None


def slices(items: Sequence[Item]) -> list[str]:
    """Names of the slices in order; empty if the suite has none."""
    return [name for name in dict.fromkeys(item.slice for item in items) if name]
