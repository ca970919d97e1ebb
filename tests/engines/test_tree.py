"""Options of one question, read together: the same scores as one by one, from fewer tokens."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from tests.engines.test_families import family  # noqa: F401
from torch.overrides import TorchFunctionMode

from luthier.engines import likelihood, tree
from luthier.engines.embedded import EmbeddedEngine

Item = tuple[tuple[int, ...], tuple[int, ...]]


def questions(count: int = 9, options: int = 4, seed: int = 0, empty: bool = False) -> list[Item]:
    """Items of several questions in no order: options of one to six tokens, some beginning alike, one said twice."""
    draw = random.Random(seed)
    items: list[Item] = []
    for _ in range(count):
        context = () if empty else tuple(draw.randrange(4, 260) for _ in range(draw.randrange(6, 40)))
        first = tuple(draw.randrange(4, 260) for _ in range(12 if empty else 2))
        for option in range(options):
            own = tuple(draw.randrange(4, 260) for _ in range(draw.randrange(1, 5)))
            items.append((context, own if option % 2 and not empty else (*first, *own)))
        items.append(items[-1])
    draw.shuffle(items)
    return items


def tokens_read(model: Any, act: Callable[[], Any]) -> tuple[int, Any]:
    """(padded tokens that went through the model, what ``act`` gave)."""
    seen: list[int] = []
    hook = model.register_forward_pre_hook(lambda m, a, k: seen.append(k["input_ids"].numel()), with_kwargs=True)
    try:
        found = act()
    finally:
        hook.remove()
    return sum(seen), found


CASES = {"options": questions(), "pairs": questions(empty=True), "few": questions(3, 1)}


@pytest.mark.parametrize("items", CASES.values(), ids=CASES)
def test_trees_score_as_one_by_one(items: list[Item], tiny: Any) -> None:
    with torch.inference_mode():
        alone = [likelihood.score(tiny.model, [item], start_id=0)[0] for item in items]
    with EmbeddedEngine(tiny) as engine:
        found = engine.loglikelihood(items)
    for one, other in zip(alone, found, strict=True):
        assert other.logprobs == pytest.approx(one.logprobs, abs=1e-4) and other.greedy == one.greedy


def test_the_question_and_what_options_share_are_read_once(tiny: Any) -> None:
    context = tuple(range(10, 50))
    items = [(context, (60, 61, 62, option)) for option in range(100, 104)]
    items += [(context, (option,)) for option in range(70, 90)]  # leaves: nothing is predicted from them
    found = tree.rows(tree.Sorted(items, 0))
    assert found is not None and [row.size for row in found] == [40 + 3]
    with EmbeddedEngine(tiny) as engine:
        engine.loglikelihood(items)  # the model is tried once
        read, _ = tokens_read(tiny.model, lambda: engine.loglikelihood(items))
    assert read == 43


def test_short_questions_stand_where_padding_would(tiny: Any) -> None:
    draw = random.Random(7)
    items: list[Item] = []
    for length in (45, 100, 55, 30):
        asked = tuple(draw.randrange(4, 260) for _ in range(length))
        items += [(asked, (option,)) for option in range(70, 74)]
    with torch.inference_mode():
        alone = [likelihood.score(tiny.model, [item], start_id=0)[0] for item in items]
    with EmbeddedEngine(tiny) as engine:
        engine.loglikelihood(items)
        read, found = tokens_read(tiny.model, lambda: engine.loglikelihood(items))
    assert read == 300, "rows of 100: one of 100, one of 55 and 45, one of 30; three are no whole tiles"
    assert [x.total for x in found] == pytest.approx([x.total for x in alone], abs=1e-4)


def test_examples_before_many_questions_are_read_once_a_row(tiny: Any) -> None:
    head = tuple(random.Random(1).randrange(4, 260) for _ in range(90))
    draw = random.Random(2)
    items: list[Item] = []
    for _ in range(8):
        asked = tuple(draw.randrange(4, 260) for _ in range(6))
        items += [((*head, *asked), (draw.randrange(4, 260),)) for _ in range(2)]
    found = tree.rows(tree.Sorted(items, 0))
    assert found is not None and len(found) == 1 and found[0].size == 90 + 8 * 6
    with torch.inference_mode():
        alone = [likelihood.score(tiny.model, [item], start_id=0)[0] for item in items]
    with EmbeddedEngine(tiny) as engine:
        together = engine.loglikelihood(items)
    assert [x.total for x in together] == pytest.approx([x.total for x in alone], abs=1e-4)


def shots(seed: int = 1, length: int = 200, questions: int = 30, options: int = 3) -> list[Item]:
    """Questions behind the same worked examples."""
    draw = random.Random(seed)
    head = tuple(draw.randrange(4, 260) for _ in range(length))
    items: list[Item] = []
    for _ in range(questions):
        asked = tuple(draw.randrange(4, 260) for _ in range(draw.randrange(4, 12)))
        items += [((*head, *asked), tuple(draw.randrange(4, 260) for _ in range(n % 3 + 1))) for n in range(options)]
    draw.shuffle(items)
    found = tree.batches(items, 0, token_budget=2048, vocabulary=260)
    assert found is not None and all(batch.head is not None for batch in found)
    return items


def plainly(loaded: Any, items: list[Item]) -> list[float]:
    with torch.inference_mode():
        return [likelihood.score(loaded.model, [item], start_id=0)[0].total for item in items]


def test_worked_examples_are_read_once_for_all_questions(tiny: Any) -> None:
    one, other = shots(), shots(seed=5)  # two subjects, each with examples of its own
    items = one + other
    own = sum(row.size for row in tree.rows(tree.Sorted(items, 0)) or ())
    batches = tree.batches(items, 0, token_budget=128, vocabulary=260)
    assert batches is not None and {b.head.ids for b in batches} == {one[0][0][:200], other[0][0][:200]}
    with EmbeddedEngine(tiny, score_tokens=128) as engine:
        engine.loglikelihood(items)  # the model is tried once
        read, found = tokens_read(tiny.model, lambda: engine.loglikelihood(items))
    assert len(batches) > 4 and read <= 2 * 200 + 128 * len(batches) and read < 0.8 * own
    assert [x.total for x in found] == pytest.approx(plainly(tiny, items), abs=1e-4)


def test_questions_with_and_without_examples_in_one_call(tiny: Any) -> None:
    items = [*shots(), *questions(3, 1), ((), (7, 8))]
    with EmbeddedEngine(tiny) as engine:
        found = engine.loglikelihood(items)
    assert [x.total for x in found] == pytest.approx(plainly(tiny, items), abs=1e-4)


def test_a_long_question_alone_has_no_head(tiny: Any) -> None:
    context = tuple(range(10, 110))
    batches = tree.batches([(context, (option, 9)) for option in range(120, 124)], 0, token_budget=2048, vocabulary=260)
    assert batches is not None and all(batch.head is None for batch in batches)


def test_every_family_reads_examples_ahead_as_it_reads_them_whole(family: Any) -> None:  # noqa: F811
    items = shots(length=120, questions=24)
    with EmbeddedEngine(family) as engine:
        found = engine.loglikelihood(items)
    assert [x.total for x in found] == pytest.approx(plainly(family, items), abs=1e-3)


def test_an_adapter_reads_the_examples_itself(build_tiny: Callable[..., Any]) -> None:
    from peft import LoraConfig, get_peft_model

    loaded = build_tiny()
    torch.manual_seed(0)
    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    adapted = replace(loaded, model=get_peft_model(loaded.model, config).eval())
    items = shots()
    with torch.inference_mode():
        expected = [likelihood.score(adapted.model, [item], start_id=0)[0].total for item in items]
    with EmbeddedEngine(adapted) as engine:
        found = [x.total for x in engine.loglikelihood(items, adapter="default")]
        base = [x.total for x in engine.loglikelihood(items)]
    assert found == pytest.approx(expected, abs=1e-4)
    assert max(abs(a - b) for a, b in zip(found, base, strict=True)) > 1e-2


def test_copies_read_the_examples_as_one_process_does(build_tiny: Callable[..., Any]) -> None:
    loaded, items = build_tiny(), shots(questions=40)
    with EmbeddedEngine(loaded, score_tokens=128) as engine:
        alone = engine.loglikelihood(items)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with EmbeddedEngine(loaded, score_tokens=128, aside=True) as engine:
            assert engine._workers is not None
            aside = engine.loglikelihood(items)
            again = engine.loglikelihood(items)
    finally:
        torch.set_num_threads(before)
    assert aside == again
    assert [x.total for x in aside] == pytest.approx([x.total for x in alone], abs=1e-5)


def test_single_answers_are_read_as_before(tiny: Any) -> None:
    """What a suite of questions with one answer asks goes the plain way, in the same batches, to the same bits."""
    items = list(dict.fromkeys(questions(30, 1, seed=3)))
    assert tree.rows(tree.Sorted(items, 0)) is None
    with EmbeddedEngine(tiny) as engine:
        found = engine.loglikelihood(items)
    batches = likelihood.plan(items, token_budget=2048, vocabulary=260)
    for batch in batches:
        with torch.inference_mode():
            plain = likelihood.score(tiny.model, [items[i] for i in batch.items], start_id=engine.start_id)
        assert [found[i] for i in batch.items] == plain


def test_every_family_gives_the_plain_scores(family: Any) -> None:  # noqa: F811
    items = questions(5, 3, seed=4)
    with torch.inference_mode():
        alone = [likelihood.score(family.model, [item], start_id=0)[0] for item in items]
    with EmbeddedEngine(family) as engine:
        found = engine.loglikelihood(items)
    assert [x.total for x in found] == pytest.approx([x.total for x in alone], abs=1e-3)


def test_a_model_that_reads_a_tree_otherwise_is_read_one_by_one(tiny: Any) -> None:
    class Deaf(torch.nn.Module):
        """Ignores mask and positions, as a family might."""

        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner, self.config, self.dtype = inner, inner.config, inner.dtype

        def get_output_embeddings(self) -> Any:
            return self.inner.get_output_embeddings()

        def forward(self, input_ids: Any, use_cache: bool = False, **_: Any) -> Any:
            return self.inner(input_ids=input_ids, use_cache=use_cache)

    items = questions(5, 3, seed=5)
    with torch.inference_mode():
        alone = [likelihood.score(tiny.model, [item], start_id=0)[0] for item in items]
    with EmbeddedEngine(replace(tiny, model=Deaf(tiny.model))) as engine:
        found = engine.loglikelihood(items)
    assert [x.total for x in found] == pytest.approx([x.total for x in alone], abs=1e-4)


def test_the_last_layer_works_for_scored_positions_only(build_tiny: Callable[..., Any]) -> None:
    loaded = build_tiny()
    items = [item for item in questions(9) if len(item[0]) > 12]
    with torch.inference_mode():
        alone = [likelihood.score(loaded.model, [item], start_id=0)[0] for item in items]
    seen: dict[int, int] = {}
    for number in (0, 2):
        layer = loaded.model.model.layers[number]
        layer.mlp.gate_proj.register_forward_pre_hook(
            lambda _, a, n=number: seen.__setitem__(n, seen.get(n, 0) + a[0].shape[:-1].numel())
        )
    with EmbeddedEngine(loaded) as engine:
        engine.loglikelihood(items)
        seen.clear()
        found = engine.loglikelihood(items)
    assert seen[2] < 0.6 * seen[0]
    for one in (items, lettered()):  # with a mask, and without
        batches = tree.batches(one, 0, token_budget=2048, vocabulary=260)
        assert batches is not None
        with Queries() as asked, torch.inference_mode():
            tree.score(loaded.model, [one[i] for i in batches[0].items], start_id=0, rows=batches[0].rows)
        assert asked.seen[-1] < 0.6 * asked.seen[-2]
    assert [x.total for x in found] == pytest.approx([x.total for x in alone], abs=1e-4)


class Queries(TorchFunctionMode):
    """Counts the positions that ask in each call of attention."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.nn.functional.scaled_dot_product_attention:
            self.seen.append(args[0].shape[2])
        return func(*args, **(kwargs or {}))


