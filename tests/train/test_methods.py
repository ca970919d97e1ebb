"""Every method on every family: loss and gradients are the textbook's, whatever the batch looks like; the same bits
again after a kill; every key of a tuning changes what is trained.

Dropout is off. transformers computes norms and some softmaxes in fp32 inside a double model: 1e-5 is their rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.train.textbook import (
    FAMILIES,
    adapter_gradients,
    far,
    gradients,
    make_family,
    mark_conv1d,
    plain_gradients,
)

from luthier.models import adapters
from luthier.models.load import Loaded
from luthier.recipe.train import FullTuning, LoraTuning, QloraTuning, TrainSpec, Tuning
from luthier.train import machine, optimiser
from luthier.train.anchor import Anchor
from luthier.train.batches import collate, row, share_prefixes
from luthier.train.loss import TokenLoss

Make = Callable[..., Any]
METHODS: dict[str, Tuning] = {
    "full": FullTuning(),
    "lora": LoraTuning(r=4),
    "rslora": LoraTuning(r=4, rslora=True, targets="all-linear"),
    "dora": LoraTuning(r=4, dora=True, targets="all-linear"),
    "pissa": LoraTuning(r=4, init="pissa", targets="all-linear"),
    "norm": LoraTuning(r=4, modules_to_save=("NORM",)),
    "head": LoraTuning(r=4, modules_to_save=("lm_head", "NORM")),
}
NORM = {"gpt2": "ln_f"}
WINDOWED = ("mistral-window", "gemma2-softcap", "gemma3")
CANNOT = {("gpt2", "head"): "the embedding of a GPT2LMHeadModel is not trained beside adapters"}
QUICK_FAMILIES, QUICK_METHODS = ("llama-tied", "gpt2"), ("full", "lora")


def pairs() -> list[Any]:
    """All of both; those that add little to the quick ones are slow."""
    return [
        pytest.param(f, m, id=f"{f}-{m}",
                     marks=[] if f in QUICK_FAMILIES or m in QUICK_METHODS else pytest.mark.slow)
        for f in FAMILIES for m in METHODS
    ]  # fmt: skip


def loaded(model: Any, quantised: str | None = None) -> Loaded:
    none: Any = None
    return Loaded(model, none, none, torch.device("cpu"), torch.float32, none, quantised)


def tuning_of(method: str, family: str) -> Any:
    tuning = METHODS[method]
    if isinstance(tuning, LoraTuning):
        named = tuple(NORM.get(family, "norm") if m == "NORM" else m for m in tuning.modules_to_save)
        tuning = tuning.model_copy(update={"modules_to_save": named})
    return tuning


def moved(model: Any, seed: int = 1) -> Any:
    """Every trained tensor away from where it began: B = 0 would leave A without a gradient."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _, p in sorted(optimiser.trainable(model).items()):
            p.add_(torch.randn(p.shape, generator=generator, dtype=torch.float32).to(p.dtype) * 0.05)
    return model


@pytest.fixture
def alike(make_rows: Make) -> list[Any]:
    """Six rows of uneven length behind one beginning."""
    head = make_rows(1, seed=77, low=40, high=41)[0].ids
    return [
        replace(s, ids=(*head, *s.ids), trained=(False,) * 40 + s.trained)
        for s in make_rows(6, seed=5, low=6, high=30)
    ]


@pytest.mark.parametrize(("family", "method"), pairs())
def test_loss_and_gradients_are_those_of_the_textbook(family: str, method: str, alike: list[Any]) -> None:
    tuning = tuning_of(method, family)
    if (family, method) in CANNOT:
        with pytest.raises(adapters.LuthierError, match=CANNOT[family, method]):
            adapters.prepare(loaded(make_family(family)), tuning, seed=0)
        return
    model = adapters.prepare(loaded(make_family(family)), tuning, seed=0).model
    first = {n: p.detach().clone() for n, p in optimiser.trainable(model).items()}
    model = moved(model).double().eval()
    samples = [replace(alike[0], weight=0.5), *alike[1:]]
    if isinstance(tuning, LoraTuning):
        plain = mark_conv1d(make_family(family).double())
        expected, theirs = adapter_gradients(plain, optimiser.trainable(model), tuning, samples, 10.0, first)
    else:
        expected, theirs = plain_gradients(model, samples, 10.0)
    loss, rows = TokenLoss(model, chunk=16), [row(s) for s in samples]
    difference = loss.check(collate(rows[:2]), tolerance=1e-4)
    assert loss.short, f"the way past full logits differs by {difference}"
    shared = share_prefixes(rows, at_least=2)
    assert {r.prefix for r in shared} == {40}
    assert loss.shares(collate(shared[:2], worth=1), tolerance=1e-4) == (family not in WINDOWED)
    ways = {
        "one batch": [collate(rows)],
        "uneven passes": [collate(part) for part in (rows[:1], rows[1:4], rows[4:])],
        "a beginning read once": [collate(shared, worth=1)],
    }
    if family in WINDOWED:  # a cache of this kind forgets what is behind the window: training reads whole rows
        del ways["a beginning read once"]
    for way, batches in ways.items():
        model.zero_grad()
        total = sum(loss.backward(batch, 10.0).item() for batch in batches)
        assert total == pytest.approx(expected, rel=1e-6), way
        assert far(gradients(model), theirs) < 1e-5, way


