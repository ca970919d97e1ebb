"""Tiny models and seeded rows for the tests of training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification

from luthier.recipe.train import TrainSpec
from luthier.train import plan as planning
from luthier.train.batches import input_length

VOCABULARY = 128


@dataclass(frozen=True)
class Row:
    ids: tuple[int, ...]
    trained: tuple[bool, ...]
    example_id: str
    weight: float = 1.0


@dataclass
class Recorder:
    """A run that remembers what it was told."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    metrics: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def event(self, kind: str, **data: Any) -> None:
        self.events.append((kind, data))

    def metric(self, step: int, **values: Any) -> None:
        self.metrics.append((step, values))

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]


class Stopped(Exception):
    """A training that was broken off."""


def stop_at(step: int) -> Callable[[Any], None]:
    """For ``on_step``: breaks the training off behind this step."""

    def stop(info: Any) -> None:
        if info.step == step:
            raise Stopped

    return stop


def exact_norms(model: torch.nn.Module) -> torch.nn.Module:
    """Norms in the model's own precision: transformers computes them in fp32 whatever the model is, and that rounding
    would hide errors below 1e-7."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child).__name__.endswith("RMSNorm") and not isinstance(child, torch.nn.RMSNorm):
                norm = torch.nn.RMSNorm(child.weight.shape[0], eps=1e-6)
                norm.weight = child.weight
                setattr(parent, name, norm)
    return model


def tiny_scorer(*, outputs: int = 1, **keys: Any) -> torch.nn.Module:
    """The same decoder with a head: a scalar one, or with several outputs; token 0 is padding."""
    return tiny_llama(outputs=outputs, **keys)


def tiny_llama(*, seed: int = 0, tuning: str = "lora", dtype: torch.dtype = torch.float32, hidden: int = 32,
               dropout: float = 0.0, tied: bool = True, outputs: int = 0) -> torch.nn.Module:  # fmt: skip
    torch.manual_seed(seed)
    more: dict[str, Any] = {"num_labels": outputs, "pad_token_id": 0} if outputs else {}
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=hidden, num_hidden_layers=2, intermediate_size=2 * hidden,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128, tie_word_embeddings=tied,
        initializer_range=0.15, **more,
    )  # fmt: skip
    model: Any = LlamaForSequenceClassification(config) if outputs else LlamaForCausalLM(config)
    if dtype == torch.float64:
        model = exact_norms(model)
    if tuning in ("lora", "dora"):
        targets = ["q_proj", "k_proj", "v_proj", "o_proj"]
        model = get_peft_model(model, LoraConfig(
            r=4, lora_alpha=8, lora_dropout=dropout, target_modules=targets,
            task_type="SEQ_CLS" if outputs else "CAUSAL_LM", use_dora=tuning == "dora",
        ))  # fmt: skip
        with torch.no_grad():  # B starts at zero, which would make A's gradient zero too
            for name, p in model.named_parameters():
                if "lora_B" in name:
                    p.normal_(std=0.05)
    return model.to(dtype)


def seeded_rows(count: int, seed: int = 0, low: int = 4, high: int = 40, learnable: bool = False) -> list[Row]:
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(count):
        n = int(rng.integers(low, high))
        ids = rng.integers(4, VOCABULARY, n)
        if learnable:  # the second half repeats the first
            ids[n // 2 :] = ids[: n - n // 2]
        start = int(rng.integers(1, max(2, n - 1)))
        stop = int(rng.integers(start + 1, n + 1))
        trained = tuple(start <= j < stop for j in range(n))
        rows.append(Row(tuple(int(x) for x in ids), trained, f"row-{seed}-{i}"))
    return rows


def facts_of(train: list[Row], validation: list[Row] = [], threads: int = 1) -> planning.Facts:  # noqa: B006
    return planning.Facts(
        planning.ModelFacts(hidden=32, layers=2, intermediate=64, vocabulary=VOCABULARY, context=128,
                            parameters=30_000, trainable=2_000),
        planning.DeviceFacts("cpu", threads=threads, forks=True),
        [input_length(r) for r in train], [input_length(r) for r in validation],
    )  # fmt: skip


@pytest.fixture
def make_model() -> Callable[..., Any]:
    return tiny_llama


@pytest.fixture
def make_rows() -> Callable[..., list[Row]]:
    return seeded_rows


@pytest.fixture
def make_plan() -> Callable[..., planning.TrainPlan]:
    def make(spec: TrainSpec, train: list[Row], validation: list[Row] | None = None, *, seed: int = 0) -> Any:
        return planning.derive(spec, facts_of(train, validation or []), seed=seed)

    return make


@pytest.fixture
def fit(make_plan: Callable[..., Any]) -> Callable[..., Any]:
    """Train with a spec; gives (model, result, recorder)."""
    from luthier.train import sft

    def go(spec: TrainSpec, train: list[Row], validation: list[Row], workdir: Any, *, model: Any = None, seed: int = 0,
           run: Recorder | None = None, plan: Any = None, **more: Any) -> Any:  # fmt: skip
        model = tiny_llama() if model is None else model
        run = Recorder() if run is None else run
        result = sft.run(
            spec, plan or make_plan(spec, train, validation, seed=seed),
            loaded=SimpleNamespace(model=model, device="cpu"), train=train, validation=validation, run=run,
            workdir=workdir, seed=seed, **more,
        )  # fmt: skip
        return model, result, run

    return go
