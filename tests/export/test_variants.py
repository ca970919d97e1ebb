"""Every variant of LoRA is delivered with its proof, answers through the engine as trained, and is refused when what
is delivered is not what was trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from luthier.engines import Request
from luthier.engines.embedded import EmbeddedEngine
from luthier.export import ParityError, deliver
from luthier.models import pissa
from luthier.models.load import load
from luthier.models.source import resolve
from luthier.recipe.recipe import ExportSpec
from luthier.recipe.train import LoraTuning, QloraTuning
from luthier.records import Example, Message
from luthier.store import Store

PROBES = [Example(messages=(Message("user", f"question {i}?"), Message("assistant", "yes"))) for i in range(40)]
SOURCE = "source:rows.jsonl#sha256=" + "a" * 64
VARIANTS = {
    "dora": LoraTuning(r=4, dora=True),
    "pissa": LoraTuning(r=4, init="pissa", rslora=True),
    "embedding": LoraTuning(r=4, modules_to_save=("embed_tokens", "norm")),
    "qdora": QloraTuning(r=4, dora=True),
    "qlora and head": QloraTuning(r=4, modules_to_save=("lm_head",)),
}
SIZES = {"dora": 0.05, "pissa": 0.03, "embedding": 0.03, "qdora": 0.05, "qlora and head": 0.03}
QUICK = ("dora", "pissa")


def send(store: Store, loaded: Any, tuning: Any) -> Any:
    return deliver(
        ExportSpec(), loaded=loaded, tuning=tuning, store=store, parents=[SOURCE, loaded.source.uri], probes=PROBES
    )


def greedy(engine: EmbeddedEngine, adapter: str | None = None) -> list[str]:
    asked = [Request(messages=(Message("user", f"question {i}?"),), max_tokens=8, adapter=adapter) for i in range(8)]
    return [done.text for done in engine.generate(asked)]


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow) for n in VARIANTS]
)
def test_it_is_delivered_with_its_proof_and_answers_as_trained(
    trained: Any, make_base: Any, tmp_path: Path, name: str, tied: bool
) -> None:
    tuning = VARIANTS[name]
    if isinstance(tuning, QloraTuning):
        pytest.importorskip("bitsandbytes")
    (tmp_path / "base").mkdir()
    base = make_base(tmp_path / "base" / "viola", tied=tied, dtype="float32")
    loaded = trained(tuning, base, size=SIZES[name])
    made = send(Store.open(tmp_path / "home"), loaded, tuning)
    for artifact in made.artifacts:
        proof = json.loads(artifact.file("parity.json").read_text())
        assert proof["holds"]
    if isinstance(tuning, QloraTuning):
        return  # 4-bit layers are repacked at will, and greedy answers of random weights hang on less
    with EmbeddedEngine(loaded) as memory:
        answers, plain = greedy(memory, loaded.model.active_adapter), greedy(memory)
    with EmbeddedEngine(load(resolve(base), device="cpu"), {"job": made.adapter.path}) as served:
        assert greedy(served, "job") == answers
        assert greedy(served) == plain != answers, "and the base is still the base"
    with EmbeddedEngine(load(resolve(made.model.path), device="cpu")) as merged:
        assert greedy(merged) == answers


def test_pissa_factors_without_their_beginning_are_refused(
    trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The classic mistake: an adapter for the rest of the weights, put on the weights."""
    tuning = VARIANTS["pissa"]
    loaded = trained(tuning, size=0.03)
    monkeypatch.setattr(pissa, "ordinary", lambda a, b, begun: (torch.cat([a, a * 0]), torch.cat([b, b * 0], dim=1)))
    with pytest.raises(ParityError, match="adapter"):
        send(Store.open(tmp_path / "home"), loaded, tuning)


def test_a_merged_model_that_lost_the_trained_lengths_is_refused(
    trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from luthier.models import adapters

    tuning = VARIANTS["dora"]
    loaded = trained(tuning, size=0.03)
    merge = adapters.merge_adapter

    def without(base: Any, folder: Path) -> Any:
        from safetensors.torch import load_file, save_file

        copy = tmp_path / "without"
        copy.mkdir()
        for path in folder.iterdir():
            (copy / path.name).write_bytes(path.read_bytes())
        tensors = load_file(folder / "adapter_model.safetensors")
        kept = {n: t * 1.05 if "magnitude" in n else t for n, t in tensors.items()}
        save_file(kept, copy / "adapter_model.safetensors", metadata={"format": "pt"})
        return merge(base, copy)

    monkeypatch.setattr(adapters, "merge_adapter", without)
    with pytest.raises(ParityError, match="merged model"):
        send(Store.open(tmp_path / "home"), loaded, tuning)
