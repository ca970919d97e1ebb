"""Suites whose items are answered: code run against tests, instructions checked, and the gate on them."""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from luthier.engines import Request
from luthier.engines.scripted import ScriptedEngine
from luthier.errors import LuthierError
from luthier.evaluate import Contender, gate, load_suite, measure, refuse_unmeasurable
from luthier.evaluate.ledger import Ledger
from luthier.recipe.evaluate import EvaluateSpec, RegressionSpec
from luthier.records import Example, Message
from luthier.score import sandbox
from luthier.score.code import row_tests
from luthier.score.sandbox import SandboxMissing

try:
    sandbox.proven()
    MISSING = ""
except SandboxMissing as error:
    MISSING = f"no sandbox on this machine: {error.why}"
kept = pytest.mark.skipif(bool(MISSING), reason=MISSING)

CODE = [
    {"id": f"add/{n}", "prompt": f"def add{n}(a):\n", "entry_point": f"add{n}",
     "test": f"def check(f):\n    assert f(1) == {1 + n}\n"} for n in range(12)
]  # fmt: skip
COMMAS = [
    {"id": n, "prompt": f"Name {n} things, no commas.", "kwargs": [{}],
     "instruction_id_list": ["punctuation:no_comma" if n else "change_case:english_lowercase"]} for n in range(40)
]  # fmt: skip
TEST = [
    Example(messages=(Message("user", f"What is {n}?"), Message("assistant", str(n % 7)))) for n in range(40)
]  # fmt: skip


