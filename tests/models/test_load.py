"""Loading: number formats, devices, templates, and refusals instead of tracebacks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from luthier.errors import LuthierError
from luthier.models.load import load, load_chat, load_tokenizer, pick_device
from luthier.models.source import resolve
from luthier.recipe.train import QloraTuning
from luthier.records import Example, Message

CHAT = Example(messages=(Message("user", "one?"), Message("assistant", "1")))


def test_a_cpu_gets_fp32_and_an_inert_model(tiny: Path) -> None:
    loaded = load(resolve(tiny), device="cpu")
    assert loaded.dtype == torch.float32 == loaded.model.dtype
    assert not loaded.model.training and not any(p.requires_grad for p in loaded.model.parameters())


def test_bf16_when_asked(tiny: Path) -> None:
    assert load(resolve(tiny), precision="bf16", device="cpu").model.dtype == torch.bfloat16


def test_tokens_can_be_counted_without_weights(tiny: Path) -> None:
    chat = load_chat(resolve(tiny))
    assert chat.samples(CHAT) == load(resolve(tiny), device="cpu").chat.samples(CHAT)


def test_stop_tokens_of_the_generation_settings_count(tiny: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny, copy)
    (copy / "generation_config.json").write_text(json.dumps({"eos_token_id": [2, 77]}))
    assert 77 in load_chat(resolve(copy)).stop_ids and 77 not in load_chat(resolve(tiny)).stop_ids


def test_a_template_of_ones_own(tiny: Path, tmp_path: Path) -> None:
    template = tmp_path / "mine.jinja"
    template.write_text(
        "{% for m in messages %}{{ m.role }}: {{ m.content }}<|im_end|>{% endfor %}"
        "{% if add_generation_prompt %}assistant: {% endif %}"
    )
    chat = load_chat(resolve(tiny), template)
    assert chat.prompt_text(CHAT.messages[:1]).startswith("user: one?<|im_end|>assistant:")
    with pytest.raises(LuthierError, match="chat template cannot be read"):
        load_tokenizer(resolve(tiny), tmp_path / "absent.jinja")


def test_damaged_weights_are_a_refusal(tiny: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny, copy)
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(LuthierError, match="cannot be loaded"):
        load(resolve(copy), device="cpu")


def test_an_unknown_architecture_is_a_refusal(tiny: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny, copy)
    config = json.loads((copy / "config.json").read_text())
    config |= {"model_type": "harp", "architectures": ["HarpForCausalLM"]}
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(LuthierError, match="harp"):
        load(resolve(copy), device="cpu")


def test_a_foreign_tokenizer_is_a_refusal(tiny: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny, copy)
    tokenizer = load_tokenizer(resolve(copy))
    tokenizer.add_tokens([f"extra{i}" for i in range(5)])
    tokenizer.save_pretrained(copy)
    with pytest.raises(LuthierError, match="embeddings"):
        load(resolve(copy), device="cpu")


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(LuthierError, match="no device 'abacus'"):
        pick_device("abacus")


def test_four_bits_hold_the_linear_layers(tiny: Path) -> None:
    pytest.importorskip("bitsandbytes")
    whole, small = load(resolve(tiny), device="cpu"), load(resolve(tiny), device="cpu", quantised=QloraTuning())
    assert small.quantised == "nf4" and whole.quantised is None
    bits = {n: p.element_size() * p.numel() for n, p in small.model.named_parameters()}
    for name, p in whole.model.named_parameters():
        if name.endswith("proj.weight"):
            assert bits[name] * 8 == p.numel() * 4, name
    ids = torch.tensor([whole.chat.text_ids("birds and towns")])
    a, b = whole.model(ids).logits, small.model(ids).logits
    assert 0 < (a - b).abs().max() < a.abs().max(), "quantised, yet the same model"


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="what a process has mapped is known on Linux only")
def test_in_four_bits_the_files_are_let_go(tiny: Path, tmp_path: Path) -> None:
    """Embeddings that stay in the mapping of a file keep the whole file in memory, what was quantised with it."""
    pytest.importorskip("bitsandbytes")
    folder = shutil.copytree(tiny, tmp_path / "own")
    small = load(resolve(folder), device="cpu", quantised=QloraTuning())
    assert str(folder) not in Path("/proc/self/maps").read_text()
    tied = small.model.get_output_embeddings().weight is small.model.get_input_embeddings().weight
    assert tied == small.model.config.tie_word_embeddings
