"""PPO: advantages, returns and losses by hand and as the textbook has them; a value head that learns, is kept through a
kill and is not delivered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.train.conftest import Stopped, stop_at, tiny_llama
from tests.train.test_rl import LIMIT, SMALL, answers_of, each_way, learn, plain, plan_of, prompts
from torch import Tensor

from luthier.errors import LuthierError
from luthier.recipe.train import PpoMethod, TrainSpec
from luthier.records import Score
from luthier.report.charts import training_charts
from luthier.score.reward import Answered, Reward, Scoring
from luthier.train import policy, ppo, rl
from luthier.train.credit import Scored
from luthier.train.loss import TokenLoss
from luthier.train.optimiser import trainable
from luthier.train.reference import Start

PPO: dict[str, Any] = {"kind": "ppo", "iterations": 2}

# --- formulas


def test_a_token_is_paid_its_kl_and_the_last_one_the_score_by_hand() -> None:
    """log p − log p of the reference: 0.5, −1, 0; times −0.1; and 2 at the end."""
    drawn, reference = np.array([-1.0, -2.0, -0.5]), np.array([-1.5, -1.0, -0.5])
    assert policy.token_rewards(2.0, drawn, reference, kl=0.1).tolist() == pytest.approx([-0.05, 0.1, 2.0])


@pytest.mark.parametrize(("gamma", "gae_lambda", "expected"), [
    # δ = 0.25 − 0.5, 0.75 − 0.25, 1 − 0.75 = −0.25, 0.5, 0.25; backwards with λ = ½: 0.25, 0.5 + 0.125, −0.25 + 0.3125
    (1.0, 0.5, [0.0625, 0.625, 0.25]),
    (1.0, 0.0, [-0.25, 0.5, 0.25]),  # δ itself
    (1.0, 1.0, [0.5, 0.75, 0.25]),  # what is still to come, 1, less what was expected
    (0.5, 1.0, [-0.25, 0.25, 0.25]),  # ¼ − ½, ½ − ¼, 1 − ¾
])  # fmt: skip
def test_gae_by_hand(gamma: float, gae_lambda: float, expected: list[float]) -> None:
    rewards, values = np.array([0.0, 0.0, 1.0]), np.array([0.5, 0.25, 0.75])
    found = policy.gae(rewards, values, gamma=gamma, gae_lambda=gae_lambda)
    assert found.tolist() == pytest.approx(expected)


def test_gae_is_the_sum_of_its_definition() -> None:
    """Σ (γλ)^k δ_{t+k}, written out (Schulman et al. 2016, eq. 16)."""
    rng = np.random.default_rng(3)
    r, v = rng.normal(size=9), rng.normal(size=9)
    delta = r + 0.9 * np.append(v[1:], 0.0) - v
    expected = [sum((0.9 * 0.8) ** k * delta[t + k] for k in range(9 - t)) for t in range(9)]
    assert policy.gae(r, v, gamma=0.9, gae_lambda=0.8).tolist() == pytest.approx(expected)


def test_whitening_and_explained_variance_by_hand() -> None:
    """1, 2, 3: mean 2, variance 1 with n − 1. Returns 0, 2 have the variance 1; off by −2 and 2 is a variance of 4."""
    assert policy.whitened(np.array([1.0, 2.0, 3.0])).tolist() == pytest.approx([-1.0, 0.0, 1.0])
    assert policy.whitened(np.array([7.0])).tolist() == [0.0]
    returns = np.array([0.0, 2.0])
    known = [policy.explained_variance(np.array(v), returns) for v in ([0.0, 2.0], [5.0, 5.0], [2.0, 0.0])]
    assert known == pytest.approx([1.0, 0.0, -3.0]) and policy.explained_variance(returns, np.ones(2)) == 0.0


def test_the_value_loss_by_hand() -> None:
    """At the roll-out 0, to be led to 1, clip 0.2. At 0.5: ½·max(0.25, 0.64), and held there; at 0.1: ½·0.81; at −0.5:
    ½·max(2.25, 1.44), on the wrong side the clip holds nothing."""
    said = torch.tensor([0.5, 0.1, -0.5], dtype=torch.float64, requires_grad=True)
    before, returns = torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    losses, cut = policy.value_loss(said, before, returns, clip=0.2)
    assert losses.tolist() == pytest.approx([0.32, 0.405, 1.125]) and cut.tolist() == [1.0, 0.0, 0.0]
    losses.sum().backward()  # type: ignore[no-untyped-call]
    assert said.grad is not None and said.grad.tolist() == pytest.approx([0.0, -0.9, -1.5])
    plain_losses, cut = policy.value_loss(said, before, returns, clip=None)
    assert plain_losses.tolist() == pytest.approx([0.125, 0.405, 1.125]) and not cut.any()


# --- the losses of a round, as TRL has them


def masked_whiten(values: Tensor, mask: Tensor) -> Tensor:
    """TRL's, with the shift of the mean and Bessel's correction."""
    mean = (values * mask).sum() / mask.sum()
    variance = (((values - mean) ** 2) * mask).sum() / mask.sum() * (mask.sum() / (mask.sum() - 1))
    return (values - mean) * torch.rsqrt(variance + 1e-8)


def padded(lists: Sequence[Sequence[float]]) -> Tensor:
    width = max(map(len, lists))
    return torch.tensor([[*one, *[0.0] * (width - len(one))] for one in lists])


@pytest.mark.parametrize("ragged", [False, True])
def test_advantages_returns_and_losses_are_those_of_trl(ragged: bool) -> None:
    """The steps of ``PPOTrainer.train`` (trl.experimental.ppo at 0062ee1) on padded fp32 tensors, written again: trl
    1.16 has no PPO that could be called. Where answers are shorter than the longest of their batch, TRL pays one
    position further; there the score is put at the last token here too."""
    rng = np.random.default_rng(8)
    lengths = [int(rng.integers(2, 9)) if ragged else 7 for _ in range(6)]
    drawn, reference, values, said, now = (
        [rng.normal(0, 0.4, n).astype(np.float32).tolist() for n in lengths] for _ in range(5)
    )
    scores = rng.normal(size=6).astype(np.float32)
    method = PpoMethod(gamma=0.98, gae_lambda=0.9, kl=0.05)
    mask = padded([[1.0] * n for n in lengths])
    d, ref, v, new, vpred = (padded(x) for x in (drawn, reference, values, said, now))
    rewards = -0.05 * (d - ref)
    rewards[torch.arange(6), torch.tensor(lengths) - 1] += torch.tensor(scores)
    last, reversed_ = torch.zeros(6), []
    for t in reversed(range(v.shape[1])):
        following = v[:, t + 1] if t < v.shape[1] - 1 else 0.0
        last = rewards[:, t] + 0.98 * following - v[:, t] + 0.98 * 0.9 * last
        reversed_.append(last)
    advantages = torch.stack(reversed_[::-1], dim=1)
    returns = advantages + v
    advantages = masked_whiten(advantages, mask) * mask
    clipped = torch.clamp(vpred, v - 0.2, v + 0.2)
    v_losses = torch.square(vpred - returns), torch.square(clipped - returns)
    v_loss = 0.5 * (torch.max(*v_losses) * mask).sum() / mask.sum()
    ratio = torch.exp(new - d)
    p_losses = -advantages * ratio, -advantages * torch.clamp(ratio, 0.8, 1.2)
    p_loss = (torch.max(*p_losses) * mask).sum() / mask.sum()

    credit = ppo.ActorCritic(method, ppo.ValueHead(2, device="cpu", dtype=torch.float32))
    facts, told = credit.facts(Scored(scores.reshape(3, 2), drawn, reference, values, 0.05))
    inside = mask.bool()
    assert np.allclose([x for f in facts for x in f.advantages], advantages[inside].numpy(), atol=1e-4)
    assert np.allclose([x for f in facts for x in f.returns], returns[inside].numpy(), atol=1e-4)
    flat = SimpleNamespace(said=new[inside], drawn=d[inside], values=vpred[inside])
    losses, (cut, v_sum, v_cut) = credit.losses(flat, facts)  # type: ignore[arg-type]
    n = mask.sum()
    assert float(losses.sum() / n) == pytest.approx(float(p_loss + 0.1 * v_loss), abs=1e-4)
    assert float(v_sum / n) == pytest.approx(float(v_loss), abs=1e-4)
    assert float(cut / n) == pytest.approx(float((((p_losses[1] > p_losses[0]) & inside).sum()) / n), abs=1e-6)
    assert float(v_cut / n) == pytest.approx(float((((v_losses[1] > v_losses[0]) & inside).sum()) / n), abs=1e-6)
    known = np.concatenate(values)
    led = np.concatenate([f.returns for f in facts])
    assert told["explained"] == pytest.approx(1 - np.var(led - known) / np.var(led)) and float(cut) > 0


# --- a whole step


def critic_of(keys: Any, model: Any, *, seed: int = 0, plan: Any = None) -> tuple[rl.Practice, ppo.ValueHead]:
    spec = TrainSpec.model_validate({**SMALL, "method": {"kind": "ppo", "max_tokens": LIMIT, **keys}})
    width = model.get_base_model().config.hidden_size
    head = ppo.ValueHead(width, device="cpu", dtype=next(model.parameters()).dtype)
    model.add_module(ppo.NAME, head)
    with torch.no_grad():  # away from zero, so that the trunk learns from it too
        head.weight.copy_(torch.randn(1, width, generator=torch.Generator().manual_seed(seed)) * 0.3)
        head.bias.fill_(0.2)
    engine: Any = SimpleNamespace(name="none")
    planned: Any = plan or SimpleNamespace(micro_tokens=64, precision="fp32", seed=0)
    made = rl.Practice(
        spec.method, TokenLoss(model, chunk=7), engine, [], [], train=[], held_out=[],  # type: ignore[arg-type]
        plan=planned, start=Start(model), folder=Path(), device="cpu", head=head,
    )  # fmt: skip
    made._first = False
    return made, head


def judged(practice: rl.Practice, rows: list[Any], facts: dict[str, rl.Facts], *, unscored: int = -1) -> np.ndarray:
    """Facts of the answers from made-up scores and values, as a round would hold them; gives the scores."""
    rng = np.random.default_rng(2)
    values = [rng.normal(0, 0.5, len(r.targets)).tolist() for r in rows]
    scores = rng.normal(1.0, 1.0, len(rows))
    scores[unscored:] = np.nan if unscored >= 0 else scores[unscored:]
    own = [facts[r.example_id] for r in rows]
    scored = Scored(scores[:, None], [f.drawn for f in own], [f.reference for f in own], values, 0.07)
    made, _ = practice.credit.facts(scored)
    practice.facts = {r.example_id: f for r, f in zip(rows, made, strict=True)}
    return scores


def textbook(method: Any, model: Any, head: ppo.ValueHead, rows: list[Any], practice: rl.Practice,
             scores: np.ndarray) -> Tensor:  # fmt: skip
    """Rewards, GAE, whitening and both losses as the papers write them, answer by answer, from whole logits and the
    last hidden states."""
    each = []
    for r, score in zip(rows, scores, strict=True):
        f = practice.facts[r.example_id]
        drawn, reference, old = (torch.tensor(x, dtype=torch.float64) for x in (f.drawn, f.reference, f.values))
        paid = -0.07 * (drawn - reference)
        paid[-1] += score
        delta = paid + method.gamma * torch.cat([old[1:], torch.zeros(1)]) - old
        decay = method.gamma * method.gae_lambda
        n = len(old)
        raw = torch.stack([sum(decay**k * delta[t + k] for k in range(n - t)) for t in range(n)])
        each.append((r, drawn, old, raw))
    everything = torch.cat([raw for *_, raw in each])
    losses = []
    for r, drawn, old, raw in each:
        ids = torch.tensor([*r.inputs, r.targets[-1]])
        out = model(input_ids=ids[None], use_cache=False, output_hidden_states=True)
        said = out.logits[0, :-1].log_softmax(-1).gather(-1, ids[1:, None])[:, 0][r.positions]
        value = (out.hidden_states[-1][0, :-1] @ head.weight[0] + head.bias)[r.positions]
        advantage = (raw - everything.mean()) / (everything.var() + 1e-8).sqrt()
        ratio, high = (said - drawn).exp(), method.clip_high or method.clip
        actor = -torch.min(ratio * advantage, ratio.clamp(1 - method.clip, 1 + high) * advantage)
        returns = raw + old
        critic = (value - returns) ** 2
        if method.clip_value is not None:
            critic = torch.max(critic, (value.clamp(old - method.clip_value, old + method.clip_value) - returns) ** 2)
        losses.append(actor + method.value_weight * 0.5 * critic)
    return torch.cat(losses).mean()


STEPS = [
    {}, {"gamma": 0.9, "gae_lambda": 0.5, "value_weight": 2.0}, {"clip_value": None}, {"clip": 0.1, "clip_high": 0.6},
]  # fmt: skip


@pytest.mark.parametrize("keys", STEPS, ids=lambda k: "-".join(map(str, k)) or "as it stands")
def test_loss_and_gradients_are_the_textbooks_whatever_the_passes(keys: Any) -> None:
    model = tiny_llama(dtype=torch.float64)
    rows, facts = answers_of(5, 3)
    practice, head = critic_of(keys, model)
    scores = judged(practice, rows, facts)
    loss = textbook(practice.method, model, head, rows, practice, scores)
    loss.backward()  # type: ignore[no-untyped-call]
    theirs = {n: p.grad.clone() for n, p in trainable(model).items() if p.grad is not None}
    assert {f"{ppo.NAME}.weight", f"{ppo.NAME}.bias"} < theirs.keys()
    for weight in each_way(practice, model, rows, loss.item(), theirs):
        seen = practice.numbers()
        again = sum(float(practice.total(practice.collate([r], "cpu"))) for r in rows)
        assert again / weight == pytest.approx(loss.item(), rel=1e-9) and seen["value_loss"] > 0


def test_the_whole_model_learns_from_both_losses() -> None:
    """Full tuning: the head over words learns too, which goes another way through the chunks."""
    model = tiny_llama(dtype=torch.float64, tuning="full", tied=False)
    rows, facts = answers_of(4, 2)
    model.get_base_model = lambda: model  # type: ignore[assignment]
    practice, head = critic_of({}, model)
    assert practice.loss.head_learns
    scores = judged(practice, rows, facts)
    loss = textbook(practice.method, model, head, rows, practice, scores)
    loss.backward()  # type: ignore[no-untyped-call]
    theirs = {n: p.grad.clone() for n, p in trainable(model).items() if p.grad is not None}
    model.zero_grad()
    practice.begin(rows)
    practice.backward(practice.collate(rows, "cpu"), practice.weight(rows))
    for n, p in trainable(model).items():
        assert p.grad is not None and torch.allclose(p.grad, theirs[n], rtol=1e-8, atol=1e-12), n


def test_an_answer_that_nobody_could_score_moves_nothing() -> None:
    """The last two of six: with other tokens in them, the gradient is the same, and others are not measured by them."""
    model = tiny_llama(dtype=torch.float64)
    rows, facts = answers_of(3, 2)
    practice, head = critic_of({}, model)
    judged(practice, rows, facts, unscored=4)
    assert not any(a for r in rows[4:] for a in practice.facts[r.example_id].advantages)
    found = []
    for end in (4, 6):
        model.zero_grad()
        practice.begin(rows[:end])
        practice.backward(practice.collate(rows[:end], "cpu"), 1.0)
        found.append({n: p.grad.clone() for n, p in trainable(model).items() if p.grad is not None})
    assert all(torch.allclose(found[0][n], g, rtol=1e-9, atol=1e-12) for n, g in found[1].items())
    assert found[0][f"{ppo.NAME}.bias"].abs() > 0 and head.bias.requires_grad


# --- a run


def test_answers_become_what_is_rewarded_and_the_head_goes_with_the_run(tmp_path: Path) -> None:
    few = prompts(4)
    keys = {**PPO, "kl": 0.0, "group": 16, "prompts": 4}
    model, result, run = learn(
        keys, tmp_path, max_steps=24, epochs=20, checkpoints=0, train=few, held=few, learning_rate=1e-2
    )
    steps = [h for h in result.history if "reward" in h]
    drawn = [h["reward"] for h in steps]
    assert np.mean(drawn[-4:]) > np.mean(drawn[:4])
    assert -result.best_loss > -result.first_loss + 0.05, "the greedy answers, of which a third is plain at first"
    assert steps[0]["value"] == 0.0 and steps[0]["explained"] == 0.0, "the head begins at zero"
    late = float(np.mean([h["value_loss"] for h in steps[-4:]]))
    assert late < steps[0]["value_loss"] / 2 and steps[-1]["value"] > 0.1
    assert all(h["engine_gap"] < 1e-4 for h in steps[::2]), "the first step of each round"
    assert any("explained" in values for _, values in run.metrics)
    drawn_chart = training_charts({"history": result.history, "best_step": result.best_step}, [])
    assert "Value head" in drawn_chart and "KL to the reference" in drawn_chart
    assert not hasattr(model, ppo.NAME) and not any(ppo.NAME in n for n, _ in model.named_parameters())


def test_the_value_head_learns_what_can_be_known(tmp_path: Path) -> None:
    """Rewards that hang on the prompt alone: no answer is better than another, and what each is worth can be known."""
    few = prompts(4)

    def by_question(items: Sequence[Answered]) -> list[Score]:
        return [Score(float(str(i.messages[0].content)[-1]) / 3) for i in items]

    method = {"kind": "ppo", "kl": 0.0, "group": 4, "prompts": 4, "max_tokens": 6, "value_weight": 1.0}
    _, result, _ = learn(
        method, tmp_path, train=few, held=[], rewards=[Reward(Scoring("by question", "", by_question))], max_steps=48,
        epochs=48, checkpoints=0, learning_rate=1e-2, evaluations=1,
    )  # fmt: skip
    rounds = [h for h in result.history if "explained" in h][::4]
    assert len(rounds) == 12 and rounds[0]["explained"] == 0.0 and rounds[0]["value"] == 0.0
    assert np.mean([h["explained"] for h in rounds[-4:]]) > 0.4, [h["explained"] for h in rounds]
    assert rounds[-1]["value"] == pytest.approx(0.5, abs=0.1)


def ended(folder: Path) -> dict[str, Tensor]:
    """All that the last checkpoint holds: trained tensors, the value head among them, and the optimiser's."""
    last = max((folder / "checkpoints").glob("step-*"))
    parts = {part: load_file(last / f"{part}.safetensors") for part in ("weights", "optimiser")}
    return {f"{part}/{name}": t for part, tensors in parts.items() for name, t in tensors.items()}


