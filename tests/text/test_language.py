"""The language of a text, on labelled sentences that were written before the detector."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from luthier.text.language import NAMES, UNKNOWN, language

LABELLED = Path(__file__).resolve().parent / "labelled" / "languages.tsv"
FROZEN = "2e72df7de185851531b9baf4cd89997d96d3e2133736a7bf6a8e798425af41fb"


def rows() -> list[tuple[str, str]]:
    lines = (line for line in LABELLED.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return [(code, text) for code, _, text in (line.partition("\t") for line in lines)]


def test_the_labelled_sentences_are_as_they_were_written() -> None:
    assert hashlib.sha256(LABELLED.read_bytes()).hexdigest() == FROZEN


def test_nine_in_ten_are_told_and_hardly_one_is_told_wrongly() -> None:
    told = Counter[str]()
    for code, text in rows():
        if code != UNKNOWN:
            found = language(text)
            told["right" if found == code else "unknown" if found == UNKNOWN else "wrong"] += 1
    assert told["right"] >= 0.94 * told.total(), told
    assert told["wrong"] <= 2, told


def test_what_is_none_of_them_is_unknown() -> None:
    wrong = [(language(text), text) for code, text in rows() if code == UNKNOWN and language(text) != UNKNOWN]
    assert len(wrong) <= 1, wrong


@pytest.mark.parametrize("text", ["", "   ", "card", "Is Von Willebrand inherited?", "v. 2", "👍👍", "\ud800"])
def test_too_little_to_tell_is_unknown_or_english(text: str) -> None:
    assert language(text) in (UNKNOWN, "en")


def test_one_foreign_word_does_not_change_the_language() -> None:
    assert language("The word Schadenfreude is used in English, and so is déjà vu.") == "en"
    assert language("Das Meeting im Office war für alle wirklich ein Highlight.") == "de"


def test_every_code_has_a_name() -> None:
    assert {language(text) for _, text in rows()} <= set(NAMES)
