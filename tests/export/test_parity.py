"""The measure itself: greedy answers, distances, the noise floor and what it forgives."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from luthier.export import parity
from luthier.export.parity import Distance
from luthier.models.load import Loaded, load
from luthier.models.source import resolve
from luthier.records import Message


@pytest.fixture(scope="module")
def viola(base: Path) -> Loaded:
    return load(resolve(base), device="cpu")


@pytest.fixture(scope="module")
def prompts(viola: Loaded) -> list[list[int]]:
    return [viola.chat.prompt_ids([Message("user", "question " * n)]) for n in (1, 7, 3)]


def test_answers_are_greedy_and_do_not_depend_on_the_batch(viola: Loaded, prompts: list[list[int]]) -> None:
    stops = viola.chat.stop_ids
    together = parity.answers(viola.model, prompts, stops)
    assert together == [parity.answers(viola.model, [p], stops)[0] for p in prompts]
    for prompt, answer in zip(prompts, together, strict=True):
        assert 1 <= len(answer) <= parity.ANSWER_TOKENS
        assert len(answer) == parity.ANSWER_TOKENS or answer[-1] in stops
        ids = list(prompt)
        for token in answer[:4]:  # the plainest greedy decoding there is
            with torch.no_grad():
                assert int(viola.model(torch.tensor([ids])).logits[0, -1].argmax()) == token
            ids.append(token)


def test_a_reading_watches_the_likeliest_tokens_at_the_answer(viola: Loaded, prompts: list[list[int]]) -> None:
    answered = parity.answers(viola.model, prompts, viola.chat.stop_ids)
    reading = parity.read(viola.model, prompts, answered)
    assert reading.logps_NW.shape == (sum(map(len, answered)), parity.WATCHED)
    assert reading.best_N.tolist() == [t for a in answered for t in a]
    with torch.no_grad():
        plain = viola.model(torch.tensor([prompts[0]])).logits[0, -1].log_softmax(-1)
    assert torch.allclose(reading.logps_NW[0], plain.topk(parity.WATCHED).values, atol=1e-5)
    assert parity.distance(reading, parity.read(viola.model, prompts, answered, reading)) == Distance(0.0, 0.0, ())


def test_nudging_moves_named_weights_within_half_a_step_and_puts_them_back(viola: Loaded) -> None:
    name = "model.layers.0.self_attn.q_proj.weight"
    parameters = dict(viola.model.named_parameters())
    before = {n: p.detach().clone() for n, p in parameters.items()}
    with parity.nudged(viola.model, [name], torch.bfloat16):
        moved = (parameters[name] - before[name]).abs()
        assert (moved > 0).float().mean() > 0.9
        # bf16 keeps 8 significant bits: half a step of x is at most 2^-8 |x|
        assert bool((moved <= before[name].abs() * 2.0**-8 + 1e-12).all())
        assert all(torch.equal(p, before[n]) for n, p in parameters.items() if n != name)
    assert all(torch.equal(p, before[n]) for n, p in parameters.items())


def test_the_floor_grows_with_the_step_of_the_format(viola: Loaded, prompts: list[list[int]]) -> None:
    answered = parity.answers(viola.model, prompts, viola.chat.stop_ids)
    before = parity.read(viola.model, prompts, answered)
    names = [n for n, _ in viola.model.named_parameters() if "proj" in n]
    floors = []
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        with parity.nudged(viola.model, names, dtype):
            floors.append(parity.distance(before, parity.read(viola.model, prompts, answered, before)).mean)
    assert 0 < floors[0] < floors[1] / 100 and floors[1] < floors[2] / 3


def test_weights_may_be_off_by_rounding_and_by_nothing_more() -> None:
    exact = torch.tensor([1.0, -0.3, 1e-3, 0.7])
    half = exact.to(torch.bfloat16).float()
    step = 2.0**-9  # of bf16 between 0.25 and 0.5

    def off(delta: float) -> dict[str, torch.Tensor]:
        return {"w": half + torch.tensor([0.0, delta, 0.0, 0.0])}

    def check(delivered: dict[str, torch.Tensor], *, changed: bool) -> parity.Check:
        return parity.compare_weights(delivered, [("w", exact, changed)], torch.bfloat16)

    assert check(off(0.0), changed=True).holds and check(off(0.0), changed=False).holds
    assert check(off(0.4 * step), changed=True).holds and not check(off(step), changed=False).holds
    assert not check(off(2 * step), changed=True).holds
    assert not check({}, changed=True).holds and not check({"w": half[:2]}, changed=True).holds
    assert not check(off(float("nan")), changed=True).holds


def test_greedy_tokens_may_differ_only_where_it_was_a_close_call() -> None:
    floor = Distance(mean=0.001, worst=0.01, flips=())
    allowed = parity.MARGIN * floor.worst
    assert parity.judge("x", Distance(0.001, 0.01, (allowed * 0.9,)), floor).holds
    assert not parity.judge("x", Distance(0.001, 0.01, (allowed * 1.1,)), floor).holds
    assert not parity.judge("x", Distance(parity.MARGIN * 0.0011, 0.01, ()), floor).holds
    assert not parity.judge("x", Distance(0.001, allowed * 1.1, ()), floor).holds
    assert not parity.judge("x", Distance(float("nan"), float("nan"), ()), floor).holds
