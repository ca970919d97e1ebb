"""Does a delivered model answer as the trained one did? Measured on probes, against a measured noise floor.

The trained model answers each probe greedily. Every model that is compared then reads the same prompts and answers, and
the log-probabilities of the trained model's eight likeliest tokens are compared at each answer token. Numbers that were
rounded differ a little, so the bound is a multiple of a floor: how far the *base* moves on the same probes when the
weights that training changed move by up to half a step of the delivered number format. A greedy token may differ only
where the trained model's two likeliest tokens are closer than the bound.

Nothing is written here, and no threshold was chosen by looking at a delivered model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from luthier.errors import LuthierError
from luthier.models.greedy import greedy
from luthier.models.head import logits
from luthier.models.load import Loaded

PROBES, PROBE_TOKENS, ANSWER_TOKENS, WATCHED = 32, 384, 24, 8
"""Fewest probes; longest prompt kept (its end); answer tokens compared; likeliest tokens watched at each."""
MARGIN = 8.0
"""The bound is this many floors. True exports of a trained 7M-parameter Llama were at 1.7 (bf16, fp16) and 2.3 (fp32)
floors, the same adapter scaled by 1.05 at 100."""
_FP32_SLACK = 2.0**-21
"""Of a tensor's largest value: what merging in fp32 (24 bits, sums of rank many products) may be off by."""
STEP_BITS = {torch.float32: 23, torch.bfloat16: 7, torch.float16: 10}
"""Bits of the fraction: one step of a number x is 2^(exponent of x - bits)."""


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison. ``measured``, ``bound`` and ``floor`` in nats where they are numbers of log-probability; of a
    reward model they are differences of scores, of a classifier of logits."""

    name: str
    holds: bool
    measured: Mapping[str, float]
    bound: Mapping[str, float]
    floor: Mapping[str, float]
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name, "holds": self.holds, "measured": dict(self.measured), "bound": dict(self.bound),
            "noise_floor": dict(self.floor), "note": self.note,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Certificate:
    """All comparisons of one delivered thing; what ``parity.json`` holds."""

    subject: str
    probes: int
    checks: tuple[Check, ...]
    moved: Mapping[str, float] | None = None
    """How far training itself moved the base on the probes. Where that is within a check's bound, outputs alone could
    not show a dropped adapter; the weights can."""

    @property
    def holds(self) -> bool:
        return all(c.holds for c in self.checks)

    def to_dict(self) -> dict[str, Any]:
        return {
            "subject": self.subject, "holds": self.holds, "probes": self.probes, "answer_tokens": ANSWER_TOKENS,
            "margin": MARGIN, "checks": [c.to_dict() for c in self.checks],
            **({} if self.moved is None else {"training_moved_the_base": dict(self.moved)}),
        }  # fmt: skip


class ParityError(LuthierError):
    """What would be delivered is not what was trained; nothing was delivered."""

    def __init__(self, certificate: Certificate) -> None:
        self.certificate = certificate
        failed = next(c for c in certificate.checks if not c.holds)
        facts = ", ".join(
            f"{name} {value:.3g} (allowed {failed.bound[name]:.3g})" if name in failed.bound else f"{name} {value:.3g}"
            for name, value in failed.measured.items()
        )
        super().__init__(
            f"the {certificate.subject} does not answer as the trained model did, so nothing was delivered",
            where=failed.name,
            why=failed.note or facts,
            fix="report this with the run's events; training is kept, and luthier run tries the export again",
            details={"certificate": certificate.to_dict()},
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (ParityError, (self.certificate,))


# ---- reading probes


@dataclass(frozen=True, slots=True)
class Reading:
    """What one model makes of the probes; one row per answer token of all probes, N rows.

    ``tokens_NW`` the watched tokens, ``logps_NW`` their log-probabilities in nats, ``best_N`` the likeliest token,
    ``gap_N`` how much likelier it is than the second.
    """

    tokens_NW: Tensor
    logps_NW: Tensor
    best_N: Tensor
    gap_N: Tensor


@dataclass(frozen=True, slots=True)
class Distance:
    """Between two readings: ``mean`` and ``worst`` absolute difference of log-probabilities in nats; ``flips`` holds
    the reference's gap wherever the likeliest token differs."""

    mean: float
    worst: float
    flips: tuple[float, ...]


