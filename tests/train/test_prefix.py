"""Rows with a common beginning: it is read once, the numbers stay those of whole rows, and every step takes of each
kind of row its share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from luthier.recipe.train import TrainSpec
from luthier.train.batches import SHARED, Kind, Layout, Row, collate, kinds, row, share_prefixes
from luthier.train.loss import TokenLoss

Make = Callable[..., Any]
HEAD = 40


@pytest.fixture
def alike(make_rows: Make) -> list[Any]:
    """Twelve rows behind one system prompt; they go on alike for one token more."""
    head = make_rows(1, seed=77, low=HEAD, high=HEAD + 1)[0].ids
    return [
        replace(s, ids=(*head, 9, *s.ids), trained=((False,) * (HEAD + 1)) + s.trained, example_id=f"alike-{i}")
        for i, s in enumerate(make_rows(12, seed=5, low=6))
    ]


def marked(samples: list[Any], **at_least: int) -> list[Row]:
    return share_prefixes([row(s) for s in samples], **at_least)


def test_the_longest_common_beginning_is_found_and_no_trained_position_lies_in_it(alike: list[Any]) -> None:
    assert {r.prefix for r in marked(alike)} == {HEAD + 1}
    early = replace(alike[0], trained=tuple(i == 35 or t for i, t in enumerate(alike[0].trained)))
    assert {r.prefix for r in marked([early, *alike[1:]])} == {34}
    parting = replace(alike[0], ids=(*alike[0].ids[:36], 1, *alike[0].ids[37:]))
    assert alike[0].ids[36] != 1
    assert {r.prefix for r in marked([parting, *alike[1:]])} == {36}


def test_what_does_not_pay_is_left_in_the_rows(alike: list[Any], make_rows: Make) -> None:
    assert {r.prefix for r in marked(alike, at_least=13)} == {0}, "fewer rows than there are steps"
    assert {r.prefix for r in marked(make_rows(12, low=SHARED + 8, high=60))} == {0}, "nothing in common"
    replayed = [row(s, replayed=True) for s in alike]
    assert {r.prefix for r in share_prefixes(replayed)} == {0}
    two = collate(marked(alike)[:2])
    assert two.prefix is None, "41 tokens saved, and one more reading"
    many = collate(marked(alike))
    assert many.prefix is not None and many.prefix.tolist() == list(alike[0].ids[: HEAD + 1])
    assert many.tokens == sum(len(row(s).inputs) for s in alike)


@pytest.mark.parametrize("tuning", ["lora", "full"])
@pytest.mark.parametrize("chunk", [5, 1024])
def test_loss_and_gradients_are_those_of_whole_rows(
    make_model: Make, alike: list[Any], tuning: str, chunk: int
) -> None:
    model = make_model(tuning=tuning, dtype=torch.float64)
    total = 0.0
    for s in alike:
        ids = torch.tensor(s.ids)[None]
        logits = model(input_ids=ids, use_cache=False).logits[0, :-1]
        losses = functional.cross_entropy(logits, ids[0, 1:], reduction="none")
        loss = (losses * torch.tensor(s.trained)[1:]).sum()
        (loss / 7).backward()
        total += loss.item()
    theirs = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    batch = collate(marked(alike))
    assert batch.prefix is not None
    ours_total = TokenLoss(model, chunk=chunk).backward(batch, 7)
    ours = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    assert ours_total.item() == pytest.approx(total, rel=1e-9)
    assert ours.keys() == theirs.keys()
    largest = max(float(g.abs().max()) for g in theirs.values())
    assert max(float((ours[n] - theirs[n]).abs().max()) for n in ours) < 1e-9 * largest


FAMILIES: dict[str, Any] = {
    "qwen3": lambda: transformers.Qwen3ForCausalLM(transformers.Qwen3Config(
        vocab_size=128, hidden_size=32, num_hidden_layers=2, intermediate_size=64, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8)),
    "gemma3, sliding window": lambda: transformers.Gemma3ForCausalLM(transformers.Gemma3TextConfig(
        vocab_size=128, hidden_size=32, num_hidden_layers=2, intermediate_size=64, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, sliding_window=16, layer_types=["sliding_attention", "full_attention"])),
    "gpt2, learned positions": lambda: transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=128, n_embd=32, n_layer=2, n_head=4, n_positions=128, resid_pdrop=0.0, embd_pdrop=0.0,
        attn_pdrop=0.0)),
    "mamba, no keys and values": lambda: transformers.MambaForCausalLM(transformers.MambaConfig(
        vocab_size=128, hidden_size=32, num_hidden_layers=2, state_size=4)),
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_shares_what_it_computes_rightly_and_nothing_else(
    family: str, alike: list[Any], fit: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a family does with a shared beginning, the losses are those of training on whole rows."""
    spec = TrainSpec.model_validate(
        {"tuning": "full", "epochs": 3, "batch_tokens": 700, "evaluations": 1, "checkpoints": 0, "patience": 0}
    )

    def losses(folder: str) -> tuple[list[float], int]:
        torch.manual_seed(3)
        (tmp_path / folder).mkdir()
        _, result, run = fit(spec, alike, alike[:3], tmp_path / folder, model=FAMILIES[family]().float())
        told = next(data for kind, data in run.events if kind == "train")
        found = [entry[key] for entry in result.history for key in ("loss", "val") if key in entry]
        return found, told["tokens_shared"]

    ours, shared = losses("shared")
    monkeypatch.setattr("luthier.train.sft.share_prefixes", lambda rows, **_: list(rows))
    theirs, none = losses("whole")
    assert len(ours) > 3 and ours == pytest.approx(theirs, rel=2e-4)
    whole = "mamba" in family or "sliding" in family  # seen to differ, and so left alone
    assert none == 0 and shared == (0 if whole else 12 * (HEAD + 1))


