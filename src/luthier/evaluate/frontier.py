"""What an adapter would be at part of its strength: target against retention, scale by scale, without training again.

A LoRA at scale s is the base plus s times what was learned (WiSE-FT, Wortsman et al. 2022). Each scale is asked the
validation rows and general rows that the gate never sees, and read by the gate's own rule: a scale *passes* if it gains
on the target and if on every suite that could have failed a loss as large as the margin is excluded. Of those that pass
the one with the best target is offered. It is a choice, not a verdict: that falls on the gate's own items.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luthier.evaluate.ledger import Ledger
from luthier.evaluate.regression import MARGIN
from luthier.evaluate.stage import measure
from luthier.evaluate.systems import BASE, Contender
from luthier.evaluate.verdict import gate
from luthier.recipe.evaluate import EvaluateSpec, RegressionSpec
from luthier.records import Example, SuiteResult

SCALES = (0.25, 0.4, 0.6, 0.8, 1.0)
KEPT = {"exact": "kept answers", "text": "kept text"}
"""What the suites of general rows are called, by kind."""


@dataclass(frozen=True, slots=True)
class Point:
    """The adapter at one scale: its target on the validation rows, and what of the general rows it keeps."""

    scale: float
    target: SuiteResult
    kept: tuple[SuiteResult, ...]

    @property
    def passes(self) -> bool:
        """By the gate's rule; suites that could not have failed say nothing."""
        able = [line for line in self.kept if line.status != "insensitive"]
        return bool(able) and all(line.status == "held" for line in able) and self.target.delta > 0

    @property
    def room(self) -> float:
        """How far the worst suite is from breaking its margin, in margins; below 0 it may be broken."""
        return min(((line.bound + line.margin) / line.margin for line in self.kept), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        return {
            "scale": self.scale, "passes": self.passes, "target": self.target.to_dict(),
            "kept": [line.to_dict() for line in self.kept],
        }  # fmt: skip


@dataclass(frozen=True)
class Frontier:
    """All scales, rising."""

    points: tuple[Point, ...]

    @property
    def best(self) -> Point | None:
        """The one with the best target among those that pass; of equals the smallest scale."""
        passing = [p for p in self.points if p.passes]
        return max(passing, key=lambda p: (p.target.candidate, -p.scale), default=None)

    @property
    def nearest(self) -> Point | None:
        """Where none passes: the one that keeps most."""
        return max(self.points, key=lambda p: p.room, default=None)

    def to_dict(self) -> dict[str, Any]:
        """JSON form: numbers only, no rows."""
        return {"points": [p.to_dict() for p in self.points], "best": self.best.scale if self.best else None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Frontier:
        """Read what :meth:`to_dict` wrote."""
        line = SuiteResult.from_dict
        return cls(tuple(Point(p["scale"], line(p["target"]), tuple(map(line, p["kept"]))) for p in data["points"]))


def sweep(
    ledger: Ledger, *, base: Contender, at: Mapping[float, Contender], validation: Sequence[Example],
    kept: Sequence[Example], workdir: Path, seed: int = 0, progress: Callable[[int, int, str], None] | None = None,
) -> Frontier:  # fmt: skip
    """Ask the base once and every scale the same items.

    Args:
        ledger: that of the gate: its targets, margins and limit of tokens count here too, its items are not touched.
            Judges are not asked at every scale: where nothing else is a target, one is detected from the answers.
        base: the base before training.
        at: what would ship at each scale.
        validation: rows of the job that were not trained on.
        kept: general rows (chats and texts) that nobody trained on. No more of a kind than the gate's own suites have.
        workdir: where the journal lies; the same folder again resumes.
        progress: called with (done, in all, what).

    Raises:
        LuthierError: there are no validation rows with an answer, or no general rows.
    """
    suites = _write_suites(ledger, kept, workdir)
    spec = EvaluateSpec.model_validate(
        {**ledger.facts["spec"], "baselines": (BASE,), "also": (), "regression": suites, "max_items": None,
         "target": [m for m in ledger.facts["spec"]["target"] if m["kind"] not in ("judge", "people", "reward_model")],
         "max_tokens": ledger.facts["max_tokens"]}
    )  # fmt: skip
    points = []
    for number, (scale, contender) in enumerate(sorted(at.items())):

        def tell(done: int, total: int, _: str, *, first: int = number, scale: float = scale) -> None:
            if progress is not None:
                progress(first * total + done, len(at) * total, f"at {scale:.0%} of its strength")

        made = measure(
            spec, base=base, tuned=contender, test=validation, train=(), workdir=workdir, seed=seed, folder=workdir,
            progress=tell,
        )  # fmt: skip
        lines = gate(made, spec).results
        target = min((r for r in lines if r.role == "target"), key=lambda r: r.delta)
        points.append(Point(scale, target, tuple(r for r in lines if r.role == "regression")))
    return Frontier(tuple(points))


def _write_suites(ledger: Ledger, kept: Sequence[Example], workdir: Path) -> list[RegressionSpec]:
    """General rows as suites of the gate's two kinds, with the gate's smallest margin of that kind."""
    workdir.mkdir(parents=True, exist_ok=True)
    guards = [facts for facts in ledger.facts["suites"].values() if "margin" in facts]
    made = []
    for kind, name in KEPT.items():
        rows = [e for e in kept if bool(e.text) == (kind == "text") and (e.text or (e.prompt and e.answer.strip()))]
        alike = [g for g in guards if g["kind"] == kind]
        rows = rows[: sum(g["n"] for g in alike)]
        if not rows:
            continue
        lines = [{"text": e.text} if kind == "text" else _asked(e) for e in rows]
        (workdir / name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        made.append(RegressionSpec(suite=name, margin=min((g["margin"] for g in alike), default=MARGIN[kind])))
    return made


def _asked(example: Example) -> dict[str, Any]:
    skill = {"skill": str(example.meta["skill"])} if "skill" in example.meta else {}
    messages = [m.to_dict() for m in example.messages[:-1]]
    return {"id": example.id, "messages": messages, "answer": example.answer, **skill}