def answers(model: Any, prompts: Sequence[Sequence[int]], stop_ids: Iterable[int]) -> list[tuple[int, ...]]:
    """Greedy answers of up to ``ANSWER_TOKENS`` tokens, the stop token included."""
    return greedy(model, prompts, stop_ids, ANSWER_TOKENS)


@torch.inference_mode()
def read(
    model: Any, prompts: Sequence[Sequence[int]], answered: Sequence[Sequence[int]], watch: Reading | None = None
) -> Reading:
    """Read prompts with given answers, one by one.

    Args:
        watch: watch the same tokens as this reading; None watches this model's own likeliest.
    """
    device = next(model.parameters()).device
    parts: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
    at = 0
    for prompt, answer in zip(prompts, answered, strict=True):
        ids = torch.tensor([[*prompt, *answer[:-1]]], device=device)
        # only the answer's positions meet the vocabulary: all of them would be gigabytes for a large one
        logits_nV = model(input_ids=ids, use_cache=False, logits_to_keep=len(answer)).logits[0, -len(answer) :].float()
        logps_nV = logits_nV.log_softmax(-1)
        top = logps_nV.topk(WATCHED, dim=-1)
        tokens_nW = top.indices if watch is None else watch.tokens_NW[at : at + len(answer)].to(device)
        at += len(answer)
        found = (tokens_nW, logps_nV.gather(-1, tokens_nW), top.indices[:, 0], top.values[:, 0] - top.values[:, 1])
        parts.append(tuple(t.cpu() for t in found))  # type: ignore[arg-type]
    tokens, logps, best, gap = (torch.cat(list(column)) for column in zip(*parts, strict=True))
    return Reading(tokens, logps, best, gap)


def read_head(loaded: Loaded, texts: Sequence[Sequence[int]]) -> Reading:
    """What a model with a head makes of the probes: one row per text, the outputs of its head in place of
    log-probabilities. A classifier's likeliest label may flip, a score has nothing that could."""
    found_NK = torch.tensor(logits(loaded, texts))
    outputs = torch.arange(found_NK.shape[1]).expand(found_NK.shape)
    if found_NK.shape[1] == 1:
        return Reading(outputs, found_NK, outputs[:, 0], torch.zeros(len(texts)))
    best, second = found_NK.topk(2, dim=-1).values.unbind(-1)
    return Reading(outputs, found_NK, found_NK.argmax(-1), best - second)


def distance(reference: Reading, other: Reading) -> Distance:
    """How far ``other`` is from ``reference``; both must watch the same tokens."""
    difference = (reference.logps_NW - other.logps_NW).abs()
    flipped = reference.best_N != other.best_N
    return Distance(float(difference.mean()), float(difference.max()), tuple(reference.gap_N[flipped].tolist()))


def judge(name: str, measured: Distance, floor: Distance, *, note: str = "") -> Check:
    """Hold a distance against a multiple of the floor."""
    bound = {"mean": MARGIN * floor.mean, "worst": MARGIN * floor.worst}
    widest = max(measured.flips, default=0.0)
    holds = (
        math.isfinite(measured.worst)
        and measured.mean <= bound["mean"]
        and measured.worst <= bound["worst"]
        and widest <= bound["worst"]
    )
    return Check(
        name=name,
        holds=holds,
        measured={
            "mean": measured.mean,
            "worst": measured.worst,
            "other_greedy_tokens": len(measured.flips),
            "widest_gap": widest,
        },
        bound={**bound, "widest_gap": bound["worst"]},
        floor={"mean": floor.mean, "worst": floor.worst},
        note=note,
    )