def test_dropout_keeps_rows_whole(alike: list[Any], fit: Make, make_model: Make, tmp_path: Path) -> None:
    _, _, run = fit(TrainSpec(epochs=1), alike, [], tmp_path, model=make_model(dropout=0.2))
    assert next(data for kind, data in run.events if kind == "train")["tokens_shared"] == 0


# --- kinds of rows, and their share of every step


@given(
    st.lists(st.tuples(st.integers(1, 90), st.integers(0, 2)), min_size=1, max_size=90),
    st.integers(1, 12), st.integers(64, 400), st.integers(0, 3),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_every_row_comes_once_an_epoch_and_no_pass_mixes_kinds(
    drawn: list[tuple[int, int]], steps: int, budget: int, epoch: int
) -> None:
    lengths = [n for n, _ in drawn]
    steps = min(steps, len(drawn))
    rows = [Row(str(i), np.full(n, kind), np.array([n - 1]), np.array([0]), None, prefix=min(n, 1))
            for i, (n, kind) in enumerate(drawn)]  # fmt: skip
    groups = kinds(rows, at_least=steps)
    layout = Layout(lengths, steps_an_epoch=steps, micro_tokens=budget, seed=1, kinds=groups)
    windows = [layout.window(epoch * steps + s) for s in range(1, steps + 1)]
    passes = [p.tolist() for window in windows for p in window]
    assert sorted(i for p in passes for i in p) == list(range(len(drawn)))
    assert all(windows), "no step is empty"
    of_group = {int(i): g for g, kind in enumerate(groups) for i in kind.rows}
    assert all(len({of_group[i] for i in p}) == 1 for p in passes)
    for p in passes:
        assert len(p) * (-(-max(lengths[i] for i in p) // 8) * 8) <= budget or len(p) == 1


def test_every_step_takes_of_each_kind_its_share() -> None:
    """Two kinds of very different length: cut by length alone, a step would be of the one or of the other."""
    rng = np.random.default_rng(0)
    lengths = np.concatenate([rng.integers(150, 200, 300), rng.integers(40, 80, 200)])
    groups = [Kind(np.arange(300)), Kind(np.arange(300, 500))]
    layout = Layout(lengths, steps_an_epoch=30, micro_tokens=2600, seed=0, kinds=groups)
    for step in range(1, 31):
        rows = np.concatenate(layout.window(step))
        assert 8 <= (rows < 300).sum() <= 12
        assert 5 <= (rows >= 300).sum() <= 10
    alone = Layout(lengths, steps_an_epoch=30, micro_tokens=2600, seed=0)
    assert any(len({bool(i < 300) for p in alone.window(s) for i in p}) == 1 for s in range(1, 31))


def test_each_epoch_replays_the_next_set(make_rows: Make) -> None:
    rows = [row(s, replayed=i >= 60) for i, s in enumerate(make_rows(96))]
    layout = Layout(
        [len(r.inputs) for r in rows], steps_an_epoch=10, micro_tokens=300, seed=4,
        kinds=kinds(rows, at_least=10, replay_sets=3),
    )  # fmt: skip

    def epoch(number: int) -> set[int]:
        drawn = [int(i) for s in range(1, 11) for p in layout.window(10 * number + s) for i in p]
        assert len(drawn) == len(set(drawn)) == 72
        assert set(range(60)) <= set(drawn)
        return {i for i in drawn if i >= 60}

    first = [epoch(n) for n in range(3)]
    assert set().union(*first) == set(range(60, 96)), "three epochs see every row"
    again = [epoch(n) for n in range(3, 6)]
    assert set().union(*again) == set(range(60, 96)) and again != first, "and then in other sets"
