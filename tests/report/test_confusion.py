"""Confusion matrices of the report: every count is there, names cannot break the page or hide a column."""

from __future__ import annotations

import re

from luthier.report.confusion import MOST, confusions


def counted(html: str) -> list[list[int]]:
    rows = re.findall(r"<tr><th>[^<]*</th>(.*?)</tr>", html)
    found = [[int(n.replace(",", "")) for n in re.findall(r"<td[^>]*>([\d,]+)</td>", row)] for row in rows]
    return [row for row in found if row]  # without the heading


def test_every_count_stands_in_its_place() -> None:
    counts = [[50, 3, 0, 2], [4, 40, 1, 0], [0, 0, 1200, 5]]
    html = confusions({"label": {"tuned": {"labels": ["a", "other", "<b>"], "counts": counts}}})
    assert counted(html) == counts
    assert "&lt;b&gt;" in html and "<b></th>" not in html and "no class" in html
    assert html.index("5 of 1,205") < html.index("4 of 45") < html.index("3 of 55")


def test_of_many_classes_those_with_errors_are_drawn() -> None:
    n = 40
    labels = [f"class {i:02}" for i in range(n)]
    counts = [[10 if i == j else 0 for j in range(n + 1)] for i in range(n)]
    counts[7][33] = 9
    one = {"labels": labels, "counts": counts}
    html = confusions({"label": {"base": one, "tuned": one}})
    rows = counted(html)
    assert len(rows) == 2 * MOST and all(len(row) == MOST + 2 for row in rows)
    assert "class 07" in html and "class 33" in html and f"the {MOST} of {n} classes" in html
    assert sum(map(sum, rows[:MOST])) == 10 * MOST + 9


def test_no_classification_is_no_section() -> None:
    assert confusions({}) == ""