def identical(name: str, measured: Distance) -> Check:
    """A distance of nothing at all: no floor is needed to judge it."""
    if measured.worst != 0.0 or measured.flips:
        raise ValueError("the readings differ; judge them against a floor")
    return judge(name, measured, measured, note="the same numbers, bit for bit")


def same(name: str, holds: bool, note: str) -> Check:
    """A comparison that is either true or not; ``note`` says what is wrong where it is not."""
    return Check(name, holds, {}, {}, {}, "" if holds else note)


# ---- weights


def compare_weights(
    delivered: Mapping[str, Tensor], expected: Iterable[tuple[str, Tensor, bool]], dtype: torch.dtype
) -> Check:
    """Hold delivered weights against what they should be, one by one.

    Args:
        delivered: by name.
        expected: (name, exact value, whether training changed it). A value may be off by half a step of ``dtype``
            (rounding); where training changed it by a whole step and by what fp32 leaves of sums that cancel.
        dtype: of the delivered files.
    """
    worst, wrong, changed = 0.0, [], 0
    for name, value, was_changed in expected:
        if name not in delivered or delivered[name].shape != value.shape:
            wrong.append(name)
            continue
        exact = value.double()
        slack = float(exact.abs().max()) * _FP32_SLACK if was_changed else 0.0
        off = ((delivered[name].double() - exact).abs() - slack).clamp(min=0.0)
        steps = float((off / step_of(exact, dtype)).max())
        worst = max(worst, steps) if math.isfinite(steps) else math.inf
        changed += was_changed
        if not steps <= (1.0 if was_changed else 0.5 + 1e-6):
            wrong.append(name)
    note = f"{len(wrong)} weights are not what training made of them: {', '.join(wrong[:3])} …" if wrong else ""
    return Check(
        name="weights", holds=not wrong, measured={"worst_steps": worst, "changed": float(changed)},
        bound={"worst_steps": 1.0}, floor={"worst_steps": 0.5}, note=note,
    )  # fmt: skip


def step_of(value: Tensor, dtype: torch.dtype) -> Tensor:
    """Distance of neighbouring numbers of ``dtype`` near each (float64) value; never less than its smallest."""
    exponent = torch.frexp(value).exponent.double() - 1  # frexp: |value| in [2^(e-1), 2^e)
    least = math.log2(torch.finfo(dtype).tiny)
    return torch.exp2(exponent.clamp(min=least) - STEP_BITS[dtype])


# ---- the floor


@contextmanager
def nudged(model: Any, names: Sequence[str], dtype: torch.dtype, seed: int = 0) -> Iterator[None]:
    """Move the named weights at random by up to half a step of ``dtype`` for the time of the block.

    That is what storing them in this format does to numbers that do not lie on its grid. Where the model itself is held
    in that format (or a coarser one) the smallest move is a whole step.
    """
    parameters = dict(model.named_parameters())
    kept = {name: parameters[name].detach().clone() for name in names}
    generator = torch.Generator().manual_seed(seed)
    try:
        with torch.no_grad():
            for name in names:
                parameters[name].copy_(_nudge(kept[name], dtype, generator))
        yield
    finally:
        with torch.no_grad():
            for name in names:
                parameters[name].copy_(kept[name])


def _nudge(weight: Tensor, dtype: torch.dtype, generator: torch.Generator) -> Tensor:
    held = STEP_BITS[weight.dtype]
    bits = min(held, STEP_BITS[dtype])
    reach = 0.5 if bits < held else 1.0
    value = weight.double()
    step = step_of(value, weight.dtype if bits == held else dtype)
    noise = torch.rand(value.shape, generator=generator, dtype=torch.float64).to(value.device) * 2 - 1
    return (value + noise * reach * step).to(weight.dtype)
