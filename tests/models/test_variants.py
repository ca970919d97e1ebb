"""Variants of LoRA: each begins as the base, ends in a file that gives the trained model back on the base that
everybody has, and merges to it; what cannot be done is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch.testing import assert_close

from luthier.errors import LuthierError
from luthier.models.adapters import (
    adapter_disabled,
    load_adapter,
    merge_adapter,
    prepare,
    save_adapter,
    trainable_state,
)
from luthier.models.changes import trained_weights
from luthier.models.load import Loaded, load
from luthier.models.sizes import measure
from luthier.models.source import resolve
from luthier.models.state import load_trained, save_trained
from luthier.recipe.train import LoraTuning, QloraTuning, TrainSpec

VARIANTS = {
    "rslora": LoraTuning(r=4, rslora=True),
    "dora": LoraTuning(r=4, dora=True),
    "dora-rslora-linear": LoraTuning(r=4, dora=True, rslora=True, targets="all-linear"),
    "pissa": LoraTuning(r=4, init="pissa"),
    "pissa-rslora-linear": LoraTuning(r=4, init="pissa", rslora=True, targets="all-linear"),
    "embedding": LoraTuning(r=4, modules_to_save=("embed_tokens",)),
    "head": LoraTuning(r=4, modules_to_save=("lm_head", "norm")),
    "dora-head": LoraTuning(r=4, dora=True, modules_to_save=("lm_head",)),
}


@pytest.fixture(scope="module")
def untied(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny Llama with a head of its own."""
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("untied")
    config = LlamaConfig.from_pretrained(tiny)
    config.tie_word_embeddings = False
    torch.manual_seed(1)
    LlamaForCausalLM(config).save_pretrained(folder)
    for path in tiny.glob("*token*"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture(params=["tied", "untied"])
def base(request: pytest.FixtureRequest, tiny: Path, untied: Path) -> Path:
    return tiny if request.param == "tied" else untied


def fresh(folder: Path, **options: Any) -> Loaded:
    return load(resolve(folder), device="cpu", **options)


def logits(loaded: Any) -> torch.Tensor:
    with torch.no_grad():
        out: torch.Tensor = loaded.model(torch.arange(4, 30)[None]).logits
    return out


def train_a_little(model: Any, seed: int = 1) -> None:
    generator = torch.Generator().manual_seed(seed)
    for tensor in trainable_state(model).values():
        tensor.add_(torch.randn(tensor.shape, generator=generator) * 0.03)


@pytest.mark.parametrize("name", VARIANTS)
def test_it_begins_as_the_base_and_its_base_stays_the_base(base: Path, name: str) -> None:
    plain = logits(fresh(base))
    made = prepare(fresh(base), VARIANTS[name], seed=0)
    assert torch.equal(logits(made), plain), "before training nothing changes by a bit"
    train_a_little(made.model)
    assert not torch.allclose(logits(made), plain, atol=1e-2)
    with adapter_disabled(made.model):
        assert torch.equal(logits(made), plain), "switched off, it is the base, bit for bit"


@pytest.mark.parametrize("name", VARIANTS)
def test_the_file_gives_the_trained_model_back_on_the_original_base(base: Path, name: str, tmp_path: Path) -> None:
    made = prepare(fresh(base), VARIANTS[name], seed=0)
    train_a_little(made.model)
    save_adapter(made.model, tmp_path, made.loaded.source)
    again = load_adapter(fresh(base), tmp_path, "one")
    assert_close(logits(again), logits(made), atol=2e-5, rtol=2e-5)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert config["init_lora_weights"] is True, "nobody who loads it computes anything of the base's weights"
    with adapter_disabled(again.model):
        assert torch.equal(logits(again), logits(fresh(base)))


@pytest.mark.parametrize("name", VARIANTS)
def test_merging_gives_each_weight_as_training_left_it(base: Path, name: str, tmp_path: Path) -> None:
    made = prepare(fresh(base), VARIANTS[name], seed=0)
    train_a_little(made.model)
    save_adapter(made.model, tmp_path, made.loaded.source)
    before = dict(fresh(base).model.named_parameters())
    changes = trained_weights(made.model)
    merged = merge_adapter(fresh(base), tmp_path).model
    after = dict(merged.named_parameters())
    assert after.keys() == before.keys(), "a shared embedding stays shared"
    for weight, p in after.items():
        assert_close(p.double(), changes[weight](before[weight]) if weight in changes else before[weight].double(),
                     atol=2e-6, rtol=2e-6)  # fmt: skip
    assert_close(logits(SimpleNamespace(model=merged)), logits(made), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", VARIANTS)
def test_trained_tensors_come_back_and_the_plan_counts_them(base: Path, name: str, tmp_path: Path) -> None:
    made = prepare(fresh(base), VARIANTS[name], seed=0)
    assert measure(resolve(base), VARIANTS[name]).trainable == made.trainable
    train_a_little(made.model)
    save_trained(made.model, tmp_path / "w.safetensors")
    again = prepare(fresh(base), VARIANTS[name], seed=0)
    load_trained(again.model, tmp_path / "w.safetensors")
    assert torch.equal(logits(again), logits(made))


def test_rank_stabilised_means_alpha_over_the_root_of_r(tiny: Path) -> None:
    for rslora, scale in ((True, 8 / 2), (False, 8 / 4)):
        made = prepare(fresh(tiny), LoraTuning(r=4, alpha=8, rslora=rslora), seed=0)
        train_a_little(made.model)
        layer = made.model.get_base_model().model.layers[0].self_attn.q_proj
        a, b = layer.lora_A["default"].weight, layer.lora_B["default"].weight
        x = torch.randn(3, 64, generator=torch.Generator().manual_seed(2))
        with torch.no_grad():
            assert_close(layer(x) - layer.base_layer(x), x @ (b @ a).T * scale, atol=1e-5, rtol=1e-5)


def test_pissa_begins_with_the_strongest_directions(tiny: Path) -> None:
    """The rest of the weight is what the best approximation of rank r leaves (Eckart and Young 1936)."""
    made = prepare(fresh(tiny), LoraTuning(r=4, alpha=8, init="pissa"), seed=0)
    layer = made.model.get_base_model().model.layers[1].self_attn.v_proj
    weight = layer.base_layer.weight.detach().double()
    part = 2.0 * (layer.lora_B["default"].weight @ layer.lora_A["default"].weight).detach().double()
    left = torch.linalg.svdvals(weight)[4:].square().sum().sqrt()
    assert float((weight - part).norm()) == pytest.approx(float(left), rel=1e-5)


def test_large_weights_begin_with_an_approximation_that_follows_the_seed(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("luthier.models.pissa.EXACT_UP_TO", 1)
    tuning = LoraTuning(r=4, init="pissa")
    torch.manual_seed(3)
    one = prepare(fresh(tiny), tuning, seed=0)
    state = torch.random.get_rng_state()
    two = prepare(fresh(tiny), tuning, seed=0)
    assert torch.equal(torch.random.get_rng_state(), state), "the global random state is the caller's"
    first, second = trainable_state(one.model), trainable_state(two.model)
    assert all(torch.equal(first[n], second[n]) for n in first)
    assert torch.equal(logits(one), logits(fresh(tiny)))
    train_a_little(one.model)
    save_adapter(one.model, tmp_path, one.loaded.source)
    assert_close(logits(load_adapter(fresh(tiny), tmp_path, "x")), logits(one), atol=2e-5, rtol=2e-5)


def test_whole_modules_of_a_bf16_base_are_trained_in_fp32(tiny: Path) -> None:
    made = prepare(fresh(tiny, precision="bf16"), LoraTuning(modules_to_save=("embed_tokens", "norm")), seed=0)
    assert {t.dtype for t in trainable_state(made.model).values()} == {torch.float32}
    out = made.model(torch.arange(4, 30)[None])
    assert out.logits.dtype == torch.bfloat16
    assert torch.equal(out.logits, fresh(tiny, precision="bf16").model(torch.arange(4, 30)[None]).logits)
    out.logits.float().logsumexp(-1).sum().backward()
    assert all(p.grad is not None for n, p in made.model.named_parameters() if p.requires_grad)


@pytest.mark.parametrize("name", ["dora", "pissa"])
def test_factors_beside_a_bf16_base_are_fp32(tiny: Path, name: str) -> None:
    made = prepare(fresh(tiny, precision="bf16"), VARIANTS[name], seed=0)
    assert {t.dtype for t in trainable_state(made.model).values()} == {torch.float32}
    assert torch.equal(logits(made), logits(fresh(tiny, precision="bf16")))
    train_a_little(made.model)
    assert logits(made).dtype == torch.bfloat16 and not torch.equal(logits(made), logits(fresh(tiny, precision="bf16")))


@pytest.mark.parametrize("tuning", [QloraTuning(r=4, dora=True), QloraTuning(r=4, modules_to_save=("embed_tokens",))])
def test_variants_on_four_bits(tiny: Path, tmp_path: Path, tuning: QloraTuning) -> None:
    pytest.importorskip("bitsandbytes")
    made = prepare(fresh(tiny, quantised=tuning), tuning, seed=0)
    with adapter_disabled(made.model):
        plain = logits(made)
    assert_close(logits(made), plain, atol=1e-5, rtol=1e-5)
    assert_close(plain, logits(fresh(tiny, quantised=tuning)), atol=1e-2, rtol=0)  # layouts round otherwise
    train_a_little(made.model)
    trained = logits(made)
    save_adapter(made.model, tmp_path, made.loaded.source)
    again = load_adapter(fresh(tiny, quantised=tuning), tmp_path, "x")
    assert not torch.allclose(trained, plain, atol=1e-2)
    assert_close(logits(again), trained, atol=1e-5, rtol=1e-5)
    with adapter_disabled(again.model):
        assert_close(logits(again), plain, atol=1e-5, rtol=1e-5)


# ---- refusals


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"tuning": {"kind": "lora", "init": "pissa", "dora": True}}, "pissa and dora"),
        ({"tuning": {"kind": "lora", "init": "pissa", "dropout": 0.1}}, "pissa needs dropout: 0"),
        ({"tuning": {"kind": "qlora", "init": "pissa"}}, "pissa needs the base's own weights"),
        ({"tuning": {"kind": "lora", "dora": True}, "interpolate": 0.5}, "interpolate needs plain LoRA"),
        ({"tuning": {"kind": "lora", "init": "pissa"}, "interpolate": 0.5}, "interpolate needs plain LoRA"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_go_together_is_refused_by_name(spec: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TrainSpec.model_validate(spec)


def test_modules_that_cannot_be_trained_whole_are_refused_by_name(tiny: Path) -> None:
    with pytest.raises(LuthierError, match="'embed_token'") as refused:
        prepare(fresh(tiny), LoraTuning(modules_to_save=("embed_token",)), seed=0)
    assert refused.value.fix == "did you mean embed_tokens?"
    with pytest.raises(LuthierError, match="q_proj would get an adapter and be trained whole"):
        prepare(fresh(tiny), LoraTuning(modules_to_save=("q_proj",)), seed=0)
    pytest.importorskip("bitsandbytes")
    with pytest.raises(LuthierError, match="4 bits"):
        tuning = QloraTuning(targets="attention", modules_to_save=("up_proj",))
        prepare(fresh(tiny, quantised=QloraTuning()), tuning, seed=0)


def test_a_shared_embedding_that_cannot_stay_shared_is_refused() -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    from luthier.models.adapters import find_whole

    model = GPT2LMHeadModel(GPT2Config(vocab_size=99, n_embd=32, n_layer=1, n_head=2))
    with pytest.raises(LuthierError, match="GPT2LMHeadModel") as refused:
        find_whole(model, ("wte",), ("c_attn",))
    assert "full" in refused.value.fix
    assert find_whole(model, ("ln_f",), ("c_attn",)) == (["transformer.ln_f"], False)
