"""Weights of the fields of a JSON answer: the insides of the named values and nothing else, whatever the tokens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.models.chat import ChatFormat, Sample
from luthier.models.fields import values, weigh_fields
from luthier.records import Example, Message

ANSWER = '{"intent": "refund", "reply": "The answer, \\"one\\", is given — déjà vu.", "n": 12, "tags": ["a", "b"]}'


def sample_of(form: ChatFormat, *turns: tuple[str, str]) -> Sample:
    (sample,) = form.samples(Example(messages=tuple(Message(role, content) for role, content in turns)))
    return sample


def at_weight(form: ChatFormat, sample: Sample, weight: float) -> str:
    assert sample.weights is not None
    return form.tokenizer.decode([i for i, w in zip(sample.ids, sample.weights, strict=True) if w == weight])


def test_the_inside_of_a_value_is_weighed_and_quotes_are_not(make_tokenizer: Any) -> None:
    form = ChatFormat(make_tokenizer())
    whole = sample_of(form, ("user", 'Say {"reply": "x"}'), ("assistant", ANSWER))
    sample, names = weigh_fields(whole, form.tokenizer, {"reply": 0.25, "n": 0.5})
    assert names == {"intent", "reply", "n", "tags"}
    inside = at_weight(form, sample, 0.25)
    assert inside in ANSWER and 'answer, \\"one\\", is given — déjà v' in inside and not inside.endswith('"')
    assert at_weight(form, sample, 0.5).strip() == "12"
    assert sample.ids == whole.ids and sample.trained == whole.trained
    prompt = sample.trained.index(True)
    assert sample.weights is not None and set(sample.weights[:prompt]) == {1.0}, "the user's words are no answer"


def test_every_answer_of_a_chat_is_weighed_on_top_of_its_own_weight(make_tokenizer: Any) -> None:
    form = ChatFormat(make_tokenizer())
    messages = (
        Message("user", "one?"), Message("assistant", '{"reply": "the answer"}', weight=0.5),
        Message("user", "two?"), Message("assistant", '{"reply": "the answer"}'),
    )  # fmt: skip
    (sample,) = form.samples(Example(messages=messages))
    weighed, _ = weigh_fields(sample, form.tokenizer, {"reply": 0.5})
    assert "answer" in at_weight(form, weighed, 0.25) and "answer" in at_weight(form, weighed, 0.5)


@pytest.mark.parametrize("answer", ["refund", "[1, 2]", '"reply"', '{"reply": ', '{"reply" "x"}', "{reply: 1}", "{}"])
def test_what_is_no_object_keeps_its_weights(make_tokenizer: Any, answer: str) -> None:
    form = ChatFormat(make_tokenizer())
    sample = sample_of(form, ("user", "one?"), ("assistant", answer))
    assert weigh_fields(sample, form.tokenizer, {"reply": 0.25}) == (sample, set())


def test_a_tokenizer_without_offsets_gives_the_same_weights(make_tokenizer: Any) -> None:
    form = ChatFormat(make_tokenizer())
    sample = sample_of(form, ("user", "one?"), ("assistant", ANSWER))

    class Slow:
        is_fast = False
        decode = form.tokenizer.decode

        def __call__(self, text: str, **_: Any) -> dict[str, Any]:
            return {"input_ids": None}

    assert weigh_fields(sample, Slow(), {"reply": 0.25}) == weigh_fields(sample, form.tokenizer, {"reply": 0.25})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=6,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), st.sampled_from([None, 2]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_places_are_those_of_the_values(answer: dict[str, Any], indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(answer, indent=indent, ensure_ascii=ascii_only)
    found = {name: text[start:end] for name, start, end in values(text + "<|im_end|>")}
    assert found.keys() == answer.keys()
    for name, value in answer.items():
        quoted = f'"{found[name]}"' if isinstance(value, str) else found[name]
        assert json.loads(quoted) == value
