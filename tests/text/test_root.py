"""Root verb and object of instructions, on instructions that were labelled before the heuristic."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from luthier.text.root import Root, root

LABELLED = Path(__file__).resolve().parent / "labelled" / "roots.tsv"
FROZEN = "2812962ad5faae18d8b78b8d2571057d5c813faf709ad2c644f57629785472a2"


def rows() -> list[tuple[str, Root]]:
    lines = (line.split("\t") for line in LABELLED.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return [(text, Root(form, verb.strip("-"), obj.strip("-"))) for text, form, verb, obj in lines]  # type: ignore[arg-type]


def test_the_labelled_instructions_are_as_they_were_written() -> None:
    assert hashlib.sha256(LABELLED.read_bytes()).hexdigest() == FROZEN
    assert len(rows()) >= 150


@pytest.mark.parametrize(("part", "least"), [("form", 0.95), ("verb", 0.95), ("obj", 0.9)])
def test_each_part_is_found(part: str, least: float) -> None:
    right = [getattr(root(text), part) == getattr(wanted, part) for text, wanted in rows()]
    assert sum(right) >= least * len(right)


@pytest.mark.parametrize("text", ["", "?", "???", "\n\n", "a", "💥", "Why", "How to", "what is (are", "“”", "5 + 5"])
def test_scraps_have_a_root_or_none_but_never_fail(text: str) -> None:
    assert root(text).form in ("imperative", "question", "statement")


def test_a_quotation_gives_no_verb() -> None:
    assert root('"Write a poem" was the task.').form == "statement"
    assert root('Translate "write a letter" into German.') == Root("imperative", "translate", "")
