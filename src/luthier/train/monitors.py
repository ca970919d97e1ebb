"""What a training does beside learning the job: overfitting, memorising, forgetting. Measured, and told in words.

:class:`Watch` looks at the model at each evaluation, on rows that nobody trains on and that the gate never sees: how
likely general rows still are, how far the model has moved from its base there (KL(base ‖ tuned), mean over all tokens),
and whether answers to held-out prompts hold long pieces of single training answers. Looking changes nothing: eval mode,
no gradients, no random numbers. :func:`diagnose` reads a history of such numbers; it looks at no model.

Rules. Each can fail to fire by chance and none fires by chance alone: a rise of validation loss must last, a loss on
general rows must be shown by a paired t-test over rows, copies must be more than the held-out references have of their
own accord (McNemar, paired by prompt).

Not here: stopping (the loop does it), the counter-measures themselves (``anchor``, ``data.replay``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from luthier.models.greedy import greedy
from luthier.recipe.train import WatchSpec
from luthier.stats import mcnemar_exact, paired_difference
from luthier.train.anchor import base_alone, kl
from luthier.train.batches import Batch, Row, collate, micro_batches
from luthier.train.loss import TokenLoss
from luthier.train.plan import COPY_LIMIT

COPY = 16
"""Tokens in a row that stand in one training answer only: a copy of it."""
MOST_ANSWERED = 4_000_000
"""Tokens of training answers in which copies are looked for."""
READ_TOKENS = 512
"""Of a general row."""
RISE = 0.01
"""Share of the best validation loss above which a loss counts as risen, twice in a row."""
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was seen. ``said`` is a sentence with its numbers; ``evidence`` the numbers (and ids of rows);
    ``fix`` what to change, the likeliest first."""

    kind: str
    step: int
    said: str
    evidence: Mapping[str, Any]
    fix: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Watch:
    """The monitors of one training.

    Args:
        spec: what is watched.
        loss: of the model.
        general: rows that are not of the job; none are looked at without.
        held_out: rows of the job that are not trained on: their prompts are answered.
        train: the training rows, in whose answers copies are looked for.
        adapter: whether the base is at hand, as the model without its adapter.
        tokens: of prompts that are read together, padding included: no more than a pass of the training reads, so
            that looking needs no memory that training does not.
        device: where the model is.
    """

    def __init__(
        self, spec: WatchSpec, loss: TokenLoss, *, general: Sequence[Row], held_out: Sequence[Row],
        train: Sequence[Row], adapter: bool, tokens: int, device: Any = "cpu",
    ) -> None:  # fmt: skip
        self.spec, self.loss, self.adapter, self.tokens = spec, loss, adapter, tokens
        self.general = [collate([_beginning(r)], device) for r in general]
        self.held_out = [r for r in held_out if len(r.targets) >= COPY] if spec.memorisation != "off" else []
        self.answers = _Answers([r for r in train if not r.replayed] if self.held_out else [])
        self.ends = {int(r.targets[-1]) for r in train}
        self.device = device

    def look(self, *, answers: bool = True) -> dict[str, Any]:
        """The numbers of now: ``probe`` for people (nats a token, percent), ``kept`` a general row each (nats a token,
        answer right), with ``answers`` also ``copies``, a held-out prompt each. The model is in eval mode, without
        gradients."""
        found: dict[str, Any] = {"probe": {}}
        if self.general:
            found["kept"], found["probe"] = self._read_general()
        if self.held_out and answers:
            found["copies"] = self._answer_held_out()
            copied = [c > 0 for c in found["copies"]["said"]]
            found["probe"]["copies"] = 100.0 * sum(copied) / len(copied)
        return found

    def stops(self, history: Sequence[Mapping[str, Any]]) -> Finding | None:
        """What the present evaluation stops the training for."""
        return stops(history, self.spec)

    def diagnose(self, history: Sequence[Mapping[str, Any]], *, best_step: int) -> tuple[Finding, ...]:
        """What was seen."""
        return diagnose(history, self.spec, best_step=best_step)

    def _read_general(self) -> tuple[dict[str, list[float]], dict[str, float]]:
        nats: list[float] = []
        right: list[float] = []
        drift: list[Tensor] = []
        for batch in self.general:
            assert batch.anchored is not None
            at = batch.anchored
            targets = torch.cat([batch.inputs[0, 1 : len(at.index)], batch.targets[-1:]])  # every token's next one
            base = self._base(batch, at.index)
            losses, hits = [], []
            for n, states in enumerate(self._states(batch, at.index)):
                logits = self.loss.logits(states)
                part = targets[n * self.loss.chunk :][: len(logits)]
                losses.append(torch.nn.functional.cross_entropy(logits, part, reduction="none"))
                hits.append(logits.argmax(-1) == part)
                if base is not None:
                    with base_alone(self.loss.model) if self.loss.head_learns else nullcontext():
                        known = self.loss.logits(base[n])
                    drift.append(kl(logits, known))
            nats.append(float(torch.cat(losses).mean()))
            right.append(float((torch.cat(hits) | ~at.answers).all()))
        told = {"general_loss": float(np.mean(nats)), "general_right": 100.0 * float(np.mean(right))}
        if drift:
            told["drift_nats"] = float(torch.cat(drift).mean())
        return {"nats": nats, "right": right}, told

    def _base(self, batch: Batch, index: Tensor) -> tuple[Tensor, ...] | None:
        if not self.adapter:
            return None
        with base_alone(self.loss.model):
            return self._states(batch, index)

    def _states(self, batch: Batch, index: Tensor) -> tuple[Tensor, ...]:
        """In chunks whose logits fit."""
        return torch.split(self.loss.states(batch, index), self.loss.chunk)

    def _answer_held_out(self) -> dict[str, list[Any]]:
        prompts = [[int(i) for i in r.inputs[: int(r.positions[0]) + 1]] for r in self.held_out]
        said: dict[int, tuple[int, ...]] = {}
        for cut in micro_batches([len(ids) for ids in prompts], micro_tokens=self.tokens, seed=0, epoch=0):
            said |= zip(cut, greedy(self.loss.model, [prompts[i] for i in cut], self.ends, COPY_LIMIT), strict=True)
        theirs = [self.answers.copied(np.asarray(said[i])) for i in range(len(prompts))]
        own = [self.answers.copied(r.targets) for r in self.held_out]
        return {
            "said": [length for length, _ in theirs], "rows": [name for _, name in theirs],
            "references": [length for length, _ in own],
        }  # fmt: skip


