"""A tiny random Llama with a byte tokenizer, and makers of examples and ledger rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from luthier.evaluate.ledger import TEST, Ledger, Row
from luthier.evaluate.systems import Contender
from luthier.records import Example, Message, Score

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny_model(seed: int = 0, context: int = 512) -> Any:
    """A Loaded whose model is a random Llama; the same seed gives the same weights."""
    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    from luthier.models.chat import ChatFormat
    from luthier.models.load import Loaded
    from luthier.models.source import ModelSource

    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"]
    vocabulary = {t: i for i, t in enumerate(specials + sorted(pre_tokenizers.ByteLevel.alphabet()))}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in specials])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<|im_end|>", pad_token="<|pad|>")
    tokenizer.chat_template = TEMPLATE
    config = LlamaConfig(
        vocab_size=260, hidden_size=32, num_hidden_layers=2, intermediate_size=64, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=context, tie_word_embeddings=True, eos_token_id=2,
        pad_token_id=3, bos_token_id=None, initializer_range=0.3,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config).eval()
    source = ModelSource("tiny", Path("nowhere"), "local", f"tiny-{seed}")
    return Loaded(model, tokenizer, source, torch.device("cpu"), torch.float32, ChatFormat(tokenizer))


def contender(seed: int = 0, context: int = 512) -> Contender:
    from luthier.engines.embedded import EmbeddedEngine

    loaded = tiny_model(seed, context)
    return Contender(EmbeddedEngine(loaded), loaded.chat)


@pytest.fixture(scope="session")
def base() -> Iterator[Contender]:
    made = contender(0)
    yield made
    made.engine.close()


@pytest.fixture(scope="session")
def other() -> Iterator[Contender]:
    """A model of the same shape with other weights."""
    made = contender(1)
    yield made
    made.engine.close()


@pytest.fixture(scope="session")
def make_contender() -> Callable[..., Contender]:
    return contender


@pytest.fixture(scope="session")
def chat() -> Callable[..., Example]:
    def make(question: str, answer: str, system: str | None = None, **more: Any) -> Example:
        head = (Message("system", system),) if system else ()
        return Example(messages=(*head, Message("user", question), Message("assistant", answer)), **more)

    return make


@pytest.fixture(scope="session")
def tickets(chat: Callable[..., Example]) -> tuple[list[Example], list[Example]]:
    """(train, test): a message to JSON of two closed fields and a free one; words tell the fields mostly."""
    things = {"refund": "money back", "delivery": "parcel late", "fault": "it broke"}
    urgencies = {"high": "now please", "low": "no hurry"}

    def row(i: int) -> Example:
        intent, urgency = list(things)[i % 3], list(urgencies)[(i // 3) % 2]
        answer = {"intent": intent, "urgency": urgency, "reply": f"We got it, number {i}, and will soon write to you."}
        return chat(f"case {i}: {things[intent]}, {urgencies[urgency]}", json.dumps(answer), "Triage as JSON.")

    return [row(i) for i in range(48)], [row(i) for i in range(100, 112)]


@pytest.fixture(scope="session")
def make_rows() -> Callable[..., list[Row]]:
    """Rows of one system on one suite from values (None: not scored)."""

    def make(
        system: str, values: Sequence[float | None], *, suite: str = TEST, metric: str = "exact", prompt: str = "p",
        decoding: str = "d", references: Sequence[str] | None = None, answers: Sequence[str] | None = None,
        clusters: Sequence[str] | None = None, slices: Sequence[str] | None = None, sizes: Sequence[int] | None = None,
    ) -> list[Row]:  # fmt: skip
        rows = []
        for i, value in enumerate(values):
            parts = {}
            if metric == "bits_per_byte" and value is not None:
                size = sizes[i] if sizes else 100
                parts = {"bits": value * size, "bytes": float(size)}
            rows.append(
                Row(
                    id=f"{i:05d}", item=f"{i:05d}", suite=suite, system=system, asked=f"a{i}", prompt=f"{prompt}{i}",
                    decoding=decoding, engine=f"e-{system}", scores={metric: Score(value, "", parts)},
                    reference=references[i] if references else "x", answer=answers[i] if answers else "y",
                    cluster=clusters[i] if clusters else None, slice=slices[i] if slices else "",
                )
            )
        return rows

    return make


@pytest.fixture(scope="session")
def make_ledger() -> Callable[..., Ledger]:
    """A ledger from lists of rows; ``target`` as a recipe would write it."""

    def make(*parts: list[Row], target: Any = ("exact",), regression: Sequence[Any] = (), **facts: Any) -> Ledger:
        from luthier.recipe.evaluate import EvaluateSpec

        spec = EvaluateSpec.model_validate({"target": list(target), "regression": list(regression)})
        return Ledger(tuple(r for part in parts for r in part), {"spec": spec.model_dump(mode="json"), **facts})

    return make


@pytest.fixture
def suite_file(tmp_path: Path) -> Callable[[str, list[dict[str, Any]]], str]:
    def write(name: str, rows: list[dict[str, Any]]) -> str:
        (tmp_path / name).write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
        return name

    return write