@pytest.mark.parametrize("family", ["llama-tied", "phi3", "gpt2"])
@pytest.mark.parametrize("dora", [False, True], ids=["qlora", "qdora"])
def test_gradients_on_four_bits_are_those_of_the_written_out_weights(
    family: str, dora: bool, alike: list[Any], tmp_path: Path
) -> None:
    pytest.importorskip("bitsandbytes")
    tuning = QloraTuning(r=4, dora=dora)
    held = in_four_bits(family, tuning, tmp_path)
    model = adapters.prepare(loaded(held, "nf4"), tuning, seed=0).model
    first = {n: p.detach().clone() for n, p in optimiser.trainable(model).items()}
    plain = written_out(family, moved(model).eval())
    with machine.four_bit_gradients(model):
        expected, theirs = adapter_gradients(plain, optimiser.trainable(model), tuning, alike, 10.0, first)
        loss, rows = TokenLoss(model), [row(s) for s in alike]
        shared = share_prefixes(rows, at_least=2)
        for batches in ([collate(rows)], [collate(rows[:2]), collate(rows[2:])], [collate(shared, worth=1)]):
            model.zero_grad()
            total = sum(loss.backward(batch, 10.0).item() for batch in batches)
            assert total == pytest.approx(expected, rel=1e-4)
            assert far(gradients(model), theirs) < 1e-3


def in_four_bits(family: str, tuning: QloraTuning, folder: Path) -> Any:
    """The family's model as ``models.load`` holds it in NF4."""
    from transformers import AutoModelForCausalLM

    from luthier.models.load import _nf4

    make_family(family).save_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, quantization_config=_nf4(tuning, torch.float32), device_map={"": "cpu"}
    )
    return model.eval().requires_grad_(False)


def written_out(family: str, model: Any) -> Any:
    """The plain model with the 4-bit weights as numbers."""
    import bitsandbytes

    plain = mark_conv1d(make_family(family))
    for path, module in model.get_base_model().named_modules():
        if type(module).__name__ == "Linear4bit":
            path = path.removesuffix(".base_layer")
            weight = bitsandbytes.functional.dequantize_4bit(module.weight.data, module.weight.quant_state).float()
            target = plain.get_submodule(path).weight
            target.data = weight.T.clone() if getattr(target, "of_conv1d", False) else weight
    return plain


# ---- the base beside it


@pytest.mark.parametrize("method", ["pissa", "head", "dora"])
def test_an_anchor_holds_to_the_base_whatever_is_trained(method: str, alike: list[Any]) -> None:
    """KL(base ‖ tuned), the base being the model that was loaded: not one whose head or weights were changed."""
    tuning = tuning_of(method, "llama-tied")
    model = moved(adapters.prepare(loaded(make_family("llama-tied")), tuning, seed=0).model).double()
    base = make_family("llama-tied").double()
    anchor, rows = Anchor(model, 0.7), [row(s, replayed=True) for s in alike]
    answers = sum(len(r.targets) for r in rows)
    others = sum(len(r.inputs) for r in rows) - answers
    anchor.begin(answers, others)
    TokenLoss(model, chunk=16).backward(collate(rows), 10.0, anchor)
    nats = [0.0, 0.0]
    for r in rows:
        ids = torch.from_numpy(r.inputs)[None]
        with torch.no_grad():
            known, said = (m(ids, use_cache=False).logits[0].log_softmax(-1) for m in (base, model.eval()))
        kl = (known.exp() * (known - said)).sum(-1)
        nats[0] += kl[torch.from_numpy(r.positions)].sum().item()
        nats[1] += kl.sum().item()
    assert anchor.nats == pytest.approx(0.5 * nats[0] / answers + 0.5 * (nats[1] - nats[0]) / others, rel=1e-6)
    assert all(p.requires_grad for p in optimiser.trainable(model).values()) and len(optimiser.trainable(model)) > 8


# ---- whole runs


RUNS: dict[str, Any] = {
    "dora": {"kind": "lora", "r": 4, "dora": True},
    "pissa": {"kind": "lora", "r": 4, "init": "pissa"},
    "lora+": {"kind": "lora", "r": 4, "loraplus_lr_ratio": 16},
    "whole modules": {"kind": "lora", "r": 4, "modules_to_save": ["embed_tokens", "norm"]},
    "full": {"kind": "full"},
}


