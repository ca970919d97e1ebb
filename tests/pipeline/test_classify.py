"""What a classifier's rows and recipe must be, what its rows count, and what a server says of its labels."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from luthier.errors import LuthierError
from luthier.pipeline.classify import judged_by, labelled_rows, labels_of
from luthier.recipe import Recipe
from luthier.recipe.evaluate import EvaluateSpec
from luthier.recipe.train import ClassifyMethod
from luthier.records import Completion, Example, Message


def said(text: str, label: str, weight: float = 1.0) -> Example:
    return Example((Message("user", text), Message("assistant", label, weight=weight)))


def sides(*rows: Example) -> dict[str, list[Example]]:
    return {"train": list(rows), "validation": [], "test": []}


@pytest.fixture
def job() -> Any:
    def prompt_ids(messages: Any, tools: Any = ()) -> list[int]:
        return [1, *map(ord, messages[0].content), 2]

    chat = SimpleNamespace(prompt_ids=prompt_ids, tokenizer=SimpleNamespace(pad_token_id=0, eos_token_id=2))
    return SimpleNamespace(labels=("no", "yes"), chat=chat, max_length=5)


def test_labels_are_the_answers_of_all_sides() -> None:
    found = {**sides(said("a", "yes"), said("b", " no\n")), "test": [said("c", "perhaps")]}
    assert labels_of(found) == ("no", "perhaps", "yes")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([said("a", "yes"), said("b", "yes")], "1 different texts"),
        ([said(f"q{i}", f"answer {i}") for i in range(501)], "501 different texts"),
        ([said("a", "yes"), Example(text="a plain text")], "1 of 2 rows have no question"),
    ],
)
def test_rows_that_are_not_labelled_are_refused(rows: list[Example], told: str) -> None:
    with pytest.raises(LuthierError, match=told) as refused:
        labels_of(sides(*rows))
    assert refused.value.fix


def test_rows_are_read_to_their_end_and_count_as_the_method_says(job: Any) -> None:
    rows = [said("a", "yes"), said("bb", "yes"), said("c", "yes", weight=2.0), said("abcdefgh", "no"),
            said("d", "no", weight=0.0), said("e", "")]  # fmt: skip
    plain = labelled_rows(job, ClassifyMethod(), rows, True)
    assert [r.ids[-1] for r in plain] == [1, 1, 1, 0] and [r.weight for r in plain] == [1, 1, 2, 1]
    assert plain[0].ids == (1, ord("a"), 2, 1)
    assert plain[3].ids == (*map(ord, "efgh"), 2, 0), "the end of what is too long"
    method = ClassifyMethod(class_weights="balanced")
    even = labelled_rows(job, method, rows, True)  # 4 rows, 2 labels: 4 / (2 · 3) and 4 / (2 · 1)
    assert [r.weight for r in even] == pytest.approx([2 / 3, 2 / 3, 4 / 3, 2.0])
    assert [r.weight for r in labelled_rows(job, method, rows, False)] == [1, 1, 2, 1], "held-out rows stand for all"


def test_it_is_judged_by_accuracy_and_shown_by_probabilities_unless_the_recipe_says_otherwise() -> None:
    found = judged_by(EvaluateSpec())
    assert [(m.kind, m.metric) for m in found.target] == [("label", "accuracy")]  # type: ignore[union-attr]
    assert [m.metric for m in found.also] == ["macro_f1", "mcc", "auc", "ece", "brier"]  # type: ignore[union-attr]
    written = EvaluateSpec.model_validate({"target": {"kind": "label", "metric": "macro_f1"}})
    assert judged_by(written) == written


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"train": {"method": "classify", "anchor": 1}}, "a classifier writes no tokens"),
        ({"train": {"method": "classify", "watch": {"forgetting": "stop"}}}, "a classifier writes nothing"),
        ({"train": {"method": "classify", "interpolate": 0.5}}, "head of a classifier has none"),
        ({"export": {"scale": 0.5}}, "export.scale needs"),
        ({"evaluate": {"regression": "skills"}}, "nothing to guard"),
        ({"data": {"source": "a.csv", "replay": {"source": "nano", "share": 0.1}}}, "against forgetting"),
    ],
)
def test_keys_that_would_do_nothing_are_refused(keys: dict[str, Any], told: str) -> None:
    recipe = {"model": {"base": "nano"}, "data": {"source": "a.csv"}, "train": {"method": "classify"}}
    with pytest.raises(ValueError, match=told):
        Recipe.model_validate({**recipe, **keys})


def test_a_server_tells_the_probabilities_as_log_probabilities_of_the_answer() -> None:
    from luthier.serve.app import _logprobs

    completion = Completion("yes", labels={"no": math.log(0.25), "yes": math.log(0.75)})
    told = _logprobs(SimpleNamespace(engine=None), completion)  # type: ignore[arg-type]
    assert told is not None
    (token,) = told["content"]
    assert token["token"] == "yes" and math.exp(token["logprob"]) == pytest.approx(0.75)
    assert [(t["token"], round(math.exp(t["logprob"]), 6)) for t in token["top_logprobs"]] == [
        ("yes", 0.75), ("no", 0.25),
    ]  # fmt: skip


def test_predicted_labels_are_written_with_their_probabilities(tmp_path: Path) -> None:
    """The likeliest first, beside the answer."""
    import json

    from luthier.engines.batch import predict
    from luthier.engines.scripted import ScriptedEngine

    class Labelling(ScriptedEngine):
        def generate(self, requests: Any, on_done: Any = None, *, cancel: Any = None) -> list[Completion]:
            made = [Completion("b", labels={"a": math.log(0.2), "b": math.log(0.8)}) for _ in requests]
            for i, one in enumerate(made):
                on_done(i, one)
            return made

    predict(Labelling({}), [("x:1", (Message("user", "q"),))], tmp_path / "out.jsonl")
    row = json.loads((tmp_path / "out.jsonl").read_text())
    assert row["answer"] == "b" and list(row["labels"].items()) == [("b", 0.8), ("a", 0.2)]
