"""Vectors of texts, every pair above a cosine, and the greedy choice: against the definitions, done the slow way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.errors import LuthierError
from luthier.similar import groups
from luthier.similar.cosine import alike, alike_between, highest, joined, take_unlike
from luthier.similar.vectors import Vectors, unit, word_vectors

TEXTS = [
    "How long does the delivery to the US take?",
    "How long is US delivery?",
    "What is the delivery time to the US",
    "My card was eaten by a machine at the station",
    "A machine at the station ate my card!",
    "Is there a fee for a transfer in pounds?",
    "你们送货需要多长时间",
    "送货需要多长时间",
    "你好",
    "!!!",
    "",
]


def test_the_same_in_other_words_is_nearer_than_another_thing() -> None:
    vectors = word_vectors(TEXTS)
    like = vectors @ vectors.T
    assert min(like[0, 1], like[0, 2], like[3, 4], like[6, 7]) > 0.4, like.round(2)
    assert max(like[0, 3], like[0, 5], like[3, 5], like[6, 8]) < 0.3, like.round(2)
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1.0] * 9 + [0.0, 0.0], atol=1e-6)


@pytest.mark.parametrize("dimensions", [256, 6])
def test_vectors_do_not_hang_on_the_order_of_texts(dimensions: int) -> None:
    texts = [f"{TEXTS[i % 9]} {TEXTS[i * 5 % 7]} {i % 11}" for i in range(60)]
    made, turned = word_vectors(texts, dimensions), word_vectors(texts[::-1], dimensions)
    assert np.array_equal(made, turned[::-1])
    assert made.shape[1] <= 60 and (dimensions == 256 or made.shape[1] == dimensions)
    assert np.array_equal(word_vectors([*texts, texts[3]], dimensions)[60], word_vectors(texts, dimensions)[3])


def test_a_small_space_keeps_what_matters() -> None:
    texts = [f"topic {t} word{t * 7 + k} word{t * 7 + j}" for t in range(12) for k in range(4) for j in range(k)]
    whole, small = word_vectors(texts, 400), word_vectors(texts, 24)
    order = np.corrcoef((whole @ whole.T).ravel(), (small @ small.T).ravel())[0, 1]
    assert order > 0.9


def test_no_texts_and_no_numbers() -> None:
    assert word_vectors([]).shape == (0, 1)
    assert np.array_equal(unit(np.asarray([[np.nan, 1.0], [3.0, 4.0]])), np.asarray([[0, 0], [0.6, 0.8]], np.float32))


vectors_of = st.integers(0, 2**32 - 1).map(
    lambda seed: unit(np.random.default_rng(seed).standard_normal((30, 4)).round(1))
)


@settings(max_examples=25, deadline=None)
@given(vectors_of, st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_every_pair_and_no_other(vectors: Vectors, threshold: float) -> None:
    exact = (vectors.astype(np.float64) @ vectors.astype(np.float64).T).round(9)
    wanted = [(i, j) for j in range(30) for i in range(j) if exact[i, j] >= threshold]
    found = alike(vectors, threshold)
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == wanted
    assert np.allclose(found.cosine, [exact[i, j] for i, j in wanted])
    between = alike_between(vectors[:10], vectors[10:], threshold)
    pairs = {(i, j) for i in range(10) for j in range(20) if exact[i, j + 10] >= threshold}
    assert set(zip(between.first.tolist(), between.second.tolist(), strict=True)) == pairs
    assert abs(highest(vectors[:10], vectors[10:]) - max(0.0, exact[:10, 10:].max())) < 1e-6


def test_pairs_beyond_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luthier.similar.cosine._BLOCK", 8)
    vectors = unit(np.random.default_rng(0).standard_normal((150, 3)))
    found = alike(vectors, 0.97)
    exact = np.triu(vectors.astype(np.float64) @ vectors.T.astype(np.float64), 1).round(9) >= 0.97
    assert set(zip(found.first.tolist(), found.second.tolist(), strict=True)) == set(
        zip(*(side.tolist() for side in np.nonzero(exact)), strict=True)
    )


def test_too_many_pairs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luthier.similar.cosine.MOST_PAIRS", 100)
    with pytest.raises(LuthierError, match="pairs of rows have a cosine"):
        alike(unit(np.ones((20, 2))), 0.9)


def test_links_of_both_kinds_make_one_graph() -> None:
    texts = ["one two three four five", "one two three four five six", "a b c d", "ways of the sea", "the sea's ways"]
    near = groups(texts, 0.7)
    vectors = unit(np.asarray([[1, 0, 0.0], [0.99, 0.1, 0], [0, 1, 0], [0, 0, 1], [0, 0.05, 1]]))
    both = joined(near, alike(vectors, 0.9))
    assert [len(set(both.component[[0, 1]])), len(set(both.component[[3, 4]])), len(set(both.component))] == [1, 1, 3]
    assert list(zip(both.first.tolist(), both.second.tolist(), strict=True)) == [(0, 1), (3, 4)]
    assert both.jaccard[0] == near.jaccard[0] and np.isnan(both.jaccard[1])


def by_definition(vectors: Vectors, threshold: float | None, lengths: list[int], rows: int, room: int) -> list[int]:
    """DEITA's walk, line by line: a row is taken unless one taken before is nearer than the threshold."""
    taken: list[int] = []
    for row, vector in enumerate(vectors.astype(np.float64)):
        if len(taken) >= rows:
            break
        nearest = max((float((vector @ vectors[other].astype(np.float64)).round(9)) for other in taken), default=-1.0)
        if threshold is not None and nearest > threshold:
            continue
        if sum(lengths[other] for other in taken) + lengths[row] <= room:
            taken.append(row)
    return taken


@settings(max_examples=30, deadline=None)
@given(
    vectors_of, st.sampled_from([None, 0.3, 0.6, 0.9, 1.0]), st.lists(st.integers(1, 9), min_size=30, max_size=30),
    st.integers(1, 40), st.integers(5, 200),
)  # fmt: skip
def test_the_walk_is_the_published_one_and_keeps_the_budget(
    vectors: Vectors, threshold: float | None, lengths: list[int], rows: int, room: int
) -> None:
    used: list[int] = []

    def fits(row: int) -> bool:
        if sum(lengths[other] for other in used) + lengths[row] > room:
            return False
        used.append(row)
        return True

    taken, like, no_room = take_unlike(vectors, threshold, fits, lambda: len(used) >= rows)
    assert taken == by_definition(vectors, threshold, lengths, rows, room)
    assert len(taken) <= rows and sum(lengths[row] for row in taken) <= room
    assert sorted([*taken, *like, *no_room]) == list(range(30))
    for row, (other, cosine) in like.items():
        assert other in taken and other < row and threshold is not None and cosine > threshold - 1e-6


def test_the_walk_beyond_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luthier.similar.cosine._BLOCK", 16)
    vectors = unit(np.random.default_rng(1).standard_normal((150, 3)))
    taken, like, _ = take_unlike(vectors, 0.97, lambda row: True, lambda: False)
    assert taken == by_definition(vectors, 0.97, [1] * 150, 150, 150)
    assert len(taken) + len(like) == 150 and len(taken) > 32, "taken rows fill several blocks, too"


def test_near_duplicates_do_not_drive_each_other_out() -> None:
    """The inverted rule (distance to the nearest row of the whole pool) would keep neither of a pair."""
    vectors = unit(np.asarray([[1, 0.01], [1, 0.0], [0, 1], [0.01, 1.0]]))
    taken, like, _ = take_unlike(vectors, 0.9, lambda row: True, lambda: False)
    assert taken == [0, 2] and like.keys() == {1, 3}
