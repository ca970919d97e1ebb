"""The monitors: looking changes no bit, the figures are the textbook's, each speaks only where it is so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from luthier.models.adapters import adapter_disabled
from luthier.models.greedy import greedy
from luthier.recipe.train import TrainSpec, WatchSpec
from luthier.train.batches import row
from luthier.train.loss import TokenLoss
from luthier.train.monitors import COPY, Watch, _Answers, diagnose, stops

Make = Callable[..., Any]
OFF: dict[str, Any] = {"overfitting": "off", "memorisation": "off", "forgetting": "off"}


def trained(model: Any) -> dict[str, torch.Tensor]:
    return {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}


def test_looking_leaves_the_weights_bitwise_as_without(
    fit: Make, make_model: Make, make_rows: Make, tmp_path: Path
) -> None:
    """Dropout on, all monitors at work: every bit and every number of the training is that of a run without them."""
    train, validation = make_rows(24, learnable=True), make_rows(12, seed=1, low=50, high=80, learnable=True)
    general = make_rows(10, seed=2)
    ends = []
    for n, watch in enumerate((OFF, {"rows": 8, "answers": 8})):
        spec = TrainSpec.model_validate(
            {"epochs": 3, "batch_tokens": 200, "evaluations": 3, "checkpoints": 0, "watch": watch}
        )
        model, result, _ = fit(
            spec, train, validation, tmp_path / str(n), model=make_model(dropout=0.2), general=general
        )
        ends.append((trained(model), [(h.get("loss"), h.get("val"), h.get("norm")) for h in result.history]))
        looked = [h for h in result.history if "probe" in h]
        assert len(looked) == (4 if n else 0)
    assert all({"general_loss", "general_right", "drift_nats"} <= h["probe"].keys() for h in looked)
    assert "copies" in looked[-1]["probe"], "at the end answers are made in any case"
    assert ends[0][1] == ends[1][1]
    assert all(torch.equal(ends[0][0][n], ends[1][0][n]) for n in ends[0][0])


def test_looking_gives_the_model_back_as_it_was(make_model: Make, make_rows: Make) -> None:
    model = make_model(dropout=0.2)
    model.eval()
    modes = {n: m.training for n, m in model.named_modules()}
    wanted = {n: p.requires_grad for n, p in model.named_parameters()}
    watch = Watch(
        WatchSpec(), TokenLoss(model), general=[row(s) for s in make_rows(4)], train=[row(s) for s in make_rows(9)],
        held_out=[row(s) for s in make_rows(6, seed=1, low=50, high=60)], adapter=True, tokens=200,
    )  # fmt: skip
    state = torch.get_rng_state()
    with torch.no_grad():
        watch.look()
    assert torch.equal(state, torch.get_rng_state())
    assert modes == {n: m.training for n, m in model.named_modules()}
    assert wanted == {n: p.requires_grad for n, p in model.named_parameters()}


def test_answers_read_no_more_at_a_time_than_a_pass_of_the_training(make_model: Make, make_rows: Make) -> None:
    """A training that just fits must not die at its last look; what is found is the same."""
    model = make_model(dtype=torch.float64).eval()
    held_out = [row(s) for s in make_rows(12, seed=1, low=50, high=90)]
    sizes: list[int] = []

    def looked(tokens: int) -> dict[str, Any]:
        sizes.clear()
        watch = Watch(
            WatchSpec(), TokenLoss(model), general=[], train=held_out, held_out=held_out, adapter=True, tokens=tokens
        )
        with torch.no_grad():
            return watch.look()["copies"]

    def seen(module: Any, given: Any, kwargs: Any) -> None:
        sizes.append(kwargs["input_ids"].numel())

    with model.register_forward_pre_hook(seen, with_kwargs=True):
        few = looked(100)
        assert max(sizes) <= 100
        assert looked(10_000) == few and max(sizes) > 200
    prompts = sorted(int(r.positions[0]) + 1 for r in held_out)
    assert prompts[-1] > prompts[0], "the order of the longest first is put back"


@pytest.mark.parametrize("chunk", [5, 1024])
def test_the_figures_of_general_rows_are_those_of_the_textbook(make_model: Make, make_rows: Make, chunk: int) -> None:
    model = make_model(dtype=torch.float64)
    model.eval()
    samples = make_rows(5, seed=3)
    watch = Watch(WatchSpec(), TokenLoss(model, chunk=chunk), general=[row(s) for s in samples], held_out=[],
                  train=[row(samples[0])], adapter=True, tokens=200)  # fmt: skip
    with torch.no_grad():
        found = watch.look()
        nats, drift, right = [], [], []
        for s in samples:
            n = len(row(s).inputs)
            ids = torch.tensor(s.ids)
            tuned = model(input_ids=ids[None], use_cache=False).logits[0, :n].log_softmax(-1)
            with adapter_disabled(model):
                base = model(input_ids=ids[None], use_cache=False).logits[0, :n].log_softmax(-1)
            nats.append(-tuned.gather(1, ids[1 : n + 1, None]).mean().item())
            drift.append((base.exp() * (base - tuned)).sum(-1))
            hits = tuned.argmax(-1) == ids[1 : n + 1]
            right.append(bool(hits[torch.tensor(s.trained[1 : n + 1])].all()))
    assert found["kept"]["nats"] == pytest.approx(nats, rel=1e-9)
    assert found["kept"]["right"] == [float(r) for r in right]
    assert found["probe"]["drift_nats"] == pytest.approx(float(torch.cat(drift).mean()), rel=1e-7)
    assert found["probe"]["general_loss"] == pytest.approx(float(np.mean(nats)), rel=1e-9)
    assert found["probe"]["drift_nats"] > 1e-4


def test_a_copy_is_a_long_piece_of_one_answer_and_of_no_other(make_rows: Make) -> None:
    rng = np.random.default_rng(0)

    def answer(name: str, ids: list[int]) -> Any:
        sample = make_rows(1)[0]
        return row(type(sample)((1, 2, *ids), (False, False, *([True] * len(ids))), name))

    one, two = ([int(i) for i in rng.integers(4, 120, 60)] for _ in range(2))
    shared = [int(i) for i in rng.integers(4, 120, 30)]
    index = _Answers([answer("one", one + shared), answer("two", two + shared), answer("again", one + shared)])
    new = [int(i) for i in rng.integers(4, 120, 20)]
    assert index.copied(np.array(new + one[5:40] + new)) == (35, "one"), "said twice in the data, it is one answer"
    assert index.copied(np.array(new + two[:COPY])) == (COPY, "two")
    assert index.copied(np.array(new + two[: COPY - 1] + new)) == (0, "")
    assert index.copied(np.array(new + shared + new)) == (0, ""), "what several answers share is nobody's"


# ---- the words


def history_of(train: list[float], val: list[float], every: int = 2, **more: list[Any]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [{"step": 0, "val": val[0], **{k: v[0] for k, v in more.items()}}]
    for i, loss in enumerate(train, start=1):
        made.append({"step": i, "loss": loss})
        if i % every == 0 and i // every < len(val):
            made[-1] |= {"val": val[i // every], **{k: v[i // every] for k, v in more.items()}}
    return made


FALLING = [2.0, 1.5, 1.0, 0.7, 0.4, 0.2, 0.1, 0.05]


def test_overfitting_is_validation_rising_for_good_while_training_falls() -> None:
    found = diagnose(history_of(FALLING, [3.0, 1.4, 0.9, 1.2, 1.6]), WatchSpec(), best_step=4)
    assert [f.kind for f in found] == ["overfitting"] and found[0].step == 8
    assert "best at step 4 (0.900) and rose to 1.600 by step 8 (+78%)" in found[0].said
    assert found[0].evidence["train_at_end"] < found[0].evidence["train_at_best"]
    for losses, val in (
        (FALLING, [3.0, 1.4, 0.9, 0.8, 0.7]),  # it goes on falling
        (FALLING, [3.0, 1.4, 0.9, 1.2, 0.9]),  # it came back
        (FALLING, [3.0, 1.4, 0.9, 0.905, 0.907]),  # it stands still
        ([2.0, 1.5, 1.0, 0.7, 1.1, 1.3, 2.0, 2.2], [3.0, 1.4, 0.9, 1.2, 1.6]),  # both rise: it diverges
    ):
        assert not diagnose(history_of(losses, val), WatchSpec(), best_step=4), (losses, val)
    off = WatchSpec(overfitting="off")
    assert not diagnose(history_of(FALLING, [3.0, 1.4, 0.9, 1.2, 1.6]), off, best_step=4)


def kept(nats: list[float], right: list[float] | None = None) -> dict[str, Any]:
    return {"nats": nats, "right": right or [0.0] * len(nats)}


def test_forgetting_is_shown_row_by_row_and_beyond_the_tolerance() -> None:
    rng = np.random.default_rng(1)
    base = list(rng.uniform(1, 3, 40))
    looks = {
        "lost": [base, [x * 1.01 for x in base], [x * 1.08 for x in base]],
        "held": [base, [x * 1.01 for x in base], [x * 1.015 for x in base]],
        "came back": [base, [x * 1.08 for x in base], [x * 1.01 for x in base]],  # the kept weights do not show it
        "noise": [base, base, [*base[1:], base[0] + 20]],  # one row: the mean rises by more than the tolerance
    }
    for name, nats in looks.items():
        probe = [{"drift_nats": 0.5}] * 3
        history = history_of(FALLING[:4], [3.0, 2.0, 1.0], kept=[kept(n) for n in nats], probe=probe)
        found = diagnose(history, WatchSpec(), best_step=4)
        assert bool(found) == (name == "lost"), name
        if found:
            assert "+8.0% against the base at step 4" in found[0].said and "0.50 nats" in found[0].said
            assert found[0].evidence["began"] == 4 and "a larger train.anchor" in found[0].fix


def test_lost_answers_are_forgetting_too() -> None:
    nats = [1.0] * 40
    history = history_of(
        FALLING[:2], [3.0, 2.0], probe=[{}, {}], kept=[kept(nats, [1.0] * 40), kept(nats, [0.0] * 8 + [1.0] * 32)]
    )
    found = diagnose(history, WatchSpec(), best_step=2)
    assert found and found[0].evidence["lost"] == 8
    assert not diagnose(history, WatchSpec(tolerance=25), best_step=2)


def test_copies_count_beyond_what_the_references_have() -> None:
    def copies(said: int, own: int) -> dict[str, Any]:
        return {"said": [20] * said + [0] * (16 - said), "rows": ["r1"] * said + [""] * (16 - said),
                "references": [0] * (16 - own) + [17] * own}  # fmt: skip

    for said, own, expected in ((8, 0, True), (4, 0, False), (8, 8, False)):
        history = history_of(FALLING[:2], [3.0, 2.0], copies=[copies(0, own), copies(said, own)])
        found = diagnose(history, WatchSpec(), best_step=2)
        assert bool(found) == expected, (said, own)
        if found:
            assert "8 of 16 answers" in found[0].said and "row r1" in found[0].said


def test_only_a_monitor_that_may_stops_and_only_for_what_it_sees_now() -> None:
    history = history_of(FALLING, [3.0, 1.4, 0.9, 1.2, 1.6])
    assert stops(history, WatchSpec()) is None
    found = stops(history, WatchSpec(overfitting="stop"))
    assert found is not None and found.kind == "overfitting"


def untrained(make_model: Make) -> Any:
    """A model whose adapter changes nothing yet."""
    model = make_model()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_B" in name:
                p.zero_()
    return model


def test_a_monitor_that_may_stop_ends_the_run_and_the_weights_before_it_are_kept(
    fit: Make, make_model: Make, make_rows: Make, tmp_path: Path
) -> None:
    """General rows are what the model says of its own accord; a training at far too high a rate loses them."""
    train, validation = make_rows(30, learnable=True), make_rows(10, seed=1, learnable=True)
    prompts = [s.ids[:6] for s in make_rows(16, seed=2, low=8)]
    said = greedy(untrained(make_model).eval(), prompts, (), 24)
    kind = type(train[0])
    general = [
        kind((*asked, *answer), (False,) * 6 + (True,) * 24, f"g{i}")
        for i, (asked, answer) in enumerate(zip(prompts, said, strict=True))
    ]
    ends = {}
    for action in ("warn", "stop"):
        spec = TrainSpec.model_validate(
            {"epochs": 8, "batch_tokens": 200, "learning_rate": 0.05, "evaluations": 8, "checkpoints": 0, "patience": 0,
             "watch": {**OFF, "forgetting": action, "rows": 16}}
        )  # fmt: skip
        _, ends[action], run = fit(
            spec, train, validation, tmp_path / action, model=untrained(make_model), general=general
        )
        assert [d["monitor"] for k, d in run.events if k == "diagnosis"] == ["forgetting"]
    assert ends["warn"].stopped == "done" and ends["stop"].stopped == "forgetting"
    assert ends["stop"].steps == ends["stop"].diagnosis[0].evidence["began"] < ends["warn"].steps
    assert "stopped by a monitor" in run.kinds()
