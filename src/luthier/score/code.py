"""Code that a model wrote, run against tests: HumanEval's and MBPP's way, in the sandbox (``sandbox``).

An item carries its tests as columns beside the question: ``test`` with ``entry_point`` (HumanEval: a function ``check``
that is called with what was asked for), ``test_list`` (MBPP: assertions, after ``test_setup_code``), or ``tests``
(plain Python). An answer may be the rest of the prompt's code, as base models write it, or a whole program, in a fence
or not, as chat models do. It passes where the program and its tests run to the end; whatever else happens is the
reason.

pass@k is Chen et al.'s unbiased estimator (2021, arXiv:2107.03374). What this does not do: an answer runs in the
process of its tests, so one that sets out to forge a pass can; one that merely leaves early (``sys.exit(0)``) cannot.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from luthier.recipe.evaluate import CodeMetric
from luthier.records import Example, Score
from luthier.score.measure import Measure
from luthier.score.sandbox import MB, Limits, Outcome, Sandbox

_FENCE = re.compile(r"^[ \t]*```[ \t]*[\w+-]*[ \t]*\n(.*?)(?:^[ \t]*```|\Z)", re.DOTALL | re.MULTILINE)
_STOPS = ("\nclass ", "\ndef ", "\n#", "\nif ", "\nprint", "\n@", "\n```")
"""Where a completion of a function ends: HumanEval's own stops, and the fence of a chat."""


@dataclass(frozen=True, slots=True)
class Tests:
    """What an answer must pass. ``prompt`` is the code that the model was to go on with; ``entry`` the name asked
    for."""

    code: str
    entry: str = ""
    prompt: str = ""


def row_tests(columns: Mapping[str, Any], asked: str = "") -> Tests | None:
    """The tests of a row, from its columns; None if it has none. ``asked`` is the question as the model saw it."""
    entry = str(columns.get("entry_point") or "")
    prompt = str(columns.get("prompt") or _last_block(asked) or asked)
    if isinstance(listed := columns.get("test_list"), list | tuple) and listed:
        setup = str(columns.get("test_setup_code") or "\n".join(map(str, columns.get("test_imports") or ())))
        return Tests("\n".join([setup, *map(str, listed)]), entry)
    if (test := columns.get("test")) and entry:
        return Tests(f"{test}\n\ncheck({entry})", entry, prompt if _defines(prompt, entry) else "")
    if code := columns.get("tests") or columns.get("test"):
        return Tests(str(code), entry, prompt if entry and _defines(prompt, entry) else "")
    return None


def program_of(answer: str, tests: Tests) -> str:
    """The answer as a program, without its tests."""
    blocks = [found[1] for found in _FENCE.finditer(answer)]
    text = next((b for b in blocks if _defines(b, tests.entry)), None) or max(blocks, key=len, default=answer)
    if tests.prompt and not _defines(text, tests.entry):
        return tests.prompt + _cut(text)
    return _before(tests.prompt, tests.entry) + text


def run(answer: str, tests: Tests, sandbox: Sandbox) -> Score:
    """1 where the answer passes its tests, else 0 with the reason."""
    done = secrets.token_hex(16)
    end = f'__import__("sys").__stdout__.write("\\n{done}\\n")'
    outcome = sandbox.run(f"{program_of(answer, tests)}\n\n{tests.code}\n\n{end}\n")
    if outcome.ended == "done" and outcome.last_line == done:
        return Score(1.0, "passed")
    return Score(0.0, _why(outcome, sandbox.limits))


def code(spec: CodeMetric) -> Measure:
    """Whether the answer's code passes the tests of its row."""
    kept: list[Sandbox] = []

    def of(example: Example, answer: str) -> Score:
        tests = row_tests(example.meta, example.asked)
        if tests is None:
            return Score(None, "the row has no tests (columns test and entry_point, test_list, or tests)")
        if not kept:
            kept.append(Sandbox(limits_of(spec.seconds, spec.memory)))
        return run(answer, tests, kept[0])

    def bare(reference: str, answer: str) -> Score:
        return Score(None, "code is scored by the tests of its row, not by a reference")

    return Measure("code", "code passes its tests", bare, binary=True, of=of, slow=True)


def limits_of(seconds: float, memory: int) -> Limits:
    """Limits of one answer: wall clock in seconds (CPU time no more than that), memory in MB."""
    return Limits(memory=memory * MB, cpu=max(1, int(seconds)), wall=seconds)


def pass_at_k(samples: int, passed: int, k: int) -> float:
    """The chance that one of k samples passes, from ``passed`` of ``samples``: 1 - C(n - c, k) / C(n, k).

    Raises:
        ValueError: k is above the number of samples.
    """
    if not 1 <= k <= samples or not 0 <= passed <= samples:
        raise ValueError(f"pass@{k} of {passed} in {samples}")
    if samples - passed < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(samples - passed + 1, samples + 1)))


def sampled(answers: list[str], tests: Tests, k: int, judge: Callable[[str, Tests], Score]) -> Score:
    """pass@k over several answers to one item. Parts: ``passed`` and ``samples``."""
    each = [judge(answer, tests) for answer in answers]
    passed = sum(s.value == 1.0 for s in each)
    worst = next((s.reason for s in each if s.value != 1.0), "passed")
    reason = worst
    if len(each) > 1:
        reason = f"{passed} of {len(each)} passed" + ("" if passed == len(each) else f"; {worst}")
    return Score(pass_at_k(len(each), passed, k), reason, {"passed": float(passed), "samples": float(len(each))})


def _why(outcome: Outcome, limits: Limits) -> str:
    if outcome.ended == "done":
        return "ended before its tests were done"
    if outcome.ended == "failed":
        return outcome.last_line[:200] or f"exit code {outcome.exit_code}"
    most = {
        "wall clock": f"{limits.wall:g} s", "CPU time": f"{limits.wall:g} s",
        "memory": f"{limits.memory // MB} MB", "output": f"{limits.output // 1024} KiB of output",
    }.get(outcome.ended, "")  # fmt: skip
    return f"stopped at the limit: {most}" if most else "ended by a signal"


def _defines(code: str, entry: str) -> bool:
    return _definition(code, entry) is not None


def _definition(code: str, entry: str) -> re.Match[str] | None:
    """Where a function or class of that name begins."""
    start = rf"^(?:async[ \t]+)?(?:def|class)[ \t]+{re.escape(entry)}\b"
    return re.search(start, code, re.MULTILINE) if entry else None


def _before(prompt: str, entry: str) -> str:
    """Imports and helpers that stand before what is asked for."""
    found = _definition(prompt, entry)
    return prompt[: found.start()] if found else ""


def _cut(completion: str) -> str:
    """A completion up to the first line that is no longer of the function."""
    ends = [at for stop in _STOPS if (at := completion.find(stop)) >= 0]
    return completion[: min(ends)] if ends else completion


def _last_block(asked: str) -> str:
    found = _FENCE.findall(asked)
    return found[-1] if found else ""
