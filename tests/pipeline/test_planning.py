"""``luthier plan`` as a user meets it: what is needed, what fits a card, what does not and why, what a probe says."""

from __future__ import annotations

import json
import re
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from luthier.cli.main import run
from luthier.errors import LuthierError, UsageError
from luthier.pipeline.job import Job
from luthier.pipeline.plan import Rate, plan_recipe
from luthier.pipeline.stages import TrainInput
from luthier.recipe import load_recipe
from luthier.store import Store
from luthier.train.devices import Card, card
from luthier.train.plan import DeviceFacts, Facts

RECIPE = """\
luthier: 1
name: planned
model: {base: nano}
data:
  source: rows.jsonl
  split: {test: 20%, validation: 10%}
train:
  tuning: {kind: lora, r: 4, alpha: 8}
  max_steps: 8
  evaluations: 2
  checkpoints: 1
  batch_tokens: 512
  processes: 1
"""


@pytest.fixture
def recipe(home: Path) -> Path:
    rows = [{"question": f"What of number {n} in street {n * n}?", "answer": f"It is {n}."} for n in range(80)]
    (home / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (home / "job.yaml").write_text(RECIPE)
    return home / "job.yaml"


def small(mebibytes: int) -> Card:
    """A card with so much memory for a training."""

    class Small(Card):
        @property
        def room(self) -> int:
            return mebibytes << 20

    return Small("small", "A small card", 1, 100, 10.0, 1)


def test_memory_and_time_are_planned_and_other_tunings_named(recipe: Path) -> None:
    made = plan_recipe(load_recipe(recipe), Store.open())
    memory = made.facts["memory"]
    assert memory["total"] == sum(v for k, v in memory.items() if k != "total")
    weights = 4 * made.facts["parameters"]
    assert memory["frozen"] == pytest.approx(weights, rel=0.02), "nano's weights in fp32"
    assert memory["trained"] == 4 * made.facts["trainable"] and memory["optimiser"] == 2 * memory["trained"]
    assert memory["activations"] > 0 and made.facts["minutes"] > 0
    page = made.render()
    assert "also fits" in page and "full (from" in page and "qlora (from" in page
    assert Store.open().artifacts("dataset") == [], "a plan files nothing"


def test_a_laptop_plans_for_a_card(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", str(recipe), "--device", "rtx4090", "--rate", "0.42 EUR", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["facts"]["device"] == "rtx4090" and told["facts"]["memory_free"] == 23 << 30
    values = {line["key"]: line["value"] for line in told["values"]}
    assert values["train.precision"] == "bf16" and "EUR" in values["cost"]
    here = plan_recipe(load_recipe(recipe), Store.open()).facts["memory"]
    assert told["facts"]["memory"]["frozen"] < 0.6 * here["frozen"], "weights are held in bf16 there"
    assert run(["plan", str(recipe), "--device", "rtx4091"]) == 2
    assert run(["plan", str(recipe), "--device", "h100", "--probe"]) == 2


def test_less_memory_makes_smaller_passes_then_recomputing_then_a_refusal(recipe: Path) -> None:
    def planned(mebibytes: int, *changes: str) -> Any:
        job = Job(load_recipe(recipe, changes), Store.open(), card=small(mebibytes))
        from luthier.pipeline.plan import _dataset
        from luthier.pipeline.stages import train_input

        sides, digest = _dataset(job)
        return train_input(job, sides, digest).plan

    wide = planned(4000, "train.tuning=full")
    assert not wide.recompute and wide.micro_tokens == 512
    tight = planned(100, "train.tuning=full")
    assert tight.micro_tokens < wide.micro_tokens
    with pytest.raises(LuthierError, match="does not fit") as caught:
        planned(60, "train.tuning=full")
    assert caught.value.fix.startswith("train.tuning: lora (needs"), "the cheapest change first"
    assert "--device" in caught.value.fix and "A small card" in caught.value.where
    assert "optimiser" in caught.value.why


@pytest.mark.parametrize(
    ("text", "told"),
    [("1.20", "0.60 at 1.2 an hour"), ("EUR 2", "1.00 EUR at 2 EUR an hour"), ("2€/h", "1.00 € at 2 € an hour")],
)
def test_a_rate_is_read_as_people_write_it(text: str, told: str) -> None:
    assert Rate.read(text).cost(1800).startswith(told)


def test_what_is_no_rate_is_refused() -> None:
    for text in ("cheap", "1,2", "EUR 2 EUR", ""):
        with pytest.raises(UsageError, match="is no rate"):
            Rate.read(text)


@pytest.mark.slow
def test_a_probe_measures_and_leaves_nothing(recipe: Path) -> None:
    made = plan_recipe(load_recipe(recipe), Store.open(), probe=True)
    probed = made.facts["probed"]
    assert probed["seconds_a_token"] > 0 and probed["evaluation"] > 0 and probed["tokens"] > 0
    assert probed["bytes"] is None or 1 << 20 < probed["bytes"] < 1 << 30
    assert "as probed" in made.render()
    assert Store.open().artifacts("dataset") == [] and Store.open().runs() == []


def test_the_h100_has_room_where_the_t4_has_not() -> None:
    assert card("h100").room > 4 * card("t4").room and not card("t4").bf16


def test_an_epoch_takes_one_set_of_the_replayed_rows() -> None:
    """What is planned from its tokens would else count every set in every epoch."""
    row = namedtuple("row", "ids trained example_id")
    rows = [row((1,) * 10, (False,) * 6 + (True,) * 4, str(i)) for i in range(12)]
    plan: Any = None
    facts = Facts(plan, DeviceFacts(), [9] * 6)
    given = TrainInput(plan, facts, rows, [], "key", frozenset(str(i) for i in range(4, 12)), replay_sets=4)
    assert given.tokens() == (4 * 6, 10 * 6) and given.fed() == 54


@pytest.mark.slow
def test_a_run_tells_memory_and_time_beside_what_was_planned(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two processes: the memory of both. Sixteen steps: the first four say how long all of them take."""
    more = ["train.processes=2", "train.max_steps=16", "train.epochs=20"]
    assert run(["train", str(recipe), *(word for change in more for word in ("--set", change))]) == 0
    told = capsys.readouterr()
    assert re.search(r"memory \d+ MiB, planned \d+ MiB", told.out + told.err)
    assert re.search(r"time \d+ s, planned about \d+ s, \d+ s by its first 4 steps", told.out + told.err)
    (made,) = Store.open().runs()
    took, expected = made.facts["training"], made.facts["forecast"]
    assert 0.5 < took["bytes"] / expected["memory"]["total"] < 1.5
    assert took["expected"]["steps"] == 4 and took["expected"]["seconds"] > 0
