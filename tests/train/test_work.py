"""What a training costs by arithmetic: operations as they are counted by hand, passes as the loop cuts them, and what
the first steps make of the whole."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from torch import nn

from luthier.recipe.train import TrainSpec
from luthier.train import probe
from luthier.train.batches import row, share_prefixes
from luthier.train.footprint import A_KIND, Footprint
from luthier.train.plan import DeviceFacts, Facts, ModelFacts, derive
from luthier.train.work import Cut, Work, cost, cuts_in_order, cuts_of_an_epoch, largest_cuts, sizes_of, whole

Make = Callable[..., Any]
WIDTH, SHARE = 40, 0.4


def traced(model: Any, **how: Any) -> Work:
    made = copy.deepcopy(model).to("meta")
    made.tie_weights()
    return Footprint(made, device="cpu", precision="fp32", trained_share=SHARE).work(3, WIDTH, **how)


def test_operations_by_hand(make_model: Make) -> None:
    model = make_model(tuning="full", hidden=64)
    head = model.get_output_embeddings()
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear) and m is not head)
    attended = 2 * 2 * 64 * WIDTH  # two layers; half of all pairs, twice: scores and values
    by_hand = 6 * linear + 6 * SHARE * head.weight.numel() + 3.5 * attended
    assert traced(model).operations == pytest.approx(by_hand, rel=1e-3)
    read = 2 * linear + 2 * SHARE * head.weight.numel() + attended
    assert traced(model, reads=True).operations == pytest.approx(read, rel=1e-3)
    again = traced(model, recompute=True).operations - traced(model).operations
    assert 1.4 * linear < again < 2.1 * linear + attended, "but for what nothing behind needs"


def test_frozen_weights_cost_less_and_more_is_moved_than_multiplied(make_model: Make) -> None:
    lora, full = traced(make_model(hidden=64)), traced(make_model(tuning="full", hidden=64))
    assert lora.operations < full.operations and 0 < lora.made < 2 * full.made
    assert Work(1e9, 0).seconds() < Work(1e9, 1e9).seconds() and Work(8e9, 8e9).seconds(2) == Work(4e9, 4e9).seconds()


def plan_of(rows: list[Any], **keys: Any) -> Any:
    spec = TrainSpec(**{"epochs": 2, "batch_tokens": 400, "micro_tokens": 256, "evaluations": 2, **keys})
    model = ModelFacts(hidden=32, layers=2, intermediate=64, vocabulary=128, context=512, parameters=1, trainable=1)
    return derive(spec, Facts(model, DeviceFacts("cpu"), [len(r.inputs) for r in rows], [30] * 4))


def test_passes_are_cut_as_the_loop_cuts_them(make_rows: Make) -> None:
    """Of the replayed rows one set an epoch, what rows share read once, a part of each pass in each process."""
    own = [row(s) for s in make_rows(40)]
    replayed = [row(s, replayed=True) for s in make_rows(40, seed=1)]
    plan = plan_of(own)
    cuts = cuts_of_an_epoch([*own, *replayed], plan, replay_sets=4)
    assert sum(c.rows for c in cuts if not c.replayed) == 40 and sum(c.rows for c in cuts if c.replayed) == 10
    assert sum(c.trained for c in cuts if not c.replayed) == sum(len(r.targets) for r in own)
    assert all(c.tokens() <= plan.micro_tokens or c.rows == 1 for c in cuts)
    assert all(c.tokens(2) == -(-c.rows // 2) * c.width for c in cuts)

    prompt = tuple(range(4, 68))
    alike = [type(s)(prompt + s.ids, (False,) * 64 + s.trained, s.example_id) for s in make_rows(30)]
    shared = share_prefixes([row(s) for s in alike])
    (cut, *rest) = cuts_in_order(shared, 4096)
    assert cut.prefix >= 64 and not rest
    assert cut.tokens() < 0.5 * cuts_in_order([row(s) for s in alike], 4096)[0].tokens()


def test_the_largest_pass_of_each_kind_is_planned(make_rows: Make) -> None:
    own, again = [row(s) for s in make_rows(40)], [row(s, replayed=True) for s in make_rows(40, seed=1)]
    cuts = cuts_of_an_epoch([*own, *again], plan_of(own), replay_sets=4)
    largest = largest_cuts(cuts)
    assert sorted(c.replayed for c in largest) == [False, True]
    for cut in largest:
        assert cut.tokens() == max(c.tokens() for c in cuts if c.replayed == cut.replayed)
    halved = largest_cuts([Cut(5, 8, 32, 20), Cut(2, 8, 32, 8)], processes=2)
    assert halved == [Cut(3, 8, 32, 12)], "of two processes the one with more rows"


def test_the_whole_is_its_epochs_its_evaluations_and_its_answers(make_rows: Make) -> None:
    rows, held_out = [row(s) for s in make_rows(40)], [row(s) for s in make_rows(4, seed=1)]
    seen = []

    def work(count: int, width: int, **how: Any) -> Work:
        seen.append((count, width, how))
        return Work(1.0, 0.0) if how.get("reads") else Work(3.0, 0.0)

    plan = plan_of(rows, watch={"forgetting": "off", "memorisation": "off"})
    trained, read = whole(plan, work, rows, held_out)
    fed = sum(c.tokens() for c in cuts_of_an_epoch(rows, plan))
    assert trained.operations == pytest.approx(3 * 2 * fed)
    assert read.operations == 3 * sum(c.tokens() for c in cuts_in_order(held_out, plan.micro_tokens)), "0, and two"
    watched = plan_of(rows)
    assert watched.watch_rows and watched.watch_answers
    assert whole(watched, work, rows, held_out)[1].operations > read.operations
    assert cost([], work) == Work(0.0, 0.0)
    anchored = [row(s, replayed=True) for s in make_rows(8, seed=2)]
    seen.clear()
    cost(cuts_in_order([*rows, *anchored], 256), work, anchored=True)
    assert [how["anchored"] for _, _, how in seen] == [False, True], "only replayed rows are held to the base"


class Told:
    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.metrics: list[int] = []

    def event(self, kind: str, **data: Any) -> None:
        self.events.append((kind, data))

    def metric(self, step: int, **_: Any) -> None:
        self.metrics.append(step)


@pytest.mark.parametrize("resumed", [False, True])
def test_the_first_steps_say_how_long_it_takes(make_rows: Make, monkeypatch: pytest.MonkeyPatch, resumed: bool) -> None:
    """Steps of a second and 100 tokens, the first of three; an evaluation takes two."""
    clock = [0.0]
    monkeypatch.setattr(probe, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    plan = plan_of([row(s) for s in make_rows(40)], epochs=100, evaluations=3, checkpoints=0)
    told, tokens_an_epoch = Told(), 100 * plan.steps_an_epoch
    run = probe.FirstSteps(told, plan, tokens_an_epoch)
    run.event("train")
    if resumed:
        run.event("resumed", step=3)
    clock[0] += 2
    run.metric(0, val=1.0)
    fed, stepping = 0.0, 0.0
    for step in range(1, 31):
        took = 3.0 if step == 1 else 1.0
        clock[0], stepping, fed = clock[0] + took, stepping + took, fed + 100
        run.metric(step, loss=1.0, tokens_per_s=fed / stepping)
    assert told.metrics == list(range(31)), "all is passed on"
    if resumed:
        assert run.expected is None
        return
    assert run.expected is not None and run.expected.steps == probe.FIRST
    assert run.expected.seconds == pytest.approx(plan.steps + 4 * 2, rel=1e-6)
    assert [kind for kind, _ in told.events] == ["train", "expected"]
    assert np.isclose(told.events[-1][1]["seconds"], run.expected.seconds)


def test_sizes_are_counted_in_tiles_once_each_and_those_only_read_by_a_third() -> None:
    cuts = [Cut(16, 64, 0, 9), Cut(15, 64, 0, 9), Cut(8, 64, 200, 9)]  # 8 tiles; 7.5, so 8; 4, and 2 of the prefix
    assert sizes_of(cuts) == 3
    assert sizes_of(cuts, [Cut(16, 64, 0, 9), Cut(20, 64, 0, 9)]) == pytest.approx(3 + 1 / 3)
    assert sizes_of([Cut(16, 64, 0, 9), Cut(15, 64, 0, 9)], processes=2) == 1  # 8 and 7 rows each: 4 and 3.5 tiles


def test_what_a_cpu_keeps_of_each_kind_of_product_grows_with_the_sizes_of_passes(make_model: Make) -> None:
    made = copy.deepcopy(make_model(tuning="lora", hidden=64)).to("meta")
    made.tie_weights()
    shape = Footprint(made, device="cpu", precision="bf16", trained_share=SHARE)
    one, three = (shape.step([Cut(8, 64, 0, 100)], recompute=False, sizes=sizes) for sizes in (1.0, 3.0))
    kinds = one.kinds
    assert kinds >= 8, "two and more shapes of weights, read, and gone back through to states and to weights"
    assert three.bytes == one.bytes and three.lost - one.lost == 2 * kinds * A_KIND