@pytest.mark.parametrize("stopped", [7, 5], ids=["within a round", "as a round begins"])
def test_killed_and_taken_up_again_it_ends_with_the_same_bits(stopped: int, tmp_path: Path) -> None:
    """The last checkpoint is at step 4. A head that began anew, or values that are asked again, would show."""
    method = {**PPO, "iterations": 3, "kl_target": 0.5, "kl": 0.1}
    calm, whole, _ = learn(method, tmp_path / "calm", epochs=9, checkpoints=2)

    with pytest.raises(Stopped):
        learn(method, tmp_path / "killed", epochs=9, checkpoints=2, on_step=stop_at(stopped))
    again, result, _ = learn(method, tmp_path / "killed", epochs=9, checkpoints=2)
    assert result.resumed_at == 4
    for (name, p), (_, q) in zip(calm.named_parameters(), again.named_parameters(), strict=True):
        assert torch.equal(p, q), name
    ours, theirs = ended(tmp_path / "killed"), ended(tmp_path / "calm")
    assert f"weights/{ppo.NAME}.weight" in ours and f"optimiser/{ppo.NAME}.weight/exp_avg" in ours
    assert ours[f"weights/{ppo.NAME}.weight"].abs().max() > 0
    assert ours.keys() == theirs.keys() and all(torch.equal(t, theirs[n]) for n, t in ours.items())
    for key in ("reward", "value_loss", "explained", "kl_weight"):
        assert [h.get(key) for h in result.history] == [h.get(key) for h in whole.history], key


