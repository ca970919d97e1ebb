"""How much memory a training needs, added up before it starts: arithmetic only, no torch.

What stays (weights, optimiser, copies of the best weights) is counted from sizes; what one pass holds is handed in
(:class:`Passes`; ``train.footprint`` traces it). Figures are bytes *beside* the process that trains: what Python and
its libraries take themselves is :data:`PROCESS`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol

SUMMED = 8 << 20
"""Bytes of each process in the memory that all see, where several train together."""
GRADIENT, MOMENTS = 4, 8
"""Bytes a trained weight: its gradient, AdamW's two moments; all in fp32."""


@dataclass(frozen=True, slots=True)
class Pass:
    """The most that forward and backward hold at a time, gradients among it; ``logits`` as they are at that moment;
    ``lost`` is what the allocator takes beyond it. ``kinds``: products of one size whose making a library keeps notes
    of (``footprint.A_KIND``)."""

    bytes: int
    logits: int = 0
    lost: int = 0
    kinds: float = 0.0

    def toward(self, other: Pass, share: float) -> Pass:
        """Part of the way from this one to another."""
        pairs = ((self.bytes, other.bytes), (self.logits, other.logits), (self.lost, other.lost))
        return Pass(*(round(a + share * (b - a)) for a, b in pairs))


class Passes(Protocol):
    """What a pass of ``rows`` rows of ``width`` tokens holds. ``accumulates``: gradients of an earlier pass of the same
    step are there already."""

    def __call__(self, rows: int, width: int, *, recompute: bool, accumulates: bool) -> Pass: ...


@dataclass(frozen=True, slots=True)
class Weights:
    """What the model itself takes: ``frozen`` bytes, and the number of ``trained`` weights (held in fp32). ``streamed``
    is what of the former is resident where layers stay in their files (``models.streaming``); None: they cannot."""

    frozen: int
    trained: int
    streamed: int | None = None


@dataclass(frozen=True)
class Demand:
    """What a model and a pass over it take; where these are known, ``work`` is what a token of a pass costs
    (``train.work.Works``) and ``step`` what the passes of a step hold as they are cut (``train.work.Holds``)."""

    weights: Weights
    passes: Passes
    work: Any = None
    step: Any = None


@dataclass(frozen=True, slots=True)
class Needs:
    """Bytes that a training needs at its worst moment, by what needs them."""

    frozen: int
    trained: int
    optimiser: int
    copies: int
    gradients: int
    activations: int
    logits: int
    allocator: int

    @property
    def total(self) -> int:
        return sum(asdict(self).values())

    def to_dict(self) -> dict[str, int]:
        """JSON form, the total among it."""
        return {**asdict(self), "total": self.total}

    def render(self) -> str:
        """In words, largest first; what is under a hundredth is left out."""
        named = sorted(asdict(self).items(), key=lambda item: -item[1])
        return " · ".join(f"{name} {size(b)}" for name, b in named if b >= self.total / 100)


def needs(
    weights: Weights, held: Pass, *, keeps_best: bool = True, keeps_start: bool = False, stream: bool = False,
    processes: int = 1,
) -> Needs:  # fmt: skip
    """Add up a training.

    Args:
        weights: of the model.
        held: by its largest pass, of one process.
        keeps_best: the best weights so far are kept beside the present ones (there are evaluations before the end).
        keeps_start: the first ones are, too (``train.interpolate``).
        stream: frozen layers stay in their files.
        processes: of one machine that train together (``train.team``): frozen weights are shared, and the first one
            alone keeps copies.
    """
    frozen = weights.streamed if stream and weights.streamed is not None else weights.frozen
    trained = 4 * weights.trained
    gradients = min(GRADIENT * weights.trained, held.bytes)
    rest = held.bytes - gradients
    logits, n = min(held.logits, rest), processes
    return Needs(
        frozen=frozen, trained=n * trained, optimiser=n * MOMENTS * weights.trained,
        copies=trained * (keeps_best + keeps_start), gradients=n * gradients, activations=n * (rest - logits),
        logits=n * logits, allocator=n * (held.lost + (SUMMED if n > 1 else 0)),
    )  # fmt: skip


PROCESS = 469 << 20
"""Bytes that Python, torch, transformers, peft and, where installed, bitsandbytes hold before anything is loaded, on
Linux without CUDA: as measured in docs/benchmarks/planner.md, so it moves with their versions."""


def size(count: float) -> str:
    """Bytes in words."""
    return f"{count / 2**30:,.1f} GiB" if count >= 2**30 else f"{count / 2**20:,.0f} MiB"


def to_json(found: Needs | None) -> dict[str, Any] | None:
    """None stays None."""
    return None if found is None else found.to_dict()
