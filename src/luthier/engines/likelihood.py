"""Log-probabilities of given continuations, many at a time: what suites, guards and bits per byte are made of. Vectors
of texts come the same way (``pooled``).

Items are sorted by length and cut into batches by a token budget; the plan depends on lengths only, so two models (or a
base and its adapter) score the same items in the same batches with the same rounding. Rows are padded on the right,
where causal attention cannot see it, so no mask is needed. The head runs at scored positions only, and so do those
parts of the last layer that look at one position alone; a model is tried on that once.

Legend: B rows, T columns, N scored positions, V vocabulary, D width.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from luthier.engines.protocol import ContextOverflow, Unsupported
from luthier.models.products import multiplying
from luthier.records import TokenScores

Item = tuple[Sequence[int], Sequence[int]]
"""(context ids, continuation ids)."""

_TRIED_ROWS = 4
"""Rows on which a model is tried once."""
_FEW = 0.75
"""Leaving positions out is worth it where fewer than this share of them is looked at."""
_SCORED_LOGITS = 48_000_000
"""Largest N x V of a batch: 192 MB in fp32."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Indices of the items that are scored together, longest first; ``rows`` and ``head``: see ``tree``, where several
    items share a row, and all of a batch a beginning."""

    items: tuple[int, ...]
    rows: tuple[int, ...] = ()
    head: Any = None


def scored_logits() -> int:
    """Largest number of logits that one batch makes."""
    return _SCORED_LOGITS


def plan(items: Sequence[Item], *, token_budget: int, vocabulary: int) -> list[Batch]:
    """Batches of similar length, at most ``token_budget`` padded tokens each (or one item). Depends on lengths only."""
    order = sorted(range(len(items)), key=lambda i: (-_length(items[i]), -len(items[i][1]), i))
    batches: list[Batch] = []
    held: list[int] = []
    scored = 0
    for index in order:
        if held:
            columns = _length(items[held[0]])
            too_wide = columns * (len(held) + 1) > token_budget
            too_many = (scored + len(items[index][1])) * vocabulary > _SCORED_LOGITS
            if too_wide or too_many:
                batches.append(Batch(tuple(held)))
                held, scored = [], 0
        held.append(index)
        scored += len(items[index][1])
    if held:
        batches.append(Batch(tuple(held)))
    return batches


def check(items: Sequence[Item], context: int | None) -> None:
    """Raises ContextOverflow for an item that the model cannot see whole."""
    for index, item in enumerate(items):
        if context is not None and _length(item) > context:
            raise ContextOverflow(_length(item), context, where=f"item {index + 1}")


def score(model: Any, items: Sequence[Item], *, start_id: int) -> list[TokenScores]:
    """Scores of one batch, in its order. An empty context is replaced by ``start_id``, which is not scored itself."""
    rows: list[list[int]] = []
    picks: list[int] = []
    targets: list[int] = []
    filled = [(list(context) or [start_id], list(continuation)) for context, continuation in items]
    width = max(len(context) + max(1, len(continuation)) - 1 for context, continuation in filled)
    for row, (context, continuation) in enumerate(filled):
        ids = (context + continuation)[: len(context) + max(1, len(continuation)) - 1]
        rows.append(ids + [start_id] * (width - len(ids)))
        first = row * width + len(context) - 1
        picks.extend(range(first, first + len(continuation)))
        targets.extend(continuation)
    if not targets:
        return [TokenScores((), True) for _ in items]
    device = next(model.parameters()).device
    logits_NV = logits_at(model, torch.tensor(rows, device=device), torch.tensor(picks, device=device))
    target_N = torch.tensor(targets, device=device)
    chosen_N = logits_NV.gather(-1, target_N[:, None]).squeeze(-1)
    logprobs = (chosen_N - logits_NV.logsumexp(-1)).tolist()
    greedy = (logits_NV.argmax(-1) == target_N).tolist()
    return by_item(filled, logprobs, greedy)


def by_item(items: Sequence[Item], logprobs: Sequence[float], greedy: Sequence[bool]) -> list[TokenScores]:
    """Scores of all continuation tokens, one item's after the other's, as those of each item."""
    found: list[TokenScores] = []
    at = 0
    for _, continuation in items:
        until = at + len(continuation)
        found.append(TokenScores(tuple(logprobs[at:until]), all(greedy[at:until])))
        at = until
    return found


def pooled(model: Any, items: Sequence[Item], *, start_id: int) -> list[tuple[float, ...]]:
    """The mean of what enters the head over the context tokens of each item: a vector of the text, (D,) fp32."""
    rows = [list(context) or [start_id] for context, _ in items]
    width = max(map(len, rows))
    device = next(model.parameters()).device
    ids_BT = torch.tensor([row + [start_id] * (width - len(row)) for row in rows], device=device)
    lengths_B = torch.tensor([len(row) for row in rows], device=device)
    inside_BT1 = (torch.arange(width, device=device)[None] < lengths_B[:, None])[..., None]
    found: list[Tensor] = []

    def keep(_module: Any, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        hidden_BTD, *rest = inputs
        found.append((hidden_BTD.float() * inside_BT1).sum(1) / lengths_B[:, None])
        return (hidden_BTD[:, :1], *rest)

    head = model.get_output_embeddings()
    if head is None:
        raise Unsupported("embedded", f"vectors of {type(model).__name__}, which has no output head")
    hook = head.register_forward_pre_hook(keep)
    try:
        model(input_ids=ids_BT, use_cache=False)
    finally:
        hook.remove()
    return [tuple(vector) for vector in found[0].tolist()]


def logits_at(model: Any, ids_BT: Tensor, pick_N: Tensor, *, before: Any = None, **more: Tensor) -> Tensor:
    """Logits (N, V), fp32, at flat positions of (B, T). ``more`` goes to the model (mask, positions), ``before`` too:
    keys and values of what stands before every row.

    A hook thins out what enters the head, so that whatever a family does after it (soft-capping, scaling) still runs.
    """
    last = _tried.get(model)
    if last is None:
        last = _tried[model] = _alone_standing(model, ids_BT, pick_N, before, **more)
    return _logits(model, last, ids_BT, pick_N, before, **more)


def _logits(model: Any, last: _Last, ids_BT: Tensor, pick_N: Tensor, before: Any, **more: Tensor) -> Tensor:
    head = model.get_output_embeddings()
    if head is None:
        raise Unsupported("embedded", f"scoring with {type(model).__name__}, which has no output head")

    def thin(_module: Any, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        hidden_BTD, *rest = inputs
        return (hidden_BTD.flatten(0, -2).index_select(0, pick_N)[None], *rest)

    hook = head.register_forward_pre_hook(thin)
    try:
        looked_at = last if pick_N.numel() < _FEW * ids_BT.numel() else _Last()
        with _looking_at(looked_at, pick_N, ids_BT.shape[1]), multiplying(False, ids_BT.device.type):
            given = {} if before is None else {"past_key_values": before}
            logits: Tensor = model(input_ids=ids_BT, use_cache=False, **given, **more).logits
    finally:
        hook.remove()
    if logits.shape[:-1].numel() != pick_N.numel():
        raise Unsupported("embedded", f"scoring with {type(model).__name__}, whose head is not called once")
    return logits.flatten(0, -2).float()


@dataclass(frozen=True, slots=True)
class _Last:
    """What of a model's last layer looks at one position alone: its MLP, and the projections into and out of its
    attention, which needs keys and values of all positions, but queries of those alone that are looked at."""

    parts: tuple[nn.Module, ...] = ()
    attention: nn.Module | None = None


_tried: weakref.WeakKeyDictionary[Any, _Last] = weakref.WeakKeyDictionary()
"""Of each model what stands alone; nothing where leaving positions out changes what is read."""


def _alone_standing(model: Any, ids_BT: Tensor, pick_N: Tensor, before: Any, **more: Tensor) -> _Last:
    """Found by names, and only if the model's logits at the beginning of this batch stay what they are."""
    layers = [m for m in model.modules() if isinstance(m, nn.ModuleList) and len(m) == _depth(model)]
    if len(layers) != 1:
        return _Last()
    named = dict(layers[0][-1].named_modules())
    parts = tuple(named[name] for name in ("self_attn.q_proj", "self_attn.o_proj", "mlp") if name in named)
    last = _Last(parts, named.get("self_attn"))
    few = pick_N[pick_N < _TRIED_ROWS * ids_BT.shape[1]][:_TRIED_ROWS]
    if not parts or few.numel() == 0:
        return _Last()
    some_BT, some = ids_BT[:_TRIED_ROWS], {name: value[:_TRIED_ROWS] for name, value in more.items()}
    whole_NV = _logits(model, _Last(), some_BT, few, before, **some)
    try:
        thinned_NV = _logits(model, last, some_BT, few, before, **some)
    except (AttributeError, TypeError, ValueError, RuntimeError):  # a family that hands something else on
        return _Last()
    near = 1e-4 if model.dtype == torch.float32 else 0.05
    return last if bool((whole_NV - thinned_NV).abs().max() <= near * whole_NV.abs().max()) else _Last()


