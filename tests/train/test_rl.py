"""Learning from rewards: the textbook's loss, the same bits after a kill, what is learned, a hacked reward."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from tests.train.conftest import Recorder, Stopped, stop_at, tiny_llama

from luthier.errors import LuthierError
from luthier.recipe.train import TrainSpec
from luthier.records import Message, Score
from luthier.score.reward import Answered, Reward, Scorer, Scoring
from luthier.train import plan as planning
from luthier.train import rl, rollout
from luthier.train.loss import TokenLoss
from luthier.train.optimiser import trainable
from luthier.train.reference import Start
from luthier.train.rollout import Asked

LIMIT = 12
SMALL = {"epochs": 1, "max_steps": 8, "micro_tokens": 512, "learning_rate": 2e-2, "evaluations": 2, "patience": 0,
         "checkpoints": 8, "tuning": {"kind": "lora", "r": 4}}  # fmt: skip


def scorer(one: Callable[[str], float], name: str = "mine") -> Scorer:
    """Pays for a text."""
    return Scoring(name, name, lambda items: [Score(one(i.answer)) for i in items])


def plain(text: str) -> float:
    """Share of characters that a person can read: about a third, where they are drawn by chance."""
    return sum(c.isascii() and c.isprintable() for c in text) / max(1, len(text))


def odd(text: str) -> float:
    return 1 - plain(text)


def prompts(count: int, seed: int = 3) -> list[Asked]:
    rng = np.random.default_rng(seed)
    made = []
    for i in range(count):
        ids = tuple(int(x) for x in rng.integers(4, 260, int(rng.integers(6, 20))))
        made.append(Asked(ids, (Message("user", f"question {i}"),), "seven", 6, f"prompt-{seed}-{i}"))
    return made


def loaded_tiny(seed: int = 0) -> Any:
    from tests.engines.conftest import build

    from luthier.models.adapters import prepare

    return prepare(build(seed), TrainSpec.model_validate(SMALL).tuning, seed).loaded


def plan_of(spec: TrainSpec, train: Sequence[Asked], validation: Sequence[Asked]) -> Any:
    facts = planning.Facts(
        planning.ModelFacts(hidden=64, layers=3, intermediate=128, vocabulary=260, context=256, parameters=100_000,
                            trainable=5_000),
        planning.DeviceFacts("cpu", threads=1), [len(a.ids) + LIMIT for a in train],
        [len(a.ids) + LIMIT for a in validation],
    )  # fmt: skip
    return planning.derive(spec, facts)


def learn(
    method: dict[str, Any], folder: Path, *, rewards: Sequence[Reward] | None = None, on_step: Any = None,
    targets: Sequence[Scorer] = (), train: Sequence[Asked] | None = None, held: Sequence[Asked] | None = None,
    **keys: Any,
) -> tuple[Any, Any, Recorder]:  # fmt: skip
    spec = TrainSpec.model_validate(
        {**SMALL, "method": {"kind": "grpo", "group": 4, "prompts": 4, "max_tokens": LIMIT, **method}, **keys}
    )
    train, held = prompts(16) if train is None else train, prompts(8, 9) if held is None else held
    loaded, run = loaded_tiny(), Recorder()
    folder.mkdir(exist_ok=True)
    result = rl.run(
        spec, plan_of(spec, train, held), loaded=loaded, train=train, validation=held,
        rewards=rewards or [Reward(scorer(plain))], targets=targets, run=run, workdir=folder, seed=0, on_step=on_step,
    )  # fmt: skip
    return loaded.model, result, run


# --- the loss


def answers_of(count: int, each: int, seed: int = 5) -> tuple[list[Any], dict[str, rl.Facts]]:
    """Ragged answers with facts about them, as a round would hold them."""
    rng = np.random.default_rng(seed)
    rows, facts = [], {}
    for i in range(count):
        prompt = tuple(int(x) for x in rng.integers(4, 128, int(rng.integers(3, 20))))
        for k in range(each):
            ids = tuple(int(x) for x in rng.integers(4, 128, int(rng.integers(1, 9))))
            name = f"a{i}.{k}"
            rows.append(rollout.answer_row(name, prompt, ids))
            drawn, reference = (list(map(float, -rng.uniform(2.0, 6.0, len(ids)))) for _ in range(2))
            facts[name] = rl.Facts([float(rng.normal())], drawn, reference)
    return rows, facts


def practice_of(method: Any, model: Any, facts: Any = None, plan: Any = None) -> rl.Practice:
    spec = TrainSpec.model_validate({**SMALL, "method": {"max_tokens": LIMIT, **method}})
    engine: Any = SimpleNamespace(name="none")
    planned: Any = plan or SimpleNamespace(micro_tokens=64, precision="fp32", seed=0)
    made = rl.Practice(
        spec.method, TokenLoss(model, chunk=7), engine, [], [], train=[], held_out=[],  # type: ignore[arg-type]
        plan=planned, start=Start(model), folder=Path(),
        device="cpu",
    )  # fmt: skip
    made.facts, made._first = facts or {}, False
    return made


def textbook(method: Any, model: Any, rows: list[Any], facts: dict[str, rl.Facts]) -> torch.Tensor:
    """The loss as the papers write it, answer by answer, from whole logits."""
    losses, tokens = [], 0
    for r in rows:
        ids = torch.tensor([*r.inputs, r.targets[-1]])
        logits = model(input_ids=ids[None], use_cache=False).logits[0, :-1]
        said = logits.log_softmax(-1).gather(-1, ids[1:, None])[:, 0][r.positions]
        f = facts[r.example_id]
        drawn, reference = (torch.tensor(x, dtype=said.dtype) for x in (f.drawn, f.reference))
        (advantage,), high = f.advantages, method.clip_high or method.clip
        if method.kind == "rloo":
            ratio = (said.sum() - drawn.sum()).exp()
            losses.append(-torch.min(ratio * advantage, ratio.clamp(1 - method.clip, 1 + high) * advantage))
            continue
        ratio = (said - drawn).exp()
        each = -torch.min(ratio * advantage, ratio.clamp(1 - method.clip, 1 + high) * advantage)
        each = each + method.kl * ((reference - said).exp() - (reference - said) - 1)
        tokens += len(said)
        losses.append(each.mean() if method.mean_over == "answers" else each.sum())
    if method.kind == "rloo" or method.mean_over == "answers":
        return torch.stack(losses).mean()
    return torch.stack(losses).sum() / (tokens if method.mean_over == "tokens" else len(rows) * LIMIT)


def each_way(
    practice: Any, model: Any, rows: list[Any], loss: float, theirs: dict[str, torch.Tensor]
) -> Iterator[float]:
    """Every cut into passes, prompts shared and not, gives this loss and these gradients; the weight, after each."""
    for size, shared in ((len(rows), False), (4, False), (len(rows), True), (4, True)):
        practice._behind = shared
        model.zero_grad()
        practice.begin(rows)
        weight = practice.weight(rows)
        total = 0.0
        for at in range(0, len(rows), size):
            total += float(practice.backward(practice.collate(rows[at : at + size], "cpu"), weight))
        assert total / weight == pytest.approx(loss, rel=1e-9)
        for n, p in trainable(model).items():
            assert p.grad is not None and torch.allclose(p.grad, theirs[n], rtol=1e-8, atol=1e-12), n
        yield weight


METHODS = [
    {"kind": "grpo"}, {"kind": "grpo", "mean_over": "answers", "kl": 0.3}, {"kind": "grpo", "mean_over": "longest"},
    {"kind": "grpo", "clip": 0.1, "clip_high": 0.6, "kl": 0}, {"kind": "rloo", "clip": 0.4},
]  # fmt: skip


@pytest.mark.parametrize("keys", METHODS, ids=lambda k: "-".join(map(str, k.values())))
def test_loss_and_gradients_are_the_textbooks_whatever_the_passes(keys: Any) -> None:
    model = tiny_llama(dtype=torch.float64)
    rows, facts = answers_of(5, 3)
    practice = practice_of(keys, model, facts)
    loss = textbook(practice.method, model, rows, facts)
    loss.backward()  # type: ignore[no-untyped-call]
    theirs = {n: p.grad.clone() for n, p in trainable(model).items() if p.grad is not None}
    for _ in each_way(practice, model, rows, loss.item(), theirs):
        pass


def test_what_is_told_of_the_tokens_is_what_is_there() -> None:
    model = tiny_llama(dtype=torch.float64).eval()
    rows, facts = answers_of(4, 2)
    practice = practice_of({"kind": "grpo"}, model, facts)
    practice.begin(rows)
    said = [practice.loss.token_log_probs(practice.collate([r], "cpu")) for r in rows]
    for part in (rows[:3], rows[3:]):
        practice.total(practice.collate(part, "cpu"))
    numbers = practice.numbers()
    everything = torch.cat(said)
    references = torch.cat([torch.tensor(facts[r.example_id].reference, dtype=torch.float64) for r in rows])
    d = references - everything
    assert numbers["kl"] == pytest.approx(float((d.exp() - d - 1).sum()) / len(rows), rel=1e-9)
    assert numbers["entropy"] == pytest.approx(-float(everything.mean()), rel=1e-9)


def test_a_model_that_cannot_share_a_prompt_reads_each_answer_alone() -> None:
    rows, facts = answers_of(4, 8)
    for shares in (True, False):
        plan = SimpleNamespace(micro_tokens=128, precision="fp32", seed=0)
        practice = practice_of({"kind": "grpo", "group": 8}, tiny_llama(), facts, plan)
        practice.shares = shares
        passes = practice._passes(rows)
        assert sorted(r.example_id for part in passes for r in part) == sorted(facts)
        batch = practice.collate(passes[0], "cpu")
        assert (batch.tree is not None) == shares
        assert batch.inputs.shape[0] == (len(passes[0]) // 8 if shares else len(passes[0]))


# --- drawing


def test_answers_hold_the_token_that_ended_them_and_trainer_and_engine_agree(tmp_path: Path) -> None:
    from luthier.engines.embedded import EmbeddedEngine

    loaded = loaded_tiny()
    with torch.no_grad():
        for p in trainable(loaded.model).values():
            p.add_(torch.randn(p.shape, generator=torch.Generator().manual_seed(1)) * 0.1)
    with EmbeddedEngine(loaded) as engine:
        asked = prompts(6)
        drawn = rollout.draw(engine, asked, adapter="default", each=8, limit=200, seed=1, round_number=0)
        again = rollout.draw(engine, asked[2:3], adapter="default", each=8, limit=200, seed=1, round_number=0)
    assert [d.ids for d in again] == [d.ids for d in drawn[16:24]], "an answer's numbers are its own"
    ended = [d for d in drawn if d.ended]
    assert ended and all(d.ids[-1] in loaded.chat.stop_ids for d in ended)
    assert len({d.ids for d in drawn}) > 40
    practice = practice_of({"kind": "grpo"}, loaded.model)
    for d in drawn:
        one = rollout.answer_row(d.row_id, d.asked.ids, d.ids)
        found = practice.loss.token_log_probs(practice.collate([one], "cpu"))
        assert found.tolist() == pytest.approx(list(d.logprobs), abs=1e-3)


def test_every_prompt_comes_once_an_epoch_and_in_another_order_in_the_next() -> None:
    epochs = [[i for r in range(first, first + 4) for i in rollout.prompts_of(r, 10, 3, 7)] for first in (0, 4)]
    assert all(sorted(e) == list(range(10)) for e in epochs) and epochs[0] != epochs[1]
    assert rollout.prompts_of(5, 10, 3, 7) != rollout.prompts_of(5, 10, 3, 8)


def test_an_engine_that_says_other_things_than_the_trainer_is_refused(tmp_path: Path) -> None:
    """Other weights behind the engine than those that are trained."""
    from luthier.engines.embedded import EmbeddedEngine

    spec = TrainSpec.model_validate({**SMALL, "method": {"kind": "grpo", "group": 2, "prompts": 2, "max_tokens": 8}})
    asked = prompts(4)
    with pytest.raises(LuthierError, match="engine and trainer disagree"):
        rl.run(
            spec, plan_of(spec, asked, []), loaded=loaded_tiny(), train=asked, validation=[], run=Recorder(), seed=0,
            rewards=[Reward(scorer(plain))], workdir=tmp_path, engine=EmbeddedEngine(loaded_tiny(seed=1)),
        )  # fmt: skip


# --- what is learned


@pytest.mark.parametrize("method", [{}, {"kind": "rloo", "iterations": 2}, {"scale": "none", "mean_over": "longest"}],
                         ids=["grpo", "rloo", "dr-grpo"])  # fmt: skip
def test_answers_become_what_is_rewarded(method: dict[str, Any], tmp_path: Path) -> None:
    few = prompts(4)
    keys = {"kl": 0.0, "group": 16, "prompts": 4, **method}
    _, result, run = learn(keys, tmp_path, max_steps=12, epochs=20, checkpoints=0, train=few, held=few)
    drawn = [h["reward"] for h in result.history if "reward" in h]
    assert np.mean(drawn[-3:]) > np.mean(drawn[:3])
    assert -result.best_loss > -result.first_loss + 0.05, "the greedy answers, of which a third is plain at first"
    assert all(h["engine_gap"] < 1e-4 for h in result.history[1:] if "engine_gap" in h and not method.get("iterations"))
    assert result.history[-1]["kl"] > result.history[1]["kl"] == pytest.approx(0.0, abs=1e-6)
    assert any("reward" in values for _, values in run.metrics)


@pytest.mark.parametrize("method", [{}, {"kind": "rloo", "iterations": 3}, {"kl_target": 0.5, "kl": 0.1}],
                         ids=["grpo", "rloo-iterations", "adaptive"])  # fmt: skip
def test_killed_and_taken_up_again_it_ends_with_the_same_bits(method: dict[str, Any], tmp_path: Path) -> None:
    """At step 7, with its last checkpoint at step 4: in the middle of a round that another has followed."""
    calm, whole, _ = learn(method, tmp_path / "calm", epochs=9, checkpoints=2)

    with pytest.raises(Stopped):
        learn(method, tmp_path / "killed", epochs=9, checkpoints=2, on_step=stop_at(7))
    again, result, _ = learn(method, tmp_path / "killed", epochs=9, checkpoints=2)
    assert result.resumed_at == 4
    for (name, p), (_, q) in zip(calm.named_parameters(), again.named_parameters(), strict=True):
        assert torch.equal(p, q), name
    assert [h.get("reward") for h in result.history] == [h.get("reward") for h in whole.history]
    assert [h.get("kl_weight") for h in result.history] == [h.get("kl_weight") for h in whole.history]


@pytest.mark.slow
def test_a_larger_weight_of_the_kl_stays_closer(tmp_path: Path) -> None:
    last = []
    few, keys = prompts(4), {"max_steps": 10, "epochs": 20, "checkpoints": 0, "learning_rate": 5e-3}
    for kl in (0.0, 10.0):
        method = {"kl": kl, "group": 16, "prompts": 4}
        _, result, _ = learn(method, tmp_path / str(kl), train=few, held=few, **keys)  # type: ignore[arg-type]
        last.append(np.mean([h["kl"] for h in result.history[-3:]]))
    assert last[1] < last[0] / 2


def test_the_kl_is_led_to_its_target(tmp_path: Path) -> None:
    _, result, _ = learn({"kl": 0.1, "kl_target": 0.01}, tmp_path, epochs=20, max_steps=6, checkpoints=0)
    steps = [h for h in result.history if "kl" in h]
    for before, after in itertools.pairwise(steps):
        assert after["kl_weight"] == pytest.approx(before["kl_weight"] * (1 + 0.1 * min(
            0.2, max(-0.2, before["kl"] / 0.01 - 1))))  # fmt: skip


def test_answers_that_nobody_can_score_end_the_training(tmp_path: Path) -> None:
    silent = Scoring("silent", "", lambda items: [Score(None, "cannot say") for _ in items])
    with pytest.raises(LuthierError, match="no answer could be scored"):
        learn({}, tmp_path, rewards=[Reward(silent)])


# --- a hacked reward


@pytest.mark.slow
def test_a_reward_against_what_is_wanted_is_caught_and_told(tmp_path: Path) -> None:
    """Planted: what is paid for is what nobody wants to read. Length has its own test on nano (end_to_end)."""
    keys: dict[str, Any] = {
        "max_steps": 40, "epochs": 40, "evaluations": 8, "checkpoints": 0, "held": prompts(24, 9),
        "targets": [scorer(plain, "plain")], "rewards": [Reward(scorer(odd, "odd"))],
    }  # fmt: skip
    _, result, run = learn({"group": 8, "kl": 0.0}, tmp_path / "hacked", **keys)
    assert result.stopped == "hacking" and result.steps < 40
    (found,) = [f for f in result.diagnosis if f.kind == "hacking"]
    assert "plain, which is not rewarded, fell by" in found.said and found.fix
    assert result.best_step < result.steps, "the weights that show it are not kept"
    assert "stopped by a monitor" in run.kinds()
    _, warned, _ = learn({"group": 8, "kl": 0.0, "hacking": "warn"}, tmp_path / "warned", **keys)
    assert warned.stopped == "done" and [f.kind for f in warned.diagnosis] == ["hacking"]
    keys |= {"max_steps": 10, "evaluations": 1}
    _, unseen, _ = learn({"group": 8, "kl": 0.0, "hacking": "off"}, tmp_path / "off", **keys)
    assert not unseen.diagnosis


def look(step: int, reward: float, length: float, target: float, **steps: float) -> list[dict[str, Any]]:
    rng = np.random.default_rng(step)
    noise = rng.normal(0, 0.02, (3, 40))
    said = {"reward": [reward + x for x in noise[0]], "length": [length + x for x in noise[1]],
            "targets": {"exact": [target + x for x in noise[2]]}}  # fmt: skip
    if step == 0:
        return [{"step": 0, "answers": said}]
    return [{"step": step, "kl": 2.0, "likes_length": 0.0, **steps, "answers": said}]


@pytest.mark.parametrize(("now", "limit", "told"), [
    (look(8, 0.9, 30, 0.5, likes_length=0.8), None, "answers grew from 10.0 to 30.0"),
    (look(8, 0.9, 30, 0.9, likes_length=0.8), None, ""),  # longer and, by what nobody is paid by, better
    (look(8, 0.9, 30, 0.5, likes_length=0.1), None, ""),  # longer, but not for the reward's sake
    (look(8, 0.9, 12, 0.5, likes_length=0.8), None, ""),
    (look(8, 0.2, 30, 0.5, likes_length=0.8), None, ""),  # the reward did not rise
    (look(8, 0.9, 10, 0.3), None, "exact, which is not rewarded, fell by 20."),
    (look(8, 0.9, 10, 0.5, kl=9.0), 5.0, "9.0 nats an answer"),
    (look(8, 0.9, 10, 0.5, kl=9.0), None, ""),
])  # fmt: skip
def test_what_says_otherwise_while_the_reward_rises(now: list[Any], limit: float | None, told: str) -> None:
    from luthier.train.hacking import hacked

    found = hacked([*look(0, 0.2, 10, 0.5), *now], limit)
    assert (found is not None) == bool(told)
    assert found is None or told in found.said


# --- keys


CHANGES: dict[str, Any] = {
    "group": 3, "prompts": 2, "iterations": 2, "max_tokens": 5, "kl": 1.0, "scale": "none", "mean_over": "answers",
}
LOSSES: dict[str, Any] = {"clip": 0.9, "clip_high": 3.0}
ELSEWHERE = {
    "kind": "test_loss_and_gradients_are_the_textbooks_whatever_the_passes",
    "kl_target": "test_the_kl_is_led_to_its_target",
    "kl_limit": "test_what_says_otherwise_while_the_reward_rises",
    "hacking": "test_a_reward_against_what_is_wanted_is_caught_and_told",
}


@pytest.mark.parametrize("key", CHANGES)
def test_every_key_changes_what_is_learned(key: str, tmp_path: Path) -> None:
    few: dict[str, Any] = {"max_steps": 2, "epochs": 9, "checkpoints": 0, "evaluations": 1}
    base, *_ = learn({"kl": 0.1}, tmp_path / "a", **few)
    other, *_ = learn({"kl": 0.1, key: CHANGES[key]}, tmp_path / "b", **few)
    changed = [n for n, p in trainable(base).items() if not torch.equal(p, trainable(other)[n])]
    assert changed


@pytest.mark.parametrize("kind", ["grpo", "rloo"])
@pytest.mark.parametrize("key", LOSSES)
def test_every_key_of_the_clip_changes_the_loss(kind: str, key: str) -> None:
    rows, facts = answers_of(5, 3)
    drawn = itertools.cycle((-6.0, -6.0, -3.5))  # ratios far above 1 and far below
    facts = {n: replace(f, drawn=[at] * len(f.drawn)) for (n, f), at in zip(facts.items(), drawn, strict=False)}
    model = tiny_llama()
    found = []
    for keys in ({}, {key: LOSSES[key]}):
        practice = practice_of({"kind": kind, "kl": 0, **keys}, model, facts)
        practice.begin(rows)
        found.append(float(practice.total(practice.collate(rows, "cpu"))))
    assert found[0] != pytest.approx(found[1], rel=1e-4)


def test_no_key_of_a_rewarded_method_is_without_a_witness() -> None:
    from tests.witness import leaves

    known = CHANGES.keys() | LOSSES.keys() | ELSEWHERE.keys()
    own = {k.split(".")[2] for k in leaves(TrainSpec) if k.startswith(("method.grpo.", "method.rloo."))}
    assert own - {"rewards"} == known, "rewards: tests/score/test_reward.py"
    assert all(name in globals() for name in ELSEWHERE.values())


def test_steps_are_counted_in_prompts() -> None:
    for iterations, steps in ((1, 6), (3, 18)):
        method = {"kind": "grpo", "prompts": 3, "group": 4, "iterations": iterations, "max_tokens": LIMIT}
        spec = TrainSpec.model_validate({"epochs": 2, "method": method})
        assert plan_of(spec, prompts(8), []).steps == steps


@pytest.mark.parametrize("keys", [{"anchor": 1.0}, {"batch_tokens": 512}, {"watch": {"overfitting": "stop"}},
                                  {"tuning": {"kind": "lora", "dropout": 0.1}}], ids=str)  # fmt: skip
def test_what_does_not_go_with_rewards_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="grpo"):
        TrainSpec.model_validate({"method": "grpo", **keys})


def test_an_answer_is_handed_over_with_its_question(tmp_path: Path) -> None:
    seen: list[Answered] = []

    def note(items: Sequence[Answered]) -> list[Score]:
        seen.extend(items)
        return [Score(plain(i.answer)) for i in items]

    learn({}, tmp_path, rewards=[Reward(Scoring("note", "", note))], max_steps=1, checkpoints=0, held=[])
    assert {i.messages[0].content for i in seen} <= {f"question {i}" for i in range(16)}
    assert len(seen) == 16 and {i.reference for i in seen} == {"seven"}


def test_a_weight_of_two_counts_twice(tmp_path: Path) -> None:
    from luthier.score.reward import graded

    items = [Answered((), "aabé", ""), Answered((), "éé", "")]
    one, _ = graded([Reward(scorer(plain), 2.0)], items)
    assert one == [1.5, 0.0] and not math.isnan(one[1])