def test_a_step_that_does_not_fit_is_done_again_in_smaller_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both losses, from one round: the split changes rounding only, and nothing of the pass that broke off is left."""
    few: dict[str, Any] = {"max_steps": 3, "epochs": 9, "checkpoints": 0, "evaluations": 1, "held": []}
    method = {**PPO, "iterations": 3}
    _, whole, _ = learn(method, tmp_path / "a", **few)
    backward = TokenLoss.backward_through_tokens

    def limited(self: TokenLoss, batch: Any, judge: Any, beside: Any = None) -> Tensor:
        value = backward(self, batch, judge, beside)
        if batch.inputs.numel() > 128:
            raise torch.OutOfMemoryError("no room")
        return value

    monkeypatch.setattr(TokenLoss, "backward_through_tokens", limited)
    _, split, run = learn(method, tmp_path / "b", **few)
    assert "out of memory" in run.kinds()
    for key in ("loss", "value_loss", "norm"):
        told = [[h[key] for h in result.history if key in h] for result in (whole, split)]
        assert told[1] == pytest.approx(told[0], rel=1e-3, abs=1e-6), key


def test_a_step_that_is_not_finite_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value head that has run away, in one step."""
    loss, calls = policy.value_loss, []

    def once(said: Tensor, *rest: Any, **keys: Any) -> Any:
        calls.append(said)
        losses, cut = loss(said, *rest, **keys)
        return (losses * math.nan if len(calls) == 2 else losses), cut

    monkeypatch.setattr(policy, "value_loss", once)
    _, result, run = learn(
        PPO, tmp_path, max_steps=4, epochs=9, checkpoints=0, micro_tokens=4096, evaluations=1, held=[]
    )
    assert len(result.skipped) == 1 and result.skipped[0]["rows"] and "step skipped" in run.kinds()
    assert result.stopped == "done" and all(math.isfinite(h["loss"]) for h in result.history if "loss" in h)


