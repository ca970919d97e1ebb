"""Suites by log-likelihood: reading tasks, the arithmetic of options, and a real model on them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from luthier.errors import LuthierError
from luthier.evaluate import Contender, gate, load_suite, measure
from luthier.evaluate.guards import option_items
from luthier.evaluate.regression import trivial
from luthier.evaluate.tasks import Choice, Rule, judged
from luthier.recipe.evaluate import EvaluateSpec, RegressionSpec
from luthier.records import Example

ROWS = [
    {"q": "Sky? One: blue Two: red", "key": "one", "topic": "a"},
    {"q": "Grass? One: pink Two: green", "key": "two", "topic": "b"},
]
TASK = """
version: 3
kind: choice
data: rows.jsonl
extract: {field: q, pattern: "(?P<q>.*?) One: (?P<a>.*?) Two: (?P<b>.*?)(?: Three: (?P<c>.*))?$"}
prompt: "Q: {q}\\nA:"
options: [" {a}", " {b}", " {c}"]
answer: key
answers: {one: 0, two: 1}
slice: topic
normalise: char
"""


@pytest.fixture
def task(tmp_path: Path) -> Callable[..., Any]:
    def make(text: str = TASK, rows: list[dict[str, Any]] = ROWS) -> Any:
        (tmp_path / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
        (tmp_path / "task.yaml").write_text(text, encoding="utf-8")
        return load_suite(RegressionSpec(suite="task.yaml"), folder=tmp_path)

    return make


def test_a_template_makes_questions_of_rows(task: Callable[..., Any]) -> None:
    suite = task()
    assert [i.choice for i in suite.items] == [
        Choice("Q: Sky?\nA:", (" blue", " red"), 0),  # the third option is not there and asks nothing
        Choice("Q: Grass?\nA:", (" pink", " green"), 1),
    ]
    assert [i.slice for i in suite.items] == ["a", "b"]
    assert (suite.kind, suite.metric, suite.unit, suite.facts()["version"]) == ("choice", "choice", "%", "3")
    assert [s.value for s in trivial(suite)] == [0.5, 0.5]
    changed = task(TASK.replace("version: 3", "version: 4"))
    assert changed.digest != suite.digest
    assert task(TASK + "measure: probability\n").metric == "choice_probability"


def test_rows_that_are_questions_need_no_task(tmp_path: Path) -> None:
    rows = [{"prompt": "1 + 1 =", "options": [" 1", " 2"], "answer": a} for a in (1, "B", "2", " 2")]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    items = load_suite(RegressionSpec(suite="c.jsonl"), folder=tmp_path).items
    assert {i.choice.right for i in items if i.choice} == {1}
    (tmp_path / "p.jsonl").write_text(json.dumps({"good": "He sleeps.", "bad": "He sleep."}))
    pair = load_suite(RegressionSpec(suite="p.jsonl"), folder=tmp_path).items[0].choice
    assert pair == Choice("", ("He sleeps.", "He sleep."), 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TASK.replace("version: 3", ""), "names no version"),
        (TASK.replace("kind: choice", "kind: choices"), "kind is 'choices'"),
        (TASK.replace("prompt:", "promt:"), "unknown key 'promt'"),
        (TASK.replace("rows.jsonl", "none.jsonl"), "no such file"),
        (TASK.replace("{q}", "{question}"), "rows.jsonl:1"),
        (TASK.replace("One:", "Eins:"), "does not match"),
        (TASK + ": [", "not valid YAML"),
    ],
)
def test_a_wrong_task_is_told_with_its_place(text: str, told: str, task: Callable[..., Any]) -> None:
    with pytest.raises(LuthierError, match=told):
        task(text)


def test_options_are_weighed_in_four_ways() -> None:
    choice = Choice("Q:", (" é", " long one"), 1)  # 1 and 8 characters, 2 and 8 bytes
    found = judged(choice, [-2.0, -12.0], Rule("raw"), bare=[-1.0, -12.5])
    assert {k: found.parts[k] for k in ("raw", "char", "byte", "unconditional")} == {
        "raw": 0.0, "char": 1.0, "byte": 0.0, "unconditional": 1.0,
    }  # fmt: skip
    assert found.value == 0.0 and judged(choice, [-2.0, -12.0], Rule("char")).value == 1.0
    likely = judged(choice, [-2.0, -1.0], Rule("raw", "probability"))
    assert likely.value == pytest.approx(1 / (1 + math.exp(-1.0))) and likely.parts["nats"] == -1.0


def test_white_space_before_an_option_belongs_to_it(base: Contender) -> None:
    class Words:
        """Words with the space in front of them, as most tokenizers cut."""

        opening = ()

        def encode_all(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
            return [tuple(w for w in text.replace(" ", "| ").split("|") if w) for text in texts]

    words: Any = SimpleNamespace(tokens=Words())
    for context, option in (("Answer:", " blue"), ("Answer: ", "blue")):
        assert option_items(words, [Choice(context, (option,), 0)]) == [[(("Answer:",), (" blue",))]]
    assert option_items(words, [Choice("", ("Blue sky",), 0)]) == [[((), ("Blue", " sky"))]]
    assert base.tokens is not None
    encode = base.tokens.encode
    before, whole = encode("Answer:"), encode("Answer: blue")
    choices = [Choice("Answer:", (" blue", ""), 0), Choice("Answer: ", ("blue",), 0), Choice("", ("Blue sky",), 0)]
    first, second, third = option_items(base, choices)
    assert first[0] == second[0] == ((*base.tokens.opening, *before), whole[len(before) :])
    assert first[1][1] == () and third == [((), encode("Blue sky"))]


def test_a_model_is_judged_by_its_own_log_likelihoods(
    base: Contender, other: Contender, chat: Callable[..., Example], tmp_path: Path
) -> None:
    """The tiny random model: each option alone through the engine, and the suite through ``measure`` and ``gate``."""
    rows = [
        {"prompt": f"Number {n}:", "options": [f" {n}", f" {n} or so", " none at all"], "answer": n % 3}
        for n in range(40)
    ]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    spec = EvaluateSpec.model_validate({"target": "exact", "baselines": ["base"], "regression": ["c.jsonl"]})
    ledger = measure(
        spec, base=base, tuned=other, test=[chat("a", "b")], train=[], workdir=tmp_path / "w", folder=tmp_path
    )
    assert base.tokens is not None
    items = {i.name: i.choice for i in load_suite(RegressionSpec(suite="c.jsonl"), folder=tmp_path).items}
    for row in ledger.of("c.jsonl", "base").values():
        choice = items[row.item]
        assert choice is not None
        before = base.tokens.encode(choice.context)
        pairs = [(before, base.tokens.encode(choice.context + option)[len(before) :]) for option in choice.options]
        nats = [base.engine.loglikelihood([pair])[0].total for pair in pairs]
        assert row.scores["choice"].parts["nats"] == pytest.approx(nats[choice.right], abs=1e-3)
        assert row.value("choice") == float(max(range(3), key=nats.__getitem__) == choice.right)
    line = next(r for r in gate(ledger).results if r.role == "regression")
    assert (line.suite, line.metric, line.n, line.unit) == ("c.jsonl", "choice", 40, "%")
    assert ledger.facts["suites"]["c.jsonl"]["normalise"] == "raw"


def test_an_option_too_long_for_the_context_is_not_scored(
    make_contender: Callable[..., Contender], chat: Callable[..., Example], tmp_path: Path
) -> None:
    small = make_contender(0, 64)
    rows = [{"prompt": "Say:", "options": [" a", " b" * n], "answer": 0} for n in (1, 100)]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    spec = EvaluateSpec.model_validate({"target": "exact", "baselines": ["base"], "regression": ["c.jsonl"]})
    ledger = measure(
        spec, base=small, tuned=small, test=[chat("a", "b")], train=[], workdir=tmp_path / "w", folder=tmp_path
    )
    values = [row.value("choice") for row in ledger.of("c.jsonl", "tuned").values()]
    assert values.count(None) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["arc-easy", "openbookqa", "blimp"])
def test_a_real_model_on_real_suites(
    name: str, lab7m: Path, realdata: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read together or one by one, every option has the same log-likelihood; lm-eval's are in the benchmark."""
    from luthier.engines.embedded import EmbeddedEngine
    from luthier.models.load import load
    from luthier.models.source import resolve

    monkeypatch.setenv("LUTHIER_TEST_DATA", str(realdata.parent))
    folder = Path(__file__).resolve().parents[2] / "recipes" / "suites"
    suite = load_suite(RegressionSpec(suite=f"{name}.yaml"), folder=folder)
    items = suite.items[:: len(suite.items) // 25][:25]
    loaded = load(resolve(str(lab7m)), device="cpu")
    with EmbeddedEngine(loaded) as engine:
        asked = option_items(Contender(engine, loaded.chat), [i.choice for i in items])
        pairs = [pair for one in asked for pair in one]
        together = [found.total for found in engine.loglikelihood(pairs)]
        alone = [engine.loglikelihood([pair])[0].total for pair in pairs]
    assert together == pytest.approx(alone, abs=1e-3)
    assert len(pairs) >= 2 * len(items) and all(x < 0 for x in together)
