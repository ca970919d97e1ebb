"""Several adapters over one base: each request gets its own, in any company, and the base stays the base."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from luthier.engines import Request
from luthier.engines.embedded import EmbeddedEngine
from luthier.errors import LuthierError


def write_adapter(loaded: Any, folder: Path, seed: int) -> Path:
    """An adapter with random weights in peft's layout, made on a copy of the base."""
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(loaded.model, LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "o_proj"]))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".lora_" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    model.save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, build_tiny: Callable[..., Any]) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("adapters")
    return {name: write_adapter(build_tiny(), home / name, seed) for name, seed in (("poet", 1), ("clerk", 2))}


@pytest.fixture
def engine(build_tiny: Callable[..., Any], folders: dict[str, Path]) -> Iterator[EmbeddedEngine]:
    with EmbeddedEngine(build_tiny(), adapters=folders, max_batch=6) as made:
        yield made


def requests(count: int, adapters: list[str | None]) -> list[Request]:
    draw = random.Random(2)
    made = []
    for i in range(count):
        ids = tuple(draw.randrange(4, 260) for _ in range(draw.choice([3, 20, 90])))
        made.append(Request(token_ids=ids, max_tokens=20, adapter=adapters[i % len(adapters)]))
    return made


def merged(build: Callable[..., Any], folder: Path) -> EmbeddedEngine:
    """An independent oracle: the adapter merged into its own copy of the base."""
    from peft import PeftModel

    loaded = build()
    model = PeftModel.from_pretrained(loaded.model, str(folder)).merge_and_unload().eval()
    return EmbeddedEngine(dataclasses.replace(loaded, model=model))


def test_a_batch_of_mixed_adapters_equals_each_model_alone(
    engine: EmbeddedEngine, build_tiny: Callable[..., Any], folders: dict[str, Path]
) -> None:
    mixed = requests(18, [None, "poet", "clerk"])
    answers = [a.token_ids for a in engine.generate(mixed)]
    for offset, name in enumerate([None, "poet", "clerk"]):
        alone = merged(build_tiny, folders[name]) if name else EmbeddedEngine(build_tiny())
        plain = [Request(token_ids=r.token_ids, max_tokens=20) for r in mixed[offset::3]]
        assert answers[offset::3] == [a.token_ids for a in alone.generate(plain)], name
        alone.close()
    assert len({answers[0], answers[1], answers[2]}) == 3


def test_scores_are_those_of_the_merged_model(
    engine: EmbeddedEngine, build_tiny: Callable[..., Any], folders: dict[str, Path]
) -> None:
    items = [(r.token_ids, (7, 8, 9)) for r in requests(6, [None])]
    with merged(build_tiny, folders["poet"]) as alone:
        expected = alone.loglikelihood(items)
    found = engine.loglikelihood(items, adapter="poet")
    base = engine.loglikelihood(items)
    for a, b, c in zip(found, expected, base, strict=True):
        assert a.logprobs == pytest.approx(b.logprobs, abs=1e-4)
        assert a.logprobs != pytest.approx(c.logprobs, abs=1e-2)


def test_adapters_from_files_stay_frozen(build_tiny: Callable[..., Any], folders: dict[str, Path]) -> None:
    loaded = build_tiny()
    with EmbeddedEngine(loaded, adapters=folders) as engine:
        engine.generate([Request(token_ids=(5, 6), max_tokens=2, adapter=a) for a in (None, "poet", "clerk")])
    assert not [n for n, p in loaded.model.named_parameters() if ".lora_" in n and p.requires_grad]


def test_a_view_of_one_adapter_is_an_engine(engine: EmbeddedEngine) -> None:
    poet = engine.using("poet")
    named = requests(3, ["poet"])
    unnamed = requests(3, [None])
    assert [a.text for a in poet.generate(unnamed)] == [a.text for a in engine.generate(named)]
    assert poet.fingerprint() == engine.fingerprint("poet") != engine.fingerprint()
    assert poet.loglikelihood([((5,), (6,))]) == engine.loglikelihood([((5,), (6,))], adapter="poet")
    *_, last = poet.stream(unnamed[0])
    assert last.text == engine.generate(named)[0].text  # type: ignore[union-attr]
    with pytest.raises(LuthierError, match="did you mean poet"):
        engine.using("poed")


def test_the_same_weights_have_the_same_fingerprint_wherever_they_lie(
    engine: EmbeddedEngine, build_tiny: Callable[..., Any], folders: dict[str, Path], tmp_path: Path
) -> None:
    import shutil

    copy = Path(shutil.copytree(folders["poet"], tmp_path / "elsewhere"))
    with EmbeddedEngine(build_tiny(), adapters={"other name": copy}) as other:
        assert other.fingerprint("other name") == engine.fingerprint("poet")


def test_a_model_in_training_is_left_with_its_adapter_on_and_its_gradients_wanted(
    build_tiny: Callable[..., Any],
) -> None:
    from peft import LoraConfig, get_peft_model

    loaded = build_tiny()
    model = get_peft_model(loaded.model, LoraConfig(r=4, target_modules=["q_proj"]))
    loaded = dataclasses.replace(loaded, model=model)
    model.train()

    def state() -> list[Any]:
        ids = torch.tensor([[5, 6, 7]])
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if "lora_B" in name:
                    parameter.fill_(0.1)  # so that the adapter shows in the output
            logits = model(input_ids=ids).logits
        return [
            [p.requires_grad for p in model.parameters()],
            [m.training for m in model.modules()],
            list(model.active_adapters),
            logits.tolist(),
        ]

    before = state()
    with EmbeddedEngine(loaded) as engine:
        base, tuned = engine.generate(
            [Request(token_ids=(5, 6, 7), max_tokens=1, logprobs=True, adapter=a) for a in (None, "default")]
        )
        assert base.logprobs != tuned.logprobs
        assert state() == before
        engine.loglikelihood([((5,), (6,))])
        assert state() == before
