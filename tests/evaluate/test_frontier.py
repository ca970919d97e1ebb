"""Scales of an adapter: what passes is what the gate's rule lets pass, the gate's own items are never asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from luthier.engines import Request
from luthier.engines.scripted import ScriptedEngine
from luthier.errors import LuthierError
from luthier.evaluate import Contender, measure
from luthier.evaluate.frontier import Frontier, sweep
from luthier.evaluate.ledger import Ledger
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Example

Chat = Callable[..., Example]
SCALES = {0.25: (0.5, 0.0), 0.5: (0.8, 0.01), 1.0: (1.0, 0.4)}
"""scale -> (share of the job's rows that are right, share of general rows that are lost)."""


class Engine(ScriptedEngine):
    """Answers from a table, and remembers what it was asked."""

    def __init__(self, name: str, right: dict[str, str]) -> None:
        self.asked: list[str] = []

        def answer(request: Request) -> str:
            question = request.messages[-1].content
            self.asked.append(question)
            return right.get(question, "I do not know")

        super().__init__(answer, name=name)


@pytest.fixture
def rows(chat: Chat) -> dict[str, list[Example]]:
    return {
        "validation": [chat(f"job {i}", f"right {i}") for i in range(60)],
        "test": [chat(f"sealed {i}", f"right {i}") for i in range(20)],
        "kept": [chat(f"general {i}", f"known {i}") for i in range(400)],
        "suite": [chat(f"guard {i}", f"known {i}") for i in range(300)],
    }


@pytest.fixture
def ledger(rows: dict[str, list[Example]], suite_file: Any, tmp_path: Path) -> Ledger:
    suite = [{"messages": [{"role": "user", "content": e.asked}], "answer": e.answer} for e in rows["suite"]]
    spec = EvaluateSpec.model_validate(
        {"target": "exact", "baselines": ["base"], "regression": [{"suite": suite_file("guard.jsonl", suite),
         "margin": 5}]}
    )  # fmt: skip
    both = {e.asked: e.answer for e in (*rows["suite"], *rows["test"])}
    return measure(
        spec, base=Contender(Engine("base", {e.asked: e.answer for e in rows["suite"]})),
        tuned=Contender(Engine("tuned", both)), test=rows["test"], train=(), workdir=tmp_path / "gate", folder=tmp_path,
    )  # fmt: skip


def engines(
    rows: dict[str, list[Example]], scales: dict[float, tuple[float, float]]
) -> tuple[Engine, dict[float, Engine]]:
    def at(right: float, lost: float) -> dict[str, str]:
        job = rows["validation"][: round(right * len(rows["validation"]))]
        known = rows["kept"][round(lost * len(rows["kept"])) :]
        return {e.asked: e.answer for e in (*job, *known)}

    return Engine("base", at(0.0, 0.0)), {s: Engine(f"at {s}", at(*shares)) for s, shares in scales.items()}


def test_the_best_scale_that_passes_is_offered(
    rows: dict[str, list[Example]], ledger: Ledger, tmp_path: Path
) -> None:
    base, at = engines(rows, SCALES)
    told: list[tuple[int, int]] = []
    found = sweep(
        ledger, base=Contender(base), at={s: Contender(e) for s, e in at.items()}, validation=rows["validation"],
        kept=rows["kept"], workdir=tmp_path / "sweep", progress=lambda done, total, _: told.append((done, total)),
    )  # fmt: skip
    assert [p.scale for p in found.points] == [0.25, 0.5, 1.0]
    assert [p.passes for p in found.points] == [True, True, False]
    assert found.best is not None and found.best.scale == 0.5
    assert found.best.target.candidate == pytest.approx(80.0) and found.best.target.n == 60
    assert [line.n for line in found.best.kept] == [300], "no more general rows than the gate's suite has"
    assert [line.margin for line in found.best.kept] == [5.0]
    assert found.points[-1].kept[0].status == "broken"
    assert told[-1][0] == told[-1][1] and [d for d, _ in told] == sorted(d for d, _ in told)
    again = Frontier.from_dict(found.to_dict())
    assert again.best is not None and again.best.scale == 0.5 and len(again.points) == 3

    asked = [question for e in (base, *at.values()) for question in e.asked]
    assert not [q for q in asked if q.startswith(("sealed", "guard"))], "the gate's items wear out by being looked at"
    assert len(base.asked) == 60 + 300, "the base is asked once, not once a scale"


def test_where_none_passes_the_nearest_is_named(rows: dict[str, list[Example]], ledger: Ledger, tmp_path: Path) -> None:
    base, at = engines(rows, {0.25: (0.5, 0.2), 1.0: (1.0, 0.9)})
    found = sweep(
        ledger, base=Contender(base), at={s: Contender(e) for s, e in at.items()}, validation=rows["validation"],
        kept=rows["kept"], workdir=tmp_path / "sweep",
    )  # fmt: skip
    assert found.best is None and found.nearest is not None and found.nearest.scale == 0.25


def test_a_scale_that_gains_nothing_does_not_pass(
    rows: dict[str, list[Example]], ledger: Ledger, tmp_path: Path
) -> None:
    base, at = engines(rows, {1.0: (0.0, 0.0)})
    found = sweep(
        ledger, base=Contender(base), at={1.0: Contender(at[1.0])}, validation=rows["validation"], kept=rows["kept"],
        workdir=tmp_path / "sweep",
    )  # fmt: skip
    assert found.points[0].kept[0].status == "held" and not found.points[0].passes


def test_rows_the_base_cannot_answer_hold_nothing(
    rows: dict[str, list[Example]], ledger: Ledger, tmp_path: Path
) -> None:
    """Retention on rows at chance is no retention: such a scale must not be offered."""
    _, at = engines(rows, {1.0: (1.0, 1.0)})
    nobody = Engine("base", {})
    found = sweep(
        ledger, base=Contender(nobody), at={1.0: Contender(at[1.0])}, validation=rows["validation"], kept=rows["kept"],
        workdir=tmp_path / "sweep",
    )  # fmt: skip
    assert found.points[0].kept[0].status == "insensitive" and found.best is None


def test_without_validation_rows_it_is_refused(rows: dict[str, list[Example]], ledger: Ledger, tmp_path: Path) -> None:
    base, at = engines(rows, {1.0: (1.0, 0.0)})
    with pytest.raises(LuthierError):
        sweep(ledger, base=Contender(base), at={1.0: Contender(at[1.0])}, validation=[], kept=rows["kept"],
              workdir=tmp_path)  # fmt: skip
