"""ROUGE-L against the whole pool: the oracle is rouge_score, and a plain table of LCS lengths."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from luthier.augment.similar import Pool
from luthier.text import words

WORDS = ["the", "a", "of", "river", "house", "Tell", "me", "why", "It's", "rain-soaked", "list", "4.5", "poem"]


def lcs(a: list[str], b: list[str]) -> int:
    row = [0] * (len(b) + 1)
    for x in a:
        diagonal = 0
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], diagonal + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


def test_values_and_order_equal_rouge_score() -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(["rougeL"], use_stemmer=False)
    rng = random.Random(4)
    texts = [" ".join(rng.choices(WORDS, k=rng.randint(1, 14))) for _ in range(120)]
    pool = Pool(0.7)
    for place, text in enumerate(texts):
        pool.add(str(place), text)
    for _ in range(40):
        text = " ".join(rng.choices(WORDS, k=rng.randint(1, 14)))
        expected = [scorer.score(text, other)["rougeL"].fmeasure for other in texts]
        near = pool.nearest(text, 10)
        assert [value for _, value in near.top] == pytest.approx(sorted(expected, reverse=True)[:10], abs=1e-12)
        assert near.mean == pytest.approx(sum(expected) / len(expected), abs=1e-12)
        exact = max(
            Fraction(2 * lcs(words(text), words(o)), len(words(text)) + len(words(o))) for o in texts
        )
        assert near.too_near == (exact > Fraction(7, 10))


def test_a_tie_with_the_limit_is_not_above_it() -> None:
    pool = Pool(0.7)
    pool.add("seed", "one two three four five six seven eight nine ten")
    assert not pool.nearest("one two three four five six seven x y z", 1).too_near  # 2·7/20
    assert pool.nearest("one two three four five six seven eight y z", 1).too_near  # 2·8/20


def test_other_scripts_keep_their_letters_and_texts_without_words_match_nothing() -> None:
    pool = Pool(0.7)
    pool.add("cn", "写一首关于秋天的诗")
    pool.add("ru", "Напиши стихи об осени")
    pool.add("none", "!!! ???")
    assert pool.nearest("写一首关于冬天的诗", 1).top[0] == ("cn", pytest.approx(8 / 9))
    assert pool.nearest("напиши СТИХИ об осени!", 1).too_near
    assert not pool.nearest("???", 3).too_near


def test_an_empty_pool_and_a_pool_cut_back() -> None:
    pool = Pool(0.7)
    assert pool.nearest("anything at all", 5).top == () and not pool.nearest("anything at all", 5).too_near
    pool.add("a", "name the rivers of the land")
    pool.add("b", "name the bridges of the land")
    pool.cut(1)
    assert len(pool) == 1 and pool.nearest("name the bridges of the land", 5).top[0][0] == "a"