class Killed(Exception):
    """Stands for a kill: nothing after it runs."""


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_goes_on_from_a_checkpoint_ends_with_the_same_bits(
    name: str, fit: Make, make_rows: Make, tmp_path: Path
) -> None:
    spec = TrainSpec.model_validate(
        {"tuning": RUNS[name], "epochs": 2, "batch_tokens": 80, "evaluations": 2, "checkpoints": 2,
         "learning_rate": 3e-3}
    )  # fmt: skip
    rows, validation = make_rows(16, learnable=True), make_rows(4, seed=9, learnable=True)

    def model() -> Any:
        return adapters.prepare(loaded(make_family("llama-tied")), spec.tuning, seed=0).model

    def stop(info: Any) -> None:
        if info.step == 4:
            raise Killed

    whole, undisturbed, _ = fit(spec, rows, validation, tmp_path / "whole", model=model())
    with pytest.raises(Killed):
        fit(spec, rows, validation, tmp_path / "killed", model=model(), on_step=stop)
    again, resumed, _ = fit(spec, rows, validation, tmp_path / "killed", model=model())
    assert resumed.resumed_at == 3 and undisturbed.steps == 6
    ends, others = adapters.trainable_state(whole), adapters.trainable_state(again)
    assert ends.keys() == others.keys() and all(torch.equal(ends[n], others[n]) for n in ends)
    assert resumed.history == undisturbed.history


@pytest.mark.parametrize("name", RUNS)
def test_it_learns(name: str, fit: Make, make_rows: Make, tmp_path: Path) -> None:
    spec = TrainSpec.model_validate(
        {"tuning": RUNS[name], "epochs": 8, "batch_tokens": 100, "evaluations": 2, "checkpoints": 0,
         "learning_rate": 3e-3}
    )  # fmt: skip
    model = adapters.prepare(loaded(make_family("llama-tied")), spec.tuning, seed=0).model
    rows = make_rows(16, learnable=True)
    _, result, _ = fit(spec, rows, rows, tmp_path, model=model)
    assert result.best_loss < 0.8 * result.first_loss


# ---- every key does something (invariant 10)


def trained_with(fit: Make, make_rows: Make, folder: Path, **keys: Any) -> dict[str, torch.Tensor]:
    spec = TrainSpec.model_validate(
        {"tuning": {"kind": "lora", "r": 4, **keys}, "max_steps": 3, "batch_tokens": 300, "evaluations": 1,
         "checkpoints": 0, "learning_rate": 3e-3}
    )  # fmt: skip
    model = adapters.prepare(loaded(make_family("llama")), spec.tuning, seed=0).model
    fit(spec, make_rows(8, learnable=True), [], folder, model=model)
    return adapters.trainable_state(model)


KEYS: dict[str, Any] = {
    "r": 2, "alpha": 16.0, "dropout": 0.3, "targets": "attention", "rslora": True, "dora": True, "init": "pissa",
    "loraplus_lr_ratio": 16.0, "modules_to_save": ["norm"],
}  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_a_tuning_changes_what_is_trained(key: str, fit: Make, make_rows: Make, tmp_path: Path) -> None:
    without = trained_with(fit, make_rows, tmp_path / "a")
    changed = trained_with(fit, make_rows, tmp_path / "b", **{key: KEYS[key]})
    assert without.keys() != changed.keys() or any(
        without[n].shape != changed[n].shape or not torch.equal(without[n], changed[n]) for n in without
    )


def test_no_key_of_a_tuning_is_without_a_witness() -> None:
    assert set(LoraTuning.model_fields) == {"kind", *KEYS}
    assert set(QloraTuning.model_fields) - set(LoraTuning.model_fields) == {"double_quant"}


def test_double_quant_makes_the_base_smaller(tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")

    def nested(double: bool) -> bool:
        model = in_four_bits("llama", QloraTuning(double_quant=double), tmp_path / str(double))
        return bool(model.model.layers[0].self_attn.q_proj.weight.quant_state.nested)

    assert nested(True) and not nested(False)


def test_b_learns_so_many_times_as_fast_as_peft_says(make_model: Make) -> None:
    """LoRA+ as peft builds it: the same groups of weights with the same rates."""
    from peft.optimizers import create_loraplus_optimizer

    model = make_model()
    ours = optimiser.adamw(optimiser.trainable(model), learning_rate=1e-3, weight_decay=0.1, b_times=16)
    optimiser.set_rate(ours, 1e-3)
    theirs = create_loraplus_optimizer(
        model, torch.optim.AdamW, lr=1e-3, loraplus_lr_ratio=16, loraplus_weight_decay=0.1
    )

    def rates(made: Any) -> dict[int, tuple[float, float]]:
        return {id(p): (g["lr"], g["weight_decay"]) for g in made.param_groups for p in g["params"]}

    assert rates(ours) == rates(theirs)


