"""Answers held to the form of the training answers: what the form is, who is held to it, and what that changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from luthier.engines import Unsupported
from luthier.engines.embedded import EmbeddedEngine
from luthier.engines.scripted import ScriptedEngine
from luthier.errors import LuthierError
from luthier.evaluate import Contender, gate, measure
from luthier.evaluate.form import answer_schema
from luthier.evaluate.ledger import TEST
from luthier.models.load import load
from luthier.models.source import resolve
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Example, Message


def row(question: str, **fields: Any) -> Example:
    return Example((Message("user", question), Message("assistant", json.dumps(fields))))


TRAIN = [row(f"Where is {who}? Answer in JSON.", place=("shed", "attic")[n % 2], sure=n % 3 == 0, note=f"note {n}")
         for n, who in enumerate(("Ann", "Bob", "Cid", "Dee", "Eve", "Fay", "Gil", "Hal"))]  # fmt: skip
TEST_ROWS = [
    row(f"Where is {who}? Answer in JSON.", place="shed", sure=True, note="x") for who in ("Ida", "Jon", "Kim")
]


def test_the_form_is_that_of_every_answer() -> None:
    assert answer_schema([e.answer for e in TRAIN]) == {
        "type": "object",
        "properties": {"place": {"enum": ["attic", "shed"]}, "sure": {"type": "boolean"}, "note": {"type": "string"}},
        "required": ["place", "sure", "note"],
        "additionalProperties": False,
    }
    assert list(answer_schema(['{"b": 1, "a": [1]}', '{"b": 1.5, "a": []}'])["properties"].items()) == [  # type: ignore[index]
        ("b", {"type": "number"}), ("a", {"type": "array"}),
    ]  # fmt: skip
    mixed = answer_schema(['{"a": null, "o": {"k": "x"}}', '{"a": "t", "o": {"k": "y"}}'])
    assert mixed is not None and mixed["properties"]["a"] == {"type": ["null", "string"]}
    assert mixed["properties"]["o"]["properties"] == {"k": {"type": "string"}}, "two values are no closed set yet"
    for answers in (["no JSON", '{"a": 1}'], ['{"a": 1}', '{"b": 1}'], []):
        assert answer_schema(answers) is None


@pytest.fixture(scope="module")
def nano() -> Iterator[Contender]:
    with EmbeddedEngine(load(resolve("nano"))) as engine:
        yield Contender(engine)


def test_the_base_with_examples_is_held_to_it_and_others_where_the_recipe_says(nano: Contender, tmp_path: Path) -> None:
    asked = {"target": {"kind": "json_fields", "fields": ["place", "sure"]}, "shots": 2, "max_tokens": 90}
    free = measure(EvaluateSpec.model_validate(asked), base=nano, tuned=nano, train=TRAIN, test=TEST_ROWS,
                   workdir=tmp_path / "a")  # fmt: skip
    assert free.facts["systems"]["few_shot"]["title"] == "base + 2 examples in the prompt, constrained JSON"
    assert free.facts["systems"]["tuned"]["title"] == "tuned"
    assert any(
        told.startswith("decoding: ") for told in gate(free, EvaluateSpec.model_validate(asked)).facts["differences"]
    )
    shown = [json.loads(r.answer or "") for r in free.of(TEST, "few_shot").values() if r.finish == "stop"]
    assert shown and all(f["place"] in ("attic", "shed") and list(f) == ["place", "sure", "note"] for f in shown)
    spec = EvaluateSpec.model_validate({**asked, "constrain": True})
    held = measure(spec, base=nano, tuned=nano, train=TRAIN, test=TEST_ROWS, workdir=tmp_path / "b")
    for system in ("base", "few_shot", "tuned"):
        rows = list(held.of(TEST, system).values())
        assert all(json.loads(r.answer or "")["place"] in ("attic", "shed") for r in rows if r.finish == "stop")
    one, other = (next(iter(ledger.of(TEST, "tuned").values())) for ledger in (free, held))
    assert one.decoding != other.decoding, "an answer that was held is not taken for one that was not"
    assert json.loads(held.facts["schema"]) == answer_schema([e.answer for e in TRAIN])


def test_what_cannot_be_held_is_refused_in_words(nano: Contender, tmp_path: Path) -> None:
    spec = EvaluateSpec.model_validate({"target": "json_fields", "constrain": True})
    with pytest.raises(LuthierError, match="no form to hold answers to") as told:
        measure(spec, base=nano, tuned=nano, train=[*TRAIN, row("x", other=1)], test=TEST_ROWS, workdir=tmp_path)
    assert told.value.fix
    scripted = Contender(ScriptedEngine(lambda r: "{}"))
    with pytest.raises(Unsupported, match="held to a schema"):
        measure(spec, base=scripted, tuned=scripted, train=TRAIN, test=TEST_ROWS, workdir=tmp_path / "b")
    plain = EvaluateSpec.model_validate({"target": "json_fields"})
    ledger = measure(plain, base=scripted, tuned=scripted, train=TRAIN, test=TEST_ROWS, workdir=tmp_path / "c")
    assert ledger.facts["systems"]["few_shot"]["title"] == "base + 3 examples in the prompt"