def lettered(count: int = 60, seed: int = 2) -> list[Item]:
    """Questions whose options are one token each."""
    draw = random.Random(seed)
    asked = [tuple(draw.randrange(4, 260) for _ in range(draw.randrange(20, 60))) for _ in range(count)]
    return [(context, (option,)) for context in asked for option in range(70, 74)]


def test_options_of_one_token_are_read_without_a_mask(tiny: Any) -> None:
    items = [*lettered(), ((5, 6, 7), (8, 9)), ((5, 6, 7), (10,))]
    given: list[Any] = []
    hook = tiny.model.register_forward_pre_hook(lambda m, a, k: given.append(k), with_kwargs=True)
    try:
        with EmbeddedEngine(tiny, score_tokens=256) as engine:
            engine.loglikelihood(items)
            del given[:]
            found = engine.loglikelihood(items)
    finally:
        hook.remove()
    assert sum(k["input_ids"].numel() for k in given) < 1.1 * sum(len(c) for c, _ in items[:-2:4])
    assert all("attention_mask" not in k for k in given)
    assert [x.total for x in found] == pytest.approx(plainly(tiny, items), abs=1e-4)


def test_rows_that_do_not_branch_do_not_prove_that_trees_are_read_alike(tiny: Any) -> None:
    def ignores(_module: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
        return args, {k: v for k, v in kwargs.items() if k not in ("attention_mask", "position_ids")}

    branching = questions(5, 3, seed=5)
    with EmbeddedEngine(tiny, score_tokens=256) as engine:
        hook = tiny.model.register_forward_pre_hook(ignores, with_kwargs=True)
        try:
            chains = engine.loglikelihood(lettered())
            few = engine.loglikelihood(lettered(3))  # not enough for batches of their own
            trees = engine.loglikelihood([*lettered(), *branching])
        finally:
            hook.remove()
    assert [x.total for x in chains] == pytest.approx(plainly(tiny, lettered()), abs=1e-4)
    assert [x.total for x in few] == pytest.approx(plainly(tiny, lettered(3)), abs=1e-4)
    assert [x.total for x in trees] == pytest.approx(plainly(tiny, [*lettered(), *branching]), abs=1e-4)


def test_a_last_layer_that_mixes_positions_is_read_whole(build_tiny: Callable[..., Any]) -> None:
    loaded = build_tiny()
    mlp = loaded.model.model.layers[-1].mlp
    plain = mlp.forward
    mlp.forward = lambda x: plain(x) + 0.05 * x.cumsum(1)
    items = [item for item in questions(9) if len(item[0]) > 12]
    with torch.inference_mode():
        whole = loaded.model(input_ids=torch.tensor([[*items[0][0], *items[0][1]]])).logits[0].log_softmax(-1)
    first = len(items[0][0]) - 1
    expected = [float(whole[first + n, token]) for n, token in enumerate(items[0][1])]
    with EmbeddedEngine(loaded) as engine:
        engine._trees = False
        assert engine.loglikelihood(items)[0].logprobs == pytest.approx(expected, abs=1e-4)
