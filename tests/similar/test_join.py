"""The similarity join misses no pair and invents none: compared with trying every pair."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.similar import Match, against, best, groups, nearest
from luthier.similar import encode as encoding
from luthier.similar.encode import encode
from luthier.text import shingles


def jaccard(one: str, other: str, n: int = 3) -> Fraction:
    a, b = shingles(one, n), shingles(other, n)
    return Fraction(len(a & b), len(a | b)) if a and b else Fraction(0)


def every_pair(texts: list[str], threshold: str, n: int = 3) -> set[tuple[int, int]]:
    at_least = Fraction(threshold)
    return {(i, j) for j in range(len(texts)) for i in range(j) if jaccard(texts[i], texts[j], n) >= at_least}


SMALL_WORLD = st.lists(st.sampled_from(["a", "b", "c", "d", "é", "你好", "5"]), max_size=9).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(SMALL_WORLD, max_size=14), st.sampled_from(["0.35", "0.5", "0.7", "0.8", "0.9", "1.0"]), st.integers(1, 4)
)
def test_join_equals_trying_every_pair(texts: list[str], threshold: str, n: int) -> None:
    found = groups(texts, float(threshold), n)
    assert {(i, j) for i, j, _ in found.pairs} == every_pair(texts, threshold, n)
    for i, j, value in found.pairs:
        assert value == pytest.approx(float(jaccard(texts[i], texts[j], n)), abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(st.lists(SMALL_WORLD, max_size=9), st.lists(SMALL_WORLD, max_size=9), st.sampled_from(["0.4", "0.6", "0.8"]))
def test_join_of_two_lists_equals_trying_every_pair(left: list[str], right: list[str], threshold: str) -> None:
    wanted = {(i, j) for i, a in enumerate(left) for j, b in enumerate(right) if jaccard(a, b) >= Fraction(threshold)}
    assert {(m.i, m.j) for m in against(left, right, float(threshold))} == wanted
    nearest_each, near = best(left, right, float(threshold))
    assert {m.i for m in nearest_each} == {i for i, _ in wanted} and near == sorted({j for _, j in wanted})
    for match in nearest_each:
        values = [jaccard(left[match.i], other) for other in right]
        assert values[match.j] == max(values) and values.index(max(values)) == match.j
    top = max((jaccard(a, b) for a in left for b in right), default=Fraction(0))
    assert nearest(left, right).jaccard == pytest.approx(float(top), abs=1e-12)


def test_encoding_is_the_same_sets_as_shingles() -> None:
    texts = [
        "one two three four",
        "",
        "one two",
        "Two one",
        "ONE, two!",
        "one two three",
        "!!!",
        "你好吗朋友 hello there",
    ]
    for n in (1, 2, 3, 5):
        sets = encode(texts, n)
        for i, a in enumerate(texts):
            assert sets.sizes[i] == len(shingles(a, n))
            for j, b in enumerate(texts):
                both = int(sets.shared[i].multiply(sets.shared[j]).sum()) if i != j else len(shingles(a, n))
                assert both == len(shingles(a, n) & shingles(b, n)), (n, i, j)


def test_shingles_of_more_words_than_fit_a_number() -> None:
    texts = planted(150, seed=4)
    wanted = groups(texts, 0.5, 9).pairs  # 400 words to the ninth are more than 2^63
    assert {(i, j) for i, j, _ in wanted} == every_pair(texts, "0.5", 9)


@pytest.mark.parametrize("hashes", [1, 7, 1000])
def test_shingles_with_equal_hashes_are_told_apart_by_their_words(hashes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*planted(150, seed=5), "", "a", "a b", "b a"]
    monkeypatch.setattr(encoding, "mixed", lambda values: values % np.uint64(hashes) << np.uint64(50))
    assert {(i, j) for i, j, _ in groups(texts, 0.5).pairs} == every_pair(texts, "0.5")


@pytest.mark.parametrize("chunk", [3, 64])
def test_shares_and_chunks_change_nothing(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*planted(150, seed=6), "a", "a b", "", "b a"]
    wanted = {n: groups(texts, 0.1, n).pairs for n in (1, 3)}
    monkeypatch.setattr(encoding, "_CHUNK", chunk)
    monkeypatch.setattr(encoding, "_RUNS", 500)
    monkeypatch.setattr(encoding, "_TEXTS", 7)
    assert {n: groups(texts, 0.1, n).pairs for n in wanted} == wanted


def test_a_pair_exactly_at_the_threshold_is_in_and_just_below_is_out() -> None:
    # 18 and 18 shingles, 16 shared: 16 / 20 = 0.8
    words = [f"w{i}" for i in range(20)]
    other = ["x", *words[1:-1], "y"]
    assert jaccard(" ".join(words), " ".join(other)) == Fraction(4, 5)
    assert len(groups([" ".join(words), " ".join(other)], 0.8).pairs) == 1
    assert groups([" ".join(words), " ".join(other)], 0.8000001).pairs == []


def test_chains_make_one_component_and_wordless_texts_stand_alone() -> None:
    base = [f"w{i}" for i in range(43)]
    chain = [" ".join(base[k : k + 40]) for k in range(4)]  # neighbours share 37 of 39 shingles, the ends 35 of 41
    found = groups([*chain, "!!!", "???", "🙂"], 0.9)
    assert len(set(found.component[:4].tolist())) == 1
    assert len(set(found.component[4:].tolist())) == 3
    assert (0, 3) not in {(i, j) for i, j, _ in found.pairs}


def test_equal_sets_are_pairs_of_similarity_one() -> None:
    assert against(["Hello there, friend"], ["hello THERE friend!", "other words here"], 0.9) == [Match(0, 0, 1.0)]
    assert [value for *_, value in groups(["a b c"] * 4, 0.8).pairs] == [1.0] * 6


def planted(count: int, seed: int) -> list[str]:
    """Templated questions, copies with a changed word, short texts, Zipf words: what breaks a careless filter."""
    rng = random.Random(seed)
    vocabulary = [f"w{i}" for i in range(400)]
    weights = [1 / (i + 1) for i in range(400)]
    texts: list[str] = []
    while len(texts) < count:
        kind = rng.random()
        if kind < 0.3 and texts:
            words = rng.choice(texts).split()
            for _ in range(rng.randint(0, 3)):
                words[rng.randrange(len(words))] = rng.choice(vocabulary)
            texts.append(" ".join(words))
        elif kind < 0.5:
            number = rng.randrange(60)
            texts.append(
                f"please tell me how many apples are left when {number} people each take two of the apples i have"
            )
        else:
            texts.append(" ".join(rng.choices(vocabulary, weights, k=rng.choice([1, 2, 3, 8, 20, 60]))))
    return texts


@pytest.mark.parametrize("threshold", ["0.5", "0.8"])
def test_recall_is_complete_on_planted_rows(threshold: str) -> None:
    texts = planted(250, seed=1)
    assert {(i, j) for i, j, _ in groups(texts, float(threshold)).pairs} == every_pair(texts, threshold)


@pytest.mark.slow
@pytest.mark.parametrize("threshold", ["0.4", "0.8"])
def test_recall_is_complete_on_five_thousand_rows(threshold: str) -> None:
    texts = planted(5000, seed=2)
    sets = encode(texts)
    matrix, sizes = sets.shared.astype(np.float64), sets.sizes
    wanted = 0
    for start in range(0, len(texts), 500):  # all 12.5 million pairs, counted without any filter
        shared = (matrix[start : start + 500] @ matrix.T).toarray()
        union = sizes[start : start + 500, None] + sizes[None, :] - shared
        near = shared / union >= float(threshold)
        rows = np.arange(start, start + len(near))[:, None]
        wanted += int((near & (rows < np.arange(len(texts))[None, :])).sum())
    found = groups(texts, float(threshold))
    assert len(found.first) == wanted
    assert found.jaccard.min() >= float(threshold)
