"""A reward model from pairs: the head's place, one reading of the prompt for two answers, the same bits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from tests.train.conftest import Recorder, Stopped, stop_at, tiny_scorer
from tests.train.test_preference import BASE, again, pairs_of, plan_of
from torch.nn import functional

from luthier.errors import LuthierError
from luthier.recipe.train import RewardMethod, TrainSpec
from luthier.train import reward
from luthier.train.batches import collate_answers
from luthier.train.compared import Pair, compared_row, scored

Make = Callable[..., Any]
PAD = 0


def scored_of(make_rows: Make, count: int, seed: int = 3, *, alike: int = 0) -> list[Pair]:
    return [scored(p, PAD) for p in pairs_of(make_rows, count, seed, alike=alike)]


def learn(train: list[Pair], workdir: Path, *, method: Any = "reward", validation: list[Pair] = [], model: Any = None,  # noqa: B006
          on_step: Any = None, **keys: Any) -> Any:  # fmt: skip
    workdir.mkdir(exist_ok=True)
    spec = TrainSpec.model_validate({**BASE, "method": method, **keys})
    model, run = tiny_scorer() if model is None else model, Recorder()
    result = reward.run(
        spec, plan_of(spec, train, validation), loaded=SimpleNamespace(model=model, device="cpu"), train=train,
        validation=validation, run=run, workdir=workdir, seed=0, on_step=on_step,
    )  # fmt: skip
    return model, result, run


def standard(model: Any, ids: Any) -> torch.Tensor:
    """The score as the standard layout gives it: the model's own forward on the whole text."""
    found: torch.Tensor = model(input_ids=torch.tensor([list(ids)])).logits[0, 0]
    return found


# --- where the score is read


def test_an_answer_is_read_to_its_end_and_the_score_is_the_standard_one(make_rows: Make) -> None:
    """Also where the answer ends in the padding token, as with tokenizers that pad with the end of a turn."""
    pair = pairs_of(make_rows, 1)[0]
    padded = replace(pair.chosen, ids=(*pair.chosen.ids, PAD), trained=(*pair.chosen.trained, True))
    model = tiny_scorer().eval()
    for chosen in (pair.chosen, padded):
        found = scored(replace(pair, chosen=chosen), PAD)
        assert list(found.chosen.ids[:-1]) == list(pair.chosen.ids)
        assert found.lengths == (sum(chosen.trained), sum(pair.rejected.trained))
        batch = collate_answers([compared_row(found)])
        with torch.no_grad():
            expected = [standard(model, s.ids).item() for s in (chosen, pair.rejected)]
        assert reward.Scores(model).log_probs(batch).tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("tuning", ["lora", "full"])
@pytest.mark.parametrize("alike", [0, 3])
def test_a_shared_prompt_gives_the_loss_and_gradients_of_separate_answers(
    make_rows: Make, tuning: str, alike: int
) -> None:
    """Ragged weighted pairs with margins, in float64, against the textbook on the model's own forward."""
    model = tiny_scorer(tuning=tuning, dtype=torch.float64)
    pairs = [replace(p, margin=0.5 * (i % 3)) for i, p in enumerate(scored_of(make_rows, 7, alike=alike))]
    value = torch.zeros(())
    for p in pairs:
        chosen, rejected = (standard(model, s.ids[:-1]) for s in (p.chosen, p.rejected))
        loss = -functional.logsigmoid(chosen - rejected - (p.margin or 0.0)) + 0.1 * (chosen + rejected) ** 2
        (loss * p.weight).backward()
        value = value + (loss * p.weight).detach()
    theirs = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    assert any("score" in name for name in theirs)
    largest = max(float(g.abs().max()) for g in theirs.values())
    facts = {p.example_id: reward.Facts(p.weight, p.margin, lengths=p.lengths) for p in pairs}
    rows = [compared_row(p) for p in pairs]
    for apart in (False, True):
        model.zero_grad()
        made = reward.Ranked(RewardMethod(margin=1.0, centre=0.1), reward.Scores(model), facts, apart=apart)
        made.begin(rows)
        total = made.backward(made.collate(rows, "cpu"), 1.0)
        assert total.item() == pytest.approx(value.item(), rel=1e-9)
        ours = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
        assert ours.keys() == theirs.keys()
        assert max(float((ours[n] - theirs[n]).abs().max()) for n in ours) < 1e-9 * largest


def test_a_model_that_reads_its_score_elsewhere_is_refused(make_rows: Make, tmp_path: Path) -> None:
    model = tiny_scorer()
    whole = model.get_base_model().forward  # type: ignore[operator]

    def first_token(**given: Any) -> Any:
        return whole(input_ids=given["input_ids"][:, :1])

    model.get_base_model().forward = first_token  # type: ignore[operator,assignment]
    with pytest.raises(LuthierError, match="no reward model is made of a LlamaForSequenceClassification"):
        learn(scored_of(make_rows, 4), tmp_path, model=model)


# --- what is learned


