"""The embedded engine against the plain model: same tokens in any company, same scores, and nothing left behind."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from luthier.engines import ContextOverflow, Request, Unsupported
from luthier.engines.embedded import EmbeddedEngine
from luthier.engines.likelihood import bits_per_byte, document_items, plan
from luthier.engines.protocol import EngineClosed
from luthier.errors import LuthierError
from luthier.records import Completion, Message, TokenScores


@pytest.fixture
def engine(tiny: Any) -> Iterator[EmbeddedEngine]:
    with EmbeddedEngine(tiny, max_batch=8) as made:
        yield made


def prompts(count: int, seed: int = 0, lengths: tuple[int, ...] = (1, 2, 5, 17, 60, 120, 200)) -> list[tuple[int, ...]]:
    draw = random.Random(seed)
    return [tuple(draw.randrange(4, 260) for _ in range(draw.choice(lengths))) for _ in range(count)]


def greedy_by_hand(loaded: Any, ids: tuple[int, ...], limit: int) -> tuple[int, ...]:
    """The plain model, one row, no cache, nothing clever."""
    made: list[int] = []
    with torch.inference_mode():
        while len(made) < limit:
            token = int(loaded.model(input_ids=torch.tensor([[*ids, *made]])).logits[0, -1].argmax())
            if token in loaded.chat.stop_ids:
                break
            made.append(token)
    return tuple(made)


def test_a_batch_of_mixed_lengths_gives_what_the_plain_model_gives_row_by_row(
    engine: EmbeddedEngine, tiny: Any
) -> None:
    draw = random.Random(1)
    requests = [Request(token_ids=ids, max_tokens=draw.choice([1, 3, 20, 56])) for ids in prompts(30)]
    answers = engine.generate(requests)
    assert len({len(a.token_ids) for a in answers}) > 3  # the rows really end at different steps
    for request, answer in zip(requests, answers, strict=True):
        assert request.max_tokens is not None
        assert answer.token_ids == greedy_by_hand(
            tiny, request.token_ids, min(request.max_tokens, 256 - len(request.token_ids))
        )
        assert answer.prompt_tokens == len(request.token_ids)


def test_rows_that_join_later_change_nothing(engine: EmbeddedEngine) -> None:
    """One long answer is under way while short and longer prompts come and go from other threads."""
    early = Request(token_ids=prompts(1, 3, (5,))[0], max_tokens=200)
    late = [Request(token_ids=ids, max_tokens=25) for ids in prompts(20, 4)]
    alone = [engine.generate([r])[0].token_ids for r in [early, *late]]
    results: dict[int, tuple[int, ...]] = {}

    def ask(index: int, request: Request) -> None:
        results[index] = engine.generate([request])[0].token_ids

    threads = [threading.Thread(target=ask, args=(i, r)) for i, r in enumerate([early, *late])]
    for thread in threads:
        thread.start()
        time.sleep(0.002)
    for thread in threads:
        thread.join()
    assert [results[i] for i in range(len(threads))] == alone


def test_a_common_prefix_is_read_once_and_changes_nothing(engine: EmbeddedEngine, tiny: Any) -> None:
    shots = prompts(1, 7, (120,))[0]
    requests = [Request(token_ids=(*shots, *tail), max_tokens=12) for tail in prompts(10, 8, (1, 4, 30, 90))]
    seen: list[int] = []
    handle = tiny.model.get_input_embeddings().register_forward_hook(lambda m, i, o: seen.append(i[0].numel()))
    try:
        answers = engine.generate(requests)
    finally:
        handle.remove()
    assert sum(seen) < 0.7 * sum(len(r.token_ids) for r in requests)
    assert [a.token_ids for a in answers] == [greedy_by_hand(tiny, r.token_ids, 12) for r in requests]


def test_a_seed_gives_the_same_answer_in_any_company(engine: EmbeddedEngine) -> None:
    ids = prompts(1, 5, (20,))[0]
    wanted = [Request(token_ids=ids, max_tokens=30, temperature=3.0, top_p=0.9, seed=s) for s in range(6)]
    alone = [engine.generate([r])[0].token_ids for r in wanted]
    others = [Request(token_ids=p, max_tokens=9, temperature=2.0) for p in prompts(6, 6)]
    mixed = engine.generate([r for pair in zip(wanted, others, strict=True) for r in pair])
    assert [a.token_ids for a in mixed[::2]] == alone
    assert len(set(alone)) == len(alone)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_any_traffic_gives_each_request_what_it_gets_alone(tiny: Any, seed: int) -> None:
    """Threads ask at random times for random lengths, some hang up, some score in between."""
    draw = random.Random(seed)
    with EmbeddedEngine(tiny, max_batch=draw.choice([2, 3, 8, 64])) as engine:
        requests = []
        for i in range(60):
            length = draw.choice([1, 3, 30, 90, 200, 250, 255])
            ids = tuple(draw.randrange(4, 260) for _ in range(length))
            if draw.random() < 0.3 and requests:
                ids = (*requests[-1].token_ids[:50], *ids)[:255]
            hot = draw.random() < 0.3
            stop = ("e",) if draw.random() < 0.2 else ()
            limit = draw.choice([1, 7, 60, None])
            requests.append(
                Request(token_ids=ids, max_tokens=limit, temperature=2.0 if hot else 0.0, seed=i, top_p=0.95, stop=stop)
            )
        alone = [engine.generate([r])[0] for r in requests]
        items = [(r.token_ids[:100], (5, 6, 7)) for r in requests]
        scores = engine.loglikelihood(items)
        answers: dict[int, Completion] = {}
        rescored: list[float] = []

        def ask(numbers: list[int], pause: float, hangs_up: bool) -> None:
            time.sleep(pause)
            if hangs_up:
                stream = engine.stream(requests[numbers[0]])
                next(stream)
                stream.close()  # type: ignore[attr-defined]
                rescored.append(engine.loglikelihood(items[:1])[0].total)
                return
            answered = engine.generate([requests[n] for n in numbers])
            answers.update(zip(numbers, answered, strict=True))

        threads = []
        for start in range(0, 60, 4):
            numbers = list(range(start, start + 4))
            pause = draw.random() * 0.5
            threads.append(threading.Thread(target=ask, args=(numbers, pause, False)))
            threads.append(threading.Thread(target=ask, args=(numbers, pause + 0.01, True)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert [answers[i].token_ids for i in range(60)] == [a.token_ids for a in alone]
        assert [answers[i].text for i in range(60)] == [a.text for a in alone]
        assert rescored == pytest.approx([scores[0].total] * 15, abs=1e-3)
        assert engine.load == (0, 0)


def test_a_stop_string_ends_an_answer_and_is_not_in_it(engine: EmbeddedEngine) -> None:
    request = Request(messages=(Message("user", "hello"),), max_tokens=40)
    whole = engine.generate([request])[0].text
    stop = whole[4:6]
    cut = engine.generate([Request(messages=request.messages, max_tokens=40, stop=(stop,))])[0]
    assert cut.text == whole[: whole.index(stop)]
    assert cut.finish_reason == "stop"
    assert cut.completion_tokens < 40


def test_logprobs_are_those_of_the_plain_model(engine: EmbeddedEngine, tiny: Any) -> None:
    requests = [Request(token_ids=ids, max_tokens=8, logprobs=True) for ids in prompts(5, 9)]
    for request, answer in zip(requests, engine.generate(requests), strict=True):
        with torch.inference_mode():
            logits = tiny.model(input_ids=torch.tensor([[*request.token_ids, *answer.token_ids]])).logits[0]
        at = len(request.token_ids) - 1
        expected = [logits[at + i].log_softmax(-1)[t].item() for i, t in enumerate(answer.token_ids)]
        assert answer.logprobs == pytest.approx(expected, abs=1e-4)


def test_cancelling_ends_what_runs_and_what_waits(engine: EmbeddedEngine) -> None:
    cancel = threading.Event()
    begun = threading.Event()

    def watch() -> None:
        for piece in engine.stream(Request(messages=(Message("user", "x"),), max_tokens=100)):
            begun.set()
            if isinstance(piece, Completion):
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun.wait(10)
    cancel.set()
    answers = engine.generate([Request(token_ids=p, max_tokens=150) for p in prompts(30, 2, (5,))], cancel=cancel)
    watcher.join(10)
    assert {a.finish_reason for a in answers} == {"cancelled"}


def test_a_prompt_that_fills_the_context_is_refused_and_names_the_request(engine: EmbeddedEngine) -> None:
    fine, too_long = Request(token_ids=(5,) * 255, max_tokens=9), Request(token_ids=(5,) * 256)
    assert engine.generate([fine])[0].completion_tokens == 1  # cut to what fits
    with pytest.raises(ContextOverflow, match="request 2 of 2") as refused:
        engine.generate([fine, too_long])
    assert refused.value.details == {"tokens": 256, "context": 256}


def test_scores_are_those_of_the_plain_model(engine: EmbeddedEngine, tiny: Any) -> None:
    draw = random.Random(3)
    items = [(c, tuple(draw.randrange(4, 260) for _ in range(draw.randrange(0, 20)))) for c in prompts(25, 1)]
    items.append(((), (7, 8, 9)))
    greedy = engine.generate([Request(token_ids=items[0][0], max_tokens=3)])[0].token_ids
    items.append((items[0][0], greedy))
    scores = engine.loglikelihood(items)
    for (context, continuation), score in zip(items, scores, strict=True):
        start = context or (tiny.chat.document_end,)
        with torch.inference_mode():
            logits = tiny.model(input_ids=torch.tensor([[*start, *continuation]])).logits[0]
        rows = logits[len(start) - 1 : len(start) - 1 + len(continuation)]
        expected = [rows[i].log_softmax(-1)[t].item() for i, t in enumerate(continuation)]
        assert score.logprobs == pytest.approx(expected, abs=1e-4)
        assert score.greedy == all(int(rows[i].argmax()) == t for i, t in enumerate(continuation))
    assert scores[-1].greedy
    assert len(scores[-2].logprobs) == 3


def test_the_plan_of_batches_depends_on_lengths_only() -> None:
    items = [((1,) * (i % 7 + 1), (2,) * (i % 3 + 1)) for i in range(50)]
    others = [((9,) * len(c), (8,) * len(k)) for c, k in items]
    planned = plan(items, token_budget=40, vocabulary=100)
    assert planned == plan(others, token_budget=40, vocabulary=100)
    assert sorted(i for batch in planned for i in batch.items) == list(range(50))
    for batch in planned:
        longest = max(len(items[i][0]) + len(items[i][1]) for i in batch.items)
        assert longest * len(batch.items) <= 40


def test_a_long_document_is_scored_token_by_token_exactly_once(engine: EmbeddedEngine) -> None:
    text = "It was a bright cold day in April. " * 20
    ids = engine.encode(text)
    items = document_items(ids, 256)
    assert tuple(t for _, continuation in items for t in continuation) == ids
    assert len(items) > 2
    assert all(len(c) + len(k) <= 256 for c, k in items)
    scores = engine.loglikelihood(items)
    assert bits_per_byte(scores, text) > 0
    # a uniform guess over 256 bytes costs 8 bits
    uniform = [TokenScores(tuple([-5.545177444479562] * len(k)), False) for _, k in items]
    assert bits_per_byte(uniform, text) == pytest.approx(8.0)


def test_the_model_is_left_as_it_was_found(build_tiny: Callable[..., Any]) -> None:
    loaded = build_tiny()
    loaded.model.train()
    loaded.model.model.norm.eval()
    for parameter in list(loaded.model.parameters())[::2]:
        parameter.requires_grad_(False)
    before = [m.training for m in loaded.model.modules()], [p.requires_grad for p in loaded.model.parameters()]
    with EmbeddedEngine(loaded) as engine:
        engine.generate([Request(token_ids=(5, 6), max_tokens=3)])
        assert (
            [m.training for m in loaded.model.modules()],
            [p.requires_grad for p in loaded.model.parameters()],
        ) == before
        engine.loglikelihood([((5,), (6,))])
        assert (
            [m.training for m in loaded.model.modules()],
            [p.requires_grad for p in loaded.model.parameters()],
        ) == before


def test_weights_trained_between_two_calls_are_seen(build_tiny: Callable[..., Any]) -> None:
    """A prefix that was read with the old weights must not be used with the new ones."""
    loaded = build_tiny()
    shots = prompts(1, 7, (60,))[0]
    requests = [Request(token_ids=(*shots, *tail), max_tokens=12) for tail in prompts(4, 8, (3, 5))]
    with EmbeddedEngine(loaded) as engine:
        before = [a.token_ids for a in engine.generate(requests)]
        with torch.no_grad():
            for layer in loaded.model.model.layers:
                layer.self_attn.v_proj.weight.mul_(-1.5)
        after = [a.token_ids for a in engine.generate(requests)]
    assert after == [greedy_by_hand(loaded, r.token_ids, 12) for r in requests]
    assert before != after


def test_a_model_that_fails_tells_every_caller_and_serves_the_next(build_tiny: Callable[..., Any]) -> None:
    loaded = build_tiny()
    with EmbeddedEngine(loaded) as engine:
        request = Request(token_ids=(5, 6), max_tokens=3)
        handle = loaded.model.model.layers[1].register_forward_pre_hook(
            lambda *_: (_ for _ in ()).throw(MemoryError("full"))
        )
        with pytest.raises(MemoryError):
            engine.generate([request, request])
        with pytest.raises(MemoryError):
            engine.loglikelihood([((5,), (6,))])
        handle.remove()
        assert engine.generate([request])[0].token_ids == greedy_by_hand(loaded, (5, 6), 3)


def test_a_closed_engine_says_so(tiny: Any) -> None:
    engine = EmbeddedEngine(tiny)
    engine.generate([Request(token_ids=(5,), max_tokens=1)])
    engine.close()
    engine.close()
    with pytest.raises(EngineClosed):
        engine.generate([Request(token_ids=(5,), max_tokens=1)])


def test_unknown_adapters_and_foreign_ids_are_refused_before_anything_runs(engine: EmbeddedEngine) -> None:
    with pytest.raises(LuthierError, match="no adapter named 'x'"):
        engine.generate([Request(token_ids=(5,), adapter="x")])
    with pytest.raises(LuthierError, match="no adapter named 'x'"):
        engine.loglikelihood([((5,), (6,))], adapter="x")
    with pytest.raises(LuthierError, match="vocabulary"):
        engine.generate([Request(token_ids=(260,))])


def test_layers_with_other_memory_than_keys_and_values_are_refused_by_name(build_tiny: Callable[..., Any]) -> None:
    loaded = build_tiny()
    loaded.model.config.layer_types = ["linear_attention", "full_attention", "full_attention"]
    with pytest.raises(Unsupported, match="linear_attention"):
        EmbeddedEngine(loaded)


def test_a_vector_is_the_mean_of_what_enters_the_head(engine: EmbeddedEngine, tiny: Any) -> None:
    texts = ["a", "the cat sat on the mat", "x" * 400, "", "the cat sat on the mat"]
    vectors = engine.embed(texts)
    for text, vector in zip(texts, vectors, strict=True):
        ids = [engine.start_id, *engine.encode(text)][:256]
        with torch.inference_mode():
            hidden = tiny.model.model(input_ids=torch.tensor([ids])).last_hidden_state[0]
        assert torch.allclose(torch.tensor(vector), hidden.mean(0), atol=1e-4), text[:10]
    assert engine.embed([]) == []
    assert engine.embed(texts[:1])[0] == pytest.approx(vectors[0], abs=1e-5), "in any company"
    with pytest.raises(LuthierError, match="no adapter named"):
        engine.embed(texts, adapter="poet")
