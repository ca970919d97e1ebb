"""Learning from pairs and thumbs: one reading of the prompt for two answers, the right reference, the same bits."""

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
from tests.train.conftest import Stopped, stop_at, tiny_scorer
from torch.nn import functional

from luthier.errors import LuthierError
from luthier.recipe.train import COMPARES, TrainSpec
from luthier.train import plan as planning
from luthier.train import preference
from luthier.train.batches import answers_of, collate_answers
from luthier.train.compared import scored
from luthier.train.loss import TokenLoss
from luthier.train.preference import Pair, Thumb, compared_row, input_length
from luthier.train.reward import Ranked, Scores

Make = Callable[..., Any]
BASE = {"epochs": 2, "batch_tokens": 256, "micro_tokens": 128, "learning_rate": 3e-3, "evaluations": 2, "patience": 0}


def pairs_of(make_rows: Make, count: int, seed: int = 3, *, alike: int = 0) -> list[Pair]:
    """Ragged pairs; with ``alike`` both answers begin with so many equal tokens."""
    rng = np.random.default_rng(seed)
    first = make_rows(1, seed=seed)[0]
    made = []
    for i in range(count):
        prompt = tuple(int(x) for x in rng.integers(4, 128, int(rng.integers(3, 24))))
        same = tuple(int(x) for x in rng.integers(4, 128, alike))
        sides = []
        for low, high in ((4, 66), (66, 128)):  # what tells them apart: the lower half of the vocabulary is liked
            answer = (*same, *(int(x) for x in rng.integers(low, high, int(rng.integers(2, 12)))))
            trained = (False,) * len(prompt) + (True,) * len(answer)
            sides.append(replace(first, ids=(*prompt, *answer), trained=trained, example_id=f"pair-{seed}-{i}"))
        made.append(Pair(sides[0], sides[1], f"pair-{seed}-{i}", weight=1.0 + i % 3))
    return made


def again(pairs: list[Any]) -> list[Any]:
    """The same rows under other names, to measure what was learned of them."""
    return [replace(p, example_id=f"again-{p.example_id}") for p in pairs]


def plan_of(spec: TrainSpec, train: list[Any], validation: list[Any] = []) -> Any:  # noqa: B006
    facts = planning.Facts(
        planning.ModelFacts(hidden=32, layers=2, intermediate=64, vocabulary=128, context=128, parameters=30_000,
                            trainable=2_000),
        planning.DeviceFacts("cpu", threads=1), [input_length(s) for s in train],
        [input_length(s) for s in validation],
    )  # fmt: skip
    return planning.derive(spec, facts)


@pytest.fixture
def learn(make_model: Make) -> Make:
    from tests.train.conftest import Recorder

    def go(method: Any, train: list[Any], workdir: Path, *, validation: list[Any] = [], model: Any = None,  # noqa: B006
           plan: Any = None, **keys: Any) -> Any:  # fmt: skip
        workdir.mkdir(exist_ok=True)
        spec = TrainSpec.model_validate({**BASE, "method": method, **keys})
        model = make_model() if model is None else model
        run = Recorder()
        result = preference.run(
            spec, plan or plan_of(spec, train, validation), loaded=SimpleNamespace(model=model, device="cpu"),
            train=train, validation=validation, run=run, workdir=workdir, seed=0,
        )  # fmt: skip
        return model, result, run

    return go


def textbook(model: Any, sample: Any) -> torch.Tensor:
    """Log-probability of one answer, from whole logits of the whole text."""
    ids = torch.tensor(sample.ids)[None]
    logits = model(input_ids=ids, use_cache=False).logits[0, :-1]
    said = -functional.cross_entropy(logits, ids[0, 1:], reduction="none")
    return (said * torch.tensor(sample.trained)[1:]).sum()


# --- one reading of the prompt


