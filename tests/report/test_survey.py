# ruff: noqa: E501 (rows of a table read best on lines of their own)
"""The page of a data report: complete, offline, escaped; what is not there is not spoken of."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from luthier.report.shapes import bars, heat, histogram
from luthier.report.survey import survey_page
from luthier.report.survey_words import findings, summary

EVIL = '<script>alert(1)</script> & "quotes"'


def an_account(**changed: Any) -> dict[str, Any]:
    row = {"id": "0" * 16, "origin": "data/rows.jsonl:7", "text": EVIL}
    spread = {"rows": 10, "mean": 5.0, "min": 1, "p5": 1, "p25": 2, "p50": 5, "p75": 7, "p95": 9, "p99": 9, "max": 20,
              "histogram": {"edges": [1, 5, 9], "counts": [4, 6]}}  # fmt: skip
    edges = {
        "empty_input": {"title": "empty input", "what": "nothing", "rows": 0, "possible": True, "examples": []},
        "multi_turn": {"title": "multi-turn", "what": "two", "rows": 4, "possible": True, "examples": [row]},
        "refusal": {"title": "refusal", "what": "refuses", "rows": 0, "possible": False, "examples": []},
    }
    return {
        "sources": ["data/rows.jsonl"], "rows": 12, "usable": 10, "filtered": 0, "studied": 10,
        "files": [{"file": "data/rows.jsonl", "rows": 12, "shape": "messages", "confidence": 1.0, "reason": EVIL}],
        "unusable": {"rows": 2, "rules": [{"rule": "row.json", "rows": 2, "what": "The line is not JSON.", "first": ["rows.jsonl:3"]}]},
        "chats": {"turns": {1: 6, 2: 4}, "with_system": 3, "systems": 1, "with_tools": 0, "disliked": 0, "repeated_questions": 1},
        "answers": {"kind": "text", "fields": [], "free": []},
        "lengths": {"unit": "tokens of nano", "limit": 8, "refused": 0, "over": 3, "over_examples": [row], "whole": spread,
                    "words": {"question": spread, "answer": spread}},
        "languages": {"asked": {"en": 8, "de": 2}, "answered": {"en": 10}},
        "labels": [{"field": EVIL, "classes": 2, "effective": 1.8, "largest": 0.7, "ratio": 2.3, "rare": 2, "counts": {EVIL: 7, "b": 3}}],
        "diversity": {
            "clusters": [{"name": "lamp · desk", "rows": 10, "examples": [row]}], "effective": 1.0, "without": 0, "english": 8,
            "forms": {"question": 8}, "verbs": 1, "pairs": 1, "roots": [{"verb": "be", "rows": 8, "objects": {"lamp": 3}}],
        },
        "coverage": {
            "axes": {"task": {"answer": 6, "write": 4}, "length": {"11 to 50": 10}, "format": {"prose": 10},
                     "language": {"en": 8, "de": 2}, "edge": {"none": 6, "multi_turn": 4, "empty_input": 0}},
            "edges": edges, "tables": {"edge x language": {"multi_turn": {"en": 4}, "none": {"en": 4, "de": 2}}},
            "combinations": 1, "cells": [{"task": "answer", "length": "11 to 50", "format": "prose", "language": "en", "edge": "none", "rows": 6}],
            "holes": [{"name": "no row has an empty input", "cells": {"edge": "empty input"}, "rows": 0, "wanted": 10},
                      {"name": "no multi-turn row in German", "cells": {"edge": "multi-turn", "language": "German"}, "rows": 0, "wanted": 5}],
        },
        "label_errors": [{"field": "label", "checked": 10, "accuracy": 0.9, "found": 1, "pairs": [{"given": "a", "likely": "b", "rows": 1}],
                          "suspects": [{**row, "given": EVIL, "likely": "b", "score": 0.6}], "skipped": ""}],
        "quality": {"answers": 10, "flagged": 2, "rules": [
            {"rule": "quality.echo", "what": "the answer repeats the question", "why": "why", "rows": 2, "examples": [{**row, "why": EVIL, "answer": EVIL}]}]},
        "scores": [{"name": "ifd", **spread, "lowest": [{**row, "score": 0.1}], "highest": []}],
        **changed,
    }  # fmt: skip


class Tags(HTMLParser):
    """Which elements are open, and where a tag closes another one's."""

    VOID = frozenset({"meta", "rect", "line", "circle", "br", "polyline"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.scripts += tag == "script"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        """Closed in itself."""

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"{tag} at {self.getpos()}")


def checked(page: str) -> Tags:
    found = Tags()
    found.feed(page)
    return found


def test_the_page_is_well_formed_and_runs_nothing_of_the_rows() -> None:
    page = survey_page(an_account())
    found = checked(page)
    assert not found.wrong and not found.open
    assert found.scripts == 0 and "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_page_loads_nothing() -> None:
    page = survey_page(an_account())
    assert not re.search(r"(?:src|href)=(?![\"']?#)", page) and "url(" not in page and "@import" not in page


def test_what_a_person_needs_stands_there() -> None:
    page = survey_page(an_account(), steer="luthier augment run rows.jsonl")
    for text in (
        "no multi-turn row in German", "rows.jsonl:7", "row.json", "2 rows cannot be used", "lamp · desk", "quality.echo",
        "3 rows are longer than 8 tokens of nano", "limit 8", "luthier augment run rows.jsonl", "German",
    ):  # fmt: skip
        assert text in page, text
    assert '<td class="hole">0</td>' in page  # the pair that should meet is framed
    assert "refusal" not in page.split("</style>")[1]  # labels cannot refuse


def test_parts_that_the_data_does_not_have_are_left_out() -> None:
    account = an_account(labels=[], label_errors=[], scores=[], quality={"answers": 0, "flagged": 0, "rules": []})
    page = survey_page(account)
    assert all(f'id="{key}"' not in page for key in ("labels", "answers", "scores"))
    assert 'id="coverage"' in page and not checked(page).wrong


def test_an_erased_row_can_be_blanked_in_the_page() -> None:
    page = survey_page(an_account())
    assert page.count(f"<!--row {'0' * 16}-->") == page.count(">rows.jsonl:7</code>") == 6  # wherever a row is shown


def test_findings_come_in_the_order_of_their_weight() -> None:
    assert [where for where, _ in findings(an_account())] == [
        "cannot be used", "too long", "labels", "balance", "answers", "repeated", "holes",
    ]  # fmt: skip
    told = dict(summary(an_account()))
    assert told["lengths"] == "median 5, 95% up to 9, longest 20 tokens of nano (limit 8)"
    assert told["languages"] == "en 80.0%, de 20.0%"
    assert told["too long"].startswith("3 rows (30.0%)")


def test_a_label_cannot_steer_the_terminal() -> None:
    label = {"field": "label", "classes": 2, "effective": 1.5, "largest": 0.7, "ratio": 12.0, "rare": 1, "counts": {"a": 9}}
    lines = summary(an_account(labels=[{**label, "field": "\x1b[2Jlabel"}]))
    assert not any("\x1b" in said for line in lines for said in line)


def test_a_histogram_says_what_lies_beyond_it() -> None:
    account = an_account()
    picture = histogram("Whole", account["lengths"]["whole"], unit="words")
    assert picture.count("<rect") == 2 and 'class="beyond"' in picture and "the last bar holds all above 9" in picture
    assert histogram("Nothing", {}, unit="words") == ""


def test_bars_and_heat_have_their_numbers() -> None:
    assert "and 2 more with 3 rows" in bars({"a": 9, "b": 2, "c": 1}, limit=1)
    table = heat({"x": {"p": 100, "q": 1}}, ["x"], ["p", "q", "r"], {}, {("x", "r")})
    assert '<td class="h5">100</td>' in table and '<td class="hole">0</td>' in table
    assert bars({}) and heat({}, [], [], {}, set())


@pytest.mark.parametrize("job", ["chat", "label"])
def test_a_real_account_makes_a_page(tmp_path: Path, job: str) -> None:
    from luthier.data.survey import survey

    rows: list[dict[str, Any]] = [{"text": f"my parcel {n} is late", "label": "ab"[n % 2]} for n in range(30)]
    if job == "chat":
        rows = [
            {"messages": [{"role": "user", "content": f"Where is {n}?"}, {"role": "assistant", "content": "Here."}]}
            for n in range(3)
        ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert not checked(survey_page(survey(["rows.jsonl"], folder=tmp_path))).wrong