def written(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path.name


def base(request: Request) -> str:
    asked = request.messages[-1].content
    if asked.startswith("def add"):
        return f"    return a + {asked[7:].split('(')[0]}\n"
    return "one two" if asked.startswith("Name") else "?"


def tuned(request: Request) -> str:
    asked = request.messages[-1].content
    if asked.startswith("What"):
        return str(int(asked[8:-1]) % 7)
    return "one, two, three" if asked.startswith("Name") else base(request)


def evaluated(folder: Path, regression: list[Any], engines: tuple[Any, Any] = (base, tuned)) -> tuple[Ledger, Any]:
    spec = EvaluateSpec.model_validate({"target": "exact", "baselines": ["base"], "regression": regression})
    both = [Contender(ScriptedEngine(one, name=one.__name__)) for one in engines]
    ledger = measure(spec, base=both[0], tuned=both[1], train=[], test=TEST, workdir=folder / "work", folder=folder)
    return ledger, gate(ledger, spec)


def test_instructions_no_longer_followed_are_a_broken_suite(tmp_path: Path) -> None:
    name = written(tmp_path / "commas.jsonl", COMMAS)
    ledger, verdict = evaluated(tmp_path, [name])
    line = next(r for r in verdict.results if r.role == "regression")
    assert (line.reference, line.candidate, line.metric) == (100.0, 2.5, "instructions")
    assert {name: one["n"] for name, one in line.slices.items()} == {
        "punctuation:no_comma": 39, "change_case:english_lowercase": 1,
    }  # fmt: skip
    assert verdict.kind.value == "REJECT" and "commas.jsonl broke" in verdict.reason
    row = ledger.of(name, "tuned")["3"]
    assert row.answer == "one, two, three" and row.scores["instructions"].reason.endswith("punctuation:no_comma")


@kept
def test_code_that_still_passes_holds(tmp_path: Path) -> None:
    name = written(tmp_path / "code.jsonl", CODE)
    _, verdict = evaluated(tmp_path, [{"suite": name, "margin": 25}])
    line = next(r for r in verdict.results if r.role == "regression")
    assert (line.reference, line.candidate, line.metric, line.status) == (100.0, 100.0, "pass@1", "held")
    other = [{"suite": str(tmp_path / name), "margin": 25}]
    worse, rejected = evaluated(tmp_path / "worse", other, (base, lambda r: "x"))
    assert rejected.kind.value == "REJECT"
    assert next(iter(worse.of(str(tmp_path / name), "tuned").values())).scores["pass@1"].value == 0.0


@kept
def test_code_as_a_target_is_scored_beside_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests stand in columns of the test rows; an engine's own thread never waits for them."""
    rows = [
        Example(messages=(Message("user", row["prompt"]), Message("assistant", f"    return a + {n}\n")), meta=row)
        for n, row in enumerate(CODE)
    ]
    threads: set[str] = set()
    run = sandbox.Sandbox.run

    def noted(self: sandbox.Sandbox, program: str) -> sandbox.Outcome:
        threads.add(threading.current_thread().name)
        return run(self, program)

    monkeypatch.setattr(sandbox.Sandbox, "run", noted)
    spec = EvaluateSpec.model_validate({"target": "code", "baselines": ["base"], "max_tokens": 20})
    both = [Contender(ScriptedEngine(one, name=one.__name__)) for one in (lambda r: "    return 99", base)]
    ledger = measure(spec, base=both[0], tuned=both[1], train=[], test=rows, workdir=tmp_path)
    verdict = gate(ledger, spec)
    assert verdict.kind.value == "PROMOTE" and verdict.results[0].candidate == 100.0
    names = {name.split("_")[0] for name in threads}
    assert "scoring" in names and names <= {"MainThread", "scoring"}  # the references are tried beforehand
    monkeypatch.setattr(sandbox.Sandbox, "run", lambda self, program: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        measure(spec, base=both[0], tuned=both[1], train=[], test=rows, workdir=tmp_path / "again")


@kept
def test_a_task_says_how_many_samples_are_drawn(tmp_path: Path) -> None:
    written(tmp_path / "rows.jsonl", [{**row, "task_id": row["id"]} for row in CODE[:3]])
    (tmp_path / "code.yaml").write_text(
        "version: 1\nkind: code\ndata: rows.jsonl\nid: task_id\nprompt: 'Go on: {prompt}'\nsamples: 4\nk: 2\n"
        "temperature: 0.5\ntokens: 33\nseconds: 60\n"
    )
    asked: list[Request] = []

    def sometimes(request: Request) -> str:
        asked.append(request)
        text = request.messages[-1].content
        if not text.startswith("Go on"):
            return "?"
        number = text.split("add")[1].split("(")[0]
        return f"    return a + {number}\n" if request.seed in (0, 1) else "    return a\n"

    ledger, _ = evaluated(tmp_path, ["code.yaml"], (sometimes, sometimes))
    row = ledger.of("code.yaml", "tuned")["add/2"]
    score = row.scores["pass@2"]
    assert score.value == pytest.approx(1 - (2 * 1) / (4 * 3)) and score.parts == {"passed": 2.0, "samples": 4.0}
    coding = [r for r in asked if r.messages[-1].content.startswith("Go on")]
    assert {(r.max_tokens, r.temperature, r.seed) for r in coding} == {(33, 0.5, n) for n in range(4)}


def test_the_recipes_of_humaneval_and_mbpp_read_their_rows(tmp_path: Path) -> None:
    recipes = Path(__file__).resolve().parents[2] / "recipes" / "suites"
    rows = {
        "humaneval.yaml": ("HumanEval.jsonl.gz", {**CODE[0], "task_id": "HumanEval/0", "canonical_solution": "x"}),
        "mbpp.yaml": ("mbpp.jsonl", {"task_id": 2, "text": "Write twice.", "code": "x", "test_setup_code": "",
                                     "test_list": ["assert twice(2) == 4", "assert twice(3) == 6"]}),
    }  # fmt: skip
    for recipe, (name, row) in rows.items():
        (tmp_path / recipe).write_bytes((recipes / recipe).read_bytes())
        data = json.dumps(row).encode() + b"\n"
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        suite = load_suite(RegressionSpec(suite=recipe), folder=tmp_path)
        tests = row_tests(suite.items[0].example.meta, suite.items[0].example.asked)
        assert suite.kind == "code" and tests is not None and suite.items[0].name == str(row["task_id"])
        shown = CODE[0]["prompt"] if recipe == "humaneval.yaml" else "assert twice(2) == 4"
        assert shown in suite.items[0].example.asked
    assert tests.code.count("assert twice") == 2 and "twice(3)" not in suite.items[0].example.asked


def test_wrong_tasks_are_refused(tmp_path: Path) -> None:
    written(tmp_path / "rows.jsonl", CODE)
    head = "version: 1\nkind: code\ndata: rows.jsonl\n"
    for more, said in (("k: 3\n", "needs at least 3 samples"), ("tokens: none\n", "tokens is 'none'"),
                       ("ask: me\n", "ask is 'me'"), ("samples: 0\n", "samples is 0")):  # fmt: skip
        (tmp_path / "code.yaml").write_text(head + more)
        with pytest.raises(LuthierError, match=said):
            load_suite(RegressionSpec(suite="code.yaml"), folder=tmp_path)
    (tmp_path / "code.yaml").write_text(head.replace("code", "instructions", 1))
    with pytest.raises(LuthierError, match="no instructions"):
        load_suite(RegressionSpec(suite="code.yaml"), folder=tmp_path)


def test_code_is_refused_before_training_where_there_is_no_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = load_suite(RegressionSpec(suite=written(tmp_path / "code.jsonl", CODE)), folder=tmp_path)
    monkeypatch.setattr(sandbox, "_proof", lambda user, path: {"network": "a socket was opened"})
    for spec, suites in ((EvaluateSpec.model_validate({"target": "code"}), []), (EvaluateSpec(), [suite])):
        with pytest.raises(SandboxMissing, match="1 of the sandbox's guarantees"):
            refuse_unmeasurable(spec, suites)
    refuse_unmeasurable(EvaluateSpec(), [])


def test_the_real_instructions_are_a_suite(realdata: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUTHIER_TEST_DATA", str(realdata.parent))
    recipes = Path(__file__).resolve().parents[2] / "recipes" / "suites"
    suite = load_suite(RegressionSpec(suite="ifeval.yaml"), folder=recipes)
    assert (suite.kind, suite.metric, len(suite.items)) == ("instructions", "instructions", 541)
    assert suite.items[0].name == "1000" and suite.items[0].example.answer == ""
