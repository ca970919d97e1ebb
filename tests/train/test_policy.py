"""Advantages and surrogate losses by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from luthier.train import policy
from luthier.train.rl import likes_length

NAN = math.nan


def test_grpo_by_hand() -> None:
    """Rewards 3, 1, 2: mean 2, standard deviation 1 (n − 1), so leads 1, −1, 0; over 1 + 1e-4."""
    found = policy.group_advantages(np.array([[3.0, 1.0, 2.0]]))
    assert found[0].tolist() == pytest.approx([1 / 1.0001, -1 / 1.0001, 0.0])
    assert policy.group_advantages(np.array([[3.0, 1.0, 2.0]]), scale="none").tolist() == [[1.0, -1.0, 0.0]]


def test_leave_one_out_by_hand() -> None:
    """1 − (0 + 0.5) / 2 = 0.75; 0 − (1 + 0.5) / 2 = −0.75; 0.5 − (1 + 0) / 2 = 0."""
    assert policy.leave_one_out(np.array([[1.0, 0.0, 0.5]])).tolist() == [[0.75, -0.75, 0.0]]
    two = policy.leave_one_out(np.array([[1.0, 0.0], [5.0, 5.0]]))  # prompts are not compared with each other
    assert two.tolist() == [[1.0, -1.0], [0.0, 0.0]]


def test_an_answer_that_nobody_could_score_moves_nothing() -> None:
    """Left out, the group is 3, 1: mean 2, standard deviation √2."""
    rewards = np.array([[3.0, NAN, 1.0], [2.0, NAN, NAN]])
    expected = 1 / (math.sqrt(2) + 1e-4)
    assert policy.group_advantages(rewards)[0].tolist() == pytest.approx([expected, 0.0, -expected])
    assert policy.leave_one_out(rewards).tolist() == [[2.0, 0.0, -2.0], [0.0, 0.0, 0.0]]
    assert policy.group_advantages(rewards)[1].tolist() == [0.0, 0.0, 0.0]


def test_equal_answers_teach_nothing() -> None:
    assert not policy.group_advantages(np.full((2, 4), 0.7)).any()
    assert not policy.leave_one_out(np.full((2, 4), 0.5)).any()


def test_the_surrogate_by_hand() -> None:
    """Ratios 1.5, 0.5, 1.5, 0.5 with advantages 2, 2, −1, −1 and a clip of 0.2 below and 0.4 above:
    −min(3, 2.8), −min(1, 1.6), −min(−1.5, −1.4), −min(−0.5, −0.8)."""
    ratio = torch.tensor([1.5, 0.5, 1.5, 0.5], dtype=torch.float64)
    said = ratio.log().requires_grad_()
    drawn = torch.zeros(4, dtype=torch.float64)
    advantages = torch.tensor([2.0, 2.0, -1.0, -1.0], dtype=torch.float64)
    losses, cut = policy.surrogate(said, drawn, advantages, low=0.2, high=0.4)
    assert losses.tolist() == pytest.approx([-2.8, -1.0, 1.5, 0.8])
    assert cut.tolist() == [1.0, 0.0, 0.0, 1.0]
    losses.sum().backward()  # d/dlogp = −ratio · advantage, and nothing where it is cut off
    assert said.grad is not None and said.grad.tolist() == pytest.approx([0.0, -1.0, 1.5, 0.0])


def test_the_kl_by_hand_and_in_the_mean() -> None:
    """d = ln 2: 2 − ln 2 − 1. Over all tokens of p, weighted by p, it is the KL itself."""
    one = policy.kl_tokens(torch.tensor([math.log(0.25)]), torch.tensor([math.log(0.5)]))
    assert one.item() == pytest.approx(1 - math.log(2), rel=1e-6)
    p, q = (torch.tensor(x, dtype=torch.float64) for x in ([0.7, 0.2, 0.1], [0.3, 0.3, 0.4]))
    kl = float((p * (p / q).log()).sum())
    assert float((p * policy.kl_tokens(p.log(), q.log())).sum()) == pytest.approx(kl, rel=1e-9)


def test_the_weight_follows_the_kl_by_two_percent_at_most() -> None:
    assert policy.next_weight(0.1, 60.0, 6.0) == pytest.approx(0.102)
    assert policy.next_weight(0.1, 0.0, 6.0) == pytest.approx(0.098)
    assert policy.next_weight(0.1, 6.6, 6.0) == pytest.approx(0.101)


def test_a_reward_that_likes_length_is_known_by_its_groups() -> None:
    """Prompts differ in both, but only the differences within a prompt count."""
    lengths = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
    assert likes_length(lengths * 2, lengths) == pytest.approx(1.0)
    assert likes_length(-lengths, lengths) == pytest.approx(-1.0)
    assert likes_length(np.array([[1.0, 1.0, 1.0], [9.0, 9.0, 9.0]]), lengths) == 0.0