@pytest.mark.parametrize("tuning", ["lora", "full"])
@pytest.mark.parametrize("alike", [0, 3])
@pytest.mark.parametrize("chunk", [5, 1024])
def test_a_shared_prompt_gives_the_loss_and_gradients_of_separate_answers(
    make_model: Make, make_rows: Make, tuning: str, alike: int, chunk: int
) -> None:
    """Ragged pairs, in float64; the answers may begin alike, and then the fork lies inside them."""
    model = make_model(tuning=tuning, dtype=torch.float64)
    pairs = pairs_of(make_rows, 7, alike=alike)
    value = torch.zeros(())
    for p in pairs:
        margin = textbook(model, p.chosen) - textbook(model, p.rejected)
        loss = -functional.logsigmoid(0.3 * margin) * p.weight
        loss.backward()
        value = value + loss.detach()
    theirs = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    weights = torch.tensor([p.weight for p in pairs], dtype=torch.float64)

    def judge(said: torch.Tensor) -> torch.Tensor:
        return (-functional.logsigmoid(0.3 * (said[::2] - said[1::2])) * weights).sum()

    largest = max(float(g.abs().max()) for g in theirs.values())
    for apart in (False, True):
        model.zero_grad()
        batch = collate_answers([compared_row(p) for p in pairs], apart=apart)
        found = TokenLoss(model, chunk=chunk).backward_through(batch, judge)
        assert found.item() == pytest.approx(value.item(), rel=1e-9)
        ours = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
        assert ours.keys() == theirs.keys()
        assert max(float((ours[n] - theirs[n]).abs().max()) for n in ours) < 1e-9 * largest


def test_the_prompt_stands_once_and_the_answers_come_back_whole(make_rows: Make) -> None:
    for p in pairs_of(make_rows, 9, alike=2):
        r = compared_row(p)
        prompt = p.chosen.trained.index(True) + 2
        assert r.fork is not None and r.fork.at == prompt
        assert len(r.inputs) == len(p.chosen.ids) - 1 + len(p.rejected.ids) - 1 - prompt
        for side, back in zip((p.chosen, p.rejected), answers_of(r), strict=True):
            assert back.inputs.tolist() == list(side.ids[:-1])
            assert back.targets.tolist() == [t for t, m in zip(side.ids, side.trained, strict=True) if m]
            assert [side.ids[i + 1] for i in back.positions] == back.targets.tolist()


def test_one_answer_may_be_the_beginning_of_the_other(make_model: Make, make_rows: Make) -> None:
    pair = pairs_of(make_rows, 1, alike=4)[0]
    short = replace(pair.rejected, ids=pair.chosen.ids[:-2], trained=pair.chosen.trained[:-2])
    model = make_model(dtype=torch.float64).eval()
    for chosen, rejected in ((pair.chosen, short), (short, pair.chosen)):
        batch = collate_answers([compared_row(Pair(chosen, rejected, "x"))])
        expected = [textbook(model, s).item() for s in (chosen, rejected)]
        assert TokenLoss(model).log_probs(batch).tolist() == pytest.approx(expected, rel=1e-9)


def families() -> dict[str, Any]:
    from tests.train.test_prefix import FAMILIES

    return FAMILIES


