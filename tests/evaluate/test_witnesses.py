"""Every key of ``evaluate`` changes what is asked, what is scored or what is decided; the table misses none."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.witness import is_there, leaves

from luthier.engines import Request
from luthier.engines.scripted import ScriptedEngine
from luthier.evaluate import Contender, Ledger, gate, measure, suite_of_job
from luthier.evaluate.ledger import TEST
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Example, Verdict
from luthier.score import build

Tickets = tuple[list[Example], list[Example]]
Seen = tuple[Ledger, Verdict, list[Request]]


@pytest.fixture(scope="module")
def seen(tickets: Tickets, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Seen]:
    """An evaluation under a recipe, its verdict, and everything that the engines were asked."""
    train, test = tickets
    known: dict[str, Seen] = {}
    right = {e.prompt[-1].content: e.answer for e in test}

    def run(changes: dict[str, Any]) -> Seen:
        name = json.dumps(changes, sort_keys=True)
        if name in known:
            return known[name]
        folder = tmp_path_factory.mktemp("evaluate")
        for number, suite in enumerate(("one.jsonl", "two.jsonl")):
            rows = [
                {"messages": [{"role": "user", "content": f"{number} and {n}?"}], "answer": str(n % 3)}
                for n in range(60)
            ]
            (folder / suite).write_text("".join(json.dumps(row) + "\n" for row in rows))
        asked: list[Request] = []

        def tuned(request: Request) -> str:
            asked.append(request)
            return right.get(request.messages[-1].content, "0")

        def base(request: Request) -> str:
            asked.append(request)
            text = request.messages[-1].content
            return "0" if text not in right else right[text] if "case 11" in text else "{}"

        spec = EvaluateSpec.model_validate(changes)
        engines = [Contender(ScriptedEngine(one, name=one.__name__)) for one in (base, tuned)]
        ledger = measure(
            spec, base=engines[0], tuned=engines[1], train=train, test=test, workdir=folder / "work", folder=folder,
            inherited=[suite_of_job("before", train[:20], digest="", note="20 test rows of before")],
        )  # fmt: skip
        known[name] = ledger, gate(ledger, spec), asked
        return known[name]

    return run


def targets(found: Seen) -> list[tuple[str, str]]:
    return sorted({(r.metric, r.status) for r in found[1].results if r.role == "target"})


def scored(found: Seen) -> set[str]:
    return {key for row in found[0].of(TEST, "tuned").values() for key in row.scores}


def decided(found: Seen) -> set[str]:
    return {r.metric for r in found[1].results if r.role == "target" and r.status != "described"}


GUARD = {"target": "exact", "regression": "one.jsonl"}
STAGE: dict[str, tuple[Callable[[Seen], Any], dict[str, Any], dict[str, Any]]] = {
    "regression.suite": (lambda s: {r.suite for r in s[1].results if r.role == "regression"},
                         GUARD, {**GUARD, "regression": "two.jsonl"}),
    "regression.margin": (lambda s: {r.margin for r in s[1].results if r.role == "regression"},
                          GUARD, {**GUARD, "regression": {"suite": "one.jsonl", "margin": 7.5}}),
    "regression.pool": (lambda s: [r.suite for r in s[1].results if r.role == "regression"], GUARD,
                        {**GUARD, "regression": {"suite": "one.jsonl", "pool": "jobs"}}),
    "regression.floor": (lambda s: [r.margin for r in s[1].results if r.role == "regression"],
                         {**GUARD, "regression": {"suite": "one.jsonl", "pool": "jobs"}},
                         {**GUARD, "regression": {"suite": "one.jsonl", "pool": "jobs", "floor": 4.0}}),
    "inherit": (lambda s: {r.suite for r in s[1].results if r.role == "regression"}, {"target": "exact"},
                {"target": "exact", "inherit": False}),
    "need": (lambda s: [r.alpha for r in s[1].results], {"target": ["exact", "rouge_l"]},
             {"target": ["exact", "rouge_l"], "need": "any"}),
    "baselines": (lambda s: s[0].systems(TEST), {}, {"baselines": ["base"]}),
    "shots": (lambda s: max(len(request.messages) for request in s[2]), {}, {"shots": 5}),
    "max_tokens": (lambda s: {request.max_tokens for request in s[2]}, {"max_tokens": 80}, {"max_tokens": 40}),
    "max_items": (lambda s: len(s[0].of(TEST, "tuned")), {}, {"max_items": 5}),
    "alpha": (targets, {"target": "exact", "baselines": ["base"]},
              {"target": "exact", "baselines": ["base"], "alpha": 0.0001}),
}  # fmt: skip
"""Key -> what is looked at, a recipe without and one with the key."""
METRICS: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, str]]]] = {
    "rouge_l.field": ({"kind": "rouge_l"}, {"kind": "rouge_l", "field": "reply"},
                      [('{"a": 1, "reply": "good day"}', '{"a": 2, "reply": "good day"}')]),
    "json_fields.fields": ({"kind": "json_fields"}, {"kind": "json_fields", "fields": ["a"]},
                           [('{"a": 1, "b": 2}', '{"a": 1, "b": 3}')]),
    "json_field.field": ({"kind": "json_field", "field": "a"}, {"kind": "json_field", "field": "b"},
                         [('{"a": 1, "b": 2}', '{"a": 1, "b": 3}')]),
    "json_field.metric": ({"kind": "json_field", "field": "a"},
                          {"kind": "json_field", "field": "a", "metric": "macro_f1"},
                          [('{"a": "x"}', '{"a": "x"}')] * 3 + [('{"a": "y"}', '{"a": "x"}')]),
    "rouge_1.field": ({"kind": "rouge_1"}, {"kind": "rouge_1", "field": "reply"},
                      [('{"a": 1, "reply": "good day"}', '{"a": 2, "reply": "good day"}')]),
    "rouge_2.field": ({"kind": "rouge_2"}, {"kind": "rouge_2", "field": "reply"},
                      [('{"a": 1, "reply": "good day"}', '{"a": 2, "reply": "good day"}')]),
    "rouge_lsum.field": ({"kind": "rouge_lsum"}, {"kind": "rouge_lsum", "field": "reply"},
                         [('{"a": 1, "reply": "good day"}', '{"a": 2, "reply": "good day"}')]),
    "number.tolerance": ({"kind": "number"}, {"kind": "number", "tolerance": 0.02}, [("100", "about 101")]),
    "format.pattern": ({"kind": "format"}, {"kind": "format", "pattern": r"\d+ apples"}, [("", "12 apples")]),
    "repetition.words": ({"kind": "repetition"}, {"kind": "repetition", "words": 1}, [("", "no no no")]),
    "label.metric": ({"kind": "label"}, {"kind": "label", "metric": "macro_f1"},
                     [("x", "x")] * 3 + [("y", "x")]),
}  # fmt: skip
"""Key of a metric -> the metric without and with it, and answers on which the two differ."""
KINDS = (
    "exact", "rouge_l", "rouge_1", "rouge_2", "rouge_lsum", "number", "json_fields", "json_field", "label", "format",
)  # fmt: skip
MANNER = ("refusal", "repetition", "length")
"""Kinds of metric that say how an answer is given, not whether it is right."""
COMPARING = {"preference.kind", "preference.by"}
"""Keys of the metric that scores comparisons, not answers."""
JUDGED = {
    **dict.fromkeys(
        (f"judge.{key}" for key in ("kind", "name", "how", "rubric", "reference")),
        "tests/evaluate/test_jury.py::test_every_key_of_a_judge_is_seen",
    ),
    **dict.fromkeys(
        ("judge.max_tokens", *(f"judge.engine.{key}" for key in ("url", "model", "key", "concurrency"))),
        "tests/pipeline/test_juries.py::test_a_server_judges_as_the_recipe_says",
    ),
    "judge.people": "tests/evaluate/test_jury.py::test_a_judge_that_agrees_with_people_decides",
    "judge.min_kappa": "tests/evaluate/test_jury.py::test_a_judge_under_the_floor_is_refused_with_figure_and_floor",
    "people.kind": "tests/evaluate/test_people.py::test_votes_come_back_as_verdicts_on_makers_and_the_gate_reads_them",
}
"""Keys of metrics that somebody is asked for."""
OTHERS = {"reward_model.kind", "reward_model.model",
          "bleu.kind", "bleu.tokenize", "chrf.kind", "chrf.word_order", "code.kind", "code.seconds", "code.memory",
          "refusal.wanted", "instructions.kind", "instructions.loose",
          "embedding.kind", "embedding.encoder", "bert_score.kind", "bert_score.encoder",
          "bert_score.layer"}  # fmt: skip
LIMITS = {f"limits.{key}" for key in (
    "latency", "length", "refusal", "format", "cost.most", "cost.prompt", "cost.completion",
)}  # fmt: skip
LM_EVAL = {"regression.data", "regression.shots"}
ELSEWHERE = {
    **JUDGED,
    "regression.data, regression.shots":
        "tests/evaluate/test_harness.py::test_answers_go_through_its_filters_and_metric",
    "limits.latency, .length, .refusal, .format": "tests/evaluate/test_limits.py::test_a_limit_holds_or_is_broken",
    "limits.cost": "tests/evaluate/test_limits.py::test_cost_is_of_tokens_and_prices",
    "bleu.kind, bleu.tokenize, chrf.kind, chrf.word_order":
        "tests/score/test_oracles.py::test_bleu_and_chrf_equal_sacrebleu",
    "code.kind, code.seconds, code.memory": "tests/score/test_code.py::test_seconds_and_memory_are_the_answers_limits",
    "instructions.kind, instructions.loose":
        "tests/score/test_instructions.py::test_read_loosely_an_opening_line_is_forgiven",
    "embedding": "tests/score/test_meaning.py::test_similarity_is_the_cosine_of_mean_vectors",
    "bert_score": "tests/score/test_meaning.py::test_bert_score_is_the_greedy_match_of_tokens",
    "reward_model": "tests/evaluate/test_rewards.py::test_a_reward_model_scores_answers_and_the_gate_decides_by_it",
    "refusal.wanted": "tests/score/test_manner.py::test_wanted_says_which_way_is_better",
    "preference.kind, preference.by": "tests/evaluate/test_preferences.py::test_by_says_what_the_tuned_model_prefers",
    "alpha of a guard, margin": "tests/evaluate/test_gate.py::test_margin_and_alpha_come_from_the_recipe",
    "target left out": "tests/evaluate/test_stage.py::test_detected_metrics_are_used_where_the_recipe_names_none",
}
HELD = {
    "constrain":
        "tests/evaluate/test_form.py::test_the_base_with_examples_is_held_to_it_and_others_where_the_recipe_says",
}


@pytest.mark.parametrize("key", STAGE)
def test_a_user_would_notice_the_key(key: str, seen: Callable[..., Seen]) -> None:
    look, before, after = STAGE[key]
    assert look(seen(before)) != look(seen(after))


def test_the_target_decides_and_what_is_also_named_does_not(seen: Callable[..., Seen]) -> None:
    one, both = seen({"target": "exact"}), seen({"target": "exact", "also": "rouge_l"})
    assert decided(one) == decided(both) == {"exact"} and decided(seen({"target": "rouge_l"})) == {"rouge_l"}
    assert scored(both) - scored(one) == {"rouge_l"}


@pytest.mark.parametrize("key", METRICS)
def test_the_key_of_a_metric_changes_its_number(key: str) -> None:
    before, after, answers = METRICS[key]
    one, other = (EvaluateSpec.model_validate({"target": metric}).target[0] for metric in (before, after))
    assert build(one).summarise(answers) != build(other).summarise(answers)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_metric_is_a_number_of_its_own(kind: str) -> None:
    more = {"field": "a"} if kind == "json_field" else {}
    metric = EvaluateSpec.model_validate({"target": {"kind": kind, **more}}).target[0]
    measure = build(metric)
    assert measure.key.startswith(kind) and measure.summarise([('{"a": 1, "b": 2}', '{"a": 1, "b": 2}')]) == 1.0


@pytest.mark.parametrize("kind", MANNER)
def test_each_kind_of_manner_is_a_number_of_its_own(kind: str) -> None:
    measure = build(EvaluateSpec.model_validate({"also": kind}).also[0])
    assert measure.key == kind and measure.summarise([("", "I'm sorry, I cannot help you with that" + " that" * 9)]) > 0


def test_length_decides_nothing() -> None:
    with pytest.raises(ValueError, match="neither better nor worse"):
        EvaluateSpec.model_validate({"target": "length"})


def test_no_key_is_without_a_witness() -> None:
    metrics = {f"{kind}.kind" for kind in (*KINDS, *MANNER)} | METRICS.keys() | COMPARING | OTHERS | JUDGED.keys()
    both = {f"{role}.{key}" for role in ("target", "also") for key in metrics}
    assert leaves(EvaluateSpec) == both | STAGE.keys() | LIMITS | LM_EVAL | HELD.keys()
    assert all(is_there(test) for test in ELSEWHERE.values())
