"""Sampling draws what it says it draws."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from luthier.engines.sampling import Uniforms, choose, chosen_logprobs

LOGITS = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))


def draws(count: int, temperature: float = 1.0, top_p: float = 1.0) -> Counter[int]:
    uniforms = [(i + 0.5) / count for i in range(count)]
    rows = LOGITS.expand(count, -1)
    return Counter(choose(rows, [temperature] * count, [top_p] * count, uniforms).tolist())


def test_frequencies_are_the_probabilities() -> None:
    assert draws(100) == {0: 50, 1: 30, 2: 15, 3: 5}


def test_temperature_two_takes_square_roots() -> None:
    roots = LOGITS.exp().sqrt()
    expected = (roots / roots.sum() * 1000).tolist()
    found = draws(1000, temperature=2.0)
    assert [found[i] for i in range(4)] == pytest.approx(expected, abs=1.0)


def test_top_p_keeps_the_smallest_set_that_reaches_it() -> None:
    # 0.5 alone is below 0.6, 0.5 + 0.3 reaches it: two tokens remain, 5 to 3
    assert draws(80, top_p=0.6) == {0: 50, 1: 30}
    assert draws(80, top_p=0.01) == {0: 80}


def test_temperature_zero_is_greedy_beside_rows_that_are_not() -> None:
    rows = LOGITS.expand(2, -1)
    assert choose(rows, [0.0, 1.0], [1.0, 1.0], [0.99, 0.99]).tolist() == [0, 3]


def test_ties_fall_to_the_lowest_id() -> None:
    assert choose(torch.zeros(1, 5), [0.0], [1.0], [0.0]).tolist() == [0]


def test_a_seed_is_a_stream_of_its_own() -> None:
    a, b, c = Uniforms(7), Uniforms(7), Uniforms(8)
    assert [a.at(i) for i in range(200)] == [b.at(i) for i in reversed(range(200))][::-1]
    assert a.at(0) != c.at(0)
    assert Uniforms(None).at(0) != Uniforms(None).at(0)
    assert Uniforms(-1).at(0) == Uniforms(2**64 - 1).at(0)  # any integer is a seed


def test_logprobs_are_those_of_the_model_itself() -> None:
    assert chosen_logprobs(LOGITS[None], torch.tensor([1])).exp().item() == pytest.approx(0.3)
