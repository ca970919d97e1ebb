"""Seeds of a small company and a scripted model that writes tasks, instances, rewritings and judgements."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from luthier.augment import Asker, Seed
from luthier.augment.seeds import from_task
from luthier.engines import Request
from luthier.engines.scripted import ScriptedEngine

VERBS = [
    "describe", "explain", "compare", "list", "summarise", "translate", "name", "suggest", "rewrite", "correct",
    "plan", "order", "draft", "repair",
]  # fmt: skip
THINGS = [
    "river", "bridge", "violin", "recipe", "garden", "engine", "market", "poem", "letter", "holiday", "budget",
    "museum", "planet", "kitchen", "bicycle", "harbour", "school", "invoice", "lamp", "winter",
]  # fmt: skip


def scripted(request: Request) -> str:
    """A model whose answers depend on the request alone."""
    text = request.messages[-1].content
    number = int(hashlib.sha256(f"{text}{request.seed}".encode()).hexdigest(), 16)
    if text.startswith("Come up with a series"):
        lines = []
        for place in range(7):
            number = number * 6364136223846793005 + 1442695040888963407 & (1 << 128) - 1
            a, b, c = (number >> shift for shift in (5, 25, 45))
            verb, thing, other = VERBS[a % len(VERBS)].title(), THINGS[b % 20], THINGS[c % 20]
            lines.append(f"{9 + place}. {verb} the {thing} of a {other} {number % 89}.")
        return "\n".join(lines)
    if "Is it classification?" in text:
        return "Yes" if number % 4 == 0 else "No"
    if "Class label:" in text:
        return f"Class label: good\nThe first {number % 97}\nClass label: bad\nThe second {number % 89}"
    if text.startswith("Come up with examples"):
        return f"Example 1\nInput: case {number % 997}\nOutput: result {number % 7}\nExample 2\nInput: x\nOutput: y"
    if text.startswith("Below is a request"):
        return f"Please do it with care in {number % 9973} steps and say why."
    if "Equal or Different" in text:
        return "Equal" if number % 3 == 0 else "Different"
    return f"That makes {number % 11}."


@pytest.fixture
def model() -> Callable[[Request], str]:
    """The scripted model as a function."""
    return scripted


@pytest.fixture
def asker() -> Asker:
    """The scripted model."""
    return Asker(ScriptedEngine(scripted))


@pytest.fixture
def seeds() -> list[Seed]:
    """Twenty tasks, a quarter of them classification."""
    return make_seeds(20)


def make_seeds(count: int) -> list[Seed]:
    """Seeds for children of a forked process too, which know no fixtures."""
    rows = []
    for n in range(count):
        kind = n % 4 == 0
        instruction = f"{'Decide if' if kind else 'Tell me how'} the {THINGS[n % 20]} {VERBS[n % 14]}s number {n}."
        rows.append(
            {
                "instruction": instruction,
                "instances": [{"input": f"about {n}", "output": "yes" if kind else f"It is {n}."}],
                "is_classification": kind,
            }
        )
    return [from_task(row, f"seeds.jsonl:{n}") for n, row in enumerate(rows, 1)]


@pytest.fixture
def real_seeds(realdata: Path) -> list[Seed]:
    """The 175 published seed tasks."""
    path = realdata / "instruction" / "self_instruct_seed175.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [from_task(json.loads(line), f"seeds:{n}") for n, line in enumerate(file, 1)]


@pytest.fixture
def saying() -> Callable[..., Asker]:
    """A model that gives these answers to requests that begin so, in turn; the last answer again and again."""

    def make(**answers: list[str]) -> Asker:
        heads = {
            "tasks": "Come up with a series",
            "classify": "Can the following task",
            "clf": "Given the classification task",
            "gen": "Come up with examples",
            "rewrite": "Below is a request",
            "judge": "Here are two requests",
        }
        left = {kind: list(found) for kind, found in answers.items()}

        def answer(request: Request) -> str:
            text = request.messages[-1].content
            kind = next((kind for kind, head in heads.items() if text.startswith(head)), "answer")
            found = left.get(kind) or [""]
            return found.pop(0) if len(found) > 1 else found[0]

        return Asker(ScriptedEngine(answer))

    return make
