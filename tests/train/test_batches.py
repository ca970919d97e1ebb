"""Batches: within the budget, little padding, the same for the same seed, every row once an epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.train.batches import Layout, collate, digest, micro_batches, row

LENGTHS = st.lists(st.integers(1, 300), min_size=1, max_size=120)


@given(LENGTHS, st.integers(8, 600), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_every_row_once_within_the_budget_and_as_many_passes_in_every_epoch(
    lengths: list[int], budget: int, epoch: int
) -> None:
    batches = micro_batches(lengths, micro_tokens=budget, seed=3, epoch=epoch)
    assert sorted(i for b in batches for i in b) == list(range(len(lengths)))
    for b in batches:
        padded = len(b) * (-(-max(lengths[i] for i in b) // 8) * 8)
        assert padded <= budget or len(b) == 1
    assert len(batches) == len(micro_batches(lengths, micro_tokens=budget, seed=9, epoch=epoch + 1))


def test_order_follows_seed_and_epoch_only() -> None:
    lengths = list(np.random.default_rng(0).integers(10, 200, 400))

    def order(seed: int, epoch: int) -> list[int]:
        return [int(i) for b in micro_batches(lengths, micro_tokens=1024, seed=seed, epoch=epoch) for i in b]

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert order(1, 0) != order(2, 0)


def test_log_normal_rows_waste_under_a_tenth_in_padding() -> None:
    rng = np.random.default_rng(1)
    lengths = np.clip(np.exp(rng.normal(np.log(120), 0.6, 1200)), 8, 1024).astype(int)
    padded = sum(
        len(b) * (-(-lengths[b].max() // 8) * 8) for b in micro_batches(lengths, micro_tokens=2048, seed=0, epoch=0)
    )
    assert padded / lengths.sum() < 1.10


def test_a_run_takes_up_at_any_step_without_replaying_the_ones_before() -> None:
    lengths = np.random.default_rng(2).integers(5, 90, 77)
    shape = {"steps_an_epoch": 8, "micro_tokens": 300, "seed": 5}
    walked = Layout(lengths, **shape)
    windows = [[b.tolist() for b in walked.window(s)] for s in range(1, 25)]
    fresh = Layout(lengths, **shape)
    assert [b.tolist() for b in fresh.window(19)] == windows[18]
    assert [b.tolist() for b in fresh.window(2)] == windows[1]


def test_collate_points_at_the_tokens_before_the_trained_ones(make_rows: Callable[..., Any]) -> None:
    rows = [row(s) for s in make_rows(6)]
    batch = collate(rows)
    assert batch.inputs.shape[1] % 8 == 0
    assert batch.trained == sum(sum(s.trained) for s in make_rows(6))
    flat = batch.inputs.reshape(-1)[batch.index].tolist()
    expected = [s.ids[i - 1] for s in make_rows(6) for i in range(1, len(s.ids)) if s.trained[i]]
    targets = [s.ids[i] for s in make_rows(6) for i in range(1, len(s.ids)) if s.trained[i]]
    assert flat == expected
    assert batch.targets.tolist() == targets


@pytest.mark.parametrize("change", ["ids", "mask", "weight", "order"])
def test_the_digest_sees_every_change(make_rows: Callable[..., Any], change: str) -> None:
    samples = make_rows(3, low=12, high=13)
    before = digest([row(s) for s in samples])
    first = samples[0]
    if change == "ids":
        samples[0] = replace(first, ids=(first.ids[0] ^ 1, *first.ids[1:]))
    elif change == "mask":
        at = first.trained.index(True)
        samples[0] = replace(first, trained=tuple((t and i != at) or i == at - 1 for i, t in enumerate(first.trained)))
    elif change == "weight":
        samples[0] = replace(first, weight=2.0)
    else:
        samples = samples[::-1]
    assert digest([row(s) for s in samples]) != before
