"""The built-in base on the built-in suites: able enough that they can fail, and never worse than itself."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
import torch

from luthier.evaluate import Contender, Ledger, Row, gate, measure
from luthier.evaluate.ledger import TEST
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Example, Verdict, VerdictKind


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


@pytest.mark.slow
def test_thirty_real_items_decide_nothing_and_the_named_number_does(
    chat: Callable[..., Example], make_rows: Callable[..., list[Row]], tmp_path: Path
) -> None:
    """Nano beside itself with a little noise on its weights, on real items of the skills suite, margin 5 points."""
    from luthier.engines.embedded import EmbeddedEngine
    from luthier.models.load import load
    from luthier.models.source import resolve

    packed = resources.files("luthier.evaluate").joinpath("suites", "skills.jsonl.gz").read_bytes()
    lines = gzip.decompress(packed).decode().splitlines()
    random.Random(0).shuffle(lines)
    base, tuned = (load(resolve("nano"), device="cpu") for _ in range(2))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in tuned.model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.add_(0.01 * parameter.std() * noise)
    better = [*make_rows("base", [0.0] * 180 + [1.0] * 20), *make_rows("tuned", [0.0] * 20 + [1.0] * 180)]

    def judged(n: int) -> Verdict:
        (tmp_path / "cut.jsonl").write_text("\n".join(lines[:n]), encoding="utf-8")
        guard = {"suite": "cut.jsonl", "margin": 5.0}
        spec = EvaluateSpec.model_validate({"target": "exact", "baselines": ["base"], "regression": guard})
        with EmbeddedEngine(base) as one, EmbeddedEngine(tuned) as other:
            ledger = measure(
                spec, base=Contender(one, base.chat), tuned=Contender(other, tuned.chat), train=[],
                test=[chat("Say hello.", "hello")], workdir=tmp_path / str(n), folder=tmp_path,
            )  # fmt: skip
        rows = [row for row in ledger.rows if row.suite != TEST]
        return gate(Ledger((*better, *rows), ledger.facts))

    cut = judged(30)
    line = cut.results[-1]
    print(f"30 items: {line.candidate:.1f}% beside {line.reference:.1f}%, {line.n_needed} items would decide")
    assert cut.kind is VerdictKind.INCONCLUSIVE and line.status == "undecided" and line.n == 30
    assert line.n_needed is not None and 200 < line.n_needed <= len(lines)
    assert f"about {line.n_needed:,} items would decide" in cut.reason
    enough = judged(line.n_needed)
    line = enough.results[-1]
    print(f"{line.n} items: {line.candidate:.1f}% beside {line.reference:.1f}%, {line.test}")
    assert enough.kind is VerdictKind.PROMOTE and line.status == "held"
