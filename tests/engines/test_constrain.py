"""Answers held to a JSON schema: what may come next is what can still end well, and nothing else changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from luthier.engines import Request
from luthier.engines.constrain import Constraints
from luthier.engines.embedded import EmbeddedEngine
from luthier.errors import LuthierError, UsageError
from luthier.models.load import Loaded, load
from luthier.models.source import resolve
from luthier.records import Message

TRIAGE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "intent": {"enum": ["fault", "cancel"]}, "product": {"enum": ["Lirra", "Corvo", "none"]},
        "reply": {"type": "string", "maxLength": 40},
    },
    "required": ["intent", "product", "reply"],
    "additionalProperties": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def nano() -> Loaded:
    return load(resolve("nano"))


@pytest.fixture(scope="module")
def engine(nano: Loaded) -> Iterator[EmbeddedEngine]:
    with EmbeddedEngine(nano, max_batch=8) as made:
        yield made


def ask(text: str, **more: Any) -> Request:
    return Request(messages=(Message("user", text),), **{"max_tokens": 120, **more})


def test_every_answer_is_what_the_schema_allows(engine: EmbeddedEngine) -> None:
    asked = [
        f"My {thing} broke on day {n}. Answer in JSON." for n, thing in enumerate(("lamp", "Lirra", "hat", "door"))
    ]
    held = engine.generate([ask(text, schema=TRIAGE) for text in asked])
    hot = engine.generate([ask(text, schema=TRIAGE, temperature=1.5, seed=7) for text in asked])
    for answer in (*held, *hot):
        assert answer.finish_reason == "stop"
        found = json.loads(answer.text)
        assert list(found) == ["intent", "product", "reply"] and len(found["reply"]) <= 40
        assert found["intent"] in ("fault", "cancel") and found["product"] in ("Lirra", "Corvo", "none")
        assert answer.text == json.dumps(found, ensure_ascii=False), "written as training answers are"


def test_a_name_that_is_begun_ends_as_one_of_the_schema(nano: Loaded) -> None:
    made = Constraints(nano.tokenizer, vocabulary=nano.model.config.vocab_size, stop_ids=sorted(nano.chat.stop_ids))
    constraint = made(TRIAGE)
    for token in nano.chat.text_ids('{"intent": "fault", "product": "Lirr'):
        constraint.take(token)
    allowed = [nano.tokenizer.decode([i]) for i in constraint.allowed().nonzero().flatten().tolist()]
    assert allowed == ["a"]
    for token in nano.chat.text_ids('a", "reply": "Hi."}'):
        constraint.take(token)
    ends = set(constraint.allowed().nonzero().flatten().tolist())
    assert ends <= set(nano.chat.stop_ids) and ends, "only its end may follow"


def test_what_follows_the_schema_anyway_is_not_changed(nano: Loaded, engine: EmbeddedEngine) -> None:
    """The tokens and log-probabilities of an answer that needs no holding are those without a schema."""
    copied = ask('Copy this text: {"a": "tea"}', logprobs=True, max_tokens=40)
    free = engine.generate([copied])[0]
    anything: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
    held = engine.generate([ask(copied.messages[0].content, logprobs=True, max_tokens=40, schema=anything)])[0]
    if free.text.startswith('{"a": "'):
        assert held.text[:10] == free.text[:10]
    assert held.logprobs is not None and all(p <= 0 for p in held.logprobs)
    scores = engine.loglikelihood([(engine.prompt_ids(copied), held.token_ids)])[0]
    assert held.logprobs[0] == pytest.approx(scores.logprobs[0], abs=1e-3), "told as the model gave them"


def test_any_object_and_a_cut_off_answer(engine: EmbeddedEngine) -> None:
    cut = engine.generate([ask("Say something.", schema={"type": "object"}, max_tokens=3)])[0]
    assert cut.finish_reason == "length" and cut.text.startswith("{")


def test_a_constraint_that_fails_on_the_way_ends_its_own_answer_alone(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = EmbeddedEngine._constraint

    def spoilt(self: EmbeddedEngine, schema: Any) -> Any:
        constraint = made(self, schema)
        if constraint is not None and "spoilt" in schema:
            constraint.take(engine.encode("no JSON at all")[0])
        return constraint

    monkeypatch.setattr(EmbeddedEngine, "_constraint", spoilt)
    done: dict[int, str] = {}
    with pytest.raises(LuthierError, match="cannot be held to its schema"):
        engine.generate(
            [ask("Say tea.", schema={"type": "object", "spoilt": True}), ask("Say tea.")],
            lambda i, answer: done.update({i: answer.text}),
        )
    assert done == {1: engine.generate([ask("Say tea.")])[0].text}


@pytest.mark.parametrize("schema", [{"type": "objekt"}, {"type": "object", "unevaluatedWhatever": 1, "enum": []}])
def test_what_is_no_schema_is_refused(engine: EmbeddedEngine, schema: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="held to this JSON schema"):
        engine.generate([ask("Hi", schema=schema)])
    assert engine.generate([ask("Say tea.")])[0].text, "the engine goes on"
