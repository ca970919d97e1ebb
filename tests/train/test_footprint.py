"""What a pass holds, traced without values: equal to the byte to what real tensors take, for every kind of tuning."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
import torch

from luthier.models.adapters import folded
from luthier.models.products import multiplying
from luthier.train import anchor
from luthier.train.footprint import Footprint, _Tape
from luthier.train.loss import TokenLoss
from luthier.train.plan import logit_bytes
from luthier.train.session import recomputing
from luthier.train.sft import Tokens
from luthier.train.work import Cut

VOCABULARY = 128


def on_meta(model: Any) -> Any:
    made = copy.deepcopy(model).to("meta")
    made.tie_weights()
    return made


def really_held(
    model: Any, rows: int, width: int, *, share: float, recompute: bool, passes: int, precision: str
) -> int:
    """The same pass over real tensors."""
    shape = Footprint(on_meta(model), device="cpu", precision=precision, trained_share=share)
    half = precision == "bf16"
    objective = Tokens(TokenLoss(model, autocast=half, chunk=max(1, logit_bytes("cpu") // (4 * VOCABULARY))))
    made = shape._rows(shape._plain(rows, width))
    batch = objective.collate(made, "cpu")
    tape = _Tape(VOCABULARY)
    model.train()
    with ExitStack() as stack:
        stack.enter_context(recomputing(model, recompute, lambda: multiplying(half, "cpu")))
        stack.enter_context(folded(model))
        stack.enter_context(tape)
        for _ in range(passes):
            objective.begin(made)
            objective.backward(batch, 1.0)
    return tape.most


@pytest.mark.parametrize("recompute", [False, True], ids=["kept", "recomputed"])
@pytest.mark.parametrize("tuning", ["full", "lora", "dora"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_trace_is_what_real_tensors_take(
    make_model: Callable[..., Any], tuning: str, recompute: bool, precision: str
) -> None:
    model = make_model(tuning=tuning, hidden=64)
    for rows, width, passes in ((3, 40, 1), (2, 64, 2)):
        footprint = Footprint(on_meta(model), device="cpu", precision=precision, trained_share=0.4)
        traced = footprint(rows, width, recompute=recompute, accumulates=passes == 2)
        real = really_held(
            model, rows, width, share=0.4, recompute=recompute, passes=passes, precision=precision
        )  # fmt: skip
        assert traced.bytes == real
        for p in model.parameters():
            p.grad = None


@pytest.mark.parametrize(
    ("cut", "recompute"),
    [
        (Cut(12, 16, 40, 60), False),
        (Cut(3, 24, 0, 15, replayed=True), False),
        (Cut(3, 24, 0, 15, replayed=True), True),
    ],
    ids=["one beginning", "anchored", "anchored and recomputed"],
)
def test_passes_as_they_are_cut_are_what_real_tensors_take(
    make_model: Callable[..., Any], cut: Cut, recompute: bool
) -> None:
    """A beginning that is read once for all rows, and rows that an anchor holds."""
    model = make_model(tuning="lora", hidden=64)
    shape = Footprint(on_meta(model), device="cpu", precision="fp32", anchored=True)
    chunk = max(1, logit_bytes("cpu") // (4 * VOCABULARY))
    objective, made = Tokens(TokenLoss(model, chunk=chunk), anchor.make(model, 1.0)), shape._rows(cut)
    batch = objective.collate(made, "cpu")
    assert (batch.prefix is not None) == (cut.prefix > 0) and (batch.anchored is not None) == cut.replayed
    tape = _Tape(VOCABULARY)
    model.train()
    with recomputing(model, recompute), folded(model), tape:
        with torch.no_grad():
            objective.total(batch)
        objective.begin(made)
        objective.backward(batch, 1.0)
    assert shape.step([cut], recompute=recompute).bytes == tape.most


def test_a_pass_that_shares_a_beginning_holds_less_and_an_anchored_one_more(make_model: Callable[..., Any]) -> None:
    shape = Footprint(on_meta(make_model(tuning="lora", hidden=64)), device="cpu", precision="fp32", anchored=True)
    plain, shared, anchored = (
        shape.step([cut], recompute=False).bytes
        for cut in (Cut(8, 96, 0, 80), Cut(8, 16, 80, 80), Cut(8, 96, 0, 80, replayed=True))
    )
    assert shared < 0.5 * plain and anchored > 1.2 * plain


def test_recomputing_holds_less_and_more_tokens_more(make_model: Callable[..., Any]) -> None:
    footprint = Footprint(on_meta(make_model(hidden=64)), device="cpu", precision="fp32")
    small, large = (footprint(rows, 64, recompute=False, accumulates=False).bytes for rows in (4, 8))
    assert footprint(8, 64, recompute=True, accumulates=False).bytes < large
    assert 1.8 < large / small < 2.1


def test_products_in_bf16_hold_less(make_model: Callable[..., Any]) -> None:
    model = on_meta(make_model(hidden=64).to(torch.bfloat16))
    half = Footprint(model, device="cuda", precision="bf16")(8, 64, recompute=False, accumulates=False)
    whole = Footprint(on_meta(make_model(hidden=64)), device="cuda", precision="fp32")(
        8, 64, recompute=False, accumulates=False
    )
    assert half.bytes < 0.75 * whole.bytes
