"""From rows of token ids to batches: by length, within a token budget, the same for the same (seed, epoch).

A *micro-batch* is one forward pass; a *window* is one optimiser step, made of several micro-batches. Rows are sorted
by padded length with random order among equals, cut greedily at the budget, and the micro-batches are shuffled: little
padding, and the number of micro-batches is the same in every epoch, so that all steps are known before step 1.

Padding stands to the right and is known by position, never by id: under causal attention no real token can see it, so
no attention mask is needed, and only positions that predict a trained token are ever read. Packing several rows into
one sequence is not done here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:  # the planner cuts batches too, and it must not wait for torch
    import torch
    from torch import Tensor

PAD_TO = 8
EMPTY = 0  # any id does: no real token sees a padded position


class Sample(Protocol):
    """A row ready to train on: what ``models.chat`` makes of an example."""

    @property
    def ids(self) -> Sequence[int]: ...
    @property
    def trained(self) -> Sequence[bool]: ...
    @property
    def example_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One sample as arrays. ``inputs`` (T,) are fed; ``positions`` (n,) are those whose next token is trained;
    ``targets`` (n,) are these next tokens; ``weights`` (n,) is None where every token weighs 1. At the tokens of an
    ``anchored`` row the model is also held near its base (see ``train.anchor``)."""

    example_id: str
    inputs: np.ndarray
    positions: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None
    anchored: bool = False


@dataclass(frozen=True, slots=True)
class Anchored:
    """The anchored rows of a batch: their numbers ``rows`` (r,), and every real token of them as flattened positions,
    ``index`` (m,) in the whole batch and ``inner`` (m,) in a batch of these rows alone."""

    rows: Tensor
    index: Tensor
    inner: Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """One forward pass. ``inputs`` (B, T); ``index`` (n,) into the B·T flattened positions; ``targets`` (n,);
    ``weights`` (n,) or None; ``tokens`` counts real input tokens; ``row_ids`` name the examples."""

    inputs: Tensor
    index: Tensor
    targets: Tensor
    weights: Tensor | None
    tokens: int
    row_ids: tuple[str, ...]
    anchored: Anchored | None = None

    @property
    def trained(self) -> int:
        """Number of tokens that carry loss."""
        return self.targets.shape[0]


def row(sample: Sample, *, anchored: bool = False) -> Row:
    """Arrays of a sample. What stands after the last trained token predicts nothing and is not fed.

    A sample may carry ``weights`` (one a token) or ``weight`` (one for the row); weight 0 means not trained.

    Raises:
        ValueError: the sample trains nothing (``models.chat`` refuses such rows).
    """
    ids = np.asarray(sample.ids, dtype=np.int64)
    trained = np.asarray(sample.trained, dtype=bool).copy()
    weights = getattr(sample, "weights", None)
    weight = np.ones(len(ids)) if weights is None else np.asarray(weights, dtype=np.float64)
    weight = weight * float(getattr(sample, "weight", 1.0))
    trained &= weight != 0
    trained[:1] = False  # nothing stands before the first token that could predict it
    targets_at = np.flatnonzero(trained)
    if len(targets_at) == 0:
        raise ValueError(f"row {sample.example_id} trains no token")
    kept = weight[targets_at]
    return Row(
        example_id=sample.example_id,
        inputs=ids[: targets_at[-1]],
        positions=targets_at - 1,
        targets=ids[targets_at],
        weights=None if bool(np.all(kept == 1.0)) else kept,
        anchored=anchored,
    )


def input_length(sample: Sample) -> int:
    """Tokens of this sample that are fed to the model; what the planner needs to know of a row."""
    return len(row(sample).inputs)


