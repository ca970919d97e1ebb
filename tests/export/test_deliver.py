"""What is delivered answers as what was trained, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from luthier.errors import LuthierError
from luthier.export import Card, Measured, ParityError, deliver
from luthier.models import adapters
from luthier.models.load import load
from luthier.models.source import resolve
from luthier.recipe.recipe import ExportSpec
from luthier.recipe.train import FullTuning, LoraTuning, QloraTuning
from luthier.records import Example, Message
from luthier.store import Store

PROBES = [Example(messages=(Message("user", f"question {i}?"), Message("assistant", "yes"))) for i in range(40)]
SOURCE = "source:rows.jsonl#sha256=" + "a" * 64


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "home")


def send(store: Store, loaded: Any, tuning: Any, spec: ExportSpec | None = None, **more: Any) -> Any:
    return deliver(
        spec or ExportSpec(), loaded=loaded, tuning=tuning, store=store, parents=[SOURCE, loaded.source.uri],
        probes=PROBES, **more,
    )  # fmt: skip


def logits(loaded: Any, text: str = "question 3?") -> torch.Tensor:
    ids = torch.tensor([loaded.chat.prompt_ids([Message("user", text)])])
    with torch.no_grad():
        out: torch.Tensor = loaded.model(ids).logits
    return out


def test_an_adapter_and_a_merged_model_are_filed_with_their_proof(trained: Any, store: Store) -> None:
    loaded = trained(LoraTuning(r=4))
    made = send(store, loaded, LoraTuning(r=4), key="k", meta={"system": "Be brief."})
    assert made.adapter is not None and made.model is not None
    assert [a.kind for a in made.artifacts] == ["adapter", "model"]
    for artifact in made.artifacts:
        proof = json.loads(artifact.file("parity.json").read_text())
        assert proof["holds"] and proof["probes"] == 32
        assert artifact.meta["base"] == "viola" and artifact.meta["system"] == "Be brief."
        assert store.find("k", artifact.kind) == artifact
    assert made.adapter.id in made.model.parents
    assert not list(store.verify())
    assert not list(store.drafts.iterdir())


def test_what_is_filed_loads_and_answers_as_trained(trained: Any, base: Path, store: Store) -> None:
    tuning = LoraTuning(r=4, targets="attention")  # a large random change of every layer would be rounded as coarsely
    loaded = trained(tuning)
    made = send(store, loaded, tuning)
    again = adapters.load_adapter(load(resolve(base), device="cpu"), made.adapter.path, "job")
    assert torch.equal(logits(again), logits(loaded))
    merged = load(resolve(made.model.path), device="cpu")
    assert merged.chat.digest == loaded.chat.digest
    rounding = (logits(merged) - logits(loaded)).abs().max()
    learned = (logits(loaded) - logits(trained(tuning, size=1e-9))).abs().max()
    assert rounding < 0.2 < learned


def test_number_formats_follow_the_base_or_the_recipe(trained: Any, store: Store) -> None:
    from safetensors import safe_open

    loaded = trained(LoraTuning(r=4))
    asked = ((ExportSpec(), "bfloat16", torch.bfloat16), (ExportSpec(dtype="fp32"), "float32", torch.float32))
    for spec, name, kind in asked:
        made = send(store, loaded, LoraTuning(r=4), spec)
        config = json.loads(made.model.file("config.json").read_text())
        assert config["dtype"] == name == made.model.meta["dtype"]
        with safe_open(made.model.file("model.safetensors"), "pt") as file:
            names = list(file.keys())
            assert {file.get_tensor(n).dtype for n in names} == {kind}
            assert "lm_head.weight" not in names, "shared weights are written once"


def test_formats_are_what_was_asked(trained: Any, store: Store) -> None:
    loaded = trained(LoraTuning(r=4))
    only_adapter = send(store, loaded, LoraTuning(r=4), ExportSpec(formats=("adapter",)))
    assert only_adapter.model is None and only_adapter.adapter is not None
    only_merged = send(store, loaded, LoraTuning(r=4), ExportSpec(formats=("merged",)))
    assert only_merged.adapter is None and only_merged.model is not None
    assert not list(store.drafts.iterdir())


def test_full_tuning_delivers_a_model_and_leaves_the_trained_one_alone(trained: Any, store: Store) -> None:
    loaded = trained(FullTuning())
    before = logits(loaded)
    made = send(store, loaded, FullTuning())
    assert made.adapter is None and made.model is not None
    assert torch.equal(logits(loaded), before) and loaded.model.dtype == torch.float32


def test_after_qlora_the_model_is_merged_into_the_unquantised_base(trained: Any, base: Path, store: Store) -> None:
    pytest.importorskip("bitsandbytes")
    tuning = QloraTuning(r=4)
    loaded = trained(tuning)
    made = send(store, loaded, tuning, ExportSpec(dtype="fp32"))
    names = [c["name"] for c in json.loads(made.model.file("parity.json").read_text())["checks"]]
    assert "unquantised base against trained model" in names
    whole = adapters.load_adapter(load(resolve(base), device="cpu"), made.adapter.path, "job")
    assert torch.allclose(logits(load(resolve(made.model.path), device="cpu")), logits(whole), atol=1e-3)


def test_the_same_weights_give_the_same_bytes_and_the_same_id(trained: Any, tmp_path: Path) -> None:
    made = [send(Store.open(tmp_path / n), trained(LoraTuning(r=4)), LoraTuning(r=4)) for n in ("one", "two")]
    for one, two in zip(made[0].artifacts, made[1].artifacts, strict=True):
        assert one.files.keys() == two.files.keys()
        assert {n: one.files[n].hash for n in one.files} == {n: two.files[n].hash for n in two.files}
        assert one.id == two.id


def test_no_path_of_this_machine_is_delivered(trained: Any, base: Path, store: Store) -> None:
    for artifact in send(store, trained(LoraTuning(r=4)), LoraTuning(r=4)).artifacts:
        for name in artifact.files:
            content = artifact.file(name).read_bytes()
            assert str(base.parent).encode() not in content and str(store.home).encode() not in content, name


def test_generation_stops_where_training_ended(trained: Any, store: Store) -> None:
    loaded = trained(LoraTuning(r=4))
    settings = json.loads(send(store, loaded, LoraTuning(r=4)).model.file("generation_config.json").read_text())
    assert set(settings["eos_token_id"]) == loaded.chat.stop_ids


def test_a_base_without_a_template_is_proven_on_plain_text(
    make_base: Any, trained: Any, store: Store, tmp_path: Path
) -> None:
    folder = make_base(tmp_path / "plain")
    (folder / "chat_template.jinja").unlink()
    loaded = trained(LoraTuning(r=4), folder)
    made = send(store, loaded, LoraTuning(r=4))
    assert json.loads(made.model.file("parity.json").read_text())["holds"]
    assert "chat_template.jinja" not in made.model.files


def test_the_card_says_what_is_known_and_nothing_else(trained: Any, store: Store) -> None:
    card = Card(
        name="tickets", base="viola", data={"training rows": 1103}, verdict="PROMOTE: better by 71 points.",
        figures=(Measured("exact match", 0.87, 0.82, 0.91, 240, base=0.16),), lineage={"run": "tickets-7f3a"},
    )  # fmt: skip
    text = send(store, trained(LoraTuning(r=4)), LoraTuning(r=4), card=card).model.file("README.md").read_text()
    for fact in ("# tickets", "1,103", "0.82 to 0.91", "tickets-7f3a", 'base_model: "viola"', "PROMOTE", "32 probes"):
        assert fact in text
    assert "## Recipe" not in text, "no recipe was handed in"
    assert "declares no licence" in text


# ---- certificates that must fail


def corrupt_adapter(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Callable[..., None]:
    real = adapters.save_adapter

    def save(model: Any, folder: Path, source: Any) -> None:
        from safetensors.torch import load_file, save_file

        real(model, folder, source)
        path = folder / adapters.ADAPTER_WEIGHTS
        save_file(change(load_file(path)), path, metadata={"format": "pt"})

    return save


def without_layer(state: dict[str, torch.Tensor], layer: str) -> dict[str, torch.Tensor]:
    return {k: torch.zeros_like(v) if f".{layer}." in k and "lora_B" in k else v for k, v in state.items()}


MUTANTS: dict[str, Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]] = {
    "adapter dropped": lambda s: {k: torch.zeros_like(v) if "lora_B" in k else v for k, v in s.items()},
    "scaled by 1.05": lambda s: {k: v * 1.05 if "lora_B" in k else v for k, v in s.items()},
    "one layer missing": lambda s: without_layer(s, "layers.1"),
    "one projection missing": lambda s: without_layer(s, "layers.2.self_attn.v_proj"),
    "not a number": lambda s: {k: v * float("nan") if "0.self_attn.q_proj.lora_B" in k else v for k, v in s.items()},
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_an_adapter_that_is_not_the_trained_one_is_refused(
    mutant: str, trained: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters, "save_adapter", corrupt_adapter(MUTANTS[mutant]))
    with pytest.raises(LuthierError) as refused:
        send(store, trained(LoraTuning(r=4)), LoraTuning(r=4), ExportSpec(formats=("adapter",)))
    assert isinstance(refused.value, ParityError)
    assert store.artifacts() == [] and not list(store.drafts.iterdir())


@pytest.mark.parametrize(
    ("mutant", "dtype"),
    [("adapter dropped", "auto"), ("scaled by 1.05", "auto"), ("scaled by 1.05", "fp32"), ("one layer missing", "auto"),
     ("one projection missing", "fp32")],
)  # fmt: skip
def test_a_merged_model_that_is_not_the_trained_one_is_refused(
    mutant: str, dtype: Any, trained: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = adapters.merge_adapter

    def merge(loaded: Any, folder: Path) -> Any:
        from safetensors.torch import load_file, save_file

        path = folder / adapters.ADAPTER_WEIGHTS
        kept = path.read_bytes()
        save_file(MUTANTS[mutant](load_file(path)), path)
        try:
            return real(loaded, folder)
        finally:
            path.write_bytes(kept)

    monkeypatch.setattr(adapters, "merge_adapter", merge)
    with pytest.raises(ParityError) as refused:
        send(store, trained(LoraTuning(r=4)), LoraTuning(r=4), ExportSpec(dtype=dtype))
    certificate = refused.value.certificate
    assert certificate.subject == "merged model"
    failed = {c.name for c in certificate.checks if not c.holds}
    assert failed == {"weights", "merged model against trained model"}, "numbers and answers both show it"
    assert store.artifacts() == [], "the sound adapter is not filed either"


def test_an_adapter_too_weak_to_show_in_answers_is_proven_by_its_weights(
    trained: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = trained(LoraTuning(r=4), size=1e-4)
    made = send(store, loaded, LoraTuning(r=4), ExportSpec(dtype="fp32"))
    proof = json.loads(made.model.file("parity.json").read_text())
    assert 0 < proof["training_moved_the_base"]["mean"] < 0.01
    real = adapters.merge_adapter

    def merge(base: Any, folder: Path) -> Any:
        """A merge that loses one layer: in bf16 and by its answers alone nobody would see it."""
        kept = base.model.get_parameter("model.layers.1.self_attn.v_proj.weight").detach().clone()
        merged = real(base, folder)
        with torch.no_grad():
            merged.model.get_parameter("model.layers.1.self_attn.v_proj.weight").copy_(kept)
        return merged

    monkeypatch.setattr(adapters, "merge_adapter", merge)
    with pytest.raises(ParityError, match=r"layers\.1\.self_attn\.v_proj"):
        send(store, loaded, LoraTuning(r=4), ExportSpec(dtype="fp32"))


def test_another_template_beside_the_weights_is_refused(
    trained: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from luthier.export import files

    real = files.write_tokenizer

    def write(loaded: Any, folder: Path) -> None:
        real(loaded, folder)
        path = folder / "chat_template.jinja"
        path.write_text(path.read_text().replace("m['role'] + '\n'", "m['role'] + '\n\n'"))

    monkeypatch.setattr(files, "write_tokenizer", write)
    with pytest.raises(ParityError, match="template"):
        send(store, trained(LoraTuning(r=4)), LoraTuning(r=4))
    assert store.artifacts() == []


def test_another_tokenizer_beside_the_weights_is_refused(
    trained: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from luthier.export import files

    real = files.write_tokenizer

    def write(loaded: Any, folder: Path) -> None:
        real(loaded, folder)
        body = json.loads((folder / "tokenizer.json").read_text())
        vocabulary = body["model"]["vocab"]
        vocabulary["1"], vocabulary["2"] = vocabulary["2"], vocabulary["1"]
        (folder / "tokenizer.json").write_text(json.dumps(body))

    monkeypatch.setattr(files, "write_tokenizer", write)
    with pytest.raises(ParityError, match="other token ids"):
        send(store, trained(LoraTuning(r=4)), LoraTuning(r=4))


def test_a_refusal_carries_the_figures(trained: Any, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters, "save_adapter", corrupt_adapter(MUTANTS["scaled by 1.05"]))
    with pytest.raises(ParityError, match="nothing was delivered") as refused:
        send(store, trained(LoraTuning(r=4)), LoraTuning(r=4))
    assert "allowed" in refused.value.why and refused.value.fix
    (failed,) = [c for c in refused.value.certificate.checks if not c.holds]
    assert failed.measured["mean"] > failed.bound["mean"] > 0


def test_the_built_in_base_is_delivered(store: Store) -> None:
    from importlib.resources import files

    if not Path(str(files("luthier.models") / "nano" / "model.safetensors")).is_file():
        pytest.skip("the built-in base has not been made yet")
    prepared = adapters.prepare(load(resolve("nano"), device="cpu"), LoraTuning(), seed=0)
    for i, tensor in enumerate(adapters.trainable_state(prepared.model).values()):
        tensor.add_(torch.randn(tensor.shape, generator=torch.Generator().manual_seed(i)) * 0.02)
    made = send(store, prepared.loaded, LoraTuning())
    assert made.adapter.meta["base"] == "nano" and made.model.size < 14 * 2**20
    again = adapters.load_adapter(load(resolve("nano"), device="cpu"), made.adapter.path, "x")
    assert torch.equal(logits(again), logits(prepared.loaded))