def test_a_model_whose_states_cannot_be_read_is_refused() -> None:
    loss = TokenLoss(tiny_llama())
    ppo.refuse_without_states(loss)
    loss.short = False
    with pytest.raises(LuthierError, match="states of a LlamaForCausalLM cannot be read") as caught:
        ppo.refuse_without_states(loss)
    assert "grpo or rloo" in caught.value.fix


def test_one_answer_to_a_prompt_is_enough(tmp_path: Path) -> None:
    _, result, run = learn({**PPO, "group": 1, "prompts": 8}, tmp_path, max_steps=4, epochs=9, checkpoints=0)
    assert result.history[1]["flat"] == 0.0 and not any("worth the same" in str(e) for e in run.events)


# --- keys


CHANGES: dict[str, Any] = {
    "group": 3, "prompts": 2, "iterations": 1, "max_tokens": 5, "kl": 1.0, "gamma": 0.5, "gae_lambda": 0.1,
    "value_weight": 3.0,
}
LOSSES: dict[str, Any] = {"clip": 0.9, "clip_high": 3.0, "clip_value": 2.0}
ELSEWHERE = {
    "kind": "test_loss_and_gradients_are_the_textbooks_whatever_the_passes",
    "kl_target": "test_killed_and_taken_up_again_it_ends_with_the_same_bits",
    "rewards": "tests/score/test_reward.py", "kl_limit": "tests/train/test_rl.py", "hacking": "tests/train/test_rl.py",
}  # fmt: skip


