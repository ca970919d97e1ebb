"""The plan: derived values by hand, each with a reason; every key of the recipe is seen in it or in what it does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luthier.errors import LuthierError
from luthier.recipe.train import TrainSpec
from luthier.train.memory import Demand, Pass, Weights
from luthier.train.plan import (
    DeviceFacts,
    DoesNotFit,
    Facts,
    ModelFacts,
    TrainPlan,
    derive,
    largest_pass,
    planned_needs,
)

NANO = ModelFacts(hidden=256, layers=6, intermediate=688, vocabulary=4096, context=1024, parameters=5_000_000,
                  trainable=200_000)  # fmt: skip
LARGE = ModelFacts(hidden=1024, layers=28, intermediate=3072, vocabulary=151_936, context=32_768,
                   parameters=596_000_000, trainable=4_600_000)  # fmt: skip
CPU = DeviceFacts("cpu", threads=2, memory=16 << 30, forks=True)


def lengths(count: int, mean: int = 130, seed: int = 0) -> list[int]:
    return [int(x) for x in np.random.default_rng(seed).integers(mean // 2, mean * 3 // 2, count)]


def plan(spec: TrainSpec | None = None, *, model: ModelFacts = NANO, device: DeviceFacts = CPU, rows: int = 1150,
         validation: int = 120, mean: int = 130, demand: Demand | None = None, **more: Any) -> TrainPlan:  # fmt: skip
    facts = Facts(model, device, lengths(rows, mean), lengths(validation, mean, seed=1), demand)
    return derive(spec or TrainSpec(), facts, **more)


def takes(rows: int, width: int, *, recompute: bool, accumulates: bool) -> Pass:
    """2 MiB a token, an eighth of it where activations are recomputed."""
    return Pass((rows * width << 21) >> (3 if recompute else 0))


HEAVY = Demand(Weights(frozen=2 << 30, trained=1 << 20), takes)


def test_layers_with_an_adapter_are_those_that_won_and_the_plan_says_so() -> None:
    """The default, the reason in the plan and the page that it names say the same."""
    told = plan().decided["targets"]
    assert told.value == "all-linear" and told.origin.startswith("default")
    page = Path(__file__).parents[2] / next(w.strip("()") for w in told.reason.split() if "docs/" in w)
    assert "**Winner: `all-linear`**" in page.read_text(encoding="utf-8")
    asked = TrainSpec.model_validate({"tuning": {"kind": "lora", "targets": "attention"}})
    written = plan(spec=asked, origins={"train.tuning.targets": "job.yaml:7"}).decided["targets"]
    assert (written.value, written.reason, written.origin) == ("attention", "written in the recipe", "job.yaml:7")
    named = TrainSpec.model_validate({"tuning": {"kind": "qlora", "targets": ["q_proj"]}})
    assert plan(spec=named).decided["targets"].value == ["q_proj"]
    assert "targets" not in plan(spec=TrainSpec.model_validate({"tuning": "full"})).decided


def test_learning_rate_follows_size_and_tuning() -> None:
    assert plan(model=LARGE).learning_rate == 2e-4
    assert plan(model=LARGE, spec=TrainSpec.model_validate({"tuning": "full"})).learning_rate == 2e-5
    # 5e-5 · 10 · (2000 / 256)^0.78 = 5e-4 · 4.97
    assert plan().learning_rate == pytest.approx(2.5e-3, rel=0.02)
    assert plan(spec=TrainSpec.model_validate({"tuning": "full"})).learning_rate == pytest.approx(2.5e-4, rel=0.02)
    assert "(2000 / 256)^0.78" in plan().decided["learning_rate"].reason
    given = plan(TrainSpec(learning_rate=1e-3), origins={"train.learning_rate": "r.yaml:9"})
    assert given.learning_rate == 1e-3
    assert given.decided["learning_rate"].origin == "r.yaml:9"


def test_small_data_gets_small_steps_and_large_data_at_most_32_rows() -> None:
    def rows_a_step(rows: int) -> float:
        made = plan(rows=rows)
        return rows / made.steps_an_epoch

    assert rows_a_step(1150) == pytest.approx(16, rel=0.15)
    assert rows_a_step(2400) == pytest.approx(24, rel=0.15)
    assert rows_a_step(20_000) == pytest.approx(32, rel=0.15)
    assert plan(rows=12).steps_an_epoch >= 4
    assert plan(rows=1, validation=0).steps == 3


def test_steps_are_counted_before_step_1_and_hold() -> None:
    made = plan(TrainSpec(epochs=2.5, warmup=0.1))
    assert made.steps == round(2.5 * made.steps_an_epoch)
    assert made.warmup_steps == round(0.1 * made.steps)
    assert plan(TrainSpec(max_steps=7)).steps == 7
    assert made.evaluation_steps[-1] == made.checkpoint_steps[-1] == made.steps
    assert len(made.evaluation_steps) == 8 and len(made.checkpoint_steps) == 10
    assert plan(TrainSpec(checkpoints=0)).checkpoint_steps == ()
    assert plan(TrainSpec(max_steps=1)).warmup_steps == 0


def test_a_cpu_that_multiplies_bf16_does_so_where_tokens_are_learned() -> None:
    there = DeviceFacts("cpu", bf16=True)
    assert plan(TrainSpec(), device=there).precision == "bf16"
    assert plan(TrainSpec(), device=DeviceFacts("cpu")).precision == "fp32"
    assert plan(TrainSpec(precision="fp32"), device=there).precision == "fp32"
    assert plan(TrainSpec(backend="trl"), device=there).precision == "fp32"
    compares = plan(TrainSpec.model_validate({"method": "dpo"}), device=there)
    assert compares.precision == "fp32"
    assert "close together" in compares.decided["precision"].reason


def test_memory_decides_the_pass_then_recomputing_then_a_refusal() -> None:
    spec = TrainSpec(batch_tokens=32_768)
    gpu = DeviceFacts("cuda", memory=80 << 30, bf16=True)
    free = plan(spec, model=LARGE, device=gpu, demand=HEAVY)
    assert (free.micro_tokens, free.recompute, free.precision) == (16_384, False, "bf16")
    tight = plan(spec, model=LARGE, device=replace(gpu, memory=6 << 30), demand=HEAVY)
    assert tight.micro_tokens < 16_384 and tight.micro_batches > 1 and not tight.recompute
    long = Facts(LARGE, replace(gpu, memory=8 << 30), [6000], demand=HEAVY)
    assert derive(TrainSpec(), long).recompute
    with pytest.raises(DoesNotFit, match="does not fit") as caught:
        derive(TrainSpec(), replace(long, device=replace(gpu, memory=3 << 30)))
    assert caught.value.fix.startswith("train.max_length: 1496")


def test_the_pass_is_the_largest_that_fits() -> None:
    """What is planned fits into nine tenths of the memory; one more row of the longest would not."""
    device = DeviceFacts("cuda", memory=4 << 30, bf16=True)
    facts = Facts(LARGE, device, [200] * 400, demand=HEAVY)
    made = derive(TrainSpec(batch_tokens=32_768), facts)
    asked = planned_needs(TrainSpec(), facts, made)
    assert asked is not None and asked.total <= 0.9 * device.memory
    more = planned_needs(TrainSpec(), facts, replace(made, micro_tokens=made.micro_tokens + 200))
    assert more is not None and more.total > 0.9 * device.memory


def test_needs_by_hand() -> None:
    """A million trained weights: 4 bytes each, 8 for the moments, 4 for the best so far; the pass's gradients are 4 of
    its own bytes a weight."""
    facts = Facts(NANO, CPU, [100] * 8, [100] * 4, HEAVY)
    asked = planned_needs(TrainSpec(), facts, derive(TrainSpec(), facts))
    assert asked is not None
    assert (asked.frozen, asked.trained, asked.optimiser, asked.copies) == (2 << 30, 4 << 20, 8 << 20, 4 << 20)
    assert asked.gradients == 4 << 20 and asked.gradients + asked.activations == 2 * 104 << 21
    kept = planned_needs(TrainSpec(interpolate=0.5), facts, derive(TrainSpec(), facts))
    assert kept is not None and kept.copies == 8 << 20
    assert sum(v for k, v in asked.to_dict().items() if k != "total") == asked.total


def test_the_largest_pass_is_that_of_most_padded_tokens() -> None:
    assert largest_pass([1000, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100], 1200) == (11, 104)
    assert largest_pass([90], 16) == (1, 96)


def test_a_written_pass_that_is_shorter_than_the_longest_row_says_so() -> None:
    made = plan(TrainSpec(micro_tokens=16))
    assert made.micro_tokens >= 195 // 8 * 8
    assert "the longest row" in made.decided["micro_tokens"].reason


def test_no_rows_is_refused_with_the_next_act() -> None:
    with pytest.raises(LuthierError, match="no rows to train on") as caught:
        derive(TrainSpec(), Facts(NANO, CPU, []))
    assert "luthier check" in caught.value.fix


def test_validation_costs_at_most_about_a_quarter() -> None:
    made = plan(rows=400, validation=4000)
    assert 32 <= made.validation_rows < 4000
    # 9 rounds of V rows at a third of the cost, against 3 epochs of 400 rows
    assert 9 * made.validation_rows / 3 <= 0.25 * 3 * 400 * 1.1
    assert plan(validation=120).validation_rows == 120


def test_a_step_and_its_warm_up_can_be_counted_in_rows_and_steps() -> None:
    """As other trainers count them: 8 rows of 130 tokens a step, 10 steps of warm-up, however many steps there are."""
    made = plan(TrainSpec(batch_rows=8, warmup_steps=10))
    assert 1150 / made.steps_an_epoch == pytest.approx(8, rel=0.15)
    assert made.warmup_steps == 10 and made.decided["batch_tokens"].reason.startswith("8 rows of 1")
    assert plan(TrainSpec(warmup_steps=10_000)).warmup_steps == plan().steps - 1
    with pytest.raises(ValueError, match="exclude each other"):
        TrainSpec(batch_rows=8, batch_tokens=800)


def test_a_plan_survives_json_and_its_digest_sees_every_value() -> None:
    made = plan()
    again = TrainPlan.from_dict(json.loads(json.dumps(made.to_dict())))
    assert again == made and again.digest == made.digest and again.decided == made.decided
    assert replace(made, micro_tokens=made.micro_tokens + 8).digest != made.digest
    values = {name for name in made.to_dict() if name not in ("version", "decided", "rows", "seed", "steps_an_epoch")}
    assert values <= set(made.decided), f"without a reason: {values - set(made.decided)}"
    assert all(r.reason and r.origin for r in made.decided.values())


CHANGES: dict[str, tuple[dict[str, Any], Callable[[TrainPlan], Any]]] = {
    "method": ({"method": "dpo"}, lambda p: p.learning_rate),
    "tuning": ({"tuning": "full"}, lambda p: p.learning_rate),
    "epochs": ({"epochs": 1.0}, lambda p: p.steps),
    "max_steps": ({"max_steps": 5}, lambda p: p.steps),
    "learning_rate": ({"learning_rate": 1e-5}, lambda p: p.learning_rate),
    "schedule": ({"schedule": "linear"}, lambda p: p.schedule),
    "warmup": ({"warmup": "20%"}, lambda p: p.warmup_steps),
    "warmup_steps": ({"warmup_steps": 7}, lambda p: p.warmup_steps),
    "weight_decay": ({"weight_decay": 0.2}, lambda p: p.weight_decay),
    "clip": ({"clip": 0.1}, lambda p: p.clip),
    "anchor": ({"anchor": 0.5}, lambda p: p.anchor),
    "neftune_alpha": ({"neftune_alpha": 5}, lambda p: p.neftune_alpha),
    "skips": ({"skips": 0}, lambda p: p.skips),
    "watch": ({"watch": {"rows": 9, "answers": 9}}, lambda p: (p.watch_rows, p.watch_answers)),
    "interpolate": ({"interpolate": "80%"}, lambda p: p.interpolate),
    "batch_tokens": ({"batch_tokens": 8000}, lambda p: p.steps),
    "batch_rows": ({"batch_rows": 64}, lambda p: p.steps),
    "micro_tokens": ({"micro_tokens": 400}, lambda p: p.micro_batches),
    "processes": ({"processes": 1}, lambda p: p.processes),
    "precision": ({"precision": "bf16"}, lambda p: p.precision),
    "evaluations": ({"evaluations": 3}, lambda p: p.evaluation_steps),
    "patience": ({"patience": 1}, lambda p: p.patience),
    "checkpoints": ({"checkpoints": 2}, lambda p: p.checkpoint_steps),
}
ELSEWHERE = {
    "backend": "tests/end_to_end/test_backend.py: who made the steps",
    "field_weights": "models.fields weighs tokens by it: tests/models/test_fields.py",
    "max_length": "models.chat cuts rows by it",
}


@pytest.mark.parametrize("key", CHANGES)
def test_every_key_changes_what_is_planned(key: str) -> None:
    change, look = CHANGES[key]
    assert look(plan(TrainSpec.model_validate(change))) != look(plan())


def test_no_key_is_without_a_witness() -> None:
    assert set(TrainSpec.model_fields) == set(CHANGES) | set(ELSEWHERE)


@pytest.mark.parametrize(
    "change",
    [{"schedule": "constant"}, {"weight_decay": 0.5}, {"clip": 0.01}, {"warmup": 0.5}, {"learning_rate": 1e-4},
     {"precision": "bf16"}, {"batch_tokens": 400}, {"epochs": 1.0}, {"neftune_alpha": 5.0}],
    ids=lambda c: next(iter(c)),
)  # fmt: skip
def test_what_is_planned_is_what_is_done(
    fit: Callable[..., Any], make_rows: Callable[..., Any], tmp_path: Path, change: dict[str, Any]
) -> None:
    """Each of these ends with other weights than the default does."""
    rows = make_rows(24, learnable=True)
    base = TrainSpec(epochs=2, batch_tokens=200, evaluations=1, checkpoints=0)
    one, *_ = fit(base, rows, [], tmp_path / "a")
    two, *_ = fit(base.model_copy(update=change), rows, [], tmp_path / "b")
    changed = [n for n, p in one.named_parameters() if not p.equal(dict(two.named_parameters())[n])]
    assert changed and all("lora" in n for n in changed)


def test_planning_imports_no_torch() -> None:
    code = "import sys, luthier.train.plan; assert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_layers_stay_in_their_files_only_where_nothing_else_fits() -> None:
    device = replace(CPU, memory=4 << 30)
    weights = Weights(frozen=16 << 30, trained=1 << 20, streamed=1 << 30)
    facts = Facts(NANO, device, [100] * 40, demand=Demand(weights, takes))
    made = derive(TrainSpec(), facts)
    assert made.stream and "read again" in made.decided["stream"].reason
    asked = planned_needs(TrainSpec(), facts, made)
    assert asked is not None and asked.frozen == 1 << 30 and asked.total <= 0.9 * device.memory
    roomy = replace(facts, device=replace(device, memory=64 << 30))
    assert not derive(TrainSpec(), roomy).stream
    with pytest.raises(DoesNotFit):
        derive(TrainSpec(), replace(facts, demand=Demand(replace(weights, streamed=None), takes)))


def test_each_process_holds_its_part_of_a_pass_and_frozen_weights_are_held_once() -> None:
    """A pass of 8 rows of 104 tokens: 4 rows in each of two processes."""
    facts = Facts(NANO, CPU, [100] * 8, [100] * 4, HEAVY)
    made = derive(TrainSpec(), facts)
    one, two = (planned_needs(TrainSpec(), facts, replace(made, micro_tokens=832, processes=n)) for n in (1, 2))
    assert one is not None and two is not None
    assert (two.frozen, two.copies) == (one.frozen, one.copies)
    assert (two.trained, two.optimiser, two.gradients) == (2 * one.trained, 2 * one.optimiser, 2 * one.gradients)
    assert two.gradients + two.activations == one.gradients + one.activations == 8 * 104 << 21


def test_no_more_processes_than_the_memory_has_room_for() -> None:
    """Each takes 1 GiB of trained weights and 2 of moments beside 2 GiB of frozen ones."""
    demand = Demand(Weights(frozen=2 << 30, trained=256 << 20), takes)
    roomy = replace(CPU, threads=4, memory=64 << 30)
    assert plan(device=roomy, demand=demand).processes == 4
    tight = plan(device=replace(roomy, memory=20 << 30), demand=demand)
    assert 1 < tight.processes < 4 and "no room" in tight.decided["processes"].reason
    asked = planned_needs(TrainSpec(), Facts(NANO, roomy, lengths(1150), lengths(120, seed=1), demand), tight)
    assert asked is not None and asked.total <= 0.9 * (20 << 30)
