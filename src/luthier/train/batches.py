"""From rows of token ids to batches: by length, within a token budget, the same for the same (seed, epoch).

A *micro-batch* is one forward pass; a *window* is one optimiser step, made of several micro-batches. Rows are sorted
by padded length with random order among equals, cut greedily at the budget, and the micro-batches are shuffled: little
padding, and the number of micro-batches is the same in every epoch, so that all steps are known before step 1.

Rows of different *kinds* (those that begin with the same prompt, those that are replayed, all others) never share a
pass, and every window takes its share of each kind: rows of one kind are alike in length, and windows cut by length
alone would be now of the one kind, now of the other. What the rows of a pass have in common at their beginning is read
once (models.prefix); under causal attention it does not depend on what follows. Of the replayed rows an epoch may take
one set, and the next epoch the next.

A row may *fork*: two answers to one prompt stand behind it, each as if the other were not there (places restart at the
fork, and the second does not see the first). Where a model cannot read such a row, its answers are read *apart*.

Padding stands to the right and is known by position, never by id: under causal attention no real token can see it, so
no attention mask is needed (but for forks), and only positions that predict a trained token are ever read. Packing
several rows into one sequence is not done here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:  # the planner cuts batches too, and it must not wait for torch
    import torch
    from torch import Tensor

PAD_TO = 8
SHARED = 32
"""Rows that have so many tokens in common are alike."""
WORTH = 256
"""Tokens that a pass must save to pay for one more reading."""
NEVER = 1 << 60
"""Tokens that no pass saves: a beginning that all rows share is not read apart."""
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
class Fork:
    """Tokens before ``at`` belong to both answers, those from there to ``until`` to the first, others to the second."""

    at: int
    until: int


@dataclass(frozen=True, slots=True)
class Row:
    """One sample as arrays. ``inputs`` (T,) are fed; ``positions`` (n,) are those whose next token is trained;
    ``targets`` (n,) are these next tokens; ``weights`` (n,) is None where every token weighs 1. ``replayed`` rows are
    not of the job; an anchor holds the model near its base at their tokens (see ``train.anchor``). The first ``prefix``
    tokens, none of them at or behind a trained position, are those of all rows of its kind. With a ``fork`` the row
    holds two answers, and ``second`` (n,) says which of its targets belong to the second."""

    example_id: str
    inputs: np.ndarray
    positions: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None
    replayed: bool = False
    prefix: int = 0
    fork: Fork | None = None
    second: np.ndarray | None = None

    @property
    def kind(self) -> tuple[bool, bytes]:
        """What rows of one pass have in common."""
        return self.replayed, self.inputs[: self.prefix].tobytes()


@dataclass(frozen=True, slots=True)
class Anchored:
    """The replayed rows of a batch: their numbers ``rows`` (r,), and every real token of them as flattened positions,
    ``index`` (m,) in the whole batch and ``inner`` (m,) in a batch of these rows alone; ``answers`` (m,) says at which
    of them an answer's token comes next."""

    rows: Tensor
    index: Tensor
    inner: Tensor
    answers: Tensor


@dataclass(frozen=True, slots=True)
class Tree:
    """How rows with forks are read: the ``places`` (B, T) of their tokens in the text that each belongs to, and which
    earlier tokens each one ``sees`` (B, 1, T, T)."""

    places: Tensor
    sees: Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """One forward pass. ``inputs`` (B, T); ``index`` (n,) into the B·T flattened positions; ``targets`` (n,);
    ``weights`` (n,) or None; ``tokens`` counts the rows' tokens; ``row_ids`` name the examples. Where there is a
    ``prefix`` (P,), it stands before every row, and ``inputs`` hold what comes after it. ``answer`` (n,) numbers the
    answer that a target belongs to: 2·row + 0 or 1 where rows fork, else the row."""

    inputs: Tensor
    index: Tensor
    targets: Tensor
    weights: Tensor | None
    tokens: int
    row_ids: tuple[str, ...]
    anchored: Anchored | None = None
    prefix: Tensor | None = None
    tree: Tree | None = None
    answer: Tensor | None = None

    @property
    def trained(self) -> int:
        """Number of tokens that carry loss."""
        return self.targets.shape[0]


