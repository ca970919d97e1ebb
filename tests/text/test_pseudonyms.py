"""Pseudonyms: the same value always gives the same, another value another, and the real one is gone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from luthier.text import national, personal
from luthier.text.personal import Span
from luthier.text.pseudonyms import Pseudonyms

KEY = bytes(range(32))


def spans(labelled: Any) -> list[Span]:
    found = [span for half in ("frozen", "open") for s in labelled.snippets(half) for span in personal.find(s.text)]
    assert {span.kind for span in found} == set(personal.KINDS)
    return found


def shape(text: str) -> str:
    return re.sub(r"[a-z]", "a", re.sub(r"[A-Z]", "A", re.sub(r"\d", "0", text)))


def test_the_same_value_gives_the_same_and_another_key_another(labelled: Any) -> None:
    one, again, other = Pseudonyms(KEY), Pseudonyms(KEY), Pseudonyms(KEY[::-1])
    found = spans(labelled)
    assert [one(span) for span in found] == [again(span) for span in found]
    differ = sum(one(span) != other(span) for span in found)
    assert differ > 0.98 * len(found)  # an invented American number has a hundred endings


def test_two_values_do_not_become_one(labelled: Any) -> None:
    names = Pseudonyms(KEY)
    made: dict[str, set[str]] = {}
    for span in spans(labelled):
        if span.kind in ("email", "card", "iban", "secret"):
            made.setdefault(names(span), set()).add(span.value.casefold())
    assert all(len(values) == 1 for values in made.values())


def test_a_pseudonym_keeps_the_look_and_belongs_to_nobody(labelled: Any) -> None:
    names = Pseudonyms(KEY)
    for span in spans(labelled):
        made = names(span)
        assert made != span.value
        if span.kind in ("card", "iban", "id", "phone", "secret"):
            assert shape(made) == shape(span.value), (span, made)
        if span.kind == "email":
            assert re.fullmatch(r"[a-z]+\.[a-z]+\d{6}@example\.(com|org)", made)
        if span.kind == "id":
            assert not national.passes(made)
        if span.kind in ("card", "iban", "ip"):
            assert not any(found.kind == span.kind for found in personal.find(made)), (span, made)


def test_spelling_does_not_make_another_person() -> None:
    names = Pseudonyms(KEY)

    def digits(kind: Any, value: str) -> str:
        return re.sub(r"\D", "", names(Span(kind, 0, len(value), value)))

    assert digits("phone", "+44 20 7946 0958") == digits("phone", "+442079460958")
    assert digits("card", "4111 1111 1111 1111") == digits("card", "4111-1111-1111-1111")
    assert names(Span("email", 0, 9, "Anna@B.io")) == names(Span("email", 0, 9, "anna@b.io"))


def test_a_key_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="guessed"):
        Pseudonyms(b"short")