class _Answers:
    """Where runs of tokens stand in the training answers."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.names: list[str] = []
        tokens: list[np.ndarray] = []
        self.texts: dict[bytes, int] = {}
        of: list[np.ndarray] = []
        size = 0
        for r in rows:
            key = r.targets.tobytes()
            if key in self.texts or len(r.targets) < COPY or size > MOST_ANSWERED:
                continue  # the same answer again is no other source
            self.texts[key] = len(self.names)
            grams = np.lib.stride_tricks.sliding_window_view(r.targets, COPY)
            tokens.append(_hashes(grams))
            of.append(np.full(len(grams), len(self.names), dtype=np.int64))
            self.names.append(r.example_id)
            size += len(r.targets)
        self.hashes = np.concatenate(tokens) if tokens else np.empty(0, dtype=np.uint64)
        self.of = np.concatenate(of) if of else np.empty(0, dtype=np.int64)

    def copied(self, said: np.ndarray) -> tuple[int, str]:
        """The longest piece of ``said`` that stands in one training answer and in no other: its tokens, and the row."""
        if len(said) < COPY or not len(self.hashes):
            return 0, ""
        own = _hashes(np.lib.stride_tricks.sliding_window_view(said, COPY))
        met = np.isin(self.hashes, own)
        sources: dict[int, set[int]] = {}
        for value, row in zip(self.hashes[met].tolist(), self.of[met].tolist(), strict=True):
            sources.setdefault(value, set()).add(row)
        best, name, run, last = 0, "", 0, -1
        for value in own.tolist():
            rows = sources.get(value, set())
            row = next(iter(rows)) if len(rows) == 1 else -1
            run = run + 1 if row >= 0 and row == last else int(row >= 0)
            last = row
            if run and run + COPY - 1 > best:
                best, name = run + COPY - 1, self.names[row]
        return best, name


def _hashes(grams: np.ndarray) -> np.ndarray:
    """64 bits a run of tokens: a polynomial, wrapping around. (n, COPY) -> (n,)"""
    powers = np.array([pow(0x9E3779B97F4A7C15, k + 1, 1 << 64) for k in range(grams.shape[1])], dtype=np.uint64)
    made: np.ndarray = ((grams.astype(np.uint64) + np.uint64(1)) * powers).sum(axis=1, dtype=np.uint64)
    return made


def _beginning(r: Row) -> Row:
    """A general row as the anchor knows it, cut behind the last trained token that is read."""
    whole = replace(r, replayed=True, prefix=0, weights=None)
    if len(r.inputs) <= READ_TOKENS:
        return whole
    kept = r.positions < READ_TOKENS
    positions, targets = r.positions[kept], r.targets[kept]
    if not len(positions):  # a prompt longer than that: its next token
        positions, targets = np.array([READ_TOKENS - 1]), r.inputs[READ_TOKENS : READ_TOKENS + 1]
    return replace(whole, inputs=r.inputs[: positions[-1] + 1], positions=positions, targets=targets)


# ---- from the history to words


def diagnose(history: Sequence[Mapping[str, Any]], spec: WatchSpec, *, best_step: int) -> tuple[Finding, ...]:
    """What was seen, from a history alone; nothing where nothing was.

    Args:
        history: of a training (see ``loop.TrainResult``).
        spec: what is watched, and the tolerance.
        best_step: whose weights were kept.
    """
    found = (
        _overfitting(history) if spec.overfitting != "off" else None,
        _memorising(history, best_step) if spec.memorisation != "off" else None,
        _forgetting(history, spec.tolerance, best_step) if spec.forgetting != "off" else None,
    )
    return tuple(f for f in found if f is not None)


def stops(history: Sequence[Mapping[str, Any]], spec: WatchSpec) -> Finding | None:
    """What the present evaluation, the last of the history, stops the training for."""
    now = next((int(h["step"]) for h in reversed(history) if "val" in h or "probe" in h), 0)
    asked = {name for name in ("overfitting", "memorisation", "forgetting") if getattr(spec, name) == "stop"}
    if not asked or now == 0:
        return None
    return next((f for f in diagnose(history, spec, best_step=now) if f.kind in asked and f.step == now), None)


def _overfitting(history: Sequence[Mapping[str, Any]]) -> Finding | None:
    """Validation loss above its best at two evaluations in a row, while training loss went on falling."""
    looks = [(int(h["step"]), float(h["val"])) for h in history if "val" in h and h["step"]]
    if len(looks) < 3:
        return None
    best_step, best = min(looks, key=lambda x: x[1])
    risen = [(step, val) for step, val in looks if step > best_step]
    if len(risen) < 2 or any(val <= best * (1 + RISE) for _, val in risen[-2:]):
        return None
    steps = [step for step, _ in looks]
    at_best = _mean_loss(history, max((s for s in steps if s < best_step), default=0), best_step)
    at_end = _mean_loss(history, steps[-2], steps[-1])
    if at_best is None or at_end is None or at_end >= at_best:
        return None
    step, val = risen[-1]
    return Finding(
        "overfitting", step,
        f"validation loss was best at step {best_step} ({best:.3f}) and rose to {val:.3f} by step {step} "
        f"({val / best - 1:+.0%}), while training loss fell from {at_best:.3f} to {at_end:.3f}: it learns the rows, "
        f"not the job",
        {"best_step": best_step, "best": best, "last": val, "train_at_best": at_best, "train_at_end": at_end},
        (f"end near step {best_step}: train.epochs lower, or train.watch.overfitting: stop", "more rows",
         "train.tuning.dropout: 0.1", "a lower train.tuning.r"),
    )  # fmt: skip


def _mean_loss(history: Sequence[Mapping[str, Any]], after: int, upto: int) -> float | None:
    losses = [float(h["loss"]) for h in history if "loss" in h and after < h["step"] <= upto]
    return float(np.mean(losses)) if losses else None


def _memorising(history: Sequence[Mapping[str, Any]], best_step: int) -> Finding | None:
    """More copies in the answers to held-out prompts than in their references."""
    looks = [h for h in history if "copies" in h and h["step"]]
    worst: Finding | None = None
    for h in looks:
        said, own = h["copies"]["said"], h["copies"]["references"]
        more = sum(1 for s, o in zip(said, own, strict=True) if s and not o)
        fewer = sum(1 for s, o in zip(said, own, strict=True) if o and not s)
        if mcnemar_exact(more, fewer) >= ALPHA or more < 3:
            continue
        longest = max(range(len(said)), key=lambda i: said[i])
        kept = " (the weights that were kept are earlier ones)" if h["step"] > best_step else ""
        worst = Finding(
            "memorisation", int(h["step"]),
            f"{sum(map(bool, said))} of {len(said)} answers to held-out prompts at step {h['step']} hold {COPY} tokens "
            f"or more of one training answer, word for word ({sum(map(bool, own))} of their references do); the "
            f"longest are {said[longest]} tokens of row {h['copies']['rows'][longest]}{kept}",
            {"copied": sum(map(bool, said)), "of": len(said), "references": sum(map(bool, own)),
             "longest": said[longest], "row": h["copies"]["rows"][longest]},
            ("fewer train.epochs", "more rows, and fewer that say the same", "train.tuning.dropout: 0.1"),
        )  # fmt: skip
    return worst


def _forgetting(history: Sequence[Mapping[str, Any]], tolerance: float, best_step: int) -> Finding | None:
    """General rows less likely than at the start by more than the tolerance, shown row by row."""
    looks = [h for h in history if "kept" in h]
    if len(looks) < 2 or looks[0]["step"] != 0:
        return None
    start = looks[0]["kept"]
    shown: list[tuple[Mapping[str, Any], float, int, int]] = []
    for h in looks[1:]:
        rise = paired_difference(h["kept"]["nats"], start["nats"], alpha=ALPHA)
        percent = 100 * rise.estimate / float(np.mean(start["nats"]))
        lost = sum(1 for a, b in zip(start["right"], h["kept"]["right"], strict=True) if a and not b)
        won = sum(1 for a, b in zip(start["right"], h["kept"]["right"], strict=True) if b and not a)
        points = 100 * (lost - won) / len(start["right"])
        likely = percent > tolerance and rise.bound > 0
        if likely or (points > tolerance and mcnemar_exact(lost, won) < ALPHA):
            shown.append((h, percent, lost, won))
    if not shown or (shown[-1][0]["step"] < best_step and any(h["step"] == best_step for h in looks)):
        return None  # the weights that were kept do not show it (any more)
    h, percent, lost, won = next((s for s in shown if s[0]["step"] == best_step), shown[-1])
    first = shown[0][0]["step"]
    drift = h["probe"].get("drift_nats")
    moved = f"; it stands {drift:.2f} nats a token from its base there" if drift is not None else ""
    n = len(start["right"])
    kept = ""
    if h["step"] > best_step:
        kept = "; the weights that were kept are earlier ones" + (", from before it" if best_step < first else "")
    return Finding(
        "forgetting", int(h["step"]),
        f"the loss on general rows is {percent:+.1f}% against the base at step {h['step']} (tolerance {tolerance:g}%, "
        f"n={n}), {lost} answers were lost and {won} gained{moved}; it began at step {first}{kept}",
        {"percent": percent, "lost": lost, "gained": won, "n": n, "began": first, "drift_nats": drift},
        ("more data.replay", "a larger train.anchor", "a lower train.learning_rate"),
    )  # fmt: skip
