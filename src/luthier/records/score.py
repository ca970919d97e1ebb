"""Scores and verdicts. "Not scored" is a state of its own, never a zero."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from luthier.errors import ExitCode


@dataclass(frozen=True, slots=True)
class Score:
    """One number for one item and completion, with the reason; ``value`` is None when it could not be scored."""

    value: float | None
    reason: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)


class VerdictKind(StrEnum):
    """What the gate may say."""

    PROMOTE = "PROMOTE"
    """The target beats every baseline and every regression suite held."""
    REJECT = "REJECT"
    """The target is not better, or something elsewhere broke."""
    INCONCLUSIVE = "INCONCLUSIVE"
    """The data cannot decide; the verdict names how many items would."""

    @property
    def exit_code(self) -> ExitCode:
        return {"PROMOTE": ExitCode.OK, "REJECT": ExitCode.REJECT, "INCONCLUSIVE": ExitCode.INCONCLUSIVE}[self.value]


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """One line of a verdict: candidate against a reference on one suite, paired by item.

    ``role`` is "target" or "regression"; ``delta`` is candidate minus reference in the suite's unit, sign turned so
    that positive is better; ``low`` and ``high`` bound it (two-sided 95%, for reading); ``bound`` is the one-sided
    bound that decides, compared with ``margin`` (0 for superiority). ``status`` is one of "improved", "held",
    "worse", "broken", "undecided", "insensitive", "described" (shown, does not decide).
    """

    suite: str
    role: str
    metric: str
    unit: str
    n: int
    reference_name: str
    reference: float
    candidate: float
    delta: float
    low: float
    high: float
    bound: float
    margin: float
    alpha: float
    status: str
    reason: str
    n_needed: int | None = None
    test: str = ""
    slices: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON form: a number that is not known (no items, no limit) becomes None."""
        return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SuiteResult:
        """Read what :meth:`to_dict` wrote."""
        known: dict[str, Any] = {k: math.nan if v is None and k != "n_needed" else v for k, v in data.items()}
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer with every line it rests on."""

    kind: VerdictKind
    reason: str
    results: tuple[SuiteResult, ...]
    advice: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {
            "verdict": self.kind.value,
            "reason": self.reason,
            "results": [r.to_dict() for r in self.results],
            "advice": list(self.advice),
            "facts": dict(self.facts),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verdict:
        return cls(
            kind=VerdictKind(data["verdict"]),
            reason=data["reason"],
            results=tuple(SuiteResult.from_dict(r) for r in data["results"]),
            advice=tuple(data.get("advice", ())),
            facts=data.get("facts", {}),
        )
