"""Families that place, mask or finish their tokens differently: the engine equals the plain model for each."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
import transformers

from luthier.engines import Request
from luthier.engines.embedded import EmbeddedEngine

SHAPE: dict[str, Any] = {
    "vocab_size": 260,
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "intermediate_size": 96,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 256,
    "initializer_range": 0.2,
    "pad_token_id": 3,
    "bos_token_id": None,
    "eos_token_id": 2,
}

FAMILIES: dict[str, Callable[[], Any]] = {
    "qwen3": lambda: transformers.Qwen3Config(**SHAPE),
    "mistral with a window": lambda: transformers.MistralConfig(**SHAPE, sliding_window=20),
    "gemma2 (soft caps, every other layer a window)": lambda: transformers.Gemma2Config(
        **SHAPE, sliding_window=20, query_pre_attn_scalar=16, attn_logit_softcapping=20.0, final_logit_softcapping=10.0
    ),
    "gemma3 (windows, two rotations)": lambda: transformers.Gemma3TextConfig(
        **SHAPE,
        sliding_window=20,
        query_pre_attn_scalar=16,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    ),
    "phi3 (fused projections)": lambda: transformers.Phi3Config(**SHAPE),
    "granite (scaled logits)": lambda: transformers.GraniteConfig(
        **SHAPE, logits_scaling=4.0, attention_multiplier=0.2
    ),
    "gpt2 (learned positions)": lambda: transformers.GPT2Config(
        vocab_size=260, n_embd=64, n_layer=3, n_head=4, n_positions=256, initializer_range=0.2, eos_token_id=2
    ),
    "gpt-oss (sinks, experts)": lambda: transformers.GptOssConfig(
        **SHAPE, sliding_window=20, num_local_experts=4, num_experts_per_tok=2
    ),
}


@pytest.fixture(params=FAMILIES, ids=str)
def family(request: pytest.FixtureRequest, tiny: Any) -> Any:
    config = FAMILIES[request.param]()
    # soft caps and sinks are not in torch's fused attention; transformers asks for its plain one there
    plain = request.param.startswith(("gemma2", "gpt-oss"))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = transformers.AutoModelForCausalLM.from_config(
            config, attn_implementation="eager" if plain else "sdpa"
        ).eval()
        for parameter in model.parameters():  # some families begin with zeros, where everything ties
            if parameter.dim() < 2:
                parameter.data.add_(torch.randn_like(parameter) * 0.05)
    return replace(tiny, model=model)


def test_batches_answers_and_scores_equal_the_plain_model(family: Any) -> None:
    draw = random.Random(0)
    shared = tuple(draw.randrange(4, 260) for _ in range(40))
    requests = []
    for i in range(12):
        own = tuple(draw.randrange(4, 260) for _ in range(draw.choice([2, 9, 31, 70])))
        requests.append(Request(token_ids=(*shared, *own) if i % 2 else own, max_tokens=25))
    with EmbeddedEngine(family, max_batch=5) as engine:
        mixed = engine.generate(requests)
        same_prefix = engine.generate(requests[1::2])
        scores = engine.loglikelihood([(r.token_ids, (9, 8, 7)) for r in requests])
    assert [a.token_ids for a in same_prefix] == [a.token_ids for a in mixed[1::2]]
    for request, answer, score in zip(requests, mixed, scores, strict=True):
        ids = list(request.token_ids)
        with torch.inference_mode():
            logits = family.model(input_ids=torch.tensor([[*ids, 9, 8, 7]]), use_cache=False).logits[0].float()
            expected = [logits[len(ids) - 1 + j].log_softmax(-1)[t].item() for j, t in enumerate((9, 8, 7))]
            made: list[int] = []
            while len(made) < 25:
                row = family.model(input_ids=torch.tensor([[*ids, *made]]), use_cache=False).logits[0, -1]
                if (token := int(row.argmax())) in family.chat.stop_ids:
                    break
                made.append(token)
        assert list(answer.token_ids) == made
        assert score.logprobs == pytest.approx(expected, abs=2e-4)
