"""Adapters: which layers, which first weights, and the same numbers again from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.testing import assert_close

from luthier.errors import LuthierError
from luthier.models.adapters import (
    adapter_disabled,
    continue_adapter,
    find_targets,
    load_adapter,
    merge_adapter,
    prepare,
    save_adapter,
    trainable_state,
)
from luthier.models.changes import trained_weights
from luthier.models.load import Loaded, load
from luthier.models.source import resolve
from luthier.recipe.train import FullTuning, LoraTuning, QloraTuning


def fresh(folder: Path, **options: Any) -> Loaded:
    return load(resolve(folder), device="cpu", **options)


def logits(loaded: Any) -> torch.Tensor:
    ids = torch.arange(4, 30)[None]
    with torch.no_grad():
        out: torch.Tensor = loaded.model(ids).logits
    return out


def train_a_little(model: Any, seed: int = 1) -> None:
    """Stand-in for training: every trained tensor moves."""
    generator = torch.Generator().manual_seed(seed)
    for tensor in trainable_state(model).values():
        tensor.add_(torch.randn(tensor.shape, generator=generator) * 0.05)


def test_counts_and_kinds(tiny: Path) -> None:
    # attention of a layer: q 64x64, k and v 64x32, o 64x64; rank 4: r * (in + out) each; two layers
    # and left out, all linear layers: gate, up and down 64x128 besides
    attention = 2 * 4 * ((64 + 64) * 2 + (64 + 32) * 2)
    assert prepare(fresh(tiny), LoraTuning(r=4, targets="attention"), seed=0).trainable == attention
    lora = prepare(fresh(tiny), LoraTuning(r=4), seed=0)
    assert lora.trainable == attention + 2 * 4 * 3 * (64 + 128) and lora.kind == "lora"
    full = prepare(fresh(tiny, precision="bf16"), FullTuning(), seed=0)
    assert full.trainable == full.total == lora.total - lora.trainable
    assert {t.dtype for t in trainable_state(full.model).values()} == {torch.float32}
    assert full.loaded.dtype == torch.float32


def test_a_new_adapter_changes_nothing(tiny: Path) -> None:
    before = logits(fresh(tiny))
    assert torch.equal(logits(prepare(fresh(tiny), LoraTuning(), seed=0)), before)


def test_first_weights_follow_the_seed_and_nothing_else(tiny: Path) -> None:
    torch.manual_seed(5)
    one = trainable_state(prepare(fresh(tiny), LoraTuning(), seed=3).model)
    torch.manual_seed(6)
    state = torch.random.get_rng_state()
    two = trainable_state(prepare(fresh(tiny), LoraTuning(), seed=3).model)
    assert torch.equal(torch.random.get_rng_state(), state), "the global random state is the caller's"
    assert all(torch.equal(one[n], two[n]) for n in one)
    other = trainable_state(prepare(fresh(tiny), LoraTuning(), seed=4).model)
    assert any(not torch.equal(one[n], other[n]) for n in one)


def test_adapters_of_a_bf16_base_are_fp32(tiny: Path) -> None:
    prepared = prepare(fresh(tiny, precision="bf16"), LoraTuning(), seed=0)
    assert {t.dtype for t in trainable_state(prepared.model).values()} == {torch.float32}


def test_files_give_the_same_numbers_and_the_same_bytes(tiny: Path, tmp_path: Path) -> None:
    prepared = prepare(fresh(tiny), LoraTuning(), seed=0)
    train_a_little(prepared.model)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        save_adapter(prepared.model, tmp_path / name, prepared.loaded.source)
    files = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert files == ["adapter_config.json", "adapter_model.safetensors", "luthier.json"]
    assert all((tmp_path / "one" / f).read_bytes() == (tmp_path / "two" / f).read_bytes() for f in files)
    config = json.loads((tmp_path / "one" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == tiny.name and str(tiny.parent) not in json.dumps(config)
    assert config["target_modules"] == [
        "down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"
    ]  # fmt: skip
    again = load_adapter(fresh(tiny), tmp_path / "one", "one")
    assert torch.equal(logits(again), logits(prepared))
    with adapter_disabled(again.model):
        assert torch.equal(logits(again), logits(fresh(tiny)))


def test_several_adapters_stand_beside_one_base(tiny: Path, tmp_path: Path) -> None:
    outputs = {}
    for name, seed in (("one", 1), ("two", 2)):
        prepared = prepare(fresh(tiny), LoraTuning(r=4), seed=0)
        train_a_little(prepared.model, seed)
        outputs[name] = logits(prepared)
        (tmp_path / name).mkdir()
        save_adapter(prepared.model, tmp_path / name, prepared.loaded.source)
    both = load_adapter(load_adapter(fresh(tiny), tmp_path / "one", "one"), tmp_path / "two", "two")
    for name in ("one", "two"):
        both.model.set_adapter(name)
        assert torch.equal(logits(both), outputs[name])


def test_an_adapter_is_trained_further_from_where_it_stood(tiny: Path, tmp_path: Path) -> None:
    loaded = prepare(fresh(tiny), LoraTuning(r=4), seed=0).loaded
    train_a_little(loaded.model)
    save_adapter(loaded.model, tmp_path, loaded.source)
    again = prepare(fresh(tiny), LoraTuning(r=4), seed=7).loaded
    continue_adapter(again.model, tmp_path, again.source.digest)
    assert torch.equal(logits(again), logits(loaded))
    assert trainable_state(again.model).keys() == trainable_state(loaded.model).keys(), "it is trained, not frozen"
    other = prepare(fresh(tiny), LoraTuning(r=8), seed=0).loaded
    with pytest.raises(LuthierError) as told:
        continue_adapter(other.model, tmp_path, other.source.digest)
    assert "r: 4" in (told.value.fix or "")
    with pytest.raises(LuthierError, match="another base"):
        continue_adapter(again.model, tmp_path, "another digest")


def test_merging_gives_what_the_adapter_gives(tiny: Path, tmp_path: Path) -> None:
    prepared = prepare(fresh(tiny), LoraTuning(targets="all-linear"), seed=0)
    train_a_little(prepared.model)
    save_adapter(prepared.model, tmp_path, prepared.loaded.source)
    merged = merge_adapter(fresh(tiny), tmp_path)
    assert not hasattr(merged.model, "peft_config") or not merged.model.peft_config
    assert_close(logits(merged), logits(prepared), atol=1e-4, rtol=1e-4)
    assert not torch.allclose(logits(merged), logits(fresh(tiny)), atol=1e-2)


def test_changes_of_weights_are_what_merging_adds(tiny: Path, tmp_path: Path) -> None:
    prepared = prepare(fresh(tiny), LoraTuning(), seed=0)
    train_a_little(prepared.model)
    save_adapter(prepared.model, tmp_path, prepared.loaded.source)
    before = dict(fresh(tiny).model.named_parameters())
    changes = trained_weights(prepared.model)
    assert len(changes) == 14, "seven linear layers in each of two layers"
    for name, p in merge_adapter(fresh(tiny), tmp_path).model.named_parameters():
        expected = changes[name](before[name]) if name in changes else before[name].double()
        assert_close(p.double(), expected, atol=1e-6, rtol=1e-6)
    assert trained_weights(fresh(tiny).model) == {}


def test_an_adapter_of_another_base_is_refused(tiny: Path, tmp_path: Path) -> None:
    prepared = prepare(fresh(tiny), LoraTuning(), seed=0)
    save_adapter(prepared.model, tmp_path, prepared.loaded.source)
    origin = json.loads((tmp_path / "luthier.json").read_text())
    (tmp_path / "luthier.json").write_text(json.dumps({**origin, "base": "cello", "base_digest": "0" * 64}))
    with pytest.raises(LuthierError, match="another base") as refused:
        load_adapter(fresh(tiny), tmp_path, "x")
    assert "cello" in refused.value.fix


def test_a_pickled_adapter_is_refused(tiny: Path, tmp_path: Path) -> None:
    prepared = prepare(fresh(tiny), LoraTuning(), seed=0)
    save_adapter(prepared.model, tmp_path, prepared.loaded.source)
    (tmp_path / "adapter_model.safetensors").rename(tmp_path / "adapter_model.bin")
    with pytest.raises(LuthierError, match="not safetensors"):
        load_adapter(fresh(tiny), tmp_path, "x")


def test_an_adapter_of_another_shape_is_refused(tiny: Path, tmp_path: Path) -> None:
    prepared = prepare(fresh(tiny), LoraTuning(r=4), seed=0)
    save_adapter(prepared.model, tmp_path, prepared.loaded.source)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps({**config, "r": 8}))
    with pytest.raises(LuthierError, match="does not fit"):
        load_adapter(fresh(tiny), tmp_path, "x")


def test_the_base_in_four_bits_learns_too(tiny: Path, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    tuning = QloraTuning(r=4)
    prepared = prepare(fresh(tiny, quantised=tuning), tuning, seed=0)
    assert prepared.total == prepare(fresh(tiny), LoraTuning(r=4), seed=0).total, "4-bit layers count in full"
    prepared.model(torch.arange(4, 30)[None]).logits.sum().backward()
    gradients = [p.grad for n, p in prepared.model.named_parameters() if "lora_B" in n]
    assert gradients and all(g is not None and bool(g.abs().sum() > 0) for g in gradients)
    save_adapter(prepared.model, tmp_path, prepared.loaded.source)
    with pytest.raises(LuthierError, match="4 bits"):
        merge_adapter(fresh(tiny, quantised=tuning), tmp_path)


@pytest.mark.parametrize(
    ("config", "attention", "linear"),
    [
        (("GPT2", {"n_embd": 32, "n_layer": 1, "n_head": 2}), ["attn.c_proj", "c_attn"], ["c_attn", "c_fc", "c_proj"]),
        (
            ("GPTNeoX", {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}),
            ["dense", "query_key_value"],
            ["dense", "dense_4h_to_h", "dense_h_to_4h", "query_key_value"],
        ),
        (
            ("Phi3", {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2,
                      "intermediate_size": 64, "pad_token_id": 0, "vocab_size": 99}),
            ["o_proj", "qkv_proj"],
            ["down_proj", "gate_up_proj", "o_proj", "qkv_proj"],
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_layers_are_found_in_other_architectures(config: Any, attention: list[str], linear: list[str]) -> None:
    import transformers

    name, sizes = config
    sizes = {"vocab_size": 99, **sizes}
    made = getattr(transformers, f"{name}Config")(**sizes)
    model = getattr(transformers, f"{name}{'LMHeadModel' if name == 'GPT2' else 'ForCausalLM'}")(made)
    assert find_targets(model, "attention") == attention
    assert find_targets(model, "all-linear") == linear


def test_named_layers_are_checked(tiny: Path) -> None:
    model = fresh(tiny).model
    assert find_targets(model, ("v_proj", "q_proj")) == ["q_proj", "v_proj"]
    with pytest.raises(LuthierError, match="'q_prj'") as refused:
        find_targets(model, ("q_prj",))
    assert refused.value.fix == "did you mean q_proj?"
    with pytest.raises(LuthierError, match="output layer"):
        find_targets(model, ("lm_head",))
