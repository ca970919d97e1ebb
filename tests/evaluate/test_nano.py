"""The built-in base on the built-in suites: able enough that they can fail, and never worse than itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from luthier.evaluate import Contender, gate, measure
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Example


@pytest.mark.slow
def test_nano_against_itself_is_held_and_the_suites_could_have_failed(
    chat: Callable[..., Example], tmp_path: Path
) -> None:
    from luthier.engines.embedded import EmbeddedEngine
    from luthier.models.load import load
    from luthier.models.source import resolve

    loaded = load(resolve("nano"), device="cpu")
    with EmbeddedEngine(loaded) as engine:
        nano = Contender(engine, loaded.chat)
        spec = EvaluateSpec.model_validate({"target": "exact", "baselines": ["base"], "regression": ["skills", "text"]})
        ledger = measure(spec, base=nano, tuned=nano, train=[], test=[chat("Say hello.", "hello")], workdir=tmp_path)
    verdict = gate(ledger)
    skills, text = (r for r in verdict.results if r.role == "regression")
    print(f"skills {skills.reference:.1f}%, trivial {verdict.facts['chance']['skills']['trivial']:.1f}%")
    print(f"text {text.reference:.3f}, trivial {verdict.facts['chance']['text']['trivial']:.3f}")
    assert (skills.status, text.status) == ("held", "held")
    assert skills.n >= 2200 and skills.delta == text.delta == 0.0
    assert len(skills.slices) >= 6
    assert ledger.facts["forecast"]["warning"] is None
