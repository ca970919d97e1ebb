"""Code of a model against its tests: what counts as an answer, what as a pass, and pass@k."""

from __future__ import annotations

import itertools

import pytest

from luthier.recipe.evaluate import CodeMetric
from luthier.records import Example, Message
from luthier.score import build, sandbox
from luthier.score.code import pass_at_k, program_of, row_tests
from luthier.score.sandbox import SandboxMissing

try:
    sandbox.proven()
    MISSING = ""
except SandboxMissing as error:
    MISSING = f"no sandbox on this machine: {error.why}"
kept = pytest.mark.skipif(bool(MISSING), reason=MISSING)

PROMPT = 'from typing import List\n\n\ndef add(a: int, b: int) -> int:\n    """Add two numbers."""\n'
COLUMNS = {
    "prompt": PROMPT, "entry_point": "add",
    "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(-1, 1) == 0\n",
}  # fmt: skip


def row(columns: dict[str, object], asked: str = PROMPT) -> Example:
    return Example(messages=(Message("user", asked), Message("assistant", "    return a + b\n")), meta=columns)


ANSWERS = {
    "the rest of the function": ("    return a + b\n", 1.0, "passed"),
    "the rest, and then more": ("    return a + b\n\ndef other():\n    raise SystemExit(3)\n\nprint(", 1.0, "passed"),
    "a whole function in a fence": ("Sure:\n```python\ndef add(a, b):\n    return a + b\n```\nIt adds.", 1.0, "passed"),
    "the second of two fences": (
        "```\npip install x\n```\nthen\n```python\ndef add(a, b):\n    return b + a\n```", 1.0, "passed"),
    "a fence that is not closed": ("```python\ndef add(a, b):\n    return a + b\n", 1.0, "passed"),
    "a whole function that needs the prompt's import": (
        "def add(a, b):\n    c: List[int] = [a, b]\n    return sum(c)", 1.0, "passed"),
    "a wrong one": ("    return a - b\n", 0.0, "AssertionError"),
    "no code": ("I cannot do that.", 0.0, "SyntaxError: invalid syntax"),
    "an early leave": ("    return a + b\nimport sys\nsys.exit(0)\n", 0.0, "ended before its tests were done"),
    "a hard leave": ("    import os\n    os._exit(0)\n", 0.0, "ended before its tests were done"),
    "a name of its own": ("```python\ndef plus(a, b):\n    return a + b\n```", 0.0, "Error"),
    "an endless one": ("    while True: pass\n", 0.0, "stopped at the limit: 1.2 s"),
    "a greedy one": ("    return [0] * 10 ** 10\n", 0.0, "MemoryError"),
    "an empty one": ("", 0.0, "AssertionError"),
}  # fmt: skip


@kept
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_passes_or_says_why_not(name: str) -> None:
    answer, value, reason = ANSWERS[name]
    seconds = 1.2 if name == "an endless one" else 60.0  # a busy machine starts an interpreter slowly
    score = build(CodeMetric(seconds=seconds, memory=128)).score_row(row(COLUMNS), answer)
    assert score.value == value and reason in score.reason, score


@kept
def test_row_tests_mbpp_and_plain_tests() -> None:
    measure = build(CodeMetric(seconds=60))
    answer = "```python\ndef twice(x):\n    return 2 * x\n```"
    listed = ["assert twice(2) == 4", "assert twice(LIMIT) == 18"]
    mbpp = row({"test_list": listed, "test_setup_code": "LIMIT = 9"}, "?")
    assert measure.score_row(mbpp, answer).value == 1.0
    assert measure.score_row(mbpp, answer.replace("2 * x", "x + 2")).value == 0.0
    plain = row({"tests": "assert twice(3) == 6"}, "?")
    assert measure.score_row(plain, answer).value == 1.0


@kept
def test_seconds_and_memory_are_the_answers_limits() -> None:
    slow = row({"tests": "import time\ntime.sleep(1.5)"}, "?")
    assert build(CodeMetric(seconds=1)).score_row(slow, "x = 1").reason == "stopped at the limit: 1 s"
    assert build(CodeMetric(seconds=60)).score_row(slow, "x = 1").value == 1.0
    large = row({"tests": "x = bytearray(200 << 20)"}, "?")
    assert "MemoryError" in build(CodeMetric(memory=128)).score_row(large, "x = 1").reason
    assert build(CodeMetric(memory=400)).score_row(large, "x = 1").value == 1.0


def test_a_row_without_tests_is_not_scored() -> None:
    measure = build(CodeMetric())
    assert measure.score_row(row({}), "x = 1").value is None
    assert measure.score("x", "x").value is None and measure.score("x", None).value is None


def test_the_prompt_is_found_in_the_chat_where_no_column_holds_it() -> None:
    columns = {k: v for k, v in COLUMNS.items() if k != "prompt"}
    tests = row_tests(columns, f"Complete this function.\n```python\n{PROMPT}```")
    assert tests is not None and tests.prompt == PROMPT
    assert program_of("    return a + b", tests) == PROMPT + "    return a + b"


def test_pass_at_k_is_the_share_of_draws_that_hold_a_pass() -> None:
    for n, passed in itertools.product(range(1, 7), range(7)):
        for k in range(1, n + 1):
            if passed > n:
                continue
            draws = list(itertools.combinations([True] * passed + [False] * (n - passed), k))
            assert pass_at_k(n, passed, k) == pytest.approx(sum(map(any, draws)) / len(draws), abs=1e-12)
    for wrong in ((3, 1, 4), (3, 4, 1), (3, 1, 0)):
        with pytest.raises(ValueError, match="pass@"):
            pass_at_k(*wrong)
