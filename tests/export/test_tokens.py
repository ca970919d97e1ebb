"""New tokens: their first rows, what is trained of them, and that they answer alike after every way to read them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.export.conftest import train_a_little, write_base
from tests.export.test_deliver import send

from luthier.engines import Request
from luthier.engines.embedded import EmbeddedEngine
from luthier.errors import LuthierError
from luthier.export import ParityError
from luthier.models import adapters, sizes
from luthier.models.load import load, load_chat
from luthier.models.source import ModelSource, resolve
from luthier.pipeline.resolve import find, open_engine
from luthier.recipe.recipe import ExportSpec, ModelSpec
from luthier.recipe.train import FullTuning, LoraTuning, QloraTuning
from luthier.records import Message
from luthier.store import Store

TOKENS = ("<tool>", "zebra")
SAID = "Call <tool> for the zebra, then <tool>."
EXACT = ExportSpec(dtype="fp32")


@pytest.fixture(params=[True, False], ids=["tied", "untied"])
def grown(request: pytest.FixtureRequest, tmp_path: Path) -> ModelSource:
    """A base that knows two tokens more, with one matrix for embedding and output, and with two."""
    return resolve(write_base(tmp_path / "viola", tied=request.param, dtype="float32")).knowing(TOKENS)


def bare(source: ModelSource) -> ModelSource:
    return resolve(source.folder)


def logits(model: Any, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model.eval()(input_ids=torch.tensor([ids])).logits[0]
    return found


# --- the first rows


def test_each_begins_as_the_mean_of_its_parts_and_all_else_stays(grown: ModelSource) -> None:
    before, after = load(bare(grown), device="cpu"), load(grown, device="cpu")
    old = before.tokenizer.vocab_size
    ids = after.tokenizer.convert_tokens_to_ids(list(TOKENS))
    assert ids == [len(before.tokenizer), len(before.tokenizer) + 1]
    pairs = [(before.model.get_input_embeddings().weight, after.model.get_input_embeddings().weight),
             (before.model.get_output_embeddings().weight, after.model.get_output_embeddings().weight)]  # fmt: skip
    for was, now in pairs:
        assert now.shape[0] == was.shape[0] + 2 and torch.equal(now[: was.shape[0]], was)
        for token, number in zip(TOKENS, ids, strict=True):
            parts = before.tokenizer.encode(token, add_special_tokens=False)
            assert len(parts) > 1
            assert torch.allclose(now[number], was[parts].mean(0), atol=1e-6)
    tied = before.model.config.tie_word_embeddings
    assert (pairs[0][1] is pairs[1][1]) == tied
    plain = before.chat.text_ids("no new words here")
    assert after.chat.text_ids("no new words here") == plain
    assert torch.allclose(logits(after.model, plain)[:, :old], logits(before.model, plain)[:, :old], atol=1e-5)


def test_they_are_found_in_messages_and_written_in_answers(grown: ModelSource) -> None:
    """Control tokens of a template are not: those stay text in a message."""
    chat = load_chat(grown)
    tool, zebra = chat.tokenizer.convert_tokens_to_ids(list(TOKENS))
    ids = chat.prompt_ids([Message("user", f"{SAID} <|im_end|>")])
    assert ids.count(tool) == 2 and ids.count(zebra) == 1
    assert ids.count(chat.tokenizer.eos_token_id) == load_chat(bare(grown)).prompt_ids(
        [Message("user", "x")]).count(chat.tokenizer.eos_token_id)  # fmt: skip
    assert chat.decode([tool, zebra]) == "<tool>zebra"
    assert not set(chat.stop_ids) & {tool, zebra}
    assert chat.digest == load_chat(bare(grown)).digest and grown.digest != bare(grown).digest


@pytest.mark.parametrize(
    ("tokens", "told"),
    [(("the",), "is a token of viola already"), (("<|im_end|>",), "is a token of viola already"),
     (("a",), "is a token of viola already")],
)  # fmt: skip
def test_what_is_a_token_already_is_refused(grown: ModelSource, tokens: tuple[str, ...], told: str) -> None:
    with pytest.raises(LuthierError, match=told) as refused:
        load_chat(bare(grown).knowing(tokens))
    assert refused.value.where == "model.new_tokens" and refused.value.fix


@pytest.mark.parametrize(
    ("tokens", "told"),
    [([" x"], "blanks at its ends"), ([""], "is blank"), (["<a>", "<a>"], "named twice"), (["ab", "abc"], "stands in")],
)
def test_texts_that_cannot_be_told_apart_are_refused(tokens: list[str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        ModelSpec.model_validate({"base": "nano", "new_tokens": tokens})
    with pytest.raises(ValueError, match="begins a new adapter"):
        ModelSpec.model_validate({"base": "nano", "new_tokens": ["<x>"], "adapter": "run"})


# --- what is trained


def test_only_their_rows_are_trained_beside_the_adapter(grown: ModelSource) -> None:
    tuning = LoraTuning(r=4)
    prepared = adapters.prepare(load(grown, device="cpu"), tuning, seed=0)
    model = prepared.model
    tied = model.config.tie_word_embeddings
    plain = adapters.prepare(load(bare(grown), device="cpu"), tuning, seed=0)
    assert prepared.trainable == plain.trainable + 2 * 64 * (1 if tied else 2)
    assert sizes.measure(grown, tuning).trainable == prepared.trainable
    ids = prepared.loaded.chat.text_ids(SAID)
    start = logits(load(grown, device="cpu").model, ids)
    assert torch.allclose(logits(model, ids), start, atol=1e-5), "an adapter begins as the base"
    model.train()
    out = model(input_ids=torch.tensor([ids]), labels=torch.tensor([ids]))
    out.loss.backward()
    rows = {n: p for n, p in model.named_parameters() if "trainable_tokens_delta" in n}
    assert len(rows) == (1 if tied else 2) and all(p.grad is not None and p.grad.any() for p in rows.values())
    assert not any(p.requires_grad for n, p in model.named_parameters() if n.endswith("base_layer.weight"))


def test_modules_that_are_trained_whole_hold_them_too(grown: ModelSource) -> None:
    tuning = LoraTuning(r=4, modules_to_save=("embed_tokens",))
    prepared = adapters.prepare(load(grown, device="cpu"), tuning, seed=0)
    rows = [n for n, _ in prepared.model.named_parameters() if "trainable_tokens_delta" in n]
    assert len(rows) == (0 if prepared.model.config.tie_word_embeddings else 1)
    assert sizes.measure(grown, tuning).trainable == prepared.trainable


# --- what is delivered


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "home")


def trained(source: ModelSource, tuning: Any, size: float = 0.05) -> Any:
    quantised = tuning if isinstance(tuning, QloraTuning) else None
    prepared = adapters.prepare(load(source, device="cpu", quantised=quantised), tuning, seed=0)
    train_a_little(prepared.model, size)
    return prepared.loaded


TUNINGS = [LoraTuning(r=4), FullTuning(), LoraTuning(r=4, dora=True, modules_to_save=("norm",))]


@pytest.mark.parametrize("tuning", TUNINGS, ids=["lora", "full", "dora"])
def test_read_back_in_every_way_it_answers_as_trained(grown: ModelSource, tuning: Any, store: Store) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    loaded = trained(grown, tuning, 0.01 if isinstance(tuning, FullTuning) else 0.05)
    ids = loaded.chat.text_ids(SAID)
    ours = logits(loaded.model, ids)
    made = send(store, loaded, tuning, EXACT)
    assert all(c.holds for c in made.certificates.values())
    tokenizer = AutoTokenizer.from_pretrained(made.model.path)
    assert tokenizer.encode(SAID, add_special_tokens=False) == ids
    whole = AutoModelForCausalLM.from_pretrained(made.model.path)
    assert whole.config.vocab_size == len(tokenizer)
    assert torch.allclose(logits(whole, ids), ours, atol=1e-4)
    with EmbeddedEngine(loaded) as memory:
        asked = [Request(messages=(Message("user", f"{SAID} {i}"),), max_tokens=6) for i in range(4)]
        asked = [Request(messages=r.messages, max_tokens=6, adapter=memory.adapters[0] if memory.adapters else None)
                 for r in asked]  # fmt: skip
        answers = [c.token_ids for c in memory.generate(asked)]
    plain = [Request(messages=r.messages, max_tokens=6) for r in asked]
    with open_engine(store, made.model.id) as opened:
        assert [c.token_ids for c in opened.engine.generate(plain)] == answers
    if made.adapter is None:
        return
    base = AutoModelForCausalLM.from_pretrained(grown.folder)
    base.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    assert torch.allclose(logits(PeftModel.from_pretrained(base, made.adapter.path), ids), ours, atol=1e-4)
    source = adapters.base_of(bare(grown), made.adapter.path)
    assert source == grown
    again = adapters.load_adapter(load(source, device="cpu"), made.adapter.path, "job")
    assert torch.allclose(logits(again.model, ids), ours, atol=1e-5)
    with pytest.raises(LuthierError, match="trained on another base"):
        adapters.load_adapter(load(bare(grown), device="cpu"), made.adapter.path, "job")


def test_an_adapter_in_a_folder_is_found_with_its_tokens(grown: ModelSource, store: Store, tmp_path: Path) -> None:
    import json
    import shutil

    made = send(store, trained(grown, LoraTuning(r=4)), LoraTuning(r=4), EXACT)
    folder = tmp_path / "elsewhere"
    shutil.copytree(made.adapter.path, folder)
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": str(grown.folder)}))
    named = find(store, str(folder))
    assert named.source.new_tokens == TOKENS and named.source.digest == grown.digest


def test_rows_of_new_tokens_that_are_not_those_trained_are_not_delivered(
    grown: ModelSource, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from luthier.export import files

    write: Callable[..., None] = files.write_merged

    def forgotten(loaded: Any, folder: Path, dtype: Any) -> None:
        first = load(grown, device="cpu").model.get_output_embeddings().weight
        with torch.no_grad():
            loaded.model.get_output_embeddings().weight[-1] = first[-1]
        write(loaded, folder, dtype)

    monkeypatch.setattr(files, "write_merged", forgotten)
    with pytest.raises(ParityError):
        send(store, trained(grown, LoraTuning(r=4)), LoraTuning(r=4))
    assert not list(store.artifacts("adapter"))


def test_beside_four_bits_too(tmp_path: Path, store: Store) -> None:
    pytest.importorskip("bitsandbytes")
    source = resolve(write_base(tmp_path / "viola", tied=False, dtype="float32")).knowing(TOKENS)
    made = send(store, trained(source, QloraTuning(r=4)), QloraTuning(r=4))
    assert made.certificates["adapter"].holds and made.certificates["model"].holds