@pytest.mark.parametrize("tuning", ["lora", "full"])
def test_better_answers_come_to_have_higher_rewards(make_rows: Make, tmp_path: Path, tuning: str) -> None:
    pairs = scored_of(make_rows, 16)
    model, result, run = learn(pairs, tmp_path, validation=again(pairs), epochs=8, learning_rate=1e-2, evaluations=1,
                               batch_tokens=128, checkpoints=0, model=tiny_scorer(tuning=tuning),
                               tuning=tuning)  # fmt: skip
    first, last = (e["held_out"] for e in result.history if "held_out" in e)
    assert last["accuracy"] > 0.9 and last["margin"] > first["margin"] and result.best_loss < result.first_loss
    with torch.no_grad():
        scores = [[standard(model, s.ids[:-1]).item() for s in (p.chosen, p.rejected)] for p in pairs]
    weights = [p.weight for p in pairs]
    assert last["chosen_reward"] == pytest.approx(np.average([s[0] for s in scores], weights=weights), abs=1e-4)
    assert last["rejected_reward"] == pytest.approx(np.average([s[1] for s in scores], weights=weights), abs=1e-4)
    longer = [(a > b) == (p.lengths[0] > p.lengths[1]) if p.lengths[0] != p.lengths[1] else 0.5
              for (a, b), p in zip(scores, pairs, strict=True)]  # fmt: skip
    assert last["prefers_longer"] == pytest.approx(np.average(longer, weights=weights), abs=1e-6)
    assert "prompts" in next(data for kind, data in run.events if kind == "train")


def test_centring_holds_the_mean_of_all_rewards_near_zero(make_rows: Make, tmp_path: Path) -> None:
    pairs = scored_of(make_rows, 16)
    means = []
    for centre in (0.0, 1.0):
        method = {"kind": "reward", "centre": centre}
        _, result, _ = learn(pairs, tmp_path / str(centre), method=method, validation=again(pairs), epochs=8,
                             learning_rate=1e-2, evaluations=1, batch_tokens=128, checkpoints=0)  # fmt: skip
        last = [e["held_out"] for e in result.history if "held_out" in e][-1]
        means.append(abs(last["chosen_reward"] + last["rejected_reward"]) / 2)
    assert means[1] < 0.1 and means[1] < means[0] / 2


def test_micro_batches_do_not_count_and_weights_of_pairs_do(make_rows: Make, tmp_path: Path) -> None:
    """A ranking is its pairs by their weights: a weight of 2 is the pair twice."""
    pairs = scored_of(make_rows, 16)
    keys = {"batch_tokens": 4096, "max_steps": 1, "schedule": "constant"}
    one = learn(pairs, tmp_path / "one", micro_tokens=4096, **keys)[1].history[1]
    many = learn(pairs, tmp_path / "many", micro_tokens=64, **keys)[1]
    assert many.plan.micro_batches > 1
    assert one["loss"] == pytest.approx(many.history[1]["loss"], rel=1e-5)
    assert one["norm"] == pytest.approx(many.history[1]["norm"], rel=1e-4)
    even = [replace(p, weight=1.0) for p in pairs]
    heavy = [replace(p, weight=2.0 if i < 4 else 1.0) for i, p in enumerate(even)]
    twice = [*even, *again(even[:4])]
    losses = [learn(rows, tmp_path / str(n), micro_tokens=4096, **keys)[1].history[1]["loss"]
              for n, rows in enumerate((even, heavy, twice))]  # fmt: skip
    assert losses[1] == pytest.approx(losses[2], rel=1e-5) and losses[1] != pytest.approx(losses[0], rel=1e-3)


def test_stopped_and_taken_up_again_it_ends_with_the_same_bits(make_rows: Make, tmp_path: Path) -> None:
    pairs, held = scored_of(make_rows, 24), scored_of(make_rows, 6, 8)
    whole, calm, _ = learn(pairs, tmp_path / "calm", validation=held, checkpoints=4)

    with pytest.raises(Stopped):
        learn(pairs, tmp_path / "killed", validation=held, checkpoints=4, on_step=stop_at(calm.steps // 2))
    further, result, _ = learn(pairs, tmp_path / "killed", validation=held, checkpoints=4)
    assert result.resumed_at and result.resumed_at <= calm.steps // 2
    for (name, p), (_, q) in zip(whole.named_parameters(), further.named_parameters(), strict=True):
        assert torch.equal(p, q), name
    assert [e.get("loss") for e in result.history] == [e.get("loss") for e in calm.history]


def test_level_rewards_give_log_2_and_count_half(make_rows: Make, tmp_path: Path) -> None:
    model = tiny_scorer()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "score" in name:
                p.zero_()
    _, result, _ = learn(scored_of(make_rows, 8), tmp_path, model=model, validation=scored_of(make_rows, 4, 8))
    start = result.history[0]
    assert start["val"] == pytest.approx(math.log(2), abs=1e-6) and start["held_out"]["accuracy"] == 0.5
