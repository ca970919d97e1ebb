"""The second backend: what it refuses, and that the same recipe by TRL learns the same from the same rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tests.train.conftest import Recorder, Row, Stopped, facts_of, seeded_rows, stop_at, tiny_llama, tiny_scorer
from tests.train.test_preference import pairs_of, thumbs_of

from luthier.errors import LuthierError
from luthier.recipe.train import TrainSpec
from luthier.train import backend_trl, batches, preference, reward, sft
from luthier.train import plan as planning
from luthier.train.compared import input_length, scored

SMALL = {"epochs": 2, "batch_tokens": 200, "micro_tokens": 96, "learning_rate": 3e-3, "evaluations": 3,
         "checkpoints": 4, "tuning": {"kind": "lora", "r": 4}}  # fmt: skip
METHODS: dict[str, Any] = {
    "dpo": {"kind": "dpo", "beta": 0.3}, "hinge": {"kind": "dpo", "loss": "hinge"},
    "robust": {"kind": "dpo", "loss": "robust", "label_smoothing": 0.1},
    "a token": {"kind": "dpo", "normalise": True, "beta": 1.5}, "with sft": {"kind": "dpo", "sft": 0.4},
    "ipo": {"kind": "ipo", "beta": 0.2}, "kto": {"kind": "kto", "beta": 0.3, "desirable": 1.2, "undesirable": 0.8},
    "reward": {"kind": "reward", "centre": 0.3}, "with margins": {"kind": "reward", "margin": 0.5, "centre": 0.0},
}  # fmt: skip
IN_PASSES = ("hinge", "reward")


# ---- what is refused


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"method": "simpo"}, "method simpo"), ({"method": "orpo"}, "method orpo"), ({"method": "ppo"}, "method ppo"),
        ({"method": "classify"}, "method classify"), ({"anchor": 0.5}, "anchor"), ({"processes": 2}, "processes"),
        ({"field_weights": {"note": 0.5}}, "field_weights"),
        ({"method": {"kind": "dpo", "margin": 0.5}}, "method.margin"),
        ({"method": {"kind": "dpo", "label_smoothing": 0.1}}, "method.label_smoothing"),
        ({"method": {"kind": "dpo", "normalise": True, "loss": "hinge"}}, "method.normalise"),
        ({"method": {"kind": "reward", "label_smoothing": 0.1}}, "method.label_smoothing"),
        ({"method": {"kind": "grpo", "kl_target": 1.0}}, "method.kl_target"),
        ({"method": "rloo", "tuning": "full"}, "method.kl"), ({"method": "grpo", "checkpoints": 3}, "checkpoints"),
        ({"method": "dpo", "tuning": {"kind": "lora", "init": "pissa"}}, "tuning.init: pissa"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)  # fmt: skip
def test_what_trl_cannot_do_is_refused_by_its_key(keys: dict[str, Any], named: str) -> None:
    TrainSpec.model_validate(keys)
    with pytest.raises(ValueError, match=rf"{named}.*train.backend: luthier"):
        TrainSpec.model_validate({**keys, "backend": "trl"})


@pytest.mark.parametrize("method", ["sft", "continued", "dpo", "ipo", "kto", "reward", "grpo", "rloo"])
def test_what_trl_can_do_is_read(method: str) -> None:
    assert TrainSpec.model_validate({"backend": "trl", "method": method}).backend == "trl"


def test_rows_with_weights_are_refused_with_their_name(make_rows: Callable[..., Any]) -> None:
    one, two = make_rows(2)
    backend_trl.refuse_weights([one, two])
    with pytest.raises(LuthierError, match="rows have weights") as caught:
        backend_trl.refuse_weights([one, replace(two, weight=0.5)])
    assert two.example_id in caught.value.where and "backend: luthier" in caught.value.fix


def test_the_same_tokens_are_trained() -> None:
    """Of the ids 7 8 9 5 6 3 the third, and the fifth; what stands behind it is not read."""
    made = batches.row(Row((7, 8, 9, 5, 6, 3), (False, False, True, False, True, False), "a"))
    assert backend_trl.tokens_of(made) == {"input_ids": [7, 8, 9, 5, 6], "labels": [-100, -100, 9, -100, 6]}
    with pytest.raises(LuthierError, match="not the assistant's"):
        backend_trl.parted(made)
    whole = batches.row(Row((7, 8, 9, 5), (False, False, True, True), "b"))
    assert backend_trl.parted(whole) == ([7, 8], [9, 5])


def test_a_plan_for_trl_has_one_process_and_saves_no_rollouts() -> None:
    rows = seeded_rows(400)
    facts = facts_of(rows, threads=4)
    assert planning.derive(TrainSpec(), facts).processes == 4
    assert planning.derive(TrainSpec(backend="trl"), facts).processes == 1
    grpo = planning.derive(TrainSpec.model_validate({"method": "grpo", "backend": "trl"}), facts)
    assert grpo.checkpoint_steps == () and "taken up again" in grpo.decided["checkpoint_steps"].reason
    assert planning.derive(TrainSpec(backend="trl"), facts).checkpoint_steps


# ---- what is learned


def tokenizer() -> Any:
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"<pad>": 0, "<end>": 1}, unk_token="<end>"))
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<end>")


def taught(spec: TrainSpec, train: Sequence[Any], validation: Sequence[Any], folder: Path, *, model: Any = None,
           run: Recorder | None = None, **more: Any) -> Any:  # fmt: skip
    """Train with the spec's backend; gives (model, result, recorder)."""
    kind = spec.method.kind
    own = {"sft": sft.run, "reward": reward.run}.get(kind, preference.run)
    learn = backend_trl.run if spec.backend == "trl" else own
    length = batches.input_length if kind == "sft" else input_length
    facts = facts_of([], [])
    facts = replace(
        facts, train_tokens=[length(s) for s in train], validation_tokens=[length(s) for s in validation]
    )
    model = model or (tiny_scorer() if kind == "reward" else tiny_llama())
    run = run or Recorder()
    loaded = SimpleNamespace(model=model, device="cpu", tokenizer=tokenizer())
    result = learn(
        spec, planning.derive(spec, facts, seed=0), loaded=loaded, train=train, validation=validation, run=run,
        workdir=folder, seed=0, **more,
    )  # fmt: skip
    return model, result, run


