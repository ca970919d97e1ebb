"""Personal data is found by structure, and what only looks like it is left alone."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.text import national, personal, phones
from luthier.text.classes import AnyCase, classes, clusters, within

FOUND = [
    ("phone", "You can call me on 07700 900482.", "07700 900482"),
    ("phone", "My number is +44 20 7946 0173 if that is easier.", "+44 20 7946 0173"),
    ("phone", "Ring 555-0123 tonight", "555-0123"),
    ("phone", "(555) 123-4567", "(555) 123-4567"),
    ("phone", "212-555-0123 is mine", "212-555-0123"),
    ("phone", "Toll free: call 1-800-356-9377 now", "1-800-356-9377"),
    ("phone", "phone: 5551234567", "5551234567"),
    ("phone", "Réponse au 01 42 68 53 00 svp", "01 42 68 53 00"),
    ("phone", "write to +49 (0) 30 123456, please", "+49 (0) 30 123456"),
    ("phone", "0033 1 42 68 53 00", "0033 1 42 68 53 00"),
    ("phone", "Telefon 030/1234567", "030/1234567"),
    ("email", "mail x.y+z@example.co.uk.", "x.y+z@example.co.uk"),
    ("email", "<Anna@Sub.Example.com>", "Anna@Sub.Example.com"),
    ("card", "card 4111 1111 1111 1111 expired", "4111 1111 1111 1111"),
    ("card", "5500-0000-0000-0004", "5500-0000-0000-0004"),
    ("card", "Amex 378282246310005", "378282246310005"),
    ("iban", "to DE89 3704 0044 0532 0130 00 THANKS", "DE89 3704 0044 0532 0130 00"),
    ("iban", "GB82WEST12345698765432", "GB82WEST12345698765432"),
]
NOT_FOUND = [
    "order 0712345678901",
    "order no. 5551234567",
    "invoice 212-555-0123-9",
    "tracking 1Z999AA10123456784",
    "your ticket 00123456789 is open",
    "on 2024-01-15 10:30:59",
    "I called 3 times on 12 05 2023",
    "open 0900-1730, since 1939-1945",
    "$1,234,567.89 and 12.345.678 EUR",
    "pi is 3.14159265358",
    "192.168.100.200:8080",
    "2000-500-300 = 1200",
    "1 2 3 4 5 6 7 8 9",
    "10 20 30 40 50 60 70",
    "4111 1111 1111 1112",  # Luhn fails
    "1234567812345670",  # Luhn holds, no issuer
    "DE89 3704 0044 0532 0130 01",  # mod 97 fails
    "see @someone at user@localhost",
    "version 10.15.7.2024",
    "call me in 15 minutes, gate 22, seat 14",
    "0000000000",
]


@pytest.mark.parametrize(("kind", "text", "value"), FOUND, ids=[text for _, text, _ in FOUND])
def test_personal_data_is_found_where_it_stands(kind: str, text: str, value: str) -> None:
    (span,) = personal.find(text)
    assert (span.kind, span.value) == (kind, value)
    assert text[span.start : span.end] == value
    masked, counts = personal.redact(text)
    assert masked == text.replace(value, f"[{kind.upper()}]") and counts == {kind: 1}


@pytest.mark.parametrize("text", NOT_FOUND)
def test_numbers_of_other_kinds_are_left_alone(text: str) -> None:
    assert personal.find(text) == []
    assert personal.redact(text) == (text, {})


def test_several_kinds_in_one_text() -> None:
    text = "Anna, a@b.io, +1 (212) 555-0123 or 4111111111111111"
    assert personal.redact(text) == ("Anna, [EMAIL], [PHONE] or [CARD]", {"card": 1, "email": 1, "phone": 1})


@given(st.text(alphabet="0123456789 -+()/.,@abcDE\n", max_size=60))
def test_masking_is_complete_and_does_not_repeat(text: str) -> None:
    masked, counts = personal.redact(text)
    spans = personal.find(text)
    assert sum(counts.values()) == len(spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert all(text[s.start : s.end] == s.value for s in spans)
    assert bool(spans) == (masked != text)


@pytest.mark.parametrize(
    ("file", "fields", "most"),
    [("domain/gsm8k_train", ("question", "answer"), 0), ("classification/banking77_train", ("text",), 0)],
)
def test_no_false_alarm_on_rows_that_hold_numbers_but_no_personal_data(
    realdata: Path, file: str, fields: tuple[str, ...], most: int
) -> None:
    with gzip.open(realdata / f"{file}.jsonl.gz") as lines:
        found = [s.value for line in lines for row in [json.loads(line)] for f in fields for s in personal.find(row[f])]
    assert len(found) <= most, found


DIGITS_AND_SIGNS = "0123456789 .-/()+,:%aé\u00a0"


@settings(deadline=None)
@given(st.lists(st.sampled_from([*DIGITS_AND_SIGNS, "(0770) 900123", "+44 7700", "4111 1111", "  "])).map("".join))
def test_numbers_are_found_where_digits_stand_as_in_the_whole_text(text: str) -> None:
    places = clusters(text, classes(text))
    for expression, least in ((phones._PHONE, 7), (personal._CARD, 13), (national._RUN, 9)):

        def enough(found: Iterable[re.Match[str]], least: int = least) -> list[tuple[int, int]]:
            return [match.span() for match in found if sum(map(str.isdigit, match[0])) >= least]

        assert enough(within(expression, text, places)) == enough(expression.finditer(text))


@settings(deadline=None)
@given(st.lists(st.sampled_from(["phone", "Call me", " ", "TEXT", "ſms", "É", "é", "\u212a", "tél", "x"])).map("".join))
def test_any_case_finds_what_an_expression_without_case_finds(text: str) -> None:
    expression = r"\bphone\b|call me|t[ée]l|sms|k|\btext:?\s*$"
    wanted = [match.span() for match in re.finditer(expression, text, re.IGNORECASE)]
    assert [match.span() for match in AnyCase(expression).finditer(text)] == wanted