def row(sample: Sample, *, replayed: bool = False) -> Row:
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
        replayed=replayed,
    )


def input_length(sample: Sample) -> int:
    """Tokens of this sample that are fed to the model; what the planner needs to know of a row."""
    return len(row(sample).inputs)


def share_prefixes(rows: Sequence[Row], *, at_least: int = 2) -> list[Row]:
    """The rows, with what at least so many of them have in common at their beginning marked as ``prefix``.

    Rows are alike if their first ``SHARED`` tokens are; the prefix is the longest that all of these share, up to the
    first trained position of any. A prefix under a quarter of their tokens is left in them, and replayed rows stay as
    they are: the base may read them too.
    """
    alike: dict[bytes, list[int]] = {}
    for i, r in enumerate(rows):
        if not r.replayed and r.positions[0] >= SHARED:
            alike.setdefault(r.inputs[:SHARED].tobytes(), []).append(i)
    made = list(rows)
    for members in alike.values():
        if len(members) < max(2, at_least):
            continue
        first = rows[members[0]].inputs
        common = min(int(rows[i].positions[0]) for i in members)
        for i in members:
            differs = np.flatnonzero(rows[i].inputs[:common] != first[:common])
            common = int(differs[0]) if len(differs) else common
        if 4 * common * len(members) < sum(len(rows[i].inputs) for i in members):
            continue
        for i in members:
            made[i] = replace(rows[i], prefix=common)
    return made


@dataclass(frozen=True, slots=True)
class Kind:
    """Numbers of the rows (n,) of one kind; an epoch takes one of so many ``sets`` of them."""

    rows: np.ndarray
    sets: int = 1

    def of_epoch(self, epoch: int, seed: int) -> np.ndarray:
        """The rows of one epoch. Every row comes once in ``sets`` epochs, and then in other company."""
        if self.sets == 1:
            return self.rows
        turn, place = divmod(epoch, self.sets)
        mixed = np.random.Generator(np.random.PCG64((seed, turn, self.sets))).permutation(self.rows)
        return np.sort(mixed[place :: self.sets])