def both(keys: dict[str, Any], train: Sequence[Any], validation: Sequence[Any], folder: Path, **more: Any) -> Any:
    """The same by either backend: ((model, result, recorder), (…))."""
    make = more.pop("make", lambda: None)
    return tuple(
        taught(TrainSpec.model_validate({**SMALL, **keys, "backend": backend}), train, validation, folder / backend,
               model=make(), **more)
        for backend in ("luthier", "trl")
    )  # fmt: skip


def apart(one: Any, two: Any) -> float:
    """The largest difference of two models' weights, relative to the largest weight that is trained."""
    others = dict(two.named_parameters())
    trained = [(p, others[n]) for n, p in one.named_parameters() if p.requires_grad]
    assert trained and list(others) == [n for n, _ in one.named_parameters()]
    with torch.no_grad():
        return max(float((p - q).abs().max()) for p, q in trained) / max(float(p.abs().max()) for p, _ in trained)


def series(result: Any, name: str) -> list[float]:
    return [h[name] for h in result.history if name in h]


SAME: dict[str, dict[str, Any]] = {
    "lora": {}, "full": {"tuning": "full"}, "recompute and LoRA+": {"tuning": {"kind": "lora", "loraplus_lr_ratio": 8}},
    "another schedule": {"schedule": "linear", "warmup": 0.4, "weight_decay": 0.3, "clip": 0.05},
    "interpolated": {"interpolate": 0.5},
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", SAME)
def test_sft_by_trl_is_sft(name: str, tmp_path: Path) -> None:
    """Rates, clipping, decay and schedule as the recipe has them: the losses of every step, and the weights."""
    pytest.importorskip("trl")
    keys = SAME[name]
    kind = "full" if keys.get("tuning") == "full" else "lora"
    train, validation = seeded_rows(40, learnable=True), seeded_rows(8, seed=5)
    (one, ours, _), (two, theirs, told) = both(
        keys, train, validation, tmp_path, make=lambda: tiny_llama(tuning=kind),
        replayed=[r.example_id for r in train[:6]],
    )  # fmt: skip
    assert ours.plan.micro_batches > 1 and ours.steps == theirs.steps > 4
    for what in ("loss", "val", "norm", "rate"):
        assert series(theirs, what) == pytest.approx(series(ours, what), rel=1e-4), what
    assert apart(one, two) < 1e-4 and ours.best_step == theirs.best_step
    assert "backend" in told.kinds() and two.config.eos_token_id == one.config.eos_token_id
    assert "forward" not in vars(two) and "forward" not in vars(getattr(two, "get_base_model", lambda: two)())


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_comparisons_by_trl_are_learned_alike(name: str, tmp_path: Path) -> None:
    """Some in several passes a step. KTO's drift is measured over a pass there, and over a step here."""
    pytest.importorskip("trl")
    make = thumbs_of if name == "kto" else pairs_of
    train, validation = make(seeded_rows, 24), make(seeded_rows, 6)
    train = [replace(s, weight=1.0, **({} if name == "kto" else {"example_id": f"t{i}"})) for i, s in enumerate(train)]
    validation = [replace(s, weight=1.0, example_id=f"v{i}") for i, s in enumerate(validation)]
    if METHODS[name]["kind"] == "reward":
        train, validation = ([scored(p, pad=0) for p in side] for side in (train, validation))
    sizes = (400, 100) if name in IN_PASSES else (100, 200) if name == "kto" else (200, 200)
    keys = {"method": METHODS[name], "batch_tokens": sizes[0], "micro_tokens": sizes[1]}
    (one, ours, _), (two, theirs, _) = both(keys, train, validation, tmp_path)
    assert (ours.plan.micro_batches > 1) == (name in IN_PASSES) and ours.steps == theirs.steps >= 4
    assert series(theirs, "loss") == pytest.approx(series(ours, "loss"), abs=1e-4)
    assert series(theirs, "val") == pytest.approx(series(ours, "val"), abs=1e-4)
    assert apart(one, two) < 1e-3
    assert apart(tiny_scorer() if "reward" in METHODS[name]["kind"] else tiny_llama(), two) > 1e-3
    assert list(getattr(two, "peft_config", {})) == ["default"], "TRL's copy for reference is gone"
    for number in {"accuracy", "margin", "chosen_logp", "rejected_logp"} & theirs.history[1].keys():
        later = slice(number == "accuracy", None)  # before step 1 all answers are as likely as in the reference
        told = [(t[number], o[number]) for t, o in zip(theirs.history, ours.history, strict=True) if number in t][later]
        assert told and [t for t, _ in told] == pytest.approx([o for _, o in told], abs=1e-3), number


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sft", "dpo"])
def test_killed_and_taken_up_again_trl_ends_with_the_same_bits(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("trl")
    train: Sequence[Any] = seeded_rows(40)
    if kind == "dpo":
        train = [replace(p, weight=1.0) for p in pairs_of(seeded_rows, 24)]
    spec = TrainSpec.model_validate({**SMALL, "method": kind, "backend": "trl"})
    whole, *_ = taught(spec, train, [], tmp_path / "whole")
    with pytest.raises(Stopped):
        taught(spec, train, [], tmp_path / "cut", on_step=stop_at(5))
    again, result, _ = taught(spec, train, [], tmp_path / "cut")
    assert result.resumed_at == 4
    named = dict(again.named_parameters())
    assert all(torch.equal(p, named[n]) for n, p in whole.named_parameters())


@pytest.mark.slow
def test_no_update_is_made_with_numbers_that_are_not_finite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Step 3 is left out, and the weights are as they were before it."""
    pytest.importorskip("trl")
    spec = TrainSpec.model_validate({**SMALL, "backend": "trl", "weight_decay": 0.5, "evaluations": 1})
    backward = backend_trl.Taught.backward
    seen: list[torch.Tensor] = []

    def broken(self: Any, batch: Any, weight: float) -> torch.Tensor:
        loss = backward(self, batch, weight)
        return loss * math.nan if len(seen) == 2 else loss

    monkeypatch.setattr(backend_trl.Taught, "backward", broken)
    model = tiny_llama()

    def look(info: Any) -> None:
        seen.append(next(p for p in model.parameters() if p.requires_grad).detach().clone())

    _, result, told = taught(spec, seeded_rows(40), [], tmp_path, model=model, on_step=look)
    assert [s["step"] for s in result.skipped] == [3] and "step skipped" in told.kinds()
    assert torch.equal(seen[1], seen[2]) and not torch.equal(seen[2], seen[3])


@pytest.mark.slow
def test_a_pass_without_room_is_made_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("trl")
    spec = TrainSpec.model_validate({**SMALL, "backend": "trl", "micro_tokens": 200})
    rows = seeded_rows(40)
    whole, *_ = taught(spec, rows, [], tmp_path / "whole")
    backward = backend_trl.Taught.backward

    def small(self: Any, batch: Any, weight: float) -> torch.Tensor:
        if batch.inputs.numel() > 100:
            raise torch.OutOfMemoryError("no room")
        return backward(self, batch, weight)

    monkeypatch.setattr(backend_trl.Taught, "backward", small)
    cut, _, told = taught(spec, rows, [], tmp_path / "cut")
    assert "out of memory" in told.kinds() and apart(whole, cut) < 1e-4


@pytest.mark.slow
def test_nothing_is_sent_and_nothing_is_written_beside_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("trl")
    from huggingface_hub import utils

    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.delenv("CI", raising=False)
    sent: list[Any] = []
    from trl.trainer import base_trainer

    monkeypatch.setattr(base_trainer, "send_telemetry", lambda *a, **k: sent.append(a), raising=False)
    monkeypatch.setattr(utils, "send_telemetry", lambda *a, **k: sent.append(a), raising=False)
    monkeypatch.chdir(tmp_path)
    taught(TrainSpec.model_validate({**SMALL, "backend": "trl", "max_steps": 2}), seeded_rows(20), [], tmp_path / "run")
    assert not sent and [p.name for p in tmp_path.iterdir()] == ["run"]


# ---- what is drawn


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "more"),
    [
        ({"kind": "grpo", "kl": 0.0}, {}), ({"kind": "grpo", "kl": 0.01, "iterations": 2, "mean_over": "longest"}, {}),
        ({"kind": "rloo", "kl": 0.01}, {"micro_tokens": 700}),
    ],
    ids=["grpo", "grpo twice a round", "rloo in passes"],
)  # fmt: skip
def test_answers_drawn_by_trl_get_better(method: dict[str, Any], more: dict[str, Any], tmp_path: Path) -> None:
    """Paid for letters, a model of noise writes more of them."""
    pytest.importorskip("trl")
    from tests.train import test_rl

    from luthier.engines.embedded import EmbeddedEngine
    from luthier.engines.protocol import Request
    from luthier.score.reward import Reward

    keys = {**test_rl.SMALL, "backend": "trl", "checkpoints": 0, "max_steps": 12, "epochs": 20, **more,
            "method": {"group": 16, "prompts": 4, "max_tokens": test_rl.LIMIT, **method}}  # fmt: skip
    spec = TrainSpec.model_validate(keys)
    train = held_out = test_rl.prompts(4)
    plan = test_rl.plan_of(spec, train, held_out)
    loaded, told = test_rl.loaded_tiny(), Recorder()
    before = {n: p.detach().clone() for n, p in loaded.model.named_parameters() if p.requires_grad}
    result = backend_trl.run(
        spec, plan, loaded=loaded, train=train, validation=held_out, run=told, workdir=tmp_path, seed=0,
        rewards=[Reward(test_rl.scorer(test_rl.plain), 2.0), Reward(test_rl.scorer(len, "characters"), 0.0)],
    )  # fmt: skip
    rewards = series(result, "reward")
    assert result.steps == len(rewards) == 12 and sum(rewards[-3:]) > sum(rewards[:3])
    assert -result.best_loss > -result.first_loss + 0.05, "the greedy answers"
    assert all({"mine", "characters", "length", "kl", "entropy"} <= h.keys() for h in result.history[1:])
    assert result.history[0]["held_out"]["reward"] == pytest.approx(-result.history[0]["val"])
    assert all(not torch.equal(p, before[n]) for n, p in loaded.model.named_parameters() if n in before)
    assert list(loaded.model.peft_config) == ["default"]
    engine = EmbeddedEngine(loaded)
    (said,) = engine.generate([Request(token_ids=train[0].ids, max_tokens=4, adapter="default")])
    assert said.completion_tokens >= 1
    engine.close()