def _depth(model: Any) -> int:
    return int(model.config.get_text_config(decoder=True).num_hidden_layers)


@contextmanager
def _looking_at(last: _Last, pick_N: Tensor, columns: int) -> Iterator[None]:
    """Let these parts see the picked positions alone; at all others they give zeros, which nothing reads."""
    if not last.parts:
        yield
        return
    shape: list[torch.Size] = []

    def thin(_module: Any, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        hidden_BTD, *rest = inputs
        shape[:] = [hidden_BTD.shape]
        return (hidden_BTD.flatten(0, -2).index_select(0, pick_N)[None], *rest)

    def spread(_module: Any, _inputs: Any, made_1ND: Tensor) -> Tensor:
        all_BTD = made_1ND.new_zeros((*shape[0][:-1], made_1ND.shape[-1]))
        all_BTD.view(-1, made_1ND.shape[-1]).index_copy_(0, pick_N, made_1ND[0])
        return all_BTD

    with ExitStack() as hooks:
        for part in last.parts:
            hooks.callback(part.register_forward_pre_hook(thin).remove)
            hooks.callback(part.register_forward_hook(spread).remove)
        if last.attention is not None:
            few = _FewQueries(pick_N, columns)
            hooks.callback(last.attention.register_forward_pre_hook(few.begin).remove)
            hooks.callback(last.attention.register_forward_hook(few.end, always_call=True).remove)
        yield


class _FewQueries(TorchFunctionMode):
    """While it is on, attention answers the queries at flat positions of (B, T) alone; the others get zeros."""

    def __init__(self, pick_N: Tensor, columns: int) -> None:
        super().__init__()
        self._pick_N, self._columns = pick_N, columns

    def begin(self, *_: Any) -> None:
        self.__enter__()  # type: ignore[no-untyped-call]

    def end(self, *_: Any) -> None:
        self.__exit__(None, None, None)  # type: ignore[no-untyped-call]

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is not functional.scaled_dot_product_attention or args[0].shape[2] != self._columns:
            return func(*args, **kwargs)
        query_BHTD, keys_BHCD, values_BHCD = args[:3]
        mask = kwargs.get("attn_mask")
        at_BP = self._by_row(len(query_BHTD))
        if mask is not None:
            seen = mask.expand(len(query_BHTD), -1, -1, -1).gather(2, _spread(at_BP, mask.shape[1], mask.shape[3]))
        elif kwargs.get("is_causal") and keys_BHCD.shape[2] == self._columns:
            seen = (torch.arange(self._columns, device=at_BP.device) <= at_BP[..., None])[:, None]
        else:
            return func(*args, **kwargs)
        at = _spread(at_BP, query_BHTD.shape[1], query_BHTD.shape[3])
        more = {**kwargs, "attn_mask": seen, "is_causal": False}
        made = func(query_BHTD.gather(2, at), keys_BHCD, values_BHCD, **more)
        return torch.zeros_like(query_BHTD).scatter(2, at, made)

    def _by_row(self, rows: int) -> Tensor:
        """(B, P): the picked columns of each row; a row with fewer than the most has its last one again."""
        by_row: list[list[int]] = [[] for _ in range(rows)]
        for pick in self._pick_N.tolist():
            by_row[pick // self._columns].append(pick % self._columns)
        most = max(map(len, by_row))
        filled = [row + (row[-1:] or [0]) * (most - len(row)) for row in by_row]
        return torch.tensor(filled, device=self._pick_N.device)


def _spread(at_BP: Tensor, heads: int, width: int) -> Tensor:
    """Which positions, for every head and number of (B, heads, P, width)."""
    return at_BP[:, None, :, None].expand(-1, heads, -1, width)


def _length(item: Item) -> int:
    return max(1, len(item[0])) + len(item[1])


def document_items(ids: Sequence[int], context: int) -> list[Item]:
    """A text of any length as items that score each of its tokens exactly once.

    The first window has no context of its own (the engine puts its start token there); later windows see half a context
    of what came before. Sum the log-probabilities over the items for the text's total.
    """
    if context < 4:
        raise ValueError(f"context must be at least 4, got {context}")
    items: list[Item] = []
    at = 0
    while at < len(ids):
        seen = 0 if at == 0 else min(at, context // 2)
        take = context - max(seen, 1)
        items.append((tuple(ids[at - seen : at]), tuple(ids[at : at + take])))
        at += take
    return items


def bits_per_byte(scores: Sequence[TokenScores], text: str) -> float:
    """Bits per UTF-8 byte of a text whose items (:func:`document_items`) have these scores."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size == 0:
        raise ValueError("an empty text has no bits per byte")
    return -sum(s.total for s in scores) / math.log(2) / size
