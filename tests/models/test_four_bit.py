"""What a base held in 4 bits takes: as planned from its configuration, and under 0.27 of bf16 for its linear layers."""

from __future__ import annotations

from typing import Any

import pytest

from luthier.models import four_bit
from luthier.models.load import load
from luthier.models.sizes import skeleton
from luthier.models.source import resolve
from luthier.recipe.train import LoraTuning, QloraTuning


def frozen_bytes(model: Any) -> int:
    """Of everything that is held and not trained: 4-bit layers with their scales, all other weights, buffers."""
    rest = {t.data_ptr(): t.numel() * t.element_size() for t in (*model.parameters(), *model.buffers())
            if not t.requires_grad and getattr(t, "quant_state", None) is None}  # fmt: skip
    return sum(rest.values()) + four_bit.count(model).bytes


@pytest.mark.parametrize("double_quant", [True, False])
def test_nano_in_4_bits_takes_what_was_planned(double_quant: bool) -> None:
    pytest.importorskip("bitsandbytes")
    tuning = QloraTuning(double_quant=double_quant)
    planned = skeleton(resolve("nano"), tuning, precision="fp32")
    model = load(resolve("nano"), quantised=tuning, device="cpu").model
    counted = four_bit.count(model)
    assert counted.parameters == planned.linear_parameters > 0
    assert planned.linear_bytes == pytest.approx(counted.bytes, rel=0.002)
    assert planned.frozen_bytes == pytest.approx(frozen_bytes(model), rel=0.03)
    ratio = counted.bytes / counted.before
    assert ratio <= 0.27 if double_quant else 0.27 < ratio < 0.3


def test_a_layer_by_hand() -> None:
    """1,024 weights: 512 bytes of halves, 16 scales; in 8 bits 16 bytes, one scale of theirs and their mean, 4 each,
    and the 256 values that 8 bits stand for."""
    assert four_bit.layer_bytes(1024, double_quant=False) == 512 + 16 * 4 + 64
    assert four_bit.layer_bytes(1024, double_quant=True) == 512 + 16 + 4 + 4 + 1024 + 64


def test_a_skeleton_holds_no_values_and_marks_what_is_trained() -> None:
    made = skeleton(resolve("nano"), LoraTuning(r=4), precision="bf16")
    parameters = dict(made.model.named_parameters())
    assert all(p.is_meta for p in parameters.values())
    trained = {n for n, p in parameters.items() if p.requires_grad}
    assert trained and all("lora_" in n for n in trained)
    whole = skeleton(resolve("nano"), LoraTuning(r=4), precision="fp32")
    assert made.frozen_bytes == pytest.approx(whole.frozen_bytes / 2, rel=0.01)


def test_pissa_and_dora_skeletons_are_there() -> None:
    for keys in ({"dora": True}, {"init": "pissa"}, {"modules_to_save": ("norm",)}):
        made = skeleton(resolve("nano"), LoraTuning(**keys), precision="fp32")  # type: ignore[arg-type]
        assert any(p.requires_grad for p in made.model.parameters())