def micro_batches(lengths: Sequence[int] | np.ndarray, *, micro_tokens: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Row numbers of each micro-batch of an epoch, in training order.

    Rows times padded length stays within ``micro_tokens`` (a single longer row stands alone). The number of
    micro-batches depends on the lengths and the budget only, not on seed or epoch.
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    padded = -(-lengths // PAD_TO) * PAD_TO
    random = np.random.Generator(np.random.PCG64((seed, epoch)))
    ties = random.permutation(len(lengths))
    order = np.lexsort((ties, -padded))  # longest first, so that the first row of a batch sets its width
    cuts: list[np.ndarray] = []
    start = 0
    while start < len(order):
        size = max(1, micro_tokens // int(padded[order[start]]))
        cuts.append(order[start : start + size])
        start += size
    return [cuts[i] for i in random.permutation(len(cuts))]


class Layout:
    """Which rows make up each optimiser step of a whole run; a pure function of its arguments.

    Args:
        lengths: input tokens of each row.
        steps_an_epoch, micro_batches: windows an epoch, and forward passes in each (the last may hold fewer).
        micro_tokens: padded tokens of one pass.
        seed: of the order.
    """

    def __init__(
        self, lengths: Sequence[int] | np.ndarray, *, steps_an_epoch: int, micro_batches: int, micro_tokens: int,
        seed: int,
    ) -> None:  # fmt: skip
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.steps_an_epoch = steps_an_epoch
        self.micro_batches = micro_batches
        self.micro_tokens = micro_tokens
        self.seed = seed
        self._epoch = -1
        self._of_epoch: list[np.ndarray] = []

    def window(self, step: int) -> list[np.ndarray]:
        """Row numbers of each micro-batch of one optimiser step; steps count from 1."""
        epoch, position = divmod(step - 1, self.steps_an_epoch)
        if epoch != self._epoch:
            self._of_epoch = micro_batches(self.lengths, micro_tokens=self.micro_tokens, seed=self.seed, epoch=epoch)
            self._epoch = epoch
        return self._of_epoch[position * self.micro_batches : (position + 1) * self.micro_batches]


def collate(rows: Sequence[Row], device: torch.device | str = "cpu") -> Batch:
    """Rows side by side, padded on the right to a multiple of 8."""
    import torch

    width = -(-max(len(r.inputs) for r in rows) // PAD_TO) * PAD_TO
    inputs = np.full((len(rows), width), EMPTY, dtype=np.int64)
    for i, r in enumerate(rows):
        inputs[i, : len(r.inputs)] = r.inputs
    index = np.concatenate([r.positions + i * width for i, r in enumerate(rows)])
    weights = None
    if any(r.weights is not None for r in rows):
        weights = np.concatenate([np.ones(len(r.targets)) if r.weights is None else r.weights for r in rows])
    return Batch(
        inputs=torch.from_numpy(inputs).to(device),
        index=torch.from_numpy(index).to(device),
        targets=torch.from_numpy(np.concatenate([r.targets for r in rows])).to(device),
        weights=None if weights is None else torch.from_numpy(weights).to(device),
        tokens=sum(len(r.inputs) for r in rows),
        row_ids=tuple(r.example_id for r in rows),
        anchored=_anchored(rows, width, device),
    )


def _anchored(rows: Sequence[Row], width: int, device: torch.device | str) -> Anchored | None:
    import torch

    numbers = [i for i, r in enumerate(rows) if r.anchored]
    if not numbers:
        return None
    real = [np.arange(len(rows[i].inputs)) for i in numbers]
    index = np.concatenate([i * width + at for i, at in zip(numbers, real, strict=True)])
    inner = np.concatenate([k * width + at for k, at in enumerate(real)])
    return Anchored(*(torch.from_numpy(np.asarray(part)).to(device) for part in (numbers, index, inner)))


def digest(rows: Sequence[Row]) -> str:
    """SHA-256 over what is trained on: a resumed run must see the same rows in the same order."""
    sha = hashlib.sha256()
    for r in rows:
        weights = b"" if r.weights is None else r.weights.tobytes()
        for part in (r.inputs.tobytes(), r.positions.tobytes(), r.targets.tobytes(), weights, b"a" * r.anchored):
            sha.update(len(part).to_bytes(8, "little"))
            sha.update(part)
    return sha.hexdigest()
