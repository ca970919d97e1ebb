"""The labelled set of personal data: every class is found and told apart in at least 95 of 100 cases."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from luthier.text import personal

FROZEN = "0c01e5d5bdcc2b3f1cd64fd34d7728e189ee53e5672f71a842a56cd4efb1340f"


def test_the_frozen_half_is_as_it_was_written_before_the_detectors() -> None:
    path = Path(__file__).resolve().parent / "labelled" / "frozen.txt"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == FROZEN


@pytest.mark.parametrize("half", ["frozen", "open", "late"])
def test_precision_and_recall_of_every_class(labelled: Any, half: str) -> None:
    wanted, found, right = Counter[str](), Counter[str](), Counter[str]()
    for snippet in labelled.snippets(half):
        marked = set(snippet.spans)
        told = {(span.kind, span.start, span.end) for span in personal.find(snippet.text)}
        wanted.update(kind for kind, *_ in marked)
        found.update(kind for kind, *_ in told)
        right.update(kind for kind, *_ in marked & told)
    assert set(wanted) == set(personal.KINDS)
    for kind in personal.KINDS:
        assert right[kind] >= 0.95 * wanted[kind], (kind, right[kind], wanted[kind])
        assert right[kind] >= 0.95 * found[kind], (kind, right[kind], found[kind])