@pytest.mark.parametrize("family", families())
def test_a_family_shares_prompts_where_it_computes_the_same_and_says_where_not(
    family: str, make_rows: Make, learn: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = pairs_of(make_rows, 12)

    def losses(folder: str) -> tuple[list[float], str]:
        torch.manual_seed(3)
        _, result, run = learn("dpo", pairs, tmp_path / folder, model=families()[family]().float(), tuning="full",
                               learning_rate=1e-3, validation=pairs_of(make_rows, 4, 8), checkpoints=0)  # fmt: skip
        told = next(data for kind, data in run.events if kind == "train")
        return [e[k] for e in result.history for k in ("loss", "val") if k in e], told["prompts"]

    ours, told = losses("shared")
    monkeypatch.setattr(TokenLoss, "forks", lambda *a, **k: False)
    theirs, _ = losses("apart")
    assert len(ours) > 3 and ours == pytest.approx(theirs, rel=2e-4)
    if "mamba" in family or "sliding" in family:
        assert "differs" in told and "For" in told  # the architecture is named
    else:
        assert told == "read once for both answers"


def test_with_dropout_each_answer_is_read_alone(make_rows: Make, learn: Make, make_model: Make, tmp_path: Path) -> None:
    _, _, run = learn("dpo", pairs_of(make_rows, 8), tmp_path, model=make_model(dropout=0.2), epochs=1)
    assert "dropout" in next(data for kind, data in run.events if kind == "train")["prompts"]


# --- the reference


def test_the_first_loss_is_log_2_for_a_fresh_adapter_and_for_one_that_is_trained_further(
    make_rows: Make, learn: Make, make_model: Make, tmp_path: Path
) -> None:
    """The reference is where training starts: an adapter that was trained before belongs to it."""
    pairs = pairs_of(make_rows, 12)
    model = make_model()  # its B is not zero: as after fine-tuning
    with torch.no_grad(), model.disable_adapter():
        bare = {p.example_id: [textbook(model, s).item() for s in (p.chosen, p.rejected)] for p in pairs}
    started = {p.example_id: [textbook(model, s).item() for s in (p.chosen, p.rejected)] for p in pairs}
    _, result, _ = learn("dpo", pairs, tmp_path, model=model, validation=again(pairs[:4]))
    assert result.first_loss == pytest.approx(math.log(2), abs=1e-6)
    assert next(e["loss"] for e in result.history if e["step"] == 1) == pytest.approx(math.log(2), abs=1e-6)
    import json

    kept = json.loads((tmp_path / preference.REFERENCE).read_text())["log_probs"]
    for name in bare:
        said = kept[name]
        assert said == pytest.approx(started[name], rel=1e-5)
        assert said != pytest.approx(bare[name], rel=1e-3)


def test_the_reference_of_a_resumed_run_is_still_the_start(
    make_rows: Make, learn: Make, make_model: Make, tmp_path: Path
) -> None:
    """Stopped after half of its steps and taken up by a fresh process: the same bits, also without the cached file."""
    pairs, held = pairs_of(make_rows, 24), pairs_of(make_rows, 6, 8)
    whole, calm, _ = learn("dpo", pairs, tmp_path / "calm", validation=held, checkpoints=4)
    assert calm.steps >= 4

    for lose_reference in (False, True):
        folder = tmp_path / f"killed-{lose_reference}"
        folder.mkdir()
        spec = TrainSpec.model_validate({**BASE, "method": "dpo", "checkpoints": 4})
        from tests.train.conftest import Recorder

        with pytest.raises(Stopped):
            preference.run(
                spec, plan_of(spec, pairs, held), loaded=SimpleNamespace(model=make_model(), device="cpu"),
                train=pairs, validation=held, run=Recorder(), workdir=folder, seed=0, on_step=stop_at(calm.steps // 2),
            )  # fmt: skip
        if lose_reference:
            (folder / preference.REFERENCE).unlink()
        again, result, _ = learn("dpo", pairs, folder, validation=held, checkpoints=4)
        assert result.resumed_at and result.resumed_at <= calm.steps // 2
        for (name, p), (_, q) in zip(whole.named_parameters(), again.named_parameters(), strict=True):
            assert torch.equal(p, q), name
        assert [e.get("loss") for e in result.history] == [e.get("loss") for e in calm.history]


def test_reference_free_methods_compute_none(make_rows: Make, learn: Make, tmp_path: Path) -> None:
    for method in ("simpo", "orpo"):
        _, result, _ = learn(method, pairs_of(make_rows, 8), tmp_path / method, epochs=1)
        assert not (tmp_path / method / preference.REFERENCE).exists()
        assert "chosen_change" not in result.history[1]


# --- what is learned


@pytest.mark.parametrize(
    "method",
    ["dpo", {"kind": "dpo", "loss": "hinge"}, {"kind": "dpo", "loss": "robust", "label_smoothing": 0.1},
     {"kind": "dpo", "normalise": True, "beta": 2.0}, {"kind": "dpo", "sft": 0.5, "margin": 0.5},
     {"kind": "ipo", "beta": 0.5}, "simpo", "orpo"],
    ids=lambda m: m if isinstance(m, str) else "-".join(map(str, m.values())),
)  # fmt: skip
def test_every_method_comes_to_prefer_the_chosen_answers(
    method: Any, make_rows: Make, learn: Make, tmp_path: Path
) -> None:
    pairs = pairs_of(make_rows, 16)
    _, result, _ = learn(method, pairs, tmp_path, validation=again(pairs), epochs=8, learning_rate=2e-2, evaluations=1,
                         batch_tokens=128, checkpoints=0)  # fmt: skip
    first, last = (e["held_out"] for e in result.history if "held_out" in e)
    assert last["accuracy"] > 0.9 and last["margin"] > max(0.0, first["margin"])
    assert result.best_loss < result.first_loss


def test_what_is_told_of_the_answers_is_what_the_model_says_of_them(
    make_rows: Make, learn: Make, tmp_path: Path
) -> None:
    pairs = pairs_of(make_rows, 24)
    model, result, _ = learn("dpo", pairs, tmp_path, epochs=4, learning_rate=1e-2, validation=again(pairs))
    told = [e["held_out"] for e in result.history if "held_out" in e][-1]
    leads = [(textbook(model, p.chosen) - textbook(model, p.rejected)).item() for p in pairs]
    weights = [p.weight for p in pairs]
    said = told["chosen_logp"] - told["rejected_logp"]
    assert said == pytest.approx(np.average(leads, weights=weights), rel=1e-3)
    assert told["chosen_change"] > told["rejected_change"]


def test_weights_of_pairs_count_and_micro_batches_do_not(make_rows: Make, learn: Make, tmp_path: Path) -> None:
    pairs = pairs_of(make_rows, 16)
    method = {"kind": "dpo", "sft": 0.3}
    one = learn(method, pairs, tmp_path / "one", micro_tokens=4096, batch_tokens=4096, max_steps=1, schedule="constant")
    many = learn(method, pairs, tmp_path / "many", micro_tokens=64, batch_tokens=4096, max_steps=1, schedule="constant")
    assert many[1].plan.micro_batches > 1
    assert one[1].history[1]["loss"] == pytest.approx(many[1].history[1]["loss"], rel=1e-5)
    assert one[1].history[1]["norm"] == pytest.approx(many[1].history[1]["norm"], rel=1e-4)
    even = learn(method, [replace(p, weight=1.0) for p in pairs], tmp_path / "even", micro_tokens=4096,
                 batch_tokens=4096, max_steps=1, schedule="constant")  # fmt: skip
    assert even[1].history[1]["norm"] != pytest.approx(one[1].history[1]["norm"], rel=1e-3)


KEYS: dict[str, tuple[Any, Any]] = {
    f"{kind}.{key}": ({"kind": kind, **base}, {"kind": kind, **base, key: value})
    for kind, base, changes in (
        ("dpo", {}, {"beta": 0.4, "loss": "hinge", "label_smoothing": 0.2, "normalise": True, "margin": 0.7,
                     "sft": 0.5}),
        ("ipo", {}, {"beta": 0.4, "sft": 0.5}),
        ("simpo", {}, {"beta": 4.0, "margin": 1.0, "label_smoothing": 0.2, "sft": 0.5}),
        ("orpo", {}, {"beta": 0.5, "sft": 0.0}),
        ("kto", {}, {"beta": 0.4, "desirable": 2.0, "undesirable": 2.0}),
        ("reward", {}, {"margin": 0.7, "centre": 0.5, "label_smoothing": 0.2}),
    )
    for key, value in changes.items()
}  # fmt: skip
"""Key of a method -> a recipe without and with it."""


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_a_method_changes_the_loss(key: str, make_model: Make, make_rows: Make) -> None:
    thumbs, rewards = key.startswith("kto"), key.startswith("reward")
    samples = thumbs_of(make_rows, 4) if thumbs else pairs_of(make_rows, 4)
    samples = [scored(s, pad=0) for s in samples if isinstance(s, Pair)] if rewards else samples
    found = [compared_row(s) for s in samples]
    made = []
    for method in (TrainSpec.model_validate({"method": keys}).method for keys in KEYS[key]):
        loss = Scores(tiny_scorer()) if rewards else TokenLoss(make_model())
        given = [preference.Facts(1.0, None, s.good, (-9.0,)) if isinstance(s, Thumb)
                 else preference.Facts(1.0, 1.5, reference=(-9.0, -11.0)) for s in samples]  # fmt: skip
        facts = {r.example_id: f for r, f in zip(found, given, strict=True)}
        plan: Any = SimpleNamespace(micro_tokens=256)
        objective: Any = (
            preference.Thumbed(method, loss, facts, {r.example_id: r for r in found}, plan, "cpu")  # type: ignore[arg-type]
            if thumbs else Ranked(method, loss, facts, apart=False) if rewards  # type: ignore[arg-type]
            else preference.Paired(method, loss, facts, apart=False)
        )  # fmt: skip
        objective.begin(found)
        made.append(objective.total(objective.collate(found, "cpu")).item())
    assert made[0] != pytest.approx(made[1], rel=1e-4)


def test_no_key_of_a_method_is_without_a_witness() -> None:
    from tests.witness import leaves

    known = {f"{kind}.kind" for kind in COMPARES} | set(KEYS) | {"sft.kind", "continued.kind"}
    # tests/train/test_rl.py, test_classify.py
    other = ("method.grpo.", "method.rloo.", "method.ppo.", "method.classify.")
    own = (k for k in leaves(TrainSpec) if k.startswith("method.") and not k.startswith(other))
    assert {k.removeprefix("method.") for k in own} == known


# --- thumbs


def thumbs_of(make_rows: Make, count: int, seed: int = 3) -> list[Thumb]:
    made = []
    for i, p in enumerate(pairs_of(make_rows, count, seed)):
        good = i % 2 == 0
        made.append(Thumb(p.chosen if good else p.rejected, good, f"thumb-{seed}-{i}"))
    return made


def test_kto_learns_from_thumbs_alone(make_rows: Make, learn: Make, tmp_path: Path) -> None:
    thumbs = thumbs_of(make_rows, 24)
    _, result, _ = learn("kto", thumbs, tmp_path, validation=again(thumbs), epochs=8, learning_rate=2e-2, evaluations=1,
                         batch_tokens=128, checkpoints=0)  # fmt: skip
    assert result.first_loss == pytest.approx(0.5, abs=1e-5)  # at the reference, drift 0
    last = [e for e in result.history if "held_out" in e][-1]["held_out"]
    assert last["accuracy"] > 0.85 and last["margin"] > 0


def test_the_drift_is_that_of_the_window_not_of_a_pass(make_rows: Make, learn: Make, tmp_path: Path) -> None:
    thumbs = thumbs_of(make_rows, 32)
    found = []
    for micro in (4096, 64):
        _, result, _ = learn("kto", thumbs, tmp_path / str(micro), micro_tokens=micro, batch_tokens=4096, epochs=1,
                             max_steps=4, schedule="constant", learning_rate=1e-2, warmup=0)  # fmt: skip
        found.append([e["loss"] for e in result.history if e["step"]])
    assert found[0] == pytest.approx(found[1], rel=1e-4)


def test_rows_of_the_wrong_kind_are_refused_with_the_method_that_takes_them(
    make_rows: Make, learn: Make, tmp_path: Path
) -> None:
    with pytest.raises(LuthierError) as told:
        learn("kto", pairs_of(make_rows, 4), tmp_path / "a")
    assert "dpo" in (told.value.fix or "")
    with pytest.raises(LuthierError) as told:
        learn("dpo", thumbs_of(make_rows, 4), tmp_path / "b")
    assert "kto" in (told.value.fix or "")


# --- what a person is told


def test_likelihood_displacement_is_named_when_seen() -> None:
    seen = {"margin": 1.0, "chosen_change": -3.2, "rejected_change": -13.0}
    assert "likelihood displacement" in preference.displaced(seen) and "-3.2" in preference.displaced(seen)
    assert preference.displaced({**seen, "chosen_change": 0.4}) == ""
    assert preference.displaced({"margin": 0.0, "chosen_change": 0.0}) == ""


def test_the_run_is_told_margins_accuracy_and_the_kl(make_rows: Make, learn: Make, tmp_path: Path) -> None:
    _, _, run = learn("dpo", pairs_of(make_rows, 24), tmp_path, validation=pairs_of(make_rows, 6, 8), epochs=4)
    told: dict[str, float] = {}
    for _, values in run.metrics:
        told |= values
    assert {"accuracy", "margin", "chosen_logp", "rejected_logp", "val_accuracy", "val_chosen_change",
            "val_prefers_longer", "kl_to_reference"} <= told.keys()  # fmt: skip
    first = next(values for step, values in run.metrics if step == 0)
    assert first["kl_to_reference"] == pytest.approx(0.0, abs=1e-9) and first["val_accuracy"] == 0.5
    assert told["kl_to_reference"] > 1e-4
