"""Confident learning: by its definition on small numbers, and on labels that were swapped on purpose."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.data.label_errors import confident, find_label_errors

WORDS = {
    "refund": ["money", "back", "return", "refund", "paid", "amount"],
    "delivery": ["parcel", "courier", "late", "arrive", "tracking", "delivery"],
    "login": ["password", "account", "locked", "reset", "username", "login"],
}


def made(each: int, wrong: int) -> tuple[list[str], list[str], set[int]]:
    rng = random.Random(5)
    rows = [
        (f"my {' '.join(rng.sample(words, 4))} please", label) for label, words in WORDS.items() for _ in range(each)
    ]
    rng.shuffle(rows)
    texts, labels = [text for text, _ in rows], [label for _, label in rows]
    swapped = set(rng.sample(range(len(rows)), wrong))
    for place in swapped:
        labels[place] = next(other for other in WORDS if other != labels[place])
    return texts, labels, swapped


def test_swapped_labels_are_found_with_the_right_label() -> None:
    texts, labels, swapped = made(60, 9)
    found = find_label_errors(texts, labels)
    places = {one.place for one in found.suspects}
    assert len(places & swapped) >= 8 and len(places - swapped) <= 1
    for one in (one for one in found.suspects if one.place in swapped):
        assert texts[one.place].split()[1] in WORDS[one.likely] and one.given == labels[one.place]
    assert [one.score for one in found.suspects] == sorted((one.score for one in found.suspects), reverse=True)
    assert sum(rows for *_, rows in found.pairs) == len(places)


def test_thresholds_are_the_mean_confidence_of_each_class() -> None:
    # class 0: rows of .9 and .5 -> threshold .7; class 1: rows of .6 and .8 -> threshold .7
    chances = np.array([[0.9, 0.1], [0.5, 0.5], [0.4, 0.6], [0.2, 0.8], [0.25, 0.75]])
    labels = np.array([0, 0, 1, 1, 0])
    # with the fifth row class 0 has the threshold (.9 + .5 + .25) / 3 = .55; it reaches class 1's .7 with .75
    likely, suspect = confident(chances, labels)
    assert suspect.tolist() == [False, False, False, False, True]
    assert likely.tolist() == [0, 0, 1, 1, 1]


@given(
    st.integers(2, 4).flatmap(
        lambda c: st.lists(
            st.tuples(st.integers(0, c - 1), st.lists(st.floats(0.01, 1), min_size=c, max_size=c)),
            min_size=c,
            max_size=25,
        )
    )
)
@settings(max_examples=60, deadline=None)
def test_it_is_the_published_rule_row_by_row(rows: list[tuple[int, list[float]]]) -> None:
    classes = len(rows[0][1])
    labels = np.array([label for label, _ in rows])
    if set(labels.tolist()) != set(range(classes)):
        return
    chances = np.array([values for _, values in rows])
    chances /= chances.sum(axis=1, keepdims=True)
    likely, suspect = confident(chances, labels)
    for i in range(len(rows)):
        reached = []
        for j in range(classes):
            threshold = np.mean([chances[k, j] for k in range(len(rows)) if labels[k] == j])
            if chances[i, j] >= threshold:
                reached.append((chances[i, j], j == labels[i], -j))
        wanted = -max(reached)[2] if reached else labels[i]
        assert likely[i] == wanted and suspect[i] == (wanted != labels[i])


def test_a_label_whose_chance_is_lower_by_a_rounding_is_not_preferred() -> None:
    low = np.nextafter(0.5, 0)
    likely, suspect = confident(np.array([[low, 0.5], [0.1, 0.2]]), np.array([0, 1]))
    assert likely.tolist() == [1, 1] and suspect.tolist() == [True, False]
    assert confident(np.array([[0.5, 0.5], [0.1, 0.2]]), np.array([0, 1]))[0].tolist() == [0, 1]


def test_what_cannot_be_checked_says_why() -> None:
    found = find_label_errors(["a b", "c d"], ["x", "y"])
    assert found.checked == 0 and "0 classes have 5 rows or more" in found.skipped
    assert find_label_errors([], []).skipped
    assert find_label_errors(["", " "] * 20, ["x", "y"] * 20).skipped
    nothing = find_label_errors([f"w{n}" for n in range(20)], ["x", "y"] * 10)  # no word stands twice
    assert nothing.suspects == () and nothing.checked == 20


def test_swapped_labels_of_real_rows_are_mostly_found(realdata: Path) -> None:
    with gzip.open(realdata / "classification" / "banking77_test.jsonl.gz", "rt") as stream:
        rows = [json.loads(line) for line in stream]
    names = sorted({row["label"] for row in rows})[:12]
    rows = [row for row in rows if row["label"] in names]
    rng = random.Random(0)
    swapped = set(rng.sample(range(len(rows)), len(rows) // 20))
    labels = [
        rng.choice([name for name in names if name != row["label"]]) if n in swapped else row["label"]
        for n, row in enumerate(rows)
    ]
    found = {one.place for one in find_label_errors([row["text"] for row in rows], labels).suspects}
    assert len(found & swapped) >= 0.7 * len(swapped)
    assert len(found & swapped) >= 0.6 * len(found)