@pytest.mark.parametrize("key", CHANGES)
def test_every_key_changes_what_is_learned(key: str, tmp_path: Path) -> None:
    few: dict[str, Any] = {"max_steps": 3, "epochs": 9, "checkpoints": 0, "evaluations": 1, "held": []}
    base, *_ = learn({**PPO, "kl": 0.1}, tmp_path / "a", **few)
    other, *_ = learn({**PPO, "kl": 0.1, key: CHANGES[key]}, tmp_path / "b", **few)
    assert any(not torch.equal(p, trainable(other)[n]) for n, p in trainable(base).items())


@pytest.mark.parametrize("key", LOSSES)
def test_every_key_of_a_clip_changes_the_loss(key: str) -> None:
    rows, facts = answers_of(5, 3)
    found = []
    for keys in ({}, {key: LOSSES[key]}):
        practice, _ = critic_of(keys, tiny_llama())
        judged(practice, rows, facts)
        practice.begin(rows)
        found.append(float(practice.total(practice.collate(rows, "cpu"))))
    assert found[0] != pytest.approx(found[1], rel=1e-4)


def test_no_key_is_without_a_witness() -> None:
    from tests.witness import leaves

    own = {k.split(".")[2] for k in leaves(TrainSpec) if k.startswith("method.ppo.")}
    assert own == CHANGES.keys() | LOSSES.keys() | ELSEWHERE.keys()


