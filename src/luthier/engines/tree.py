"""Continuations that begin alike, read together: what several options have in common is computed once.

A row is a tree of tokens, or several trees one behind the other: the beginning that its sequences share (a question,
examples before it, the first words of two sentences) stands there once. Each token sees its own ancestors only, by an
attention mask; its position is its depth. Leaves need no place, since nothing is predicted from them: options of one
token cost no more than their question. The output head runs once at every token from which something is scored.

What many rows begin with (the worked examples before every question of a suite) is read once for all of them, and its
keys and values stand before every row (``Head``).

Where nothing branches (a question and the letters of its options), a row is a chain: plain causal attention reads it,
without a mask.

The scores are those of ``likelihood.score`` up to rounding; an engine proves that on its model before it uses this, and
goes the plain way where a model computes it differently. Rows and batches depend on the token ids alone.

Legend: B rows, L columns, N scored positions, V vocabulary.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from luthier.engines import likelihood
from luthier.engines.likelihood import Batch, Item, by_item, logits_at, scored_logits
from luthier.models.prefix import ahead, read_prefix
from luthier.models.products import TOGETHER
from luthier.records import TokenScores

_SHARED = 0.25
"""A sequence joins a row if at least this share of it stands there already …"""
_WIDE = 256
"""… and the row stays below this many tokens, or twice its first sequence: a wide row costs attention."""
_GAIN = 1.25
"""Trees are used where they save at least a fifth of the tokens."""
_HEAD = 48
"""Shorter beginnings are not read apart: every row would pay for the copy of keys and values."""
_COPIES = 4
"""Tokens of a batch, copies of its head included, per token of the budget."""
_PADDED = 16
"""Columns at most that a batch is wider than its longest row."""
_numbers = itertools.count()


class Head:
    """The beginning of all items of a batch, read when it is first needed and kept as long as this is.

    One call to the engine makes it and the model must not change meanwhile. A copy of it in another process reads anew;
    ``number`` tells such a process that it has read it before.
    """

    def __init__(self, ids: tuple[int, ...], number: int | None = None) -> None:
        self.ids = ids
        self.number = next(_numbers) if number is None else number
        self._read: Any = None

    def __reduce__(self) -> tuple[type[Head], tuple[tuple[int, ...], int]]:
        return Head, (self.ids, self.number)

    def before(self, model: Any) -> Any:
        """Its keys and values, to stand before any number of rows."""
        if self._read is None:
            self._read = ahead(read_prefix(model, self.ids))
        return self._read


@dataclass(frozen=True)
class Row:
    """The items of one row in the order of their ids, and how many tokens it holds."""

    items: tuple[int, ...]
    size: int
    scored: int


class Sorted:
    """Items with their ids, and their numbers in the order of these."""

    def __init__(self, items: Sequence[Item], start_id: int) -> None:
        self.items = items
        self.ids = [_sequence(item, start_id) for item in items]
        self.order = sorted(range(len(items)), key=lambda i: (self.ids[i], i))


def rows(asked: Sorted) -> list[Row] | None:
    """The rows of all items; None where reading them together would save too little."""
    found = _rows(asked)
    saved = sum(len(ids) - 1 for ids in asked.ids) / max(1, sum(r.size for r in found))
    return found if saved >= _GAIN else None


def _rows(asked: Sorted) -> list[Row]:
    ids = asked.ids
    found: list[Row] = []
    held: list[int] = []
    size = scored = limit = 0
    for index in asked.order:
        own = len(ids[index]) - 1
        common = min(_common(ids[held[-1]], ids[index]), own) if held else 0
        if not held or common < _SHARED * own or size + own - common > limit:
            if held:
                found.append(Row(tuple(held), size, scored))
            held, size, scored, common = [], 0, 0, 0
            limit = max(_WIDE, 2 * own)
        held.append(index)
        size += own - common
        scored += len(asked.items[index][1])
    if held:
        found.append(Row(tuple(held), size, scored))
    return found


def _is_chain(sequences: Sequence[tuple[int, ...]]) -> bool:
    """Whether a line of these never branches and begins once, so that a token sees all before it."""
    path: tuple[int, ...] = ()
    for sequence in sequences:
        read = sequence[:-1]
        shorter, longer = sorted((path, read), key=len)
        if longer[: len(shorter)] != shorter:
            return False
        path = longer
    return True


def branching(items: Sequence[Item], batches: Sequence[Batch], start_id: int) -> list[Batch]:
    """These batches without the lines that a model reads rightly though it knows no mask: chains."""
    found = []
    for batch in batches:
        left = iter(batch.items)
        lines = [tuple(itertools.islice(left, count)) for count in batch.rows]
        lines = [line for line in lines if not _is_chain([_sequence(items[i], start_id) for i in line])]
        if lines:
            found.append(Batch(tuple(i for line in lines for i in line), tuple(map(len, lines)), batch.head))
    return found


def batches(
    items: Sequence[Item], start_id: int, *, token_budget: int, vocabulary: int, heads: bool = True
) -> list[Batch] | None:  # fmt: skip
    """Batches of all items with what they share read once; None where that would save too little.

    Items are sorted by their ids; a run of neighbours that begin with the same ``_HEAD`` tokens or more has a head, if
    trees alone would read a quarter more. With ``heads`` False no head is made.
    """
    asked = Sorted(items, start_id)
    left = list(range(len(items)))
    made: list[Batch] = []
    for common, run in _runs(asked) if heads else ():
        own, whole = [(items[i][0][common:], items[i][1]) for i in run], [items[i] for i in run]
        found, alone = _rows(Sorted(own, start_id)), _rows(Sorted(whole, start_id))
        if sum(r.size for r in alone) < _GAIN * (common + sum(r.size for r in found)):
            continue
        head = Head(tuple(items[run[0]][0][:common]))
        for batch in plan(found, token_budget=token_budget, vocabulary=vocabulary, before=common):
            made.append(replace(batch, items=tuple(run[i] for i in batch.items), head=head))
        taken = set(run)
        left = [i for i in left if i not in taken]
    rest = [items[i] for i in left]
    if made:
        asked = Sorted(rest, start_id)
    trees = rows(asked) if rest else []
    if trees is None:
        if not made:
            return None
        more = likelihood.plan(rest, token_budget=token_budget, vocabulary=vocabulary)
    else:
        chains = [row for row in trees if _is_chain([asked.ids[i] for i in row.items])]
        if sum(row.size for row in chains) < token_budget:  # too few for a batch of their own
            chains = []
        apart = set(chains)
        more = _chained(chains, token_budget=token_budget, vocabulary=vocabulary)
        more += plan([row for row in trees if row not in apart], token_budget=token_budget, vocabulary=vocabulary)
    return made + [replace(batch, items=tuple(left[i] for i in batch.items)) for batch in more]


def _runs(asked: Sorted) -> list[tuple[int, list[int]]]:
    """(tokens in common, items) of neighbours in dictionary order. At least one token of a context stays its own, from
    which the first token is predicted."""
    items, ids = asked.items, asked.ids
    found: list[list[int]] = []
    for index in asked.order:
        if found and ids[found[-1][-1]][:_HEAD] == ids[index][:_HEAD]:
            found[-1].append(index)
        else:
            found.append([index])
    out = []
    for run in found:
        common = _common(ids[run[0]], ids[run[-1]])  # the first and the last differ where any two do
        common = min(common, min(len(items[i][0]) for i in run) - 1)
        if len(run) > 1 and common >= _HEAD:
            out.append((common, run))
    return out


def plan(found: Sequence[Row], *, token_budget: int, vocabulary: int, before: int = 0) -> list[Batch]:
    """Batches of at most ``token_budget`` padded tokens each (or one row), as wide as the longest row in them. Shorter
    rows stand one behind the other up to that width, where padding would stand: trees do not see each other. Every line
    has a copy of the ``before`` tokens of a head in front of it, so that behind a long head lines are wider and fewer.
    """
    left = sorted(found, key=lambda r: (-r.size, r.items))
    sizes = [-row.size for row in left]
    batches: list[Batch] = []
    while left:
        width = max(left[0].size, before // 4)
        lines: list[list[Row]] = []
        scored, most = 0, scored_logits() // vocabulary
        count = max(1, min(token_budget // width, _COPIES * token_budget // (before + width)))
        if count >= 8:  # a multiple of its largest power of two but one: then little is missing to whole tiles
            count -= count % (1 << count.bit_length() - 2)
        width = _tiled(count, width)
        for _ in range(count):
            line: list[Row] = []
            room = width
            while (at := bisect_left(sizes, -room)) < len(left):  # the longest that fits
                if (lines or line) and scored + left[at].scored > most:
                    break
                row = left.pop(at)
                del sizes[at]
                line.append(row)
                room -= row.size
                scored += row.scored
            if not line:
                break
            lines.append(line)
        items = tuple(i for line in lines for row in line for i in row.items)
        batches.append(Batch(items, tuple(sum(len(row.items) for row in line) for line in lines)))
    return batches


def _chained(found: Sequence[Row], *, token_budget: int, vocabulary: int) -> list[Batch]:
    """Batches of chains of about one length, one to a line. Of the counts that use most of the budget, the one that
    leaves least to be filled up to whole tiles of products."""
    chains = sorted(found, key=lambda r: (-r.size, r.items))
    scored = max((row.scored for row in chains), default=1)
    batches: list[Batch] = []
    at = 0
    while at < len(chains):
        width = chains[at].size
        most = max(1, min(token_budget // width, scored_logits() // (vocabulary * scored)))
        count = min(range(most, most // 2, -1), key=lambda n: -(-n * width // TOGETHER) * TOGETHER / (n * width))
        taken = chains[at : at + count]
        at += count
        items = tuple(i for row in taken for i in row.items)
        batches.append(Batch(items, tuple(len(row.items) for row in taken)))
    return batches


def _tiled(rows: int, width: int) -> int:
    """The width at which so many rows are whole tiles of products (``models.products``), where that is near."""
    step = TOGETHER // math.gcd(rows, TOGETHER)
    return -(-width // step) * step if step <= _PADDED else width


def score(
    model: Any, items: Sequence[Item], *, start_id: int, rows: Sequence[int] = (), head: Head | None = None
) -> list[TokenScores]:  # fmt: skip
    """Scores of one batch, in its order. ``rows``: how many of the items stand in each row (none: each in a row of its
    own, the plain way); ``head``: what they all begin with."""
    if not rows:
        return likelihood.score(model, items, start_id=start_id)
    first = 0
    if head is not None:
        first = len(head.ids)
        items = [(context[first:], continuation) for context, continuation in items]
    left = iter(items)
    lines = [list(itertools.islice(left, count)) for count in rows]
    trees = [_Tree(line, start_id) for line in lines]
    device = next(model.parameters()).device
    chains = head is None and all(_is_chain([_sequence(item, start_id) for item in line]) for line in lines)
    width = max(len(t.ids) for t in trees)
    if not chains:
        width = _tiled(len(trees), width)
    ids_BL = np.full((len(trees), width), start_id)
    picks: list[int] = []
    for b, tree in enumerate(trees):
        ids_BL[b, : len(tree.ids)] = tree.ids
        picks += [b * width + node for node in tree.scored]
    logits_NV = logits_at(
        model, torch.from_numpy(ids_BL).to(device), torch.tensor(picks, device=device),
        before=head.before(model) if head is not None else None,
        **({} if chains else _told_apart(trees, width, first, model.dtype, device)),
    )  # fmt: skip
    norm_N = logits_NV.logsumexp(-1)
    best_N = logits_NV.argmax(-1)
    asked: list[int] = []
    targets: list[int] = []
    offset = 0
    for tree in trees:
        asked += [offset + pick for pick in tree.picks]
        targets += tree.targets
        offset += len(tree.scored)
    asked_M, target_M = (torch.tensor(x, device=device, dtype=torch.long) for x in (asked, targets))
    logprobs = (logits_NV[asked_M, target_M] - norm_N[asked_M]).tolist()
    greedy = (best_N[asked_M] == target_M).tolist()
    return by_item(items, logprobs, greedy)


def _told_apart(
    trees: Sequence[_Tree], width: int, first: int, dtype: torch.dtype, device: torch.device
) -> dict[str, Tensor]:  # fmt: skip
    """The mask, (B, 1, L, first + L), and the positions, (B, L), of rows of this width behind ``first`` tokens."""
    depth_BL = np.zeros((len(trees), width), dtype=np.int64)
    sees_BLC = np.zeros((len(trees), width, first + width), dtype=bool)
    sees_BLC[:, :, : first + 1] = True  # all of the head; and padding sees something, or it would be NaN
    sees_BLL = sees_BLC[:, :, first:]
    for b, tree in enumerate(trees):
        size = len(tree.ids)
        depth_BL[b, :size], sees_BLL[b, :size, :size] = tree.depth, tree.sees()
    mask = torch.zeros(sees_BLC.shape, dtype=dtype).masked_fill_(
        ~torch.from_numpy(sees_BLC), torch.finfo(dtype).min
    )  # fmt: skip
    positions = torch.from_numpy(first + depth_BL)
    return {"attention_mask": mask[:, None].to(device), "position_ids": positions.to(device)}


class _Tree:
    """The tokens of one row. ``scored`` are the nodes whose logits are needed; for every scored token of every item, in
    order, ``picks`` says which of them predicts it and ``targets`` its id."""

    def __init__(self, items: Sequence[Item], start_id: int) -> None:
        self.ids: list[int] = []
        self.depth: list[int] = []
        self.picks: list[int] = []
        self.targets: list[int] = []
        self._branches: list[tuple[int, int, int]] = []
        known: dict[int, int] = {}
        before: tuple[int, ...] = ()
        path: list[int] = []
        for context, continuation in items:
            ids = _sequence((context, continuation), start_id)
            common = min(_common(before, ids), len(path), len(ids) - 1)
            first = len(self.ids)
            self.ids += ids[common:-1]
            self.depth += range(common, len(ids) - 1)
            self._branches.append((first, len(self.ids), path[common - 1] if common else -1))
            path = path[:common] + list(range(first, len(self.ids)))
            start = len(ids) - len(continuation)
            for node, target in zip(path[start - 1 :], ids[start:], strict=True):
                self.picks.append(known.setdefault(node, len(known)))
                self.targets.append(target)
            before = ids
        self.scored = list(known)

    def sees(self) -> np.ndarray:
        """(L, L): whether a token sees another: its ancestors and itself."""
        size = len(self.ids)
        out = np.zeros((size, size), dtype=bool)
        for first, last, parent in self._branches:
            if parent >= 0:
                out[first:last, :] = out[parent]
            out[first:last, first:last] = np.tri(last - first, dtype=bool)
        return out


def _sequence(item: Item, start_id: int) -> tuple[int, ...]:
    """All ids of an item; at least one stands before what is scored."""
    context, continuation = item
    return (*(context or (start_id,)), *continuation)


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    """Length of the longest common beginning."""
    for n, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return n
    return min(len(a), len(b))