def kinds(rows: Sequence[Row], *, at_least: int = 1, replay_sets: int = 1) -> list[Kind]:
    """Rows by kind, in the order of first appearance. Kinds with fewer rows than ``at_least`` (the steps of an epoch)
    stand together, but for the replayed ones; where no kind has as many, all rows are of one kind, so that no step is
    empty."""
    found: dict[tuple[bool, bytes], list[int]] = {}
    for i, r in enumerate(rows):
        found.setdefault(r.kind, []).append(i)
    replayed = [i for (is_replayed, _), members in found.items() if is_replayed for i in members]
    own = [members for (is_replayed, _), members in found.items() if not is_replayed]
    whole = [members for members in own if len(members) >= at_least]
    rest = sorted(i for members in own if len(members) < at_least for i in members)
    made = [Kind(np.asarray(members, dtype=np.int64)) for members in (*whole, rest) if members]
    if replayed:
        made.append(Kind(np.asarray(replayed, dtype=np.int64), min(replay_sets, len(replayed))))
    if max((len(kind.rows) // kind.sets for kind in made), default=0) < at_least:
        return [Kind(np.arange(len(rows)))]
    return made


def micro_batches(
    lengths: Sequence[int] | np.ndarray, *, micro_tokens: int, seed: int | tuple[int, ...], epoch: int,
    at_least: int = 1,
) -> list[np.ndarray]:  # fmt: skip
    """Row numbers of each micro-batch of an epoch, in training order.

    Rows times padded length stays within ``micro_tokens`` (a single longer row stands alone). The number of
    micro-batches depends on the lengths and the budget only, not on seed or epoch. Where the budget allows fewer than
    ``at_least``, they are cut smaller, with about equally many tokens in each.
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    padded = -(-lengths // PAD_TO) * PAD_TO
    random = np.random.Generator(np.random.PCG64((*(seed if isinstance(seed, tuple) else (seed,)), epoch)))
    ties = random.permutation(len(lengths))
    order = np.lexsort((ties, -padded))  # longest first, so that the first row of a batch sets its width
    cuts = _cut(padded, order, micro_tokens)
    if len(cuts) < min(at_least, len(order)):
        parts = _in_equal_parts(padded, order, min(at_least, len(order)))
        cuts = [cut for part in parts for cut in _cut(padded, part, micro_tokens)]
    return [cuts[i] for i in random.permutation(len(cuts))]


def _cut(padded: np.ndarray, order: np.ndarray, micro_tokens: int) -> list[np.ndarray]:
    cuts: list[np.ndarray] = []
    start = 0
    while start < len(order):
        size = max(1, micro_tokens // int(padded[order[start]]))
        cuts.append(order[start : start + size])
        start += size
    return cuts


def _in_equal_parts(padded: np.ndarray, order: np.ndarray, count: int) -> list[np.ndarray]:
    """``order`` cut into exactly ``count`` runs of one row or more and about equally many tokens."""
    upto = np.cumsum(padded[order])
    at = np.arange(1, count)
    cuts = np.searchsorted(upto, at * (upto[-1] / count))
    cuts = np.maximum.accumulate(np.maximum(cuts, 1) - at) + at  # each at least one behind the one before
    return np.split(order, np.minimum(cuts, len(order) - count + at))


class Layout:
    """Which rows make up each optimiser step of a whole run; a pure function of its arguments.

    Every row comes once an epoch (or one set of its kind does), and every step takes of each kind its share.

    Args:
        lengths: input tokens of each row.
        kinds: of rows (left out: all are of one kind).
        steps_an_epoch: windows an epoch.
        micro_tokens: padded tokens of one pass.
        seed: of the order.
    """

    def __init__(
        self, lengths: Sequence[int] | np.ndarray, *, steps_an_epoch: int, micro_tokens: int, seed: int,
        kinds: Sequence[Kind] | None = None,
    ) -> None:  # fmt: skip
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.kinds = [Kind(np.arange(len(self.lengths)))] if kinds is None else list(kinds)
        self.steps_an_epoch = steps_an_epoch
        self.micro_tokens = micro_tokens
        self.seed = seed
        self._epoch = -1
        self._of_epoch: list[list[np.ndarray]] = []

    def window(self, step: int) -> list[np.ndarray]:
        """Row numbers of each micro-batch of one optimiser step; steps count from 1."""
        epoch, position = divmod(step - 1, self.steps_an_epoch)
        if epoch != self._epoch:
            self._of_epoch = [self._passes(number, epoch) for number in range(len(self.kinds))]
            self._epoch = epoch
        found = []
        for passes in self._of_epoch:
            first, end = (len(passes) * at // self.steps_an_epoch for at in (position, position + 1))
            found += passes[first:end]
        return found

    def _passes(self, number: int, epoch: int) -> list[np.ndarray]:
        members = self.kinds[number].of_epoch(epoch, self.seed)
        seed = (self.seed, number) if number else self.seed
        cuts = micro_batches(
            self.lengths[members], micro_tokens=self.micro_tokens, seed=seed, epoch=epoch,
            at_least=self.steps_an_epoch,
        )  # fmt: skip
        return [members[cut] for cut in cuts]


def collate(rows: Sequence[Row], device: torch.device | str = "cpu", *, worth: int = WORTH) -> Batch:
    """Rows side by side, padded on the right to a multiple of 8; a prefix of theirs apart, where that saves
    ``worth`` tokens."""
    import torch

    shared, width = fed(rows, worth)
    inputs = np.full((len(rows), width), EMPTY, dtype=np.int64)
    for i, r in enumerate(rows):
        inputs[i, : len(r.inputs) - shared] = r.inputs[shared:]
    index = np.concatenate([r.positions - shared + i * width for i, r in enumerate(rows)])
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
        prefix=torch.from_numpy(rows[0].inputs[:shared]).to(device) if shared else None,
    )


def fed(rows: Sequence[Row], worth: int = WORTH) -> tuple[int, int]:
    """How a pass reads these rows: (tokens that they share and that are read once, padded tokens of each behind)."""
    shared = _shared(rows, worth)
    return shared, -(-max(len(r.inputs) - shared for r in rows) // PAD_TO) * PAD_TO


def _shared(rows: Sequence[Row], worth: int) -> int:
    """Tokens that these rows share and that are worth reading apart; 0 if none."""
    shared = rows[0].prefix
    alike = len({r.kind for r in rows}) == 1
    return shared if alike and shared * (len(rows) - 1) >= worth else 0


def _anchored(rows: Sequence[Row], width: int, device: torch.device | str) -> Anchored | None:
    import torch

    numbers = [i for i, r in enumerate(rows) if r.replayed]
    if not numbers:
        return None
    real = [np.arange(len(rows[i].inputs)) for i in numbers]
    index = np.concatenate([i * width + at for i, at in zip(numbers, real, strict=True)])
    inner = np.concatenate([k * width + at for k, at in enumerate(real)])
    answers = np.concatenate([np.isin(at, rows[i].positions) for i, at in zip(numbers, real, strict=True)])
    return Anchored(*(torch.from_numpy(np.asarray(part)).to(device) for part in (numbers, index, inner, answers)))


def forked(first: Row, second: Row) -> Row:
    """Two answers as one row: what both begin with stands once. Token weights do not count in it."""
    width = min(len(first.inputs), len(second.inputs))
    differs = np.flatnonzero(first.inputs[:width] != second.inputs[:width])
    at, until = int(differs[0]) if len(differs) else width, len(first.inputs)
    moved = np.where(second.positions < at, second.positions, second.positions - at + until)
    return Row(
        example_id=first.example_id,
        inputs=np.concatenate([first.inputs, second.inputs[at:]]),
        positions=np.concatenate([first.positions, moved]),
        targets=np.concatenate([first.targets, second.targets]),
        weights=None,
        fork=Fork(at, until),
        second=np.repeat([False, True], [len(first.targets), len(second.targets)]),
    )


def answers_of(r: Row) -> tuple[Row, ...]:
    """The answers of a row as rows of their own: what :func:`forked` was given."""
    if r.fork is None or r.second is None:
        return (r,)
    at, until = r.fork.at, r.fork.until
    head, moved = r.inputs[:at], r.positions[r.second]
    back = np.where(moved < at, moved, moved - until + at)
    bare = replace(r, fork=None, second=None)
    first = replace(bare, inputs=r.inputs[:until], positions=r.positions[~r.second], targets=r.targets[~r.second])
    rest = np.concatenate([head, r.inputs[until:]])
    return first, replace(bare, inputs=rest, positions=back, targets=r.targets[r.second])


def collate_answers(rows: Sequence[Row], device: torch.device | str = "cpu", *, apart: bool = False) -> Batch:
    """A batch that knows which answer each target belongs to. All rows fork, or none does; ``apart`` reads the two
    answers of a fork as rows of their own."""
    import torch

    each = [len(part.targets) for r in rows for part in answers_of(r)]
    answer = np.repeat(np.arange(len(each)), each)
    if apart or rows[0].fork is None:
        batch = collate([part for r in rows for part in answers_of(r)], device, worth=NEVER)
        return replace(batch, weights=None, answer=torch.from_numpy(answer).to(device))
    batch = collate(rows, device, worth=NEVER)
    return replace(batch, tree=_forks(rows, batch.inputs.shape[1], device), answer=torch.from_numpy(answer).to(device))


def collate_behind(rows: Sequence[Row], device: torch.device | str = "cpu") -> Batch:
    """Answers of which neighbours have one prompt: the prompt is read once for all of them, each as if the others were
    not there. The same targets in the same order as of :func:`collate_answers`."""
    import torch

    groups: list[list[Row]] = []
    for r in rows:
        alike = bool(groups) and _prompt(groups[-1][0]).tobytes() == _prompt(r).tobytes()
        groups[-1].append(r) if alike else groups.append([r])
    width = -(-max(tokens_behind(group) for group in groups) // PAD_TO) * PAD_TO
    inputs = np.full((len(groups), width), EMPTY, dtype=np.int64)
    branch, places = np.full((len(groups), width), -1), np.zeros((len(groups), width), dtype=np.int64)
    index: list[np.ndarray] = []
    for i, group in enumerate(groups):
        prompt = _prompt(group[0])
        at = len(prompt)
        inputs[i, :at], branch[i, :at], places[i, :at] = prompt, 0, np.arange(at)
        for k, r in enumerate(group):
            own = r.inputs[len(prompt) :]
            until = at + len(own)
            inputs[i, at:until], branch[i, at:until] = own, k + 1
            places[i, at:until] = np.arange(len(prompt), len(r.inputs))
            moved = np.where(r.positions < len(prompt), r.positions, r.positions - len(prompt) + at)
            index.append(i * width + moved)
            at = until
    answer = np.repeat(np.arange(len(rows)), [len(r.targets) for r in rows])
    return Batch(
        inputs=torch.from_numpy(inputs).to(device),
        index=torch.from_numpy(np.concatenate(index)).to(device),
        targets=torch.from_numpy(np.concatenate([r.targets for r in rows])).to(device),
        weights=None,
        tokens=sum(tokens_behind(group) for group in groups),
        row_ids=tuple(r.example_id for r in rows),
        tree=_tree(branch, places, device),
        answer=torch.from_numpy(answer).to(device),
    )


def _prompt(r: Row) -> np.ndarray:
    """What stands before a row's first trained token."""
    return r.inputs[: int(r.positions[0]) + 1]


def tokens_behind(group: Sequence[Row]) -> int:
    """Tokens of a prompt and all its answers."""
    prompt = len(_prompt(group[0]))
    return prompt + sum(len(r.inputs) - prompt for r in group)


def _forks(rows: Sequence[Row], width: int, device: torch.device | str) -> Tree:
    at = np.array([r.fork.at for r in rows if r.fork is not None])[:, None]
    until = np.array([r.fork.until for r in rows if r.fork is not None])[:, None]
    place = np.arange(width)[None]
    branch = np.where(place < at, 0, np.where(place < until, 1, 2))
    return _tree(branch, np.where(branch == 2, place - until + at, place), device)


def _tree(branch: np.ndarray, places: np.ndarray, device: torch.device | str) -> Tree:
    """Rows whose tokens stand in ``branch`` (B, T): 0 is what all branches of the row see, others see themselves."""
    import torch

    seen = (branch[:, None, :] == 0) | (branch[:, None, :] == branch[:, :, None])
    sees = np.tril(np.ones((branch.shape[1],) * 2, dtype=bool))[None] & seen
    return Tree(torch.from_numpy(places).to(device), torch.from_numpy(sees[:, None]).to(device))


def digest(rows: Sequence[Row]) -> str:
    """SHA-256 over what is trained on: a resumed run must see the same rows in the same order."""
    sha = hashlib.sha256()
    for r in rows:
        weights = b"" if r.weights is None else r.weights.tobytes()
        parts = [r.inputs.tobytes(), r.positions.tobytes(), r.targets.tobytes(), weights, b"a" * r.replayed]
        if r.fork is not None and r.second is not None:
            parts += [f"{r.fork.at} {r.fork.until}".encode(), r.second.tobytes()]
        for part in parts:
            sha.update(len(part).to_bytes(8, "little"))
            sha.update(part)
    return sha.hexdigest()