def test_the_plan_says_why_and_counts_the_value_head() -> None:
    from luthier.models.sizes import measure
    from luthier.models.source import resolve

    spec = TrainSpec.model_validate({"method": {**PPO, "prompts": 4}})
    planned = plan_of(spec, prompts(8), prompts(2))
    told = planned.decided
    assert told["value_head"].value == 65 and "not delivered" in told["value_head"].reason
    assert told["gae_lambda"].value == 0.95 and {"gamma", "clip_value", "value_weight", "kl"} <= told.keys()
    assert planned.steps == round(2 * 2 * spec.epochs), "two steps on each of two rounds an epoch"
    assert "value_head" not in plan_of(TrainSpec.model_validate({"method": "grpo"}), prompts(8), []).decided
    nano = resolve("nano")
    without, with_head = (measure(nano, spec.tuning, critic=critic) for critic in (False, True))
    assert with_head.trainable - without.trainable == without.hidden + 1
    full = measure(nano, TrainSpec.model_validate({"tuning": "full"}).tuning, critic=True)
    assert full.share == 1.0


def test_answers_are_handed_over_and_silence_is_no_zero(tmp_path: Path) -> None:
    """Half of the answers cannot be scored: the run goes on, and learns from the others."""

    def half(items: Sequence[Answered]) -> list[Score]:
        return [Score(plain(i.answer) if n % 2 else None, "cannot say") for n, i in enumerate(items)]

    _, result, _ = learn(
        PPO, tmp_path, rewards=[Reward(Scoring("half", "", half))], max_steps=4, epochs=9, checkpoints=0, held=[]
    )
    assert all(math.isfinite(h["loss"]) for h in result.history if "loss" in h) and not result.skipped


