"""Standard benchmarks from lm-eval: the same questions, the same scores as its own evaluation, our statistics."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from luthier.engines import Request
from luthier.engines.scripted import ScriptedEngine
from luthier.errors import LuthierError
from luthier.evaluate import Contender, gate, harness, load_suite, measure
from luthier.recipe.evaluate import EvaluateSpec, RegressionSpec
from luthier.records import Example, Message

ARC = [
    {"question": f"Which of these is number {i}?", "choices": {"text": [f"it is {i}", f"{i + 1}", "none of them"],
     "label": ["A", "B", "C"]}, "answerKey": "ABC"[i % 3]} for i in range(12)
]  # fmt: skip
GSM = [{"question": f"What is {i} + 1?", "answer": f"{i} + 1 = {i + 1}\n#### {i + 1}"} for i in range(10)]
TEST = [Example(messages=(Message("user", "What is 1?"), Message("assistant", "1")))]


def written(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path.name


def needs_lm_eval() -> None:
    pytest.importorskip("lm_eval.tasks")


@pytest.mark.slow
def test_choices_score_as_lm_eval_scores_them(tmp_path: Path, base: Contender) -> None:
    needs_lm_eval()
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM

    spec = {"suite": "lm-eval/arc_easy", "data": written(tmp_path / "arc.jsonl", ARC)}
    suite = load_suite(RegressionSpec.model_validate(spec), folder=tmp_path)
    assert (suite.kind, suite.rule.normalise, len(suite.items)) == ("choice", "char", 12)
    assert suite.items[4].choice is not None and suite.items[4].choice.right == 1
    recipe = EvaluateSpec.model_validate({"target": "exact", "baselines": ["base"], "regression": spec})
    ledger = measure(recipe, base=base, tuned=base, train=[], test=TEST, workdir=tmp_path / "w", folder=tmp_path)
    loaded = base.engine._loaded  # type: ignore[attr-defined]
    task = harness._task("arc_easy", {"test": tmp_path / "arc.jsonl"}, load_rows)
    lm = HFLM(pretrained=loaded.model, tokenizer=loaded.tokenizer, batch_size=1, max_length=512)
    theirs = simple_evaluate(lm, tasks=[task], bootstrap_iters=0, log_samples=True)["samples"]["arc_easy"]
    for sample in theirs:
        ours = ledger.of("lm-eval/arc_easy", "tuned")[str(sample["doc_id"])].scores["choice"]
        right = int(sample["target"])
        assert ours.parts["nats"] == pytest.approx(float(sample["filtered_resps"][right][0]), abs=1e-3)
        assert (ours.parts["raw"], ours.value) == (sample["acc"], sample["acc_norm"])


def load_rows(data: bytes, where: str) -> Any:
    return [(n, json.loads(line)) for n, line in enumerate(data.splitlines(), 1)]


def test_answers_go_through_its_filters_and_metric(tmp_path: Path) -> None:
    needs_lm_eval()
    data = {"test": written(tmp_path / "test.jsonl", GSM), "train": written(tmp_path / "train.jsonl", GSM)}
    spec = {"suite": "lm-eval/gsm8k", "data": data, "shots": 2, "margin": 30}
    suite = load_suite(RegressionSpec.model_validate(spec), folder=tmp_path)
    assert suite.kind == "harness" and suite.rule.ask == "text" and "Question:" in suite.rule.stop
    asked = suite.items[3].example.asked
    assert asked.endswith("Question: What is 3 + 1?\nAnswer:") and asked.count("####") == 2
    assert suite.judge is not None
    assert suite.judge("3", " So it is\n#### 4").value == 1.0 and suite.judge("3", "#### 5").value == 0.0
    none = load_suite(RegressionSpec.model_validate({**spec, "shots": 0}), folder=tmp_path)
    assert none.digest != suite.digest and none.items[3].example.asked.count("####") == 0


def test_a_benchmark_that_was_unlearnt_is_a_broken_suite(tmp_path: Path) -> None:
    needs_lm_eval()

    class Plain(ScriptedEngine):
        """A scripted engine that takes plain prompts, as characters."""

        capabilities = frozenset({"generate", "token_ids"})
        opening = ()
        context = None

        def encode(self, text: str) -> tuple[int, ...]:
            return tuple(map(ord, text))

        def prompt_ids(self, request: Request) -> tuple[int, ...]:
            return request.token_ids or self.encode(request.messages[-1].content)

        def generate(self, requests: Any, on_done: Any = None, **more: Any) -> Any:
            plain = [
                replace(r, token_ids=(), messages=(Message("user", "".join(map(chr, r.token_ids))),))
                if r.token_ids else r for r in requests
            ]  # fmt: skip
            return super().generate(plain, on_done, **more)

    def knows(request: Request) -> str:
        text = request.messages[-1].content
        number = text.rsplit("What is ", 1)[1].split(" ")[0].strip("?")
        return f"#### {int(number) + 1}" if text.startswith("Question:") else number

    def forgot(request: Request) -> str:
        return "no idea" if request.messages[-1].content.startswith("Question:") else knows(request)

    spec = {"suite": "lm-eval/gsm8k", "data": written(tmp_path / "test.jsonl", GSM), "margin": 30}
    recipe = EvaluateSpec.model_validate({"target": "exact", "baselines": ["base"], "regression": spec})
    both = [Contender(Plain(one, name=one.__name__)) for one in (knows, forgot)]
    ledger = measure(recipe, base=both[0], tuned=both[1], train=[], test=TEST, workdir=tmp_path / "w", folder=tmp_path)
    line = next(r for r in gate(ledger, recipe).results if r.role == "regression")
    assert (line.reference, line.candidate, line.status, line.metric) == (100.0, 0.0, "broken", "harness")


def test_wrong_names_and_rows_are_told(tmp_path: Path) -> None:
    needs_lm_eval()
    name = written(tmp_path / "rows.jsonl", [{"text": "no such column"}])
    with pytest.raises(LuthierError, match="no task of lm-eval is called 'arc_esy'"):
        load_suite(RegressionSpec.model_validate({"suite": "lm-eval/arc_esy", "data": name}), folder=tmp_path)
    with pytest.raises(LuthierError, match="cannot be read by lm-eval") as refused:
        load_suite(RegressionSpec.model_validate({"suite": "lm-eval/arc_easy", "data": name}), folder=tmp_path)
    assert "columns of the original rows" in refused.value.fix
    with pytest.raises(LuthierError, match="no such file of rows: gone"):
        load_suite(RegressionSpec.model_validate({"suite": "lm-eval/arc_easy", "data": "gone"}), folder=tmp_path)


def test_data_and_shots_belong_to_lm_eval(tmp_path: Path) -> None:
    mine, theirs = {"suite": "x.jsonl"}, {"suite": "lm-eval/x"}
    for wrong in ({**mine, "shots": 3}, {**mine, "data": "y.jsonl"}, {**theirs, "data": {"dev": "y"}},
                  {**theirs, "data": {"train": "y"}}):  # fmt: skip
        with pytest.raises(ValueError, match="data"):
            RegressionSpec.model_validate(wrong)


def test_without_lm_eval_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "lm_eval.tasks", None)
    harness._manager.cache_clear()
    with pytest.raises(LuthierError, match="lm_eval is not installed") as refused:
        load_suite(RegressionSpec(suite="lm-eval/arc_easy"), folder=tmp_path)
    assert "luthier[lm-eval]" in refused.value.fix
    harness._manager.cache_clear()
